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
	"almirah/internal/scheduling"
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

// TestALongerRuleDropsNoReminder: where a rule that is made longer would have reminded already, what it had planned stays.
func TestALongerRuleDropsNoReminder(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) { // it is Monday, 09:30
		c := open(t, b)
		owner := b.As(access.Owner)
		rule := c.only(24 * 60)[0]
		near, far := c.book(accounts.Public(b.Clinic), 25*time.Hour), c.book(accounts.Public(b.Clinic), 50*time.Hour)
		c.tick()
		c.want("near", c.ahead(near), "Mon 10:30")
		version := int64(1)
		save := func(minutes int, active bool) {
			t.Helper()
			if err := c.rules.Save(background, owner, rule, followup.Draft{Channel: messaging.Email, Minutes: minutes, Active: active}, version); err != nil {
				t.Fatal(err)
			}
			version++
		}
		save(26*60, true)
		c.want("near, longer", c.ahead(near), "Mon 10:30")
		c.want("far, longer", c.ahead(far), "Tue 09:30")
		if _, err := c.rules.Add(background, owner, followup.Draft{Channel: messaging.Email, Minutes: 30 * 60, Active: true}); err != nil {
			t.Fatal(err)
		}
		c.want("near, beside a new rule that comes too late for it", c.ahead(near), "Mon 10:30")
		if _, err := c.desk.SetStatus(background, owner, near.ID, near.Version, scheduling.Confirmed); err != nil {
			t.Fatal(err)
		}
		c.Clock.Move(scheduling.Pause)
		c.tick()
		c.want("near, confirmed meanwhile", c.ahead(near), "Mon 10:30")
		save(23*60, true)
		c.want("near, shorter", c.ahead(near), "Mon 11:30")
		save(27*60, false)
		c.want("near, switched off", c.ahead(near))
		save(26*60, true)
		c.want("near, switched on again", c.ahead(near))
		save(24*60, true)
		c.want("near, as it was", c.ahead(near), "Mon 10:30")
		save(28*60, true)
		if _, err := c.desk.Cancel(background, owner, far.ID, far.Version); err != nil {
			t.Fatal(err)
		}
		c.Clock.Move(time.Hour)
		c.tick()
		c.want("it went out", c.reminders(), "sent")
		save(29*60, true)
		c.want("what went out does not come back", c.ahead(near))
	})
}
