package scheduling

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// A link that was sent opens all that is a patient's. So it ends when the address that it was sent to is no longer hers, and when she or the desk says so: a telephone that was
// sold, a parting, a mistyped address (promise own-link). What is sent after that carries a new one. The link that a booking page handed out opens its
// appointment alone and was sent nowhere; it stays.

// The first sixteen bytes of a hash are what a caller by a link carries of it.
const sqlLinksEnd = `UPDATE patient_link SET revoked_at = $3 WHERE clinic_id = $1 AND patient_id = $2 AND revoked_at = 0 AND expires_at > $3
	AND (wide = TRUE OR appointment_id = $4) AND substr(token_hash, 1, 16) <> $5`

// EndLinks ends, in the Change that takes an address off file, every link to the patient's own page that was sent before. The one by which she is here herself
// stays: nobody is put out of the page on which she corrects her own number.
func EndLinks(tx *store.Tx, patient id.ID) error {
	var here id.ID
	if who := tx.Caller(); who.Role() == access.Patient && who.Patient() == patient {
		here = who.Session()
	}
	n, err := tx.Exec(sqlLinksEnd, patient, tx.Now(), id.Zero, here)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "end", Kind: "own-link", Subject: patient, Patient: patient, New: map[string]any{"links": n}})
	}
	return err
}

// EndSent ends all links that were sent to a patient: those to her own page, and those that other rooms sent (New). It is called like EndLinks.
func (d *Desk) EndSent(tx *store.Tx, patient id.ID) error {
	if err := EndLinks(tx, patient); err != nil {
		return err
	}
	for _, end := range d.sent {
		if err := end(tx, patient); err != nil {
			return err
		}
	}
	return nil
}

// EndOwnLinks ends the links to her page at a patient's own wish, but for the one by which she is here.
func (d *Desk) EndOwnLinks(ctx context.Context, who access.Caller) error {
	if who.Patient().IsZero() {
		return fault.Missing()
	}
	return d.endLinks(ctx, who, access.OwnChange, who.Patient())
}

// EndLinksOf ends them at the desk, for somebody who calls. fault.NotFound when she is not there.
func (d *Desk) EndLinksOf(ctx context.Context, who access.Caller, patient id.ID) error {
	return d.endLinks(ctx, who, access.PatientWrite, patient)
}

func (d *Desk) endLinks(ctx context.Context, who access.Caller, right access.Right, patient id.ID) error {
	return d.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		there, err := patients.Here(&tx.View, []id.ID{patient})
		if err != nil || !there[patient] {
			return missingUnless(err)
		}
		tx.Housekeeping("there was no link left to end")
		return d.EndSent(tx, patient)
	})
}

func missingUnless(err error) error {
	if err != nil {
		return err
	}
	return fault.Missing()
}
