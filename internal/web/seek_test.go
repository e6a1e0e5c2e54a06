package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"almirah/internal/access"
	"almirah/internal/promise"
	"almirah/internal/web/sample"
)

// TestWhatIsLookedForStandsInNoAddress: searches post; the address that they lead to is sealed for this sign-in, and what stands in it in clear finds nobody.
func TestWhatIsLookedForStandsInNoAddress(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "searches-sealed")
	o := openOffice(t)
	o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	desk := o.as(access.FrontDesk)
	for _, typed := range []string{"Asha", "+919876543201", "आशा राव", strings.Repeat("x", 300)} {
		w := desk.send("/app/seek", "to", "/app/patients", "q", typed, "day", "2026-11-24")
		u, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther || u.Path != "/app/patients" || u.Query().Get("day") != "2026-11-24" || len(u.Query()) != 2 || strings.Contains(u.String(), url.QueryEscape(typed)) {
			t.Fatalf("%q leads with %d to %v", typed, w.Code, u)
		}
		found := strings.Contains(desk.get(u.String()).Body.String(), "Asha Rao")
		if found != (typed == "Asha" || typed == "+919876543201") {
			t.Errorf("%q is found: %v", typed, found)
		}
		if again := desk.send("/app/seek", "to", "/app/patients", "q", typed).Header().Get("Location"); again == u.String() {
			t.Error("the same search has the same address twice")
		}
		if strings.Contains(o.owner.get(u.String()).Body.String(), ">Found<") {
			t.Error("the address opens in another sign-in")
		}
	}
	wants(t, desk.get("/app/patients?q=Asha"), 200, "!>Found<")
	wants(t, desk.get("/app/book?q=Asha"), 200, "!Asha Rao")
	wants(t, desk.part("/app/search?q=Asha"), http.StatusNotFound)
	for _, to := range []string{"", "//evil.example", "https://evil.example/app/", "/app/../sign-out", "/app/x?q=1", "/app/\\evil.example", "/c/desk", "/app/%2e%2e"} {
		wants(t, desk.send("/app/seek", "to", to, "q", "Asha"), http.StatusNotFound)
	}
}

// TestNoFormPutsAPersonIntoAnAddress looks at every form of every page that goes by GET: it offers days, choices and ids, and text only where that is about no person.
func TestNoFormPutsAPersonIntoAnAddress(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "searches-sealed")
	book, v := views(t)
	pages, err := sample.Pages(book.Tongue("en"), "")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range pages {
		w := httptest.NewRecorder()
		if err := v.Render(w, 200, p.Template, p.Page); err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		n, wrong := typedByGet(doc)
		seen += n
		for _, x := range wrong {
			t.Errorf("%s: %s", p.Name, x)
		}
	}
	if seen < 5 {
		t.Errorf("only %d forms that go by GET were looked at", seen)
	}
	for _, bad := range []string{`<form action="/app/patients"><input name="q" type="search"></form>`, `<form action="/app/x"><input name="y"></form>`, `<form method="get" action="/app/x"><textarea name="y"></textarea></form>`} {
		doc, err := html.Parse(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if _, wrong := typedByGet(doc); len(wrong) != 1 {
			t.Errorf("the search does not see %s", bad)
		}
	}
}

// aboutNobody are the searches of things, not of people: the handbook, and the clinics of a deployment.
var aboutNobody = map[string]bool{"/app/help": true, "/platform/clinics": true}

func typedByGet(doc *html.Node) (forms int, wrong []string) {
	var walk func(n *html.Node, get string)
	walk = func(n *html.Node, get string) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "form":
				if get = attr(n, "action"); attr(n, "method") != "" && attr(n, "method") != "get" || aboutNobody[get] {
					get = ""
				} else {
					forms++
				}
			case "textarea":
				if get != "" {
					wrong = append(wrong, "the form of "+get+" puts what is typed into an address; lead it over /app/seek")
				}
			case "input":
				switch attr(n, "type") {
				case "", "text", "search", "email", "tel", "url":
					if get != "" {
						wrong = append(wrong, "the form of "+get+" puts what is typed as "+attr(n, "name")+" into an address; lead it over /app/seek")
					}
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, get)
		}
	}
	walk(doc, "")
	return forms, wrong
}
