package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// The inbox: what patients write, whatever the channel. This file is the list; thread.go the conversation.

func inboxRoutes() []Route {
	read, write := access.InboxRead, access.InboxWrite
	return []Route{
		{Pattern: "GET /app/inbox", Door: Staff, Right: read, Handle: inboxShown("inbox")},
		{Pattern: "GET /app/inbox/rows", Door: Staff, Right: read, Quiet: true, Handle: inboxShown("inbox-rows")},
		{Pattern: "GET /app/inbox/{thread}", Door: Staff, Right: read, Handle: threadShown("thread")},
		{Pattern: "GET /app/inbox/{thread}/live", Door: Staff, Right: read, Quiet: true, Handle: threadShown("thread-live")},
		{Pattern: "GET /app/inbox/{thread}/files/{file}", Door: Staff, Right: read, Handle: threadFile},
		{Pattern: "POST /app/inbox/{thread}/answer", Door: Staff, Right: write, Handle: threadAnswer},
		{Pattern: "POST /app/inbox/{thread}/note", Door: Staff, Right: write, Handle: threadNote},
		{Pattern: "POST /app/inbox/{thread}/assign", Door: Staff, Right: write, Handle: threadAssign},
		{Pattern: "POST /app/inbox/{thread}/state", Door: Staff, Right: write, Handle: threadState},
		{Pattern: "POST /app/inbox/{thread}/meant", Door: Staff, Right: write, Handle: threadMeant},
		{Pattern: "POST /app/patients/{id}/channel", Door: Staff, Right: access.PatientWrite, Handle: patientWish},
		{Pattern: "POST /m/{token}/channel", Door: Link, Right: access.OwnChange, Handle: ownWish},
		{Pattern: "GET /app/settings/conversations", Door: Staff, Right: access.MessageSettings, Handle: conversationsPage},
		{Pattern: "POST /app/settings/conversations", Door: Staff, Right: access.MessageSettings, Handle: conversationsSave},
		{Pattern: "POST /app/settings/conversations/replies", Door: Staff, Right: access.MessageSettings, Handle: cannedSave},
		{Pattern: "POST /app/settings/conversations/replies/{reply}", Door: Staff, Right: access.MessageSettings, Handle: cannedSave},
		{Pattern: "POST /app/settings/conversations/replies/{reply}/remove", Door: Staff, Right: access.MessageSettings, Handle: cannedRemove},
	}
}

// inboxQuestion is which list an address asks for.
type inboxQuestion struct {
	box    messaging.Box
	search string // as typed
	sealed string // the same, as addresses and forms carry it
	after  messaging.Place
}

// in is the address with the list in it, so that whoever comes back finds the same one.
func (q inboxQuestion) in(path string, more ...string) string {
	x := url.Values{}
	if q.box != messaging.BoxOpen {
		x.Set("box", string(q.box))
	}
	if q.search != "" {
		x.Set(sought, q.sealed)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			x.Set(more[i], more[i+1])
		}
	}
	if len(x) == 0 {
		return path
	}
	return path + "?" + x.Encode()
}

// readInboxQuestion reads it from the address, or from the form that carries it on.
func readInboxQuestion(v *Visit) (inboxQuestion, error) {
	from := v.URL.Query()
	if v.PostForm != nil {
		from = v.PostForm
	}
	q := inboxQuestion{box: messaging.Box(from.Get("box")), sealed: from.Get(sought)}
	q.search = strings.TrimSpace(v.open(q.sealed).Get("q"))
	if q.box == "" {
		q.box = messaging.BoxOpen
	}
	if !slices.Contains(messaging.Boxes(), q.box) {
		return q, fault.Missing()
	}
	q.after = messaging.ParsePlace(from.Get("after"))
	return q, nil
}

// inbox reads the list. The counter is read first: what is read after it may be newer and never older.
func (s *Site) inbox(v *Visit, q inboxQuestion, staff []accounts.Colleague, open id.ID) (InboxList, error) {
	out := InboxList{Box: string(q.box), Query: q.search, Sought: q.sealed, Now: s.Clock.Now().In(v.Clinic.Location())}
	var err error
	if out.Counter, err = s.DB.Counter(v.Context(), v.Who, access.ScheduleRead); err != nil {
		return out, err
	}
	for _, b := range messaging.Boxes() {
		out.Boxes = append(out.Boxes, BoxLink{Box: string(b), URL: inboxQuestion{box: b}.in("/app/inbox"), Current: b == q.box && q.search == ""})
	}
	list, err := s.conversationsOf(v, q)
	if err != nil {
		return out, err
	}
	names := namesOf(staff)
	for _, x := range list {
		out.Rows = append(out.Rows, talkRow(v, q, x, names, out.Now, open))
	}
	if len(list) == perPage && q.search == "" {
		out.Older = q.in("/app/inbox", "after", list[len(list)-1].Place().String())
	}
	more := ""
	if q.after != (messaging.Place{}) {
		more = q.after.String()
	}
	out.RowsURL = q.in("/app/inbox/rows", "after", more)
	return out, nil
}

// conversationsOf lists a box, or the conversations of the patients whom a search finds, whatever box they are in.
func (s *Site) conversationsOf(v *Visit, q inboxQuestion) ([]messaging.Summary, error) {
	f := messaging.InboxFilter{Box: q.box, After: q.after, Limit: perPage}
	if q.search != "" {
		hits, err := s.Patients.Search(v.Context(), v.Who, q.search, mostFound)
		if err != nil {
			return nil, err
		}
		f.Typed = q.search
		for _, h := range hits {
			f.People = append(f.People, h.ID)
		}
	}
	return s.Messages.Inbox(v.Context(), v.Who, f)
}

func namesOf(staff []accounts.Colleague) map[id.ID]string {
	out := make(map[id.ID]string, len(staff))
	for _, c := range staff {
		out[c.ID] = c.Name
	}
	return out
}

// stampOf is another one when something in the conversation changed; that it was read is no change of it.
func stampOf(x messaging.Summary) string {
	return strings.Join([]string{strconv.FormatInt(x.Version, 10), strconv.FormatInt(int64(x.LastAt), 10), string(x.State)}, ".")
}

// talkRow is a conversation as the list shows it.
func talkRow(v *Visit, q inboxQuestion, x messaging.Summary, names map[id.ID]string, now time.Time, open id.ID) TalkRow {
	r := TalkRow{ID: x.ID.String(), URL: q.in("/app/inbox/" + x.ID.String()), Name: x.Name.Text, From: x.From, Broken: x.Name.Broken, Channel: string(x.Channel),
		At: x.LastAt.In(now.Location()), Unread: x.Unread, Snippet: x.Snippet, Done: x.State == messaging.ThreadDone, Current: x.ID == open,
		Stamp: stampOf(x)}
	r.Day = clock.DateOf(r.At)
	r.Today = r.Day == clock.DateOf(now)
	if !x.Assigned.IsZero() {
		r.Assigned, r.Mine = names[x.Assigned], x.Assigned == v.Signed.Person.ID
	}
	if x.Channel == messaging.WhatsApp && x.WroteAt > 0 && !r.Done {
		if until := x.WroteAt.Add(messaging.Window).In(now.Location()); until.After(now) {
			r.Until, r.Tomorrow = until, clock.DateOf(until) != clock.DateOf(now)
		} else {
			r.Shut = true
		}
	}
	return r
}

func (s *Site) inboxPage(v *Visit) (*InboxPage, error) {
	q, err := readInboxQuestion(v)
	if err != nil {
		return nil, err
	}
	staff, err := s.Accounts.Colleagues(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	list, err := s.inbox(v, q, staff, id.Zero)
	if err != nil {
		return nil, err
	}
	return &InboxPage{Shell: s.staffShell(v, "nav.inbox"), InboxList: list}, nil
}

// inboxShown answers with the list as the template shows it: a page, or the rows alone for a page that is open when
// something changes.
func inboxShown(template string) func(*Site, http.ResponseWriter, *Visit) error {
	return func(s *Site, w http.ResponseWriter, v *Visit) error {
		page, err := s.inboxPage(v)
		if err != nil {
			return err
		}
		return s.views.Render(w, http.StatusOK, template, page)
	}
}

// unread is how many conversations nobody has looked at; a count that cannot be had spoils no page.
func (s *Site) unread(v *Visit) int {
	if !v.Who.May(access.InboxRead) || !v.Who.May(access.MessageRead) {
		return 0
	}
	n, err := s.Messages.Waiting(v.Context(), v.Who)
	if err != nil {
		return 0
	}
	return n.Answers
}
