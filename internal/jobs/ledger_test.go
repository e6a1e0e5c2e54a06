package jobs_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestEntriesGetTheirPlaceWithinASecond: two processes sequence beside each other, and nobody waits.
func TestEntriesGetTheirPlaceWithinASecond(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		for _, db := range []*store.DB{b.DB, b.Open(t, store.Options{})} {
			j := jobs.New(db, nil, b.Clock, b.Log, jobs.Options{DatabaseURL: b.URL})
			if err := j.Start(ctx); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = j.Stop(context.Background()) })
		}
		op := b.As(access.Operator)
		for range 3 {
			err := b.DB.Change(ctx, b.As(access.Owner), access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
				tx.Record(audit.Note{Action: "change", Kind: "clinic", Subject: tx.Clinic()})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			placed := b.Within(t, time.Second, func() bool {
				waits, _, err := b.DB.Waits(ctx, op)
				if err != nil {
					t.Fatal(err)
				}
				return !waits
			})
			if !placed {
				t.Fatal("the entry still waits")
			}
		}
		_, key, err := b.Vault.LogSigner()
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.DB.Checkpoint(ctx, op)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := audit.ReadCheckpoint(c.Note, key); err != nil {
			t.Error(err)
		}
		if _, err := b.DB.VerifyAudit(ctx, op, nil); err != nil {
			t.Error(err)
		}
	})
}
