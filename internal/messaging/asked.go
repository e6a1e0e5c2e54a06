package messaging

import (
	"slices"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// What followup needs to know of the messages that went out after visits, and what it takes back of them.

// StopPath is where the messages of one purpose are stopped by one click (RFC 8058: a POST stops them, a GET asks).
func StopPath(token string, p consent.Purpose) string {
	path := "/m/" + token + "/unsubscribe"
	if p != consent.Reminder {
		path += "?of=" + string(p)
	}
	return path
}

// ReviewPath is where the patient says how it was, behind the address of her own page.
func ReviewPath(own string) string { return own + "/review" }

// ReasonFeedback stands beside a request for a review that was taken back: she has said how it was.
const ReasonFeedback = "feedback-given"

const (
	// What was taken back or dropped was never asked; what failed was asked, as far as anybody knows.
	sqlAskedRule   = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND appointment_id = $2 AND rule_id = $3 AND state NOT IN ('cancelled', 'dropped')`
	sqlAskedKind   = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND appointment_id = $2 AND kind = $3 AND state NOT IN ('cancelled', 'dropped')`
	sqlAskedSince  = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND patient_id = $2 AND kind = $3 AND created_at >= $4 AND state NOT IN ('cancelled', 'dropped')`
	sqlSentByRules = `SELECT rule_id, state, COUNT(*) FROM message WHERE clinic_id = $1 AND created_at >= $2 GROUP BY rule_id, state ORDER BY rule_id, state`
)

func asked(v *store.View, text string, args ...any) (bool, error) {
	var n int64
	err := v.Row(text, args...).Scan(&n)
	return n > 0, err
}

// AskedBy says whether the rule has written about the appointment, over whatever channel.
func AskedBy(v *store.View, appointment, rule id.ID) (bool, error) {
	return asked(v, sqlAskedRule, appointment, rule)
}

// AskedAbout says whether any rule has sent a message of the kind about the appointment.
func AskedAbout(v *store.View, appointment id.ID, k Kind) (bool, error) {
	return asked(v, sqlAskedKind, appointment, string(k))
}

// AskedSince says whether the patient was sent a message of the kind at or after a moment, about whatever visit.
func AskedSince(v *store.View, patient id.ID, k Kind, since clock.Instant) (bool, error) {
	return asked(v, sqlAskedSince, patient, string(k), since)
}

// SentByRules counts the messages of each rule since a moment, by state.
func SentByRules(v *store.View, since clock.Instant) (map[id.ID]map[State]int, error) {
	rows, err := v.Query(sqlSentByRules, since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.ID]map[State]int{}
	for rows.Next() {
		var rule id.ID
		var s State
		var n int
		if err := rows.Scan(&rule, &s, &n); err != nil {
			return nil, err
		}
		if out[rule] == nil {
			out[rule] = map[State]int{}
		}
		out[rule][s] = n
	}
	return out, rows.Err()
}

// May says whether a message of the kind may go to the patient by the channel now, as Send asks it.
func May(v *store.View, patient id.ID, k Kind, c Channel) (bool, error) {
	ok, _, err := consent.May(v, patient, k.purpose(), string(c))
	return ok, err
}

// PurposeOf is what messages of the kind are sent for.
func PurposeOf(k Kind) consent.Purpose { return k.purpose() }

// CancelFallen takes back the planned messages of the kinds that are written after a visit, where the visit is no longer
// what they speak of: it was marked by mistake, or moved.
func CancelFallen(tx *store.Tx, now scheduling.Appointment) error {
	return cancelPlanned(tx, now.ID, ReasonChanged, func(k Kind, _ int64) bool {
		return slices.Contains([]Kind{Missed, Visited, Recall, Review}, k) && k.stands(now, tx.Now()) != ""
	})
}

// CancelTo takes back the planned messages of the kinds to one patient, about whatever visit.
func CancelTo(tx *store.Tx, patient id.ID, reason string, kinds ...Kind) error {
	rows, err := list(&tx.View, sqlMessagePlannedTo, patient)
	if err != nil {
		return err
	}
	gone := 0
	for _, r := range rows {
		if !slices.Contains(kinds, r.kind) {
			continue
		}
		n, err := tx.Exec(sqlMessageFromPlanned, r.id, string(Withdrawn), reason, r.sendAt, tx.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			continue // a sender was faster
		}
		gone++
		if err := step(tx, r.id, Withdrawn, reason); err != nil {
			return err
		}
	}
	if gone > 0 {
		tx.Record(audit.Note{Action: "withdraw", Kind: "message", Subject: patient, Patient: patient, New: map[string]any{"count": gone, "reason": reason}})
	}
	return nil
}
