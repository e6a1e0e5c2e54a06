package web_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"almirah/internal/access"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/insight"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
	"almirah/internal/words"
)

// wholeRegister is the register as a house without a look of a probe shows it.
func wholeRegister() []web.Kept {
	var out []web.Kept
	for _, s := range promise.Register {
		out = append(out, web.Kept{Sentence: s, Status: string(s.Kind)})
	}
	return out
}

// in asks for a page in a language.
func (o *office) in(lang, path string, texts ...string) string {
	o.t.Helper()
	return wants(o.t, o.guest().ask("GET", path, nil, func(r *http.Request) { r.Header.Set("Accept-Language", lang) }), 200, texts...)
}

func TestProofOfASentence(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-from-register")
	o := openOffice(t)
	now := o.Clock.Now()
	kept := wholeRegister()
	for i := range kept {
		if kept[i].ID == "reminder-once" {
			kept[i].Status, kept[i].CheckedAt, kept[i].Since = "broken", now, now.Add(-time.Hour)
		}
	}
	fails := false
	o.rehouse(func(d *web.Deps) {
		d.Promises = func(context.Context) []web.Kept { return kept }
		d.Spells = func(_ context.Context, probe string) ([]web.Spell, error) {
			if fails {
				return nil, errors.New("no database")
			}
			return []web.Spell{{Status: "broken", Evidence: "2 reminders of " + probe + " were planned twice", Since: now.Add(-time.Hour), Last: now, Times: 7},
				{Status: "enforced", Evidence: "looked at 3 clinics", Since: now.Add(-48 * time.Hour), Last: now.Add(-2 * time.Hour), Times: 282}}, nil
		}
	})
	s, _ := promise.Find("reminder-once")
	if len(s.Twins) == 0 {
		t.Fatal("reminder-once has no twin to show")
	}
	o.in("en", "/trust/reminder-once", s.Text, "F13", s.KeptBy[0], s.ProvedBy[0], s.Twins[0].Name, s.Twins[0].Red[0], "b-broken", "since", "2 reminders of reminder-once were planned twice", "looked at 3 clinics", ">282<")
	o.in("en", "/trust/no-sale", "People must keep it", "!Proved by", "!Looks at this running system")
	for _, k := range kept {
		if k.Kind == promise.NotYet {
			o.in("en", "/trust/"+k.ID, "not built", "!Proved by")
		}
	}
	o.in("hi", "/trust/reminder-once", `lang="hi"`, "यह कैसे साबित होता है")
	wants(t, o.guest().get("/trust/no-such-sentence"), 404)
	fails = true
	wants(t, o.guest().get("/trust/reminder-once"), 500)
	o.in("en", "/trust", "Broken at present", `href="#reminder-once"`)
}

func TestPolicySaysWhoAndWhen(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-who-and-when")
	o := openOffice(t)
	o.rehouse(func(d *web.Deps) {
		d.Promises = func(context.Context) []web.Kept { return wholeRegister() }
		d.Entity = web.Entity{Name: "Almirah Hosting LLP", Address: "7 Temple Street", Contact: "privacy@host.example"}
	})
	for _, path := range []string{"/trust", "/c/desk/privacy"} {
		o.in("en", path, "In force since <time>", "Last updated <time>", "Almirah Hosting LLP", `href="mailto:privacy@host.example"`, "Concerns:", `<span class="tag">patients</span>`, `<span class="tag">staff</span>`, `<span class="tag">clinics</span>`)
	}
	const page = "/app/settings/clinic"
	leads(t, o.owner.files(page, "logo", nil, profile(o.owner.version(page))...), page+"?done=saved")
	o.in("en", "/c/desk/privacy", `href="mailto:desk@example.org"`, "decides about your data", "Write to the clinic", `href="/c/desk/privacy/request"`)
}

func TestEachRegionHasItsRights(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "rights-by-region")
	o := openOffice(t)
	all := o.in("en", "/trust", "within 72 hours", "within 30 days", "from the age of 18 on", "from the age of 16 on")
	own := o.in("en", "/c/desk/privacy")
	for _, place := range law.Places() {
		for _, body := range []string{all, own} {
			_, part, there := strings.Cut(body, `id="law-`+place+`"`)
			part, _, _ = strings.Cut(part, "</details>")
			if a := law.Complaints(place); !there || !strings.Contains(html.UnescapeString(part), a.Name) || !strings.Contains(part, a.Page) {
				t.Errorf("%s has no part of its own, or no authority: %.300s", place, part)
			}
			for _, r := range law.Rights(place) {
				if !strings.Contains(part, r.Source) {
					t.Errorf("%s does not say %s (%s)", place, r.Key, r.Source)
				}
			}
		}
	}
	if at := strings.Index(own, `id="law-`); !strings.HasPrefix(own[at:], `id="law-IN" open`) || strings.Count(own, ` open`) != 1 {
		t.Errorf("the page of a clinic in India does not begin with the law of India: %.40s", own[at:])
	}
	const page = "/app/settings/clinic"
	leads(t, o.owner.files(page, "logo", nil, profile(o.owner.version(page), "jurisdiction", "GB")...), page+"?done=saved")
	own = o.in("en", "/c/desk/privacy", "from the age of 16 on")
	if at := strings.Index(own, `id="law-`); !strings.HasPrefix(own[at:], `id="law-GB" open`) {
		t.Errorf("the page of a clinic in Britain begins with %.40s", own[at:])
	}
	if strings.Contains(all, ` open>`) {
		t.Error("the page of the installation prefers a law")
	}
}

// latin is a word in Latin letters.
var latin = regexp.MustCompile(`[A-Za-z]{2,}(?:['’-][A-Za-z]+)*`)

// names may stand in Latin letters in any language: names of companies, techniques, cookies and authorities, and what a patient types.
func names() map[string]bool {
	names := map[string]bool{}
	for _, n := range strings.Fields(`Almirah Argon id SMS WhatsApp Razorpay Stripe Twilio MSG AWS KMS HashiCorp Vault PostgreSQL AES TLS HTTPS DNS PDF FHIR STOP START Schedule Business Associate Agreement
		HIPAA Global Privacy Control Host-session Host-form Host-device Host-pref almirah-log Desk Clinic Post Co IN`) {
		names[n] = true
	}
	for _, p := range law.Places() {
		if a := law.Complaints(p); p != law.EU && p != law.Elsewhere {
			for _, n := range latin.FindAllString(a.Name, -1) {
				names[n] = true
			}
		}
	}
	return names
}

// TestNoEnglishIsLeftInThePolicy reads the whole page in each language; citations of laws, marked as English, are English.
func TestNoEnglishIsLeftInThePolicy(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-languages")
	o := openOffice(t)
	o.rehouse(func(d *web.Deps) {
		d.Promises = func(context.Context) []web.Kept { return wholeRegister() }
		d.Processors = func() []egress.Processor {
			return []egress.Processor{{Name: "Post & Co", Purpose: "carries e-mail: confirmations, reminders, sign-in letters", Categories: []string{"e-mail address", "subject and text of the message"}, Region: "India"}}
		}
	})
	names := names()
	for _, path := range []string{"/trust", "/c/desk/privacy"} {
		for _, l := range words.Languages()[1:] {
			page, err := html.Parse(strings.NewReader(o.in(l.Code, path, `lang="`+l.Code+`"`)))
			if err != nil {
				t.Fatal(err)
			}
			read := 0
			var walk func(n *html.Node)
			walk = func(n *html.Node) {
				for _, a := range n.Attr {
					if a.Key == "lang" && a.Val != l.Code || a.Key == "class" && a.Val == "langs" {
						return
					}
				}
				if n.Data == "head" || n.Data == "address" {
					return
				}
				if n.Type == html.TextNode {
					read += len(n.Data)
					for _, w := range latin.FindAllString(n.Data, -1) {
						if !names[w] {
							t.Errorf("%s in %s says %q: %.90s", path, l.Code, w, strings.TrimSpace(n.Data))
						}
					}
				}
				for c := n.FirstChild; c != nil; c = c.NextSibling {
					walk(c)
				}
			}
			walk(page)
			if read < 60_000 {
				t.Errorf("%s in %s: only %d bytes of text were read", path, l.Code, read)
			}
		}
	}
}

// TestSignInSaysThatCookiesAreBlocked: a form that comes without any cookie came from a browser that keeps none, and is told so, in its language.
func TestSignInSaysThatCookiesAreBlocked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "cookies-blocked")
	o := openOffice(t)
	o.in("en", "/sign-in", "If your browser blocks them, you cannot sign in")
	send := func(lang string, with ...string) string {
		g := o.guest()
		w := g.ask("POST", "/sign-in", map[string][]string{"email": {"meera@example.org"}, "password": {password}, "csrf": {strings.Repeat("A", 64)}}, func(r *http.Request) {
			r.Header.Set("Accept-Language", lang)
			for _, c := range with {
				r.Header.Set("Cookie", c)
			}
		})
		return wants(t, w, 403)
	}
	if body := send("en"); !strings.Contains(body, "Your browser blocks cookies") || !strings.Contains(body, "Allow cookies for this site") || strings.Contains(body, "open too long") {
		t.Errorf("a browser without cookies is told: %.900s", body)
	}
	if body := send("hi"); !strings.Contains(body, "आपका ब्राउज़र कुकी रोकता है") {
		t.Errorf("in Hindi: %.900s", body)
	}
	if body := send("en", web.PreferenceCookie+"=theme:dark"); strings.Contains(body, "blocks cookies") {
		t.Error("a browser that sent a cookie is told that it blocks them")
	}
}

// TestABrowserThatAsksNotToBeFollowed: where a clinic counts looks at its public pages, one that sends Sec-GPC (or DNT) is not among them.
func TestABrowserThatAsksNotToBeFollowed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "use-switchable")
	o := openOffice(t)
	var counts *insight.Service
	o.rehouse(func(d *web.Deps) { counts = d.Insight })
	ctx := context.Background()
	set, err := counts.Setting(ctx, o.owner.who)
	if err == nil {
		set.Visitors = true
		err = counts.SaveSetting(ctx, o.owner.who, set)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := func(want int64, ask ...string) {
		t.Helper()
		wants(t, o.guest().ask("GET", "/c/desk", nil, func(r *http.Request) {
			for _, name := range ask {
				r.Header.Set(name, "1")
			}
		}), 200)
		if err := counts.Flush(ctx, func(clinic id.ID) access.Caller { return o.In(clinic, access.System) }); err != nil {
			t.Fatal(err)
		}
		var got int64
		if err := o.DB.View(ctx, o.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT COALESCE(SUM(seen), 0) FROM visitor_day WHERE clinic_id = $1`).Scan(&got)
		}); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("after a look with %v %d looks are counted, %d were wanted", ask, got, want)
		}
	}
	seen(0, "Sec-GPC")
	seen(0, "DNT")
	seen(1)
	seen(1, "Sec-GPC", "DNT")
}
