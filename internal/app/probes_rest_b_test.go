package app

import (
	"testing"
	"time"

	"almirah/internal/prescriptions"
	"almirah/internal/store"
)

// demanded adds a request about somebody's data; more changes it.
func demanded(more string) []string {
	return []string{`INSERT INTO data_request (clinic_id, id, patient_id, kind, door, asker, state, law, came_at, known_at, proof, due_at) VALUES ({clinic}, {new}, {patient}, 'correction', 'link', 'self', 'open', 'zz', {now-60}, {now-60}, 'link', {now+60})`,
		`UPDATE data_request SET ` + more + ` WHERE law = 'zz'`}
}

const (
	visitRow = `INSERT INTO encounter (clinic_id, id, patient_id, appointment_id, provider_id, service_id, starts_at, day, note, signer, created_at, changed_at, signed_at, signed_by)
		VALUES ({clinic}, {one}, {patient}, {appointment}, {practitioner}, {service}, 1, '2026-11-24', {x:00}, {x:00}, {now-90}, {now-60}, {now-60}, {person})`
	noVisits    = `DELETE FROM encounter`
	formTextRow = `INSERT INTO intake_text (clinic_id, form_id, hash, body, created_at) VALUES ({clinic}, {one}, {x:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}, 'foo', 1)`
	answerRow   = `INSERT INTO intake_answer (clinic_id, id, patient_id, appointment_id, form_id, hash, signed_name, signed_at, changed_at) VALUES ({clinic}, {two}, {patient}, {appointment}, {one}, {x:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}, {x:00}, {now-60}, {now-60})`
	rxRow       = `INSERT INTO prescription (clinic_id, id, patient_id, provider_id, author_id, language, body, sheet, signed_as, code_hash, checked, created_at, saved_at, signed_at, signed_by)
		VALUES ({clinic}, {one}, {patient}, {practitioner}, {person}, 'en', {x:00}, {x:00}, {x:00}, {x:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}, 'checked', {now-90}, {now-60}, {now-60}, {person})`
	noRx       = `DELETE FROM prescription`
	sharedRow  = `INSERT INTO prescription_share (clinic_id, id, prescription_id, patient_id, channel, created_at, created_by, expires_at) VALUES ({clinic}, {two}, {one}, {patient}, 'email', {now-60}, {person}, {now+43000})`
	demandRow  = `INSERT INTO disclosure (clinic_id, id, patient_id, ground, parts, recipient, state, asked_by, asked_at, decided_by, decided_at, given_at, told_at) VALUES ({clinic}, {one}, {patient}, 'court', 'identity', {x:00}, 'given', {person}, {now-4000}, {rule}, {now-3000}, {now-1600}, {now-1500})`
	noDemand   = `DELETE FROM disclosure`
	troubleRow = `INSERT INTO incident (clinic_id, id, cause, rule, state, from_at, to_at, found_at, last_at, aware_at) VALUES ({clinic}, {one}, 'other:9', 'other', 'suspected', {now-90}, {now-60}, {now-60}, {now-60}, {now-60})`
	touchedRow = `INSERT INTO incident_patient (clinic_id, id, incident_id, patient_id, acts, classes, first_at, last_at, entries) VALUES ({clinic}, {two}, {one}, {patient}, 'read', 'identity', 1, 1, 1)`
	erasedRow  = `INSERT INTO erasure (clinic_id, id, patient_id, reason, erased_at, first_at) VALUES ({clinic}, {one}, {rule}, 'x', {now-300}, {now-290})`
	noErased   = `DELETE FROM erasure`
	holdingRow = `INSERT INTO erasure_hold (clinic_id, id, erasure_id, class, last_day, source, number, sealed) VALUES ({clinic}, {two}, {one}, 'clinical', '2030-01-01', '', 1, 0)`
	noHolds    = `DELETE FROM erasure_hold`
	tokenRow   = `INSERT INTO api_token (clinic_id, id, person_id, name, token_hash, hint, scopes, created_at, expires_at) VALUES ({clinic}, {one}, {person}, {x:00}, {x:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}, 'abcd', 1, {now-3000}, {now+43200})`
	hookRow    = `INSERT INTO webhook_endpoint (clinic_id, id, url, host, events, secret, state, state_at, created_by, created_at) VALUES ({clinic}, {one}, {x:00}, 'books.example', 1, {x:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae2c26b46b68ffc68f}, 'on', 1, {person}, 1)`
	grantedRow = `INSERT INTO support_grant (clinic_id, id, helper_id, helper_name, reason, scopes, minutes, state, asked_at, decided_at, decided_by, ends_at) VALUES ({clinic}, {one}, {new}, {x:00}, {x:00}, 1, 240, 'running', {now-9}, {now-5}, {person}, {now+235})`
)

// TestLooksAtRecordsAndRequestsCanGoRed breaks what these looks are about: clinical records, prescriptions, requests, demands, incidents, erasures.
func TestLooksAtRecordsAndRequestsCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		l := lookerIn(t, engine, nil)
		l.Fake.Move(50 * time.Hour)
		sheet := func(number string) string {
			return l.sealed(t, "prescription", "sheet", l.known["one"], prescriptions.Sheet{Signer: "Dr Asha Verma", Registration: number})
		}
		l.tried([]crack{
			{"signed-stays", []string{visitRow}, []string{`UPDATE encounter SET note = {x:01}, changed_at = {now}`}, []string{`UPDATE encounter SET changed_at = signed_at`}},
			{"signed-stays", nil, []string{`UPDATE encounter SET note = NULL`}, []string{noVisits}},
			{"notes-not-lost", []string{`INSERT INTO encounter_aside (clinic_id, encounter_id, id, patient_id, note, person_id, at) VALUES ({clinic}, {one}, {new}, {patient}, {x:00}, {person}, {now-43000})`}, []string{`UPDATE encounter_aside SET at = {now-43400}`}, []string{`DELETE FROM encounter_aside`}},
			{"intake-signed", []string{formTextRow, answerRow}, []string{`UPDATE intake_text SET body = 'fob'`}, []string{`UPDATE intake_text SET body = 'foo'`}},
			{"intake-signed", nil, []string{`UPDATE intake_answer SET hash = {x:00}`}, []string{`UPDATE intake_answer SET hash = (SELECT hash FROM intake_text)`}},
			{"intake-signed", nil, []string{`UPDATE intake_answer SET signed_name = NULL`}, []string{`UPDATE intake_answer SET signed_name = {x:00}`}},
			{"intake-signed", nil, []string{aChild}, []string{`UPDATE intake_answer SET guardian_id = {new}`}},
			{"intake-signed", []string{noChild}, []string{`UPDATE intake_answer SET signed_at = 0, changed_at = {now-43400}`}, []string{`DELETE FROM intake_answer`, `DELETE FROM intake_text`}},

			{"prescriptions-stay", []string{rxRow}, []string{`UPDATE prescription SET sheet = NULL`}, []string{`UPDATE prescription SET sheet = {x:00}`}},
			{"prescriptions-stay", nil, []string{`UPDATE prescription SET body = {x:01}, saved_at = {now}`}, []string{`UPDATE prescription SET saved_at = {now-60}`}},
			{"prescriptions-signed", nil, []string{`UPDATE prescription SET provider_id = NULL`}, []string{`UPDATE prescription SET provider_id = {practitioner}`}},
			{"prescriptions-signed", []string{`UPDATE prescription SET sheet = ` + sheet("KMC 20417") + `, body = ` + l.sealed(t, "prescription", "body", l.known["one"], map[string]any{})}, []string{`UPDATE prescription SET sheet = ` + sheet("")}, []string{`UPDATE prescription SET sheet = ` + sheet("KMC 20417")}},
			{"prescriptions-lists", nil, []string{`UPDATE prescription SET checked = ''`}, []string{`UPDATE prescription SET checked = 'not-checked'`}},
			{"prescription-link", []string{agreed("papers", "TRUE", "-70"), sharedRow}, []string{noAgreement}, []string{agreed("papers", "TRUE", "-60"), `UPDATE consent SET at = at + 1 WHERE door = 'probe'`}},
			{"prescription-link", nil, []string{`UPDATE prescription_share SET expires_at = {now+130000}`}, []string{`UPDATE prescription_share SET expires_at = {now+43000}`}},
			{"prescription-link", nil, []string{`INSERT INTO prescription_end (clinic_id, prescription_id, patient_id, ended_at, ended_by) VALUES ({clinic}, {one}, {patient}, {now}, {person})`}, []string{`UPDATE prescription_share SET revoked_at = {now}`}},

			{"request-clock", demanded(`due_at = {now+5}`), []string{`UPDATE data_request SET due_at = {now-5}`}, []string{noRequests}},
			{"request-clock", demanded(`confirm_due = {now+5}`), []string{`UPDATE data_request SET confirm_due = {now-5}`}, []string{noRequests}},
			{"request-refusal", demanded(`state = 'answered', outcome = 'refused', ground = 'law', why = {x:00}, decided_at = {now-5}`), []string{`UPDATE data_request SET why = NULL`}, []string{`UPDATE data_request SET why = {x:00}`}},
			{"request-refusal", nil, []string{`UPDATE data_request SET ground = ''`}, []string{`UPDATE data_request SET ground = 'law'`}},
			{"request-in-writing", nil, []string{`UPDATE data_request SET decided_at = {now-10200}`}, []string{`UPDATE data_request SET told_at = {now}`}},
			{"request-who-asks", nil, []string{`UPDATE data_request SET proof = ''`}, []string{`UPDATE data_request SET proof = 'link'`}},
			{"request-who-asks", nil, []string{`UPDATE data_request SET door = 'letter'`}, []string{noRequests}},
			{"request-who-asks", []string{`INSERT INTO link_asked (clinic_id, id, contact, at) VALUES ({clinic}, {new}, {x:00}, {now-60})`}, []string{`UPDATE link_asked SET at = {now-1600}`}, []string{`DELETE FROM link_asked`}},
			{"young-data-deleted", []string{`INSERT INTO young_found (clinic_id, patient_id, found_at, delete_at) VALUES ({clinic}, {patient}, {now-20000}, {now-60})`}, []string{`UPDATE young_found SET delete_at = {now-1600}`},
				[]string{`INSERT INTO legal_hold (clinic_id, id, patient_id, state, until, asked_by, asked_at, approved_by) VALUES ({clinic}, {one}, {patient}, 'held', '2027-01-01', {person}, 1, {rule})`}},
			{"legal-hold", []string{`DELETE FROM young_found`}, []string{`UPDATE legal_hold SET approved_by = asked_by`}, []string{`UPDATE legal_hold SET approved_by = {rule}`}},
			{"legal-hold", nil, []string{`UPDATE legal_hold SET until = '2026-11-20'`}, []string{`DELETE FROM legal_hold`}},

			{"disclosure-two-people", []string{demandRow}, []string{`UPDATE disclosure SET decided_by = asked_by`}, []string{`UPDATE disclosure SET decided_by = {rule}`}},
			{"disclosure-two-people", nil, []string{`UPDATE disclosure SET decided_by = NULL`}, []string{`UPDATE disclosure SET decided_by = {rule}`}},
			{"disclosure-told", nil, []string{`UPDATE disclosure SET told_at = 0`}, []string{`UPDATE disclosure SET gag = '2026-12-24'`}},
			{"disclosure-told", nil, []string{`UPDATE disclosure SET gag = '2026-11-20'`}, []string{noDemand}},
			{"disclosure-least", nil, []string{noted("owner", "export", "disclosure", "{new}", "{patient}")}, []string{unnoted}},

			{"incident-apart", []string{troubleRow, touchedRow}, []string{`UPDATE incident_patient SET patient_id = {rule}`}, []string{`UPDATE incident_patient SET patient_id = {patient}`}},
			{"incident-people-told", together(letter("security.notice", "security", "email", "sent", "-5", "rule_id = {one}"), []string{`UPDATE incident_patient SET told_at = {now-5}, told_by = 'message'`}), []string{`UPDATE message SET rule_id = {rule} WHERE language = 'zz'`}, []string{`UPDATE message SET rule_id = {one} WHERE language = 'zz'`}},
			{"incident-people-told", nil, letter("security.notice", "security", "sms", "sent", "-4", "rule_id = {one}"), []string{noLetters, `UPDATE incident_patient SET told_by = 'hand'`}},
			{"incident-clocks", nil, []string{`UPDATE incident SET found_at = {now-4400}`}, []string{`DELETE FROM incident_patient`, `DELETE FROM incident`}},

			{"held-by-law-alone", []string{erasedRow, holdingRow}, []string{`UPDATE erasure_hold SET class = 'messages'`}, []string{`UPDATE erasure_hold SET class = 'invoice'`}},
			{"held-by-law-alone", nil, []string{`UPDATE erasure_hold SET sealed = 1`}, []string{noHolds}}, // without a key
			{"held-by-law-alone", nil, letter("reminder", "reminder", "email", "sent", "-5", "patient_id = {rule}"), []string{noLetters}},
			{"held-by-law-alone", nil, []string{`UPDATE consent SET patient_id = {rule} WHERE patient_id = {other}`}, []string{`UPDATE consent SET patient_id = {other} WHERE patient_id = {rule}`}},
			{"held-to-custodian", []string{noted("owner", "open", "held-record", "{new}", "{new}")}, []string{noted("manager", "open", "held-record", "{new}", "{new}")}, []string{unnoted}},
			{"held-until-its-day", []string{holdingRow}, []string{`UPDATE erasure_hold SET last_day = '2026-11-20'`}, []string{noHolds}},
			{"erasure-certified", nil, []string{`UPDATE erasure SET first_at = 0, erased_at = {now-400}`}, []string{`UPDATE erasure SET first_at = {now}`}},
			{"erasure-certified", nil, []string{`UPDATE erasure SET first = 'certified by nobody'`}, []string{`UPDATE erasure SET first = ''`}},
			{"erasure-through-backups", nil, []string{`UPDATE erasure SET erased_at = {now-48000}`}, []string{`UPDATE erasure SET second_at = {now}`}},
			{"erasure-certified", nil, []string{`UPDATE erasure SET second = 'certified by nobody'`}, []string{noErased}},

			{"support-by-grant", []string{grantedRow}, []string{`UPDATE support_grant SET ends_at = {now+300}`}, []string{`UPDATE support_grant SET ends_at = {now+235}`}},
			{"support-by-grant", nil, []string{`UPDATE support_grant SET decided_by = NULL`}, []string{`DELETE FROM support_grant`}},
			{"support-by-grant", nil, []string{noted("support", "open", "patient", "{patient}", "{patient}")}, []string{unnoted}},
			{"tokens-hashed", []string{tokenRow}, []string{`UPDATE api_token SET token_hash = {x:616c6d5f6d616e676f}`}, []string{`DELETE FROM api_token`}},
			{"token-ends", []string{tokenRow}, []string{`UPDATE api_token SET expires_at = {now+14400}`}, []string{`UPDATE api_token SET told_at = {now}`}},
			{"token-ends", nil, []string{`UPDATE api_token SET expires_at = {now+600000}`}, []string{`UPDATE api_token SET expires_at = {now+43200}`}},
			{"token-ends", nil, []string{`UPDATE api_token SET ended_at = {now-270000}`}, []string{`DELETE FROM api_token`}},
			{"webhooks-signed", []string{hookRow}, []string{`UPDATE webhook_endpoint SET secret = {x:736563726574}`}, []string{noEndpoints}},
			{"webhooks-signed", []string{hookRow, `UPDATE webhook_endpoint SET old_secret = {x:00}, old_until = {now+60}`}, []string{`UPDATE webhook_endpoint SET old_until = {now-180}`}, []string{noEndpoints}},
			{"own-account-alone", []string{`INSERT INTO channel (clinic_id, id, kind, provider, sender, last4, credentials, state, agreed_by, agreed_text, state_at, created_at) VALUES ({clinic}, {one}, 'sms', 'twilio', '', '', {x:00}, 'active', {person}, 1, 1, 1)`}, []string{`UPDATE channel SET agreed_text = 0`}, []string{`UPDATE channel SET agreed_text = 1`}},
			{"own-account-alone", nil, []string{`UPDATE channel SET state = 'revoked'`}, []string{`DELETE FROM channel`}},
		})
	})
}

const (
	billRow = `INSERT INTO invoice (clinic_id, id, kind, patient_id, year, number, day, issued_at, currency, keep_until, created_at, net, total, state) VALUES ({clinic}, {one}, 'invoice', {patient}, '2026', 1, '2026-11-24', {now-60}, 'INR', '2035-01-01', {now-60}, 100, 100, 'issued')`
	bookRow = `INSERT INTO ledger_entry (clinic_id, id, at, day, kind, debit, credit, amount, currency, invoice_id) VALUES ({clinic}, {new}, {now}, '2026-11-24', 'issue', 'receivable', 'income', 100, 'INR', {one})`
	paidRow = `INSERT INTO payment (clinic_id, id, source, external_id, method, amount, currency, reference, received_at, booked_at, day, undecided) VALUES ({clinic}, {two}, 'desk', 'x', 'card', 100, 'INR', 'slip 12', {now-60}, {now-60}, '2026-11-24', 100)`
	tookRow = `INSERT INTO ledger_entry (clinic_id, id, at, day, kind, debit, credit, amount, currency, payment_id) VALUES ({clinic}, {new}, {now}, '2026-11-24', 'pay', 'cash', 'undecided', 100, 'INR', {two})`
	tillRow = `INSERT INTO gateway_account (clinic_id, id, provider, last4, trial, credentials, state, agreed_by, agreed_text, state_at, created_at, checked_at) VALUES ({clinic}, {one}, 'razorpay', '', FALSE, {x:00}, 'active', {person}, 1, 1, 1, {now-60})`
)

// TestLooksAtMoneyAndTermsCanGoRed breaks what these looks are about: bills, gateways, plans, and the terms of a clinic.
func TestLooksAtMoneyAndTermsCanGoRed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		l := lookerIn(t, engine, map[string]string{"ALMIRAH_PLANS": "solo:INR:99900:0", "ALMIRAH_PLANS_GRACE": "1", "ALMIRAH_LEGAL_ENTITY": "Almirah Hosting LLP"})
		l.Fake.Move(50 * time.Hour)
		version := func(gate, made, effective, terms string) string {
			return `INSERT INTO policy_version (clinic_id, n, id, digest, text_digest, terms, gate, made_at, noticed_at, effective_at) SELECT clinic_id, 2, {new}, digest, text_digest, ` + terms + `, '` + gate + `', {now` + made + `}, {now` + made + `}, {now` + effective + `} FROM policy_version WHERE n = 1 AND clinic_id = {clinic}`
		}
		unsaid := `DELETE FROM policy_version WHERE n = 2`
		fraud := func(kind, at, forget string) string {
			return `INSERT INTO fraud_record (clinic_id, account_id, kind, external_id, id, payment, amount, currency, state, at, changed_at, forget_at) VALUES ({clinic}, {one}, '` + kind + `', 'x', {new}, 'x', 1, 'INR', 'failed', {now` + at + `}, {now` + at + `}, {now` + forget + `})`
		}
		l.tried([]crack{
			{"money-once", []string{billRow, bookRow}, []string{`UPDATE invoice SET paid = 50`}, []string{`UPDATE invoice SET paid = 0`}},
			{"money-once", []string{paidRow, tookRow}, []string{`UPDATE payment SET undecided = 50, advance = 50`}, []string{`UPDATE payment SET undecided = 100, advance = 0`}},
			{"money-once", nil, []string{tookRow}, []string{`DELETE FROM ledger_entry WHERE payment_id = {two}`, tookRow}},
			{"invoices-run-on", []string{`INSERT INTO invoice_series (clinic_id, kind, year, last) VALUES ({clinic}, 'invoice', '2026', 1)`}, []string{`UPDATE invoice SET number = 2`, `UPDATE invoice_series SET last = 2`}, []string{`UPDATE invoice SET number = 1`, `UPDATE invoice_series SET last = 1`}},
			{"desk-payments", nil, []string{`UPDATE payment SET reference = '4111 1111 1111 1111'`}, []string{`DELETE FROM payment`, `DELETE FROM invoice`, `DELETE FROM ledger_entry`}},
			{"gateway-own-account", []string{tillRow}, []string{`UPDATE gateway_account SET agreed_text = 0`}, []string{`UPDATE gateway_account SET agreed_text = 1`}},
			{"gateway-own-account", nil, []string{`UPDATE gateway_account SET state = 'revoked'`}, []string{`UPDATE gateway_account SET state = 'active'`}},
			{"gateway-books-compared", nil, []string{`UPDATE gateway_account SET checked_at = {now-4400}`}, []string{`DELETE FROM gateway_account`}},
			{"gateway-counted-once", []string{paidRow, `INSERT INTO gateway_payment (clinic_id, account_id, external_id, request_id, amount, currency, state, paid_at, heard_at, payment_id) VALUES ({clinic}, {one}, 'x', {new}, 100, 'INR', 'captured', 1, 1, {two})`},
				[]string{`UPDATE gateway_payment SET amount = 50`}, []string{`UPDATE gateway_payment SET amount = 100`}},
			{"gateway-counted-once", nil, []string{`UPDATE gateway_payment SET state = 'failed'`}, []string{`DELETE FROM gateway_payment`, `DELETE FROM payment`}},
			{"gateway-fraud-records", []string{fraud("refused", "-9", "+259000")}, []string{`UPDATE fraud_record SET forget_at = {now-180}`}, []string{`DELETE FROM fraud_record`}},
			{"gateway-fraud-records", nil, []string{fraud("refused", "-9", "+270000")}, []string{`DELETE FROM fraud_record`}},
			{"gateway-fraud-records", []string{fraud("dispute", "-9", "+1051000")}, []string{`UPDATE fraud_record SET forget_at = {now+1060000}`}, []string{`DELETE FROM fraud_record`}},
			{"read-only-not-locked-out", []string{`DELETE FROM standing`, `DELETE FROM subscription`, `INSERT INTO subscription (clinic_id, trial_until) VALUES ({clinic}, {now-60})`, `INSERT INTO standing (clinic_id, writes_until) VALUES ({clinic}, {now+1400})`}, []string{`UPDATE standing SET writes_until = {now}`}, []string{`UPDATE standing SET writes_until = {now+1400}`}},
			{"plan-paid-once", []string{`INSERT INTO subscription_payment (id, clinic_id, plan, term, currency, amount, state, made_at) VALUES ({one}, {clinic}, 'solo', 'month', 'INR', 100, 'open', 1)`}, []string{`UPDATE subscription_payment SET state = 'paid'`},
				[]string{`INSERT INTO subscription_invoice (series, number, clinic_id, payment_id, buyer, seller, plan, term, from_at, until_at, currency, net, tax, total, taxes, issued_at) VALUES ('2026', 1, {clinic}, {one}, '', '', 'solo', 'month', 1, 1, 'INR', 1, 0, 1, '', 1)`}},
			{"plan-paid-once", nil, []string{`UPDATE subscription_invoice SET number = 2`}, []string{`DELETE FROM subscription_invoice`, `DELETE FROM subscription_payment`}},
			{"agreements-kept", []string{`INSERT INTO agreement_text (clinic_id, digest, kind, text, kept_at) VALUES ({clinic}, '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', 'terms', 'foo', 1)`}, []string{`UPDATE agreement_text SET text = 'fob' WHERE text = 'foo'`}, []string{`DELETE FROM agreement_text WHERE text = 'fob'`}},
			{"policy-archive", nil, []string{`UPDATE policy_version SET terms = REPLACE(terms, '"minor_age":18', '"minor_age":13')`}, []string{`UPDATE policy_version SET terms = REPLACE(terms, '"minor_age":13', '"minor_age":18')`}},
			{"policy-archive", nil, []string{`UPDATE policy_text SET text = text || '.'`}, []string{`UPDATE policy_text SET text = SUBSTR(text, 1, LENGTH(text) - 1)`}},
			{"policy-notice", nil, []string{version("announced", "-60", "+43000", "terms")}, []string{unsaid}},
			{"policy-notice", []string{version("announced", "-60", "+43500", "terms"), `UPDATE patient SET created_at = 1`}, []string{unsaid, version("announced", "-1500", "+43500", "terms")}, []string{unsaid}},
			{"policy-weakening", nil, []string{version("stricter", "-60", "-60", `REPLACE(terms, '"content":0', '"content":30')`)}, []string{unsaid}},
			{"policy-strictest", nil, []string{`UPDATE policy_version SET terms = REPLACE(terms, '"P', '"P9')`}, []string{`UPDATE policy_version SET terms = REPLACE(terms, '"P9', '"P')`}},
			{"retention-told", []string{`INSERT INTO retention_notice (clinic_id, id, class, records, noticed_at, until_at) VALUES ({clinic}, {new}, 'opinions', 1, {now-600}, {now+9000})`}, []string{`UPDATE retention_notice SET noticed_at = {now-1600}`}, []string{`UPDATE retention_notice SET mailed_at = {now}`}},
			{"closing-sooner", []string{`INSERT INTO closing (clinic_id, asked_by, asked_at, goes_at, now_by, now_at) VALUES ({clinic}, {person}, 1, {now+4321}, {person}, {now})`}, []string{`UPDATE closing SET goes_at = {now+4000}`}, []string{`UPDATE closing SET second_by = {rule}, second_at = {now}`}},
			{"account-closing", nil, []string{`UPDATE closing SET goes_at = {now-1600}`}, []string{`DELETE FROM closing`}},
			{"account-closing", nil, []string{`INSERT INTO clinic_gone (clinic_id, begun_at, gone_at) VALUES ({clinic}, 1, 1)`}, []string{`DELETE FROM clinic_gone`}}, // its key still opens
			{"audit-looked-through", []string{`DELETE FROM oversight_state`, `INSERT INTO oversight_state (clinic_id, examined) VALUES ({clinic}, '2026-11-20')`}, []string{`UPDATE oversight_state SET examined = '2026-11-10'`}, []string{`DELETE FROM oversight_state`}},
		})
	})
}
