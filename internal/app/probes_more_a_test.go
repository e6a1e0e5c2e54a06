package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/insight"
	"almirah/internal/jobs"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support/help"
	"almirah/internal/web"
)

// looker is a house whose looks are tried one by one.
type looker struct {
	*vandal
	t *testing.T
}

func (l *looker) look(name string) error {
	_, err := probes()[name](probe{House: l.House, clinics: []id.ID{l.Clinic.ID}}, l.t.Context())
	return err
}

// cracked wants the look to be content, to see what the statements do, and to be content again when it was mended; without a mend it stays broken.
func (l *looker) cracked(name string, crack, mend []string) {
	l.t.Helper()
	if err := l.look(name); err != nil {
		l.t.Errorf("%s is broken before anything was: %v", name, err)
	}
	for _, text := range crack {
		l.write(l.t, text)
	}
	if l.look(name) == nil {
		l.t.Errorf("%s sees nothing after %s", name, crack[len(crack)-1])
	}
	for _, text := range mend {
		l.write(l.t, text)
	}
	if err := l.look(name); len(mend) > 0 && err != nil {
		l.t.Errorf("%s is still broken after it was mended: %v", name, err)
	}
}

// forgetful has the database forget every count of wrong passwords.
func (l *looker) forgetful() (crack, mend []string) {
	if l.DB.Engine() == store.Postgres {
		return []string{`CREATE FUNCTION forgetful() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.failures := 0; NEW.until := 0; RETURN NEW; END $$`,
			`CREATE TRIGGER forgetful BEFORE UPDATE ON throttle FOR EACH ROW EXECUTE FUNCTION forgetful()`}, []string{`DROP TRIGGER forgetful ON throttle`, `DROP FUNCTION forgetful()`}
	}
	return []string{`CREATE TRIGGER forgetful AFTER UPDATE ON throttle WHEN NEW.failures > 0 BEGIN UPDATE throttle SET failures = 0, until = 0 WHERE bucket = NEW.bucket; END`}, []string{`DROP TRIGGER forgetful`}
}

// TestLooksOfPeopleAndRowsCanGoRed breaks what the live checks of accounts, the calendar, support and incidents look at.
func TestLooksOfPeopleAndRowsCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		slots := h.slotsOf(t, "any")
		h.ownAddress(t, slots[0]["starts_at"])
		if got := h.api(t, "POST", "/bookings", "k2", strings.Replace(h.bookingBody(slots[1]["starts_at"], "Ravi Teak", "ravi@example.org"), "1980", "1981", 1)); got.status != 201 {
			t.Fatal(got.raw)
		}
		h.Fake.Move(2 * time.Hour)
		owner := h.signIn(t, demoPeople[0].email)
		l := &looker{vandalIn(t, h), t}
		var other, patient, second, appointment, session id.ID
		var day string
		if err := errors.Join(l.db.QueryRow(`SELECT id, patient_id, day FROM appointment ORDER BY id LIMIT 1`).Scan(&appointment, &patient, &day),
			l.db.QueryRow(`SELECT id, patient_id FROM appointment ORDER BY id DESC LIMIT 1`).Scan(&second, &other),
			l.db.QueryRow(`SELECT id FROM session ORDER BY created_at DESC LIMIT 1`).Scan(&session)); err != nil || appointment == second || patient == other {
			t.Fatalf("two appointments of two patients: %v", err)
		}
		for name, one := range map[string]id.ID{"patient": patient, "appointment": appointment, "second": second, "person": h.Owner.Actor(), "session": session, "rule": h.anyID(), "grant": h.anyID()} {
			l.known[name] = one
		}
		const incident = `INSERT INTO incident (clinic_id, id, cause, rule, state, from_at, to_at, found_at, last_at, mailed_at, computed_at, closed_at, person_id) VALUES ({clinic}, {rule}, `
		const noIncident = `DELETE FROM incident WHERE clinic_id = {clinic}`
		const grant = `INSERT INTO support_grant (clinic_id, id, helper_id, helper_name, reason, scopes, minutes, emergency, state, asked_at, decided_at, decided_by, ends_at, ended_at, patient_id) VALUES ({clinic}, {grant}, {new}, {x:00}, {x:00}, 1, `
		const noGrant = `DELETE FROM support_grant WHERE clinic_id = {clinic}`
		leaf := func(action, kind, at, more, values string) string {
			return `INSERT INTO audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment` + more + `) VALUES ({clinic}, {new}, ` + at + `, {rule}, 'front-desk', '` + action + `', '` + kind + `', {grant}, ` + values
		}
		cause := "break-glass:" + l.known["grant"].String()
		forget, remember := l.forgetful()
		for _, x := range []struct {
			probe       string
			crack, mend []string
		}{
			{"account-minimal", []string{`ALTER TABLE person ADD COLUMN home TEXT`}, []string{`ALTER TABLE person DROP COLUMN home`}},
			{"account-verified", []string{`UPDATE person SET verified_at = 0 WHERE id = {person}`}, []string{`UPDATE person SET verified_at = 1 WHERE id = {person}`}},
			{"terms-on-record", []string{`DELETE FROM acceptance WHERE person_id = {person}`}, []string{`INSERT INTO acceptance (person_id, document, version, accepted_at) VALUES ({person}, 'terms', '` + TermsVersion + `', 1)`}},
			{"account-adults", []string{`UPDATE acceptance SET accepted_at = 0 WHERE person_id = {person}`}, []string{`UPDATE acceptance SET accepted_at = 1 WHERE person_id = {person}`}},
			{"staff-by-invitation", []string{`UPDATE membership SET ended_at = 5 WHERE person_id = {person}`}, []string{`UPDATE membership SET ended_at = 0 WHERE person_id = {person}`}},
			{"staff-by-invitation", []string{`UPDATE membership SET role = 'manager' WHERE person_id = {person}`}, []string{`UPDATE membership SET role = 'owner' WHERE person_id = {person}`}},
			{"operator-outside", []string{`UPDATE membership SET role = 'operator' WHERE person_id = {person}`}, []string{`UPDATE membership SET role = 'owner' WHERE person_id = {person}`}},
			{"handed-over", []string{`UPDATE membership SET role = 'manager' WHERE person_id = {person}`}, []string{`UPDATE membership SET role = 'owner' WHERE person_id = {person}`}},
			{"handed-over", []string{`INSERT INTO ownership_transfer (id, clinic_id, from_id, to_id, stays_as, state, offered_at, accepted_at, settled_at) VALUES ({new}, {clinic}, {new}, {new}, '', 'done', {now-100}, {now-90}, {now-10})`}, []string{`DELETE FROM ownership_transfer`}},
			{"guessing-slowed", forget, remember},
			{"sign-in-traces", []string{`UPDATE session SET device = {x:4d6f7a696c6c612f352e302028583131292061732069742077617320736169642c20756e7365616c6564}`}, []string{`UPDATE session SET device = NULL`}},
			{"sign-in-traces", []string{`UPDATE session SET expires_at = {now-2000} WHERE id = {session}`}, []string{`UPDATE session SET expires_at = {now+600} WHERE id = {session}`}},
			{"times-as-entered", []string{`INSERT INTO leave (clinic_id, provider_id, id, starts_at, ends_at, created_at) SELECT clinic_id, provider_id, id, starts_at, ends_at, 1 FROM appointment WHERE id = {appointment}`}, []string{`DELETE FROM leave`}},
			{"overbooking-by-staff", []string{`UPDATE appointment SET lane = 1 WHERE id = {appointment}`}, []string{`UPDATE appointment SET lane = 0 WHERE id = {appointment}`}},
			{"clinic-time", []string{`UPDATE appointment SET day = '2026-12-24' WHERE id = {appointment}`}, []string{`UPDATE appointment SET day = '` + day + `' WHERE id = {appointment}`}},
			{"changes-kept", []string{`UPDATE appointment SET status = 'no-show' WHERE id = {appointment}`}, []string{`UPDATE appointment SET status = 'booked' WHERE id = {appointment}`}},
			{"changes-kept", []string{`UPDATE appointment SET occurrence = 1 WHERE id = {appointment}`}, []string{`UPDATE appointment SET occurrence = 0 WHERE id = {appointment}`}},
			{"changes-kept", []string{`UPDATE booking_log SET action = 'forgotten' WHERE appointment_id = {appointment}`}, []string{`UPDATE booking_log SET action = 'book' WHERE appointment_id = {appointment}`}},
			{"same-rules-at-every-door", []string{`INSERT INTO booking_log (clinic_id, appointment_id, id, at, action, role, starts_at, provider_id, status) VALUES ({clinic}, {appointment}, {new}, {now}, 'cancel', 'owner', 0, {practitioner}, 'cancelled')`}, []string{`DELETE FROM booking_log WHERE action = 'cancel'`}},
			{"own-link", []string{`UPDATE patient_link SET appointment_id = {second} WHERE patient_id = {patient}`}, []string{`UPDATE patient_link SET appointment_id = {appointment} WHERE patient_id = {patient}`}},
			{"own-language", []string{`UPDATE patient SET language = 'hi' WHERE id = {patient}`, letterRow("appointment.booked", "booking", "sent", "0", "{new}")}, []string{noLetters}},
			{"dashboard-tells", []string{strings.Replace(letterRow("reminder", "reminder", "uncertain", "0", "{new}"), "{now}, {now}, {now})", "{now}, {now-30}, {now})", 1)}, []string{noLetters}},
			{"consent-asked", []string{agreed("reminder", "TRUE", "-60")}, []string{noAgreement}},
			{"support-logged", []string{grant + `30, FALSE, 'asked', {now}, 0, NULL, 0, 0, NULL)`}, []string{noGrant}},
			{"support-visible", []string{grant + `30, FALSE, 'running', {now}, {now}, {new}, {now+20}, 0, NULL)`}, []string{noGrant}},
			{"support-visible", []string{grant + `30, FALSE, 'ended', {now-40}, {now-30}, {new}, {now-10}, {now-20}, NULL)`, leaf("open", "patient", "{now}", ", grant_id", "{patient}, {x:00}, {new}, {grant})")}, []string{noGrant}},
			{"support-emergency", []string{grant + `60, TRUE, 'running', {now}, {now}, NULL, {now+60}, 0, {patient})`}, []string{noGrant}},
			{"support-emergency", []string{grant + `60, TRUE, 'running', {now}, {now}, NULL, {now+60}, 0, NULL)`}, []string{noGrant}},
			{"support-emergency", []string{grant + `60, TRUE, 'ended', {now-100}, {now-100}, NULL, {now-40}, {now-40}, NULL)`, `INSERT INTO outgoing_mail (id, person_id, kind, body, state, due_at, created_at) VALUES ({new}, {person}, 'notice-grant-emergency', {x:00}, 'planned', {now}, {now-101})`},
				[]string{`UPDATE outgoing_mail SET state = 'sent' WHERE kind = 'notice-grant-emergency'`}},
			{"incident-noticed", []string{incident + `'other:1', 'other', 'suspected', 1, 0, {now-90}, {now-90}, 0, 0, 0, NULL)`}, []string{noIncident}},
			{"incident-noticed", []string{leaf("break-glass", "grant", "{now-60}", "", "{patient}, {x:00}, {new})")}, []string{incident + `'` + cause + `', 'break-glass', 'suspected', 1, 0, {now-90}, {now-90}, 1, 0, 0, NULL)`}},
			{"incident-register", []string{noIncident, incident + `'other:2', 'other', 'closed', 1, 2, 1, 1, 1, 0, {now-90}, {new})`}, []string{noIncident}},
			{"incident-exact", []string{incident + `'other:3', 'other', 'confirmed', 1, {now-10}, 1, 1, 1, {now}, 0, NULL)`,
				`INSERT INTO incident_patient (clinic_id, id, incident_id, patient_id, acts, classes, first_at, last_at, entries) VALUES ({clinic}, {new}, {rule}, {patient}, 'read', 'identity', 1, 1, 1)`}, []string{`DELETE FROM incident_patient WHERE clinic_id = {clinic}`, noIncident}},
			{"incident-exact", []string{leaf("open", "patient", "{now-30}", "", "{patient}, {x:00}, {new})"), incident + `'other:4', 'other', 'confirmed', {now-60}, {now-10}, 1, 1, 1, {now}, 0, {rule})`}, []string{noIncident}},
			{"incident-processor", []string{`INSERT INTO platform_incident (id, cause, rule, state, processor, from_at, to_at, found_at, last_at) VALUES ({rule}, 'processor:1', 'processor', 'confirmed', 'hosting', {now-3000}, {now-60}, {now-2000}, {now-2000})`},
				[]string{incident + `'processor:` + l.known["rule"].String() + `', 'processor', 'suspected', 1, 2, 1, 1, 1, 0, 0, NULL)`, `INSERT INTO platform_incident_clinic (incident_id, clinic_id, told_at) VALUES ({rule}, {clinic}, 1)`}},
			{"incident-processor", []string{noIncident}, []string{`DELETE FROM platform_incident_clinic`, `DELETE FROM platform_incident`}},
		} {
			l.cracked(x.probe, x.crack, x.mend)
		}

		// The page of somebody whose access ends without the house knowing of it stays open, and is seen.
		ctx, leave := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Server.URL+"/app/live", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: owner.cookies[web.SessionCookie]})
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		for range 100 {
			if len(h.site.Following()) > 0 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if n := len(h.site.Following()); n == 0 {
			t.Fatalf("no page is open: %s of %s", res.Status, res.Request.URL.Path)
		}
		l.cracked("revoked-at-once", []string{`UPDATE membership SET ended_at = 5 WHERE person_id = {person}`}, []string{`UPDATE membership SET ended_at = 0 WHERE person_id = {person}`})
		leave()

		// An entry of the log cannot be taken away: it is let grow old.
		h.Fake.Move(30 * time.Minute)
		l.cracked("step-up", []string{leaf("change-role", "membership", "{now}", ", session_id", "{patient}, {x:00}, {new}, {session})")}, nil)
		h.Fake.Move(time.Hour)
		if err := l.look("step-up"); err != nil {
			t.Error(err)
		}

		// A week later the day of the appointments is settled.
		h.Fake.Move(7 * 24 * time.Hour)
		if err := h.Insight.Work(t.Context(), jobs.ForClinic(h.Clinic.ID)); err != nil {
			t.Fatal(err)
		}
		l.cracked("reports-counted", []string{`UPDATE insight_day SET unmarked = unmarked - 1 WHERE day = '` + day + `'`}, []string{`UPDATE insight_day SET unmarked = unmarked + 1 WHERE day = '` + day + `'`})
		l.cracked("figures-objection", []string{agreed("figures", "FALSE", "-600")}, []string{noAgreement})
	})
}

// altered answers as the house does, but for what change does to the answers of addresses that begin so.
func altered(real http.Handler, prefix string, change func(got *page)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := &page{header: http.Header{}, status: http.StatusOK}
		if real.ServeHTTP(got, r); strings.HasPrefix(r.URL.Path, prefix) {
			change(got)
		}
		for k, v := range got.header {
			w.Header()[k] = v
		}
		w.WriteHeader(got.status)
		_, _ = w.Write(got.body.Bytes())
	})
}

// TestLooksAtPagesCanGoRed shows the checks that ask the house's own pages what they must not let pass.
func TestLooksAtPagesCanGoRed(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_PUBLIC_LIMIT": "3"})
	slots := h.slotsOf(t, "any")
	h.ownAddress(t, slots[0]["starts_at"])
	l := &looker{vandalIn(t, h), t}
	real := h.handler
	swap := func(old, in string) func(*page) {
		return func(got *page) {
			body := got.body.String()
			got.body.Reset()
			got.body.WriteString(strings.ReplaceAll(body, old, in))
		}
	}
	answers := func(status int) func(*page) { return func(got *page) { got.status = status } }
	for _, x := range []struct {
		probe, prefix string
		change        func(*page)
	}{
		{"account-minimal", "/sign-up", swap(`name="person"`, `name="birth"`)},
		{"account-adults", "/sign-up", swap(`name="terms"`, `name="words"`)},
		{"account-adults", "/sign-up", swap(`type="checkbox"`, `type="checkbox" checked`)},
		{"same-rules-at-every-door", "/api/v1/token", answers(http.StatusOK)},
		{"clinic-time", "/c/sunrise/book", swap("2026-", "2027-")},
		{"clinic-time", "/api/v1/clinics/sunrise/slots", swap("+05:30", "+04:30")},
		{"own-language", "/c/sunrise", swap(`<html lang="ta"`, `<html lang="en"`)},
		{"own-link", "/m/", answers(http.StatusOK)},
		{"consent-asked", "/c/sunrise/book", swap(`name="consent"`, `name="consent" checked`)},
		{"consent-asked", "/c/sunrise/book", swap(`name="consent"`, `name="other"`)},
		{"health-words-noticed", "/c/sunrise/book", swap(htmlText(h.Book.Tongue("en").Say("public.note_health")), "")},
		{"health-words-noticed", "/c/sunrise/book", swap(htmlText(h.Book.Tongue("en").Say("field.note.hint")), "")},
		{"abuse-limited", "/api/v1/clinics/sunrise/bookings", answers(http.StatusCreated)},
		{"watched-by-operators", "/operate", answers(http.StatusOK)},
		{"watched-by-operators", "/metrics", swap("# HELP", "# "+h.Clinic.ID.String()+" HELP")},
		{"help-inside", "/app/help", func(got *page) { got.header.Set("Content-Security-Policy", "default-src https:") }},
		{"log-declared", "/probe-nowhere", func(got *page) { got.header.Set(RequestHeader, "of-a-stranger-5e1f") }},
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
	h.handler = real
	limit := h.limit
	h.limit = newLimiter(1000, h.Clock, addressOf(nil))
	if l.look("abuse-limited") == nil {
		t.Error("nobody sees that an address may book a thousand times a minute")
	}
	h.limit = limit
	log := h.Log
	h.Log = slog.New(slog.DiscardHandler)
	if l.look("log-declared") == nil {
		t.Error("nobody sees that the log takes any field")
	}
	h.Log = log
}

// TestJudgesOfLooks shows what the looks that work something out must not let pass.
func TestJudgesOfLooks(t *testing.T) {
	t.Parallel()
	second := time.Second
	for _, waits := range [][]time.Duration{nil, make([]time.Duration, mostTries), {second, second, second, second, second, second, second, second, second, second}} {
		if slowed(waits) == nil {
			t.Errorf("%v passes", waits)
		}
	}
	for _, yes := range []bool{true, false} {
		if guessed(func(string, ...string) bool { return yes }) == nil {
			t.Errorf("who refuses every password or none (%v) passes", yes)
		}
	}
	if noticed(func(string, []string) []string { return nil }) == nil || noticed(func(text string, _ []string) []string { return []string{text} }) == nil {
		t.Error("who notices nothing, or everything, passes")
	}
	if err := noticed(contact.HealthWords); err != nil {
		t.Error(err)
	}
	if _, err := foundIn(&help.Shelf{}); err == nil {
		t.Error("an empty shelf passes for help")
	}
	for _, body := range []string{"", `<input type="checkbox" name="consent" value="reminder" checked>`, `<input name="consent" value="a">` + `<input name="consent" value="a">`} {
		if unticked(body) == nil {
			t.Errorf("%q passes", body)
		}
	}

	report := func(total int64, line int64) insight.Report {
		return insight.Report{Ask: insight.Ask{Kind: insight.Volume}, Columns: []insight.Column{{Key: "booked", Unit: insight.Cases}}, Lines: []insight.Line{{Values: []int64{line}}}, Total: []int64{total}}
	}
	if fewer(report(9, 4)) == nil || fewer(report(3, 0)) == nil || tellApart(report(9, 9), report(6, 6)) == nil {
		t.Error("a count of fewer than five passes")
	}
	if err := errors.Join(fewer(report(10, 5)), tellApart(report(10, 10), report(5, 5)), tellApart(report(7, 7), report(7, 7))); err != nil {
		t.Error(err)
	}

	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	h := scheduling.Hours{Zone: zone, Changes: map[clock.Date]scheduling.Change{"2026-11-26": {Day: "2026-11-26"}}}
	for d := range h.Weekly {
		h.Weekly[d] = []scheduling.Interval{{From: 9 * 60, To: 12 * 60}}
	}
	at := func(day, hour int) clock.Instant { return clock.At(time.Date(2026, 11, day, hour, 0, 0, 0, zone)) }
	h.Away = []scheduling.Away{{From: at(25, 10), To: at(25, 11)}}
	for _, x := range []struct {
		day, hour int
		minutes   time.Duration
		ok        bool
	}{{24, 9, 180, true}, {24, 9, 185, false}, {24, 8, 30, false}, {25, 9, 60, true}, {25, 10, 30, false}, {26, 9, 30, false}} {
		if worked(h, at(x.day, x.hour), x.minutes*time.Minute) != x.ok {
			t.Errorf("the %d. at %d for %d minutes: %v", x.day, x.hour, x.minutes, !x.ok)
		}
	}
}
