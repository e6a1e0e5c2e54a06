package web_test

import (
	"bytes"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"almirah/internal/promise"
	"almirah/internal/web/sample"
	"almirah/internal/words"
)

// ours are the names of the house in the samples: the deployment's own, and a clinic's own at the same house.
var ours = []string{"book.example", "almirah.example", "clinic.example.org", "book.sunrise.example"}

// TestLinksThatLeadAwayAreMarked looks at every page in every language: a link to somebody else's website says so to the eye and to a screen reader, and
// tells that website nothing; and nothing is loaded from anywhere else.
func TestLinksThatLeadAwayAreMarked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "links-out-marked")
	book, v := views(t)
	pages := map[string]bool{}
	for _, l := range words.Languages() {
		all, err := sample.Pages(book.Tongue(l.Code), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			w := httptest.NewRecorder()
			if err := v.Render(w, 200, p.Template, p.Page); err != nil {
				t.Errorf("%s %s: %v", l.Code, p.Name, err)
				continue
			}
			n, wrong := leadsAway(w.Body.Bytes(), book.Tongue(l.Code).Say("trust.other_site"))
			for _, x := range wrong {
				t.Errorf("%s %s: %s", l.Code, p.Name, x)
			}
			if n > 0 {
				pages[p.Template] = true
			}
			if strings.Contains(w.Body.String(), "<html") && !strings.Contains(w.Body.String(), `<meta name="referrer" content="same-origin">`) {
				t.Errorf("%s %s: the page does not say that others learn nothing of its address", l.Code, p.Name)
			}
		}
	}
	if len(pages) < 5 {
		t.Errorf("links that lead away were found on %d pages only: %v", len(pages), pages)
	}
	for bad, why := range map[string]string{
		`<a href="https://other.example/x">there</a>`: "no rel", `<a href="//other.example/x" rel="external noreferrer noopener">there</a>`: "no mark",
		`<a href="https://other.example/x" rel="external noreferrer noopener">there <span aria-hidden="true">↗</span></a>`: "a mark for the eye only",
		`<img alt="" src="https://other.example/x.png">`:                                                                   "a picture", `<link rel="stylesheet" href="https://other.example/x.css">`: "a stylesheet", `<a href="/x" ping="/y">x</a>`: "a ping", `<form action="https://other.example/"></form>`: "a form",
	} {
		if _, wrong := leadsAway([]byte(bad), "another site"); len(wrong) == 0 {
			t.Errorf("%s passes", why)
		}
	}
}

// leadsAway counts the links to others on a page, and says what is wrong with them and with what is loaded.
func leadsAway(page []byte, said string) (n int, wrong []string) {
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return 0, []string{err.Error()}
	}
	away := func(address string) bool {
		u, err := url.Parse(address)
		return err != nil || u.Host != "" && !slices.Contains(ours, u.Hostname())
	}
	var walk func(x *html.Node)
	walk = func(x *html.Node) {
		if x.Type == html.ElementNode {
			for _, a := range x.Attr {
				switch a.Key {
				case "src", "srcset", "poster", "data", "formaction", "action", "background", "manifest":
					if away(a.Val) {
						wrong = append(wrong, "<"+x.Data+" "+a.Key+"> leads to "+a.Val)
					}
				case "ping":
					wrong = append(wrong, "<"+x.Data+"> tells somebody that it was pressed")
				case "href":
					if !away(a.Val) {
						continue
					}
					if x.Data != "a" {
						wrong = append(wrong, "<"+x.Data+"> loads "+a.Val)
						continue
					}
					n++
					rel := strings.Fields(attr(x, "rel"))
					for _, need := range []string{"external", "noreferrer", "noopener"} {
						if !slices.Contains(rel, need) {
							wrong = append(wrong, "the link to "+a.Val+" is not "+need)
						}
					}
					if words := text(x); !strings.Contains(words, "↗") || !strings.Contains(words, said) {
						wrong = append(wrong, "the link to "+a.Val+" does not say that it leads to "+said+": "+words)
					}
				}
			}
		}
		for c := x.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return n, wrong
}
