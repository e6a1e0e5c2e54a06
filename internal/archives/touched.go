package archives

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// besides are tables that name a patient from the moment on at which she is made.
var besides = []string{"patient", "guardian", "patient_token", "list_line", "event", "audit_leaf"}

// takeAway deletes patients whom a list made, each in a Change of its own. Between the look that chose them and this one somebody may have booked: each is
// looked at again here, under her row's lock, so that a booking beside it is either seen or waits until she is gone. Who was touched stays.
func (s *Service) takeAway(ctx context.Context, who access.Caller, people []id.ID) error {
	if err := store.Withheld(ctx); err != nil { // a key that is destroyed is not rolled back
		return err
	}
	for _, one := range people {
		err := s.db.Change(ctx, who, access.Work, func(ctx context.Context, tx *store.Tx) error {
			tx.Housekeeping("somebody whom a list made is held and looked at; that she is deleted is recorded")
			there, err := patients.Hold(tx, one)
			if err != nil || !there {
				return err
			}
			touched, err := s.touched(tx, one)
			if err != nil || touched {
				return err
			}
			return s.o.Undo(ctx, tx, one)
		})
		if err != nil {
			return err
		}
	}
	if s.o.Undone != nil {
		s.o.Undone(ctx)
	}
	return nil
}

func (s *Service) touched(tx *store.Tx, patient id.ID) (bool, error) {
	p, err := patients.Find(&tx.View, patient)
	if err != nil {
		return false, err
	}
	if p.Version != 1 || p.SeenAt != p.CreatedAt {
		return true, nil
	}
	forms, err := s.forms(tx.Context())
	if err != nil {
		return false, err
	}
	for name, form := range forms {
		if _, names := form.Field("patient_id"); !names || slices.Contains(besides, name) || !s.isClinic(name) {
			continue
		}
		rows, err := tx.PageOf(form, nil, patient, nil, 1)
		if err != nil || len(rows) > 0 {
			return true, err
		}
	}
	return false, nil
}
