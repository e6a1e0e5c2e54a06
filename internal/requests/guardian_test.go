package requests_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/requests"
	"almirah/internal/rig"
)

// TestAGuardianInATalk: what is asked in a conversation about a child is asked by her guardian, so that a copy is looked through before somebody else holds it.
func TestAGuardianInATalk(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-who-asks")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		child, _, err := h.people.Add(ctx, h.owner, patients.Draft{Name: "Mira Verma", BirthDate: b.Clock.Now().In(h.Zone).AddDate(-9, 0, 0).Format(time.DateOnly), Language: "en",
			Guardian: &patients.GuardianDraft{Name: "Asha Verma", Phone: "+919845010001", Email: "mother@example.org", Relation: "mother"}}, true)
		h.must(err)
		desk := b.As(access.FrontDesk)
		into, err := messaging.New(b.DB, b.Log, messaging.Options{}).Meant(ctx, desk, h.talk("+919845010001"), child.ID)
		h.must(err)
		one, err := h.s.FromTalk(ctx, desk, into, law.Access)
		h.must(err)
		c := h.get(one)
		if c.Asker != requests.Guardian || c.State != requests.Open {
			t.Errorf("it is asked by %s, %s", c.Asker, c.State)
		}
		wrong(t, h.s.Decide(ctx, h.owner, one, c.Version, requests.Decision{Outcome: requests.Granted}), "reviewed")
	})
}
