package incidents_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestOneClinicKeepsNoOtherUntold: a clinic that cannot be told of what happened at a party keeps no other waiting, whichever of them comes first; it is told by the next press.
func TestOneClinicKeepsNoOtherUntold(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-processor")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx, operator := open(t, b), context.Background(), accounts.Operator()
		all := []id.ID{h.Clinic, b.Found(t, "elsewhere"), b.Found(t, "nowhere")}
		slices.SortFunc(all, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
		now := clock.At(b.Clock.Now())
		one, err := h.s.Write(ctx, operator, incidents.Struck{Processor: "store", From: now.Add(-time.Hour), To: now, Words: "A copy of a disk was taken."}, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		broken := all[1]
		as := func(c id.ID) access.Caller {
			if c == broken {
				return access.Caller{}
			}
			return b.In(c, access.System)
		}
		told := func() []id.ID {
			e, err := h.s.Event(ctx, operator, one)
			if err != nil {
				t.Fatal(err)
			}
			return sorted(e.Clinics...)
		}
		n, err := h.s.TellClinics(ctx, operator, one, as)
		if err == nil || n != 2 || !slices.Equal(told(), []id.ID{all[0], all[2]}) {
			t.Errorf("told %d: %v (%v)", n, told(), err)
		}
		broken = id.Zero
		if n, err = h.s.TellClinics(ctx, operator, one, as); err != nil || n != 1 || !slices.Equal(told(), all) {
			t.Errorf("then %d: %v (%v)", n, told(), err)
		}

		// What the platform's own watch noticed at a carrier goes on still: whose messages went there since is told.
		p := h.patient(1, false)
		h.Change(t, func(tx *store.Tx) error {
			tx.Housekeeping("a message that left")
			_, err := tx.Exec(`INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, state, send_at, state_at, created_at)
				VALUES ($1, $2, $3, $2, 0, $2, 'reminder', 'email', $4, $2, 'reminder', 'en', 'sent', $4, $4, $4)`, tx.NewID(), p, tx.Now())
			return err
		})
		if err := h.s.Happened(ctx, operator, incidents.Event{Rule: incidents.EgressRefused, Cause: "egress-refused:smtp:2026-11-24", Processor: "smtp", From: now.Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
		events, err := h.s.Events(ctx, operator)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(events, func(e incidents.Event) bool { return e.Rule == incidents.EgressRefused })
		if n, err = h.s.TellClinics(ctx, operator, events[i].ID, as); err != nil || n != 1 {
			t.Errorf("of what goes on %d clinics are told: %v", n, err)
		}
	})
}
