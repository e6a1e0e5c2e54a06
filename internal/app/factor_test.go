package app

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
)

// TestNoWayPastTheSecondFactor takes every way in that there is with one factor, and tries every route of the staff by each: all are refused,
// and nothing changes.
func TestNoWayPastTheSecondFactor(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "second-factor")
	h := openHouse(t, store.SQLite, Options{}, nil)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	owner := demoPeople[0].email
	person := func(mail string) url.Values {
		return url.Values{"person": {"Some Body"}, "email": {mail}, "phone": {"+91 98450 12345"}, "job_title": {"owner"}, "password": {demoPassword}, "clinic_name": {"Other Clinic"},
			"country": {"IN"}, "zone": {"Asia/Kolkata"}, "terms": {TermsVersion}}
	}
	password := func(v *visitor, mail, password string) {
		t.Helper()
		v.get(t, "/sign-in")
		if a := v.submit(t, "/sign-in", url.Values{"email": {mail}, "password": {password}, "next": {"/app/day"}}); a.status != http.StatusSeeOther {
			t.Fatalf("sign-in of %s: %s", mail, a)
		}
	}
	invite := func(mail string, role access.Role) string {
		t.Helper()
		if err := h.Accounts.Invite(t.Context(), h.Owner, mail, role, id.Zero); err != nil {
			t.Fatal(err)
		}
		return h.letter(t, mail, "/invitation?token=")
	}
	accept := func(v *visitor, link string, form url.Values) {
		t.Helper()
		v.page(t, link)
		form.Set("token", queryOf(link).Get("token"))
		v.post(t, "/invitation", form)
	}
	known := h.visitor() // somebody with a clinic of her own and a second factor
	known.email = "known@example.org"
	signUp := func(v *visitor, mail, slug string) {
		t.Helper()
		v.fill(t, "/sign-up", "/sign-up", person(mail))
		to := h.letter(t, mail, "/verify?token=")
		v.page(t, to)
		v.post(t, "/verify", url.Values{"token": {queryOf(to).Get("token")}})
		password(v, mail, demoPassword)
		v.fill(t, "/open-clinic", "/open-clinic", url.Values{"clinic_name": {"Own Clinic"}, "slug": {slug}, "country": {"IN"}, "zone": {"Asia/Kolkata"}})
	}
	signUp(known, known.email, "known")
	known.enrol(t)

	// Each way leaves its visitor with one factor shown.
	ways := map[string]func(v *visitor){
		"a password": func(v *visitor) { password(v, owner, demoPassword) },
		"a password at a browser that is known": func(v *visitor) {
			first := h.signIn(t, owner)
			v.cookies[web.DeviceCookie] = first.cookies[web.DeviceCookie]
			password(v, owner, demoPassword)
		},
		"a sign-up": func(v *visitor) { signUp(v, "new@example.org", "new-clinic") },
		"a reset password": func(v *visitor) {
			v.fill(t, "/forgot", "/forgot", url.Values{"email": {demoPeople[1].email}})
			to := h.letter(t, demoPeople[1].email, "/reset?token=")
			v.page(t, to)
			v.post(t, "/reset", url.Values{"token": {queryOf(to).Get("token")}, "password": {"seven tame herons 88"}})
			password(v, demoPeople[1].email, "seven tame herons 88")
		},
		"an invitation to somebody new": func(v *visitor) { accept(v, invite("invited@example.org", access.Manager), person("")) },
		"an invitation to somebody known": func(v *visitor) {
			accept(v, invite(known.email, access.Billing), url.Values{"password": {demoPassword}})
		},
		"the setup link": func(v *visitor) {
			token, err := h.Accounts.FirstOwnerLink(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			form := person("setup@example.org")
			form.Set("token", token)
			v.page(t, "/setup?token="+token)
			v.post(t, "/setup", form)
		},
		"a role that was raised": func(v *visitor) {
			mail := h.roleMail(t, access.Assistant)
			password(v, mail, demoPassword)
			v.page(t, "/app")
			in, err := h.Accounts.Session(t.Context(), v.cookies[web.SessionCookie])
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Accounts.SetRole(t.Context(), h.Owner, in.Person.ID, access.Manager, 1); err != nil {
				t.Fatal(err)
			}
		},
		"recovery without a factor": func(v *visitor) {
			if err := h.Accounts.OperatorResetFactors(t.Context(), "reset@example.org"); err != nil {
				t.Fatal(err)
			}
			password(v, "reset@example.org", demoPassword)
		},
	}
	signUp(h.visitor(), "reset@example.org", "reset-clinic")
	visitors := map[string]*visitor{}
	for name, way := range ways {
		v := h.visitor()
		way(v)
		if v.cookies[web.SessionCookie] == "" {
			t.Fatalf("%s: no cookie was set, so nothing is proved", name)
		}
		visitors[name] = v
	}
	if err := h.Jobs.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	hole := regexp.MustCompile(`\{[^}]*\}`)
	before := h.state(t, h.Owner)
	tried := 0
	for name, v := range visitors {
		in, err := h.Accounts.Session(t.Context(), v.cookies[web.SessionCookie])
		if err == nil && (!in.Enrolling || in.Caller != (access.Caller{})) {
			t.Errorf("%s: the session speaks for %v", name, in.Caller.Role())
		}
		if v.token == "" {
			v.get(t, "/sign-in")
		}
		for _, r := range web.Routes() {
			if r.Door != web.Staff && r.Door != web.Person || r.Enrol {
				continue
			}
			tried++
			method, path, _ := strings.Cut(r.Pattern, " ")
			path = hole.ReplaceAllString(path, h.Clinic.ID.String())
			var form url.Values
			if method == http.MethodPost {
				form = url.Values{"csrf": {v.token}, "clinic": {h.Clinic.ID.String()}}
			}
			got := v.do(t, method, path, form, nil)
			to := got.head.Get("Location")
			switch {
			case method == http.MethodGet && got.status == http.StatusSeeOther && (to == "/second-factor" || strings.HasPrefix(to, "/sign-in/second?next=")):
			case method == http.MethodPost && (got.status == http.StatusUnauthorized || got.status == http.StatusForbidden):
			default:
				t.Errorf("%s by %s: %s, to %q", r.Pattern, name, got, to)
			}
			if strings.Contains(got.body, "Anjali") || strings.Contains(got.body, "Sunita") {
				t.Errorf("%s by %s: the answer names somebody of the clinic", r.Pattern, name)
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d requests were made", tried)
	}
	if d := differs(before, h.state(t, h.Owner)); len(d) > 0 {
		t.Errorf("one factor changed %v", d)
	}
	// With the second one everything opens: the refusals above were for want of it.
	whole := h.signIn(t, owner)
	whole.page(t, "/app/settings/staff")
	if n := fmt.Sprint(len(ways)); n != "9" {
		t.Errorf("%s ways in", n)
	}
	if _, err := h.Accounts.SignIn(t.Context(), owner, demoPassword+"x", accounts.Device{}, ""); err == nil {
		t.Error("a wrong password let somebody in")
	}
}
