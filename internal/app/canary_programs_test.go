package app

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/programs"
)

// enterPrograms makes a token and adds an address with marks in what is typed.
func (h *opened) enterPrograms(t *testing.T, m marks) {
	t.Helper()
	_, _, err := h.Programs.MakeToken(t.Context(), h.Owner, programs.TokenDraft{Name: m.as("", "api_token.name"), Scopes: access.ProgramCalendar, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	_, one, err := h.Programs.AddEndpoint(t.Context(), h.Owner, programs.EndpointDraft{URL: "https://hooks.example.org/" + m.as("", "webhook_endpoint.url"), Events: programs.InvoicePaid})
	if err != nil {
		t.Fatal(err)
	}
	s := h.signIn(t, demoPeople[0].email)
	s.shows(t, "/app/settings/tokens", m["api_token.name"])
	s.shows(t, "/app/settings/webhooks/"+one.String(), m["webhook_endpoint.url"])
}
