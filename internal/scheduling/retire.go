package scheduling

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Upcoming lists what a provider still has ahead, for the page that retires her.
func (d *Desk) Upcoming(ctx context.Context, who access.Caller, one id.ID) ([]Appointment, error) {
	var out []Appointment
	err := d.db.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) (err error) {
		out, err = upcoming(v, one)
		return err
	})
	return out, err
}

// upcoming reads the first 500 whose patients are still expected.
func upcoming(v *store.View, one id.ID) ([]Appointment, error) {
	return many(v.Query(sqlUpcomingOf, one, clock.DateOf(v.Now().Add(-24*time.Hour).Time()), v.Now()))
}

// Retirement says what becomes of the appointments of a provider who leaves.
type Retirement struct {
	Provider id.ID
	Version  int64
	// To takes her appointments over at the same times; zero cancels them all. Either is asked
	// for only when there are any.
	To     id.ID
	Cancel bool
}

// Retire ends a provider's calendar. With appointments ahead and neither choice made, it answers
// Conflict and changes nothing; so it does when one of them does not fit into the other's calendar.
func (d *Desk) Retire(ctx context.Context, who access.Caller, r Retirement) (moved, cancelled int, err error) {
	err = d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		moved, cancelled = 0, 0
		lock := []id.ID{r.Provider}
		if !r.To.IsZero() {
			if r.To == r.Provider {
				return fault.Missing()
			}
			lock = append(lock, r.To)
		}
		if err := lockProviders(tx, lock...); err != nil {
			return err
		}
		p, err := provider(&tx.View, r.Provider)
		if err != nil {
			return err
		}
		if p.Version != r.Version {
			return changed()
		}
		for {
			ahead, err := upcoming(&tx.View, r.Provider)
			if err != nil {
				return err
			}
			if len(ahead) == 0 {
				break
			}
			for _, a := range ahead {
				switch {
				case !r.To.IsZero():
					if _, err := move(tx, a, r.To, a.StartsAt, ""); err != nil {
						var f *fault.Fault
						if errors.As(err, &f) && f.Kind == fault.Conflict {
							return fault.New(fault.Conflict, "fault.retire_does_not_fit").Because(err)
						}
						return err
					}
					moved++
				case r.Cancel:
					if _, err := cancel(tx, a, ""); err != nil {
						return err
					}
					cancelled++
				default:
					return fault.New(fault.Conflict, "fault.retire_has_appointments").With("Count", len(ahead))
				}
			}
		}
		n, err := tx.Exec(sqlProviderRetire, r.Provider, p.Version, tx.Now())
		return saved(tx, n, err, audit.Note{Action: "retire", Kind: "provider", Subject: r.Provider, New: map[string]int{"moved": moved, "cancelled": cancelled}})
	})
	return moved, cancelled, err
}

// Return lets a retired provider be booked again.
func (d *Desk) Return(ctx context.Context, who access.Caller, one id.ID) error {
	return d.db.Change(ctx, who, access.ScheduleSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "return", Kind: "provider", Subject: one})
		return tx.Must(sqlProviderBack, one)
	})
}

// Tidy removes what has served: claims older than 7 days, idempotency keys older than 48 hours,
// links that have expired. System does it.
func (d *Desk) Tidy(ctx context.Context, who access.Caller) error {
	return d.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("claims, keys and links that have served their time")
		if _, err := tx.Exec(sqlClaimsPurge, GrainOf(clock.At(tx.Now().Time().Add(-7*24*time.Hour).Truncate(Grain)))); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlKeyAge, tx.Now().Add(-48*time.Hour)); err != nil {
			return err
		}
		_, err := tx.Exec(sqlLinkAge, tx.Now())
		return err
	})
}

// Counts is how a day stands, for the dashboard and the head of the day page.
type Counts map[Status]int

// Kept is how many appointments of the day were not cancelled.
func (c Counts) Kept() (n int) {
	for s, k := range c {
		if s != Cancelled {
			n += k
		}
	}
	return n
}

const sqlCounts = `SELECT status, COUNT(*) FROM appointment WHERE clinic_id = $1 AND day = $2 GROUP BY status`

// CountDay counts the appointments of a day by status. It names nobody.
func (d *Desk) CountDay(ctx context.Context, who access.Caller, day clock.Date) (Counts, error) {
	out := Counts{}
	err := d.db.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlCounts, day)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s Status
			var n int
			if err := rows.Scan(&s, &n); err != nil {
				return err
			}
			out[s] = n
		}
		return rows.Err()
	})
	return out, err
}
