package messaging

import (
	"errors"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlMessageRestored = `SELECT id, state, attempts, patient_id FROM message WHERE clinic_id = $1 AND (state = 'planned' AND send_at <= $2 OR state IN ('sending', 'handing-over')) AND id > $3 ORDER BY id LIMIT 500`
	// sqlMessageMoved are those that wait, or are under way, about what was there at a moment: they were planned by then, or are about an appointment that was. Appointments are scheduling's table:
	// read here, never written.
	sqlMessageMoved = `SELECT id, state, attempts, patient_id FROM message WHERE clinic_id = $1 AND (state = 'planned' AND (send_at <= $2 OR reason = 'channel-paused') OR state IN ('sending', 'handing-over'))
	AND (created_at <= $4 OR EXISTS (SELECT 1 FROM appointment a WHERE a.clinic_id = $1 AND a.id = message.appointment_id AND a.created_at <= $4)) AND id > $3 ORDER BY id LIMIT 500`
)

// AfterRestore marks as uncertain what was due at the moment: the clinic, before it came back from a backup, may have sent it, and no message is sent
// twice. A person decides about each, as after every other doubt. It looks at some hundreds
// behind the id, and answers how many there were and where to go on; zero when none is left.
func AfterRestore(tx *store.Tx, until clock.Instant, behind id.ID) (n int, last id.ID, err error) {
	return doubt(tx, ReasonRestored, sqlMessageRestored, until, behind)
}

// AfterMove marks as uncertain, when a clinic that came from another house is let go, what fell due since it left: the other house worked on and may have sent it. What is about something that
// is newer than the arrival only this house knows, and it goes out (promise export-arrives). It answers how many there were.
func AfterMove(tx *store.Tx, arrived clock.Instant) (all int, err error) {
	for behind := id.Zero; ; {
		n, last, err := doubt(tx, ReasonMoved, sqlMessageMoved, tx.Now(), behind, arrived)
		if err != nil || n == 0 {
			return all, err
		}
		all, behind = all+n, last
	}
}

// doubt marks as uncertain what a statement finds.
func doubt(tx *store.Tx, reason, text string, args ...any) (n int, last id.ID, err error) {
	type due struct {
		id, patient id.ID
		state       State
		attempts    int64
	}
	rows, err := tx.Query(text, args...)
	if err != nil {
		return 0, last, err
	}
	var found []due
	for rows.Next() {
		var d due
		if err := rows.Scan(&d.id, &d.state, &d.attempts, &d.patient); err != nil {
			_ = rows.Close()
			return 0, last, err
		}
		found = append(found, d)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, last, err
	}
	to := Unsure
	for _, d := range found {
		last = d.id
		n, err := tx.Exec(sqlMessageRecover, d.id, string(d.state), d.attempts, string(to), reason, tx.Now())
		if err != nil {
			return 0, last, err
		}
		if n == 0 {
			continue
		}
		tx.Record(audit.Note{Action: "doubt", Kind: "message", Subject: d.id, Patient: d.patient, New: map[string]any{"state": to}})
		if err := step(tx, d.id, to, reason); err != nil {
			return 0, last, err
		}
	}
	return len(found), last, nil
}
