package app

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/support"
	"almirah/internal/web"
)

// supportStops are the pages of support: as the clinic sees them, as the people of the platform do, and what a grant opens.
func (h *opened) supportStops(t testing.TB, patient string) []stop {
	t.Helper()
	ctx := t.Context()
	helper, operator := h.helping(t)
	whose, err := id.Parse(patient)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(op bool, w support.Wish) id.ID {
		in := helper
		if op {
			in = operator
		}
		one, err := h.Support.Ask(ctx, in, h.Clinic.ID, w)
		if err != nil {
			t.Fatal(err)
		}
		return one
	}
	broke := ask(true, support.Wish{Reason: "Bookings fail since midnight", Scopes: access.SeeSettings, Emergency: true, Sure: true})
	if err := h.Support.End(ctx, h.Owner, broke); err != nil {
		t.Fatal(err)
	}
	runs := ask(false, support.Wish{Reason: "Ticket: two receipts on one sheet", Scopes: access.SeeSettings | access.SeeCalendar | access.SeePatient, Minutes: 60})
	if err := h.Support.Approve(ctx, h.Owner, runs, whose); err != nil {
		t.Fatal(err)
	}
	waits := ask(true, support.Wish{Reason: "Ticket: the hours look wrong", Scopes: access.SeeCalendar | access.SeePatient, Minutes: 30})
	if _, err := h.Support.Write(ctx, h.Owner, support.Letter{Kind: support.Missing, Subject: "A calendar of the whole month", Words: "Can we see a month on one page?"}); err != nil {
		t.Fatal(err)
	}
	tickets, err := h.Support.Tickets(ctx, h.Owner)
	if err != nil || len(tickets) == 0 {
		t.Fatalf("%d tickets, %v", len(tickets), err)
	}
	ticket, clinic, grant := tickets[0].ID.String(), h.Clinic.ID.String(), "/app/support/access/"
	op, sup := demoHelpers[1].email, demoHelpers[0].email
	return []stop{
		{pattern: "GET /app/help", path: "/app/help", who: deskMail},
		{pattern: "GET /app/help", path: "/app/help?q=leave", who: deskMail, variant: "found"},
		{pattern: "GET /app/help/{topic}", path: "/app/help/support-access", who: deskMail},
		{pattern: "GET /app/support", path: "/app/support", who: ownerMail},
		{pattern: "GET /app/support/{id}", path: "/app/support/" + ticket, who: ownerMail},
		{pattern: "GET /app/support/notices", path: "/app/support/notices", who: deskMail},
		{pattern: "GET /app/support/access", path: "/app/support/access", who: ownerMail},
		{pattern: "GET /app/support/access/{id}", path: grant + waits.String() + "?whose=asha", who: ownerMail},
		{pattern: "GET /app/support/access/{id}", path: grant + broke.String(), who: ownerMail, variant: "emergency"},
		{pattern: "GET /app/hand-over", path: "/app/hand-over", who: ownerMail},
		{pattern: "GET /platform", path: "/platform", who: op},
		{pattern: "GET /platform/tickets/{id}", path: "/platform/tickets/" + ticket, who: op},
		{pattern: "GET /platform/clinics", path: "/platform/clinics", who: op},
		{pattern: "GET /platform/clinics/{id}", path: "/platform/clinics/" + clinic, who: op},
		{pattern: "GET /platform/duties", path: "/platform/duties", who: op},
		{pattern: "GET /platform/vendors", path: "/platform/vendors", who: op},
		{pattern: "GET /platform/notices", path: "/platform/notices", who: op},
		{pattern: "GET /platform/helpers", path: "/platform/helpers", who: op},
		{pattern: "GET /platform/walks", path: "/platform/walks", who: op},
		{pattern: "GET /platform/operate", path: "/platform/operate", who: op},
		{pattern: "GET /app/seen", path: "/app/seen", who: sup},
		{pattern: "GET /app/seen/calendar", path: "/app/seen/calendar", who: sup},
		{pattern: "GET /app/seen/patient", path: "/app/seen/patient", who: sup},
	}
}

// seat lets a session of somebody of support stand in the clinic that let her in.
func (h *opened) seat(t testing.TB, v *visitor) {
	t.Helper()
	in, err := h.Accounts.Session(t.Context(), v.cookies[web.SessionCookie])
	if err != nil {
		t.Fatal(err)
	}
	mine, now, err := h.Support.Mine(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range mine {
		for _, g := range a.Grants {
			if g.Runs(now) {
				if err := h.Support.Enter(t.Context(), in, a.Clinic.ID, g.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
