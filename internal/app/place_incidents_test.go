package app

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/rig"
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
	p.owner.page(t, "/app/patients/"+p.ids["patient"])
	got, err := p.h.Trouble.Get(ctx, p.who, one)
	if err != nil || len(got.People) == 0 || len(got.Seats) == 0 {
		t.Fatalf("the incident touched %d people in %d sign-ins, %v", len(got.People), len(got.Seats), err)
	}
	p.ids["affected line"], p.ids["sign-in"] = got.People[0].ID.String(), got.Seats[0].Session.String()
	if err := p.h.Trouble.Note(ctx, p.who, one, "Asked the desk."); err != nil {
		t.Fatal(err)
	}
	now := clock.At(p.h.Fake.Now())
	event, err := p.h.Trouble.Write(ctx, operator, incidents.Struck{From: now.Add(-time.Hour), To: now, Words: "A disk was left in a train."}, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	p.ids["platform incident"] = event.String()
	another := rig.SignedIn(p.who.Clinic(), id.New(p.h.Fake.Now()), id.New(p.h.Fake.Now()), access.Manager)
	demand, err := p.h.Given.Ask(ctx, another, disclosures.Draft{Patient: patient, Ground: disclosures.Court, Recipient: "District Court", Reference: "4711", Why: "By order of the court.", Parts: []disclosures.Part{disclosures.Identity}})
	if err != nil {
		t.Fatal(err)
	}
	p.ids["disclosure"] = demand.String()
}
