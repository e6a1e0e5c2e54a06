package app

import (
	"almirah/internal/clock"
	"almirah/internal/law"
)

// kindOfRow is one kind of row that grows old: which moment of it its life is counted from, and what makes it one of its kind.
type kindOfRow struct {
	table  string
	as     string         // its name, where a table has more than one kind
	anchor string         // the column that holds the moment from which it lives; empty: it goes with the row that it hangs on
	from   int            // how many days before that moment the column lies: of a choice, that it was replaced is what counts
	class  law.Class      // where it is another one than the table's own
	set    map[string]any // columns; a function is called with the row
	where  string         // what tells such rows from others of the table, and from rows that were cut from their person
	of     string         // the kind of row that it hangs on
	by     string         // the column in which that one's id stands
	goes   law.Span       // lives shorter than its class, as its holdings say
}

// row is what a column's value may be made of.
type agedRow struct {
	a    *ages
	kind kindOfRow
	n    int
	at   clock.Instant
	day  clock.Date
}

func (r agedRow) id(table string) []byte { return agedID(table, r.n) }

func moved(by int64) func(agedRow) any {
	return func(r agedRow) any { return int64(r.at) + by*1_000_000 }
}

func number(r agedRow) any  { return int64(r.n + 1) }
func word(r agedRow) any    { return "aged-" + string(r.day) }
func patient(r agedRow) any { return r.a.patient[:] }
func visit(r agedRow) any   { return r.a.visit[:] }
func own(r agedRow) any     { return r.id(r.kind.table + " own") }

const hourly, daily = 3600, 24 * 3600

// agedKinds are all kinds of rows whose time ends while their clinic and their patient are there.
func agedKinds() []kindOfRow {
	sent := map[string]any{"patient_id": patient, "appointment_id": visit, "rule_id": own, "kind": "booked", "channel": "email", "purpose": "booking", "language": "en", "state": "sent", "send_at": moved(0), "state_at": moved(0)}
	closed := map[string]any{"cause": word, "rule": "aged", "state": "closed", "from_at": moved(-daily), "to_at": moved(-hourly), "found_at": moved(-hourly), "last_at": moved(-hourly)}
	return []kindOfRow{
		{table: "message", anchor: "created_at", set: sent},
		{table: "message_event", anchor: "at", of: "message", by: "message_id", set: map[string]any{"state": "sent"}},
		{table: "booking_log", anchor: "at", set: map[string]any{"action": "book", "role": "public", "status": "booked"}},
		{table: "feedback", anchor: "given_at", set: map[string]any{"patient_id": patient, "appointment_id": own, "stars": 5}},
		{table: "post", anchor: "at", set: map[string]any{"way": "in", "patient_id": patient}},
		{table: "attached", anchor: "at", set: map[string]any{"patient_id": patient, "kind": "image", "state": "kept"}},
		{table: "heard", anchor: "heard_at", set: map[string]any{"key": word, "news": "status", "done_at": moved(0)}},
		{table: "thread", as: "thread of a stranger", anchor: "last_at", class: law.Letters, where: "patient_id IS NULL", set: map[string]any{"state": "open", "created_at": moved(0)}},
		{table: "correspondent", as: "a stranger's address", of: "thread of a stranger", by: "thread_id", anchor: "wrote_at", class: law.Letters, where: "patient_id IS NULL"},
		{table: "peer_bucket", of: "thread of a stranger", by: "thread_id", class: law.Letters, set: map[string]any{"bucket": number}},
		{table: "contact_proof", anchor: "ends_at", set: map[string]any{"patient_id": patient, "channel": "email"}, goes: law.Span{Days: 7}},
		{table: "webhook_delivery", anchor: "happened_at", set: map[string]any{"kind": "booked", "state": "delivered", "due_at": moved(0)}},
		{table: "api_token", anchor: "ended_at", set: map[string]any{"scopes": 1, "created_at": moved(-daily), "expires_at": moved(daily)}},
		{table: "patient_link", anchor: "expires_at", set: map[string]any{"patient_id": patient, "created_at": moved(-daily)}},
		{table: "prescription_share", anchor: "expires_at", set: map[string]any{"patient_id": patient, "channel": "email", "created_at": moved(-daily)}},
		{table: "prescription_link", of: "prescription_share", by: "share_id"},
		{table: "prescription", as: "prescription that nobody signed", anchor: "saved_at", class: law.Passing, where: "signed_at = 0", set: map[string]any{"patient_id": patient, "created_at": moved(0), "language": "en"}},
		{table: "intake_answer", as: "answers that nobody signed", anchor: "changed_at", class: law.Passing, where: "signed_at = 0", set: map[string]any{"patient_id": patient, "appointment_id": own}},
		{table: "encounter_aside", anchor: "at", set: map[string]any{"patient_id": patient}},
		{table: "invoice", anchor: "issued_at", set: map[string]any{"kind": "invoice", "patient_id": patient, "year": "aged", "number": number, "label": word, "currency": "INR", "state": "paid", "created_at": moved(0),
			"day": func(r agedRow) any { return string(r.day) }, "keep_until": func(r agedRow) any { return string(law.LifeOf(r.a.place, law.Invoices).Floor.Day(r.day)) }}},
		{table: "invoice_line", of: "invoice", by: "invoice_id", set: map[string]any{"quantity": 1}},
		{table: "invoice_tax", of: "invoice", by: "invoice_id", set: map[string]any{"tax": "cgst"}},
		{table: "invoice_hold", of: "invoice", by: "invoice_id", set: map[string]any{"reason": "tax-law"}},
		{table: "payment", as: "payment of somebody", anchor: "received_at", where: "patient_id IS NOT NULL", set: map[string]any{"patient_id": patient, "source": "desk", "external_id": word, "method": "cash", "amount": 100, "applied": 100, "currency": "INR",
			"booked_at": moved(0), "day": func(r agedRow) any { return string(r.day) }}},
		{table: "refund", as: "refund with its reason", anchor: "returned_at", of: "payment of somebody", by: "payment_id", where: "reason IS NOT NULL", set: map[string]any{"source": "desk", "external_id": word, "method": "cash", "amount": 50, "currency": "INR",
			"booked_at": moved(0), "day": func(r agedRow) any { return string(r.day) }, "reason": own}},
		{table: "payment_request", anchor: "asked_at", set: map[string]any{"patient_id": patient, "amount": 100, "currency": "INR", "state": "paid", "expires_at": moved(daily), "state_at": moved(0)}},
		{table: "gateway_return", anchor: "asked_at", set: map[string]any{"patient_id": patient, "payment": word, "external_id": word, "amount": 100, "currency": "INR", "state": "processed", "state_at": moved(0)}},
		{table: "gateway_difference", anchor: "settled_at", set: map[string]any{"kind": "aged", "external_id": word, "currency": "INR", "found_at": moved(-daily)}},
		{table: "fraud_record", as: "refused payment", anchor: "at", where: "kind = 'refused'", set: map[string]any{"kind": "refused", "external_id": word, "payment": word, "currency": "INR", "state": "refused", "changed_at": moved(0), "forget_at": moved(180 * daily)}},
		{table: "fraud_record", as: "dispute", anchor: "changed_at", where: "kind = 'dispute'", set: map[string]any{"kind": "dispute", "external_id": word, "payment": word, "currency": "INR", "state": "lost", "at": moved(-daily), "forget_at": moved(2 * 365 * daily)}},
		{table: "oversight_finding", anchor: "closed_at", set: map[string]any{"rule": "aged", "day": func(r agedRow) any { return string(r.day) }, "found_at": moved(-daily)}},
		{table: "incident", anchor: "closed_at", set: closed},
		{table: "incident_patient", of: "incident", by: "incident_id", set: map[string]any{"patient_id": patient}},
		{table: "incident_step", of: "incident", by: "incident_id", set: map[string]any{"kind": "note"}},
		{table: "security_text", of: "incident", by: "incident_id", set: map[string]any{"language": "en"}},
		{table: "disclosure", anchor: "given_at", set: map[string]any{"patient_id": patient, "ground": "court", "parts": "contact", "state": "given", "asked_at": moved(-20 * daily), "decided_at": moved(-daily), "decided_by": own}},
		{table: "consent", as: "choice that was replaced", anchor: "at", from: 400, where: "door = 'old'", set: map[string]any{"patient_id": patient, "purpose": word, "door": "old"}},
		{table: "data_request", anchor: "decided_at", where: "door = 'link'", set: map[string]any{"patient_id": patient, "kind": "access", "door": "link", "asker": "self", "state": "answered", "outcome": "granted", "law": "IN", "came_at": moved(-daily), "known_at": moved(-daily), "due_at": moved(daily), "proof": "link", "confirmed_at": moved(0), "told_at": moved(0), "told_by": "page"}},
		{table: "data_request", as: "request of nobody", anchor: "came_at", from: 90, where: "door = 'letter'", set: map[string]any{"kind": "access", "door": "letter", "asker": "self", "state": "received", "law": "IN", "due_at": moved(daily)}},
		{table: "link_asked", anchor: "at"},
		{table: "erasure", anchor: "second_at", set: map[string]any{"patient_id": own, "reason": "aged", "erased_at": moved(-daily), "first_at": moved(-daily), "bridged": 1}},
		{table: "legal_hold", anchor: "ended_at", set: map[string]any{"patient_id": own, "state": "ended", "until": "2020-01-01", "asked_at": moved(-daily), "approved_by": func(r agedRow) any { return r.id("second") }}},
		{table: "support_grant", anchor: "ended_at", set: map[string]any{"scopes": 1, "minutes": 60, "state": "ended", "asked_at": moved(-hourly), "decided_at": moved(-hourly), "ends_at": moved(0)}},
		{table: "audit_detail", anchor: "leaf_id", where: "owner_id = ours"},
		{table: "export_run", anchor: "asked_at", set: map[string]any{"state": "gone", "state_at": moved(0)}},
		{table: "list_import", anchor: "added_at", class: law.Passing, set: map[string]any{"state": "undone", "state_at": moved(0)}},
		{table: "list_line", of: "list_import", by: "import_id", set: map[string]any{"number": 1}},

		{table: "session", anchor: "expires_at", set: map[string]any{"created_at": moved(-daily), "seen_at": moved(-hourly)}},
		{table: "challenge", anchor: "expires_at", set: map[string]any{"kind": "aged"}},
		{table: "invitation", anchor: "expires_at", set: map[string]any{"role": "billing", "created_at": moved(-daily)}},
		{table: "one_time_link", anchor: "expires_at", set: map[string]any{"kind": "reset", "created_at": moved(-daily)}},
		{table: "known_device", anchor: "seen_at", set: map[string]any{"first_at": moved(-daily)}},
		{table: "sign_in_event", anchor: "at", where: "kind = 'aged'", set: map[string]any{"kind": "aged"}},
		{table: "throttle", anchor: "seen_at", set: map[string]any{"failures": 1}},
		{table: "outgoing_mail", anchor: "created_at", where: "kind = 'aged'", set: map[string]any{"kind": "aged", "state": "sent", "due_at": moved(0)}},
		{table: "ticket", anchor: "changed_at", where: "state = 'closed'", set: map[string]any{"kind": "question", "state": "closed", "opened_at": moved(-daily)}},
		{table: "ticket", as: "ticket that nobody closed", anchor: "changed_at", where: "state = 'answered'", set: map[string]any{"kind": "question", "state": "answered", "opened_at": moved(-daily)}},
		{table: "ticket", as: "ticket that nobody answered", anchor: "changed_at", where: "state = 'open'", set: map[string]any{"kind": "question", "state": "open", "opened_at": moved(-daily)}},
		{table: "ticket_line", of: "ticket", by: "ticket_id"},
		{table: "platform_incident", anchor: "closed_at", set: closed},
		{table: "suspension", anchor: "lifted_at", set: map[string]any{"state": "lifted", "ground": "aged", "asked_at": moved(-20 * daily)}},
	}
}

// standing are kinds of rows that wait for somebody, however old they are, and those of a patient and a clinic who are there: none of them ever goes.
func standingKinds() []kindOfRow {
	old := moved(-4000 * daily)
	return []kindOfRow{
		{table: "incident", set: map[string]any{"cause": "open", "rule": "aged", "state": "confirmed", "from_at": old, "to_at": old, "found_at": old, "last_at": old}},
		{table: "disclosure", set: map[string]any{"patient_id": patient, "ground": "court", "parts": "contact", "state": "approved", "asked_at": old, "decided_at": old, "decided_by": own}},
		{table: "gateway_difference", set: map[string]any{"kind": "open", "external_id": "open", "currency": "INR", "found_at": old}},
		{table: "oversight_finding", set: map[string]any{"rule": "open", "day": "2016-01-01", "found_at": old}},
		{table: "platform_incident", set: map[string]any{"cause": "open", "rule": "aged", "state": "confirmed", "from_at": old, "to_at": old, "found_at": old, "last_at": old}},
		{table: "consent", as: "choice that stands", where: "door = 'new'", set: map[string]any{"patient_id": patient, "purpose": "standing", "door": "new", "at": old}},
		{table: "encounter", set: map[string]any{"patient_id": patient}},
		{table: "amendment", set: map[string]any{"patient_id": patient, "at": old}},
		{table: "health", set: map[string]any{"patient_id": patient, "kind": "allergy"}},
		{table: "file", set: map[string]any{"patient_id": patient, "at": old, "created_at": old}},
		{table: "file_piece", set: map[string]any{}},
		{table: "prescription", as: "signed prescription", where: "signed_at <> 0", set: map[string]any{"patient_id": patient, "created_at": old, "saved_at": old, "signed_at": old, "language": "en"}},
		{table: "prescription_end", set: map[string]any{"patient_id": patient}},
		{table: "intake_answer", as: "signed answers", where: "signed_at <> 0", set: map[string]any{"patient_id": patient, "appointment_id": own, "signed_at": old, "changed_at": old}},
		{table: "wish", set: map[string]any{"patient_id": patient, "channel": "email"}},
		{table: "data_statement", set: map[string]any{"patient_id": patient, "about": "health", "at": old}},
		{table: "nominee", set: map[string]any{"patient_id": patient, "at": old}},
		{table: "guardian", set: map[string]any{"patient_id": patient}},
		{table: "policy_answer", set: map[string]any{"patient_id": patient, "door": "desk"}},
		{table: "policy_told", set: map[string]any{"patient_id": patient}},
		{table: "gateway_account", set: map[string]any{"state": "revoked", "created_at": old}},
		{table: "agreement", set: map[string]any{"signed_at": old}},
	}
}

// unaged are tables with a life of which no row is made here, each with the reason.
var unaged = map[string]string{
	"patient": "a patient is booked in, and must be there in the end", "patient_token": "hers", "patient_gate": "for the length of a transaction", "appointment": "hers, and must be there in the end",
	"clinic": "the clinic itself", "closing": "retention.TestNinetyDaysToComeBack", "provider": "the practice's own, and must be there in the end", "leave": "of staff: 400 days after it ended, where nobody set a time",
	"held_part":      "privacy.TestHeldToTheDay goes to its last day and the day after",
	"erasure_ask":    "privacy.TestCarriersThatCannotBeAsked goes to the end of the erasure that it belongs to",
	"custody":        "comes when a clinic goes: privacy.TestWhatIsHeldOutlivesItsClinic goes to its last day and the day after",
	"custody_part":   "the same",
	"statutory_copy": "made by the house itself of the messages here, and looked at with them",
	"followup_due":   "taken by followup's own work on the day that it is due, to whatever that leads",
	"young_found":    "ends with its fourteen days: requests.TestYoungDataGoes",
	"ledger_entry":   "sums; they lead to nobody once the invoice has gone and the payment was cut from its patient",
	"channel":        "the clinic's account", "webhook_endpoint": "the clinic's own address", "person": "who works here", "authenticator": "hers", "recovery_code": "hers", "confidentiality": "hers",
}
