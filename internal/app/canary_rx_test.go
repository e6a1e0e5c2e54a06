package app

import (
	"testing"

	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/prescriptions"
)

// enterPapers writes, signs and cancels a prescription with marks in what is typed into it.
func (h *opened) enterPapers(t *testing.T, m marks) {
	t.Helper()
	c, err := h.Clinics.Get(t.Context(), h.Owner)
	if err == nil && !c.Has(clinics.ModulePrescriptions) {
		modules := append(c.Modules, clinics.ModulePrescriptions)
		if !c.Has(clinics.ModuleClinical) {
			modules = append(modules, clinics.ModuleClinical)
		}
		err = h.Clinics.SetModules(t.Context(), h.Owner, modules, c.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := h.Patients.Add(t.Context(), h.Owner, patients.Draft{Name: "Paper Taker", Phone: "+919999910498", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := h.Scripts.Sign(t.Context(), h.Owner, prescriptions.Draft{ID: id.New(h.Fake.Now()), Patient: p.ID, Language: "en", Advice: m.as("", "prescription.body", "prescription.sheet"),
		Rows: []prescriptions.Row{{Generic: "Zinc", Strength: "20 mg", Form: "tablet", Dose: "101", Days: 3}}}, h.Practice.providers[0].ID, false)
	if err != nil {
		t.Fatal(err)
	}
	s := h.signIn(t, demoPeople[0].email)
	s.shows(t, "/app/prescriptions/"+signed.ID.String(), m["prescription.body"])
	if err := h.Scripts.Cancel(t.Context(), h.Owner, signed.ID, m.as("", "prescription_end.reason")); err != nil {
		t.Fatal(err)
	}
	s.shows(t, "/app/prescriptions/"+signed.ID.String(), m["prescription_end.reason"])
}
