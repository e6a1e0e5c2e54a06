package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// eraser is what deleting a patient asks of each room's keeper.
type eraser interface {
	Name() string
	Erase(tx *store.Tx, patient id.ID) error
}

// erasers in the order in which rows may go: what points to a patient before the patient.
func erasers() []eraser {
	return []eraser{messaging.Keeper{}, scheduling.Keeper{}, consent.Keeper{}, patients.Keeper{}}
}

// DeletePatient deletes a patient in every room and destroys her key, with which everything that
// a copy, a log or a backup still holds of her becomes unreadable (promise D5). The rows go
// first: a key without rows harms nobody, and a crash in between leaves nothing that names her.
func (h *House) DeletePatient(ctx context.Context, who access.Caller, patient id.ID) error {
	err := h.DB.Change(ctx, who, access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "delete", Kind: "patient", Subject: patient})
		for _, k := range erasers() {
			if err := k.Erase(tx, patient); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return h.Vault.Shred(ctx, who.Clinic(), patient, "deleted_by_clinic")
}
