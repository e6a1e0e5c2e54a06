package app

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"almirah/internal/messaging"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
	"almirah/internal/web"
)

// typed are what somebody types who wants it to run in somebody else's browser or spreadsheet. Where one is taken for
// more than text, it calls zqx, or becomes an element or an attribute whose name begins with zqx.
// The last one stays where each takes the place of the one before.
var typed = []string{
	`=HYPERLINK("https://zqx.example","Zoya")`,
	`＝zqx() Zoya`,
	`javascript:zqx()//</textarea></title></option></select><zqxelement>`,
	`Zoya" onfocus="zqx()" autofocus onmouseover="zqx()" zqxattribute="`,
	`Zoya"'><img src=x onerror=zqx()><svg onload=zqx()><script>zqx()</script><zqxelement zqxattribute=1>`,
}

// openForm is a form that the house shows somewhere, with the fields of it that take text.
type openForm struct {
	page, action, pattern string // pattern is the route that takes it
	who                   *visitor
	fields                []string
}

// hostileTour walks the house as a person does: from every page of the route list along the links in it. Pages and forms
// that are added later are found by themselves.
type hostileTour struct {
	*place
	mux   *http.ServeMux
	seen  map[string]bool
	pages []string
	files map[string]answered // what is no page, by address
	forms map[string]openForm
	found map[string]bool // the routes to which some form or button posts
	apart *visitor        // the owner once more: who opens another clinic is in that one from then on
	above *visitor        // the operator
	kinds map[string]int  // how many addresses without an id were looked at for a route
	alone map[string]bool // pages that are looked at whatever the tour saw of their kind
	whose map[string]*visitor
}

func (p *place) hostileTour(t *testing.T, more []reached) *hostileTour {
	t.Helper()
	r := &hostileTour{place: p, mux: http.NewServeMux(), seen: map[string]bool{}, files: map[string]answered{}, forms: map[string]openForm{}, found: map[string]bool{}, kinds: map[string]int{}, alone: map[string]bool{}, whose: map[string]*visitor{}, apart: p.h.visitor()}
	r.above = p.h.signIn(t, demoHelpers[1].email)
	r.apart.email = p.owner.email
	r.apart.signInWith(t, demoPassword)
	for _, one := range web.Routes() {
		r.mux.HandleFunc(one.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	var queue []string
	for _, one := range web.Routes() {
		if !strings.HasPrefix(one.Pattern, "GET ") || strings.HasSuffix(one.Pattern, "/live") {
			continue
		}
		_, path, fields := request{one.Pattern, p, nil}.target()
		queue = append(queue, path)
		if len(fields) > 0 {
			queue = append(queue, path+"?"+fields.Encode())
		}
	}
	queue = append(queue, "/m/"+p.been+"/review?again=1", p.h.letter(t, "waiting@"+p.slug+".example.org", "/invitation"))
	queue = append(queue, p.owner.post(t, "/app/seek", url.Values{"to": {"/app/inbox/" + p.ids["thread"]}, "find": {"asha"}}).head.Get("Location"))
	for _, x := range more {
		queue = append(queue, x.path)
		r.alone[x.path], r.whose[x.path] = true, x.who
	}
	for len(queue) > 0 {
		path := queue[0]
		queue = append(queue[1:], r.look(t, path)...)
	}
	return r
}

// pattern is the route behind an address.
func (r *hostileTour) pattern(method, path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		return ""
	}
	_, pattern := r.mux.Handler(&http.Request{Method: method, URL: u, Host: "localhost"})
	return pattern
}

// visitorFor is who opens the address: strangers open what is public.
func (r *hostileTour) visitorFor(path string) *visitor {
	switch {
	case r.whose[path] != nil:
		return r.whose[path]
	case strings.HasPrefix(path, "/app"):
		return r.owner
	case strings.HasPrefix(path, "/platform"):
		return r.above
	case strings.HasPrefix(path, "/choose-clinic"), strings.HasPrefix(path, "/open-clinic"):
		return r.apart
	}
	return r.h.visitor()
}

// look opens a page, notes the forms in it, and answers where its links lead that was not seen yet.
func (r *hostileTour) look(t *testing.T, path string) (next []string) {
	t.Helper()
	pattern := r.pattern("GET", path)
	if pattern == "" || strings.HasSuffix(pattern, "/live") || strings.Contains(pattern, "{path...}") {
		return nil
	}
	state := pattern
	if u, err := url.Parse(path); err == nil && !hasID.MatchString(path) && strings.Contains(pattern, "{") && r.kinds[pattern] < 4 {
		state = u.Path // one of a few kinds, such as the texts that a clinic signs
		if !r.seen[state] {
			r.kinds[pattern]++
		}
	}
	for key, values := range queryOf(path) { // another question is another page; another answer mostly is not
		state += "&" + key
		if key == "again" || key == "edit" || key == "kind" || key == "channel" || key == "box" {
			state += "=" + values[0]
		}
	}
	parts := strings.Split(state, "&")
	sort.Strings(parts)
	if state = strings.Join(parts, "&"); r.alone[path] {
		state = "alone " + path
	}
	if r.seen[state] {
		return nil
	}
	r.seen[state] = true
	v := r.visitorFor(path)
	a := v.get(t, path)
	if a.status >= 500 {
		t.Errorf("GET %s: %s", path, a)
	}
	if !strings.HasPrefix(a.head.Get("Content-Type"), "text/html") {
		if a.status == http.StatusOK {
			r.files[path] = a
		}
		return nil
	}
	clean(t, "GET "+path, a.body)
	if a.status >= 400 {
		return nil
	}
	if to := a.head.Get("Location"); to != "" {
		return []string{to}
	}
	r.pages = append(r.pages, path)
	r.note(t, path, v, a.body)
	walkLinks(t, a.body, func(to string) {
		if strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
			next = append(next, strings.SplitN(to, "#", 2)[0])
		}
	})
	return next
}

// note keeps the forms of a page that take text.
func (r *hostileTour) note(t *testing.T, path string, v *visitor, body string) {
	t.Helper()
	walk(parsed(t, body), func(n *html.Node) {
		method, _ := attr(n, "method")
		if n.Type != html.ElementNode || n.Data != "form" || !strings.EqualFold(method, "post") {
			return
		}
		f := openForm{page: path, who: v}
		f.action, _ = attr(n, "action")
		f.pattern = r.pattern("POST", f.action)
		r.found[f.pattern] = true
		walk(n, func(x *html.Node) {
			if to, ok := attr(x, "formaction"); ok {
				r.found[r.pattern("POST", to)] = true
			}
			kind, _ := attr(x, "type")
			name, named := attr(x, "name")
			if named && (x.Data == "textarea" || x.Data == "input" && !slices.Contains([]string{"hidden", "checkbox", "radio", "submit", "button", "file", "password", "image"}, kind)) && !slices.Contains(f.fields, name) {
				f.fields = append(f.fields, name)
			}
		})
		sort.Strings(f.fields)
		key := f.pattern + " " + strings.Join(f.fields, " ")
		if _, known := r.forms[key]; !known && len(f.fields) > 0 && f.pattern != "" {
			r.forms[key] = f
		}
	})
}

var hasID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-|/m/|/c/`)

// elsewhere are the routes to which no page of the tour posts, with the reason.
var elsewhere = map[string]string{
	"POST /setup":                         "stands there until the first owner has come in",
	"POST /sign-in/second":                "before the sign-in; it takes a code of six digits, a recovery code or a passkey's answer, and shows none of it again",
	"POST /sign-in/passkey/ask":           "asked by a script; it takes no text",
	"POST /second-factor/app/begin":       "it takes no text",
	"POST /second-factor/app":             "it takes a code of six digits, and shows it nowhere",
	"POST /second-factor/passkey/begin":   "asked by a script; it takes no text",
	"POST /second-factor/passkey":         "sent with a browser's own answer; TestPasskeyInABrowser gives the name",
	"POST /confidentiality":               "it takes no text",
	"POST /terms/changed":                 "stands there once the terms of use changed; it takes no text",
	"POST /second-factor/codes":           "it takes no text",
	"POST /second-factor/{factor}/remove": "it takes no text",
	"POST /prove/ask":                     "asked by a script; it takes no text",
	"POST /prove":                         "it takes a code of six digits, a recovery code or a passkey's answer, and hands on what another form held, which that form's own route shows",
	"POST /app/settings/backups/release":  "stands there after a restore; it takes no text",
	"POST /platform/incidents/{id}/tell":  "stands there where a processor is named; it takes no text",
	"POST /platform/leave":                "stands over a clinic's pages while somebody of the platform looks at them under a grant; it takes no text",
	"POST /platform/vendors":              "stands there where the house reaches a company; vendors_test writes records",
	"POST /app/settings/export/release":   "stands there in a clinic that arrived from another house; it takes no text",
	"POST /app/settings/import/{id}/take": "stands there once a list was looked over; it takes no text",
	"POST /app/settings/import/{id}/undo": "stands there once a list was brought in; it takes no text",
	"POST /app/settings/domain/check":     "stands there once a name is claimed; it takes no text",
	"POST /app/settings/domain/remove":    "stands there once a name is claimed; it takes no text",
	"POST /app/patients/{id}/guardian":    "stands there beside a guardian of somebody who came of age; it takes no text",
	"POST /app/patients/{id}/hold":        "stands there while no hold keeps the record, and one keeps it; the room's tests try its texts",
	"POST /app/disclosures/{id}/file":     "stands there once somebody agreed; it takes no text",
	"POST /app/disclosures/{id}/told":     "stands there once it was given; it takes no text",
	"POST /app/requests/{id}/longer":      "stands there where the law of the clinic knows a longer time, which that of the demo does not; TestTakenLonger gives the reason",
	"POST /m/{token}/data/code":           "takes a code of six digits, and shows it nowhere",
	"POST /app/requests/{id}/identify":    "stands there once a patient was looked for; it takes no text",
	"POST /app/requests/{id}/confirmed":   "stands there where nothing is on file; it takes no text",
	"POST /app/inbox/{thread}/request":    "stands beside a conversation whose patient is known; it takes no text",
	"POST /app/requests/{id}/told":        "stands there where nothing is on file; it takes no text",
	"POST /app/incidents/{id}/confirm":    "stands there before it is confirmed; it takes no text",
	"POST /app/incidents/{id}/notify":     "stands there once it is decided; it takes no text",
	"POST /app/incidents/{id}/told":       "stands there once it is decided; it takes no text",
	"POST /app/incidents/{id}/sign":       "stands there once it is closed; it takes no text",
	"POST /app/search":                    "the search of a script; TestNaughtyStrings types into it",
	"POST /app/codes":                     "the search of a script; it is answered with codes of the list alone",
}

// complete holds that the tour finds the forms of every route, and of none that is listed as being elsewhere; a module that is off in the clinic has none.
func (r *hostileTour) complete(t *testing.T) {
	t.Helper()
	c, err := r.h.Clinics.Get(t.Context(), r.who)
	if err != nil {
		t.Fatal(err)
	}
	routes := map[string]bool{}
	for _, one := range web.Routes() {
		if !strings.HasPrefix(one.Pattern, "POST ") || one.Module != "" && !c.Has(one.Module) {
			continue
		}
		routes[one.Pattern] = true
		switch _, known := elsewhere[one.Pattern]; {
		case !known && !r.found[one.Pattern]:
			t.Errorf("%s: no page shows its form: let the place of place_test.go, or reach, hold what shows it, or say in elsewhere why there is none", one.Pattern)
		case known && r.found[one.Pattern]:
			t.Errorf("%s: a page shows its form: take it out of elsewhere", one.Pattern)
		}
	}
	for pattern := range elsewhere {
		if !routes[pattern] {
			t.Errorf("%s is no route of the clinic: take it out of elsewhere", pattern)
		}
	}
}

// last are the words of addresses after which something is no longer there.
var last = regexp.MustCompile(`/(delete|cancel|credit|end|retire|revoke|remove|close|leave|sign-out|merge|scope|links)$`)

// inOrder are the forms, those that take something away behind the others.
func (r *hostileTour) inOrder() (out []openForm) {
	keys := make([]string, 0, len(r.forms))
	for k := range r.forms {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, away := range []bool{false, true} {
		for _, k := range keys {
			if last.MatchString(r.forms[k].action) == away {
				out = append(out, r.forms[k])
			}
		}
	}
	return out
}

// fill sends the form once for each text in each field; it answers in how many fields a text was taken.
func (r *hostileTour) fill(t *testing.T, f openForm) (tried, taken int) {
	t.Helper()
	for n, field := range f.fields {
		refused := 0
		for i, text := range typed {
			if short := os.Getenv("ALMIRAH_SOAK") != "1"; short && refused >= 2 && i < len(typed)-1 {
				continue // a number or a time: it takes no text at all
			} else if short && (n+i)%len(typed) > len(typed)/2 {
				continue // the short form tries half of the texts in each field, in turns
			}
			a := f.who.get(t, f.page)
			var form url.Values
			for _, x := range formsIn(t, a.body) {
				_, has := x.values[field]
				if x.method == "POST" && x.action == f.action && has {
					form = x.values
					break
				}
			}
			if form == nil {
				break // what the form was about is gone
			}
			for name, values := range r.right(f.pattern) {
				if form.Get(name) == "" {
					form[name] = values
				}
			}
			form.Set(field, text)
			tried++
			got := f.who.submit(t, f.action, form)
			where := fmt.Sprintf("%s with %.20q as %s", f.pattern, text, field)
			if got.status >= 500 {
				t.Errorf("%s: %s", where, got)
			}
			clean(t, where, got.body)
			if got.status >= 400 {
				refused++
			} else {
				taken++
				if to := got.head.Get("Location"); to != "" {
					if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
						t.Errorf("%s: leads away, to %q", where, to)
						continue
					}
					next := f.who.get(t, to)
					if next.status >= 500 {
						t.Errorf("%s, the page after it: %s", where, next)
					}
					clean(t, where+", the page after it", next.body)
				}
			}
		}
	}
	return tried, taken
}

// right are the values that the sweep knows for a form, for fields that the page leaves empty.
func (r *hostileTour) right(pattern string) url.Values {
	_, _, fields := request{pattern, r.place, nil}.target()
	delete(fields, "csrf")
	delete(fields, "version")
	return fields
}

// TestHostileTextRunsNothing types what should run into every text field of every form that the house shows, whoever may
// send it, and then opens every page, print, paper, sheet and mail in a browser that tells when something runs.
func TestHostileTextRunsNothing(t *testing.T) {
	t.Parallel()
	a, _ := twoPlacesSet(t, store.SQLite, silent(), Options{Wrap: func(c messaging.Carrier) messaging.Carrier { return unsure{c} }}, planned)
	chromium := browser.Start(t)
	more := a.reach(t)
	tour := a.hostileTour(t, more)
	tour.complete(t)
	tried, taken, fields := 0, 0, 0
	for _, f := range tour.inOrder() {
		n, k := tour.fill(t, f)
		tried, taken, fields = tried+n, taken+k, fields+len(f.fields)
		t.Logf("%-70s %d texts in %v, %d taken", f.pattern, n, f.fields, k)
	}
	if len(tour.forms) < 20 || tried < 100 || taken < 30 {
		t.Errorf("%d texts were typed into %d fields of %d forms, and %d taken: the tour does not find the forms any more", tried, fields, len(tour.forms), taken)
	}
	a.back(t)
	if err := a.h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	was := len(a.h.Outbox.List())
	a.h.Fake.Move(4 * time.Minute)
	a.h.until(t, "patients are written to", func() bool { return len(a.h.Outbox.List()) > was })

	shown := a.hostileTour(t, more) // what stands there now
	watchSees(t, chromium)
	x := chromium.Tab(t, 1366, 900)
	x.Watch(t)
	x.Cookie(t, a.h.Server.URL, web.SessionCookie, a.owner.cookies[web.SessionCookie])
	holding := 0
	sort.SliceStable(shown.pages, func(i, j int) bool { return !ofPlatform(shown.pages[i]) && ofPlatform(shown.pages[j]) })
	above := false
	for i, path := range shown.pages {
		if ofPlatform(path) && !above {
			above = true
			x.Cookie(t, a.h.Server.URL, web.SessionCookie, shown.above.cookies[web.SessionCookie])
		}
		if os.Getenv("ALMIRAH_SOAK") != "1" && (int64(i)+time.Now().Unix()/86400)%2 != 0 {
			continue // in the small form one half of the pages today, the other tomorrow
		}
		x.GoTo(t, a.h.Server.URL+path)
		holding += quiet(t, x, path)
		if strings.HasPrefix(path, "/app/day") {
			x.Print(t, true)
			quiet(t, x, path+", printed")
			x.Print(t, false)
		}
	}
	if holding < 10 {
		t.Errorf("only %d of %d pages hold what was typed: it was not taken, or is not shown", holding, len(shown.pages))
	}
	x.Cookie(t, a.h.Server.URL, web.SessionCookie, a.owner.cookies[web.SessionCookie])
	x.GoTo(t, a.h.Server.URL+"/app/day")
	x.WaitFor(t, `document.body.dataset.ready`)
	x.Press(t, "n")
	x.WaitFor(t, `document.activeElement.id==="b-q"`)
	x.Type(t, "zoya")
	x.WaitFor(t, `document.querySelectorAll("#b-hits [role=option]").length>0`)
	quiet(t, x, "the list of hits on the day page")

	letters(t, chromium, a.h)
	for path, f := range shown.files {
		harmlessFile(t, path, f)
	}
	if said := x.Complaints(); len(said) > 0 {
		t.Errorf("the browser complains: %q", said)
	}
}

// ofPlatform says whether a page is one of the people who run the deployment.
func ofPlatform(path string) bool { return strings.HasPrefix(path, "/platform") }

// back brings the owner into her clinic again, wherever a form has led her.
func (p *place) back(t *testing.T) {
	t.Helper()
	if a := p.owner.get(t, "/app"); a.status == http.StatusOK {
		return
	} else if to := a.head.Get("Location"); !strings.HasPrefix(to, "/choose-clinic") {
		t.Logf("/app leads to %s", to)
		clear(p.owner.cookies)
		p.owner.signInWith(t, demoPassword)
	}
	if strings.HasPrefix(p.owner.get(t, "/app").head.Get("Location"), "/choose-clinic") {
		p.owner.page(t, "/choose-clinic")
		p.owner.post(t, "/choose-clinic", url.Values{"clinic": {p.ids["clinic"]}})
	}
	if a := p.owner.get(t, "/app"); a.status != http.StatusOK {
		t.Fatalf("the owner cannot come in again: /app leads to %s", a.head.Get("Location"))
	}
}

// quiet moves over everything on the page and looks whether a text has become more than text. It answers 1 when the page
// holds one that was typed.
func quiet(t *testing.T, x *browser.Tab, where string) int {
	t.Helper()
	before := len(x.Complaints())
	bad := browser.Eval[string](t, x, `(()=>{
		const bad = [];
		for (const e of document.querySelectorAll("*")) {
			if (e.localName.startsWith("zqx")) bad.push("the element " + e.localName);
			for (const a of e.attributes) if (a.name.startsWith("on") || a.name.startsWith("zqx")) bad.push("the attribute " + a.name + " of " + e.localName);
			for (const n of ["href", "src", "action", "formaction"]) if (/^\s*javascript:/i.test(e.getAttribute(n) || "")) bad.push("an address of script in " + n);
			if ((e.localName === "script" || e.localName === "style") && /zqx/i.test(e.textContent)) bad.push("a " + e.localName + " that was typed");
			for (const kind of ["mouseover", "mouseenter", "error"]) e.dispatchEvent(new Event(kind));
			if (e.focus && e.matches("a,button,input,select,textarea,summary")) e.focus({preventScroll: true});
		}
		return bad.slice(0, 5).join("; ");
	})()`)
	if bad != "" {
		t.Errorf("%s: %s", where, bad)
	}
	if said := x.Complaints(); len(said) > before {
		t.Errorf("%s: %q", where, said[before:])
	}
	return browser.Eval[int](t, x, `/zqx/i.test(document.documentElement.outerHTML) ? 1 : 0`)
}

// watchSees proves that the browser tells: of a script that runs, and of one that a policy stops.
func watchSees(t *testing.T, chromium *browser.Browser) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/stopped" {
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
		}
		_, _ = w.Write([]byte("<!doctype html><p>x</p>" + typed[len(typed)-1]))
	}))
	defer server.Close()
	for path, want := range map[string]string{"/runs": "a text ran", "/stopped": "Content Security Policy"} {
		x := chromium.Tab(t, 800, 600)
		x.Watch(t)
		x.GoTo(t, server.URL+path)
		for end := time.Now().Add(20 * time.Second); !strings.Contains(strings.Join(x.Complaints(), " "), want); time.Sleep(25 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the browser does not tell when %s", want)
			}
		}
	}
}

// letters opens every mail in the browser, without any policy that would stop a script in it.
func letters(t *testing.T, chromium *browser.Browser, h *opened) {
	t.Helper()
	var pages []string
	for _, l := range h.Outbox.List() {
		if l.HTML != "" {
			pages = append(pages, l.HTML)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		n := 0
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err == nil && n < len(pages) {
			_, _ = w.Write([]byte(pages[n]))
		}
	}))
	defer server.Close()
	x := chromium.Tab(t, 800, 900)
	x.Watch(t)
	holding := 0
	for i, body := range pages {
		if !strings.Contains(strings.ToLower(body), "zqx") && i > 20 {
			continue
		}
		x.GoTo(t, fmt.Sprintf("%s/%d", server.URL, i))
		holding += quiet(t, x, "a letter")
	}
	if holding == 0 {
		t.Errorf("none of %d letters holds what was typed", len(pages))
	}
}

// harmlessFile looks at what a route hands out that is no page: papers hold no script, sheets no formula.
func harmlessFile(t *testing.T, path string, f answered) {
	t.Helper()
	kind, _, _ := strings.Cut(f.head.Get("Content-Type"), ";")
	switch kind {
	case "application/pdf":
		if !strings.Contains(f.body, "/Producer(Almirah)") { // somebody sent it in: it is handed on as a file, and never shown in a page
			if !strings.HasPrefix(f.head.Get("Content-Disposition"), "attachment") {
				t.Errorf("%s: a paper of somebody else's is shown, and not handed on as a file", path)
			}
			return
		}
		for _, bad := range []string{"/JavaScript", "/JS", "/Launch", "/AA", "/OpenAction", "/URI", "/EmbeddedFile", "/AcroForm"} {
			if regexp.MustCompile(regexp.QuoteMeta(bad) + `\b`).MatchString(f.body) {
				t.Errorf("%s: the paper holds %s", path, bad)
			}
		}
		if _, err := exec.LookPath("pdftotext"); err == nil {
			name := filepath.Join(t.TempDir(), "paper.pdf")
			if err := os.WriteFile(name, []byte(f.body), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("pdftotext", name, "-").CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %.200s", path, err, out)
			}
		}
	case "text/csv":
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix([]byte(f.body), []byte("\ufeff"))))
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if seen := strings.TrimLeft(cell, " \t\r\n\u00a0\u200b\ufeff"); seen != "" && strings.ContainsAny(seen[:1], "=+-@") && !regexp.MustCompile(`^-?\d+(\.\d+)?$`).MatchString(seen) || strings.HasPrefix(seen, "＝") {
					t.Errorf("%s: a cell of the sheet is a formula: %.60q", path, cell)
				}
			}
		}
	case "text/calendar":
		cleanLines(t, path, f.body)
	case "image/svg+xml":
		if strings.Contains(strings.ToLower(f.body), "zqx") {
			t.Errorf("%s: a picture holds what was typed", path)
		}
	case "application/zip":
		if !strings.HasPrefix(f.head.Get("Content-Disposition"), "attachment") || f.head.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: a box of files is not handed on as a file", path)
		}
	case "application/json", "application/jsonl", "text/plain", "text/css", "image/png", "image/jpeg", "image/x-icon", "application/octet-stream":
	default:
		t.Errorf("%s: answers %s, and nobody says how that is looked at: add it to harmlessFile", path, kind)
	}
}
