package web

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/visits"
)

// The clinical part of a patient's page: what is known of her, her visits, her files. Nobody sees it but those who hold the right to read
// visits, and nobody at all where the clinic keeps no clinical records (promises A18, D6).

// visitsPerPage is how many visits a page lists.
const visitsPerPage = 10

func (s *Site) careOn(v *Visit) bool {
	return v.Clinic.Has(clinics.ModuleClinical) && v.Who.May(access.VisitRead)
}

// careOf fills the clinical part of a patient's page.
func (s *Site) careOf(v *Visit, page *PatientPage, one id.ID) error {
	if !s.careOn(v) {
		return nil
	}
	c, err := s.Visits.Chart(v.Context(), v.Who, one, visits.Place{}, visitsPerPage)
	if err != nil {
		return err
	}
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page.Care = Care{On: true, CanWrite: v.Who.May(access.VisitWrite), Banner: banner(v, one, c.About, people), Files: fileRows(v, c.Files)}
	page.Care.Visits, err = s.visitLines(v, c.Visits)
	page.Care.Older = olderVisits(one, c.More)
	return err
}

func olderVisits(patient id.ID, p visits.Place) string {
	if p == (visits.Place{}) {
		return ""
	}
	return "/app/patients/" + patient.String() + "/visits?from=" + strconv.FormatInt(int64(p.At), 10) + "." + p.ID.String()
}

// visitLines names practitioner and service of each visit: two reads, however many there are.
func (s *Site) visitLines(v *Visit, list []visits.Line) ([]VisitLine, error) {
	if len(list) == 0 {
		return nil, nil
	}
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	name := map[id.ID]string{}
	for _, p := range roster.Providers {
		name[p.ID] = called(v, p)
	}
	for _, x := range roster.Services {
		name[x.ID] = x.Name
	}
	var out []VisitLine
	for _, l := range list {
		out = append(out, VisitLine{ID: l.ID.String(), At: l.StartsAt.In(v.Clinic.Location()), Service: name[l.Service], Provider: name[l.Provider], Signed: l.Signed(), Broken: l.Broken, Words: gist(l.Note)})
	}
	return out, nil
}

// gist is a visit in one line: its diagnoses, or the beginning of its complaint.
func gist(n visits.Note) string {
	var out []string
	for _, d := range n.Diagnoses {
		out = append(out, d.Text())
	}
	if len(out) > 0 {
		return strings.Join(out, "; ")
	}
	text := []rune(strings.Join(strings.Fields(n.Complaint), " "))
	if len(text) > 90 {
		return string(text[:90]) + "…"
	}
	return string(text)
}

// banner is what is known of a patient, the graver first.
func banner(v *Visit, patient id.ID, a visits.About, people map[id.ID]string) HealthBanner {
	b := HealthBanner{PatientID: patient.String(), None: a.NoKnownAllergies, CanEdit: v.Who.May(access.VisitWrite)}
	z := v.Clinic.Location()
	for _, x := range a.Allergies {
		b.Allergies = append(b.Allergies, HealthRow{ID: x.ID.String(), Name: x.Substance, More: x.Reaction, Severity: x.Severity, Grave: x.Severity == visits.Severe, Broken: x.Broken})
		if x.Broken {
			b.DangerWords = v.Tongue.Say("health.unreadable")
		}
	}
	for _, x := range a.Conditions {
		b.Conditions = append(b.Conditions, HealthRow{ID: x.ID.String(), Name: strings.TrimSpace(x.Code + " " + x.Name), More: x.Since, Broken: x.Broken})
	}
	for _, x := range a.Medicines {
		row := HealthRow{ID: x.ID.String(), Name: x.Name, More: x.Dose, Broken: x.Broken}
		if x.Until != "" {
			row.More = strings.TrimSpace(row.More + " " + v.Tongue.Say("health.until", "Date", v.Tongue.Date(x.Until)))
		}
		b.Medicines = append(b.Medicines, row)
	}
	if a.NoKnownAllergies {
		by := people[a.AskedBy]
		if by == "" {
			by = v.Tongue.Say("visit.somebody")
		}
		b.NoneWords = v.Tongue.Say("health.none_by", "By", by, "Date", v.Tongue.Date(clock.DateOf(a.AskedAt.In(z))))
	}
	for _, x := range append([]string{""}, visits.Severities()...) {
		b.Severities = append(b.Severities, Option{Value: x, Label: v.Tongue.Say("severity." + x)})
	}
	return b
}

// patientVisits lists older visits, a page at a time.
func patientVisits(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	var from visits.Place
	if text := v.URL.Query().Get("from"); text != "" {
		at, row, _ := strings.Cut(text, ".")
		n, bad := strconv.ParseInt(at, 10, 64)
		if from.ID, err = id.Parse(row); err != nil || bad != nil {
			return fault.Missing()
		}
		from.At = clock.Instant(n)
	}
	p, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	c, err := s.Visits.Chart(v.Context(), v.Who, one, from, 2*visitsPerPage)
	if err != nil {
		return err
	}
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &PatientVisitsPage{Shell: s.staffShell(v, "nav.patients"), ID: one.String(), Patient: patientName(v, p), Banner: banner(v, one, c.About, people), Older: olderVisits(one, c.More)}
	page.Banner.CanEdit = false
	if page.Visits, err = s.visitLines(v, c.Visits); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "patient-visits", page)
}

func patientName(v *Visit, p patients.Patient) string {
	if p.Name == "" {
		return v.Tongue.Say("day.broken")
	}
	return p.Name
}

// healthAdd keeps an allergy, a condition, a medicine, or that she knows of no allergy.
func healthAdd(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	f := v.PostForm
	form := HealthForm{Kind: f.Get("kind"), Substance: f.Get("substance"), Reaction: f.Get("reaction"), Severity: f.Get("severity"), Condition: f.Get("name"), Since: f.Get("since"),
		Medicine: f.Get("medicine"), Dose: f.Get("dose"), Until: f.Get("until")}
	ctx := v.Context()
	switch form.Kind {
	case "allergy":
		err = s.Visits.AddAllergy(ctx, v.Who, one, visits.Allergy{Substance: form.Substance, Reaction: form.Reaction, Severity: form.Severity})
	case "condition":
		err = s.Visits.AddCondition(ctx, v.Who, one, visits.Condition{Name: form.Condition, Since: form.Since})
	case "medicine":
		err = s.Visits.AddMedicine(ctx, v.Who, one, visits.Medicine{Name: form.Medicine, Dose: form.Dose, Until: clock.Date(form.Until)})
	case "none":
		err = s.Visits.NoAllergies(ctx, v.Who, one)
	default:
		return fault.Missing()
	}
	return s.healthAnswer(w, v, one, form, err)
}

func (s *Site) healthAnswer(w http.ResponseWriter, v *Visit, one id.ID, form HealthForm, err error) error {
	return s.answer(w, v, err, "/app/patients/"+one.String()+"?done=health_saved#health", "patient", func() (Page, error) {
		page, _, err := s.record(v, one)
		if err != nil {
			return nil, err
		}
		page.Care.Banner.Form = form
		return page, nil
	})
}

func healthEnd(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	row, err := id.Parse(v.PathValue("row"))
	if err != nil {
		return fault.Missing()
	}
	return s.healthAnswer(w, v, one, HealthForm{}, s.Visits.End(v.Context(), v.Who, one, v.PostForm.Get("kind"), row))
}

func fileRows(v *Visit, list []visits.File) []FileRow {
	var out []FileRow
	for _, f := range list {
		row := FileRow{ID: f.ID.String(), Name: f.FileName(), Kind: f.Kind, At: f.AddedAt.In(v.Clinic.Location()), Broken: f.Broken, Size: fmt.Sprintf("%d kB", (f.Size+1023)/1024)}
		if f.Size >= 1<<20 {
			row.Size = fmt.Sprintf("%.1f MB", float64(f.Size)/(1<<20))
		}
		out = append(out, row)
	}
	return out
}

// fileAdd keeps a file. It is read into memory and nowhere else: nothing of it touches a disk unsealed.
func fileAdd(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.multipart()
	}
	if err != nil {
		return err
	}
	var name string
	var content []byte
	if file, head, bad := v.FormFile("file"); bad == nil {
		defer file.Close()
		name = head.Filename
		if content, err = io.ReadAll(io.LimitReader(file, visits.MostBytes+1)); err != nil {
			return err
		}
	}
	_, err = s.Visits.AddFile(v.Context(), v.Who, one, id.Zero, name, content)
	return s.answer(w, v, err, "/app/patients/"+one.String()+"?done=file_added#files", "patient", func() (Page, error) {
		page, _, err := s.record(v, one)
		if err != nil {
			return nil, err
		}
		return page, nil
	})
}

// policyFile is what a file of a patient may do in a browser: nothing. It is saved, not shown, and were it shown it would have no origin of ours.
const policyFile = "sandbox; default-src 'none'"

func fileGet(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	f, content, err := s.Visits.Read(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policyFile)
	h.Set("Content-Type", f.Type())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", attachment(f.FileName()))
	_, err = w.Write(content)
	return err
}

// attachment names a file for saving: plainly for old readers, and as it is called for the others.
func attachment(name string) string {
	bare := strings.Map(func(r rune) rune {
		if r < 0x80 && r != '"' && r != '\\' {
			return r
		}
		return '_'
	}, name)
	return mime.FormatMediaType("attachment", map[string]string{"filename": bare}) + "; filename*=UTF-8''" + url.PathEscape(name)
}

func fileRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	patient, err := s.Visits.RemoveFile(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/patients/"+patient.String()+"?done=file_removed#files", http.StatusSeeOther)
	return nil
}
