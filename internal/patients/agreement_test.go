package patients

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestTheAgreementComesBeforeTheFirstPatient: under US law nobody is entered before the clinic signed, by no door, and not past the
// house's own check either.
func TestTheAgreementComesBeforeTheFirstPatient(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "agreement-before-patients")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s, desk, owner := New(b.DB, b.Log), b.As(access.FrontDesk), b.As(access.Owner)
		house := clinics.New(b.DB, b.Log, clinics.Options{})
		d := Draft{Name: "Asha Rao", Phone: "98765 43210"}
		earlier, _, err := s.Add(ctx, desk, d, false)
		if err != nil {
			t.Fatal(err)
		}
		change(t, b, func(tx *store.Tx) error {
			return tx.Must(`UPDATE clinic SET jurisdiction = 'US-CA' WHERE clinic_id = $1`)
		})
		d2 := Draft{Name: "Ravi Teak", Phone: "98765 43211"}
		if _, _, err := s.Add(ctx, desk, d2, false); !fault.Is(err, fault.Conflict) {
			t.Fatalf("entered before the agreement: %v", err)
		}
		err = b.DB.Change(ctx, desk, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
			c, err := clinics.Get(&tx.View)
			if err != nil {
				return err
			}
			draft := d2
			draft.Source = SourceDesk
			clean, ok := Check(draft, c, clock.DateOf(tx.Now().Time()), &fault.Fields{})
			if !ok {
				t.Fatal("the draft is wrong")
			}
			if _, err := EnterAll(tx, []Clean{clean}); !fault.Is(err, fault.Conflict) {
				t.Errorf("a list was entered before the agreement: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		before := count(t, b, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1`)
		// Somebody who goes past the room's own check meets the table's.
		err = b.DB.Change(ctx, desk, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
			p := Patient{ID: tx.NewID(), Name: "Past Check", Source: SourceDesk, Language: "en", Version: 1}
			if err := tx.NewSubject(p.ID); err != nil {
				return err
			}
			return write(tx, p)
		})
		if err == nil {
			t.Error("the table took a patient before the agreement")
		}
		if n := count(t, b, `SELECT COUNT(*) FROM patient WHERE clinic_id = $1`); n != before {
			t.Errorf("%d patients, want %d", n, before)
		}
		if _, err := s.Open(ctx, desk, earlier.ID); err != nil { // who is there already is not lost
			t.Error(err)
		}
		text, _ := clinics.CurrentText(clinics.AgreementBAA)
		if err := house.Sign(ctx, owner, clinics.Signature{Kind: text.Kind, Version: text.Version, Name: "Meera Shah", Capacity: "owner", Sure: true}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Add(ctx, desk, d2, false); err != nil {
			t.Errorf("refused after the agreement: %v", err)
		}
	})
}
