package billing_test

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/billing"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// A patient is erased while a page is open on which her bill can be paid. What is paid there afterwards is booked, once; what is then still asked for can be asked for anew.
func TestSheIsErasedWhileHerPageIsOpen(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		a := c.visit(0, "Asha Rao")
		d, e := c.issued(a.Patient, 50000), c.issued(a.Patient, 20000)
		r, err := c.ask(a.Patient, d.ID)
		c.must(err)
		other, err := c.ask(a.Patient, e.ID)
		c.must(err)
		c.must(c.do(access.PatientDelete, access.Owner, func(tx *store.Tx) error {
			tx.Record(audit.Note{Action: "delete", Kind: "patient", Subject: a.Patient})
			for _, erase := range []func(*store.Tx, id.ID) error{billing.Keeper{}.Erase, billing.GatewayKeeper{}.Erase, scheduling.Keeper{}.Erase, consent.Keeper{}.Erase, patients.Keeper{}.Erase} {
				if err := erase(tx, a.Patient); err != nil {
					return err
				}
			}
			return nil
		}))
		c.must(c.Vault.Shred(background, c.Clinic, a.Patient, "deleted_by_clinic"))
		c.bank.pay(billing.Reference(r.ID))
		c.hear(c.bank.posts()...)
		c.hear(c.bank.posts()...)
		c.work()
		c.is(d.ID, billing.Paid, 0)
		paid := c.sheet(d.ID).Money[0].ID
		_, err = c.pay.Return(background, c.As(access.Billing), paid, 10000, d.ID, "asked for", c.newKey())
		c.must(err)
		c.work()
		for _, x := range c.bank.refunds() {
			c.bank.settle(x.id, true)
		}
		c.heal()
		c.is(d.ID, billing.Part, 10000)
		c.books()
		// Her address of the page is gone; whoever asks for the money gets one that works.
		again, err := c.pay.Ask(background, c.As(access.FrontDesk), e.ID, back)
		c.must(err)
		if again.URL == "" {
			t.Fatalf("nobody can be led to %+v, after %s", again, other.ID)
		}
		c.bank.pay(billing.Reference(again.ID))
		c.hear(c.bank.posts()...)
		c.work()
		c.is(e.ID, billing.Paid, 0)
		c.books()
		if n := c.Count(t, `SELECT COUNT(*) FROM payment_request WHERE clinic_id = $1 AND patient_id IS NOT NULL`); n != "0" {
			t.Errorf("%s requests name somebody who was erased", n)
		}
	})
}
