package billing_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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

func TestTheSamePressIssuesOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		desk := c.As(access.FrontDesk)
		w := billing.InvoiceDraft{Patient: c.visit(0, "Asha Rao").Patient, Lines: []billing.LineDraft{line("Consultation", 50000)}}
		want := int64(0)
		more := func(invoices int64, what string) {
			t.Helper()
			want += invoices
			if v := c.books(); v.Invoices != want {
				t.Fatalf("%s: %d invoices, want %d", what, v.Invoices, want)
			}
		}
		paid := func(d billing.Document) {
			t.Helper()
			if s := c.sheet(d.ID); s.State != billing.Paid || s.Paid != s.Total || len(s.Money) > 1 {
				t.Fatalf("%s, paid %d of %d by %d payments", s.State, s.Paid, s.Total, len(s.Money))
			}
		}
		page := func() billing.InvoiceDraft { x := w; x.ID = id.New(c.Clock.Now()); return x }
		take := func(x billing.InvoiceDraft, m billing.Method, key string) error {
			d, _, err := c.bills.IssueAndTake(background, desk, id.Zero, x, 0, billing.Pay{Method: m, Key: key})
			if err == nil {
				paid(d)
			}
			return err
		}
		for round := range 3 { // a page of the release before chose a key and no id
			key := fmt.Sprint("press ", round)
			c.atOnce(4, func() error { return take(w, billing.Cash, key) })
			more(1, "paid in cash, four times at once")
		}
		x := page()
		c.must(take(x, billing.Cash, x.ID.String()))
		c.must(take(x, billing.UPI, x.ID.String()))
		more(1, "cash, then UPI")
		x = page()
		c.atOnce(2, func() error { return take(x, billing.UPI, x.ID.String()) })
		more(1, "UPI, twice at once")
		x = page()
		both := []billing.Method{billing.Cash, billing.UPI}
		var at atomic.Int64
		c.atOnce(2, func() error { return take(x, both[at.Add(1)-1], x.ID.String()) })
		more(1, "cash and UPI at once")
		issue := func(x billing.InvoiceDraft) error {
			d, err := c.bills.WriteAndIssue(background, desk, id.Zero, x, 0)
			if err == nil && d.ID != x.ID {
				err = errors.New("another invoice")
			}
			return err
		}
		x = page()
		c.must(issue(x))
		c.must(issue(x))
		more(1, "issued twice")
		c.must(take(x, billing.Cash, x.ID.String()))
		more(0, "issued, then paid in cash")
		c.must(issue(x))
		more(0, "issued once more")
		other := x
		other.Lines = []billing.LineDraft{line("Consultation", 60000)}
		if err := issue(other); !fault.Is(err, fault.Conflict) {
			t.Fatalf("another invoice by the same page: %v", err)
		}
		if _, err := c.bills.Save(background, desk, id.Zero, x, 0); !fault.Is(err, fault.Conflict) {
			t.Fatalf("an issued invoice was taken for a draft: %v", err)
		}
		x = page()
		c.atOnce(4, func() error { return issue(x) })
		more(1, "issued four times at once")
		free := page()
		free.Lines = []billing.LineDraft{line("Review", 0)}
		for range 2 {
			_, _, err := c.bills.IssueAndTake(background, desk, id.Zero, free, 0, billing.Pay{Method: billing.Cash, Key: free.ID.String()})
			c.must(err)
		}
		more(1, "nothing to pay, twice")
		// A draft that is kept twice is one draft; what is typed after that is kept too, until somebody else touched it.
		x = page()
		keep := func(x billing.InvoiceDraft) billing.Document {
			t.Helper()
			d, err := c.bills.Save(background, desk, id.Zero, x, 0)
			c.must(err)
			return d
		}
		if a, b := keep(x), keep(x); a.ID != x.ID || b.ID != x.ID || b.Version != 1 {
			t.Fatalf("%+v %+v", a, b)
		}
		x.Lines = []billing.LineDraft{line("Consultation", 60000)}
		if d := keep(x); d.ID != x.ID || d.Total != 60000 || d.Version != 2 {
			t.Fatalf("%+v", d)
		}
		x.Lines = []billing.LineDraft{line("Consultation", 70000)}
		if err := issue(x); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a draft that was changed meanwhile: %v", err)
		}
		x = page()
		keep(x)
		c.must(issue(x))
		more(1, "kept, then issued")
		// The form of an issued invoice: cash, and UPI at once after.
		d := c.issued(w.Patient, 50000)
		for _, m := range both {
			_, err := c.bills.Take(background, desk, d.ID, billing.Pay{Method: m, Amount: 50000, Key: "taken"})
			c.must(err)
		}
		more(1, "taken twice")
		paid(d)
		for _, m := range both {
			_, err := c.bills.TakeAdvance(background, desk, w.Patient, billing.Pay{Method: m, Amount: 700, Key: "ahead"})
			c.must(err)
		}
		a, err := c.bills.OfPatient(background, desk, w.Patient)
		c.must(err)
		if a.Credit != 700 {
			t.Fatalf("%d were paid ahead", a.Credit)
		}
	})
}

// TestTwoButtonsOfOneFormAtOnce presses cash and UPI of one form at the same moment: of an invoice that stands, of a draft, and of an advance.
func TestTwoButtonsOfOneFormAtOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		desk := c.As(access.FrontDesk)
		patient := c.visit(0, "Asha Rao").Patient
		for round := range 4 {
			both := func(press func(p billing.Pay) error) {
				t.Helper()
				var at atomic.Int64
				key := id.New(c.Clock.Now()).String()
				c.atOnce(4, func() error {
					return press(billing.Pay{Method: []billing.Method{billing.Cash, billing.UPI}[at.Add(1)%2], Key: key})
				})
			}
			d := c.issued(patient, 50000)
			both(func(p billing.Pay) error {
				p.Amount = 50000
				_, err := c.bills.Take(background, desk, d.ID, p)
				return err
			})
			w := billing.InvoiceDraft{Patient: patient, Lines: []billing.LineDraft{line("Consultation", 50000)}}
			e, err := c.bills.Save(background, desk, id.Zero, w, 0)
			c.must(err)
			both(func(p billing.Pay) error {
				_, _, err := c.bills.IssueAndTake(background, desk, e.ID, w, e.Version, p)
				return err
			})
			both(func(p billing.Pay) error {
				p.Amount = 700
				_, err := c.bills.TakeAdvance(background, desk, patient, p)
				return err
			})
			for _, one := range []id.ID{d.ID, e.ID} {
				if s := c.sheet(one); s.State != billing.Paid || len(s.Money) != 1 || s.Money[0].Advance != 0 {
					t.Fatalf("%s by %d payments: %+v", s.State, len(s.Money), s.Money)
				}
			}
			a, err := c.bills.OfPatient(background, desk, patient)
			c.must(err)
			if a.Credit != int64(round+1)*700 {
				t.Fatalf("%d were paid ahead", a.Credit)
			}
		}
		c.books()
	})
}
