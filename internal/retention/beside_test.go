package retention_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// TestAnOrderOutlivesARestore: what the data forgot because it comes from before, the keys' side knows: an order that was given since stands again, with its reason and its two people; one that
// was only asked for then is approved; one that was over then yields to the newer one. One that was lifted, or whose day is over, does not stand again; nobody who is not there is held. What
// lies there is exactly what stands, each night anew, and goes with its clinic.
func TestAnOrderOutlivesARestore(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p, ctx := practice.Open(t, b, 1), context.Background()
		spread, ninety, eighty := 0, p.Day(90), p.Day(80)
		s, people := retention.New(b.DB, b.Log, retention.Options{Spread: func(context.Context) { spread++ }}), patients.New(b.DB, b.Log)
		owner, manager, work := b.As(access.Owner), b.As(access.Manager), b.As(access.System)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		person := func(n int) id.ID {
			x, _, err := people.Add(ctx, owner, practice.Person(n), true)
			must(err)
			return x.ID
		}
		asked := func(patient id.ID, days int) id.ID {
			one, err := s.AskHold(ctx, owner, patient, "A letter of the court of 3 May", p.Day(days))
			must(err)
			return one
		}
		given := func(patient id.ID, days int) id.ID {
			one := asked(patient, days)
			must(s.ApproveHold(ctx, manager, one, 1))
			return one
		}
		state := func(patient id.ID) (retention.Hold, bool) {
			h, there, err := s.HoldOf(ctx, owner, patient)
			must(err)
			return h, there && h.State == retention.Holds
		}
		exec := func(text string, args ...any) {
			t.Helper()
			p.Change(t, func(tx *store.Tx) error { _, err := tx.Exec(text, args...); return err })
		}
		lie := func() (out []id.ID) {
			list, err := b.DB.Vault().Asides(ctx, owner.Clinic(), owner.Clinic())
			must(err)
			for _, a := range list {
				out = append(out, a.ID)
			}
			return out
		}
		since, waited, again, lifted, short, gone := person(1), person(2), person(3), person(4), person(5), person(6)
		first := given(since, 90)
		second := given(waited, 90)
		old := given(again, 90)
		must(s.EndHold(ctx, manager, old, 2))
		third := given(again, 80)
		must(s.EndHold(ctx, manager, given(lifted, 90), 2))
		given(short, 2)
		given(gone, 90)
		if n := len(lie()); n != 5 || spread != 9 {
			t.Errorf("%d orders lie beside the keys, and they were copied %d times", n, spread)
		}
		b.Clock.Move(4 * 24 * time.Hour)
		// The data of before: the first is not known, the second was only asked for, of the third an older one stands, the fourth's stood; the sixth patient had not come yet.
		exec(`DELETE FROM legal_hold WHERE clinic_id = $1 AND patient_id <> $2 AND patient_id <> $3 AND patient_id <> $4`, waited, again, lifted)
		exec(`UPDATE legal_hold SET state = 'asked', approved_by = NULL, approved_at = 0, version = 1 WHERE clinic_id = $1 AND id = $2`, second)
		exec(`DELETE FROM legal_hold WHERE clinic_id = $1 AND id = $2`, third)
		exec(`UPDATE legal_hold SET state = 'held', ended_at = 0, ended_by = NULL, version = 2 WHERE clinic_id = $1 AND id = $2`, old)
		p.Change(t, func(tx *store.Tx) error { return patients.Keeper{}.Erase(tx, gone) })
		for range 2 { // it may be broken off and begun again
			must(s.OrdersAfterRestore(ctx, work))
		}
		for _, x := range []struct {
			what    string
			patient id.ID
			want    id.ID
			until   clock.Date
		}{{"given since", since, first, ninety}, {"asked for then", waited, second, ninety}, {"newer than the one that stood then", again, third, eighty}} {
			h, held := state(x.patient)
			if !held || h.ID != x.want || h.Until != x.until || h.Reason != "A letter of the court of 3 May" || h.AskedBy != owner.Actor() || h.ApprovedBy != manager.Actor() || h.ApprovedAt == 0 {
				t.Errorf("an order that was %s: %v %+v", x.what, held, h)
			}
		}
		if _, held := state(short); held {
			t.Error("an order whose day is over stands again")
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM legal_hold WHERE clinic_id = $1 AND patient_id = $2`, gone); n != "0" {
			t.Error("somebody who is not there is held")
		}
		// The night lays down what is missing and takes away what keeps nothing any more.
		must(b.DB.Vault().DropAside(ctx, owner.Clinic(), owner.Clinic(), first))
		must(s.Beat(ctx, work))
		_, err := s.Run(ctx, work, false)
		must(err)
		if got := lie(); !slices.Equal(got, []id.ID{first, second, third}) {
			t.Errorf("after a night there lie %v, not %v", got, []id.ID{first, second, third})
		}
	})
}
