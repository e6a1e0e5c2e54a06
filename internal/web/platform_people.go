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

func platformRoutes() []Route {
	ticket, help, notice, people := access.PlatformTicket, access.PlatformHelp, access.PlatformNotice, access.PlatformHelpers
	return []Route{
		{Pattern: "GET /platform", Door: Platform, Right: ticket, Handle: platformHome},
		{Pattern: "GET /platform/tickets/{id}", Door: Platform, Right: ticket, Handle: platformTicket},
		{Pattern: "POST /platform/tickets/{id}/say", Door: Platform, Right: ticket, Handle: platformSay},
		{Pattern: "POST /platform/tickets/{id}/state", Door: Platform, Right: ticket, Handle: platformState},
		{Pattern: "GET /platform/clinics", Door: Platform, Right: help, Handle: platformClinics},
		{Pattern: "GET /platform/clinics/{id}", Door: Platform, Right: help, Handle: platformClinic},
		{Pattern: "POST /platform/clinics/{id}/ask", Door: Platform, Right: help, Handle: platformAsk},
		{Pattern: "POST /platform/clinics/{id}/enter", Door: Platform, Right: help, Handle: platformEnter},
		{Pattern: "POST /platform/clinics/{id}/end", Door: Platform, Right: help, Handle: platformEnd},
		{Pattern: "POST /platform/leave", Door: Platform, Right: help, Handle: platformLeave},
		{Pattern: "GET /platform/notices", Door: Platform, Right: notice, Handle: platformNotices},
		{Pattern: "POST /platform/notices", Door: Platform, Right: notice, Handle: platformPublish},
		{Pattern: "POST /platform/notices/{id}/withdraw", Door: Platform, Right: notice, Handle: platformWithdraw},
		{Pattern: "GET /platform/helpers", Door: Platform, Right: people, Handle: platformHelpers},
		{Pattern: "POST /platform/helpers", Door: Platform, Right: people, Handle: platformAdd},
		{Pattern: "POST /platform/helpers/{id}/end", Door: Platform, Right: people, Handle: platformLetGo},
		{Pattern: "GET /platform/duties", Door: Platform, Right: access.PlatformReview, Handle: platformDuties},
		{Pattern: "POST /platform/duties", Door: Platform, Right: access.PlatformReview, Handle: platformSignDuty},
		{Pattern: "GET /platform/operate", Door: Platform, Right: access.PlatformOperate, Handle: platformOperate},
		{Pattern: "GET /platform/walks", Door: Platform, Right: access.PlatformOperate, Handle: platformWalks},
		{Pattern: "POST /platform/walks", Door: Platform, Right: access.PlatformOperate, Handle: platformWalkNow},
		{Pattern: "POST /platform/operate/look", Door: Platform, Right: access.PlatformOperate, Handle: platformLook},
	}
}

// PlatformNav is the menu of these pages.
func PlatformNav(current string, may func(access.Right) bool) []NavItem {
	var out []NavItem
	for _, n := range []struct {
		key, url string
		right    access.Right
	}{{"platform.home", "/platform", access.PlatformTicket}, {"platform.clinics", "/platform/clinics", access.PlatformHelp}, {"platform.incidents", "/platform/incidents", access.PlatformIncident}, {"platform.suspensions", "/platform/suspensions", access.PlatformSuspend}, {"platform.notices", "/platform/notices", access.PlatformNotice}, {"platform.helpers", "/platform/helpers", access.PlatformHelpers}, {"platform.duties", "/platform/duties", access.PlatformReview}, {"platform.vendors", "/platform/vendors", access.PlatformVendors}, {"platform.walks", "/platform/walks", access.PlatformOperate}, {"platform.operate", "/platform/operate", access.PlatformOperate}} {
		if may(n.right) {
			out = append(out, NavItem{Key: n.key, URL: n.url, Current: n.key == current})
		}
	}
	return out
}

func (s *Site) platformShell(v *Visit, current string) Shell {
	sh := s.Shell(v)
	sh.Nav, sh.Flash = PlatformNav(current, v.Who.May), done(v)
	return sh
}

// PlatformHome is /platform, the page "platform": what clinics wrote, and the grants of who reads it.
type PlatformHome struct {
	Shell
	State   string
	Tickets []TicketRow
	Grants  []GrantRow
	Names   map[string]string // of clinics, by id
}

// States are the tabs of the list.
func (p *PlatformHome) States() []string {
	return []string{support.Open, support.Answered, support.Closed}
}

func platformHome(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &PlatformHome{Shell: s.platformShell(v, "platform.home"), State: v.URL.Query().Get("state"), Names: map[string]string{}}
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
				page.Grants = append(page.Grants, platformRow(g, now, a.Clinic.ID))
			}
		}
	}
	return s.views.Render(w, http.StatusOK, "platform", page)
}

func platformRow(g support.Grant, now clock.Instant, clinic id.ID) GrantRow {
	r := grantRow(g, now, nil, time.UTC)
	r.ClinicID = clinic.String()
	return r
}

func (s *Site) anyTicket(v *Visit) (*TicketPage, error) {
	page, err := s.ticket(v, s.platformShell(v, "platform.home"), nil, time.UTC)
	if err != nil {
		return nil, err
	}
	if one, err := id.Parse(page.ClinicID); err == nil {
		page.ClinicName = s.Support.Name(v.Context(), one)
	}
	return page, nil
}

func platformTicket(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.anyTicket(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-ticket", page)
}

func platformSay(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.say(w, v, "/platform/tickets/", "platform-ticket", s.anyTicket)
}

func platformState(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.setTicket(w, v, "/platform/tickets/")
}

// PlatformClinics is /platform/clinics, the page "platform-clinics": names alone.
type PlatformClinics struct {
	Shell
	Q       string
	Clinics []support.Named
}

func platformClinics(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &PlatformClinics{Shell: s.platformShell(v, "platform.clinics"), Q: v.URL.Query().Get("q")}
	if len(page.Q) > 80 {
		page.Q = ""
	}
	var err error
	if page.Clinics, err = s.Support.Clinics(v.Context(), v.Who, page.Q); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-clinics", page)
}

// PlatformClinic is one clinic, the page "platform-clinic": asking it for access.
type PlatformClinic struct {
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

func (s *Site) platformClinic(v *Visit) (*PlatformClinic, error) {
	one, err := pathID(v)
	if err != nil {
		return nil, err
	}
	a, err := s.Support.AskedOf(v.Context(), *v.Signed, one)
	if err != nil {
		return nil, err
	}
	page := &PlatformClinic{Shell: s.platformShell(v, "platform.clinics"), ID: one.String(), ClinicName: a.Clinic.Name, Chosen: map[string]bool{}, CanBreak: v.Who.Role() == access.Operator}
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
		page.Grants = append(page.Grants, platformRow(g, clock.At(s.Clock.Now()), one))
	}
	return page, nil
}

func platformClinic(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.platformClinic(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-clinic", page)
}

func platformAsk(s *Site, w http.ResponseWriter, v *Visit) error {
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
	return s.answer(w, v, err, "/platform/clinics/"+one.String()+"?done=access-asked", "platform-clinic", func() (Page, error) { return s.platformClinic(v) })
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

func platformEnter(s *Site, w http.ResponseWriter, v *Visit) error {
	clinic, one, err := ofClinic(v)
	if err == nil {
		err = s.Support.Enter(v.Context(), *v.Signed, clinic, one)
	}
	if err == nil {
		http.Redirect(w, v.Request, "/app/seen", http.StatusSeeOther)
	}
	return err
}

func platformEnd(s *Site, w http.ResponseWriter, v *Visit) error {
	clinic, one, err := ofClinic(v)
	if err == nil {
		err = s.Support.Close(v.Context(), *v.Signed, clinic, one)
	}
	if err == nil {
		http.Redirect(w, v.Request, "/platform/clinics/"+clinic.String()+"?done=access-ended", http.StatusSeeOther)
	}
	return err
}

func platformLeave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := s.Support.Leave(v.Context(), *v.Signed); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/platform", http.StatusSeeOther)
	return nil
}

// PlatformNotices is /platform/notices, the page "platform-notices".
type PlatformNotices struct {
	Shell
	Rows          []NoticeRow
	Kind          string
	Starts, Hours string
	Texts         []NoticeText
}

// NoticeText is what a notice says in one language, as typed.
type NoticeText struct{ Code, Name, Title, Words string }

func (s *Site) platformNotices(v *Visit) (*PlatformNotices, error) {
	rows, err := s.noticeRows(v, time.UTC)
	if err != nil {
		return nil, err
	}
	page := &PlatformNotices{Shell: s.platformShell(v, "platform.notices"), Rows: rows, Kind: support.Planned, Hours: "2", Starts: s.Clock.Now().UTC().Format(noticeTime)}
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

func platformNotices(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.platformNotices(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-notices", page)
}

func platformPublish(s *Site, w http.ResponseWriter, v *Visit) error {
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
	return s.answer(w, v, err, "/platform/notices?done=published", "platform-notices", func() (Page, error) { return s.platformNotices(v) })
}

func platformWithdraw(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err == nil {
		err = s.Support.Withdraw(v.Context(), v.Who, one)
	}
	if err == nil {
		http.Redirect(w, v.Request, "/platform/notices?done=saved", http.StatusSeeOther)
	}
	return err
}

// PlatformHelpers is /platform/helpers, the page "platform-helpers".
type PlatformHelpers struct {
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

func (s *Site) platformHelpers(v *Visit) (*PlatformHelpers, error) {
	list, err := s.Accounts.Helpers(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &PlatformHelpers{Shell: s.platformShell(v, "platform.helpers"), Role: string(access.Support)}
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

func platformHelpers(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.platformHelpers(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-helpers", page)
}

func platformAdd(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	_, err := s.Accounts.AddHelper(v.Context(), v.Who, f.Get("person"), f.Get("email"), v.Tongue.Lang(), access.Role(f.Get("role")))
	return s.answer(w, v, renamed(err, accountFields), "/platform/helpers?done=saved", "platform-helpers", func() (Page, error) { return s.platformHelpers(v) })
}

func platformLetGo(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	err = s.Accounts.EndHelper(v.Context(), v.Who, one)
	return s.answer(w, v, err, "/platform/helpers?done=saved", "platform-helpers", func() (Page, error) { return s.platformHelpers(v) })
}
