package app

import (
	"testing"

	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/money"
)

// billing turns bills on where they are not.
func (h *opened) billing(t testing.TB) {
	t.Helper()
	c, err := h.Clinics.Get(t.Context(), h.Owner)
	if err == nil && !c.Has(clinics.ModuleBilling) {
		err = h.Clinics.SetModules(t.Context(), h.Owner, append(c.Modules, clinics.ModuleBilling), c.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// billStops are the pages of bills in the states in which people see them.
func (h *opened) billStops(t testing.TB, appointment string) []stop {
	t.Helper()
	h.billing(t)
	one, err := id.Parse(appointment)
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Bills.Propose(t.Context(), h.Owner, one, id.Zero)
	if err != nil {
		t.Fatal(err)
	}
	w := billing.InvoiceDraft{Patient: p.Patient, Lines: []billing.LineDraft{{Words: "Consultation", Class: money.Exempt, Quantity: 1, Price: 50000}, {Words: "Dressing", Class: money.Exempt, Quantity: 2, Price: 4500, Discount: 1000}}}
	paid, _, err := h.Bills.IssueAndTake(t.Context(), h.Owner, id.Zero, w, 0, billing.Pay{Method: billing.Cash})
	if err != nil {
		t.Fatal(err)
	}
	unpaid, err := h.Bills.WriteAndIssue(t.Context(), h.Owner, id.Zero, w, 0)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := h.Bills.Save(t.Context(), h.Owner, id.Zero, w, 0)
	if err != nil {
		t.Fatal(err)
	}
	return []stop{
		{pattern: "GET /app/bills", path: "/app/bills", who: ownerMail},
		{pattern: "GET /app/bills", path: "/app/bills?box=all", who: deskMail, variant: "all"},
		{pattern: "GET /app/bills/new", path: "/app/bills/new?appointment=" + appointment, who: deskMail},
		{pattern: "GET /app/bills/new", path: "/app/bills/new", typed: []string{"q", "asha"}, who: deskMail, variant: "choose"},
		{pattern: "GET /app/bills/{id}", path: "/app/bills/" + unpaid.ID.String(), who: ownerMail},
		{pattern: "GET /app/bills/{id}", path: "/app/bills/" + paid.ID.String(), who: ownerMail, variant: "paid"},
		{pattern: "GET /app/bills/{id}", path: "/app/bills/" + draft.ID.String(), who: deskMail, variant: "draft"},
		{pattern: "GET /app/bills/close", path: "/app/bills/close", who: ownerMail},
		{pattern: "GET /app/bills/ledger", path: "/app/bills/ledger", who: ownerMail},
		{pattern: "GET /app/settings/billing", path: "/app/settings/billing", who: ownerMail, variant: "bills"},
	}
}

// payStops are the pages of payments at a gateway: the clinic's account there, what a patient sees, and what waits for a person.
func (h *opened) payStops(t testing.TB, token string) []stop {
	t.Helper()
	who, _, err := h.Desk.Enter(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	owed, err := h.Bills.WriteAndIssue(t.Context(), h.Owner, id.Zero, billing.InvoiceDraft{Patient: who.Patient(), Lines: []billing.LineDraft{{Words: "Consultation", Class: money.Exempt, Quantity: 1, Price: 50000}}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.connectBank(t.Context(), h.Owner); err != nil { // the whole demo has it already
		t.Fatal(err)
	}
	banks, err := h.Pay.Accounts(t.Context(), h.Owner)
	if err != nil || len(banks) == 0 {
		t.Fatalf("%d accounts, %v", len(banks), err)
	}
	account := banks[0]
	asked, err := h.Pay.Ask(t.Context(), who, owed.ID, func(id.ID) string { return h.Config.PublicURL })
	if err != nil {
		t.Fatal(err)
	}
	const settings = "/app/settings/payments"
	return []stop{
		{pattern: "GET " + settings, path: settings, who: ownerMail},
		{pattern: "GET " + settings + "/{id}/revoke", path: settings + "/" + account.ID.String() + "/revoke", who: ownerMail},
		{pattern: "GET /app/bills/decide", path: "/app/bills/decide", who: ownerMail},
		{pattern: "GET /app/bills/{id}", path: "/app/bills/" + owed.ID.String(), who: deskMail, variant: "asked"},
		{pattern: "GET /m/{token}/pay/{id}", path: "/m/" + token + "/pay/" + asked.ID.String()},
		{pattern: "GET /c/{slug}/paid/{id}", path: "/c/" + demoSlug + "/paid/" + asked.ID.String()},
	}
}
