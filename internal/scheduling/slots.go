package scheduling

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
)

// Offer is what a patient may book of a service: how long it takes and under which rules.
type Offer struct {
	Duration      time.Duration // of the visit; a multiple of Grain, above zero
	Before, After time.Duration // buffers: they count against other bookings, not against the hours
	Step          time.Duration // between two starts on the wall clock, from the beginning of each interval; a multiple of Grain; zero means Duration
	MinNotice     time.Duration // real time between now and the earliest start; below zero counts as zero
	Horizon       int           // local days after today that may be booked; 0 is today only
	DailyCap      int           // appointments per local day; 0 is no cap
}

// Busy is what is already taken of one provider.
type Busy struct {
	Spans  []Span             // taken time with its buffers, sorted by From; overbooked spans may overlap
	PerDay map[clock.Date]int // appointments per local day, for the cap
}

// Refusal says why a start cannot be booked: the catalogue key of the sentence. It is empty when it can.
type Refusal string

// The refusals.
const (
	NotOffered   Refusal = "fault.start_not_offered"   // off the grid of starts, or a service without a length
	TooSoon      Refusal = "fault.start_too_soon"      // in the past, or inside the minimum notice
	TooFar       Refusal = "fault.start_too_far"       // beyond the horizon
	OutsideHours Refusal = "fault.start_outside_hours" // the provider does not work then
	OnLeave      Refusal = "fault.start_on_leave"      // leave or a closure of the clinic
	DayFull      Refusal = "fault.day_full"            // the daily cap is reached
)

// Fault is the refusal as a door tells it: a Conflict that changed nothing.
func (r Refusal) Fault() *fault.Fault { return fault.New(fault.Conflict, string(r)) }

// step is the real step, and ok false when the offer cannot be booked at all.
func (o Offer) step() (step time.Duration, ok bool) {
	step = o.Step
	if step == 0 {
		step = o.Duration
	}
	return step, o.Duration > 0 && o.Duration%Grain == 0 && step > 0 && step%Grain == 0 && o.Before >= 0 && o.After >= 0
}

// Held is the time that a booking at start takes from the provider, buffers included, in whole grains.
func (o Offer) Held(start clock.Instant) Span {
	return outward(Span{start.Add(-o.Before), start.Add(o.Duration + o.After)})
}

// earliest is the first instant that may be booked.
func (o Offer) earliest(now clock.Instant) clock.Instant { return now.Add(max(o.MinNotice, 0)) }

// lastDay is the last local day that may be booked: the horizon, ten years at most.
func (o Offer) lastDay(now clock.Instant, z *time.Location) clock.Date {
	return clock.DateOf(now.In(z)).AddDays(min(o.Horizon, 3660))
}

// Fits says whether the provider works through a whole visit at start: opening hours, one-off changes,
// leave and closures, on whole grains. It says nothing of notice, horizon, steps and cap, which bind
// patients and not the desk: Bookable adds those.
func Fits(h Hours, o Offer, start clock.Instant) (ok bool, why Refusal) {
	if _, sound := o.step(); !sound || !onGrain(start) {
		return false, NotOffered
	}
	open := h.workedThrough(start, start.Add(o.Duration))
	if !within(open, start, start.Add(o.Duration)) {
		return false, OutsideHours
	}
	for _, a := range h.Away {
		if a.From < a.To && a.From < start.Add(o.Duration) && a.To > start {
			return false, OnLeave
		}
	}
	return true, ""
}

// Bookable says whether a patient may start a visit at start: Fits, and the minimum notice, the horizon,
// the grid of starts and the daily cap, of which taken is used on that local day. A start is bookable
// and free exactly when Slots shows it.
func Bookable(h Hours, o Offer, start, now clock.Instant, taken int) (ok bool, why Refusal) {
	if ok, why := Fits(h, o, start); !ok {
		return false, why
	}
	z := h.zone()
	day := clock.DateOf(start.In(z))
	switch {
	case start < o.earliest(now):
		return false, TooSoon
	case day > o.lastDay(now, z):
		return false, TooFar
	case !h.onStep(o, start, day):
		return false, NotOffered
	case o.DailyCap > 0 && taken >= o.DailyCap:
		return false, DayFull
	}
	return true, ""
}

// onStep says whether start is a whole number of steps after the beginning of its interval, on the wall clock.
func (h Hours) onStep(o Offer, start clock.Instant, day clock.Date) bool {
	step, _ := o.step()
	local := start.In(h.zone())
	m := clock.Minute(local.Hour()*60 + local.Minute())
	for _, iv := range h.intervals(day, local.Weekday()) {
		if iv.From <= m && m < iv.To {
			return local.Second() == 0 && (m-iv.From)%clock.Minute(step/time.Minute) == 0
		}
	}
	return false
}

// workedThrough lists the spans of every local day that [from, to) touches, time away not cut out.
func (h Hours) workedThrough(from, to clock.Instant) []Span {
	z := h.zone()
	first, ok := midnight(clock.DateOf(from.In(z)))
	last, ok2 := midnight(clock.DateOf(to.In(z)))
	if !ok || !ok2 {
		return nil // beyond the year 9999
	}
	var room [4]stretch
	walls := stretches(z, first, last+daySeconds, room[:0])
	var out []Span
	for at := first; at <= last; at += daySeconds {
		out = h.worked(out, dateAt(at), at, walls)
	}
	return out
}

// dateAt is the date of a midnight as midnight returns it.
func dateAt(at int64) clock.Date { return clock.DateOf(time.Unix(at, 0).UTC()) }

// within says whether one of the spans holds [from, to).
func within(open []Span, from, to clock.Instant) bool {
	for _, s := range open {
		if s.From <= from && to <= s.To {
			return true
		}
	}
	return false
}

// Slots lists, in order, the starts that a patient may book on the local days from to to, both included:
// exactly those that Bookable accepts and whose Held span touches nothing busy. Its cost follows the
// days asked for and the busy spans handed in. It is nil when nothing is free.
func Slots(h Hours, o Offer, b Busy, from, to clock.Date, now clock.Instant) []clock.Instant {
	step, ok := o.step()
	if !ok {
		return nil
	}
	z := h.zone()
	earliest := o.earliest(now)
	from = max(from, clock.DateOf(earliest.In(z)))
	to = min(to, o.lastDay(now, z))
	first, ok := midnight(from)
	last, ok2 := midnight(to)
	if !ok || !ok2 || first > last {
		return nil
	}
	// A visit may run past midnight, so the days after the window are needed to know whether it is open then.
	overhang := (int64(o.Duration/time.Second)/daySeconds + 1) * daySeconds
	var room [8]stretch
	walls := stretches(z, first, last+overhang+daySeconds, room[:0])
	dates := make([]clock.Date, 0, (last+overhang-first)/daySeconds+1)
	open := make([]Span, 0, 3*cap(dates))
	for at := first; at <= last+overhang; at += daySeconds {
		dates = append(dates, dateAt(at))
		open = h.worked(open, dates[len(dates)-1], at, walls)
	}
	open = cut(open, h.awayDuring(open))

	s := sweep{offer: o, step: int64(step / time.Second), earliest: earliest, open: open, busy: b.Spans}
	for i, at := 0, first; at <= last; i, at = i+1, at+daySeconds {
		if o.DailyCap > 0 && b.PerDay[dates[i]] >= o.DailyCap {
			continue
		}
		for _, iv := range h.intervals(dates[i], weekdayOf(at)) {
			a, e := at+60*int64(iv.From), at+60*int64(iv.To)
			for _, w := range walls {
				if lo, hi := max(a, w.from), min(e, w.to); lo < hi {
					s.interval(a, lo, hi, w.off)
				}
			}
		}
	}
	return s.out
}

// sweep walks the starts in order, with one finger on the open spans and one on the busy ones.
type sweep struct {
	offer    Offer
	step     int64 // seconds
	earliest clock.Instant
	open     []Span
	busy     []Span
	reach    clock.Instant // the latest end of the busy spans under and behind the finger
	any      bool          // reach is set
	out      []clock.Instant
}

// interval adds the free starts of the wall-clock time [lo, hi), on the grid that begins at origin.
func (s *sweep) interval(origin, lo, hi, off int64) {
	lo = max(lo, seconds(s.earliest)+off)
	for w := s.grid(origin, lo); w < hi; {
		start := moment(w, off)
		end := start.Add(s.offer.Duration)
		for len(s.open) > 0 && s.open[0].To <= start {
			s.open = s.open[1:]
		}
		if len(s.open) == 0 {
			return
		}
		if at := s.open[0]; start < at.From || end > at.To {
			// Not open at the start: go to where it opens. Too long for what is left: go behind it.
			next := at.From
			if start >= at.From {
				next = at.To
			}
			w = s.grid(origin, max(w+1, seconds(next)+off))
			continue
		}
		held := s.offer.Held(start)
		s.advance(held.To)
		if s.any && s.reach > held.From {
			w = s.grid(origin, max(w+1, seconds(s.reach)+off))
			continue
		}
		if onGrain(start) { // false only in zones of the past, with odd seconds
			s.out = append(s.out, start)
		}
		w += s.step
	}
}

// grid is the first wall time from wall on that is a whole number of steps after origin.
func (s *sweep) grid(origin, wall int64) int64 {
	return origin + (wall-origin+s.step-1)/s.step*s.step
}

// advance puts the finger behind every busy span that begins before to. What begins earlier and is over
// does no harm; what is not over shows in reach, so overlapping spans need no joining first.
func (s *sweep) advance(to clock.Instant) {
	for len(s.busy) > 0 && s.busy[0].From < to {
		if b := s.busy[0]; b.From < b.To && (!s.any || b.To > s.reach) {
			s.reach, s.any = b.To, true
		}
		s.busy = s.busy[1:]
	}
}

// seconds is the instant in whole seconds since 1970, rounded up.
func seconds(t clock.Instant) int64 {
	n := int64(t) / 1e6
	if int64(t)%1e6 > 0 {
		n++
	}
	return n
}
