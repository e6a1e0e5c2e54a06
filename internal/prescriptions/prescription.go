package prescriptions

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Row is one drug of a sheet.
type Row struct {
	Generic  string `json:"generic"`
	Strength string `json:"strength,omitempty"`
	Form     string `json:"form,omitempty"`
	Route    string `json:"route,omitempty"`
	Dose     string `json:"dose"`             // a pattern as Pattern writes it, or a free text
	Timing   string `json:"timing,omitempty"` // one of Timings
	Days     int    `json:"days,omitempty"`   // 0: not limited, or when needed
	Quantity int    `json:"quantity,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Line is the drug as it is printed: generic name in capitals, strength and form in the spelling of the list.
func (r Row) Line() string {
	parts := []string{strings.ToUpper(r.Generic)}
	for _, x := range []string{r.Strength, r.Form} {
		if x != "" {
			parts = append(parts, x)
		}
	}
	return strings.Join(parts, " ")
}

// Limits of a sheet, in rows, days and characters.
const (
	MaxRows   = 15
	MaxDays   = 365
	MaxName   = 120
	MaxNote   = 200
	MaxAdvice = 1500
	MaxReason = 300
	minReason = 3
)

// Draft is a sheet as it is written.
type Draft struct {
	ID        id.ID // chosen by the page before it is saved for the first time, so that a retry makes no second sheet
	Patient   id.ID
	Encounter id.ID // the visit that it belongs to; zero for none
	Version   int64 // the one that the writer saw; 0 before it was saved
	Rows      []Row
	Advice    string
	Language  string // of the instructions
	Remote    bool   // the patient was seen by telephone or video
	Replaces  id.ID  // the signed sheet that this one takes the place of; zero for none
	Reasons   map[string]string
}

// State is how a sheet stands.
type State string

// The states.
const (
	Drafted   State = "draft"
	Signed    State = "signed"
	Cancelled State = "cancelled"
)

// Prescription is one sheet, opened.
type Prescription struct {
	Draft
	Provider  id.ID // the practitioner who signed, or for whom it is written; may be zero in a draft
	Author    id.ID // who wrote it last
	State     State
	CreatedAt clock.Instant
	SavedAt   clock.Instant
	SignedAt  clock.Instant
	SignedBy  id.ID
	EndedAt   clock.Instant // when it was cancelled, or replaced
	EndedBy   id.ID
	EndReason string
	Next      id.ID // the sheet that replaced it; zero for none
	Sheet     Sheet // of a signed one
	Broken    bool  // it cannot be opened
}

// Sheet is what else stood on the paper when it was signed. It is pinned: a clinic that moves and a practitioner who marries do not
// change what was signed.
type Sheet struct {
	Clinic       []string `json:"clinic"` // name first, then lines of the letterhead
	Signer       string   `json:"signer"`
	Qualified    string   `json:"qualified,omitempty"`
	Registration string   `json:"registration"`
	Speciality   string   `json:"speciality,omitempty"`
	Patient      string   `json:"patient"`
	Born         string   `json:"born,omitempty"`
	Sex          string   `json:"sex,omitempty"`
	Day          string   `json:"day"`          // local day of signing
	Instructions []string `json:"instructions"` // of the rows, in the patient's language
	Quantities   []string `json:"quantities"`   // of the rows, in the patient's language; "" where there is none
	Checking     Checking `json:"checking"`
	Code         string   `json:"code"` // of the verification page; only its hash is kept in the open
}

// content is what is sealed of a draft.
type content struct {
	Rows    []Row             `json:"rows"`
	Advice  string            `json:"advice,omitempty"`
	Reasons map[string]string `json:"reasons,omitempty"`
}

// rowField is the name of a row's field in forms and faults: "dose-2".
func rowField(name string, i int) string { return name + "-" + strconv.Itoa(i+1) }

// Field is the name of a row's field in forms and faults, counted from 1: "dose-2".
func Field(name string, n int) string { return rowField(name, n-1) }

// settle cleans a draft and fills in what the list of drugs knows: form, route and timing of a generic that stands on it, and the whole
// name where only its first letters were typed. It answers the rows (from 0) that were filled in: nobody has seen yet what stands there
// now, be it the name, a strength or the form.
func (d *Draft) settle(drugs *DrugList, aliases map[string]string, f *fault.Fields) (filled []int) {
	var rows []Row
	for _, r := range d.Rows {
		r.Generic, r.Note, r.Dose = oneLine(r.Generic), oneLine(r.Note), oneLine(r.Dose)
		r.Strength, r.Form, r.Route = oneLine(r.Strength), strings.ToLower(oneLine(r.Form)), oneLine(r.Route)
		if r.Generic == "" {
			if r.Dose != "" || r.Days != 0 || r.Note != "" {
				f.Add(rowField("drug", len(rows)), "field.rx.drug")
				rows = append(rows, r)
			}
			continue
		}
		i := len(rows)
		for _, x := range []struct {
			name, text string
			most       int
		}{{"drug", r.Generic, MaxName}, {"drug", r.Strength, MaxName}, {"drug", r.Form, 40}, {"dose", r.Dose, MaxName}, {"note", r.Note, MaxNote}} {
			switch {
			case utf8.RuneCountInString(x.text) > x.most:
				f.AddWith(rowField(x.name, i), "field.text.too_long", map[string]any{"Max": x.most})
			case strings.ContainsFunc(x.text, unsafe):
				f.Add(rowField(x.name, i), "field.text.control")
			}
		}
		if r.Form == "" && drugs != nil {
			if c, ok := drugs.Find(r.Generic, ""); ok {
				r.take(Choice{Drug: c, Strength: first(c.Strengths)})
				filled = append(filled, i)
			} else if found := drugs.Search(r.Generic, aliases); len(found) > 0 && utf8.RuneCountInString(r.Generic) >= 3 {
				r.take(found[0])
				filled = append(filled, i)
			}
		}
		if p, ok := ParseDose(r.Dose); ok {
			r.Dose = p.String()
		}
		if !slices.Contains(Timings(), r.Timing) {
			r.Timing = ""
		}
		if r.Days < 0 || r.Days > MaxDays {
			f.AddWith(rowField("days", i), "field.rx.days", map[string]any{"Most": MaxDays})
			r.Days = 0
		}
		r.Quantity = Quantity(r.Form, r.Dose, r.Days)
		rows = append(rows, r)
	}
	if len(rows) > MaxRows {
		f.AddWith(rowField("drug", MaxRows), "field.rx.rows", map[string]any{"Most": MaxRows})
		rows = rows[:MaxRows]
	}
	d.Rows = rows
	d.Advice = strings.TrimSpace(strings.ReplaceAll(d.Advice, "\r\n", "\n"))
	switch {
	case utf8.RuneCountInString(d.Advice) > MaxAdvice:
		f.AddWith("advice", "field.text.too_long", map[string]any{"Max": MaxAdvice})
	case strings.ContainsFunc(d.Advice, func(r rune) bool { return unsafe(r) && r != '\n' }):
		f.Add("advice", "field.text.control")
	}
	for k, reason := range d.Reasons {
		if reason = oneLine(reason); reason == "" {
			delete(d.Reasons, k)
			continue
		}
		if r := []rune(reason); len(r) > MaxReason {
			reason = string(r[:MaxReason])
		}
		d.Reasons[k] = strings.Map(func(r rune) rune {
			if unsafe(r) {
				return -1
			}
			return r
		}, reason)
	}
	return filled
}

// take writes a drug of the list into the row.
func (r *Row) take(c Choice) {
	r.Generic, r.Form, r.Route = c.Generic, c.Form, c.Route
	if r.Strength == "" {
		r.Strength = c.Strength
	}
	if r.Timing == "" {
		r.Timing = c.Food
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// whole says under each field what a sheet lacks before it can be signed. A dose is asked about here and not when a draft is saved, which
// happens while it is typed.
func (d *Draft) whole(f *fault.Fields) {
	if len(d.Rows) == 0 {
		f.Add(rowField("drug", 0), "field.rx.none")
	}
	for i, r := range d.Rows {
		if r.Dose == "" {
			f.Add(rowField("dose", i), "field.rx.dose")
		} else if key, args := doubt(r.Dose, Unit(r.Form)); key != "" {
			f.AddWith(rowField("dose", i), key, args)
		}
	}
}

// stale is the fault of a sheet that somebody else changed meanwhile.
func stale() error { return fault.New(fault.Conflict, "fault.changed_meanwhile") }

// event describes a sheet in the audit log: what is on it, sealed with the rest.
func (d *Draft) event() map[string]any {
	var rows []string
	for _, r := range d.Rows {
		rows = append(rows, fmt.Sprintf("%s %s %d", r.Line(), r.Dose, r.Days))
	}
	return map[string]any{"rows": rows, "remote": d.Remote}
}
