package followup_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestHerNight: a reminder that would fall into the night where the patient is, by her number, goes out on the evening before, by her
// clock; so it stays when the rules are laid anew. Whoever shares the clinic's time, or tells none, is reminded by the clinic's.
func TestHerNight(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "not-at-night")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		at := map[string]time.Duration{}
		booked := map[string]scheduling.Appointment{}
		for i, phone := range []string{"+12125550123", "+919845012345", "+819012345678", ""} {
			at[phone] = 80*time.Hour + time.Duration(i)*time.Hour
			r, err := c.desk.Book(background, b.As(access.Public), scheduling.Booking{Service: c.service, Provider: c.provider, StartsAt: clock.At(rig.Start.Add(at[phone])), Language: "en",
				Patient:  patients.Draft{Name: []string{"Ann Rao", "Asha Rao", "Aiko Rao", "Anu Rao"}[i], Phone: phone, Email: fmt.Sprintf("a%d@example.org", i), BirthDate: "1980-02-03"},
				Consents: []consent.Choice{{Purpose: consent.Reminder, Channel: "email", Given: true}}})
			if err != nil {
				t.Fatal(err)
			}
			booked[phone] = r.Appointment
		}
		c.tick()
		zones := map[string]string{"+12125550123": "America/New_York", "+919845012345": "Asia/Kolkata", "+819012345678": "Asia/Tokyo", "": "Asia/Kolkata"}
		check := func(when string) map[string][]string {
			t.Helper()
			seen := map[string][]string{}
			for phone, a := range booked {
				zone, err := time.LoadLocation(zones[phone])
				if err != nil {
					t.Fatal(err)
				}
				start := a.StartsAt.Time()
				for _, m := range c.moments(a) {
					if messaging.Night().Covers(m.In(zone)) {
						t.Errorf("%s: %s is reminded at %s by her clock", when, phone, m.In(zone).Format("Mon 15:04"))
					}
					if before := start.Sub(m.Time()); before < 0 || before > 48*time.Hour {
						t.Errorf("%s: %s is reminded %v before", when, phone, before)
					}
					seen[phone] = append(seen[phone], m.In(zone).Format("15:04"))
				}
				if len(seen[phone]) == 0 {
					t.Errorf("%s: %s is not reminded", when, phone)
				}
			}
			return seen
		}
		first := check("when it was booked")
		if !slices.Contains(append(first["+12125550123"], first["+819012345678"]...), "20:30") {
			t.Errorf("nobody abroad is reminded on the evening before: %v", first)
		}
		rules, err := c.rules.Rules(background, b.As(access.Owner))
		if err != nil {
			t.Fatal(err)
		}
		r := rules[slices.IndexFunc(rules, func(r followup.Rule) bool { return r.Kind == messaging.Reminder })]
		if err := c.rules.Save(background, b.As(access.Owner), r.ID, followup.Draft{Channel: r.Channel, Minutes: r.Minutes, Active: true}, r.Version); err != nil {
			t.Fatal(err)
		}
		for phone, was := range check("when the rules were laid anew") {
			if !slices.Equal(was, first[phone]) {
				t.Errorf("%s: %v, and before %v", phone, was, first[phone])
			}
		}
	})
}

// moments are when the rules will remind of the appointment.
func (c *clinic) moments(a scheduling.Appointment) (out []clock.Instant) {
	c.t.Helper()
	err := c.DB.View(background, c.As(access.Owner), access.ScheduleRead, func(_ context.Context, v *store.View) (err error) {
		out, err = followup.Upcoming(v, a.ID)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}
