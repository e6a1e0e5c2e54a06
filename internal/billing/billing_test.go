package billing_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

var background = context.Background()

// till is a clinic that bills.
type till struct {
	*practice.Practice
	t     *testing.T
	bills *billing.Service
}

func open(t *testing.T, b *rig.Base) *till {
	t.Helper()
	p := practice.Open(t, b, 2)
	c := &till{p, t, billing.New(b.DB, b.Log)}
	c.modules(clinics.ModuleBilling)
	return c
}

func (c *till) modules(list ...string) {
	c.t.Helper()
	s := clinics.New(c.DB, c.Log, clinics.Options{})
	now, err := s.Get(background, c.As(access.Owner))
	c.must(err)
	c.must(s.SetModules(background, c.As(access.Owner), list, now.Version))
}

func (c *till) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *till) do(right access.Right, role access.Role, fn func(tx *store.Tx) error) error {
	return c.DB.Change(background, c.As(role), right, func(_ context.Context, tx *store.Tx) error { return fn(tx) })
}

// visit books an appointment of a new patient.
func (c *till) visit(n int, name string) scheduling.Appointment {
	c.t.Helper()
	r, err := c.Desk.Book(background, c.As(access.FrontDesk), scheduling.Booking{Service: c.Service, Provider: c.Providers[n%2], StartsAt: clock.At(rig.Start.Add(time.Duration(24+n/2) * time.Hour).Truncate(time.Hour)),
		Patient: patients.Draft{Name: name, Phone: "+919845010007", BirthDate: "1980-02-03", Address: "4 Lake Road"}, Overbook: "test"})
	c.must(err)
	return r.Appointment
}

func line(words string, price int64) billing.LineDraft {
	return billing.LineDraft{Words: words, Class: money.Exempt, Quantity: 1, Price: price}
}

// issued issues an invoice of one line.
func (c *till) issued(patient id.ID, price int64) billing.Document {
	c.t.Helper()
	d, err := c.bills.Save(background, c.As(access.FrontDesk), id.Zero, billing.InvoiceDraft{Patient: patient, Lines: []billing.LineDraft{line("Consultation", price)}}, 0)
	c.must(err)
	d, err = c.bills.Issue(background, c.As(access.FrontDesk), d.ID, d.Version)
	c.must(err)
	return d
}

func (c *till) sheet(one id.ID) billing.Sheet {
	c.t.Helper()
	s, err := c.bills.Open(background, c.As(access.Billing), one)
	c.must(err)
	return s
}

// books ends the test when the books do not agree with themselves.
func (c *till) books() billing.Verdict {
	c.t.Helper()
	v, err := c.bills.Verify(background, c.As(access.System))
	c.must(err)
	if len(v.Wrong)+len(v.Gaps) > 0 {
		c.t.Fatalf("the books are wrong: %v %v", v.Wrong, v.Gaps)
	}
	return v
}

func (c *till) is(one id.ID, state billing.State, due int64) {
	c.t.Helper()
	if s := c.sheet(one); s.State != state || s.Due() != due {
		c.t.Fatalf("the invoice is %s with %d due, want %s with %d", s.State, s.Due(), state, due)
	}
}

func TestWalkInToPaid(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		desk := c.As(access.FrontDesk)
		p, err := c.bills.Propose(background, desk, a.ID, id.Zero)
		c.must(err)
		if p.Who.Name != "Asha Rao" || p.Who.Address != "4 Lake Road" || len(p.Draft.Lines) != 1 || p.Draft.Lines[0].Words != "Check-up" || p.Draft.Lines[0].Code != money.HealthCode {
			t.Fatalf("proposed: %+v", p.Draft)
		}
		p.Draft.Lines[0].Price = 50000
		pay := billing.Pay{Method: billing.Cash, Key: "press-1"}
		d, out, err := c.bills.IssueAndTake(background, desk, id.Zero, p.Draft, 0, pay)
		c.must(err)
		if d.Label != "INV/26-27/0001" || d.Total != 50000 || out.Applied != 50000 || d.State != billing.Paid {
			t.Fatalf("%+v %+v", d, out)
		}
		again, out2, err := c.bills.IssueAndTake(background, desk, id.Zero, p.Draft, 0, pay)
		c.must(err)
		if !out2.Repeated || again.ID != d.ID {
			t.Fatal("the same press made a second invoice")
		}
		c.is(d.ID, billing.Paid, 0)
		s := c.sheet(d.ID)
		if s.Who.Name != "Asha Rao" || s.Lines[0].Words != "Check-up" || len(s.Money) != 1 || s.Money[0].Here != 50000 || s.KeepUntil != "2035-03-31" {
			t.Fatalf("%+v", s)
		}
		marks, err := c.bills.OfDay(background, desk, []id.ID{a.ID})
		c.must(err)
		if marks[a.ID].State != billing.Paid {
			t.Fatalf("%+v", marks)
		}
		c.books()
	})
}

func TestIssuedInvoiceNeverChanges(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "invoices-run-on")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		d := c.issued(a.Patient, 50000)
		if _, err := c.bills.Save(background, c.As(access.Owner), d.ID, billing.InvoiceDraft{Lines: []billing.LineDraft{line("Other", 1)}}, d.Version); !fault.Is(err, fault.Conflict) {
			t.Fatalf("an issued invoice was written again: %v", err)
		}
		if err := c.bills.Discard(background, c.As(access.Owner), d.ID, d.Version); !fault.Is(err, fault.Conflict) {
			t.Fatalf("an issued invoice was thrown away: %v", err)
		}
		// Past the verbs: the database itself refuses.
		for _, text := range []string{`UPDATE invoice SET total = 1, net = 1 WHERE clinic_id = $1 AND id = $2`, `UPDATE invoice SET particulars = NULL WHERE clinic_id = $1 AND id = $2`,
			`UPDATE invoice SET number = 7 WHERE clinic_id = $1 AND id = $2`, `DELETE FROM invoice_line WHERE clinic_id = $1 AND invoice_id = $2`, `UPDATE invoice_line SET net = 1 WHERE clinic_id = $1 AND invoice_id = $2`,
			`DELETE FROM invoice WHERE clinic_id = $1 AND id = $2`, `DELETE FROM ledger_entry WHERE clinic_id = $1 AND invoice_id = $2`, `UPDATE ledger_entry SET amount = 1 WHERE clinic_id = $1 AND invoice_id = $2`} {
			err := c.do(access.BillIssue, access.Owner, func(tx *store.Tx) error {
				tx.Housekeeping("what the database has to refuse")
				_, err := tx.Exec(text, d.ID)
				return err
			})
			if !errors.Is(err, store.ErrFenced) {
				t.Errorf("%s: %v", text, err)
			}
		}
		c.books()
	})
}

func TestNumbersRunOn(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "invoices-run-on")
	desks := 16
	if os.Getenv("ALMIRAH_SOAK") == "1" {
		desks = 64
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		var mu sync.Mutex
		var wg sync.WaitGroup
		var got []int64
		for n := range desks {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for round := range 3 {
					d, err := c.bills.Save(background, c.As(access.FrontDesk), id.Zero, billing.InvoiceDraft{Patient: a.Patient, Lines: []billing.LineDraft{line("Visit", 100)}}, 0)
					if err == nil && (n+round)%5 == 0 {
						// A desk that fails after its number was taken gives the number back.
						_, err = c.bills.Issue(background, c.As(access.FrontDesk), d.ID, d.Version+1)
						if !fault.Is(err, fault.Conflict) {
							t.Errorf("a wrong version was issued: %v", err)
						}
						err = c.do(access.BillIssue, access.Owner, func(tx *store.Tx) error {
							if err := billing.IssueForTest(tx, d.ID, d.Version); err != nil {
								return err
							}
							return errRolledBack
						})
						if errors.Is(err, errRolledBack) {
							err = nil
						}
					}
					if err == nil {
						d, err = c.bills.Issue(background, c.As(access.FrontDesk), d.ID, d.Version)
					}
					if err != nil {
						t.Errorf("desk %d: %v", n, err)
						return
					}
					mu.Lock()
					got = append(got, d.Number)
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		slices.Sort(got)
		for i, n := range got {
			if n != int64(i+1) {
				t.Fatalf("the numbers have a gap or a repeat at %d: %v", i+1, got)
			}
		}
		if v := c.books(); v.Invoices != int64(3*desks) {
			t.Fatalf("%d invoices", v.Invoices)
		}
	})
}

var errRolledBack = errors.New("rolled back on purpose")

func TestMoneyIsBookedOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "money-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		d := c.issued(a.Patient, 50000)
		receive := func(external string, minor int64, invoice id.ID) (out billing.Outcome, err error) {
			err = c.do(access.BillIssue, access.Owner, func(tx *store.Tx) error {
				out, err = billing.Receive(tx, billing.Incoming{Source: "razorpay", External: external, Method: billing.Online, Amount: money.Of(minor, "INR"), Invoice: invoice})
				return err
			})
			return out, err
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		fresh := 0
		for range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				out, err := receive("pay_1", 30000, d.ID)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if !out.Repeated {
					fresh++
				}
			}()
		}
		wg.Wait()
		if fresh != 1 {
			t.Fatalf("booked %d times", fresh)
		}
		c.is(d.ID, billing.Part, 20000)
		if _, err := receive("pay_1", 30001, d.ID); !fault.Is(err, fault.Conflict) {
			t.Fatalf("the same payment with another amount: %v", err)
		}
		out, err := receive("pay_2", 30000, d.ID)
		c.must(err)
		if out.Applied != 20000 || out.Undecided != 10000 {
			t.Fatalf("%+v", out)
		}
		c.is(d.ID, billing.Paid, 0)
		for n, invoice := range []id.ID{d.ID, id.New(c.Clock.Now()), id.Zero} { // paid already; unknown; nobody says
			out, err := receive(fmt.Sprint("pay_u", n), 700, invoice)
			c.must(err)
			if out.Undecided != 700 || out.Applied != 0 {
				t.Fatalf("%+v", out)
			}
		}
		l, err := c.bills.List(background, c.As(access.Billing), billing.Unpaid, billing.Place{})
		c.must(err)
		if len(l.Undecided) != 4 {
			t.Fatalf("%d payments wait for a decision", len(l.Undecided))
		}
		// A person decides: one is her advance, which the next invoice takes.
		c.must(c.bills.Keep(background, c.As(access.FrontDesk), out.Payment, id.Zero))
		e := c.issued(a.Patient, 4000)
		took, err := c.bills.Use(background, c.As(access.FrontDesk), out.Payment, e.ID)
		c.must(err)
		if took != 4000 {
			t.Fatalf("took %d", took)
		}
		c.is(e.ID, billing.Paid, 0)
		give := func(external, payment string, minor int64, invoice id.ID) (billing.Given, error) {
			var g billing.Given
			err := c.do(access.BillRefund, access.Owner, func(tx *store.Tx) (err error) {
				g, err = billing.GiveBack(tx, billing.Refunded{Source: "razorpay", Payment: payment, External: external, Amount: money.Of(minor, "INR"), Invoice: invoice})
				return err
			})
			return g, err
		}
		if _, err := give("rfnd_0", "pay_none", 100, id.Zero); !fault.Is(err, fault.NotFound) {
			t.Fatalf("a refund of a payment that was never booked: %v", err)
		}
		g, err := give("rfnd_1", "pay_2", 25000, d.ID)
		c.must(err)
		if g.Left != 5000 || len(g.Invoices) != 1 {
			t.Fatalf("%+v", g)
		}
		c.is(d.ID, billing.Part, 19000) // 6000 were her advance
		if g, err = give("rfnd_1", "pay_2", 25000, d.ID); err != nil || !g.Repeated {
			t.Fatalf("%+v %v", g, err)
		}
		if _, err := give("rfnd_2", "pay_2", 5001, d.ID); !fault.Is(err, fault.Conflict) {
			t.Fatalf("more went back than came: %v", err)
		}
		_, err = give("rfnd_3", "pay_2", 5000, id.Zero)
		c.must(err)
		c.books()
	})
}

func TestCreditAndGiveBack(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.gst()
		a := c.visit(0, "Asha Rao")
		desk, owner := c.As(access.FrontDesk), c.As(access.Owner)
		w := billing.InvoiceDraft{Patient: a.Patient, Lines: []billing.LineDraft{line("Consultation", 50000), {Words: "Brace", Class: "gst-12", Code: "9021", Quantity: 1, Price: 33333}}}
		d, out, err := c.bills.IssueAndTake(background, desk, id.Zero, w, 0, billing.Pay{Method: billing.Cash, Key: "k"})
		c.must(err)
		if d.Total != 87300 || d.Tax != 4000 || d.Rounding != -33 || len(d.Taxes) != 2 {
			t.Fatalf("%+v", d)
		}
		if _, err := c.bills.Return(background, owner, billing.ReturnDraft{Payment: out.Payment, Amount: 100, Method: billing.Cash, Reason: "asked"}); !fault.Is(err, fault.Invalid) {
			t.Fatalf("money went back that is rightly paid: %v", err)
		}
		if _, _, err := c.bills.Credit(background, desk, d.ID, billing.CreditDraft{Reason: "wrong"}); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("the front desk credited: %v", err)
		}
		note, given, err := c.bills.Credit(background, owner, d.ID, billing.CreditDraft{Amount: 37335, Reason: "brace came back", Back: &billing.ReturnDraft{Payment: out.Payment, Method: billing.Cash}})
		c.must(err)
		if note.Label != "CN/26-27/0001" || note.Total != 37335 || given.Left != 87300-37335 {
			t.Fatalf("%+v %+v", note, given)
		}
		c.is(d.ID, billing.Paid, 0)
		c.books()
		last, _, err := c.bills.Credit(background, owner, d.ID, billing.CreditDraft{Reason: "all of it"})
		c.must(err)
		if last.Label != "CN/26-27/0002" || note.Tax+last.Tax != d.Tax {
			t.Fatalf("the notes take back %d and %d of %d tax", note.Tax, last.Tax, d.Tax)
		}
		c.is(d.ID, billing.Owing, -(87300 - 37335))
		if _, _, err := c.bills.Credit(background, owner, d.ID, billing.CreditDraft{Reason: "again"}); !fault.Is(err, fault.Invalid) {
			t.Fatalf("credited more than there was: %v", err)
		}
		_, err = c.bills.Return(background, owner, billing.ReturnDraft{Payment: out.Payment, Invoice: d.ID, Amount: 87300 - 37335, Method: billing.UPI, Reason: "all of it", Key: "r"})
		c.must(err)
		c.is(d.ID, billing.Cancelled, 0)
		v := c.books()
		if v.Invoices != 3 {
			t.Fatalf("%+v", v)
		}
		books, err := c.bills.Ledger(background, owner, "", "")
		c.must(err)
		for _, x := range books.Balances {
			if x.Account != billing.Account(billing.Cash) && x.Account != billing.Account(billing.UPI) && x.Net() != 0 {
				t.Errorf("after everything went back, %s stands at %d", x.Account, x.Net())
			}
		}
		var sum int64
		for _, x := range books.Balances {
			sum += x.Net()
		}
		if sum != 0 {
			t.Errorf("the ledger is off by %d", sum)
		}
	})
}

// gst makes the clinic one of Karnataka that charges GST.
func (c *till) gst() {
	c.t.Helper()
	s, _, err := c.bills.Setting(background, c.As(access.Owner))
	c.must(err)
	s.Scheme, s.TaxID, s.Place, s.UPIID = money.GST, "29AAGCB7383J1Z4", "29", "sunrise@upi"
	c.must(c.bills.SaveSetting(background, c.As(access.Owner), s))
}

func TestDayClose(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		d := c.issued(a.Patient, 50000)
		desk, boss := c.As(access.FrontDesk), c.As(access.Manager)
		_, err := c.bills.Take(background, desk, d.ID, billing.Pay{Method: billing.Cash, Amount: 20000})
		c.must(err)
		_, err = c.bills.Take(background, desk, d.ID, billing.Pay{Method: billing.UPI, Amount: 10000, Reference: "433112345678"})
		c.must(err)
		out, err := c.bills.TakeAdvance(background, desk, a.Patient, billing.Pay{Method: billing.Cash, Amount: 5000})
		c.must(err)
		_, err = c.bills.Return(background, boss, billing.ReturnDraft{Payment: out.Payment, Amount: 2000, Method: billing.Cash, Reason: "asked"})
		c.must(err)
		day, err := c.bills.Day(background, boss, "")
		c.must(err)
		if day.Counts[0].Expected() != 23000 || day.Counts[1].Expected() != 10000 {
			t.Fatalf("%+v", day.Counts)
		}
		all := []billing.Counted{{billing.Cash, 22900, ""}, {billing.UPI, 10000, ""}, {billing.Card, 0, ""}, {billing.Bank, 0, ""}}
		if err := c.bills.CloseDay(background, boss, day.Day, all); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "note.cash") {
			t.Fatalf("a difference without a word: %v", err)
		}
		if err := c.bills.CloseDay(background, desk, day.Day, all); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("the front desk closed the day: %v", err)
		}
		all[0].Note = "ten rupees missing"
		c.must(c.bills.CloseDay(background, boss, day.Day, all))
		day, err = c.bills.Day(background, boss, day.Day)
		c.must(err)
		if day.ClosedAt.IsZero() || day.Counts[0].Difference() != -100 || day.Counts[0].Note != "ten rupees missing" {
			t.Fatalf("%+v", day)
		}
		if _, err := c.bills.Take(background, desk, d.ID, billing.Pay{Method: billing.Cash, Amount: 100}); !fault.Is(err, fault.Conflict) {
			t.Fatalf("money of a closed day: %v", err)
		}
		err = c.do(access.BillIssue, access.Owner, func(tx *store.Tx) error {
			_, err := billing.Receive(tx, billing.Incoming{Source: "desk:cash", External: "past the verb", Method: billing.Cash, Amount: money.Of(1, "INR")})
			return err
		})
		if !errors.Is(err, store.ErrFenced) {
			t.Fatalf("the database took money of a closed day: %v", err)
		}
		c.must(c.do(access.BillIssue, access.Owner, func(tx *store.Tx) error { // a gateway reports when it likes
			_, err := billing.Receive(tx, billing.Incoming{Source: "stripe", External: "pi_1", Method: billing.Online, Amount: money.Of(100, "INR"), Invoice: d.ID})
			return err
		}))
		if err := c.bills.CloseDay(background, boss, day.Day, all); !fault.Is(err, fault.Conflict) {
			t.Fatalf("closed twice: %v", err)
		}
		c.Clock.Move(24 * time.Hour)
		_, err = c.bills.Take(background, desk, d.ID, billing.Pay{Method: billing.Cash, Amount: 100})
		c.must(err)
		c.books()
	})
}

func TestFreeReview(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		desk := c.As(access.FrontDesk)
		c.must(c.bills.SaveOffers(background, c.As(access.Owner), []billing.Offered{{Service: c.Service, Class: money.Class{Code: money.Exempt}, Code: "9993", FreeDays: 7}}))
		first := c.visit(0, "Asha Rao")
		next := c.visit(2, "Asha Rao")
		p, err := c.bills.Propose(background, desk, first.ID, id.Zero)
		c.must(err)
		p.Draft.Lines[0].Price = 50000
		if !p.Draft.Lines[0].FreeOf.IsZero() {
			t.Fatal("the first visit is free")
		}
		d, _, err := c.bills.IssueAndTake(background, desk, id.Zero, p.Draft, 0, billing.Pay{Method: billing.Cash, Key: "1"})
		c.must(err)
		for _, x := range []struct {
			days int
			free bool
		}{{7, true}, {1, false}} {
			c.Clock.Move(time.Duration(x.days) * 24 * time.Hour)
			p, err = c.bills.Propose(background, desk, next.ID, id.Zero)
			c.must(err)
			if (p.Draft.Lines[0].FreeOf == d.ID) != x.free || (len(p.Free) > 0) != x.free {
				t.Fatalf("after %d days: %+v", x.days, p.Draft.Lines[0])
			}
			if !x.free {
				break
			}
			free := p.Draft
			free.Lines[0].Price, free.Lines[0].Discount = 50000, 50000
			f, err := c.bills.Save(background, desk, id.Zero, free, 0)
			c.must(err)
			if f.Total != 0 {
				t.Fatalf("%+v", f)
			}
			free.Lines[0].Discount = 100
			if _, err := c.bills.Save(background, desk, f.ID, free, f.Version); !fault.Is(err, fault.Invalid) {
				t.Fatalf("half a free review: %v", err)
			}
			c.Clock.Move(24 * time.Hour)
			if _, err := c.bills.Issue(background, desk, f.ID, f.Version); !fault.Is(err, fault.Invalid) {
				t.Fatalf("a draft kept the review free: %v", err)
			}
			c.Clock.Move(-24 * time.Hour)
			f, err = c.bills.Issue(background, desk, f.ID, f.Version)
			c.must(err)
			if f.State != billing.Paid || c.sheet(f.ID).Free[d.ID].Label != d.Label {
				t.Fatalf("%+v", f)
			}
		}
		c.books()
	})
}

func TestErasureKeepsWhatTaxLawAsks(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "tax-records")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		owner := c.As(access.Owner)
		small, big := c.issued(a.Patient, 50000), c.issued(a.Patient, 60_000_00)
		draft, err := c.bills.Save(background, owner, id.Zero, billing.InvoiceDraft{Patient: a.Patient, Lines: []billing.LineDraft{line("Draft", 1)}}, 0)
		c.must(err)
		out, err := c.bills.Take(background, owner, small.ID, billing.Pay{Method: billing.Cash})
		c.must(err)
		c.must(c.DB.View(background, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
			rows, err := billing.Keeper{}.Collect(v, a.Patient)
			if len(rows["invoice"]) != 3 || rows["invoice_line"][0]["words"] == "" || len(rows["payment"]) != 1 {
				t.Errorf("collected: %v", rows)
			}
			return err
		}))
		c.must(c.do(access.PatientDelete, access.Owner, func(tx *store.Tx) error {
			tx.Record(audit.Note{Action: "delete", Kind: "patient", Subject: a.Patient})
			return billing.Keeper{}.Erase(tx, a.Patient)
		}))
		c.must(c.Vault.Shred(background, c.Clinic, a.Patient, "deleted_by_clinic"))
		if _, err := c.bills.Open(background, owner, draft.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("the draft stayed: %v", err)
		}
		for _, x := range []struct {
			one   id.ID
			total int64
			name  string
		}{{small.ID, 50000, ""}, {big.ID, 60_000_00, "Asha Rao"}} {
			s := c.sheet(x.one)
			if s.Total != x.total || s.Label == "" || !s.Broken || s.Lines[0].Words != "" || s.Held == nil || s.Held.Until != "2035-03-31" || s.Held.Reason != billing.HoldTaxLaw || s.Held.Who.Name != x.name {
				t.Fatalf("%+v held %+v", s, s.Held)
			}
		}
		// Money still moves: what was paid is credited and given back.
		_, _, err = c.bills.Credit(background, owner, small.ID, billing.CreditDraft{Reason: "asked", Back: &billing.ReturnDraft{Payment: out.Payment, Method: billing.Cash}})
		c.must(err)
		c.is(small.ID, billing.Cancelled, 0)
		c.books()
		// When the time is over they go, and the series has no hole.
		for c.Clock.Now().Year() < 2036 {
			c.Clock.Move(300 * 24 * time.Hour)
		}
		gone := 0
		c.must(c.do(access.Work, access.System, func(tx *store.Tx) (err error) { gone, err = billing.Keeper{}.Due(tx); return err }))
		if gone != 3 {
			t.Fatalf("%d went", gone)
		}
		if _, err := c.bills.Open(background, owner, big.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("it stayed: %v", err)
		}
		c.books()
	})
}

// A treatment of many years: what was billed first is in her copy, is held as the law asks, and goes when she is erased.
func TestALongTreatmentIsHersWhole(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "tax-records")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		owner := c.As(access.Owner)
		big := c.issued(a.Patient, 60_000_00)
		var first billing.Document
		for i := range 501 {
			d, err := c.bills.Save(background, owner, id.Zero, billing.InvoiceDraft{Patient: a.Patient, Lines: []billing.LineDraft{line("Draft", 1)}}, 0)
			c.must(err)
			if i == 0 {
				first = d
			}
		}
		c.must(c.DB.View(background, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
			rows, err := billing.Keeper{}.Collect(v, a.Patient)
			if err != nil || len(rows["invoice"]) != 502 {
				t.Errorf("%d invoices in her copy, want 502: %v", len(rows["invoice"]), err)
			}
			held, err := billing.Keeper{}.Held(v, a.Patient)
			if err != nil || len(held) != 1 || held[0].Body["number"] != big.Label {
				t.Errorf("held: %+v, %v", held, err)
			}
			return err
		}))
		c.must(c.do(access.PatientDelete, access.Owner, func(tx *store.Tx) error {
			tx.Record(audit.Note{Action: "delete", Kind: "patient", Subject: a.Patient})
			return billing.Keeper{}.Erase(tx, a.Patient)
		}))
		if _, err := c.bills.Open(background, owner, first.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("the first draft stayed: %v", err)
		}
	})
}

func TestModuleOffKeepsEverythingOut(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		c.modules()
		if _, err := c.bills.Propose(background, c.As(access.Owner), a.ID, id.Zero); !fault.Is(err, fault.NotFound) {
			t.Fatalf("%v", err)
		}
		if _, err := c.bills.List(background, c.As(access.Owner), billing.Unpaid, billing.Place{}); !fault.Is(err, fault.NotFound) {
			t.Fatalf("%v", err)
		}
		for table, values := range map[string]string{"invoice": `(clinic_id, id, kind, patient_id, day, currency, created_at) VALUES ($1, $2, 'invoice', $2, '2026-11-24', 'INR', 1)`,
			"payment":      `(clinic_id, id, source, external_id, method, amount, currency, received_at, booked_at, day, undecided) VALUES ($1, $2, 'x', 'y', 'cash', 1, 'INR', 1, 1, '2026-11-24', 1)`,
			"ledger_entry": `(clinic_id, id, at, day, kind, debit, credit, amount, currency) VALUES ($1, $2, 1, '2026-11-24', 'x', 'a', 'b', 1, 'INR')`} {
			err := c.do(access.BillIssue, access.Owner, func(tx *store.Tx) error {
				tx.Housekeeping("what the table has to refuse")
				_, err := tx.Exec(`INSERT INTO `+table+` `+values, tx.NewID())
				return err
			})
			if !errors.Is(err, store.ErrFenced) {
				t.Errorf("%s took a row: %v", table, err)
			}
		}
	})
}

func TestNoNumberOfACard(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "desk-payments")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		a := c.visit(0, "Asha Rao")
		d := c.issued(a.Patient, 50000)
		for _, typed := range []string{"4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "4222.2222.2222.2"} {
			if _, err := c.bills.Take(background, c.As(access.FrontDesk), d.ID, billing.Pay{Method: billing.Card, Reference: typed}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s was taken for a reference: %v", typed, err)
			}
		}
		for _, typed := range []string{"433112345678", "SBIN0 433112345678901", "slip 000123", ""} { // a UTR, a transfer, a slip
			if _, err := c.bills.Take(background, c.As(access.FrontDesk), d.ID, billing.Pay{Method: billing.Card, Amount: 100, Reference: typed}); err != nil {
				t.Errorf("%q: %v", typed, err)
			}
		}
		c.books()
	})
}

func TestGuardianOnTheInvoice(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "guardian-on-invoice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		r, err := c.Desk.Book(background, c.As(access.FrontDesk), scheduling.Booking{Service: c.Service, Provider: c.Providers[0], StartsAt: clock.At(rig.Start.Add(25 * time.Hour).Truncate(time.Hour)), Overbook: "test",
			Patient: patients.Draft{Name: "Little Rao", BirthDate: "2020-02-03", Guardian: &patients.GuardianDraft{Name: "Asha Rao", Phone: "+919845010007", Relation: "mother"}}})
		c.must(err)
		d := c.issued(r.Appointment.Patient, 50000)
		if s := c.sheet(d.ID); s.Who.Name != "Little Rao" || s.Who.Guardian != "Asha Rao" {
			t.Fatalf("billed to %+v", s.Who)
		}
	})
}

func TestUPILink(t *testing.T) {
	t.Parallel()
	d := billing.Document{Kind: billing.Bill, State: billing.Part, Label: "INV/26-27/0042", Total: 50000, Paid: 10050, Currency: "INR"}
	set := billing.Setting{UPIID: "sunrise.clinic@examplebank"}
	if got := billing.UPILink(set, "Sunrise & Co", d); got != "upi://pay?pa=sunrise.clinic@examplebank&pn=Sunrise%20%26%20Co&am=399.50&cu=INR&tr=INV-26-27-0042&tn=Bill%20INV%2F26-27%2F0042" {
		t.Error(got)
	}
	d.Paid = 50000
	if got := billing.UPILink(set, "Sunrise", d); got != "" {
		t.Error("a code for an invoice that is paid:", got)
	}
}
