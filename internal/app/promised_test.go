package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/promise"
	"almirah/internal/store"
)

// ownAddress books by the API and answers the path of the patient's own page.
func (h *opened) ownAddress(t *testing.T, at any) string {
	t.Helper()
	got := h.api(t, "POST", "/bookings", "own-"+time.Duration(h.Clock.Now().UnixNano()).String()+at.(string), h.bookingBody(at, "Asha Marigold", "asha@example.org"))
	if got.status != 201 {
		t.Fatalf("booking: %d %s", got.status, got.raw)
	}
	return h.sent(t, strings.TrimPrefix(got.body["manage_url"].(string), h.Server.URL))
}

// TestOneMomentEverywhere: page, API, calendar file and message name the same instant, and the clinic's zone.
func TestOneMomentEverywhere(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-time")
	h := openHouse(t, store.SQLite, Options{}, nil)
	at := h.slotsOf(t, "any")[3]["starts_at"].(string)
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	own := h.ownAddress(t, at)
	page := h.visitor().get(t, own)
	if !strings.Contains(page.body, strings.ReplaceAll(at, "+", "&#43;")) && !strings.Contains(page.body, at) {
		t.Errorf("the patient's page does not carry %s", at)
	}
	tongue := h.Book.Tongue("en")
	local := when.In(h.Clinic.Location())
	if !strings.Contains(page.body, tongue.Time(local)) || !strings.Contains(page.body, tongue.ZoneName(local)) {
		t.Errorf("the patient's page does not say %s in %s", tongue.Time(local), tongue.ZoneName(local))
	}
	ics := h.visitor().get(t, own+"/appointment.ics")
	if ics.status != 200 || !strings.Contains(ics.body, "DTSTART;TZID=Asia/Kolkata:"+local.Format("20060102T150405")) {
		t.Errorf("the calendar file does not begin at %s in the clinic's zone: %d %.400s", local, ics.status, ics.body)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := h.Outbox.List()[:0:0]
	for i := 0; i < 200 && len(list) == 0; i++ {
		time.Sleep(30 * time.Millisecond)
		for _, m := range h.Outbox.List() { // what people of the clinic are told of their accounts comes beside it
			if len(m.ICS) > 0 {
				list = append(list, m)
			}
		}
	}
	if len(list) == 0 {
		t.Fatal("no confirmation came")
	}
	if m := list[0]; !strings.Contains(m.Text, tongue.Time(local)) || !strings.Contains(m.Text, tongue.ZoneName(local)) || !strings.Contains(string(m.ICS), "DTSTART;TZID=Asia/Kolkata:"+local.Format("20060102T150405")) {
		t.Errorf("the message names another moment or no zone:\n%s", m.Text)
	}
}

var ticked = regexp.MustCompile(`<input[^>]*type="checkbox"[^>]*\schecked`)

// TestNoBoxIsTicked: nothing is agreed to before somebody agrees.
func TestNoBoxIsTicked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "consent-asked")
	h := openHouse(t, store.SQLite, Options{}, nil)
	at := h.slotsOf(t, "any")[0]["starts_at"].(string)
	page := h.visitor().get(t, "/c/sunrise/book?service="+h.Practice.services[0].ID.String()+"&provider=any&at="+url.QueryEscape(at))
	if page.status != 200 || !strings.Contains(page.body, `type="checkbox"`) || !strings.Contains(page.body, `value="reminder"`) {
		t.Fatalf("no form with a box for reminders: %s", page)
	}
	if m := ticked.FindString(page.body); m != "" {
		t.Fatalf("a box is ticked beforehand: %s", m)
	}
	if !ticked.MatchString(`<input type="checkbox" name="x" checked>`) {
		t.Fatal("the search does not see a ticked box")
	}
}

// TestOneClickUnsubscribe: a mail program posts to the address in the header, with no cookie and
// no form, and reminders stop; a GET (a scanner that opens links) stops nothing.
func TestOneClickUnsubscribe(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminder-unsubscribe")
	h := openHouse(t, store.SQLite, Options{}, nil)
	own := h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	given := func() bool {
		who, _, err := h.Desk.Enter(t.Context(), strings.TrimPrefix(own, "/m/"))
		if err != nil {
			t.Fatal(err)
		}
		states, err := h.Consent.Of(t.Context(), who, who.Patient())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range states {
			if s.Purpose == "reminder" && s.Channel == "" {
				return s.Given
			}
		}
		return false
	}
	if !given() {
		t.Fatal("the booking agreed to reminders, and no consent is on record")
	}
	if a := h.visitor().get(t, own+"/unsubscribe"); a.status != 200 || !given() {
		t.Fatalf("a GET unsubscribed, or failed: %s", a)
	}
	h.Fake.Move(time.Second)
	a := h.visitor().do(t, "POST", own+"/unsubscribe", url.Values{"List-Unsubscribe": {"One-Click"}}, map[string]string{"Origin": "https://mail.example"})
	if a.status != 200 || given() {
		t.Fatalf("one click: %s; still given: %v", a, given())
	}
}

// TestMetricsCarryNobody: what is measured names neither a person nor a clinic, and is told to this machine alone.
func TestMetricsCarryNobody(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "measured-without-people")
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	a := h.visitor().get(t, "/metrics")
	if a.status != 200 || !strings.Contains(a.body, "almirah_goroutines") {
		t.Fatalf("metrics: %d", a.status)
	}
	for _, w := range []string{"Asha", "asha@", "sunrise", h.Clinic.ID.String()} {
		if strings.Contains(a.body, w) {
			t.Errorf("the metrics hold %q", w)
		}
	}
	if b := h.visitor().do(t, "GET", "/metrics", nil, map[string]string{"X-Forwarded-For": "192.0.2.1"}); b.status != http.StatusNotFound {
		t.Errorf("somebody behind a proxy was answered with %d", b.status)
	}
}

// TestSecretsAreMasked: settings are printed without what opens something.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "secrets-kept-apart")
	set := map[string]string{"ALMIRAH_DATABASE_URL": "postgres://almirah:geheim-1@db.example.org/almirah", "ALMIRAH_KEYSTORE_URL": "postgres://almirah:geheim-2@db.example.org/keys",
		"ALMIRAH_SMTP_HOST": "mail.example.org", "ALMIRAH_SMTP_FROM": "a@example.org", "ALMIRAH_SMTP_USER": "me", "ALMIRAH_SMTP_PASSWORD": "geheim-3", "ALMIRAH_WATCH_TOKEN": "geheim-6-geheim-6-geheim-6-geheim-6"}
	c, err := FromEnv(func(n string) string { return set[n] })
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(c.Masked(), "\n")
	if strings.Contains(text, "geheim") || !strings.Contains(text, "db.example.org") {
		t.Fatalf("the settings print a secret, or say nothing:\n%s", text)
	}
	_, err = FromEnv(func(n string) string {
		return map[string]string{"ALMIRAH_PUBLIC_LIMIT": "geheim-4", "ALMIRAH_DATABASE_URL": "mysql://geheim-5"}[n]
	})
	if err == nil || strings.Contains(err.Error(), "geheim") || !strings.Contains(err.Error(), "ALMIRAH_PUBLIC_LIMIT") || !strings.Contains(err.Error(), "ALMIRAH_DATABASE_URL") {
		t.Fatalf("wrong settings: %v", err)
	}
}

// TestProbesFindNothingBroken: every live check passes on a House with bookings in it, on both engines.
func TestProbesFindNothingBroken(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
		if err := h.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, k := range h.Promises(t.Context()) {
			if k.Status == "broken" {
				t.Errorf("%s: %s", k.ID, k.Evidence)
			}
			if !k.CheckedAt.IsZero() {
				checked++
			}
		}
		if want := len(probes()); checked < want-2 {
			t.Errorf("%d sentences were checked, there are %d probes", checked, want)
		}
		for name := range probes() {
			found := false
			for _, s := range promise.Register {
				found = found || s.Probe == name
			}
			if !found {
				t.Errorf("no sentence asks for the probe %s", name)
			}
		}
	})
}

// TestAddressIsBelievedFromKnownProxiesOnly.
func TestAddressIsBelievedFromKnownProxiesOnly(t *testing.T) {
	t.Parallel()
	c, err := FromEnv(func(n string) string { return map[string]string{"ALMIRAH_PROXIES": "10.0.0.0/8"}[n] })
	if err != nil {
		t.Fatal(err)
	}
	at := addressOf(c.Proxies)
	for _, x := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1"},
		{"192.0.2.1:5", "198.51.100.7", "192.0.2.1"},
		{"10.1.1.1:5", "198.51.100.7", "198.51.100.7"},
		{"10.1.1.1:5", "203.0.113.9, 198.51.100.7, 10.2.2.2", "198.51.100.7"},
		{"10.1.1.1:5", "nonsense", "10.1.1.1"},
	} {
		r := &http.Request{RemoteAddr: x.remote, Header: http.Header{}}
		if x.forwarded != "" {
			r.Header.Set("X-Forwarded-For", x.forwarded)
		}
		if got := at(r); got != x.want {
			t.Errorf("%s forwarding %q: %s, want %s", x.remote, x.forwarded, got, x.want)
		}
	}
}
