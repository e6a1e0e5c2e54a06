package jobs

import (
	"context"
	"time"

	"almirah/internal/store"
)

// sequenceEvery is how often it is looked whether audit entries wait for their place: an entry has it, under a signed head, within a second.
const sequenceEvery = 400 * time.Millisecond

// sequence gives audit entries their place in the tree for as long as ctx lives. Every process does so; one at a time gets the lock. It is no
// job of the queue, because the queue's own rows would cost more than the tree's. What goes wrong is said once, and again after a minute;
// entries then wait, and the house says so on its pages and where it is asked whether it is ready.
func (j *Jobs) sequence(ctx context.Context) {
	poll := time.NewTicker(sequenceEvery)
	defer poll.Stop()
	var said string
	var at time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		}
		err := Sequence(ctx, j.db)
		if err == nil || ctx.Err() != nil {
			said = ""
			continue
		}
		if now := j.clock.Now(); err.Error() != said || now.Sub(at) > time.Minute {
			said, at = err.Error(), now
			j.log.Error("audit entries do not get their place", "error", err)
		}
	}
}

// Sequence gives every waiting audit entry its place.
func Sequence(ctx context.Context, db *store.DB) error {
	for {
		waits, _, err := db.Waits(ctx, platform())
		if err != nil || !waits {
			return err
		}
		if n, err := db.Sequence(ctx, platform()); err != nil || n == 0 {
			return err
		}
	}
}
