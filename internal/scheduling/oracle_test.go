package scheduling

import (
	"time"

	"almirah/internal/clock"
)

// oracle is Slots and Bookable done the slow way: it walks real time in small steps, looks at the wall
// clock at each, and remembers which wall times it has seen. It does no arithmetic with offsets, so it
// cannot share a mistake with the code.
type oracle struct {
	h      Hours
	o      Offer
	b      Busy
	now    clock.Instant
	tick   time.Duration
	state  map[clock.Instant]moments
	taken  map[GrainNo]bool
	today  clock.Date
	first  clock.Instant // of the walk
	behind clock.Instant
}

type moments struct {
	open   bool // hours, first pass; away not looked at
	day    clock.Date
	minute clock.Minute
	origin clock.Minute // beginning of the interval
	whole  bool         // the wall clock shows a whole minute
}

func newOracle(h Hours, o Offer, b Busy, from, to clock.Date, now clock.Instant, tick time.Duration) *oracle {
	or := &oracle{h: h, o: o, b: b, now: now, tick: tick, state: map[clock.Instant]moments{}, taken: map[GrainNo]bool{}}
	for _, s := range b.Spans {
		for _, g := range Grains(s.From, s.To) {
			or.taken[g] = true
		}
	}
	or.today = clock.DateOf(now.In(h.Zone))
	type wall struct {
		day    clock.Date
		minute clock.Minute
	}
	seen := map[wall]bool{}
	begin, _ := time.Parse(time.DateOnly, string(from))
	end, _ := time.Parse(time.DateOnly, string(to))
	or.first = clock.At(begin.Add(-40 * time.Hour))
	or.behind = clock.At(end.Add(88 * time.Hour))
	for t := or.first; t < or.behind; t = t.Add(tick) {
		local := t.In(h.Zone)
		w := wall{clock.DateOf(local), clock.Minute(local.Hour()*60 + local.Minute())}
		m := moments{day: w.day, minute: w.minute, whole: local.Second() == 0}
		if !seen[w] {
			seen[w] = true
			m.origin, m.open = or.interval(w.day, local.Weekday(), w.minute)
		}
		or.state[t] = m
	}
	return or
}

// interval finds the beginning of the open interval that holds the minute, walking back to it.
func (or *oracle) interval(day clock.Date, wd time.Weekday, m clock.Minute) (origin clock.Minute, open bool) {
	list := or.h.Weekly[wd]
	c, changed := or.h.Changes[day]
	if changed && c.Open {
		list = c.Intervals
	}
	closed := func(m clock.Minute) bool {
		if !changed || c.Open {
			return false
		}
		for _, x := range c.Intervals {
			if x.From <= m && m < x.To {
				return true
			}
		}
		return len(c.Intervals) == 0
	}
	for _, iv := range list {
		if iv.From <= m && m < iv.To && !closed(m) {
			origin = m
			for origin > iv.From && !closed(origin-1) {
				origin--
			}
			return origin, true
		}
	}
	return 0, false
}

// bookable is Bookable.
func (or *oracle) bookable(start clock.Instant) bool {
	m := or.state[start]
	if !m.open || !m.whole || start < or.now || start < or.now.Add(or.o.MinNotice) || m.day > or.today.AddDays(or.o.Horizon) {
		return false
	}
	if or.o.DailyCap > 0 && or.b.PerDay[m.day] >= or.o.DailyCap {
		return false
	}
	step := or.o.Step
	if step == 0 {
		step = or.o.Duration
	}
	if time.Duration(m.minute-m.origin)*time.Minute%step != 0 {
		return false
	}
	return or.fits(start)
}

// fits is Fits.
func (or *oracle) fits(start clock.Instant) bool {
	end := start.Add(or.o.Duration)
	for t := start; t < end; t = t.Add(or.tick) {
		if !or.state[t].open {
			return false
		}
		for _, a := range or.h.Away {
			if a.From < t.Add(or.tick) && a.To > t && a.From < a.To {
				return false
			}
		}
	}
	return true
}

// free says whether nothing busy touches the start's held time.
func (or *oracle) free(start clock.Instant) bool {
	for _, g := range Grains(start.Add(-or.o.Before), start.Add(or.o.Duration+or.o.After)) {
		if or.taken[g] {
			return false
		}
	}
	return true
}

// slots is Slots.
func (or *oracle) slots(from, to clock.Date) []clock.Instant {
	var out []clock.Instant
	for t := or.first; t < or.behind; t = t.Add(Grain) {
		if m := or.state[t]; m.day >= from && m.day <= to && or.bookable(t) && or.free(t) {
			out = append(out, t)
		}
	}
	return out
}
