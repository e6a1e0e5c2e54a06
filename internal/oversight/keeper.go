package oversight

import (
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

const (
	sqlFindingsAbout = `SELECT id, rule, day FROM oversight_finding WHERE clinic_id = $1 AND patient_id = $2 ORDER BY id`
	sqlFindingForget = `UPDATE oversight_finding SET patient_id = NULL WHERE clinic_id = $1 AND patient_id = $2`
	sqlFindingAge    = `DELETE FROM oversight_finding WHERE clinic_id = $1 AND closed_at > 0 AND closed_at < $2 AND (patient_id IS NULL OR patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlCountAge      = `DELETE FROM oversight_count WHERE clinic_id = $1 AND day < $2`
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "oversight" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"oversight_finding"} }

// Collect copies out that somebody's look at the patient's record was noticed, and when; who it was is the clinic's to say.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	rows, err := v.Query(sqlFindingsAbout, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]map[string]string{}
	for rows.Next() {
		var one id.ID
		var rule, day string
		if err := rows.Scan(&one, &rule, &day); err != nil {
			return nil, err
		}
		out["oversight_finding"] = append(out["oversight_finding"], map[string]string{"id": one.String(), "rule": rule, "day": day})
	}
	return out, rows.Err()
}

// Erase forgets whom a look was at; that somebody looked stays until it was settled long ago.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlFindingForget, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "finding", Subject: patient, New: n})
	}
	return err
}

// Due deletes findings that were settled long ago and counts of long ago.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("what was noticed and settled long ago, and what was usual then")
	n, err := tx.Exec(sqlFindingAge, max(tx.Now().Add(-time.Duration(limit(keepFindings))*24*time.Hour), k.Lives.Over(law.Watch, tx.Now())))
	if err != nil {
		return 0, err
	}
	k.Lives.Went(law.Watch, n)
	m, err := tx.Exec(sqlCountAge, clock.DateOf(tx.Now().Time()).AddDays(-limit(keepCounts)))
	return int(n + m), err
}
