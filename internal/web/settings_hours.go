package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
)

// When a practitioner works: the ordinary week, single days with other hours, leave; and when the whole clinic is closed.
// Nothing here touches an appointment: those that then lie outside the hours are listed until a person has moved or cancelled them.

func hoursPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.hours(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-hours", page)
}

func providerOf(v *Visit) (id.ID, error) {
	one, err := id.Parse(v.PathValue("id"))
	if err != nil {
		return id.Zero, fault.Missing()
	}
	return one, nil
}

func (s *Site) hours(v *Visit) (*HoursSettings, error) {
	one, err := providerOf(v)
	if err != nil {
		return nil, err
	}
	week, err := s.Desk.Week(v.Context(), v.Who, one)
	if err != nil {
		return nil, err
	}
	z := week.Clinic.Location()
	page := &HoursSettings{SettingsPage: s.settings(v, "settings.providers", access.ScheduleSettings), ID: one.String(), ProviderName: providerName(v, week.Provider), Today: week.Today}
	page.Version = week.Provider.Version
	for i := range 7 {
		day := HoursDay{Day: time.Weekday((i + 1) % 7)} // Monday first
		for _, iv := range week.Provider.Weekly[day.Day] {
			day.Spans = append(day.Spans, TypedSpan{iv.From.Clock(), closing(iv.To)})
		}
		page.Days = append(page.Days, day)
	}
	for _, c := range week.Changes {
		row := HoursChange{ID: string(c.Day), Date: c.Day}
		for _, iv := range c.Intervals {
			if c.Open {
				row.Spans = append(row.Spans, Span{From: iv.From, To: iv.To})
			} else {
				row.Words = joined(row.Words, v.Tongue.Say("settings.change_off", "From", iv.From.Clock(), "To", iv.To.Clock()))
			}
		}
		page.Changes = append(page.Changes, row)
	}
	for _, l := range week.Leaves {
		page.Leave = append(page.Leave, leaveRow(l.ID, l.From, l.To, l.Reason, z))
	}
	if page.CanEdit && week.Provider.RetiredAt == 0 {
		if page.Conflicts, page.More, err = s.outside(v, week); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// leaveRow shows time away as its first and its last day.
func leaveRow(one id.ID, from, to clock.Instant, words string, z *time.Location) LeaveRow {
	return LeaveRow{ID: one.String(), From: clock.DateOf(from.In(z)), To: clock.DateOf((to - 1).In(z)), Words: words}
}

// outside lists the appointments ahead that no longer lie within the practitioner's hours, and how many more there are than it lists.
func (s *Site) outside(v *Visit, week scheduling.Week) ([]NextCard, int, error) {
	out, err := s.Desk.Outside(v.Context(), v.Who)
	if err != nil {
		return nil, 0, err
	}
	out = slices.DeleteFunc(out, func(a scheduling.Appointment) bool { return a.Provider != week.Provider.ID })
	if len(out) == 0 {
		return nil, 0, nil
	}
	r, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return nil, 0, err
	}
	list, err := s.cards(v, "outside "+week.Provider.ID.String(), out, r)
	return list, max(0, len(out)-mostCards), err
}

// latest is the last five minutes that a browser's field can hold; as an end it stands for midnight.
const latest clock.Minute = 1435

// span reads two times of a form; both empty is no interval, and ok.
func span(from, to string) (iv scheduling.Interval, some, ok bool) {
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	if from == "" && to == "" {
		return iv, false, true
	}
	var a, b error
	iv.From, a = clock.ParseMinute(from)
	iv.To, b = clock.ParseMinute(to)
	if iv.To == latest {
		iv.To = 1440
	}
	return iv, true, a == nil && b == nil
}

// closing is the end of a stretch as a browser's field can hold it: it knows no 24:00, so midnight is shown as span reads it.
func closing(m clock.Minute) string { return min(m, latest).Clock() }

// typedWeek reads the editor of the week: the hours, and each day as it was typed.
func typedWeek(v *Visit) (w scheduling.Weekly, days []HoursDay, err error) {
	var f fault.Fields
	for i := range 7 {
		day := time.Weekday((i + 1) % 7)
		from, to := v.PostForm["from-"+strconv.Itoa(int(day))], v.PostForm["to-"+strconv.Itoa(int(day))]
		typed := HoursDay{Day: day}
		for n := range min(max(len(from), len(to)), 20) {
			x := TypedSpan{at(from, n), at(to, n)}
			iv, some, ok := span(x.From, x.To)
			if !some {
				continue
			}
			typed.Spans = append(typed.Spans, x)
			if !ok {
				f.Add("weekly."+strconv.Itoa(int(day))+"."+strconv.Itoa(n), "field.hours.both")
				continue
			}
			w[day] = append(w[day], iv)
		}
		slices.SortFunc(w[day], func(a, b scheduling.Interval) int { return int(a.From - b.From) })
		days = append(days, typed)
	}
	if bad := wrongFields(&f, scheduling.CheckWeekly(w), nil); bad != nil {
		return w, days, bad
	}
	return w, days, f.Err()
}

func at(list []string, n int) string {
	if n < len(list) {
		return list[n]
	}
	return ""
}

func weeklySave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := providerOf(v)
	if err != nil {
		return err
	}
	week, days, err := typedWeek(v)
	if err == nil {
		err = s.Desk.SaveWeekly(v.Context(), v.Who, one, typedVersion(v, 0), week)
	}
	return s.answer(w, v, dayNamed(v, err), "/app/settings/providers/"+one.String()+"/hours?done=saved", "settings-hours", func() (Page, error) {
		page, err := s.hours(v)
		if err == nil {
			page.Days = days
		}
		return page, err
	})
}

// dayNamed says in each sentence about wrong hours which day it means: "weekly.1.0" is Monday's first interval.
func dayNamed(v *Visit, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = nil
	for _, x := range f.Fields {
		part := strings.Split(x.Name, ".")
		if len(part) >= 2 && part[0] == "weekly" {
			if d, err := strconv.Atoi(part[1]); err == nil && d >= 0 && d < 7 {
				x = fault.Field{Name: "weekly", Key: "field.hours.on_day", Args: map[string]any{"Day": v.Tongue.DayName(time.Weekday(d)), "Problem": v.Tongue.SayMap(x.Key, x.Args)}}
			}
		}
		out.Fields = append(out.Fields, x)
	}
	return &out
}

func changeSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := providerOf(v)
	if err != nil {
		return err
	}
	f := v.PostForm
	typed := ChangeForm{f.Get("change_date"), f.Get("change_from1"), f.Get("change_to1"), f.Get("change_from2"), f.Get("change_to2")}
	c := scheduling.Change{Day: clock.Date(typed.Date)}
	var wrong fault.Fields
	fields := map[string]string{"day": "change_date"}
	for i, x := range []TypedSpan{{typed.From1, typed.To1}, {typed.From2, typed.To2}} {
		field := "change_from" + strconv.Itoa(i+1)
		iv, some, ok := span(x.From, x.To)
		switch {
		case !ok:
			wrong.Add(field, "field.hours.both")
		case some:
			fields["intervals."+strconv.Itoa(len(c.Intervals))] = field
			c.Intervals = append(c.Intervals, iv)
		}
	}
	c.Open = len(c.Intervals) > 0 // no hours at all: not working on that day
	if bad := wrongFields(&wrong, scheduling.CheckChange(c), fields); bad != nil {
		return bad
	}
	if err = wrong.Err(); err == nil {
		err = s.Desk.SetDay(v.Context(), v.Who, one, c, false)
	}
	return s.hoursDone(w, v, err, one, func(page *HoursSettings) { page.ChangeForm = typed })
}

func (s *Site) hoursDone(w http.ResponseWriter, v *Visit, err error, one id.ID, typed func(page *HoursSettings)) error {
	return s.answer(w, v, err, "/app/settings/providers/"+one.String()+"/hours?done=saved", "settings-hours", func() (Page, error) {
		page, err := s.hours(v)
		if err == nil {
			typed(page)
		}
		return page, err
	})
}

func changeRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := providerOf(v)
	if err != nil {
		return err
	}
	day, err := clock.ParseDate(v.PathValue("day"))
	if err != nil {
		return fault.Missing()
	}
	return s.hoursDone(w, v, s.Desk.SetDay(v.Context(), v.Who, one, scheduling.Change{Day: day}, true), one, func(*HoursSettings) {})
}

// typedDays reads a first and a last day as the span between the midnights around them, in the clinic's zone.
func typedDays(v *Visit, form LeaveForm) (from, to clock.Instant, f fault.Fields) {
	z := v.Clinic.Location()
	first, err := clock.ParseDate(form.From)
	if err != nil {
		f.Add("leave_from", "field.hours.day")
	} else {
		from = clock.At(clock.StartOfDay(first, z))
	}
	last := first
	if strings.TrimSpace(form.To) != "" {
		if last, err = clock.ParseDate(form.To); err != nil {
			f.Add("leave_to", "field.hours.day")
		}
	}
	if err == nil && last != "" {
		to = clock.At(clock.StartOfDay(last.AddDays(1), z))
	}
	return from, to, f
}

func typedLeave(v *Visit) LeaveForm {
	return LeaveForm{v.PostForm.Get("leave_from"), v.PostForm.Get("leave_to"), v.PostForm.Get("leave_words")}
}

var leaveFields = map[string]string{"reason": "leave_words", "name": "leave_words", "to": "leave_to"}

func leaveSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := providerOf(v)
	if err != nil {
		return err
	}
	typed := typedLeave(v)
	from, to, f := typedDays(v, typed)
	if err = f.Err(); err == nil {
		_, err = s.Desk.AddLeave(v.Context(), v.Who, scheduling.Leave{Provider: one, From: from, To: to, Reason: typed.Words})
	}
	return s.hoursDone(w, v, renamed(err, leaveFields), one, func(page *HoursSettings) { page.LeaveForm = typed })
}

func leaveRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := providerOf(v)
	if err != nil {
		return err
	}
	leave, err := id.Parse(v.PathValue("leave"))
	if err != nil {
		return fault.Missing()
	}
	week, err := s.Desk.Week(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(week.Leaves, func(l scheduling.Leave) bool { return l.ID == leave }) {
		return fault.Missing()
	}
	return s.hoursDone(w, v, s.Desk.DropLeave(v.Context(), v.Who, leave), one, func(*HoursSettings) {})
}

func closuresPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.closures(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-closures", page)
}

// closures lists the closed days ahead, and the appointments that lie in them.
func (s *Site) closures(v *Visit) (*ClosuresSettings, error) {
	page := &ClosuresSettings{SettingsPage: s.settings(v, "settings.closures", access.ScheduleSettings)}
	r, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	var closed []scheduling.Closure
	if len(r.Providers) > 0 {
		week, err := s.Desk.Week(v.Context(), v.Who, r.Providers[0].ID)
		if err != nil {
			return nil, err
		}
		closed = week.Closures
	}
	var hit []scheduling.Appointment
	if len(closed) > 0 && page.CanEdit {
		out, err := s.Desk.Outside(v.Context(), v.Who)
		if err != nil {
			return nil, err
		}
		hit = slices.DeleteFunc(out, func(a scheduling.Appointment) bool {
			return !slices.ContainsFunc(closed, func(c scheduling.Closure) bool { return a.StartsAt < c.To && a.EndsAt > c.From })
		})
	}
	for _, c := range closed {
		page.Closures = append(page.Closures, leaveRow(c.ID, c.From, c.To, c.Name, r.Clinic.Location()))
	}
	page.More = max(0, len(hit)-mostCards)
	page.Conflicts, err = s.cards(v, "closures", hit, r)
	return page, err
}

func closureSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	typed := typedLeave(v)
	from, to, f := typedDays(v, typed)
	err := f.Err()
	if err == nil {
		_, err = s.Desk.AddClosure(v.Context(), v.Who, scheduling.Closure{From: from, To: to, Name: typed.Words})
	}
	return s.closuresDone(w, v, renamed(err, leaveFields), typed)
}

func (s *Site) closuresDone(w http.ResponseWriter, v *Visit, err error, typed LeaveForm) error {
	return s.answer(w, v, err, "/app/settings/closures?done=saved", "settings-closures", func() (Page, error) {
		page, err := s.closures(v)
		if err == nil {
			page.LeaveForm = typed
		}
		return page, err
	})
}

func closureRemove(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := id.Parse(v.PathValue("closure"))
	if err != nil {
		return fault.Missing()
	}
	return s.closuresDone(w, v, s.Desk.DropClosure(v.Context(), v.Who, one), LeaveForm{})
}
