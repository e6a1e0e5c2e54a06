package app

import (
	"net/url"
	"strings"
	"testing"

	"almirah/internal/billing"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/money"
	"almirah/internal/store"
)

// twice opens a page, changes the form on it that goes to the address, and sends it twice, as a double click does, or a page that is loaded again. Both presses have to lead to one place.
func (v *visitor) twice(t testing.TB, page, action string, change url.Values) string {
	t.Helper()
	form := v.page(t, page).form(t, action)
	for k, x := range change {
		form[k] = x
	}
	first, second := v.post(t, action, form).head.Get("Location"), v.post(t, action, form).head.Get("Location")
	if first == "" || first != second {
		t.Fatalf("%s: the first press led to %q, the second to %q", action, first, second)
	}
	return first
}

// TestASecondPressAtTheDesk sends forms of money twice.
func TestASecondPressAtTheDesk(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.billing(t)
	d := &desk{opened: h, in: h.signIn(t, ownerMail)}
	patient := d.patient(t, "Asha Marigold", "+919999910412")
	x, _, err := h.Bills.IssueAndTake(t.Context(), h.Owner, id.Zero, billing.InvoiceDraft{Patient: patient, Lines: []billing.LineDraft{{Words: "Consultation", Class: money.Exempt, Quantity: 1, Price: 50000}}}, 0, billing.Pay{Method: billing.Cash})
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Bills.Open(t.Context(), h.Owner, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := "/app/bills/" + x.ID.String()
	d.in.twice(t, at, at+"/credit", url.Values{"credit": {"100"}, "reason": {"too much"}, "back": {s.Money[0].ID.String() + ".cash"}})
	if body := d.in.page(t, at).body; strings.Count(body, "CN/26-27/") != 1 || !strings.Contains(body, "CN/26-27/0001") {
		t.Fatalf("two presses wrote %d credit notes", strings.Count(body, "CN/26-27/"))
	}

	fresh, lines := "/app/bills/new?patient="+patient.String(), func(act, price, shown string) url.Values {
		return url.Values{"lines": {"1"}, "words.0": {"Visit"}, "price.0": {price}, "quantity.0": {"1"}, "shown": {shown}, "act": {act}}
	}
	issued := int64(2) // the invoice and its credit note
	for _, x := range [][3]string{{"issue", "500", "50000"}, {"paid.cash", "500", "50000"}, {"paid.cash", "0", "0"}} {
		d.in.twice(t, fresh, "/app/bills/new", lines(x[0], x[1], x[2]))
		issued++
		if v, err := h.Bills.Verify(t.Context(), jobs.ForClinic(h.Owner.Clinic())); err != nil || v.Invoices != issued || len(v.Wrong) > 0 {
			t.Fatalf("%q over %s, twice: %d invoices, want %d: %v %v", x[0], x[1], v.Invoices, issued, v.Wrong, err)
		}
	}
	// Whoever goes back and writes something else is told, and may press again.
	form := d.in.page(t, fresh).form(t, "/app/bills/new")
	for k, x := range lines("issue", "500", "50000") {
		form[k] = x
	}
	d.in.post(t, "/app/bills/new", form)
	for k, x := range lines("issue", "600", "60000") {
		form[k] = x
	}
	told := d.in.submit(t, "/app/bills/new", form)
	if told.status != 409 {
		t.Fatalf("another invoice by the same page: %s", told)
	}
	if again := told.form(t, "/app/bills/new"); again.Get("key") == form.Get("key") || again.Get("price.0") != "600" {
		t.Fatalf("the page that tells has the key %s and the price %s", again.Get("key"), again.Get("price.0"))
	}
}
