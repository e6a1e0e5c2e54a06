package app

import (
	"context"
	"fmt"

	"almirah/internal/jobs"
)

// reviews looks for reviews of people that are late.
func (p probe) reviews(ctx context.Context) (string, error) {
	states, _, err := p.Watch.DutyStates(ctx, jobs.Platform())
	if err != nil {
		return "", err
	}
	next := ""
	for _, d := range states {
		if d.Late {
			return "", fmt.Errorf("the review %q was due on %s; who did it signs at /platform/duties", d.Kind, d.Due)
		}
		if d.Due != "" && (next == "" || string(d.Due) < next) {
			next = string(d.Due)
		}
	}
	if next == "" {
		return fmt.Sprintf("%d reviews; none is due before the first clinic opens", len(states)), nil
	}
	return fmt.Sprintf("%d reviews, the next due on %s", len(states), next), nil
}
