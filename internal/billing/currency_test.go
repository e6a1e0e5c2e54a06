package billing_test

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/rig"
)

// currency changes the clinic's money.
func (c *till) currency(code string) {
	c.t.Helper()
	s := clinics.New(c.DB, c.Log, clinics.Options{})
	now, err := s.Get(background, c.As(access.Owner))
	c.must(err)
	p := now.Profile()
	p.Currency = code
	c.must(s.Save(background, c.As(access.Owner), p, now.Version))
}

// A draft that was written before the clinic's money changed is of the money that it says, or of the new one once somebody has written it anew: what is printed, what is owed and what stands in the books
// are one thing.
func TestADraftAndTheMoneyOfTheClinic(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		asha := c.visit(0, "Asha Rao").Patient
		w := billing.InvoiceDraft{Patient: asha, Lines: []billing.LineDraft{line("Consultation", 50000)}}
		old, err := c.bills.Save(background, c.As(access.FrontDesk), id.Zero, w, 0)
		c.must(err)
		again, err := c.bills.Save(background, c.As(access.FrontDesk), id.Zero, w, 0)
		c.must(err)
		c.currency("USD")
		// Five hundred rupees are not five hundred dollars: somebody looks at the prices first.
		if d, err := c.bills.Issue(background, c.As(access.FrontDesk), old.ID, old.Version); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a draft in rupees was issued as %d %s: %v", d.Total, d.Currency, err)
		}
		w.Lines[0].Price = 700
		d, out, err := c.bills.IssueAndTake(background, c.As(access.FrontDesk), again.ID, w, again.Version, billing.Pay{Method: billing.Cash, Key: "one"})
		c.must(err)
		if s := c.sheet(d.ID); s.Currency != "USD" || s.Total != 700 || s.State != billing.Paid || out.Applied != 700 {
			t.Fatalf("it is %s over %d %s, and took %+v", s.State, s.Total, s.Currency, out)
		}
		books, err := c.bills.Ledger(background, c.As(access.Billing), "", "")
		c.must(err)
		for _, e := range books.Entries {
			if e.Currency != "USD" {
				t.Errorf("the books have %d %s", e.Amount, e.Currency)
			}
		}
		kept, err := c.bills.Save(background, c.As(access.FrontDesk), old.ID, w, old.Version)
		c.must(err)
		d, err = c.bills.Issue(background, c.As(access.FrontDesk), kept.ID, kept.Version)
		c.must(err)
		if s := c.sheet(d.ID); s.Currency != "USD" || s.Due() != 700 {
			t.Fatalf("%d %s are due", s.Due(), s.Currency)
		}
		c.books()
	})
}
