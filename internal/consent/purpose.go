package consent

import (
	"slices"

	"almirah/internal/clock"
	"almirah/internal/fault"
)

// Purpose is what a patient's data may serve towards the patient. The list is closed.
type Purpose string

// The purposes. None of them is advertising.
const (
	Booking  Purpose = "booking"  // making, moving and cancelling the appointment that the patient asked for
	Reminder Purpose = "reminder" // reminding of an appointment
	Followup Purpose = "followup" // asking to come again when it is time
	Review   Purpose = "review"   // asking how it was
	Papers   Purpose = "papers"   // sending links to the patient's own papers, such as prescriptions
	News     Purpose = "news"     // telling what is new at the clinic
	Figures  Purpose = "figures"  // counting her visits in the clinic's figures, in which nobody is named
	Rights   Purpose = "rights"   // answering what she asked about her own data: the law demands it
	Security Purpose = "security" // telling her that something happened to her data: the law demands it
	Terms    Purpose = "terms"    // telling her that the terms are to change: the law demands it
)

// restriction stands in the purpose column of rows that say that the patient stopped every use (given)
// or took that back. It is no purpose: nobody can ask for it.
const restriction Purpose = "restriction"

// Basis is why the law lets data serve a purpose.
type Basis string

// The bases.
const (
	Necessity Basis = "necessity" // the appointment cannot be had without it; nobody is asked
	Agreement Basis = "agreement" // only after the patient said yes
	Objection Basis = "objection" // until the patient says no
	Duty      Basis = "duty"      // the law demands it, whatever anybody said
)

// Entry is one line of the purpose registry.
type Entry struct {
	Purpose Purpose
	Basis   Basis
	Child   bool // may serve a child, whose guardian agreed; what is beyond her care may not

	// Since is when the purpose came into the list, where that was after people had given us data: whoever was here before has to
	// be asked first, also where others may only object (promise new-purpose-asked). Zero: it was there from the beginning.
	Since clock.Instant

	// Wider is when the purpose came to cover more than its text had said: who agreed before that agreed to less, and is asked anew (promise
	// consent-not-widened). Zero: never.
	Wider clock.Instant
}

// Registry lists the purposes in the order of pages. Their words are at consent.purpose.<purpose>
// (what it is called) and consent.purpose.<purpose>.why (what is done).
func Registry() []Entry {
	return []Entry{
		{Purpose: Booking, Basis: Necessity, Child: true},
		{Purpose: Reminder, Basis: Agreement, Child: true},
		{Purpose: Followup, Basis: Agreement, Child: true},
		{Purpose: Papers, Basis: Agreement, Child: true},
		{Purpose: Review, Basis: Agreement},
		{Purpose: News, Basis: Agreement},
		{Purpose: Figures, Basis: Objection, Child: true},
		{Purpose: Rights, Basis: Duty, Child: true},
		{Purpose: Security, Basis: Duty, Child: true},
		{Purpose: Terms, Basis: Duty, Child: true},
	}
}

// Asked are the purposes for which a patient is asked, in the order of pages.
func Asked() []Purpose {
	var out []Purpose
	for _, e := range Registry() {
		if e.Basis == Agreement {
			out = append(out, e.Purpose)
		}
	}
	return out
}

// Askable says whether a patient can be asked for the purpose.
func Askable(p Purpose) bool { return slices.Contains(Asked(), p) }

func entry(p Purpose) (Entry, bool) {
	all := Registry()
	i := slices.IndexFunc(all, func(e Entry) bool { return e.Purpose == p })
	if i < 0 {
		return Entry{}, false
	}
	return all[i], true
}

// Channels are the ways of sending that a consent can name; "" names all of them.
var channels = []string{"", "email", "sms", "whatsapp"}

// Doors are where a choice was made.
const (
	DoorOnline = "online" // the public page
	DoorAPI    = "api"    // the public JSON interface
	DoorDesk   = "desk"   // said to the clinic's staff
	DoorLink   = "link"   // the patient's own page, and the stop link of a message
	DoorReply  = "reply"  // an answer to a message
)

var doors = []string{DoorOnline, DoorAPI, DoorDesk, DoorLink, DoorReply}

// Reasons of May. The list is closed; their words are at consent.reason.<reason>.
const (
	ReasonNecessary  = "necessary"  // yes: the appointment needs it
	ReasonGiven      = "given"      // yes: the patient agreed
	ReasonUnopposed  = "unopposed"  // yes: the patient may object, and did not
	ReasonDuty       = "duty"       // yes: the law demands it
	ReasonNotAsked   = "not-asked"  // no: she never agreed
	ReasonNarrower   = "narrower"   // no: what she agreed to covered less
	ReasonWithdrawn  = "withdrawn"  // no: she said no, or took her yes back
	ReasonRestricted = "restricted" // no: she stopped every use
	ReasonChild      = "child"      // no: this is not for children
	ReasonUnknown    = "unknown"    // no: there is no such purpose
)

// Reasons are all reasons of May.
func Reasons() []string {
	return []string{ReasonNecessary, ReasonGiven, ReasonUnopposed, ReasonDuty, ReasonNotAsked, ReasonNarrower, ReasonWithdrawn, ReasonRestricted, ReasonChild, ReasonUnknown}
}

// Choice is what a person chose: yes or no to one purpose by one channel ("" for all).
type Choice struct {
	Purpose Purpose
	Channel string
	Given   bool
	Version int64 // of the notice that was shown; 0 for the one that counts now
}

// check finds choices that no page can have made.
func (c Choice) check(f *fault.Fields) {
	e, ok := entry(c.Purpose)
	switch {
	case !ok:
		f.Add("consents", "field.consent.purpose")
	case e.Basis == Necessity || e.Basis == Duty:
		f.Add("consents", "field.consent.needless")
	case !slices.Contains(channels, c.Channel):
		f.Add("consents", "field.consent.channel")
	case c.Version < 0:
		f.Add("consents", "field.consent.notice")
	}
}

// Choices reads purposes that were ticked on a form or named in a request: each is a yes by all
// channels. What was not ticked is no choice. A word that is no purpose is a wrong field "consents".
func Choices(ticked []string, f *fault.Fields) []Choice {
	var out []Choice
	for _, t := range ticked {
		c := Choice{Purpose: Purpose(t), Given: true}
		if slices.Contains(out, c) {
			continue
		}
		c.check(f)
		out = append(out, c)
	}
	return out
}
