package app

import (
	"strings"
	"testing"
	"time"

	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// TestLastTrialDayByHand goes at a real browser with an owner through the end of her clinic's trial: she is told what is due; on the next
// day nothing is saved, and what she typed is not lost; she reads, takes along and comes to the account; she pays, and writes again.
func TestLastTrialDayByHand(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_PLANS": "solo:INR:99900:999000", "ALMIRAH_PLANS_TRIAL": "30", "ALMIRAH_PLANS_GRACE": "0",
		"ALMIRAH_PLANS_GATEWAY": "demo", "ALMIRAH_LEGAL_ENTITY": "Almirah Hosting LLP"})
	h.billing(t)
	d := &desk{opened: h, b: browser.Start(t)}
	asha := d.patient(t, "Asha Marigold", "+919999910412")
	account, err := h.Plans.Account(t.Context(), h.Owner) // the trial begins with the clinic
	if err != nil {
		t.Fatal(err)
	}
	ends := account.Due().Time()
	x := d.b.Tab(t, 1366, 900)
	if _, err := h.Config.Plans.terms(h.Gate, nil); err == nil {
		t.Error("a house that is no demonstration takes the stand-in's money")
	}
	says := func(where string, want ...string) {
		t.Helper()
		text := x.Text(t)
		for _, w := range want {
			if no, ok := strings.CutPrefix(w, "!"); ok == strings.Contains(text, strings.TrimPrefix(w, "!")) {
				t.Errorf("%s (%s): %q is wrong there: %s", where, x.Path(t), no, text)
			}
		}
	}
	signIn := func(at time.Time) {
		t.Helper()
		h.Fake.Move(at.Sub(h.Fake.Now()))
		x.GoTo(t, h.Server.URL+"/app/account")
		if !strings.HasPrefix(x.Path(t), "/sign-in") {
			t.Fatalf("a session lives as long as a trial: %s", x.Path(t))
		}
		x.Fill(t, "[name=email]", ownerMail)
		x.Fill(t, "[name=password]", demoPassword)
		x.Follow(t, `form[action^="/sign-in"] button`)
	}

	// The last day.
	signIn(ends.Add(-6 * time.Hour))
	says("the account on the last day", "on trial until", "Solo", "₹999", "₹9,990", "Nothing was paid yet", "The time that is paid for ends on")
	x.GoTo(t, h.Server.URL+"/app/patients/new")
	says("another page on the last day", "The time that is paid for ends on")
	x.Fill(t, "#f-name", "Ravi Teak")
	x.Fill(t, "#f-phone", "98765 43211")
	x.Follow(t, "main form button.go")
	says("a patient of the last day", "Ravi Teak")

	// The next day.
	signIn(ends.Add(9 * time.Hour))
	says("the account on the next day", "Nothing can be entered")
	x.GoTo(t, h.Server.URL+"/app/patients/new")
	x.Fill(t, "#f-name", "Mina Typed")
	x.Fill(t, "#f-phone", "98765 43212")
	x.Follow(t, "main form button.go")
	says("the refusal", "Nothing was saved: the clinic’s plan is not paid")
	if kept := browser.Eval[string](t, x, `document.querySelector("#f-name").value+"|"+document.querySelector("#f-phone").value`); kept != "Mina Typed|98765 43212" {
		t.Errorf("after the refusal the form holds %q", kept)
	}
	for _, wrong := range x.Axe(t, "../..") {
		t.Errorf("axe: %s", wrong)
	}
	if hits, err := h.Patients.Search(t.Context(), h.Owner, "mina", 8); err != nil || len(hits) != 0 {
		t.Errorf("what was refused is there: %v, %v", hits, err)
	}
	x.GoTo(t, h.Server.URL+"/app/patients/"+asha.String())
	says("a patient's page", "Asha Marigold", "Nothing can be entered")
	for path, kind := range map[string]string{"/app/bills/ledger/invoices.csv?from=2026-11-01&to=2026-12-31": "text/csv", "/app/patients/" + asha.String() + "/statement.pdf": "application/pdf"} {
		if got := browser.Await[string](t, x, `fetch("`+path+`").then(r=>r.status+" "+r.headers.get("content-type").split(";")[0])`); got != "200 "+kind {
			t.Errorf("%s: %s", path, got)
		}
	}

	// She pays, and goes on.
	x.Follow(t, `a[href="/app/account"]`)
	x.Follow(t, `form[action="/app/account/pay"] button`)
	says("a payment that was begun", "Go to the payment page")
	x.Follow(t, `#pay a.go`)
	if !strings.HasPrefix(x.Path(t), "/demo/bank/") {
		t.Fatalf("she pays at %s", x.Path(t))
	}
	says("the bank", "No money moves", "999")
	x.Follow(t, `button[value=pay]`)
	x.Follow(t, `a.go`)
	says("the account after it was paid", "Solo, paid until", "A-000001", "!Go to the payment page", "!Nothing can be entered")
	x.GoTo(t, h.Server.URL+"/app/patients/new")
	x.Fill(t, "#f-name", "Mina Typed")
	x.Fill(t, "#f-phone", "98765 43212")
	x.Follow(t, "main form button.go")
	says("a patient of who has paid", "Mina Typed", "!Nothing was saved")
	for _, c := range x.Complaints() {
		t.Error(c)
	}
}
