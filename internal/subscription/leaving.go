package subscription

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlClinicPlan    = `DELETE FROM subscription WHERE clinic_id = $1`
	sqlClinicUnpaid  = `DELETE FROM subscription_payment WHERE clinic_id = $1 AND id NOT IN (SELECT payment_id FROM subscription_invoice WHERE clinic_id = $1)`
	sqlClinicRequest = `UPDATE subscription_payment SET page = '', url = '' WHERE clinic_id = $1`
)

// ForgetClinic ends the plan of a clinic that goes. What it paid stays in the platform's own books, as tax law wants it.
func ForgetClinic(p *store.Platform, clinic id.ID) error {
	for _, text := range []string{sqlClinicPlan, sqlClinicUnpaid, sqlClinicRequest} {
		if _, err := p.Exec(text, clinic); err != nil {
			return err
		}
	}
	return nil
}
