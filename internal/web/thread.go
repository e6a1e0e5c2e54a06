package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/scheduling"
)

// One conversation: what was said, by whom and how far it came, with the patient beside it. Where a number belongs to
// several people, they are named only where somebody says who is meant, never within what was said.

func pathThread(v *Visit) (id.ID, error) {
	one, err := id.Parse(v.PathValue("thread"))
	if err != nil {
		return id.Zero, fault.Missing()
	}
	return one, nil
}

// thread reads the page as it is now. The list beside it is read first, so that the conversation still stands in it where
// it stood before it was opened, and "next" leads to the one below.
func (s *Site) thread(v *Visit) (*ThreadPage, error) {
	one, err := pathThread(v)
	if err != nil {
		return nil, err
	}
	q, err := readInboxQuestion(v)
	if err != nil {
		return nil, err
	}
	staff, err := s.Accounts.Colleagues(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	list, err := s.inbox(v, q, staff, one)
	if err != nil {
		return nil, err
	}
	t, err := s.Messages.OpenThread(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	page := talkPage(v, q, t, staff, list)
	page.Shell = s.staffShell(v, "nav.inbox")
	page.Title = page.Name
	if page.Title == "" {
		page.Title = v.Tongue.Say("title.thread")
	}
	page.Key = newKey()
	canned, err := s.Messages.CannedReplies(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page.Canned = cannedReplies(canned)
	if page.Linked() {
		page.Card, err = s.talkCard(v, t.Patient)
		return page, err
	}
	page.CanAdd = v.Who.May(access.PatientWrite)
	page.Find = v.typed("find")
	if len([]rune(page.Find)) >= 2 && v.Who.May(access.PatientSearch) {
		hits, err := s.Patients.Search(v.Context(), v.Who, page.Find, mostFound)
		if err != nil {
			return nil, err
		}
		page.Searched, page.Found = true, hitsOf(v, hits)
	}
	return page, nil
}

// talkPage is the conversation as its page shows it.
func talkPage(v *Visit, q inboxQuestion, t messaging.Thread, staff []accounts.Colleague, list InboxList) *ThreadPage {
	me := v.Signed.Person.ID
	p := &ThreadPage{InboxList: list, ID: t.ID.String(), Name: t.Name.Text, From: t.From, Broken: t.Name.Broken, Done: t.State == messaging.ThreadDone, Version: t.Version,
		Back: q.in("/app/inbox"), Me: me.String(), CanWrite: v.Who.May(access.InboxWrite)}
	p.Link = q.in("/app/inbox/" + p.ID)
	if !t.Patient.IsZero() {
		p.PatientID = t.Patient.String()
	}
	for i, r := range list.Rows {
		if r.ID == p.ID { // it is being read
			p.Rows[i].Unread, p.Rows[i].Stamp = 0, stampOf(t.Summary)
			if i > 0 {
				p.Prev = list.Rows[i-1].URL
			}
			if i+1 < len(list.Rows) {
				p.Next = list.Rows[i+1].URL
			}
		}
	}
	names := namesOf(staff)
	if !t.Assigned.IsZero() {
		p.Assigned, p.Mine = names[t.Assigned], t.Assigned == me
	}
	p.Staff = []Option{{Label: v.Tongue.Say("inbox.nobody"), On: t.Assigned.IsZero()}}
	for _, c := range staff {
		if on := c.ID == t.Assigned; on || looksAfter(c) {
			p.Staff = append(p.Staff, Option{Value: c.ID.String(), Label: c.Name, On: on})
		}
	}
	p.Days, p.Pending = talkDays(v, t.Lines, names, list.Now)
	linkFiles(p.Days, p.ID)
	p.newest(t)
	for i, r := range t.Routes {
		p.Routes = append(p.Routes, routeChoice(v, r, i == 0, list.Now))
	}
	for i, n := range t.Candidates {
		p.Candidates = append(p.Candidates, PatientHit{ID: t.IDs[i].String(), Name: n.Text, Broken: n.Broken || n.Text == ""})
	}
	p.Keeps = v.Tongue.Say("inbox.keeps."+string(contentOf(t.Content)), "Count", max(t.Days, 1))
	return p
}

// newest notes which of her lines came last, and marks what she wrote that nobody had opened. A line may be heard after one that was said later: its id, not
// its time, says when it came.
func (p *ThreadPage) newest(t messaging.Thread) {
	var wrote []string
	for _, l := range t.Lines {
		if one := l.ID.String(); l.Way == messaging.LineIn {
			p.Shown = max(p.Shown, one)
			if l.Kind == "text" || strings.HasPrefix(l.Kind, "media.") {
				wrote = append(wrote, one)
			}
		}
	}
	slices.Sort(wrote)
	fresh := wrote[max(0, len(wrote)-t.Unread):]
	for _, d := range p.Days {
		for i := range d.Lines {
			d.Lines[i].New = slices.Contains(fresh, d.Lines[i].ID)
		}
	}
}

// looksAfter says whether a conversation can be given to her.
func looksAfter(c accounts.Colleague) bool {
	return !c.Left && access.Holds(c.Role, access.InboxRead)
}

// contentOf is a choice that pages have words for.
func contentOf(c messaging.Content) messaging.Content {
	if c == messaging.ContentDays || c == messaging.ContentFull {
		return c
	}
	return messaging.ContentNone
}

// freshFor is how long a page that is open asks again how far what went out has come.
const freshFor = 10 * time.Minute

// talkDays are the lines by day. pending says that one of them is still on its way.
func talkDays(v *Visit, lines []messaging.Line, names map[id.ID]string, now time.Time) (out []TalkDay, pending bool) {
	for _, x := range lines {
		l := talkLine(v, x, names, now.Location())
		if d := clock.DateOf(l.At); len(out) == 0 || out[len(out)-1].Date != d {
			out = append(out, TalkDay{Date: d, Today: d == clock.DateOf(now)})
		}
		day := &out[len(out)-1]
		day.Lines = append(day.Lines, l)
		switch x.Reached {
		case messaging.ReachedDelivered, messaging.ReachedRead, messaging.ReachedOpened, messaging.ReachedFailed:
		default:
			pending = pending || l.Out() && x.State != "" && !l.Bad && now.Sub(l.At) < freshFor
		}
	}
	return out, pending
}

func talkLine(v *Visit, x messaging.Line, names map[id.ID]string, z *time.Location) TalkLine {
	l := TalkLine{ID: x.ID.String(), Way: x.Way, Channel: string(x.Channel), At: x.At.In(z), Text: x.Text, Kept: x.Kept, Again: x.Again, Files: talkFiles(v, x.Files), Who: names[x.Author], Mine: v.Signed != nil && !x.Author.IsZero() && x.Author == v.Signed.Person.ID}
	switch x.Way {
	case messaging.LineAuto:
		l.What = x.Kind
		if v.Tongue.Has("message.kind." + x.Kind) {
			l.What = what(v, messaging.Kind(x.Kind))
		}
	case messaging.LineIn:
		if x.Kind != "" && x.Kind != "text" {
			l.What = v.Tongue.Say("inbox.did.other")
			for word := x.Kind; word != ""; word, _ = beforeDot(word) { // "media.image" has its own words; any other media those of "media"
				if v.Tongue.Has("inbox.did." + word) {
					l.What = v.Tongue.Say("inbox.did." + word)
					break
				}
			}
		}
	}
	if !l.Out() {
		return l
	}
	if !x.Message.IsZero() {
		l.MessageID = x.Message.String()
	}
	l.State, l.StateAt = string(x.State), l.At
	if far := farther(messaging.Delivery{Reached: x.Reached}); far != "" {
		l.State, l.StateAt = far, x.ReachedAt.In(z)
	}
	l.Why = reasonWords(v, x.Reason)
	switch x.State {
	case messaging.Unsure, messaging.GivenUp, messaging.Rejected:
		l.Bad = true
	}
	l.Bad = l.Bad || x.Reached == messaging.ReachedFailed
	if !l.Bad && l.Why == x.Reason { // a carrier's code of a message that went well says nothing to people; the page of the message has it
		l.Why = ""
	}
	return l
}

func beforeDot(word string) (string, bool) {
	i := strings.LastIndexByte(word, '.')
	return word[:max(i, 0)], i >= 0
}

// routeChoice is one way to answer, with what stands in the way.
func routeChoice(v *Visit, r messaging.Route, on bool, now time.Time) RouteChoice {
	c := RouteChoice{Channel: string(r.Channel), To: r.To, On: on, Free: r.Free}
	if r.Until > 0 {
		c.Until = r.Until.In(now.Location())
		c.UntilToday = clock.DateOf(c.Until) == clock.DateOf(now)
	}
	if r.Free {
		return c
	}
	if c.Template = r.Template; r.Template != "" {
		c.Lang, c.Dir = r.Language, "auto"
		return c
	}
	word := r.Reason
	if word == "" || !v.Tongue.Has("inbox.route."+word) {
		word = messaging.RouteTemplate
	}
	c.Reason, c.Todo = v.Tongue.Say("inbox.route."+word), v.Tongue.Say("inbox.route."+word+".todo")
	return c
}

// talkCard reads what stands about the patient beside her conversation.
func (s *Site) talkCard(v *Visit, patient id.ID) (TalkCard, error) {
	c := TalkCard{CanBook: v.Who.May(access.ScheduleBook)}
	wish, err := s.Messages.Wish(v.Context(), v.Who, patient)
	if err != nil {
		return c, err
	}
	c.Wish = string(wish)
	if !v.Who.May(access.ScheduleRead) {
		return c, nil
	}
	all, err := s.Desk.OfPatient(v.Context(), v.Who, patient, mostBookings)
	if err != nil {
		return c, err
	}
	now := clock.At(s.Clock.Now())
	var next *scheduling.Appointment
	for i := range all { // the newest first: the last one ahead is the next
		if a := &all[i]; a.EndsAt > now && (a.Status.Ahead() || a.Status == scheduling.Arrived || a.Status == scheduling.InProgress) {
			next = a
		}
	}
	if next == nil {
		return c, nil
	}
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return c, err
	}
	c.Next = &BookingCard{ID: next.ID.String(), At: next.StartsAt.In(v.Clinic.Location()), State: stateOf(next.Status)}
	for _, p := range roster.Providers {
		if p.ID == next.Provider {
			c.Next.Provider = called(v, p)
		}
	}
	for _, x := range roster.Services {
		if x.ID == next.Service {
			c.Next.Service = x.Name
		}
	}
	return c, nil
}

// threadShown answers with the conversation as the template shows it: a page, or what changes on an open one, for its
// script; what is being typed is not among it.
func threadShown(template string) func(*Site, http.ResponseWriter, *Visit) error {
	return func(s *Site, w http.ResponseWriter, v *Visit) error {
		page, err := s.thread(v)
		if err != nil {
			return err
		}
		return s.views.Render(w, http.StatusOK, template, page)
	}
}

// acted leads on after an act, or shows the conversation as it is now with why it could not be done and with what was typed.
func (s *Site) acted(w http.ResponseWriter, v *Visit, err error, to string, typed func(p *ThreadPage)) error {
	if err == nil {
		http.Redirect(w, v.Request, to, http.StatusSeeOther)
		return nil
	}
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.NotFound || f.Kind == fault.Forbidden || f.Kind == fault.Unauthenticated {
		return err
	}
	page, bad := s.thread(v)
	if bad != nil {
		return bad
	}
	if typed != nil {
		typed(page)
	}
	return s.views.Render(w, report(w, &page.Shell, err), "thread", page)
}

// begin reads the form of an act and which conversation it is about.
func begin(v *Visit) (id.ID, inboxQuestion, error) {
	one, err := pathThread(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return one, inboxQuestion{}, err
	}
	q, err := readInboxQuestion(v)
	return one, q, err
}

// choose marks the route that was chosen in the form.
func (p *ThreadPage) choose(channel string) {
	if !slices.ContainsFunc(p.Routes, func(r RouteChoice) bool { return r.Channel == channel }) {
		return
	}
	for i := range p.Routes {
		p.Routes[i].On = p.Routes[i].Channel == channel
	}
}

// keepsKey are the refusals after which the same answer may still have gone: pressed again, it has to be the same one.
var keepsKey = map[string]bool{"fault.inbox.uncertain": true}

func threadAnswer(s *Site, w http.ResponseWriter, v *Visit) error {
	one, q, err := begin(v)
	if err != nil {
		return err
	}
	f := v.PostForm
	text := strings.ReplaceAll(f.Get("text"), "\r\n", "\n")
	if ready := f.Get("insert"); ready != "" { // a browser without script takes a reply over into the text
		return s.inserted(w, v, ready, text)
	}
	d := messaging.AnswerDraft{Channel: messaging.Channel(f.Get("channel")), Text: text, Template: f.Get("template") != "", Key: f.Get("key")}
	d.Shown, _ = id.Parse(f.Get("shown")) // what is no id names no line
	sent, err := s.Messages.Answer(v.Context(), v.Who, one, d)
	done := "inbox-sent"
	if sent.State != messaging.Sent { // it was pressed before: its line says how it fares
		done = ""
	}
	return s.acted(w, v, err, q.in("/app/inbox/"+one.String(), "done", done), func(p *ThreadPage) {
		p.Text = text
		p.choose(f.Get("channel"))
		var why *fault.Fault
		if errors.As(err, &why) && keepsKey[why.Key] && d.Key != "" {
			p.Key = d.Key
		}
	})
}

// inserted shows the conversation with a reply put after what was typed so far.
func (s *Site) inserted(w http.ResponseWriter, v *Visit, ready, text string) error {
	canned, err := s.Messages.CannedReplies(v.Context(), v.Who)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(canned, func(c messaging.Canned) bool { return c.ID.String() == ready })
	if i < 0 {
		return fault.Missing()
	}
	page, err := s.thread(v)
	if err != nil {
		return err
	}
	if page.Text = text; strings.TrimSpace(text) != "" {
		page.Text = strings.TrimRight(text, " \n") + "\n"
	}
	page.Text += canned[i].Body
	page.choose(v.PostForm.Get("channel"))
	return s.views.Render(w, http.StatusOK, "thread", page)
}

func threadNote(s *Site, w http.ResponseWriter, v *Visit) error {
	one, q, err := begin(v)
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(v.PostForm.Get("note"), "\r\n", "\n")
	err = renamed(s.Messages.Note(v.Context(), v.Who, one, text), map[string]string{"text": "note"})
	return s.acted(w, v, err, q.in("/app/inbox/"+one.String(), "done", "inbox-note"), func(p *ThreadPage) { p.NoteTyped, p.NoteOpen = text, true })
}

func threadAssign(s *Site, w http.ResponseWriter, v *Visit) error {
	one, q, err := begin(v)
	if err != nil {
		return err
	}
	person := id.Zero
	if to := v.PostForm.Get("person"); to != "" {
		if person, err = id.Parse(to); err != nil {
			return fault.Missing()
		}
		staff, err := s.Accounts.Colleagues(v.Context(), v.Who)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(staff, func(c accounts.Colleague) bool { return c.ID == person && looksAfter(c) }) {
			return fault.Missing()
		}
	}
	err = s.Messages.Assign(v.Context(), v.Who, one, person, typedVersion(v, 0))
	return s.acted(w, v, err, q.in("/app/inbox/"+one.String(), "done", "inbox-assigned"), nil)
}

// threadState closes a conversation, which leads back to the list, or opens it again.
func threadState(s *Site, w http.ResponseWriter, v *Visit) error {
	one, q, err := begin(v)
	if err != nil {
		return err
	}
	to := messaging.ThreadState(v.PostForm.Get("to"))
	if to != messaging.ThreadOpen && to != messaging.ThreadDone {
		return fault.Missing()
	}
	err = s.Messages.SetThread(v.Context(), v.Who, one, to, typedVersion(v, 0))
	lead := q.in("/app/inbox", "done", "inbox-closed")
	if to == messaging.ThreadOpen {
		lead = q.in("/app/inbox/"+one.String(), "done", "inbox-opened")
	}
	return s.acted(w, v, err, lead, nil)
}

func threadMeant(s *Site, w http.ResponseWriter, v *Visit) error {
	one, q, err := begin(v)
	if err != nil {
		return err
	}
	patient, err := id.Parse(v.PostForm.Get("patient"))
	if err != nil {
		return fault.Missing()
	}
	into, err := s.Messages.Meant(v.Context(), v.Who, one, patient)
	return s.acted(w, v, err, q.in("/app/inbox/"+into.String(), "done", "inbox-meant"), nil)
}

func cannedReplies(list []messaging.Canned) []CannedReply {
	var out []CannedReply
	for _, c := range list {
		out = append(out, CannedReply{ID: c.ID.String(), Title: c.Title, Body: c.Body, Version: c.Version})
	}
	return out
}
