package disclosures

import (
	"slices"
	"strings"
	"unicode/utf8"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Ground is why something may be given without the patient's asking. The list is closed; its words are at disclosure.ground.<ground>.
type Ground string

// The grounds.
const (
	Court  Ground = "court"  // the order of a court
	Law    Ground = "law"    // an authority that names the law by which it may demand it
	Health Ground = "health" // what the law has reported to a health office
	Life   Ground = "life"   // somebody's life or safety is in danger
	Rights Ground = "rights" // the clinic's own rights, before a court or its insurer
)

// Grounds are all of them, in the order of menus.
func Grounds() []Ground { return []Ground{Court, Law, Health, Life, Rights} }

// Part is one part of a record. The list is closed; its words are at disclosure.part.<part>.
type Part string

// The parts.
const (
	Identity      Part = "identity" // name, date of birth, sex
	Contact       Part = "contact"  // phone, e-mail, address, guardians
	Appointments  Part = "appointments"
	Clinical      Part = "clinical" // visits, what is known of her, answers before a visit
	Prescriptions Part = "prescriptions"
	Invoices      Part = "invoices"
	Messages      Part = "messages"
	Consents      Part = "consents"
)

// Parts are all of them, in the order of forms.
func Parts() []Part {
	return []Part{Identity, Contact, Appointments, Clinical, Prescriptions, Invoices, Messages, Consents}
}

// State is where a demand stands.
type State string

// The states.
const (
	Asked    State = "asked"
	Approved State = "approved" // the file can be taken
	Refused  State = "refused"
	Given    State = "given"
	Dropped  State = "dropped" // taken back by whoever wrote it down, or the patient was erased before it was decided
)

// Draft is a demand as it is written down.
type Draft struct {
	Patient   id.ID
	Ground    Ground
	Recipient string // who asks: the office and the person
	Reference string // the number of its letter or order
	Why       string // why it is lawful, and why no less is enough
	Parts     []Part
	Gag       clock.Date // the last day on which the law forbids to tell her; empty: it does not
	GagWhy    string     // by which order or law
}

// Disclosure is one demand with what became of it.
type Disclosure struct {
	Draft
	ID          id.ID
	State       State
	By, Decider id.ID // who wrote it down, and who decided
	Words       string
	AskedAt     clock.Instant
	DecidedAt   clock.Instant
	GivenAt     clock.Instant
	ToldAt      clock.Instant
	ToldBy      string // "message" or "hand"
	Version     int64
}

// Gagged says whether the law forbids to tell her on that day.
func (d Draft) Gagged(today clock.Date) bool { return d.Gag != "" && today <= d.Gag }

const (
	longestWords  = 2000
	longestParty  = 200
	longestGagged = 5 * 366 // days
)

// check finds what is missing. today is the clinic's day.
func (d *Draft) check(today clock.Date) error {
	var wrong fault.Fields
	line := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	d.Recipient, d.Reference = line(d.Recipient), line(d.Reference)
	d.Why, d.GagWhy = strings.TrimSpace(d.Why), strings.TrimSpace(d.GagWhy)
	if !slices.Contains(Grounds(), d.Ground) {
		wrong.Add("ground", "field.disclosure.ground")
	}
	if n := utf8.RuneCountInString(d.Recipient); n == 0 || n > longestParty {
		wrong.AddWith("recipient", "field.disclosure.recipient", map[string]any{"Most": longestParty})
	}
	if n := utf8.RuneCountInString(d.Reference); n > longestParty || n == 0 && (d.Ground == Court || d.Ground == Law) {
		wrong.Add("reference", "field.disclosure.reference")
	}
	if n := utf8.RuneCountInString(d.Why); n == 0 || n > longestWords {
		wrong.AddWith("why", "field.disclosure.why", map[string]any{"Most": longestWords})
	}
	var parts []Part
	for _, p := range Parts() {
		if slices.Contains(d.Parts, p) {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 || len(parts) != len(d.Parts) {
		wrong.Add("parts", "field.disclosure.parts")
	}
	d.Parts = parts
	switch {
	case d.Gag != "" && (!d.Gag.Valid() || d.Gag < today):
		wrong.Add("gag", "field.disclosure.gag")
	case d.Gag != "" && today.DaysUntil(d.Gag) > longestGagged:
		wrong.Add("gag", "field.disclosure.gag_long")
	}
	if n := utf8.RuneCountInString(d.GagWhy); n > longestWords || (n == 0) != (d.Gag == "") {
		wrong.Add("gag_why", "field.disclosure.gag_why")
	}
	return wrong.Err()
}
