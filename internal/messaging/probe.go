package messaging

import (
	"errors"
	"slices"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What the live looks ask of this room.

// sqlSentTwice holds how often a message was handed over against how often that was tried; attempts only grow. That it was sent a carrier says again by itself.
const sqlSentTwice = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN n > attempts THEN 1 ELSE 0 END), 0) FROM (SELECT m.id, m.attempts, COUNT(*) AS n
	FROM message m JOIN message_event e ON e.clinic_id = m.clinic_id AND e.message_id = m.id
	WHERE m.clinic_id = $1 AND m.created_at >= $2 AND e.state = 'handing-over' GROUP BY m.id, m.attempts) AS handed`

// SentTwice counts messages made since the moment that were handed to a carrier by more than one process, or twice by one (promise several-servers).
func SentTwice(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	return store.Tally(v, sqlSentTwice, since)
}

// sqlLookTongue looks at the mails about appointments that left in the last hour: each is in the language of its patient, where the house speaks it. Whoever
// was changed after her mail had left may have another language since.
const sqlLookTongue = `SELECT COUNT(*), COUNT(CASE WHEN m.language <> p.language AND NOT EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = m.clinic_id AND e.patient_id = m.patient_id AND e.kind = 'patient' AND e.action <> 'open' AND e.at >= m.state_at) THEN 1 END)
	FROM message m JOIN patient p ON p.clinic_id = m.clinic_id AND p.id = m.patient_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.state_at >= $3 AND m.state = 'sent' AND m.channel = 'email'
	AND m.kind IN ('appointment.booked', 'appointment.moved', 'appointment.cancelled', 'reminder') AND p.language IN ('en', 'hi', 'ta', 'ar')`

// Looked is what the live check of the language finds: how many mails it looked at, and an error that says what is wrong.
func Looked(v *store.View) (int64, error) {
	return v.Doubted(sqlLookTongue, "mails left in another language than their patient's", v.Now().Add(-7*24*time.Hour), v.Now().Add(-time.Hour))
}

// sqlLookUndecided counts the messages whose fate somebody has to decide about, and had to before a moment.
const sqlLookUndecided = `SELECT state, COUNT(*) FROM message WHERE clinic_id = $1 AND ` + endedOtherwise + ` AND state IN ('uncertain', 'given-up') AND state_at < $2 GROUP BY state`

// Undecided counts by state the messages that have waited for a person since before the moment.
func Undecided(v *store.View, before clock.Instant) (map[State]int, error) {
	rows, err := v.Query(sqlLookUndecided, before)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[State]int{}
	for rows.Next() {
		var one State
		var n int
		if err := rows.Scan(&one, &n); err != nil {
			return nil, err
		}
		out[one] = n
	}
	return out, rows.Err()
}

// Whoever got another number since, or whose clinic moved, was perhaps written to by day.
const sqlLookReminded = `SELECT m.patient_id, m.state_at FROM message m WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.state_at >= $3 AND m.kind = 'reminder' AND m.state = 'sent'
	AND m.state_at > (SELECT COALESCE(MAX(c.at), 0) FROM audit_leaf c WHERE c.clinic_id = $1 AND c.subject_id = $1 AND c.kind = 'clinic')
	AND NOT EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = m.clinic_id AND e.patient_id = m.patient_id AND e.at >= m.state_at AND e.kind = 'patient' AND e.action <> 'open') ORDER BY m.state_at DESC, m.id DESC LIMIT 200`

// wakeful is how long a reminder may have been under way that left before the night.
const wakeful = 15 * time.Minute

// Woken counts reminders sent since the moment that went out in the night of their patient (promise not-at-night).
func Woken(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	rows, err := v.Query(sqlLookReminded, since.Add(-3*24*time.Hour), since)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	type sent struct {
		patient id.ID
		at      clock.Instant
	}
	var all []sent
	round := NewRound(v)
	for rows.Next() {
		var x sent
		if err := rows.Scan(&x.patient, &x.at); err != nil {
			return 0, 0, err
		}
		all = append(all, x)
		round.To(x.patient)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, err
	}
	for _, x := range all {
		zones, err := round.Where(x.patient, x.at)
		if err != nil {
			return 0, 0, err
		}
		if slices.ContainsFunc(zones, func(z *time.Location) bool {
			return Night().Covers(x.at.In(z)) && Night().Covers(x.at.Add(-wakeful).In(z))
		}) {
			bad++
		}
	}
	return bad, int64(len(all)), nil
}
