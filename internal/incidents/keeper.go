package incidents

import (
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds of a clinic and its patients.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "incidents" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	var out []string
	for _, t := range Holdings() {
		if t.Keeper != "" {
			out = append(out, t.Name)
		}
	}
	return out
}

// Collect copies out which incidents touched the patient's data, and what was done with it.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	rows, err := v.Query(sqlPersonOf, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []map[string]string
	for rows.Next() {
		var one id.ID
		var rule, acts, classes string
		var first, last, told clock.Instant
		if err := rows.Scan(&one, &rule, &acts, &classes, &first, &last, &told); err != nil {
			return nil, err
		}
		line := map[string]string{"incident": one.String(), "rule": rule, "done": acts, "data": classes, "first": first.Time().Format(time.RFC3339), "last": last.Time().Format(time.RFC3339)}
		if told > 0 {
			line["told"] = told.Time().Format(time.RFC3339)
		}
		list = append(list, line)
	}
	if len(list) == 0 {
		return nil, rows.Err()
	}
	return map[string][]map[string]string{"incident_patient": list}, rows.Err()
}

// Erase takes the patient's name out of every incident; that somebody who is gone was touched stays as a number.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlPersonErased, patient)
	if err != nil || n == 0 {
		return err
	}
	if _, err := tx.Exec(sqlPersonForget, patient); err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "erase", Kind: "incident", Subject: patient, New: n})
	return nil
}

// Due deletes what was closed six years ago, and answers how many incidents that were.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("the register keeps what the law asks, and no longer")
	rows, err := tx.Query(sqlOld, k.Lives.Over(law.Troubles, tx.Now()))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var old []id.ID
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return 0, err
		}
		old = append(old, one)
	}
	if err := firstOf(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, one := range old {
		if err := messaging.ForgetSecurityTexts(tx, one); err != nil {
			return 0, err
		}
		for _, text := range []string{sqlOldPeople, sqlOldSteps, sqlOldOne} {
			if _, err := tx.Exec(text, one); err != nil {
				return 0, err
			}
		}
		tx.Record(audit.Note{Action: "expire", Kind: "incident", Subject: one})
	}
	k.Lives.Went(law.Troubles, int64(len(old)))
	return len(old), nil
}
