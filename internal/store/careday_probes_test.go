package store_test

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/messaging"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// glance is what a live look counts: what is wrong, of what it looked at.
type glance func(v *store.View) (bad, looked int64, err error)

// ever is a moment before every row.
const ever clock.Instant = 1_000_000

// glanced runs live looks in the middle of a part of the day, where there is something to count.
func glanced(ctx context.Context, p *practice.Practice, must func(error), looks ...glance) {
	must(p.DB.View(ctx, p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
		for _, look := range looks {
			if _, _, err := look(v); err != nil {
				return err
			}
		}
		return nil
	}))
}

// since is a look at what was made after the moment, over everything.
func since(look func(v *store.View, at clock.Instant) (int64, int64, error)) glance {
	return func(v *store.View) (int64, int64, error) { return look(v, ever) }
}

// glancedAtAll are the looks at the log and at what was sent.
func glancedAtAll(ctx context.Context, p *practice.Practice, must func(error)) {
	glanced(ctx, p, must, since(store.Unplaced), since(store.Silent), since(store.Unsaid), store.Misfiled, store.Bare, since(consent.Unasked), since(consent.Overridden), since(messaging.SentTwice),
		func(v *store.View) (int64, int64, error) { _, err := store.NewestLeaves(v, 5); return 0, 0, err })
}
