package app

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/audit"
	"almirah/internal/backup"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/programs"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
	"almirah/internal/words"
)

// requestRow is a statement that adds a request by a person's own page; it can be told from those of the house by its law.
func requestRow(kind string) string {
	return `INSERT INTO data_request (clinic_id, id, patient_id, kind, door, asker, state, law, came_at, known_at, proof, due_at) VALUES ({clinic}, {new}, {patient}, '` + kind + `', 'link', 'self', 'open', 'zz', {now-60}, {now-60}, 'link', {now})`
}

func deliveryRow(kind, patient, state, due, attempts, tried string) string {
	return `INSERT INTO webhook_delivery (clinic_id, id, endpoint_id, event_id, kind, subject_id, patient_id, happened_at, state, due_at, attempts, tried_at)
		VALUES ({clinic}, {new}, {endpoint}, {new}, '` + kind + `', {new}, ` + patient + `, {now-90}, '` + state + `', ` + due + `, ` + attempts + `, ` + tried + `)`
}

func endpointRow(host, state, reason, at, failing string) string {
	return `INSERT INTO webhook_endpoint (clinic_id, id, url, host, events, secret, state, reason, state_at, failing_since, created_by, created_at)
		VALUES ({clinic}, {endpoint}, {x:00}, '` + host + `', 1, {x:00}, '` + state + `', '` + reason + `', ` + at + `, ` + failing + `, {new}, {now-90})`
}

const (
	noRequests  = `DELETE FROM data_request WHERE law = 'zz'`
	noEndpoints = `DELETE FROM webhook_endpoint`
	noTellings  = `DELETE FROM webhook_delivery`
	arrived     = `INSERT INTO arrival (clinic_id, manifest, signer, canonical, at_table, at_row, begun_at, done_at) VALUES ({clinic}, 'm', `
	noArrival   = `DELETE FROM arrival`
	nameRow     = `INSERT INTO domain (clinic_id, host, proof, claimed_at, proven_at, checked_at, due_at) VALUES `
	noName      = `DELETE FROM domain`
)

// entry writes an entry of the log past the doorway; placed gives it its place in the queue.
func (v *vandal) entry(t *testing.T, placed bool, under id.ID, e audit.Entry) {
	t.Helper()
	e.ID, e.Clinic, e.At, e.Purpose = id.New(v.Fake.Now()), v.Clinic.ID, clock.At(v.Fake.Now()), access.Running
	if e.Subject.IsZero() {
		e.Subject = id.New(v.Fake.Now())
	}
	body, err := e.Body()
	if err != nil {
		t.Fatal(err)
	}
	hexed := func(b []byte) string { return v.bytes(hex.EncodeToString(b)) }
	row := hexed(e.ID[:])
	commitment := hexed(audit.Commit(make([]byte, audit.SaltSize), nil))
	v.write(t, `INSERT INTO audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment)
		VALUES ({clinic}, `+row+`, {now}, `+hexed(e.Actor[:])+`, '`+string(e.Role)+`', '`+e.Action+`', '`+e.Kind+`', `+hexed(e.Subject[:])+`, `+hexed(under[:])+`, `+hexed(body)+`, `+commitment+`)`)
	if placed {
		v.write(t, `INSERT INTO audit_pending (clinic_id, leaf_id, body, commitment) VALUES ({clinic}, `+row+`, `+hexed(body)+`, `+commitment+`)`)
	}
}

// unguarded changes what triggers keep from being changed.
func (v *vandal) unguarded(t *testing.T, table, text string) {
	t.Helper()
	if v.DB.Engine() == store.Postgres {
		v.write(t, `SET session_replication_role = replica; `+text+`; SET session_replication_role = origin`)
		return
	}
	v.dropTriggers(t, ` AND tbl_name = '`+table+`'`)
	v.write(t, text)
}

// dropTriggers takes away the triggers of a SQLite database that the condition names, all where it is empty.
func (v *vandal) dropTriggers(t *testing.T, and string) {
	t.Helper()
	rows, err := v.db.Query(`SELECT name FROM sqlite_master WHERE type = 'trigger'` + and)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		v.write(t, `DROP TRIGGER `+name)
	}
}

// TestEachLookAtRowsCanGoRed breaks what these live checks count, one after the other: each is content before it, sees it, and is content again when it
// was mended. What stands in the log cannot be mended and comes last.
func TestEachLookAtRowsCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
		if err := jobs.Sequence(t.Context(), h.DB); err != nil {
			t.Fatal(err)
		}
		h.Fake.Move(2 * time.Hour)
		v := vandalIn(t, h)
		var patient, appointment id.ID
		if err := v.db.QueryRow(`SELECT id, patient_id FROM appointment`).Scan(&appointment, &patient); err != nil {
			t.Fatal(err)
		}
		v.known["patient"], v.known["appointment"], v.known["rule"], v.known["endpoint"], v.known["owner"] = patient, appointment, h.anyID(), h.anyID(), h.Owner.Actor()
		look := func(name string) error {
			_, err := probes()[name](probe{House: h.House, clinics: []id.ID{h.Clinic.ID}}, t.Context())
			return err
		}
		named := strings.Replace(letterRow("reminder", "booking", "sent", "0", "{new}"), "{new}", "{rule}", 1)
		for _, x := range []struct {
			probe       string
			crack, mend []string
		}{
			{"request-free", []string{`ALTER TABLE data_request ADD COLUMN fee BIGINT`}, []string{`ALTER TABLE data_request DROP COLUMN fee`}},
			{"request-free", []string{`ALTER TABLE service ADD COLUMN data_request_id BIGINT`}, []string{`ALTER TABLE service DROP COLUMN data_request_id`}},
			{"request-copy-at-once", []string{requestRow("access")}, []string{noRequests}},
			{"request-restriction", []string{requestRow("restriction")}, []string{noRequests}},
			{"request-restriction", []string{agreed("restriction", "TRUE", "-60"), letterRow("reminder", "booking", "sent", "0", "{new}")}, []string{noLetters, noAgreement}},
			{"request-statement", []string{`INSERT INTO data_statement (clinic_id, id, patient_id, about, words, at) VALUES ({clinic}, {new}, {patient}, 'other', {x:41}, {now})`}, []string{`DELETE FROM data_statement`}},
			{"request-contact-proved", []string{`INSERT INTO contact_proof (clinic_id, id, patient_id, channel, address, tries, ends_at) VALUES ({clinic}, {new}, {patient}, 'email', {x:00}, 6, {now})`}, []string{`DELETE FROM contact_proof`}},
			{"new-purpose-asked", []string{letterRow("news", "news", "sent", "0", "{new}")}, []string{noLetters}},
			{"token-scopes", []string{`INSERT INTO api_token (clinic_id, id, person_id, name, token_hash, hint, scopes, created_at, expires_at) VALUES ({clinic}, {new}, {new}, {x:00}, {new}, 'abcd', 64, {now-60}, {now})`}, []string{`DELETE FROM api_token`}},
			{"webhooks-thin", []string{endpointRow("books.example:443", "on", "", "{now}", "0"), deliveryRow("Asha Verma", "NULL", "planned", "{now}", "0", "0")}, []string{noTellings, noEndpoints}},
			{"webhooks-again", []string{endpointRow("books.example:443", "on", "", "{now}", "0"), deliveryRow("patient.created", "NULL", "failed", "{now}", "2", "{now}")}, []string{noTellings, noEndpoints}},
			{"webhooks-again", []string{endpointRow("books.example:443", "on", "", "{now}", "0"), deliveryRow("patient.created", "NULL", "planned", "{now-3000}", "0", "0")}, []string{noTellings, noEndpoints}},
			{"webhooks-again", []string{endpointRow("books.example:443", "on", "", "{now}", "{now-14400}"), deliveryRow("patient.created", "NULL", "planned", "{now}", "9", "{now-2880}")}, []string{noTellings, noEndpoints}},
			{"webhooks-again", []string{endpointRow("books.example:443", "off", "failing", "{now-3000}", "0")}, []string{noEndpoints}},
			{"webhooks-guarded", []string{endpointRow("127.0.0.1:443", "off", "by-hand", "{now}", "0")}, []string{noEndpoints}},
			{"webhooks-guarded", []string{endpointRow("books.example:22", "on", "", "{now}", "0")}, []string{noEndpoints}},
			{"webhooks-held", []string{endpointRow("books.example:443", "on", "", "{now}", "0"), deliveryRow("patient.created", "{new}", "planned", "{now}", "0", "0")}, []string{noTellings, noEndpoints}},
			{"webhooks-held", []string{`INSERT INTO restoration (id, backup, taken_at, restored_at) VALUES ({new}, 'x', {now-90}, {now-60})`, endpointRow("books.example:443", "on", "", "{now}", "0"), deliveryRow("patient.created", "NULL", "delivered", "{now}", "1", "{now-30}")},
				[]string{noTellings, noEndpoints, `DELETE FROM restoration`}},
			{"export-signed", []string{arrived + `'', 'c', 't', 0, {now-90}, {now-90})`}, []string{noArrival}},
			{"export-arrives", []string{arrived + `'s', 'c', 't', 0, {now-90}, 0)`}, []string{noArrival}},
			{"export-arrives", []string{arrived + `'s', 'c', 't', 0, {now-90}, {now-90})`, `UPDATE clinic SET held = TRUE`, letterRow("reminder", "booking", "sent", "0", "{new}")}, []string{noArrival, `UPDATE clinic SET held = FALSE`, noLetters}},
			{"list-import", []string{`INSERT INTO list_import (clinic_id, id, person_id, state, added_at, state_at) VALUES ({clinic}, {rule}, {new}, 'checked', {now}, {now})`,
				`INSERT INTO list_line (clinic_id, import_id, number, verdict, made_id) VALUES ({clinic}, {rule}, 1, 'made', {patient})`}, []string{`UPDATE list_import SET state = 'done'`}},
			{"list-import", []string{`UPDATE list_line SET verdict = 'here'`}, []string{`DELETE FROM list_line`, `DELETE FROM list_import`}},
			{"audit-mailed", []string{`INSERT INTO oversight_mail (clinic_id, person_id, wanted, sent_at) VALUES ({clinic}, {owner}, 1, {now-4000})`}, []string{`UPDATE oversight_mail SET sent_at = {now}`}},
			{"no-act-without-record", []string{`INSERT INTO patient (clinic_id, id, name, created_at) VALUES ({clinic}, {rule}, {x:00}, 1)`}, []string{`DELETE FROM patient WHERE id = {rule}`}},
			{"several-servers", []string{named, `INSERT INTO message_event (clinic_id, message_id, id, at, state) VALUES ({clinic}, {rule}, {new}, {now}, 'handing-over')`,
				`INSERT INTO message_event (clinic_id, message_id, id, at, state) VALUES ({clinic}, {rule}, {new}, {now}, 'handing-over')`}, []string{`DELETE FROM message_event WHERE message_id = {rule}`, noLetters}},
			{"secrets-kept-apart", []string{`INSERT INTO channel (clinic_id, id, kind, provider, sender, last4, credentials, state, agreed_by, agreed_text, state_at, created_at) VALUES ({clinic}, {new}, 'sms', 'twilio', '', '', {x:73657372}, 'paused', {new}, 1, {now-90}, {now-90})`},
				[]string{`DELETE FROM channel`}},
			{"own-domain", []string{nameRow + `({clinic}, 'book.example.org', 'pppppppppppppppppppppppppp', {now-9000}, {now-9000}, {now-4000}, {now})`}, []string{`UPDATE domain SET checked_at = {now}`}},
			{"own-domain-one", []string{`DROP INDEX domain_proven`, nameRow + `({rule}, 'book.example.org', 'pppppppppppppppppppppppppp', {now-90}, {now-90}, {now}, {now})`}, []string{`DELETE FROM domain WHERE clinic_id = {rule}`}},
			{"own-domain-one", []string{`UPDATE domain SET proven_at = 0, claimed_at = {now-60000}`}, []string{noName}},
			{"own-domain-keys", []string{`INSERT INTO certificate (name, sealed, kept_at) VALUES ('book.example.org', {x:2d2d2d2d2d424547494e}, {now})`}, []string{`DELETE FROM certificate`}},
			{"staff-erased", []string{`INSERT INTO person (id, email_token, email, password, created_at) VALUES ({rule}, {new}, {x:}, 'x', 1)`}, []string{`DELETE FROM person WHERE id = {rule}`}},
			{"staff-erased", []string{`INSERT INTO person (id, email_token, email, disabled_at, created_at) VALUES ({rule}, {new}, {x:}, 1, 1)`}, []string{`DELETE FROM person WHERE id = {rule}`}},
			{"erasure-plan", []string{`INSERT INTO erasure (clinic_id, id, patient_id, reason, erased_at) VALUES ({clinic}, {rule}, {new}, 'x', {now})`,
				`INSERT INTO erasure_hold (clinic_id, id, erasure_id, class, last_day, source, number, sealed) VALUES ({clinic}, {new}, {rule}, 'clinical', '2030-01-01', '', 1, 0)`}, []string{`UPDATE erasure_hold SET ended_at = {now}`}},
			{"erasure-asked", []string{`INSERT INTO erasure_ask (clinic_id, id, erasure_id, carrier, what, state, due_at, asked_at, state_at) VALUES ({clinic}, {new}, {rule}, 'twilio', {x:00}, 'due', {now-2000}, {now-2000}, {now-2000})`},
				[]string{`UPDATE erasure_ask SET due_at = {now}`}},
			{"erasure-asked", []string{`UPDATE erasure_ask SET what = NULL`}, []string{`DELETE FROM erasure_ask`}},
		} {
			if err := look(x.probe); err != nil {
				t.Errorf("%s is broken before anything was: %v", x.probe, err)
			}
			for _, text := range x.crack {
				v.write(t, text)
			}
			if look(x.probe) == nil {
				t.Errorf("%s sees nothing after %s", x.probe, x.crack[len(x.crack)-1])
			}
			for _, text := range x.mend {
				v.write(t, text)
			}
			if err := look(x.probe); err != nil {
				t.Errorf("%s is still broken after it was mended: %v", x.probe, err)
			}
		}

		somebody := h.anyID()
		for _, x := range []struct {
			probe  string
			placed bool
			under  id.ID
			entry  audit.Entry
		}{
			{"request-statement", true, patient, audit.Entry{Role: access.Patient, Action: "state", Kind: "data-statement", Patient: patient}},
			{"request-contact-proved", true, patient, audit.Entry{Role: access.Patient, Action: "change", Kind: "patient", Subject: patient, Patient: patient}},
			{"token-scopes", true, patient, audit.Entry{Actor: somebody, Role: access.Program, Action: "delete", Kind: "patient", Subject: patient, Patient: patient}},
			{"export-person", true, patient, audit.Entry{Role: access.Owner, Action: "export", Kind: "patient", Subject: patient, Patient: patient}},
			{"changes-of-power", true, id.Zero, audit.Entry{Actor: somebody, Role: access.Owner, Action: "change-profile", Kind: "clinic"}},
			{"who-looked", true, id.Zero, audit.Entry{Actor: somebody, Role: access.Owner, Action: audit.ActionOpen, Kind: "patient", Subject: patient, Patient: patient}},
			{"audit-whole-or-nothing", false, patient, audit.Entry{Actor: somebody, Role: access.Owner, Action: audit.ActionOpen, Kind: "patient", Subject: patient, Patient: patient}},
		} {
			if err := look(x.probe); err != nil {
				t.Errorf("%s is broken before anything was: %v", x.probe, err)
			}
			v.entry(t, x.placed, x.under, x.entry)
			if look(x.probe) == nil {
				t.Errorf("%s sees nothing in the log after %s %s", x.probe, x.entry.Action, x.entry.Kind)
			}
		}
		if err := look("audit-checked-elsewhere"); err != nil {
			t.Error(err)
		}
		v.unguarded(t, "audit_leaf", `UPDATE audit_leaf SET commitment = {x:`+strings.Repeat("41", 32)+`} WHERE clinic_id = {clinic}`)
		if look("audit-checked-elsewhere") == nil {
			t.Error("entries that were written again are taken along as if they were good")
		}
	})
}

// sloppy seals and does not mind where it opens.
type sloppy struct{}

func (sloppy) Seal(_ id.ID, _, _ string, _ id.ID, text string) ([]byte, error) {
	return []byte(text), nil
}
func (sloppy) Unseal(_ id.ID, _, _ string, _ id.ID, sealed []byte) (string, error) {
	return string(sealed), nil
}

// TestLooksAtTheHouseCanGoRed shows the checks that ask the running house, or try something, what they must not let pass.
func TestLooksAtTheHouseCanGoRed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	recipient, secret, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	h := openHouse(t, store.SQLite, Options{}, map[string]string{"ALMIRAH_BACKUP_RECIPIENT": recipient, "ALMIRAH_BACKUP_DIR": filepath.Join(dir, "first"), "ALMIRAH_WATCH_TOKEN": strings.Repeat("watch", 8)})
	v := vandalIn(t, h)
	p := probe{House: h.House, clinics: []id.ID{h.Clinic.ID}}
	content := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if _, err := probes()[name](p, t.Context()); err != nil {
				t.Errorf("%s is broken before anything was, or after it was mended: %v", name, err)
			}
		}
	}
	red := func(why string, names ...string) {
		t.Helper()
		for _, name := range names {
			if _, err := probes()[name](p, t.Context()); err == nil {
				t.Errorf("%s sees nothing: %s", name, why)
			}
		}
	}
	asks := []string{"request-authority", "token-scopes", "webhooks-thin", "policy-languages", "cookies-blocked", "browser-storage", "preferences-chosen", "own-domain", "upgrade-unseen"}
	v.known["endpoint"] = h.anyID()
	v.write(t, endpointRow("books.example:443", "on", "", "{now}", "0"))
	v.write(t, nameRow+`({clinic}, 'book.example.org', 'pppppppppppppppppppppppppp', {now-90}, 0, 0, {now})`)
	content(asks...)
	real := h.handler
	h.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: web.PreferenceCookie, Value: "x"})
		_, _ = w.Write([]byte("sessionStorage.setItem('x', 1)"))
	})
	red("every page says the same", asks[:8]...)
	h.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	red("no page is served", "request-authority", "webhooks-thin", "policy-languages", "cookies-blocked", "own-domain", "upgrade-unseen")
	h.handler = real
	content(asks...)
	if partsWell(t.Context(), h.Config.PublicURL, real, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }) == nil {
		t.Error("a process that ends may call itself ready")
	}

	gate := h.Gate
	h.Gate = egress.New([]egress.Processor{{ID: programsProcessor, Name: "any", Purpose: "any", Categories: []string{"any"}, Region: "any", Local: true, Hosts: []string{"127.0.0.1:1", "localhost:1"}}}, silent())
	red("the own network can be reached", "webhooks-guarded")
	h.Gate = gate
	content("webhooks-guarded", "measured-without-people", "secrets-kept-apart", "sealed-in-place", "connections-in", "backups-unreadable", "erased-in-backups", "export-signed", "audit-checked-elsewhere")

	for _, route := range []string{"GET /m/" + id.New(morning).String(), "GET /c/sunrise/privacy", "GET /m/" + strings.Repeat("A", 43), "GET /find/asha@example.org"} {
		h.meters.requests.WithLabelValues(route, "2xx").Inc()
		red("a route is counted under "+route, "measured-without-people")
		h.meters.requests.DeleteLabelValues(route, "2xx")
	}
	content("measured-without-people")

	h.Config.Entity.Name = h.Config.WatchToken
	red("the token of the operator is printed", "secrets-kept-apart")
	h.Config.Entity.Name = ""
	content("secrets-kept-apart")
	v.write(t, `UPDATE authenticator SET secret = {x:4a42535759334450}`)
	red("the secret of a code app lies open", "secrets-kept-apart")

	if _, err := staysInPlace(sloppy{}, h.anyID()); err == nil {
		t.Error("a field that opens everywhere passes")
	}
	for _, old := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if onlyNew(t.Context(), &tls.Config{MinVersion: old}, h.Fake.Now()) == nil {
			t.Errorf("%s is spoken, and nobody sees it", tls.VersionName(old))
		}
	}

	data := filepath.Join(dir, "first", "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(data, "20261128T203000.000000Z-1f2e3d4c.age"), filepath.Join(filepath.Dir(h.Config.Keys), "kept.txt")} {
		if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		red("a readable file lies at "+filepath.Base(file), "backups-unreadable")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	content("backups-unreadable")
	copied := func() {
		t.Helper()
		if err := h.DB.PutMark(t.Context(), jobs.Platform(), "journal", true, "{}"); err != nil {
			t.Fatal(err)
		}
	}
	copied()
	h.Fake.Move(time.Minute)
	gone := h.anyID()
	if err := h.Vault.AddSubjects(t.Context(), h.Clinic.ID, gone); err != nil {
		t.Fatal(err)
	}
	if err := h.Vault.Shred(t.Context(), h.Clinic.ID, gone, "probe"); err != nil {
		t.Fatal(err)
	}
	content("erased-in-backups")
	h.Fake.Move(2 * time.Hour)
	red("the list of destroyed keys was not copied", "erased-in-backups")
	copied()
	content("erased-in-backups")

	_, key, err := h.Vault.LogSigner()
	if err != nil {
		t.Fatal(err)
	}
	private, _, err := note.GenerateKey(nil, "somebody.else")
	if err != nil {
		t.Fatal(err)
	}
	other, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	if archives.Genuine(other, key, morning) == nil {
		t.Error("an archive that another key signed passes")
	}

	if complains("We keep it.", "the Board", "") == nil || complains("We keep it.", "", "") == nil {
		t.Error("a letter that names nobody passes")
	}
	kept := []web.Kept{{Sentence: promise.Sentence{ID: "never-said", Text: "Nobody says this."}}}
	for _, l := range words.Languages() {
		if wholeIn(&page{status: http.StatusOK}, h.Book.Tongue(l.Code), kept) == nil {
			t.Errorf("a page that says nothing passes in %s", l.Code)
		}
		lang := &page{status: http.StatusOK}
		_, _ = lang.Write([]byte(`lang="` + l.Code + `"`))
		if wholeIn(lang, h.Book.Tongue(l.Code), kept) == nil {
			t.Errorf("a sentence that is not said in %s passes", l.Code)
		}
	}
	for body, ok := range map[string]bool{
		string(programs.MadeUp(morning)): true,
		`{"type":"patient.changed","timestamp":"2026-11-24T04:00:00Z","data":{"id":"Asha"}}`:                                               false,
		`{"type":"patient.changed","timestamp":"2026-11-24T04:00:00Z","data":{"id":"` + gone.String() + `","name":"Asha"}}`:                false,
		`{"type":"Asha is ill","timestamp":"2026-11-24T04:00:00Z","data":{"id":"` + gone.String() + `"}}`:                                  false,
		`{"type":"patient.changed","timestamp":"today","data":{"id":"` + gone.String() + `"}}`:                                             false,
		`{"type":"patient.changed","timestamp":"2026-11-24T04:00:00Z","data":{"id":"` + gone.String() + `"}}{"name":"Asha"}`:               false,
		`{"type":"patient.changed","timestamp":"2026-11-24T04:00:00Z","data":{"id":"` + gone.String() + `","patient":"asha@example.org"}}`: false,
	} {
		if err := programs.Thin([]byte(body)); (err == nil) != ok {
			t.Errorf("%s: %v", body, err)
		}
	}
	salt := strings.Repeat("s", audit.SaltSize)
	for text, ok := range map[string]bool{salt + `{"old":"owner","new":"manager"}`: true, salt + `{"old":null,"new":"manager"}`: false, salt + `{"old":"owner","new":""}`: false, `{"old":1,"new":2}`: false, "": false} {
		if audit.SaysBoth([]byte(text)) != ok {
			t.Errorf("%q says both: %t", text, !ok)
		}
	}
	if err := unaccounted(context.WithoutCancel(t.Context()), h.DB, h.Clinic.ID); err != nil {
		t.Error(err)
	}

	// A look that is broken off says nothing; those before it do, and one that breaks down has found something.
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	h.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 60 {
			cancel()
		}
		real.ServeHTTP(w, r)
	})
	before := h.Fake.Now()
	h.Fake.Move(time.Minute)
	if err := h.Probe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a look that was broken off: %v", err)
	}
	h.handler = real
	if !slices.ContainsFunc(h.Promises(t.Context()), func(k web.Kept) bool { return k.CheckedAt.After(before) }) {
		t.Error("what was looked at before it was broken off is lost")
	}
	if _, err := withoutPanic(func(probe, context.Context) (string, error) { panic("of a test") }, p, t.Context()); err == nil {
		t.Error("a look that breaks down found nothing")
	}

	// A log that is too long to be worked out again is not taken for whole because of that. Its entries have their places first: the looks come in
	// any order, and the one that gives places may have come after the one that was broken off.
	if err := jobs.Sequence(t.Context(), h.DB); err != nil {
		t.Fatal(err)
	}
	if _, err := p.verified(t.Context(), 0); err != nil {
		t.Error(err)
	}
	rows, err := v.db.Query(`SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_leaf'`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		v.write(t, `DROP TRIGGER `+name)
	}
	v.write(t, `UPDATE audit_leaf SET body = body || {x:00} WHERE clinic_id = {clinic} AND id = (SELECT MAX(l.id) FROM audit_leaf l JOIN audit_tree a ON a.leaf_id = l.id WHERE l.clinic_id = {clinic})`)
	if _, err := p.verified(t.Context(), 0); err == nil {
		t.Error("an entry of a long log was changed, and nobody sees it")
	}
}
