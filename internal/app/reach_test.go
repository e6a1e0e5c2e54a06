package app

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/money"
	"almirah/internal/rig/razorpay"
	"almirah/internal/scheduling"
	"almirah/internal/support"
	"almirah/internal/visits"
)

// reached is a page that stands behind no link of the tour, or whose like the tour has seen in another state.
type reached struct {
	path string
	who  *visitor // nil: whoever opens such addresses
}

func bill(patient id.ID, price int64) billing.InvoiceDraft {
	return billing.InvoiceDraft{Patient: patient, Lines: []billing.LineDraft{{Words: "Visit", Class: money.Exempt, Quantity: 1, Price: price}}}
}

// atTheBank pays on a page of the demonstration's bank, whose report comes by the webhook.
func (p *place) atTheBank(t *testing.T, r billing.Request) {
	t.Helper()
	a := p.h.visitor().send(t, "POST", strings.TrimPrefix(r.URL, p.h.Server.URL), strings.NewReader("act=pay"), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if a.status != http.StatusSeeOther {
		t.Fatalf("paying at %s: %s", r.URL, a)
	}
}

// paidOnline gives the clinic an invoice that was paid by the gateway. The house has to be started.
func (p *place) paidOnline(t *testing.T, patient access.Caller) {
	t.Helper()
	d, err := p.h.Bills.WriteAndIssue(t.Context(), p.who, id.Zero, bill(patient.Patient(), 30000), 0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.h.Pay.Ask(t.Context(), patient, d.ID, func(id.ID) string { return p.h.Config.PublicURL })
	if err != nil {
		t.Fatal(err)
	}
	p.atTheBank(t, r)
	p.h.until(t, "what was paid online is booked", func() bool {
		x, err := p.h.Bills.Open(t.Context(), p.who, d.ID)
		if err != nil || len(x.Money) != 1 {
			return false
		}
		p.ids["online invoice"], p.ids["online payment"] = d.ID.String(), x.Money[0].ID.String()
		return true
	})
}

// keyed gives the clinic an account at a gateway with keys of its own, which nobody is asked to pay by.
func (p *place) keyed(t *testing.T, at *razorpay.Server) {
	t.Helper()
	a, err := p.h.Pay.Connect(t.Context(), p.who, "razorpay", at.Typed(), true)
	if err == nil {
		err = p.h.Pay.SetAccount(t.Context(), p.who, a.ID, 1, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.ids["keyed account"] = a.ID.String()
}

// retire lets the clinic's last practitioner go, who has no appointments.
func (p *place) retire(t *testing.T, one scheduling.Provider) {
	t.Helper()
	r, err := p.h.Desk.Roster(t.Context(), p.who)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Providers {
		if x.ID == one.ID {
			if _, _, err := p.h.Desk.Retire(t.Context(), p.who, scheduling.Retirement{Provider: x.ID, Version: x.Version}); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.ids["retired"] = one.ID.String()
}

// unsure is a carrier that hears no answer about messages to addresses that begin with "unsure".
type unsure struct{ messaging.Carrier }

func (u unsure) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if strings.HasPrefix(m.To, "unsure") {
		if err := handOver(); err != nil {
			return messaging.Receipt{Outcome: messaging.Later}
		}
		return messaging.Receipt{Outcome: messaging.Uncertain}
	}
	return u.Carrier.Send(ctx, m, handOver)
}

// planned are the settings of a house in which clinics pay for the platform, and in which each company is offered at which a clinic can have an account.
var planned = map[string]string{"ALMIRAH_PLANS": "solo:INR:99900:999000", "ALMIRAH_PLANS_GATEWAY": "demo", "ALMIRAH_LEGAL_ENTITY": "Almirah Hosting LLP",
	"ALMIRAH_STRIPE_URL": "http://127.0.0.1:9", "ALMIRAH_SES": "on", "ALMIRAH_SES_URL": "http://127.0.0.1:9"}

// reach brings the clinic into the states in which its rarer forms stand there, and answers where. The house works meanwhile.
func (p *place) reach(t *testing.T) (out []reached) {
	t.Helper()
	h, ctx := p.h, t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(path string) { out = append(out, reached{path: path}) }
	patient, _, err := h.Desk.Enter(ctx, p.token)
	must(err)

	// Money that nobody asked for any more: a bill that is cancelled, and paid on its page before anybody closed that.
	ask := func(price int64) (billing.Document, billing.Request) {
		t.Helper()
		d, err := h.Bills.WriteAndIssue(ctx, p.who, id.Zero, bill(patient.Patient(), price), 0)
		must(err)
		r, err := h.Pay.Ask(ctx, patient, d.ID, func(id.ID) string { return h.Config.PublicURL })
		must(err)
		return d, r
	}
	gone, page := ask(11000)
	_, _, err = h.Bills.Credit(ctx, p.who, gone.ID, billing.CreditDraft{Amount: 11000, Reason: "not wanted"})
	must(err)
	p.atTheBank(t, page)
	must(h.Start(context.Background()))
	h.until(t, "a payment waits for a person", func() bool {
		l, err := h.Bills.List(ctx, p.who, billing.Unpaid, billing.Place{})
		return err == nil && len(l.Undecided) > 0
	})

	// Bills: a draft, one that nobody was asked to pay, one of which more was paid than is owed.
	draft, err := h.Bills.Save(ctx, p.who, id.Zero, bill(patient.Patient(), 12000), 0)
	must(err)
	unpaid, err := h.Bills.WriteAndIssue(ctx, p.who, id.Zero, bill(patient.Patient(), 13000), 0)
	must(err)
	owed, _, err := h.Bills.IssueAndTake(ctx, p.who, id.Zero, bill(patient.Patient(), 14000), 0, billing.Pay{Method: billing.Cash})
	must(err)
	_, _, err = h.Bills.Credit(ctx, p.who, owed.ID, billing.CreditDraft{Amount: 4000, Reason: "too much"})
	must(err)
	for _, d := range []string{draft.ID.String(), unpaid.ID.String(), owed.ID.String(), p.ids["online invoice"]} {
		at("/app/bills/" + d)
	}
	at("/app/prescriptions/" + p.ids["draft sheet"])
	at("/app/requests/" + p.ids["written request"])
	at("/app/settings/providers/" + p.ids["retired"])

	// Access for support: the operator broke in and was sent away, and is let in by the owner.
	_, operator := h.helping(t)
	broke, err := h.Support.Ask(ctx, operator, p.who.Clinic(), support.Wish{Reason: "Bookings fail", Scopes: access.SeeSettings, Emergency: true, Sure: true})
	must(err)
	must(h.Support.End(ctx, p.who, broke))
	runs, err := h.Support.Ask(ctx, operator, p.who.Clinic(), support.Wish{Reason: "A ticket", Scopes: access.SeeSettings, Minutes: 240})
	must(err)
	must(h.Support.Approve(ctx, p.who, runs, id.Zero))
	at("/app/support/access/" + broke.String())
	at("/app/support/access/" + runs.String())
	at("/platform/clinics/" + p.ids["clinic"])

	// Somebody who came, whose visit is signed, and who says that it was good; and somebody who came and whose visit nobody wrote.
	p.owner.post(t, "/app/settings/followups/link", url.Values{"version": {"0"}, "url": {"https://reviews.example.com/" + p.slug}})
	free := p.json(t, "GET", "/slots?service="+p.ids["service"]+"&provider="+p.ids["provider"]+"&from=2026-11-25&to=2026-11-26", "", "")["items"].([]any)
	today := p.json(t, "GET", "/slots?service="+p.ids["service"]+"&provider="+p.ids["provider"]+"&from=2026-11-24&to=2026-11-24", "", "")["items"].([]any)
	booked := func(slot any, name, mail string) string {
		t.Helper()
		body := h.bookingBody(slot.(map[string]any)["starts_at"], name, mail)
		made := p.json(t, "POST", "/bookings", "r-"+mail, strings.ReplaceAll(body, h.Practice.services[0].ID.String(), p.ids["service"]))
		link, _ := made["manage_url"].(string)
		return h.sent(t, link[strings.LastIndex(link, "/m/"):])
	}
	arrived := func(own string) id.ID {
		t.Helper()
		h.arrives(t, p.who, own)
		_, one, err := h.Desk.Enter(ctx, strings.TrimPrefix(own, "/m/"))
		must(err)
		return one
	}
	good := booked(free[len(free)-1], "Mina Content", "mina@"+p.slug+".example.org")
	one := arrived(good)
	e, err := h.Visits.Begin(ctx, p.who, one)
	must(err)
	provider, err := id.Parse(p.ids["provider"])
	must(err)
	_, err = h.Visits.Sign(ctx, p.who, e.ID, provider, visits.Draft{Note: visits.Note{Complaint: "Cough"}, Version: e.Version, Tab: id.New(h.Fake.Now())})
	must(err)
	h.visitor().fill(t, good+"/review", good+"/review", url.Values{"stars": {"5"}, "words": {"Quick."}})
	at(good + "/review")
	at("/app/visits/" + e.ID.String())
	at("/app/appointments/" + arrived(booked(today[len(today)-1], "Ravi Unwritten", "unwritten@"+p.slug+".example.org")).String())

	// A message of which nobody knows whether it went.
	booked(free[len(free)-2], "Asha Unsure", "unsure@"+p.slug+".example.org")
	h.until(t, "a message hears no answer", func() bool {
		list, err := h.Messages.Recent(ctx, p.who, messaging.Filter{State: messaging.Unsure})
		if err != nil || len(list) == 0 {
			return false
		}
		at("/app/messages/" + list[0].ID.String())
		return true
	})

	// A phone to which the clinic wrote.
	h.whatsApp(t, ashaPhone, "Asha Marigold", "Hello. Will you come?")
	at(phoneLink.FindString(p.owner.page(t, "/app/outbox").body))

	// Links that work once, and somebody whose clinic has signed nothing yet.
	at(h.signedUp(t))
	at(h.forgotten(t))
	rose := h.newcomer(t, url.Values{"person": {"Rosa Rose"}, "email": {"rosa@rose.example.org"}, "phone": {"+91 98450 12346"}, "job_title": {"owner"}, "password": {demoPassword},
		"clinic_name": {"Rose Clinic"}, "country": {"IN"}, "zone": {"Asia/Kolkata"}, "terms": {TermsVersion}}, "rose")
	out = append(out, reached{"/app/account/agreements/terms", rose})
	must(h.Jobs.Stop(context.Background()))
	return out
}
