package insight

import (
	"context"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/law"
	"almirah/internal/store"
)

const (
	fewDays     = 3                // a day is counted again until it is so old: reminders report late, and the desk marks late
	manyDays    = 10               // once a day, for payments that were booked late
	oneRound    = 31               // days that one Change counts
	overlap     = 10 * time.Minute // what was written by a Change that ended after the last look began
	keepCounted = 400              // days for which the use of the program and of the public page is kept
	toldAhead   = 30               // days before a visit in which the first of its reminders may have been written (followup.MostMinutes)
)

const chore = "counts of days, in which nobody is named"

// Work counts the clinic's days up to today: the last few, and earlier ones on which something was changed or whose patients objected. Doing it
// twice changes nothing; what equals what is kept is not written.
func (s *Service) Work(ctx context.Context, who access.Caller) error {
	var list []clock.Date
	var looked clock.Instant
	var today clock.Date
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		looked, today = v.Now(), clock.DateOf(v.Now().In(c.Location()))
		list, err = dueDays(v, c, today)
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	for len(list) > 0 {
		n := 1 // a run of days that follow each other
		for n < len(list) && n < oneRound && list[n-1].DaysUntil(list[n]) == 1 {
			n++
		}
		from, to := list[0], list[n-1]
		list = list[n:]
		err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping(chore)
			return s.recount(tx, from, to, today)
		})
		if err != nil {
			return err
		}
	}
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping(chore)
		_, err := tx.Exec(sqlProgressPut, today, looked)
		return err
	})
}

// dueDays are the days to count, in order.
func dueDays(v *store.View, c clinics.Clinic, today clock.Date) ([]clock.Date, error) {
	var first clock.Date
	if err := each(v, sqlFirstDay, func(rows *store.Rows) error { return rows.Scan(&first) }); err != nil || first == "" {
		return nil, err
	}
	counted, looked, err := progress(v)
	if err != nil {
		return nil, err
	}
	from := first
	if counted != "" {
		back := fewDays
		if counted < today {
			back = manyDays
		}
		from = max(first, counted.AddDays(-back))
	}
	days := map[clock.Date]bool{}
	for d := from; d <= today; d = d.AddDays(1) {
		days[d] = true
	}
	if counted != "" {
		since := looked.Add(-overlap)
		for _, text := range []string{sqlTouched, sqlObjected, sqlObjectedPaid, sqlObjectedRefunded, sqlObjectedBilled} {
			err := each(v, text, func(rows *store.Rows) error {
				var d clock.Date
				err := rows.Scan(&d)
				days[d] = true
				return err
			}, since)
			if err != nil {
				return nil, err
			}
		}
		for _, text := range []string{sqlLeft, sqlObjectedBooked} {
			err := each(v, text, func(rows *store.Rows) error {
				var at clock.Instant
				err := rows.Scan(&at)
				days[clock.DateOf(at.In(c.Location()))] = true
				return err
			}, since)
			if err != nil {
				return nil, err
			}
		}
	}
	var out []clock.Date
	for d := range days {
		if d <= today {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out, nil
}

// recount counts some days anew and writes what differs from what is kept. The hours of a day that is over for long stay as they were then: a practitioner who works
// less from now on has not worked less last year. So does what can be counted no more, because the messages or the lines of the booking log of that day have been deleted in their time.
func (s *Service) recount(tx *store.Tx, from, to, today clock.Date) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	set, err := setting(&tx.View, c)
	if err != nil {
		return err
	}
	told, logged, err := s.since(&tx.View, c)
	if err != nil {
		return err
	}
	now, err := count(&tx.View, c, set.Children, from, to)
	if err != nil {
		return err
	}
	was, err := kept(&tx.View, from, to, c.Has(clinics.ModuleBilling))
	if err != nil {
		return err
	}
	for k, d := range was.days {
		n, there := now.days[k]
		if k.day < today.AddDays(-manyDays) && (there || d.OfferedMinutes > 0) {
			n.Day, n.Provider, n.OfferedMinutes = k.day, k.provider, d.OfferedMinutes
			there = true
		}
		if there && k.day < told {
			n.ToldBoth, n.ToldDelivered, n.ToldConfirmed, n.ToldOnly = d.ToldBoth, d.ToldDelivered, d.ToldConfirmed, d.ToldOnly
		}
		if there && k.day < logged {
			n.Soon, n.SoonMinutes, n.Late, n.LateMinutes = d.Soon, d.SoonMinutes, d.Late, d.LateMinutes
		}
		if there {
			now.days[k] = n
		}
	}
	for k, n := range was.sources {
		if k.day < logged {
			now.sources[k] = n
		}
	}
	for k, d := range now.days {
		if d != was.days[k] {
			if err := putDay(tx, d); err != nil {
				return err
			}
		}
	}
	for k := range was.days {
		if _, there := now.days[k]; !there {
			if _, err := tx.Exec(sqlDayDrop, k.day, k.provider); err != nil {
				return err
			}
		}
	}
	for k, n := range now.sources {
		if was.sources[k] != n {
			if _, err := tx.Exec(sqlSourcePut, k.day, k.door, n); err != nil {
				return err
			}
		}
	}
	for k := range was.sources {
		if _, there := now.sources[k]; !there {
			if _, err := tx.Exec(sqlSourceDrop, k.day, k.door); err != nil {
				return err
			}
		}
	}
	return recountMoney(tx, now, was)
}

// since is from which day on reminders, and what the booking log says, can still be counted: what stands there of earlier days is gone, in part or whole.
func (s *Service) since(v *store.View, c clinics.Clinic) (told, logged clock.Date, err error) {
	l := law.Lives{Place: c.Jurisdiction, Zone: c.Location()}
	if s.lives != nil {
		if l, err = s.lives(v); err != nil {
			return "", "", err
		}
	}
	day := func(at clock.Instant) clock.Date { return clock.DateOf(at.In(c.Location())) }
	if at := l.Hidden(law.Events, v.Now()); at > 0 {
		told = day(at).AddDays(toldAhead + 1)
	}
	if at := l.Over(law.BookingLog, v.Now()); at > 0 {
		logged = day(at)
	}
	return told, logged, nil
}

func recountMoney(tx *store.Tx, now, was counts) error {
	for k, n := range now.money {
		if was.money[k] != n {
			if _, err := tx.Exec(sqlMoneyPut, k.day, k.kind, k.part, k.currency, n.cases, n.amount); err != nil {
				return err
			}
		}
	}
	for k := range was.money {
		if _, there := now.money[k]; !there {
			if _, err := tx.Exec(sqlMoneyDrop, k.day, k.kind, k.part, k.currency); err != nil {
				return err
			}
		}
	}
	return nil
}
