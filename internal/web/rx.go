package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/prescriptions"
)

// Writing a prescription: three letters and Enter for a drug, its dose, Tab, its days, Enter; Ctrl+Enter signs. The page is a plain form,
// and the script only saves what is typed and shows anew what the house says about it.

func rxRoutes() []Route {
	const m = clinics.ModulePrescriptions
	return []Route{
		{Pattern: "GET /app/patients/{id}/prescriptions/new", Door: Staff, Right: access.RxWrite, Module: m, Handle: rxNewPage},
		{Pattern: "POST /app/patients/{id}/prescriptions", Door: Staff, Right: access.RxWrite, Module: m, Handle: rxSave},
		{Pattern: "GET /app/drugs", Door: Staff, Right: access.RxWrite, Module: m, Handle: rxSearch},
		{Pattern: "GET /app/prescriptions/{id}", Door: Staff, Right: access.RxRead, Module: m, Handle: rxPage},
		{Pattern: "POST /app/prescriptions/{id}/drop", Door: Staff, Right: access.RxWrite, Module: m, Handle: rxDrop},
		{Pattern: "POST /app/prescriptions/{id}/cancel", Door: Staff, Right: access.RxSign, Module: m, Handle: rxCancel},
		{Pattern: "POST /app/prescriptions/{id}/send", Door: Staff, Right: access.RxShare, Module: m, Handle: rxSend},
		{Pattern: "POST /app/prescriptions/{id}/links/{share}/revoke", Door: Staff, Right: access.RxShare, Module: m, Handle: rxRevoke},
		{Pattern: "POST /app/prescriptions/{id}/favourite", Door: Staff, Right: access.RxWrite, Module: m, Handle: rxKeepSet},
		{Pattern: "GET /app/prescriptions/{id}/paper.pdf", Door: Staff, Right: access.RxRead, Module: m, Handle: rxPaper},
		{Pattern: "GET /app/prescriptions/{id}/print", Door: Staff, Right: access.RxRead, Module: m, Handle: rxPrint},
		{Pattern: "GET /app/favourites", Door: Staff, Right: access.RxWrite, Module: m, Handle: rxSetsPage},
		{Pattern: "POST /app/favourites/{id}/remove", Door: Staff, Right: access.RxWrite, Module: m, Handle: rxDropSet},
		{Pattern: "GET /app/settings/drugs", Door: Staff, Right: access.RxSettings, Module: m, Handle: drugsPage},
		{Pattern: "POST /app/settings/drugs/lists/{list}", Door: Staff, Right: access.RxSettings, Module: m, Handle: drugsImport},
		{Pattern: "POST /app/settings/drugs/brands", Door: Staff, Right: access.RxSettings, Module: m, Handle: drugsAlias},
		{Pattern: "POST /app/settings/drugs/paper", Door: Staff, Right: access.RxSettings, Module: m, Handle: drugsPaper},
		{Pattern: "GET /r/{token}", Door: Paper, Right: access.OwnRead, Module: m, Handle: ownPaper},
		{Pattern: "GET /r/{token}/paper.pdf", Door: Paper, Right: access.OwnRead, Module: m, Handle: ownPaperPDF},
		{Pattern: "GET /r/{token}/unsubscribe", Door: Paper, Right: access.OwnRead, Handle: ownPaperStopAsk},
		{Pattern: "POST /r/{token}/unsubscribe", Door: Paper, Right: access.OwnChange, OneClick: true, Handle: ownPaperStop},
		{Pattern: "GET /v/{code}", Door: Open, Handle: genuinePage},
	}
}

// blanks is how many empty rows a sheet has behind those that are filled; more come by saving, or by the script.
const blanks = 3

// optionalID reads an id of a form or an address; empty is zero, what is no id is not there.
func optionalID(text string) (id.ID, error) {
	if text == "" {
		return id.Zero, nil
	}
	one, err := id.Parse(text)
	if err != nil {
		return id.Zero, fault.Missing()
	}
	return one, nil
}

func rxNewPage(s *Site, w http.ResponseWriter, v *Visit) error {
	patient, err := pathID(v)
	if err != nil {
		return err
	}
	d := prescriptions.Draft{ID: id.New(s.Clock.Now()), Patient: patient}
	q := v.URL.Query()
	var ids [3]id.ID
	for i, name := range []string{"encounter", "copy", "set"} {
		if ids[i], err = optionalID(q.Get(name)); err != nil {
			return err
		}
	}
	if d.Replaces, err = optionalID(q.Get("replaces")); err != nil {
		return err
	}
	d.Encounter = ids[0]
	p, err := s.Scripts.Begin(v.Context(), v.Who, d, ids[1], ids[2])
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "rx-edit", s.rxEdit(v, p))
}

func rxPage(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	p, err := s.Scripts.Open(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	if p.State == prescriptions.Drafted {
		if !v.Who.May(access.RxWrite) {
			return fault.Missing()
		}
		return s.views.Render(w, http.StatusOK, "rx-edit", s.rxEdit(v, p))
	}
	page, err := s.rxSheet(v, p)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "rx", page)
}

// text is an id as a form carries it: empty for none.
func text(one id.ID) string {
	if one.IsZero() {
		return ""
	}
	return one.String()
}

// rxEdit is the page of a sheet that is written.
func (s *Site) rxEdit(v *Visit, p prescriptions.Page) *RxPage {
	page := &RxPage{Shell: s.staffShell(v, "nav.patients"), ID: p.ID.String(), PatientID: p.Draft.Patient.String(), Version: p.Version, Patient: p.Patient.Name, Sex: p.Patient.Sex, Encounter: text(p.Encounter),
		Replaces: text(p.Replaces), Advice: p.Advice, Remote: p.Remote, Last: text(p.Last), Live: s.rxLive(v, p), NoneKnown: p.Known.Asked && len(p.Known.Allergies) == 0, NotAsked: !p.Known.Asked && !p.Known.Unread}
	if page.Patient == "" {
		page.Patient = v.Tongue.Say("day.broken")
	}
	if p.Patient.BirthDate != "" {
		page.Age = v.Tongue.Age(p.Patient.BirthDate, s.today(v))
	}
	for _, a := range p.Known.Allergies {
		page.Allergies = append(page.Allergies, RxAllergy{Substance: a.Substance, Severity: a.Severity, Reaction: a.Reaction, Broken: a.Broken})
	}
	for _, x := range p.Sets {
		page.Sets = append(page.Sets, rxSet(x))
	}
	for _, l := range languageOptions(p.Language) {
		if slices.Contains(v.Clinic.Languages, l.Value) || l.On {
			page.Spoken = append(page.Spoken, l)
		}
	}
	for i, r := range p.Rows {
		row := RxRow{N: i + 1, Drug: r.Generic, Strength: r.Strength, Form: r.Form, Route: r.Route, Dose: r.Dose, Timing: r.Timing, Note: r.Note}
		if r.Days > 0 {
			row.Days = strconv.Itoa(r.Days)
		}
		page.Rows = append(page.Rows, row)
	}
	for range blanks {
		page.Rows = append(page.Rows, RxRow{N: len(page.Rows) + 1})
	}
	page.times()
	page.CanSign, page.WhyNot, page.WhereURL = s.maySign(v)
	return page
}

func (p *RxPage) times() {
	for i := range p.Rows {
		p.Rows[i].Timings = nil
		for _, t := range prescriptions.Timings() {
			label := "–"
			if t != "" {
				label = p.Tongue.Say("rx.timing." + t)
			}
			p.Rows[i].Timings = append(p.Rows[i].Timings, Option{Value: t, Label: label, On: t == p.Rows[i].Timing})
		}
	}
}

// maySign says whether whoever writes may sign, and what is missing otherwise. The room asks again.
func (s *Site) maySign(v *Visit) (can bool, why, where string) {
	switch {
	case !v.Who.May(access.RxSign):
		return false, v.Tongue.Say("rx.not_signer"), ""
	case v.Signed.Provider.IsZero():
		why = v.Tongue.Say("fault.rx.no_practitioner")
	default:
		return true, "", ""
	}
	if v.Who.May(access.ScheduleSettings) {
		where = "/app/settings/providers"
	}
	return false, why, where
}

func rxSet(x prescriptions.Set) RxSet {
	out := RxSet{ID: x.ID.String(), Letters: x.Letters, Title: x.Title}
	for _, r := range x.Rows {
		out.Lines = append(out.Lines, r.Line()+" "+r.Dose)
	}
	return out
}

func (s *Site) rxLive(v *Visit, p prescriptions.Page) *RxLive {
	out := &RxLive{Shell: s.Shell(v), Version: p.Version, DemoList: p.List.Demo, List: p.List.Title, Any: len(p.Rows) > 0, Seen: p.Checking.Seen}
	if p.Checking.State == prescriptions.NotChecked {
		out.Unchecked = "rx.unchecked." + p.Checking.Why
	}
	t := s.Book.Tongue(p.Language)
	for i, r := range p.Rows {
		if i < len(p.Said) {
			out.Said = append(out.Said, RxSaid{N: i + 1, Line: r.Line(), Words: p.Said[i], Quantity: prescriptions.QuantityWords(t, r)})
		}
	}
	out.Warnings = rxWarnings(v, p.Checking.Warnings)
	return out
}

func rxWarnings(v *Visit, list []prescriptions.Warning) []RxWarning {
	var out []RxWarning
	for i, w := range list {
		out = append(out, RxWarning{N: i + 1, Key: w.Key, Kind: w.Kind, A: w.A, B: w.B, Severity: w.Severity, Sentence: w.Words, Told: w.Told, Needs: w.NeedsReason(), Reason: w.Reason})
	}
	return out
}

// typedSheet reads the form of a sheet.
func typedSheet(v *Visit, patient id.ID) (prescriptions.Draft, error) {
	f := v.PostForm
	d := prescriptions.Draft{Patient: patient, Version: typedVersion(v, 0), Advice: f.Get("advice"), Language: f.Get("language"), Remote: f.Get("remote") != "", Reasons: map[string]string{}}
	var err error
	for _, x := range []struct {
		name string
		into *id.ID
	}{{"id", &d.ID}, {"encounter", &d.Encounter}, {"replaces", &d.Replaces}} {
		if *x.into, err = optionalID(f.Get(x.name)); err != nil {
			return d, err
		}
	}
	if d.ID.IsZero() {
		return d, fault.Missing()
	}
	for n := 1; n <= prescriptions.MaxRows+blanks; n++ {
		at := func(name string) string { return f.Get(prescriptions.Field(name, n)) }
		r := prescriptions.Row{Generic: at("drug"), Strength: at("strength"), Form: at("form"), Route: at("route"), Dose: at("dose"), Timing: at("timing"), Note: at("note")}
		if days := strings.TrimSpace(at("days")); days != "" {
			if r.Days, err = strconv.Atoi(days); err != nil {
				r.Days = -1 // the room says what is wrong
			}
		}
		if r.Generic != "" || r.Dose != "" || r.Days != 0 || r.Note != "" {
			d.Rows = append(d.Rows, r)
		}
	}
	for n := 1; f.Has(prescriptions.Field("warning", n)); n++ {
		d.Reasons[f.Get(prescriptions.Field("warning", n))] = f.Get(prescriptions.Field("reason", n))
	}
	return d, nil
}

func rxSave(s *Site, w http.ResponseWriter, v *Visit) error {
	patient, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	d, err := typedSheet(v, patient)
	if err != nil {
		return err
	}
	signing := v.PostForm.Get("do") == "sign"
	if set, err := optionalID(strings.TrimPrefix(v.PostForm.Get("do"), "set ")); err == nil && !signing && !set.IsZero() {
		return s.rxWithSet(w, v, d, set)
	}
	var p prescriptions.Page
	if signing {
		p, err = s.Scripts.Sign(v.Context(), v.Who, d, v.Signed.Provider, v.PostForm.Get("unchecked") != "")
	} else {
		p, err = s.Scripts.Save(v.Context(), v.Who, d, v.Signed.Provider)
	}
	if signing && fault.Is(err, fault.Forbidden) && v.Who.May(access.RxSign) { // she may, and something of hers is missing: what was typed is kept
		refused := err
		if p, err = s.Scripts.Save(v.Context(), v.Who, d, v.Signed.Provider); err == nil || refusal(err) {
			return s.rxRefused(w, v, d, p, refused)
		}
	}
	switch {
	case err != nil && !refusal(err):
		return err
	case err == nil && v.script():
		w.Header().Set("X-Version", strconv.FormatInt(p.Version, 10))
		return s.views.Render(w, http.StatusOK, "rx-live", s.rxLive(v, p))
	case err == nil:
		done := "rx_saved"
		if signing {
			done = "rx_signed"
		}
		http.Redirect(w, v.Request, "/app/prescriptions/"+d.ID.String()+"?done="+done, http.StatusSeeOther)
		return nil
	case v.script():
		return s.rxUnheard(w, v, d, err)
	}
	return s.rxRefused(w, v, d, p, err)
}

// unheard is the fault of a draft that whoever types saved herself, without the page having heard of it.
func unheard() error { return fault.New(fault.Conflict, "fault.rx.unheard") }

// rxUnheard answers the script's refused draft. An answer that was lost must not end the writing: the script is told the version that holds.
func (s *Site) rxUnheard(w http.ResponseWriter, v *Visit, d prescriptions.Draft, refused error) error {
	if !fault.Is(refused, fault.Conflict) {
		return refused
	}
	p, err := s.Scripts.Typed(v.Context(), v.Who, d)
	if err != nil || !p.Own {
		return refused
	}
	w.Header().Set("X-Version", strconv.FormatInt(p.Version, 10))
	return unheard()
}

// rxWithSet saves what was typed with the drugs of a favourite behind it: the way without a script.
func (s *Site) rxWithSet(w http.ResponseWriter, v *Visit, d prescriptions.Draft, set id.ID) error {
	typed := d
	typed.Replaces = id.Zero // a sheet that begins in the place of another one takes the drugs of that one
	p, err := s.Scripts.Begin(v.Context(), v.Who, typed, id.Zero, set)
	if err == nil {
		d.Rows = p.Rows
		p, err = s.Scripts.Save(v.Context(), v.Who, d, v.Signed.Provider)
	}
	if err != nil && !refusal(err) {
		return err
	}
	if err != nil {
		return s.rxRefused(w, v, d, p, err)
	}
	http.Redirect(w, v.Request, "/app/prescriptions/"+d.ID.String(), http.StatusSeeOther)
	return nil
}

// rxRefused shows the sheet again as it was typed, with what is wrong beside each field.
func (s *Site) rxRefused(w http.ResponseWriter, v *Visit, d prescriptions.Draft, p prescriptions.Page, refused error) error {
	if p.ID.IsZero() { // nothing was saved: what was typed is shown as it is
		var err error
		if p, err = s.Scripts.Typed(v.Context(), v.Who, d); err != nil {
			return err
		}
		if p.Own && fault.Is(refused, fault.Conflict) {
			refused = unheard()
		}
	}
	page := s.rxEdit(v, p)
	page.Met = p.Met
	status := report(w, page.shell(), refused)
	for i := range page.Rows {
		r := &page.Rows[i]
		r.DrugError, r.DoseError, r.DaysError, r.NoteErr = page.problem(prescriptions.Field("drug", r.N)), page.problem(prescriptions.Field("dose", r.N)), page.problem(prescriptions.Field("days", r.N)), page.problem(prescriptions.Field("note", r.N))
	}
	page.Live.Problems, page.Live.Seen = page.Problems, v.PostForm.Get("unchecked") != ""
	for i := range page.Live.Warnings {
		page.Live.Warnings[i].Error = page.problem(prescriptions.Field("reason", i+1))
	}
	return s.views.Render(w, status, "rx-edit", page)
}

// UncheckedError is what is wrong with the box that says that nothing was checked; empty for nothing.
func (l *RxLive) UncheckedError() string { return l.problem("unchecked") }

// rxSearch is the fragment of drugs that the letters find.
func rxSearch(s *Site, w http.ResponseWriter, v *Visit) error {
	q := strings.TrimSpace(v.URL.Query().Get("q"))
	page := &RxHits{Shell: s.Shell(v), Query: q}
	if q != "" && len(q) <= 100 {
		found, err := s.Scripts.Search(v.Context(), v.Who, q)
		if err != nil {
			return err
		}
		page.Broken = found.Broken
		for _, x := range found.Sets {
			page.Sets = append(page.Sets, rxSet(x))
		}
		for _, c := range found.Choices {
			page.Hits = append(page.Hits, RxHit{Generic: c.Generic, Strength: c.Strength, Form: c.Form, Route: c.Route, Food: c.Food, Brand: c.Brand, Restricted: c.Restricted()})
		}
	}
	return s.views.Render(w, http.StatusOK, "rx-hits", page)
}

func rxDrop(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	p, err := s.Scripts.Open(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	if err := s.Scripts.Drop(v.Context(), v.Who, one, typedVersion(v, 0)); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/patients/"+p.Draft.Patient.String()+"?done=rx_dropped#prescriptions", http.StatusSeeOther)
	return nil
}

func rxSetsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Scripts.Sets(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &RxSetsPage{Shell: s.staffShell(v, "nav.patients")}
	for _, x := range list {
		page.Sets = append(page.Sets, rxSet(x))
	}
	return s.views.Render(w, http.StatusOK, "rx-sets", page)
}

func rxDropSet(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = s.Scripts.RemoveSet(v.Context(), v.Who, one)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/favourites?done=rx_set_removed", http.StatusSeeOther)
	return nil
}

// prescriptionsOf is the section of the patient's page; nothing where the clinic has no prescriptions, or the person may not read them.
func (s *Site) prescriptionsOf(v *Visit, page *PatientPage, one id.ID) error {
	if !v.Clinic.Has(clinics.ModulePrescriptions) || !v.Who.May(access.RxRead) {
		return nil
	}
	page.RxOn, page.CanPrescribe = true, v.Who.May(access.RxWrite)
	list, err := s.Scripts.OfPatient(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	for _, p := range list {
		x := RxOfPatient{ID: p.ID.String(), State: string(p.State), At: p.SavedAt.In(v.Clinic.Location()), Broken: p.Broken}
		if p.SignedAt > 0 {
			x.At = p.SignedAt.In(v.Clinic.Location())
		}
		for _, r := range p.Rows {
			x.Lines = append(x.Lines, strings.TrimSpace(r.Generic+" "+r.Strength))
		}
		page.Prescriptions = append(page.Prescriptions, x)
	}
	return nil
}

// again answers a form on a sheet's page: it leads back to the page, or shows it with what is wrong.
func (s *Site) again(w http.ResponseWriter, v *Visit, one id.ID, err error, done string) error {
	if err == nil {
		http.Redirect(w, v.Request, "/app/prescriptions/"+one.String()+"?done="+url.QueryEscape(done), http.StatusSeeOther)
		return nil
	}
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.NotFound {
		return err
	}
	p, bad := s.Scripts.Open(v.Context(), v.Who, one)
	if bad != nil {
		return bad
	}
	if p.State == prescriptions.Drafted {
		return err
	}
	page, bad := s.rxSheet(v, p)
	if bad != nil {
		return bad
	}
	page.Letters, page.Named, page.Why = v.PostForm.Get("letters"), v.PostForm.Get("title"), v.PostForm.Get("reason")
	return s.views.Render(w, report(w, page.shell(), err), "rx", page)
}
