package web

import (
	"net/http"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/support"
	"almirah/internal/support/help"
)

// What a clinic's people see of support: what they wrote to it, who was let in, what the service tells, and the help.

func supportRoutes() []Route {
	see, own, write := access.SupportWatch, access.SupportGrant, access.PlatformTicket
	return []Route{
		{Pattern: "GET /app/help", Door: Staff, Right: access.ClinicRead, Handle: helpPage},
		{Pattern: "GET /app/help/{topic}", Door: Staff, Right: access.ClinicRead, Handle: helpTopic},
		{Pattern: "GET /app/support", Door: Staff, Right: write, Handle: ticketsPage},
		{Pattern: "POST /app/support", Door: Staff, Right: write, Handle: ticketWrite},
		{Pattern: "GET /app/support/{id}", Door: Staff, Right: write, Handle: ticketPage},
		{Pattern: "POST /app/support/{id}/say", Door: Staff, Right: write, Handle: ticketSay},
		{Pattern: "POST /app/support/{id}/state", Door: Staff, Right: write, Handle: ticketState},
		{Pattern: "GET /app/support/notices", Door: Staff, Right: see, Handle: noticesPage},
		{Pattern: "GET /app/support/banner", Door: Staff, Right: see, Quiet: true, Handle: watchedBanner},
		{Pattern: "GET /app/support/access", Door: Staff, Right: see, Handle: grantsPage},
		{Pattern: "GET /app/support/access/{id}", Door: Staff, Right: own, Handle: grantPage},
		{Pattern: "POST /app/support/access/{id}/approve", Door: Staff, Right: own, Handle: grantApprove},
		{Pattern: "POST /app/support/access/{id}/refuse", Door: Staff, Right: own, Handle: grantRefuse},
		{Pattern: "POST /app/support/access/{id}/review", Door: Staff, Right: own, Handle: grantReview},
		{Pattern: "POST /app/support/access/{id}/end", Door: Staff, Right: see, Handle: grantEnd},
		{Pattern: "GET /app/hand-over", Door: Staff, Right: access.OwnerHand, Handle: handOverPage},
		{Pattern: "POST /app/hand-over", Door: Staff, Right: access.OwnerHand, Handle: handOverStep},
		{Pattern: "GET /app/seen", Door: Staff, Right: access.SupportAsk, Handle: seenPage},
		{Pattern: "GET /app/seen/calendar", Door: Staff, Right: access.SupportAsk, Handle: seenCalendar},
		{Pattern: "GET /app/seen/patient", Door: Staff, Right: access.SupportAsk, Handle: seenPatient},
	}
}

// watched puts on a page who of support looks now, who asks, what an owner has to look back at, and what the service tells. What cannot be
// read spoils no page.
func (s *Site) watched(v *Visit, sh *Shell) {
	if v.Clinic.Slug == "" || !v.Who.May(access.SupportWatch) {
		return
	}
	t := v.Tongue
	if list, now, err := s.Support.Ahead(v.Context(), v.Who); err == nil {
		for _, g := range list {
			name := g.HelperName
			if name == "" {
				name = t.Say("day.broken")
			}
			switch {
			case g.Runs(now):
				sh.Watched = append(sh.Watched, Watched{ID: g.ID.String(), Name: name, Until: g.EndsAt.In(v.Clinic.Location()), Emergency: g.Emergency})
			case !v.Who.May(access.SupportGrant):
			case g.Waits(now):
				sh.Notices = append(sh.Notices, Notice{Text: t.Say("support.asks", "Name", name), URL: "/app/support/access/" + g.ID.String(), Link: t.Say("support.decide")})
			case g.Emergency:
				sh.Notices = append(sh.Notices, Notice{Text: t.Say("support.look_back", "Name", name), URL: "/app/support/access/" + g.ID.String(), Link: t.Say("support.see_acts"), Grave: true})
			}
		}
	}
	if list, err := s.Support.Current(v.Context()); err == nil {
		for _, n := range list {
			sh.Notices = append(sh.Notices, Notice{Text: n.In(t.Lang()).Title, URL: "/app/support/notices", Link: t.Say("support.more"), Grave: n.Kind == support.Outage})
		}
	}
}

// bannerPage is the fragment with the bar of who looks now.
type bannerPage struct{ Shell }

func watchedBanner(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &bannerPage{s.Shell(v)}
	s.watched(v, &page.Shell)
	return s.views.Render(w, http.StatusOK, "watched", page)
}

// TicketsPage is /app/support, the page "tickets".
type TicketsPage struct {
	Shell
	Kind, Subject, Words, Page string
	Rows                       []TicketRow
	All                        bool // those of everybody in the clinic
}

// TicketRow is one ticket in a list.
type TicketRow struct {
	ID, Subject, Kind, State, By string
	Clinic                       string // for the people of the platform
	At                           time.Time
}

func ticketsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.tickets(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "tickets", page)
}

func (s *Site) tickets(v *Visit) (*TicketsPage, error) {
	list, err := s.Support.Tickets(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &TicketsPage{Shell: s.staffShell(v, ""), Kind: support.Question, Page: v.URL.Query().Get("from"), All: v.Who.May(access.ClinicStaff)}
	for _, t := range list {
		page.Rows = append(page.Rows, TicketRow{ID: t.ID.String(), Subject: t.Subject, Kind: t.Kind, State: t.State, By: names[t.Person], At: t.ChangeAt.In(v.Clinic.Location())})
	}
	return page, nil
}

func ticketWrite(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	l := support.Letter{Kind: f.Get("kind"), Subject: f.Get("subject"), Words: f.Get("words"), Page: f.Get("page")}
	one, err := s.Support.Write(v.Context(), v.Who, l)
	return s.answer(w, v, err, "/app/support/"+one.String()+"?done=written", "tickets", func() (Page, error) {
		page, err := s.tickets(v)
		if err == nil {
			page.Kind, page.Subject, page.Words, page.Page = l.Kind, f.Get("subject"), f.Get("words"), f.Get("page")
		}
		return page, err
	})
}

// TicketPage is one ticket, the page "ticket"; at /platform the page "platform-ticket".
type TicketPage struct {
	Shell
	ID, Subject, Kind, State, Page, ClinicName, ClinicID, Words string
	Lines                                                       []TicketLine
}

// TicketLine is one thing that was said.
type TicketLine struct {
	By     string // empty: somebody of support
	FromUs bool
	Words  string // empty: it cannot be opened any more
	At     time.Time
}

// ticket is the page of a ticket; names are the clinic's people, as far as the visitor may know them.
func (s *Site) ticket(v *Visit, sh Shell, names map[id.ID]string, z *time.Location) (*TicketPage, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	t, lines, err := s.Support.Ticket(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	page := &TicketPage{Shell: sh, ID: t.ID.String(), Subject: t.Subject, Kind: t.Kind, State: t.State, Page: t.Page, ClinicID: t.Clinic.String()}
	for _, l := range lines {
		page.Lines = append(page.Lines, TicketLine{By: names[l.Person], FromUs: l.FromUs, Words: l.Words, At: l.At.In(z)})
	}
	return page, nil
}

func (s *Site) ownTicket(v *Visit) (*TicketPage, error) {
	names, err := s.Accounts.Names(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	return s.ticket(v, s.staffShell(v, ""), names, v.Clinic.Location())
}

func ticketPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.ownTicket(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "ticket", page)
}

func ticketSay(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.say(w, v, "/app/support/", "ticket", s.ownTicket)
}

// say adds what the form holds to the ticket of the address.
func (s *Site) say(w http.ResponseWriter, v *Visit, path, name string, again func(*Visit) (*TicketPage, error)) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	err = s.Support.Say(v.Context(), v.Who, one, v.PostForm.Get("words"))
	return s.answer(w, v, err, path+one.String()+"?done=written", name, func() (Page, error) {
		page, err := again(v)
		if err == nil {
			page.Words = v.PostForm.Get("words")
		}
		return page, err
	})
}

func ticketState(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.setTicket(w, v, "/app/support/")
}

func (s *Site) setTicket(w http.ResponseWriter, v *Visit, path string) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err == nil {
		err = s.Support.SetTicket(v.Context(), v.Who, one, v.PostForm.Get("to") == support.Closed)
	}
	if err == nil {
		http.Redirect(w, v.Request, path+one.String()+"?done=saved", http.StatusSeeOther)
	}
	return err
}

// NoticesPage is /app/support/notices, the page "service-notices".
type NoticesPage struct {
	Shell
	Rows []NoticeRow
}

// NoticeRow is one notice as a page shows it.
type NoticeRow struct {
	ID, Kind, Title, Words string
	From, To, At           time.Time
	Now                    bool
}

func (s *Site) noticeRows(v *Visit, z *time.Location) ([]NoticeRow, error) {
	list, err := s.Support.Notices(v.Context())
	if err != nil {
		return nil, err
	}
	current, err := s.Support.Current(v.Context())
	if err != nil {
		return nil, err
	}
	var out []NoticeRow
	for _, n := range list {
		t := n.In(v.Tongue.Lang())
		out = append(out, NoticeRow{ID: n.ID.String(), Kind: n.Kind, Title: t.Title, Words: t.Words, From: n.StartsAt.In(z), To: n.EndsAt.In(z), At: n.PublishedAt.In(z),
			Now: slices.ContainsFunc(current, func(x support.Notice) bool { return x.ID == n.ID })})
	}
	return out, nil
}

func noticesPage(s *Site, w http.ResponseWriter, v *Visit) error {
	rows, err := s.noticeRows(v, v.Clinic.Location())
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "service-notices", &NoticesPage{Shell: s.staffShell(v, ""), Rows: rows})
}

// listsSave changes which letters the person wants.
func listsSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	wanted := accounts.ListChoices{}
	for _, l := range accounts.Lists {
		wanted[l] = slices.Contains(v.PostForm["list"], l)
	}
	err := s.Accounts.SaveListChoices(v.Context(), *v.Signed, wanted)
	return s.meDone(w, v, err, "/app/me?done=saved", func(*MePage) {})
}

// HelpPage is /app/help, the page "help": everything, or what was found.
type HelpPage struct {
	Shell
	Q      string
	Topics []help.Topic
}

func helpPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &HelpPage{Shell: s.staffShell(v, ""), Q: v.URL.Query().Get("q")}
	if len(page.Q) > 200 {
		page.Q = ""
	}
	if page.Q != "" {
		page.Topics = s.help.Find(v.Tongue.Lang(), page.Q)
	} else {
		page.Topics = s.help.Topics(v.Tongue.Lang())
	}
	return s.views.Render(w, http.StatusOK, "help", page)
}

// HelpTopic is one task, the page "help-topic".
type HelpTopic struct {
	Shell
	Topic help.Topic
}

func helpTopic(s *Site, w http.ResponseWriter, v *Visit) error {
	t, ok := s.help.Topic(v.Tongue.Lang(), v.PathValue("topic"))
	if !ok {
		return fault.Missing()
	}
	page := &HelpTopic{Shell: s.staffShell(v, ""), Topic: t}
	page.Title = t.Title
	return s.views.Render(w, http.StatusOK, "help-topic", page)
}
