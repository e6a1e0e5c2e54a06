package incidents

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

const sqlClinicTold = `DELETE FROM platform_incident_clinic WHERE clinic_id = $1`

// ForgetClinic forgets of which of the platform's incidents a clinic that goes was told.
func ForgetClinic(p *store.Platform, clinic id.ID) error {
	_, err := p.Exec(sqlClinicTold, clinic)
	return err
}
