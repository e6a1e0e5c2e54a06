package scheduling

import (
	"fmt"
	"math"
	"slices"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
)

// Interval is a stretch of one local day on the wall clock, half-open: 09:00 to 12:30. Both ends are
// multiples of five minutes; To may be 1440, the end of the day.
type Interval struct{ From, To clock.Minute }

// Weekly holds the hours of an ordinary week, by time.Weekday (Sunday is 0).
type Weekly [7][]Interval

// Change is a one-off for one local day. With Open, its intervals replace the day's hours (none: the
// day is off). Without Open, its intervals are taken out of the day's hours; a closing that names no
// interval closes the whole day, because the mistake that books nobody is the smaller one.
type Change struct {
	Day       clock.Date
	Open      bool
	Intervals []Interval
}

// Away is leave or a closure of the clinic, resolved to instants, half-open.
type Away struct{ From, To clock.Instant }

// Hours is when one provider works, in the clinic's zone (UTC when it is nil).
type Hours struct {
	Zone    *time.Location
	Weekly  Weekly
	Changes map[clock.Date]Change
	Away    []Away
}

// Span is a stretch of real time, half-open.
type Span struct{ From, To clock.Instant }

// Open lists the spans in which the provider works on that local day, in order, none touching the
// next. Hours keep their place on the wall clock across a change of the clocks: minutes that the
// clocks skip do not exist, an hour that they repeat is worked the first time only. Time away is cut
// out. It is nil when there is no such work, or no such day.
func (h Hours) Open(day clock.Date) []Span {
	at, ok := midnight(day)
	if !ok {
		return nil
	}
	var room [4]stretch
	walls := stretches(h.zone(), at, at+daySeconds, room[:0])
	open := h.worked(nil, day, at, walls)
	return cut(open, h.awayDuring(open))
}

const daySeconds = 24 * 60 * 60

func (h Hours) zone() *time.Location {
	if h.Zone == nil {
		return time.UTC
	}
	return h.Zone
}

// midnight is the start of the day on the wall clock, written as if it were UTC, in seconds since 1970.
func midnight(day clock.Date) (int64, bool) {
	t, err := time.Parse(time.DateOnly, string(day))
	return t.Unix(), err == nil
}

// stretch is a run of wall-clock time [from, to), written as if it were UTC in seconds since 1970, that
// one offset from UTC governs: the instant of wall w is w-off.
type stretch struct{ from, to, off int64 }

// stretches cuts the wall-clock time [from, to) at every change of the clocks, in order, and appends it
// to out. What the clocks skip is in no stretch. What they repeat is in the first one that shows it, so
// that no minute of the wall clock can be sold twice.
func stretches(z *time.Location, from, to int64, out []stretch) []stretch {
	// No offset is further from UTC than a day, and no zone has moved its clocks by more: two days on
	// either side hold every change that can touch the window.
	const reach = 2 * daySeconds
	shown := int64(math.MinInt64) // the wall clock has shown everything before this
	at := time.Unix(from-reach, 0).In(z)
	for {
		_, seconds := at.Zone()
		off, begin, end := int64(seconds), at.Unix(), to+reach
		_, next := at.ZoneBounds()
		if !next.IsZero() {
			end = min(end, next.Unix())
		}
		lo, hi := max(begin+off, shown, from), min(end+off, to)
		if lo < hi {
			if n := len(out) - 1; n >= 0 && out[n].off == off && out[n].to == lo {
				out[n].to = hi
			} else {
				out = append(out, stretch{lo, hi, off})
			}
		}
		shown = max(shown, end+off)
		if end <= begin || end >= to+reach {
			return out
		}
		at = next
	}
}

// intervals are the wall-clock hours of the day after its one-off change: in order and apart, whatever
// the rows say. A new slice is made only when the day has a closing or a disorderly row.
func (h Hours) intervals(day clock.Date, weekday time.Weekday) []Interval {
	hours := orderly(h.Weekly[weekday])
	c, changed := h.Changes[day]
	switch {
	case !changed:
		return hours
	case c.Open:
		return orderly(c.Intervals)
	case len(c.Intervals) == 0:
		return nil
	}
	var left []Interval
	closed := orderly(c.Intervals)
	for _, iv := range hours {
		for _, x := range closed {
			if x.To <= iv.From || x.From >= iv.To {
				continue
			}
			if x.From > iv.From {
				left = append(left, Interval{iv.From, x.From})
			}
			iv.From = x.To
		}
		if iv.From < iv.To {
			left = append(left, iv)
		}
	}
	return left
}

// orderly returns the list itself when it is in order, apart and inside the day, as CheckWeekly wants
// it. Otherwise it returns a copy mended as well as can be, so that one broken row costs no whole day.
func orderly(list []Interval) []Interval {
	good := true
	for i, iv := range list {
		good = good && iv.From >= 0 && iv.From < iv.To && iv.To <= 1440 && (i == 0 || list[i-1].To <= iv.From)
	}
	if good {
		return list
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b Interval) int { return int(a.From - b.From) })
	var out []Interval
	for _, iv := range sorted {
		iv.From, iv.To = max(iv.From, 0), min(iv.To, 1440)
		if n := len(out); n > 0 {
			iv.From = max(iv.From, out[n-1].To)
		}
		if iv.From < iv.To {
			out = append(out, iv)
		}
	}
	return out
}

// worked appends the spans of the day's hours, away not yet cut, joining what touches. at is the day's
// midnight, walls the stretches of a window that holds the day.
func (h Hours) worked(out []Span, day clock.Date, at int64, walls []stretch) []Span {
	for _, iv := range h.intervals(day, weekdayOf(at)) {
		a, b := at+60*int64(iv.From), at+60*int64(iv.To)
		for _, s := range walls {
			lo, hi := max(a, s.from), min(b, s.to)
			if lo >= hi {
				continue
			}
			from, to := moment(lo, s.off), moment(hi, s.off)
			if n := len(out); n > 0 && out[n-1].To == from {
				out[n-1].To = to
			} else {
				out = append(out, Span{from, to})
			}
		}
	}
	return out
}

// moment is the instant at which the wall clock shows wall under the offset.
func moment(wall, off int64) clock.Instant { return clock.Instant((wall - off) * 1e6) }

// weekdayOf is the weekday of a midnight as midnight returns it. 1970-01-01 was a Thursday.
func weekdayOf(at int64) time.Weekday {
	d := (at/daySeconds + int64(time.Thursday)) % 7
	return time.Weekday((d + 7) % 7)
}

// awayDuring lists the time away that touches the open spans, in order.
func (h Hours) awayDuring(open []Span) []Away {
	if len(open) == 0 {
		return nil
	}
	var out []Away
	for _, a := range h.Away {
		if a.From < a.To && a.From < open[len(open)-1].To && a.To > open[0].From {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Away) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	return out
}

// cut takes the time away (sorted by From) out of the spans (in order, apart).
func cut(open []Span, away []Away) []Span {
	if len(away) == 0 {
		return open
	}
	out := make([]Span, 0, len(open)+len(away))
	next := 0
	for _, s := range open {
		for i := next; i < len(away) && away[i].From < s.To; i++ {
			a := away[i]
			if a.To <= s.From {
				if i == next {
					next++ // over before this span: never looked at again
				}
				continue
			}
			if a.From > s.From {
				out = append(out, Span{s.From, a.From})
			}
			if s.From = a.To; s.From >= s.To {
				break
			}
		}
		if s.From < s.To {
			out = append(out, s)
		}
	}
	return out
}

// maxIntervals is how many intervals one day may have; more is a mistake or an attack on the page.
const maxIntervals = 12

// CheckWeekly refuses hours that overlap, run backwards, leave the day or are no multiple of five
// minutes: a fault over fields named "weekly.<weekday>.<position>", both counted from 0, or nil.
func CheckWeekly(w Weekly) error {
	var f fault.Fields
	for d, list := range w {
		checkDay(&f, fmt.Sprintf("weekly.%d", d), list)
	}
	return f.Err()
}

// CheckChange is CheckWeekly for a one-off: fields are named "day" and "intervals.<position>".
func CheckChange(c Change) error {
	var f fault.Fields
	if !c.Day.Valid() {
		f.Add("day", "field.hours.day")
	}
	checkDay(&f, "intervals", c.Intervals)
	return f.Err()
}

func checkDay(f *fault.Fields, name string, list []Interval) {
	if len(list) > maxIntervals {
		f.AddWith(name, "field.hours.too_many", map[string]any{"Max": maxIntervals})
		return
	}
	for i, iv := range list {
		field := fmt.Sprintf("%s.%d", name, i)
		switch {
		case iv.From < 0 || iv.To > 1440:
			f.Add(field, "field.hours.outside_day")
		case iv.From >= iv.To:
			f.Add(field, "field.hours.backwards")
		case iv.From%5 != 0 || iv.To%5 != 0:
			f.Add(field, "field.hours.five_minutes")
		case i > 0 && iv.From < list[i-1].From:
			f.Add(field, "field.hours.order")
		case i > 0 && iv.From < list[i-1].To:
			f.AddWith(field, "field.hours.overlap", map[string]any{"Until": list[i-1].To.Clock()})
		}
	}
}
