package app

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/prescriptions"
	"almirah/internal/store"
	"almirah/internal/web"
)

// vandal writes past all rooms into the database of a house.
type vandal struct {
	*opened
	db    *sql.DB
	known map[string]id.ID
}

func vandalIn(t *testing.T, h *opened) *vandal {
	t.Helper()
	v := &vandal{opened: h, known: map[string]id.ID{"clinic": h.Clinic.ID, "practitioner": h.Practice.providers[0].ID, "service": h.Practice.services[0].ID}}
	var err error
	if h.DB.Engine() == store.Postgres {
		v.db, err = sql.Open("pgx", pastFences(t, h.Config.DatabaseURL))
	} else {
		v.db, err = sql.Open("sqlite", h.DB.Path()+"?_pragma=busy_timeout(10000)")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.db.Close() })
	return v
}

// write runs a statement; {clinic}, {patient}, {appointment} are ids, {new} a fresh one, {now} and {now-90} this moment and so many minutes
// before it, {x:00ff} bytes.
func (v *vandal) write(t *testing.T, text string) {
	t.Helper()
	parts := strings.Split(text, "{")
	for i, part := range parts[1:] {
		word, rest, _ := strings.Cut(part, "}")
		switch {
		case strings.HasPrefix(word, "now"):
			back, _ := strconv.Atoi(strings.TrimPrefix(word, "now"))
			word = strconv.FormatInt(v.Fake.Now().Add(time.Duration(back)*time.Minute).UnixMicro(), 10)
		case strings.HasPrefix(word, "x:"):
			word = v.bytes(word[2:])
		case word == "new":
			one := id.New(v.Fake.Now())
			word = v.bytes(hex.EncodeToString(one[:]))
		default:
			one, ok := v.known[word]
			if !ok {
				t.Fatalf("nobody knows {%s}", word)
			}
			word = v.bytes(hex.EncodeToString(one[:]))
		}
		parts[i+1] = word + rest
	}
	if _, err := v.db.Exec(strings.Join(parts, "")); err != nil {
		t.Fatalf("%v: %s", err, strings.Join(parts, ""))
	}
}

func (v *vandal) bytes(hex string) string {
	if v.DB.Engine() == store.Postgres {
		return `'\x` + hex + `'::bytea`
	}
	return `x'` + hex + `'`
}

// sealed is a value as the patient's key seals it.
func (v *vandal) sealed(t *testing.T, table, column string, row id.ID, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	err = v.DB.Change(t.Context(), jobs.ForClinic(v.Clinic.ID), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test seals a value")
		out, err = tx.Seal(v.known["patient"], table, column, row, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return "{x:" + hex.EncodeToString(out) + "}"
}

// sheet writes a signed prescription as no page would let it be signed.
func (v *vandal) sheet(t *testing.T, remote bool, c prescriptions.Checking, drugs ...string) {
	t.Helper()
	one := id.New(v.Fake.Now())
	v.known["sheet"] = one
	var rows []prescriptions.Row
	for _, d := range drugs {
		rows = append(rows, prescriptions.Row{Generic: d, Dose: "1-0-1", Days: 3})
	}
	v.write(t, `INSERT INTO prescription (clinic_id, id, patient_id, provider_id, author_id, language, remote, body, sheet, code_hash, checked, created_at, saved_at, signed_at, signed_by)
		VALUES ({clinic}, {sheet}, {patient}, {new}, {new}, 'en', `+strconv.FormatBool(remote)+`, `+v.sealed(t, "prescription", "body", one, map[string]any{"rows": rows})+`, `+
		v.sealed(t, "prescription", "sheet", one, prescriptions.Sheet{Checking: c})+`, {new}, 'checked', {now-60}, {now-60}, {now-60}, {new})`)
}

// letterRow is a statement that adds a message; it can be told from those of the house by its language.
func letterRow(kind, purpose, state, occurrence, rule string) string {
	return `INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, state, send_at, state_at, created_at)
		VALUES ({clinic}, {new}, {patient}, {appointment}, ` + occurrence + `, ` + rule + `, '` + kind + `', 'email', {now}, {new}, '` + purpose + `', 'zz', '` + state + `', {now}, {now}, {now})`
}

const (
	noLetters   = `DELETE FROM message WHERE clinic_id = {clinic} AND language = 'zz'`
	wasOpened   = `INSERT INTO message_event (clinic_id, message_id, id, at, state) SELECT clinic_id, id, {new}, {now}, 'opened' FROM message WHERE clinic_id = {clinic} AND language = 'zz'`
	noSteps     = `DELETE FROM message_event WHERE clinic_id = {clinic} AND message_id IN (SELECT id FROM message WHERE clinic_id = {clinic} AND language = 'zz')`
	noAgreement = `DELETE FROM consent WHERE clinic_id = {clinic} AND door = 'probe'`
	aChild      = `UPDATE patient SET minor = TRUE, birth_date = NULL WHERE clinic_id = {clinic}`
	noChild     = `UPDATE patient SET minor = FALSE WHERE clinic_id = {clinic}`
	aGuardian   = `INSERT INTO guardian (clinic_id, patient_id, id, name, relation, created_at) VALUES ({clinic}, {patient}, {new}, {x:00}, 'mother', 1)`
	noGuardian  = `DELETE FROM guardian WHERE clinic_id = {clinic}`
)

func agreed(purpose, given, at string) string {
	return `INSERT INTO consent (clinic_id, patient_id, id, purpose, channel, given, door, at) VALUES ({clinic}, {patient}, {new}, '` + purpose + `', '', ` + given + `, 'probe', {now` + at + `})`
}

// TestEachLookCanGoRed breaks what the live checks of messages, money and prescriptions look at, one after the other: each check is content
// before it, sees it, and is content again when it was mended.
func TestEachLookCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		c, err := h.Clinics.Get(t.Context(), h.Owner)
		if err == nil {
			err = h.Clinics.SetModules(t.Context(), h.Owner, clinics.Modules(), c.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		h.ownAddress(t, h.slotsOf(t, "any")[0]["starts_at"])
		h.Fake.Move(2 * time.Hour)
		v := vandalIn(t, h)
		var patient, appointment id.ID
		if err := v.db.QueryRow(`SELECT id, patient_id FROM appointment`).Scan(&appointment, &patient); err != nil {
			t.Fatal(err)
		}
		v.known["patient"], v.known["appointment"], v.known["rule"] = patient, appointment, h.anyID()
		look := func(name string) error {
			_, err := probes()[name](probe{House: h.House, clinics: []id.ID{h.Clinic.ID}}, t.Context())
			return err
		}
		for _, x := range []struct {
			probe       string
			crack, mend []string
		}{
			{"confirmation-at-once", []string{`DELETE FROM event WHERE clinic_id = {clinic}`}, []string{strings.Replace(letterRow("appointment.booked", "booking", "sent", "0", "{new}"), "'zz'", "'en'", 1)}},
			{"delivery-metadata", []string{letterRow("review", "review", "sent", "0", "{new}"), wasOpened}, []string{noSteps, noLetters}},
			{"delivery-metadata", []string{letterRow("review", "review", "sent", "0", "{new}"), wasOpened}, []string{`UPDATE message SET channel = 'whatsapp' WHERE clinic_id = {clinic} AND language = 'zz'`}},
			{"delivery-metadata", []string{`UPDATE message SET channel = 'email' WHERE clinic_id = {clinic} AND language = 'zz'`}, []string{`INSERT INTO message_setting (clinic_id, content, days, ways, opens, version) VALUES ({clinic}, 'none', 30, '', TRUE, 2)`}},
			{"delivery-metadata", []string{`UPDATE message_setting SET opens = FALSE`}, []string{`DELETE FROM message_setting`, noSteps, noLetters}},
			{"reminder-stops", []string{`INSERT INTO reminder_due (clinic_id, due_at, appointment_id, occurrence, rule_id) VALUES ({clinic}, {now}, {appointment}, 9, {new})`}, []string{`DELETE FROM reminder_due WHERE occurrence = 9`}},
			{"reminder-stops", []string{letterRow("reminder", "reminder", "planned", "9", "{new}")}, []string{noLetters}},
			{"reminder-stops", []string{letterRow("reminder", "reminder", "sent", "0", "{new}"), `UPDATE appointment SET status = 'cancelled', status_at = {now-10} WHERE clinic_id = {clinic}`},
				[]string{noLetters, `UPDATE appointment SET status = 'booked', status_at = 0 WHERE clinic_id = {clinic}`}},
			{"followups", []string{letterRow("followup.visit", "followup", "sent", "0", "{new}")}, []string{noLetters}},
			{"followups", []string{`INSERT INTO reminder_rule (clinic_id, id, kind, channel, active, created_at) VALUES ({clinic}, {rule}, 'review', 'email', FALSE, {now})`, letterRow("review", "review", "planned", "0", "{rule}")},
				[]string{noLetters}},
			{"followups-by-rule", []string{letterRow("followup.visit", "followup", "planned", "0", "{rule}")}, []string{noLetters, `DELETE FROM reminder_rule WHERE id = {rule}`}},
			{"followups-by-rule", []string{letterRow("followup.missed", "followup", "sent", "0", "{new}")}, []string{noLetters}},
			{"followups-by-rule", []string{letterRow("review", "review", "sent", "0", "{new}")}, []string{noLetters}},
			{"consent-withdrawn", []string{agreed("review", "TRUE", "-60"), agreed("review", "FALSE", "-30"), letterRow("review", "review", "sent", "0", "{new}")}, []string{noLetters, noAgreement}},
			{"review-seldom", []string{letterRow("review", "review", "sent", "0", "{new}"), letterRow("review", "review", "sent", "0", "{new}")}, []string{noLetters}},
			{"review-seldom", []string{`INSERT INTO feedback (clinic_id, id, patient_id, appointment_id, stars, given_at) VALUES ({clinic}, {new}, {patient}, {appointment}, 1, {now-60})`, letterRow("review", "review", "sent", "0", "{new}")},
				[]string{noLetters, `DELETE FROM feedback`}},
			{"review-seldom", []string{aChild, aGuardian, letterRow("review", "review", "sent", "0", "{new}")}, []string{noLetters, noChild, noGuardian}},
			{"feedback-first", []string{`INSERT INTO feedback (clinic_id, id, patient_id, appointment_id, stars, given_at, followed_at) VALUES ({clinic}, {new}, {patient}, {appointment}, 5, {now-60}, {now-90})`}, []string{`DELETE FROM feedback`}},
			{"feedback-first", []string{`INSERT INTO feedback (clinic_id, id, patient_id, appointment_id, stars, words, given_at) VALUES ({clinic}, {new}, {patient}, {appointment}, 5, {x:4120676f6f642076697369742c20616e64206e6f626f6479207365616c6564206974}, {now-60})`}, []string{`DELETE FROM feedback`}},
			{"service-notices", []string{`INSERT INTO channel (clinic_id, id, kind, provider, sender, last4, state, reason, agreed_by, agreed_text, state_at, created_at) VALUES ({clinic}, {new}, 'sms', 'twilio', '', '', 'paused', 'token', {new}, 1, {now-90}, {now-90})`},
				[]string{`UPDATE channel SET told_at = {now}`}},
			{"service-notices", []string{`INSERT INTO outgoing_mail (id, person_id, kind, body, state, attempts, due_at, created_at) VALUES ({new}, {rule}, 'notice-incident', {x:00}, 'planned', 30, {now}, {now-1500})`}, []string{`DELETE FROM outgoing_mail`}},
			{"no-advertising", []string{letterRow("review", "advertising", "sent", "0", "{new}")}, []string{noLetters}},
			{"tickets", []string{`INSERT INTO ticket (id, clinic_id, person_id, kind, subject, state, opened_at, changed_at) VALUES ({rule}, {clinic}, {new}, 'question', {x:00}, 'closed', 1, 1)`}, []string{`DELETE FROM ticket`}},
			{"tickets", []string{`INSERT INTO ticket (id, clinic_id, person_id, kind, subject, state, opened_at, changed_at) VALUES ({rule}, {clinic}, {new}, 'question', {x:00}, 'open', {now}, {now})`,
				`INSERT INTO ticket_line (id, ticket_id, person_id, from_us, words, said_at) VALUES ({new}, {rule}, {new}, FALSE, {x:41736b65642c20616e64206e6f626f6479207365616c65642069742061742061}, {now})`}, []string{`DELETE FROM ticket_line`, `DELETE FROM ticket`}},
			{"letters-by-choice", []string{`INSERT INTO outgoing_mail (id, person_id, kind, body, state, due_at, created_at) VALUES ({new}, {rule}, 'list-product', {x:00}, 'planned', {now}, {now-60})`},
				[]string{`INSERT INTO mail_choice (person_id, list, wanted, changed_at) VALUES ({rule}, 'product', TRUE, {now-90})`}},
			{"letters-by-choice", []string{`INSERT INTO mail_choice (person_id, list, wanted, changed_at) VALUES ({rule}, 'security', FALSE, {now-90})`,
				`INSERT INTO outgoing_mail (id, person_id, kind, body, state, due_at, created_at) VALUES ({new}, {rule}, 'list-security', {x:00}, 'planned', {now}, {now-60})`}, []string{`DELETE FROM outgoing_mail`}},
			{"minor-with-guardian", []string{aChild}, []string{noChild}},
			{"guardian-on-invoice", []string{aChild, aGuardian, `INSERT INTO invoice (clinic_id, id, kind, patient_id, number, day, issued_at, currency, keep_until, created_at) VALUES ({clinic}, {new}, 'invoice', {patient}, 1, '2026-11-24', {now}, 'INR', '2035-01-01', {now})`},
				[]string{noChild, noGuardian}},
			{"receipts", []string{`INSERT INTO payment (clinic_id, id, source, external_id, method, amount, currency, patient_id, received_at, booked_at, day, applied) VALUES ({clinic}, {rule}, 'desk', 'x', 'cash', 100, 'INR', {patient}, {now-90}, {now-90}, '2026-11-24', 100)`,
				`UPDATE appointment SET created_at = 1 WHERE clinic_id = {clinic}`}, []string{letterRow("billing.receipt", "booking", "sent", "0", "{rule}")}},
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

		gone := h.anyID()
		if err := errors.Join(h.Vault.AddSubjects(t.Context(), h.Clinic.ID, gone), h.Vault.Shred(t.Context(), h.Clinic.ID, gone, "probe")); err != nil {
			t.Fatal(err)
		}
		v.known["gone"] = gone
		v.write(t, `INSERT INTO patient (clinic_id, id, name, created_at) VALUES ({clinic}, {gone}, {x:00}, 1)`)
		if err := look("deleted-is-unreadable"); err != nil {
			t.Errorf("a deletion of this hour is not given time: %v", err)
		}
		h.Fake.Move(3 * time.Hour)
		if look("deleted-is-unreadable") == nil {
			t.Error("nobody sees the row of a patient who was deleted")
		}
		v.write(t, `DELETE FROM patient WHERE id = {gone}`)
		if err := look("deleted-is-unreadable"); err != nil {
			t.Error(err)
		}

		for _, x := range []struct {
			probe  string
			remote bool
			check  prescriptions.Checking
			drugs  []string
		}{
			{"prescriptions-warned", false, prescriptions.Checking{Warnings: []prescriptions.Warning{{Kind: prescriptions.WarnAllergy, Key: "allergy|x|y", Severity: prescriptions.Severe}}}, []string{"Paracetamol"}},
			{"prescriptions-warned", false, prescriptions.Checking{}, []string{"Warfarin", "Ibuprofen"}},
			{"prescriptions-controlled", true, prescriptions.Checking{Warnings: []prescriptions.Warning{{Kind: prescriptions.WarnRestricted, Key: "restricted|x|y", Severity: prescriptions.Mild}}}, []string{"Morphine"}},
		} {
			if err := look(x.probe); err != nil {
				t.Errorf("%s is broken before anything was: %v", x.probe, err)
			}
			v.sheet(t, x.remote, x.check, x.drugs...)
			if look(x.probe) == nil {
				t.Errorf("%s sees nothing on a sheet of %v", x.probe, x.drugs)
			}
			h.Fake.Move(8 * 24 * time.Hour) // a signed sheet cannot be taken away: it is let grow old
		}

		if err := look("audit-no-person-in-a-leaf"); err != nil {
			t.Error(err)
		}
		v.write(t, `INSERT INTO audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment) VALUES ({clinic}, {new}, 1, {new}, 'x', 'x', 'x', {new}, {new}, {x:41736861}, {new})`)
		if look("audit-no-person-in-a-leaf") == nil {
			t.Error("nobody sees a name in an entry of the record")
		}
	})
}

// TestLooksWithoutRowsCanGoRed shows the checks that look at the program itself what they must not let pass.
func TestLooksWithoutRowsCanGoRed(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	p := probe{House: h.House, clinics: []id.ID{h.Clinic.ID}}
	for _, lang := range []string{"en", "hi", "ta", "ar"} {
		page := p.madeUp(lang)
		pdf, err := p.Scripts.Paper(page, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := saysAll(page, pdf); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
		for what, change := range map[string]func(){
			"another number": func() { page.Sheet.Registration = "PRB-20418" },
			"another drug":   func() { page.Rows[0].Generic = "Amoxicillin" },
			"another instruction": func() {
				page.Sheet.Instructions[1] = map[string]string{"en": "never", "hi": "कभीनहीं", "ta": "ஒருபோதும்", "ar": "أبدا"}[lang]
			},
		} {
			page = p.madeUp(lang)
			if change(); saysAll(page, pdf) == nil {
				t.Errorf("%s: the paper bears %s, and nobody sees it", lang, what)
			}
		}
	}
	if saysAll(p.madeUp("en"), []byte("%PDF-1.7")) == nil {
		t.Error("any file passes for a prescription")
	}

	one := id.New(morning)
	good := `{"FromEmailAddress":"a","Destination":{},"Content":{"Raw":{"Data":""}},"EmailTags":[{"Name":"msg","Value":"` + one.String() + `"}]}`
	for body, ok := range map[string]bool{
		good: true,
		strings.Replace(good, one.String(), "Asha", 1):                             false,
		strings.Replace(good, `"Destination"`, `"ListManagementOptions"`, 1):       false,
		strings.Replace(good, `"EmailTags":[`, `"EmailTags":[{"Name":"kind"},`, 1): false,
		strings.Replace(good, `"a"`, `"`+marked+`"`, 1):                            false,
	} {
		if err := lean(&listening{body: []byte(body)}, one); (err == nil) != ok {
			t.Errorf("%s: %v", body, err)
		}
	}
	if lean(&listening{body: []byte(good), head: http.Header{"X-Almirah-Kind": {"reminder"}}}, one) == nil {
		t.Error("a header of ours passes")
	}

	share := func(n int) followup.Share { return followup.Share{Success: followup.Success{Reminded: n}} }
	for _, f := range []followup.Figures{{By: []followup.Share{share(4)}}, {All: followup.Success{Messages: 1}}, {All: followup.Success{Reminded: 2, Came: 2, Missed: 1}}} {
		if tellsNobody(f, 0) == nil {
			t.Errorf("%+v passes", f)
		}
	}
	if err := tellsNobody(followup.Figures{By: []followup.Share{share(5)}}, 0); err != nil {
		t.Error(err)
	}

	for _, right := range []access.Right{access.PatientRead, access.PatientWrite, access.PatientDelete} {
		table := slices.DeleteFunc(slices.Clone(access.Table), func(r access.Row) bool { return r.Right == right })
		routes := slices.DeleteFunc(web.Routes(), func(r web.Route) bool { return r.Right == right })
		if ownersMay(table, web.Routes()) == nil || ownersMay(access.Table, routes) == nil {
			t.Errorf("nobody misses %s", right)
		}
	}

	real := h.handler
	for _, status := range []int{http.StatusForbidden, http.StatusInternalServerError, http.StatusOK} {
		h.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if _, err := p.oneClick(t.Context()); err == nil {
			t.Errorf("every form answered with %d passes for one click", status)
		}
	}
	h.handler = real
	if _, err := p.oneClick(t.Context()); err != nil {
		t.Error(err)
	}
}
