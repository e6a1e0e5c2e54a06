package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"almirah/internal/access"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/patients"
)

// The list of patients, and adding one.

// mostListed is how many people the page of patients lists.
const mostListed = 30

func patientsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &PatientsPage{Shell: s.staffShell(v, "nav.patients"), Query: v.typed("q"), CanAdd: v.Who.May(access.PatientWrite), Total: -1}
	var hits []patients.Hit
	var err error
	if page.Query == "" {
		hits, err = s.Patients.Recent(v.Context(), v.Who, mostListed)
	} else {
		hits, err = s.Patients.Search(v.Context(), v.Who, page.Query, mostListed)
	}
	if err != nil {
		return err
	}
	page.Hits = hitsOf(v, hits)
	return s.views.Render(w, http.StatusOK, "patients", page)
}

// patientForm reads a person twice over: as typed, to show her again, and as a draft.
func patientForm(p url.Values) (NewPatientForm, patients.Draft) {
	f := NewPatientForm{Name: p.Get("name"), Phone: p.Get("phone"), Email: p.Get("email"), Birth: BirthTyped{p.Get("birth_day"), p.Get("birth_month"), p.Get("birth_year")},
		Sex: p.Get("sex"), Language: p.Get("language"), GuardianName: p.Get("guardian_name"), GuardianPhone: p.Get("guardian_phone"), GuardianEmail: p.Get("guardian_email"),
		GuardianKin: p.Get("guardian_kin"), Address: p.Get("address"), Key: p.Get("key"), Consents: map[string]bool{}}
	for _, c := range p["consent"] {
		f.Consents[c] = true
	}
	d := patients.Draft{Name: f.Name, Phone: f.Phone, Email: f.Email, BirthDate: f.Birth.text(), Language: f.Language, Sex: f.Sex, Address: f.Address, Guardian: f.guardian()}
	return f, d
}

// guardian is the adult of the form; nil when nothing was typed of one.
func (f NewPatientForm) guardian() *patients.GuardianDraft {
	if strings.TrimSpace(f.GuardianName+f.GuardianPhone+f.GuardianEmail) == "" {
		return nil
	}
	return &patients.GuardianDraft{Name: f.GuardianName, Phone: f.GuardianPhone, Email: f.GuardianEmail, Relation: f.GuardianKin}
}

func (s *Site) newPatientPage(v *Visit) (*PatientNewPage, error) {
	page := &PatientNewPage{Shell: s.staffShell(v, "nav.patients"), AdultAge: v.Clinic.MinorAge()}
	asked, err := s.asked(v)
	for _, p := range asked {
		page.Consents = append(page.Consents, askFor(v, p))
	}
	return page, err
}

func askFor(v *Visit, p consent.Purpose) ConsentChoice {
	return ConsentChoice{Purpose: string(p), Sentence: v.Tongue.Say("consent.purpose." + string(p)), Hint: v.Tongue.Say("consent.purpose." + string(p) + ".why")}
}

func patientNewPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.newPatientPage(v)
	if err != nil {
		return err
	}
	page.Form = NewPatientForm{Key: newKey(), Consents: map[string]bool{}}
	if len(v.Clinic.Languages) > 0 {
		page.Form.Language = v.Clinic.Languages[0]
	}
	return s.views.Render(w, http.StatusOK, "patient-new", page)
}

// patientAdded adds a patient. Whoever looks like somebody on record is shown first.
func patientAdded(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	form, draft := patientForm(v.PostForm)
	different := v.PostForm.Get("different") != ""
	refuse := func(err error, alike []patients.Hit) error {
		var f *fault.Fault
		if !errors.As(err, &f) {
			return err
		}
		page, err := s.newPatientPage(v)
		if err != nil {
			return err
		}
		page.Form, page.Likely = form, hitsOf(v, alike)
		return s.views.Render(w, page.Report(forForm(f)), "patient-new", page)
	}
	var wrong fault.Fields
	if patients.Check(asAtDesk(draft), v.Clinic, s.today(v), &wrong); wrong.Err() != nil {
		return refuse(wrong.Err(), nil)
	}
	if !different {
		alike, err := s.alike(v, draft)
		if err != nil {
			return err
		}
		if len(alike) > 0 {
			return refuse(fault.New(fault.Invalid, "staff.patient.alike"), alike)
		}
	}
	p, _, err := s.Patients.Add(v.Context(), v.Who, draft, different)
	if err != nil {
		return refuse(err, nil)
	}
	asked, err := s.asked(v)
	if err != nil {
		return err
	}
	said := "added"
	for _, purpose := range asked {
		if !form.Consents[string(purpose)] {
			continue
		}
		if err := s.Consent.Set(v.Context(), v.Who, p.ID, consent.Choice{Purpose: purpose, Given: true}); err != nil {
			if fault.KindOf(err) == fault.Internal {
				return err
			}
			said = "added_without_consents"
		}
	}
	http.Redirect(w, v.Request, "/app/patients/"+p.ID.String()+"?done=patient_"+said, http.StatusSeeOther)
	return nil
}

// asAtDesk is the draft by the rules of the desk, which may add somebody without a phone.
func asAtDesk(d patients.Draft) patients.Draft {
	d.Source = patients.SourceDesk
	return d
}
