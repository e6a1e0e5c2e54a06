package sample

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/web"
)

var states = []string{"completed", "completed", "with", "arrived", "booked", "booked", "confirmed", "booked", "no-show", "cancelled", "booked"}

// Day is a full day: five providers and 24 appointments each, from eight to eight.
func (m *maker) day() *web.DayPage {
	starts := m.at(8, 0)
	p := &web.DayPage{Shell: m.staff("nav.day"), Day: today, Today: today, Zone: m.zone, Starts: starts, Rows: 144, Step: 15, Now: m.at(11, 20), Hours: web.MarkHours(starts, 144), CanBook: true, CanMove: true,
		Services: []web.Option{{Value: ident(12), Label: "Follow-up", On: true}, {Value: ident(11), Label: "First consultation"}}, Share: "https://book.example/c/sunrise", Counter: 41}
	counts := map[string]int{}
	n := 100
	for i, name := range providers {
		c := web.DayColumn{ID: ident(20 + i), Label: name, Day: today, Open: []web.Shade{{Row: 12, Len: 48}, {Row: 84, Len: 48}}}
		row := 12
		for k := range 24 {
			if row == 60 {
				row = 84
			}
			length := 3
			if k%5 == 1 && row+6 != 63 {
				length = 6
			}
			if row+length > 60 && row < 60 {
				length = 3
			}
			at := starts.Add(time.Duration(row) * 5 * time.Minute)
			state := states[(k*3+i*5)%len(states)]
			if at.After(m.at(11, 20)) && (state == "completed" || state == "with" || state == "arrived" || state == "no-show") {
				state = "booked"
			}
			if at.Before(m.at(11, 0)) && (state == "booked" || state == "confirmed") {
				state = "completed"
			}
			n++
			c.Cards = append(c.Cards, web.DayCard{ID: ident(n), Row: row, Len: length, State: state, At: at, Patient: people[(k+i*2)%len(people)], Service: "Follow-up", Version: 1, Fixed: state == "completed" || state == "cancelled" || state == "no-show"})
			counts[state]++
			row += length
			if (k+i)%6 == 5 {
				row += 3
			}
		}
		if i == 1 {
			c.Cards[20].Row, c.Cards[20].Overbooked = c.Cards[19].Row, true
			c.Cards[20].At = c.Cards[19].At
			c.Cards[21].Broken = true
		}
		web.Lay(c.Cards)
		c.Booked = len(c.Cards)
		p.Columns = append(p.Columns, c)
	}
	for _, s := range []string{"booked", "confirmed", "arrived", "with", "completed", "cancelled", "no-show"} {
		p.Counts = append(p.Counts, web.StateCount{State: s, Count: counts[s]})
	}
	return p
}

func (m *maker) card() *web.AppointmentCard {
	return &web.AppointmentCard{Shell: m.shell(), ID: ident(101), Version: 2, State: "booked", At: m.at(11, 30), Ends: m.at(12, 0), Day: today, Minutes: 30, Service: "First consultation", ProviderID: ident(21), Provider: providers[1],
		PatientID: ident(201), Patient: "فاطمة الشيخ", PatientAge: m.t.Age("1984-03-15", today), Phone: "+91 98450 12345", Note: "Ground floor, please", BookedBy: "Online", BookedAt: m.at(8, 3),
		OverbookReason: "Came from far", Actions: []string{"arrived", "no-show"}, CanMove: true, CanCancel: true, CanNote: true, NoteTyped: "Ground floor, please", Date: "2026-11-24", StartTime: "11:30",
		Providers: []web.Option{{Value: ident(20), Label: providers[0]}, {Value: ident(21), Label: providers[1], On: true}},
		Messages:  []web.MessageLine{{ID: ident(301), What: "Confirmation by e-mail", State: "sent", At: m.at(8, 3)}, {ID: ident(302), What: "Reminder, 2 hours before", State: "uncertain", At: m.at(9, 30), Problem: true}},
		History:   []web.HistoryLine{{At: m.at(8, 3), Words: "Booked online"}, {At: m.at(8, 40), Words: "Moved from 10:15 am by Meera Pillai"}}}
}

func (m *maker) dayPages() {
	m.add("day", "", m.day())
	selected := m.day()
	selected.Selected = m.card()
	selected.Selected.CanVisit, selected.Selected.VisitStarts, selected.Selected.VisitFirst, selected.Selected.Actions = true, true, true, []string{"with", "completed", "booked"}
	selected.Shell.Flash = "Saved."
	m.add("day", "selected", selected)
	empty := m.day()
	for i := range empty.Columns {
		empty.Columns[i].Cards, empty.Columns[i].Booked = nil, 0
	}
	empty.Columns[2].Absent, empty.Columns[2].Open = "On leave", nil
	empty.Counts, empty.Statement, empty.Broken = nil, "The clinic closes at 6 pm today.", 2
	m.add("day", "empty", empty)
	conflict := m.card()
	conflict.Shell = m.staff("nav.day")
	conflict.Alone = true
	conflict.NoteHint = true
	conflict.Conflict = &web.Conflict{Sentence: "Dr Leela Nair is booked from 4:15 pm to 4:30 pm.", With: []string{"4:15 pm Ravi Kumar"}, CanInsist: true}
	m.add("appointment", "", conflict)
	m.add("appointment-panel", "", m.card())
	day := m.day()
	column := day.Columns[1]
	column.Shell = m.shell()
	m.add("day-column", "", &column)
	m.add("day-columns", "", &web.DayColumns{Shell: m.shell(), Columns: day.Columns[:2]})
	m.add("patient-hits", "", &web.HitsFragment{Shell: m.shell(), Query: "12", Hits: m.hits()})
	m.add("patient-hits", "links", &web.HitsFragment{Shell: m.shell(), Query: "12", Hits: m.hits(), Links: true})
	m.add("patient-hits", "none", &web.HitsFragment{Shell: m.shell(), Query: "zz"})
	m.add("free-slots", "", &web.FreeFragment{Shell: m.shell(), Slots: m.slots()[:3], Key: ident(9)})
	m.add("free-slots", "none", &web.FreeFragment{Shell: m.shell(), None: true})
	book := func() *web.BookPage {
		return &web.BookPage{Shell: m.staff("nav.day"), Day: today, Services: day.Services, Providers: []web.Option{{Value: "any", Label: m.t.Say("public.any")}, {Value: ident(21), Label: providers[1]}}, Service: ident(12), Provider: "any", Key: ident(9)}
	}
	m.add("book", "", book())
	found := book()
	found.Query, found.Searched, found.Hits, found.Slots, found.Likely = "ra", true, m.hits(), m.slots()[:3], m.hits()[:1]
	m.add("book", "found", found)
	chosen := book()
	hit := m.hits()[0]
	chosen.Patient, chosen.Slots, chosen.At = &hit, m.slots()[:3], m.at(16, 15)
	chosen.Conflict = &web.Conflict{Sentence: "Dr Leela Nair is booked from 4:15 pm to 4:30 pm.", CanInsist: true}
	m.add("book", "conflict", chosen)
	week := &web.WeekPage{Shell: m.staff("nav.week"), From: "2026-11-23", Today: today, Earlier: "2026-11-16", Later: "2026-11-30", Providers: []web.Option{{Value: "", Label: m.t.Say("day.providers")}, {Value: ident(21), Label: providers[1], On: true}}}
	for i := range 7 {
		d := clock.Date("2026-11-23").AddDays(i)
		w := web.WeekDay{Date: d, Percent: (i*23 + 30) % 100}
		if i == 6 {
			w.Closed = m.t.Say("public.closed")
		} else {
			w.Cards = day.Columns[i%5].Cards[:9+i%4]
			w.Booked, w.More = len(w.Cards)+i, i
		}
		week.Days = append(week.Days, w)
	}
	m.add("week", "", week)
}

func (m *maker) hits() []web.PatientHit {
	return []web.PatientHit{
		{ID: ident(201), Name: "فاطمة الشيخ", Age: m.t.Age("1984-03-15", today), Phone: "••••• •2345", Next: m.at(11, 30)},
		{ID: ident(202), Name: "मीना शर्मा", Age: m.t.Age("2026-06-15", today), Phone: "••••• •8812"},
		{ID: ident(203), Name: "Subramaniam Venkataraghavan Krishnamurthy", Phone: "••••• •0012"},
		{ID: ident(204), Broken: true},
	}
}
