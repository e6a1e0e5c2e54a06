package store_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/insight"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

// figures is the part of the day at which the house counts it: days, bookings and money, what was changed since, who objected, and the use of the program.
func figures(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	owner, system := p.As(access.Owner), p.As(access.System)
	s := insight.New(p.DB, nil)
	must(s.Work(ctx, system))
	for _, k := range insight.Kinds() {
		_, err := s.Report(ctx, owner, insight.Ask{Kind: k, From: p.Day(-20), To: p.Day(0)})
		must(err)
	}
	// What another program counted, and what turns out to be different here.
	today := p.Day(0)
	must(s.Takeover(ctx, owner, insight.Past{Days: []insight.Day{{Day: today, Provider: id.New(p.Clock.Now()), Attended: 3}}, Bookings: []insight.Bookings{{Day: today, Door: "fax", Count: 2}},
		Payments: []insight.Payments{{Day: today, Method: "card", Currency: "KES", Count: 1, Amount: 100}}, Billed: []insight.Payments{{Day: today, Currency: "KES", Count: 1, Amount: 100}}}))
	// A patient objects, an appointment is moved, and the clinic counts children from now on.
	list, err := p.Desk.Days(ctx, owner, p.Day(-2), p.Day(2), id.Zero)
	must(err)
	for _, d := range list.Days {
		for _, c := range d.Columns {
			for _, a := range c.Entries {
				must(p.DB.Change(ctx, owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
					return consent.Record(tx, a.Patient, []consent.Choice{{Purpose: consent.Figures}}, consent.DoorDesk, "en", id.Zero)
				}))
			}
		}
	}
	p.Clock.Move(time.Minute)
	must(s.Work(ctx, system))
	for version := range int64(2) {
		must(s.SaveSetting(ctx, owner, insight.Setting{Features: true, Visitors: true, Children: version == 0, Version: version}))
		for _, day := range []clock.Date{today, today.AddDays(-450)} {
			s.Used(p.Clinic, day, "GET /app/day", time.Second)
			s.Looked(p.Clinic, day, "GET /c/{slug}", "", true)
		}
		must(s.Flush(ctx, func(clinic id.ID) access.Caller { return p.In(clinic, access.System) }))
		_, err := s.Use(ctx, owner)
		must(err)
		must(s.Work(ctx, system))
	}
	must(s.Age(ctx, system))
	_, err = s.Setting(ctx, owner)
	must(err)
}
