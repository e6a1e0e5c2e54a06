package app

import (
	"context"
	"fmt"
	"slices"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/prescriptions"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// The demo's prescriptions: all of it is invented, and signed by the demo's own practitioners.

// prescribe turns prescriptions on, with the clinical records that they need, and lets the demo's doctor and its owner sign: each signs in
// as the practitioner of the same name.
func (h *House) prescribe(ctx context.Context, owner access.Caller, practice demoPractice) error {
	c, err := h.Clinics.Get(ctx, owner)
	if err != nil {
		return err
	}
	modules := slices.Clone(c.Modules)
	for _, m := range []string{clinics.ModuleClinical, clinics.ModulePrescriptions} {
		if !c.Has(m) {
			modules = append(modules, m)
		}
	}
	if len(modules) > len(c.Modules) {
		if err := h.Clinics.SetModules(ctx, owner, modules, c.Version); err != nil {
			return err
		}
	}
	people, _, err := h.Accounts.Staff(ctx, owner)
	if err != nil {
		return err
	}
	for _, m := range people {
		for _, p := range practice.providers {
			if m.Provider.IsZero() && p.Name == "Dr "+m.Person.Name {
				if err := h.Accounts.SetProvider(ctx, owner, m.Person.ID, p.ID, m.Version); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// demoSheets are signed for the first patients of each language.
var demoSheets = map[string]struct {
	rows   []prescriptions.Row
	advice string
}{
	"en": {[]prescriptions.Row{{Generic: "Paracetamol", Strength: "500 mg", Form: "tablet", Dose: "1-1-1", Timing: prescriptions.After, Days: 3}, {Generic: "Cetirizine", Strength: "10 mg", Form: "tablet", Dose: "0-0-1", Days: 5}}, "Drink plenty of water, and rest."},
	"hi": {[]prescriptions.Row{{Generic: "Amoxicillin", Strength: "500 mg", Form: "capsule", Dose: "1-1-1", Timing: prescriptions.After, Days: 5}, {Generic: "Paracetamol", Strength: "500 mg", Form: "tablet", Dose: "1 SOS"}}, "ख़ूब पानी पिएँ और आराम करें।"},
	"ta": {[]prescriptions.Row{{Generic: "Metformin", Strength: "500 mg", Form: "tablet", Dose: "1-0-1", Timing: prescriptions.After, Days: 30}, {Generic: "Atorvastatin", Strength: "10 mg", Form: "tablet", Dose: "0-0-1", Days: 30}}, "தினமும் அரை மணி நேரம் நடக்கவும்."},
	"ar": {[]prescriptions.Row{{Generic: "Salbutamol", Strength: "100 mcg", Form: "inhaler", Dose: "2-0-2", Days: 14}, {Generic: "Pantoprazole", Strength: "40 mg", Form: "tablet", Dose: "1-0-0", Timing: prescriptions.Before, Days: 14}}, "تجنّب الغبار والدخان."},
}

// demoScripts signs a prescription in every language of the clinic, keeps favourites, and notes an allergy.
func (h *House) demoScripts(ctx context.Context, owner access.Caller, practice demoPractice, who []id.ID) (int, error) {
	if err := h.prescribe(ctx, owner, practice); err != nil {
		return 0, err
	}
	spoken, n := map[string]bool{}, 0
	for i, one := range who {
		_, language := person(i)
		sheet, ok := demoSheets[language]
		if spoken[language] || !ok {
			continue
		}
		spoken[language] = true
		p, err := h.Scripts.Sign(ctx, owner, prescriptions.Draft{ID: id.New(h.Clock.Now()), Patient: one, Rows: sheet.rows, Advice: sheet.advice, Language: language, Reasons: map[string]string{}}, practice.providers[0].ID, false)
		if err != nil {
			return n, fmt.Errorf("a prescription in %s: %w", language, err)
		}
		n++
		if set, ok := map[string][2]string{"en": {"fe", "Fever"}, "ta": {"d", "Diabetes"}}[language]; ok {
			if err := h.Scripts.AddSet(ctx, owner, p.ID, set[0], set[1]); err != nil {
				return n, err
			}
		}
		if language != "en" {
			continue
		}
		err = h.DB.Change(ctx, owner, access.VisitWrite, func(_ context.Context, tx *store.Tx) error {
			if _, err := patients.Find(&tx.View, one); err != nil {
				return err
			}
			return visits.AddAllergy(tx, one, visits.Allergy{Substance: "Penicillin", Reaction: "rash", Severity: visits.Severe})
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
