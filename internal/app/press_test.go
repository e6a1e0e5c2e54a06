package app

import (
	"net/url"
	"strings"
	"testing"

	"almirah/internal/billing"
	"almirah/internal/id"
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
}
