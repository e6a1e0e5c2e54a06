package app

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/incidents"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
	"almirah/internal/web"
	"almirah/internal/words"
)

// TestABrokenPromiseIsAnIncident breaks a promise as it breaks in life (a suspicion that nobody looks at), on both engines: one incident for the
// break however often it is seen, the operators told once, "since" kept, and the end noted when it is kept again.
func TestABrokenPromiseIsAnIncident(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "broken-is-an-incident")
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		_, operator := h.helping(t)
		who, err := h.Accounts.Helper(t.Context(), operator)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(err)
		const sentence = "incident-clocks"
		kept := func() web.Kept {
			t.Helper()
			list := h.Promises(t.Context())
			return list[slices.IndexFunc(list, func(k web.Kept) bool { return k.ID == sentence })]
		}
		breaks := func() (out []incidents.Event) {
			t.Helper()
			list, err := h.Trouble.Events(t.Context(), who)
			must(err)
			for _, e := range list {
				if e.Rule == incidents.PromiseBroken && e.Named() == sentence {
					out = append(out, e)
				}
			}
			return out
		}
		mails := func() (n int) {
			t.Helper()
			must(h.DB.Across(t.Context(), jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
				p.Housekeeping("a count")
				return p.Row(`SELECT COUNT(*) FROM outgoing_mail WHERE person_id = $1`, operator.Person.ID).Scan(&n)
			}))
			return n
		}
		must(h.Probe(t.Context()))
		if k := kept(); k.Status != "enforced" || len(breaks()) != 0 {
			t.Fatalf("%s is %s before anything broke", sentence, k.Status)
		}
		one, err := h.Trouble.Report(t.Context(), h.Owner, incidents.Other, "A folder lay in the corridor overnight.")
		must(err)
		h.Fake.Move(73 * time.Hour)
		before := mails()
		must(h.Probe(t.Context()))
		since := kept().Since
		if k := kept(); k.Status != "broken" || !since.Equal(h.Fake.Now().Truncate(time.Microsecond)) {
			t.Fatalf("%s is %s since %v, now is %v", sentence, k.Status, since, h.Fake.Now())
		}
		told := mails()
		events, err := h.Trouble.Events(t.Context(), who)
		must(err)
		if told <= before {
			t.Error("the operator was not told")
		}
		for range 2 { // the same break is seen again, by the looks and by the platform's own watch
			h.Fake.Move(10 * time.Minute)
			must(h.Probe(t.Context()))
			must(h.watchPlatform(t.Context(), jobs.Platform()))
		}
		if k := kept(); !k.Since.Equal(since) || !k.CheckedAt.After(since) {
			t.Errorf("broken since %v became since %v", since, k.Since)
		}
		list := breaks()
		if len(list) != 1 || list[0].To != 0 || !list[0].From.Time().Equal(since) {
			t.Fatalf("incidents of one break: %+v", list)
		}
		now, err := h.Trouble.Events(t.Context(), who)
		must(err)
		if n := mails(); n != told && len(now) == len(events) {
			t.Errorf("%d more letters about breaks that were told", n-told)
		}
		if body := h.visitor().page(t, "/trust").body; !strings.Contains(body, "Broken at present") {
			t.Error("the policy page does not begin with what is broken")
		}

		c, err := h.Trouble.Get(t.Context(), h.Owner, one)
		must(err)
		must(h.Trouble.Close(t.Context(), h.Owner, one, c.Version, "It was an empty folder; the cleaners now ask."))
		h.Fake.Move(10 * time.Minute)
		must(h.Probe(t.Context()))
		if k := kept(); k.Status != "enforced" || !k.Since.After(since) {
			t.Fatalf("%s is %s: %s", sentence, k.Status, k.Evidence)
		}
		if list = breaks(); len(list) != 1 || list[0].To == 0 || list[0].State == incidents.Closed {
			t.Errorf("the end is not noted, or nobody is asked any more what was learnt: %+v", list)
		}
		spells, err := h.Spells(t.Context(), sentence)
		must(err)
		var stood []string
		for _, s := range spells {
			stood = append(stood, s.Status)
		}
		if !slices.Equal(stood, []string{"enforced", "broken", "enforced"}) || spells[1].Times != 3 {
			t.Errorf("the history is %+v", spells)
		}
	})
}

// TestTheProcessorsAreSaidInEveryLanguage: what the program declares of each party that data can go to is on the page in its language.
func TestTheProcessorsAreSaidInEveryLanguage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-languages")
	set := map[string]string{"ALMIRAH_SMTP_HOST": "mail.example.org", "ALMIRAH_SMTP_FROM": "a@example.org", "ALMIRAH_SES": "on", "ALMIRAH_LEGAL_ENTITY": "Almirah Hosting LLP", "ALMIRAH_PLANS": "solo:INR:99900:0", "ALMIRAH_PLANS_GATEWAY": "razorpay", "ALMIRAH_PLANS_KEY_ID": "rzp_x", "ALMIRAH_PLANS_KEY_SECRET": "y"}
	c, err := FromEnv(func(n string) string { return set[n] })
	if err != nil {
		t.Fatal(err)
	}
	c.Invented = true
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, p := range processors(c) {
		for _, text := range append([]string{p.Purpose, p.Region, p.Notes}, p.Categories...) {
			for _, l := range words.Languages()[1:] {
				if text != "" && web.Declared(book.Tongue(l.Code), text) == text {
					t.Errorf("%s: %q is not said in %s: %s", p.ID, text, l.Code, web.DeclaredKey(text))
				}
				said++
			}
		}
	}
	for _, s := range promise.Register {
		for _, l := range words.Languages()[1:] {
			if s.Applies != "" && web.Declared(book.Tongue(l.Code), s.Applies) == s.Applies {
				t.Errorf("%s: %q is not said in %s: %s", s.ID, s.Applies, l.Code, web.DeclaredKey(s.Applies))
			}
		}
	}
	if said < 60 {
		t.Errorf("only %d texts were looked at", said)
	}
}

// TestSignInWithCookiesBlocked: a real browser that takes no cookies reads, is told at sign-in what blocks it, and loses nothing else.
func TestSignInWithCookiesBlocked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "cookies-blocked")
	h := openHouse(t, store.SQLite, Options{}, nil)
	x := browser.StartBlocking(t).Tab(t, 360, 740)
	x.GoTo(t, h.Server.URL+"/c/sunrise")
	if !strings.Contains(x.Text(t), h.Clinic.Name) {
		t.Error("the booking page cannot be read without cookies")
	}
	x.GoTo(t, h.Server.URL+"/sign-in")
	if !strings.Contains(x.Text(t), "If your browser blocks them, you cannot sign in") {
		t.Error("the page does not say that signing in needs cookies")
	}
	x.Fill(t, `[name=email]`, ownerMail)
	x.Fill(t, `[name=password]`, demoPassword)
	x.Follow(t, `form[action="/sign-in"] button.go`)
	if text := x.Text(t); !strings.Contains(text, "Your browser blocks cookies") || !strings.Contains(text, "Allow cookies for this site") {
		t.Errorf("without cookies, signing in says: %.400s", text)
	}
	for _, v := range x.Axe(t, "../..") {
		t.Error(v)
	}
}

// TestThePolicyIsCleanForEverybody: both pages, with every group unfolded, in a real browser: axe finds nothing, nothing is wider than a phone,
// and no script is needed. A soak looks at every language, width and colour.
func TestThePolicyIsCleanForEverybody(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-languages")
	h := openHouse(t, store.SQLite, Options{}, nil)
	x := browser.Start(t).Tab(t, 1366, 900)
	type look struct {
		width       int64
		lang, theme string
	}
	looks := []look{{360, "ar", "dark"}, {1366, "ta", "light"}, {360, "hi", "light"}, {1366, "en", "dark"}} // each language, width and colour; a soak takes them all together
	paths := []string{"/c/sunrise/privacy"}
	soak := os.Getenv("ALMIRAH_SOAK") == "1"
	if soak {
		looks, paths = nil, append(paths, "/trust", "/trust/clinic-apart")
		for _, l := range words.Languages() {
			for _, width := range []int64{360, 1366} {
				looks = append(looks, look{width, l.Code, "light"}, look{width, l.Code, "dark"})
			}
		}
	}
	for i, l := range looks {
		if !soak { // the two pages by turns
			paths = []string{[]string{"/c/sunrise/privacy", "/trust"}[i/2]}
		}
		x.Size(t, l.width, 900)
		x.Cookie(t, h.Server.URL, web.PreferenceCookie, "theme:"+l.theme+"|lang:"+l.lang)
		for _, path := range paths {
			x.GoTo(t, h.Server.URL+path)
			if n := browser.Eval[int](t, x, `(d=>{d.forEach(x=>x.open=true);return d.length})(document.querySelectorAll("details"))`); n < 15 && path != "/trust/clinic-apart" {
				t.Errorf("%s has %d groups to unfold", path, n)
			}
			for _, v := range append(x.Axe(t, "../.."), x.Complaints()...) {
				t.Errorf("%s %+v: %s", path, l, v)
			}
			for _, o := range x.Outside(t) {
				t.Errorf("%s %+v: %s", path, l, o)
			}
		}
	}
}
