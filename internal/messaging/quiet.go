package messaging

import (
	"time"

	"almirah/internal/clock"
)

// Quiet is the stretch of the night in which nobody is reminded of anything, as wall-clock
// minutes of the clinic's zone. From may be later than To: the stretch then crosses midnight.
type Quiet struct{ From, To clock.Minute }

// Night is the house's quiet stretch: nine in the evening to eight in the morning.
func Night() Quiet { return Quiet{21 * 60, 8 * 60} }

// evening is how long before the stretch a reminder goes out that would have fallen into it.
const evening = 30 * time.Minute

// leastNotice is how long before its appointment a reminder still makes sense after a quiet night.
const leastNotice = 30 * time.Minute

// Verdicts about the quiet hours, as they stand in the passport.
const (
	VerdictNotAsked = "not-asked"     // a message that the patient's own act caused
	VerdictDay      = "day"           // outside the quiet hours
	VerdictEarlier  = "moved-earlier" // goes out the evening before
	VerdictTooLate  = "too-late"      // that evening has passed: no reminder
	VerdictMorning  = "morning-after" // a late retry waits for the morning
)

// Covers says whether the wall clock of t (in its own zone) stands inside the stretch.
func (q Quiet) Covers(t time.Time) bool {
	m := clock.Minute(t.Hour()*60 + t.Minute())
	if q.From <= q.To {
		return m >= q.From && m < q.To
	}
	return m >= q.From || m < q.To
}

// Fit finds when a reminder that is wanted at a moment goes out. One that would fall into the
// quiet hours goes out half an hour before they begin, on the evening before: a patient with an
// early appointment is still reminded, and nobody is woken. When that evening has passed too,
// ok is false: whoever books during the night for the morning has just been told.
func (q Quiet) Fit(want, now clock.Instant, zone *time.Location) (at clock.Instant, verdict string, ok bool) {
	local := want.In(zone)
	if !q.Covers(local) {
		return want, VerdictDay, true
	}
	at = q.begin(local, zone).Add(-evening)
	if at < now {
		return 0, VerdictTooLate, false
	}
	return at, VerdictEarlier, true
}

// FitAll is Fit for somebody who may be in any of the zones: the moment is at night in none of them. Where they lie so far
// apart that there is no such evening, the first of them counts.
func (q Quiet) FitAll(want, now clock.Instant, zones []*time.Location) (at clock.Instant, verdict string, ok bool) {
	at, verdict = want, VerdictDay
	for range 4 {
		night := false
		for _, z := range zones {
			if !q.Covers(at.In(z)) {
				continue
			}
			if at, verdict, ok = q.Fit(at, now, z); !ok {
				return at, verdict, ok
			}
			night = true
		}
		if !night {
			return at, verdict, true
		}
	}
	return q.Fit(want, now, zones[0])
}

// Morning is when the quiet stretch around t ends.
func (q Quiet) Morning(t clock.Instant, zone *time.Location) clock.Instant {
	local := t.In(zone)
	day := clock.DateOf(local)
	if m := clock.Minute(local.Hour()*60 + local.Minute()); m >= q.To {
		day = day.AddDays(1)
	}
	return wall(day, q.To, zone)
}

func (q Quiet) begin(local time.Time, zone *time.Location) clock.Instant {
	day := clock.DateOf(local)
	if m := clock.Minute(local.Hour()*60 + local.Minute()); m < q.From {
		day = day.AddDays(-1)
	}
	return wall(day, q.From, zone)
}

// wall is the instant at which the clock shows m on the day; where the clocks jump over it, the first instant after the jump.
func wall(day clock.Date, m clock.Minute, zone *time.Location) clock.Instant {
	for ; m < 1440; m += 5 {
		if at := clock.Resolve(day, m, zone); len(at) > 0 {
			return clock.At(at[0])
		}
	}
	return clock.At(clock.StartOfDay(day.AddDays(1), zone))
}
