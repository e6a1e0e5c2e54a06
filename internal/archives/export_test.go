package archives

import (
	"time"

	"almirah/internal/clock"
)

// StartOf is startOf, for the tests.
func StartOf(whole, day, at, order string, today time.Time, zone *time.Location) (clock.Instant, string, bool) {
	s := startOf(whole, day, at, order, today, zone)
	return s.at, s.fault, s.repeat
}
