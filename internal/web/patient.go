package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
)

// A patient's page: who she is, who speaks for her, what is booked, what she agreed to, what was
// sent. Nothing clinical stands here but plain notes where the clinic turned them on.

// mostBookings is how many of her appointments the page lists.
const mostBookings = 40

// record reads the page as it is now.
func (s *Site) record(v *Visit, one id.ID) (*PatientPage, patients.Patient, error) {
	p, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return nil, p, err
	}
	z := v.Clinic.Location()
	page := &PatientPage{Shell: s.staffShell(v, "nav.patients"), ID: one.String(), Version: p.Version, Patient: p.Name, Born: p.BirthDate, Sex: p.Sex,
		Phone: string(p.Phone), Email: string(p.Email), Address: p.Address, Language: p.Language, Minor: p.Minor, Today: s.today(v),
		CanWrite: v.Who.May(access.PatientWrite), CanDelete: v.Who.May(access.PatientDelete), CanCopy: s.Archives != nil && v.Who.May(access.PatientExport), CanDisclose: v.Who.May(access.DisclosureAct), CanBook: v.Who.May(access.ScheduleBook), CanAudit: v.Who.May(access.AuditRead),
		NotesOn: s.notesOn(v), Broken: p.Name == ""}
	page.Title = p.Name
	if p.CreatedAt > 0 {
		page.Since = clock.DateOf(p.CreatedAt.In(z))
	}
	if p.BirthDate != "" {
		page.Age = v.Tongue.Age(p.BirthDate, page.Today)
	}
	if p.Broken && !page.Broken {
		page.Notices = append(page.Notices, Notice{Text: v.Tongue.Say("staff.patient.unreadable"), Grave: true})
	}
	for _, g := range p.Guardians {
		c := GuardianCard{ID: g.ID.String(), Name: g.Name, Phone: string(g.Phone), Email: string(g.Email), Kin: kinOf(g.Relation), Silent: g.Silent}
		if g.Broken {
			c.Name = v.Tongue.Say("day.broken")
		}
		page.Guardians = append(page.Guardians, c)
		page.Grown = page.Grown || g.Silent && p.Phone == "" && p.Email == ""
	}
	if page.Grown {
		page.Notices = append(page.Notices, Notice{Text: v.Tongue.Say("patients.grown"), Grave: true})
	}
	if page.NotesOn {
		page.Notes = notesOf(p.Notes, p.CreatedAt.In(z))
		if slices.Contains(p.Unreadable, "notes") {
			page.Notes = []NoteCard{{Broken: true, At: p.CreatedAt.In(z)}}
		}
	}
	said, err := s.Requests.StatementsOf(v.Context(), v.Who, one)
	if err != nil {
		return nil, p, err
	}
	for _, x := range said {
		page.Statements = append(page.Statements, StatementRow{x.ID.String(), x.About, x.Words, x.At.In(z)})
	}
	if err := s.prescriptionsOf(v, page, one); err != nil {
		return nil, p, err
	}
	if err := s.careOf(v, page, one); err != nil {
		return nil, p, err
	}
	if err := s.bookingsOf(v, page, one); err != nil {
		return nil, p, err
	}
	if v.Who.May(access.PatientWrite) {
		if page.Terms, err = s.termsAsked(v, one, "/app/patients/"+one.String()+"/terms"); err != nil {
			return nil, p, err
		}
	}
	if err := s.consentsOf(v, page, one); err != nil {
		return nil, p, err
	}
	if v.Who.May(access.MessageRead) {
		sent, err := s.Messages.Recent(v.Context(), v.Who, messaging.Filter{Patient: one, Limit: 20})
		if err != nil {
			return nil, p, err
		}
		for _, m := range sent {
			page.Messages = append(page.Messages, messageLine(v, m))
		}
	}
	if page.Bills, err = s.billsOf(v, one); err != nil {
		return nil, p, err
	}
	if err := s.heldWith(v, page, one); err != nil {
		return nil, p, err
	}
	return page, p, s.saidWith(v, page, one)
}

// kinOf is a relation that pages have a word for.
func kinOf(relation string) string {
	if slices.Contains(patients.Relations, relation) {
		return relation
	}
	return "other"
}

func (s *Site) notesOn(v *Visit) bool {
	return v.Clinic.Has(clinics.ModuleNotes) && v.Who.May(access.PatientNotes)
}

func (s *Site) bookingsOf(v *Visit, page *PatientPage, one id.ID) error {
	if !v.Who.May(access.ScheduleRead) {
		return nil
	}
	all, err := s.Desk.OfPatient(v.Context(), v.Who, one, mostBookings)
	if err != nil || len(all) == 0 {
		return err
	}
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	provider, service := map[id.ID]string{}, map[id.ID]string{}
	for _, p := range roster.Providers {
		provider[p.ID] = called(v, p)
	}
	for _, x := range roster.Services {
		service[x.ID] = x.Name
	}
	z := v.Clinic.Location()
	now := clock.At(s.Clock.Now())
	for _, a := range all {
		c := BookingCard{ID: a.ID.String(), Service: service[a.Service], Provider: provider[a.Provider], At: a.StartsAt.In(z), Ends: a.EndsAt.In(z),
			Minutes: int(a.Length() / time.Minute), State: stateOf(a.Status), Version: a.Version, Patient: page.Patient}
		if a.EndsAt > now && a.Status != scheduling.Cancelled && a.Status != scheduling.NoShow && a.Status != scheduling.Completed {
			page.Coming = append(page.Coming, c)
		} else {
			page.Past = append(page.Past, c)
		}
	}
	slices.Reverse(page.Coming) // the next one first
	return nil
}

// consentsOf shows each purpose that the clinic asks about, and any other that was ever chosen.
func (s *Site) consentsOf(v *Visit, page *PatientPage, one id.ID) error {
	states, err := s.Consent.Of(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	asked, err := s.asked(v)
	if err != nil {
		return err
	}
	notices, err := s.noticesFor(v)
	if err != nil {
		return err
	}
	for _, st := range states {
		if st.Channel != "" || !slices.Contains(asked, st.Purpose) && !st.Asked {
			continue
		}
		c := OwnConsent{ConsentChoice: askFor(v, st.Purpose, notices[st.Purpose]), Given: st.Given, Older: st.Older}
		if st.At > 0 {
			c.Since = clock.DateOf(st.At.In(v.Clinic.Location()))
		}
		page.Consents = append(page.Consents, c)
	}
	return s.figuresChoice(v, one, &page.Consents)
}

// figuresChoice adds the tick by which a patient may be left out of the clinic's figures: it is set until she objects.
func (s *Site) figuresChoice(v *Visit, one id.ID, list *[]OwnConsent) error {
	yes, since, err := s.Consent.Counted(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	c := OwnConsent{ConsentChoice: ConsentChoice{Purpose: string(consent.Figures), Sentence: v.Tongue.Say("consent.ask.figures"), Hint: v.Tongue.Say("consent.ask.figures.hint")}, Given: yes}
	if since > 0 {
		c.Since = clock.DateOf(since.In(v.Clinic.Location()))
	}
	*list = append(*list, c)
	return nil
}

// chooseFigures writes whether she is counted, where the form changes it.
func (s *Site) chooseFigures(v *Visit, one id.ID, set func(c consent.Choice) error) error {
	yes, _, err := s.Consent.Counted(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	if to, changed := chosenNow(v, consent.State{Purpose: consent.Figures, Given: yes}); changed {
		return set(consent.Choice{Purpose: consent.Figures, Given: to})
	}
	return nil
}

func patientPage(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	page, p, err := s.record(v, one)
	if err != nil {
		return err
	}
	if part := v.URL.Query().Get("edit"); page.CanWrite && (part == "identity" || part == "guardian") {
		page.Editing, page.Form = part, formOf(p)
		if part == "identity" && !page.Broken {
			if err := s.likely(v, page, p); err != nil {
				return err
			}
		}
	}
	return s.views.Render(w, http.StatusOK, "patient", page)
}

// likely shows who may be the same person.
func (s *Site) likely(v *Visit, page *PatientPage, p patients.Patient) error {
	found, err := s.Patients.LikelyDuplicates(v.Context(), v.Who, patients.Draft{Name: p.Name, Phone: string(p.Phone), Email: string(p.Email), BirthDate: string(p.BirthDate)})
	for _, l := range found {
		if l.ID != p.ID {
			page.Likely = append(page.Likely, hitOf(v, l.Hit))
		}
	}
	return err
}

// formOf is the record as its form shows it.
func formOf(p patients.Patient) NewPatientForm {
	f := NewPatientForm{Name: p.Name, Phone: string(p.Phone), Email: string(p.Email), Sex: p.Sex, Language: p.Language, Address: p.Address}
	if parts := strings.Split(string(p.BirthDate), "-"); len(parts) == 3 {
		f.Birth = BirthTyped{strings.TrimLeft(parts[2], "0"), strings.TrimLeft(parts[1], "0"), parts[0]}
	}
	if len(p.Guardians) > 0 {
		g := p.Guardians[0]
		f.GuardianName, f.GuardianPhone, f.GuardianEmail, f.GuardianKin = g.Name, string(g.Phone), string(g.Email), kinOf(g.Relation)
	}
	return f
}

// draftOf is the record as a draft: the form of one part leaves the other as it is.
func draftOf(p patients.Patient) patients.Draft {
	return patients.Draft{Name: p.Name, Phone: string(p.Phone), Email: string(p.Email), BirthDate: string(p.BirthDate), Language: p.Language, Sex: p.Sex, Address: p.Address}
}

// patientSaved saves one part of the page over the version that was seen.
func patientSaved(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	part := v.PostForm.Get("part")
	form, draft := patientForm(v.PostForm)
	switch part {
	case "identity":
		draft.Guardian = nil
	case "guardian":
		p, err := s.Patients.Open(v.Context(), v.Who, one)
		if err != nil {
			return err
		}
		draft = draftOf(p)
		if draft.Guardian = form.guardian(); draft.Guardian == nil {
			var f fault.Fields
			f.Add("guardian_name", "field.name.empty")
			return s.refusedPatient(w, v, one, part, form, f.Err())
		}
	default:
		return fault.Missing()
	}
	if _, err := s.Patients.Save(v.Context(), v.Who, one, draft, typedVersion(v, 0)); err != nil {
		return s.refusedPatient(w, v, one, part, form, err)
	}
	http.Redirect(w, v.Request, "/app/patients/"+one.String()+"?done=patient_saved#"+part, http.StatusSeeOther)
	return nil
}

// refusedPatient shows the page as it is now with the form as it was typed.
func (s *Site) refusedPatient(w http.ResponseWriter, v *Visit, one id.ID, part string, form NewPatientForm, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.NotFound {
		return err
	}
	page, _, e := s.record(v, one)
	if e != nil {
		return e
	}
	page.Editing, page.Form = part, form
	return s.views.Render(w, page.Report(forForm(f)), "patient", page)
}

// patientConsents writes what was changed on the page: each tick that was set is a yes, each that was taken away a no.
func patientConsents(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	states, err := s.Consent.Of(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	for _, st := range states {
		yes, changed := chosenNow(v, st)
		if !changed {
			continue
		}
		if err := s.Consent.Set(v.Context(), v.Who, one, consent.Choice{Purpose: st.Purpose, Given: yes}); err != nil {
			return s.refusedPatient(w, v, one, "", NewPatientForm{}, err)
		}
	}
	err = s.chooseFigures(v, one, func(c consent.Choice) error { return s.Consent.Set(v.Context(), v.Who, one, c) })
	if err != nil {
		return s.refusedPatient(w, v, one, "", NewPatientForm{}, err)
	}
	http.Redirect(w, v.Request, "/app/patients/"+one.String()+"?done=patient_consents#consents", http.StatusSeeOther)
	return nil
}

// chosenNow says what the form chooses, and whether that differs both from what its page showed (the hidden fields "was") and
// from what holds now. A page that has grown old withdraws nothing that was given meanwhile, and gives nothing that was withdrawn.
func chosenNow(v *Visit, st consent.State) (yes, changed bool) {
	yes = slices.Contains(v.PostForm["consent"], string(st.Purpose))
	was := slices.Contains(v.PostForm["was"], string(st.Purpose))
	return yes, st.Channel == "" && yes != was && yes != st.Given
}

// noteMark begins the line that says when and by whom a note was written. The notes of a patient
// are one text, the newest first.
const noteMark = "## "

// notesOf cuts the text into its notes. What stands there without a mark is shown as one note.
func notesOf(text string, since time.Time) []NoteCard {
	var out []NoteCard
	for _, line := range strings.Split(text, "\n") {
		if when, by, ok := strings.Cut(strings.TrimPrefix(line, noteMark), " "); ok && strings.HasPrefix(line, noteMark) {
			if at, err := time.Parse(time.RFC3339, when); err == nil {
				out = append(out, NoteCard{At: at.In(since.Location()), By: by})
				continue
			}
		}
		if len(out) == 0 {
			if strings.TrimSpace(line) == "" {
				continue
			}
			out = append(out, NoteCard{At: since})
		}
		out[len(out)-1].Text += line + "\n"
	}
	for i := range out {
		out[i].Text = strings.TrimSpace(out[i].Text)
	}
	return out
}

// patientNoted keeps a note with its writer and its moment.
func patientNoted(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	if !s.notesOn(v) {
		return fault.Missing()
	}
	p, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(strings.ReplaceAll(v.PostForm.Get("note"), "\r\n", "\n"))
	refuse := func(err error) error {
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind == fault.NotFound {
			return err
		}
		page, _, e := s.record(v, one)
		if e != nil {
			return e
		}
		page.NoteTyped = typed
		out := *f
		for i := range out.Fields {
			out.Fields[i].Name = "note"
		}
		return s.views.Render(w, page.Report(&out), "patient", page)
	}
	if typed == "" {
		var f fault.Fields
		f.Add("note", "field.note.empty")
		return refuse(f.Err())
	}
	lines := strings.Split(typed, "\n")
	for i, line := range lines { // nobody writes a note in another's name
		if strings.HasPrefix(line, noteMark) {
			lines[i] = " " + line
		}
	}
	text := noteMark + s.Clock.Now().In(v.Clinic.Location()).Format(time.RFC3339) + " " + v.Signed.Person.Name + "\n" + strings.Join(lines, "\n")
	if p.Notes != "" {
		text += "\n\n" + p.Notes
	}
	if err := s.Patients.SaveNotes(v.Context(), v.Who, one, text, typedVersion(v, 0)); err != nil {
		return refuse(err)
	}
	http.Redirect(w, v.Request, "/app/patients/"+one.String()+"?done=patient_note#notes", http.StatusSeeOther)
	return nil
}

// patientGuardianStays notes that a guardian speaks for the adult too.
func patientGuardianStays(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	guardian, err := id.Parse(v.PostForm.Get("guardian"))
	if err != nil {
		return fault.Missing()
	}
	if err := s.Patients.SpeakForAdult(v.Context(), v.Who, one, guardian, typedVersion(v, 0)); err != nil {
		return s.refusedPatient(w, v, one, "", NewPatientForm{}, err)
	}
	http.Redirect(w, v.Request, "/app/patients/"+one.String()+"?done=patient_saved#guardian", http.StatusSeeOther)
	return nil
}

// patientLinksEnded ends every link to the patient's own page that was sent.
func patientLinksEnded(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err == nil {
		err = s.Desk.EndLinksOf(v.Context(), v.Who, one)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/patients/"+one.String()+"?done=patient_links#links", http.StatusSeeOther)
	return nil
}

func (s *Site) deletePage(v *Visit, one id.ID) (*PatientDeletePage, error) {
	page, p, err := s.record(v, one)
	if err != nil {
		return nil, err
	}
	plan, err := s.Erasure.Plan(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	out := &PatientDeletePage{PlanShown: s.planShown(v, plan), Shell: page.Shell, ID: page.ID, Patient: p.Name, Born: p.BirthDate, Coming: len(page.Coming), Version: p.Version}
	out.Title, out.Flash = "", ""
	if page.Broken {
		out.Patient = v.Tongue.Say("day.broken")
	}
	return out, nil
}

func patientDeleteAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	page, err := s.deletePage(v, one)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "patient-delete", page)
}

// patientDelete deletes after the box was ticked, and only the record that was seen.
func patientDelete(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	page, err := s.deletePage(v, one)
	if err != nil {
		return err
	}
	var refused error
	switch {
	case typedVersion(v, 0) != page.Version:
		refused = fault.New(fault.Conflict, "fault.changed_meanwhile")
	case v.PostForm.Get("sure") == "":
		var f fault.Fields
		f.Add("sure", "field.sure.needed")
		refused = f.Err()
	default:
		var erasure id.ID
		if erasure, refused = s.Close(v.Context(), v.Who, one); refused == nil {
			http.Redirect(w, v.Request, "/app/erasures/"+erasure.String()+"?done=patient_deleted", http.StatusSeeOther)
			return nil
		}
	}
	var f *fault.Fault
	if errors.As(refused, &f) && f.Kind != fault.NotFound {
		return s.views.Render(w, page.Report(refused), "patient-delete", page)
	}
	return refused
}
