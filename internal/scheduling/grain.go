package scheduling

import (
	"time"

	"almirah/internal/clock"
)

// Grain is the unit in which time is claimed: every start and every duration is a multiple of it,
// counted from 1970-01-01T00:00Z. Every zone's offset since 1972 is a multiple of five minutes, so
// what is whole on a clinic's wall clock is whole here too.
const Grain = 5 * time.Minute

const grainMicros = int64(Grain / time.Microsecond)

// GrainNo numbers the grains since 1970; grain 0 begins at 1970-01-01T00:00Z. Earlier ones are negative.
type GrainNo int64

// GrainOf is the grain in which t lies.
func GrainOf(t clock.Instant) GrainNo {
	n := int64(t) / grainMicros
	if int64(t)%grainMicros < 0 {
		n--
	}
	return GrainNo(n)
}

// Instant is the first moment of the grain.
func (g GrainNo) Instant() clock.Instant { return clock.Instant(int64(g) * grainMicros) }

// Grains lists, in order, every grain that the half-open span [from, to) touches, also those that it
// touches only in part. It is nil when the span is empty.
func Grains(from, to clock.Instant) []GrainNo {
	if to <= from {
		return nil
	}
	first, last := GrainOf(from), GrainOf(to-1)
	out := make([]GrainNo, 0, last-first+1)
	for g := first; g <= last; g++ {
		out = append(out, g)
	}
	return out
}

// onGrain says whether t is the first moment of a grain.
func onGrain(t clock.Instant) bool { return int64(t)%grainMicros == 0 }

// outward widens the span to whole grains: what a claim on it would hold.
func outward(s Span) Span {
	to := GrainOf(s.To).Instant()
	if to < s.To {
		to += clock.Instant(grainMicros)
	}
	return Span{From: GrainOf(s.From).Instant(), To: to}
}
