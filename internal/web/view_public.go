package web

import (
	"net/url"
	"slices"
	"time"

	"almirah/internal/clock"
)

// The public pages, in the order in which a patient meets them. They run no script: each
// step is a link, the last a form.

// Price is an amount that a page shows; nil where nothing is shown.
type Price struct {
	Minor    int64
	Currency string
}

// ServiceOffer is one service as patients see it.
type ServiceOffer struct {
	ID, Name, About string
	Minutes         int
	Price           *Price
	Providers       int // how many offer it; 1 skips the choice of a provider
}

// Span is a stretch of wall-clock time within one day.
type Span struct{ From, To clock.Minute }

// HoursLine is one weekday's opening hours; no spans means closed.
type HoursLine struct {
	Day   time.Weekday
	Spans []Span
	Today bool
}

// Closure is a time in which the clinic is closed or works other hours.
type Closure struct {
	From, To clock.Date
	Words    string // the clinic's own words; may be empty
}

// ProviderCard is a practitioner as patients see her: what she switched off is empty.
type ProviderCard struct {
	ID, Name                    string
	Qualification, Registration string // the speciality stands before the qualification
	About                       string
	NextFree                    time.Time // in the clinic's zone; zero: none in the horizon
}

// PublicClinic is /c/{slug}, the page "public-clinic".
type PublicClinic struct {
	Shell
	Services []ServiceOffer
	Team     []ProviderCard
	Hours    []HoursLine
	Closures []Closure
	NextFree time.Time // of any service; zero: none
	Paused   bool      // online booking is switched off
	NotYet   bool      // the clinic may enter no patient yet: it has to sign an agreement first
}

// PublicProviders is /c/{slug}/book?service=, the page "public-providers".
type PublicProviders struct {
	Shell
	Service   ServiceOffer
	Providers []ProviderCard
	NextFree  time.Time // with any of them
}

// DayChoice is one day that can be chosen.
type DayChoice struct {
	Date    clock.Date
	Free    int
	Closed  bool // the clinic is closed, as opposed to full
	Current bool
}

// SlotChoice is one free time.
type SlotChoice struct {
	At       time.Time // in the clinic's zone
	Provider string    // id, or "any"
	Name     string    // the provider's name; empty when the choice is any
}

// TimesPage chooses a day and a time: the page "public-times" (/c/{slug}/book?service=&provider=
// [&day=]) and the page "own-times" (/m/{token}/change[?day=]).
type TimesPage struct {
	Shell
	Service  ServiceOffer
	Provider ProviderCard // ID "any" for any of them
	Days     []DayChoice  // 14 days
	Day      clock.Date   // the chosen one; empty when no day is free
	Slots    []SlotChoice // of the chosen day, in order
	NextDay  clock.Date   // the first free day after the shown days, or of another week; empty: none
	Earlier  clock.Date   // first day of the fortnight before; empty: none
	Later    clock.Date   // first day of the fortnight after; empty: none
	Taken    time.Time    // the time that was chosen and is gone; zero: none
	TakenWhy string       // what became of it, in the language of the page
	Token    string       // set on "own-times"
	Current  *BookingCard // set on "own-times": the appointment that is being changed
}

// Part is a part of the day with its free times.
type Part struct {
	Key   string
	Slots []SlotChoice
}

// Parts groups the times by morning, afternoon and evening; empty parts are left out.
func (p *TimesPage) Parts() []Part {
	parts := []Part{{Key: "part.morning"}, {Key: "part.afternoon"}, {Key: "part.evening"}}
	for _, s := range p.Slots {
		i := 0
		if s.At.Hour() >= 17 {
			i = 2
		} else if s.At.Hour() >= 12 {
			i = 1
		}
		parts[i].Slots = append(parts[i].Slots, s)
	}
	var out []Part
	for _, x := range parts {
		if len(x.Slots) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// DayURL shows another day. It jumps to the times, so that a keyboard lands where the news is.
func (p *TimesPage) DayURL(d clock.Date) string {
	if p.Token != "" {
		return "/m/" + url.PathEscape(p.Token) + "/change?day=" + string(d) + "#times"
	}
	return p.base() + "&day=" + string(d) + "#times"
}

// SlotURL takes a time to the next step.
func (p *TimesPage) SlotURL(s SlotChoice) string {
	at := "at=" + url.QueryEscape(s.At.Format(time.RFC3339)) + "&provider=" + url.QueryEscape(s.Provider)
	if p.Token != "" {
		return "/m/" + url.PathEscape(p.Token) + "/change?" + at
	}
	return p.Clinic.Path() + "/book?service=" + url.QueryEscape(p.Service.ID) + "&" + at
}

func (p *TimesPage) base() string {
	return p.Clinic.Path() + "/book?service=" + url.QueryEscape(p.Service.ID) + "&provider=" + url.QueryEscape(p.Provider.ID)
}

// First and Last are the ends of the shown days; empty when there are none.
func (p *TimesPage) First() clock.Date {
	if len(p.Days) == 0 {
		return ""
	}
	return p.Days[0].Date
}

// Last is the last shown day.
func (p *TimesPage) Last() clock.Date {
	if len(p.Days) == 0 {
		return ""
	}
	return p.Days[len(p.Days)-1].Date
}

// ZoneAt is a moment in the clinic's zone, to name the zone by; zero when no time is shown.
func (p *TimesPage) ZoneAt() time.Time {
	if len(p.Slots) > 0 {
		return p.Slots[0].At
	}
	return p.Taken
}

// BookingForm is what the visitor typed, as it was typed.
type BookingForm struct {
	Whom          string // "self" or "other"
	Name          string
	Phone, Email  string
	Birth         BirthTyped
	GuardianName  string
	GuardianPhone string
	GuardianEmail string
	GuardianKin   string // one of patients.Relations
	Note          string
	Consents      map[string]bool // purpose -> ticked
	Key           string          // idempotency key, made when the form was first shown
}

// ConsentChoice is one purpose that may be consented to.
type ConsentChoice struct {
	Purpose  string // value of the checkbox
	Sentence string // in the language of the page
	Hint     string
	Notice   string // the whole text: what it is for, which data it uses, how to take it back; empty: there is none
}

// PublicDetails is the form, the page "public-details" (/c/{slug}/book?service=&provider=&at=).
type PublicDetails struct {
	Shell
	Service  ServiceOffer
	Provider ProviderCard
	At, Ends time.Time
	Form     BookingForm
	Consents []ConsentChoice
	AdultAge int  // the age from which a person books alone here
	NoteHint bool // the note looked like health details; shown once, gently, and not refused again

	// Taken is the time that was chosen and is gone; the form then comes back as it was typed, with
	// other times to choose from instead, and TakenWhy says what became of it.
	Taken        time.Time
	TakenWhy     string
	Alternatives []SlotChoice
}

// BookingCard is one appointment as its patient sees it.
type BookingCard struct {
	ID               string
	Service          string
	Provider         string
	At, Ends         time.Time // in the clinic's zone
	Minutes          int
	Price            *Price
	State            string // booked, confirmed, arrived, with, completed, cancelled, no-show
	Version          int64
	Patient          string // the patient's name
	ManageURL        string
	CanMove, CanStop bool
	CallToMove       bool // not online: the clinic or the practitioner is not booked there
}

// PublicBooked is the page "public-booked", shown once after a booking.
type PublicBooked struct {
	Shell
	Booking   BookingCard
	SentTo    []string // masked addresses that a confirmation goes to
	Reminders bool     // reminders were consented to
}

// OwnPage is /m/{token}, the page "own".
type OwnPage struct {
	Shell
	Token      string
	Booking    BookingCard
	Booker     bool          // the link is that of the booking page: it opens the appointment alone
	CanSay     bool          // she has been there, and may say how it was
	Others     []BookingCard // further appointments of the same patient, coming first
	Consents   []OwnConsent
	Wish       WishForm
	Said       []TalkDay      // what was written between her and the clinic, the last days of it
	Intake     bool           // the clinic asks something before the visit
	IntakeOpen int            // forms that are not signed yet
	Terms      *TermsQuestion // what she is asked about changed terms; nil: nothing
	Bills      []OwnBill      // empty where the clinic bills nothing here
}

// Owes says whether a bill can be paid on the page now.
func (p *OwnPage) Owes() bool {
	return slices.ContainsFunc(p.Bills, func(b OwnBill) bool { return b.CanPay })
}

// OwnBill is one invoice or credit note of the patient, with the receipts of what was paid.
type OwnBill struct {
	BillRow
	CanPay   bool // by a gateway, now
	Receipts []BillPayment
}

// OwnConsent is one purpose and whether the patient consents to it now.
type OwnConsent struct {
	ConsentChoice
	Given bool
	Since clock.Date // when it was given or withdrawn last; empty: never asked
	Older bool       // she agreed to an earlier text
}

// OwnChange is the last look before a change, the page "own-change" (/m/{token}/change?at=&provider=).
type OwnChange struct {
	Shell
	Token    string
	Booking  BookingCard
	At, Ends time.Time
	Provider ProviderCard
	Key      string
}

// OwnCancel asks before cancelling, the page "own-cancel" (/m/{token}/cancel).
type OwnCancel struct {
	Shell
	Token   string
	Booking BookingCard
	Key     string
}

// OwnDone says what was done, the page "own-done": What is "changed", "cancelled" or "unsubscribed".
type OwnDone struct {
	Shell
	Token   string
	What    string
	Booking *BookingCard
}

// OwnUnsubscribe is the page "own-unsubscribe" (/m/{token}/unsubscribe).
type OwnUnsubscribe struct {
	Shell
	Token   string
	Purpose string // in the language of the page: what will stop
	Action  string // where the form goes
}

// OwnGone is the page "own-gone": the link has ended, or never was.
type OwnGone struct{ Shell }

// HomePage is /, the page "home": what this is, where to sign in.
type HomePage struct {
	Shell
	Open bool // new clinics may sign up
}
