package app

import (
	"testing"

	"almirah/internal/id"
	"almirah/internal/prescriptions"
	"almirah/internal/store"
)

// TestAFavouriteStandsBehindWhatWasTyped: also on the sheet that takes the place of a signed one, whose drugs were taken off or changed.
func TestAFavouriteStandsBehindWhatWasTyped(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h, doctor, patient := prescribingOn(t, engine)
		signed := func(rows ...prescriptions.Row) id.ID {
			t.Helper()
			p, err := h.Scripts.Sign(t.Context(), h.Owner, prescriptions.Draft{ID: id.New(h.Fake.Now()), Patient: patient, Language: "en", Rows: rows}, h.Practice.providers[0].ID, false)
			if err != nil {
				t.Fatal(err)
			}
			return p.ID
		}
		fever := signed(prescriptions.Row{Generic: "Paracetamol", Strength: "500 mg", Form: "tablet", Dose: "1-1-1", Days: 3})
		if err := h.Scripts.AddSet(t.Context(), h.Owner, fever, "fe", "Fever"); err != nil {
			t.Fatal(err)
		}
		sets, err := h.Scripts.Sets(t.Context(), h.Owner)
		if err != nil || len(sets) != 1 {
			t.Fatalf("%+v, %v", sets, err)
		}
		old := signed(prescriptions.Row{Generic: "Warfarin", Strength: "5 mg", Form: "tablet", Dose: "0-0-1", Days: 30})
		page := "/app/patients/" + patient.String() + "/prescriptions"
		form := doctor.page(t, page+"/new?replaces="+old.String()).form(t, page)
		if form.Get("drug-1") != "Warfarin" {
			t.Fatalf("the sheet begins with %q", form.Get("drug-1"))
		}
		for name, typed := range map[string]string{"drug-1": "Cetirizine", "strength-1": "10 mg", "form-1": "tablet", "dose-1": "001", "days-1": "4", "do": "set " + sets[0].ID.String()} {
			form.Set(name, typed)
		}
		a := doctor.do(t, "POST", page, form, nil)
		if a.status != 303 {
			t.Fatal(a)
		}
		one, err := id.Parse(form.Get("id"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := h.Scripts.Open(t.Context(), h.Owner, one)
		if err != nil || p.Replaces != old {
			t.Fatalf("it takes the place of %s, %v", p.Replaces, err)
		}
		var drugs []string
		for _, r := range p.Rows {
			drugs = append(drugs, r.Generic+" "+r.Dose)
		}
		if len(drugs) != 2 || drugs[0] != "Cetirizine 0-0-1" || drugs[1] != "Paracetamol 1-1-1" {
			t.Errorf("the sheet holds %q", drugs)
		}
	})
}
