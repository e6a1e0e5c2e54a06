package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/privacy"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// glanced is a part of the day at which the live looks count what must not be there. What they look at was done by the verbs of the day, so they find nothing; since
// the beginning of time there is more to count.
func glanced(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	now := clock.At(p.Clock.Now())
	for _, since := range []clock.Instant{now.Add(-48 * time.Hour), 1_000_000} {
		must(p.DB.View(ctx, p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
			for _, look := range []func() error{
				func() error { _, err := store.Unplaced(v, since); return err },
				func() error { _, err := store.Silent(v, since); return err },
				func() error { _, _, err := store.Unsaid(v, since); return err },
				func() error { _, _, err := store.Misfiled(v); return err },
				func() error { _, err := store.NewestLeaves(v, 5); return err },
				func() error { _, _, err := store.Bare(v); return err },
				func() error { _, err := consent.Unasked(v, since); return err },
				func() error { _, err := consent.Overridden(v, since); return err },
				func() error { _, err := requests.Lingering(v, law.Access); return err },
				func() error { _, _, err := requests.Unstated(v, since); return err },
				func() error { _, err := requests.Unproved(v, since); return err },
				func() error { _, err := messaging.SentTwice(v, since); return err },
				func() error { _, err := oversight.Unmailed(v, now); return err },
				func() error { _, err := programs.Overreach(v, since); return err },
				func() error { _, err := programs.Wordy(v); return err },
				func() error { _, _, _, _, err := programs.Slack(v, now.Add(time.Hour), false); return err },
				func() error { _, _, err := programs.Exposed(v); return err },
				func() error { _, _, err := programs.Behind(v, since); return err },
				func() error { _, err := archives.Hasty(v); return err },
				func() error { _, err := archives.Unvouched(v); return err },
				func() error { _, err := archives.Halfway(v); return err },
				func() error { _, err := archives.Nameless(v, since); return err },
				func() error { _, err := privacy.Unruled(v); return err },
			} {
				if err := look(); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
