package scheduling

import (
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What followup asks about visits and services, inside its own passage.

const (
	sqlAheadOf   = `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND patient_id = $2 AND starts_at > $3 AND status IN ('booked', 'confirmed')`
	sqlCameAgain = `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND patient_id = $2 AND starts_at > $3 AND service_id = $4 AND status IN ('arrived', 'in-progress', 'completed')`
)

// ComesAgain says whether the patient has an appointment ahead, of whatever service.
func ComesAgain(v *store.View, patient id.ID) (bool, error) {
	var n int64
	err := v.Row(sqlAheadOf, patient, v.Now()).Scan(&n)
	return n > 0, err
}

// CameAgain says whether the patient came for the service after the visit that began at a moment.
func CameAgain(v *store.View, patient, treatment id.ID, after clock.Instant) (bool, error) {
	var n int64
	err := v.Row(sqlCameAgain, patient, after, treatment).Scan(&n)
	return n > 0, err
}

// Services lists the clinic's services, those too that are no longer offered, without who offers them.
func Services(v *store.View) ([]Service, error) { return servicesAlone(v, true) }

// Offers says whether there is such a service.
func Offers(v *store.View, treatment id.ID) (bool, error) {
	_, err := service(v, treatment)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}
