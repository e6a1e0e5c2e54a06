package app

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"almirah/internal/consent"
	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/web"
)

// TestPatientBooksWithoutScript goes the whole way of a patient at a real browser with scripts switched off: from the clinic's page to
// her own, with a change, a consent and a cancellation.
func TestPatientBooksWithoutScript(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "public-page-alone")
	h := openHouse(t, store.SQLite, Options{}, nil)
	x := browser.Start(t).Tab(t, 360, 740)
	x.NoScript(t)
	says := func(want string) {
		t.Helper()
		if text := x.Text(t); !strings.Contains(text, want) {
			t.Fatalf("%s does not say %q: %.900s", x.Path(t), want, text)
		}
	}
	x.GoTo(t, h.Server.URL+"/c/"+demoSlug)
	says("Book an appointment at Sunrise Clinic")
	x.Follow(t, `.pick a`)
	says("Anyone who is free")
	x.Follow(t, `.pick li:nth-child(3) a`) // not the first practitioner
	doctor := h.Practice.providers[1]
	says(doctor.Name)
	x.Follow(t, `.days li:nth-child(3) a`)
	x.Follow(t, `.times a`)
	at := queryOf(x.Path(t)).Get("at")
	if boxes := browser.Eval[int](t, x, `document.querySelectorAll("[name=consent]:checked").length`); boxes != 0 {
		t.Errorf("%d consents are ticked before she ticked any", boxes)
	}

	// What is wrong is named at the field, and what was typed stays.
	x.Fill(t, `[name=name]`, "Asha Example")
	x.Fill(t, `[name=phone]`, "12")
	x.Follow(t, `main form button`)
	says("There is a problem")
	if typed := browser.Eval[string](t, x, `document.querySelector("[name=name]").value+"|"+document.querySelector("[name=phone]").value+"|"+document.title.slice(0,5)`); typed != "Asha Example|12|Error" {
		t.Errorf("after a refusal the form holds %q", typed)
	}
	x.Fill(t, `[name=phone]`, "99999 12345")
	x.Fill(t, `[name=email]`, "asha@example.org")
	x.Click(t, `[name=consent]`)
	x.Follow(t, `main form button`)
	says("Asha Example")
	own := ownLink.FindString(x.Path(t))
	if own == "" {
		t.Fatalf("after booking she stands at %s", x.Path(t))
	}

	x.GoTo(t, h.Server.URL+own)
	says(doctor.Name)
	if !strings.Contains(browser.Eval[string](t, x, `document.querySelector(".slip time").dateTime`), at[:16]) {
		t.Errorf("booked for %s, and the page says %s", at, x.Text(t))
	}
	var cal http.Response
	if r, err := http.Get(h.Server.URL + browser.Eval[string](t, x, `document.querySelector("a[href$='.ics']").getAttribute("href")`)); err != nil {
		t.Fatal(err)
	} else {
		cal = *r
		_ = r.Body.Close()
	}
	if cal.StatusCode != http.StatusOK || !strings.HasPrefix(cal.Header.Get("Content-Type"), "text/calendar") {
		t.Errorf("the calendar file: %d %s", cal.StatusCode, cal.Header.Get("Content-Type"))
	}

	// Another time.
	x.Follow(t, `a[href$="/change"]`)
	x.Follow(t, `.days li:nth-child(5) a`)
	x.Follow(t, `.times a`)
	x.Follow(t, `main form button`)
	moved := browser.Eval[string](t, x, `document.querySelector(".slip time").dateTime`)
	if moved <= at {
		t.Errorf("moved from %s to %s", at, moved)
	}

	// What she agreed to: by a link as her confirmation carries it, not by the one that the booking showed.
	if strings.Contains(browser.Eval[string](t, x, `document.querySelector("main").innerHTML`), "consents") {
		t.Error("the link of the booking shows what she agreed to")
	}
	own = h.sent(t, own)
	x.GoTo(t, h.Server.URL+own)
	given := browser.Eval[int](t, x, `document.querySelectorAll("[name=consent]:checked:not([value=figures])").length`) // that one is ticked until she objects
	x.Click(t, `[name=consent]:checked:not([value=figures])`)
	x.Follow(t, `form[action$="/consents"] button`)
	if now := browser.Eval[int](t, x, `document.querySelectorAll("[name=consent]:checked:not([value=figures])").length`); given != 1 || now != 0 {
		t.Errorf("%d consents given, and %d after it was taken back", given, now)
	}

	// And away.
	x.Follow(t, `a[href$="/cancel"]`)
	x.Follow(t, `main form button`)
	x.GoTo(t, h.Server.URL+own)
	if !browser.Eval[bool](t, x, `!!document.querySelector(".slip.off")`) || strings.Contains(browser.Eval[string](t, x, `document.querySelector("main").innerHTML`), own+"/cancel") {
		t.Error("her page does not show that it is cancelled")
	}

	// The house has it as the pages said.
	hits, err := h.Patients.Search(t.Context(), h.Owner, "12345", 8)
	if err != nil || len(hits) != 1 || hits[0].Name != "Asha Example" {
		t.Fatalf("the clinic finds %v, %v", hits, err)
	}
	states, err := h.Consent.Of(t.Context(), h.Owner, hits[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.Purpose == consent.Reminder && s.Given {
			t.Error("the consent that she took back is still given")
		}
	}
	list, err := h.Desk.OfPatient(t.Context(), h.Owner, hits[0].ID, 10)
	if err != nil || len(list) != 1 || list[0].Status != scheduling.Cancelled || list[0].Provider != doctor.ID {
		t.Fatalf("her appointments: %+v, %v", list, err)
	}
	if n := browser.Eval[int](t, x, `performance.getEntriesByType("resource").filter(r=>r.initiatorType==="script"||!r.name.startsWith(location.origin)).length`); n != 0 {
		t.Errorf("the pages load %d scripts or things from elsewhere", n)
	}
	for _, said := range x.Said() {
		if !strings.Contains(said, "status of 422") { // the refused form
			t.Errorf("the console says %q", said)
		}
	}
}

// TestSignInByKeyboard: nobody needs a mouse to sign in, nor to reach the page's content.
func TestSignInByKeyboard(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	x := browser.Start(t).Tab(t, 1366, 900)
	x.GoTo(t, h.Server.URL+"/app/day")
	if !strings.HasPrefix(x.Path(t), "/sign-in?next=") {
		t.Fatalf("a stranger at the day page comes to %s", x.Path(t))
	}
	for n := 0; browser.Eval[string](t, x, `document.activeElement.name||""`) != "email"; n++ {
		if n > 12 {
			t.Fatal("Tab does not lead to the form")
		}
		x.Press(t, kb.Tab)
	}
	x.Type(t, deskMail)
	x.Press(t, kb.Tab)
	x.Type(t, demoPassword)
	x.Press(t, kb.Enter)
	x.WaitFor(t, `location.pathname==="/app/day"&&document.body?.dataset.ready`)
	x.Press(t, kb.Tab)
	if first := browser.Eval[string](t, x, `document.activeElement.hash`); first != "#main" {
		t.Errorf("the first Tab leads to %q, not to the content", first)
	}
	for _, c := range x.Complaints() {
		t.Error(c)
	}
}

// looks are those in which the pages of the house are held against axe: two that meet light, dark, right to left and 360 px, of which
// the pages take turns, and axe in every second of them, today these and tomorrow the others; in a soak every page is looked at in these and in each way by itself. (The gallery's test looks at the sample of every template in five.)
func looks() []look {
	out := []look{{1366, "en", "light"}, {360, "ar", "dark"}}
	if os.Getenv("ALMIRAH_SOAK") == "1" {
		out = append(out, look{1366, "en", "dark"}, look{1366, "ar", "light"}, look{360, "hi", "light"}, look{1366, "ta", "contrast"})
	}
	return out
}

// keptInBrowser lists what a browser keeps of the house. Cookies that scripts may not read are seen in the answers that set them (visitor.send).
const keptInBrowser = `(async () => [
	...Object.keys(localStorage).map(k => "localStorage " + k), ...Object.keys(sessionStorage).map(k => "sessionStorage " + k),
	...(await indexedDB.databases()).map(d => "indexedDB " + d.name), ...(await caches.keys()).map(k => "caches " + k),
	...(await navigator.serviceWorker.getRegistrations()).map(r => "serviceWorker " + r.scope), ...document.cookie.split("; ").filter(c => c).map(c => "cookie " + c.split("=")[0])])()`

// TestEveryPageIsAccessible: axe finds nothing on any page, in light, dark, right to left and at 360 px;
// nothing is wider than the window, nothing offends the content policy, no key of a catalogue shows, and after the whole tour the browser keeps what is declared.
func TestEveryPageIsAccessible(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "browser-storage")
	tw, more := withTwilio(t)
	h := openHouse(t, store.SQLite, Options{}, more)
	h.Twilio = tw
	d := &desk{opened: h}
	for i, name := range []string{"Asha Marigold", "मीना गुलमोहर", "தமிழ்ச்செல்வி சந்தனம்", "فاطمة الصنوبر"} {
		d.booked(t, d.patient(t, name, fmt.Sprintf("+9199999%05d", 20410+i)), i, "10:15")
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	tour, in, b := h.tour(t), h.signedIn(t), browser.Start(t)
	soak := os.Getenv("ALMIRAH_SOAK") == "1"
	var crew sync.WaitGroup
	for i, l := range looks() {
		crew.Go(func() {
			w := &walker{h, b, l, in, map[string]*browser.Tab{}}
			for j, s := range tour {
				if s.paper || !soak && j%2 != i {
					continue
				}
				x := w.open(t, s)
				if soak || (int64(j/2)+time.Now().Unix()/86400)%2 == 0 { // one half today, the other tomorrow: axe takes most of the time, and looks at every template's sample each day
					for _, v := range x.Axe(t, "../..") {
						t.Errorf("%s %s: %s", l, s.name(), v)
					}
				}
				for _, o := range x.Outside(t) {
					t.Errorf("%s %s: %s", l, s.name(), o)
				}
				if raw := browser.Eval[string](t, x, `(document.body.innerText.match(/\[[a-z_]+\.[^\]]+\]|%!|<no value>|\{[a-z]+\}/)||[""])[0]`); raw != "" {
					t.Errorf("%s %s: the page shows %q", l, s.name(), raw)
				}
			}
			for who, x := range w.tabs {
				for _, c := range x.Complaints() {
					t.Errorf("%s as %q: %s", l, who, c)
				}
				kept := browser.Await[[]string](t, x, keptInBrowser)
				for _, k := range kept {
					if !slices.ContainsFunc(web.Storage(), func(c web.Cookie) bool { return "localStorage "+c.Name == k }) &&
						!slices.ContainsFunc(web.Cookies(), func(c web.Cookie) bool { return "cookie "+c.Name == k }) {
						t.Errorf("%s as %q: the browser keeps %s, which the policy page does not list", l, who, k)
					}
				}
				if who == ownerMail {
					for _, c := range web.Storage() {
						if !slices.Contains(kept, "localStorage "+c.Name) {
							t.Errorf("%s: the policy page lists %s, which nothing keeps", l, c.Name)
						}
					}
				}
			}
		})
	}
	crew.Wait()
}
