package app

import (
	"strings"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/law"
	"almirah/internal/requests"
)

// askStops are the pages of people's requests: one of each state, and a person's own pages behind the link of an appointment.
func (h *opened) askStops(t testing.TB, own, patient string) []stop {
	t.Helper()
	ctx := t.Context()
	_, token, _ := strings.Cut(own, "/m/")
	she, _, err := h.Desk.Enter(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(h.Requests.AskCopy(ctx, she))
	must(h.Requests.Nominate(ctx, she, "Omar Example", "omar@example.org"))
	must(h.Requests.State(ctx, she, "health", "It was the left knee, not the right one."))
	must(h.Requests.AskContact(ctx, she, "new.asha@example.org"))
	mine, err := h.Requests.Ask(ctx, she, law.Correction, "name", "My name is written with two a.")
	must(err)
	nobody, err := h.Requests.Take(ctx, h.Owner, requests.Taken{Kind: law.Access, Door: requests.ByLetter, Asker: requests.Self, Contact: "asha@example.org", Came: clock.Date(h.today().AddDays(-1)), Words: "All of it, please."})
	must(err)
	done, err := h.Requests.Ask(ctx, she, law.Complaint, "", "My name was called out loud.")
	must(err)
	must(h.Requests.Decide(ctx, h.Owner, done, 1, requests.Decision{Outcome: requests.Partly, Ground: requests.Claims, Why: "We call numbers now. The book of the day stays until the claim is settled."}))
	copied := ""
	list, err := h.Requests.List(ctx, h.Owner)
	must(err)
	for _, l := range list {
		if l.Kind == law.Access && l.State == requests.Answered {
			copied = l.ID.String()
		}
	}
	h.helping(t)
	p := "/m/" + token + "/data"
	return []stop{
		{pattern: "GET /app/requests", path: "/app/requests", who: ownerMail},
		{pattern: "GET /app/requests/new", path: "/app/requests/new?patient=" + patient, who: ownerMail},
		{pattern: "GET /app/requests/new", path: "/app/requests/new", who: deskMail, variant: "desk"},
		{pattern: "GET /app/requests/{id}", path: "/app/requests/" + mine.String(), who: ownerMail},
		{pattern: "GET /app/requests/{id}", path: "/app/requests/" + nobody.String(), typed: []string{"find", "Asha"}, who: ownerMail, variant: "who"},
		{pattern: "GET /app/requests/{id}", path: "/app/requests/" + done.String(), who: ownerMail, variant: "answered"},
		{pattern: "GET /app/requests/{id}/copy", path: "/app/requests/" + copied + "/copy", who: ownerMail},
		{pattern: "GET /platform/requests", path: "/platform/requests", who: demoHelpers[1].email},
		{pattern: "GET /m/{token}/data", path: p},
		{pattern: "GET /m/{token}/data/copy", path: p + "/copy"},
		{pattern: "GET /m/{token}/data/ask", path: p + "/ask?kind=deletion"},
		{pattern: "GET /m/{token}/data/ask", path: p + "/ask?kind=correction", variant: "correction"},
		{pattern: "GET /m/{token}/data/looked", path: p + "/looked?day=" + string(h.today())},
		{pattern: "GET /m/{token}/data/requests/{id}", path: p + "/requests/" + done.String()},
		{pattern: "GET /m/{token}/data/requests/{id}", path: p + "/requests/" + mine.String(), variant: "open"},
		{pattern: "GET /c/{slug}/privacy/request", path: "/c/" + demoSlug + "/privacy/request"},
	}
}
