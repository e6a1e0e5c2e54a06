package scheduling

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Hours, leave and closures may change under appointments that are booked already. Those stay; here is which of them wait for a person.

const sqlAheadUntil = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND day >= $2 AND day <= $3
	AND starts_at > $4 AND status IN ('booked', 'confirmed') ORDER BY starts_at, id LIMIT 5000`

// uncovered says whether nobody works through the whole of a, of which open are the working hours of its practitioner on its day. Where
// staff booked outside the hours for a reason that they gave, only leave and closures count, which may have come later.
func (h Hours) uncovered(open []Span, a Appointment) bool {
	away := func() bool {
		return slices.ContainsFunc(h.Away, func(x Away) bool { return x.From < a.EndsAt && a.StartsAt < x.To })
	}
	switch {
	case a.insisted:
		return away()
	case within(open, a.StartsAt, a.EndsAt):
		return false
	case clock.DateOf((a.EndsAt - 1).In(h.zone())) == a.Day:
		return true
	}
	return away() || !within(h.workedThrough(a.StartsAt, a.EndsAt), a.StartsAt, a.EndsAt) // over midnight: the hours of two days are one night
}

// Outside lists the appointments ahead, up to the clinic's horizon, that lie in leave, in a closure or outside the hours of their
// practitioner as these are now, the next one first. It opens nobody's name.
func (d *Desk) Outside(ctx context.Context, who access.Caller) ([]Appointment, error) {
	var out []Appointment
	err := d.db.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) (err error) {
		out, err = outside(v)
		return err
	})
	return out, err
}

func outside(v *store.View) ([]Appointment, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	from := clock.DateOf(v.Now().In(c.Location()))
	to := from.AddDays(c.Horizon)
	all, err := providers(v, true)
	if err != nil {
		return nil, err
	}
	ahead, err := many(v.Query(sqlAheadUntil, from, to, v.Now()))
	if err != nil {
		return nil, err
	}
	hours, err := hoursOf(v, all, from, to, c.Location())
	if err != nil {
		return nil, err
	}
	type column struct {
		provider id.ID
		day      clock.Date
	}
	open := map[column][]Span{}
	return slices.DeleteFunc(ahead, func(a Appointment) bool {
		at := column{a.Provider, a.Day}
		if _, known := open[at]; !known {
			open[at] = hours[a.Provider].Open(a.Day)
		}
		return !hours[a.Provider].uncovered(open[at], a)
	}), nil
}
