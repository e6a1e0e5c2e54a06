package patients

import (
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestAGuardiansAddressEndsWithChildhood: a child is written to at her guardian's address until the day before she comes of age, and an adult is not, though her row was
// saved when she was a child. The address stays in use where the guardian was entered for somebody of age, where the desk says that she speaks for the adult,
// and where nobody knows a date of birth; not where it came with a list.
func TestAGuardiansAddressEndsWithChildhood(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk := New(b.DB, b.Log), b.As(access.FrontDesk)
		var c clinics.Clinic
		view(t, b, func(v *store.View) (err error) {
			c, err = clinics.Get(v)
			return err
		})
		born := func(years, days int) string {
			return b.Clock.Now().In(c.Location()).AddDate(-years, 0, days).Format(time.DateOnly)
		}
		mother := func() *GuardianDraft {
			return &GuardianDraft{Name: "Asha Rao", Phone: "+919876543201", Email: "mother@example.org", Relation: "mother"}
		}
		turns := add(t, b, Draft{Name: "Mira Rao", BirthDate: born(18, 1), Guardian: mother()})
		half := add(t, b, Draft{Name: "Mila Rao", BirthDate: born(18, 1), Phone: "+919876543202", Guardian: mother()})
		child := add(t, b, Draft{Name: "Ravi Rao", BirthDate: born(9, 0), Guardian: mother()})
		cared := add(t, b, Draft{Name: "Leela Rao", BirthDate: born(40, 0), Guardian: mother()})
		nobodyKnows := add(t, b, Draft{Name: "Tara Rao", Guardian: mother()})
		var listed Patient
		change(t, b, func(tx *store.Tx) error {
			var wrong fault.Fields
			d := Draft{Name: "Nila Rao", BirthDate: born(25, 0), Language: c.Languages[0], Guardian: mother(), Source: SourceDesk}
			clean, ok := Check(d, c, today(&tx.View, c), &wrong)
			if !ok {
				t.Fatal(wrong.Err())
			}
			all, err := EnterAll(tx, []Clean{clean})
			if err == nil {
				listed = all[0]
			}
			return err
		})
		look := func(day string, by ...id.ID) {
			t.Helper()
			view(t, b, func(v *store.View) error {
				all, err := Reaches(v, turns.ID, half.ID, child.ID, cared.ID, nobodyKnows.ID, listed.ID)
				if err != nil {
					return err
				}
				one, err := Reached(v, "", "mother@example.org")
				if err != nil {
					return err
				}
				same, err := Reached(v, "+919876543201", "")
				if err != nil {
					return err
				}
				for p, r := range all {
					want := slices.Contains(by, p)
					if got := r.Email == "mother@example.org"; got != want || slices.Contains(one, p) != want || slices.Contains(same, p) != want {
						t.Errorf("%s: %s is written to at her guardian's: %v, found by it: %v and %v, want %v", day, r.Name.Text, got, slices.Contains(one, p), slices.Contains(same, p), want)
					}
					if r.Grown == want && p != half.ID || p == half.ID && r.Phone != "+919876543202" {
						t.Errorf("%s: %+v", day, r)
					}
				}
				return nil
			})
		}
		look("the day before", turns.ID, half.ID, child.ID, cared.ID, nobodyKnows.ID)
		b.Clock.Move(24 * time.Hour)
		look("her birthday", child.ID, cared.ID, nobodyKnows.ID)
		p, err := s.Open(ctx, desk, turns.ID)
		if err != nil || !p.Guardians[0].Silent || p.Minor {
			t.Fatalf("the desk sees %+v: %v", p, err)
		}
		// A desk that corrects her name or the guardian's number says nothing about who speaks for her.
		if p, err = s.Save(ctx, desk, turns.ID, Draft{Name: "Mira Rao B", BirthDate: string(p.BirthDate), Guardian: mother()}, p.Version); err != nil {
			t.Fatal(err)
		}
		look("after a correction", child.ID, cared.ID, nobodyKnows.ID)
		if err := s.SpeakForAdult(ctx, desk, turns.ID, p.Guardians[0].ID, p.Version); err != nil {
			t.Fatal(err)
		}
		look("after the desk said so", turns.ID, child.ID, cared.ID, nobodyKnows.ID)
		if err := s.SpeakForAdult(ctx, desk, turns.ID, p.Guardians[0].ID, p.Version); err == nil {
			t.Error("it was said of somebody who was changed meanwhile")
		}
		// The date of birth of one is found out: she was a child when her guardian was entered.
		if _, err = s.Save(ctx, desk, nobodyKnows.ID, Draft{Name: "Tara Rao", BirthDate: born(18, 0), Guardian: mother()}, nobodyKnows.Version); err != nil {
			t.Fatal(err)
		}
		look("with her date of birth", turns.ID, child.ID, cared.ID)
	})
}
