package web

import (
	"net/http"
	"sort"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
)

// The day: one column a provider, one read whatever the number of appointments.

// rowTime is the height of the grid's unit.
const rowTime = 5 * time.Minute

// grid is the piece of time that a day page shows.
type grid struct {
	starts time.Time // in the clinic's zone
	rows   int
}

const (
	fewestRows = 6 * 12
	mostRows   = 25 * 12 // a day on which the clocks go back
)

// gridOf spans the working hours and the appointments of the day, in whole hours; nine to six
// where there are neither.
func gridOf(d scheduling.Day, z *time.Location) grid {
	var from, to clock.Instant
	widen := func(a, b clock.Instant) {
		if from == 0 || a < from {
			from = a
		}
		to = max(to, b)
	}
	for _, c := range d.Columns {
		for _, o := range c.Open {
			widen(o.From, o.To)
		}
		for _, e := range c.Entries {
			widen(e.StartsAt, e.EndsAt)
		}
	}
	midnight := clock.StartOfDay(d.Date, z)
	if from == 0 {
		from, to = clock.At(midnight.Add(9*time.Hour)), clock.At(midnight.Add(18*time.Hour))
	}
	starts := from.In(z)
	starts = starts.Add(-time.Duration(starts.Minute())*time.Minute - time.Duration(starts.Second())*time.Second)
	if starts.Before(midnight) {
		starts = midnight.In(z)
	}
	rows := int((to.Time().Sub(starts) + time.Hour - 1) / time.Hour * 12)
	return grid{starts, min(max(rows, fewestRows), mostRows)}
}

// gridAsked is the grid that the page of a script already shows: a column that comes anew has to
// fit beside the others, also when the day has grown meanwhile.
func gridAsked(v *Visit) (grid, bool) {
	q := v.URL.Query()
	at, err := time.Parse(time.RFC3339, q.Get("starts"))
	rows, bad := strconv.Atoi(q.Get("rows"))
	if err != nil || bad != nil || rows < 1 || rows > mostRows {
		return grid{}, false
	}
	return grid{at.In(v.Clinic.Location()), rows}, true
}

// place puts a stretch of time into the grid, at its edge where it lies beyond.
func (g grid) place(from, to clock.Instant) (at, length int) {
	at = int(from.Time().Sub(g.starts) / rowTime)
	end := int((to.Time().Sub(g.starts) + rowTime - 1) / rowTime)
	at = min(max(at, 0), g.rows-1)
	return at, max(min(end, g.rows)-at, 1)
}

func dayPage(s *Site, w http.ResponseWriter, v *Visit) error {
	q := v.URL.Query()
	date, err := s.dayAsked(v, q.Get("day"))
	if err != nil {
		return err
	}
	var open *AppointmentCard
	if a := q.Get("appointment"); a != "" {
		one, err := id.Parse(a)
		if err != nil {
			return fault.Missing()
		}
		if open, err = s.card(v, one); err != nil {
			return err
		}
		if q.Get("day") == "" {
			date = open.Day
		}
	}
	cal, err := s.Desk.Days(v.Context(), v.Who, date, date, id.Zero)
	if err != nil {
		return err
	}
	z := cal.Clinic.Location()
	page := &DayPage{Shell: s.staffShell(v, "nav.day"), Day: date, Today: cal.Today, Zone: z, Step: 15, Selected: open, Hidden: q.Get("hide") == "1",
		CanBook: v.Who.May(access.ScheduleBook), CanMove: v.Who.May(access.ScheduleBook), AsOf: cal.Now.In(z), Counter: cal.Counter, Services: serviceOptions(cal.Services, id.Zero)}
	if n := int(cal.Clinic.Step / time.Minute); n >= 5 {
		page.Step = n
	}
	if cal.Clinic.Online {
		page.Share = shareAt(cal.Clinic.Reach(s.PublicURL), s.PublicURL, cal.Clinic.Slug)
	}
	if date == cal.Today {
		page.Now = cal.Now.In(z)
	}
	g := gridOf(cal.Days[0], z)
	page.Starts, page.Rows, page.Hours = g.starts, g.rows, MarkHours(g.starts, g.rows)
	counts := map[string]int{}
	working := false
	for _, c := range cal.Days[0].Columns {
		col := column(v, cal, date, c, g)
		for _, card := range col.Cards {
			if card.Broken {
				page.Broken++
			}
			counts[card.State]++
		}
		if col.ID == q.Get("provider") {
			page.Only = col.ID
		}
		working = working || len(col.Open) > 0
		page.Columns = append(page.Columns, col)
	}
	page.Counts = tally(counts)
	if len(page.Columns) > 0 && !working {
		page.Statement = v.Tongue.Say("staff.day.nobody")
	}
	return s.views.Render(w, http.StatusOK, "day", page)
}

// tally lists the counts of a day in the order of a visit.
func tally(counts map[string]int) []StateCount {
	var out []StateCount
	for _, st := range []string{"booked", "confirmed", "arrived", "with", "completed", "no-show", "cancelled"} {
		out = append(out, StateCount{st, counts[st]})
	}
	return out
}

// dayColumn is the fragment with which a script renews one column. A script that says which grid
// it shows has only this column read; the list of the whole day, which was written down when the
// page was opened, stands for it.
func dayColumn(s *Site, w http.ResponseWriter, v *Visit) error {
	one := id.Zero
	if _, asked := gridAsked(v); asked { // the grid is known: only this column has to be read
		var err error
		if one, err = id.Parse(v.URL.Query().Get("provider")); err != nil {
			return fault.Missing()
		}
	}
	cols, err := s.dayAgain(v, one)
	if err != nil {
		return err
	}
	for i := range cols {
		if cols[i].ID == v.URL.Query().Get("provider") {
			cols[i].Shell = s.Shell(v)
			return s.views.Render(w, http.StatusOK, "day-column", &cols[i])
		}
	}
	return fault.Missing()
}

// dayColumns is the fragment with which a script renews the whole day at once.
func dayColumns(s *Site, w http.ResponseWriter, v *Visit) error {
	cols, err := s.dayAgain(v, id.Zero)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "day-columns", &DayColumns{Shell: s.Shell(v), Columns: cols})
}

func (s *Site) dayAgain(v *Visit, one id.ID) ([]DayColumn, error) {
	date, err := s.dayAsked(v, v.URL.Query().Get("day"))
	if err != nil {
		return nil, err
	}
	cal, err := s.Desk.Days(v.Context(), v.Who, date, date, one)
	if err != nil {
		return nil, err
	}
	g, asked := gridAsked(v)
	if !asked {
		g = gridOf(cal.Days[0], cal.Clinic.Location())
	}
	var out []DayColumn
	for _, c := range cal.Days[0].Columns {
		out = append(out, column(v, cal, date, c, g))
	}
	return out, nil
}

func column(v *Visit, cal scheduling.Calendar, date clock.Date, c scheduling.Column, g grid) DayColumn {
	col := DayColumn{ID: c.Provider.ID.String(), Label: called(v, c.Provider), Day: date}
	for _, o := range c.Open {
		at, n := g.place(o.From, o.To)
		col.Open = append(col.Open, Shade{at, n})
	}
	if len(c.Open) == 0 {
		col.Absent = v.Tongue.Say("staff.day.not_in")
		if c.Provider.RetiredAt > 0 {
			col.Absent = v.Tongue.Say("staff.day.retired")
		}
	}
	z := cal.Clinic.Location()
	for _, e := range c.Entries {
		card := dayCard(e, cal.Services[e.Service].Name, z)
		card.Row, card.Len = g.place(e.StartsAt, e.EndsAt)
		if !card.Gone() {
			col.Booked++
		}
		col.Cards = append(col.Cards, card)
	}
	Lay(col.Cards)
	return col
}

func dayCard(e scheduling.Entry, service string, z *time.Location) DayCard {
	return DayCard{ID: e.ID.String(), State: stateOf(e.Status), At: e.StartsAt.In(z), Patient: e.Name.Text, Service: service, Version: e.Version,
		Overbooked: e.Lane > 0, Broken: e.Broken, Fixed: !e.Status.Ahead(), NeedsAttention: e.Outside}
}

// serviceOptions lists what can be booked, in the clinic's order; the chosen one is marked, the
// first where none is.
func serviceOptions(all map[id.ID]scheduling.Service, chosen id.ID) []Option {
	var list []scheduling.Service
	for _, x := range all {
		if x.RetiredAt == 0 && len(x.Providers) > 0 {
			list = append(list, x)
		}
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Position != list[j].Position {
			return list[i].Position < list[j].Position
		}
		return list[i].ID.String() < list[j].ID.String()
	})
	var out []Option
	for i, x := range list {
		out = append(out, Option{Value: x.ID.String(), Label: x.Name, On: x.ID == chosen || chosen.IsZero() && i == 0})
	}
	return out
}
