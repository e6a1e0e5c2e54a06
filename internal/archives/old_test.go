package archives_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/fault"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestAListThatIsTooOldSaysSo: when the cells of a list go before it was brought in, it cannot be brought in as if they were there, and a line of which nothing is
// left is named.
func TestAListThatIsTooOldSaysSo(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		v := visits(t, b, 1)
		h, owner := v.h, b.As(access.Owner)
		keep := func() {
			t.Helper()
			if err := b.DB.Change(ctx, b.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
				_, err := archives.Keeper{}.Due(tx)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		text := "Name,Phone\nNew One,+9196" + pad(1) + "\nNew Two,+9196" + pad(2) + "\n"
		l := h.lookOver(t, text)
		unread, err := h.s.Bring(ctx, owner, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list, _ := v.bring("Patient;Mobile;Doctor;Type;Start;Status\nAsha Rao;098" + pad(0) + ";Meera Iyer A;Check-up;" + v.stamp(v.At(20, "11:00")) + ";booked\n")
		v.looks(list, false)
		b.Clock.Move(6 * 24 * time.Hour)
		keep()
		if got := h.looked(t, l.ID); got.State != archives.ListChecked || len(got.First) != 2 {
			t.Errorf("after six days: %s, %d lines", got.State, len(got.First))
		}
		b.Clock.Move(2 * 24 * time.Hour)
		keep()
		columns := h.looked(t, l.ID).Columns
		for _, one := range []archives.Looked{h.looked(t, l.ID), h.looked(t, unread), h.looked(t, list)} {
			if one.State != archives.ListOld || len(one.First) != 0 {
				t.Errorf("after eight days: %s, %d lines", one.State, len(one.First))
			}
			for what, err := range map[string]error{"taken": h.s.Take(ctx, owner, one.ID, one.Version), "taken back": h.s.TakeBack(ctx, owner, one.ID, one.Version),
				"looked over": h.s.Look(ctx, owner, one.ID, one.Columns, archives.DayFirst, false, one.Version)} {
				if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "fault.list.old") {
					t.Errorf("a list that is too old was %s: %v", what, err)
				}
			}
		}
		if len(columns) != 2 {
			t.Errorf("columns: %v", columns)
		}

		// One of which the cells went by an earlier release, or while it was being brought in.
		l = h.lookOver(t, text)
		if err := b.DB.Change(ctx, b.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a test's day")
			_, err := tx.Exec(`UPDATE list_line SET cells = NULL WHERE clinic_id = $1`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Take(ctx, owner, l.ID, l.Version); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Work(ctx, b.As(access.System)); err != nil {
			t.Fatal(err)
		}
		left := 0
		if err := h.s.EachLeft(ctx, owner, l.ID, func(archives.List, []string, archives.Line) { left++ }); err != nil {
			t.Fatal(err)
		}
		if l = h.looked(t, l.ID); l.Made != 0 || l.Counts[archives.LineWrong] != 2 || len(l.Wrong) != 2 || len(l.Wrong[0].Faults) == 0 || left != 2 {
			t.Errorf("made %d of %v, named %d and %d: %v", l.Made, l.Counts, len(l.Wrong), left, l.Wrong)
		}
	})
}
