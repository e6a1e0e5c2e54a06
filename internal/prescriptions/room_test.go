package prescriptions_test

import (
	"cmp"
	"context"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/prescriptions"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/visits"
	"almirah/internal/words"
)

var background = context.Background()

// room is a clinic that prescribes, with one practitioner and one patient.
type room struct {
	*practice.Practice
	t             *testing.T
	scripts       *prescriptions.Service
	owner, doctor access.Caller
	signer        id.ID
	patient       id.ID
}

func open(t *testing.T, b *rig.Base) *room {
	t.Helper()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := &room{Practice: practice.Open(t, b, 1), t: t, scripts: prescriptions.New(b.DB, book, document.ThePress(), "https://book.example"), owner: b.As(access.Owner), doctor: b.As(access.Practitioner)}
	r.modules(clinics.ModuleScheduling, clinics.ModuleClinical, clinics.ModulePrescriptions)
	r.signer = r.Provider(t, scheduling.Provider{Name: "Dr Leela Nair", Qualification: "MBBS, MD", Registration: "KMC 12345", Position: 2}).ID
	r.patient = r.person("Asha Rao", "hi")
	return r
}

func (r *room) person(name, language string) id.ID {
	r.t.Helper()
	p, _, err := patients.New(r.DB, r.Log).Add(background, r.owner, patients.Draft{Name: name, Phone: "+919845012345", Email: "asha@example.org", BirthDate: "1984-02-01", Sex: "female", Language: "en"}, true)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = language
	return p.ID
}

func (r *room) modules(list ...string) {
	r.t.Helper()
	house := clinics.New(r.DB, r.Log, clinics.Options{})
	c, err := house.Get(background, r.owner)
	if err == nil {
		err = house.SetModules(background, r.owner, list, c.Version)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// draft is a new sheet with the drugs, each "generic/dose". What stands on the list by that name is chosen from it, as the page does.
func (r *room) draft(drugs ...string) prescriptions.Draft {
	d := prescriptions.Draft{ID: id.New(r.Clock.Now()), Patient: r.patient, Language: "hi", Reasons: map[string]string{}}
	for _, x := range drugs {
		parts := strings.Split(x, "/")
		row := prescriptions.Row{Generic: parts[0], Dose: "1-0-1", Days: 5}
		if len(parts) > 1 {
			row.Dose = parts[1]
		}
		found, _ := r.scripts.Search(background, r.doctor, parts[0]) // where there is no search, there is nothing to choose
		for _, c := range found.Choices {
			if c.Generic == parts[0] {
				row.Strength, row.Form, row.Route, row.Timing = c.Strength, c.Form, c.Route, c.Food
				break
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

func (r *room) signed(drugs ...string) prescriptions.Page {
	r.t.Helper()
	p, err := r.scripts.Sign(background, r.doctor, r.draft(drugs...), r.signer, false)
	if err != nil || p.State != prescriptions.Signed {
		r.t.Fatalf("not signed: %v", err)
	}
	return p
}

func (r *room) open(one id.ID) prescriptions.Page {
	r.t.Helper()
	p, err := r.scripts.Open(background, r.doctor, one)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *room) inside(fn func(tx *store.Tx) error) error {
	return r.DB.Change(background, r.owner, access.VisitWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test prepares its case")
		return fn(tx)
	})
}

func (r *room) do(fn func(tx *store.Tx) error) {
	r.t.Helper()
	if err := r.inside(fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) allergic(substance, severity string) {
	r.t.Helper()
	r.do(func(tx *store.Tx) error {
		return visits.AddAllergy(tx, r.patient, visits.Allergy{Substance: substance, Severity: severity})
	})
}

func wants(t *testing.T, err error, kind fault.Kind, fields ...string) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%v, want %s", err, kind)
		return
	}
	for _, f := range fields {
		if !strings.Contains(err.Error(), "["+f+": ") {
			t.Errorf("%v does not name %s", err, f)
		}
	}
}

func TestASignedSheetIsNeverChanged(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-stay")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		d := r.draft("par")
		saved, err := r.scripts.Save(background, r.doctor, d, r.signer)
		if err != nil || saved.Version != 1 || saved.State != prescriptions.Drafted || saved.Rows[0].Generic != "Paracetamol" || saved.Rows[0].Form != "tablet" || saved.Rows[0].Quantity != 10 {
			t.Fatalf("%+v, %v", saved.Draft, err)
		}
		d.Version, d.Rows, d.Advice = saved.Version, append(saved.Rows, prescriptions.Row{Generic: "Cetirizine", Strength: "10 mg", Form: "tablet", Dose: "001", Days: 3}), "Drink water"
		p, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
		if err != nil || p.State != prescriptions.Signed || len(p.Rows) != 2 || p.Sheet.Registration != "KMC 12345" || p.Sheet.Patient != "Asha Rao" || p.Sheet.Instructions[0] == "" {
			t.Fatalf("%+v, %v", p.Sheet, err)
		}
		// Nobody writes it again, by no verb and by no statement.
		d.Version, d.Advice = p.Version, "Something else"
		_, err = r.scripts.Save(background, r.doctor, d, r.signer)
		wants(t, err, fault.Conflict)
		_, err = r.scripts.Sign(background, r.doctor, d, r.signer, false)
		wants(t, err, fault.Conflict)
		wants(t, r.scripts.Drop(background, r.doctor, d.ID, p.Version), fault.Conflict)
		if err := r.inside(func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE prescription SET remote = TRUE WHERE clinic_id = $1 AND id = $2`, d.ID)
			return err
		}); err == nil {
			t.Error("the database let a signed sheet be changed")
		}
		// Its practitioner moves on; the sheet stays what it was.
		roster, err := r.Desk.Roster(background, r.owner)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range roster.Providers {
			if x.ID == r.signer {
				x.Name, x.Registration = "Dr Leela Menon", "KMC 99"
				if _, err := r.Desk.SavePractice(background, r.owner, x, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		if now := r.open(d.ID); now.Sheet.Signer != "Dr Leela Nair" || now.Advice != "Drink water" || now.Sheet.Registration != "KMC 12345" {
			t.Errorf("the signed sheet says %+v", now.Sheet)
		}
		// It is ended with a reason, which is kept, and that is not changed either.
		wants(t, r.scripts.Cancel(background, r.doctor, d.ID, " "), fault.Invalid, "reason")
		if err := r.scripts.Cancel(background, r.doctor, d.ID, "wrong patient"); err != nil {
			t.Fatal(err)
		}
		if now := r.open(d.ID); now.State != prescriptions.Cancelled || now.EndReason != "wrong patient" {
			t.Errorf("%s, %q", now.State, now.EndReason)
		}
		wants(t, r.scripts.Cancel(background, r.doctor, d.ID, "again"), fault.Conflict)
		if err := r.inside(func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE prescription_end SET ended_at = 1 WHERE clinic_id = $1 AND prescription_id = $2`, d.ID)
			return err
		}); err == nil {
			t.Error("the database let the end of a sheet be changed")
		}
	})
}

func TestDraftsAreNotLost(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		d := r.draft("Paracetamol")
		first, err := r.scripts.Save(background, r.doctor, d, id.Zero)
		if err != nil {
			t.Fatal(err)
		}
		d.Version = first.Version
		if _, err := r.scripts.Save(background, r.doctor, d, id.Zero); err != nil {
			t.Fatal(err)
		}
		_, err = r.scripts.Save(background, r.owner, d, id.Zero) // the version that was seen is old
		wants(t, err, fault.Conflict)
		d.Version = 0 // a page that was sent twice makes no second sheet
		_, err = r.scripts.Save(background, r.doctor, d, id.Zero)
		wants(t, err, fault.Conflict)
		for field, change := range map[string]func(*prescriptions.Draft){
			"drug-1": func(d *prescriptions.Draft) { d.Rows[0].Generic = "" },
			"drug-16": func(d *prescriptions.Draft) {
				d.Rows = make([]prescriptions.Row, 16)
				for i := range d.Rows {
					d.Rows[i].Generic = "Zinc"
				}
			},
			"days-1": func(d *prescriptions.Draft) { d.Rows[0].Days = 366 },
			"note-1": func(d *prescriptions.Draft) { d.Rows[0].Note = "a\u202eb" },
			"dose-1": func(d *prescriptions.Draft) { d.Rows[0].Dose = strings.Repeat("x", 121) },
			"advice": func(d *prescriptions.Draft) { d.Advice = strings.Repeat("x", 1501) },
		} {
			bad := r.draft("Paracetamol")
			change(&bad)
			_, err := r.scripts.Save(background, r.doctor, bad, id.Zero)
			wants(t, err, fault.Invalid, field)
		}
		// What is filled in from letters is looked at before it is signed.
		letters := r.draft("met")
		p, err := r.scripts.Sign(background, r.doctor, letters, r.signer, false)
		wants(t, err, fault.Invalid, "drug-1")
		if p.State != prescriptions.Drafted || p.Rows[0].Generic == "met" {
			t.Errorf("%s: %+v", p.State, p.Rows)
		}
		letters.Version, letters.Rows = p.Version, p.Rows
		if p, err = r.scripts.Sign(background, r.doctor, letters, r.signer, false); err != nil || p.State != prescriptions.Signed {
			t.Errorf("%v", err)
		}
		// So is what the list adds to a name that was typed whole: its first strength, or its form alone.
		for _, strength := range []string{"", "650 mg"} {
			whole := r.draft()
			whole.Rows = []prescriptions.Row{{Generic: "paracetamol", Strength: strength, Dose: "1-0-1", Days: 5}}
			p, err := r.scripts.Sign(background, r.doctor, whole, r.signer, false)
			wants(t, err, fault.Invalid, "drug-1")
			if want := cmp.Or(strength, "500 mg"); p.State != prescriptions.Drafted || len(p.Rows) != 1 || p.Rows[0].Strength != want || p.Rows[0].Form != "tablet" || err != nil && !strings.Contains(err.Error(), "field.rx.filled") {
				t.Errorf("%s: %+v, %v", p.State, p.Rows, err)
			}
			whole.Version, whole.Rows = p.Version, p.Rows
			if p, err = r.scripts.Sign(background, r.doctor, whole, r.signer, false); err != nil || p.State != prescriptions.Signed {
				t.Errorf("what was looked at is not signed: %v", err)
			}
		}
		// A strength that was taken out again stays out.
		bare := r.draft()
		bare.Rows = []prescriptions.Row{{Generic: "Paracetamol", Form: "tablet", Dose: "1-0-1", Days: 5}}
		if p, err := r.scripts.Sign(background, r.doctor, bare, r.signer, false); err != nil || p.Rows[0].Strength != "" {
			t.Errorf("a form without a strength is signed as it stands: %+v, %v", p.Rows, err)
		}
		empty := r.draft()
		_, err = r.scripts.Sign(background, r.doctor, empty, r.signer, false)
		wants(t, err, fault.Invalid, "drug-1")
		half := r.draft("Zinc")
		half.Rows[0].Dose = ""
		_, err = r.scripts.Sign(background, r.doctor, half, r.signer, false)
		wants(t, err, fault.Invalid, "dose-1")
		if err := r.scripts.Drop(background, r.doctor, half.ID, 1); err != nil {
			t.Error(err)
		}
		// Another one's draft, and another one's visit, are not to be had by their ids.
		theirs := r.draft("Zinc")
		theirs.ID, theirs.Patient, theirs.Version = d.ID, r.person("Ravi Teak", "en"), 2
		_, err = r.scripts.Save(background, r.doctor, theirs, id.Zero)
		wants(t, err, fault.NotFound)
		lost := r.draft("Zinc")
		lost.Encounter = id.New(b.Clock.Now())
		_, err = r.scripts.Save(background, r.doctor, lost, id.Zero)
		wants(t, err, fault.NotFound)
	})
}

func TestOnlyAPractitionerWithANumberSigns(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-signed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		d := r.draft("Paracetamol")
		_, err := r.scripts.Sign(background, r.doctor, d, id.Zero, false)
		wants(t, err, fault.Forbidden)
		if !strings.Contains(err.Error(), "fault.rx.no_practitioner") {
			t.Error(err)
		}
		bare := r.Provider(t, scheduling.Provider{Name: "Dr No Number", Position: 3}).ID
		_, err = r.scripts.Sign(background, r.doctor, d, bare, false)
		wants(t, err, fault.Forbidden)
		if !strings.Contains(err.Error(), "fault.rx.no_registration") {
			t.Error(err)
		}
		_, err = r.scripts.Sign(background, b.As(access.Assistant), d, r.signer, false)
		wants(t, err, fault.Forbidden)
		for _, role := range []access.Role{access.Manager, access.FrontDesk, access.Billing} {
			_, err = r.scripts.Save(background, b.As(role), d, r.signer)
			wants(t, err, fault.Forbidden)
		}
		if n := r.Count(t, `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND signed_at > 0`); n != "0" {
			t.Errorf("%s are signed", n)
		}
		if p := r.signed("Paracetamol"); p.Sheet.Signer != "Dr Leela Nair" || p.Sheet.Qualified != "MBBS, MD" || p.Sheet.Registration != "KMC 12345" {
			t.Errorf("%+v", p.Sheet)
		}
	})
}

func TestWarningsAreOverriddenWithAReason(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-warned")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		r.allergic("Penicillin", visits.Mild)
		d := r.draft("Amoxicillin", "Warfarin", "Ibuprofen")
		p, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
		wants(t, err, fault.Invalid, "reason-1", "reason-2")
		if p.State != prescriptions.Drafted || len(p.Checking.Warnings) != 2 || p.Checking.State != prescriptions.Checked || !p.Checking.Demo {
			t.Fatalf("%s %+v", p.State, p.Checking)
		}
		d.Version, d.Rows = p.Version, p.Rows
		for i, w := range p.Checking.Warnings {
			d.Reasons[w.Key] = []string{"No other antibiotic helps", "x"}[i]
		}
		p, err = r.scripts.Sign(background, r.doctor, d, r.signer, false)
		wants(t, err, fault.Invalid, "reason-2") // one letter is no reason
		d.Version = p.Version
		for _, w := range p.Checking.Warnings {
			d.Reasons[w.Key] = "Looked after in hospital"
		}
		if p, err = r.scripts.Sign(background, r.doctor, d, r.signer, false); err != nil || p.State != prescriptions.Signed {
			t.Fatal(err)
		}
		for _, w := range p.Sheet.Checking.Warnings {
			if w.Reason != "Looked after in hospital" {
				t.Errorf("%s is kept with the reason %q", w.Key, w.Reason)
			}
		}
		// What she takes now is known to the next sheet, and an old reason holds for no other one.
		next, err := r.scripts.Begin(background, r.doctor, r.draft(), d.ID, id.Zero)
		if err != nil || len(next.Checking.Warnings) < 2 || next.Checking.Warnings[0].Reason != "" {
			t.Errorf("%+v, %v", next.Checking, err)
		}
		other, err := r.scripts.Save(background, r.doctor, r.draft("Naproxen"), r.signer)
		if err != nil || len(other.Checking.Warnings) == 0 {
			t.Errorf("that she takes warfarin is not known: %+v, %v", other.Checking, err)
		}
		if rows := r.Rows(t, `SELECT body, sheet FROM prescription WHERE clinic_id = $1`); strings.Contains(strings.Join(rows[0], ""), "hospital") {
			t.Error("a reason can be read in the table")
		}
	})
}

func TestAListThatCannotBeReadSaysSo(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-unchecked")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		_, warnings := "generic,form\nParacetamol,tablet\n", "kind,a,b,severity,sentence\ninteraction,x,y,mild,z\n"
		if n, err := r.scripts.Import(background, r.owner, prescriptions.ListWarnings, "Real list 1", []byte(warnings)); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		if p, err := r.scripts.Save(background, r.doctor, r.draft("Paracetamol"), r.signer); err != nil || p.Checking.State != prescriptions.Checked || p.Checking.Demo || p.Checking.List != "Real list 1" {
			t.Fatalf("%+v, %v", p.Checking, err)
		}
		for what, spoil := range map[string]func(tx *store.Tx) error{
			prescriptions.WhyWarnings: func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE drug_list SET body = $2 WHERE clinic_id = $1 AND kind = 'warnings'`, []byte(strings.ReplaceAll(warnings, "x,y", "a,b")))
				return err
			},
		} {
			r.do(spoil)
			r.refusesUnchecked(what)
			r.do(func(tx *store.Tx) error {
				_, err := tx.Exec(`DELETE FROM drug_list WHERE clinic_id = $1`)
				return err
			})
		}
		r.allergic("Latex", "")
		r.do(func(tx *store.Tx) error { // the allergy alone: what she takes can still be read
			_, err := tx.Exec(`UPDATE health SET body = $2 WHERE clinic_id = $1 AND kind = 'allergy'`, []byte{1, 2, 3})
			return err
		})
		r.refusesUnchecked(prescriptions.WhyPatient)
	})
}

// refusesUnchecked signs a sheet that cannot be checked: never without somebody having read that, and then it says so for good.
func (r *room) refusesUnchecked(why string) {
	r.t.Helper()
	d := r.draft("Paracetamol")
	p, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
	wants(r.t, err, fault.Invalid, "unchecked")
	if p.Checking.State != prescriptions.NotChecked || p.Checking.Why != why {
		r.t.Fatalf("%s: %+v", why, p.Checking)
	}
	d.Version, d.Rows = p.Version, p.Rows
	if p, err = r.scripts.Sign(background, r.doctor, d, r.signer, true); err != nil {
		r.t.Fatal(err)
	}
	if c := p.Sheet.Checking; c.State != prescriptions.NotChecked || c.Why != why || !c.Seen {
		r.t.Errorf("the signed sheet says %+v", c)
	}
	if n := r.Count(r.t, `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND checked = 'not-checked'`); n == "0" {
		r.t.Error("the table does not say so")
	}
}

func TestControlledDrugsAndDistance(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-controlled")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		d := r.draft("Paracetamol", "Morphine", "Ketamine")
		d.Remote = true
		p, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
		wants(t, err, fault.Invalid, "drug-2", "drug-3")
		d.Version, d.Rows, d.Remote = p.Version, p.Rows, false
		if p, err = r.scripts.Sign(background, r.doctor, d, r.signer, false); err != nil {
			t.Fatal(err)
		}
		marked := 0
		for _, w := range p.Sheet.Checking.Warnings {
			if w.Kind == prescriptions.WarnRestricted {
				marked++
			}
		}
		if marked != 2 {
			t.Errorf("%d controlled drugs are marked", marked)
		}
	})
}

// However a controlled drug is written down, it is one: in a form that the list has no line for (a page without a script keeps the form of the drug that stood there before), in a mixture, or
// with a strength behind its name.
func TestControlledDrugsHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-controlled")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		list := []prescriptions.Row{{Generic: "Morphine", Form: "syrup", Dose: "1-0-1"}, {Generic: "Paracetamol + Tramadol", Dose: "1-0-1"}, {Generic: "Tab. Diazepam 5 mg", Dose: "1-0-1"}}
		d := r.draft()
		d.Rows, d.Remote = list, true
		p, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
		wants(t, err, fault.Invalid, "drug-1", "drug-2", "drug-3")
		d.Version, d.Rows, d.Remote = p.Version, p.Rows, false
		for _, w := range p.Checking.Warnings {
			if w.NeedsReason() {
				d.Reasons = map[string]string{w.Key: "looked after"}
			}
		}
		if p, err = r.scripts.Sign(background, r.doctor, d, r.signer, false); err != nil {
			t.Fatal(err)
		}
		marked := map[string]bool{}
		for _, w := range p.Sheet.Checking.Warnings {
			if w.Kind == prescriptions.WarnRestricted {
				marked[w.A] = true
			}
		}
		for _, x := range list {
			if !marked[x.Generic] {
				t.Errorf("%q is not marked: %+v", x.Generic, p.Sheet.Checking.Warnings)
			}
		}
		// What stands on the list as it is written is what its own line says.
		d = r.draft("Amoxicillin + clavulanic acid")
		d.Remote = true
		if _, err := r.scripts.Sign(background, r.doctor, d, r.signer, false); err != nil {
			t.Errorf("a drug that is none: %v", err)
		}
	})
}

func TestReplacingEndsTheOldOne(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		old := r.signed("Warfarin")
		page, err := r.scripts.Begin(background, r.doctor, prescriptions.Draft{ID: id.New(b.Clock.Now()), Patient: r.patient, Replaces: old.ID}, id.Zero, id.Zero)
		if err != nil || len(page.Rows) != 1 || page.Language != "hi" {
			t.Fatalf("%+v, %v", page.Draft, err)
		}
		d := page.Draft
		d.Rows[0] = prescriptions.Row{Generic: "Ibuprofen", Strength: "400 mg", Form: "tablet", Dose: "101", Days: 5} // no warning: warfarin goes
		next, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
		if err != nil {
			t.Fatal(err)
		}
		was := r.open(old.ID)
		if was.State != prescriptions.Cancelled || was.Next != next.ID {
			t.Errorf("%s, next %s", was.State, was.Next)
		}
		if n := r.Count(t, `SELECT COUNT(*) FROM health WHERE clinic_id = $1 AND kind = 'medicine' AND ended_at = 0`); n != "1" {
			t.Errorf("she takes %s medicines", n)
		}
		list, err := r.scripts.OfPatient(background, r.doctor, r.patient)
		if err != nil || len(list) != 2 {
			t.Errorf("%d sheets, %v", len(list), err)
		}
		if again, err := r.scripts.Begin(background, r.doctor, prescriptions.Draft{ID: id.New(b.Clock.Now()), Patient: r.patient, Replaces: old.ID}, id.Zero, id.Zero); !fault.Is(err, fault.NotFound) {
			t.Errorf("what was replaced is replaced again: %v, %v", again.ID, err)
		}
	})
}

// While somebody writes a sheet in the place of another one, a colleague cancels that one, or writes the next one first. What was written is not lost: beside a cancelled sheet the new one stands by itself, and
// of two that would replace one sheet the second is refused as what it is.
func TestTheReplacedSheetEndsMeanwhile(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		instead := func(old id.ID) prescriptions.Draft {
			d := r.draft("Paracetamol")
			d.Replaces = old
			return d
		}
		for name, saved := range map[string]bool{"saved before": true, "not saved yet": false} {
			old := r.signed("Cetirizine")
			d := instead(old.ID)
			if saved {
				p, err := r.scripts.Save(background, r.doctor, d, r.signer)
				if err != nil {
					t.Fatal(name, err)
				}
				d.Version = p.Version
			}
			if err := r.scripts.Cancel(background, r.doctor, old.ID, "the wrong patient"); err != nil {
				t.Fatal(name, err)
			}
			p, err := r.scripts.Sign(background, r.doctor, d, r.signer, false)
			if err != nil || p.State != prescriptions.Signed {
				t.Fatalf("%s: it is %s: %v", name, p.State, err)
			}
			if was := r.open(old.ID); was.State != prescriptions.Cancelled || was.EndReason != "the wrong patient" || !was.Next.IsZero() {
				t.Errorf("%s: the old one is %s, %q, next %s", name, was.State, was.EndReason, was.Next)
			}
		}
		old := r.signed("Cetirizine")
		first, second := instead(old.ID), instead(old.ID)
		if _, err := r.scripts.Sign(background, r.doctor, first, r.signer, false); err != nil {
			t.Fatal(err)
		}
		if _, err := r.scripts.Sign(background, r.doctor, second, r.signer, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("the page of what was typed is shown again only after a conflict: %v", err)
		}
	})
}

func TestFavouritesAndBrands(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		p := r.signed("Paracetamol", "Cetirizine")
		wants(t, r.scripts.AddSet(background, r.doctor, p.ID, "abc", ""), fault.Invalid, "letters", "title")
		if err := r.scripts.AddSet(background, r.doctor, p.ID, "Fe", "Fever"); err != nil {
			t.Fatal(err)
		}
		wants(t, r.scripts.AddSet(background, r.doctor, p.ID, "fe", "Fever again"), fault.Invalid, "letters")
		found, err := r.scripts.Search(background, r.doctor, "FE")
		if err != nil || len(found.Sets) != 1 || len(found.Sets[0].Rows) != 2 || len(found.Choices) == 0 {
			t.Fatalf("%+v, %v", found, err)
		}
		page, err := r.scripts.Begin(background, r.doctor, r.draft("Zinc"), id.Zero, found.Sets[0].ID)
		if err != nil || len(page.Rows) != 3 {
			t.Errorf("%+v, %v", page.Rows, err)
		}
		if err := r.scripts.RemoveSet(background, r.doctor, found.Sets[0].ID); err != nil {
			t.Error(err)
		}
		if list, err := r.scripts.Sets(background, r.doctor); err != nil || len(list) != 0 {
			t.Errorf("%d sets, %v", len(list), err)
		}
		wants(t, r.scripts.SaveAlias(background, r.owner, prescriptions.Alias{Brand: "Feverex", Generic: "Nothing known"}), fault.Invalid, "generic")
		if err := r.scripts.SaveAlias(background, r.owner, prescriptions.Alias{Brand: "Feverex", Generic: "paracetamol"}); err != nil {
			t.Fatal(err)
		}
		if found, err = r.scripts.Search(background, r.doctor, "fev"); err != nil || len(found.Choices) == 0 || found.Choices[0].Generic != "Paracetamol" || found.Choices[0].Brand != "Feverex" {
			t.Errorf("%+v, %v", found.Choices, err)
		}
		if err := r.scripts.SaveAlias(background, r.owner, prescriptions.Alias{Brand: "Feverex"}); err != nil {
			t.Error(err)
		}
		wants(t, r.scripts.SaveSetting(background, r.owner, prescriptions.Setting{Days: 0, Paper: "A3"}), fault.Invalid, "days", "paper")
		for v := range int64(2) {
			if err := r.scripts.SaveSetting(background, r.owner, prescriptions.Setting{Days: 3, Paper: "A4", Version: v}); err != nil {
				t.Error(err)
			}
		}
		if x, err := r.scripts.Settings(background, r.owner); err != nil || x.Setting.Days != 3 || x.Setting.Version != 2 || !x.Drugs.Demo || x.Generics < 100 || x.Pairs < 40 {
			t.Errorf("%+v, %v", x, err)
		}
	})
}

func TestWithoutTheModuleThereIsNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescriptions-off")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		p := r.signed("Paracetamol")
		r.modules(clinics.ModuleScheduling, clinics.ModuleClinical)
		d := r.draft("Zinc")
		for name, do := range map[string]func() error{
			"begin":    func() error { _, err := r.scripts.Begin(background, r.doctor, d, id.Zero, id.Zero); return err },
			"typed":    func() error { _, err := r.scripts.Typed(background, r.doctor, d); return err },
			"save":     func() error { _, err := r.scripts.Save(background, r.doctor, d, r.signer); return err },
			"sign":     func() error { _, err := r.scripts.Sign(background, r.doctor, d, r.signer, true); return err },
			"open":     func() error { _, err := r.scripts.Open(background, r.doctor, p.ID); return err },
			"list":     func() error { _, err := r.scripts.OfPatient(background, r.doctor, r.patient); return err },
			"cancel":   func() error { return r.scripts.Cancel(background, r.doctor, p.ID, "because") },
			"drop":     func() error { return r.scripts.Drop(background, r.doctor, p.ID, 1) },
			"send":     func() error { _, err := r.scripts.Send(background, r.doctor, p.ID, "email", true); return err },
			"revoke":   func() error { return r.scripts.Revoke(background, r.doctor, p.ID, p.ID) },
			"search":   func() error { _, err := r.scripts.Search(background, r.doctor, "par"); return err },
			"sets":     func() error { _, err := r.scripts.Sets(background, r.doctor); return err },
			"set":      func() error { return r.scripts.AddSet(background, r.doctor, p.ID, "a", "a") },
			"remove":   func() error { return r.scripts.RemoveSet(background, r.doctor, p.ID) },
			"settings": func() error { _, err := r.scripts.Settings(background, r.owner); return err },
			"setting": func() error {
				return r.scripts.SaveSetting(background, r.owner, prescriptions.Setting{Days: 3, Paper: "A4"})
			},
			"brand": func() error {
				return r.scripts.SaveAlias(background, r.owner, prescriptions.Alias{Brand: "a", Generic: "Zinc"})
			},
			"import": func() error {
				_, err := r.scripts.Import(background, r.owner, prescriptions.ListDrugs, "x", []byte("generic,form\na,b\n"))
				return err
			},
			"shared": func() error {
				_, _, err := r.scripts.Shared(background, accounts.ForPatient(b.Clinic, r.patient, p.ID), p.ID, true)
				return err
			},
		} {
			if err := do(); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		one := id.New(b.Clock.Now())
		for table, text := range map[string]string{
			"prescription":         `INSERT INTO prescription (clinic_id, id, patient_id, author_id, language, created_at, saved_at) VALUES ($1, $2, $3, $2, 'en', 1, 1)`,
			"prescription_end":     `INSERT INTO prescription_end (clinic_id, prescription_id, patient_id, ended_at, ended_by) SELECT $1, id, $3, 1, $2 FROM prescription WHERE clinic_id = $1`,
			"prescription_share":   `INSERT INTO prescription_share (clinic_id, id, prescription_id, patient_id, channel, created_at, created_by, expires_at) SELECT $1, $2, id, $3, 'sms', 1, $2, 1 FROM prescription WHERE clinic_id = $1`,
			"prescription_set":     `INSERT INTO prescription_set (clinic_id, id, letters, title, body, changed_at) SELECT $1, $2, 'zz', 'x', '[]', 1 FROM prescription WHERE clinic_id = $1 AND patient_id = $3`,
			"drug_list":            `INSERT INTO drug_list (clinic_id, kind, number, title, hash, lines, body, added_at, added_by) SELECT $1, 'drugs', 9, 'x', $2, 1, $2, 1, $3 FROM prescription WHERE clinic_id = $1`,
			"drug_alias":           `INSERT INTO drug_alias (clinic_id, alias, generic) SELECT $1, 'x', 'y' FROM prescription WHERE clinic_id = $1 AND patient_id = $3 AND id <> $2`,
			"prescription_setting": `INSERT INTO prescription_setting (clinic_id, days, paper) SELECT $1, 1, 'A4' FROM prescription WHERE clinic_id = $1 AND patient_id = $3 AND id <> $2`,
		} {
			err := r.inside(func(tx *store.Tx) error { _, err := tx.Exec(text, one, r.patient); return err })
			if err == nil || !strings.Contains(err.Error(), "refused the row") && !strings.Contains(err.Error(), "off") {
				t.Errorf("%s takes a row: %v", table, err)
			}
		}
	})
}
