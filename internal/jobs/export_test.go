package jobs

import (
	"context"
	"time"

	"almirah/internal/id"

	"github.com/riverqueue/river"
)

// Pace has tours go round otherwise than they do, before the start.
func (j *Jobs) Pace(turn, each, hold time.Duration) { j.turn, j.each, j.hold = turn, each, hold }

// AskAs asks for a chore as another process would, and as the release before did when old.
func (j *Jobs) AskAs(ctx context.Context, chore string, old bool) error {
	o := once(j.chores[chore].queue())
	if old {
		o = once(queueClinic)
	}
	_, err := j.queue.insert(ctx, []river.InsertManyParams{{Args: choreArgs{chore, id.New(j.clock.Now())}, InsertOpts: &o}})
	return err
}

// Moments are when a chore is asked for after a moment, one after the other.
func (j *Jobs) Moments(chore string, after time.Time, n int) (out []time.Time) {
	for m := j.moments(j.chores[chore]); len(out) < n; out = append(out, after) {
		after = m.Next(after)
	}
	return out
}
