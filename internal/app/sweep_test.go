package app

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
)

// otherwise are the requests that a foreign id does not make 404, and what they answer instead,
// with the reason why that tells nothing: the answer is the same as for an id that nobody has.
var otherwise = map[string]struct {
	status int
	why    string
}{
	"GET /app/day with field provider of another clinic":                                      {200, "which column a narrow screen shows first; an unknown one is none"},
	"GET /app/book with field provider of another clinic":                                     {200, "what is chosen so far; an unknown one is not chosen, and offers nothing"},
	"GET /app/book with field service of another clinic":                                      {200, "as the provider"},
	"GET /app/free with field patient of another clinic":                                      {200, "goes back into the form as it came; nothing is read of it"},
	"GET /app/free with field provider of another clinic":                                     {200, "nothing is free"},
	"GET /app/free with field service of another clinic":                                      {200, "nothing is free"},
	"GET /app/free with field patient and field provider and field service of another clinic": {200, "nothing is free"},
	"GET /app/audit with field who of another clinic":                                         {200, "a filter of her own log that nothing passes"},
	"GET /app/audit with field patient of another clinic":                                     {200, "as who: nothing of her is opened, and no entry of this clinic is about her"},
	"GET /app/audit with field patient and field who of another clinic":                       {200, "as who"},
	"POST /app/hand-over with field to of another clinic":                                     {422, "whoever does not work here is nobody to choose"},
	"GET /m/{token}/change with field provider of another clinic":                             {200, "the link's own appointment says whose times are shown; the field is not read"},
}

// TestTwoClinicSweep calls every route as the owner of one clinic with the ids of another, in the
// address, in the query and in the form. What comes back is what an id that nobody has gets, and
// no row of either clinic is another.
func TestTwoClinicSweep(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-apart")
	engines(t, func(t *testing.T, engine store.Engine) {
		a, b := twoPlaces(t, engine)
		h := a.h
		a.owner.page(t, "/app/me")
		before := h.state(t, a.who, b.who)
		swept := 0
		for _, pattern := range allRoutes() {
			if pattern == "POST /app/seek" {
				continue // it opens nothing and leads on with the ids that it got; the pages that it leads to are swept
			}
			places := idsOfRoute(t, pattern)
			for _, foreign := range choices(places) {
				name := pattern + " with " + strings.Join(foreign, " and ") + " of another clinic"
				theirs, nobodys := map[string]string{}, map[string]string{}
				for _, where := range foreign {
					theirs[where], nobodys[where] = b.ids[places[where]], h.anyID().String()
				}
				who := func() *visitor {
					if strings.Contains(pattern, " /app") || strings.Contains(pattern, " /platform") || strings.Contains(pattern, " /second-factor") || strings.Contains(pattern, " /confidentiality") || strings.Contains(pattern, "choose-clinic") {
						return a.owner
					}
					v := h.visitor()
					v.get(t, "/sign-in")
					return v
				}
				got := request{pattern, a, theirs}.by(t, who(), nil)
				want := request{pattern, a, nobodys}.by(t, who(), nil)
				swept++
				status := 404
				if strings.Contains(pattern, " /platform") { // nobody of a clinic comes in there, before any id is looked at
					status = 403
				}
				if o, ok := otherwise[name]; ok {
					status = o.status
				}
				if got.status != status || want.status != status {
					t.Errorf("%s: %d, and for an id that nobody has %d; want %d: %s", name, got.status, want.status, status, problems(got.body))
				}
				if x, y := plainBody(got, theirs), plainBody(want, nobodys); x != y {
					t.Errorf("%s: the answer differs from that for an id that nobody has:\n%s", name, firstDifference(x, y))
				}
				for name := range got.head {
					if x, y := got.head.Get(name), want.head.Get(name); x != y && name != "X-Request-Id" && name != "Date" && name != "Content-Length" && name != "Set-Cookie" {
						t.Errorf("%s: the header %s is %q, and for an id that nobody has %q", pattern, name, x, y)
					}
				}
				now := h.state(t, a.who, b.who)
				if d := differs(before, now); len(d) > 0 {
					t.Errorf("%s: changes %v", name, d)
					before = now
				}
			}
		}
		if swept < 50 {
			t.Errorf("only %d requests were made", swept)
		}
		a.foreignLinks(t, b)
		a.everyFieldIsKnown(t)
		h.nothingBroken(t)
		a.ownIsThere(t)
		// The other clinic's owner still sees all of hers: the sweep asked for what is there.
		for _, path := range []string{"/app/patients/" + b.ids["patient"], "/app/appointments/" + b.ids["appointment"], "/app/messages/" + b.ids["message"], "/app/settings/services/" + b.ids["service"], "/m/" + b.token} {
			b.owner.page(t, path)
		}
	})
}

// gone are the requests with ids of the own clinic that are answered with 404 all the same, with the reason.
var gone = map[string]string{
	"GET /app/settings/export/{id}":    "an archive is fetched once, and the tries before have done it",
	"POST /app/patients/{id}/guardian": "it names a guardian, and the patient of the place has none; patients.TestAGuardiansAddressEndsWithChildhood has one",
	"GET /trust/closed/{id}":           "the clinic has not gone; privacy.TestWhatIsHeldOutlivesItsClinic and app's tests of closing ask for one that has",
}

// ownIsThere makes each request with the ids of the own clinic, what takes something away behind the rest: an id of another clinic is refused
// because it is another clinic's, and not because it is the id of something else.
func (p *place) ownIsThere(t *testing.T) {
	t.Helper()
	order := func(pattern string) int {
		switch {
		case strings.HasPrefix(pattern, "GET "):
			return 0
		case last.MatchString(pattern):
			return 3
		case strings.HasPrefix(pattern, "POST /m/"): // before the desk changes her address, with which her link ends
			return 1
		}
		return 2
	}
	patterns := allRoutes()
	slices.SortStableFunc(patterns, func(a, b string) int { return order(a) - order(b) })
	for _, pattern := range patterns {
		if len(idsOfRoute(t, pattern)) == 0 || strings.HasSuffix(pattern, "/live") {
			continue
		}
		v := p.owner
		if !strings.Contains(pattern, " /app") && !strings.Contains(pattern, "choose-clinic") {
			v = p.h.visitor()
			v.get(t, "/sign-in")
		}
		if got := (request{pattern, p, nil}).by(t, v, nil); (got.status == 404 || got.status >= 500) != (gone[pattern] != "") {
			t.Errorf("%s with the clinic's own ids: %s", pattern, got)
		}
	}
}

// choices are the sets of places in which a foreign id is put: each alone, and all together.
func choices(places map[string]string) [][]string {
	var all []string
	for where := range places {
		all = append(all, where)
	}
	slices.Sort(all)
	var out [][]string
	for _, where := range all {
		out = append(out, []string{where})
	}
	if len(all) > 1 {
		out = append(out, all)
	}
	return out
}

var perAnswer = regexp.MustCompile(`(name="csrf" content=|data-key-value=|name="(csrf|key)" value=)"[^"]*"`)

// plainBody is an answer without what differs from answer to answer, and without the ids that were sent.
func plainBody(a answered, sent map[string]string) string {
	body := perAnswer.ReplaceAllString(a.body, "")
	for _, x := range sent {
		body = strings.ReplaceAll(body, x, "ID")
	}
	return body
}

func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	from := max(0, i-80)
	return a[from:min(len(a), i+120)] + "\n--- and\n" + b[from:min(len(b), i+120)]
}

// foreignLinks enters by links that were put together of one clinic's id and another's secret.
func (p *place) foreignLinks(t *testing.T, other *place) {
	t.Helper()
	h := p.h
	before := h.state(t, p.who, other.who)
	join := func(clinic id.ID, secret []byte) string {
		return base64.RawURLEncoding.EncodeToString(append(clinic[:], secret...))
	}
	theirs, err := base64.RawURLEncoding.DecodeString(other.token)
	if err != nil {
		t.Fatal(err)
	}
	random := h.anyID()
	for _, r := range web.Routes() {
		if r.Door != web.Link {
			continue
		}
		v := h.visitor()
		v.page(t, "/m/"+p.token)
		var answers []string
		for _, token := range []string{join(p.who.Clinic(), theirs[16:]), join(p.who.Clinic(), random[:]), join(h.anyID(), theirs[16:])} {
			put := map[string]string{"path /m/{token}": token}
			got := request{r.Pattern, p, put}.by(t, v, nil)
			if got.status != 404 {
				t.Errorf("%s with a link of another clinic's secret: %s", r.Pattern, got)
			}
			answers = append(answers, plainBody(got, put))
		}
		if answers[0] != answers[1] || answers[0] != answers[2] {
			t.Errorf("%s: a link with another clinic's secret is answered differently from one that nobody has: %s", r.Pattern, firstDifference(answers[0], answers[1]))
		}
	}
	if d := differs(before, h.state(t, p.who, other.who)); len(d) > 0 {
		t.Errorf("links that do not exist change %v", d)
	}
}

// everyFieldIsKnown reads all pages: every field of a form and every parameter of a link that
// holds an id must be in the sweep's table, and every address must lead to a route.
func (p *place) everyFieldIsKnown(t *testing.T) {
	t.Helper()
	pages := 0
	for _, r := range web.Routes() {
		if !strings.HasPrefix(r.Pattern, "GET ") || strings.HasSuffix(r.Pattern, "/live") {
			continue
		}
		a := request{r.Pattern, p, nil}.by(t, p.owner, nil)
		if a.status != 200 || !strings.HasPrefix(a.head.Get("Content-Type"), "text/html") {
			continue
		}
		pages++
		for _, f := range formsIn(t, a.body) {
			if f.action == "" && f.method != "POST" {
				continue // a dialog, or the page's own address
			}
			p.knownFields(t, r.Pattern, f.method, f.action, f.values)
			p.offered(t, r.Pattern, a.body)
		}
		walk(parsed(t, a.body), func(n *html.Node) {
			if n.Type != html.ElementNode {
				return
			}
			to, ok := attr(n, "href")
			if ok && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "/assets/") {
				p.knownFields(t, r.Pattern, "GET", strings.SplitN(to, "#", 2)[0], nil)
			}
		})
	}
	if pages < 30 {
		t.Errorf("only %d pages were read", pages)
	}
}

// offered looks at what selects and ticks offer: these values are sent too, when chosen.
func (p *place) offered(t *testing.T, page, body string) {
	t.Helper()
	walk(parsed(t, body), func(n *html.Node) {
		if n.Type != html.ElementNode || n.Data != "form" {
			return
		}
		method, _ := attr(n, "method")
		action, _ := attr(n, "action")
		if !strings.EqualFold(method, "post") {
			return
		}
		walk(n, func(x *html.Node) {
			name, named := attr(x, "name")
			if !named || x.Type != html.ElementNode {
				return
			}
			walk(x, func(o *html.Node) {
				if value, ok := attr(o, "value"); ok && o.Type == html.ElementNode {
					p.knownFields(t, page, "POST", action, url.Values{name: {value}})
				}
			})
		})
	})
}

func (p *place) knownFields(t *testing.T, page, method, address string, fields url.Values) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Errorf("%s leads to %q, which is no address", page, address)
		return
	}
	pattern := patternOf(method, u.Path)
	if pattern == "" {
		t.Errorf("%s leads to %s %s, which no route answers", page, method, u.Path)
		return
	}
	known := idsOfRoute(t, pattern)
	for _, values := range []url.Values{u.Query(), fields} {
		for name, list := range values {
			if strings.HasPrefix(name, "show-") {
				name = "show-" // one for each practitioner; the id is part of the name, and unknown ones are not read
				continue
			}
			for _, x := range list {
				if _, err := id.Parse(x); err == nil && x != "" && known["field "+name] == "" && sent[pattern][name] != "{new}" { // an id that the page chose for what is written stands for nothing yet
					t.Errorf("%s: the field %s of %s holds an id, and the sweep does not know it: add it to sent", page, name, pattern)
				}
			}
		}
	}
}
