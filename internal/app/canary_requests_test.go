package app

import (
	"context"
	"testing"

	"almirah/internal/accounts"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/requests"
)

// enterAsked lets a patient ask about her data with marks in everything that she and the staff type.
func (h *opened) enterAsked(t *testing.T, m marks) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p, _, err := h.Patients.Add(ctx, h.Owner, patients.Draft{Name: "Asks A Lot", Email: "asks@example.org", Language: "en"}, true)
	must(err)
	she := accounts.ForPatient(h.Clinic.ID, p.ID, id.New(h.Clock.Now()))
	must(h.Requests.State(ctx, she, "health", m.as("", "data_statement.words")+" and more"))
	must(h.Requests.Nominate(ctx, she, m.as("name", "nominee.name"), m.as("", "nominee.contact")))
	must(h.Requests.AskContact(ctx, she, m.as("email", "contact_proof.address")))
	one, err := h.Requests.Ask(ctx, she, law.Complaint, "", m.as("", "data_request.words")+" and more")
	must(err)
	must(h.Requests.Decide(ctx, h.Owner, one, 1, requests.Decision{Outcome: requests.Refused, Ground: requests.Accurate, Why: m.as("", "data_request.why") + " and more"}))
	two, err := h.Requests.Take(ctx, h.Owner, requests.Taken{Kind: law.Access, Door: requests.ByLetter, Asker: requests.Self, Contact: m.as("", "data_request.contact"), Words: "All of it."})
	must(err)
	must(h.Requests.AskLink(ctx, accounts.Public(h.Clinic.ID), m.as("email", "link_asked.contact")))
	s := h.signIn(t, demoPeople[0].email)
	s.shows(t, "/app/requests/"+one.String(), m["data_request.words"], m["data_request.why"], m["data_statement.words"], m["nominee.name"], m["nominee.contact"])
	s.shows(t, "/app/requests/"+two.String(), m["data_request.contact"])
	s.shows(t, "/app/patients/"+p.ID.String(), m["data_statement.words"])
}
