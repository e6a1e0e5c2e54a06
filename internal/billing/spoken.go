package billing

import (
	"encoding/json"
	"errors"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// sqlInvoicesOfChildren finds invoices of children whose guardian was on record before the invoice was written.
const sqlInvoicesOfChildren = `SELECT i.id, i.patient_id, i.particulars FROM invoice i JOIN patient p ON p.clinic_id = i.clinic_id AND p.id = i.patient_id
	WHERE i.clinic_id = $1 AND i.day >= $2 AND i.number > 0 AND i.kind = 'invoice' AND p.minor AND EXISTS (SELECT 1 FROM guardian g WHERE g.clinic_id = $1 AND g.patient_id = p.id AND g.created_at <= i.created_at)
	ORDER BY i.day DESC, i.id DESC LIMIT $3`

// Unspoken opens the newest invoices of children since the day, at most so many, and answers how many they are and how many of them do not
// name the adult who speaks for the child (promise B9). What belongs to nobody any more is not counted.
func Unspoken(v *store.View, since clock.Date, most int) (looked, without int, err error) {
	c, err := clinics.Get(v)
	if err != nil {
		return 0, 0, err
	}
	rows, err := v.Query(sqlInvoicesOfChildren, since, most)
	if err != nil {
		return 0, 0, err
	}
	var silent []id.ID
	for rows.Next() {
		var d Document
		var sealed []byte
		if err := rows.Scan(&d.ID, &d.Patient, &sealed); err != nil {
			_ = rows.Close()
			return 0, 0, err
		}
		text, err := v.Unseal(d.Patient, "invoice", "particulars", d.ID, sealed)
		if errors.Is(err, vault.ErrShredded) {
			continue
		}
		looked++
		if err != nil || json.Unmarshal([]byte(text), &d.Who) != nil || d.Who.Guardian == "" {
			silent = append(silent, d.Patient)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, err
	}
	for _, one := range silent { // who has grown up since she was last saved had nobody to be named
		child, err := patients.IsMinor(v, one, c)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return 0, 0, err
		}
		if child {
			without++
		}
	}
	return looked, without, nil
}
