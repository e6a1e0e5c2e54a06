package billing_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// while does acts, at most as many as the database has connections left, of which each has to wait for a Change that is open, lets that Change end, and answers what became of them.
func (c *till) while(right access.Right, open func(tx *store.Tx) error, acts map[string]func() error) map[string]error {
	c.t.Helper()
	type end struct {
		name string
		err  error
	}
	ends := make(chan end, len(acts))
	c.must(c.do(right, access.Manager, func(tx *store.Tx) error {
		if err := open(tx); err != nil {
			return err
		}
		for name, act := range acts {
			go func() { ends <- end{name, act()} }()
		}
		select {
		case e := <-ends:
			c.t.Errorf("%s did not wait: %v", e.name, e.err)
			ends <- e
		case <-time.After(700 * time.Millisecond):
		}
		return nil
	}))
	out := map[string]error{}
	for range acts {
		e := <-ends
		out[e.name] = e.err
	}
	return out
}

func TestNoMoneyLandsInADayThatIsClosedAtThatMoment(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		desk, boss := c.As(access.FrontDesk), c.As(access.Manager)
		w := billing.InvoiceDraft{Patient: c.visit(0, "Asha Rao").Patient, Lines: []billing.LineDraft{line("Consultation", 50000)}}
		d, paid, err := c.bills.IssueAndTake(background, desk, id.Zero, w, 0, billing.Pay{Method: billing.Cash, Amount: 20000})
		c.must(err)
		day, err := c.bills.Day(background, boss, "")
		c.must(err)
		count := func(cash int64) []billing.Counted {
			return []billing.Counted{{Method: billing.Cash, Amount: cash}, {Method: billing.UPI}, {Method: billing.Card}, {Method: billing.Bank}}
		}
		// Money is being taken: the count waits for it, and sees it.
		got := c.while(access.BillIssue, func(tx *store.Tx) error {
			return billing.TakeForTest(tx, d.ID, billing.Pay{Method: billing.Cash, Amount: 10000})
		}, map[string]func() error{"the count": func() error { return c.bills.CloseDay(background, boss, day.Day, count(20000)) }})
		if err := got["the count"]; !fault.Is(err, fault.Invalid) {
			t.Fatalf("a day was closed over money that nobody counted: %v", err)
		}
		// The day is being closed: whatever the desk does waits, and is refused.
		for name, err := range c.while(access.BillClose, func(tx *store.Tx) error { return billing.CloseForTest(tx, day.Day, count(30000)) }, map[string]func() error{
			"money for an invoice": func() error {
				_, err := c.bills.Take(background, desk, d.ID, billing.Pay{Method: billing.Cash, Amount: 100})
				return err
			},
			"money ahead": func() error {
				_, err := c.bills.TakeAdvance(background, desk, w.Patient, billing.Pay{Method: billing.Cash, Amount: 100})
				return err
			},
			"a walk-in": func() error {
				_, _, err := c.bills.IssueAndTake(background, desk, id.Zero, w, 0, billing.Pay{Method: billing.Cash})
				return err
			},
			"money back": func() error {
				_, err := c.bills.Return(background, c.As(access.Owner), billing.ReturnDraft{Payment: paid.Payment, Amount: 100, Method: billing.Cash, Reason: "asked"})
				return err
			},
			"a credit note with money back": func() error {
				_, _, err := c.bills.Credit(background, c.As(access.Owner), d.ID, billing.CreditDraft{Reason: "all of it", Back: &billing.ReturnDraft{Payment: paid.Payment, Method: billing.Cash}})
				return err
			},
		}) {
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s in a day that was closed at that moment: %v", name, err)
			}
		}
		if err := c.bills.CloseDay(background, boss, day.Day, count(30000)); !fault.Is(err, fault.Conflict) {
			t.Fatalf("counted twice: %v", err)
		}
		day, err = c.bills.Day(background, boss, day.Day)
		c.must(err)
		if x := day.Counts[0]; day.ClosedAt == 0 || x.Expected() != 30000 || x.Counted != 30000 {
			t.Fatalf("%+v", x)
		}
		c.books()
	})
}

// On a day on which more went back by a way than came, what has to be there is less than nothing, and the day is closed over it as any other.
func TestADayOnWhichMoreWentBackThanCame(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		boss := c.As(access.Manager)
		d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
		out, err := c.bills.Take(background, boss, d.ID, billing.Pay{Method: billing.Cash, Amount: 50000})
		c.must(err)
		c.Clock.Move(24 * time.Hour)
		_, _, err = c.bills.Credit(background, boss, d.ID, billing.CreditDraft{Reason: "not done", Back: &billing.ReturnDraft{Payment: out.Payment, Method: billing.Bank}})
		c.must(err)
		gone, err := c.bills.Day(background, boss, "")
		c.must(err)
		c.Clock.Move(24 * time.Hour)
		now, err := c.bills.Day(background, boss, "")
		c.must(err)
		if len(now.Open) != 2 || now.Open[0] != gone.Day {
			t.Fatalf("nobody is told that %s was not closed: %v", gone.Day, now.Open)
		}
		all := []billing.Counted{{Method: billing.Cash}, {Method: billing.UPI}, {Method: billing.Card}, {Method: billing.Bank, Amount: -50000}}
		all[1].Amount = -1
		if err := c.bills.CloseDay(background, boss, gone.Day, all); !fault.Is(err, fault.Invalid) {
			t.Fatalf("less than nothing where nothing went back: %v", err)
		}
		all[1].Amount = 0
		c.must(c.bills.CloseDay(background, boss, gone.Day, all))
		day, err := c.bills.Day(background, boss, gone.Day)
		c.must(err)
		for _, x := range day.Counts {
			if x.Difference() != 0 || x.Method == billing.Bank && x.Counted != -50000 {
				t.Errorf("%+v", x)
			}
		}
	})
}
