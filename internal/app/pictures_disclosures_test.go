package app

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/rig"
)

// demandStops are the pages of what courts demand, and of a list that was brought in.
func (h *opened) demandStops(t testing.TB) []stop {
	t.Helper()
	ctx := t.Context()
	p, _, err := h.Patients.Add(ctx, h.Owner, patients.Draft{Name: "Demand Sample", Phone: "+919999910496", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	another := rig.SignedIn(h.Clinic.ID, id.New(h.Clock.Now()), id.New(h.Clock.Now()), access.Manager)
	one, err := h.Given.Ask(ctx, another, disclosures.Draft{Patient: p.ID, Ground: disclosures.Court, Recipient: "District Court, invented", Reference: "DEMO-4711", Why: "An invented order, to know whether she was here on a day.",
		Parts: []disclosures.Part{disclosures.Identity, disclosures.Appointments}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Archives.Bring(ctx, h.Owner, []byte("Name,Phone,Born\nListed Sample,+919845077001,1980-02-03\n,+919845077002,yesterday\n"))
	if err != nil {
		t.Fatal(err)
	}
	return []stop{
		{pattern: "GET /app/disclosures", path: "/app/disclosures", who: ownerMail},
		{pattern: "GET /app/disclosures/new", path: "/app/disclosures/new?patient=" + p.ID.String(), who: ownerMail},
		{pattern: "GET /app/disclosures/{id}", path: "/app/disclosures/" + one.String(), who: ownerMail},
		{pattern: "GET /app/settings/import/{id}", path: "/app/settings/import/" + list.String(), who: ownerMail},
	}
}
