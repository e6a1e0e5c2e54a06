package web

import (
	"bytes"
	"html/template"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"almirah/internal/words"
)

// cardsTemplate is what the cards would be if a template wrote them.
const cardsTemplate = `{{range $i, $c := .Cards}}{{if .Broken}}<a class="a broken s{{.Row}} d{{.Len}} c{{.Column}} w{{.Width}}" href="/app/appointments/{{.ID}}">{{t "day.broken"}}</a>{{else}}<a class="a st-{{.State}} s{{.Row}} d{{.Len}} c{{.Column}} w{{.Width}}{{if .Tall}} tall{{end}}{{if .Overbooked}} over{{end}}{{if .NeedsAttention}} out{{end}}" href="/app/appointments/{{.ID}}" data-id="{{.ID}}" data-v="{{.Version}}"{{if .Fixed}} data-fixed{{end}} draggable="false" aria-describedby="k-{{.State}}{{if .Overbooked}} k-over{{end}}{{if .NeedsAttention}} k-out{{end}}"><time>{{clock .At}}</time> <bdi>{{.Patient}}</bdi>{{if .Tall}} <bdi>{{.Service}}</bdi>{{end}}</a>{{end}}{{end}}`

// tree prints what a browser makes of a fragment: escapes that differ only in spelling are the same.
func tree(t interface{ Fatal(...any) }, fragment string) string {
	nodes, err := html.ParseFragment(strings.NewReader(fragment), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, n := range nodes {
		if err := html.Render(&out, n); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestCardsAgainstTheTemplate(t *testing.T) {
	t.Parallel()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	hostile := []string{"", "Asha Rao", `"><script>alert(1)</script>`, `' onfocus=alert(1) x='`, "</bdi></a><img src=x onerror=alert(1)>", "&amp; &lt;", "a\x00b", "आशा राव", "عائشة \u202E", "`{{.}}`", "<!--", "\u2028</style>"}
	word := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String())
	card := rapid.Custom(func(t *rapid.T) DayCard {
		return DayCard{ID: "019375f2-0000-7000-8000-000000000001", Row: rapid.IntRange(0, 300).Draw(t, "row"),
			Len: rapid.IntRange(1, 24).Draw(t, "len"), Column: rapid.IntRange(0, 11).Draw(t, "column"), Width: rapid.IntRange(1, 12).Draw(t, "width"),
			State: rapid.SampledFrom([]string{"booked", "confirmed", "arrived", "with", "completed", "no-show", "cancelled"}).Draw(t, "state"),
			At:    time.Date(2026, 11, 24, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC), Patient: word.Draw(t, "patient"),
			Service: word.Draw(t, "service"), Version: rapid.Int64().Draw(t, "version"), Overbooked: rapid.Bool().Draw(t, "over"), Broken: rapid.Bool().Draw(t, "broken"), Fixed: rapid.Bool().Draw(t, "fixed"), NeedsAttention: rapid.Bool().Draw(t, "out")}
	})
	for _, l := range words.Languages() {
		tongue := book.Tongue(l.Code)
		oracle := template.Must(template.New("cards").Funcs(template.FuncMap{"t": tongue.Say, "clock": tongue.Time}).Parse(cardsTemplate))
		rapid.Check(t, func(t *rapid.T) {
			list := rapid.SliceOfN(card, 0, 4).Draw(t, "cards")
			var want bytes.Buffer
			if err := oracle.Execute(&want, map[string]any{"Cards": list}); err != nil {
				t.Fatal(err)
			}
			if got, want := tree(t, string(cards(tongue, list))), tree(t, want.String()); got != want {
				t.Fatalf("the cards are\n%s\na template writes\n%s", got, want)
			}
		})
	}
}
