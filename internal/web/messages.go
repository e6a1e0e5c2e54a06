package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// What went out. The text of a message is not kept: its passport says what it was made of and why it might go.

// perPage is how many rows a list shows before "older".
const perPage = 50

func messagesPage(s *Site, w http.ResponseWriter, v *Visit) error {
	q := v.URL.Query()
	filter := messaging.Filter{State: messaging.State(q.Get("state")), Limit: perPage}
	filter.After = messaging.ParsePlace(q.Get("after"))
	if filter.State != "" && !v.Tongue.Has("message.state."+string(filter.State)) {
		return fault.Missing()
	}
	list, err := s.Messages.Recent(v.Context(), v.Who, filter)
	if err != nil {
		return err
	}
	n, err := s.Messages.Counts(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &MessagesPage{Shell: s.staffShell(v, "nav.messages"), State: string(filter.State), CanReview: v.Who.May(access.ReviewSettle)}
	for _, c := range []StateCount{{string(messaging.Unsure), n.Uncertain}, {string(messaging.GivenUp), n.GivenUp}, {string(messaging.Rejected), n.Refused}, {string(messaging.Planned), n.Waiting}} {
		if c.Count > 0 || c.State == page.State {
			page.Counts = append(page.Counts, c)
		}
	}
	z := v.Clinic.Location()
	for _, d := range list {
		page.Rows = append(page.Rows, MessageRow{ID: d.ID.String(), Patient: d.Name.Text, PatientID: d.Patient.String(), What: what(v, d.Kind), Channel: string(d.Channel),
			State: string(d.State), Reached: farther(d), At: d.StateAt.In(z), Broken: d.Name.Broken})
	}
	if len(list) == perPage {
		next := url.Values{"after": {list[len(list)-1].Place().String()}}
		if page.State != "" {
			next.Set("state", page.State)
		}
		page.Older = "/app/messages?" + next.Encode()
	}
	return s.views.Render(w, http.StatusOK, "messages", page)
}

// farther is how far a message came, where that says more than that it was sent.
func farther(d messaging.Delivery) string {
	switch d.Reached {
	case messaging.ReachedFailed, messaging.ReachedDelivered, messaging.ReachedOpened, messaging.ReachedRead:
		return string(d.Reached)
	}
	return ""
}

func what(v *Visit, k messaging.Kind) string { return v.Tongue.Say("message.kind." + string(k)) }

// reasonWords says a step's code in words; a carrier's name or a reply code stays as it is.
func reasonWords(v *Visit, code string) string {
	if key := "message.reason." + code; code != "" && v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return code
}

func messagePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.message(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "message", page)
}

func (s *Site) message(v *Visit) (*MessagePage, error) {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return nil, fault.Missing()
	}
	m, err := s.Messages.One(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	page := &MessagePage{Shell: s.staffShell(v, "nav.messages"), ID: one.String(), Patient: m.Name.Text, PatientID: m.Patient.String(), What: what(v, m.Kind),
		Channel: string(m.Channel), State: string(m.State), To: m.Name.Text, At: m.StateAt.In(z), CanSettle: m.Settle && v.Who.May(access.MessageSettle)}
	if m.Name.Broken {
		page.Patient, page.To = v.Tongue.Say("day.broken"), v.Tongue.Say("day.broken")
	}
	if m.Reached != "" {
		page.Reached, page.ReachedAt = string(m.Reached), m.ReachedAt.In(z)
	}
	if !m.Appointment.IsZero() {
		page.AppointmentID = m.Appointment.String()
	}
	if !m.Thread.IsZero() && v.Who.May(access.InboxRead) {
		page.ThreadID = m.Thread.String()
	}
	if !m.Passport.Instead.IsZero() {
		page.InsteadID = m.Passport.Instead.String()
	}
	page.ProviderID, page.Parts, page.Cost = m.ProviderID, m.Parts, costOf(m.Pricing)
	rule, err := s.ruleWords(v, m)
	if err != nil {
		return nil, err
	}
	for _, st := range m.Steps {
		page.States = append(page.States, MessageState{State: string(st.State), At: st.At.In(z), Words: reasonWords(v, st.Code)})
	}
	page.Passport = passport(v, m, rule)
	return page, nil
}

// ruleWords says which rule asked for the message; of one that belongs to a conversation, what caused it.
func (s *Site) ruleWords(v *Visit, m messaging.Opened) (string, error) {
	p := m.Passport
	switch {
	case m.Unreadable || p.Rule.IsZero():
		return "", nil
	case p.Kind == messaging.Answered || p.Kind == messaging.Reopening:
		return v.Tongue.Say("passport.by_person"), nil
	case p.Kind.Talk() || p.Kind == messaging.ChangeAsked:
		return v.Tongue.Say("passport.by_answer"), nil
	}
	r, found, err := s.Followup.Rule(v.Context(), v.Who, p.Rule)
	switch {
	case err != nil:
		return "", err
	case !found:
		return v.Tongue.Say("passport.rule_gone"), nil
	case r.After():
		return v.Tongue.Say("after.span", "Count", r.Days, "At", v.Tongue.Minute(r.At)), nil
	case r.Fixed():
		return v.Tongue.Say("passport.rule_fixed"), nil
	}
	return (&ReminderSettings{SettingsPage: SettingsPage{Shell: Shell{Tongue: v.Tongue}}}).RuleWords(ReminderRule{Before: r.Minutes}), nil
}

// mostCosts is how many cost fields are shown; providers give fewer.
const mostCosts = 20

// costOf are the cost fields as the provider gave them, in the order of their names. What cannot be read is left out.
func costOf(raw string) []CostField {
	var fields map[string]any
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber() // a price is shown as it came
	if raw == "" || d.Decode(&fields) != nil {
		return nil
	}
	var out []CostField
	for name, x := range fields {
		if x != nil {
			out = append(out, CostField{name, fmt.Sprint(x)})
		}
	}
	slices.SortFunc(out, func(a, b CostField) int { return strings.Compare(a.Name, b.Name) })
	return out[:min(len(out), mostCosts)]
}

// passport says why the message might go out, line by line.
func passport(v *Visit, m messaging.Opened, rule string) []PassportLine {
	if m.Unreadable {
		return []PassportLine{{"passport.purpose", v.Tongue.Say("day.broken")}}
	}
	p := m.Passport
	say := func(prefix, word string) string {
		if word == "" {
			return ""
		}
		if v.Tongue.Has(prefix + word) {
			return v.Tongue.Say(prefix + word)
		}
		return word
	}
	template := v.Tongue.Say("passport.house")
	if p.Template > 0 {
		template = v.Tongue.Say("passport.version", "Version", p.Template)
	}
	lang := p.Language
	if lang != "" {
		lang = languageName(lang)
	}
	var fields []string
	for _, f := range p.Fields {
		fields = append(fields, v.Tongue.Say("variable."+f))
	}
	var out []PassportLine
	for _, l := range []PassportLine{
		{"passport.purpose", say("consent.purpose.", string(p.Purpose))},
		{"passport.basis", say("passport.basis.", p.Basis)},
		{"passport.consent", say("consent.reason.", p.Consent)},
		{"passport.rule", rule},
		{"passport.template", template},
		{"passport.language", lang},
		{"passport.fields", v.Tongue.List(fields)},
		{"passport.quiet", say("passport.quiet.", p.QuietVerdict)},
		{"passport.tries", strconv.Itoa(m.Tries)},
	} {
		if l.Value != "" {
			out = append(out, l)
		}
	}
	return out
}

// messageSettle writes down what a person found out about a message whose fate was unknown.
func messageSettle(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return fault.Missing()
	}
	decision := map[string]string{"sent": messaging.Arrived, "again": messaging.SendAgain}[v.PostForm.Get("as")]
	err = s.Messages.Settle(v.Context(), v.Who, one, decision)
	return s.answer(w, v, err, "/app/messages/"+one.String()+"?done=settled", "message", func() (Page, error) { return s.message(v) })
}

// mostDelivered is how many of a clinic's messages the demo's outbox shows.
const mostDelivered = 200

// delivered are the messages that the demo's local carriers took for this clinic, and letters about accounts, which
// nobody could read otherwise; outside the demo there is no such page.
func (s *Site) delivered(v *Visit) ([]Delivered, error) {
	if !s.Demo || s.Outbox == nil {
		return nil, fault.Missing()
	}
	mine, err := s.Messages.Recent(v.Context(), v.Who, messaging.Filter{Limit: mostDelivered})
	if err != nil {
		return nil, err
	}
	sent := map[string]bool{}
	for _, m := range mine {
		sent[m.ID.String()] = true
	}
	return slices.DeleteFunc(s.Outbox(), func(d Delivered) bool { return !d.Account && !sent[d.ID] }), nil
}

func outboxPage(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.delivered(v)
	if err != nil {
		return err
	}
	from := 0
	if n, err := strconv.Atoi(v.URL.Query().Get("from")); err == nil && n > 0 && n < len(list) {
		from = n
	}
	page := &OutboxPage{Shell: s.staffShell(v, ""), Receiver: s.Received != nil && v.Who.May(access.ProgramRead)}
	if from == 0 {
		page.Phones, page.AllPhones = s.phoneCards(v)
	}
	to := min(from+perPage, len(list))
	for _, d := range list[from:to] {
		page.Messages = append(page.Messages, outboxMessage(d, v))
	}
	if to < len(list) {
		page.Older = "/app/outbox?from=" + strconv.Itoa(to)
	}
	return s.views.Render(w, http.StatusOK, "outbox", page)
}

func outboxMessage(d Delivered, v *Visit) OutboxMessage {
	m := OutboxMessage{ID: d.ID, To: d.To, From: d.From, Subject: d.Subject, Text: d.Text, Channel: d.Channel, At: d.At.In(v.Clinic.Location()), Dir: "auto"}
	if d.ToName != "" {
		m.To = d.ToName + " <" + d.To + ">"
	}
	for _, word := range strings.Fields(d.Text) {
		if link := strings.TrimRight(word, ".,)"); strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://") {
			u, err := url.Parse(link)
			if err != nil {
				continue
			}
			m.Links = append(m.Links, OutboxLink{Words: shortened(u.Path), URL: link})
		}
	}
	if d.ICS != "" {
		m.Calendar, m.CalendarURL = "REQUEST", "/app/outbox/calendar/"+url.PathEscape(d.ID)
		if strings.Contains(d.ICS, "METHOD:CANCEL") {
			m.Calendar = "CANCEL"
		}
	}
	return m
}

// shortened keeps of a link's path what tells it from the others.
func shortened(path string) string {
	if r := []rune(path); len(r) > 14 {
		return string(r[:14]) + "…"
	}
	return path
}

func outboxCalendar(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.delivered(v)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.ID == v.PathValue("id") && d.ICS != "" {
			w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
			w.Header().Set("Content-Disposition", `attachment; filename="appointment.ics"`)
			_, err := w.Write([]byte(d.ICS))
			return err
		}
	}
	return fault.Missing()
}
