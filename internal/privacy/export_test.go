package privacy

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/store"
)

// EraseForTest is Erase, and fails when all is done but the commit.
func (s *Service) EraseForTest(ctx context.Context, who access.Caller, patient id.ID, reason string, fails error) (id.ID, error) {
	return id.Zero, s.db.Change(ctx, who, access.PatientDelete, func(ctx context.Context, tx *store.Tx) error {
		if _, err := s.erase(ctx, tx, patient, reason, nil); err != nil {
			return err
		}
		return fails
	})
}

// ForgetForTest takes away every row of this room, as data from before has none.
func ForgetForTest(tx *store.Tx) error {
	tx.Housekeeping("a test")
	for _, text := range []string{"DELETE FROM held_part WHERE clinic_id = $1", "DELETE FROM erasure_hold WHERE clinic_id = $1", "DELETE FROM erasure_carrier WHERE clinic_id = $1", "DELETE FROM erasure WHERE clinic_id = $1"} {
		if _, err := tx.Exec(text); err != nil {
			return err
		}
	}
	return nil
}
