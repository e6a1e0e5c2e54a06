package api

import (
	"net/http"
	"strings"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/programs"
)

// Patients, for programs of the clinic's own.

func (in patientIn) draft(language string) patients.Draft {
	d := patients.Draft{Name: in.Name, Phone: in.Phone, Email: in.Email, BirthDate: in.BirthDate, Language: language}
	if g := in.Guardian; g != nil {
		d.Guardian = &patients.GuardianDraft{Name: g.Name, Phone: g.Phone, Email: g.Email, Relation: g.Relation}
	}
	return d
}

type foundOut struct {
	ID        id.ID  `json:"id"`
	Name      string `json:"name"`
	Phone     string `json:"phone_masked"`
	Email     string `json:"email_masked"`
	BirthYear int    `json:"birth_year"`
}

// mostFound is how many patients one look finds at most: a search is no way to copy everybody.
const mostFound = 20

type searchIn struct {
	Q string `json:"q"`
}

// findPatients finds patients as the desk does; how they are reached is masked until one is opened. What is looked for stands in the body, never in an address.
func (a *API) findPatients(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	var typed searchIn
	if err := read(w, r, &typed); err != nil {
		return err
	}
	if strings.TrimSpace(typed.Q) == "" {
		var f fault.Fields
		f.Add("q", "field.query.needed")
		return f.Err()
	}
	hits, err := a.o.Patients.Search(r.Context(), in.Caller, typed.Q, mostFound)
	if err != nil {
		return err
	}
	out := list[foundOut]{Items: []foundOut{}}
	for _, h := range hits {
		out.Items = append(out.Items, foundOut{h.ID, h.Name, h.Phone, h.Email, h.BirthYear})
	}
	return write(w, http.StatusOK, out)
}

type patientOut struct {
	ID        id.ID         `json:"id"`
	Name      string        `json:"name"`
	Phone     string        `json:"phone"`
	Email     string        `json:"email"`
	BirthDate string        `json:"birth_date"`
	Language  string        `json:"language"`
	Sex       string        `json:"sex"`
	Address   string        `json:"address"`
	Guardians []guardianOut `json:"guardians"`
	Version   int64         `json:"version"`
}

type guardianOut struct {
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
	Relation string `json:"relation"`
}

func patientOf(p patients.Patient) patientOut {
	out := patientOut{p.ID, p.Name, string(p.Phone), string(p.Email), string(p.BirthDate), p.Language, p.Sex, p.Address, []guardianOut{}, p.Version}
	for _, g := range p.Guardians {
		if !g.Broken {
			out.Guardians = append(out.Guardians, guardianOut{g.Name, string(g.Phone), string(g.Email), g.Relation})
		}
	}
	return out
}

func (a *API) patient(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	one, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := a.o.Patients.Open(r.Context(), in.Caller, one)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, patientOf(p))
}

type newPatientIn struct {
	Name      string      `json:"name"`
	Phone     string      `json:"phone"`
	Email     string      `json:"email"`
	BirthDate string      `json:"birth_date"`
	Language  string      `json:"language"`
	Sex       string      `json:"sex"`
	Address   string      `json:"address"`
	Guardian  *guardianIn `json:"guardian"`
}

// addPatient enters a patient. Somebody with the same name and the same phone or e-mail is found again (200) and not changed, so that a
// repeated request doubles nobody.
func (a *API) addPatient(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	var typed newPatientIn
	if err := read(w, r, &typed); err != nil {
		return err
	}
	d := patientIn{typed.Name, typed.Phone, typed.Email, typed.BirthDate, typed.Guardian}.draft(typed.Language)
	d.Sex, d.Address = typed.Sex, typed.Address
	p, existed, err := a.o.Patients.Add(r.Context(), in.Caller, d, false)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if existed {
		status = http.StatusOK
	}
	w.Header().Set("Location", a.o.PublicURL+"/api/v1/patients/"+p.ID.String())
	return write(w, status, patientOf(p))
}

type contactIn struct {
	Version  int64   `json:"version"`
	Phone    *string `json:"phone"`
	Email    *string `json:"email"`
	Address  *string `json:"address"`
	Language *string `json:"language"`
}

// changePatient changes how a patient who was seen at a version is reached; what is not named stays.
func (a *API) changePatient(w http.ResponseWriter, r *http.Request, in programs.Entered) error {
	one, err := pathID(r)
	if err != nil {
		return err
	}
	var typed contactIn
	if err := read(w, r, &typed); err != nil {
		return err
	}
	var f fault.Fields
	needVersion(typed.Version, &f)
	if err := f.Err(); err != nil {
		return err
	}
	p, err := a.o.Patients.Open(r.Context(), in.Caller, one)
	if err != nil {
		return err
	}
	d := patients.Draft{Name: p.Name, Phone: string(p.Phone), Email: string(p.Email), BirthDate: string(p.BirthDate), Language: p.Language, Sex: p.Sex, Address: p.Address}
	for _, x := range []struct{ to, typed *string }{{&d.Phone, typed.Phone}, {&d.Email, typed.Email}, {&d.Address, typed.Address}, {&d.Language, typed.Language}} {
		if x.typed != nil {
			*x.to = *x.typed
		}
	}
	if p, err = a.o.Patients.Save(r.Context(), in.Caller, one, d, typed.Version); err != nil {
		return err
	}
	return write(w, http.StatusOK, patientOf(p))
}
