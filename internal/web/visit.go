package web

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/scheduling"
	"almirah/internal/visits"
)

// The page of a visit. Everything works by plain forms; a small script sends the same form every few seconds, so that what was written is kept
// when a laptop is closed.

// visitBegin opens the visit of an appointment, and marks the patient as with the practitioner where that follows.
func visitBegin(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	e, err := s.Visits.Begin(v.Context(), v.Who, one)
	if err != nil {
		return s.refusedAction(w, v, one, err)
	}
	if v.PostForm.Get("to") == "with" && v.Who.May(access.ScheduleBook) {
		// Somebody may have marked it a moment ago: the visit is open all the same.
		if _, err := s.Desk.SetStatus(v.Context(), v.Who, one, typedVersion(v, 0), scheduling.InProgress); err != nil && !refusal(err) {
			return err
		}
	}
	http.Redirect(w, v.Request, "/app/visits/"+e.ID.String(), http.StatusSeeOther)
	return nil
}

func visitPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.visit(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "visit", page)
}

// visit reads the page as it is now.
func (s *Site) visit(v *Visit) (*VisitPage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	o, err := s.Visits.Open(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	page := &VisitPage{Shell: s.staffShell(v, "nav.patients"), ID: one.String(), PatientID: o.Encounter.Patient.String(), Patient: o.Patient.Name, Sex: o.Patient.Sex, Born: o.Patient.BirthDate,
		AppointmentID: o.Appointment.String(), AppVersion: o.AppVersion, Version: o.Version, State: stateOf(o.Status), At: o.StartsAt.In(z), Service: o.ServiceName, Provider: o.ProviderName,
		Tab: tabOf(id.New(s.Clock.Now())), Signed: o.Signed(), Signer: o.Signer, Registration: o.Registration, Broken: o.Broken,
		CanWrite: v.Who.May(access.VisitWrite) && !o.Signed() && !o.Broken, Child: child(o, z),
		CanPrescribe: v.Clinic.Has(clinics.ModulePrescriptions) && v.Who.May(access.RxWrite),
		CanCheckOut:  v.Who.May(access.ScheduleBook) && (o.Status == scheduling.Arrived || o.Status == scheduling.InProgress)}
	if page.Patient == "" {
		page.Patient = v.Tongue.Say("day.broken")
	}
	page.Title = page.Patient
	if page.Born != "" {
		page.Age = v.Tongue.Age(page.Born, o.Day)
	}
	page.CanSign = v.Who.May(access.VisitSign) && !v.Signed.Provider.IsZero()
	page.NotPractitioner = v.Who.May(access.VisitSign) && !page.CanSign
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	if o.Signed() {
		page.SignedAt = o.SignedAt.In(z)
	} else if o.Version > 1 {
		page.SavedAt, page.SavedBy = o.ChangedAt.In(z), people[o.ChangedBy]
	}
	page.note(o.Note)
	page.vitals(v, o)
	page.Banner = banner(v, o.Encounter.Patient, o.About, people)
	page.Banner.CanEdit = false // it is changed on her own page
	for _, a := range o.Asides {
		page.Asides = append(page.Asides, asideCard(v, a, people))
	}
	for _, a := range o.Amendments {
		page.Amendments = append(page.Amendments, AmendmentCard{Part: a.Part, Reason: a.Reason, Text: a.Text, By: a.Name, Registration: a.Registration, At: a.At.In(z), Broken: a.Broken})
	}
	for _, a := range o.Intake {
		page.Intake = append(page.Intake, intakeCard(v, a))
	}
	page.Files = fileRows(v, o.Files)
	if page.CanWrite {
		list, err := s.Visits.Templates(v.Context(), v.Who, false)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			page.Templates = append(page.Templates, Option{Value: t.ID.String(), Label: t.Name})
		}
	}
	return page, nil
}

// child says whether usual values of adults say nothing of the patient.
func child(o visits.Open, z *time.Location) bool {
	if o.Patient.BirthDate == "" {
		return o.Patient.Minor
	}
	day := clock.DateOf(o.StartsAt.In(z))
	return day.AddDays(-18*365-4) < o.Patient.BirthDate
}

func (p *VisitPage) note(n visits.Note) {
	p.Complaint, p.Findings, p.Plan, p.Diagnoses = n.Complaint, n.Findings, n.Plan, nil
	for _, d := range n.Diagnoses {
		p.Diagnoses = append(p.Diagnoses, DiagnosisRow{d.Code + "|" + d.Name, d.Code, d.Name})
	}
}

// vitals puts the measures on the page, each with its unit, a word when it is unusual, and a small picture of what was measured before.
func (p *VisitPage) vitals(v *Visit, o visits.Open) {
	country := v.Clinic.Country
	shown := map[visits.Measure]bool{}
	for _, m := range visits.Measures() {
		u := visits.UnitOf(m, country)
		f := VitalField{Key: string(m), Unit: u.Name}
		if kept, ok := o.Vitals[m]; ok {
			f.Value, f.Word = u.Show(kept), visits.Unusual(m, kept, !p.Child)
		}
		f.Trend = trend(o.Trend, m, u)
		p.Vitals = append(p.Vitals, f)
		for _, x := range o.Trend {
			if _, ok := x.Vitals[m]; ok {
				shown[m] = true
			}
		}
	}
	if kept, ok := o.Vitals.BMI(); ok {
		p.BMI, p.BMIWord = visits.UnitOf(visits.BodyMass, country).Show(kept), visits.Unusual(visits.BodyMass, kept, !p.Child)
	}
	if len(o.Trend) < 2 {
		return
	}
	for _, m := range visits.Measures() {
		if shown[m] {
			p.EarlierHead = append(p.EarlierHead, string(m))
		}
	}
	for i := len(o.Trend) - 1; i >= 0; i-- {
		row := EarlierRow{At: o.Trend[i].At.In(v.Clinic.Location())}
		for _, m := range p.EarlierHead {
			text := "–"
			if kept, ok := o.Trend[i].Vitals[visits.Measure(m)]; ok {
				text = visits.UnitOf(visits.Measure(m), country).Show(kept)
			}
			row.Values = append(row.Values, text)
		}
		p.Earlier = append(p.Earlier, row)
	}
}

// The box of a small picture.
const trendWide, trendHigh = 120, 32

// trend draws the values of a measure; nil for fewer than two.
func trend(points []visits.Point, m visits.Measure, u visits.Unit) *Trend {
	var values []int64
	for _, p := range points {
		if kept, ok := p.Vitals[m]; ok {
			values = append(values, kept)
		}
	}
	if len(values) < 2 {
		return nil
	}
	low, high := values[0], values[0]
	for _, x := range values {
		low, high = min(low, x), max(high, x)
	}
	out := &Trend{From: u.Show(values[0]), To: u.Show(values[len(values)-1])}
	var line []string
	for i, x := range values {
		out.X, out.Y = 4+(trendWide-8)*i/(len(values)-1), trendHigh/2
		if high > low {
			out.Y = trendHigh - 4 - int((x-low)*(trendHigh-8)/(high-low))
		}
		line = append(line, fmt.Sprintf("%d,%d", out.X, out.Y))
	}
	out.Line = strings.Join(line, " ")
	return out
}

func vitalsWords(v *Visit, x visits.Vitals) string {
	var out []string
	for _, m := range visits.Measures() {
		if kept, ok := x[m]; ok {
			u := visits.UnitOf(m, v.Clinic.Country)
			out = append(out, v.Tongue.Say("vital."+string(m))+" "+u.Show(kept)+" "+u.Name)
		}
	}
	return strings.Join(out, v.Tongue.Say("page.comma")+" ")
}

func asideCard(v *Visit, a visits.Aside, people map[id.ID]string) AsideCard {
	c := AsideCard{ID: a.ID.String(), By: people[a.By], At: a.At.In(v.Clinic.Location()), Complaint: a.Note.Complaint, Findings: a.Note.Findings, Plan: a.Note.Plan,
		Vitals: vitalsWords(v, a.Vitals), Broken: a.Broken}
	var list []string
	for _, d := range a.Note.Diagnoses {
		list = append(list, d.Text())
	}
	c.Diagnoses = strings.Join(list, "\n")
	return c
}

func intakeCard(v *Visit, a intake.Answered) IntakeCard {
	c := IntakeCard{Title: a.Body.Title, Text: a.Body.Text, Name: a.SignedName, Guardian: a.ByGuardian, At: a.SignedAt.In(v.Clinic.Location()), Hash: a.Hash, Broken: a.Broken}
	for _, x := range a.Items {
		c.Items = append(c.Items, IntakeItem{x.Question, answerWords(v, x.Kind, x.Answer)})
	}
	return c
}

// answerWords is an answer as a reader sees it.
func answerWords(v *Visit, kind, answer string) string {
	switch {
	case answer == "":
		return "–"
	case kind == intake.YesNo:
		return v.Tongue.Say("intake." + answer)
	case kind == intake.Date:
		return v.Tongue.Date(clock.Date(answer))
	}
	return answer
}

// typedVisit is a visit as the form carries it.
type typedVisit struct {
	draft visits.Draft
	typed visits.Typed
	wrong error // of the measured values: the others are kept all the same
}

func readVisit(v *Visit) (typedVisit, error) {
	var out typedVisit
	f := v.PostForm
	raw, err := hex.DecodeString(f.Get("tab"))
	if err != nil || len(raw) != 16 {
		return out, fault.New(fault.Invalid, "fault.form_unreadable")
	}
	tab := id.ID(raw)
	out.draft = visits.Draft{Version: typedVersion(v, 0), Tab: tab, Note: visits.Note{Complaint: f.Get("complaint"), Findings: f.Get("findings"), Plan: f.Get("plan")}}
	dropped := map[string]bool{}
	for _, x := range f["drop"] {
		dropped[x] = true
	}
	for _, x := range append(f["dx"], f["add"]...) {
		code, name, ok := strings.Cut(x, "|")
		if !ok {
			code, name = "", x
		}
		if !dropped[x] {
			out.draft.Note.Diagnoses = append(out.draft.Note.Diagnoses, visits.Diagnosis{Code: code, Name: name})
		}
	}
	out.typed = visits.Typed{}
	for _, m := range visits.Measures() {
		out.typed[m] = f.Get(string(m))
	}
	out.draft.Vitals, out.wrong = out.typed.Read(v.Clinic.Country)
	return out, nil
}

// tabOf is how a form carries which open page it is. It is no id of anything that is there.
func tabOf(tab id.ID) string { return hex.EncodeToString(tab[:]) }

// fill puts what was typed back on the page.
func (p *VisitPage) fill(v *Visit, t typedVisit) {
	p.note(t.draft.Note)
	p.Tab = tabOf(t.draft.Tab)
	for i := range p.Vitals {
		f := &p.Vitals[i]
		f.Value, f.Error = t.typed[visits.Measure(f.Key)], p.problem(f.Key)
		f.Word = ""
		if kept, ok := t.draft.Vitals[visits.Measure(f.Key)]; ok {
			f.Word = visits.Unusual(visits.Measure(f.Key), kept, !p.Child)
		}
	}
}

// visitSave keeps the form. Our script is answered with a sentence and the version that holds now.
func visitSave(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	t, err := readVisit(v)
	if err != nil {
		return err
	}
	do := v.PostForm.Get("do")
	if do == "template" {
		if err := s.useTemplate(v, &t.draft); err != nil {
			return err
		}
	}
	saved, err := s.Visits.Save(v.Context(), v.Who, one, t.draft)
	if err != nil {
		return s.refusedVisit(w, v, t, err)
	}
	if v.script() {
		return s.savedWords(w, v, saved, t.wrong)
	}
	if saved.Met || t.wrong != nil || do == "find" {
		return s.visitAgain(w, v, t, saved.Met, do == "find")
	}
	to := "/app/visits/" + one.String()
	switch {
	case v.PostForm.Get("add") != "" || do == "drop":
		to += "#diagnoses"
	case do != "template":
		to += "?done=visit_saved"
	}
	http.Redirect(w, v.Request, to, http.StatusSeeOther)
	return nil
}

// useTemplate fills what is still empty.
func (s *Site) useTemplate(v *Visit, d *visits.Draft) error {
	list, err := s.Visits.Templates(v.Context(), v.Who, false)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.ID.String() == v.PostForm.Get("template") {
			d.Note = t.Fill(d.Note)
			return nil
		}
	}
	return fault.Missing()
}

// savedWords answers our script.
func (s *Site) savedWords(w http.ResponseWriter, v *Visit, saved visits.Saved, wrong error) error {
	if saved.Met {
		people, err := s.Accounts.Names(v.Context(), v.Who)
		if err != nil {
			return err
		}
		return plain(w, v, http.StatusConflict, metWords(v, saved.Encounter, people))
	}
	w.Header().Set("X-Version", fmt.Sprint(saved.Version))
	text := v.Tongue.Say("visit.saved_at", "Time", v.Tongue.Time(saved.ChangedAt.In(v.Clinic.Location())))
	var f *fault.Fault
	if errors.As(wrong, &f) {
		return plain(w, v, http.StatusUnprocessableEntity, text+" "+problemText(v, f))
	}
	return plain(w, v, http.StatusOK, text)
}

// metWords says who was faster, and that nothing is lost.
func metWords(v *Visit, e visits.Encounter, people map[id.ID]string) string {
	by, key := people[e.ChangedBy], "visit.met"
	if e.Signed() {
		key = "visit.met_signed"
	}
	if by == "" {
		by = v.Tongue.Say("visit.somebody")
	}
	return v.Tongue.Say(key, "By", by, "Time", v.Tongue.Time(e.ChangedAt.In(v.Clinic.Location())))
}

// visitAgain shows the page with what was typed: beside what somebody else wrote meanwhile, with what was found, or with what is wrong.
func (s *Site) visitAgain(w http.ResponseWriter, v *Visit, t typedVisit, met, find bool) error {
	page, err := s.visit(v)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if t.wrong != nil {
		status = page.Report(t.wrong)
	}
	if met {
		status = http.StatusConflict
		e := visits.Encounter{}
		if o, err := s.Visits.Open(v.Context(), v.Who, mustID(page.ID)); err == nil {
			e = o.Encounter
			people, err := s.Accounts.Names(v.Context(), v.Who)
			if err != nil {
				return err
			}
			page.Alert = metWords(v, e, people)
			theirs := asideCard(v, visits.Aside{By: e.ChangedBy, At: e.ChangedAt, Note: o.Note, Vitals: o.Vitals}, people)
			page.Theirs = &theirs
		}
	}
	if !page.Signed {
		page.fill(v, t)
		var rest []AsideCard
		for _, a := range page.Asides {
			if a.ID != t.draft.Tab.String() { // it stands in the form
				rest = append(rest, a)
			}
		}
		page.Asides = rest
	} else {
		page.Theirs = nil // the page shows what was signed, and what was typed beside it
	}
	if find {
		found, err := s.Visits.FindCodes(v.Context(), v.Who, v.PostForm.Get("find"))
		if err != nil {
			return err
		}
		page.Find, page.Found, page.Searched = v.PostForm.Get("find"), codeRows(found), true
	}
	return s.views.Render(w, status, "visit", page)
}

func mustID(text string) id.ID {
	one, err := id.Parse(text)
	if err != nil {
		return id.Zero
	}
	return one
}

// refusedVisit shows what was typed with what is wrong with it.
func (s *Site) refusedVisit(w http.ResponseWriter, v *Visit, t typedVisit, err error) error {
	if v.script() || !refusal(err) {
		return err
	}
	page, bad := s.visit(v)
	if bad != nil {
		return bad
	}
	status := report(w, page.shell(), err)
	if !page.Signed {
		page.fill(v, t)
	}
	return s.views.Render(w, status, "visit", page)
}

func visitSign(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	t, err := readVisit(v)
	if err != nil {
		return err
	}
	if t.wrong != nil {
		return s.refusedVisit(w, v, t, t.wrong)
	}
	saved, err := s.Visits.Sign(v.Context(), v.Who, one, v.Signed.Provider, t.draft)
	if err != nil {
		return s.refusedVisit(w, v, t, err)
	}
	if saved.Met {
		return s.visitAgain(w, v, t, true, false)
	}
	http.Redirect(w, v.Request, "/app/visits/"+one.String()+"?done=visit_signed", http.StatusSeeOther)
	return nil
}

func visitAmend(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	a := visits.Amendment{Part: v.PostForm.Get("part"), Reason: v.PostForm.Get("reason"), Text: v.PostForm.Get("text")}
	err = s.Visits.Amend(v.Context(), v.Who, one, v.Signed.Provider, a)
	return s.answer(w, v, err, "/app/visits/"+one.String()+"?done=visit_amended#added", "visit", func() (Page, error) {
		page, err := s.visit(v)
		if err != nil {
			return nil, err
		}
		page.Amend = AmendForm{a.Part, a.Reason, a.Text}
		return page, nil
	})
}

func asideDrop(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	aside, err := id.Parse(v.PathValue("aside"))
	if err != nil {
		return fault.Missing()
	}
	if err := s.Visits.DropAside(v.Context(), v.Who, one, aside); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/visits/"+one.String(), http.StatusSeeOther)
	return nil
}

func codeRows(list []visits.Code) []DiagnosisRow {
	var out []DiagnosisRow
	for _, c := range list {
		out = append(out, DiagnosisRow{c.Code + "|" + c.Name, c.Code, c.Name})
	}
	return out
}

// codeHits is the fragment with which a script searches. What is looked for travels in the body: it may tell something of a patient.
func codeHits(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	found, err := s.Visits.FindCodes(v.Context(), v.Who, v.PostForm.Get("find"))
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "code-hits", &CodesFragment{Shell: s.Shell(v), Found: codeRows(found), Searched: true})
}
