package gallery

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"almirah/internal/rig/browser"
)

// top is the way to the top of the repository.
const top = "../../.."

// desk is a browser with the gallery in it.
type desk struct {
	*browser.Browser
	g   *Gallery
	url string
}

func open(t *testing.T) *desk {
	t.Helper()
	b := browser.Start(t)
	g, err := New()
	if err != nil {
		t.Fatalf("%v: run go run ./internal/web/gen", err)
	}
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	return &desk{b, g, srv.URL}
}

type look struct {
	lang, theme string
	width       int64
}

// TestAccessibility: axe finds nothing on any page, in light, dark, high contrast, right to left and at 360 px.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	d := open(t)
	names, err := d.g.Names()
	if err != nil {
		t.Fatal(err)
	}
	only := regexp.MustCompile(os.Getenv("ALMIRAH_LOOK"))
	today := time.Now().Unix() / 86400
	var crew sync.WaitGroup
	seats := make(chan struct{}, 2) // one tab's page comes while axe looks at the other's
	for i, l := range []look{{"en", "light", 1366}, {"en", "dark", 1366}, {"ar", "auto", 1366}, {"en", "contrast", 360}, {"hi", "light", 360}} {
		x := d.Tab(t, l.width, 900)
		seats <- struct{}{}
		crew.Go(func() {
			defer func() { <-seats }()
			for j, n := range names {
				if !only.MatchString(n) || (i > 0 && strings.HasSuffix(n, "-bare")) {
					continue // an empty page looks the same in the other looks
				}
				if strings.HasSuffix(n, "-bare") && (int64(j/2)+today)%2 != 0 && os.Getenv("ALMIRAH_SOAK") == "" {
					continue // in the small form one half of the empty pages today, the other tomorrow
				}
				if !strings.HasSuffix(n, "-bare") && j%5 != i && os.Getenv("ALMIRAH_SOAK") == "" {
					continue // the small form looks at each full page in one look, the full form in all; the house's own tour looks at each in one more
				}
				url := fmt.Sprintf("%s/look/%s/%s/%s", d.url, l.lang, l.theme, n)
				x.GoTo(t, url)
				for _, v := range x.Axe(t, top) {
					t.Errorf("%s %s %d %s: %s", l.lang, l.theme, l.width, n, v)
				}
				for _, o := range x.Outside(t) {
					t.Errorf("%s %s %d %s: %s", l.lang, l.theme, l.width, n, o)
				}
			}
			for _, c := range x.Complaints() {
				t.Errorf("%s %s: %s", l.lang, l.theme, c)
			}
		})
	}
	crew.Wait()
}

// TestWhatIsCutOffIsSeen is the control of the widths: in a page from right to left nothing moves to what stands beyond the right edge, so that its width tells of nothing; it is seen all the same.
func TestWhatIsCutOffIsSeen(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("TestALongName", 9)
	cases := []struct {
		body string
		seen bool
	}{
		{`<html dir=rtl><p>نص</p><p dir=ltr>` + long, true},
		{`<html dir=rtl><p>نص</p><p dir=ltr><code>` + long, true},
		{`<html dir=rtl><p>نص</p><div style="overflow-x:auto"><p dir=ltr>` + long, false},
		{`<html dir=rtl><p>نص</p><p dir=ltr style="overflow-wrap:anywhere">` + long, false},
		{`<html><p>` + long, true},
		{`<html><p style="margin-left:-80px">cut at the beginning`, true},
		{`<html><p>short`, false},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if i, err := strconv.Atoi(r.URL.Path[1:]); err == nil {
			_, _ = w.Write([]byte("<!doctype html><meta name=viewport content=\"width=device-width\">" + cases[i].body))
		}
	}))
	t.Cleanup(srv.Close)
	x := browser.Start(t).Tab(t, 360, 740)
	for i, c := range cases {
		x.GoTo(t, srv.URL+"/"+strconv.Itoa(i))
		if o := x.Outside(t); (len(o) > 0) != c.seen {
			t.Errorf("%s: %q", c.body, o)
		}
	}
}

// TestDayByHand presses the keys and moves the mouse that a receptionist does.
func TestDayByHand(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 1366, 900)
	x.GoTo(t, d.url+"/look/en/light/day")
	x.WaitFor(t, `document.body.dataset.ready`)
	const first = `document.querySelector(".a.st-booked[data-id]:not([data-fixed])")`

	// A returning patient: N, four characters, Enter, Enter.
	keys := 0
	for _, k := range []string{"n", "2", "3", "4", "5", kb.Enter} {
		x.Press(t, k)
		keys++
	}
	x.WaitFor(t, `document.activeElement.dataset.at`)
	x.Press(t, kb.Enter)
	if keys++; keys != 7 {
		t.Errorf("%d key presses", keys)
	}
	x.WaitFor(t, `document.querySelector("#toast").textContent.includes("Booked")`)
	last := d.g.Posts()[len(d.g.Posts())-1]
	for _, want := range []string{"/app/appointments ", "patient=0192", "starts_at=2026-11-24T09", "provider=0192", "key=0192", "service=0192", "csrf="} {
		if !strings.Contains(last, want) {
			t.Errorf("the booking form lacks %s: %s", want, last)
		}
	}

	// The keyboard moves: M, down, right, Enter; Z puts it back.
	place := `(()=>{const a=document.querySelector('[data-id="'+window.mine+'"]');return a.className.match(/ s(\d+)/)[1]+" "+a.closest("[data-col]").dataset.col.slice(-2)})()`
	browser.Eval[string](t, x, `window.mine=`+first+`.dataset.id; `+first+`.focus(); ""`)
	before := browser.Eval[string](t, x, place)
	x.Press(t, "m", kb.ArrowDown, kb.ArrowRight, kb.Enter)
	x.WaitFor(t, `document.querySelector("#toast button")`)
	if after := browser.Eval[string](t, x, place); after == before {
		t.Errorf("the card did not move from %s", before)
	}
	last = d.g.Posts()[len(d.g.Posts())-1]
	if !strings.Contains(last, "/move ") || !strings.Contains(last, "version=1") || !strings.Contains(last, "starts_at=2026-11-24T") {
		t.Errorf("the move sent %s", last)
	}
	x.Press(t, "z")
	x.WaitFor(t, place+`==="`+before+`"`)
	// The card goes back when the house has heard of it, and the page then says so. Refused before, it would be the undo that lost the race.
	x.WaitFor(t, `!document.querySelector("#toast button") && document.querySelector("#toast").textContent`)

	// A lost race: the sentence is said, and the card is where it was.
	d.g.Refuse()
	browser.Eval[string](t, x, `document.querySelector('[data-id="'+window.mine+'"]').focus(); ""`)
	x.Press(t, "m", kb.ArrowDown, kb.Enter)
	x.WaitFor(t, `document.querySelector("#toast").textContent.includes("Ravi moved this")`)
	if after := browser.Eval[string](t, x, place); after != before {
		t.Errorf("after a lost race the card stands at %s, not %s", after, before)
	}

	// Escape leaves a card where it was.
	x.Press(t, "m", kb.ArrowDown, kb.Escape)
	if after := browser.Eval[string](t, x, place); after != before {
		t.Errorf("Escape left the card at %s", after)
	}

	// The mouse drags.
	posts := len(d.g.Posts())
	box := browser.Eval[[]float64](t, x, `(()=>{const a=document.querySelector('[data-id="'+window.mine+'"]');a.scrollIntoView({block:"center"});const b=a.getBoundingClientRect();return [b.x+30,b.y+8]})()`)
	x.Drag(t, box[0], box[1], box[0]+200, box[1]+50)
	time.Sleep(200 * time.Millisecond)
	if len(d.g.Posts()) != posts+1 {
		t.Errorf("a drag sent %d forms", len(d.g.Posts())-posts)
	}

	// A click opens the panel, Escape closes it; ? shows the keys.
	browser.Eval[string](t, x, first+`.click(); ""`)
	x.WaitFor(t, `document.querySelector("[data-panel]")`)
	x.Press(t, kb.Escape)
	x.WaitFor(t, `!document.querySelector("[data-panel]")`)
	x.Press(t, "?")
	x.WaitFor(t, `document.querySelector("dialog[open]")`)
	x.Press(t, kb.Escape)

	if c := x.Complaints(); len(c) > 0 {
		t.Errorf("the console says %v", c)
	}
	if n := browser.Eval[int](t, x, `document.querySelectorAll("*").length`); n > 620 {
		t.Errorf("%d nodes", n)
	}
}

// TestRightToLeft: in Arabic the left arrow goes to the next practitioner.
func TestRightToLeft(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 1366, 900)
	x.GoTo(t, d.url+"/look/ar/light/day")
	x.WaitFor(t, `document.body.dataset.ready`)
	col := `document.activeElement.closest("[data-col]").dataset.col`
	browser.Eval[string](t, x, `document.querySelector("a.a").focus(); ""`)
	from := browser.Eval[string](t, x, col)
	x.Press(t, kb.ArrowLeft)
	if to := browser.Eval[string](t, x, col); to <= from {
		t.Errorf("left went from %s to %s", from, to)
	}
}

// TestSingleKeysOff: a person who switched them off can type N without booking anybody.
func TestSingleKeysOff(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 1366, 900)
	x.GoTo(t, d.url+"/look/en/light/day")
	x.WaitFor(t, `document.body.dataset.ready`)
	browser.Eval[string](t, x, `delete document.body.dataset.keys; ""`)
	x.Press(t, "n", "?", "m")
	if browser.Eval[bool](t, x, `!!document.querySelector("[data-bookpanel],dialog,.moving")`) {
		t.Error("a single key did something")
	}
}

// TestPhone: at 360 px one practitioner is shown, and the switch shows another.
func TestPhone(t *testing.T) {
	t.Parallel()
	d := open(t)
	x := d.Tab(t, 360, 740)
	x.Touch(t)
	x.GoTo(t, d.url+"/look/en/light/day")
	x.WaitFor(t, `document.body.dataset.ready`)
	const shown = `[...document.querySelectorAll("[data-col]")].filter(c=>c.offsetParent).length`
	if n := browser.Eval[int](t, x, shown); n != 1 {
		t.Errorf("%d practitioners at 360 px", n)
	}
	was := browser.Eval[string](t, x, `[...document.querySelectorAll("[data-col]")].find(c=>c.offsetParent).dataset.col`)
	browser.Eval[string](t, x, `document.querySelectorAll("[data-choose]")[2].click(); ""`)
	if is := browser.Eval[string](t, x, `[...document.querySelectorAll("[data-col]")].find(c=>c.offsetParent).dataset.col`); is == was {
		t.Error("the switch shows nobody else")
	}
}
