package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/domains"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/rig/nameserver"
	"almirah/internal/store"
	"almirah/internal/web"
)

const ownName = "book.sunrise-clinic.org"

// TestAClinicsOwnName: an owner claims a name, sets the records that the page shows, and her patients book under it with short paths; nobody signs in
// there and no other clinic is shown; when it stops to work, links begin with the deployment's name again and she is told.
func TestAClinicsOwnName(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-domain", "own-domain-pages")
	dns := nameserver.Start(t)
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_DNS": dns.Addr, "ALMIRAH_ADDRESSES": "198.51.100.7", "ALMIRAH_SECURITY_CONTACT": "mailto:security@example.org"})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	owner, away := h.signIn(t, ownerMail), h.visitor()
	away.host = ownName
	const page = "/app/settings/domain"
	if a := owner.submit(t, page, url.Values{"host": {"book sunrise"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "book sunrise") {
		t.Errorf("a name that is none: %d", a.status)
	}
	owner.fill(t, page, page, url.Values{"host": {"https://" + ownName + "/"}})
	shown := owner.page(t, page).body
	proof := regexp.MustCompile(`almirah=[a-z2-7]{26}`).FindString(shown)
	if proof == "" || !strings.Contains(shown, domains.ProofName(ownName)) {
		t.Fatal("the page shows no record to set")
	}
	if a := away.get(t, "/"); a.status != http.StatusMisdirectedRequest || strings.Contains(a.body, h.Clinic.Name) {
		t.Fatalf("a name that is claimed only: %d %s", a.status, a.body)
	}
	owner.fill(t, page, page+"/check", nil)
	if body := owner.page(t, page).body; !strings.Contains(body, "leads nowhere yet") {
		t.Error("the page does not say that the name leads nowhere")
	}
	dns.Lead(ownName, "198.51.100.7")
	dns.Say(domains.ProofName(ownName), proof)
	owner.fill(t, page, page+"/check", nil)
	if body := owner.page(t, page).body; !strings.Contains(body, "It works") {
		t.Fatal("the name has its records, and does not work")
	}
	h.until(t, "the owner is told that it works", func() bool { return h.wrote("your own web address works") })

	// The booking walk, by the links of the pages.
	first := away.page(t, "/").body
	if !strings.Contains(first, h.Clinic.Name) || strings.Contains(first, `"/c/`) {
		t.Errorf("the page under the own name has long paths, or is not the clinic’s: %v %q", strings.Contains(first, h.Clinic.Name), regexp.MustCompile(`"/c/[^"]*"`).FindAllString(first, -1))
	}
	service := h.Practice.services[0].ID.String()
	at := h.slotsOf(t, "any")[0]["starts_at"].(string)
	away.page(t, "/book?service="+service)
	away.page(t, "/book?service="+service+"&provider=any")
	form := away.page(t, "/book?service="+service+"&provider=any&at="+url.QueryEscape(at)).form(t, "/book")
	form.Set("name", "Asha Marigold")
	form.Set("email", "asha@example.org")
	stranger := h.visitor() // who has the token and not the cookie of that name
	stranger.host = ownName
	if a := stranger.do(t, "POST", "/book", form, map[string]string{"Origin": "http://" + ownName}); a.status != http.StatusForbidden {
		t.Errorf("a form without the cookie of its host: %d", a.status)
	}
	if a := away.do(t, "POST", "/book", form, map[string]string{"Origin": h.Server.URL}); a.status != http.StatusForbidden {
		t.Errorf("a form of another host: %d", a.status)
	}
	a := away.do(t, "POST", "/book", form, map[string]string{"Origin": "http://" + ownName})
	own, _, _ := strings.Cut(a.head.Get("Location"), "?")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(own, "/m/") {
		t.Fatalf("booking under the own name: %d %s", a.status, problems(a.body))
	}
	if a := away.get(t, own); a.status != http.StatusOK || !strings.Contains(a.body, "Asha Marigold") {
		t.Errorf("her own page: %d", a.status)
	}
	link := "http://" + ownName + ":" + strings.TrimPrefix(h.Server.URL, "http://127.0.0.1:")
	h.until(t, "the letter has a link under the own name", func() bool { return h.wrote(link + "/m/") })
	if a := away.page(t, "/privacy"); !strings.Contains(a.body, link) {
		t.Error("the policy page does not name the clinic's own address")
	}
	if a := away.page(t, "/.well-known/security.txt"); !strings.Contains(a.body, "Canonical: http://"+ownName+"/") || !strings.Contains(a.body, "Canonical: "+h.Server.URL+"/") {
		t.Errorf("security.txt: %s", a.body)
	}
	away.page(t, "/c/sunrise") // the long path is known too

	// What is not shown there.
	for _, path := range []string{"/app", "/app/day", "/sign-in", "/sign-up", "/platform", "/trust", "/setup?token=x", "/api/v1/clinics/sunrise", "/reset?token=x"} {
		if a := away.get(t, path); a.status != http.StatusTemporaryRedirect || a.head.Get("Location") != h.Server.URL+path {
			t.Errorf("%s under a clinic's name: %d to %q", path, a.status, a.head.Get("Location"))
		}
	}
	for _, path := range []string{"/sign-in", "/app/settings/domain", "/hooks/twilio/x", "/api/v1/clinics/sunrise/bookings"} {
		if a := away.do(t, "POST", path, url.Values{}, nil); a.status != http.StatusMisdirectedRequest {
			t.Errorf("POST %s under a clinic's name: %d", path, a.status)
		}
	}
	other := h.anotherClinic(t)
	for _, path := range []string{"/c/" + other, "/c/" + other + "/privacy", "/no/such/page"} {
		if a := away.get(t, path); a.status != http.StatusNotFound || strings.Contains(a.body, "Moonlight") {
			t.Errorf("%s under a clinic's name: %d", path, a.status)
		}
	}
	signed := h.signIn(t, ownerMail) // even with her cookie carried over by hand
	signed.host = ownName
	if a := signed.get(t, "/app/settings"); a.status != http.StatusTemporaryRedirect {
		t.Errorf("a session under a clinic's name: %d", a.status)
	}

	// It stops to work.
	dns.Lead(ownName, "203.0.113.9")
	if err := h.Domains.Sweep(t.Context(), jobs.ForClinic(id.Zero), jobs.ForClinic); err != nil {
		t.Fatal(err)
	}
	if c, err := h.Clinics.Get(t.Context(), h.Owner); err != nil || c.Host != ownName {
		t.Fatalf("it was looked up before its time: %q %v", c.Host, err)
	}
	if _, err := h.Domains.Check(t.Context(), jobs.ForClinic(h.Clinic.ID)); err != nil {
		t.Fatal(err)
	}
	if c, err := h.Clinics.Get(t.Context(), h.Owner); err != nil || c.Host != "" {
		t.Fatalf("links stay with a name that leads elsewhere: %q %v", c.Host, err)
	}
	h.until(t, "the owner is told that it does not work", func() bool { return h.wrote("your own web address does not work") })
	owner.fill(t, page, page+"/remove", nil)
	if a := away.get(t, "/"); a.status != http.StatusMisdirectedRequest {
		t.Errorf("a name that was given up: %d", a.status)
	}
}

// anotherClinic opens a second clinic and answers the name of its page.
func (h *opened) anotherClinic(t *testing.T) string {
	t.Helper()
	c, err := h.Clinics.Get(t.Context(), h.Owner)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Profile()
	p.Name = "Moonlight Clinic"
	if _, err := h.Clinics.Open(t.Context(), accounts.Operator(), clinics.Opening{Slug: "moonlight", Profile: p}); err != nil {
		t.Fatal(err)
	}
	return "moonlight"
}

// wrote says whether a message that went out holds the words.
func (h *opened) wrote(words string) bool {
	for _, m := range h.Outbox.List() {
		if strings.Contains(m.Subject+"\n"+m.Text, words) {
			return true
		}
	}
	return false
}

// TestANameThatIsNobodys: a name that nobody has shows nothing, other names of the deployment lead to its first, and whose name a request is for is
// believed of our own proxies alone.
func TestANameThatIsNobodys(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-domain-pages")
	said := func(w http.ResponseWriter, r *http.Request) {
		if at, own := web.AtHost(r); own {
			w.Header().Set("X-Clinic", at.Host)
		}
		_, _ = w.Write([]byte("shown " + r.URL.Path))
	}
	mux := http.NewServeMux()
	for _, pattern := range []string{"/", "GET /app", "GET /c/{slug}", "GET /c/{slug}/privacy", "POST /c/{slug}/book", "GET /m/{token}", "GET /healthz", "POST /sign-in", "GET /sign-in"} {
		mux.HandleFunc(pattern, said)
	}
	c := Config{PublicURL: "https://clinic.example.org", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	c.Names = []string{"clinic.example.org", "www.example.org"}
	named, err := newHosts(c, mux, func(_ context.Context, host string) (id.ID, string, error) {
		if host == ownName {
			return id.ID{1}, "sunrise", nil
		}
		return id.Zero, "", fault.Missing()
	})
	if err != nil {
		t.Fatal(err)
	}
	h := guard(named, true, clock.System{}, silent(), nil, nil)
	for _, x := range []struct {
		method, host, path, forwarded, from string
		status                              int
		want                                string // what is shown, or where it leads
	}{
		{"GET", "clinic.example.org", "/app", "", "", 200, "shown /app"},
		{"GET", "CLINIC.example.org.:443", "/app", "", "", 200, "shown /app"},
		{"GET", "www.example.org", "/c/sunrise", "", "", 200, "shown /c/sunrise"},
		{"GET", "www.example.org", "/app?x=1", "", "", 307, "https://clinic.example.org/app?x=1"},
		{"POST", "www.example.org", "/sign-in", "", "", 421, ""},
		{"GET", "evil.example", "/c/sunrise", "", "", 421, ""},
		{"GET", "clinic.example.org.evil.example", "/", "", "", 421, ""},
		{"GET", "192.0.2.7", "/c/sunrise", "", "", 421, ""},
		{"GET", "", "/c/sunrise", "", "", 421, ""},
		{"GET", "evil.example", "/healthz", "", "", 200, "shown /healthz"},
		{"GET", "127.0.0.1:8080", "/app", "", "", 200, "shown /app"},
		{"GET", ownName, "/", "", "", 200, "shown /c/sunrise"},
		{"GET", ownName + ":443", "/privacy", "", "", 200, "shown /c/sunrise/privacy"},
		{"POST", ownName, "/book", "", "", 200, "shown /c/sunrise/book"},
		{"GET", ownName, "/m/abc", "", "", 200, "shown /m/abc"},
		{"GET", ownName, "/app", "", "", 307, "https://clinic.example.org/app"},
		{"POST", ownName, "/sign-in", "", "", 421, ""},
		{"GET", "evil.example", "/app", "clinic.example.org", "203.0.113.5:9", 421, ""},
		{"GET", "clinic.example.org", "/", ownName, "203.0.113.5:9", 200, "shown /"},
		{"GET", "almirah:8080", "/", ownName, "10.1.2.3:9", 200, "shown /c/sunrise"},
		{"GET", "clinic.example.org", "/app", "a.example, clinic.example.org", "10.1.2.3:9", 200, "shown /app"},
	} {
		r := httptest.NewRequest(x.method, "http://x"+x.path, nil)
		r.Host = x.host
		if x.forwarded != "" {
			r.Header.Set("X-Forwarded-Host", x.forwarded)
			r.RemoteAddr = x.from
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Body.String()
		if w.Code == 307 {
			got = w.Header().Get("Location")
		}
		if w.Code != x.status || x.want != "" && got != x.want || x.status == 421 && (strings.Contains(got, "shown") || strings.Contains(got, "example")) {
			t.Errorf("%s %s%s (forwarded %q): %d %q, want %d %q", x.method, x.host, x.path, x.forwarded, w.Code, got, x.status, x.want)
		}
		want := "max-age=63072000; includeSubDomains"
		if w.Header().Get("X-Clinic") != "" || strings.HasPrefix(x.host, ownName) {
			want = "max-age=31536000" // nothing is said of the clinic's other names
		}
		if got := w.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s%s: HSTS %q, want %q", x.host, x.path, got, want)
		}
	}
	r := httptest.NewRequest("GET", "http://x/", nil)
	r.Host, r.URL.Path, r.RequestURI = ownName, "//evil.example/app", "//evil.example/app"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.HasPrefix(to, "http") && !strings.HasPrefix(to, "https://clinic.example.org/") {
		t.Errorf("leads to %q", to)
	}
}
