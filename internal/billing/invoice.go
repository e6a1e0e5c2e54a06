package billing

import (
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/money"
)

// Kind says what a document is.
type Kind string

// The kinds.
const (
	Bill       Kind = "invoice"
	CreditNote Kind = "credit-note"
)

// State is how an invoice stands.
type State string

// The states.
const (
	Draft     State = "draft"
	Issued    State = "issued"    // nothing was paid
	Part      State = "part"      // some of it was paid
	Paid      State = "paid"      // nothing is due
	Owing     State = "owing"     // more was paid than is due: the clinic owes
	Cancelled State = "cancelled" // a credit note took all of it back
	Noted     State = "noted"     // a credit note, which has no other state
)

// Method is how money came or went.
type Method string

// The methods.
const (
	Cash   Method = "cash"
	Card   Method = "card" // the clinic's own card machine; we see the amount only
	UPI    Method = "upi"  // a QR code of the desk
	Bank   Method = "bank"
	Online Method = "online" // a gateway's page
)

// DeskMethods are those that the desk takes money by, in the order of the pages.
func DeskMethods() []Method { return []Method{Cash, UPI, Card, Bank} }

// Line is one line of a document.
type Line struct {
	ID       id.ID
	Service  id.ID // zero for a free line
	Words    string
	Code     string // HSN or SAC
	Class    string // see money.Class
	Rate     money.PerMillion
	Quantity int64
	Price    int64 // of one, minor units
	Discount int64 // the line's own and its share of the invoice's
	Net, Tax int64
	FreeOf   id.ID // the paid visit that makes this one free; zero for none
	Broken   bool  // the words cannot be opened
}

// Particulars are who was billed, as it was when the invoice was issued.
type Particulars struct {
	Name     string `json:"name"`
	Guardian string `json:"guardian,omitempty"` // who speaks for a child
	Address  string `json:"address,omitempty"`
	TaxID    string `json:"tax_id,omitempty"` // of whoever pays: a company or an insurer
}

// Document is an invoice or a credit note.
type Document struct {
	ID, Patient, Appointment, Corrects  id.ID
	Kind                                Kind
	Year, Label                         string // the financial year and the printed number; empty for a draft
	Number                              int64
	Day                                 clock.Date // of issue; of a draft: when it was begun
	IssuedAt, CreatedAt                 clock.Instant
	IssuedBy, CreatedBy                 id.ID
	KeepUntil                           clock.Date
	Currency                            string
	Scheme                              money.Scheme
	TaxID, Place                        string // the clinic's, and the place of supply
	Inclusive                           bool
	Discount, Net, Tax, Rounding, Total int64
	Who                                 Particulars
	Note                                string
	State                               State
	Paid, Credited                      int64
	Version                             int64
	Lines                               []Line
	Taxes                               []money.TaxLine
	Broken                              bool // who was billed cannot be opened: she was erased, or the row is damaged
}

// Due is what is still to be paid; below zero, what the clinic owes.
func (d Document) Due() int64 {
	if d.Kind != Bill || d.State == Draft {
		return 0
	}
	return d.Total - d.Credited - d.Paid
}

// Open says whether somebody still has to pay.
func (d Document) Open() bool { return d.Due() > 0 }

// stateOf is how an issued invoice stands by its sums.
func stateOf(total, credited, paid int64) State {
	switch due := total - credited - paid; {
	case due < 0:
		return Owing
	case due == 0 && credited > 0 && paid == 0:
		return Cancelled
	case due == 0:
		return Paid
	case paid > 0:
		return Part
	}
	return Issued
}
