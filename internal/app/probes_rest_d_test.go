package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/backup"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/jobs"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vendors"
	"almirah/internal/web"
)

// TestMoreLooksAtPagesCanGoRed has the house's own pages say what these looks must not let pass.
func TestMoreLooksAtPagesCanGoRed(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_TWILIO_URL": "on"})
	h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
	if err := jobs.Sequence(t.Context(), h.DB); err != nil {
		t.Fatal(err)
	}
	l := &looker{vandalIn(t, h), t}
	swap := func(old, in string) func(*page) {
		return func(got *page) {
			body := got.body.String()
			got.body.Reset()
			got.body.WriteString(strings.ReplaceAll(body, old, in))
		}
	}
	answers := func(status int) func(*page) { return func(got *page) { got.status = status } }
	cookie := func(line string) func(*page) {
		return func(got *page) { got.header.Add("Set-Cookie", line) }
	}
	en := h.Book.Tongue("en")
	real := h.handler
	for _, x := range []struct {
		probe, prefix string
		change        func(*page)
	}{
		{"clinic-named", "/c/sunrise/privacy", swap("Sunrise Clinic (demonstration)", "We")},
		{"clinic-named", "/c/sunrise/privacy", swap("12 Banyan Street", "")},
		{"clinic-named", "/c/sunrise/privacy", swap(h.Clinic.Email, "")},
		{"policy-from-register", "/trust", swap(`id="backups"`, "")},
		{"policy-from-register", "/trust", swap(`href="/trust/backups"`, `href="/"`)},
		{"policy-who-and-when", "/c/sunrise/privacy", swap("<time>", "<b>")},
		{"rights-by-region", "/c/sunrise/privacy", swap(`id="law-IN" open`, `id="law-IN"`)},
		{"modules-are-said", "/c/sunrise/privacy", swap(htmlText(en.Say("trust.module.clinical.off")), "")},
		{"vendor-use", "/trust", swap(`id="vendor-use"`, "")},
		{"audit-signed", "/trust/checkpoint", swap("\n", "\n1")},
		{"audit-browser-witness", "/trust/consistency", answers(http.StatusNotFound)},
		{"audit-browser-witness", "/trust/key", cookie("seen=1")},
		{"booking-asks-little", "/api/v1/openapi.json", swap(`["name"]`, `["name", "email"]`)},
		{"booking-asks-little", "/c/sunrise/book", swap(`name="note"`, `name="address"`)},
		{"essential-cookies", "/sign-in", cookie("followed=1; Secure; HttpOnly; SameSite=Lax; Path=/")},
		{"essential-cookies", "/c/sunrise", cookie(web.SessionCookie + "=1; Path=/")},
		{"forged-requests", "/sign-in", answers(http.StatusSeeOther)},
		{"no-card-numbers", "/api/v1/clinics/sunrise/slots", answers(http.StatusOK)},
		{"no-card-numbers", "/api/v1/clinics/sunrise/slots", func(got *page) { _, _ = got.Write([]byte("4111111111111111")) }},
		{"public-page-alone", "/c/sunrise", swap("</body>", `<script src="/x.js"></script></body>`)},
		{"public-page-alone", "/c/sunrise", swap("</body>", `<img src="https://elsewhere.example/x.png"></body>`)},
		{"links-out-marked", "/trust", swap("</body>", `<a href="https://elsewhere.example/">x</a></body>`)},
		{"links-out-marked", "/c/sunrise", func(got *page) { got.header.Set("Referrer-Policy", "unsafe-url") }},
		{"own-domain-pages", "/c/", answers(http.StatusOK)},
		{"prescription-genuine", "/v/", answers(http.StatusOK)},
	} {
		h.handler = real
		if err := l.look(x.probe); err != nil {
			t.Errorf("%s is broken before anything was: %v", x.probe, err)
		}
		h.handler = altered(real, x.prefix, x.change)
		if l.look(x.probe) == nil {
			t.Errorf("%s sees nothing at %s", x.probe, x.prefix)
		}
	}
}

// TestMoreLooksAtTheHouseCanGoRed breaks what these looks ask the running house: who is reached, backups, keys, files.
func TestMoreLooksAtTheHouseCanGoRed(t *testing.T) {
	t.Parallel()
	recipient, _, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_TWILIO_URL": "on", "ALMIRAH_BACKUP_RECIPIENT": recipient, "ALMIRAH_BACKUP_DIR": filepath.Join(dir, "first"), "ALMIRAH_BACKUP_SECOND": filepath.Join(dir, "second"), "ALMIRAH_BACKUP_REGION": "United States",
		"ALMIRAH_REQUEST_LOG": filepath.Join(dir, "requests"), "ALMIRAH_REQUEST_LOG_RECIPIENT": recipient})
	l := &looker{vandalIn(t, h), t}
	content := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if err := l.look(name); err != nil {
				t.Errorf("%s is broken before anything was, or after it was mended: %v", name, err)
			}
		}
	}
	red := func(why string, names ...string) {
		t.Helper()
		for _, name := range names {
			if l.look(name) == nil {
				t.Errorf("%s sees nothing: %s", name, why)
			}
		}
	}
	filed := func(text string) {
		t.Helper()
		l.write(t, text)
		h.Fake.Move(5 * time.Second) // what is on file is read again after three
	}

	for _, x := range h.Vendors.States() {
		if x.Bound() {
			filed(`INSERT INTO vendor (party, signed_on, safeguard, confidential, baa, reviewed_on, changed_by, changed_at) VALUES ('` + x.ID + `', '2026-01-01', 'clauses', TRUE, FALSE, '2026-06-01', {clinic}, 1)`)
		}
	}
	content("vendors-bound", "vendors-reviewed", "vendors-closed")
	filed(`UPDATE vendor SET confidential = FALSE`)
	red("a contract binds to no confidentiality", "vendors-bound")
	filed(`UPDATE vendor SET confidential = TRUE, reviewed_on = '2025-10-01'`)
	red("the last review is of last year", "vendors-reviewed")
	filed(`UPDATE vendor SET reviewed_on = '2026-06-01', ends_on = '2026-11-01'`)
	red("a contract has ended", "vendors-bound")
	content("vendors-closed")
	gate := h.Gate
	h.Gate = egress.New([]egress.Processor{{ID: "nobody", Name: "any", Purpose: "any", Categories: []string{"any"}, Region: "any", Hosts: []string{"not-listed.invalid:443"}}}, silent())
	red("the gate knows nothing of it", "vendors-closed")
	away, cancel := context.WithCancel(t.Context())
	cancel() // nobody is asked for the name
	p := probe{House: h.House}
	if _, err := p.listed(away); err == nil {
		t.Error("a gate that lets anybody through passes")
	}
	h.Gate = gate
	if _, err := p.listed(away); err != nil {
		t.Error(err)
	}

	mark := func(kind string, report any) {
		t.Helper()
		text, err := json.Marshal(report)
		if err == nil {
			err = h.DB.PutMark(t.Context(), jobs.Platform(), kind, true, string(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	shelf := func(expires time.Duration) {
		t.Helper()
		mark("places", []backup.Shelf{{Name: "first", Backups: 1, Oldest: h.Fake.Now(), Expires: h.Fake.Now().Add(expires)}})
	}
	mark("backup", map[string]any{})
	mark("drill", map[string]any{})
	shelf(time.Hour)
	content("backups", "backups-thirty-days", "restore-drill")
	shelf(-3 * time.Hour)
	red("a backup is past its day", "backups-thirty-days")
	h.Fake.Move(27 * time.Hour)
	red("there was no backup this night", "backups")
	mark("backup", map[string]any{})
	content("backups")
	red("the last backup was not restored", "restore-drill")
	mark("drill", map[string]any{})
	content("restore-drill")

	l.cracked("clinic-regions", []string{`UPDATE clinic SET outside = 'region'`}, []string{`UPDATE clinic SET outside = 'anyone'`}) // the second copy lies elsewhere

	content("export-once", "request-log-life")
	exports := filepath.Join(h.Config.Data, "exports")
	if err := os.MkdirAll(exports, 0o700); err != nil {
		t.Fatal(err)
	}
	lies := func(file, text string, since time.Time, name, why string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, since, since); err != nil {
			t.Fatal(err)
		}
		red(why, name)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		content(name)
	}
	lies(filepath.Join(exports, "x.age"), "x", h.Fake.Now().Add(-27*time.Hour), "export-once", "an archive waits for more than a day")
	const armored = "-----BEGIN AGE ENCRYPTED FILE-----\n"
	lies(h.daybook.file("2025-11-05"), armored, h.Fake.Now(), "request-log-life", "a file of the log is older than a year")
	lies(h.daybook.file("2026-11-20"), `{"route":"GET /","took":"3ms of the clock"}`+"\n", h.Fake.Now(), "request-log-life", "a file of the log lies open")

	gone := h.anyID()
	if err := h.Vault.AddSubjects(t.Context(), h.Clinic.ID, gone); err != nil {
		t.Fatal(err)
	}
	turn := func() {
		t.Helper()
		if _, err := h.Vault.Turn(t.Context(), true, nil); err != nil {
			t.Fatal(err)
		}
	}
	turn()
	content("keys-replaced", "erased-for-good")
	if err := h.Vault.Shred(t.Context(), h.Clinic.ID, gone, "probe"); err != nil {
		t.Fatal(err)
	}
	content("erased-for-good")
	h.Fake.Move(31 * time.Hour)
	red("nothing was replaced for a night", "keys-replaced", "erased-for-good")
	turn()
	content("keys-replaced", "erased-for-good")
	sheet, err := h.Vault.EscrowSheet(t.Context())
	if err == nil {
		err = h.Vault.TakeSheet(t.Context(), sheet, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	content("keys-on-paper")
	keys, err := sql.Open("sqlite", filepath.Join(filepath.Dir(h.Config.Keys), "keystore.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keys.Close() }()
	if _, err := keys.Exec(`UPDATE key_note SET mark = x'00' WHERE name = 'root'`); err != nil {
		t.Fatal(err)
	}
	red("the root key is another one than that on paper", "keys-on-paper")
}

// singing says every sentence with the same words.
type singing string

func (singing) Has(string) bool             { return true }
func (s singing) Say(string, ...any) string { return string(s) }

// TestMoreJudgesOfLooks shows what the looks at the program itself must not let pass.
func TestMoreJudgesOfLooks(t *testing.T) {
	t.Parallel()
	if _, err := silentAbout(func(string) speaking { return singing("Your diabetes check-up is tomorrow") }); err == nil {
		t.Error("texts that speak of an illness pass")
	}
	if _, err := silentAbout(func(string) speaking { return singing("Tomorrow at nine") }); err != nil {
		t.Error(err)
	}

	for _, x := range []scheduling.Provider{{Speciality: "x"}, {Qualification: "x"}, {Registration: "x"}, {About: "x"}} {
		if shownOnly(x, false, false, false, false) == nil || shownOnly(x, true, true, true, true) != nil {
			t.Errorf("what is switched off and on of %+v", x)
		}
	}

	routes := web.Routes()
	if _, err := inTable(routes); err != nil {
		t.Error(err)
	}
	if _, err := inTable([]web.Route{{Pattern: "GET /x", Right: "anything"}}); err == nil {
		t.Error("an address that asks for a right of no table passes")
	}
	if _, err := thoseWhoTreat(access.Table, routes); err != nil {
		t.Error(err)
	}
	if _, err := thoseWhoTreat([]access.Row{{Right: access.VisitRead, Roles: []access.Role{access.FrontDesk}}}, routes); err == nil {
		t.Error("the front desk may read visits")
	}
	if _, err := thoseWhoTreat(access.Table, []web.Route{{Pattern: "GET /app/visits", Door: web.Staff, Module: clinics.ModuleClinical, Right: access.PatientRead}}); err == nil {
		t.Error("a page of visits that asks for less passes")
	}
	if err := wayOut(routes); err != nil {
		t.Error(err)
	}
	if wayOut(slices.DeleteFunc(web.Routes(), func(r web.Route) bool { return r.Pattern == "POST /app/account/closing" })) == nil {
		t.Error("a clinic cannot say that it leaves")
	}

	for way, ok := range map[store.Way]bool{{Verified: true, Version: "TLS 1.3"}: true, {Local: true}: true, {Version: "TLS 1.3"}: false, {}: false} {
		if _, err := closedWay(way); (err == nil) != ok {
			t.Errorf("%+v: %v", way, err)
		}
	}
	if (store.Keeping{Waits: "local", For: "x"}).Twice() || (store.Keeping{Waits: "on"}).Twice() || !(store.Keeping{Waits: "on", For: "x"}).Twice() {
		t.Error("a commit that waits for nobody is on two servers")
	}

	for _, x := range []struct {
		last  clock.Date
		ended clock.Instant
		until clock.Date
		ok    bool
	}{{"2030-01-01", 0, "2030-01-01", true}, {"2030-01-01", 0, "2031-01-01", false}, {"2030-01-01", 0, "", false}, {"2026-11-01", 0, "2026-11-01", false}, {"2026-11-01", 1, "", true}, {"2026-11-01", 1, "2026-11-01", false}} {
		if err := heldRightly(x.last, x.ended, x.until, "2026-11-24"); (err == nil) != x.ok {
			t.Errorf("%+v: %v", x, err)
		}
	}

	all := func(clinics.Clinic, vendors.State) bool { return true }
	list := []vendors.State{{Processor: egress.Processor{ID: "twilio"}}}
	no, yes := func(clinics.Clinic, string, string) string { return "nobody" }, func(clinics.Clinic, string, string) string { return "" }
	if any, open := letThrough(clinics.Clinic{}, list, all, no, no); !any || open != "" {
		t.Errorf("%t %q", any, open)
	}
	if _, open := letThrough(clinics.Clinic{}, list, all, no, yes); open != "twilio" {
		t.Error("one of those who decide refuses nobody, and nobody sees it")
	}

	for _, x := range []struct {
		other      string
		looked, on bool
		ok         bool
	}{{"GET /trust", true, true, true}, {"GET /trust", false, false, true}, {"GET /trust", true, false, false}, {"GET /trust", false, true, false}, {"192.0.2.77 GET /trust", true, true, false}, {"Firefox", false, false, false}, {"", false, false, false}} {
		if _, err := saysWhoAsked(x.other, x.looked, x.on); (err == nil) != x.ok {
			t.Errorf("%+v: %v", x, err)
		}
	}

	loud := func(log *slog.Logger) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			log.Info("asked", "for", fmt.Sprint(r.URL, r.RemoteAddr))
		})
	}
	mute := func(*slog.Logger) http.Handler { return http.NotFoundHandler() }
	if writesNobody(t.Context(), "https://almirah.test", loud) == nil || writesNobody(t.Context(), "https://almirah.test", mute) == nil {
		t.Error("a log that says who asked, or nothing, passes")
	}
}
