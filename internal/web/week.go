package web

import (
	"net/http"
	"sort"
	"time"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
)

// mostOfDay is how many cards one day of the week page lists; the rest is a link to the day.
const mostOfDay = 40

func weekPage(s *Site, w http.ResponseWriter, v *Visit) error {
	q := v.URL.Query()
	from, err := s.dayAsked(v, q.Get("from"))
	if err != nil {
		return err
	}
	from = from.AddDays(-(int(from.Weekday()-v.Tongue.WeekStart()) + 7) % 7)
	one := v.Signed.Provider // a practitioner sees her own week first
	if q.Has("provider") {
		one = id.Zero
		if p := q.Get("provider"); p != "" {
			if one, err = id.Parse(p); err != nil {
				return fault.Missing()
			}
		}
	}
	// The roster names everybody to choose from, also when the calendar is read for one.
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	cal, err := s.Desk.Days(v.Context(), v.Who, from, from.AddDays(6), one)
	if err != nil {
		return err
	}
	if !one.IsZero() && len(cal.Providers) == 0 {
		one = id.Zero
		if q.Has("provider") {
			return fault.Missing()
		}
		if cal, err = s.Desk.Days(v.Context(), v.Who, from, from.AddDays(6), one); err != nil {
			return err
		}
	}
	page := &WeekPage{Shell: s.staffShell(v, "nav.week"), From: from, Today: cal.Today, Earlier: from.AddDays(-7), Later: from.AddDays(7),
		Providers: []Option{{Label: v.Tongue.Say("staff.week.all"), On: one.IsZero()}}}
	if !one.IsZero() {
		page.Provider = one.String()
	}
	for _, p := range roster.Providers {
		if p.RetiredAt == 0 || p.ID == one {
			page.Providers = append(page.Providers, Option{Value: p.ID.String(), Label: called(v, p), On: p.ID == one})
		}
	}
	for _, d := range cal.Days {
		page.Days = append(page.Days, weekDay(v, cal, d))
	}
	return s.views.Render(w, http.StatusOK, "week", page)
}

func weekDay(v *Visit, cal scheduling.Calendar, d scheduling.Day) WeekDay {
	out := WeekDay{Date: d.Date, Percent: -1}
	var open, taken time.Duration
	for _, c := range d.Columns {
		for _, o := range c.Open {
			open += o.To.Sub(o.From)
		}
		for _, e := range c.Entries {
			card := dayCard(e, cal.Services[e.Service].Name, cal.Clinic.Location())
			if card.Broken {
				card.Patient = v.Tongue.Say("day.broken")
			}
			if !card.Gone() {
				out.Booked++
				taken += e.Length()
			}
			out.Cards = append(out.Cards, card)
		}
	}
	if open > 0 {
		out.Percent = int(min(100*taken/open, 100))
	} else {
		out.Closed = v.Tongue.Say("staff.day.nobody")
	}
	sort.SliceStable(out.Cards, func(i, j int) bool { return out.Cards[i].At.Before(out.Cards[j].At) })
	if len(out.Cards) > mostOfDay {
		out.More = len(out.Cards) - mostOfDay
		out.Cards = out.Cards[:mostOfDay]
	}
	return out
}
