package app

import (
	"net/url"
	"strings"
	"testing"

	"almirah/internal/billing"
	"almirah/internal/patients"
)

// enterBills bills somebody with marks in every field, gives money back, and closes the day.
func (h *opened) enterBills(t *testing.T, m marks) {
	t.Helper()
	h.billing(t)
	s := h.signIn(t, demoPeople[0].email)
	p, _, err := h.Patients.Add(t.Context(), h.Owner, patients.Draft{Name: "Bill Payer", Phone: "+919999910499", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	to := s.fill(t, "/app/bills/new?patient="+p.ID.String(), "/app/bills/new", url.Values{"lines": {"1"}, "words.0": {m.as("", "invoice_line.words")}, "quantity.0": {"1"}, "price.0": {"500"}, "address": {m.as("", "invoice.particulars")},
		"note": {m.as("", "invoice.note")}, "shown": {"50000"}, "act": {"paid.cash"}}).head.Get("Location")
	bill, _, _ := strings.Cut(to, "?")
	s.shows(t, bill, m["invoice_line.words"], m["invoice.note"])
	list, err := h.Bills.OfPatient(t.Context(), h.Owner, p.ID)
	if err != nil || len(list.Payments) != 1 {
		t.Fatalf("%d payments, %v", len(list.Payments), err)
	}
	s.fill(t, bill, bill+"/credit", url.Values{"credit": {"100"}, "reason": {m.as("", "refund.reason")}, "back": {list.Payments[0].ID.String() + "." + string(billing.Cash)}})
	s.shows(t, bill, m["refund.reason"])
	s.fill(t, "/app/bills/close", "/app/bills/close", url.Values{"counted.cash": {"1"}, "note.cash": {m.as("", "day_close.note")}})
	s.shows(t, "/app/bills/close", m["day_close.note"])
}
