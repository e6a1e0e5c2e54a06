package messaging

import (
	"errors"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const sqlMessageRestored = `SELECT id, state, attempts, patient_id FROM message WHERE clinic_id = $1 AND (state = 'planned' AND send_at <= $2 OR state IN ('sending', 'handing-over')) AND id > $3 ORDER BY id LIMIT 500`

// AfterRestore marks as uncertain what was due at the moment: the clinic, before it came back from a backup, may have sent it, and no message is sent
// twice. A person decides about each, as after every other doubt. It looks at some hundreds
// behind the id, and answers how many there were and where to go on; zero when none is left.
func AfterRestore(tx *store.Tx, until clock.Instant, behind id.ID) (n int, last id.ID, err error) {
	type due struct {
		id, patient id.ID
		state       State
		attempts    int64
	}
	rows, err := tx.Query(sqlMessageRestored, until, behind)
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
		n, err := tx.Exec(sqlMessageRecover, d.id, string(d.state), d.attempts, string(to), ReasonRestored, tx.Now())
		if err != nil {
			return 0, last, err
		}
		if n == 0 {
			continue
		}
		tx.Record(audit.Note{Action: "doubt", Kind: "message", Subject: d.id, Patient: d.patient, New: map[string]any{"state": to}})
		if err := step(tx, d.id, to, ReasonRestored); err != nil {
			return 0, last, err
		}
	}
	return len(found), last, nil
}
