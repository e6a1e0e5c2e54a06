package app

import (
	"testing"

	"almirah/internal/programs"
)

// programStops are the pages of what the clinic's own programs may do and are told.
func (h *opened) programStops(t testing.TB) []stop {
	t.Helper()
	list, err := h.Programs.Endpoints(t.Context(), h.Owner)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		if _, _, err := h.Programs.AddEndpoint(t.Context(), h.Owner, programs.EndpointDraft{URL: "https://hooks.sunrise.invalid/in", Events: programs.AppointmentBooked}); err != nil {
			t.Fatal(err)
		}
		h.makeToken(t, h.Owner, everyScope)
		if list, err = h.Programs.Endpoints(t.Context(), h.Owner); err != nil {
			t.Fatal(err)
		}
	}
	return []stop{
		{pattern: "GET /app/settings/tokens", path: "/app/settings/tokens", who: ownerMail},
		{pattern: "GET /app/settings/webhooks", path: "/app/settings/webhooks", who: ownerMail},
		{pattern: "GET /app/settings/webhooks/{id}", path: "/app/settings/webhooks/" + list[0].ID.String(), who: ownerMail},
		{pattern: "GET /app/outbox/receiver", path: "/app/outbox/receiver", who: ownerMail},
	}
}
