package app

import (
	"net/url"
	"strings"
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

// TestALostAnswerEndsNoDraft: the house saved a draft, and its answer never arrived. Whoever wrote it goes on from there, the script by itself and
// the form with what was typed; what somebody else saved meanwhile is neither overwritten nor hidden.
func TestALostAnswerEndsNoDraft(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h, doctor, patient := prescribingOn(t, engine)
		page := "/app/patients/" + patient.String() + "/prescriptions"
		form := doctor.page(t, page+"/new").form(t, page)
		write := func(drug string) {
			for name, typed := range map[string]string{"drug-1": drug, "strength-1": "1 mg", "form-1": "tablet", "dose-1": "1-0-1", "days-1": "4"} {
				form.Set(name, typed)
			}
		}
		save := func(v *visitor, form url.Values, do string, script bool) answered {
			t.Helper()
			form.Set("do", do)
			var head map[string]string
			if script {
				head = map[string]string{"X-Fragment": "1", "X-CSRF": form.Get("csrf")}
			}
			return v.do(t, "POST", page, form, head)
		}
		write("Cetirizine")
		if a := save(doctor, form, "save", true); a.status != 200 || a.head.Get("X-Version") != "1" {
			t.Fatalf("%s, version %q", a, a.head.Get("X-Version"))
		}
		// The answer is lost: the page knows of no version.
		write("Loratadine")
		if a := save(doctor, form, "save", true); a.status != 409 || a.head.Get("X-Version") != "1" {
			t.Errorf("the script is answered %s, version %q", a, a.head.Get("X-Version"))
		}
		a := save(doctor, form, "sign", false)
		if a.status != 409 || strings.Contains(a.body, "Somebody changed this") || !strings.Contains(a.body, "this page did not hear of it") {
			t.Errorf("the form is answered %s", a)
		}
		form = a.form(t, page)
		if form.Get("version") != "1" || form.Get("drug-1") != "Loratadine" {
			t.Fatalf("version %q of %q", form.Get("version"), form.Get("drug-1"))
		}
		if list := h.sheets(t, patient); len(list) != 1 || list[0].State != prescriptions.Drafted || list[0].Rows[0].Generic != "Cetirizine" {
			t.Fatalf("%+v", list)
		}
		// Somebody else saves: her version is not given away.
		one, err := id.Parse(form.Get("id"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Scripts.Save(t.Context(), h.Owner, prescriptions.Draft{ID: one, Patient: patient, Version: 1, Language: "en", Rows: []prescriptions.Row{{Generic: "Zinc", Dose: "1-0-0", Days: 3}}}, id.Zero); err != nil {
			t.Fatal(err)
		}
		if a := save(doctor, form, "save", true); a.status != 409 || a.head.Get("X-Version") != "" || !strings.Contains(a.body, "Somebody changed this") {
			t.Errorf("the script is answered %s, version %q", a, a.head.Get("X-Version"))
		}
		a = save(doctor, form, "sign", false)
		if now := a.form(t, page); a.status != 409 || now.Get("version") != "1" || now.Get("drug-1") != "Loratadine" || !strings.Contains(a.body, "Somebody changed this") || !strings.Contains(a.body, `href="/app/prescriptions/`+one.String()+`"`) {
			t.Errorf("the form is answered %s, version %q of %q", a, now.Get("version"), now.Get("drug-1"))
		}
		// Seen as it is now, it is written on and signed.
		form = doctor.page(t, "/app/prescriptions/"+one.String()).form(t, page)
		if form.Get("drug-1") != "Zinc" || form.Get("version") != "2" {
			t.Errorf("the sheet is shown with %q, version %q", form.Get("drug-1"), form.Get("version"))
		}
		write("Loratadine")
		if a := save(doctor, form, "sign", false); a.status != 303 {
			t.Fatal(a)
		}
		// Signed, it is never the version of a draft that goes on.
		if a := save(doctor, form, "save", true); a.status != 409 || a.head.Get("X-Version") != "" {
			t.Errorf("a signed sheet is answered %s, version %q", a, a.head.Get("X-Version"))
		}
	})
}
