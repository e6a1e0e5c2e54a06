package app

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/messaging"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/store"
)

// A database that came back from a backup is held: the house serves, but nothing leaves it until somebody lets go. What fell due since the
// backup, the clinic may have sent before the disaster; it is marked uncertain once, before anything is served.

// heldPoll is how soon a process learns that another one has let go.
const heldPoll = time.Second

// Held says whether nothing may leave the house just now.
func (h *House) Held() bool { return h.held.Load() }

// readHeld reads it from the database.
func (h *House) readHeld(ctx context.Context) error {
	_, ok, err := h.DB.Held(ctx)
	if err == nil {
		h.held.Store(ok)
	}
	return err
}

// watchHeld lets go when another process was told to.
func (h *House) watchHeld(ctx context.Context) {
	t := time.NewTicker(heldPoll)
	defer t.Stop()
	for h.Held() {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := h.readHeld(ctx); err != nil && ctx.Err() == nil {
			h.Log.Error("held: it cannot be read whether things may leave", "error", err.Error())
		}
	}
}

// Settle takes away, after a restore, the rows of people who were erased since the backup, does what every clinic has due, and marks all that would
// leave as uncertain. It does nothing when that was done or nothing is held, and may be broken off and begun again. Nobody may be served before.
func (h *House) Settle(ctx context.Context, say func(format string, args ...any)) error {
	r, ok, err := h.DB.Held(ctx)
	if err != nil || !ok || r.SettledAt > 0 {
		return err
	}
	if err := h.Lives.FinishAll(ctx); err != nil { // a clinic that had gone stays gone
		return err
	}
	list, err := h.DB.Due(ctx, jobs.Platform(), clock.Instant(1<<63-1), 1_000_000)
	if err != nil {
		return err
	}
	uncertain := int64(0)
	for i, c := range list {
		n, err := h.settle(ctx, c, r)
		if err != nil {
			return err
		}
		uncertain += n
		if i+1 == len(list) || (i+1)%100 == 0 {
			say("settled %d of %d clinics", i+1, len(list))
		}
	}
	if err := h.finishColleagues(ctx, jobs.Platform(), r.TakenAt.Add(-lookBack)); err != nil {
		return err
	}
	n, err := h.Accounts.AfterRestore(ctx, jobs.Platform())
	if err != nil {
		return err
	}
	uncertain += n
	say("%d messages and letters fell due since the backup and are marked uncertain", uncertain)
	return h.DB.Settled(ctx, jobs.Platform(), r.ID, uncertain)
}

func (h *House) settle(ctx context.Context, clinic id.ID, r store.Restoration) (int64, error) {
	who := jobs.ForClinic(clinic)
	if err := h.Lives.OrdersAfterRestore(ctx, who); err != nil {
		return 0, err
	}
	if err := h.finishDeletions(ctx, who, r.TakenAt.Add(-lookBack)); err != nil {
		return 0, err
	}
	if err := h.Erasure.Work(ctx, who); err != nil { // what a law held then, and holds no longer. It opens to nobody after its day, and is tried again every hour: one hold does not keep the house shut
		if ctx.Err() != nil {
			return 0, err
		}
		h.Log.ErrorContext(ctx, "what a law held of erased people could not be ended", "clinic", clinic.String(), "error", err.Error())
	}
	// Letters that these would plan are marked with the others.
	if err := h.billPlans(ctx, who); err != nil {
		return 0, err
	}
	if err := h.tellOwners(ctx, who); err != nil {
		return 0, err
	}
	if err := h.Jobs.Settle(ctx, clinic); err != nil {
		return 0, err
	}
	all := int64(0)
	behind := id.Zero
	for {
		n := 0
		err := h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) (err error) {
			tx.Housekeeping("what fell due between a backup and its restore")
			n, behind, err = messaging.AfterRestore(tx, tx.Now(), behind)
			return err
		})
		if err != nil {
			return all, err
		}
		all += int64(n)
		if n == 0 {
			break
		}
	}
	err := h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("what the clinic's own programs, and its owners, were to be told when the database came back")
		n, err := programs.AfterRestore(tx)
		all += int64(n)
		if err != nil {
			return err
		}
		if err := requests.AfterRestore(tx); err != nil {
			return err
		}
		return retention.AfterRestore(tx)
	})
	if err != nil {
		return all, err
	}
	return all, h.DB.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("the books are compared with the gateways' after a restore")
		return billing.AfterRestore(tx)
	})
}

// Release lets what is held leave. The operator may; so may the owner of the only clinic here, who runs the house for herself.
// fault.Forbidden for everybody else, fault.Conflict when nothing is held.
func (h *House) Release(ctx context.Context, who access.Caller) error {
	if !who.May(access.PlatformOperate) {
		alone, err := h.alone(ctx)
		if err != nil {
			return err
		}
		if !who.May(access.BackupRelease) || !alone {
			return fault.New(fault.Forbidden, "fault.forbidden")
		}
		who = access.Caller(accounts.Operator())
	}
	if err := h.DB.Release(ctx, who); err != nil {
		return err
	}
	h.refreshBackups(ctx)
	return h.readHeld(ctx)
}

// alone says whether one clinic has the house for itself.
func (h *House) alone(ctx context.Context) (bool, error) {
	list, err := h.realClinics(ctx, clock.Instant(1<<63-1), 2)
	return len(list) == 1, err
}

// single is alone for a page, which shows nothing it cannot know.
func (h *House) single(ctx context.Context) bool {
	yes, err := h.alone(ctx)
	return err == nil && yes
}
