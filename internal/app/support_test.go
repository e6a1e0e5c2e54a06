package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support"
	"almirah/internal/web"
)

var holes = regexp.MustCompile(`\{[a-z$]+\}`)

// TestEveryPageIsClosedToSupport sends every route to somebody of support and to an operator: without a grant, under one, and after it ended.
// Nothing of a clinic opens but what was lent, nothing at all can be changed, and no stream stays open.
func TestEveryPageIsClosedToSupport(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-by-grant")
	h := openHouse(t, store.SQLite, Options{}, nil)
	ctx := t.Context()
	asha, _, err := h.Patients.Add(ctx, h.Owner, patients.Draft{Name: "Asha Marigold", Phone: "+919999910412", Language: "en"}, true)
	if err == nil {
		_, err = h.Patients.Open(ctx, h.Owner, asha.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	day := h.today().AddDays(1)
	free, err := h.Desk.FreeTimes(ctx, h.Owner, h.Practice.services[0].ID, h.Practice.providers[0].ID, day, day)
	if err != nil {
		t.Fatal(err)
	}
	made, err := h.Desk.Book(ctx, h.Owner, scheduling.Booking{Service: h.Practice.services[0].ID, Provider: h.Practice.providers[0].ID, StartsAt: free.Slots[0].StartsAt, PatientID: asha.ID, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	helper, _ := h.helping(t)
	at := func(pattern string) (method, path string) {
		method, path, _ = strings.Cut(pattern, " ")
		for _, x := range [][2]string{{"/providers/{id}", "/providers/" + h.Practice.providers[0].ID.String()}, {"/services/{id}", "/services/" + h.Practice.services[0].ID.String()},
			{"/patients/{id}", "/patients/" + asha.ID.String()}, {"/appointments/{id}", "/appointments/" + made.Appointment.ID.String()}, {"{$}", ""}} {
			path = strings.ReplaceAll(path, x[0], x[1])
		}
		return method, holes.ReplaceAllString(path, h.anyID().String())
	}
	// opens sends every route of a clinic's staff, and answers which opened.
	opens := func(v *visitor, what string) map[string]bool {
		t.Helper()
		out := map[string]bool{}
		for _, r := range web.Routes() {
			if r.Door != web.Staff {
				continue
			}
			method, path := at(r.Pattern)
			var form url.Values
			if method == http.MethodPost {
				form = url.Values{"csrf": {v.token}}
			}
			a := v.do(t, method, path, form, nil)
			if a.status == http.StatusOK || a.status == http.StatusSeeOther && !strings.HasPrefix(a.head.Get("Location"), "/choose-clinic") || a.status >= 500 {
				out[r.Pattern] = true
			}
			if strings.Contains(a.body, "Asha Marigold") && !out[r.Pattern] {
				t.Errorf("%s, %s: the refusal names the patient", r.Pattern, what)
			}
		}
		return out
	}
	var both []*visitor
	for _, p := range demoHelpers {
		both = append(both, h.signIn(t, p.email)) // from a new browser, of which a letter tells
	}
	before := h.state(t, h.Owner)
	for i, p := range demoHelpers {
		v := both[i]
		for pattern := range opens(v, string(p.role)+" without a grant") {
			t.Errorf("%s without a grant opens %s", p.role, pattern)
		}
		for _, path := range []string{"/platform/notices", "/platform/helpers", "/platform/duties", "/platform/walks", "/platform/operate"} {
			if a := v.get(t, path); (a.status == http.StatusOK) != (p.role == access.Operator) {
				t.Errorf("%s at %s: %s", p.role, path, a)
			}
		}
	}
	now := h.state(t, h.Owner)
	if d := differs(before, now); len(d) > 0 {
		t.Errorf("looking changed %v", d)
	}

	// Under a grant of the calendar and one record: those pages, and no other.
	one, err := h.Support.Ask(ctx, helper, h.Clinic.ID, support.Wish{Reason: "A ticket", Scopes: access.SeeCalendar | access.SeePatient, Minutes: 60})
	if err == nil {
		err = h.Support.Approve(ctx, h.Owner, one, asha.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	v := both[0]
	enter := url.Values{"grant": {one.String()}}
	v.post(t, "/platform/clinics/"+h.Clinic.ID.String()+"/enter", enter)
	if a := v.page(t, "/app/seen/calendar?day="+string(day)); !strings.Contains(a.body, h.Practice.services[0].Name) || strings.Contains(a.body, "Asha") {
		t.Error("the calendar without names lacks the visit, or names the patient")
	}
	v.shows(t, "/app/seen/patient", "Asha Marigold")
	got := opens(v, "under a grant")
	want := map[string]bool{"GET /app/seen": true, "GET /app/seen/calendar": true, "GET /app/seen/patient": true}
	for pattern := range got {
		if !want[pattern] {
			t.Errorf("under a grant of the calendar and one record %s opens", pattern)
		}
	}
	for pattern := range want {
		if !got[pattern] {
			t.Errorf("under the grant %s does not open", pattern)
		}
	}
	theirs := url.Values{"grant": {one.String()}, "csrf": {both[1].token}}
	if a := both[1].do(t, http.MethodPost, "/platform/clinics/"+h.Clinic.ID.String()+"/enter", theirs, nil); a.status != http.StatusNotFound {
		t.Errorf("the operator enters by another's grant: %s", a)
	}

	// Ended by somebody of the clinic: at once.
	if err := h.Support.End(ctx, h.Owner, one); err != nil {
		t.Fatal(err)
	}
	for pattern := range opens(v, "after the end") {
		t.Errorf("after the grant ended %s opens", pattern)
	}
	// And the settings alone, until the clock ends it.
	h.Fake.Move(time.Second)
	one, err = h.Support.Ask(ctx, helper, h.Clinic.ID, support.Wish{Reason: "A ticket", Scopes: access.SeeSettings, Minutes: 5})
	if err == nil {
		err = h.Support.Approve(ctx, h.Owner, one, id.Zero)
	}
	if err != nil {
		t.Fatal(err)
	}
	v.post(t, "/platform/clinics/"+h.Clinic.ID.String()+"/enter", url.Values{"grant": {one.String()}})
	got = opens(v, "under a grant of the settings")
	for _, r := range web.Routes() {
		if open := r.Lent == access.SeeSettings || r.Pattern == "GET /app/seen"; r.Door == web.Staff && got[r.Pattern] != open {
			t.Errorf("under a grant of the settings %s: open %v", r.Pattern, got[r.Pattern])
		}
	}
	h.Fake.Move(5 * time.Minute)
	for pattern := range opens(v, "when the clock has ended it") {
		t.Errorf("when the clock has ended the grant %s opens", pattern)
	}
}

// TestSupportByHand does at a real browser what clinic and support do: support asks, the owner finds help and lets it in, the bar shows it to a
// colleague who has done nothing, and she ends it.
func TestSupportByHand(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "support-visible", "help-inside")
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.helping(t)
	b := browser.Start(t)
	in := func(mail string, width, height int64) *browser.Tab {
		x := b.Tab(t, width, height)
		x.Cookie(t, h.Server.URL, web.SessionCookie, h.signIn(t, mail).cookies[web.SessionCookie])
		return x
	}
	x := in(demoHelpers[0].email, 1366, 900)
	x.GoTo(t, h.Server.URL+"/platform/clinics?q=sun")
	x.Follow(t, "main .rows a.btn")
	x.Fill(t, "#f-reason", "The hours look wrong")
	x.Click(t, "#f-scopes-settings")
	x.Follow(t, "main .foot-row button")
	x.WaitFor(t, `location.search==="?done=access-asked"`)

	// The owner: help by keyboard, then one press.
	o := in(ownerMail, 360, 740)
	o.GoTo(t, h.Server.URL+"/app")
	o.Follow(t, ".bar .ask")
	o.WaitFor(t, `document.activeElement.id==="q"`)
	o.Type(t, "privacy")
	o.Press(t, "\r")
	o.WaitFor(t, `location.search==="?q=privacy" && document.querySelectorAll(".help a").length>0`)
	if first := browser.Eval[string](t, o, `document.querySelector(".help a").getAttribute("href")`); first != "/app/help/who-looked" && first != "/app/help/support-access" {
		t.Errorf("privacy is found at %s", first)
	}
	for _, wrong := range o.Axe(t, "../..") {
		t.Errorf("axe: help: %s", wrong)
	}
	o.Follow(t, `.say a[href^="/app/support/access/"]`)
	if text := o.Text(t); !strings.Contains(text, "The hours look wrong") || !strings.Contains(text, "See the settings") {
		t.Errorf("the owner reads %q", text)
	}
	for _, wrong := range o.Axe(t, "../..") {
		t.Errorf("axe: grant: %s", wrong)
	}
	desk := in(deskMail, 1366, 900)
	desk.GoTo(t, h.Server.URL+"/app/day")
	desk.WaitFor(t, `document.body.dataset.ready`)
	o.Follow(t, `form[action$="/approve"] button`)

	// A colleague who only looks at her day sees it without doing anything.
	browser.Eval[any](t, desk, `document.dispatchEvent(new Event("visibilitychange")),1`)
	desk.WaitFor(t, `document.querySelector("#watched .watched")`)
	if text := desk.Text(t); !strings.Contains(text, "Divya Menon of support sees parts of your clinic until") {
		t.Errorf("the bar reads %q", browser.Eval[string](t, desk, `document.querySelector("#watched").textContent`))
	}
	x.GoTo(t, h.Server.URL+"/platform")
	x.Follow(t, `form[action$="/enter"] button`)
	x.GoTo(t, h.Server.URL+"/app/settings/clinic")
	if text := x.Text(t); !strings.Contains(text, "under a grant") || browser.Eval[bool](t, x, `!!document.querySelector("main .foot-row button")`) {
		t.Errorf("support sees %.300q, or can save", text)
	}
	desk.Follow(t, "#watched button")
	desk.WaitFor(t, `!document.querySelector("#watched .watched")`)
	x.GoTo(t, h.Server.URL+"/app/settings/clinic")
	if text := x.Text(t); !strings.Contains(text, "Your access to this clinic has ended.") {
		t.Errorf("after the end support sees %.300q", text)
	}
	o.GoTo(t, h.Server.URL+"/app/support/access")
	o.Follow(t, `main .rows a[href^="/app/support/access/"]`)
	if text := o.Text(t); !strings.Contains(text, "Came in") {
		t.Errorf("what was done reads %q", text)
	}
}
