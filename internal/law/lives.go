package law

import (
	"time"

	"almirah/internal/clock"
)

// Lives is how long each class of records lives in one clinic, as its keepers ask it when they take away what is over. The zero value is the strictest
// table, in UTC.
type Lives struct {
	Place  string         // the law that the clinic stands under
	Zone   *time.Location // of its days; nil: UTC
	Chosen func(Class) Span
	// Until is the last moment up to which records of a class may go although they are over; nil: whatever is over may. Who could still want
	// something is told before it goes.
	Until func(Class) clock.Instant
	Dry   bool            // nothing stays of what is done: nothing is made outside of the passage either
	Ahead time.Duration   // what is over so much later counts as over: for looking ahead, never for taking away
	Gone  map[Class]int64 // how many records went, by class; nil: nobody counts
}

// Span is how long records of the class live; zero: no time is set, they live while their patient is with the clinic.
func (l Lives) Span(c Class) Span {
	if l.Chosen != nil {
		return l.Chosen(c)
	}
	return LifeOf(l.Place, c).Usual
}

// Over is the moment before which what happened is over, for records of the class. It is zero, before which nothing happened, when no time is set.
func (l Lives) Over(c Class, now clock.Instant) clock.Instant { return l.OverAfter(c, l.Span(c), now) }

// Hidden is Over for what the house itself still shows: sooner than Over where a law keeps a sealed copy longer.
func (l Lives) Hidden(c Class, now clock.Instant) clock.Instant {
	if seen := LifeOf(l.Place, c).Seen; !seen.IsZero() {
		return max(l.OverAfter(c, seen, now), l.Over(c, now))
	}
	return l.Over(c, now)
}

// OverAfter is Over after a span of the caller's own, which is not longer than the class lives.
func (l Lives) OverAfter(c Class, s Span, now clock.Instant) clock.Instant {
	if s.IsZero() {
		return 0
	}
	zone := l.Zone
	if zone == nil {
		zone = time.UTC
	}
	if now = l.Now(c, now); now <= 0 {
		return 0
	}
	if s.Hours > 0 {
		return now.Add(-time.Duration(s.Hours) * time.Hour)
	}
	// The earliest day whose last day is not over: what happened before it is. It is looked for from a day that lies too early.
	today := clock.DateOf(now.In(zone))
	d := today.AddYears(-s.Years).AddDays(-31*s.Months - s.Days - 2*s.BusinessDays - 8)
	for s.Day(d) < today {
		d = d.AddDays(1)
	}
	return clock.At(clock.StartOfDay(d, zone))
}

// Now is the moment by which records of the class are judged: what has a last day of its own is over when that day lies before it.
func (l Lives) Now(c Class, now clock.Instant) clock.Instant {
	now = now.Add(l.Ahead)
	if l.Until != nil {
		now = min(now, l.Until(c))
	}
	return now
}

// Went counts records that went.
func (l Lives) Went(c Class, n int64) {
	if l.Gone != nil && n > 0 {
		l.Gone[c] += n
	}
}
