package app

import (
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/incidents"
	"almirah/internal/messaging"
	"almirah/internal/retention"
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

// enterTrouble reports an incident and takes it all the way, with marks in what is typed.
func (h *opened) enterTrouble(t *testing.T, m marks) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	one, err := h.Trouble.Report(ctx, h.Owner, incidents.LostDevice, m.as("", "incident.words"))
	must(err)
	must(h.Trouble.Confirm(ctx, h.Owner, one, 1))
	must(h.Trouble.Decide(ctx, h.Owner, one, 2, "no", m.as("", "incident.why")+" and more"))
	must(h.Trouble.Note(ctx, h.Owner, one, m.as("", "incident_step.words")))
	must(h.Trouble.SetTexts(ctx, h.Owner, one, []messaging.SecurityNotice{{Language: "en", Text: messaging.Text{Subject: m.as("", "security_text.subject"), Body: m.as("", "security_text.body")}}}))
	s := h.signIn(t, demoPeople[0].email)
	s.shows(t, "/app/incidents/"+one.String()+"/notice", m["security_text.subject"])
	s.shows(t, "/app/incidents/"+one.String()+"/notice", m["security_text.body"])
	must(h.Trouble.Close(ctx, h.Owner, one, 3, m.as("", "incident.lessons")+" and more"))
	for _, mark := range []string{"incident.words", "incident.why", "incident_step.words", "incident.lessons"} {
		s.shows(t, "/app/incidents/"+one.String(), m[mark])
	}
	_, in := h.helping(t)
	operator, err := h.Accounts.Helper(ctx, in)
	must(err)
	now := clock.At(h.Fake.Now())
	event, err := h.Trouble.Write(ctx, operator, incidents.Struck{From: now.Add(-time.Hour), To: now, Words: m.as("", "platform_incident.words") + " and more"}, func(string) bool { return true })
	must(err)
	must(h.Trouble.Finish(ctx, operator, event, 1, m.as("", "platform_incident.lessons")+" and more"))
	people, err := h.Patients.Recent(ctx, h.Owner, 1)
	must(err)
	hold, err := h.Lives.AskHold(ctx, h.Owner, people[0].ID, m.as("", "legal_hold.reason")+" and more", clock.DateOf(h.Fake.Now()).AddDays(20))
	must(err)
	s.shows(t, "/app/settings/retention", m["legal_hold.reason"])
	must(h.Lives.EndHold(ctx, h.Owner, hold, 1))
	must(h.Lives.AskSuspend(ctx, operator, h.Owner.Clinic(), retention.Spam, m.as("", "suspension.words")+" and more"))
	o := h.signIn(t, demoHelpers[1].email)
	o.shows(t, "/platform/suspensions", m["suspension.words"])
	o.shows(t, "/platform/incidents/"+event.String(), m["platform_incident.words"])
	o.shows(t, "/platform/incidents/"+event.String(), m["platform_incident.lessons"])
	h.enterAsked(t, m)
}
