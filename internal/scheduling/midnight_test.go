package scheduling_test

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
)

// A visit that begins before midnight and ends after it lies within the hours of somebody who works through the night: it waits for nobody until leave is entered over a part of it.
func TestAVisitOverMidnightLiesWithinTheHours(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.OpenWith(t, b, 1, practice.Hours(0, 24))
		desk := p.As(access.FrontDesk)
		a := p.Booked(t, desk, p.Booking(p.Providers[0], p.At(1, "23:50"), 1)).Appointment
		if a.Length() <= 10*60*1e9 {
			t.Fatalf("it ends before midnight: %s", a.Length())
		}
		flagged := func() (day bool, ahead int) {
			t.Helper()
			list, err := p.Desk.Outside(ctx, desk)
			if err != nil {
				t.Fatal(err)
			}
			c, err := p.Desk.Days(ctx, desk, a.Day, a.Day, p.Providers[0])
			if err != nil || len(c.Days[0].Columns[0].Entries) != 1 {
				t.Fatalf("%+v, %v", c.Days, err)
			}
			return c.Days[0].Columns[0].Entries[0].Outside, len(list)
		}
		if day, ahead := flagged(); day || ahead != 0 {
			t.Fatalf("a visit over midnight is outside the hours: on its day %v, of those ahead %d", day, ahead)
		}
		leave := scheduling.Leave{Provider: p.Providers[0], From: p.At(2, "00:00"), To: p.At(3, "00:00")}
		if _, err := p.Desk.AddLeave(ctx, p.As(access.Owner), leave); err != nil {
			t.Fatal(err)
		}
		if day, ahead := flagged(); !day || ahead != 1 {
			t.Fatalf("the second half of it lies in leave: on its day %v, of those ahead %d", day, ahead)
		}
	})
}
