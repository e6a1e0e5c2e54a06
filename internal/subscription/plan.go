package subscription

import (
	"strings"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/money"
)

// The terms for which a clinic pays at once.
const (
	Monthly = "month"
	Yearly  = "year"
)

// Plan is one thing that a clinic can buy. Prices are before tax, in minor units.
type Plan struct {
	Key, Name   string
	Currency    string
	Month, Year int64 // zero: not offered for this term
}

// Price is the plan's price for the term before tax; false when it is not offered so.
func (p Plan) Price(term string) (int64, bool) {
	n := map[string]int64{Monthly: p.Month, Yearly: p.Year}[term]
	return n, n > 0
}

// Seller is whoever runs the installation, as the invoices name it.
type Seller struct {
	Name, Address string
	TaxNumber     string // of India: a GSTIN, whose first two digits are the state
	Country       string // ISO 3166
	Rate          money.PerMillion
	TaxCode       string // SAC, for India
	Series        string // in front of the numbers of invoices
}

// Terms are what a deployment was told. The zero Terms ask for nothing.
type Terms struct {
	Plans   []Plan
	Trial   time.Duration
	Grace   time.Duration
	Seller  Seller
	Gateway billing.Gateway // nil: nothing can be paid online
	Till    billing.Till    // the account of whoever runs the installation
}

// On says whether clinics pay here at all.
func (t Terms) On() bool { return len(t.Plans) > 0 }

// Plan is the plan with the key; false when there is none any more.
func (t Terms) Plan(key string) (Plan, bool) {
	for _, p := range t.Plans {
		if p.Key == key {
			return p, true
		}
	}
	return Plan{}, false
}

// State is how a clinic stands.
type State string

// The states, in the order in which they come when nobody pays.
const (
	Trying   State = "trial"
	Paid     State = "paid"
	Grace    State = "grace"     // the time that was paid for is over; everything still works
	ReadOnly State = "read-only" // nothing can be entered; reading, taking along, leaving and paying work
)

// Held is a clinic's subscription.
type Held struct {
	Clinic     id.ID
	Plan, Term string // what was paid for last; empty during the trial
	TrialUntil clock.Instant
	PaidUntil  clock.Instant
	stands     clock.Instant // how long the doorway lets it write as things stand; zero: it was not asked
	told       stage
	version    int64
}

// Due is the moment at which the time that is paid for, or tried, ends.
func (h Held) Due() clock.Instant { return max(h.TrialUntil, h.PaidUntil) }

// WritesUntil is the moment at which the clinic becomes read-only when nobody pays. What stands already is not made shorter by terms that allow less: it was told so.
func (h Held) WritesUntil(t Terms) clock.Instant { return max(h.Due().Add(t.Grace), h.stands) }

// State is how the clinic stands at the moment.
func (h Held) State(t Terms, now clock.Instant) State {
	switch {
	case now < h.Due() && h.PaidUntil == 0:
		return Trying
	case now < h.Due():
		return Paid
	case now < h.WritesUntil(t):
		return Grace
	}
	return ReadOnly
}

// extended is the period that a payment buys: it goes on where the last one ended, so that nothing is given away and nothing is charged
// twice. Only a clinic that could not write any more begins anew.
func (h Held) extended(t Terms, term string, now clock.Instant) (from, until clock.Instant) {
	from = h.Due()
	if h.State(t, now) == ReadOnly {
		from = now
	}
	months := 1
	if term == Yearly {
		months = 12
	}
	return from, clock.At(addMonths(from.Time(), months))
}

// addMonths is the same day some months later, or the last day of a month that has no such day.
func addMonths(t time.Time, n int) time.Time {
	out := t.AddDate(0, n, 0)
	if out.Day() != t.Day() {
		out = out.AddDate(0, 0, -out.Day())
	}
	return out
}

// stage is a notice about one end of the time that is paid for, in the order of the clock.
type stage int64

// How far the owners of a clinic were told, as the database keeps it (column told): of the end of the time that is paid for, and that the clinic is read-only.
const (
	ToldEnd     = int64(toldEnd)
	ToldStopped = int64(toldStopped)
)

const (
	toldNothing stage = iota
	toldWeek          // a week before the end
	toldDay           // a day before the end
	toldEnd           // at the end: grace begins
	toldSoon          // three days before the clinic becomes read-only
	toldStopped       // at that moment
)

// notices are the words of the stages; accounts has a mail for each.
var notices = map[stage]string{toldWeek: accounts.NoticePlanWeek, toldDay: accounts.NoticePlanDay, toldEnd: accounts.NoticePlanEnded, toldSoon: accounts.NoticePlanSoon, toldStopped: accounts.NoticePlanStopped}

const day = 24 * time.Hour

// told is how long before a clinic becomes read-only its owners are told that it does.
const told = 3 * day

// stageAt is the last notice whose day has come.
func (h Held) stageAt(t Terms, now clock.Instant) stage {
	due, stop := h.Due(), h.WritesUntil(t)
	switch {
	case now >= stop:
		return toldStopped
	case now >= due && now >= stop.Add(-told):
		return toldSoon
	case now >= due:
		return toldEnd
	case now >= due.Add(-day):
		return toldDay
	case now >= due.Add(-7*day):
		return toldWeek
	}
	return toldNothing
}

// Buyer is the clinic as an invoice names it.
type Buyer struct{ Name, Address, TaxNumber, Country string }

// Quote is what a plan costs a clinic, with tax.
type Quote struct {
	Plan  Plan
	Term  string
	Net   int64
	Tax   int64
	Total int64
	Taxes []money.TaxLine
}

// Quote works out what the clinic pays. fault.NotFound is not its business: it answers false for a plan that is not offered so.
func (t Terms) Quote(key, term string, b Buyer) (Quote, bool) {
	p, there := t.Plan(key)
	price, offered := p.Price(term)
	if !there || !offered {
		return Quote{}, false
	}
	scheme, within, rate := t.taxed(b)
	bill, err := money.Reckon([]money.Item{{Price: price, Quantity: 1, Class: money.Class{Code: "plan", Rate: rate}}}, money.Terms{Scheme: scheme, Within: within, RoundTo: 1})
	if err != nil {
		return Quote{}, false
	}
	return Quote{Plan: p, Term: term, Net: bill.Net, Tax: bill.Tax, Total: bill.Total, Taxes: bill.Taxes}, true
}

// taxed says by which rule the seller charges tax from the buyer. In India the place of supply is the state in the buyer's GSTIN; a buyer
// that gave none is taken to be where the seller is. To another country nothing is charged.
func (t Terms) taxed(b Buyer) (scheme money.Scheme, within bool, rate money.PerMillion) {
	s := t.Seller
	switch {
	case s.Rate == 0 || s.TaxNumber == "" || b.Country != s.Country:
		return money.NoTax, false, 0
	case s.Country == "IN":
		return money.GST, stateOf(b.TaxNumber) == "" || stateOf(b.TaxNumber) == stateOf(s.TaxNumber), s.Rate
	}
	return money.SchemeOf(s.Country), false, s.Rate
}

// stateOf is the state in an Indian tax number: the first two characters of the first GSTIN in the text.
func stateOf(text string) string {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == ',' || r == ':' }) {
		if len(w) == 15 && w[0] >= '0' && w[0] <= '9' && w[1] >= '0' && w[1] <= '9' {
			return w[:2]
		}
	}
	return ""
}
