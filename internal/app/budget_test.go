package app

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// What a page may cost. The numbers are those that the pages are built to; a change that needs more has to say so here.
const (
	mostPublic   = 20_000 // zipped bytes of a first visit to a public page, everything that it loads
	mostPolicy   = 36_000 // the same of the policy page, which says every sentence of the register
	mostDay      = 40_000 // the same of the day page
	mostScript   = 20_000 // zipped bytes of script on the day page
	mostSearch   = 13     // statements of a search for a patient, whatever it finds; one asks who of them was listed already
	mostDayNodes = 600    // elements of the day page with 120 appointments
)

// loaded is what a browser fetches for a page: the page and the files that it names.
type loaded struct {
	page, style, script, picture int // zipped bytes
	scripts                      int
	elsewhere                    []string // what another host would serve
}

func (l loaded) total() int { return l.page + l.style + l.script + l.picture }

func zipped(t testing.TB, body string) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(body))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// load fetches a page as a browser that has nothing yet.
func (v *visitor) load(t testing.TB, path string) loaded {
	t.Helper()
	a := v.page(t, path)
	out := loaded{page: zipped(t, a.body)}
	file := func(address string, into *int) {
		if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
			out.elsewhere = append(out.elsewhere, address)
			return
		}
		*into += zipped(t, v.page(t, address).body)
	}
	seen := map[string]bool{}
	walk(parsed(t, a.body), func(n *html.Node) {
		if n.Type != html.ElementNode {
			return
		}
		src, _ := attr(n, "src")
		href, _ := attr(n, "href")
		switch {
		case n.Data == "script":
			out.scripts++
			if src != "" {
				file(src, &out.script)
			}
		case n.Data == "img" && !seen[src]:
			seen[src] = true
			file(src, &out.picture)
		case n.Data == "link" && !seen[href]:
			seen[href] = true
			if rel, _ := attr(n, "rel"); rel == "stylesheet" {
				file(href, &out.style)
			} else if rel == "icon" {
				file(href, &out.picture)
			}
		}
	})
	return out
}

// shift is one move of what was on the page already, as a browser tells it.
type shift struct {
	Value float64  // share of the window that moved, times how far
	At    float64  // ms since the page began
	Of    []string // what moved, from where to where (x, y, width, height in px)
}

// TestPagesAreLight: a patient's page loads at most 20 kB and no script, the day at most 40 kB with 120 appointments.
func TestPagesAreLight(t *testing.T) {
	t.Parallel()
	h := openDemo(t, noonish)
	service := h.Practice.services[0].ID.String()
	for _, path := range []string{"/c/" + demoSlug, "/c/" + demoSlug + "/book?service=" + service, "/c/" + demoSlug + "/book?service=" + service + "&provider=any", h.bookedOnline(t, "Asha Example", "asha@example.org")} {
		l := h.visitor().load(t, path)
		t.Logf("%.60s: %d bytes (page %d, style %d, pictures %d)", path, l.total(), l.page, l.style, l.picture)
		if l.total() > mostPublic || l.scripts > 0 || len(l.elsewhere) > 0 {
			t.Errorf("%s loads %d bytes (%d are allowed), %d scripts, %v", path, l.total(), mostPublic, l.scripts, l.elsewhere)
		}
	}
	for _, path := range []string{"/trust", "/c/" + demoSlug + "/privacy"} {
		l := h.visitor().load(t, path)
		t.Logf("%s: %d bytes (page %d, style %d, pictures %d)", path, l.total(), l.page, l.style, l.picture)
		if l.total() > mostPolicy || l.scripts > 0 || len(l.elsewhere) > 0 {
			t.Errorf("%s loads %d bytes (%d are allowed), %d scripts, %v", path, l.total(), mostPolicy, l.scripts, l.elsewhere)
		}
	}
	l := h.signIn(t, deskMail).load(t, "/app/day")
	t.Logf("/app/day: %d bytes (page %d, style %d, script %d, pictures %d)", l.total(), l.page, l.style, l.script, l.picture)
	if l.total() > mostDay || l.script > mostScript || len(l.elsewhere) > 0 {
		t.Errorf("the day loads %d bytes (%d are allowed), %d of script (%d), %v", l.total(), mostDay, l.script, mostScript, l.elsewhere)
	}

	d := &desk{opened: h, b: browser.Start(t), in: h.signIn(t, deskMail)}
	x := d.day(t, 1366, "")
	if n := browser.Eval[int](t, x, `document.querySelectorAll(".a").length`); n != 120 {
		t.Fatalf("the day shows %d appointments", n)
	}
	if n := browser.Eval[int](t, x, `document.querySelectorAll("*").length`); n > mostDayNodes {
		t.Errorf("the day page has %d elements; %d are allowed", n, mostDayNodes)
	}
	moved := browser.Await[[]shift](t, x, `new Promise(done=>{const all=[];new PerformanceObserver(l=>{for(const e of l.getEntries())if(!e.hadRecentInput)all.push({value:e.value,at:e.startTime,of:e.sources.map(s=>{const r=o=>[o.x,o.y,o.width,o.height].map(Math.round).join(" ");return(s.node?s.node.nodeName+"."+(s.node.className||"")+"#"+(s.node.id||""):"what is gone")+" from "+r(s.previousRect)+" to "+r(s.currentRect)})})}).observe({type:"layout-shift",buffered:true});setTimeout(()=>done(all),300)})`)
	sum := 0.0
	for _, m := range moved {
		sum += m.Value
	}
	if sum > 0.02 {
		t.Errorf("the day page shifts by %.3f while it loads: %+v", sum, moved)
	}
}

// statements counts what a House asks its database.
type statements struct {
	mu  sync.Mutex
	all []string
}

func (s *statements) watch(text string, _ []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, text)
}

// taken answers the statements since the last time.
func (s *statements) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.all
	s.all = nil
	return out
}

// TestStatementsDoNotGrow: a page asks the same number of statements for a day of five appointments and for one of 120.
func TestStatementsDoNotGrow(t *testing.T) {
	t.Parallel()
	var seen statements
	h := openHouse(t, store.SQLite, Options{Store: store.Options{Watch: seen.watch}}, nil)
	d := &desk{opened: h}
	service, provider := h.Practice.services[0].ID.String(), h.Practice.providers[0].ID.String()
	day := string(h.today())
	for i := range 30 { // a search and the list of patients find as many as they show
		d.patient(t, fmt.Sprintf("Asha Number%d", i), fmt.Sprintf("+9199999%05d", 30000+i))
	}
	pages := []string{"/app/day", "/app/day/column?day=" + day + "&provider=" + provider, "/app/week?provider=", "/app", "/app/patients", "POST /app/patients", "POST /app/search",
		"/app/free?service=" + service + "&provider=any&day=" + day, "/c/" + demoSlug, "/c/" + demoSlug + "/book?service=" + service,
		"/c/" + demoSlug + "/book?service=" + service + "&provider=any", "/api/v1/clinics/" + demoSlug + "/slots?service=" + service + "&provider=any&from=" + day + "&to=" + day}
	// Each count is of a first look in a session of its own: who looks again at the same list is not written down twice.
	count := func(path string) []string {
		t.Helper()
		v := h.signIn(t, deskMail)
		ask := func() answered { return v.get(t, path) }
		switch to, search := strings.CutPrefix(path, "POST "); {
		case search && to == "/app/search":
			ask = func() answered { return v.submit(t, to, url.Values{"q": {"asha"}}) }
		case search:
			sealed := v.post(t, "/app/seek", url.Values{"to": {to}, "q": {"asha"}}).head.Get("Location")
			ask = func() answered { return v.get(t, sealed) }
		}
		seen.taken()
		if a := ask(); a.status != http.StatusOK {
			t.Fatalf("%s: %s", path, a)
		}
		return seen.taken()
	}
	few := map[string][]string{}
	for n := range 5 {
		d.booked(t, d.patient(t, fmt.Sprintf("Asha Few%d", n), fmt.Sprintf("+9199999%05d", 40000+n)), n%4, []string{"11:00", "12:00"}[n/4])
	}
	for _, path := range pages {
		count(path) // the first time prepares what is kept
		few[path] = count(path)
	}
	d.whole(t)
	for _, path := range pages {
		many := count(path)
		t.Logf("%-60.60s %d statements", path, len(many))
		if strings.HasPrefix(path, "POST ") { // a search reads further until it has as many as it shows
			if len(many) > mostSearch {
				t.Errorf("%s asks %d statements; %d are allowed", path, len(many), mostSearch)
			}
			continue
		}
		if len(many) != len(few[path]) {
			t.Errorf("%s asks %d statements with five appointments and %d with a full day; new are: %s", path, len(few[path]), len(many), strings.Join(beyond(few[path], many), "\n"))
		}
	}
}

// whole fills today, with every practitioner who offers the first service, and the patients of each appointment its own.
func (d *desk) whole(t testing.TB) {
	t.Helper()
	for n := 0; ; n++ {
		free, err := d.Desk.FreeTimes(t.Context(), d.Owner, d.Practice.services[0].ID, d.Practice.providers[n%4].ID, d.today(), d.today())
		if err != nil {
			t.Fatal(err)
		}
		if len(free.Slots) < 3 || n >= 115 {
			return
		}
		at := free.Slots[0].StartsAt.In(d.Clinic.Location()).Format("15:04")
		_ = d.booked(t, d.patient(t, fmt.Sprintf("Asha Whole%d", n), fmt.Sprintf("+9199999%05d", 50000+n)), n%4, at)
	}
}

func beyond(few, many []string) (out []string) {
	for _, s := range many {
		if i := slices.Index(few, s); i >= 0 {
			few = slices.Delete(slices.Clone(few), i, i+1)
			continue
		}
		out = append(out, s)
	}
	return out
}
