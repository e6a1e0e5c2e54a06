package insight

import (
	"almirah/internal/clock"
	"almirah/internal/id"
)

// Day is what one practitioner's day came to. Each appointment is in exactly one of the first four, and each reminded one in one of the last four.
type Day struct {
	Day      clock.Date
	Provider id.ID

	Attended  int64 // the patient came
	Missed    int64 // she did not come
	Cancelled int64
	Unmarked  int64 // nobody has said

	ClaimedMinutes int64 // of what was not cancelled
	OfferedMinutes int64 // of the practitioner's hours

	Soon, SoonMinutes int64 // patients who waited at most SoonLimit minutes between check-in and practitioner, and how long all of them did
	Late, LateMinutes int64 // those who waited longer

	ToldBoth      int64 // reminded: a reminder is known to have arrived, and the patient confirmed after the first
	ToldDelivered int64
	ToldConfirmed int64
	ToldOnly      int64
}

// SoonLimit is how many minutes of waiting are not long.
const SoonLimit = 15

// longestWait is when a wait is taken for a button that nobody pressed, in minutes.
const longestWait = 8 * 60

// key is a day of a practitioner.
type key struct {
	day      clock.Date
	provider id.ID
}

// source is how many appointments were booked on a day through one door.
type source struct {
	day  clock.Date
	door string
}

// purse is one sum of a day: see the kinds of money.
type purse struct {
	day                  clock.Date
	kind, part, currency string
}

// The kinds of money.
const (
	kindPaid     = "paid"     // part: the method
	kindRefunded = "refunded" // part: the method
	kindInvoiced = "invoiced" // without tax
	kindCredited = "credited" // without tax
	kindTax      = "tax"      // part: the tax
	kindTaxBack  = "tax-back" // part: the tax
)

// sum is how many cases a purse has, and how much.
type sum struct{ cases, amount int64 }

// counts are what some days came to.
type counts struct {
	days    map[key]Day
	sources map[source]int64
	money   map[purse]sum
}

// visit is one appointment as it is counted.
type visit struct {
	id, patient, provider id.ID
	day                   clock.Date
	status                string
	starts                clock.Instant
	claimed               int64 // minutes
	occurrence            int64
	child                 bool

	arrived, began clock.Instant // zero: not so
	reminded       clock.Instant // the first reminder of this occurrence went out
	delivered      bool
	confirmed      bool
}

// mark is a line of the booking log.
type mark struct {
	appointment id.ID
	at, starts  clock.Instant
	action      string
}

// follow takes what happened to an appointment, in order, for the times at which she came and was called. The desk presses the wrong button: what
// was taken back has not been.
func (v *visit) follow(m mark) {
	switch m.action {
	case "reschedule", "booked":
		v.arrived, v.began = 0, 0
	case "confirmed":
		v.arrived, v.began = 0, 0
		if v.reminded > 0 && m.at >= v.reminded && m.starts == v.starts {
			v.confirmed = true
		}
	case "arrived":
		if v.arrived == 0 {
			v.arrived = m.at
		}
		v.began = 0
	case "in-progress":
		if v.began == 0 {
			v.began = m.at
		}
	}
}

// into adds the appointment to its day.
func (v *visit) into(d Day) Day {
	switch v.status {
	case "arrived", "in-progress", "completed":
		d.Attended++
	case "no-show":
		d.Missed++
	case "cancelled":
		d.Cancelled++
	default:
		d.Unmarked++
	}
	if v.status != "cancelled" {
		d.ClaimedMinutes += v.claimed
	}
	if came := v.status == "in-progress" || v.status == "completed"; came && v.arrived > 0 && v.began >= v.arrived {
		switch wait := int64(v.began-v.arrived) / 60e6; {
		case wait <= SoonLimit:
			d.Soon, d.SoonMinutes = d.Soon+1, d.SoonMinutes+wait
		case wait <= longestWait:
			d.Late, d.LateMinutes = d.Late+1, d.LateMinutes+wait
		}
	}
	switch {
	case v.reminded == 0:
	case v.delivered && v.confirmed:
		d.ToldBoth++
	case v.delivered:
		d.ToldDelivered++
	case v.confirmed:
		d.ToldConfirmed++
	default:
		d.ToldOnly++
	}
	return d
}
