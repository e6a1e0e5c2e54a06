package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/promise"
	"almirah/internal/web"
)

// guest is a browser that keeps cookies by hand, because Go's own jar sends no Secure cookie over plain HTTP, and writes
// down every Set-Cookie and every address that it saw.
type guest struct {
	*office
	jar   map[string]string
	set   []*http.Cookie
	urls  []string
	token string
	agent string
}

func (o *office) guest() *guest {
	return &guest{office: o, jar: map[string]string{}, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
}

var tokenOf = regexp.MustCompile(`name="csrf" (?:content|value)="([^"]+)"`)

func (g *guest) ask(method, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	var r *http.Request
	if form == nil {
		r = httptest.NewRequest(method, path, nil)
	} else {
		r = httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", g.agent)
	for name, x := range g.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: x})
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	g.urls = append(g.urls, path, w.Header().Get("Location"))
	for _, c := range w.Result().Cookies() {
		g.set = append(g.set, c)
		if g.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(g.jar, c.Name)
		}
	}
	if m := tokenOf.FindStringSubmatch(w.Body.String()); m != nil {
		g.token = m[1]
	}
	return w
}

func (g *guest) get(path string) *httptest.ResponseRecorder { return g.ask("GET", path, nil) }

// post opens the page, fills its form in and sends it to path.
func (g *guest) post(page, path string, form ...string) *httptest.ResponseRecorder {
	g.t.Helper()
	body := ""
	if page != "" {
		w := g.get(page)
		if body = w.Body.String(); w.Code != 200 {
			g.t.Fatalf("GET %s: %d: %.600s", page, w.Code, body)
		}
	}
	f := pairs(form)
	f.Set("csrf", g.token)
	if _, form, there := strings.Cut(body, `action="`+path+`"`); there && !f.Has("version") { // a browser sends what the form hides
		form, _, _ = strings.Cut(form, "</form>")
		if m := versionOf.FindStringSubmatch(form); m != nil {
			f.Set("version", m[1])
		}
	}
	return g.ask("POST", path, f)
}

// signIn signs somebody in by the pages, with the code of her app where one is asked for, and fails unless it leads to the place.
func (g *guest) signIn(email, password, next, to string) {
	g.t.Helper()
	form := []string{"email", email, "password", password}
	if next != "" {
		form = append(form, "next", next)
	}
	w := g.post("/sign-in", "/sign-in", form...)
	if where := w.Header().Get("Location"); strings.HasPrefix(where, "/sign-in/second?") {
		if next == "" {
			next = "/app"
		}
		w = g.post(where, "/sign-in/second", "next", next, "proof_code", g.apps.Code(g.t, strings.ToLower(email)))
	}
	leads(g.t, w, to)
}

// enrol sets a code app up by the pages, for somebody who is led there from wherever she goes.
func (g *guest) enrol(email string) {
	g.t.Helper()
	leads(g.t, g.get("/app"), "/second-factor")
	leads(g.t, g.post("/second-factor", "/second-factor/app/begin"), "/second-factor/app")
	m := regexp.MustCompile(`<bdi class="code">([A-Z2-7 ]+)</bdi>`).FindStringSubmatch(g.get("/second-factor/app").Body.String())
	if m == nil {
		g.t.Fatal("the page shows no secret")
	}
	g.apps.Keep(email, m[1])
	wants(g.t, g.post("", "/second-factor/app", "code", "000000x"), 422, "#f-code")
	body := wants(g.t, g.post("", "/second-factor/app", "code", g.apps.Shown(g.t, email)), 200, "They are shown now and never again")
	if n := strings.Count(body, `class="code num" dir="ltr"`); n != 10 {
		g.t.Errorf("%d recovery codes", n)
	}
}

// leads fails unless the answer redirects to the place.
func leads(t *testing.T, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		t.Fatalf("status %d to %q, want 303 to %q: %.1500s", w.Code, w.Header().Get("Location"), to, w.Body)
	}
}

// mailed sends what is due and answers the first link of the kind in it.
func (o *office) mailed(path string) string {
	o.t.Helper()
	post := &postman{}
	if _, err := o.accounts.SendDue(context.Background(), o.As(access.System), post, 20); err != nil {
		o.t.Fatal(err)
	}
	m := regexp.MustCompile(regexp.QuoteMeta("https://almirah.test"+path) + `\S*`).FindString(strings.Join(post.texts, "\n"))
	return strings.TrimPrefix(m, "https://almirah.test")
}

// proper fails when a cookie is not set as the register and the policy page say.
func proper(t *testing.T, c *http.Cookie) {
	t.Helper()
	if wrong := web.Proper(c); wrong != "" {
		t.Errorf("cookie %s: %s: %s", c.Name, wrong, c.Raw)
	}
}

const (
	herName     = "Kavitha Marigold"
	herMail     = "kavitha@example.org"
	herPhone    = "+919811198111"
	herPassword = "seven copper lamps 52"
)

// signedUp signs somebody up, confirms her address and signs her in; she belongs to no clinic yet.
func (o *office) signedUp() *guest {
	o.t.Helper()
	g := o.guest()
	w := g.post("/sign-up", "/sign-up", "person", herName, "email", herMail, "phone", herPhone, "job_title", "Dentist", "password", herPassword, "terms", terms)
	leads(o.t, w, "/check-mail?for=verify")
	wants(o.t, g.get("/check-mail?for=verify"), 200, "Look in your mailbox")
	link := o.mailed("/verify?token=")
	if link == "" {
		o.t.Fatal("no link was mailed")
	}
	leads(o.t, g.post(link, "/verify", "token", strings.TrimPrefix(link, "/verify?token=")), "/sign-in?done=verified")
	wants(o.t, g.get(link), 404, "This link has ended")
	wants(o.t, g.get("/sign-in?done=verified"), 200, "Your address is confirmed")
	g.signIn(herMail, herPassword, "", "/choose-clinic?next=%2Fapp")
	return g
}

func TestFromSignUpToSigningOutEverywhere(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	g := o.signedUp()
	wants(t, g.get("/terms"), 200, terms, "Accounts are for adults")
	leads(t, g.get("/choose-clinic"), "/open-clinic")
	wants(t, g.get("/open-clinic"), 200, "You belong to no clinic yet", "Asia/Kolkata", "India")

	// Wrong fields are named together, and what was typed stays.
	w := g.post("/open-clinic", "/open-clinic", "clinic_name", "", "country", "XX", "zone", "Moon/Sea", "slug", "a b")
	wants(t, w, 422, `value="a b"`, "#f-clinic_name", "#f-country", "#f-zone", "#f-slug")
	before := g.jar[web.SessionCookie]
	w = g.post("/open-clinic", "/open-clinic", "clinic_name", "Zähne & Zeit", "country", "IN", "zone", "Asia/Kolkata")
	leads(t, w, "/app/settings?done=opened")
	if g.jar[web.SessionCookie] == before {
		t.Error("choosing a clinic did not change the session's value")
	}
	g.enrol(herMail) // she is an owner now: nothing else opens before
	wants(t, g.get("/app/settings?done=opened"), 200, "The clinic is open")
	wants(t, g.get("/c/zahne-zeit"), 200, "Zähne & Zeit")
	wants(t, g.get("/app/settings/reminders"), 200, "24 hours before", "2 hours before") // the standard rules came with it

	// She invites a colleague, who accepts.
	w = g.post("/app/settings/staff", "/app/settings/staff/invite", "email", "nobody", "role", "front-desk")
	wants(t, w, 422, `value="nobody"`, "#f-email")
	leads(t, g.post("/app/settings/staff", "/app/settings/staff/invite", "email", "imran@example.org", "role", "front-desk"), "/app/settings/staff?done=invited")
	wants(t, g.get("/app/settings/staff"), 200, "imran@example.org")
	link := o.mailed("/invitation?token=")
	imran := o.guest()
	wants(t, imran.get(link), 200, "Zähne & Zeit", herName, "Front desk")
	token := strings.TrimPrefix(link, "/invitation?token=")
	w = imran.post(link, "/invitation", "token", token, "person", "", "password", "short", "terms", terms)
	wants(t, w, 422, "#f-person", "#f-password")
	w = imran.post(link, "/invitation", "token", token, "person", "Imran Teak", "password", "nine paper boats 41", "terms", terms)
	leads(t, w, "/app")
	wants(t, imran.get("/app"), 200, "Imran Teak")
	wants(t, imran.get("/app/settings/staff"), 403)
	wants(t, o.guest().get(link), 404, "This link has ended")

	// Her change of his role counts from his next request.
	body := wants(t, g.get("/app/settings/staff"), 200, "Imran Teak")
	m := regexp.MustCompile(`/app/settings/staff/([0-9a-z-]+)/role`).FindAllStringSubmatch(body, -1)
	if len(m) != 2 {
		t.Fatalf("%d people can be changed, want 2", len(m))
	}
	his := m[1][1]
	seen := map[string]string{}
	for _, m := range regexp.MustCompile(`/app/settings/staff/([0-9a-z-]+)/role"[^>]*><input[^>]*><input type="hidden" name="version" value="(\d+)"`).FindAllStringSubmatch(body, -1) {
		seen[m[1]] = m[2]
	}
	leads(t, g.post("/app/settings/staff", "/app/settings/staff/"+his+"/role", "role", "manager", "version", seen[his]), "/app/settings/staff?done=role")
	// Another owner with the page of before changes nothing.
	wants(t, g.post("/app/settings/staff", "/app/settings/staff/"+his+"/role", "role", "billing", "version", seen[his]), 409, "Somebody changed this")
	wants(t, g.post("/app/settings/staff", "/app/settings/staff/"+his+"/end", "version", seen[his]), 409, "Somebody changed this")
	imran.enrol("imran@example.org") // a manager has a second factor
	wants(t, imran.get("/app/settings/staff"), 200)
	// The last owner stays one; a manager cannot touch her.
	wants(t, g.post("/app/settings/staff", "/app/settings/staff/"+m[0][1]+"/role", "role", "manager", "version", seen[m[0][1]]), 409, "A clinic needs an owner")
	wants(t, imran.post("/app/settings/staff", "/app/settings/staff/"+m[0][1]+"/end"), 403)

	// Signing out everywhere ends the other browser too.
	second := o.guest()
	second.signIn(strings.ToUpper(herMail[:1])+herMail[1:], herPassword, "", "/app")
	wants(t, g.get("/app/me"), 200, "Firefox, Linux", "this one")
	leads(t, g.post("/app/me", "/app/me/sign-out-everywhere"), "/sign-in?done=out-everywhere")
	if _, there := g.jar[web.SessionCookie]; there {
		t.Error("the session cookie was not deleted")
	}
	leads(t, second.get("/app"), "/sign-in?next=%2Fapp")

	// Ending his access ends his session.
	second.signIn(herMail, herPassword, "", "/app")
	body = second.get("/app/settings/staff").Body.String()
	_, row, _ := strings.Cut(body, his+"/end")
	leads(t, second.post("", "/app/settings/staff/"+his+"/end", "version", versionOf.FindStringSubmatch(row)[1]), "/app/settings/staff?done=ended")
	leads(t, imran.get("/app"), "/sign-in?next=%2Fapp")

	for _, b := range []*guest{g, imran, second} {
		for _, c := range b.set {
			proper(t, c)
		}
		for _, u := range b.urls {
			if p, err := url.QueryUnescape(u); err != nil || strings.Contains(p, "@") || strings.Contains(p, "Kavitha") || strings.Contains(p, "Imran") || strings.Contains(p, "98111") {
				t.Errorf("an address holds somebody's data: %q", u)
			}
		}
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "session-cookies")
	o := openOffice(t)
	g := o.guest()
	g.jar[web.SessionCookie] = o.owner.cookie // what was there before a sign-in is worth nothing after it
	leads(t, g.get("/sign-in?next=/app/day"), "/app/day")
	delete(g.jar, web.SessionCookie)
	g.get("/sign-in")
	g.jar[web.SessionCookie] = o.owner.cookie
	half := g.post("", "/sign-in", "email", "meera@example.org", "password", password)
	leads(t, half, "/sign-in/second?next=%2Fapp")
	first := g.jar[web.SessionCookie]
	leads(t, g.get("/app"), "/sign-in/second?next=%2Fapp") // half a sign-in opens nothing
	leads(t, g.post("/sign-in/second?next=%2Fapp", "/sign-in/second", "next", "/app", "proof_code", o.apps.Code(t, "meera@example.org")), "/app")
	if g.jar[web.SessionCookie] == first {
		t.Error("the second factor did not change the session's value")
	}
	var c *http.Cookie
	for _, x := range g.set {
		proper(t, x)
		if x.Name == web.SessionCookie {
			c = x
		}
	}
	if c == nil || c.Name != "__Host-session" || !c.HttpOnly || !c.Secure || c.MaxAge <= 0 || c.MaxAge > 12*60*60 || len(c.Value) < 40 {
		t.Fatalf("the session cookie is %v", c)
	}
	if _, err := o.accounts.Session(context.Background(), o.owner.cookie); err == nil {
		t.Error("the session from before the sign-in still opens")
	}
	wants(t, g.get("/app"), 200)
	leads(t, g.post("/app", "/sign-out"), "/sign-in?done=signed-out")
	if last := g.set[len(g.set)-1]; last.Name != web.SessionCookie || last.MaxAge >= 0 || last.Value != "" {
		t.Errorf("signing out set %v", last)
	}
	if _, err := o.accounts.Session(context.Background(), c.Value); err == nil {
		t.Error("the session still opens after signing out")
	}
}

// steady takes out of a page what differs from one answer to the next for everybody, and what was typed.
func steady(body, typed string) string {
	body = regexp.MustCompile(`name="csrf" (content|value)="[^"]+"`).ReplaceAllString(body, "")
	return strings.ReplaceAll(body, typed, "TYPED")
}

func TestAnswersTellNothingAboutWhoExists(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	type answer struct {
		status   int
		to, body string
	}
	same := func(name, page, path, field string, form ...string) {
		var got [2]answer
		for i, mail := range []string{"meera@example.org", "mirza@example.org"} {
			w := o.guest().post(page, path, append([]string{field, mail}, form...)...)
			got[i] = answer{w.Code, w.Header().Get("Location"), steady(w.Body.String(), mail)}
		}
		if got[0] != got[1] {
			t.Errorf("%s answers %d %q for a known address and %d %q for an unknown one", name, got[0].status, got[0].to, got[1].status, got[1].to)
		}
	}
	same("sign-in", "/sign-in", "/sign-in", "email", "password", "wrong wrong wrong wrong")
	same("forgot", "/forgot", "/forgot", "email")
	same("sign-up", "/sign-up", "/sign-up", "email", "person", "Somebody Neem", "phone", "+919811198112", "job_title", "Nurse", "password", herPassword, "terms", terms)
	w := o.guest().post("/sign-in", "/sign-in", "email", "meera@example.org", "password", "wrong wrong wrong wrong")
	wants(t, w, 401, "meera@example.org", "You are not signed in", "!wrong wrong")
}

func TestResettingAPassword(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	g := o.guest()
	leads(t, g.post("/forgot", "/forgot", "email", "meera@example.org"), "/check-mail?for=reset")
	link := o.mailed("/reset?token=")
	token := strings.TrimPrefix(link, "/reset?token=")
	wants(t, g.post(link, "/reset", "token", token, "password", "short"), 422, "#f-password")
	leads(t, g.post(link, "/reset", "token", token, "password", "four green kettles 19"), "/sign-in?done=reset")
	wants(t, o.owner.get("/sign-in"), 200) // her session has ended, so this is the form
	wants(t, g.post("", "/reset", "token", token, "password", "four green kettles 20"), 404, "This link has ended")
	g.signIn("meera@example.org", "four green kettles 19", "", "/app")
}

func TestSettingUpTheFirstOwner(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	token, err := o.accounts.FirstOwnerLink(context.Background(), true)
	if err != nil {
		t.Fatal(err)
	}
	g := o.guest()
	page := "/setup?token=" + token
	// The wrong fields of the person and of the clinic are named together, and the link stays good.
	w := g.post(page, "/setup", "token", token, "person", herName, "email", "x", "phone", "1", "job_title", "Dentist", "password", "short", "clinic_name", "", "country", "", "zone", "", "terms", terms)
	wants(t, w, 422, "#f-email", "#f-phone", "#f-password", "#f-clinic_name", "#f-country", "#f-zone", "!#f-terms", herName)
	w = g.post(page, "/setup", "token", token, "person", herName, "email", herMail, "phone", herPhone, "job_title", "Dentist", "password", herPassword, "clinic_name", "مركز النور", "country", "AE", "zone", "Asia/Dubai", "terms", "2001")
	wants(t, w, 422, "#f-terms", "!#f-clinic_name")
	w = g.post(page, "/setup", "token", token, "person", herName, "email", herMail, "phone", herPhone, "job_title", "Dentist", "password", herPassword, "clinic_name", "مركز النور", "country", "AE", "zone", "Asia/Dubai", "terms", terms)
	leads(t, w, "/app/settings?done=opened")
	wants(t, g.get("/c/practice"), 200, "مركز النور")
	g.enrol(herMail)
	wants(t, g.get("/app/settings/clinic"), 200, "AED")
	wants(t, o.guest().get(page), 404, "This link has ended")
}

func TestChoosingAClinic(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	g := o.signedUp()
	for _, name := range []string{"First Place", "Second Place"} {
		w := g.post("/open-clinic", "/open-clinic", "clinic_name", name, "country", "GB", "zone", "Europe/London")
		leads(t, w, "/app/settings?done=opened")
		if name == "First Place" {
			g.enrol(herMail)
		}
	}
	again := o.guest()
	again.signIn(herMail, herPassword, "/app/week", "/choose-clinic?next=%2Fapp%2Fweek")
	leads(t, again.get("/app"), "/choose-clinic")
	body := wants(t, again.get("/choose-clinic?next=%2Fapp%2Fweek"), 200, "First Place", "Second Place")
	ids := regexp.MustCompile(`name="clinic" value="([^"]+)"`).FindAllStringSubmatch(body, -1)
	if len(ids) != 2 {
		t.Fatalf("%d clinics to choose from", len(ids))
	}
	wants(t, again.post("/choose-clinic", "/choose-clinic", "clinic", o.Clinic.String()), 404) // not hers
	leads(t, again.post("/choose-clinic", "/choose-clinic", "clinic", ids[1][1], "next", "/app/week"), "/app/week")
	wants(t, again.get("/app"), 200, "Second Place")
}

func TestRedirectsStayHere(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\tevil", "http:evil.example", "javascript:alert(1)", "///evil.example",
		"evil.example", "/%09/evil.example\r\nSet-Cookie: a=b", "/..//evil.example/", "data:text/html,x", " https://evil.example", "https:/evil.example", "/%2f%2fevil.example//", ""} {
		g := o.guest()
		g.get("/sign-in?next=" + url.QueryEscape(to))
		w := g.post("", "/sign-in", "email", "meera@example.org", "password", password, "next", to)
		got := w.Header().Get("Location")
		u, err := url.Parse(got)
		if w.Code != http.StatusSeeOther || err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("next %q leads to %d %q", to, w.Code, got)
		}
	}
	g := o.guest()
	g.signIn("meera@example.org", password, "/app/day?day=2026-11-24", "/app/day?day=2026-11-24")
}

func TestMySettings(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "preferences-chosen")
	o := openOffice(t)
	g := o.guest()
	g.signIn("meera@example.org", password, "", "/app")
	wants(t, g.get("/app/me"), 200, "Meera Shah", "+919876543210", "meera@example.org")
	wants(t, g.post("/app/me", "/app/me", "person", "", "phone", "12", "job_title", "Owner"), 422, "#f-person", "#f-phone", `value="12"`)
	was := versionOf.FindStringSubmatch(g.get("/app/me").Body.String())[1]
	leads(t, g.post("/app/me", "/app/me", "person", "Meera Shah-Rao", "phone", "98765 43211", "job_title", "Owner"), "/app/me?done=saved")
	// Her other browser still shows what was before.
	wants(t, g.post("/app/me", "/app/me", "person", "Meera Old", "phone", "", "job_title", "Owner", "version", was), 409, "Somebody changed this", `value="Meera Old"`)
	wants(t, g.post("/app/me", "/app/me/preferences", "language", "ta", "theme", "", "version", was), 409)
	wants(t, g.post("/app/settings/keys", "/app/me/preferences", "only", "keys", "version", was), 409)
	wants(t, g.get("/app/me"), 200, "Meera Shah-Rao", "+919876543211")

	leads(t, g.post("/app/me", "/app/me/preferences", "language", "hi", "theme", "dark"), "/app/me?done=saved")
	if got := g.jar[web.PreferenceCookie]; got != "theme:dark|lang:hi" {
		t.Errorf("the preference cookie is %q", got)
	}
	body := wants(t, g.get("/app/me"), 200, `lang="hi"`, `data-theme="dark"`)
	if strings.Contains(body, "data-keys") {
		t.Error("the single-letter keys are still on")
	}
	leads(t, g.post("/app/settings/keys", "/app/me/preferences", "only", "keys", "keys", "1"), "/app/settings/keys?done=saved")
	wants(t, g.get("/app/me"), 200, `lang="hi"`, "data-keys")
	wants(t, g.post("/app/me", "/app/me/preferences", "language", "xx", "theme", "pink"), 422)

	wants(t, g.post("/app/me", "/app/me/password", "password", "not this one at all", "new_password", "short"), 422, "#f-new_password")
	wants(t, g.post("/app/me", "/app/me/password", "password", "not this one at all", "new_password", "five brass drums 66"), 422, "#f-password")
	other := o.guest()
	other.signIn("meera@example.org", password, "", "/app")
	leads(t, g.post("/app/me", "/app/me/password", "password", password, "new_password", "five brass drums 66"), "/app/me?done=password")
	leads(t, other.get("/app"), "/sign-in?next=%2Fapp")

	// One other session is ended by hand.
	other.signIn("meera@example.org", "five brass drums 66", "", "/app")
	m := regexp.MustCompile(`/app/me/sessions/[^/"]+/end`).FindString(g.get("/app/me").Body.String())
	leads(t, g.post("/app/me", m), "/app/me?done=session-ended")
	leads(t, other.get("/app"), "/sign-in?next=%2Fapp")
	wants(t, g.post("/app/me", m), 404)
	for _, c := range g.set {
		proper(t, c)
	}
}
