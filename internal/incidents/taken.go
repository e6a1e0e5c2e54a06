package incidents

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What leaves in one piece, or is about one patient without naming her, has an entry of the log that names nobody: the archive of the whole clinic, the demand of an authority, a
// patient who was deleted. Whom it touched is found out by what the entry is about (promise incident-exact).

// The tables of patients, erasures and demands are other rooms'. They are read here, never written.
const (
	sqlInArchive = `SELECT id FROM patient WHERE clinic_id = $1 AND created_at <= $2`
	sqlWasInIt   = `SELECT patient_id FROM erasure WHERE clinic_id = $1 AND erased_at > $2
	AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.clinic_id = $1 AND l.patient_id = erasure.patient_id AND l.kind = 'patient' AND l.action = 'add' AND l.at > $2)`
	sqlDemand = `SELECT patient_id, parts FROM disclosure WHERE clinic_id = $1 AND id = $2`
)

// archive says whether the entry is about the archive of the whole clinic.
func (e Entry) archive() bool {
	return e.Kind == "clinic" && (e.Action == "export" || e.Action == "export-fetched")
}

// demand says whether the entry is about the demand of an authority.
func (e Entry) demand() bool { return e.Kind == "disclosure" && e.Action != audit.ActionList }

// deleted says whether by the entry a patient was deleted.
func (e Entry) deleted() bool { return e.Kind == "patient" && e.Action == "delete" }

// details reads what an entry of the log says into said; there is false when its details are gone.
func details(v *store.View, entry id.ID, said any) (there bool, err error) {
	var owner id.ID
	var sealed []byte
	err = v.Row(sqlDetail, entry).Scan(&owner, &sealed)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := v.Unseal(owner, "audit_detail", "sealed", entry, sealed)
	if err != nil {
		return false, err
	}
	if len(text) < audit.SaltSize {
		return false, errors.New("incidents: an entry of the log has no salt")
	}
	return true, json.Unmarshal([]byte(text[audit.SaltSize:]), said)
}

// everybody adds all who were in the archive that an entry is about. It says up to when the archive holds what was there; one that does not holds all up to the entry. Whoever was deleted
// since was in it too, unless she came later.
func (t touched) everybody(v *store.View, e Entry) error {
	var said struct {
		New struct {
			Until clock.Instant `json:"until"`
		} `json:"new"`
	}
	if _, err := details(v, e.ID, &said); err != nil {
		return err
	}
	until := said.New.Until
	if until == 0 {
		until = e.At
	}
	for _, text := range []string{sqlInArchive, sqlWasInIt} {
		rows, err := v.Query(text, until)
		if err != nil {
			return err
		}
		for rows.Next() {
			var p id.ID
			if err := rows.Scan(&p); err != nil {
				return errors.Join(err, rows.Close())
			}
			t.add(p, Exported, Classes(), e.At, e.At, 1)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// demanded adds her whom a demand is about: with the parts that were asked for where its file was taken, else with her name.
func (t touched) demanded(v *store.View, e Entry) error {
	var patient id.ID
	var parts string
	err := v.Row(sqlDemand, e.Subject).Scan(&patient, &parts)
	if errors.Is(err, store.ErrNoRows) { // it is over, and so long ago that it is kept no more
		return nil
	}
	if err != nil {
		return err
	}
	have := []Class{Identity}
	if act := actOf(e.Action); act == Exported {
		for p := range strings.SplitSeq(parts, ",") {
			if c := classOfPart(p); !slices.Contains(have, c) {
				have = append(have, c)
			}
		}
	}
	t.add(patient, actOf(e.Action), have, e.At, e.At, 1)
	return nil
}

// classOfPart is the kind of data in a part of a record as demands name it.
func classOfPart(part string) Class {
	switch part {
	case "appointments":
		return Visits
	case "clinical", "prescriptions":
		return Health
	case "invoices":
		return Money
	case "messages":
		return Messages
	}
	return Identity
}
