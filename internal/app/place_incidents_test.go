package app

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/incidents"
)

// trouble gives the clinic an incident that was confirmed, with somebody whom it touched and a letter, and the platform one of its own.
func (p *place) trouble(t *testing.T, operator access.Caller) {
	t.Helper()
	ctx := t.Context()
	one, err := p.h.Trouble.Report(ctx, p.who, incidents.LostDevice, "The tablet of the desk is gone.")
	if err != nil {
		t.Fatal(err)
	}
	p.ids["incident"] = one.String()
	patient, err := id.Parse(p.ids["patient"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.h.Patients.Open(ctx, p.who, patient); err != nil {
		t.Fatal(err)
	}
	if err := p.h.Trouble.Confirm(ctx, p.who, one, 1); err != nil {
		t.Fatal(err)
	}
	if err := p.h.Trouble.Note(ctx, p.who, one, "Asked the desk."); err != nil {
		t.Fatal(err)
	}
	now := clock.At(p.h.Fake.Now())
	event, err := p.h.Trouble.Write(ctx, operator, incidents.Struck{From: now.Add(-time.Hour), To: now, Words: "A disk was left in a train."}, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	p.ids["platform incident"] = event.String()
}
