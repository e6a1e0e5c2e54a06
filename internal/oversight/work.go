package oversight

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

const (
	sqlExamined    = `SELECT examined FROM oversight_state WHERE clinic_id = $1`
	sqlExaminedSet = `INSERT INTO oversight_state (clinic_id, examined) VALUES ($1, $2) ON CONFLICT (clinic_id) DO UPDATE SET examined = excluded.examined WHERE oversight_state.examined < excluded.examined`
	sqlExaminedNot = `UPDATE oversight_state SET examined = $2 WHERE clinic_id = $1 AND examined > $3`
	sqlLooks       = `SELECT at, actor_id, patient_id, role, action FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND at >= $3 AND at < $4 AND (action = 'open' OR action = 'break-glass' OR role = 'operator' OR role = 'support') ORDER BY id LIMIT $5`
	sqlCountAdd    = `INSERT INTO oversight_count (clinic_id, person_id, day, opened) VALUES ($1, $2, $3, $4) ON CONFLICT (clinic_id, person_id, day) DO UPDATE SET opened = excluded.opened`
	sqlCountOf     = `SELECT opened FROM oversight_count WHERE clinic_id = $1 AND person_id = $2 AND day < $3 ORDER BY day DESC LIMIT $4`
	nearVisits     = `SELECT DISTINCT patient_id FROM appointment WHERE clinic_id = $1 AND starts_at >= $2 AND starts_at < $3 AND patient_id IN `
)

// Examine applies the rules to each day that is over and was not examined yet, at most a week of them in one run. who is the clinic's own
// work; staff are the names of its people. Two processes that do it at once find nothing twice.
func (s *Service) Examine(ctx context.Context, who access.Caller, staff map[id.ID]string) error {
	for range limit(mostDaysBack) {
		more, err := s.examineNext(ctx, who, staff)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

func (s *Service) examineNext(ctx context.Context, who access.Caller, staff map[id.ID]string) (more bool, err error) {
	var day, ahead clock.Date
	var found []noticed
	counts := map[id.ID]int{}
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		today := clock.DateOf(v.Now().In(c.Location()))
		var last clock.Date
		if err := v.Row(sqlExamined).Scan(&last); err != nil && err != store.ErrNoRows {
			return err
		}
		if ahead = ""; last > today { // the clock stood ahead when the last ones were examined, and nothing of them had happened
			ahead = today
			last = today.AddDays(-1)
		}
		if day = last.AddDays(1); last == "" {
			day = today.AddDays(-1)
		}
		if day >= today {
			day = ""
			return nil
		}
		d, err := gather(v, c, day, staff)
		if err != nil {
			return err
		}
		for person, opened := range d.opened() {
			counts[person] = len(opened)
		}
		found = notice(d)
		return nil
	})
	if err == nil && ahead != "" {
		return false, s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("days that have not come were not examined")
			_, err := tx.Exec(sqlExaminedNot, ahead.AddDays(-1), ahead)
			return err
		})
	}
	if err != nil || day == "" {
		return false, err
	}
	return true, s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("which day was examined, and what each person opened")
		n, err := tx.Exec(sqlExaminedSet, day)
		if err != nil || n == 0 { // another process was first
			return err
		}
		for person, opened := range counts {
			if err := tx.Later(sqlCountAdd, person, day, opened); err != nil {
				return err
			}
		}
		for _, f := range found {
			if err := Notice(tx, Finding{Rule: f.rule, Day: day, Person: f.person, Patient: f.patient, Count: f.count, Usual: f.usual}); err != nil {
				return err
			}
		}
		return nil
	})
}

// gather reads what the rules need of one day: a bounded number of entries, the names of who is in them, visits near the day, earlier counts.
func gather(v *store.View, c clinics.Clinic, day clock.Date, staff map[id.ID]string) (dayOf, error) {
	z := c.Location()
	d := dayOf{staff: staff, patients: map[id.ID]string{}, near: map[id.ID]bool{}, usual: map[id.ID][]int{}, minute: func(at clock.Instant) clock.Minute {
		t := at.In(z)
		return clock.Minute(t.Hour()*60 + t.Minute())
	}}
	var err error
	if d.from, d.to, d.open, err = scheduling.WorkedOn(v, day.Weekday()); err != nil {
		return d, err
	}
	begins := clock.StartOfDay(day, z)
	rows, err := v.Query(sqlLooks, id.First(begins), clock.At(begins), clock.At(clock.StartOfDay(day.AddDays(1), z)), limit(mostEntries))
	if err != nil {
		return d, err
	}
	defer rows.Close()
	seen := map[id.ID]bool{}
	for rows.Next() {
		var l look
		if err := rows.Scan(&l.at, &l.actor, &l.patient, &l.role, &l.action); err != nil {
			return d, err
		}
		d.looks = append(d.looks, l)
		if !l.patient.IsZero() {
			seen[l.patient] = true
		}
	}
	if err := rows.Err(); err != nil {
		return d, err
	}
	rows.Close()
	list := sortedIDs(seen)
	names, err := patients.Names(v, list)
	if err != nil {
		return d, err
	}
	for p, n := range names {
		if !n.Broken {
			d.patients[p] = n.Text
		}
	}
	if err := d.visits(v, clock.At(begins), list); err != nil {
		return d, err
	}
	for person := range d.opened() {
		if d.usual[person], err = earlier(v, person, day); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (d dayOf) visits(v *store.View, start clock.Instant, list []id.ID) error {
	near := clock.Instant(limit(nearDays)) * 24 * 3600 * 1_000_000
	return store.Each(list, func(args []any, width int) error {
		rows, err := v.Query(nearVisits+store.In(4, width), append([]any{start - near, start + near}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p id.ID
			if err := rows.Scan(&p); err != nil {
				return err
			}
			d.near[p] = true
		}
		return rows.Err()
	})
}

func earlier(v *store.View, person id.ID, day clock.Date) ([]int, error) {
	rows, err := v.Query(sqlCountOf, person, day, limit(volumeDays))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}
