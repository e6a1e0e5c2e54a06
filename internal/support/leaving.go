package support

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlClinicLines   = `DELETE FROM ticket_line WHERE ticket_id IN (SELECT id FROM ticket WHERE clinic_id = $1)`
	sqlClinicTickets = `DELETE FROM ticket WHERE clinic_id = $1`
	sqlClinicSeats   = `DELETE FROM support_seat WHERE clinic_id = $1`
	sqlClinicAsked   = `DELETE FROM support_asked WHERE clinic_id = $1`
)

// ForgetClinic deletes what a clinic that goes wrote to support, and who of support stands in it.
func ForgetClinic(p *store.Platform, clinic id.ID) error {
	for _, text := range []string{sqlClinicLines, sqlClinicTickets, sqlClinicSeats, sqlClinicAsked} {
		if _, err := p.Exec(text, clinic); err != nil {
			return err
		}
	}
	return nil
}
