package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/web"
	"almirah/internal/words"
)

// written counts everything that was ever recorded, in every clinic and on the platform: an act that is not in here did not happen.
func (o *office) written() (n int64) {
	o.t.Helper()
	err := o.DB.Across(context.Background(), accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		return p.Row(`SELECT COUNT(*) FROM audit_pending`).Scan(&n)
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

// ownLink books online and answers the token of the patient's page, as the confirmation carries it.
func (o *office) ownLink() string {
	o.t.Helper()
	return practice.Link(o.t, o.DB, o.As(access.System), o.bookedOnline().Appointment)
}

func (o *office) bookedOnline() scheduling.Receipt {
	o.t.Helper()
	r, err := o.desk.Book(context.Background(), accounts.Public(o.Clinic), scheduling.Booking{Service: o.service.ID, Provider: o.providers[0].ID, StartsAt: o.at(tuesday, "10:00"),
		Patient: patients.Draft{Name: "Leela Lotus", Phone: "+919811198110", Language: "en"}, Language: "en", Key: "own-link-of-a-test"})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

var hole = regexp.MustCompile(`\{[a-z]+\}`)

// address fills a route's pattern with things that are there, where there are some.
func (o *office) address(r web.Route, token string) (method, path string) {
	method, path, _ = strings.Cut(r.Pattern, " ")
	path = strings.ReplaceAll(path, "{$}", "")
	path = strings.ReplaceAll(path, "{slug}", "desk")
	path = strings.ReplaceAll(path, "{token}", token)
	path = strings.ReplaceAll(path, "/providers/{id}", "/providers/"+o.providers[0].ID.String())
	path = strings.ReplaceAll(path, "/services/{id}", "/services/"+o.service.ID.String())
	path = strings.ReplaceAll(path, "{day}", string(tuesday))
	path = strings.ReplaceAll(path, "{kind}/{language}", "reminder/en")
	return method, hole.ReplaceAllString(path, id.New(o.Clock.Now()).String())
}

func TestEveryUnsafeRouteRefusesForgedRequests(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "forged-requests")
	o := openOffice(t)
	o.notes()
	link := o.ownLink()
	g := o.guest()
	g.signIn("meera@example.org", password, "", "/app")
	g.get("/app")
	ofSession := g.token
	g.get("/forgot")
	ofVisitor := g.token
	g.get("/c/desk")
	n := 0
	for _, r := range web.Routes() {
		method, path := o.address(r, link)
		if method == "GET" || r.OneClick {
			continue
		}
		n++
		right := ofVisitor
		if r.Door == web.Staff || r.Door == web.Person || r.Door == web.Platform {
			right = ofSession
		}
		before := o.written()
		for name, forge := range map[string]func(r *http.Request, f url.Values){
			"no token":                       func(_ *http.Request, f url.Values) { f.Del("csrf") },
			"somebody else's token":          func(_ *http.Request, f url.Values) { f.Set("csrf", strings.Repeat("A", 64)) },
			"a token in the address":         func(r *http.Request, f url.Values) { r.URL.RawQuery = "csrf=" + f.Get("csrf"); f.Del("csrf") },
			"another site's Origin":          func(r *http.Request, _ url.Values) { r.Header.Set("Origin", "https://evil.example") },
			"a browser that says cross-site": func(r *http.Request, _ url.Values) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		} {
			f := url.Values{"csrf": {right}}
			probe, _ := http.NewRequest(method, path, nil)
			forge(probe, f)
			w := g.ask(method, path, f, func(r *http.Request) {
				r.URL.RawQuery = probe.URL.RawQuery
				for k := range probe.Header {
					r.Header.Set(k, probe.Header.Get(k))
				}
			})
			if w.Code != http.StatusForbidden {
				t.Errorf("%s with %s: %d", r.Pattern, name, w.Code)
			}
		}
		if after := o.written(); after != before {
			t.Errorf("%s: a forged request was recorded, so it did something", r.Pattern)
		}
	}
	if n < 40 {
		t.Errorf("only %d unsafe routes were found", n)
	}
	// The same token does open the door: what is refused above is refused for being forged.
	seen := versionOf.FindStringSubmatch(g.get("/app/settings/keys").Body.String())[1]
	leads(t, g.ask("POST", "/app/me/preferences", url.Values{"csrf": {ofSession}, "only": {"keys"}, "version": {seen}}), "/app/settings/keys?done=saved")
	leads(t, g.ask("POST", "/forgot", url.Values{"csrf": {ofVisitor}, "email": {"x@example.org"}}), "/check-mail?for=reset")
	wants(t, g.ask("POST", "/app/me/preferences", url.Values{"only": {"keys"}}), 403, "This form is too old")
}

// TestABookingLinkOpensItsAppointmentAlone: of all pages of a patient the link that the booking page shows opens six, and they say nothing that the visitor did not type.
func TestABookingLinkOpensItsAppointmentAlone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	promise.Proves(t, "request-who-asks")
	o := openOffice(t)
	o.notes()
	known := o.booked("Leela Lotus", "+919811198110", 0, monday, "10:00")
	r, err := o.desk.Book(context.Background(), accounts.Public(o.Clinic), scheduling.Booking{Service: o.service.ID, Provider: o.providers[0].ID, StartsAt: o.at(tuesday, "11:00"),
		Patient: patients.Draft{Name: "Leela Lotus", Phone: "+919811198110", Email: "typed@example.org", Language: "en"}, Language: "en", Key: "in-another's-name"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Appointment.Patient != known.Patient {
		t.Fatal("booked for somebody else")
	}
	g := o.guest()
	wants(t, g.get("/m/"+r.Token+"?booked=1"), 200, contact.Email("typed@example.org").Masked(), "if the clinic knows you already", "!We will remind you")
	wants(t, g.get("/m/"+r.Token), 200, "This link opens the appointment alone", `href="/c/desk/privacy/request"`, "/m/"+r.Token+"/cancel", "!/data", "!consents", "!/channel")
	var opened []string
	g.get("/m/" + r.Token + "/cancel") // a page with a form
	for _, route := range web.Routes() {
		if route.Door != web.Link {
			continue
		}
		method, path := o.address(route, r.Token)
		before := o.written()
		w := g.ask(method, path, url.Values{"csrf": {g.token}})
		if w.Code != http.StatusForbidden {
			opened = append(opened, route.Pattern)
			continue
		}
		wants(t, w, http.StatusForbidden, "This link opens the appointment alone")
		if after := o.written(); after != before {
			t.Errorf("%s: a refused page was recorded, so it did something", route.Pattern)
		}
	}
	slices.Sort(opened)
	if want := []string{"GET /m/{token}", "GET /m/{token}/appointment.ics", "GET /m/{token}/cancel", "GET /m/{token}/change", "POST /m/{token}/cancel", "POST /m/{token}/change"}; !slices.Equal(opened, want) {
		t.Errorf("the link of a booking opens %q", opened)
	}
	// The link of the message about the same appointment opens what is hers.
	wants(t, o.guest().get("/m/"+o.ownLink()), 200, "/data", "!This link opens the appointment alone")
}

// TestWhoCannotMoveOnlineIsTold: where the practitioner or the clinic is not booked online, the page says whom to call.
func TestWhoCannotMoveOnlineIsTold(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	link := "/m/" + o.ownLink()
	g := o.guest()
	wants(t, g.get(link), 200, link+"/change")
	g.get(link + "/cancel")
	away := o.providers[0]
	away.Online = false
	if err := o.desk.SaveProvider(context.Background(), o.owner.who, away); err != nil {
		t.Fatal(err)
	}
	wants(t, g.get(link), 200, "To change the time, please call the clinic", "!"+link+"/change\"", link+"/cancel", "!It is too late")
	wants(t, g.get(link+"/change"), http.StatusConflict, "does not take bookings online", "please call the clinic")
	w := g.ask("POST", link+"/change", url.Values{"csrf": {g.token}, "starts_at": {rfc(o.at(tuesday, "11:00"))}, "version": {"1"}})
	wants(t, w, http.StatusConflict, "does not take bookings online")
}

// TestAVisitorOfAnotherLanguageBooks: the page speaks four languages, whatever the clinic writes its letters in.
func TestAVisitorOfAnotherLanguageBooks(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	c, err := o.clinics.Get(context.Background(), o.owner.who)
	if err != nil {
		t.Fatal(err)
	}
	profile := c.Profile()
	profile.Languages = []string{"en"}
	if err := o.clinics.Save(context.Background(), o.owner.who, profile, c.Version); err != nil {
		t.Fatal(err)
	}
	g := o.guest()
	tamil := func(r *http.Request) { r.Header.Set("Accept-Language", "ta-IN,ta;q=0.9") }
	g.get("/c/desk/book?service=" + o.service.ID.String() + "&provider=any&at=" + url.QueryEscape(rfc(o.at(tuesday, "10:00"))))
	w := g.ask("POST", "/c/desk/book", url.Values{"csrf": {g.token}, "service": {o.service.ID.String()}, "provider": {"any"}, "starts_at": {rfc(o.at(tuesday, "10:00"))}, "key": {"k"}, "name": {"Leela Lotus"}, "phone": {"+919811198110"}}, tamil)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	_, one, err := o.desk.Enter(context.Background(), strings.TrimSuffix(strings.TrimPrefix(w.Header().Get("Location"), "/m/"), "?booked=1"))
	if err != nil {
		t.Fatal(err)
	}
	a := o.now(scheduling.Appointment{ID: one})
	p, err := o.people.Open(context.Background(), o.owner.who, a.Patient)
	if err != nil || p.Language != "en" || a.Language != "ta" {
		t.Errorf("written to in %q, booked in %q: %v", p.Language, a.Language, err)
	}
}

func TestOnlyRegisteredCookies(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "essential-cookies")
	o := openOffice(t)
	link := o.ownLink()
	signed := o.guest()
	signed.signIn("meera@example.org", password, "", "/app")
	seen := map[string]bool{}
	for _, g := range []*guest{o.guest(), signed} {
		for _, r := range web.Routes() {
			method, path := o.address(r, link)
			if method != "GET" || strings.HasPrefix(path, "/app/live") {
				continue
			}
			if g.get(path); g != signed { // every first visit, with no cookie yet
				g.jar = map[string]string{}
			}
			g.get(path + "?lang=hi")
		}
		for _, c := range g.set {
			proper(t, c)
			seen[c.Name] = true
		}
	}
	for _, c := range web.Cookies() {
		if !seen[c.Name] {
			t.Errorf("the policy page lists the cookie %s, which nothing sets", c.Name)
		}
	}
}

func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.notes() // where a module is off there is no such page, for no role
	for _, role := range access.StaffRoles {
		v := o.owner
		if role != access.Owner {
			v = o.as(role)
		}
		for _, r := range web.Routes() {
			method, path := o.address(r, "")
			ours := strings.HasPrefix(path, "/app/settings") || strings.HasPrefix(path, "/app/messages") || strings.HasPrefix(path, "/app/audit") || strings.HasPrefix(path, "/app/me") || strings.HasPrefix(path, "/app/outbox")
			if !ours || r.Door != web.Staff {
				continue
			}
			var form url.Values
			if method == "POST" {
				form = url.Values{"version": {"0"}}
			}
			before := o.written()
			w := v.ask(method, path, form, false)
			may := access.Holds(role, r.Right)
			if may == (w.Code == http.StatusForbidden) {
				t.Errorf("%s at %s: %d, and the table says %v", role, r.Pattern, w.Code, may)
			}
			if w.Code >= 500 {
				t.Errorf("%s at %s: %d: %.800s", role, r.Pattern, w.Code, w.Body)
			}
			if !may && o.written() != before {
				t.Errorf("%s at %s: refused, and yet something was recorded", role, r.Pattern)
			}
		}
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	g := o.guest()
	w := g.get("/nothing/here")
	wants(t, w, 404, "There is nothing here", "Go to the start")
	if got := w.Header().Get("Content-Security-Policy"); strings.Contains(got, "script-src") {
		t.Errorf("a visitor's error page allows scripts: %s", got)
	}
	wants(t, o.owner.get("/nothing/here"), 404, "There is nothing here", "Go to today", "Meera Shah")
	wants(t, o.owner.get("/app/settings/providers/"+id.New(o.Clock.Now()).String()), 404)
	wants(t, o.owner.get("/app/settings/providers/none"), 404)
	w = g.get("/m/" + strings.Repeat("a", 43))
	if w.Code != 404 || !strings.Contains(w.Body.String(), "<h1>") || strings.Contains(w.Body.String(), "There is nothing here") {
		t.Errorf("a link that is not known: %d %.600s", w.Code, w.Body)
	}
	// A script is answered in words.
	w = o.owner.do("/app/settings/services/"+id.New(o.Clock.Now()).String(), "service_name", "x")
	if w.Code != 404 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || strings.Contains(w.Body.String(), "<") {
		t.Errorf("a script got %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	// Waiting is said twice: in the page and in the header.
	for range 6 {
		w = g.post("/sign-in", "/sign-in", "email", "meera@example.org", "password", "wrong wrong wrong wrong")
	}
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the sixth wrong password: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	wants(t, w, 429, "Too many tries", "meera@example.org")
	// Something too large is refused in words, and nothing is half read.
	w = o.owner.send("/app/settings/services/new", "service_name", strings.Repeat("x", 2<<20))
	if w.Code != 422 && w.Code != 403 {
		t.Errorf("two megabytes: %d", w.Code)
	}
	for _, path := range []string{"/", "/robots.txt", "/trust", "/sign-up", "/check-mail"} {
		if w := g.get(path); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := g.get("/favicon.ico"); w.Code != 301 || !strings.HasPrefix(w.Header().Get("Location"), "/assets/") {
		t.Errorf("the icon: %d %s", w.Code, w.Header().Get("Location"))
	}
}

// The two pages that stand beside the others are looked at like them, in every language.
func TestPagesOfTheDoorInEveryLanguage(t *testing.T) {
	t.Parallel()
	book, v := views(t)
	for _, l := range words.Languages() {
		sh := web.Shell{Tongue: book.Tongue(l.Code), Title: "x", CSRF: "t", Path: "/"}
		for name, page := range map[string]web.Page{
			"open-clinic":     &web.OpenClinicPage{Shell: sh, Zones: []web.Option{{Value: "Asia/Kolkata", Label: "Asia/Kolkata"}}, Countries: []web.Option{{Value: "IN", Label: "India"}}},
			"cookies-blocked": &web.ErrorPage{Shell: sh, Code: 403, Back: "/forgot"},
			"form-expired":    &web.ErrorPage{Shell: sh, Code: 403, Back: "/forgot"},
		} {
			w := httptest.NewRecorder()
			if err := v.Render(w, 200, name, page); err != nil {
				t.Fatal(err)
			}
			for _, wrong := range faults(w.Body.Bytes(), true) {
				t.Errorf("%s in %s: %s", name, l.Code, wrong)
			}
		}
	}
}

// TestSecurityText: whoever finds a weakness finds the address for it (RFC 9116), and a house without one has no such page.
func TestSecurityText(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, c := range []struct{ contact, security, want string }{
		{"", "", ""},
		{"privacy@example.org", "", "Contact: mailto:privacy@example.org\n"},
		{"privacy@example.org", "https://example.org/security", "Contact: https://example.org/security\n"},
	} {
		o.rehouse(func(d *web.Deps) { d.Entity = web.Entity{Contact: c.contact, Security: c.security} })
		w := o.guest().get("/.well-known/security.txt")
		if c.want == "" {
			if w.Code != 404 {
				t.Errorf("without an address: %d", w.Code)
			}
			continue
		}
		body := w.Body.String()
		if w.Code != 200 || !strings.HasPrefix(body, c.want) || !strings.Contains(body, "\nCanonical: ") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%d %q", w.Code, body)
		}
		_, rest, _ := strings.Cut(body, "\nExpires: ")
		line, _, _ := strings.Cut(rest, "\n")
		until, err := time.Parse(time.RFC3339, line)
		if now := o.Clock.Now(); err != nil || until.Before(now.AddDate(0, 1, 0)) || until.After(now.AddDate(1, 0, 0)) {
			t.Errorf("it ends at %q: %v", line, err)
		}
	}
}
