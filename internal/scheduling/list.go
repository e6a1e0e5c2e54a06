package scheduling

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const sqlAppointmentList = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND day >= $2 AND day <= $3
	AND (starts_at > $4 OR starts_at = $4 AND id > $5) ORDER BY starts_at, id LIMIT $6`

// Range is a stretch of local days of the calendar, read in parts.
type Range struct {
	From, To clock.Date // at most MaxWindow days
	After    clock.Instant
	AfterID  id.ID // the last appointment of the part before, with its start in After; zero for the first part
	Limit    int
}

// Listed are the appointments of a part of a range, in the order of their starts, with their clinic.
type Listed struct {
	Clinic clinics.Clinic
	List   []Appointment
	More   bool // there are later ones
}

// InRange lists appointments for a program, without names and notes. It is a list of patients: one audit entry. fault.NotFound for days that are none, or too many.
func (d *Desk) InRange(ctx context.Context, who access.Caller, r Range) (Listed, error) {
	var out Listed
	if !r.From.Valid() || !r.To.Valid() || r.From.DaysUntil(r.To) < 0 || r.From.DaysUntil(r.To) >= MaxWindow || r.Limit < 1 {
		return out, fault.Missing()
	}
	err := d.db.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) error {
		var err error
		if out.Clinic, err = clinics.Get(v); err != nil {
			return err
		}
		if out.List, err = many(v.Query(sqlAppointmentList, r.From, r.To, r.After, r.AfterID, r.Limit+1)); err != nil {
			return err
		}
		if out.More = len(out.List) > r.Limit; out.More {
			out.List = out.List[:r.Limit]
		}
		seen := make([]id.ID, 0, len(out.List))
		for _, a := range out.List {
			seen = append(seen, a.Patient)
		}
		v.Listed("appointments", string(r.From)+".."+string(r.To)+" "+r.AfterID.String(), seen)
		return nil
	})
	return out, err
}
