package law

import (
	"time"

	"almirah/internal/clock"
)

// Span is a length of time as laws count it. One field is set; the zero Span is no time at all.
type Span struct {
	Hours        int // hours, whatever the clocks of the zone do meanwhile
	Days         int // calendar days of the zone, the day of the beginning not counted; the last one counts whole
	BusinessDays int // days from Monday to Friday, counted the same way; holidays differ by place and are not known here
	Months       int // calendar months; a day that the last month does not have is its last day, which counts whole
	Years        int // the same with years
}

// IsZero says whether there is no such time.
func (s Span) IsZero() bool { return s == Span{} }

// End is the last moment of the span from a moment, in the zone.
func (s Span) End(from clock.Instant, zone *time.Location) clock.Instant {
	if s.Hours > 0 {
		return from.Add(time.Duration(s.Hours) * time.Hour)
	}
	return clock.At(clock.StartOfDay(s.Day(clock.DateOf(from.In(zone))).AddDays(1), zone)) - 1
}

// Day is the last day of a span that is counted in days or longer, from a day. Hours count as days begun.
func (s Span) Day(from clock.Date) clock.Date {
	switch {
	case s.BusinessDays > 0:
		d := from
		for left := s.BusinessDays; left > 0; {
			d = d.AddDays(1)
			if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
				left--
			}
		}
		return d
	case s.Months > 0 || s.Years > 0:
		return addMonths(from, s.Months+12*s.Years)
	case s.Hours > 0:
		return from.AddDays((s.Hours + 23) / 24)
	}
	return from.AddDays(s.Days)
}

// addMonths keeps the day of the month, or takes the last one where the month is shorter.
func addMonths(d clock.Date, n int) clock.Date {
	first := clock.DateOf(time.Date(d.Year(), d.Month()+time.Month(n), 1, 12, 0, 0, 0, time.UTC))
	last := clock.DateOf(time.Date(first.Year(), first.Month()+1, 0, 12, 0, 0, 0, time.UTC))
	return first.AddDays(min(d.Day(), last.Day()) - 1)
}
