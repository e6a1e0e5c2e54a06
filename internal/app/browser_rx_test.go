package app

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/prescriptions"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// mostKeys is how many key presses two drugs take, from the empty sheet to the signed one.
const mostKeys = 25

// prescribing is a house in which the demo's doctor prescribes.
func prescribing(t *testing.T) (*opened, *visitor, id.ID) {
	t.Helper()
	return prescribingOn(t, store.SQLite)
}

func prescribingOn(t *testing.T, engine store.Engine) (*opened, *visitor, id.ID) {
	t.Helper()
	h := openHouse(t, engine, Options{}, nil)
	if err := h.prescribe(t.Context(), h.Owner, h.Practice); err != nil {
		t.Fatal(err)
	}
	d := desk{opened: h}
	return h, h.signIn(t, "doctor@sunrise.example.org"), d.patient(t, "Asha Marigold", "+919999912345")
}

func (h *opened) sheets(t testing.TB, patient id.ID) []prescriptions.Prescription {
	t.Helper()
	list, err := h.Scripts.OfPatient(t.Context(), h.Owner, patient)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (h *opened) tab(t testing.TB, b *browser.Browser, v *visitor, width int64) *browser.Tab {
	t.Helper()
	x := b.Tab(t, width, 900)
	for name, value := range v.cookies {
		x.Cookie(t, h.Server.URL, name, value)
	}
	return x
}

// TestTwoDrugsByKeyboard writes and signs two drugs at a real browser, and counts the keys.
func TestTwoDrugsByKeyboard(t *testing.T) {
	t.Parallel()
	h, doctor, patient := prescribing(t)
	x := &hands{Tab: h.tab(t, browser.Start(t), doctor, 1366)}
	x.GoTo(t, h.Server.URL+"/app/patients/"+patient.String()+"/prescriptions/new")
	x.WaitFor(t, `document.body.dataset.ready && document.activeElement.name === "drug-1"`)
	filled := func(n, name string) {
		t.Helper()
		x.WaitFor(t, `document.querySelector("[name=drug-`+n+`]").value === "`+name+`"`)
	}
	x.press(t, "p", "a", "r", kb.Enter)
	filled("1", "Paracetamol")
	x.press(t, "1", "0", "1", kb.Tab, "5", kb.Enter)
	x.press(t, "c", "e", "t", kb.Enter)
	filled("2", "Cetirizine")
	x.press(t, "0", "0", "1", kb.Tab, "3", kb.Enter)
	x.Chord(t, '\r')
	x.keys += 2
	x.WaitFor(t, `location.pathname.startsWith("/app/prescriptions/") && document.querySelector(".sheet")`)
	if x.keys > mostKeys {
		t.Errorf("two drugs took %d keys, %d at most", x.keys, mostKeys)
	}
	t.Logf("two drugs were written and signed with %d keys", x.keys)
	list := h.sheets(t, patient)
	if len(list) != 1 || list[0].State != prescriptions.Signed {
		t.Fatalf("%d sheets: %+v", len(list), list)
	}
	for i, want := range []prescriptions.Row{{Generic: "Paracetamol", Strength: "500 mg", Form: "tablet", Dose: "1-0-1", Timing: prescriptions.After, Days: 5, Quantity: 10}, {Generic: "Cetirizine", Strength: "10 mg", Form: "tablet", Dose: "0-0-1", Days: 3, Quantity: 3}} {
		got := list[0].Rows[i]
		if got.Route = ""; got != want {
			t.Errorf("row %d is %+v", i, got)
		}
	}
	for _, c := range append(x.Complaints(), x.Axe(t, "../..")...) {
		t.Error(c)
	}
}

// TestFromTheVisitAndBack: R on a visit writes a prescription that belongs to it, and the signed sheet leads back. A clinic that has prescriptions
// off has neither the link nor the key.
func TestFromTheVisitAndBack(t *testing.T) {
	t.Parallel()
	h, doctor, patient := prescribing(t)
	d := desk{opened: h}
	e, err := h.Visits.Begin(t.Context(), h.Owner, d.booked(t, patient, 0, "10:15").ID)
	if err != nil {
		t.Fatal(err)
	}
	visit := "/app/visits/" + e.ID.String()
	b := browser.Start(t)
	x := h.tab(t, b, doctor, 1366)
	x.GoTo(t, h.Server.URL+visit)
	x.WaitFor(t, `document.body.dataset.ready`)
	x.Click(t, "#f-plan")
	x.Type(t, "Rest, r")
	browser.Eval[any](t, x, `document.activeElement.blur()`)
	x.Press(t, "r")
	x.WaitFor(t, `location.pathname.endsWith("/prescriptions/new") && document.body.dataset.ready && document.activeElement.name === "drug-1"`)
	if browser.Eval[string](t, x, `document.querySelector('main a[href^="/app/visits/"]').getAttribute("href")`) != visit {
		t.Error("the sheet does not lead back to its visit")
	}
	x.Press(t, "p", "a", "r", kb.Enter)
	x.WaitFor(t, `document.querySelector("[name=drug-1]").value === "Paracetamol"`)
	x.Press(t, "1", "0", "1", kb.Tab, "5", kb.Enter)
	x.Chord(t, '\r')
	x.WaitFor(t, `location.pathname.startsWith("/app/prescriptions/") && document.querySelector(".sheet")`)
	for _, wrong := range x.Axe(t, "../..") {
		t.Errorf("axe: %s", wrong)
	}
	x.Follow(t, `main a[href^="/app/visits/"]`)
	if x.Path(t) != visit {
		t.Errorf("back at %s", x.Path(t))
	}
	if plan := browser.Eval[string](t, x, `document.querySelector("#f-plan").value`); plan != "Rest, r" {
		t.Errorf("what was typed before the key is %q", plan)
	}
	if list := h.sheets(t, patient); len(list) != 1 || list[0].State != prescriptions.Signed || list[0].Encounter != e.ID {
		t.Errorf("%+v", list)
	}
	if body := h.signIn(t, h.roleMail(t, access.Owner)).page(t, visit).body; !strings.Contains(body, "data-prescribe") {
		t.Error("the owner may prescribe, and has no link")
	}
	c, err := h.Clinics.Get(t.Context(), h.Owner)
	if err == nil {
		err = h.Clinics.SetModules(t.Context(), h.Owner, []string{clinics.ModuleClinical}, c.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	x.GoTo(t, h.Server.URL+visit)
	x.WaitFor(t, `document.body.dataset.ready`)
	browser.Eval[any](t, x, `document.activeElement.blur()`)
	x.Press(t, "r")
	if x.Path(t) != visit || browser.Eval[bool](t, x, `!!document.querySelector("[data-prescribe]")`) {
		t.Error("the link stands there while prescriptions are off")
	}
	for _, c := range x.Complaints() {
		t.Error(c)
	}
}

// TestAWarningHoldsTheKeyboardUp: an allergy, found by the script, is not signed over without a reason; and a draft outlives the page.
func TestAWarningHoldsTheKeyboardUp(t *testing.T) {
	t.Parallel()
	h, doctor, patient := prescribing(t)
	err := h.DB.Change(t.Context(), h.Owner, access.VisitWrite, func(_ context.Context, tx *store.Tx) error {
		return visits.AddAllergy(tx, patient, visits.Allergy{Substance: "Penicillin", Severity: visits.Severe})
	})
	if err != nil {
		t.Fatal(err)
	}
	b := browser.Start(t)
	x := h.tab(t, b, doctor, 1366)
	x.GoTo(t, h.Server.URL+"/app/patients/"+patient.String()+"/prescriptions/new")
	x.WaitFor(t, `document.body.dataset.ready`)
	x.Press(t, "a", "m", "o", kb.Enter)
	x.WaitFor(t, `document.querySelector("[name=drug-1]").value === "Amoxicillin"`)
	x.Press(t, "1", "1", "1", kb.Tab, "5", kb.Enter)
	x.WaitFor(t, `document.querySelector("#rx-live .w-severe")`) // saved by itself, and warned of
	x.Chord(t, '\r')
	x.WaitFor(t, `document.querySelector("#problems")`)
	if list := h.sheets(t, patient); len(list) != 1 || list[0].State != prescriptions.Drafted {
		t.Fatalf("%+v", list)
	}
	x.GoTo(t, h.Server.URL+"/app/prescriptions/"+h.sheets(t, patient)[0].ID.String())
	x.WaitFor(t, `document.body.dataset.ready && document.querySelector("[name=drug-1]").value === "Amoxicillin"`)
	x.Fill(t, `[name=reason-1]`, "Desensitised in hospital")
	x.Chord(t, '\r')
	x.WaitFor(t, `document.querySelector(".sheet")`)
	if got := h.sheets(t, patient)[0]; got.State != prescriptions.Signed || got.Sheet.Checking.Warnings[0].Reason != "Desensitised in hospital" {
		t.Errorf("%+v", got.Sheet.Checking)
	}
	for _, c := range x.Complaints() {
		t.Error(c)
	}
}

// TestALostAnswerDoesNotStopTheKeyboard: a save arrives and its answer does not, and whoever types goes on and signs.
func TestALostAnswerDoesNotStopTheKeyboard(t *testing.T) {
	t.Parallel()
	h, doctor, patient := prescribing(t)
	x := h.tab(t, browser.Start(t), doctor, 1366)
	says := func(what string) {
		t.Helper()
		x.WaitFor(t, `document.querySelector("[data-status]").textContent === document.querySelector("[data-rx]").dataset.`+what)
	}
	lose := func() {
		t.Helper()
		browser.Eval[any](t, x, `(() => { const real = window.fetch; window.fetch = async (to, how) => { if (how?.method !== "POST") return real(to, how); window.fetch = real; await real(to, how); throw new TypeError("the answer is lost"); }; })()`)
	}
	x.GoTo(t, h.Server.URL+"/app/patients/"+patient.String()+"/prescriptions/new")
	x.WaitFor(t, `document.body.dataset.ready && document.activeElement.name === "drug-1"`)
	lose()
	x.Press(t, "p", "a", "r", kb.Enter)
	x.WaitFor(t, `document.querySelector("[name=drug-1]").value === "Paracetamol"`)
	says("unsaved")
	x.Press(t, "1", "0", "1", kb.Tab, "5")
	says("saved")
	if list := h.sheets(t, patient); len(list) != 1 || list[0].Version != 2 || list[0].Rows[0].Dose != "1-0-1" {
		t.Fatalf("%+v", list)
	}
	if x.Path(t) != "/app/prescriptions/"+h.sheets(t, patient)[0].ID.String() {
		t.Errorf("the page is at %s", x.Path(t))
	}
	// Once more, and signed at once.
	lose()
	x.Press(t, kb.Enter, "c", "e", "t", kb.Enter)
	x.WaitFor(t, `document.querySelector("[name=drug-2]").value === "Cetirizine"`)
	says("unsaved")
	x.Chord(t, '\r')
	x.WaitFor(t, `document.querySelector("#problems")`) // the dose is missing, and nothing else
	x.Fill(t, "[name=dose-2]", "001")
	x.Chord(t, '\r')
	x.WaitFor(t, `document.querySelector(".sheet")`)
	if list := h.sheets(t, patient); len(list) != 1 || list[0].State != prescriptions.Signed || len(list[0].Rows) != 2 {
		t.Errorf("%+v", list)
	}
}

// TestAPrescriptionWithoutScript writes, sends, opens and verifies one without any script.
func TestAPrescriptionWithoutScript(t *testing.T) {
	t.Parallel()
	h, doctor, patient := prescribing(t)
	page := "/app/patients/" + patient.String() + "/prescriptions"
	form := doctor.page(t, page+"/new").form(t, page)
	form.Set("drug-1", "parac")
	form.Set("dose-1", "bd")
	form.Set("days-1", "5")
	form.Set("do", "sign")
	a := doctor.do(t, "POST", page, form, nil)
	if a.status != 422 || !strings.Contains(a.body, "Paracetamol") {
		t.Fatalf("%d: what was filled in from letters is not shown first", a.status)
	}
	form = a.form(t, page)
	form.Set("do", "sign")
	a = doctor.do(t, "POST", page, form, nil)
	to := a.head.Get("Location")
	if a.status != 303 || !strings.HasPrefix(to, "/app/prescriptions/") {
		t.Fatalf("%d %s %.2000s", a.status, to, a.body)
	}
	sheet := strings.TrimSuffix(to, "?done=rx_signed")
	if signed := doctor.page(t, sheet); !strings.Contains(signed.body, "PARACETAMOL 500 mg tablet") || !strings.Contains(signed.body, "DEMO-10002") {
		t.Error("the sheet does not say what was signed")
	}
	pdf := doctor.do(t, "GET", sheet+"/paper.pdf", nil, nil)
	if pdf.status != 200 || !strings.HasPrefix(pdf.body, "%PDF-") || pdf.head.Get("Content-Type") != "application/pdf" || strings.Contains(pdf.head.Get("Content-Disposition"), "Asha") {
		t.Errorf("%d %v", pdf.status, pdf.head)
	}
	code := h.sheets(t, patient)[0].Sheet.Code
	anybody := h.visitor()
	good := anybody.page(t, "/v/"+code)
	if !strings.Contains(good.body, "DEMO-10002") || strings.Contains(good.body, "Asha") || strings.Contains(strings.ToLower(good.body), "paracetamol") || strings.Contains(good.body, "<script") {
		t.Error("the public page says too much, or too little")
	}
	other := "A" // as the last letter, also of a code that ends with it
	if code[42:] == other {
		other = "E"
	}
	var bodies []string
	for _, wrong := range []string{"x", code[:42] + other, code[1:] + "A", strings.Repeat("A", 43)} {
		got := anybody.do(t, "GET", "/v/"+wrong, nil, nil)
		if got.status != 404 {
			t.Errorf("%s answers %d", wrong, got.status)
		}
		bodies = append(bodies, got.body)
	}
	for _, b := range bodies[1:] {
		if b != bodies[0] {
			t.Error("wrong codes can be told apart")
		}
	}
	// Where the clinic has none of it, there are no such pages, for nobody.
	c, err := h.Clinics.Get(t.Context(), h.Owner)
	if err == nil {
		err = h.Clinics.SetModules(t.Context(), h.Owner, []string{clinics.ModuleScheduling, clinics.ModuleClinical}, c.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{sheet, sheet + "/paper.pdf", page + "/new", "/app/drugs?q=par", "/app/settings/drugs", "/app/favourites"} {
		if got := doctor.do(t, "GET", gone, nil, nil); got.status != 404 {
			t.Errorf("%s answers %d", gone, got.status)
		}
	}
}
