package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

const (
	addClosure   = `INSERT INTO closure (clinic_id, id, starts_at, ends_at, name, created_at) VALUES ($1, $2, $3, $4, $5, $3)`
	countClosure = `SELECT COUNT(*) FROM closure WHERE clinic_id = $1`
)

func closures(t *testing.T, b *rig.Base, clinic id.ID) (n int) {
	t.Helper()
	err := b.DB.View(context.Background(), b.In(clinic, access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
		return v.Row(countClosure).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func addOne(name string, note bool, fail error) func(context.Context, *store.Tx) error {
	return func(_ context.Context, tx *store.Tx) error {
		one := tx.NewID()
		if note {
			tx.Record(audit.Note{Action: "add", Kind: "closure", Subject: one, New: name})
		}
		if _, err := tx.Exec(addClosure, one, tx.Now(), tx.Now().Add(time.Hour), name); err != nil {
			return err
		}
		return fail
	}
}

func TestAPassageNeedsCallerRightAndSubject(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "no-act-without-record")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		owner := b.As(access.Owner)
		if err := b.DB.Change(ctx, access.Caller{}, access.ScheduleSettings, addOne("x", true, nil)); !errors.Is(err, store.ErrNoCaller) {
			t.Errorf("zero caller: %v", err)
		}
		if err := b.DB.Change(ctx, b.As(access.Billing), access.ScheduleSettings, addOne("x", true, nil)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("role without the right: %v", err)
		}
		if err := b.DB.Change(ctx, owner, access.ScheduleSettings, addOne("x", false, nil)); !errors.Is(err, store.ErrUnaccounted) {
			t.Errorf("write without a subject: %v", err)
		}
		boom := errors.New("boom")
		if err := b.DB.Change(ctx, owner, access.ScheduleSettings, addOne("x", true, boom)); !errors.Is(err, boom) {
			t.Errorf("failing function: %v", err)
		}
		if n := closures(t, b, b.Clinic); n != 0 {
			t.Fatalf("%d rows were kept of passages that failed", n)
		}
		if err := b.DB.Change(ctx, owner, access.ScheduleSettings, addOne("x", true, nil)); err != nil {
			t.Fatal(err)
		}
		if n := closures(t, b, b.Clinic); n != 1 {
			t.Fatalf("%d rows, 1 was written", n)
		}
		err := b.DB.Change(ctx, owner, access.ScheduleSettings, func(ctx context.Context, _ *store.Tx) error {
			return b.DB.Change(ctx, owner, access.ScheduleSettings, addOne("y", true, nil))
		})
		if !errors.Is(err, store.ErrNested) {
			t.Errorf("a Change inside a Change: %v", err)
		}
	})
}

func TestAnotherClinicSeesAndChangesNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinic-apart")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		other := b.Found(t, "moonrise")
		if err := b.DB.Change(ctx, b.As(access.Owner), access.ScheduleSettings, addOne("x", true, nil)); err != nil {
			t.Fatal(err)
		}
		if n := closures(t, b, other); n != 0 {
			t.Fatalf("the other clinic sees %d rows", n)
		}
		// A statement that forgets the clinic in its text is refused; on PostgreSQL the fence
		// holds even for one that mentions $1 and does not compare it.
		err := b.DB.View(ctx, b.In(other, access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
			var n int
			return v.Row(`SELECT COUNT(*) FROM closure`).Scan(&n)
		})
		if err == nil {
			t.Error("a statement without $1 was run")
		}
		if b.Engine == store.Postgres {
			err = b.DB.View(ctx, b.In(other, access.Owner), access.ClinicRead, func(_ context.Context, v *store.View) error {
				var n int
				if err := v.Row(`SELECT COUNT(*) FROM closure WHERE CAST($1 AS BYTEA) IS NOT NULL`).Scan(&n); err != nil || n != 0 {
					t.Errorf("row-level security let %d rows through (%v)", n, err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWhatWasShownIsWrittenDown(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "looks-recorded")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		who := b.As(access.FrontDesk)
		first, second := id.New(b.Clock.Now()), id.New(b.Clock.Now())
		look := func(patients ...id.ID) {
			t.Helper()
			err := b.DB.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) error {
				v.Listed("day", "2026-11-23", patients)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		count := func() (n int) {
			t.Helper()
			err := b.DB.View(ctx, b.As(access.Owner), access.AuditRead, func(_ context.Context, v *store.View) error {
				return v.Row(`SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'list'`).Scan(&n)
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		look(first)
		look(first)
		if n := count(); n != 1 {
			t.Fatalf("the same list twice in a minute: %d entries, 1 is wanted", n)
		}
		look(first, second)
		if n := count(); n != 2 {
			t.Fatalf("the same list with somebody new on it: %d entries, 2 are wanted", n)
		}
		b.Clock.Move(15 * time.Minute)
		look(first)
		if n := count(); n != 3 {
			t.Fatalf("a quarter of an hour later: %d entries, 3 are wanted", n)
		}
		// One record that is opened is an entry of its own each time: who, in which role and what for, and whom it is about.
		patient, record := id.New(b.Clock.Now()), id.New(b.Clock.Now())
		for range 2 {
			err := b.DB.View(ctx, who, access.PatientRead, func(_ context.Context, v *store.View) error {
				v.Opened("patient", record, patient)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		err := b.DB.View(ctx, b.As(access.Owner), access.AuditRead, func(_ context.Context, v *store.View) error {
			rows, err := v.Query(`SELECT actor_id, role, patient_id, at, body FROM audit_leaf WHERE clinic_id = $1 AND action = 'open' AND kind = 'patient' AND subject_id = $2`, record)
			if err != nil {
				return err
			}
			defer rows.Close()
			n := 0
			for rows.Next() {
				var actor, whom id.ID
				var role string
				var at clock.Instant
				var body []byte
				if err := rows.Scan(&actor, &role, &whom, &at, &body); err != nil {
					return err
				}
				if n++; actor != who.Actor() || role != "front-desk" || whom != patient || at != clock.At(b.Clock.Now()) || !strings.Contains(string(body), `"purpose":"`+string(who.Purpose())+`"`) {
					t.Errorf("the entry says %v as %s of %v at %v: %s", actor, role, whom, at.Time(), body)
				}
			}
			if n != 2 {
				t.Errorf("opened twice: %d entries", n)
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheTreeTakesEveryEntry(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-tamper-evident")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		for range 7 {
			if err := b.DB.Change(ctx, b.As(access.Owner), access.ScheduleSettings, addOne("x", true, nil)); err != nil {
				t.Fatal(err)
			}
		}
		op := b.As(access.Operator)
		n, err := b.DB.Sequence(ctx, op)
		if err != nil || n < 8 {
			t.Fatalf("placed %d entries (%v), 8 or more are waiting", n, err)
		}
		h, err := b.DB.Head(ctx, op)
		if err != nil || h.Size != int64(n) {
			t.Fatalf("head over %d entries (%v), want %d", h.Size, err, n)
		}
		if again, err := b.DB.Sequence(ctx, op); err != nil || again != 0 {
			t.Fatalf("nothing waits, yet %d were placed (%v)", again, err)
		}
	})
}

func TestVerifyNamesTheBadEntry(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		op := b.As(access.Operator)
		for range 5 {
			if err := b.DB.Change(ctx, b.As(access.Owner), access.ScheduleSettings, addOne("x", true, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.DB.Sequence(ctx, op); err != nil {
			t.Fatal(err)
		}
		r, err := b.DB.VerifyAudit(ctx, op, nil)
		if err != nil || r.Entries < 6 {
			t.Fatalf("an untouched log: %v, %d entries", err, r.Entries)
		}
		later := r.Head
		later.Size += 3
		var broken *audit.Broken
		if _, err := b.DB.VerifyAudit(ctx, op, []audit.Head{later}); !errors.As(err, &broken) {
			t.Fatalf("a kept head beyond the log: %v", err)
		}
		// The engines themselves refuse to change a leaf.
		err = b.DB.Change(ctx, b.As(access.Owner), access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a test of the guard")
			_, err := tx.Exec(`UPDATE audit_leaf SET action = 'nothing' WHERE clinic_id = $1`)
			return err
		})
		if !errors.Is(err, store.ErrFenced) {
			t.Fatalf("changing a leaf: %v", err)
		}
	})
}
