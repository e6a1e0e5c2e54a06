package patients

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/store"
)

// OwnGuardian is the guardian who speaks through a child's link; zero for an adult (who may have come
// of age since her record was saved), and when none is on record.
func (s *Service) OwnGuardian(ctx context.Context, who access.Caller) (guardian id.ID, err error) {
	err = s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		p, err := Find(v, who.Patient())
		if err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		if p.MinorOn(today(v, c), c.MinorAge()) && len(p.Guardians) > 0 {
			guardian = p.Guardians[0].ID
		}
		v.Opened("patient", p.ID, p.ID)
		return nil
	})
	return guardian, err
}
