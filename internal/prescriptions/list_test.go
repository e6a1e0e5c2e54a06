package prescriptions_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"almirah/internal/fault"
	"almirah/internal/prescriptions"
)

func starter(t testing.TB) (*prescriptions.DrugList, *prescriptions.WarningList) {
	t.Helper()
	drugs, err := os.ReadFile("starter/drugs.csv")
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := os.ReadFile("starter/warnings.csv")
	if err != nil {
		t.Fatal(err)
	}
	d, err := prescriptions.ParseDrugs(drugs)
	if err != nil {
		t.Fatal(err)
	}
	w, err := prescriptions.ParseWarnings(warnings)
	if err != nil {
		t.Fatal(err)
	}
	return d, w
}

func TestStarterLists(t *testing.T) {
	t.Parallel()
	d, w := starter(t)
	generics, pairs := map[string]bool{}, map[string]bool{}
	known := map[string]bool{"sulfa": true, "sulfonamide": true, "aspirin": true, "quinolone": true}
	for _, x := range d.Drugs {
		if generics[x.Generic+"|"+x.Form] {
			t.Errorf("%s as %s stands twice", x.Generic, x.Form)
		}
		generics[x.Generic+"|"+x.Form], known[strings.ToLower(x.Generic)] = true, true
		for _, c := range append(x.Classes, prescriptions.Ingredients(x.Generic)...) {
			known[c] = true
		}
		if len(x.Strengths) == 0 || len(x.Classes) == 0 {
			t.Errorf("%s has no strength or no class", x.Generic)
		}
	}
	for _, r := range w.Rules {
		pairs[r.A+"|"+r.B] = true
		if !known[r.A] || !known[r.B] {
			t.Errorf("the warning of %s and %s names what no drug of the list is", r.A, r.B)
		}
	}
	if len(generics) < 100 || len(pairs) < 40 {
		t.Errorf("the starter has %d drugs and %d pairs", len(generics), len(pairs))
	}
}

func TestDrugsAreFoundByFirstLetters(t *testing.T) {
	t.Parallel()
	d, _ := starter(t)
	brands := map[string]string{"Dolomol": "paracetamol"}
	for q, want := range map[string]string{"par": "Paracetamol 500 mg tablet", "AMO": "Amoxicillin 500 mg capsule", "clav": "Amoxicillin + clavulanic acid 625 mg tablet", "dolo": "Paracetamol 500 mg tablet", "  oRaL re": "Oral rehydration salts 21.8 g sachet"} {
		found := d.Search(q, brands)
		if len(found) == 0 || found[0].Generic+" "+found[0].Strength+" "+found[0].Form != want {
			t.Errorf("%q finds %+v", q, found)
		}
	}
	for _, q := range []string{"", "  ", "zzz", "racetamol"} {
		if found := d.Search(q, brands); len(found) != 0 {
			t.Errorf("%q finds %+v", q, found)
		}
	}
	if d, ok := d.Find("ketamine", ""); !ok || !d.Restricted() {
		t.Error("a drug of Schedule X is not marked")
	}
}

func TestListsThatAreNoLists(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{"empty": "", "head only": "generic,form\n", "no form": "generic\nX\n", "empty generic": "generic,form\n,tablet\n", "too many cells": "generic,form\nX,tablet,Y\n", "a quote": "generic,form\n\"X,tablet\n",
		"control": "generic,form\nX\u202e,tablet\n", "no text": "generic,form\n\xff\xfe,tablet\n", "long": "generic,form\n" + strings.Repeat("x", 300) + ",tablet\n", "large": "generic,form\n" + strings.Repeat("Paracetamol,tablet\n", 60_000)} {
		if _, err := prescriptions.ParseDrugs([]byte(raw)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, raw := range map[string]string{"kind": "kind,a,b,severity,sentence\nother,a,b,mild,x\n", "severity": "kind,a,b,severity,sentence\nallergy,a,b,awful,x\n", "columns": "a,b\nx,y\n"} {
		if _, err := prescriptions.ParseWarnings([]byte(raw)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := prescriptions.ParseDrugs([]byte("\ufeffForm,GENERIC\ntablet,Newdrug\n")); err != nil || len(d.Drugs) != 1 || d.Drugs[0].Generic != "Newdrug" {
		t.Errorf("columns in another order, in capitals, behind a mark: %v", err)
	}
}

func FuzzLists(f *testing.F) {
	f.Add([]byte("generic,form\nParacetamol,tablet\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if d, err := prescriptions.ParseDrugs(raw); err == nil {
			_ = d.Search("p", nil)
		}
		_, _ = prescriptions.ParseWarnings(raw)
	})
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	d, w := starter(t)
	row := func(names ...string) (out []prescriptions.Row) {
		for _, n := range names {
			out = append(out, prescriptions.Row{Generic: n})
		}
		return out
	}
	allergic := func(key, severity string) prescriptions.Known {
		return prescriptions.Known{Allergies: []prescriptions.KnownAllergy{{Substance: key, Key: key, Severity: severity}}}
	}
	for name, c := range map[string]struct {
		rows  []prescriptions.Row
		known prescriptions.Known
		kind  string
		level string
		must  bool // needs a reason
	}{
		"the very drug":            {row("Amoxicillin"), allergic("amoxicillin", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"its class":                {row("Amoxicillin"), allergic("penicillin", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"its class, in the plural": {row("Ampicillin"), allergic("penicillins", prescriptions.Mild), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"in a combination":         {row("Amoxicillin + clavulanic acid"), allergic("penicillin", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"two in one line":          {row("Amoxicillin"), allergic("penicillin, sulfa", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"the other of the two":     {row("Sulfamethoxazole + trimethoprim"), allergic("penicillin/sulfa drugs", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"with a stop behind it":    {row("Ampicillin"), allergic("penicillin.", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"in brackets":              {row("Naproxen"), allergic("pain killers (nsaids)", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"both in the plural":       {row("Cefixime"), allergic("penicillins and cephalosporins", ""), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"a relative":               {row("Cefixime"), allergic("penicillin", ""), prescriptions.WarnAllergy, prescriptions.Moderate, true},
		"a severe one, a relative": {row("Cefixime"), allergic("penicillin", prescriptions.Severe), prescriptions.WarnAllergy, prescriptions.Severe, true},
		"a mild one":               {row("Furosemide"), allergic("sulfa drugs", prescriptions.Mild), prescriptions.WarnAllergy, prescriptions.Mild, true},
		"two drugs":                {row("Warfarin", "Ibuprofen"), prescriptions.Known{}, prescriptions.WarnInteraction, prescriptions.Severe, true},
		"the other way round":      {row("Ibuprofen", "Warfarin"), prescriptions.Known{}, prescriptions.WarnInteraction, prescriptions.Severe, true},
		"with what she takes":      {row("Sildenafil"), prescriptions.Known{Taking: []string{"isosorbide mononitrate"}}, prescriptions.WarnInteraction, prescriptions.Severe, true},
		"a mild pair":              {row("Isoniazid", "Rifampicin"), prescriptions.Known{}, prescriptions.WarnInteraction, prescriptions.Mild, false},
		"twice":                    {row("Paracetamol", "paracetamol"), prescriptions.Known{}, prescriptions.WarnDuplicate, prescriptions.Severe, true},
		"twice, once in a mixture": {row("Amoxicillin", "Amoxicillin + clavulanic acid"), prescriptions.Known{}, prescriptions.WarnDuplicate, prescriptions.Severe, true},
		"nobody knows it":          {row("Unheardofine"), prescriptions.Known{}, prescriptions.WarnUnknown, prescriptions.Mild, false},
		"controlled":               {row("Morphine"), prescriptions.Known{}, prescriptions.WarnRestricted, prescriptions.Mild, false},
	} {
		got := w.Check(c.rows, c.known, d)
		if len(got) != 1 || got[0].Kind != c.kind || got[0].Severity != c.level || got[0].NeedsReason() != c.must {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := w.Check(row("Paracetamol", "Cetirizine"), allergic("penicillin", prescriptions.Severe), d); len(got) != 0 {
		t.Errorf("a warning about nothing: %+v", got)
	}
	got := w.Check(row("Isoniazid", "Rifampicin", "Warfarin", "Warfarin"), prescriptions.Known{}, d)
	if !slices.IsSortedFunc(got, func(a, b prescriptions.Warning) int {
		rank := []string{prescriptions.Severe, prescriptions.Moderate, prescriptions.Mild}
		return slices.Index(rank, a.Severity) - slices.Index(rank, b.Severity)
	}) {
		t.Errorf("the severest do not come first: %+v", got)
	}
}
