package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/consent"
	"almirah/internal/incidents"
	"almirah/internal/insight"
	"almirah/internal/messaging"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/support"
)

// lookedAfter is what the live checks ask the rooms of a clinic, at the end of its day. What they find is not the question here: a day that is played has
// things in it that a live check must see.
func lookedAfter(ctx context.Context, p *practice.Practice, must func(error)) {
	must(p.DB.View(ctx, p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
		for _, sentence := range []string{"times-as-entered", "overbooking-by-staff", "clinic-time", "changes-kept", "same-rules-at-every-door", "own-link"} {
			_, _ = scheduling.Looked(v, sentence)
		}
		for _, sentence := range []string{"support-logged", "support-visible", "support-emergency"} {
			_, _ = support.Looked(v, sentence)
		}
		for _, sentence := range []string{"incident-noticed", "incident-register"} {
			_, _ = incidents.Looked(v, sentence)
		}
		for _, sentence := range []string{"reports-counted", "figures-objection"} {
			_, _ = insight.Looked(v, sentence)
		}
		_, _ = consent.Looked(v)
		_, _ = messaging.Looked(v)
		_, _ = incidents.Exact(v, func(string) bool { return true })
		_, _ = incidents.Hit(v, incidents.Event{ID: v.NewID(), Processor: "smtp", To: v.Now()}, true, false)
		if _, err := messaging.Undecided(v, v.Now()); err != nil {
			return err
		}
		if _, err := support.Emergencies(v); err != nil {
			return err
		}
		if _, err := accounts.Dangerous(v, v.Now().Add(-12*time.Hour)); err != nil {
			return err
		}
		_, err := scheduling.Entered(v, p.Day(0), p.Day(1))
		if err == nil {
			_, _, _, err = scheduling.TwoPatients(v)
		}
		return err
	}))
}

// TestDoubted: a look answers how much it looked at, and says what is wrong.
func TestDoubted(t *testing.T) {
	t.Parallel()
	p := practice.Open(t, rig.New(t, store.SQLite, store.Options{}), 1)
	err := p.DB.View(t.Context(), p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
		if n, err := v.Doubted(`SELECT COUNT(*), COUNT(CASE WHEN name = '' THEN 1 END) FROM clinic WHERE clinic_id = $1`, "clinics have no name"); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := v.Doubted(`SELECT COUNT(*), COUNT(CASE WHEN name <> '' THEN 1 END) FROM clinic WHERE clinic_id = $1`, "clinics have a name"); n != 1 || err == nil || err.Error() != "1 clinics have a name" {
			t.Errorf("%d, %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
