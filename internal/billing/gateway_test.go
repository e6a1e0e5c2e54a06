package billing_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/policies"
	"almirah/internal/promise"
	"almirah/internal/store"
)

func (c *counter) accounts() []billing.GatewayAccount {
	c.t.Helper()
	list, err := c.pay.Accounts(background, c.As(access.Owner))
	c.must(err)
	return list
}

func (c *counter) differences() []billing.Difference {
	c.t.Helper()
	list, _, err := c.pay.Differences(background, c.As(access.Billing))
	c.must(err)
	return list
}

func TestAPatientPaysOnHerPage(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-own-account")
		asha := c.visit(0, "Asha Rao").Patient
		other := c.visit(1, "Binod Das").Patient
		d := c.issued(asha, 50000)
		online, err := c.pay.CanPay(background, c.patient(asha))
		c.must(err)
		if !online {
			t.Fatal("nobody can pay")
		}
		if _, err := c.ask(other, d.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("another's bill: %v", err)
		}
		r, err := c.ask(asha, d.ID)
		c.must(err)
		if r.State != billing.RequestOpen || r.URL == "" || r.Amount.Minor != 50000 {
			t.Fatalf("%+v", r)
		}
		again, err := c.ask(asha, d.ID)
		c.must(err)
		if again.ID != r.ID || again.URL != r.URL || len(c.bank.open()) != 1 {
			t.Fatal("a second touch made a second page")
		}
		// The browser comes back and says whatever it likes; the gateway is asked.
		came, _, err := c.pay.Came(background, c.patient(asha), r.ID)
		c.must(err)
		if came.State != billing.RequestOpen {
			t.Fatalf("nobody paid, and it is %s", came.State)
		}
		if _, _, err := c.pay.Came(background, c.patient(other), r.ID); !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		c.bank.pay(billing.Reference(r.ID))
		came, due, err := c.pay.Came(background, c.patient(asha), r.ID)
		c.must(err)
		if came.State != billing.RequestPaid || due.Due.Minor != 0 {
			t.Fatalf("%+v %+v", came, due)
		}
		if s, err := c.pay.Landed(background, c.public(), r.ID); err != nil || s != billing.RequestPaid {
			t.Fatal(s, err)
		}
		of, err := c.pay.OfInvoice(background, c.As(access.FrontDesk), d.ID)
		c.must(err)
		if len(of.Requests) != 1 || len(of.Attempts) != 1 || !of.Ready || of.Requests[0].URL != "" {
			t.Fatalf("%+v", of)
		}
		c.is(d.ID, billing.Paid, 0)
		posts := c.bank.posts()
		c.hear(posts...)
		c.hear(posts...)
		c.heal()
		c.is(d.ID, billing.Paid, 0)
		c.books()
		if s := c.sheet(d.ID); len(s.Money) != 1 || s.Money[0].Amount != 50000 || s.Money[0].Method != billing.Online || s.Money[0].Undecided != 0 {
			t.Fatalf("%+v", s.Money)
		}
		if x := c.differences(); len(x) != 0 {
			t.Fatalf("%+v", x)
		}
		if _, err := c.ask(asha, d.ID); !fault.Is(err, fault.Conflict) {
			t.Fatalf("nothing is due: %v", err)
		}
	})
}

func TestAReportComesFirst(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		d := c.issued(c.visit(0, "Asha Rao").Patient, 40000)
		c.bank.misbehave("page", "after") // the page is made, and we never hear of it
		_, err := c.ask(d.Patient, d.ID)
		c.allow(err, fault.Unavailable)
		for ref := range c.bank.open() {
			c.bank.pay(ref)
		}
		c.hear(c.bank.posts()...)
		c.work()
		c.is(d.ID, billing.Paid, 0)
		c.books()
	})
}

func TestRefusedThenCapturedIsOnePayment(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-fraud-records")
		d := c.issued(c.visit(0, "Asha Rao").Patient, 40000)
		r, err := c.ask(d.Patient, d.ID)
		c.must(err)
		p := c.bank.try(billing.Reference(r.ID))
		first := c.bank.posts()
		c.hear(first...)
		c.work()
		c.is(d.ID, billing.Issued, 40000)
		c.bank.late(p)
		c.hear(c.bank.posts()...)
		c.hear(first...) // the old news once more
		c.work()
		c.is(d.ID, billing.Paid, 0)
		c.must(c.do(access.Work, access.System, func(tx *store.Tx) error { // her copy says amounts as people write them
			tx.Housekeeping("a test reads")
			got, err := billing.GatewayKeeper{}.Collect(&tx.View, d.Patient)
			if asked, paid := got["payment_request"], got["gateway_payment"]; err == nil && (len(asked) != 1 || asked[0]["amount"] != "400.00" || len(paid) == 0 || paid[0]["amount"] != "400.00") {
				t.Errorf("%v %v", asked, paid)
			}
			return err
		}))
		c.bank.dispute(p, "created")
		c.bank.dispute(p, "won")
		posts := c.bank.posts()
		c.hear(posts[1], posts[0]) // the other way round
		c.work()
		disputes, refused, err := c.pay.Frauds(background, c.As(access.Billing))
		c.must(err)
		if len(disputes) != 1 || disputes[0].Payment != p || c.account.Provider == "razorpay" && len(refused) != 1 {
			t.Fatalf("%+v %+v", disputes, refused)
		}
		if _, _, err := c.pay.Frauds(background, c.As(access.FrontDesk)); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		// They have a life of their own: half a year for a refused payment, two years for a dispute.
		age := func(days int) (int, int) {
			c.Clock.Move(time.Duration(days) * 24 * time.Hour)
			c.must(c.do(access.Work, access.System, func(tx *store.Tx) error { _, err := billing.GatewayKeeper{}.Due(tx); return err }))
			d, r, err := c.pay.Frauds(background, c.As(access.Billing))
			c.must(err)
			return len(d), len(r)
		}
		if d, r := age(179); d != 1 || r != len(refused) {
			t.Fatal(d, r)
		}
		if d, r := age(3); d != 1 || r != 0 {
			t.Fatal(d, r)
		}
		if d, _ := age(550); d != 0 {
			t.Fatal(d)
		}
		c.books()
	})
}

// paidTwice is an invoice that was paid in cash while its page was open, and then on its page: nobody has decided about that money.
func (c *counter) paidTwice(patient id.ID, amount int64) billing.Document {
	c.t.Helper()
	d := c.issued(patient, amount)
	r, err := c.ask(patient, d.ID)
	c.must(err)
	_, err = c.bills.Take(background, c.As(access.FrontDesk), d.ID, billing.Pay{Method: billing.Cash, Amount: amount, Key: "cash-1"})
	c.must(err)
	c.bank.pay(billing.Reference(r.ID)) // before anybody closed it
	c.hear(c.bank.posts()...)
	c.work()
	return d
}

func TestMoneyThatNobodyExpectsWaitsForAPerson(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		asha := c.visit(0, "Asha Rao").Patient
		// Two pages paid: one was open in a tab when the desk took cash.
		d := c.paidTwice(asha, 30000)
		c.is(d.ID, billing.Paid, 0)
		// A bill that was cancelled, and paid on its page.
		e := c.issued(asha, 20000)
		q, err := c.ask(asha, e.ID)
		c.must(err)
		_, _, err = c.bills.Credit(background, c.As(access.Billing), e.ID, billing.CreditDraft{Amount: 20000, Reason: "not wanted"})
		c.must(err)
		c.bank.pay(billing.Reference(q.ID))
		c.hear(c.bank.posts()...)
		c.work()
		c.is(e.ID, billing.Cancelled, 0)
		undecided := int64(0)
		c.must(c.DB.View(background, c.As(access.Billing), access.BillRead, func(_ context.Context, v *store.View) error {
			for _, p := range c.bank.payments() {
				x, err := billing.FindPayment(v, c.account.Provider+":"+c.account.ID.String(), p.id)
				if err != nil {
					return err
				}
				undecided += x.Undecided
			}
			return nil
		}))
		if undecided != 50000 {
			t.Fatalf("%d wait for a person", undecided)
		}
		c.books()
	})
}

func TestABillThatChangesClosesItsPage(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		asha := c.visit(0, "Asha Rao").Patient
		d := c.issued(asha, 30000)
		r, err := c.ask(asha, d.ID)
		c.must(err)
		_, err = c.bills.Take(background, c.As(access.FrontDesk), d.ID, billing.Pay{Method: billing.Cash, Amount: 10000, Key: "cash-1"})
		c.must(err)
		c.work()
		if open := c.bank.open(); len(open) != 0 {
			t.Fatalf("still open: %v", open)
		}
		q, err := c.ask(asha, d.ID)
		c.must(err)
		if q.ID == r.ID || q.Amount.Minor != 20000 {
			t.Fatalf("%+v", q)
		}
		// And one that nobody pays ends by itself.
		c.Clock.Move(25 * time.Hour)
		c.heal()
		c.must(c.DB.View(background, c.As(access.Billing), access.BillRead, func(_ context.Context, v *store.View) error { return nil }))
		got, _, err := c.pay.RequestOf(background, c.patient(asha), q.ID)
		c.must(err)
		if got.State != billing.RequestClosed || got.URL != "" {
			t.Fatalf("%+v", got)
		}
	})
}

func TestMoneyGoesBackOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-counted-once")
		d, paid := c.paidOnItsPage()
		give := func(amount int64, key id.ID) error {
			_, err := c.pay.Return(background, c.As(access.Billing), paid, amount, d.ID, "asked for by the patient", key)
			return err
		}
		key := id.New(c.Clock.Now())
		if _, err := c.pay.Return(background, c.As(access.FrontDesk), paid, 100, d.ID, "", key); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		for whose, other := range map[string]id.ID{"nobody's": id.New(c.Clock.Now()), "another patient's": c.issued(c.visit(1, "Ravi Teak").Patient, 50000).ID} {
			if _, err := c.pay.Return(background, c.As(access.Billing), paid, 100, other, "", c.newKey()); !fault.Is(err, fault.NotFound) {
				t.Fatalf("money goes back from %s invoice: %v", whose, err)
			}
			if _, err := c.bills.Return(background, c.As(access.Billing), billing.ReturnDraft{Payment: paid, Invoice: other, Amount: 100, Method: billing.Cash, Reason: "x"}); !fault.Is(err, fault.NotFound) {
				t.Fatalf("the desk gives back from %s invoice: %v", whose, err)
			}
		}
		for _, how := range []string{"before", "after", "500", "429"} { // every way in which an answer stays out
			c.bank.misbehave("refund", how)
			c.must(give(5000, key))
			c.must(give(5000, key)) // a second touch
			c.work()
		}
		c.bank.misbehave("refund", "") // well again
		if err := give(6000, key); !fault.Is(err, fault.Conflict) {
			t.Fatalf("the same key over another amount: %v", err)
		}
		if err := give(45001, id.New(c.Clock.Now())); !fault.Is(err, fault.Invalid) {
			t.Fatalf("more than is left: %v", err)
		}
		if n := len(c.bank.refunds()); n != 1 {
			t.Fatalf("%d refunds", n)
		}
		// The process dies after the gateway took it, and before we wrote it down.
		second := id.New(c.Clock.Now().Add(time.Second))
		c.must(give(7000, second))
		ctx, die := context.WithCancel(background)
		c.breaks.die = die
		c.breaks.after.Store(true)
		c.breaks.only = "GiveBack"
		c.breaks.fuse.Store(1)
		if err := c.pay.Work(ctx, c.As(access.System)); err == nil {
			t.Fatal("it did not die")
		}
		if n := len(c.bank.refunds()); n != 2 {
			t.Fatalf("%d refunds", n)
		}
		c.Clock.Move(10 * time.Minute)
		c.work()
		if n := len(c.bank.refunds()); n != 2 {
			t.Fatalf("given back again after the crash: %d", n)
		}
		for i, x := range c.bank.refunds() {
			c.bank.settle(x.id, i == 0)
		}
		posts := c.bank.posts()
		c.hear(posts...)
		c.hear(posts...)
		c.heal()
		c.is(d.ID, billing.Part, 5000)
		c.books()
		if x := c.differences(); len(x) != 1 || x[0].Kind != "refund-failed" {
			t.Fatalf("%+v", x)
		}
		// Somebody gives back in the gateway's own console.
		c.bank.console(c.bank.payments()[0].id, 3000)
		c.hear(c.bank.posts()...)
		c.work()
		c.is(d.ID, billing.Part, 8000)
		c.books()
	})
}

func TestTheNightFindsWhatNoReportBrought(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-books-compared")
		asha := c.visit(0, "Asha Rao").Patient
		d := c.issued(asha, 50000)
		r, err := c.ask(asha, d.ID)
		c.must(err)
		p := c.bank.pay(billing.Reference(r.ID))
		c.bank.console(p, 1000)
		c.bank.posts() // lost, all of them
		c.Clock.Move(2 * time.Hour)
		c.must(c.pay.Check(background, c.As(access.Billing), c.account.ID))
		c.is(d.ID, billing.Part, 1000)
		kinds := map[string]bool{}
		for _, x := range c.differences() {
			kinds[x.Kind] = true
		}
		if !kinds["mended"] || !kinds["refund-mended"] || len(kinds) != 2 {
			t.Fatalf("%v", kinds)
		}
		for _, x := range c.differences() {
			c.must(c.pay.Settle(background, c.As(access.Billing), x.ID))
		}
		c.must(c.pay.Check(background, c.As(access.Billing), c.account.ID))
		if x := c.differences(); len(x) != 0 {
			t.Fatalf("settled, and there again: %+v", x)
		}
		if a := c.accounts()[0]; a.CheckedAt == 0 || a.Checked != 2 {
			t.Fatalf("%+v", a)
		}
		c.books()
	})
}

func TestForgedReportsChangeNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-only-signed")
		d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
		r, err := c.ask(d.Patient, d.ID)
		c.must(err)
		c.bank.pay(billing.Reference(r.ID))
		for _, x := range c.bank.posts() {
			x = c.bank.sign(x, c.Clock.Now())
			body := append([]byte{}, x.body...)
			body[len(body)-3] ^= 1
			for _, h := range []billing.GatewayHook{{Header: x.header, Body: body}, {Header: http.Header{}, Body: x.body}} {
				if err := c.pay.Hear(background, accounts.Public(c.Clinic), c.account.Provider, c.account.ID, h); !errors.Is(err, billing.ErrHookForged) {
					t.Fatalf("%v", err)
				}
			}
			if err := c.pay.Hear(background, accounts.Public(c.Clinic), c.account.Provider, id.New(c.Clock.Now()), billing.GatewayHook{Header: x.header, Body: x.body}); !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
		}
		c.must(c.pay.Work(background, c.As(access.System))) // before the gateway is asked by itself
		c.is(d.ID, billing.Issued, 50000)
		strange, err := c.pay.Strange(background, c.As(access.Billing))
		c.must(err)
		if len(strange) != 0 {
			t.Fatal(strange)
		}
	})
}

func TestKeysAreSealedAndDestroyed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-own-account")
		owner := c.As(access.Owner)
		if _, err := c.pay.Connect(background, owner, c.account.Provider, c.bank.typed(), true); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		if _, err := c.pay.Connect(background, owner, c.account.Provider, c.bank.typed(), false); !fault.Is(err, fault.Invalid) {
			t.Fatal("connected without consent")
		}
		if _, err := c.pay.Accounts(background, c.As(access.Manager)); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		a := c.accounts()[0]
		if has(jsonOf(a), "key-secret", "sk_test", "webhook-secret", "whsec") != "" || len(a.Last4) != 4 {
			t.Fatal(jsonOf(a))
		}
		c.must(c.pay.TestAccount(background, owner, a.ID))
		if err := c.pay.ChangeKeys(background, owner, a.ID, a.Version, map[string]string{}); !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		c.must(c.pay.ChangeKeys(background, owner, a.ID, a.Version, c.bank.typed()))
		if err := c.pay.ChangeKeys(background, owner, a.ID, a.Version, c.bank.typed()); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		// Paused by hand it stays paused, whatever keys it gets.
		c.must(c.pay.SetAccount(background, owner, a.ID, c.accounts()[0].Version, false))
		c.must(c.pay.ChangeKeys(background, owner, a.ID, c.accounts()[0].Version, c.bank.typed()))
		if a = c.accounts()[0]; a.State != billing.AccountPaused || a.Reason != billing.PausedByHand {
			t.Fatalf("new keys took an account into use that somebody paused: %+v", a)
		}
		c.must(c.pay.SetAccount(background, owner, a.ID, a.Version, true))
		a = c.accounts()[0]
		d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
		r, err := c.ask(d.Patient, d.ID)
		c.must(err)
		c.must(c.pay.SetAccount(background, owner, a.ID, a.Version, false))
		if _, err := c.ask(d.Patient, d.ID); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a paused account asks for money: %v", err)
		}
		c.bank.pay(billing.Reference(r.ID)) // what was asked for is still heard
		c.hear(c.bank.posts()...)
		c.work()
		c.is(d.ID, billing.Paid, 0)
		a = c.accounts()[0]
		c.must(c.pay.SetAccount(background, owner, a.ID, a.Version, true))
		e := c.issued(d.Patient, 20000)
		_, err = c.ask(d.Patient, e.ID)
		c.must(err)
		a = c.accounts()[0]
		if err := c.pay.Revoke(background, owner, a.ID, a.Version-1); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		c.must(c.pay.Revoke(background, owner, a.ID, a.Version))
		if len(c.bank.open()) != 0 || len(c.accounts()) != 0 {
			t.Fatal("a page is open that nobody would hear of")
		}
		if err := c.pay.TestAccount(background, owner, a.ID); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		if _, err := c.pay.Return(background, c.As(access.Billing), c.sheet(d.ID).Money[0].ID, 100, d.ID, "", id.New(c.Clock.Now())); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		c.work()
	})
}

func TestRefusedKeysPauseTheAccount(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
		c.bank.misbehave("page", "401")
		_, err := c.ask(d.Patient, d.ID)
		c.allow(err, fault.Invalid, fault.Internal)
		if err == nil {
			t.Fatal("refused keys made a page")
		}
		if a := c.accounts()[0]; a.State != billing.AccountPaused || a.Reason == "" || a.Reason == billing.PausedByHand {
			t.Fatalf("%+v", a)
		}
	})
}

func TestWithoutTheModuleNothingIsThere(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		d := c.issued(c.visit(0, "Asha Rao").Patient, 50000)
		r, err := c.ask(d.Patient, d.ID)
		c.must(err)
		c.modules(clinics.ModuleScheduling)
		for name, err := range map[string]error{
			"ask":      func() error { _, err := c.ask(d.Patient, d.ID); return err }(),
			"came":     func() error { _, _, err := c.pay.Came(background, c.patient(d.Patient), r.ID); return err }(),
			"accounts": func() error { _, err := c.pay.Accounts(background, c.As(access.Owner)); return err }(),
			"frauds":   func() error { _, _, err := c.pay.Frauds(background, c.As(access.Owner)); return err }(),
			"hear":     c.pay.Hear(background, accounts.Public(c.Clinic), c.account.Provider, c.account.ID, billing.GatewayHook{}),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestTheDeskAsksOnlyByWhomSheAgreedTo: the clinic's terms do not name the gateway among those who get something of its patients. The desk cannot hand her bill to it; she can,
// by pressing pay on her own page, and that is written down as her yes. Where the terms name it the desk asks as before.
func TestTheDeskAsksOnlyByWhomSheAgreedTo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "policy-agreed-first")
		terms := func(recipients ...string) {
			c.must(c.DB.Change(background, c.As(access.Owner), access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("a test writes how the clinic stands")
				clinic, err := clinics.Get(&tx.View)
				if err != nil {
					return err
				}
				now := policies.Standard(clinic)
				now.Recipients = recipients
				_, err = policies.Adopt(tx, now)
				return err
			}))
		}
		terms("smtp", c.account.Provider)
		asha := c.visit(0, "Asha Rao").Patient
		d := c.issued(asha, 50000)
		_, err := c.pay.Ask(background, c.As(access.Owner), d.ID, back)
		c.must(err)
		terms("smtp") // stricter: at once
		other := c.issued(asha, 70000)
		if _, err := c.pay.Ask(background, c.As(access.Owner), other.ID, back); !fault.Is(err, fault.Conflict) || err.(*fault.Fault).Key != "fault.pay.agreed" {
			t.Fatalf("the desk hands her bill to whom she did not agree to: %v", err)
		}
		for _, bill := range []id.ID{d.ID, other.ID} { // the page says so instead of offering it
			if of, err := c.pay.OfInvoice(background, c.As(access.Owner), bill); err != nil || !of.Ready || of.Barred != "fault.pay.agreed" {
				t.Errorf("the page of a bill offers to ask for it: %q %v", of.Barred, err)
			}
		}
		yes := func() string {
			return c.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'agree-gateway' AND role = 'patient'`)
		}
		if n := len(c.bank.open()); n != 1 || yes() != "0" {
			t.Errorf("%d pages are open, and she said yes %s times", n, yes())
		}
		r, err := c.ask(asha, other.ID)
		c.must(err)
		if r.State != billing.RequestOpen || yes() != "1" {
			t.Errorf("%s, and her yes is written down %s times", r.State, yes())
		}
	})
}

// TestEverybodyAsksAtOnce lets the report, the browser, the desk's comparison and the work meet over the same payments.
func TestEverybodyAsksAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c *counter) {
		promise.Proves(t, "gateway-counted-once")
		asha := c.visit(0, "Asha Rao").Patient
		rounds := 3
		if soak() {
			rounds = 60
		}
		for range rounds {
			d := c.issued(asha, 50000)
			var asked sync.WaitGroup
			got := make([]billing.Request, 4)
			for i := range got {
				asked.Go(func() {
					var err error
					if got[i], err = c.ask(asha, d.ID); err != nil {
						t.Error(err)
					}
				})
			}
			asked.Wait()
			if len(c.bank.open()) != 1 {
				t.Fatalf("four touches made %d pages", len(c.bank.open()))
			}
			c.bank.pay(billing.Reference(got[0].ID))
			posts := c.bank.posts()
			c.Clock.Move(10 * time.Minute)
			var at sync.WaitGroup
			run := func(fn func() error) {
				at.Go(func() {
					if err := fn(); err != nil {
						t.Error(err)
					}
				})
			}
			for _, p := range posts {
				p = c.bank.sign(p, c.Clock.Now())
				for range 2 {
					run(func() error {
						return c.pay.Hear(background, accounts.Public(c.Clinic), c.account.Provider, c.account.ID, billing.GatewayHook{Header: p.header, Body: p.body})
					})
				}
			}
			run(func() error { _, _, err := c.pay.Came(background, c.patient(asha), got[0].ID); return err })
			run(func() error { return c.pay.Check(background, c.As(access.Billing), c.account.ID) })
			for range 3 {
				run(func() error { return c.pay.Work(background, c.As(access.System)) })
			}
			at.Wait()
			c.work()
			c.is(d.ID, billing.Paid, 0)
		}
		c.books()
	})
}
