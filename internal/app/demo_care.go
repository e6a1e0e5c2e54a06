package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/scheduling"
	"almirah/internal/visits"
)

// The demo's clinical records: all of it is invented.

// demoVisits are what the demo's practitioner wrote, over and over.
var demoVisits = []struct {
	note   visits.Note
	vitals visits.Typed
}{
	{visits.Note{Complaint: "Cough and runny nose for three days. No fever.", Findings: "General appearance: well\nChest: clear\nThroat: slightly red", Plan: "Rest, warm fluids.\nReview in: 5 days if not better.",
		Diagnoses: []visits.Diagnosis{{Code: "J06.9", Name: "Acute upper respiratory infection, unspecified"}}}, visits.Typed{visits.Systolic: "128", visits.Diastolic: "82", visits.Pulse: "78", visits.Temperature: "37.2", visits.Oxygen: "98", visits.Weight: "68.5", visits.Height: "164"}},
	{visits.Note{Complaint: "Blood pressure check.", Findings: "Heart: regular, no murmur", Plan: "Less salt, walk every day.\nReview in: 4 weeks.",
		Diagnoses: []visits.Diagnosis{{Code: "I10", Name: "Essential (primary) hypertension"}}}, visits.Typed{visits.Systolic: "152", visits.Diastolic: "94", visits.Pulse: "84", visits.Weight: "69"}},
	{visits.Note{Complaint: "पीठ के निचले हिस्से में दर्द, एक हफ़्ते से।", Findings: "Posture, gait: normal\nRange of movement: bending limited", Plan: "Exercises at home, twice a day.",
		Diagnoses: []visits.Diagnosis{{Code: "M54.5", Name: "Low back pain"}}}, visits.Typed{visits.Systolic: "134", visits.Diastolic: "84", visits.Pulse: "72", visits.Weight: "70.2"}},
}

// demoCare turns the clinical records on and fills them: templates, questions, and signed visits of those who came, today first.
func (h *House) demoCare(ctx context.Context, owner access.Caller, practice demoPractice) error {
	c, err := h.Clinics.Get(ctx, owner)
	if err != nil {
		return err
	}
	if c.Has(clinics.ModuleClinical) {
		return nil
	}
	if err := h.Clinics.SetModules(ctx, owner, append(slices.Clone(c.Modules), clinics.ModuleClinical), c.Version); err != nil {
		return err
	}
	if err := h.demoSigners(ctx, owner, practice); err != nil {
		return err
	}
	for _, t := range visits.Starters() {
		if _, err := h.Visits.SaveTemplate(ctx, owner, t, false); err != nil {
			return err
		}
	}
	for _, b := range []intake.Body{
		{Kind: intake.Questions, Title: "Before you come", Text: "It takes two minutes, and saves them at the clinic.", Questions: []intake.Question{
			{Kind: intake.Text, Label: "What brings you?", Must: true}, {Kind: intake.YesNo, Label: "Do you have an allergy?", Must: true}, {Kind: intake.Text, Label: "Which medicines do you take now?"}}},
		{Kind: intake.Consent, Title: "Consent to examination", Text: "I agree to be examined at Sunrise Clinic.\nI may say stop at any time.\nI was told whom to ask when something is not clear to me."},
	} {
		if _, err := h.Intake.Save(ctx, owner, intake.Form{Body: b}, false); err != nil {
			return err
		}
	}
	return h.demoVisits(ctx, owner, practice)
}

// demoSigners links the accounts of the demo to the practitioners of the same name.
func (h *House) demoSigners(ctx context.Context, owner access.Caller, practice demoPractice) error {
	staff, _, err := h.Accounts.Staff(ctx, owner)
	if err != nil {
		return err
	}
	for _, m := range staff {
		for _, p := range practice.providers {
			if strings.TrimPrefix(p.Name, "Dr ") == m.Person.Name && m.Provider.IsZero() {
				if err := h.Accounts.SetProvider(ctx, owner, m.Person.ID, p.ID, m.Version); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// demoVisits writes visits of the first practitioner's day: those that are over are signed, the first of them with something added.
func (h *House) demoVisits(ctx context.Context, owner access.Caller, practice demoPractice) error {
	if len(practice.providers) == 0 {
		return nil
	}
	signer := practice.providers[0].ID
	c, err := h.Clinics.Get(ctx, owner)
	if err != nil {
		return err
	}
	date := clock.Today(h.Clock, c.Location())
	cal, err := h.Desk.Days(ctx, owner, date.AddDays(-1), date, signer)
	if err != nil {
		return err
	}
	n := 0
	for _, day := range slices.Backward(cal.Days) {
		for _, col := range day.Columns {
			for _, e := range col.Entries {
				if !e.Status.Came() || n >= 6 {
					continue
				}
				if err := h.demoVisit(ctx, owner, signer, e.Appointment, n); err != nil {
					return fmt.Errorf("a visit: %w", err)
				}
				n++
			}
		}
	}
	return nil
}

func (h *House) demoVisit(ctx context.Context, owner access.Caller, signer id.ID, a scheduling.Appointment, n int) error {
	e, err := h.Visits.Begin(ctx, owner, a.ID)
	if err != nil {
		return err
	}
	x := demoVisits[n%len(demoVisits)]
	measured, err := x.vitals.Read("IN")
	if err != nil {
		return err
	}
	d := visits.Draft{Note: x.note, Vitals: measured, Version: e.Version, Tab: id.New(h.Clock.Now())}
	if n%3 == 0 {
		err = h.Visits.AddAllergy(ctx, owner, a.Patient, visits.Allergy{Substance: "Penicillin", Reaction: "rash", Severity: visits.Severe})
	} else if n%3 == 1 {
		err = h.Visits.NoAllergies(ctx, owner, a.Patient)
	}
	if err != nil {
		return err
	}
	if a.Status != scheduling.Completed {
		_, err = h.Visits.Save(ctx, owner, e.ID, d)
		return err
	}
	if _, err = h.Visits.Sign(ctx, owner, e.ID, signer, d); err == nil && n == 0 {
		err = h.Visits.Amend(ctx, owner, e.ID, signer, visits.Amendment{Part: visits.PartPlan, Reason: "The result came after the visit", Text: "Blood count normal. The patient was told by phone."})
	}
	return err
}
