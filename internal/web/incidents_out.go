package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/words"
)

// What leaves the house by somebody's hand: the paper for an authority. And the platform's own register.

func languageName(code string) string {
	for _, l := range words.Languages() {
		if l.Code == code {
			return l.Name
		}
	}
	return code
}

func sortOptions(list []Option) {
	slices.SortFunc(list, func(a, b Option) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
}

// incidentForm is the paper for whom the law names, as plain text that fits any authority's form: what happened, to how many, which data, what
// was done, and whom to ask. It names no patient.
func incidentForm(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	c, err := s.Trouble.Get(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	duty := v.URL.Query().Get("duty")
	at := slices.IndexFunc(c.Tasks, func(t incidents.Task) bool { return t.Key == duty })
	if at < 0 {
		return fault.Missing()
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="incident-`+duty+`.txt"`)
	_, err = w.Write([]byte(authorityForm(v, c, c.Tasks[at])))
	return err
}

func authorityForm(v *Visit, c incidents.Case, task incidents.Task) string {
	t, z := v.Tongue, v.Clinic.Location()
	var b strings.Builder
	line := func(key, value string) {
		if value = strings.TrimSpace(value); value == "" {
			value = "–"
		}
		fmt.Fprintf(&b, "%s\n    %s\n\n", t.Say("incident.form."+key), strings.ReplaceAll(value, "\n", "\n    "))
	}
	when := func(i clock.Instant) string {
		if i == 0 {
			return ""
		}
		x := i.In(z)
		return t.LongDate(clock.DateOf(x)) + " " + x.Format("15:04 -0700 MST")
	}
	fmt.Fprintf(&b, "%s\n%s\n\n", t.Say("incident.duty."+task.Key), strings.Repeat("=", 40))
	line("to", t.Say("incident.duty."+task.Key+".to"))
	line("law", task.Source)
	line("due", when(task.Due))
	line("from", strings.Join([]string{v.Clinic.LegalEntity, v.Clinic.Name, v.Clinic.Address}, "\n"))
	line("contact", strings.Join([]string{v.Clinic.Contact, v.Clinic.Phone, v.Clinic.Email}, "\n"))
	line("number", c.ID.String())
	line("what", t.Say("incident.rule."+string(c.Rule))+"\n"+c.Words)
	line("when", when(c.From)+" – "+when(c.To))
	line("noticed", when(c.FoundAt))
	line("people", t.Number(int64(c.All+int(c.Erased))))
	classes := map[incidents.Class]int{}
	for _, a := range c.People {
		for _, x := range a.Classes {
			classes[x]++
		}
	}
	var data []string
	for _, x := range incidents.Classes() {
		if classes[x] > 0 {
			data = append(data, t.Say("incident.class."+string(x))+": "+t.Number(int64(classes[x])))
		}
	}
	line("data", strings.Join(data, "\n"))
	line("consequences", c.Why)
	var done []string
	for _, x := range c.Steps {
		if x.Duty == "" && (x.Kind == incidents.StepEnded || x.Kind == incidents.StepSuspended || x.Kind == incidents.StepTold) {
			done = append(done, when(x.At)+": "+t.Say("incident.step."+x.Kind))
		}
	}
	line("measures", strings.Join(done, "\n"))
	line("told", t.Number(int64(c.Told)))
	return b.String()
}

// EventsPage is /platform/incidents, the page "platform-incidents".
type EventsPage struct {
	Shell
	Rows                                 []EventRow
	Processor, FromTyped, ToTyped, Words string
	Processors                           []Option
}

// EventRow is one incident of the platform.
type EventRow struct {
	ID, Rule, State, Named string
	At                     time.Time
	Times                  int
}

// EventPage is one of them, the page "platform-incident".
type EventPage struct {
	Shell
	EventRow
	From, To, Closed  time.Time
	Words, Lessons    string
	Clinics           []string
	CanTell, Finished bool
	Version           int64
}

func (s *Site) eventRow(v *Visit, e incidents.Event) EventRow {
	named := e.Named()
	if e.Processor != "" {
		named = s.processorName(e.Processor)
	}
	return EventRow{ID: e.ID.String(), Rule: string(e.Rule), State: string(e.State), Named: named, At: e.FoundAt.Time().UTC(), Times: int(e.Times)}
}

func (s *Site) eventsPage(v *Visit) (*EventsPage, error) {
	list, err := s.Trouble.Events(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &EventsPage{Shell: s.platformShell(v, "platform.incidents")}
	for _, e := range list {
		page.Rows = append(page.Rows, s.eventRow(v, e))
	}
	page.chosen(s, "")
	return page, nil
}

func (p *EventsPage) chosen(s *Site, one string) {
	p.Processors = []Option{{Label: p.Tongue.Say("incident.platform_itself"), On: one == ""}}
	for _, x := range s.processors() {
		p.Processors = append(p.Processors, Option{Value: x.ID, Label: x.Name, On: x.ID == one})
	}
}

func eventsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.eventsPage(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-incidents", page)
}

func eventWrite(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	x := incidents.Struck{Processor: f.Get("processor"), From: typedInstant(f.Get("from"), time.UTC), To: typedInstant(f.Get("to"), time.UTC), Words: f.Get("words")}
	one, err := s.Trouble.Write(v.Context(), v.Who, x, func(p string) bool {
		for _, known := range s.processors() {
			if known.ID == p {
				return true
			}
		}
		return false
	})
	return s.answer(w, v, err, "/platform/incidents/"+one.String()+"?done=saved", "platform-incidents", func() (Page, error) {
		page, err := s.eventsPage(v)
		if err == nil {
			page.FromTyped, page.ToTyped, page.Words = f.Get("from"), f.Get("to"), f.Get("words")
			page.chosen(s, x.Processor)
		}
		return page, err
	})
}

func (s *Site) event(v *Visit) (*EventPage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	e, err := s.Trouble.Event(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	p := &EventPage{Shell: s.platformShell(v, "platform.incidents"), EventRow: s.eventRow(v, e), From: e.From.Time().UTC(), Words: e.Words, Lessons: e.Lessons, Finished: e.State == incidents.Closed, Version: e.Version}
	p.CanTell = e.Processor != "" && e.Rule == incidents.Processor && !p.Finished
	if e.To > 0 {
		p.To = e.To.Time().UTC()
	}
	if e.ClosedAt > 0 {
		p.Closed = e.ClosedAt.Time().UTC()
	}
	for _, c := range e.Clinics {
		p.Clinics = append(p.Clinics, s.Support.Name(v.Context(), c))
	}
	return p, nil
}

func eventPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.event(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-incident", page)
}

func (s *Site) eventStep(w http.ResponseWriter, v *Visit, do func(one id.ID) error) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	return s.answer(w, v, do(one), "/platform/incidents/"+one.String()+"?done=saved", "platform-incident", func() (Page, error) {
		page, err := s.event(v)
		if err == nil && !page.Finished {
			page.Lessons = v.PostForm.Get("lessons")
		}
		return page, err
	})
}

func eventTell(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.eventStep(w, v, func(one id.ID) error {
		_, err := s.TellClinics(v.Context(), v.Who, one)
		return err
	})
}

func eventClose(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.eventStep(w, v, func(one id.ID) error {
		return s.Trouble.Finish(v.Context(), v.Who, one, typedVersion(v, 0), v.PostForm.Get("lessons"))
	})
}
