package web

import (
	"net/http"
	"sort"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/scheduling"
)

// The dashboard: today, what waits for a person, and the first steps of a new clinic.

const (
	nextShown = 6
	justNow   = 15 * time.Minute // an appointment that began this short ago is still the next one
)

func dashboardPage(s *Site, w http.ResponseWriter, v *Visit) error {
	today := s.today(v)
	cal, err := s.Desk.Days(v.Context(), v.Who, today, today, id.Zero)
	if err != nil {
		return err
	}
	z := cal.Clinic.Location()
	page := &DashboardPage{Shell: s.staffShell(v, "nav.home"), Today: today, Now: cal.Now.In(z), CanBook: v.Who.May(access.ScheduleBook)}
	if cal.Clinic.Online {
		page.Share = shareAt(cal.Clinic.Reach(s.PublicURL), s.PublicURL, cal.Clinic.Slug)
	}
	counts := map[string]int{}
	broken := 0
	for _, c := range cal.Days[0].Columns {
		for _, e := range c.Entries {
			page.Total++
			counts[stateOf(e.Status)]++
			if e.Broken {
				broken++
			}
			if e.Status.Ahead() && e.StartsAt >= cal.Now.Add(-justNow) || e.Status == scheduling.Arrived {
				page.Next = append(page.Next, NextCard{ID: e.ID.String(), Patient: nameOf(v, e.Name), Service: cal.Services[e.Service].Name, Provider: called(v, c.Provider),
					State: stateOf(e.Status), At: e.StartsAt.In(z)})
			}
		}
	}
	page.Counts = tally(counts)
	s.incidentAhead(v, &page.Shell)
	if err := s.termsAhead(v, &page.Shell); err != nil {
		return err
	}
	if err := s.textsAhead(v, &page.Shell); err != nil {
		return err
	}
	s.retentionAhead(v, &page.Shell)
	s.heldAhead(v, &page.Shell)
	sort.SliceStable(page.Next, func(i, j int) bool { return page.Next[i].At.Before(page.Next[j].At) })
	page.Next = page.Next[:min(len(page.Next), nextShown)]
	if err := s.waitingItems(v, page, broken); err != nil {
		return err
	}
	s.boards.note(v, cal.Now, page.Waiting)
	page.Starting, err = s.firstSteps(v, cal)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "dashboard", page)
}

// waitingItems lists what waits for a person.
func (s *Site) waitingItems(v *Visit, page *DashboardPage, broken int) error {
	if broken > 0 {
		page.Waiting = append(page.Waiting, WaitingItem{Words: v.Tongue.Say("day.broken_rows", "Count", broken), URL: "/app/day", Grave: true})
	}
	if err := s.outsideAhead(v, page); err != nil {
		return err
	}
	if v.Who.May(access.AuditRead) {
		n, err := s.Watch.Unsettled(v.Context(), v.Who)
		if err != nil {
			return err
		}
		if n > 0 {
			page.Waiting = append(page.Waiting, WaitingItem{Words: v.Tongue.Say("staff.waits.noticed", "Count", n), URL: "/app/audit/noticed"})
		}
		if stuck := s.stuck(v); stuck != "" {
			page.Notices = append(page.Notices, Notice{Text: stuck, URL: "/app/audit/checks", Link: v.Tongue.Say("ledger.what"), Grave: true})
		}
	}
	if v.Who.May(access.ReviewSettle) {
		n, err := s.Followup.Complaints(v.Context(), v.Who)
		if err != nil {
			return err
		}
		if n > 0 {
			page.Waiting = append(page.Waiting, WaitingItem{Words: v.Tongue.Say("staff.waits.complaints", "Count", n), URL: "/app/reviews?open=1"})
		}
	}
	if err := s.requestsAhead(v, page); err != nil {
		return err
	}
	if !v.Who.May(access.MessageRead) {
		return nil
	}
	n, err := s.Messages.Counts(v.Context(), v.Who)
	if err != nil {
		return err
	}
	more, err := s.Messages.Waiting(v.Context(), v.Who)
	if err != nil {
		return err
	}
	if more.Paused > 0 && v.Who.May(access.MessageSettings) {
		page.Waiting = append(page.Waiting, WaitingItem{Words: v.Tongue.Say("staff.waits.paused", "Count", more.Paused), URL: "/app/settings/channels", Grave: true})
	}
	if more.Answers > 0 && v.Who.May(access.InboxRead) {
		page.Waiting = append(page.Waiting, WaitingItem{Words: v.Tongue.Say("staff.waits.answers", "Count", more.Answers), URL: "/app/inbox?box=unread"})
	}
	for _, x := range []struct {
		n     int
		state string
		grave bool
	}{{n.Uncertain, "uncertain", true}, {n.GivenUp, "given-up", true}, {n.Refused, "refused", false}} {
		if x.n > 0 {
			page.Waiting = append(page.Waiting, WaitingItem{Words: v.Tongue.Say("staff.waits."+x.state, "Count", x.n), URL: "/app/messages?state=" + x.state, Grave: x.grave})
		}
	}
	return nil
}

// outsideAhead tells whoever may move appointments how many lie in leave, on closed days or outside the hours, with the way to the next of them.
func (s *Site) outsideAhead(v *Visit, page *DashboardPage) error {
	if !v.Who.May(access.ScheduleBook) {
		return nil
	}
	list, err := s.Desk.Outside(v.Context(), v.Who)
	if err != nil || len(list) == 0 {
		return err
	}
	page.Waiting = append(page.Waiting, WaitingItem{Words: v.Tongue.Say("staff.waits.outside", "Count", len(list)), URL: "/app/day?day=" + string(list[0].Day) + "&appointment=" + list[0].ID.String()})
	return nil
}

// firstSteps are what a new clinic has to do before patients can book; none when all are done, and
// none for people who cannot do them.
func (s *Site) firstSteps(v *Visit, cal scheduling.Calendar) ([]Step, error) {
	if !v.Who.May(access.ClinicSettings) {
		return nil, nil
	}
	working := false
	for _, p := range cal.Providers {
		for _, d := range p.Weekly {
			working = working || p.RetiredAt == 0 && len(d) > 0
		}
	}
	c := cal.Clinic
	steps := []Step{
		{"desk.step.clinic", "/app/settings/clinic", described(c)},
		{"desk.step.providers", "/app/settings/providers", working},
		{"desk.step.services", "/app/settings/services", len(serviceOptions(cal.Services, id.Zero)) > 0},
		{"desk.step.public", "/app/settings/public", c.Online},
	}
	left := false
	for _, x := range steps {
		left = left || !x.Done
	}
	if !left {
		return nil, nil
	}
	if v.Who.May(access.ClinicStaff) {
		people, invited, err := s.Accounts.Staff(v.Context(), v.Who)
		if err != nil {
			return nil, err
		}
		steps = append(steps, Step{"desk.step.staff", "/app/settings/staff", len(people)+len(invited) > 1})
	}
	return steps, nil
}

// described says whether patients are told where the clinic is and how to reach it.
func described(c clinics.Clinic) bool { return c.Address != "" && (c.Phone != "" || c.Email != "") }

// boards remembers, in this process alone, when a dashboard was last opened in each clinic by somebody who sees messages, and which lines of what waits stood on
// it, for the live check of the promise dashboard-tells. Nothing of anybody is in it.
type boards struct {
	mu   sync.Mutex
	last map[id.ID]Board
}

// Board is a dashboard as it was last opened: at which moment of the clinic's calendar, and where its lines of what waits led.
type Board struct {
	At   clock.Instant
	URLs []string
}

// mostBoards bounds the memory.
const mostBoards = 5000

func (b *boards) note(v *Visit, at clock.Instant, waiting []WaitingItem) {
	if !v.Who.May(access.MessageRead) {
		return
	}
	x := Board{At: at}
	for _, w := range waiting {
		x.URLs = append(x.URLs, w.URL)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil || len(b.last) >= mostBoards {
		b.last = map[id.ID]Board{}
	}
	b.last[v.Who.Clinic()] = x
}

// Board is the dashboard that was last opened in the clinic; false when none was since this process began.
func (s *Site) Board(clinic id.ID) (Board, bool) {
	s.boards.mu.Lock()
	defer s.boards.mu.Unlock()
	x, ok := s.boards.last[clinic]
	return x, ok
}
