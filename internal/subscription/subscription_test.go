package subscription_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	rigrazorpay "almirah/internal/rig/razorpay"
	"almirah/internal/store"
	"almirah/internal/subscription"
)

const day = 24 * time.Hour

// house is a deployment that asks for a fee, with Razorpay as it stands in on this machine.
type house struct {
	*rig.Base
	s       *subscription.Service
	clinics *clinics.Service
	bank    *rigrazorpay.Server
	told    []string
	mu      sync.Mutex
}

func open(t *testing.T, engine store.Engine) *house {
	t.Helper()
	h := &house{Base: rig.New(t, engine, store.Options{Paid: true})}
	h.bank = rigrazorpay.Start(t, rigrazorpay.Options{Clock: h.Clock})
	h.clinics = clinics.New(h.DB, h.Log, clinics.Options{})
	h.s = h.terms(t, 14*day)
	return h
}

// terms is the service of an installation that gives so much grace.
func (h *house) terms(t *testing.T, grace time.Duration) *subscription.Service {
	t.Helper()
	g := razorpay.New(http.DefaultClient, razorpay.Options{BaseURL: h.bank.URL(), Timeout: 10 * time.Second})
	keys, err := g.Check(h.bank.Typed())
	if err != nil {
		t.Fatal(err)
	}
	return subscription.New(h.DB, h.Log, subscription.Options{Clinics: h.clinics, Back: "https://clinic.example/app/account", Terms: subscription.Terms{
		Plans: []subscription.Plan{{Key: "solo", Name: "Solo", Currency: "INR", Month: 99900, Year: 999000}, {Key: "team", Name: "Team", Currency: "INR", Month: 249900}},
		Trial: 30 * day, Grace: grace, Gateway: g, Till: billing.Till{Provider: "razorpay", Credentials: keys.Credentials},
		Seller: subscription.Seller{Name: "Almirah Hosting LLP", TaxNumber: "29AAPFU0939F1ZV", Country: "IN", Rate: 180000, Series: "ALM-"}},
		Tell: func(_ context.Context, who access.Caller, _, notice, path string) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.told = append(h.told, notice)
			if path != "/app/account" || who.Clinic().IsZero() {
				t.Errorf("told %s at %s", notice, path)
			}
			return nil
		}})
}

func engines(t *testing.T, run func(t *testing.T, h *house)) {
	t.Helper()
	for _, e := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			run(t, open(t, e))
		})
	}
}

// clinic opens a clinic as people do, so that its trial has a beginning.
func (h *house) clinic(t *testing.T, slug string) id.ID {
	t.Helper()
	c, err := h.clinics.Open(t.Context(), h.As(access.Operator), clinics.Opening{Slug: slug, Profile: clinics.Profile{Name: "Clinic " + slug, Zone: "Asia/Kolkata", Country: "IN", Jurisdiction: "IN", Region: "IN", Currency: "INR", Languages: []string{"en"}}})
	if err != nil {
		t.Fatal(err)
	}
	h.sweep(t, c.ID)
	return c.ID
}

func (h *house) sweep(t *testing.T, clinic id.ID) {
	t.Helper()
	if err := h.s.Sweep(t.Context(), h.In(clinic, access.System)); err != nil {
		t.Fatal(err)
	}
}

func (h *house) account(t *testing.T, clinic id.ID) subscription.Account {
	t.Helper()
	a, err := h.s.Account(t.Context(), h.In(clinic, access.Owner))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// pays begins a payment and makes it at the bank.
func (h *house) pays(t *testing.T, clinic id.ID, plan, term string) {
	t.Helper()
	before := h.bank.Open()
	p, err := h.s.Begin(t.Context(), h.In(clinic, access.Owner), plan, term)
	if err != nil || p.URL == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	for link, amount := range h.bank.Open() {
		if _, was := before[link]; !was {
			h.bank.Pay(link, amount)
		}
	}
}

// writes does what a clinic does by the right.
func (h *house) writes(clinic id.ID, role access.Role, right access.Right) error {
	return h.DB.Change(context.Background(), h.In(clinic, role), right, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test")
		_, err := tx.Exec(`UPDATE clinic SET version = version + 1 WHERE clinic_id = $1`)
		return err
	})
}

// TestReadOnlyBeginsOnItsSecond: to the last second of grace everything works; from the next on nothing can be entered, and everything
// that must always work still does. A payment opens the clinic at once.
func TestReadOnlyBeginsOnItsSecond(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "read-only-not-locked-out", "leaving-always-works")
	engines(t, func(t *testing.T, h *house) {
		one, other := h.clinic(t, "one"), h.clinic(t, "other")
		h.pays(t, other, "solo", subscription.Yearly)
		if paid, err := h.s.Look(t.Context(), h.In(other, access.Owner)); err != nil || !paid {
			t.Fatal(paid, err)
		}
		h.Clock.Move(44*day - time.Second)
		if err := h.writes(one, access.FrontDesk, access.ScheduleBook); err != nil {
			t.Fatalf("a second before: %v", err)
		}
		h.Clock.Move(2 * time.Second)
		for _, x := range []struct {
			role  access.Role
			right access.Right
		}{{access.FrontDesk, access.ScheduleBook}, {access.FrontDesk, access.PatientWrite}, {access.Owner, access.ClinicSettings}, {access.Owner, access.ClinicModules}, {access.Practitioner, access.PatientNotes},
			{access.FrontDesk, access.InboxWrite}, {access.Owner, access.ScheduleSettings}, {access.Manager, access.MessageSettings}} {
			err := h.writes(one, x.role, x.right)
			if f, ok := err.(*fault.Fault); !ok || f.Key != "fault.read_only" || f.Kind != fault.Conflict {
				t.Errorf("%s by %s: %v", x.right, x.role, err)
			}
		}
		if err := h.writes(one, access.Public, access.PublicBook); !fault.Is(err, fault.Conflict) {
			t.Errorf("booked online: %v", err)
		}
		for _, x := range []struct {
			role  access.Role
			right access.Right
		}{{access.Patient, access.OwnChange}, {access.Booker, access.BookedChange}, {access.System, access.Work}, {access.Public, access.MessageHear}, {access.Manager, access.PatientDelete}, {access.FrontDesk, access.ScheduleCancel},
			{access.FrontDesk, access.InboxRead}, {access.Owner, access.ClinicAccount}} {
			if err := h.writes(one, x.role, x.right); err != nil {
				t.Errorf("%s by %s, which always works: %v", x.right, x.role, err)
			}
		}
		for _, right := range []access.Right{access.ScheduleRead, access.PatientRead, access.AuditRead, access.MessageRead} {
			err := h.DB.View(t.Context(), h.In(one, access.Owner), right, func(_ context.Context, v *store.View) error {
				v.Opened("patient", v.NewID(), id.Zero) // what was opened is still written down
				_, err := clinics.Get(v)
				return err
			})
			if err != nil {
				t.Errorf("reading by %s: %v", right, err)
			}
		}
		err := h.DB.Change(t.Context(), h.In(one, access.Owner), access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("test")
			return clinics.SetClosing(tx, true)
		})
		if err != nil {
			t.Errorf("leaving: %v", err)
		}
		if err := h.writes(other, access.FrontDesk, access.ScheduleBook); err != nil {
			t.Errorf("a clinic that paid: %v", err)
		}
		if a := h.account(t, one); a.State != subscription.ReadOnly {
			t.Errorf("the account says %s", a.State)
		}
		h.pays(t, one, "solo", subscription.Monthly)
		if paid, err := h.s.Look(t.Context(), h.In(one, access.Owner)); err != nil || !paid {
			t.Fatal(paid, err)
		}
		if err := h.writes(one, access.FrontDesk, access.ScheduleBook); err != nil {
			t.Errorf("after paying: %v", err)
		}
		if a := h.account(t, one); a.State != subscription.Paid || a.PaidUntil < clock.At(h.Clock.Now().Add(27*day)) {
			t.Errorf("paid until %v, %s", a.PaidUntil.Time(), a.State)
		}
	})
}

// TestAPaymentCountsOnce: what the bank says counts, once, however often and by however many it is asked, and numbers of invoices follow
// one on the other.
func TestAPaymentCountsOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "plan-paid-once")
	engines(t, func(t *testing.T, h *house) {
		const many = 6
		var ids []id.ID
		for i := range many {
			ids = append(ids, h.clinic(t, string(rune('a'+i))+"-clinic"))
		}
		owner := h.In(ids[0], access.Owner)
		first, err := h.s.Begin(t.Context(), owner, "solo", subscription.Monthly)
		if err != nil {
			t.Fatal(err)
		}
		again, err := h.s.Begin(t.Context(), owner, "solo", subscription.Monthly)
		if err != nil || again.ID != first.ID || again.URL != first.URL {
			t.Errorf("asked twice, two payments: %+v and %+v, %v", first, again, err)
		}
		if paid, err := h.s.Look(t.Context(), owner); paid || err != nil {
			t.Errorf("coming back without having paid counts: %v, %v", paid, err)
		}
		for _, wrong := range []string{"none", "Solo", ""} {
			if _, err := h.s.Begin(t.Context(), owner, wrong, subscription.Monthly); !fault.Is(err, fault.NotFound) {
				t.Errorf("%q is sold: %v", wrong, err)
			}
		}
		if _, err := h.s.Begin(t.Context(), owner, "team", subscription.Yearly); !fault.Is(err, fault.NotFound) {
			t.Errorf("a term that is not offered: %v", err)
		}
		for _, role := range []access.Role{access.Manager, access.FrontDesk, access.Billing, access.Public} {
			if _, err := h.s.Begin(t.Context(), h.In(ids[0], role), "solo", subscription.Monthly); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s may pay: %v", role, err)
			}
		}
		for link, amount := range h.bank.Open() {
			h.bank.Pay(link, amount)
		}
		for _, c := range ids[1:] {
			h.pays(t, c, "solo", subscription.Monthly)
		}
		var all sync.WaitGroup
		var counted atomic.Int32
		for _, c := range ids {
			for range 4 {
				all.Go(func() {
					paid, err := h.s.Look(context.Background(), h.In(c, access.Owner))
					if err != nil {
						t.Error(err)
					}
					if paid {
						counted.Add(1)
					}
				})
			}
			all.Go(func() {
				if err := h.s.Sweep(context.Background(), h.In(c, access.System)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if counted.Load() > many {
			t.Errorf("%d payments were counted, %d were made", counted.Load(), many)
		}
		var numbers []int64
		for _, c := range ids {
			a := h.account(t, c)
			if len(a.Invoices) != 1 || a.PaidUntil == 0 || a.Payments[0].State != "paid" || a.Plan != "solo" {
				t.Fatalf("%d invoices, paid until %v, %+v", len(a.Invoices), a.PaidUntil.Time(), a.Payments)
			}
			x := a.Invoices[0]
			numbers = append(numbers, x.Number)
			if x.Total != 117882 || x.Net != 99900 || x.Net+x.Tax != x.Total || len(x.Taxes) != 2 || x.Seller.TaxNumber == "" || x.Buyer.Name == "" || x.From != a.TrialUntil || x.Until != a.PaidUntil {
				t.Errorf("the invoice is %+v", x)
			}
		}
		slices.Sort(numbers)
		for i, n := range numbers {
			if n != int64(i+1) {
				t.Fatalf("the numbers are %v", numbers)
			}
		}
		err = h.DB.Across(t.Context(), h.As(access.Operator), access.PlatformBill, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a test")
			_, err := p.Exec(`UPDATE subscription_invoice SET total = 1 WHERE series = $1`, "ALM-")
			return err
		})
		if err == nil {
			t.Error("an invoice was changed")
		}
	})
}

// TestOwnersAreToldOnStatedDays goes through a trial that nobody pays, hour by hour.
func TestOwnersAreToldOnStatedDays(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "told-before-read-only")
	engines(t, func(t *testing.T, h *house) {
		one := h.clinic(t, "one")
		begun := h.Clock.Now()
		want := []struct {
			notice string
			after  time.Duration
		}{{"plan-week", 23 * day}, {"plan-day", 29 * day}, {"plan-ended", 30 * day}, {"plan-soon", 41 * day}, {"plan-stopped", 44 * day}}
		for _, w := range want {
			h.Clock.Move(begun.Add(w.after - time.Second).Sub(h.Clock.Now()))
			h.sweep(t, one)
			n := len(h.told)
			h.Clock.Move(2 * time.Second)
			h.sweep(t, one)
			h.sweep(t, one)
			if len(h.told) != n+1 || h.told[n] != w.notice {
				t.Fatalf("after %v: told %v, want %s next", w.after, h.told, w.notice)
			}
		}
		// A payment is refused: told once. Then it is made: and the notices begin anew a month later.
		owner := h.In(one, access.Owner)
		if _, err := h.s.Begin(t.Context(), owner, "solo", subscription.Monthly); err != nil {
			t.Fatal(err)
		}
		for link := range h.bank.Open() {
			h.bank.Try(link)
		}
		h.sweep(t, one)
		h.sweep(t, one)
		if h.told[len(h.told)-1] != accounts.NoticePlanFailed || len(h.told) != len(want)+1 {
			t.Fatalf("a refused payment: told %v", h.told)
		}
		for link, amount := range h.bank.Open() {
			h.bank.Pay(link, amount)
		}
		h.sweep(t, one)
		h.Clock.Move(25 * day)
		h.sweep(t, one)
		if h.told[len(h.told)-1] != "plan-week" {
			t.Fatalf("the next month: told %v", h.told)
		}
	})
}

// TestNobodyStopsUntold: an installation was off, or asked for no fee, while the time of a clinic ran out: its owners are told first and have the days of that notice, and are told again when it is
// read-only. One whose terms allow more days than before is read-only at the later moment; one whose terms allow fewer, at the moment that stood.
func TestNobodyStopsUntold(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "told-before-read-only")
	engines(t, func(t *testing.T, h *house) {
		one := h.clinic(t, "one")
		h.Clock.Move(100 * day)
		if err := h.writes(one, access.FrontDesk, access.ScheduleBook); !fault.Is(err, fault.Conflict) {
			t.Fatalf("before anything ran: %v", err)
		}
		h.sweep(t, one)
		h.sweep(t, one)
		soon := h.Clock.Now().Add(3 * day)
		if a := h.account(t, one); a.State != subscription.Grace || a.WritesUntil != clock.At(soon) || !slices.Equal(h.told, []string{"plan-soon"}) {
			t.Fatalf("told %v, and %s until %v", h.told, a.State, a.WritesUntil.Time())
		}
		h.Clock.Move(3*day - time.Second)
		h.sweep(t, one)
		if err := h.writes(one, access.FrontDesk, access.ScheduleBook); err != nil || len(h.told) != 1 {
			t.Errorf("in the last second: %v, told %v", err, h.told)
		}
		h.Clock.Move(time.Second)
		h.sweep(t, one)
		h.sweep(t, one)
		if err := h.writes(one, access.FrontDesk, access.ScheduleBook); !fault.Is(err, fault.Conflict) || !slices.Equal(h.told, []string{"plan-soon", "plan-stopped"}) {
			t.Errorf("after it: %v, told %v", err, h.told)
		}

		// Other terms.
		two := h.clinic(t, "two")
		begun := h.Clock.Now()
		more, fewer := h.terms(t, 20*day), h.terms(t, 5*day)
		for _, x := range []struct {
			s    *subscription.Service
			ends time.Duration
		}{{fewer, 44 * day}, {more, 50 * day}, {fewer, 50 * day}} {
			if err := x.s.Sweep(t.Context(), h.In(two, access.System)); err != nil {
				t.Fatal(err)
			}
			a, err := x.s.Account(t.Context(), h.In(two, access.Owner))
			if err != nil || a.WritesUntil != clock.At(begun.Add(x.ends)) {
				t.Errorf("read-only from %v on, want %v after the beginning, %v", a.WritesUntil.Time(), x.ends, err)
			}
			if until, err := h.DB.Standing(t.Context(), two); err != nil || until != a.WritesUntil {
				t.Errorf("the doorway keeps %v, %v", until.Time(), err)
			}
		}
	})
}

// TestWithoutPlansNothingOfItExists: an installation that asks for no fee has no rows and no end.
func TestWithoutPlansNothingOfItExists(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "told-before-read-only")
	b := rig.New(t, store.SQLite, store.Options{})
	s := subscription.New(b.DB, b.Log, subscription.Options{Clinics: clinics.New(b.DB, b.Log, clinics.Options{})})
	if _, err := s.Account(t.Context(), b.As(access.Owner)); !fault.Is(err, fault.NotFound) {
		t.Errorf("there is an account: %v", err)
	}
	if err := s.Sweep(t.Context(), b.As(access.System)); err != nil {
		t.Error(err)
	}
	b.Clock.Move(10000 * day)
	if _, _, _, ok := s.Ahead(t.Context(), b.Clinic, clock.At(b.Clock.Now())); ok {
		t.Error("there is something to say")
	}
	err := b.DB.Change(t.Context(), b.As(access.Owner), access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test")
		_, err := tx.Exec(`UPDATE clinic SET version = version + 1 WHERE clinic_id = $1`)
		return err
	})
	if err != nil {
		t.Errorf("a clinic cannot write: %v", err)
	}
}
