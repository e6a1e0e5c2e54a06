package app

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// crack is what a sentence forbids, written past all rooms, and how it is mended. What is allowed is written before: the look must not mind it.
type crack struct {
	look                 string
	allowed, crack, mend []string
}

// tried wants each look to be content, also with what is allowed, to see the crack, and to be content again.
func (l *looker) tried(list []crack) {
	l.t.Helper()
	for _, x := range list {
		for _, text := range x.allowed {
			l.write(l.t, text)
		}
		l.cracked(x.look, x.crack, x.mend)
	}
}

// defenceless takes away what the database itself would refuse. What a look is for is what got past every fence.
func (v *vandal) defenceless(t *testing.T) {
	t.Helper()
	v.db.SetMaxOpenConns(1)
	if v.DB.Engine() == store.Postgres {
		v.write(t, `SET session_replication_role = replica`)
		if _, err := v.db.Exec(`DO $$ DECLARE r RECORD; BEGIN FOR r IN SELECT conrelid::regclass AS at, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = current_schema()::regnamespace AND conrelid <> 0
			LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.at, r.conname); END LOOP; END $$`); err != nil {
			t.Fatal(err)
		}
		return
	}
	v.write(t, `PRAGMA ignore_check_constraints = ON`)
	v.dropTriggers(t, ``)
}

// lookerIn is a house two days after two patients booked, with every module turned on and no fence.
func lookerIn(t *testing.T, engine store.Engine, more map[string]string) *looker {
	t.Helper()
	h := openHouse(t, engine, Options{}, more)
	c, err := h.Clinics.Get(t.Context(), h.Owner)
	if err == nil {
		err = h.Clinics.SetModules(t.Context(), h.Owner, clinics.Modules(), c.Version)
	}
	if err == nil {
		err = h.DB.Change(t.Context(), jobs.ForClinic(h.Clinic.ID), access.Work, func(_ context.Context, tx *store.Tx) error { return h.adopt(tx) }) // its first terms
	}
	if err != nil {
		t.Fatal(err)
	}
	slots := h.slotsOf(t, "any")
	h.ownAddress(t, slots[len(slots)-1]["starts_at"])
	if got := h.api(t, "POST", "/bookings", "k2", h.bookingBody(slots[len(slots)-5]["starts_at"], "Ravi Teak", "ravi@example.org")); got.status != 201 {
		t.Fatal(got.raw)
	}
	h.Fake.Move(2 * time.Hour)
	h.signIn(t, demoPeople[0].email)
	l := &looker{vandalIn(t, h), t}
	var patient, appointment, other id.ID
	if err := l.db.QueryRow(`SELECT id, patient_id FROM appointment ORDER BY id LIMIT 1`).Scan(&appointment, &patient); err != nil {
		t.Fatal(err)
	}
	if err := l.db.QueryRow(`SELECT patient_id FROM appointment ORDER BY id DESC LIMIT 1`).Scan(&other); err != nil || other == patient {
		t.Fatalf("two patients: %v", err)
	}
	for name, one := range map[string]id.ID{"patient": patient, "other": other, "appointment": appointment, "person": h.Owner.Actor(), "rule": h.anyID(), "thread": h.anyID(), "one": h.anyID(), "two": h.anyID()} {
		l.known[name] = one
	}
	l.defenceless(t)
	return l
}

// noted adds an entry of the log about the patient, or about nobody.
func noted(role, action, kind, subject, patient string) string {
	return `INSERT INTO audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment) VALUES ({clinic}, {new}, {now-5}, {person}, '` + role + `', '` + action + `', '` + kind + `', ` + subject + `, ` + patient + `, {x:00}, {new})`
}

const (
	nobody   = `{x:00000000000000000000000000000000}`
	laidOpen = `{x:4120676f6f642076697369742c20616e64206e6f626f6479207365616c6564206974}`
	unnoted  = `DELETE FROM audit_leaf WHERE body = {x:00}`
	aThread  = `INSERT INTO thread (clinic_id, id, patient_id, last_at, created_at) VALUES ({clinic}, {thread}, NULL, {now}, {now-60})`
	noThread = `DELETE FROM thread`
	noPosts  = `DELETE FROM post`
	unlisted = `UPDATE appointment SET door = 'public' WHERE id = {appointment}`
	noClaims = `UPDATE claims SET appointment_id = {rule} WHERE appointment_id = {appointment}`
	claims   = `UPDATE claims SET appointment_id = {appointment} WHERE appointment_id = {rule}`
)

// letter adds a message of the kind by the channel, made and sent so many minutes ago; set changes it.
func letter(kind, purpose, channel, state, at, set string) []string {
	out := []string{`INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, passport, state, send_at, state_at, created_at)
		VALUES ({clinic}, {new}, {patient}, {appointment}, 0, {rule}, '` + kind + `', '` + channel + `', {now}, {new}, '` + purpose + `', 'zz', {x:00}, '` + state + `', {now` + at + `}, {now` + at + `}, {now` + at + `})`}
	if set != "" {
		out = append(out, `UPDATE message SET `+set+` WHERE language = 'zz'`)
	}
	return out
}

func posted(way, patient, body, at string) string {
	return `INSERT INTO post (clinic_id, thread_id, id, way, at, patient_id, body) VALUES ({clinic}, {thread}, {new}, '` + way + `', {now` + at + `}, ` + patient + `, ` + body + `)`
}

func attachedRow(kind, about, body, until string) string {
	return `INSERT INTO attached (clinic_id, id, thread_id, post_id, channel_id, patient_id, place, kind, state, at, until, about, body) VALUES ({clinic}, {new}, {thread}, {new}, {new}, {patient}, 0, '` + kind + `', 'kept', {now-3000}, ` + until + `, ` + about + `, ` + body + `)`
}

func together(lists ...[]string) (out []string) {
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// TestLooksAtMessagesAndWordsCanGoRed breaks what these looks are about, from outside of every room and without a fence.
func TestLooksAtMessagesAndWordsCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		l := lookerIn(t, engine, nil)
		l.Fake.Move(50 * time.Hour)
		sealed := l.sealed(t, "attached", "body", l.anyID(), "a letter")
		keeps := `INSERT INTO message_setting (clinic_id, content, days, opens, version) VALUES ({clinic}, 'days', 30, FALSE, 3)`
		noKeeping := `DELETE FROM message_setting`
		heard := func(news, at string) string {
			return `INSERT INTO heard (clinic_id, channel_id, key, id, news, event, heard_at) VALUES ({clinic}, {new}, 'k', {new}, '` + news + `', {x:00}, {now` + at + `})`
		}
		l.tried([]crack{
			{"answers-a-day", []string{heard("message", "-60")}, []string{`UPDATE heard SET heard_at = {now-1600}`}, []string{`DELETE FROM heard`}},
			{"answers-a-day", []string{aThread, posted("in", "{patient}", sealed, "-600")}, []string{`UPDATE post SET at = {now-1600}`}, []string{keeps}},
			{"policy-agreed-first", []string{noPosts, noThread}, []string{aThread, posted("in", "{patient}", sealed, "-600")}, []string{noPosts, noThread, noKeeping}},
			{"strange-reports", []string{heard("unknown", "-5")}, []string{`UPDATE heard SET heard_at = {now-90}`}, []string{`UPDATE heard SET event = NULL`}},
			{"unknown-found", []string{aThread, `INSERT INTO peer_bucket (clinic_id, bucket, thread_id) VALUES ({clinic}, 41, {thread})`}, []string{`UPDATE peer_bucket SET bucket = 919811100000`}, []string{`UPDATE peer_bucket SET bucket = 42`}},
			{"unknown-found", nil, []string{`UPDATE thread SET patient_id = {patient}`}, []string{`DELETE FROM peer_bucket`}},
			{"replies", []string{posted("in", "{patient}", sealed, "-600")}, []string{`UPDATE post SET patient_id = {other}`}, []string{noPosts}},
			{"replies", nil, []string{posted("in", "NULL", sealed, "-600")}, []string{noPosts}},
			{"patients-files", []string{keeps, attachedRow("image", "NULL", sealed, "{now+60}")}, []string{noKeeping}, []string{keeps}},
			{"patients-files", nil, []string{`UPDATE attached SET until = {now-2000}`}, []string{`UPDATE attached SET until = {now+60}`}},
			{"patients-files", nil, []string{`UPDATE attached SET kind = 'video'`}, []string{`UPDATE attached SET kind = 'document'`}},
			{"patients-files", nil, []string{`UPDATE attached SET about = ` + laidOpen}, []string{`UPDATE attached SET about = NULL`}},
			{"patients-files", nil, []string{`UPDATE attached SET body = ` + laidOpen}, []string{`DELETE FROM attached`, noThread, noKeeping}},

			{"sms-fate", letter("reminder", "reminder", "sms", "refused", "-90", ""), []string{`UPDATE message SET reached = 'delivered' WHERE language = 'zz'`}, []string{noLetters}},
			{"not-at-night", letter("reminder", "reminder", "email", "planned", "+60", "reason = 'morning-after', send_at = 1795685400000000"), []string{`UPDATE message SET send_at = send_at + 60000000 WHERE language = 'zz'`}, []string{noLetters}},
			{"not-at-night", letter("reminder", "reminder", "email", "sent", "-60", ""), []string{`UPDATE message SET state_at = {now-510} WHERE language = 'zz'`}, []string{noLetters}},
			{"not-at-night", nil, letter("reminder", "reminder", "email", "sent", "-420", ""), []string{noLetters}},
			{"one-channel", together(letter("reminder", "reminder", "email", "sent", "-90", ""), letter("reminder", "reminder", "sms", "sent", "-100", "reached = 'failed'"), []string{`UPDATE message SET reached = 'delivered' WHERE language = 'zz' AND channel = 'email'`}),
				[]string{`UPDATE message SET reached = 'delivered' WHERE language = 'zz'`}, []string{noLetters}},
			{"reminder-once", letter("reminder", "reminder", "email", "sent", "-90", ""), together([]string{`DROP INDEX message_once`}, letter("reminder", "reminder", "email", "sent", "-80", "")),
				[]string{noLetters, `CREATE UNIQUE INDEX message_once ON message (clinic_id, appointment_id, occurrence, rule_id, channel)`}},
			{"opened-if-enabled", letter("reminder", "reminder", "email", "sent", "-90", "reached = 'delivered'"), []string{`UPDATE message SET reached = 'opened', reached_at = {now-80} WHERE language = 'zz'`},
				[]string{`INSERT INTO message_setting (clinic_id, content, days, opens, version) VALUES ({clinic}, 'none', 30, TRUE, 2)`}},
			{"opened-if-enabled", nil, []string{`UPDATE message_setting SET opens = FALSE, version = 3`}, []string{noted("owner", "change", "conversations", "{clinic}", nobody)}}, // it was turned off since
			{"opened-if-enabled", nil, []string{`UPDATE message SET reached_at = {now} WHERE language = 'zz'`}, []string{noLetters, noKeeping, unnoted}},
			{"messages-for-a-reason", letter("reminder", "reminder", "email", "sent", "-90", ""), []string{`UPDATE message SET passport = NULL WHERE language = 'zz'`}, []string{`UPDATE message SET passport = {x:00}`}},
			{"messages-for-a-reason", nil, []string{`UPDATE message SET purpose = '' WHERE language = 'zz'`}, []string{`UPDATE message SET purpose = 'booking' WHERE language = 'zz'`}},
			{"messages-for-a-reason", nil, []string{`UPDATE message SET kind = 'offer' WHERE language = 'zz'`}, []string{noLetters}},
			{"whatsapp", letter("reminder", "reminder", "whatsapp", "sent", "-90", "channel_id = {rule}"), []string{`UPDATE message SET channel_id = NULL WHERE language = 'zz'`}, []string{noLetters}},
			{"delivery-metadata", letter("reminder", "reminder", "email", "sent", "-90", ""), []string{`INSERT INTO message_event (clinic_id, message_id, id, at, state) SELECT clinic_id, id, id, created_at, 'opened' FROM message WHERE language = 'zz'`}, []string{`DELETE FROM message_event WHERE state = 'opened'`, noLetters}},
			{"stop-is-heard", together(letter("reminder", "reminder", "sms", "planned", "-90", ""), []string{agreed("reminder", "TRUE", "-95")}), []string{agreed("reminder", "FALSE", "-60"), `UPDATE consent SET channel = 'sms', door = 'reply' WHERE door = 'probe' AND given = FALSE`},
				[]string{noLetters, noAgreement, `DELETE FROM consent WHERE door = 'reply'`}},
			{"delivery-events-180", together(letter("reminder", "reminder", "sms", "sent", "-90", ""), []string{`INSERT INTO message_event (clinic_id, message_id, id, at, state) SELECT clinic_id, id, id, created_at, 'sent' FROM message WHERE language = 'zz'`}),
				[]string{`UPDATE message SET created_at = {now-260000} WHERE language = 'zz'`, `UPDATE message_event SET at = {now-260000} WHERE message_id IN (SELECT id FROM message WHERE language = 'zz')`}, []string{`DELETE FROM message_event WHERE at < {now-200000}`}},
			{"message-events-aged", []string{`UPDATE message SET created_at = {now-250000} WHERE language = 'zz'`}, []string{`UPDATE message SET created_at = {now-270000} WHERE language = 'zz'`}, []string{noLetters}},
			{"message-events-aged", []string{`INSERT INTO statutory_copy (clinic_id, id, month, at, body) VALUES ({clinic}, {new}, '2025-11', {now-500000}, {x:00})`}, []string{`UPDATE statutory_copy SET at = {now-540000}`}, []string{`DELETE FROM statutory_copy`}},

			{"list-appointments-silent", together([]string{`UPDATE appointment SET door = 'list-told' WHERE id = {appointment}`, `DELETE FROM message WHERE appointment_id = {appointment}`}, letter("reminder", "reminder", "email", "sent", "-90", "")), []string{`UPDATE appointment SET door = 'list' WHERE id = {appointment}`}, []string{noLetters}},
			{"list-appointments-silent", letter("appointment.booked", "booking", "email", "sent", "-90", ""), []string{`UPDATE booking_log SET action = 'list' WHERE appointment_id = {appointment}`}, []string{noLetters}},
			{"list-appointments-silent", letter("followup.visit", "followup", "email", "sent", "-90", ""), []string{`UPDATE appointment SET created_at = starts_at + 60 WHERE id = {appointment}`}, []string{noLetters}},
			{"list-appointments", nil, []string{noClaims}, []string{claims, `UPDATE booking_log SET action = 'book' WHERE appointment_id = {appointment}`, unlisted, `UPDATE appointment SET created_at = {now-3100} WHERE id = {appointment}`}},
			{"one-time-one-patient", nil, []string{noClaims}, []string{claims}},
			{"one-time-one-patient", nil, []string{`INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, door, created_at)
				SELECT clinic_id, {one}, {other}, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, 'desk', {now} FROM appointment WHERE id = {appointment}`}, []string{`DELETE FROM appointment WHERE id = {one}`}},
			{"booking-log-aged", []string{`INSERT INTO booking_count (clinic_id, month, action, times) VALUES ({clinic}, '2025-01', 'book', 10)`}, []string{`UPDATE booking_count SET times = 9`}, []string{`DELETE FROM booking_count`}},
			{"booking-log-aged", nil, []string{`INSERT INTO booking_log (clinic_id, appointment_id, id, at, action, role, starts_at, provider_id, status) VALUES ({clinic}, {new}, {new}, 1, 'book', 'public', 1, {practitioner}, 'booked')`}, []string{`DELETE FROM booking_log WHERE at = 1`}},
			{"looks-recorded", nil, []string{`INSERT INTO audit_detail (clinic_id, leaf_id, owner_id, sealed) VALUES ({clinic}, {rule}, {new}, {x:00})`}, []string{`DELETE FROM audit_detail WHERE leaf_id = {rule}`}},
			{"staff-confidential", []string{`UPDATE membership SET created_at = 1 WHERE person_id = {person}`, `UPDATE confidentiality SET signed_at = {now} WHERE person_id = {person}`, `UPDATE confidentiality_text SET kept_at = 1`, noted("owner", "change", "clinic", "{clinic}", nobody)},
				[]string{noted("owner", "open", "patient", "{patient}", "{patient}")}, []string{`UPDATE confidentiality SET signed_at = 1 WHERE person_id = {person}`, unnoted}},
			{"consent-text-kept", nil, []string{`UPDATE notice_text SET body = body || '.'`}, []string{`UPDATE notice_text SET body = SUBSTR(body, 1, LENGTH(body) - 1)`}},
			{"consent-text-kept", []string{agreed("reminder", "TRUE", "-60")}, []string{`UPDATE consent SET digest = 'none' WHERE door = 'probe'`}, []string{noAgreement}},
			{"sealed-at-rest", []string{`INSERT INTO patient (clinic_id, id, name, created_at) VALUES ({clinic}, {one}, ` + sealed + `, 1)`}, []string{`UPDATE patient SET name = ` + laidOpen + ` WHERE id = {one}`}, []string{`UPDATE patient SET name = ` + sealed + ` WHERE id = {one}`}},
			{"sealed-at-rest", nil, []string{`UPDATE patient SET phone = {x:2b393139383131313030303030} WHERE id = {one}`}, []string{`DELETE FROM patient WHERE id = {one}`}},
			{"use-switched-off", []string{`INSERT INTO insight_setting (clinic_id, features, visitors, changed_at) VALUES ({clinic}, TRUE, FALSE, 1)`, `INSERT INTO feature_day (clinic_id, day, feature, opened, slow, millis) VALUES ({clinic}, '2026-11-24', 'day', 1, 0, 0)`}, []string{`UPDATE insight_setting SET features = FALSE`}, []string{`DELETE FROM feature_day`}},
			{"use-switched-off", nil, []string{`INSERT INTO visitor_day (clinic_id, day, page, device, seen) VALUES ({clinic}, '2026-11-24', 'book', 'phone', 1)`}, []string{`DELETE FROM visitor_day`, `DELETE FROM insight_setting`}},
			{"retention", []string{`INSERT INTO retention_run (clinic_id, day, at, ended_at) VALUES ({clinic}, '2026-11-25', 1, 1)`}, []string{`UPDATE retention_run SET day = '2026-11-21'`}, []string{`DELETE FROM retention_run`}},
			{"retention", nil, []string{`INSERT INTO feedback (clinic_id, id, patient_id, appointment_id, stars, given_at) VALUES ({clinic}, {new}, {patient}, {appointment}, 5, 1)`}, []string{`DELETE FROM feedback`}},
			{"retention", nil, []string{`INSERT INTO thread (clinic_id, id, last_at, created_at) VALUES ({clinic}, {new}, 1, 1)`}, []string{noThread}},
		})
	})
}
