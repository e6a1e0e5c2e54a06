package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// TestTwoBrowsersTakeTurns: a sign-in that is used from two browsers in turns opens one incident, which the owner sees and the desk does not. A
// browser that renewed itself opens none.
func TestTwoBrowsersTakeTurns(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-noticed")
	o := openOffice(t)
	desk := o.as(access.FrontDesk)
	by := func(agent string) {
		t.Helper()
		if w := desk.ask("GET", "/app/day", nil, false, func(r *http.Request) { r.Header.Set("User-Agent", agent) }); w.Code != 200 {
			t.Fatal(w.Code)
		}
	}
	count := func() (n int) {
		t.Helper()
		err := o.DB.View(t.Context(), o.owner.who, access.IncidentRead, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT COUNT(*) FROM incident WHERE clinic_id = $1`).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	by("Firefox 140")
	by("Firefox 141")
	by("Firefox 141")
	if n := count(); n != 0 {
		t.Errorf("%d incidents of a browser that renewed itself", n)
	}
	for range 3 {
		by("curl")
		by("Firefox 141")
	}
	if n := count(); n != 1 {
		t.Fatalf("%d incidents of two browsers that take turns", n)
	}
	if w := o.owner.get("/app/incidents"); !strings.Contains(w.Body.String(), "One sign-in used from two browsers") {
		t.Error("the owner does not see it")
	}
	if w := desk.get("/app/incidents"); w.Code != 200 || strings.Contains(w.Body.String(), "two browsers") {
		t.Errorf("the desk sees the register (%d)", w.Code)
	}
	one := regexp.MustCompile(`/app/incidents/([0-9a-f-]{36})`).FindStringSubmatch(o.owner.get("/app/incidents").Body.String())[1]
	if w := desk.get("/app/incidents/" + one); w.Code != 403 {
		t.Errorf("the desk opens it: %d", w.Code)
	}
	// By hand, all the way to the paper for the authority.
	step := func(path, want string, form ...string) {
		t.Helper()
		if w := o.owner.send("/app/incidents/"+one+path, form...); w.Code != 303 || !strings.Contains(w.Header().Get("Location"), want) {
			t.Fatalf("%s: %d %s %.300s", path, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	step("/confirm", "done=confirmed", "version", "1")
	step("/contain", "done=contained", "how", "end")
	if w := desk.get("/app/day"); w.Code == 200 {
		t.Error("her sign-in goes on")
	}
	if w := o.owner.ask("POST", "/app/incidents/"+one+"/decide", url.Values{"version": {"2"}, "notifiable": {"yes"}, "why": {"x"}}, false); w.Code != 422 || !strings.Contains(w.Body.String(), "at least 10") {
		t.Errorf("a short reason: %d", w.Code)
	}
	step("/decide", "done=saved", "version", "2", "notifiable", "yes", "why", "A stranger saw the day.")
	form := o.owner.get("/app/incidents/" + one + "/form.txt?duty=in-cert").Body.String()
	if !strings.Contains(form, "CERT-In") || !strings.Contains(form, "A stranger saw the day.") {
		t.Errorf("the paper: %s", form)
	}
	if w := o.owner.get("/app/incidents/" + one + "/notice"); w.Code != 200 || !strings.Contains(w.Body.String(), "{{.PatientName}}") {
		t.Errorf("the letter: %d", w.Code)
	}
}
