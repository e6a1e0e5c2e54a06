package app

import (
	"context"
	"testing"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/retention"
	"almirah/internal/store"
)

// TestWhatCameBackIsNotDestroyedUnasked: a clinic's owners were told that it goes in two days, and one of them came back; then the house comes back from a backup of the hours between,
// which does not know that. Nothing is destroyed while the house is held, and afterwards the owners are told anew, and have their two days.
func TestWhatCameBackIsNotDestroyedUnasked(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-closing")
	engines(t, func(t *testing.T, engine store.Engine) {
		ctx := context.Background()
		h, now := timedHouse(t, engine, morning)
		owner, clinic, err := h.demoClinic(ctx)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(err)
		watch := func(d time.Duration) {
			t.Helper()
			for end := now.Now().Add(d); now.Now().Before(end); {
				now.Move(min(12*time.Hour, end.Sub(now.Now())))
				must(h.Lives.Beat(ctx, jobs.Platform()))
				must(h.watchClosing(ctx, jobs.ForClinic(clinic.ID)))
			}
		}
		closing := func() retention.Closing {
			t.Helper()
			x, there, err := h.Lives.ClosingOf(ctx, anOwner(h, clinic.ID))
			if err != nil || !there {
				t.Fatalf("it does not close: %v", err)
			}
			return x
		}
		must(h.Lives.Close(ctx, owner, false))
		watch(89 * 24 * time.Hour)
		told := closing().NoticedAt
		if told == 0 {
			t.Fatal("nobody was told")
		}
		// This is what the backup holds. An owner comes back, and the disaster follows; yesterday's state is here again.
		must(h.DB.NoteRestoration(ctx, accounts.Operator(), "of-yesterday", clock.At(now.Now())))
		must(h.readHeld(ctx))
		must(h.Settle(ctx, t.Logf))
		watch(4 * 24 * time.Hour)
		if gone, err := h.Vault.ClinicGone(ctx, clinic.ID); err != nil || gone {
			t.Fatalf("it was destroyed while the house is held: %v", err)
		}
		must(h.Release(ctx, accounts.Operator()))
		watch(12 * time.Hour)
		x := closing()
		if x.NoticedAt <= told || x.GoesAt.Sub(x.NoticedAt) < retention.Warned {
			t.Errorf("after the restore: %+v", x)
		}
		watch(24 * time.Hour)
		if gone, err := h.Vault.ClinicGone(ctx, clinic.ID); err != nil || gone {
			t.Fatalf("it was destroyed before its owners had their days: %v", err)
		}
		watch(48 * time.Hour) // nobody comes back this time
		if gone, err := h.Vault.ClinicGone(ctx, clinic.ID); err != nil || !gone {
			t.Errorf("it stays beyond its days: %v", err)
		}
	})
}
