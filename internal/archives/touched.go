package archives

import (
	"slices"

	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// besides are tables that name a patient from the moment on at which she is made.
var besides = []string{"patient", "guardian", "patient_token", "list_line", "event", "audit_leaf"}

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
