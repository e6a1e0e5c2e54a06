package followup_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/journeys"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

var background = context.Background()

type clinic struct {
	*rig.Base
	t                 *testing.T
	desk              *scheduling.Desk
	provider, service id.ID
	rules             *followup.Service
	messages          *messaging.Service
}

// postbox is a carrier that takes everything.
type postbox struct{}

func (postbox) Channel() messaging.Channel { return messaging.Email }
func (postbox) Name() string               { return "postbox" }
func (postbox) Send(_ context.Context, _ messaging.Outgoing, handOver func() error) messaging.Receipt {
	if handOver() != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	return messaging.Receipt{Outcome: messaging.Accepted}
}

func open(t *testing.T, b *rig.Base) *clinic {
	t.Helper()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := &clinic{Base: b, t: t, desk: scheduling.New(b.DB, b.Log), rules: followup.New(b.DB), messages: messaging.New(b.DB, b.Log, messaging.Options{Book: book, Carriers: []messaging.Carrier{postbox{}}, Public: "https://clinic.example", Sender: "post@clinic.example"})}
	var week scheduling.Weekly
	for d := range week {
		week[d] = []scheduling.Interval{{From: 0, To: 1440}}
	}
	c.do(access.ScheduleSettings, access.Owner, func(tx *store.Tx) error {
		p, err := scheduling.AddProvider(tx, scheduling.Provider{Name: "Dr. Meera Iyer", Online: true, Weekly: week})
		if err != nil {
			return err
		}
		s, err := scheduling.AddService(tx, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: []id.ID{p.ID}})
		c.provider, c.service = p.ID, s.ID
		if err != nil {
			return err
		}
		return followup.Found(tx)
	})
	return c
}

func (c *clinic) do(right access.Right, role access.Role, fn func(tx *store.Tx) error) {
	c.t.Helper()
	if err := c.DB.Change(background, c.As(role), right, func(_ context.Context, tx *store.Tx) error { return fn(tx) }); err != nil {
		c.t.Fatal(err)
	}
}

func (c *clinic) book(who access.Caller, after time.Duration) scheduling.Appointment {
	c.t.Helper()
	r, err := c.desk.Book(background, who, scheduling.Booking{Service: c.service, Provider: c.provider, StartsAt: clock.At(rig.Start.Add(after)), Language: "en",
		Patient:  patients.Draft{Name: "Asha Rao", Email: "asha@example.org", BirthDate: "1980-02-03"},
		Consents: []consent.Choice{{Purpose: consent.Reminder, Channel: "email", Given: true}}})
	if err != nil {
		c.t.Fatal(err)
	}
	return r.Appointment
}

func (c *clinic) tick() {
	c.t.Helper()
	c.do(access.Work, access.System, func(tx *store.Tx) error {
		tx.Housekeeping("a tick by hand")
		events, err := journeys.Due(&tx.View, 100)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := journeys.Act(tx, e); err != nil {
				return err
			}
		}
		_, err = followup.Due(tx, 100)
		return err
	})
	due, err := c.messages.DueMessages(background, c.As(access.System), 100)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, m := range due {
		if err := c.messages.Deliver(background, c.As(access.System), m); err != nil {
			c.t.Fatal(err)
		}
	}
}

// ahead lists when the rules will remind of the appointment, by the clinic's clock.
func (c *clinic) ahead(a scheduling.Appointment) (out []string) {
	c.t.Helper()
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		c.t.Fatal(err)
	}
	err = c.DB.View(background, c.As(access.Owner), access.ScheduleRead, func(_ context.Context, v *store.View) error {
		at, err := followup.Upcoming(v, a.ID)
		for _, m := range at {
			out = append(out, m.In(zone).Format("Mon 15:04"))
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// reminders lists the states of the reminders that messaging was asked for, the newest first.
func (c *clinic) reminders() (out []string) {
	c.t.Helper()
	rows, err := c.messages.Recent(background, c.As(access.Owner), messaging.Filter{Limit: 200})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range rows {
		if r.Kind == messaging.Reminder {
			out = append(out, string(r.State))
		}
	}
	return out
}

func (c *clinic) want(what string, got []string, expected ...string) {
	c.t.Helper()
	if !slices.Equal(got, expected) {
		c.t.Fatalf("%s:\n got %q\nwant %q", what, got, expected)
	}
}

func TestRemindersADayAndTwoHoursBefore(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) { // it is Monday, 09:30
		c := open(t, b)
		public := accounts.Public(b.Clinic)
		wednesday := c.book(public, 50*time.Hour)
		early := c.book(public, 47*time.Hour)    // Wednesday 08:30: two hours before is night
		soon := c.book(public, 20*time.Hour)     // Tuesday 05:30: a day before has passed
		tonight := c.book(public, 12*time.Hour)  // 21:30: at 19:30
		atOnce := c.book(public, 90*time.Minute) // both have passed
		c.tick()
		c.want("Wednesday", c.ahead(wednesday), "Tue 11:30", "Wed 09:30")
		c.want("early", c.ahead(early), "Tue 08:30", "Tue 20:30")
		c.want("soon", c.ahead(soon), "Mon 20:30")
		c.want("tonight", c.ahead(tonight), "Mon 19:30")
		c.want("at once", c.ahead(atOnce))
	})
}

func TestMovedOrCancelledMeansSilence(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminder-stops")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		owner := b.As(access.Owner)
		moved, cancelled := c.book(accounts.Public(b.Clinic), 30*time.Hour), c.book(accounts.Public(b.Clinic), 31*time.Hour)
		c.tick()
		if _, err := c.desk.Move(background, owner, moved.ID, scheduling.Move{StartsAt: clock.At(rig.Start.Add(78 * time.Hour)), Version: moved.Version}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.desk.Cancel(background, owner, cancelled.ID, cancelled.Version); err != nil {
			t.Fatal(err)
		}
		// The pause of a staff change has not passed, and the reminders of the old times fall due in it.
		c.Clock.Move(2 * time.Minute)
		c.tick()
		c.Clock.Move(7*time.Hour + 30*time.Minute)
		c.tick()
		c.want("reminders of the old times", c.reminders())
		c.want("moved", c.ahead(moved), "Wed 15:30", "Thu 13:30")
		c.want("cancelled", c.ahead(cancelled))
	})
}

// TestTheOldReminderInThePause has the reminder fall due after the move and before its event.
func TestTheOldReminderInThePause(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminder-stops")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		owner := b.As(access.Owner)
		a := c.book(accounts.Public(b.Clinic), 26*time.Hour)
		c.tick()
		c.Clock.Move(2*time.Hour - time.Minute) // the reminder is due in a minute
		to := func(start time.Duration, version int64) scheduling.Appointment {
			m, err := c.desk.Move(background, owner, a.ID, scheduling.Move{StartsAt: clock.At(rig.Start.Add(start)), Version: version})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		m := to(50*time.Hour, a.Version)
		c.Clock.Move(90 * time.Second)
		c.tick()
		c.want("in the pause", c.reminders())
		to(26*time.Hour, m.Version) // the undo
		c.Clock.Move(scheduling.Pause)
		c.tick()
		c.tick()
		c.want("after the undo", c.reminders(), "sent")
		m = to(50*time.Hour, m.Version+1)
		to(26*time.Hour, m.Version)
		c.Clock.Move(scheduling.Pause)
		c.tick()
		c.tick()
		c.want("after another undo", c.reminders(), "sent")
	})
}

func TestAfterAStandstillOneReminderAtMost(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.book(accounts.Public(b.Clinic), 26*time.Hour)
		late := c.book(accounts.Public(b.Clinic), 25*time.Hour+30*time.Minute)
		c.tick()
		c.Clock.Move(24*time.Hour + 10*time.Minute) // both moments of the first passed; of the second, two hours before is 40 minutes ago
		c.tick()
		c.want("reminders", c.reminders(), "sent", "sent")
		c.want("nothing is left", c.ahead(late))
		c.tick()
		c.want("another tick", c.reminders(), "sent", "sent")

		d := open(t, rig.New(t, b.Engine, store.Options{}))
		d.book(accounts.Public(d.Clinic), 26*time.Hour)
		d.tick()
		d.Clock.Move(25*time.Hour + 30*time.Minute) // half an hour before: too late to help
		d.tick()
		d.want("reminders that would mislead", d.reminders())
	})
}

func TestRulesAreLaidOverEverythingAhead(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		owner := b.As(access.Owner)
		a := c.book(accounts.Public(b.Clinic), 50*time.Hour)
		c.tick()
		rule, err := c.rules.Add(background, owner, followup.Draft{Channel: messaging.Email, Minutes: 240, Active: true})
		if err != nil {
			t.Fatal(err)
		}
		c.want("with a third rule", c.ahead(a), "Tue 11:30", "Tue 20:30", "Wed 09:30")
		if err := c.rules.Save(background, owner, rule, followup.Draft{Channel: messaging.Email, Minutes: 180, Active: true}, 1); err != nil {
			t.Fatal(err)
		}
		c.want("three hours before", c.ahead(a), "Tue 11:30", "Wed 08:30", "Wed 09:30")
		if err := c.rules.Save(background, owner, rule, followup.Draft{Channel: messaging.Email, Minutes: 60, Active: true}, 1); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a lost race: %v", err)
		}
		if err := c.rules.Save(background, owner, rule, followup.Draft{Channel: messaging.Email, Minutes: 180}, 2); err != nil {
			t.Fatal(err)
		}
		c.want("switched off", c.ahead(a), "Tue 11:30", "Wed 09:30")
		if err := c.rules.Remove(background, owner, rule, 3); err != nil {
			t.Fatal(err)
		}
		for name, d := range map[string]followup.Draft{"minutes": {Channel: messaging.Email, Minutes: 5}, "channel": {Channel: "pigeon", Minutes: 30}, "twice": {Channel: messaging.Email, Minutes: 120}} {
			if _, err := c.rules.Add(background, owner, d); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		rules, err := c.rules.Rules(background, owner)
		if err != nil || len(rules) != 5 {
			t.Fatalf("%d rules, %v", len(rules), err)
		}
		for _, r := range rules {
			if r.Fixed() {
				if err := c.rules.Remove(background, owner, r.ID, r.Version); !fault.Is(err, fault.NotFound) {
					t.Errorf("%s could be removed: %v", r.Kind, err)
				}
			}
		}
		if _, err := c.rules.Rules(background, b.As(access.FrontDesk)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the front desk reads the rules: %v", err)
		}
	})
}

func TestQuietAcrossEveryClockChange(t *testing.T) {
	t.Parallel()
	q := messaging.Night()
	for _, name := range []string{"Asia/Kolkata", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(35 * time.Minute) {
			want := clock.At(at)
			got, verdict, ok := q.Fit(want, want.Add(-72*time.Hour), zone)
			local := got.In(zone)
			switch {
			case !ok:
				t.Fatalf("%s %v: no moment", name, at)
			case q.Covers(local):
				t.Fatalf("%s %v: moved to %v, which is night", name, at.In(zone), local)
			case verdict == messaging.VerdictDay && got != want, verdict == messaging.VerdictEarlier && (local.Format("15:04") != "20:30" || got >= want || want.Sub(got) > 13*time.Hour):
				t.Fatalf("%s %v: %s, %v", name, at.In(zone), verdict, local)
			}
			if q.Covers(want.In(zone)) {
				m := q.Morning(want, zone)
				if m <= want || m.Sub(want) > 13*time.Hour || m.In(zone).Format("15:04") != "08:00" {
					t.Fatalf("%s %v: the night ends at %v", name, at.In(zone), m.In(zone))
				}
			}
		}
	}
	if _, verdict, ok := q.Fit(clock.At(rig.Start.Add(21*time.Hour)), clock.At(rig.Start.Add(13*time.Hour)), mustZone(t)); ok || verdict != messaging.VerdictTooLate {
		t.Error("a reminder of a booking made at night goes out at once")
	}
}

func mustZone(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(fmt.Errorf("zone: %w", err))
	}
	return z
}
