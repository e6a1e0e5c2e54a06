package app

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/rig/practice"
	"almirah/internal/web"
)

// visitor is a browser without a screen: it keeps cookies and sends forms with the token that
// the page gave it. (Go's own jar would not send Secure cookies to a loopback address.)
type visitor struct {
	h       *opened
	cookies map[string]string
	agent   string
	email   string
	token   string // of the last page that was read
	host    string // the name under which the server is asked; empty: its address
}

func (h *opened) visitor() *visitor {
	return &visitor{h: h, cookies: map[string]string{}, agent: "test"}
}

type answered struct {
	status int
	head   http.Header
	body   string
	set    []*http.Cookie
}

var tokenInPage = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (v *visitor) do(t testing.TB, method, path string, form url.Values, head map[string]string) answered {
	t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
		head = with(head, "Content-Type", "application/x-www-form-urlencoded")
	}
	return v.send(t, method, path, body, head)
}

func with(head map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	for k, x := range head {
		out[k] = x
	}
	return out
}

func (v *visitor) send(t testing.TB, method, path string, body io.Reader, head map[string]string) answered {
	t.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = v.h.Server.URL + path
	}
	r, err := http.NewRequest(method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	if v.host != "" {
		r.Host = v.host
	}
	r.Header.Set("User-Agent", v.agent)
	for k, x := range head {
		r.Header.Set(k, x)
	}
	for name, x := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: x})
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: time.Minute}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
			continue
		}
		v.cookies[c.Name] = c.Value
	}
	if m := tokenInPage.FindStringSubmatch(string(b)); m != nil {
		v.token = m[1]
	}
	a := answered{res.StatusCode, res.Header, string(b), res.Cookies()}
	a.inspect(t, method+" "+path)
	return a
}

// inspect holds every answer that any test gets against what every answer must have: the
// security headers, a policy of content on every page, and no cookie but those of the register.
func (a answered) inspect(t testing.TB, asked string) {
	t.Helper()
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
		if got := a.head.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", asked, name, got, want)
		}
	}
	kind := a.head.Get("Content-Type")
	if policy := a.head.Get("Content-Security-Policy"); strings.HasPrefix(kind, "text/html") {
		for _, part := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the page's content policy lacks %q: %q", asked, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
			t.Errorf("%s: the page's content policy lets others in: %q", asked, policy)
		}
	}
	if kind == "" && a.body != "" {
		t.Errorf("%s: a body without a Content-Type", asked)
	}
	for i, c := range a.set {
		if wrong := web.Proper(c); wrong != "" {
			t.Errorf("%s: the cookie %s: %s: %s", asked, c.Name, wrong, a.head.Values("Set-Cookie")[i])
		}
		if c.Name == web.PreferenceCookie && len(c.Value) > 40 {
			t.Errorf("%s: the cookie %s holds more than theme and language: %s", asked, c.Name, c.Value)
		}
	}
}

func (v *visitor) get(t testing.TB, path string) answered {
	t.Helper()
	return v.do(t, "GET", path, nil, nil)
}

// page is get of a page that must be there.
func (v *visitor) page(t testing.TB, path string) answered {
	t.Helper()
	a := v.get(t, path)
	if a.status != http.StatusOK {
		t.Fatalf("GET %s: %s", path, a)
	}
	return a
}

// post sends a form with the visitor's token and fails on anything but a redirect or a page.
func (v *visitor) post(t testing.TB, path string, form url.Values) answered {
	t.Helper()
	a := v.submit(t, path, form)
	if a.status >= 400 {
		t.Fatalf("POST %s: %d: %s", path, a.status, problems(a.body))
	}
	return a
}

// seek sends a form of search, and opens the page that it leads to.
func (v *visitor) seek(t testing.TB, to string, typed url.Values) answered {
	t.Helper()
	typed.Set("to", to)
	return v.get(t, v.post(t, "/app/seek", typed).head.Get("Location"))
}

// submit sends a form with the visitor's token.
func (v *visitor) submit(t testing.TB, path string, form url.Values) answered {
	t.Helper()
	form.Set("csrf", v.token)
	return v.do(t, "POST", path, form, nil)
}

// fill opens a page, changes the form on it that goes to the address, and sends it.
func (v *visitor) fill(t testing.TB, page, action string, change url.Values) answered {
	t.Helper()
	form := v.page(t, page).form(t, action)
	for k, x := range change {
		form[k] = x
	}
	return v.post(t, action, form)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// problems is what a page says is wrong.
func problems(body string) string {
	i := strings.Index(body, `role="alert"`)
	if i < 0 {
		i = strings.Index(body, "<main")
	}
	if i < 0 {
		i = 0
	}
	text := strings.Join(strings.Fields(tags.ReplaceAllString(body[i:], " ")), " ")
	return text[:min(len(text), 500)]
}

func (a answered) String() string { return fmt.Sprintf("%d %s", a.status, problems(a.body)) }

// Reading pages as a browser does.

func parsed(t testing.TB, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func text(n *html.Node) string {
	var b strings.Builder
	walk(n, func(x *html.Node) {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	})
	return b.String()
}

// pageForm is one form of a page with what a browser would send.
type pageForm struct {
	method, action string
	values         url.Values
}

// formsIn are the forms of a page, as they would be sent when nothing is touched.
func formsIn(t testing.TB, body string) []pageForm {
	t.Helper()
	var out []pageForm
	walk(parsed(t, body), func(n *html.Node) {
		if n.Type != html.ElementNode || n.Data != "form" {
			return
		}
		f := pageForm{method: "GET", values: url.Values{}}
		if m, ok := attr(n, "method"); ok {
			f.method = strings.ToUpper(m)
		}
		f.action, _ = attr(n, "action")
		walk(n, func(x *html.Node) {
			if x.Type == html.ElementNode {
				f.take(x)
			}
		})
		out = append(out, f)
	})
	return out
}

func (f *pageForm) take(x *html.Node) {
	name, ok := attr(x, "name")
	if !ok {
		return
	}
	switch x.Data {
	case "input":
		kind, _ := attr(x, "type")
		value, hasValue := attr(x, "value")
		_, checked := attr(x, "checked")
		switch kind {
		case "checkbox", "radio":
			if !hasValue {
				value = "on"
			}
			if checked {
				f.values.Add(name, value)
			}
		case "submit", "button", "file", "image":
		default:
			f.values.Add(name, value)
		}
	case "textarea":
		f.values.Add(name, strings.TrimPrefix(text(x), "\n"))
	case "select":
		var first, chosen string
		seen, on := false, false
		walk(x, func(o *html.Node) {
			if o.Type != html.ElementNode || o.Data != "option" {
				return
			}
			v, has := attr(o, "value")
			if !has {
				v = text(o)
			}
			if !seen {
				first, seen = v, true
			}
			if _, is := attr(o, "selected"); is {
				chosen, on = v, true
			}
		})
		if on {
			f.values.Add(name, chosen)
		} else if seen {
			f.values.Add(name, first)
		}
	}
}

// form is the page's form that posts to the address.
func (a answered) form(t testing.TB, action string) url.Values {
	t.Helper()
	for _, f := range formsIn(t, a.body) {
		if f.method == "POST" && f.action == action {
			return f.values
		}
	}
	t.Fatalf("the page has no form that posts to %s: %s", action, problems(a.body))
	return nil
}

// signIn signs one of the demo's people in.
func (h *opened) signIn(t testing.TB, email string) *visitor {
	t.Helper()
	v := h.visitor()
	v.email = email
	v.renew(t)
	return v
}

func (v *visitor) renew(t testing.TB) {
	t.Helper()
	clear(v.cookies)
	v.signInWith(t, demoPassword)
	if strings.HasSuffix(v.email, "@almirah.example.org") { // of the platform
		v.page(t, "/platform")
		return
	}
	v.page(t, "/app")
}

func (v *visitor) signInWith(t testing.TB, password string) {
	t.Helper()
	v.get(t, "/sign-in")
	a := v.do(t, "POST", "/sign-in", url.Values{"email": {v.email}, "password": {password}, "csrf": {v.token}}, nil)
	if a.status != http.StatusSeeOther {
		t.Fatalf("sign-in: %d: %s", a.status, problems(a.body))
	}
	v.prove(t, a.head.Get("Location"))
}

// prove ends what a sign-in began, wherever it led: it shows the code of the person's app, or sets one up.
func (v *visitor) prove(t testing.TB, to string) {
	t.Helper()
	switch {
	case strings.HasPrefix(to, "/sign-in/second"):
		v.page(t, to)
		v.post(t, "/sign-in/second", url.Values{"proof_code": {v.h.Apps.Code(t, v.email)}})
	case strings.HasPrefix(to, "/second-factor"):
		v.enrol(t)
	}
	v.promise(t)
}

// promise signs the statement of confidentiality, where the person who signed in has not.
func (v *visitor) promise(t testing.TB) {
	t.Helper()
	if a := v.do(t, "GET", "/app/me", nil, nil); a.status != http.StatusSeeOther || a.head.Get("Location") != "/confidentiality" {
		return
	}
	v.page(t, "/confidentiality")
	v.post(t, "/confidentiality", url.Values{"version": {accounts.Statement().Version}, "sure": {"1"}})
}

var secretInPage = regexp.MustCompile(`<bdi class="code">([A-Z2-7 ]+)</bdi>`)

// enrol sets a code app up by the pages.
func (v *visitor) enrol(t testing.TB) {
	t.Helper()
	v.page(t, "/second-factor")
	v.post(t, "/second-factor/app/begin", url.Values{})
	m := secretInPage.FindStringSubmatch(v.page(t, "/second-factor/app").body)
	if m == nil {
		t.Fatal("the page shows no secret")
	}
	v.h.Apps.Keep(v.email, m[1])
	v.post(t, "/second-factor/app", url.Values{"code": {v.h.Apps.Shown(t, v.email)}})
	v.promise(t)
}

// roleMail is the sign-in of a role; those that the demo lacks are enrolled.
func (h *opened) roleMail(t testing.TB, role access.Role) string {
	t.Helper()
	for _, p := range demoPeople {
		if p.role == role {
			return p.email
		}
	}
	mail := string(role) + "@sunrise.example.org"
	d := demoDraft("Some One", mail, string(role))
	if err := h.Accounts.Enrol(t.Context(), h.Owner, d, role); err != nil {
		t.Fatal(err)
	}
	return mail
}

// letter waits for the newest letter to the address whose text holds the path, and answers the
// link in it. The house has to be started.
func (h *opened) letter(t testing.TB, to, path string) string {
	t.Helper()
	var link string
	h.until(t, "a letter with "+path, func() bool {
		for _, l := range h.Outbox.List() {
			for _, x := range l.Headers {
				if x.Name != "To" || !strings.Contains(x.Value, to) {
					continue
				}
				if i := strings.Index(l.Text, h.Server.URL+path); i >= 0 {
					link = strings.Fields(l.Text[i+len(h.Server.URL):])[0]
					return true
				}
			}
		}
		return false
	})
	return link
}

// sent is the path of the page of the patient for whom somebody booked, by a link as a message carries it; booked is the link, or its token, that the booking
// answered.
func (h *opened) sent(t testing.TB, booked string) string {
	t.Helper()
	who, one, err := h.Desk.Enter(t.Context(), strings.TrimPrefix(booked, "/m/"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.Desk.Own(t.Context(), who, one)
	if err != nil {
		t.Fatal(err)
	}
	return "/m/" + practice.Link(t, h.DB, jobs.ForClinic(who.Clinic()), a.Appointment)
}

// until waits for what the house does by itself. The wait is long because the machine may be
// busy; nothing is concluded from how long it took.
func (h *opened) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("this did not happen within a minute: %s", what)
}

// newcomer signs a person up by the pages, with a clinic of her own at the slug. The house has to be started.
func (h *opened) newcomer(t testing.TB, person url.Values, slug string) *visitor {
	t.Helper()
	v := h.visitor()
	v.email = person.Get("email")
	v.fill(t, "/sign-up", "/sign-up", person)
	to := h.letter(t, v.email, "/verify?token=")
	v.page(t, to)
	v.post(t, "/verify", url.Values{"token": {queryOf(to).Get("token")}})
	v.signInWith(t, person.Get("password"))
	v.fill(t, "/open-clinic", "/open-clinic", url.Values{"clinic_name": {person.Get("clinic_name")}, "slug": {slug}, "country": {"IN"}, "zone": {"Asia/Kolkata"}})
	v.enrol(t)
	v.page(t, "/app")
	return v
}

func queryOf(path string) url.Values {
	u, err := url.Parse(path)
	if err != nil {
		return nil
	}
	return u.Query()
}

func (h *opened) anyID() id.ID { return id.New(h.Clock.Now()) }
