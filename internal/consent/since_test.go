package consent

import (
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestANewPurposeAsksFirst: a purpose that came into the list after somebody had given us data does not serve on her silence, whatever its basis; whoever came
// after it may object, and whoever said yes is asked no more. A duty of the law needs no asking. The purposes of today were there from the beginning.
func TestANewPurposeAsksFirst(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "new-purpose-asked")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		before := adult(t, b)
		b.Clock.Move(time.Hour)
		since := clock.At(b.Clock.Now())
		b.Clock.Move(time.Hour)
		after := add(t, b, patients.Draft{Name: "Late Comer", Phone: "98765 43211", BirthDate: "1980-03-15", Language: "hi"}).ID
		view(t, b, func(v *store.View) error {
			for _, x := range []struct {
				basis       Basis
				then, later string
			}{{Objection, ReasonNotAsked, ReasonUnopposed}, {Necessity, ReasonNotAsked, ReasonNotAsked}, {Agreement, ReasonNotAsked, ReasonNotAsked}, {Duty, ReasonDuty, ReasonDuty}} {
				e := Entry{Purpose: Figures, Basis: x.basis, Child: true, Since: since}
				if _, why, err := decidedBy(v, nil, before, e, ""); err != nil || why != x.then {
					t.Errorf("%s: whoever was here before is %s, %v", x.basis, why, err)
				}
				if _, why, err := decidedBy(v, nil, after, e, ""); err != nil || why != x.later {
					t.Errorf("%s: whoever came later is %s, %v", x.basis, why, err)
				}
			}
			e := Entry{Purpose: Figures, Basis: Objection, Child: true, Since: since}
			said := []row{{purpose: Figures, given: true}}
			_, why, err := decidedBy(v, said, before, e, "")
			if why != ReasonGiven {
				t.Errorf("whoever said yes is %s", why)
			}
			return err
		})
	})
	for _, e := range Registry() {
		if e.Since != 0 {
			t.Errorf("%s was not there from the beginning: say here since when, and that patients are asked", e.Purpose)
		}
	}
}

// TestWhatServedUnaskedIsSeen: the live look finds a message that served a purpose which came into the list after the patient had given her data, and none to
// whoever came later or said yes.
func TestWhatServedUnaskedIsSeen(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		before := adult(t, b)
		b.Clock.Move(time.Hour)
		list := []Entry{{Purpose: Figures, Basis: Objection, Child: true, Since: clock.At(b.Clock.Now())}}
		b.Clock.Move(time.Hour)
		after := add(t, b, patients.Draft{Name: "Late Comer", Phone: "98765 43211", BirthDate: "1980-03-15", Language: "hi"}).ID
		sent := func(patient id.ID) {
			t.Helper()
			if err := change(b, func(tx *store.Tx) error {
				tx.Housekeeping("a message that was sent")
				_, err := tx.Exec(`INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, state, send_at, state_at, created_at)
					VALUES ($1, $2, $3, $2, 0, $2, 'reminder', 'email', $4, $2, 'figures', 'en', 'sent', $4, $4, $4)`, tx.NewID(), patient, tx.Now())
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		seen := func(list []Entry) (bad int64) {
			t.Helper()
			view(t, b, func(v *store.View) (err error) {
				bad, _, err = unasked(v, 0, list)
				return err
			})
			return bad
		}
		sent(after)
		if n := seen(list); n != 0 {
			t.Errorf("%d messages to whoever came later are seen", n)
		}
		if n := seen([]Entry{{Purpose: Figures, Basis: Agreement}}); n != 1 {
			t.Errorf("%d messages without a yes are seen", n)
		}
		sent(before)
		if n := seen(list); n == 0 {
			t.Error("a message to whoever was here before is not seen")
		}
		if err := record(b, before, id.Zero, Choice{Purpose: Figures, Given: true}); err != nil {
			t.Fatal(err)
		}
		if n := seen(list); n != 0 {
			t.Errorf("%d messages are seen to whoever said yes", n)
		}
		if n := seen([]Entry{{Purpose: Figures, Basis: Duty}}); n != 0 {
			t.Errorf("%d messages that the law demands are seen", n)
		}
	})
}
