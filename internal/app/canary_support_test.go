package app

import (
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/support"
	"almirah/internal/web"
)

// helping are the demo's people of the platform, signed in; they are added when they are not there yet.
func (h *opened) helping(t testing.TB) (helper, operator accounts.SignedIn) {
	t.Helper()
	in := make([]accounts.SignedIn, len(demoHelpers))
	for i, p := range demoHelpers {
		link, err := h.Accounts.AddHelper(t.Context(), accounts.Operator(), p.name, p.email, "en", p.role)
		if err != nil {
			t.Fatal(err)
		}
		if _, token, is := strings.Cut(link, "token="); is {
			if err := h.Accounts.ResetPassword(t.Context(), token, demoPassword); err != nil {
				t.Fatal(err)
			}
		}
		if in[i], err = h.Accounts.Session(t.Context(), h.signIn(t, p.email).cookies[web.SessionCookie]); err != nil {
			t.Fatal(err)
		}
	}
	return in[0], in[1]
}

// enterSupport writes to support and asks for access with marks in what is typed.
func (h *opened) enterSupport(t *testing.T, m marks) {
	t.Helper()
	one, err := h.Support.Write(t.Context(), h.Owner, support.Letter{Kind: support.Missing, Subject: m.as("", "ticket.subject"), Words: m.as("", "ticket_line.words")})
	if err != nil {
		t.Fatal(err)
	}
	s := h.signIn(t, demoPeople[0].email)
	s.shows(t, "/app/support/"+one.String(), m["ticket.subject"])
	s.shows(t, "/app/support/"+one.String(), m["ticket_line.words"])
	helper, _ := h.helping(t)
	if _, err := h.Support.Ask(t.Context(), helper, h.Clinic.ID, support.Wish{Reason: m.as("", "support_grant.reason"), Scopes: access.SeeSettings, Minutes: 30}); err != nil {
		t.Fatal(err)
	}
	s.shows(t, "/app/support/access", m["support_grant.reason"])
}
