package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
)

// One appointment: its card, and what the desk does with it. Each action carries the version that
// was seen; a lost race is told in a sentence and has changed nothing.

// opened is an appointment with what its card needs besides.
type opened struct {
	scheduling.Opened
	roster scheduling.Roster
}

func (s *Site) openAppointment(v *Visit, one id.ID) (opened, error) {
	var out opened
	var err error
	if out.Opened, err = s.Desk.Open(v.Context(), v.Who, one); err != nil {
		return out, err
	}
	out.roster, err = s.Desk.Roster(v.Context(), v.Who)
	return out, err
}

// card makes the panel of one appointment. Its shell is left to the page.
func (s *Site) card(v *Visit, one id.ID) (*AppointmentCard, error) {
	o, err := s.openAppointment(v, one)
	if err != nil {
		return nil, err
	}
	z := o.Clinic.Location()
	now := clock.At(s.Clock.Now())
	c := &AppointmentCard{ID: o.ID.String(), Version: o.Version, State: stateOf(o.Status), At: o.StartsAt.In(z), Ends: o.EndsAt.In(z), Day: o.Day,
		Minutes: int(o.Length() / time.Minute), Service: o.Service.Name, ProviderID: o.Provider.ID.String(), Provider: called(v, o.Provider),
		PatientID: o.Patient.String(), Patient: o.Name.Text, Note: o.Note, BookedAt: o.CreatedAt.In(z), OverbookReason: o.OverbookReason,
		Date: string(o.Day), StartTime: o.StartsAt.In(z).Format("15:04"), Today: clock.DateOf(now.In(z))}
	if o.Name.Broken {
		c.Patient = v.Tongue.Say("day.broken")
	}
	if v.Who.May(access.ScheduleBook) {
		c.Actions = actions(o.Appointment, c.Today, now)
		c.CanMove = o.Status.Ahead()
		c.CanCancel = o.Status.Ahead() || o.Status == scheduling.Arrived || o.Status == scheduling.InProgress
		c.CanNote, c.NoteTyped = true, o.Note
	}
	if o.Clinic.Has(clinics.ModuleClinical) && v.Who.May(access.VisitWrite) && o.Day <= c.Today && o.Status != scheduling.Cancelled && o.Status != scheduling.NoShow {
		c.CanVisit, c.VisitStarts = true, o.Day == c.Today && (o.Status.Ahead() || o.Status == scheduling.Arrived)
		c.VisitFirst = o.Status == scheduling.Arrived || o.Status == scheduling.InProgress
	}
	for _, p := range o.roster.Providers {
		if p.ID == o.Provider.ID || p.RetiredAt == 0 && offers(o.Service, p.ID) {
			c.Providers = append(c.Providers, Option{Value: p.ID.String(), Label: called(v, p), On: p.ID == o.Provider.ID})
		}
	}
	if c.Bill, err = s.billMark(v, o.ID); err != nil {
		return nil, err
	}
	if err := s.whose(v, c, o); err != nil {
		return nil, err
	}
	return c, s.history(v, c, o)
}

func offers(x scheduling.Service, p id.ID) bool {
	for _, y := range x.Providers {
		if y == p {
			return true
		}
	}
	return false
}

// actions are the marks that can be set now, the most likely first.
func actions(a scheduling.Appointment, today clock.Date, now clock.Instant) []string {
	switch a.Status {
	case scheduling.Booked, scheduling.Confirmed:
		var out []string
		if a.Day <= today { // nobody arrives on another day
			out = append(out, "arrived")
		}
		if a.Status == scheduling.Booked {
			out = append(out, "confirm")
		} else {
			out = append(out, "booked")
		}
		if a.StartsAt <= now {
			out = append(out, "no-show")
		}
		return out
	case scheduling.Arrived:
		return []string{"with", "completed", "booked", "no-show"}
	case scheduling.InProgress:
		return []string{"completed", "arrived"}
	case scheduling.Completed:
		return []string{"with"}
	case scheduling.NoShow:
		return []string{"arrived", "booked"}
	case scheduling.Cancelled:
		return []string{"booked"}
	}
	return nil
}

// marks are the words of the forms.
var marks = map[string]scheduling.Status{"arrived": scheduling.Arrived, "with": scheduling.InProgress, "completed": scheduling.Completed,
	"no-show": scheduling.NoShow, "booked": scheduling.Booked, "confirm": scheduling.Confirmed}

// whose adds how the patient is reached, and what was sent about the appointment.
func (s *Site) whose(v *Visit, c *AppointmentCard, o opened) error {
	if v.Who.May(access.PatientRead) {
		p, err := s.Patients.Open(v.Context(), v.Who, o.Patient)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		c.Phone = string(p.Phone)
		if c.Phone == "" && len(p.Guardians) > 0 {
			c.Phone = string(p.Guardians[0].Phone)
		}
		if p.BirthDate != "" {
			c.PatientAge = v.Tongue.Age(p.BirthDate, c.Today)
		}
	}
	if !v.Who.May(access.MessageRead) {
		return nil
	}
	sent, err := s.Messages.Recent(v.Context(), v.Who, messaging.Filter{Patient: o.Patient})
	if err != nil {
		return err
	}
	for _, m := range sent {
		if m.Appointment == o.ID {
			c.Messages = append(c.Messages, messageLine(v, m))
		}
	}
	return nil
}

func messageLine(v *Visit, m messaging.Delivery) MessageLine {
	at := m.StateAt
	if m.State == messaging.Planned || at == 0 {
		at = m.SendAt
	}
	return MessageLine{ID: m.ID.String(), What: v.Tongue.Say("message.kind." + string(m.Kind)), State: string(m.State), At: at.In(v.Clinic.Location()),
		Problem: m.State == messaging.Unsure || m.State == messaging.GivenUp || m.State == messaging.Rejected}
}

// history tells the booking log in words, the newest first.
func (s *Site) history(v *Visit, c *AppointmentCard, o opened) error {
	people, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return err
	}
	by := func(e scheduling.LogEntry) string {
		switch role := access.Role(e.Role); role {
		case access.Public, access.Booker:
			return v.Tongue.Say("staff.by.online")
		case access.Patient:
			return v.Tongue.Say("staff.by.patient")
		default:
			if n := people[e.Actor]; n != "" {
				return n
			}
			return v.Tongue.Say("role." + e.Role)
		}
	}
	name := map[id.ID]string{}
	for _, p := range o.roster.Providers {
		name[p.ID] = called(v, p)
	}
	z := o.Clinic.Location()
	for i, e := range o.Log {
		key := "staff.log." + e.Action
		if !v.Tongue.Has(key) {
			key = "staff.log.other"
		}
		args := []any{"By", by(e), "When", v.Tongue.DateTime(e.StartsAt.In(z)), "Provider", name[e.Provider]}
		if i > 0 {
			args = append(args, "Before", v.Tongue.DateTime(o.Log[i-1].StartsAt.In(z)))
		}
		if i == 0 {
			c.BookedBy = by(e)
		}
		c.History = append([]HistoryLine{{At: e.At.In(z), Words: v.Tongue.Say(key, args...)}}, c.History...)
	}
	return nil
}

// appointment shows one appointment: a script is answered with the panel, a browser with a page.
func appointmentPage(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	c, err := s.card(v, one)
	if err != nil {
		return err
	}
	return s.showCard(w, v, http.StatusOK, c)
}

func (s *Site) showCard(w http.ResponseWriter, v *Visit, status int, c *AppointmentCard) error {
	if v.script() {
		c.Tongue, c.CSRF, c.Gzip = v.Tongue, v.token(), s.Shell(v).Gzip
		return s.views.Render(w, status, "appointment-panel", c)
	}
	alert, problems := c.Alert, c.Problems
	c.Shell = s.staffShell(v, "nav.day")
	c.Alert, c.Problems, c.Alone = alert, problems, true
	return s.views.Render(w, status, "appointment", c)
}

// acted answers an action that was done: a script with the version that holds now, a browser with
// the day on which the appointment stands.
func acted(w http.ResponseWriter, v *Visit, a scheduling.Appointment, what string) error {
	if v.script() {
		w.Header().Set("X-Version", strconv.FormatInt(a.Version, 10))
		w.Header().Set("X-Appointment", a.ID.String())
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, v.Request, "/app/day?day="+string(a.Day)+"&appointment="+a.ID.String()+"&done=appointment_"+what, http.StatusSeeOther)
	return nil
}

// refusedAction answers an action that was not done. A page comes with the appointment as it is now.
func (s *Site) refusedAction(w http.ResponseWriter, v *Visit, one id.ID, err error) error {
	var f *fault.Fault
	if v.script() || !errors.As(err, &f) || f.Kind == fault.NotFound {
		return err
	}
	c, e := s.card(v, one)
	if e != nil {
		return e
	}
	sh := s.Shell(v)
	status := sh.Report(err)
	c.Alert, c.Problems = sh.Alert, sh.Problems
	return s.showCard(w, v, status, c)
}

func markAppointment(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	to, known := marks[v.PostForm.Get("to")]
	if !known {
		return fault.Missing()
	}
	a, err := s.Desk.SetStatus(v.Context(), v.Who, one, typedVersion(v, 0), to)
	if err != nil {
		return s.refusedAction(w, v, one, err)
	}
	return acted(w, v, a, "marked")
}

// cancelAppointment cancels. Why is kept in the note, where the desk sees it.
func cancelAppointment(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	why := strings.Join(strings.Fields(v.PostForm.Get("why")), " ")
	if len([]rune(why)) > mostWhy {
		var f fault.Fields
		f.AddWith("why", "field.text.too_long", map[string]any{"Max": mostWhy})
		return s.refusedAction(w, v, one, f.Err())
	}
	if why != "" {
		why = v.Tongue.Say("staff.cancelled_because", "Why", why)
	}
	a, err := s.Desk.CancelBecause(v.Context(), v.Who, one, typedVersion(v, 0), why)
	if err != nil {
		return s.refusedAction(w, v, one, err)
	}
	return acted(w, v, a, "cancelled")
}

// noteAppointment changes the note. Words of health are remarked on once; the form then says that the remark was seen.
func noteAppointment(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	version, text := typedVersion(v, 0), v.PostForm.Get("note")
	hint := v.PostForm.Get("note_seen") == "" && len(contact.HealthWords(text, v.Clinic.Languages)) > 0
	if !hint {
		err = s.Desk.SetNote(v.Context(), v.Who, one, version, text)
		if err == nil {
			if v.script() {
				return acted(w, v, scheduling.Appointment{ID: one, Version: version + 1}, "noted")
			}
			http.Redirect(w, v.Request, "/app/day?appointment="+one.String()+"&done=appointment_noted", http.StatusSeeOther)
			return nil
		}
	}
	var f *fault.Fault
	if err != nil && (!errors.As(err, &f) || f.Kind == fault.NotFound) {
		return err
	}
	c, bad := s.card(v, one)
	if bad != nil {
		return bad
	}
	status := http.StatusUnprocessableEntity
	c.NoteTyped, c.NoteHint = text, hint
	if hint {
		c.Version = version // sent again, it still has to be the one that was seen
	} else {
		sh := s.Shell(v)
		status = sh.Report(err)
		c.Alert, c.Problems = sh.Alert, sh.Problems
	}
	return s.showCard(w, v, status, c)
}

const mostWhy = 120 // characters

// wishedMove reads where the appointment shall go: a script that drags says the instant, the form
// of the panel a day and a time on the clinic's clock.
func wishedMove(v *Visit) (scheduling.Move, error) {
	p := v.PostForm
	m := scheduling.Move{Version: typedVersion(v, 0)}
	var f fault.Fields
	var err error
	if x := p.Get("provider"); x != "" {
		if m.Provider, err = id.Parse(x); err != nil {
			f.Add("provider", "field.provider.choose")
		}
	}
	if dragged(v) {
		t, err := time.Parse(time.RFC3339, p.Get("starts_at"))
		if err != nil {
			f.Add("starts_at", "field.start.grain")
		}
		m.StartsAt = clock.At(t)
		return m, f.Err()
	}
	date, err := clock.ParseDate(p.Get("date"))
	if err != nil {
		f.Add("date", "field.date.choose")
	}
	minute, bad := clock.ParseMinute(p.Get("time"))
	if bad != nil {
		f.Add("time", "field.time.choose")
	}
	if err := f.Err(); err != nil {
		return m, err
	}
	m.StartsAt, err = wallClock(date, minute, v.Clinic.Location())
	return m, err
}

// wallClock is the instant at which the clinic's clock shows the time on the day: the first of
// two where an hour is repeated. The fault names the field "time".
func wallClock(day clock.Date, minute clock.Minute, z *time.Location) (clock.Instant, error) {
	at := clock.Resolve(day, minute, z)
	if len(at) == 0 {
		var f fault.Fields
		f.Add("time", "field.time.skipped")
		return 0, f.Err()
	}
	return clock.At(at[0]), nil
}

func dragged(v *Visit) bool { return v.PostForm.Has("starts_at") }

// overbookable are the refusals that the desk may pass over with a reason.
func overbookable(err error) bool {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.Conflict {
		return false
	}
	switch f.Key {
	case scheduling.Taken().Key, string(scheduling.OutsideHours), string(scheduling.OnLeave), string(scheduling.DayFull):
		return true
	}
	return false
}

// reasonGiven reads the reason for booking over something. Without one, the field is named.
func reasonGiven(v *Visit) (string, error) {
	reason := strings.TrimSpace(v.PostForm.Get("reason"))
	if reason == "" {
		var f fault.Fields
		f.Add("reason", "field.reason.needed")
		return "", f.Err()
	}
	return reason, nil
}

func moveAppointment(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	m, err := wishedMove(v)
	if err != nil {
		return s.refusedMove(w, v, one, m, false, err)
	}
	a, err := s.Desk.Move(v.Context(), v.Who, one, m)
	lost := overbookable(err)
	if lost && v.PostForm.Get("insist") != "" {
		if m.Overbook, err = reasonGiven(v); err == nil {
			a, err = s.Desk.Move(v.Context(), v.Who, one, m)
		}
	}
	if err != nil {
		return s.refusedMove(w, v, one, m, lost, err)
	}
	return acted(w, v, a, "moved")
}

// refusedMove tells a drag in a sentence. The form comes back as it was typed, with what stands in
// the way and, for whoever may overbook, the question why, where the time was lost.
func (s *Site) refusedMove(w http.ResponseWriter, v *Visit, one id.ID, m scheduling.Move, lost bool, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.NotFound || dragged(v) && v.script() {
		return err
	}
	c, e := s.card(v, one)
	if e != nil {
		return e
	}
	p := v.PostForm
	if c.Version == m.Version { // what was typed stays, unless the appointment has changed meanwhile
		c.Date, c.StartTime = p.Get("date"), p.Get("time")
		for i := range c.Providers {
			c.Providers[i].On = c.Providers[i].Value == p.Get("provider")
		}
	}
	sh := s.Shell(v)
	status := sh.Report(err)
	if c.CanMove && lost {
		c.Conflict = &Conflict{Sentence: sh.Alert, CanInsist: v.Who.May(access.ScheduleOverbook), Reason: p.Get("reason")}
		if c.Conflict.Sentence == "" {
			c.Conflict.Sentence = v.Tongue.Say("staff.conflict")
		}
		sh.Alert = ""
		o, e := s.Desk.Open(v.Context(), v.Who, one)
		if e != nil {
			return e
		}
		to := m.Provider
		if to.IsZero() {
			to = o.Provider.ID
		}
		if c.Conflict.With, err = s.inTheWay(v, o.Service, to, m.StartsAt, m.StartsAt.Add(o.Length()), one); err != nil {
			return err
		}
	}
	c.Alert, c.Problems = sh.Alert, sh.Problems
	return s.showCard(w, v, status, c)
}

// inTheWay names the appointments of a provider that touch a visit, buffers included.
func (s *Site) inTheWay(v *Visit, x scheduling.Service, provider id.ID, from, to clock.Instant, except id.ID) ([]string, error) {
	z := v.Clinic.Location()
	date := clock.DateOf(from.In(z))
	cal, err := s.Desk.Days(v.Context(), v.Who, date, date, id.Zero)
	if err != nil {
		return nil, err
	}
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	from, to = from.Add(-minutes(x.BufferBefore)), to.Add(minutes(x.BufferAfter))
	var out []string
	for _, c := range cal.Days[0].Columns {
		if c.Provider.ID != provider {
			continue
		}
		for _, e := range c.Entries {
			y := cal.Services[e.Service]
			if e.ID == except || e.Status == scheduling.Cancelled || e.EndsAt.Add(minutes(y.BufferAfter)) <= from || e.StartsAt.Add(-minutes(y.BufferBefore)) >= to {
				continue
			}
			out = append(out, v.Tongue.Say("staff.in_the_way", "From", v.Tongue.Time(e.StartsAt.In(z)), "To", v.Tongue.Time(e.EndsAt.In(z)), "Name", nameOf(v, e.Name), "Service", y.Name))
		}
	}
	return out, nil
}

func nameOf(v *Visit, n patients.Name) string {
	if n.Broken {
		return v.Tongue.Say("day.broken")
	}
	return n.Text
}
