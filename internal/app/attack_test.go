package app

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/api"
	"almirah/internal/clock"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
)

// ears keep what the house logs.
type ears struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (e *ears) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all.Write(b)
}

func (e *ears) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all.String()
}

// raw sends a request as no browser would: with any method, host and headers, and to an address that nobody tidies.
func (p *place) raw(t *testing.T, v *visitor, method, target, host string, head map[string]string) answered {
	t.Helper()
	r, err := http.NewRequest(method, p.h.Server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := r.URL.Host
	r.URL = &url.URL{Scheme: "http", Host: at, Opaque: target}
	if host != "" {
		r.Host = host
	}
	for k, x := range head {
		if x != "" {
			r.Header.Set(k, x)
		}
	}
	if v != nil {
		for name, x := range v.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: x})
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: time.Minute}
	res, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{res.StatusCode, res.Header, string(b), res.Cookies()}
}

// looks are all addresses that can be looked at, with what stands there in this clinic.
func (p *place) looks() (out []struct{ pattern, path string }) {
	for _, r := range web.Routes() {
		if strings.HasPrefix(r.Pattern, "GET ") && !strings.HasSuffix(r.Pattern, "/live") {
			_, path, fields := request{r.Pattern, p, nil}.target()
			if len(fields) > 0 {
				path += "?" + fields.Encode()
			}
			out = append(out, struct{ pattern, path string }{r.Pattern, path})
		}
	}
	for _, r := range api.Routes() {
		if method, path, _ := strings.Cut(r.Pattern, " "); method == "GET" {
			path = strings.NewReplacer("{slug}", p.slug, "{provider}", "whatsapp", "{channel}", p.ids["gateway"]).Replace(path)
			out = append(out, struct{ pattern, path string }{r.Pattern, path})
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/operate", "/nothing", "/api/nothing", "/api/v1/nothing", web.AssetPath, web.AssetPath + "nothing.js"} {
		out = append(out, struct{ pattern, path string }{path, path})
	}
	return out
}

// TestSiblingRoutes attacks every route in the same way, so that a hole that was closed in one place is not open in its neighbour. The list of routes is the
// house's own: what is added is attacked by itself. docs/attacks.md says which class of weakness each part is about.
func TestSiblingRoutes(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "roles-and-rights", "essential-cookies")
	log := &ears{}
	a, b := twoPlacesLogging(t, store.SQLite, slog.New(slog.NewJSONHandler(log, nil)))
	all := a.looks()
	if len(all) < 150 {
		t.Fatalf("only %d addresses can be looked at", len(all))
	}
	part := func(name string, try func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // they share the house, and one compares what it holds
			try(t)
		})
	}
	part("answers-are-fenced", func(t *testing.T) { a.fenced(t, all) })
	part("host-is-not-believed", func(t *testing.T) { a.hosts(t, all) })
	part("redirects-stay-here", func(t *testing.T) { a.redirects(t, all) })
	part("paths-lead-nowhere", func(t *testing.T) { a.paths(t) })
	part("known-methods-only", func(t *testing.T) { a.methods(t, b, all) })
	part("unknown-fields-change-nothing", func(t *testing.T) { a.fields(t, b) })
	part("bombs-are-refused", func(t *testing.T) { a.bombs(t) })
	part("refusals-are-logged", func(t *testing.T) { a.refusals(t, log) })
	part("signing-out-clears", func(t *testing.T) {
		v := a.h.signIn(t, a.h.roleMail(t, access.FrontDesk))
		v.page(t, "/app/me")
		if got := v.post(t, "/sign-out", url.Values{}).head.Get("Clear-Site-Data"); got != `"cache"` {
			t.Errorf("after signing out the browser is told to forget %q", got)
		}
	})
}

// fenced holds every answer of every kind against what each must say to a browser.
func (p *place) fenced(t *testing.T, all []struct{ pattern, path string }) {
	kinds := map[string]int{}
	may := []string{web.AssetPath, "/c/" + p.slug + "/logo", "/c/" + p.slug + "/brand.css", "/api/v1/openapi.json", "/robots.txt", "/favicon.ico", "/.well-known/security.txt"} // nobody's data
	for _, one := range all {
		got := p.owner.get(t, one.path)
		kind := strings.SplitN(got.head.Get("Content-Type"), ";", 2)[0]
		kinds[kind]++
		policy := got.head.Get("Content-Security-Policy")
		for _, part := range []string{"frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: its content policy lacks %s: %q", one.pattern, part, policy)
			}
		}
		if !strings.Contains(policy, "default-src 'none'") && !strings.Contains(policy, "sandbox") {
			t.Errorf("%s: its content policy lets something load: %q", one.pattern, policy)
		}
		for name := range got.head {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: lets other origins read: %s", one.pattern, name)
			}
		}
		if (strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "xml")) && kind != "text/event-stream" && !strings.Contains(strings.ToLower(got.head.Get("Content-Type")), "charset=utf-8") && len(got.body) > 0 {
			t.Errorf("%s: %s does not say its charset", one.pattern, got.head.Get("Content-Type"))
		}
		cached := slices.ContainsFunc(may, func(x string) bool { return strings.HasPrefix(one.path, x) })
		if keep := got.head.Get("Cache-Control"); !cached && got.status < 300 && !strings.Contains(keep, "no-store") && kind != "" && (strings.HasPrefix(one.path, "/app") || strings.HasPrefix(one.path, "/m/") || strings.HasPrefix(one.path, "/r/") || strings.HasPrefix(one.path, "/api/")) {
			t.Errorf("%s: can be kept by a cache: %q", one.pattern, keep)
		}
	}
	for _, kind := range []string{"text/html", "application/json", "application/problem+json", "application/pdf", "text/csv", "text/calendar", "text/plain"} {
		if kinds[kind] == 0 {
			t.Errorf("no answer is %s: %v", kind, kinds)
		}
	}
	for from, want := range map[string]string{"same-origin": "gzip", "none": "gzip", "cross-site": "", "same-site": "", "": ""} {
		if got := p.raw(t, p.owner, "GET", "/app/day", "", map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": from}); got.head.Get("Content-Encoding") != want {
			t.Errorf("a page that is asked for from %q is packed as %q", from, got.head.Get("Content-Encoding"))
		}
	}
	w := httptest.NewRecorder()
	guard(http.NotFoundHandler(), true, clock.NewFake(morning), silent(), nil, nil).ServeHTTP(w, httptest.NewRequest("GET", "/nothing", nil))
	if got := w.Header().Get("Strict-Transport-Security"); got != "max-age=63072000; includeSubDomains" {
		t.Errorf("over HTTPS: Strict-Transport-Security is %q", got)
	}
}

// hosts says in every way that a request can that the house is called otherwise.
func (p *place) hosts(t *testing.T, all []struct{ pattern, path string }) {
	const evil = "evil.example"
	head := map[string]string{"X-Forwarded-Host": evil, "X-Forwarded-Server": evil, "X-Original-Host": evil, "Forwarded": "host=" + evil, "X-Host": evil, "X-Forwarded-Proto": "https", "X-Original-URL": "/app/audit", "X-Rewrite-URL": "/app/audit",
		"Referer": "https://" + evil + "/x"}
	for _, one := range all {
		if got := p.raw(t, p.owner, "GET", one.path, evil, head); got.status >= 500 && one.path != "/readyz" || strings.Contains(got.body, evil) || strings.Contains(got.head.Get("Location"), evil) {
			t.Errorf("%s believes the host that it is asked for: %s, to %q", one.pattern, got, got.head.Get("Location"))
		}
	}
}

// redirects asks every page to lead somewhere else.
func (p *place) redirects(t *testing.T, all []struct{ pattern, path string }) {
	led := 0
	for _, one := range all {
		for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/%2f%2fevil.example", "/\t/evil.example", "javascript:alert(1)"} {
			q := url.Values{}
			for _, name := range []string{"next", "back", "to", "return", "url", "redirect", "done", "lang"} {
				q.Set(name, to)
			}
			sep := "?"
			if strings.Contains(one.path, "?") {
				sep = "&"
			}
			for _, v := range []*visitor{p.owner, nil} {
				if v != nil && to != "//evil.example" { // one is enough for the owner: the rest are for who has to sign in first
					continue
				}
				got := p.raw(t, v, "GET", one.path+sep+q.Encode(), "", nil)
				where := got.head.Get("Location")
				if where == "" {
					continue
				}
				led++
				u, err := url.Parse(where)
				if err != nil || u.Host != "" && u.Host != strings.TrimPrefix(p.h.Server.URL, "http://") || u.Scheme == "javascript" || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\t") {
					t.Errorf("%s with %q leads to %q", one.pattern, to, where)
				}
			}
		}
	}
	if led < 100 {
		t.Errorf("only %d answers led anywhere", led)
	}
}

// paths puts the way up into every place of a path that a route leaves open.
func (p *place) paths(t *testing.T) {
	tries := []string{"..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%252f..%252fetc%252fpasswd", "..%5c..%5cetc%5cpasswd", "%c0%ae%c0%ae%2fetc%2fpasswd", "x%00.png", "%2fetc%2fpasswd"}
	tried := 0
	look := func(pattern, path string) {
		tried++
		if got := p.raw(t, p.owner, "GET", path, "", nil); got.status >= 500 || strings.Contains(got.body, "root:x:") || strings.Contains(got.body, "<pre>\n<a href=") {
			t.Errorf("%s: %s is answered with %s", pattern, path, got)
		}
	}
	for _, r := range web.Routes() {
		method, shape, _ := strings.Cut(r.Pattern, " ")
		if method != "GET" || strings.HasSuffix(shape, "/live") {
			continue
		}
		_, own, _ := request{r.Pattern, p, nil}.target()
		want, parts := strings.Split(shape, "/"), strings.Split(own, "/")
		for i := range want {
			if !strings.HasPrefix(want[i], "{") || want[i] == "{$}" || i >= len(parts) {
				continue
			}
			for _, x := range tries {
				there := slices.Clone(parts)
				there[i] = x
				look(r.Pattern, strings.Join(there, "/"))
			}
		}
	}
	for _, x := range append(tries, "", ".", "..", "../../go.mod", "css/", "js/") {
		look("the assets", web.AssetPath+x)
	}
	if tried < 200 {
		t.Errorf("only %d paths were tried", tried)
	}
}

// methods asks with methods that no route has.
func (p *place) methods(t *testing.T, other *place, all []struct{ pattern, path string }) {
	before := p.h.state(t, p.who, other.who)
	for _, one := range all {
		for _, m := range []string{"TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "ZQX"} {
			got := p.raw(t, p.owner, m, one.path, "", map[string]string{"X-Zqx": "echo"})
			if got.status < 400 || got.status >= 500 && got.status != http.StatusNotImplemented || strings.Contains(got.body, "echo") {
				t.Errorf("%s %s: %s", m, one.path, got)
			}
		}
	}
	if now := p.h.state(t, p.who, other.who); len(differs(before, now)) > 0 {
		t.Errorf("a method that no route has changes %v", differs(before, now))
	}
}

// fields sends with every form the names of all columns that there are, and every field once more in the address.
func (p *place) fields(t *testing.T, other *place) {
	var columns []string
	for _, x := range Holdings() {
		for _, c := range x.Columns {
			if !slices.Contains(columns, c.Name) {
				columns = append(columns, c.Name)
			}
		}
	}
	if len(columns) < 200 {
		t.Fatalf("only %d columns", len(columns))
	}
	// What none of these forms may touch.
	kept := []string{"membership", "session", "authenticator", "clinic_module", "support_grant", "connection", "agreement"}
	guarded := func() map[string]string {
		out := map[string]string{}
		for table, sum := range p.h.state(t, p.who, other.who) {
			if strings.HasPrefix(table, "clinic 2: ") || slices.ContainsFunc(kept, func(k string) bool { return strings.HasSuffix(table, k) }) {
				out[table] = sum
			}
		}
		return out
	}
	before := guarded()
	if len(before) < 20 {
		t.Fatalf("only %d tables are guarded", len(before))
	}
	for _, f := range p.naughtyForms(t) {
		v := p.owner
		if f.anyone {
			v = p.h.visitor()
		}
		form := v.page(t, f.page).form(t, f.action)
		for k, x := range f.set {
			form[k] = slices.Clone(x)
		}
		if f.fresh != nil {
			f.fresh(form)
		}
		twice := url.Values{}
		for k := range form {
			if k != "csrf" {
				twice.Set(k, "zqxtwice")
			}
		}
		for _, c := range columns {
			if form.Has(c) {
				continue
			}
			switch {
			case c == "role" || c == "kind":
				form.Set(c, "owner")
			case c == "clinic_id" || c == "clinic":
				form.Set(c, other.ids["clinic"])
			case strings.HasSuffix(c, "_at"):
				form.Set(c, "1")
			default:
				form.Set(c, other.ids["patient"])
			}
		}
		got := v.submit(t, f.action+"?"+twice.Encode(), form)
		if got.status >= 500 || strings.Contains(got.body, `value="zqxtwice"`) {
			t.Errorf("%s with fields that nobody asked for: %s", f.name, got)
		}
		if to := got.head.Get("Location"); to != "" && strings.Contains(v.get(t, to).body, "zqxtwice") {
			t.Errorf("%s took a field from the address", f.name)
		}
		if now := guarded(); len(differs(before, now)) > 0 {
			t.Errorf("%s with fields that nobody asked for changes %v", f.name, differs(before, now))
			before = now
		}
	}
}

// bombs are small to send and large to read.
func (p *place) bombs(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 32<<20)) // a buffer takes everything
	_ = z.Close()
	nested := strings.Repeat(`{"patient":`, 5000) + "1" + strings.Repeat("}", 5000)
	path := "/api/v1/clinics/" + p.slug + "/bookings"
	for name, try := range map[string]struct {
		body string
		head map[string]string
	}{
		"nested objects":         {nested, map[string]string{"Content-Type": "application/json"}},
		"nested lists":           {`{"consents":` + strings.Repeat("[", 30000), map[string]string{"Content-Type": "application/json"}},
		"a packed body":          {packed.String(), map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}},
		"a number without end":   {`{"service":` + strings.Repeat("9", 60000) + `}`, map[string]string{"Content-Type": "application/json"}},
		"a body that is too big": {`{"note":"` + strings.Repeat("x", 1<<20) + `"}`, map[string]string{"Content-Type": "application/json"}},
	} {
		begun := time.Now()
		got := p.h.visitor().send(t, "POST", path, strings.NewReader(try.body), with(try.head, "Idempotency-Key", "bomb "+name))
		if got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %s", name, got)
		}
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("%s: read for %s", name, took)
		}
		for _, r := range []string{"whatsapp", "razorpay", "twilio"} {
			if got := p.h.visitor().send(t, "POST", "/hooks/"+r+"/"+p.ids["gateway"], strings.NewReader(try.body), try.head); got.status < 400 || got.status >= 500 {
				t.Errorf("%s to %s: %s", name, r, got)
			}
		}
	}
	form := url.Values{}
	for i := range 20000 {
		form.Set("f"+strings.Repeat("x", i%7)+time.Duration(i).String(), "1")
	}
	if got := p.owner.submit(t, "/app/me", form); got.status >= 500 {
		t.Errorf("a form of twenty thousand fields: %s", got)
	}
}

// refusals: who wanted what she may not is in the log, by her id and not by her name.
func (p *place) refusals(t *testing.T, log *ears) {
	v := p.h.signIn(t, p.h.roleMail(t, access.FrontDesk))
	in, err := p.h.Accounts.Session(t.Context(), v.cookies[web.SessionCookie])
	if err != nil {
		t.Fatal(err)
	}
	if got := v.get(t, "/app/audit"); got.status != http.StatusForbidden {
		t.Fatalf("the front desk at the log: %s", got)
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, `"msg":"refused"`) && strings.Contains(line, `"route":"GET /app/audit"`) && strings.Contains(line, in.Person.ID.String()) && strings.Contains(line, p.ids["clinic"]) {
			if strings.Contains(line, in.Person.Name) || strings.Contains(line, "@") {
				t.Errorf("the line names the person: %s", line)
			}
			return
		}
	}
	t.Error("the log does not hold that somebody was refused")
}

// TestTheCrawlSeesWhatGotOut keeps the crawl with naughty strings honest: what it looks for, it finds.
func TestTheCrawlSeesWhatGotOut(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`<p>Zoya <script>zqx()</script>`, `<zqxelement>`, `<input value="Zoya" zqxattribute="1">`, `<a href=" JavaScript:zqx()">x</a>`, `<!-- zqx -->`, `<p onfocus="zqx()">`, `<style>zqx</style>`} {
		if len(gotOut(t, body)) == 0 {
			t.Errorf("nothing was found in %s", body)
		}
	}
	if got := gotOut(t, `<p title="&lt;script>zqx()">Zoya &lt;zqxelement&gt; javascript:zqx()</p><input value="&quot; zqxattribute=1">`); len(got) > 0 {
		t.Errorf("text that is text is taken for more: %v", got)
	}
}
