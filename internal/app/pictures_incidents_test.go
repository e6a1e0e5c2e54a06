package app

import (
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/incidents"
)

// troubleStops are the pages of incidents: the demo's two, the letter, and the platform's own register.
func (h *opened) troubleStops(t testing.TB) []stop {
	t.Helper()
	ctx := t.Context()
	list, err := h.Trouble.List(ctx, h.Owner)
	if err == nil && len(list) == 0 { // a house without the demo's past
		if err = h.demoTrouble(ctx, h.Owner); err == nil {
			list, err = h.Trouble.List(ctx, h.Owner)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	found := map[incidents.State]string{}
	for _, l := range list {
		found[l.State] = l.ID.String()
	}
	_, in := h.helping(t)
	operator, err := h.Accounts.Helper(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	now := clock.At(h.Clock.Now())
	event, err := h.Trouble.Write(ctx, operator, incidents.Struck{From: now.Add(-time.Hour), To: now, Words: "The mail provider says that a copy of its queue was taken."}, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	op := demoHelpers[1].email
	return []stop{
		{pattern: "GET /app/incidents", path: "/app/incidents", who: ownerMail},
		{pattern: "GET /app/incidents", path: "/app/incidents", who: deskMail, variant: "desk"},
		{pattern: "GET /app/incidents/{id}", path: "/app/incidents/" + found[incidents.Confirmed], who: ownerMail},
		{pattern: "GET /app/incidents/{id}", path: "/app/incidents/" + found[incidents.Closed], who: ownerMail, variant: "closed"},
		{pattern: "GET /app/incidents/{id}/notice", path: "/app/incidents/" + found[incidents.Confirmed] + "/notice", who: ownerMail},
		{pattern: "GET /platform/incidents", path: "/platform/incidents", who: op},
		{pattern: "GET /platform/incidents/{id}", path: "/platform/incidents/" + event.String(), who: op},
	}
}
