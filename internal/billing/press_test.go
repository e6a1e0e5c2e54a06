package billing_test

import (
	"sync"
	"testing"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/rig"
)

// What a second press on a button may not do: a double click, a page that is sent again, two hands at one form.

// atOnce presses several times at the same moment.
func (c *till) atOnce(times int, press func() error) {
	c.t.Helper()
	var all sync.WaitGroup
	for range times {
		all.Go(func() {
			if err := press(); err != nil {
				c.t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestTheSamePressCreditsOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		owner := c.As(access.Owner)
		d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
		paid, err := c.bills.Take(background, c.As(access.FrontDesk), d.ID, billing.Pay{Method: billing.Cash})
		c.must(err)
		w := billing.CreditDraft{ID: id.New(c.Clock.Now()), Amount: 10000, Reason: "too much", Back: &billing.ReturnDraft{Payment: paid.Payment, Method: billing.Cash}}
		note, given, err := c.bills.Credit(background, owner, d.ID, w)
		c.must(err)
		if given.Repeated || given.Left != 40000 {
			t.Fatalf("%+v %+v", note, given)
		}
		credited := func(notes int, due, back int64) {
			t.Helper()
			s := c.sheet(d.ID)
			sum := int64(0)
			for _, r := range s.Money[0].Refunds {
				sum += r.Amount
			}
			if len(s.Notes) != notes || s.Due() != due || sum != back {
				t.Fatalf("%d notes, %d due, %d went back", len(s.Notes), s.Due(), sum)
			}
			c.books()
		}
		again, given2, err := c.bills.Credit(background, owner, d.ID, w)
		c.must(err)
		credited(1, 0, 10000)
		if again.ID != w.ID || again.ID != note.ID || again.Label != note.Label || !given2.Repeated || given2.Refund != given.Refund || given2.Left != 40000 {
			t.Fatalf("%+v %+v", again, given2)
		}
		// Something else by the same page is not taken for the same press.
		for name, x := range map[string]billing.CreditDraft{
			"another amount": {ID: w.ID, Amount: 20000, Reason: "too much", Back: w.Back},
			"all of it":      {ID: w.ID, Reason: "too much", Back: w.Back},
		} {
			if _, _, err := c.bills.Credit(background, owner, d.ID, x); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
		other := c.issued(d.Patient, 70000)
		if _, _, err := c.bills.Credit(background, owner, other.ID, w); !fault.Is(err, fault.Conflict) {
			t.Errorf("another invoice: %v", err)
		}
		credited(1, 0, 10000)
		// Without money that goes back, and all that is left of it.
		for _, x := range []billing.CreditDraft{{ID: id.New(c.Clock.Now()), Amount: 10000, Reason: "too much"}, {ID: id.New(c.Clock.Now()), Reason: "all of it"}} {
			c.atOnce(4, func() error { _, _, err := c.bills.Credit(background, owner, d.ID, x); return err })
		}
		credited(3, -40000, 10000)
		e := c.issued(d.Patient, 50000)
		paid, err = c.bills.Take(background, c.As(access.FrontDesk), e.ID, billing.Pay{Method: billing.Cash})
		c.must(err)
		w = billing.CreditDraft{ID: id.New(c.Clock.Now()), Amount: 10000, Reason: "too much", Back: &billing.ReturnDraft{Payment: paid.Payment, Method: billing.Cash}}
		c.atOnce(4, func() error { _, _, err := c.bills.Credit(background, owner, e.ID, w); return err })
		d = e
		credited(1, 0, 10000)
	})
}
