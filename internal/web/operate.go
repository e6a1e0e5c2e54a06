package web

import (
	"net/http"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/support"
	"almirah/internal/words"
)

// The pages of the people of the platform. Of a clinic they show its name, and what it wrote to support: nothing else opens without a grant.

func operateRoutes() []Route {
	ticket, help, notice, people := access.PlatformTicket, access.PlatformHelp, access.PlatformNotice, access.PlatformHelpers
	return []Route{
		{Pattern: "GET /operate", Door: Platform, Right: ticket, Handle: operateHome},
		{Pattern: "GET /operate/tickets/{id}", Door: Platform, Right: ticket, Handle: operateTicket},
		{Pattern: "POST /operate/tickets/{id}/say", Door: Platform, Right: ticket, Handle: operateSay},
		{Pattern: "POST /operate/tickets/{id}/state", Door: Platform, Right: ticket, Handle: operateState},
		{Pattern: "GET /operate/clinics", Door: Platform, Right: help, Handle: operateClinics},
		{Pattern: "GET /operate/clinics/{id}", Door: Platform, Right: help, Handle: operateClinic},
		{Pattern: "POST /operate/clinics/{id}/ask", Door: Platform, Right: help, Handle: operateAsk},
		{Pattern: "POST /operate/clinics/{id}/enter", Door: Platform, Right: help, Handle: operateEnter},
		{Pattern: "POST /operate/clinics/{id}/end", Door: Platform, Right: help, Handle: operateEnd},
		{Pattern: "POST /operate/leave", Door: Platform, Right: help, Handle: operateLeave},
		{Pattern: "GET /operate/notices", Door: Platform, Right: notice, Handle: operateNotices},
		{Pattern: "POST /operate/notices", Door: Platform, Right: notice, Handle: operatePublish},
		{Pattern: "POST /operate/notices/{id}/withdraw", Door: Platform, Right: notice, Handle: operateWithdraw},
		{Pattern: "GET /operate/helpers", Door: Platform, Right: people, Handle: operateHelpers},
		{Pattern: "POST /operate/helpers", Door: Platform, Right: people, Handle: operateAdd},
		{Pattern: "POST /operate/helpers/{id}/end", Door: Platform, Right: people, Handle: operateLetGo},
	}
}

// OperateNav is the menu of these pages.
func OperateNav(current string, may func(access.Right) bool) []NavItem {
	var out []NavItem
	for _, n := range []struct {
		key, url string
		right    access.Right
	}{{"operate.home", "/operate", access.PlatformTicket}, {"operate.clinics", "/operate/clinics", access.PlatformHelp}, {"operate.notices", "/operate/notices", access.PlatformNotice}, {"operate.helpers", "/operate/helpers", access.PlatformHelpers}} {
		if may(n.right) {
			out = append(out, NavItem{Key: n.key, URL: n.url, Current: n.key == current})
		}
	}
	return out
}

func (s *Site) operateShell(v *Visit, current string) Shell {
	sh := s.Shell(v)
	sh.Nav, sh.Flash = OperateNav(current, v.Who.May), done(v)
	return sh
}

// OperateHome is /operate, the page "operate": what clinics wrote, and the grants of who reads it.
type OperateHome struct {
	Shell
	State   string
	Tickets []TicketRow
	Grants  []GrantRow
	Names   map[string]string // of clinics, by id
}

// States are the tabs of the list.
func (p *OperateHome) States() []string {
	return []string{support.Open, support.Answered, support.Closed}
}

func operateHome(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &OperateHome{Shell: s.operateShell(v, "operate.home"), State: v.URL.Query().Get("state"), Names: map[string]string{}}
	if page.State != support.Answered && page.State != support.Closed {
		page.State = support.Open
	}
	list, err := s.Support.Waiting(v.Context(), v.Who, page.State)
	if err != nil {
		return err
	}
	name := func(one id.ID) string {
		if _, ok := page.Names[one.String()]; !ok {
			page.Names[one.String()] = s.Support.Name(v.Context(), one)
		}
		return page.Names[one.String()]
	}
	for _, t := range list {
		page.Tickets = append(page.Tickets, TicketRow{ID: t.ID.String(), Subject: t.Subject, Kind: t.Kind, State: t.State, Clinic: name(t.Clinic), At: t.ChangeAt.Time().UTC()})
	}
	mine, now, err := s.Support.Mine(v.Context(), *v.Signed)
	if err != nil {
		return err
	}
	for _, a := range mine {
		page.Names[a.Clinic.ID.String()] = a.Clinic.Name
		for _, g := range a.Grants {
			if g.Runs(now) || g.Waits(now) {
				page.Grants = append(page.Grants, operateRow(g, now, a.Clinic.ID))
			}
		}
	}
	return s.views.Render(w, http.StatusOK, "operate", page)
}

func operateRow(g support.Grant, now clock.Instant, clinic id.ID) GrantRow {
	r := grantRow(g, now, nil, time.UTC)
	r.ClinicID = clinic.String()
	return r
}

func (s *Site) anyTicket(v *Visit) (*TicketPage, error) {
	page, err := s.ticket(v, s.operateShell(v, "operate.home"), nil, time.UTC)
	if err != nil {
		return nil, err
	}
	if one, err := id.Parse(page.ClinicID); err == nil {
		page.ClinicName = s.Support.Name(v.Context(), one)
	}
	return page, nil
}

func operateTicket(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.anyTicket(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "operate-ticket", page)
}

func operateSay(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.say(w, v, "/operate/tickets/", "operate-ticket", s.anyTicket)
}

func operateState(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.setTicket(w, v, "/operate/tickets/")
}

// OperateClinics is /operate/clinics, the page "operate-clinics": names alone.
type OperateClinics struct {
	Shell
	Q       string
	Clinics []support.Named
}

func operateClinics(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &OperateClinics{Shell: s.operateShell(v, "operate.clinics"), Q: v.URL.Query().Get("q")}
	if len(page.Q) > 80 {
		page.Q = ""
	}
	var err error
	if page.Clinics, err = s.Support.Clinics(v.Context(), v.Who, page.Q); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "operate-clinics", page)
}

// OperateClinic is one clinic, the page "operate-clinic": asking it for access.
type OperateClinic struct {
	Shell
	ID, ClinicName string
	Grants         []GrantRow
	Reason         string
	Minutes        []Option
	Scopes         []string // their words
	Chosen         map[string]bool
	Emergency      bool
	Sure           bool
	CanBreak       bool // she may open without asking
}

func (s *Site) operateClinic(v *Visit) (*OperateClinic, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	a, err := s.Support.AskedOf(v.Context(), *v.Signed, one)
	if err != nil {
		return nil, err
	}
	page := &OperateClinic{Shell: s.operateShell(v, "operate.clinics"), ID: one.String(), ClinicName: a.Clinic.Name, Chosen: map[string]bool{}, CanBreak: v.Who.Role() == access.Operator}
	typed := "60"
	if f := v.PostForm; f != nil {
		page.Reason, page.Emergency, page.Sure, typed = f.Get("reason"), f.Get("emergency") != "", f.Get("sure") != "", f.Get("minutes")
		for _, x := range f["scopes"] {
			page.Chosen[x] = true
		}
	}
	for _, n := range support.Minutes {
		page.Minutes = append(page.Minutes, Option{Value: strconv.Itoa(n), Label: v.Tongue.Say("support.minutes", "Count", n), On: strconv.Itoa(n) == typed})
	}
	for _, x := range access.Scopes {
		page.Scopes = append(page.Scopes, x.Word())
	}
	for _, g := range a.Grants {
		page.Grants = append(page.Grants, operateRow(g, clock.At(s.Clock.Now()), one))
	}
	return page, nil
}

func operateClinic(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.operateClinic(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "operate-clinic", page)
}

func operateAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = v.form()
	}
	if err != nil {
		return err
	}
	f := v.PostForm
	wish := support.Wish{Reason: f.Get("reason"), Emergency: f.Get("emergency") != "", Sure: f.Get("sure") != ""}
	wish.Minutes, _ = strconv.Atoi(f.Get("minutes")) // what is no number is out of bounds
	for _, x := range access.Scopes {
		for _, word := range f["scopes"] {
			if word == x.Word() {
				wish.Scopes |= x
			}
		}
	}
	_, err = s.Support.Ask(v.Context(), *v.Signed, one, wish)
	return s.answer(w, v, err, "/operate/clinics/"+one.String()+"?done=access-asked", "operate-clinic", func() (Page, error) { return s.operateClinic(v) })
}

// ofClinic reads the clinic of the address and the grant of the form.
func ofClinic(v *Visit) (clinic, one id.ID, err error) {
	if clinic, err = pathID(v); err == nil {
		err = v.form()
	}
	if err == nil {
		if one, err = id.Parse(v.PostForm.Get("grant")); err != nil {
			one, err = id.Zero, nil // no grant is of that id
		}
	}
	return clinic, one, err
}

func operateEnter(s *Site, w http.ResponseWriter, v *Visit) error {
	clinic, one, err := ofClinic(v)
	if err == nil {
		err = s.Support.Enter(v.Context(), *v.Signed, clinic, one)
	}
	if err == nil {
		http.Redirect(w, v.Request, "/app/seen", http.StatusSeeOther)
	}
	return err
}

func operateEnd(s *Site, w http.ResponseWriter, v *Visit) error {
	clinic, one, err := ofClinic(v)
	if err == nil {
		err = s.Support.Close(v.Context(), *v.Signed, clinic, one)
	}
	if err == nil {
		http.Redirect(w, v.Request, "/operate/clinics/"+clinic.String()+"?done=access-ended", http.StatusSeeOther)
	}
	return err
}

func operateLeave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := s.Support.Leave(v.Context(), *v.Signed); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/operate", http.StatusSeeOther)
	return nil
}

// OperateNotices is /operate/notices, the page "operate-notices".
type OperateNotices struct {
	Shell
	Rows          []NoticeRow
	Kind          string
	Starts, Hours string
	Texts         []NoticeText
}

// NoticeText is what a notice says in one language, as typed.
type NoticeText struct{ Code, Name, Title, Words string }

func (s *Site) operateNotices(v *Visit) (*OperateNotices, error) {
	rows, err := s.noticeRows(v, time.UTC)
	if err != nil {
		return nil, err
	}
	page := &OperateNotices{Shell: s.operateShell(v, "operate.notices"), Rows: rows, Kind: support.Planned, Hours: "2", Starts: s.Clock.Now().UTC().Format(noticeTime)}
	f := v.PostForm
	if f != nil {
		page.Kind, page.Starts, page.Hours = f.Get("kind"), f.Get("starts"), f.Get("hours")
	}
	for _, l := range words.Languages() {
		page.Texts = append(page.Texts, NoticeText{Code: l.Code, Name: l.Name, Title: f.Get("title_" + l.Code), Words: f.Get("words_" + l.Code)})
	}
	return page, nil
}

// noticeTime is how a form writes a moment, in UTC.
const noticeTime = "2006-01-02T15:04"

func operateNotices(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.operateNotices(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "operate-notices", page)
}

func operatePublish(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	n := support.Notice{Kind: f.Get("kind"), Texts: map[string]support.Text{}}
	if at, err := time.Parse(noticeTime, f.Get("starts")); err == nil {
		n.StartsAt = clock.At(at)
	}
	if hours, err := strconv.Atoi(f.Get("hours")); err == nil && hours > 0 && hours < 10_000 {
		n.EndsAt = n.StartsAt.Add(time.Duration(hours) * time.Hour)
	}
	for _, l := range words.Languages() {
		n.Texts[l.Code] = support.Text{Title: f.Get("title_" + l.Code), Words: f.Get("words_" + l.Code)}
	}
	_, err := s.Support.Publish(v.Context(), v.Who, n)
	return s.answer(w, v, err, "/operate/notices?done=published", "operate-notices", func() (Page, error) { return s.operateNotices(v) })
}

func operateWithdraw(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = s.Support.Withdraw(v.Context(), v.Who, one)
	}
	if err == nil {
		http.Redirect(w, v.Request, "/operate/notices?done=saved", http.StatusSeeOther)
	}
	return err
}

// OperateHelpers is /operate/helpers, the page "operate-helpers".
type OperateHelpers struct {
	Shell
	People            []HelperRow
	PersonName, Email string
	Role              string
	RoleChoices       []Option
}

// HelperRow is one of the people of the platform.
type HelperRow struct {
	ID, Name, Email string
	Role            access.Role
	Since           time.Time
	Self            bool
}

func (s *Site) operateHelpers(v *Visit) (*OperateHelpers, error) {
	list, err := s.Accounts.Helpers(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &OperateHelpers{Shell: s.operateShell(v, "operate.helpers"), Role: string(access.Support)}
	if f := v.PostForm; f != nil {
		page.PersonName, page.Email, page.Role = f.Get("person"), f.Get("email"), f.Get("role")
	}
	page.RoleChoices = page.Choices("role.", page.Role, string(access.Support), string(access.Operator))
	for _, h := range list {
		row := HelperRow{ID: h.Person.ID.String(), Name: h.Person.Name, Email: h.Person.Email, Role: h.Role, Since: h.Since.Time().UTC(), Self: h.Person.ID == v.Who.Actor()}
		if h.Broken {
			row.Name = v.Tongue.Say("day.broken")
		}
		page.People = append(page.People, row)
	}
	return page, nil
}

func operateHelpers(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.operateHelpers(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "operate-helpers", page)
}

func operateAdd(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	_, err := s.Accounts.AddHelper(v.Context(), v.Who, f.Get("person"), f.Get("email"), v.Tongue.Lang(), access.Role(f.Get("role")))
	return s.answer(w, v, renamed(err, accountFields), "/operate/helpers?done=saved", "operate-helpers", func() (Page, error) { return s.operateHelpers(v) })
}

func operateLetGo(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	err = s.Accounts.EndHelper(v.Context(), v.Who, one)
	return s.answer(w, v, err, "/operate/helpers?done=saved", "operate-helpers", func() (Page, error) { return s.operateHelpers(v) })
}
