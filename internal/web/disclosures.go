package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/disclosures"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/words"
)

// What is given to authorities and courts: written down by one, decided by another, taken as one file, and told (promises disclosure-two-people, disclosure-told).

func disclosureRoutes() []Route {
	see, act := access.DisclosureRead, access.DisclosureAct
	return []Route{
		{Pattern: "GET /app/disclosures", Door: Staff, Right: see, Handle: disclosuresPage},
		{Pattern: "GET /app/disclosures/new", Door: Staff, Right: act, Handle: disclosureNew},
		{Pattern: "POST /app/disclosures/new", Door: Staff, Right: act, Handle: disclosureAsk},
		{Pattern: "GET /app/disclosures/{id}", Door: Staff, Right: see, Handle: disclosurePage},
		{Pattern: "POST /app/disclosures/{id}/decide", Door: Staff, Right: act, Handle: disclosureDecide},
		{Pattern: "POST /app/disclosures/{id}/drop", Door: Staff, Right: act, Handle: disclosureDrop},
		{Pattern: "POST /app/disclosures/{id}/told", Door: Staff, Right: act, Handle: disclosureTold},
		{Pattern: "POST /app/disclosures/{id}/file", Door: Staff, Right: access.DisclosureFile, Handle: disclosureFile},
	}
}

// DisclosureRow is one demand in the list.
type DisclosureRow struct {
	ID, Name, Recipient, Ground, State string
	Broken                             bool
	Asked                              time.Time
	Untold                             bool // given, and she does not know yet
}

// DisclosuresPage is /app/disclosures, the page "disclosures".
type DisclosuresPage struct {
	Shell
	Rows []DisclosureRow
}

func disclosuresPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Given.List(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &DisclosuresPage{Shell: s.staffShell(v, "")}
	for _, l := range list {
		page.Rows = append(page.Rows, DisclosureRow{ID: l.ID.String(), Name: l.Name.Text, Broken: l.Name.Broken, Recipient: l.Recipient, Ground: string(l.Ground), State: string(l.State),
			Asked: l.AskedAt.In(v.Clinic.Location()), Untold: l.State == disclosures.Given && l.ToldAt == 0})
	}
	return s.views.Render(w, http.StatusOK, "disclosures", page)
}

// DisclosureForm is /app/disclosures/new, the page "disclosure-new".
type DisclosureForm struct {
	Shell
	PatientID, PatientName                         string
	Ground, Recipient, Reference, Why, Gag, GagWhy string
	Chosen                                         map[string]bool
	Grounds                                        []Option
	PartChoices                                    []string
}

func (s *Site) disclosureForm(v *Visit) (*DisclosureForm, error) {
	f := v.URL.Query()
	if v.PostForm != nil {
		f = v.PostForm
	}
	one, err := id.Parse(f.Get("patient"))
	if err != nil {
		return nil, fault.Missing()
	}
	p, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	page := &DisclosureForm{Shell: s.staffShell(v, ""), PatientID: one.String(), PatientName: p.Name, Ground: f.Get("ground"), Recipient: f.Get("recipient"), Reference: f.Get("reference"), Why: f.Get("why"), Gag: f.Get("gag"), GagWhy: f.Get("gag_why"), Chosen: map[string]bool{}}
	for _, x := range f["parts"] {
		page.Chosen[x] = true
	}
	for _, x := range disclosures.Parts() {
		page.PartChoices = append(page.PartChoices, string(x))
	}
	var grounds []string
	for _, g := range disclosures.Grounds() {
		grounds = append(grounds, string(g))
	}
	if !slices.Contains(grounds, page.Ground) {
		page.Ground = grounds[0]
	}
	page.Grounds = page.Choices("disclosure.ground.", page.Ground, grounds...)
	return page, nil
}

func disclosureNew(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.disclosureForm(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "disclosure-new", page)
}

func disclosureAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	d := disclosures.Draft{Ground: disclosures.Ground(f.Get("ground")), Recipient: f.Get("recipient"), Reference: f.Get("reference"), Why: f.Get("why"), Gag: clock.Date(strings.TrimSpace(f.Get("gag"))), GagWhy: f.Get("gag_why")}
	var err error
	if d.Patient, err = id.Parse(f.Get("patient")); err != nil {
		return fault.Missing()
	}
	for _, x := range f["parts"] {
		d.Parts = append(d.Parts, disclosures.Part(x))
	}
	one, err := s.Given.Ask(v.Context(), v.Who, d)
	return s.answer(w, v, err, "/app/disclosures/"+one.String()+"?done=saved", "disclosure-new", func() (Page, error) { return s.disclosureForm(v) })
}

// DisclosurePage is one demand, the page "disclosure".
type DisclosurePage struct {
	Shell
	ID, State, Name, PatientID           string
	Broken                               bool
	Ground, Recipient, Reference         string
	Why, Words, Typed, GagWhy            string
	Parts                                []string
	Gag                                  clock.Date
	Gagged                               bool
	By, Decider, ToldBy                  string
	Asked, Decided, Given, Told          time.Time
	CanDecide, CanDrop, CanTake, CanTell bool
	OwnDemand                            bool // whoever looks wrote it down: another has to decide
	Version                              int64
}

func (s *Site) disclosure(v *Visit) (*DisclosurePage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	l, err := s.Given.Get(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	at := v.inZone
	p := &DisclosurePage{Shell: s.staffShell(v, ""), ID: one.String(), State: string(l.State), Name: l.Name.Text, Broken: l.Name.Broken, PatientID: l.Patient.String(), Ground: string(l.Ground), Recipient: l.Recipient, Reference: l.Reference,
		Why: l.Why, Words: l.Words, GagWhy: l.GagWhy, Gag: l.Gag, Gagged: l.Gagged(clock.DateOf(s.Clock.Now().In(z))), By: names[l.By], Decider: names[l.Decider], ToldBy: l.ToldBy,
		Asked: at(l.AskedAt), Decided: at(l.DecidedAt), Given: at(l.GivenAt), Told: at(l.ToldAt), Version: l.Version}
	for _, x := range l.Parts {
		p.Parts = append(p.Parts, string(x))
	}
	act := v.Who.May(access.DisclosureAct)
	p.OwnDemand = l.State == disclosures.Asked && l.By == v.Who.Actor()
	p.CanDecide = act && l.State == disclosures.Asked && !p.OwnDemand
	p.CanDrop = act && (l.State == disclosures.Asked || l.State == disclosures.Approved)
	p.CanTake = v.Who.May(access.DisclosureFile) && (l.State == disclosures.Approved || l.State == disclosures.Given && s.Given.Again(l.Disclosure))
	p.CanTell = act && l.State == disclosures.Given && l.ToldAt == 0 && !p.Gagged
	return p, nil
}

func disclosurePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.disclosure(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "disclosure", page)
}

func (s *Site) disclosureStep(w http.ResponseWriter, v *Visit, do func(one id.ID) error) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.answer(w, v, do(one), "/app/disclosures/"+one.String()+"?done=saved", "disclosure", func() (Page, error) {
		page, err := s.disclosure(v)
		if err == nil {
			page.Typed = v.PostForm.Get("words")
		}
		return page, err
	})
}

func disclosureDecide(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.disclosureStep(w, v, func(one id.ID) error {
		return s.Given.Decide(v.Context(), v.Who, one, typedVersion(v, 0), v.PostForm.Get("to") == "yes", v.PostForm.Get("words"))
	})
}

func disclosureDrop(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.disclosureStep(w, v, func(one id.ID) error { return s.Given.Drop(v.Context(), v.Who, one, typedVersion(v, 0)) })
}

func disclosureTold(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.disclosureStep(w, v, func(one id.ID) error { return s.Given.ToldByHand(v.Context(), v.Who, one) })
}

// disclosureFile hands the file over: plain text that any office can read and file, the approved parts and no other.
func disclosureFile(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	d, parts, err := s.Given.File(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="disclosure-`+one.String()+`.txt"`)
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write([]byte(disclosureText(v.Tongue, v.Clinic.Name, v.Clinic.LegalEntity, d, parts)))
	return err
}

func disclosureText(t *words.Tongue, clinic, entity string, d disclosures.Disclosure, parts []disclosures.Section) string {
	var b strings.Builder
	head := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", t.Say("disclosure."+key), value)
		}
	}
	fmt.Fprintf(&b, "%s\n%s\n\n", t.Say("title.disclosure"), strings.Repeat("=", 40))
	head("from", strings.Join(slices.DeleteFunc([]string{clinic, entity}, func(x string) bool { return x == "" }), ", "))
	head("recipient", d.Recipient)
	head("reference", d.Reference)
	head("ground", t.Say("disclosure.ground."+string(d.Ground)))
	head("number", d.ID.String())
	fmt.Fprintf(&b, "\n%s\n", t.Say("disclosure.only"))
	for _, p := range parts {
		fmt.Fprintf(&b, "\n%s\n%s\n", t.Say("disclosure.part."+string(p.Part)), strings.Repeat("-", 40))
		empty := true
		for _, table := range slices.Sorted(maps.Keys(p.Tables)) {
			for _, row := range p.Tables[table] {
				empty = false
				b.WriteByte('\n')
				for _, k := range slices.Sorted(maps.Keys(row)) {
					if row[k] != "" {
						fmt.Fprintf(&b, "%s: %s\n", k, strings.ReplaceAll(row[k], "\n", "\n    "))
					}
				}
			}
		}
		if empty {
			fmt.Fprintf(&b, "%s\n", t.Say("disclosure.nothing"))
		}
	}
	return b.String()
}
