package visits

import (
	"encoding/base64"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

const (
	sqlAsidesErase     = `DELETE FROM encounter_aside WHERE clinic_id = $1 AND patient_id = $2`
	sqlAmendmentsErase = `DELETE FROM amendment WHERE clinic_id = $1 AND patient_id = $2`
	sqlEncountersErase = `DELETE FROM encounter WHERE clinic_id = $1 AND patient_id = $2`
	sqlHealthErase     = `DELETE FROM health WHERE clinic_id = $1 AND patient_id = $2`
	sqlPiecesErase     = `DELETE FROM file_piece WHERE clinic_id = $1 AND file_id IN (SELECT id FROM file WHERE clinic_id = $1 AND patient_id = $2)`
	sqlFilesErase      = `DELETE FROM file WHERE clinic_id = $1 AND patient_id = $2`
	sqlAsidesAge       = `DELETE FROM encounter_aside WHERE clinic_id = $1 AND at < $2 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
	sqlEncountersAll   = `SELECT ` + encounterColumns + `, note, vitals, signer FROM encounter WHERE clinic_id = $1 AND patient_id = $2 ORDER BY starts_at, id`
	sqlAmendmentsAll   = `SELECT id, encounter_id, part, reason, body, signer, at FROM amendment WHERE clinic_id = $1 AND patient_id = $2 ORDER BY at, id`
	sqlAsidesAll       = `SELECT id, encounter_id, note, at FROM encounter_aside WHERE clinic_id = $1 AND patient_id = $2 ORDER BY at, id`
	sqlHealthAll       = `SELECT id, kind, body, added_at, ended_at FROM health WHERE clinic_id = $1 AND patient_id = $2 ORDER BY id`
)

// Keeper copies out, erases and expires what this room holds of a patient, as long as Lives says.
type Keeper struct{ Lives law.Lives }

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
	if err := collectHealth(v, patient, out); err != nil {
		return nil, err
	}
	if err := collectVisits(v, patient, out); err != nil {
		return nil, err
	}
	files, err := filesOf(v, patient, 100000)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		line := map[string]string{"id": f.ID.String(), "name": f.FileName(), "type": f.Type(), "added": moment(f.AddedAt), "content_base64": "(unreadable)"}
		if content, err := contentOf(v, f); err == nil {
			line["content_base64"] = base64.StdEncoding.EncodeToString(content)
		}
		out["file"] = append(out["file"], line)
	}
	return out, nil
}

func collectVisits(v *store.View, patient id.ID, out map[string][]map[string]string) error {
	rows, err := v.Query(sqlEncountersAll, patient)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var note, vitals, signer []byte
		e, err := scanEncounter(rows, &note, &vitals, &signer)
		if err != nil {
			return err
		}
		out["encounter"] = append(out["encounter"], map[string]string{"id": e.ID.String(), "appointment": e.Appointment.String(), "provider_id": e.Provider.String(), "service_id": e.Service.String(),
			"starts_at": moment(e.StartsAt), "note": readable(v, patient, "encounter", "note", e.ID, note), "vitals": readable(v, patient, "encounter", "vitals", e.ID, vitals),
			"signed": moment(e.SignedAt), "signer": readable(v, patient, "encounter", "signer", e.ID, signer)})
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return collectAdded(v, patient, out)
}

// collectAdded copies out what was added to signed visits, and texts that met another one.
func collectAdded(v *store.View, patient id.ID, out map[string][]map[string]string) error {
	added, err := v.Query(sqlAmendmentsAll, patient)
	if err != nil {
		return err
	}
	defer added.Close()
	for added.Next() {
		var one, encounter id.ID
		var part string
		var reason, body, signer []byte
		var at clock.Instant
		if err := added.Scan(&one, &encounter, &part, &reason, &body, &signer, &at); err != nil {
			return err
		}
		cell := func(column string, sealed []byte) string {
			return readable(v, patient, "amendment", column, one, sealed)
		}
		out["amendment"] = append(out["amendment"], map[string]string{"id": one.String(), "encounter": encounter.String(), "part": part, "reason": cell("reason", reason),
			"text": cell("body", body), "signer": cell("signer", signer), "at": moment(at)})
	}
	if err := added.Err(); err != nil {
		return err
	}
	asides, err := v.Query(sqlAsidesAll, patient)
	if err != nil {
		return err
	}
	defer asides.Close()
	for asides.Next() {
		var one, encounter id.ID
		var note []byte
		var at clock.Instant
		if err := asides.Scan(&one, &encounter, &note, &at); err != nil {
			return err
		}
		out["encounter_aside"] = append(out["encounter_aside"], map[string]string{"id": one.String(), "encounter": encounter.String(), "note": readable(v, patient, "encounter_aside", "note", one, note), "at": moment(at)})
	}
	return asides.Err()
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
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("texts of visits that their writers have seen beside the other one")
	n, err := tx.Exec(sqlAsidesAge, k.Lives.Over(law.Passing, tx.Now()))
	k.Lives.Went(law.Passing, n)
	return int(n), err
}
