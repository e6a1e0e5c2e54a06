package requests

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/law"
)

// Due is by when a request is answered: what the law gives or the thirty days of the policy, whichever is sooner. It stood still for the time
// that it took to find out who asks, and for nothing else.
func Due(place string, kind law.Request, came clock.Instant, paused time.Duration, zone *time.Location) clock.Instant {
	return law.Due(place, kind, came.Add(paused), zone)
}

// ConfirmDue is by when the law wants it confirmed that a request came; zero where it does not ask. It does not stand still.
func ConfirmDue(place string, kind law.Request, came clock.Instant, zone *time.Location) clock.Instant {
	within := law.AnswerTo(place, kind).Confirm
	if within.IsZero() {
		return 0
	}
	return within.End(came, zone)
}

// Longer is by when a request is answered whose time was lengthened: what the law adds, from the day on which the answer was due.
func Longer(place string, kind law.Request, due clock.Instant, zone *time.Location) clock.Instant {
	return law.AnswerTo(place, kind).Longer.End(due, zone)
}

// The shares of a request's time at which the owners are told, in hundredths.
var warnings = []int64{50, 80, 100}

// warning is the greatest of the warnings whose moment has come; zero before the first.
func warning(from, due, now clock.Instant) (out int64) {
	for _, share := range warnings {
		if at := from + (due-from)/100*clock.Instant(share); now >= at {
			out = share
		}
	}
	return out
}
