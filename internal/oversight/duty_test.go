package oversight_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/oversight"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestReviewsHaveADay: nothing is late in the first months; each review is late the day after its span, by itself, and in time again once somebody signed that it was
// done; nobody signs the future, and nobody but an operator signs.
func TestReviewsHaveADay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reviews-on-time")
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			b := rig.New(t, engine, store.Options{})
			s, op := oversight.New(b.DB), access.Mint(id.Zero, id.New(b.Clock.Now()), id.Zero, id.New(b.Clock.Now()), access.Operator, access.Running)
			late := func() (out []string) {
				states, _, err := s.DutyStates(ctx, op)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range states {
					if d.Late {
						out = append(out, d.Kind)
					}
				}
				return out
			}
			sign := func(kind string) {
				t.Helper()
				if err := s.SignDuty(ctx, op, kind, b.Clock.Now().UTC().Format(time.DateOnly), "shelf 4"); err != nil {
					t.Fatal(err)
				}
			}
			opened := rig.Start.UTC()
			b.Clock.Set(opened.AddDate(0, 6, 0))
			if got := late(); len(got) != 0 {
				t.Errorf("six months after the opening %v are late", got)
			}
			b.Clock.Set(opened.AddDate(0, 6, 1))
			if got := late(); len(got) != 2 || got[0] != "people" || got[1] != "scan" {
				t.Errorf("the day after, %v are late", got)
			}
			sign("people")
			sign("scan")
			if got := late(); len(got) != 0 {
				t.Errorf("after the signatures %v are late", got)
			}
			b.Clock.Set(opened.AddDate(0, 12, 1))
			if got := late(); len(got) != len(oversight.Duties())-2 {
				t.Errorf("a year and a day after the opening %v are late", got)
			}
			_, all, err := s.DutyStates(ctx, op)
			if err != nil || len(all) != 2 || all[0].Report != "shelf 4" || all[0].By != op.Actor() {
				t.Errorf("signatures: %+v %v", all, err)
			}
			tomorrow := b.Clock.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
			refused(t, "a day to come", s.SignDuty(ctx, op, "people", tomorrow, "shelf 4"), fault.Invalid)
			refused(t, "no such duty", s.SignDuty(ctx, op, "lunch", "2026-12-01", "shelf 4"), fault.Invalid)
			refused(t, "no report", s.SignDuty(ctx, op, "people", b.Clock.Now().UTC().Format(time.DateOnly), " "), fault.Invalid)
			refused(t, "an owner of a clinic", s.SignDuty(ctx, b.As(access.Owner), "people", b.Clock.Now().UTC().Format(time.DateOnly), "shelf 4"), fault.Forbidden)
			if _, _, err := s.DutyStates(ctx, accounts.Operator()); err != nil {
				t.Error(err)
			}
		})
	}
}
