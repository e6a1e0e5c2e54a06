package web

import (
	"encoding/json"
	"time"

	"almirah/internal/clock"
)

// DayPage is /app/day, the page "day".
type DayPage struct {
	Shell
	Day       clock.Date
	Today     clock.Date
	Zone      *time.Location
	Starts    time.Time // the instant of the grid's first row
	Rows      int       // five-minute rows shown: 12 an hour
	Step      int       // minutes of one keyboard step or drag step; 15 unless the clinic says otherwise
	Now       time.Time // zero when the day is not today
	Hours     []HourMark
	Columns   []DayColumn
	Only      string // provider id: the only column shown at 360 px (the first when empty)
	Counts    []StateCount
	Selected  *AppointmentCard // the appointment of ?appointment=
	Services  []Option         // for quick booking; the first is the usual one
	Hidden    bool             // cancelled and missed appointments are hidden
	CanBook   bool
	CanMove   bool
	AsOf      time.Time
	Counter   int64  // the clinic's change counter when the day was read: what came after it is told at once
	Share     string // the address of the public page, for the empty day
	Broken    int    // rows that could not be opened
	Statement string // a sentence about the day: closed because of ...; may be empty
}

// HourMark is one hour on the axis.
type HourMark struct {
	Row  int
	Time time.Time
}

// DayColumn is one provider's day; the template "day-column" is also the fragment that
// GET /app/day/column answers.
type DayColumn struct {
	Shell
	ID, Label string
	Day       clock.Date
	Absent    string // why the whole day is closed, in the language of the page: "On leave"; empty otherwise
	Open      []Shade
	Cards     []DayCard
	Booked    int
}

// DayColumns is the fragment "day-columns" (GET /app/day/columns?day=&starts=&rows=): every column at once.
type DayColumns struct {
	Shell
	Columns []DayColumn
}

func (p *DayColumns) inner() []*Shell {
	var out []*Shell
	for i := range p.Columns {
		out = append(out, &p.Columns[i].Shell)
	}
	return out
}

// Shade is an open stretch, in rows.
type Shade struct{ Row, Len int }

// DayCard is one appointment in the grid. Row, Len, Column and Width come from Lay.
type DayCard struct {
	ID             string
	Row, Len       int // in five-minute rows from the grid's start
	Column, Width  int // sub-columns, of twelve
	State          string
	At             time.Time // in the clinic's zone
	Patient        string
	Service        string
	Version        int64
	Overbooked     bool
	Broken         bool // could not be opened: shown as such, nothing else of it is known
	Fixed          bool // may not be moved: it is over, or cancelled
	NeedsAttention bool // ahead, and outside the hours, in leave or on a closed day: somebody has to decide
}

// Tall says whether the card has room for a second line.
func (c DayCard) Tall() bool { return c.Len >= 6 }

// Gone says whether the card is of an appointment that will not take place.
func (c DayCard) Gone() bool { return c.State == "cancelled" || c.State == "no-show" }

// StateCount is how many appointments of the day are in a state.
type StateCount struct {
	State string
	Count int
}

// AppointmentCard is the panel of one appointment; the template "appointment-panel" is also
// the fragment that GET /app/appointments/{id} answers to our script, and the page
// "appointment" shows it alone.
type AppointmentCard struct {
	Shell
	ID              string
	Version         int64
	State           string
	At, Ends        time.Time
	Day             clock.Date
	Minutes         int
	Service         string
	ProviderID      string
	Provider        string
	PatientID       string
	Patient         string
	PatientAge      string
	Phone           string
	Note            string
	NoteTyped       string // in the form that changes it
	NoteHint        bool   // it looked like health details: said once, and taken the second time
	CanNote         bool
	BookedBy        string // in the language of the page: "Online", or who
	BookedAt        time.Time
	OverbookReason  string
	Actions         []string // any of arrived, with, completed, no-show, booked (undo), confirm; in order
	CanVisit        bool     // the clinic keeps clinical records, and this person may write them
	VisitStarts     bool     // opening the visit says that the patient is with the practitioner
	VisitFirst      bool     // it is what is likely next
	CanMove         bool
	CanCancel       bool
	Messages        []MessageLine
	History         []HistoryLine
	Providers       []Option // to move to
	Date, StartTime string   // of the move form, as typed: "2026-11-24", "09:15"
	Conflict        *Conflict
	Bill            *BillMark // nil where the clinic bills nothing, or this person may not see it
	Alone           bool      // the page "appointment", not the panel
	Today           clock.Date
}

// MessageLine is one message of an appointment: when it goes, and what became of it.
type MessageLine struct {
	ID      string
	What    string // "Confirmation by e-mail"
	State   string // planned, sending, handing-over, sent, refused, given-up, uncertain, dropped, cancelled
	At      time.Time
	Problem bool
}

// HistoryLine is one entry of the booking log.
type HistoryLine struct {
	At    time.Time
	Words string // in the language of the page: "Moved from 9:15 am by Meera"
}

// Conflict is what stands in the way of a booking or a move by staff; whoever may overbook
// gives a reason and goes on.
type Conflict struct {
	Sentence  string // in the language of the page
	With      []string
	CanInsist bool
	Reason    string // as typed
}

// BookPage is /app/book, the page "book": booking without script, and the answer to every
// refused booking of the panel. What is chosen so far is in the query; the last step is a form.
type BookPage struct {
	Shell
	Query     string
	Sought    string // the same, sealed
	Hits      []PatientHit
	Searched  bool
	Patient   *PatientHit
	New       NewPatientForm
	Services  []Option
	Providers []Option // the first is "any"
	Service   string
	Provider  string
	Day       clock.Date
	Slots     []SlotChoice
	NextDay   clock.Date
	At        time.Time // chosen; zero: not yet
	Note      string
	NoteHint  bool
	NoteSeen  bool // the remark about health words was made: the form says so
	Conflict  *Conflict
	Key       string
	Likely    []PatientHit // likely duplicates of New
	Different bool         // New is none of them: it was ticked
}

// PatientHit is one found patient; the template "patient-hits" is the fragment that
// POST /app/search answers.
type PatientHit struct {
	ID, Name    string
	Age         string // said: "42 y"
	Phone       string // masked but for its last digits
	Next        time.Time
	LastService string
	Broken      bool
}

// HitsFragment is the fragment "patient-hits" (POST /app/search).
type HitsFragment struct {
	Shell
	Query  string
	Hits   []PatientHit
	Links  bool // the hits lead to the patients' pages, as opposed to being options of a list box
	Recent bool // these are the last seen, nothing was searched
}

// FreeFragment is the fragment "free-slots" (GET /app/free?service=&provider=&day=&patient=).
type FreeFragment struct {
	Shell
	Slots   []SlotChoice // the next three, or those of the day
	Service string
	Patient string // id; empty for a new one
	Key     string
	None    bool
}

// WeekPage is /app/week, the page "week".
type WeekPage struct {
	Shell
	From      clock.Date
	Today     clock.Date
	Provider  string // empty: all
	Providers []Option
	Days      []WeekDay
	Earlier   clock.Date
	Later     clock.Date
}

// WeekDay is one day of the week page.
type WeekDay struct {
	Date    clock.Date
	Closed  string // why, in the language of the page; empty when open
	Cards   []DayCard
	Booked  int
	Percent int // of the open time that is booked; -1 unknown
	More    int // cards that are not listed
}

// ScriptWords are the sentences that day.ts says, as JSON for a data attribute.
func (p *DayPage) ScriptWords() (string, error) {
	said := map[string]any{}
	for _, k := range []string{"moved", "undo", "undone", "offline_refused", "refused", "moving", "move_cancelled", "at", "loading", "updated", "booked", "none", "new_patient", "keys_off"} {
		said[k] = p.Tongue.Say("day.js."+k, "Name", "{name}", "Time", "{time}", "Provider", "{provider}")
	}
	var periods [][2]any
	for _, x := range p.Tongue.Periods() {
		periods = append(periods, [2]any{x.From, x.Pattern})
	}
	said["periods"] = periods
	raw, err := json.Marshal(said)
	return string(raw), err
}

// ZoneID is the zone's name for scripts.
func (p *DayPage) ZoneID() string {
	if p.Zone == nil {
		return "UTC"
	}
	return p.Zone.String()
}

// NowRow is the row of the present moment, -1 when it is not in the grid.
func (p *DayPage) NowRow() int {
	if p.Now.IsZero() || p.Now.Before(p.Starts) {
		return -1
	}
	row := int(p.Now.Sub(p.Starts) / (5 * time.Minute))
	if row >= p.Rows {
		return -1
	}
	return row
}

// Total is how many appointments the day has.
func (p *DayPage) Total() int {
	n := 0
	for _, c := range p.Columns {
		n += len(c.Cards)
	}
	return n
}

// inner are the shells of the panel and the columns, which Render fills from the page's own.
func (p *DayPage) inner() []*Shell {
	var out []*Shell
	if p.Selected != nil {
		out = append(out, &p.Selected.Shell)
	}
	for i := range p.Columns {
		out = append(out, &p.Columns[i].Shell)
	}
	return out
}

// Yesterday and Tomorrow are the days beside.
func (p *DayPage) Yesterday() clock.Date { return p.Day.AddDays(-1) }

// Tomorrow is the day after.
func (p *DayPage) Tomorrow() clock.Date { return p.Day.AddDays(1) }

// MarkHours lists the hours of a grid that starts at the instant starts (in the clinic's zone)
// and has the given number of rows. On a day on which the clocks change, an hour is there twice or not at all.
func MarkHours(starts time.Time, rows int) []HourMark {
	var out []HourMark
	for row := 0; row < rows; row++ {
		at := starts.Add(time.Duration(row) * 5 * time.Minute)
		if at.Minute() == 0 {
			out = append(out, HourMark{Row: row, Time: at})
		}
	}
	return out
}
