package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"almirah/internal/api"
	"almirah/internal/web"
)

// target is one address, or one form, with the names of what is typed there.
type target struct {
	url, data, head string
	fields          []string
}

func (t target) String() string {
	u, err := url.Parse(t.url)
	if err != nil {
		return t.url
	}
	return u.RequestURI() + " " + strings.Join(t.fields, ",")
}

// targets walks the house from its first pages along links, and answers one target for each route and set of names: siblings of a route are found by
// themselves, and none is attacked twice. What stands in a path is marked with a star, as sqlmap wants it.
func (r *run) targets(ctx context.Context, g *gate, at *url.URL) ([]target, error) {
	plan := http.NewServeMux()
	for _, x := range web.Routes() {
		plan.HandleFunc(x.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	for _, x := range api.Routes() {
		plan.HandleFunc(x.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	w := walk{run: r, g: g, at: at, plan: plan, seen: map[string]bool{}, got: map[string]bool{}, perRoute: map[string]int{}}
	queue := []string{"/", "/sign-in?next=/app", "/c/sunrise", "/c/sunrise/book", "/c/sunrise?lang=hi", "/trust", "/v/ABCDEFGHJK", "/verify?token=x", "/reset?token=x", "/invitation?token=x", "/setup?token=x", "/check-mail?for=reset", "/m/abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE",
		"/r/abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE", "/api/v1/clinics/sunrise/slots?service=01890000-0000-7000-8000-000000000000&provider=any&from=2026-12-01&to=2026-12-02", "/hooks/whatsapp/x?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1"}
	if g.signed {
		queue = []string{"/app"}
		for _, x := range web.Routes() { // every page without a place in its path is a beginning
			method, path, _ := strings.Cut(x.Pattern, " ")
			if method == "GET" && !strings.Contains(path, "{") && (x.Door == web.Staff || x.Door == web.Person) && !strings.HasSuffix(path, "/live") {
				queue = append(queue, path)
			}
		}
		queue = append(queue, "/app/drugs?q=para", "/app/free?service=x&provider=any&day=2026-12-01", "/app/audit?what=patient&who=x&from=2026-11-01&to=2026-11-30", "/app/reports?from=2026-11-01&to=2026-11-30", "/app/help?q=book")
	}
	for len(queue) > 0 && len(w.seen) < 600 {
		path := queue[0]
		queue = append(queue[1:], w.look(ctx, path)...)
	}
	if !g.signed { // the doors that take a form from anybody
		w.add("POST", "/api/v1/clinics/sunrise/bookings", target{url: at.String() + "/api/v1/clinics/sunrise/bookings", head: "Content-Type: application/json\nIdempotency-Key: attack",
			data: `{"service":"a*","provider":"any*","starts_at":"2026-12-01T10:00:00+05:30*","patient":{"name":"Zoya*","phone":"+919811198110*"},"consents":["care*"]}`})
	}
	return w.out, nil
}

type walk struct {
	run      *run
	g        *gate
	at       *url.URL
	plan     *http.ServeMux
	seen     map[string]bool
	got      map[string]bool
	perRoute map[string]int
	out      []target
}

func (w *walk) add(method, pattern string, t target) {
	key := method + " " + pattern + " " + strings.Join(t.fields, ",")
	if w.got[key] {
		return
	}
	w.got[key] = true
	w.out = append(w.out, t)
}

// look opens a page, enters what it takes, and answers the links on it.
func (w *walk) look(ctx context.Context, path string) (next []string) {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" && u.Host != w.g.house.Host || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, web.AssetPath) || strings.HasSuffix(u.Path, "/live") {
		return nil
	}
	u.Scheme, u.Host, u.Fragment = "", "", ""
	pattern := w.route("GET", u.Path)
	if pattern == "" {
		return nil
	}
	names := namesOf(u.Query())
	key := pattern + " " + strings.Join(names, ",")
	if w.seen[u.RequestURI()] || w.perRoute[key] >= 2 {
		return nil
	}
	w.seen[u.RequestURI()] = true
	w.perRoute[key]++
	if len(names) > 0 {
		w.add("GET", pattern, target{url: w.at.String() + u.RequestURI(), fields: names})
	}
	if i := strings.Index(pattern, "{"); i >= 0 && !strings.HasSuffix(pattern, "{$}") {
		_, shape, _ := strings.Cut(pattern, " ")
		w.add("GET", pattern+" path", target{url: w.at.String() + starred(shape, u.Path)})
	}
	page, to, err := w.g.ask(ctx, "GET", u.RequestURI(), nil)
	if err != nil {
		return nil
	}
	if to != "" {
		return []string{to}
	}
	if !strings.HasPrefix(strings.TrimSpace(page), "<") {
		return nil
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	w.read(doc, u.Path, &next)
	return next
}

func (w *walk) route(method, path string) string {
	req, err := http.NewRequest(method, w.at.String()+path, nil)
	if err != nil {
		return ""
	}
	_, pattern := w.plan.Handler(req)
	return pattern
}

// starred puts a star behind each part of the path that the route leaves open.
func starred(shape, path string) string {
	want, got := strings.Split(shape, "/"), strings.Split(path, "/")
	for i := range got {
		if i < len(want) && strings.HasPrefix(want[i], "{") {
			got[i] += "*"
		}
	}
	return strings.Join(got, "/")
}

func namesOf(q url.Values) []string {
	var out []string
	for n := range q {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// read collects links and forms below a node.
func (w *walk) read(n *html.Node, here string, next *[]string) {
	if n.Type == html.ElementNode {
		switch n.Data {
		case "a":
			if to := attribute(n, "href"); strings.HasPrefix(to, "/") || strings.HasPrefix(to, "?") {
				if strings.HasPrefix(to, "?") {
					to = here + to
				}
				*next = append(*next, to)
			}
		case "form":
			w.form(n, here, next)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.read(c, here, next)
	}
}

// form enters a form: one that asks becomes a link, one that writes a target.
func (w *walk) form(n *html.Node, here string, next *[]string) {
	values := url.Values{}
	var inside func(*html.Node)
	inside = func(x *html.Node) {
		if x.Type == html.ElementNode && (x.Data == "input" || x.Data == "select" || x.Data == "textarea") {
			if name := attribute(x, "name"); name != "" && attribute(x, "type") != "file" {
				v := attribute(x, "value")
				if v == "" {
					v = "1"
				}
				values.Set(name, v)
			}
		}
		for c := x.FirstChild; c != nil; c = c.NextSibling {
			inside(c)
		}
	}
	inside(n)
	action := attribute(n, "action")
	if action == "" {
		action = here
	}
	u, err := url.Parse(action)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return
	}
	if !strings.EqualFold(attribute(n, "method"), "post") {
		*next = append(*next, u.Path+"?"+values.Encode())
		return
	}
	public := !w.g.signed
	if !public && !w.run.deep || slices.ContainsFunc(ends, func(e string) bool { return w.g.signed && strings.HasPrefix(u.Path, e) }) {
		return
	}
	pattern := w.route("POST", u.Path)
	fields := namesOf(values)
	fields = slices.DeleteFunc(fields, func(f string) bool { return f == "csrf" })
	if pattern == "" || len(fields) == 0 {
		return
	}
	w.add("POST", pattern, target{url: w.at.String() + u.RequestURI(), data: values.Encode(), fields: fields})
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
