package followup_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
)

func (c *clinic) figures(days int) followup.Figures {
	c.t.Helper()
	f, err := c.rules.Figures(background, c.As(access.Billing), days) // counts alone: whoever sees the messages
	if err != nil {
		c.t.Fatal(err)
	}
	return f
}

// TestWhatRemindersDo: the figures follow each reminded appointment to its end, once, and leave out what was not reminded of.
func TestWhatRemindersDo(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "reminders-measured")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		var all []scheduling.Appointment
		for n := range 6 {
			all = append(all, c.visit(n, 49*time.Hour+time.Duration(n)*time.Hour, consent.Reminder))
		}
		c.visit(6, 55*time.Hour) // agreed to nothing: she is not reminded
		c.tick()
		if f := c.figures(30); f.All != (followup.Success{}) || f.By != nil {
			t.Fatalf("before anybody was reminded: %+v", f)
		}
		c.mark(all[0], scheduling.Confirmed) // before the reminder: it has no part in it
		for range 8 {
			c.Clock.Move(time.Hour)
			c.tick()
		}
		for range 24 {
			c.Clock.Move(time.Hour)
			c.tick()
		}
		if f := c.figures(30); f.All.Reminded != 6 || f.All.Messages != 6 || f.All.Open != 6 || f.All.Confirmed != 0 {
			t.Fatalf("reminded and still ahead: %+v", f.All)
		}
		c.mark(all[1], scheduling.Confirmed)
		c.mark(all[2], scheduling.Confirmed)
		a, err := c.desk.Open(background, c.As(access.FrontDesk), all[3].ID)
		if err == nil {
			_, err = c.desk.Cancel(background, c.As(access.FrontDesk), all[3].ID, a.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		c.raw(`UPDATE message SET reached = 'delivered' WHERE clinic_id = $1 AND appointment_id = $2 AND kind = 'reminder'`, all[1].ID)
		c.raw(`UPDATE message SET reached = 'read' WHERE clinic_id = $1 AND appointment_id = $2 AND kind = 'reminder'`, all[2].ID)
		c.raw(`UPDATE message SET reached = 'failed' WHERE clinic_id = $1 AND appointment_id = $2 AND kind = 'reminder'`, all[4].ID)
		for range 24 { // two hours before each, a second one
			c.Clock.Move(time.Hour)
			c.tick()
		}
		for i, to := range map[int]scheduling.Status{0: scheduling.Arrived, 1: scheduling.Completed, 2: scheduling.NoShow} {
			if to == scheduling.Completed {
				c.mark(all[i], scheduling.Arrived)
			}
			c.mark(all[i], to)
		}
		got := c.figures(30)
		want := followup.Success{Messages: 11, Reminded: 6, Delivered: 2, Confirmed: 2, Came: 2, Missed: 1, Off: 1, Open: 2}
		if got.All != want {
			t.Errorf("the figures:\n got %+v\nwant %+v", got.All, want)
		}
		if len(got.By) != 1 || got.By[0].Provider != c.provider || got.By[0].Success != want {
			t.Errorf("by practitioner: %+v", got.By)
		}
		c.Clock.Move(31 * 24 * time.Hour)
		if f := c.figures(30); f.All.Reminded != 0 {
			t.Errorf("a month later the last 30 days have %+v", f.All)
		}
		if f := c.figures(90); f.All != want {
			t.Errorf("the last 90 days have %+v", f.All)
		}
		if _, err := c.rules.Figures(background, c.As(access.Owner), 7); !fault.Is(err, fault.NotFound) {
			t.Errorf("of a week: %v", err)
		}
		if _, err := c.rules.Figures(background, c.As(access.Public), 30); !fault.Is(err, fault.Forbidden) {
			t.Errorf("for the public: %v", err)
		}
	})
}
