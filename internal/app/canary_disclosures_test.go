package app

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/rig"
)

// enterDemand writes down what a court demands, and refuses it, with marks in what is typed.
func (h *opened) enterDemand(t *testing.T, m marks) {
	t.Helper()
	ctx := t.Context()
	p, _, err := h.Patients.Add(ctx, h.Owner, patients.Draft{Name: "Asked About", Phone: "+919999910497", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	another := rig.SignedIn(h.Clinic.ID, id.New(h.Fake.Now()), id.New(h.Fake.Now()), access.Manager)
	one, err := h.Given.Ask(ctx, another, disclosures.Draft{Patient: p.ID, Ground: disclosures.Court, Recipient: m.as("", "disclosure.recipient"), Reference: m.as("", "disclosure.reference"), Why: m.as("", "disclosure.why"),
		Parts: []disclosures.Part{disclosures.Identity}, Gag: "2027-06-30", GagWhy: m.as("", "disclosure.gag_why")})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Given.Decide(ctx, h.Owner, one, 1, false, m.as("", "disclosure.words")); err != nil {
		t.Fatal(err)
	}
	s := h.signIn(t, demoPeople[0].email)
	for _, mark := range []string{"disclosure.recipient", "disclosure.reference", "disclosure.why", "disclosure.gag_why", "disclosure.words"} {
		s.shows(t, "/app/disclosures/"+one.String(), m[mark])
	}
}
