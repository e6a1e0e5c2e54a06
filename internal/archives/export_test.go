package archives

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
)

// TakeAway is takeAway, for the tests: the second half of taking a list back, after the look that chose whom.
func (s *Service) TakeAway(ctx context.Context, who access.Caller, people []id.ID) error {
	return s.takeAway(ctx, who, people)
}

// StartOf is startOf, for the tests.
func StartOf(whole, day, at, order string, today time.Time, zone *time.Location) (clock.Instant, string, bool) {
	s := startOf(whole, day, at, order, today, zone)
	return s.at, s.fault, s.repeat
}
