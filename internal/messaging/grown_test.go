package messaging_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestNoReminderGoesToTheMotherOfAnAdult: what was planned while her mother spoke for her does not leave for her mother's address once she has come of age, not even because her
// mother wrote from it last; the clinic sees that nobody could be written to.
func TestNoReminderGoesToTheMotherOfAnAdult(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		const mother = "mother@example.org"
		var zone *time.Location
		x.do(access.Work, x.system, func(tx *store.Tx) error {
			tx.Housekeeping("a test asks for the zone")
			c, err := clinics.Get(&tx.View)
			zone = c.Location()
			return err
		})
		booked := func(name string, years int, after time.Duration) scheduling.Appointment {
			r, err := x.desk.Book(t.Context(), accounts.Public(x.Clinic), scheduling.Booking{Service: x.service, Provider: x.provider, StartsAt: clock.At(rig.Start.Add(after)), Language: "en",
				Patient: patients.Draft{Name: name, BirthDate: rig.Start.In(zone).AddDate(-years, 0, 1).Format(time.DateOnly), Language: "en",
					Guardian: &patients.GuardianDraft{Name: "Asha Rao", Email: mother, Relation: "mother"}},
				Consents: []consent.Choice{{Purpose: consent.Reminder, Given: true}}})
			if err != nil {
				t.Fatal(err)
			}
			return r.Appointment
		}
		turns := booked("Mira Rao", 18, 80*time.Hour)
		booked("Ravi Rao", 9, 82*time.Hour)
		x.tick()
		got := map[string]int{}
		count := func() {
			for _, m := range x.mail.all()[got["all"]:] {
				got["all"]++
				if m.To == mother {
					got[m.ToName]++
				}
			}
		}
		count()
		if got["Mira Rao"] == 0 || got["Ravi Rao"] == 0 {
			t.Fatalf("their mother was not written to: %v", got)
		}
		confirmed := got["Mira Rao"]
		for _, m := range x.mail.all() {
			if m.ToName == "Mira Rao" {
				x.hears(messaging.Email, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Address: mother}, Text: "We will be there", ReplyTo: "wamid." + mother + "." + m.ID.String()})
			}
		}
		before := got["Ravi Rao"]
		for range 36 {
			b.Clock.Move(2 * time.Hour)
			x.tick()
		}
		count()
		if got["Mira Rao"] != confirmed {
			t.Errorf("of age, and %d messages went to her mother's address", got["Mira Rao"]-confirmed)
		}
		if got["Ravi Rao"] <= before {
			t.Error("her brother, who is a child, was not reminded there")
		}
		seen := 0
		for _, r := range x.rows() {
			if r.Appointment == turns.ID && r.State == messaging.Dropped && r.Reason == messaging.ReasonNoAddress {
				seen++
			}
		}
		if seen == 0 {
			t.Error("the clinic is not shown that she could not be reminded")
		}
	})
}
