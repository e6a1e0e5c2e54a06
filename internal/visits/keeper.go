package visits

import (
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// keepAside is how long a text that met another one is kept: 30 days.
const keepAside = 30 * 24 * time.Hour

const (
	sqlAsidesErase     = `DELETE FROM encounter_aside WHERE clinic_id = $1 AND patient_id = $2`
	sqlAmendmentsErase = `DELETE FROM amendment WHERE clinic_id = $1 AND patient_id = $2`
	sqlEncountersErase = `DELETE FROM encounter WHERE clinic_id = $1 AND patient_id = $2`
	sqlHealthErase     = `DELETE FROM health WHERE clinic_id = $1 AND patient_id = $2`
	sqlPiecesErase     = `DELETE FROM file_piece WHERE clinic_id = $1 AND file_id IN (SELECT id FROM file WHERE clinic_id = $1 AND patient_id = $2)`
	sqlFilesErase      = `DELETE FROM file WHERE clinic_id = $1 AND patient_id = $2`
	sqlAsidesAge       = `DELETE FROM encounter_aside WHERE clinic_id = $1 AND at < $2`
	sqlHealthAll       = `SELECT id, kind, body, added_at, ended_at FROM health WHERE clinic_id = $1 AND patient_id = $2 ORDER BY id`
)

// Keeper copies out, erases and expires what this room holds of a patient.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "visits" }

// Tables are the tables with something personal in them.
func (Keeper) Tables() []string {
	return []string{"encounter", "encounter_aside", "amendment", "health", "file", "file_piece"}
}

func moment(i clock.Instant) string {
	if i.IsZero() {
		return ""
	}
	return i.Time().Format(time.RFC3339)
}

// Collect copies out everything about the patient, by table. What cannot be opened is said to be unreadable.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	out := map[string][]map[string]string{}
	err := collectHealth(v, patient, out)
	return out, err
}

func collectHealth(v *store.View, patient id.ID, out map[string][]map[string]string) error {
	rows, err := v.Query(sqlHealthAll, patient)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row id.ID
		var kind string
		var sealed []byte
		var added, ended clock.Instant
		if err := rows.Scan(&row, &kind, &sealed, &added, &ended); err != nil {
			return err
		}
		out["health"] = append(out["health"], map[string]string{"id": row.String(), "kind": kind, "body": readable(v, patient, "health", "body", row, sealed), "added": moment(added), "ended": moment(ended)})
	}
	return rows.Err()
}

// readable opens a cell for a copy.
func readable(v *store.View, patient id.ID, table, column string, row id.ID, sealed []byte) string {
	text, err := v.Unseal(patient, table, column, row, sealed)
	if err != nil {
		return "(unreadable)"
	}
	return text
}

// Erase deletes everything of the patient. It stands before patients, whose rows it points to.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	var gone int64
	for _, text := range []string{sqlAsidesErase, sqlAmendmentsErase, sqlEncountersErase, sqlHealthErase, sqlPiecesErase, sqlFilesErase} {
		n, err := tx.Exec(text, patient)
		if err != nil {
			return err
		}
		gone += n
	}
	if gone > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "encounter", Subject: patient, New: gone})
	}
	return nil
}

// Due deletes texts that met another one long ago, and answers how many. A record itself does not age: it goes when the patient or the clinic does.
func (Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("texts of visits that their writers have seen beside the other one")
	n, err := tx.Exec(sqlAsidesAge, tx.Now().Add(-keepAside))
	return int(n), err
}
