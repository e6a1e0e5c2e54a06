package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// keeper is how each room copies out, erases and expires what it holds of a person.
type keeper interface {
	Name() string
	Tables() []string
	Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error)
	Erase(tx *store.Tx, patient id.ID) error
	Due(tx *store.Tx) (int, error)
}

// keepers are those of all rooms. What points to a patient stands before the patient, and so do
// the keepers: in this order her rows may go.
func keepers() []keeper {
	return append(erasers(), store.Keeper{}, accounts.Keeper{}, clinics.Keeper{})
}

// erasers are the keepers that hold rows about patients, in the order in which these may go.
func erasers() []keeper {
	return []keeper{messaging.Keeper{}, scheduling.Keeper{}, consent.Keeper{}, patients.Keeper{}}
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
