package app

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/retention"
	"almirah/internal/rig"
)

// lives gives the clinic a hold that waits to be approved, and the platform a suspension that waits for another operator.
func (p *place) lives(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	patient, err := id.Parse(p.ids["patient"])
	if err != nil {
		t.Fatal(err)
	}
	other := rig.SignedIn(p.who.Clinic(), id.New(p.h.Fake.Now()), id.New(p.h.Fake.Now()), access.Manager)
	one, err := p.h.Lives.AskHold(ctx, other, patient, "A letter of the court of 3 May", clock.DateOf(p.h.Fake.Now()).AddDays(60))
	if err != nil {
		t.Fatal(err)
	}
	p.ids["hold"] = one.String()
	operator := rig.SignedIn(id.Zero, id.New(p.h.Fake.Now()), id.Zero, access.Operator)
	if err := p.h.Lives.AskSuspend(ctx, operator, p.who.Clinic(), retention.Spam, "Messages went to people who are no patients."); err != nil {
		t.Fatal(err)
	}
	list, err := p.h.Lives.Suspensions(ctx, operator)
	if err != nil {
		t.Fatal(err)
	}
	p.ids["suspension"] = list[0].ID.String()
}
