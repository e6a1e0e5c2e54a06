package app

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/messaging"
	"almirah/internal/rig/browser"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/web"
)

// noonish is when the pictures are taken: 11:20 in the demo clinic, in the middle of its morning.
var noonish = time.Date(2026, 11, 24, 5, 50, 0, 0, time.UTC)

// stop is one page of the tour: a GET page of the house as somebody sees it.
type stop struct {
	pattern string // of web.Routes
	path    string
	who     string   // "" is anybody, otherwise the address with which one of the demo's people signs in
	variant string   // what is particular about it; empty for the page itself
	typed   []string // a field of search, and what is typed into it
	status  int      // 200 when zero
	paper   bool     // as it is printed
	touch   func(t testing.TB, x *browser.Tab)
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// name is the file name of the page's picture.
func (s stop) name() string {
	n := strings.Trim(notName.ReplaceAllString(strings.ToLower(strings.TrimPrefix(s.pattern, "GET ")), "-"), "-")
	if n == "" {
		n = "home"
	}
	if s.variant != "" {
		n += "-" + s.variant
	}
	return n
}

const (
	ownerMail = "owner@sunrise.example.org"
	deskMail  = "desk@sunrise.example.org"

	managerMail = "manager@sunrise.example.org"
)

// noPage are the routes that answer something else than a page to look at. (The demo's gateway has no keys; the gallery shows the page on which they are changed.)
var noPage = []string{"GET /app/settings/datamap/record.csv", "GET /app/settings/datamap/record.json", "GET /app/settings/datamap/dictionary.csv", "GET /platform/datamap/record.csv", "GET /platform/datamap/record.json", "GET /platform/datamap/dictionary.csv", "GET /m/{token}/data/copy.json", "GET /m/{token}/data/copy.zip", "GET /app/settings/import/{id}/left.csv", "GET /trust/closed/{id}", "GET /.well-known/security.txt", "GET /app/incidents/{id}/form.txt", "GET /c/{slug}/erased/{id}/certificate", "GET /app/erasures/{id}/letter.txt", "GET /trust/erasure-key", "GET /app/settings/payments/{id}/keys", "GET /app/account/signed/{id}/text", "GET /app/drugs", "GET /app/prescriptions/{id}/paper.pdf", "GET /r/{token}/paper.pdf", "GET /app/account/paid", "GET /app/account/invoices/{invoice}", "GET /favicon.ico", "GET /robots.txt", "GET /c/{slug}/logo", "GET /c/{slug}/brand.css", "GET /m/{token}/appointment.ics",
	"GET /app/support/banner", "GET /app/day/column", "GET /app/day/columns", "GET /app/inbox/rows", "GET /app/inbox/{thread}/live", "GET /app/inbox/{thread}/files/{file}", "GET /app/live", "GET /app/free", "GET /app/audit/entries.csv", "GET /app/audit/proofs", "GET /app/outbox/calendar/{id}", "GET /app/files/{id}", "GET /app/bills/{id}/upi.svg", "GET /app/bills/{id}/invoice.pdf", "GET /app/bills/{id}/receipts/{payment}", "GET /app/bills/ledger/invoices.csv", "GET /app/bills/ledger/ledger.csv", "GET /app/patients/{id}/statement.pdf", "GET /m/{token}/bills/{id}", "GET /m/{token}/bills/{id}/receipts/{payment}", "GET /app/reports.csv", "GET /app/settings/export/{id}"}

// bookedOnline books as a patient does, and answers the address that the page after it shows.
func (h *opened) bookedOnline(t testing.TB, name, mail string) string {
	t.Helper()
	v := h.visitor()
	service := h.Practice.services[0].ID.String()
	times := v.page(t, "/c/"+demoSlug+"/book?service="+service+"&provider=any&day="+string(h.today().AddDays(2)))
	var at string
	walkLinks(t, times.body, func(to string) {
		if q := queryOf(to); at == "" && q.Get("at") != "" {
			at = to
		}
	})
	if at == "" {
		t.Fatal("no free time on the public page")
	}
	form := v.page(t, at).form(t, "/c/"+demoSlug+"/book")
	form.Set("name", name)
	form.Set("email", mail)
	form.Set("consent", "reminders-email")
	a := v.post(t, "/c/"+demoSlug+"/book", form)
	own := a.head.Get("Location")
	if own == "" {
		own = ownLink.FindString(a.body)
	}
	if own = ownLink.FindString(own); own == "" {
		t.Fatalf("the booking told no link: %s", a)
	}
	return own
}

var ownLink = regexp.MustCompile(`/m/[A-Za-z0-9_-]+`)

func (h *opened) today() clock.Date { return clock.Today(h.Fake, h.Clinic.Location()) }

// tour lists every page, in the states in which people see it. A page that is missing fails the test: add it here.
func (h *opened) tour(t testing.TB) []stop {
	t.Helper()
	owner := h.signIn(t, ownerMail)
	booked := h.bookedOnline(t, "Asha Example", "asha@example.org")
	own := h.sent(t, booked)
	account := h.connected(t, owner).String()
	phone := h.answeredPhone(t, owner)
	rule, been := h.followed(t, owner)
	open, signed, treated := h.visited(t)
	first := func(page, prefix string) string {
		var found string
		walkLinks(t, owner.page(t, page).body, func(to string) {
			if rest, ok := strings.CutPrefix(to, prefix); found == "" && ok && len(rest) >= 36 && !strings.HasPrefix(rest, "new") {
				found = rest[:36]
			}
		})
		if found == "" {
			t.Fatalf("%s links to no %s", page, prefix)
		}
		return found
	}
	today := string(h.today())
	h.until(t, "somebody has written", func() bool { return strings.Contains(owner.page(t, "/app/inbox").body, `class="talk `) })
	talk := first("/app/inbox", "/app/inbox/")
	appointment := first("/app/day?day="+string(h.today().AddDays(2)), "/app/appointments/")
	patient := first("/app/appointments/"+appointment, "/app/patients/")
	service, provider := h.Practice.services[0].ID.String(), h.Practice.providers[0].ID.String()
	c := "/c/" + demoSlug
	book := c + "/book?service=" + service
	var at string
	walkLinks(t, owner.page(t, book+"&provider=any&day="+string(h.today().AddDays(3))).body, func(to string) {
		if q := queryOf(to); at == "" && q.Get("at") != "" {
			at = to
		}
	})
	ready := func(t testing.TB, x *browser.Tab) { x.WaitFor(t, `document.body.dataset.ready`) }
	texts := h.approving(t)
	text := first(texts, texts+"/")
	out := []stop{
		{pattern: "GET /{$}", path: "/"},
		{pattern: "GET /trust", path: "/trust"},
		{pattern: "GET /trust/{id}", path: "/trust/clinic-apart"},
		{pattern: "GET /c/{slug}", path: c},
		{pattern: "GET /c/{slug}/privacy", path: c + "/privacy"},
		{pattern: "GET /c/{slug}/privacy/versions", path: c + "/privacy/versions"},
		{pattern: "GET /c/{slug}/privacy/versions/{n}", path: c + "/privacy/versions/3"},
		{pattern: "GET /app/settings/privacy", path: "/app/settings/privacy", who: ownerMail},
		{pattern: "GET /confidentiality", path: "/confidentiality", who: ownerMail},
		{pattern: "GET /c/{slug}/book", path: book},
		{pattern: "GET /c/{slug}/book", path: book + "&provider=any", variant: "times"},
		{pattern: "GET /c/{slug}/book", path: at, variant: "details"},
		{pattern: "GET /m/{token}", path: own},
		{pattern: "GET /m/{token}", path: booked, variant: "booker"},
		{pattern: "GET /m/{token}", path: own, variant: "print", paper: true},
		{pattern: "GET /m/{token}", path: "/m/" + strings.Repeat("x", 30), variant: "gone", status: http.StatusNotFound},
		{pattern: "GET /m/{token}/change", path: own + "/change"},
		{pattern: "GET /m/{token}/cancel", path: own + "/cancel"},
		{pattern: "GET /m/{token}/unsubscribe", path: own + "/unsubscribe"},
		{pattern: "GET /m/{token}/review", path: been + "/review?again=1"},
		{pattern: "GET /m/{token}/review", path: been + "/review", variant: "told"},
		{pattern: "GET /m/{token}/review", path: own + "/review", variant: "early"},
		{pattern: "GET /sign-in", path: "/sign-in"},
		{pattern: "GET /sign-in/second", path: "/sign-in/second?next=/app", who: managerMail},
		{pattern: "GET /second-factor", path: "/second-factor", who: ownerMail},
		{pattern: "GET /second-factor/app", path: "/second-factor/app", who: deskMail},
		{pattern: "GET /app/settings/sign-in", path: "/app/settings/sign-in", who: ownerMail},
		{pattern: "GET /app/settings/export", path: "/app/settings/export", who: ownerMail},
		{pattern: "GET /app/settings/import", path: "/app/settings/import", who: ownerMail},
		{pattern: "GET /app/settings/domain", path: "/app/settings/domain", who: ownerMail},
		{pattern: "GET /app/settings/outside", path: "/app/settings/outside", who: ownerMail},
		{pattern: "GET /sign-up", path: "/sign-up"},
		{pattern: "GET /check-mail", path: "/check-mail"},
		{pattern: "GET /verify", path: h.signedUp(t)},
		{pattern: "GET /verify", path: "/verify?token=x", variant: "gone", status: http.StatusNotFound},
		{pattern: "GET /forgot", path: "/forgot"},
		{pattern: "GET /reset", path: h.forgotten(t)},
		{pattern: "GET /reset", path: "/reset?token=x", variant: "gone", status: http.StatusNotFound},
		{pattern: "GET /invitation", path: h.invited(t, owner)},
		{pattern: "GET /setup", path: "/setup?token=x", status: http.StatusNotFound},
		{pattern: "GET /terms", path: "/terms"},
		{pattern: "GET /choose-clinic", path: "/choose-clinic", who: ownerMail},
		{pattern: "GET /open-clinic", path: "/open-clinic", who: ownerMail},
		{pattern: "GET /app", path: "/app", who: ownerMail},
		{pattern: "GET /app", path: "/app", who: deskMail, variant: "desk"},
		{pattern: "GET /app/day", path: "/app/day", who: deskMail, touch: ready},
		{pattern: "GET /app/day", path: "/app/day", who: deskMail, variant: "print", paper: true, touch: ready},
		{pattern: "GET /app/day", path: "/app/day?appointment=" + appointment, who: deskMail, variant: "panel", touch: ready},
		{pattern: "GET /app/day", path: "/app/day?day=" + today, who: deskMail, variant: "book", touch: func(t testing.TB, x *browser.Tab) {
			ready(t, x)
			x.Press(t, "n")
			x.WaitFor(t, `document.activeElement.id==="b-q"`)
			x.Type(t, "asha m")
			x.WaitFor(t, `document.querySelectorAll("#b-hits [role=option]").length>1`)
		}},
		{pattern: "GET /app/day", path: "/app/day?day=" + string(h.today().AddDays(90)), who: deskMail, variant: "empty", touch: ready},
		{pattern: "GET /app/week", path: "/app/week", who: deskMail},
		{pattern: "GET /app/week", path: "/app/week?provider=" + provider, who: deskMail, variant: "one"},
		{pattern: "GET /app/book", path: "/app/book", who: deskMail},
		{pattern: "GET /app/book", path: "/app/book", typed: []string{"q", "asha"}, who: deskMail, variant: "found"},
		{pattern: "GET /app/book", path: "/app/book?patient=" + patient + "&service=" + service + "&provider=" + provider + "&day=" + string(h.today().AddDays(1)), who: deskMail, variant: "times"},
		{pattern: "GET /app/appointments/{id}", path: "/app/appointments/" + appointment, who: deskMail},
		{pattern: "GET /app/patients", path: "/app/patients", who: deskMail},
		{pattern: "GET /app/patients", path: "/app/patients", typed: []string{"q", "a"}, who: deskMail, variant: "short"},
		{pattern: "GET /app/patients", path: "/app/patients", typed: []string{"q", "asha"}, who: deskMail, variant: "found"},
		{pattern: "GET /app/patients/new", path: "/app/patients/new", who: deskMail},
		{pattern: "GET /app/patients/{id}", path: "/app/patients/" + patient, who: deskMail},
		{pattern: "GET /app/patients/{id}", path: "/app/patients/" + patient + "?edit=identity", who: deskMail, variant: "edit"},
		{pattern: "GET /app/patients/{id}/delete", path: "/app/patients/" + patient + "/delete", who: ownerMail},
		{pattern: "GET /app/patients/{id}", path: "/app/patients/" + treated, who: ownerMail, variant: "care"},
		{pattern: "GET /app/patients/{id}/visits", path: "/app/patients/" + treated + "/visits", who: ownerMail},
		{pattern: "GET /app/visits/{id}", path: "/app/visits/" + open, who: ownerMail, touch: ready},
		{pattern: "GET /app/visits/{id}", path: "/app/visits/" + signed, who: ownerMail, variant: "signed"},
		{pattern: "GET /m/{token}/intake", path: own + "/intake"},
		{pattern: "GET /app/inbox", path: "/app/inbox", who: deskMail, touch: ready},
		{pattern: "GET /app/inbox", path: "/app/inbox?box=done", who: deskMail, variant: "empty", touch: ready},
		{pattern: "GET /app/inbox/{thread}", path: "/app/inbox/" + talk, who: deskMail, touch: ready},
		{pattern: "GET /app/messages", path: "/app/messages", who: deskMail},
		{pattern: "GET /app/messages/figures", path: "/app/messages/figures?days=90", who: deskMail},
		{pattern: "GET /app/messages/{id}", path: "/app/messages/" + first("/app/appointments/"+appointment, "/app/messages/"), who: ownerMail},
		{pattern: "GET /app/reviews", path: "/app/reviews", who: deskMail},
		{pattern: "GET /app/outbox", path: "/app/outbox", who: deskMail},
		{pattern: "GET /app/outbox/phone/{phone}", path: phone, who: deskMail},
		{pattern: "GET /app/reports", path: "/app/reports", who: ownerMail},
		{pattern: "GET /app/reports", path: "/app/reports?report=utilisation&from=" + string(h.today().AddDays(-364)), who: ownerMail, variant: "hours"},
		{pattern: "GET /app/reports", path: "/app/reports?report=waiting&from=" + string(h.today().AddDays(-89)), who: ownerMail, variant: "waiting"},
		{pattern: "GET /app/reports", path: "/app/reports?report=reminders&from=" + string(h.today().AddDays(-89)), who: ownerMail, variant: "reminders"},
		{pattern: "GET /app/reports", path: "/app/reports?report=revenue&from=" + string(h.today().AddDays(-364)), who: ownerMail, variant: "money"},
		{pattern: "GET /app/audit", path: "/app/audit", who: ownerMail},
		{pattern: "GET /app/audit/noticed", path: "/app/audit/noticed", who: ownerMail},
		{pattern: "GET /app/audit/reviews", path: "/app/audit/reviews", who: ownerMail},
		{pattern: "GET /app/audit/checks", path: "/app/audit/checks", who: ownerMail},
		{pattern: "GET /app/me", path: "/app/me", who: deskMail},
		{pattern: "GET /app/account/agreements/{kind}", path: "/app/account/agreements/terms", who: ownerMail},
		{pattern: "GET /app/account/closing", path: "/app/account/closing", who: ownerMail},
		{pattern: "GET /app/account/signed/{id}", path: h.hasSigned(t, owner), who: ownerMail},
		{pattern: "GET /app/account", path: "/app/account", who: ownerMail},
	}
	for _, p := range []string{"", "/keys", "/backups", "/clinic", "/public", "/modules", "/modules/{module}", "/staff", "/providers", "/providers/new", "/providers/{id}", "/providers/{id}/retire",
		"/providers/{id}/hours", "/closures", "/services", "/services/new", "/services/{id}", "/booking", "/use", "/reminders", "/followups", "/followups/new", "/followups/{id}", "/messages", "/messages/{kind}/{language}", "/conversations", "/channels", "/channels/{id}/keys", "/channels/{id}/revoke", "/channels/{id}/texts", "/channels/{id}/texts/{text}/remove"} {
		one := provider
		if strings.HasPrefix(p, "/services") {
			one = service
		}
		if strings.HasPrefix(p, "/followups") {
			one = rule
		}
		if strings.HasPrefix(p, "/channels") {
			one = account
		}
		if strings.HasPrefix(p, "/channels/{id}/texts") {
			one = strings.Split(texts, "/")[4]
		}
		path := strings.NewReplacer("{id}", one, "{kind}", "reminder", "{language}", "hi", "{module}", "clinical", "{text}", text).Replace(p)
		if p == "/followups/new" {
			path += "?kind=recall"
		}
		out = append(out, stop{pattern: "GET /app/settings" + p, path: "/app/settings" + path, who: ownerMail})
	}
	template, form := first("/app/settings/visits", "/app/settings/visits/"), first("/app/settings/intake", "/app/settings/intake/")
	for pattern, path := range map[string]string{"/visits": "/visits", "/visits/new": "/visits/new?starter=dental", "/visits/{id}": "/visits/" + template, "/codes": "/codes",
		"/intake": "/intake", "/intake/new": "/intake/new", "/intake/{id}": "/intake/" + form} {
		out = append(out, stop{pattern: "GET /app/settings" + pattern, path: "/app/settings" + path, who: ownerMail})
	}
	for _, c := range []string{"sms", "whatsapp"} {
		out = append(out, stop{pattern: "GET /app/settings/messages/{kind}/{language}", path: "/app/settings/messages/reminder/en?channel=" + c, who: ownerMail, variant: c})
	}
	out = append(out, h.billStops(t, appointment)...)
	out = append(out, h.paperTour(t, patient)...)
	out = append(out, h.payStops(t, strings.TrimPrefix(own, "/m/"))...)
	out = append(out, h.supportStops(t, patient)...)
	out = append(out, h.troubleStops(t)...)
	out = append(out, h.demandStops(t)...)
	out = append(out, h.erasureStops(t)...)
	out = append(out, h.programStops(t)...)
	out = append(out, h.askStops(t, own, patient)...)
	out = append(out, h.lifeStops(t, patient)...)
	h.everyPage(t, out)
	return out
}

// hasSigned signs the terms for the clinic and answers the address of what was signed.
func (h *opened) hasSigned(t testing.TB, owner *visitor) string {
	t.Helper()
	const page = "/app/account/agreements/terms"
	owner.fill(t, page, page, url.Values{"signer": {"Anjali Mehta"}, "capacity": {"owner"}, "sure": {"1"}})
	var out string
	walkLinks(t, owner.page(t, "/app/account").body, func(to string) {
		if out == "" && strings.HasPrefix(to, "/app/account/signed/") {
			out = to
		}
	})
	return out
}

// approving is the page of the texts at the demo's stand-in for WhatsApp, after one of them was changed.
func (h *opened) approving(t testing.TB) string {
	t.Helper()
	all, err := h.Messages.Accounts(t.Context(), h.Owner)
	i := slices.IndexFunc(all, func(a messaging.Account) bool { return a.Channel == messaging.WhatsApp })
	if err != nil || i < 0 {
		t.Fatalf("%v, %d accounts", err, len(all))
	}
	if _, err := h.Messages.Publish(t.Context(), h.Owner, messaging.Reminder, messaging.WhatsApp, "en", messaging.Text{Body: "{{.ClinicName}} sees you on {{.When}}. To change or cancel: {{.ManageURL}}"}, 0, false); err != nil {
		t.Fatal(err)
	}
	return "/app/settings/channels/" + all[i].ID.String() + "/texts"
}

// followed switches a rule of requests for reviews on and has somebody say how it was. It answers the rule's id and her page.
func (h *opened) followed(t testing.TB, owner *visitor) (rule, been string) {
	t.Helper()
	owner.post(t, "/app/settings/followups/link", url.Values{"version": {"0"}, "url": {"https://reviews.example.com/sunrise"}})
	owner.post(t, "/app/settings/followups/new", url.Values{"kind": {"review"}, "channel": {"email"}, "days": {"2"}, "at": {"11:00"}, "buffer": {"90"}, "active": {"1"}})
	who, err := h.Accounts.Session(t.Context(), owner.cookies[web.SessionCookie])
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := h.Followup.Afters(t.Context(), who.Caller)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d rules, %v", len(list), err)
	}
	been = h.sent(t, h.bookedOnline(t, "Asha Earlier", "earlier@example.org"))
	h.arrives(t, who.Caller, been)
	h.visitor().fill(t, been+"/review", been+"/review", url.Values{"stars": {"2"}, "words": {"Everybody was kind, and I waited for an hour."}})
	return list[0].ID.String(), been
}

// arrives has the desk mark the patient of a link as arrived.
func (h *opened) arrives(t testing.TB, desk access.Caller, own string) {
	t.Helper()
	_, one, err := h.Desk.Enter(t.Context(), strings.TrimPrefix(own, "/m/"))
	if err != nil {
		t.Fatal(err)
	}
	now, err := h.Desk.Open(t.Context(), desk, one)
	if err == nil {
		_, err = h.Desk.SetStatus(t.Context(), desk, one, now.Version, scheduling.Arrived)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// invited answers the link in an invitation. The house has to be started.
func (h *opened) invited(t testing.TB, owner *visitor) string {
	t.Helper()
	owner.fill(t, "/app/settings/staff", "/app/settings/staff/invite", url.Values{"email": {"new@sunrise.example.org"}, "role": {"front-desk"}})
	return h.letter(t, "new@sunrise.example.org", "/invitation?token=")
}

// forgotten answers the link with which a person of the demo chooses a new password.
func (h *opened) forgotten(t testing.TB) string {
	t.Helper()
	h.visitor().fill(t, "/forgot", "/forgot", url.Values{"email": {"manager@sunrise.example.org"}})
	return h.letter(t, "manager@sunrise.example.org", "/reset?token=")
}

// signedUp answers the link with which a new person confirms her address.
func (h *opened) signedUp(t testing.TB) string {
	t.Helper()
	h.visitor().fill(t, "/sign-up", "/sign-up", url.Values{"person": {"Leela Example"}, "email": {"leela@example.org"}, "phone": {"+91 99999 00002"}, "job_title": {"Owner"},
		"password": {"a long and quiet sentence"}, "terms": {TermsVersion}})
	return h.letter(t, "leela@example.org", "/verify?token=")
}

func (h *opened) everyPage(t testing.TB, tour []stop) {
	t.Helper()
	known := map[string]bool{}
	for _, r := range web.Routes() {
		known[r.Pattern] = true
		if strings.HasPrefix(r.Pattern, "GET ") && !slices.Contains(noPage, r.Pattern) && !slices.ContainsFunc(tour, func(s stop) bool { return s.pattern == r.Pattern }) {
			t.Errorf("%s is a page that nobody looks at: add it to the tour in pictures_test.go", r.Pattern)
		}
	}
	for _, s := range tour {
		if !known[s.pattern] {
			t.Errorf("the tour in pictures_test.go stops at %s, which is no page any more", s.pattern)
		}
	}
}

// walkLinks tells every link of a page.
func walkLinks(t testing.TB, body string, visit func(to string)) {
	t.Helper()
	for _, m := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		visit(strings.ReplaceAll(m[1], "&amp;", "&"))
	}
}

// look is how a page is looked at.
type look struct {
	width       int64
	lang, theme string
}

func (l look) String() string { return fmt.Sprintf("%d-%s-%s", l.width, l.lang, l.theme) }

// walker is a browser that goes through the tour: a window for each of the people, in one look.
type walker struct {
	h    *opened
	b    *browser.Browser
	look look
	in   map[string]*visitor // who is signed in
	tabs map[string]*browser.Tab
}

func (w *walker) tab(t testing.TB, who string) *browser.Tab {
	t.Helper()
	if x := w.tabs[who]; x != nil {
		return x
	}
	x := w.b.Tab(t, w.look.width, 900)
	if who != "" {
		for name, value := range w.in[who].cookies {
			x.Cookie(t, w.h.Server.URL, name, value)
		}
	}
	x.Cookie(t, w.h.Server.URL, web.PreferenceCookie, "theme:"+w.look.theme+"|lang:"+w.look.lang)
	w.tabs[who] = x
	return x
}

// open goes to a stop and makes it as the stop says.
func (w *walker) open(t testing.TB, s stop) *browser.Tab {
	t.Helper()
	x := w.tab(t, s.who)
	x.GoTo(t, w.h.Server.URL+s.path)
	if len(s.typed) > 0 {
		x.GoTo(t, browser.Await[string](t, x, `(async () => (await fetch("/app/seek", {method: "POST", body: new URLSearchParams({to: "`+s.path+`", "`+s.typed[0]+`": "`+s.typed[1]+`"}),
			headers: {"X-CSRF": document.querySelector("meta[name=csrf]").content}})).url)()`))
	}
	if lang := browser.Eval[string](t, x, `document.documentElement.lang+" "+(document.documentElement.dataset.theme||"")`); lang != w.look.lang+" "+w.look.theme {
		t.Errorf("%s: the page is in %q, not in %s", s.path, lang, w.look)
	}
	if got := browser.Eval[int](t, x, `performance.getEntriesByType("navigation")[0].responseStatus`); got != max(s.status, http.StatusOK) {
		t.Errorf("%s (%s): status %d: %.300s", s.path, s.name(), got, x.Text(t))
	}
	if s.touch != nil {
		s.touch(t, x)
	}
	return x
}

// openDemo opens a House with the whole demo at the moment.
func openDemo(t testing.TB, at time.Time) *opened {
	t.Helper()
	h := &opened{Fake: clock.NewFake(at), Dir: t.TempDir()}
	tw, more := withTwilio(t)
	h.Twilio = tw
	c := settingsIn(t, h.Dir, store.SQLite, more)
	c.Invented = true
	var late http.Handler
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { late.ServeHTTP(w, r) }))
	t.Cleanup(h.Server.Close)
	c.PublicURL = h.Server.URL
	house, err := Open(t.Context(), c, h.Fake, silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = house.Close() })
	h.House, late = house, house.Handler()
	h.Apps = phoneOf(house)
	if err := house.LoadDemo(t.Context(), func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	one, err := house.Clinics.BySlug(t.Context(), demoSlug)
	if err != nil {
		t.Fatal(err)
	}
	anyone := accounts.Public(one)
	if h.Clinic, err = house.Clinics.Get(t.Context(), anyone); err != nil {
		t.Fatal(err)
	}
	offered, err := house.Desk.Offered(t.Context(), anyone)
	if err != nil {
		t.Fatal(err)
	}
	h.Practice = demoPractice{offered.Providers, offered.Services}
	in, err := house.Accounts.Session(t.Context(), h.signIn(t, ownerMail).cookies[web.SessionCookie])
	if err != nil {
		t.Fatal(err)
	}
	h.Owner = in.Caller
	return h
}

// signedIn signs the tour's people in, once for all looks.
func (h *opened) signedIn(t testing.TB) map[string]*visitor {
	t.Helper()
	half := h.visitor() // the manager has shown her password and not yet her second factor
	half.get(t, "/sign-in")
	half.post(t, "/sign-in", url.Values{"email": {managerMail}, "password": {demoPassword}})
	desk := h.signIn(t, deskMail)
	desk.post(t, "/second-factor/app/begin", url.Values{}) // and the front desk begins to set one up
	sup, op := demoHelpers[0].email, demoHelpers[1].email
	out := map[string]*visitor{ownerMail: h.signIn(t, ownerMail), deskMail: desk, managerMail: half, sup: h.signIn(t, sup), op: h.signIn(t, op)}
	h.seat(t, out[sup])
	return out
}

// TestPictures saves a picture of every page of the demo, to be looked at, and the one of the README.
// ALMIRAH_PICTURES names the folder; ALMIRAH_LOOK and ALMIRAH_STOP choose by regular expressions.
func TestPictures(t *testing.T) {
	// not parallel: it takes minutes and every core, and runs by itself
	dir := os.Getenv("ALMIRAH_PICTURES")
	if dir == "" {
		t.Log("pictures are taken by make pictures")
		return
	}
	h := openDemo(t, noonish)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	if err := h.Start(ctx); err != nil {
		t.Fatal(err)
	}
	tour, in := h.tour(t), h.signedIn(t)
	b := browser.Start(t)
	looks, stops := regexp.MustCompile(os.Getenv("ALMIRAH_LOOK")), regexp.MustCompile(os.Getenv("ALMIRAH_STOP"))
	var all []look
	for _, width := range []int64{1366, 360} {
		for _, lang := range []string{"en", "hi", "ar"} {
			for _, theme := range []string{"light", "dark"} {
				if l := (look{width, lang, theme}); looks.MatchString(l.String()) {
					all = append(all, l)
				}
			}
		}
	}
	end := time.Now().Add(20 * time.Minute)
	work := make(chan look, len(all))
	for _, l := range all {
		work <- l
	}
	close(work)
	var crew sync.WaitGroup
	for range 2 {
		crew.Go(func() {
			for l := range work {
				w := &walker{h, b, l, in, map[string]*browser.Tab{}}
				for _, s := range tour {
					if !stops.MatchString(s.name()) {
						continue
					}
					if time.Now().After(end) {
						t.Errorf("the pictures take too long: %s and what follows was left out", l)
						return
					}
					x := w.open(t, s)
					x.Print(t, s.paper)
					x.Picture(t, filepath.Join(dir, s.name()+"--"+l.String()+".png"))
					x.Print(t, false)
				}
			}
		})
	}
	crew.Wait()
	if stops.MatchString("readme") && looks.MatchString("1366-en-light") {
		w := &walker{h, b, look{1366, "en", "light"}, in, map[string]*browser.Tab{}}
		x := w.tab(t, deskMail)
		x.Size(t, 1366, 850)
		w.open(t, stop{path: "/app/day", who: deskMail, touch: func(t testing.TB, x *browser.Tab) { x.WaitFor(t, `document.body.dataset.ready`) }})
		file := filepath.Join(dir, "day.png")
		x.Picture(t, file)
		publish(t, file, filepath.Join("..", "..", "docs", "day.png"))
	}
}

// publish puts a picture into docs/, in a palette of 256 colours: a screen of text has few, and the file stays small.
func publish(t testing.TB, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[color.RGBA]int{}
	box := full.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			seen[at(x, y)]++
		}
	}
	var colours []color.RGBA
	for c := range seen {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		if d := seen[b] - seen[a]; d != 0 {
			return d
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	palette := color.Palette{}
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	small := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := at(x, y)
			i, ok := nearest[c]
			if !ok {
				i = uint8(palette.Index(c))
				nearest[c] = i
			}
			small.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 250_000 {
		t.Errorf("the picture of the README has %d bytes; 250,000 are allowed", out.Len())
	}
	if err := os.WriteFile(to, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
