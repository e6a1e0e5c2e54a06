package web_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"almirah/internal/promise"
	"almirah/internal/web"
	"almirah/internal/web/sample"
	"almirah/internal/words"
)

func views(t *testing.T) (*words.Book, *web.Views) {
	t.Helper()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	v, err := web.NewViews(book, func(name string) string { return "/assets/" + name })
	if err != nil {
		t.Fatal(err)
	}
	return book, v
}

// TestEveryPageInEveryLanguage renders each template empty and full and looks at the result
// the way a browser and a screen reader would.
func TestEveryPageInEveryLanguage(t *testing.T) {
	t.Parallel()
	book, v := views(t)
	for _, l := range words.Languages() {
		pages, err := sample.Pages(book.Tongue(l.Code), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			w := httptest.NewRecorder()
			if err := v.Render(w, 200, p.Template, p.Page); err != nil {
				t.Errorf("%s %s: %v", l.Code, p.Name, err)
				continue
			}
			for _, wrong := range faults(w.Body.Bytes(), w.Body.Len() > 0 && strings.Contains(w.Body.String(), "<!doctype")) {
				t.Errorf("%s %s: %s", l.Code, p.Name, wrong)
			}
			if n := strings.Count(w.Body.String(), `lang="`+l.Code+`" dir="`+l.Dir+`"`); strings.Contains(w.Body.String(), "<html") && n == 0 {
				t.Errorf("%s %s: <html> does not say its language and direction", l.Code, p.Name)
			}
		}
	}
}

// TestNoPageHidesWhatTheFrameAsks: a field of a page that is called as something of the frame would be taken for it. "Error:" stood so before the title of each
// list in which a line was to be corrected, and of the backups when they were off.
func TestNoPageHidesWhatTheFrameAsks(t *testing.T) {
	t.Parallel()
	frame := map[string]bool{}
	shell := reflect.TypeFor[web.Shell]()
	for i := range reflect.PointerTo(shell).NumMethod() {
		frame[reflect.PointerTo(shell).Method(i).Name] = true
	}
	for _, f := range reflect.VisibleFields(shell) {
		frame[f.Name] = true
	}
	layout, err := os.ReadFile("templates/layout.html")
	if err != nil {
		t.Fatal(err)
	}
	for name := range frame {
		frame[name] = regexp.MustCompile(`[ ({$]\.` + name + `\b`).Match(layout)
	}
	book, _ := views(t)
	pages, err := sample.Pages(book.Tongue("en"), "")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	for _, p := range pages {
		kind := reflect.TypeOf(p.Page).Elem()
		if seen[kind] {
			continue
		}
		seen[kind] = true
		for _, f := range reflect.VisibleFields(kind) {
			ofFrame := false
			for i := 1; i < len(f.Index); i++ {
				ofFrame = ofFrame || kind.FieldByIndex(f.Index[:i]).Type == shell
			}
			if frame[f.Name] && !ofFrame {
				t.Errorf("%s.%s hides what the frame calls so", kind, f.Name)
			}
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d kinds of pages were looked at", len(seen))
	}
}

// TestEveryTemplateHasSamples keeps a page from being added without one.
func TestEveryTemplateHasSamples(t *testing.T) {
	t.Parallel()
	book, v := views(t)
	pages, err := sample.Pages(book.Tongue("en"), "")
	if err != nil {
		t.Fatal(err)
	}
	empty, full := map[string]bool{}, map[string]bool{}
	for _, p := range pages {
		if strings.HasSuffix(p.Name, "-bare") {
			empty[p.Template] = true
		} else {
			full[p.Template] = true
		}
	}
	for _, name := range v.PageNames() {
		if !empty[name] || !full[name] {
			t.Errorf("page %s needs an empty and a full sample", name)
		}
	}
	if len(v.PageNames()) < 50 {
		t.Errorf("only %d pages were found", len(v.PageNames()))
	}
}

var key = regexp.MustCompile(`\[[a-z_]+(\.[a-z0-9_-]+)*\.?\]|\[[A-Z][a-z]+\]`)

// faults lists what is wrong with a page.
func faults(raw []byte, whole bool) []string {
	doc, err := html.Parse(bytes.NewReader(raw))
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	bad := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if m := key.Find(raw); m != nil {
		bad("a sentence or a value is missing: %s", m)
	}
	if m := packed.Find(raw); m != nil {
		bad("an address whose whole query is one name: %s", m)
	}
	if strings.Contains(string(raw), "ZgotmplZ") {
		bad("html/template refused a value")
	}
	ids, labels := map[string]int{}, map[string]bool{}
	var inputs, anchors []*html.Node
	h1 := 0
	var walk func(n *html.Node, form *html.Node, labelled bool)
	walk = func(n *html.Node, form *html.Node, labelled bool) {
		if n.Type == html.ElementNode {
			if id := attr(n, "id"); id != "" {
				ids[id]++
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					bad("<%s> has %s=, which the content security policy forbids", n.Data, a.Key)
				}
			}
			switch n.Data {
			case "script":
				if attr(n, "src") == "" {
					bad("an inline script")
				}
			case "style":
				bad("an inline stylesheet")
			case "h1":
				h1++
			case "img":
				if !has(n, "alt") {
					bad("an image without alt")
				}
			case "label":
				labelled = true
				labels[attr(n, "for")] = true
			case "form":
				form = n
				if strings.EqualFold(attr(n, "method"), "post") && !contains(n, "csrf") {
					bad("the form to %s has no CSRF token", attr(n, "action"))
				}
			case "input", "select", "textarea":
				if k := attr(n, "type"); k != "hidden" && !labelled {
					inputs = append(inputs, n)
				}
				if n.Data != "input" || attr(n, "type") != "hidden" {
					if form == nil && !has(n, "form") && !has(n, "data-q") && !has(n, "data-who") && !has(n, "readonly") {
						bad("<%s name=%s> stands in no form", n.Data, attr(n, "name"))
					}
				}
			case "a":
				if h := attr(n, "href"); strings.HasPrefix(h, "#") {
					anchors = append(anchors, n)
				}
			case "button":
				if strings.TrimSpace(text(n)) == "" && attr(n, "aria-label") == "" {
					bad("a button without words")
				}
			}
			for _, ref := range strings.Fields(attr(n, "aria-describedby") + " " + attr(n, "aria-labelledby")) {
				if whole && !strings.Contains(string(raw), `id="`+ref+`"`) {
					bad("aria points at #%s, which is not there", ref)
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, form, labelled)
		}
	}
	walk(doc, nil, false)
	for id, n := range ids {
		if n > 1 {
			bad("the id %s stands %d times", id, n)
		}
	}
	for _, n := range inputs {
		if !labels[attr(n, "id")] && attr(n, "aria-label") == "" {
			bad("<%s name=%s id=%s> has no label", n.Data, attr(n, "name"), attr(n, "id"))
		}
	}
	for _, n := range anchors {
		if ids[attr(n, "href")[1:]] == 0 && whole {
			bad("a link leads to %s, which is not there", attr(n, "href"))
		}
	}
	if whole && h1 != 1 {
		bad("%d first headings", h1)
	}
	return out
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}

// contains says whether a form has a filled input of that name. The full samples carry a token.
func contains(form *html.Node, name string) bool {
	found := false
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "name") == name && attr(n, "value") != "" {
			found = true
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(form)
	return found
}

// packed is a query that was escaped as if it were one value.
var packed = regexp.MustCompile(`(?i)href="[^"?]*\?[^"=&]*%3d[^"]*"`)

// TestFaultsAreFound keeps the checks above honest.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{
		`<p style="color:red">`, `<script>1</script>`, `<p id="a"><p id="a">`, `<form method="post"></form>`, `<form><input name="x"></form>`,
		`<p>[day.nope]</p>`, `<p onclick="x()">`, `<img src="x">`, `<button></button>`, `<a href="/x?from%3d1%26to%3d2">x</a>`,
	} {
		if len(faults([]byte(broken), false)) == 0 {
			t.Errorf("nothing was found wrong with %s", broken)
		}
	}
}

// TestBrokenPageWritesNothing: a page that fails in the middle never goes out half.
func TestBrokenPageWritesNothing(t *testing.T) {
	t.Parallel()
	_, v := views(t)
	w := httptest.NewRecorder()
	if err := v.Render(w, 200, "no-such-page", &web.OwnGone{}); err == nil {
		t.Fatal("an unknown page was rendered")
	}
	if w.Body.Len() != 0 {
		t.Errorf("%d bytes went out", w.Body.Len())
	}
}

// TestNamesAreEscaped: what people type is text, wherever it stands.
func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	book, v := views(t)
	w := httptest.NewRecorder()
	page := &web.PublicClinic{Shell: web.Shell{Tongue: book.Tongue("en"), Clinic: &web.ClinicHead{Name: `<script>x</script>`, Slug: `a"b`}}, Services: []web.ServiceOffer{{ID: "1", Name: `"><b>`}}}
	if err := v.Render(w, 200, "public-clinic", page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.Body.String(), "<script>") || strings.Contains(w.Body.String(), `"><b>`) {
		t.Error("markup came through")
	}
}

// TestBudgets: what a first visit transfers, zipped, as facts/interface.md section 7 asks.
func TestBudgets(t *testing.T) {
	t.Parallel()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, address, err := web.Assets()
	if err != nil {
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Fatal(err)
		}
		t.Skip(err.Error())
	}
	v, err := web.NewViews(book, address)
	if err != nil {
		t.Fatal(err)
	}
	size := func(name string) int {
		r := httptest.NewRequest("GET", address(name), nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		assets.ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("Cache-Control"))
		}
		return w.Body.Len()
	}
	pages, err := sample.Pages(book.Tongue("ta"), "")
	if err != nil {
		t.Fatal(err)
	}
	script := size("staff.js") + size("day.js")
	for _, p := range pages {
		w := httptest.NewRecorder()
		p.Page.(interface{ Zipped() }).Zipped()
		if err := v.Render(w, 200, p.Template, p.Page); err != nil {
			t.Fatal(err)
		}
		body := w.Body.Len()
		switch {
		case strings.HasPrefix(p.Template, "public-"):
			if total := body + size("public.css") + size("mark.svg"); total > 20<<10 {
				t.Errorf("%s: %d bytes on a first visit, 20 kB are allowed", p.Name, total)
			}
		case p.Template == "day":
			if total := body + size("app.css") + size("mark.svg") + script; total > 40<<10 || script > 20<<10 {
				t.Errorf("%s: %d bytes on a first visit, %d of them script", p.Name, total, script)
			}
		}
	}
}

// elsewhere finds whatever a browser would fetch from another host by itself; a link to follow is none.
// doors are the pages at which staff sign in and set up how they do. Patients see none of them.
var doors = map[string]bool{"sign-in": true, "sign-up": true, "setup": true, "reset": true, "invitation": true, "second": true, "prove": true, "factors": true, "factor-app": true, "factor-codes": true}

var elsewhere = regexp.MustCompile(`(?i)<(link|img|script|iframe|source|video|audio|object|embed|use|image)\b[^>]*\b(src|srcset|href|data|poster)="(https?:)?//|url\(["']?(https?:)?//|@import`)

// TestPublicPagesRunNoScript: none, not even ours, and nothing comes from another host.
func TestPublicPagesRunNoScript(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "public-page-alone")
	for _, bad := range []string{`<img alt="" src="https://x.example/o.gif">`, `<link rel="stylesheet" href="//x.example/a.css">`, `<p style="background:url(https://x.example/o.gif)">`} {
		if !elsewhere.MatchString(bad) {
			t.Fatalf("the search does not see %s", bad)
		}
	}
	book, v := views(t)
	pages, err := sample.Pages(book.Tongue("en"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		w := httptest.NewRecorder()
		if err := v.Render(w, 200, p.Template, p.Page); err != nil {
			t.Fatal(err)
		}
		scripts := strings.Count(w.Body.String(), "<script")
		if doors[p.Template] && scripts == 1 && strings.Contains(w.Body.String(), "/door") {
			scripts = 0 // where staff sign in: a passkey is handed to a script alone
		}
		if strings.Contains(w.Body.String(), "public.css") && scripts > 0 {
			t.Errorf("%s runs a script", p.Name)
		}
		if found := elsewhere.FindString(w.Body.String()); found != "" {
			t.Errorf("%s loads something from elsewhere: %s", p.Name, found)
		}
		if p.Template == "day" && p.Name == "day" {
			n := 0
			doc, _ := html.Parse(bytes.NewReader(w.Body.Bytes()))
			var walk func(x *html.Node)
			walk = func(x *html.Node) {
				if x.Type == html.ElementNode {
					if n++; x.Data == "template" {
						return
					}
				}
				for c := x.FirstChild; c != nil; c = c.NextSibling {
					walk(c)
				}
			}
			walk(doc)
			if n > 600 {
				t.Errorf("a full day has %d nodes, 600 are allowed", n)
			}
		}
	}
}

var fieldName = regexp.MustCompile(`<(?:input|select|textarea)\b[^>]*\bname="([^"]+)"`)

// asks lists the names of the fields of the page's form to the address, each once, in the order of the page.
func asks(t *testing.T, body, action string) (out []string) {
	t.Helper()
	_, form, there := strings.Cut(body, `<form method="post" action="`+action+`"`)
	form, _, whole := strings.Cut(form, "</form>")
	if !there || !whole {
		t.Fatalf("no form to %s", action)
	}
	for _, m := range fieldName.FindAllStringSubmatch(form, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// TestFormsAskLittle holds the two forms that strangers fill in to what they may ask. The lists are closed: whoever asks for more changes
// the promise with them.
func TestFormsAskLittle(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-minimal", "account-adults", "booking-asks-little")
	o := openOffice(t)
	g := o.guest()
	body := wants(t, g.get("/sign-up"), 200, "I am of age")
	want := []string{"csrf", "person", "email", "phone", "job_title", "password", "terms"}
	if got := asks(t, body, "/sign-up"); !slices.Equal(got, want) {
		t.Errorf("an account is asked for %v, not %v", got, want)
	}
	form := []string{"person", herName, "email", herMail, "phone", herPhone, "job_title", "Dentist", "password", herPassword}
	wants(t, g.post("/sign-up", "/sign-up", form...), 422, "#f-terms")
	if link := o.mailed("/verify?token="); link != "" {
		t.Error("somebody who does not say that she is of age gets an account")
	}
	page := "/c/desk/book?service=" + o.service.ID.String() + "&provider=any&at=" + rfc(o.at(tuesday, "10:00"))
	body = wants(t, o.guest().get(page), 200)
	want = []string{"csrf", "service", "provider", "key", "starts_at", "whom", "name", "phone", "email", "birth_day", "birth_month", "birth_year",
		"guardian_name", "guardian_phone", "guardian_email", "guardian_kin", "note", "consent"}
	if got := asks(t, body, "/c/desk/book"); !slices.Equal(got, want) {
		t.Errorf("booking asks for %v, not %v", got, want)
	}
}
