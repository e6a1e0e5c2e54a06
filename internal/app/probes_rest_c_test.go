package app

import (
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

const (
	somebody   = `INSERT INTO person (id, email_token, email, password, created_at) VALUES ({one}, {new}, {x:}, '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaA', 1)`
	noSomebody = `DELETE FROM person WHERE id IN ({one}, {two})`
	signedIn   = `INSERT INTO session (token_hash, id, person_id, csrf, created_at, seen_at, expires_at, level) VALUES ({x:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}, {one}, {person}, {x:00}, {now-9}, {now-5}, {now+600}, 2)`
	signedOut  = `DELETE FROM session WHERE id = {one}`
	suspension = `INSERT INTO suspension (id, clinic_id, state, ground, asked_by, asked_at, approved_by, approved_at, begins_at, told_before, told_after) VALUES ({one}, {clinic}, 'announced', 'abuse', {person}, 1, {rule}, 1, {now-90}, 1, 1)`
)

// words is a text in which there may be braces.
func (v *vandal) words(text []byte) string {
	if v.DB.Engine() == store.Postgres {
		return `convert_from({x:` + hex.EncodeToString(text) + `}, 'UTF8')`
	}
	return `CAST({x:` + hex.EncodeToString(text) + `} AS TEXT)`
}

// TestLooksAtThePlatformCanGoRed breaks what these looks are about: accounts, what operators do, texts on record, the log, and the tables themselves.
func TestLooksAtThePlatformCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		l := lookerIn(t, engine, nil)
		l.Fake.Move(50 * time.Hour)
		if err := jobs.Sequence(t.Context(), l.DB); err != nil {
			t.Fatal(err)
		}
		var steps []walkStep
		for _, name := range []string{"clinic", "clear", "book", "confirm", "remind", "stop", "tidy", "copy", "archive", "erase", "keys", "backup", "search"} {
			steps = append(steps, walkStep{Name: name, State: stepGood})
		}
		text, err := json.Marshal(steps)
		if err != nil {
			t.Fatal(err)
		}
		walk := `INSERT INTO canary_walk (id, state, by_hand, asked_at, began_at, ended_at, steps) VALUES ({one}, 'good', FALSE, {now-60}, {now-60}, {now-50}, ` + l.words(text) + `)`
		went := func(name, from, to string) []string {
			return []string{`UPDATE canary_walk SET steps = REPLACE(steps, '"` + name + `","state":"` + from + `"', '"` + name + `","state":"` + to + `"')`}
		}
		done := func(kind, day, seen string) string {
			return `INSERT INTO duty_done (id, kind, day, by_id, report, seen, at) VALUES ({new}, '` + kind + `', '` + day + `', {person}, '', '` + seen + `', {now})`
		}
		list := []crack{
			{"password-hashed", []string{somebody}, []string{`UPDATE person SET password = 'seven brass lanterns' WHERE id = {one}`}, []string{`UPDATE person SET password = '' WHERE id = {one}`}},
			{"password-hashed", []string{noSomebody, somebody}, []string{`INSERT INTO person (id, email_token, email, password, created_at) VALUES ({two}, {new}, {x:}, '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$b3RoZXI', 1)`}, []string{noSomebody}},
			{"session-cookies", []string{signedIn}, []string{`UPDATE session SET token_hash = {x:6d616e676f} WHERE id = {one}`}, []string{signedOut}},
			{"second-factor", []string{signedIn}, []string{`UPDATE session SET level = 1 WHERE id = {one}`}, []string{signedOut}},
			{"session-limits", []string{signedIn}, []string{`UPDATE session SET expires_at = {now+730} WHERE id = {one}`}, []string{signedOut}},
			{"session-limits", []string{`INSERT INTO sign_in_rule (clinic_id, idle) VALUES ({clinic}, 60)`}, []string{`UPDATE sign_in_rule SET idle = 90`}, []string{`DELETE FROM sign_in_rule`}},
			{"codes-once", nil, []string{`UPDATE authenticator SET used_step = 99999999999`}, []string{`UPDATE authenticator SET used_step = 0`}},
			{"codes-once", []string{`INSERT INTO recovery_code (person_id, code_hash, created_at) VALUES ({one}, {x:2c26b46b68ffc68ff99b453c1d304134}, 1)`}, []string{`INSERT INTO recovery_code (person_id, code_hash, created_at) VALUES ({one}, {x:414243442d454647482d494a4b4c2d4d4e4f50}, 1)`}, []string{`DELETE FROM recovery_code`}},
			{"codes-once", nil, []string{`INSERT INTO authenticator (person_id, id, kind, secret, created_at) VALUES ({one}, {new}, 'app', {x:4a42535759334450}, 1)`}, []string{`DELETE FROM authenticator WHERE person_id = {one}`}},
			{"passkeys", []string{`INSERT INTO challenge (hash, id, kind, body, expires_at) VALUES ({new}, {new}, 'passkey', {x:00}, {now+4})`}, []string{`UPDATE challenge SET expires_at = {now+6}`}, []string{`DELETE FROM challenge`}},
			{"new-device-told", []string{`INSERT INTO known_device (person_id, mark, first_at, seen_at) VALUES ({one}, {x:00}, {now-3000}, {now})`}, []string{`INSERT INTO known_device (person_id, mark, first_at, seen_at) VALUES ({one}, {x:01}, {now-9}, {now})`},
				[]string{`INSERT INTO outgoing_mail (id, person_id, kind, body, state, due_at, created_at) VALUES ({two}, {one}, 'new-device', {x:00}, 'sent', {now-9}, {now-9})`}},
			{"new-device-told", nil, []string{`UPDATE known_device SET seen_at = {now-270000} WHERE person_id = {one}`}, []string{`DELETE FROM known_device WHERE person_id = {one}`, `DELETE FROM outgoing_mail WHERE id = {two}`}},
			{"sign-in-signals", []string{`INSERT INTO sign_in_event (id, person_id, kind, at) VALUES ({one}, {person}, 'locked', {now-43000})`}, []string{`UPDATE sign_in_event SET at = {now-45000} WHERE id = {one}`}, []string{`DELETE FROM sign_in_event WHERE id = {one}`}},

			{"clock-jump", []string{`INSERT INTO retention_clock (id, seen_at) VALUES (1, {now})`}, []string{`UPDATE retention_clock SET refused_at = {now}`}, []string{`DELETE FROM retention_clock`}},
			{"remainder-counts", []string{`INSERT INTO remainder (place, month, action, times) VALUES ('IN', '2026-01', 'book', 10)`}, []string{`UPDATE remainder SET times = 9`}, []string{`DELETE FROM remainder`}},
			{"suspended-by-two", []string{suspension}, []string{`UPDATE suspension SET approved_by = asked_by`}, []string{`UPDATE suspension SET approved_by = {rule}`}},
			{"suspended-by-two", nil, []string{`UPDATE suspension SET told_before = 0`}, []string{`UPDATE suspension SET told_before = 1`}},
			{"suspended-by-two", nil, []string{`UPDATE suspension SET told_after = 0`}, []string{`DELETE FROM suspension`}},
			{"reviews-on-time", nil, []string{`UPDATE clinic_route SET opened_at = {now-300000}`}, []string{`UPDATE clinic_route SET opened_at = {now-3000}`}},
			{"reviews-on-time", nil, []string{done("people", "2026-03-01", "")}, []string{done("people", "2026-11-01", "")}},
			{"data-map-signed", nil, []string{done("data-map", "2025-10-01", "")}, []string{done("data-map", "2026-11-02", "")}},
			{"data-map-signed", nil, []string{done("data-map", "2026-11-03", "of another text")}, []string{`DELETE FROM duty_done`}},
			{"closing-holds", nil, []string{`INSERT INTO custody (clinic_id, zone, last_day, closed_at, certificate) VALUES ({one}, 'Asia/Kolkata', '2030-01-01', 1, 'certified by nobody')`}, []string{`DELETE FROM custody`}},
			{"terms-accepted-first", nil, []string{`INSERT INTO acceptance (person_id, document, version, accepted_at) VALUES ({one}, 'terms', 'of nobody', 1)`}, []string{`DELETE FROM acceptance WHERE person_id = {one}`}},
			{"terms-accepted-first", nil, []string{`INSERT INTO document_text (digest, kind, text, kept_at, from_at) VALUES ('2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', 'use', 'foo', {now}, {now+40000})`}, []string{`UPDATE document_text SET from_at = {now+44000} WHERE text = 'foo'`}},
			{"documents-archive", nil, []string{`UPDATE document_text SET text = 'fob' WHERE text = 'foo'`}, []string{`DELETE FROM document_text WHERE text = 'fob'`}},
			{"documents-archive", nil, []string{`UPDATE document_text SET digest = kind WHERE kind = 'use'`}, []string{`UPDATE document_text SET digest = '` + TermsVersion + `' WHERE kind = 'use'`}},
			{"broken-is-an-incident", []string{`INSERT INTO probe_result (id, status, evidence, checked_at, since) VALUES ('backups', 'broken', '', {now}, {now-10})`}, []string{`UPDATE probe_result SET since = {now-20} WHERE id = 'backups'`},
				[]string{`INSERT INTO platform_incident (id, cause, rule, state, from_at, to_at, found_at, last_at) SELECT {one}, 'promise:backups:' || since, 'promise', 'suspected', since, 0, since, since FROM probe_result WHERE id = 'backups'`}},

			{"no-government-id", []string{`ALTER TABLE patient ADD COLUMN invoice_voice TEXT`, `ALTER TABLE patient DROP COLUMN invoice_voice`}, []string{`ALTER TABLE patient ADD COLUMN aadhaar_no TEXT`}, []string{`ALTER TABLE patient DROP COLUMN aadhaar_no`}},
			{"nothing-undeclared", nil, []string{`ALTER TABLE patient ADD COLUMN shoe_size TEXT`}, []string{`ALTER TABLE patient DROP COLUMN shoe_size`}},
			{"data-map-true", nil, []string{`CREATE TABLE shoes (clinic_id TEXT, patient_id TEXT)`}, []string{`DROP TABLE shoes`}},
			{"export-whole", nil, []string{`CREATE TABLE shoes (clinic_id TEXT, patient_id TEXT)`}, []string{`DROP TABLE shoes`}},
			{"restored-held", nil, []string{`INSERT INTO restoration (id, backup, taken_at, restored_at) VALUES ({one}, 'x', 1, {now})`}, []string{`DELETE FROM restoration`}},

			{"data-map-own", nil, []string{`UPDATE clinic SET name = '', legal_entity = ''`}, []string{`UPDATE clinic SET name = 'Sunrise', legal_entity = 'Sunrise'`}},

			{"synthetic-nightly", []string{walk}, went("remind", "good", "bad"), went("remind", "bad", "good")},
			{"synthetic-copy", nil, went("copy", "good", "bad"), went("copy", "bad", "good")},
			{"synthetic-round-trip", nil, went("archive", "good", "skipped"), went("archive", "skipped", "good")},
			{"synthetic-gone", nil, went("search", "good", "bad"), []string{`DELETE FROM canary_walk`}},
			{"synthetic-apart", nil, []string{`UPDATE clinic_route SET canary = TRUE`}, []string{`UPDATE clinic_route SET canary = FALSE`}},
		}
		l.tried(list)

		// Another clinic holds a row of somebody with the same id.
		two := l.known["rule"]
		both := func() error {
			_, err := probes()["clinic-apart"](probe{House: l.House, clinics: []id.ID{l.Clinic.ID, two}}, t.Context())
			return err
		}
		if err := both(); err != nil {
			t.Error(err)
		}
		l.write(t, `INSERT INTO patient (clinic_id, id, name, created_at) SELECT {rule}, id, name, 1 FROM patient WHERE clinic_id = {clinic}`)
		if both() == nil {
			t.Error("nobody sees that a clinic has the patients of another")
		}
		l.write(t, `DELETE FROM patient WHERE clinic_id = {rule}`)
		if err := both(); err != nil {
			t.Error(err)
		}
		l.Config.Standby = true
		if l.look("database-twice") == nil {
			t.Error("a server without a second one passes for two")
		}
		l.Config.Standby = false
		if engine == store.Postgres {
			r, err := l.DB.Role(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			l.tried([]crack{
				{"clinic-apart", nil, []string{`ALTER TABLE message DISABLE ROW LEVEL SECURITY`}, []string{`ALTER TABLE message ENABLE ROW LEVEL SECURITY`}},
				{"database-roles", nil, []string{`ALTER TABLE patient DISABLE ROW LEVEL SECURITY`}, []string{`ALTER TABLE patient ENABLE ROW LEVEL SECURITY`}},
				{"database-roles", nil, []string{`GRANT DELETE ON audit_leaf TO "` + r.Name + `"`}, []string{`REVOKE DELETE ON audit_leaf FROM "` + r.Name + `"`}},
			})
		}

		// What was done to the log cannot be mended.
		if err := l.look("audit-not-stuck"); err != nil {
			t.Error(err)
		}
		if err := l.look("audit-tamper-evident"); err != nil {
			t.Error(err)
		}
		l.write(t, `UPDATE audit_tree SET hash = {x:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae} WHERE position = (SELECT MAX(position) FROM audit_tree)`)
		if l.look("audit-tamper-evident") == nil {
			t.Error("the log was written again, and nobody sees it")
		}
		l.entry(t, true, id.Zero, audit.Entry{Actor: l.Owner.Actor(), Role: access.Owner, Action: "change", Kind: "clinic"})
		if l.look("audit-not-stuck") == nil {
			t.Error("an entry gets no place any more, and nobody sees it")
		}
	})
}

// open takes the rules of a table away; close gives them back.
func (v *vandal) open(t *testing.T, table string) (closed func()) {
	t.Helper()
	if v.DB.Engine() == store.Postgres {
		v.write(t, `ALTER TABLE `+table+` DISABLE TRIGGER USER`)
		return func() { v.write(t, `ALTER TABLE `+table+` ENABLE TRIGGER USER`) }
	}
	rows, err := v.db.Query(`SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '` + table + `'`)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		rules[name] = text
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for name := range rules {
		v.write(t, `DROP TRIGGER `+name)
	}
	return func() {
		for _, text := range rules {
			v.write(t, text)
		}
	}
}

// TestLooksAtFencesCanGoRed takes away the rules that these looks try.
func TestLooksAtFencesCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		l := &looker{vandalIn(t, h), t}
		for _, x := range []struct{ probe, table, before, after string }{
			{"scheduling-only", "visit_template", "", ""},
			{"prescriptions-off", "drug_alias", "", ""},
			{"agreement-before-patients", "patient", `UPDATE clinic SET jurisdiction = 'US-CA'`, `UPDATE clinic SET jurisdiction = 'IN'`},
		} {
			if x.before != "" {
				l.write(t, x.before)
			}
			if err := l.look(x.probe); err != nil {
				t.Errorf("%s is broken before anything was: %v", x.probe, err)
			}
			closed := l.open(t, x.table)
			if l.look(x.probe) == nil {
				t.Errorf("%s sees nothing when %s takes every row", x.probe, x.table)
			}
			closed()
			if err := l.look(x.probe); err != nil {
				t.Errorf("%s is still broken after it was mended: %v", x.probe, err)
			}
			if x.after != "" {
				l.write(t, x.after)
			}
		}
		l.tried([]crack{
			{"scheduling-only", nil, []string{`ALTER TABLE service ADD COLUMN diagnosis TEXT`}, []string{`ALTER TABLE service DROP COLUMN diagnosis`}},
			{"agreement-before-patients", nil, []string{`UPDATE clinic SET jurisdiction = 'US', baa = 'signed by nobody'`}, []string{`UPDATE clinic SET jurisdiction = 'IN', baa = ''`}},
		})
	})
}
