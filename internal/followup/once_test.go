package followup_test

import (
	"fmt"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// only makes these the clinic's reminders, in minutes before, and answers the ids of their rules.
func (c *clinic) only(minutes ...int) (made []id.ID) {
	c.t.Helper()
	owner := c.As(access.Owner)
	rules, err := c.rules.Rules(background, owner)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range rules {
		if r.Kind == messaging.Reminder {
			if err := c.rules.Remove(background, owner, r.ID, r.Version); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	for _, m := range minutes {
		rule, err := c.rules.Add(background, owner, followup.Draft{Channel: messaging.Email, Minutes: m, Active: true})
		if err != nil {
			c.t.Fatal(err)
		}
		made = append(made, rule)
	}
	return made
}

// TestAfterAStandstillOneReminderHoweverManyRowsAreTaken: of the reminders of one appointment that fell due together the last goes
// out alone, also where the rows are taken one by one, or others lie between them.
func TestAfterAStandstillOneReminderHoweverManyRowsAreTaken(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		for _, at := range []int{1, 2, 100} {
			one := *b
			one.Clinic = b.Found(t, fmt.Sprintf("by-%d", at))
			c := open(t, &one)
			c.Clock.Set(rig.Start)
			c.only(24*60, 20*60)
			c.book(accounts.Public(c.Clinic), 28*time.Hour)
			c.book(accounts.Public(c.Clinic), 29*time.Hour)
			c.tick()
			c.Clock.Move(10 * time.Hour) // 24 and 20 hours before have passed for both, in turn
			for range 6 {
				c.do(access.Work, access.System, func(tx *store.Tx) error {
					tx.Housekeeping("a tick by hand")
					_, err := followup.Due(tx, at)
					return err
				})
			}
			c.want("reminders", c.reminders(), "planned", "planned")
			rows, err := c.messages.Recent(background, c.As(access.Owner), messaging.Filter{Limit: 200})
			if err != nil {
				t.Fatal(err)
			}
			seen := map[id.ID]bool{}
			for _, r := range rows {
				if r.Kind == messaging.Reminder && seen[r.Appointment] {
					t.Error("one of them is reminded twice")
				}
				seen[r.Appointment] = seen[r.Appointment] || r.Kind == messaging.Reminder
			}
		}
	})
}
