package followup

import (
	"strconv"
	"time"

	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

const (
	sqlFeedbackOfPatient = `SELECT ` + feedbackColumns + ` FROM feedback WHERE clinic_id = $1 AND patient_id = $2 ORDER BY given_at, id`
	sqlFeedbackErase     = `DELETE FROM feedback WHERE clinic_id = $1 AND patient_id = $2`
	sqlFeedbackAge       = `DELETE FROM feedback WHERE clinic_id = $1 AND given_at < $2 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
	sqlAfterErase        = `DELETE FROM followup_due WHERE clinic_id = $1 AND appointment_id IN (SELECT id FROM appointment WHERE clinic_id = $1 AND patient_id = $2)`
)

// Keeper copies out, erases and expires what this room holds, as long as Lives says.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "followup" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"feedback", "followup_due"} }

// Collect copies out what the patient said of her visits.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	rows, err := v.Query(sqlFeedbackOfPatient, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]map[string]string{}
	for rows.Next() {
		f, err := scanFeedback(v, rows)
		if err != nil {
			return nil, err
		}
		line := map[string]string{"id": f.ID.String(), "appointment": f.Appointment.String(), "stars": strconv.Itoa(f.Stars), "words": f.Words, "given": f.GivenAt.Time().Format(time.RFC3339)}
		if f.FollowedAt > 0 {
			line["went_on"] = f.FollowedAt.Time().Format(time.RFC3339)
		}
		if f.SettledAt > 0 {
			line["settled"] = f.SettledAt.Time().Format(time.RFC3339)
		}
		out["feedback"] = append(out["feedback"], line)
	}
	return out, rows.Err()
}

// Erase deletes what the patient said, and what was planned to be asked of her. It stands before scheduling, whose appointments tell
// which that is.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	if _, err := tx.Exec(sqlAfterErase, patient); err != nil {
		return err
	}
	n, err := tx.Exec(sqlFeedbackErase, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "feedback", Subject: patient, New: n})
	}
	return err
}

// Due deletes what patients said so long ago that its time is over, and answers how many.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("what patients said of visits of long ago")
	n, err := tx.Exec(sqlFeedbackAge, k.Lives.Over(law.Opinions, tx.Now()))
	k.Lives.Went(law.Opinions, n)
	return int(n), err
}
