package store_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/rig/practice"
	rig "almirah/internal/rig/razorpay"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// online is the part of the day with the gateways: an account, pages that are paid, refused and closed, money that goes back, the books compared.
func online(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	owner, desk, system := p.As(access.Owner), p.As(access.FrontDesk), p.As(access.System)
	bank := rig.Start(t, rig.Options{Clock: p.Clock})
	pay := billing.NewGateways(p.DB, p.Log, billing.GatewaysOptions{Gateways: []billing.Gateway{razorpay.New(http.DefaultClient, razorpay.Options{BaseURL: bank.URL(), Timeout: 10 * time.Second})}})
	till := billing.New(p.DB, p.Log)
	a, err := pay.Connect(ctx, owner, "razorpay", bank.Typed(), true)
	must(err)
	must(pay.TestAccount(ctx, owner, a.ID))
	must(pay.ChangeKeys(ctx, owner, a.ID, a.Version, bank.Typed()))
	must(pay.SetAccount(ctx, owner, a.ID, a.Version+1, false))
	must(pay.SetAccount(ctx, owner, a.ID, a.Version+2, true))
	hear := func() {
		for _, x := range bank.Posts() {
			must(pay.Hear(ctx, p.Public(), "razorpay", a.ID, billing.GatewayHook{Header: x.Header, Body: x.Body}))
		}
	}
	work := func() {
		for range 4 {
			_, err := pay.Waiting(ctx, system)
			must(err)
			must(pay.Work(ctx, system))
			p.Clock.Move(time.Minute)
		}
	}
	r, err := p.Desk.Book(ctx, desk, scheduling.Booking{Service: p.Service, Provider: p.Providers[0], StartsAt: p.At(9, "11:00"), Patient: patients.Draft{Name: "Online Payer", Phone: "+919845010098", BirthDate: "1980-02-03"}})
	must(err)
	patient := r.Appointment.Patient
	own := access.Mint(p.Clinic, id.Zero, patient, id.Zero, access.Patient, access.Care)
	invoice := func() billing.Document {
		d, err := till.Save(ctx, desk, id.Zero, billing.InvoiceDraft{Patient: patient, Lines: []billing.LineDraft{{Words: "Check-up", Class: money.Exempt, Quantity: 1, Price: 50000}}}, 0)
		must(err)
		d, err = till.Issue(ctx, desk, d.ID, d.Version)
		must(err)
		return d
	}
	back := func(id.ID) string { return "https://clinic.example.org/paid" }
	first := invoice()
	q, err := pay.Ask(ctx, own, first.ID, back)
	must(err)
	_, err = pay.CanPay(ctx, own)
	must(err)
	ref := billing.Reference(q.ID)
	tried := bank.Try(ref)
	hear()
	work()
	bank.Capture(tried)
	hear()
	work()
	_, _, err = pay.RequestOf(ctx, own, q.ID)
	must(err)
	_, _, err = pay.Came(ctx, own, q.ID)
	must(err)
	_, err = pay.Landed(ctx, p.Public(), q.ID)
	must(err)
	sheet, err := till.Open(ctx, desk, first.ID)
	must(err)
	key := id.New(p.Clock.Now())
	for range 2 {
		_, err = pay.Return(ctx, owner, sheet.Money[0].ID, 1000, first.ID, "asked for", key)
		must(err)
	}
	work()
	for i, x := range bank.Refunds() {
		bank.Settle(x.ID, i > 0)
	}
	bank.RefundAtConsole(tried, 500)
	bank.Dispute(tried, "created")
	hear()
	work()
	unknown := bank.Sign([]byte(`{"entity":"event","event":"settlement.processed","payload":{}}`), "evt_strange", "")
	must(pay.Hear(ctx, p.Public(), "razorpay", a.ID, billing.GatewayHook{Header: unknown.Header, Body: unknown.Body}))
	_, err = pay.OfInvoice(ctx, desk, first.ID)
	must(err)
	second := invoice()
	_, err = pay.Ask(ctx, desk, second.ID, back)
	must(err)
	_, _, err = till.Credit(ctx, owner, second.ID, billing.CreditDraft{Amount: 10000, Reason: "wrong"}) // the page is closed
	must(err)
	work()
	_, err = pay.Ask(ctx, desk, second.ID, back)
	must(err)
	p.Clock.Move(2 * time.Hour)
	must(pay.Check(ctx, owner, a.ID))
	_, _, err = pay.Frauds(ctx, owner)
	must(err)
	_, err = pay.Strange(ctx, owner)
	must(err)
	list, _, err := pay.Differences(ctx, owner)
	must(err)
	for _, d := range list {
		must(pay.Settle(ctx, owner, d.ID))
	}
	third := invoice()
	bank.Behave("link", rig.Behaviour{Status: 401})
	if _, err := pay.Ask(ctx, desk, third.ID, back); err == nil {
		t.Error("refused keys made a page")
	}
	must(p.DB.View(ctx, system, access.Work, func(_ context.Context, v *store.View) error {
		_, err := billing.NextDue(v)
		if err == nil {
			_, err = billing.GatewayKeeper{}.Collect(v, patient)
		}
		return err
	}))
	accounts, err := pay.Accounts(ctx, owner)
	must(err)
	must(pay.Revoke(ctx, owner, a.ID, accounts[0].Version))
	must(p.DB.Change(ctx, system, access.Work, func(_ context.Context, tx *store.Tx) error {
		if err := (billing.GatewayKeeper{}).Erase(tx, patient); err != nil {
			return err
		}
		_, err := billing.GatewayKeeper{}.Due(tx)
		return err
	}))
}
