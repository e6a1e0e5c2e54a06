package web

import (
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/messaging"
)

// What went wrong at the clinic: anybody reports it, whoever leads the clinic looks into it, stops it, and tells whom the law names (promise incident-exact).

func incidentRoutes() []Route {
	say, see, act := access.IncidentReport, access.IncidentRead, access.IncidentAct
	return []Route{
		{Pattern: "GET /app/incidents", Door: Staff, Right: say, Handle: incidentsPage},
		{Pattern: "POST /app/incidents", Door: Staff, Right: say, Handle: incidentReport},
		{Pattern: "GET /app/incidents/{id}", Door: Staff, Right: see, Handle: incidentPage},
		{Pattern: "GET /app/incidents/{id}/notice", Door: Staff, Right: see, Handle: incidentNotice},
		{Pattern: "GET /app/incidents/{id}/form.txt", Door: Staff, Right: see, Handle: incidentForm},
		{Pattern: "POST /app/incidents/{id}/scope", Door: Staff, Right: act, Handle: incidentScope},
		{Pattern: "POST /app/incidents/{id}/confirm", Door: Staff, Right: act, Handle: incidentConfirm},
		{Pattern: "POST /app/incidents/{id}/contain", Door: Staff, Right: act, Handle: incidentContain},
		{Pattern: "POST /app/incidents/{id}/decide", Door: Staff, Right: act, Handle: incidentDecide},
		{Pattern: "POST /app/incidents/{id}/handed", Door: Staff, Right: act, Handle: incidentHanded},
		{Pattern: "POST /app/incidents/{id}/note", Door: Staff, Right: act, Handle: incidentNote},
		{Pattern: "POST /app/incidents/{id}/notice", Door: Staff, Right: act, Handle: incidentTexts},
		{Pattern: "POST /app/incidents/{id}/notify", Door: Staff, Right: act, Handle: incidentNotify},
		{Pattern: "POST /app/incidents/{id}/told", Door: Staff, Right: act, Handle: incidentTold},
		{Pattern: "POST /app/incidents/{id}/close", Door: Staff, Right: act, Handle: incidentClose},
		{Pattern: "POST /app/incidents/{id}/sign", Door: Staff, Right: act, Handle: incidentSign},
		{Pattern: "GET /platform/incidents", Door: Platform, Right: access.PlatformIncident, Handle: eventsPage},
		{Pattern: "POST /platform/incidents", Door: Platform, Right: access.PlatformIncident, Handle: eventWrite},
		{Pattern: "GET /platform/incidents/{id}", Door: Platform, Right: access.PlatformIncident, Handle: eventPage},
		{Pattern: "POST /platform/incidents/{id}/tell", Door: Platform, Right: access.PlatformIncident, Handle: eventTell},
		{Pattern: "POST /platform/incidents/{id}/close", Door: Platform, Right: access.PlatformIncident, Handle: eventClose},
	}
}

// incidentAhead puts the open incidents on the page of somebody who leads the clinic. What cannot be read spoils no page.
func (s *Site) incidentAhead(v *Visit, sh *Shell) {
	if !v.Who.May(access.IncidentRead) {
		return
	}
	list, err := s.Trouble.Ahead(v.Context(), v.Who)
	if err != nil {
		return
	}
	for _, l := range list {
		n := Notice{Text: v.Tongue.Say("incident.ahead", "What", v.Tongue.Say("incident.rule."+string(l.Rule))), URL: "/app/incidents/" + l.ID.String(), Link: v.Tongue.Say("incident.look"), Grave: l.Late || l.State == incidents.Confirmed}
		if l.Next > 0 {
			n.Text = v.Tongue.Say("incident.ahead_due", "What", v.Tongue.Say("incident.rule."+string(l.Rule)), "Due", whenSaid(v, l.Next))
		}
		sh.Notices = append(sh.Notices, n)
	}
}

func whenSaid(v *Visit, at clock.Instant) string {
	t := at.In(v.Clinic.Location())
	return v.Tongue.ShortDate(clock.DateOf(t)) + " " + v.Tongue.Time(t)
}

// IncidentsPage is /app/incidents, the page "incidents".
type IncidentsPage struct {
	Shell
	Rule, Words string
	Rules       []string
	CanSee      bool
	Rows        []IncidentRow
}

// IncidentRow is one incident in the list.
type IncidentRow struct {
	ID, Rule, State string
	At              time.Time
	Next            time.Time // the next deadline; zero for none
	Late            bool
	Count           int
	Unsigned        bool
}

// RuleChoices are what can be reported.
func (p *IncidentsPage) RuleChoices() []Option {
	return p.Choices("incident.rule.", p.Rule, p.Rules...)
}

func (s *Site) incidents(v *Visit) (*IncidentsPage, error) {
	page := &IncidentsPage{Shell: s.staffShell(v, ""), CanSee: v.Who.May(access.IncidentRead)}
	for _, r := range incidents.Reportable() {
		page.Rules = append(page.Rules, string(r))
	}
	page.Rule = page.Rules[0]
	if !page.CanSee {
		return page, nil
	}
	list, err := s.Trouble.List(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	for _, l := range list {
		r := IncidentRow{ID: l.ID.String(), Rule: string(l.Rule), State: string(l.State), At: l.FoundAt.In(z), Late: l.Late, Count: l.Count, Unsigned: l.State == incidents.Closed && l.SignedAt == 0}
		if l.Next > 0 {
			r.Next = l.Next.In(z)
		}
		page.Rows = append(page.Rows, r)
	}
	return page, nil
}

func incidentsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.incidents(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "incidents", page)
}

func incidentReport(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	rule, words := v.PostForm.Get("rule"), v.PostForm.Get("words")
	_, err := s.Trouble.Report(v.Context(), v.Who, incidents.Rule(rule), words)
	return s.answer(w, v, err, "/app/incidents?done=reported", "incidents", func() (Page, error) {
		page, err := s.incidents(v)
		if err == nil {
			page.Rule, page.Words = rule, words
		}
		return page, err
	})
}

// IncidentPage is one incident, the page "incident".
type IncidentPage struct {
	Shell
	ID, Rule, State, Words, Processor       string
	Who, PersonID, SessionID                string
	Found, From, To                         time.Time // To is zero while it may go on
	FromTyped, ToTyped                      string
	Times                                   int
	ReportedBy                              string
	People                                  []AffectedRow
	All, Told, Erased, Reachable            int
	Computed                                time.Time
	Trail                                   []TrailRow
	Seats, Staff                            []Option
	Tasks                                   []TaskRow
	Steps                                   []StepRow
	Notifiable, Why, DecidedBy              string
	Lessons, ClosedBy, SignedBy             string
	Decided, Closed, Signed                 time.Time
	CanContain, CanSign, HasText, Untouched bool
	Version                                 int64
	Typed                                   string // what was typed into the form that was refused
	Duty                                    string // of the form that was refused
}

// WordsFor is the field of the form of a duty, or with an empty one of a remark; what was typed into the one that was refused stays there.
func (p *IncidentPage) WordsFor(duty, label string) Field {
	if duty == p.Duty {
		return p.Field("words", label, p.Typed).Text(3).Needed()
	}
	f := p.Field("words", label, "").Text(3).Needed().On("x" + duty)
	f.Error = ""
	return f
}

// CanTellByHand says whether telling by hand can be written down.
func (p *IncidentPage) CanTellByHand() bool {
	return p.State == string(incidents.Confirmed) && p.Notifiable == "yes"
}

// AffectedRow is one affected patient.
type AffectedRow struct {
	ID, PatientID, Name string
	Broken, Reach       bool
	Acts, Classes       []string
	First, Last         time.Time
	ToldAt              time.Time
	ToldBy              string
}

// TrailRow is one entry of the timeline.
type TrailRow struct {
	At        time.Time
	Who, What string
}

// TaskRow is one duty of the law.
type TaskRow struct {
	Key, To, Source string
	Due, Done       time.Time
	Late, Ours      bool
	Risk            bool
	Words, By       string
}

// StepRow is one thing that was done.
type StepRow struct {
	Kind, By, Words string
	At              time.Time
}

const typedTime = "2006-01-02T15:04"

func (s *Site) incident(v *Visit) (*IncidentPage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	c, err := s.Trouble.Get(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	at := v.inZone
	p := &IncidentPage{Shell: s.staffShell(v, ""), ID: one.String(), Rule: string(c.Rule), State: string(c.State), Words: c.Words, Processor: s.processorName(c.Processor), Who: names[c.Person], Found: at(c.FoundAt), From: at(c.From), To: at(c.To),
		Times: int(c.Times), ReportedBy: names[c.OpenedBy], All: c.All, Told: c.Told, Reachable: c.Reachable, Erased: int(c.Erased), Computed: at(c.ComputedAt), Notifiable: c.Notifiable, Why: c.Why, DecidedBy: names[c.DecidedBy], Lessons: c.Lessons,
		ClosedBy: names[c.ClosedBy], SignedBy: names[c.SignedBy], Decided: at(c.DecidedAt), Closed: at(c.ClosedAt), Signed: at(c.SignedAt), HasText: len(c.Texts) > 0, Version: c.Version}
	p.FromTyped, p.Untouched = p.From.Format(typedTime), !c.CanTrail && c.Processor == ""
	if c.To > 0 {
		p.ToTyped = p.To.Format(typedTime)
	}
	if !c.Person.IsZero() {
		p.PersonID = c.Person.String()
		_, works := names[c.Person]
		p.CanContain = works && c.State != incidents.Closed
	}
	if !c.Session.IsZero() {
		p.SessionID = c.Session.String()
	}
	p.CanSign = c.State == incidents.Closed && c.SignedAt == 0 && c.ClosedBy != v.Who.Actor()
	if c.State == incidents.Closed && c.SignedAt == 0 && !p.CanSign {
		if _, p.CanSign, err = s.alone(v); err != nil {
			return nil, err
		}
	}
	for _, a := range c.People {
		r := AffectedRow{ID: a.ID.String(), PatientID: a.Patient.String(), Name: a.Name.Text, Broken: a.Name.Broken, Reach: a.Reach, First: at(a.First), Last: at(a.Last), ToldAt: at(a.ToldAt), ToldBy: a.ToldBy}
		for _, x := range a.Acts {
			r.Acts = append(r.Acts, string(x))
		}
		for _, x := range a.Classes {
			r.Classes = append(r.Classes, string(x))
		}
		p.People = append(p.People, r)
	}
	for _, e := range c.Trail {
		who := names[e.Actor]
		if who == "" {
			who = v.Tongue.Say("role." + e.Role)
		}
		p.Trail = append(p.Trail, TrailRow{At: at(e.At), Who: who, What: auditWords(v, e.Action, e.Kind) + " · " + logWord(v, "audit.kind.", e.Kind)})
	}
	p.Seats = []Option{{Label: v.Tongue.Say("incident.all_sign_ins"), On: c.Session.IsZero()}}
	for _, x := range c.Seats {
		p.Seats = append(p.Seats, Option{Value: x.Session.String(), Label: v.Tongue.Say("incident.sign_in", "From", whenSaid(v, x.First), "To", whenSaid(v, x.Last), "Count", v.Tongue.Number(x.Entries)), On: x.Session == c.Session})
	}
	p.Staff = []Option{{Label: v.Tongue.Say("incident.nobody"), On: c.Person.IsZero()}}
	for one, name := range names {
		p.Staff = append(p.Staff, Option{Value: one.String(), Label: name, On: one == c.Person})
	}
	sortOptions(p.Staff[1:])
	for _, t := range c.Tasks {
		p.Tasks = append(p.Tasks, TaskRow{Key: t.Key, To: t.To, Source: t.Source, Due: at(t.Due), Done: at(t.Done), Late: t.Late, Ours: t.Ours, Risk: t.Risk, Words: t.By.Words, By: names[t.By.Person]})
	}
	for _, x := range c.Steps {
		if x.Duty == "" {
			p.Steps = append(p.Steps, StepRow{Kind: x.Kind, By: names[x.Person], Words: x.Words, At: at(x.At)})
		}
	}
	return p, nil
}

func (s *Site) processorName(one string) string {
	for _, p := range s.processors() {
		if p.ID == one {
			return p.Name
		}
	}
	return one
}

func (s *Site) processors() []egress.Processor {
	if s.Processors == nil {
		return nil
	}
	return s.Processors()
}

func incidentPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.incident(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "incident", page)
}

// step does one thing about the incident of the address and goes back to it, or shows what was typed again.
func (s *Site) step(w http.ResponseWriter, v *Visit, done string, do func(one id.ID, version int64) error) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.answer(w, v, do(one, typedVersion(v, 0)), "/app/incidents/"+one.String()+"?done="+done, "incident", func() (Page, error) {
		p, err := s.incident(v)
		if err == nil {
			p.Typed, p.Duty = v.PostForm.Get("words"), v.PostForm.Get("duty")
			for field, to := range map[string]*string{"why": &p.Why, "lessons": &p.Lessons, "from": &p.FromTyped, "to": &p.ToTyped, "notifiable": &p.Notifiable} {
				if v.PostForm.Has(field) && p.State != string(incidents.Closed) {
					*to = v.PostForm.Get(field)
				}
			}
		}
		return p, err
	})
}

func incidentScope(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "computed", func(one id.ID, version int64) error {
		z := v.Clinic.Location()
		x := incidents.Scope{From: typedInstant(v.PostForm.Get("from"), z), To: typedInstant(v.PostForm.Get("to"), z)}
		if x.To > 0 {
			x.To += 59_999_999 // the whole minute
		}
		x.Person, _ = id.Parse(v.PostForm.Get("person"))
		x.Session, _ = id.Parse(v.PostForm.Get("session"))
		if x.Person.IsZero() {
			x.Session = id.Zero
		}
		return s.Trouble.SetScope(v.Context(), v.Who, one, version, x)
	})
}

// typedInstant is the moment of a field of day and time; zero when it is empty, negative when it is none.
func typedInstant(text string, z *time.Location) clock.Instant {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	t, err := time.ParseInLocation(typedTime, text, z)
	if err != nil {
		return -1
	}
	return clock.At(t)
}

func incidentConfirm(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "confirmed", func(one id.ID, version int64) error { return s.Trouble.Confirm(v.Context(), v.Who, one, version) })
}

func incidentContain(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "contained", func(one id.ID, _ int64) error {
		if v.PostForm.Get("how") == "suspend" {
			return s.Trouble.Suspend(v.Context(), v.Who, one)
		}
		return s.Trouble.EndSignIns(v.Context(), v.Who, one)
	})
}

func incidentDecide(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "saved", func(one id.ID, version int64) error {
		return s.Trouble.Decide(v.Context(), v.Who, one, version, v.PostForm.Get("notifiable"), v.PostForm.Get("why"))
	})
}

func incidentHanded(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "saved", func(one id.ID, _ int64) error {
		return s.Trouble.HandedOver(v.Context(), v.Who, one, v.PostForm.Get("duty"), v.PostForm.Get("words"))
	})
}

func incidentNote(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "saved", func(one id.ID, _ int64) error {
		return s.Trouble.Note(v.Context(), v.Who, one, v.PostForm.Get("words"))
	})
}

func incidentNotify(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "notified", func(one id.ID, _ int64) error {
		_, err := s.Trouble.Notify(v.Context(), v.Who, one)
		return err
	})
}

func incidentTold(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "saved", func(one id.ID, _ int64) error {
		line, err := id.Parse(v.PostForm.Get("line"))
		if err != nil {
			line = id.Zero
		}
		return s.Trouble.ToldByHand(v.Context(), v.Who, one, line)
	})
}

func incidentClose(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "saved", func(one id.ID, version int64) error {
		return s.Trouble.Close(v.Context(), v.Who, one, version, v.PostForm.Get("lessons"))
	})
}

func incidentSign(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.step(w, v, "saved", func(one id.ID, _ int64) error {
		_, alone, err := s.alone(v)
		if err != nil {
			return err
		}
		return s.Trouble.Sign(v.Context(), v.Who, one, alone)
	})
}

// IncidentNotice is the letter to the affected people, the page "incident-notice".
type IncidentNotice struct {
	Shell
	ID, State, Notifiable string
	Texts                 []NoticeText
	Preview               string // as the first of them gets it
	To                    string
	Reachable, ByHand     int
}

func (s *Site) incidentNotice(v *Visit) (*IncidentNotice, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	c, err := s.Trouble.Get(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	p := &IncidentNotice{Shell: s.staffShell(v, ""), ID: one.String(), State: string(c.State), Notifiable: c.Notifiable, Reachable: c.Reachable, ByHand: c.ByHand}
	name := ""
	for _, a := range c.People {
		if a.Reach && a.ToldAt == 0 {
			name = a.Name.Text
			break
		}
	}
	for _, code := range v.Clinic.Languages {
		if !s.Book.Speaks(code) {
			continue
		}
		x, written := c.Texts[code]
		if !written {
			x = s.noticeDraft(v, code, c)
		}
		p.Texts = append(p.Texts, NoticeText{Code: code, Name: languageName(code), Title: x.Subject, Words: x.Body})
		if p.Preview == "" {
			if name == "" {
				name = "…"
			}
			f := s.Messages.SecurityPreview(code, x, name, v.Clinic.Name, v.Clinic.Phone)
			p.Preview, p.To = f.Subject+"\n\n"+f.Text, name
		}
	}
	return p, nil
}

// noticeDraft is the house's draft: what the law wants said, with what is known already. The clinic writes what only it knows.
func (s *Site) noticeDraft(v *Visit, code string, c incidents.Case) messaging.Text {
	t := s.Book.Tongue(code)
	classes := map[incidents.Class]bool{}
	for _, a := range c.People {
		for _, x := range a.Classes {
			classes[x] = true
		}
	}
	var data []string
	for _, x := range incidents.Classes() {
		if classes[x] {
			data = append(data, t.Say("incident.class."+string(x)))
		}
	}
	z := v.Clinic.Location()
	day := func(i clock.Instant) string { return t.LongDate(clock.DateOf(i.In(z))) }
	args := []any{"PatientName", "{{.PatientName}}", "ClinicName", "{{.ClinicName}}", "ClinicPhone", "{{.ClinicPhone}}", "What", t.Say("incident.told." + string(c.Rule)), "Day", day(c.From), "Data", strings.Join(data, t.Say("page.comma")+" ")}
	plain := strings.NewReplacer("\u2068", "", "\u2069", "")
	return messaging.Text{Subject: plain.Replace(t.Say("incident.notice.subject", args...)), Body: plain.Replace(t.Say("incident.notice.body", args...))}
}

func incidentNotice(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.incidentNotice(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "incident-notice", page)
}

func incidentTexts(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	var texts []messaging.SecurityNotice
	for _, code := range v.Clinic.Languages {
		n := messaging.SecurityNotice{Language: code}
		n.Subject, n.Body = strings.TrimSpace(v.PostForm.Get("subject_"+code)), strings.TrimSpace(v.PostForm.Get("body_"+code))
		texts = append(texts, n)
	}
	err = s.Trouble.SetTexts(v.Context(), v.Who, one, texts)
	return s.answer(w, v, err, "/app/incidents/"+one.String()+"/notice?done=saved", "incident-notice", func() (Page, error) {
		page, err := s.incidentNotice(v)
		if err == nil {
			for i := range page.Texts {
				x := &page.Texts[i]
				x.Title, x.Words = v.PostForm.Get("subject_"+x.Code), v.PostForm.Get("body_"+x.Code)
			}
		}
		return page, err
	})
}
