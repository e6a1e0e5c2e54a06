package visits_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/policies"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// TestAModuleThatIsNewAsksFirst: a clinic that begins to keep clinical records begins with those who agreed to it, and with those who come after its day.
func TestAModuleThatIsNewAsksFirst(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-agreed-first")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := &clinic{Practice: practice.Open(t, b, 2), t: t, notes: visits.New(b.DB), doctor: b.As(access.Practitioner)}
		c.Change(t, func(tx *store.Tx) error {
			x, err := clinics.Get(&tx.View)
			if err == nil {
				_, err = policies.Adopt(tx, policies.Standard(x))
			}
			return err
		})
		book := func(days, n int) (appointment, patient id.ID) {
			a := c.Booked(t, c.As(access.FrontDesk), c.Booking(c.Providers[0], c.At(days, "09:00").Add(time.Duration(n)*30*time.Minute), n)).Appointment
			return a.ID, a.Patient
		}
		first, silent := book(1, 1)
		second, willing := book(1, 2)
		b.Clock.Move(time.Hour)
		house := clinics.New(b.DB, b.Log, clinics.Options{Changed: func(tx *store.Tx, x clinics.Clinic) error { _, err := policies.Reground(tx, x); return err }})
		now, err := house.Get(background, b.As(access.Owner))
		c.must(err)
		c.must(house.SetModules(background, b.As(access.Owner), []string{clinics.ModuleClinical}, now.Version))
		c.must(policies.New(b.DB).Answer(background, b.As(access.FrontDesk), willing, 2, true))
		begins := func(a id.ID) error { _, err := c.notes.Begin(background, c.doctor, a); return err }
		if err := begins(second); !fault.Is(err, fault.Conflict) {
			t.Errorf("before its day: %v", err)
		}
		b.Clock.Move(30 * 24 * time.Hour)
		if err := begins(second); err != nil {
			t.Errorf("who agreed: %v", err)
		}
		err = begins(first)
		practice.Refused(t, "who did not agree", err, fault.Conflict, "fault.policy_module")
		third, _ := book(1, 3)
		if err := begins(third); err != nil {
			t.Errorf("who came after it: %v", err)
		}
		c.must(policies.New(b.DB).Answer(background, b.As(access.FrontDesk), silent, 2, true))
		if err := begins(first); err != nil {
			t.Errorf("who agreed at last: %v", err)
		}
	})
}
