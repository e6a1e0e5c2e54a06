package store_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// restored is the part of the day after a restore: what is due may have gone out before, and the gateways' books are compared.
func restored(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("after a restore")
		if _, _, err := messaging.AfterRestore(tx, tx.Now(), id.Zero); err != nil {
			return err
		}
		if err := retention.AfterRestore(tx); err != nil {
			return err
		}
		if err := requests.AfterRestore(tx); err != nil {
			return err
		}
		return billing.AfterRestore(tx)
	}))
}
