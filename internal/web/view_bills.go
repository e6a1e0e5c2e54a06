package web

import (
	"time"

	"almirah/internal/clock"
)

// BillsPage is /app/bills, the page "bills".
type BillsPage struct {
	Shell
	Boxes     []BillBox
	Query     string // a number, as typed
	Searched  bool
	Today     clock.Date
	Rows      []BillRow
	Older     string
	Undecided []UndecidedRow
	CanIssue  bool
	CanClose  bool
}

// BillBox is one part of the list.
type BillBox struct {
	Key, URL string
	Current  bool
}

// BillRow is one invoice or credit note in a list.
type BillRow struct {
	ID, Label, Patient string
	Broken             bool
	Note               bool // a credit note
	Day                clock.Date
	State              string
	Total, Due         int64
	Currency           string
}

// UndecidedRow is money of which a person has to decide.
type UndecidedRow struct {
	ID, Patient, PatientID string
	Broken                 bool
	Minor                  int64
	Currency, Method       string
	Source                 string
	At                     time.Time
	Open                   []Option // open invoices of the patient that could take it
	CanReturn              bool
}

// BillWritePage is /app/bills/new, and /app/bills/{id} while it is a draft: the page "bill-write".
type BillWritePage struct {
	Shell
	Query     string // to find the patient
	Hits      []PatientHit
	Choosing  bool // no patient is chosen yet
	ID        string
	Version   int64
	Patient   string
	PatientID string
	Guardian  string
	Visit     string // the appointment's id
	VisitAt   time.Time
	Provider  string
	Lines     []BillLineForm
	Offers    []Option
	Taxed     bool // the clinic charges tax: lines have a class
	States    []Option
	Discount  string
	Address   string
	PayerTax  string
	Note      string
	There     []BillRow
	Credit    int64 // money of the patient that is there
	Currency  string
	Figures   *BillFigures // nil while something is wrong
	Key       string
	Closed    bool // the day is closed: no money of the desk
	Reference string
}

// Action is where the form goes.
func (p *BillWritePage) Action() string {
	if p.ID == "" {
		return "/app/bills/new"
	}
	return "/app/bills/" + p.ID
}

// BillLineForm is one line as typed.
type BillLineForm struct {
	N                               int
	Service, Free                   string
	FreeWords                       string // in the language of the page
	Words, Code                     string
	Quantity, Price, Discount, Open string
	Class                           []Option
}

// Name is the name of a field of the line.
func (l BillLineForm) Name(field string) string { return field + "." + number(l.N) }

// BillFigures are the sums of an invoice.
type BillFigures struct {
	Net, Discount, Tax, Rounding, Total int64
	Taxes                               []BillTax
	Currency                            string
	Inclusive                           bool
}

// BillTax is one row of the table of taxes.
type BillTax struct {
	Name         string // "CGST 9 %"
	Base, Amount int64
}

// BillPage is /app/bills/{id}, the page "bill": an issued invoice or a credit note.
type BillPage struct {
	Shell
	Online      *BillOnline // what gateways have to do with it; nil for nothing
	ID, Label   string
	Note        bool // it is a credit note
	State       string
	Version     int64
	Patient     string
	PatientID   string
	Broken      bool
	Guardian    string
	Address     string
	PayerTax    string
	TaxID       string
	Place       string
	Day         clock.Date
	Visit       string
	Lines       []BillLine
	Figures     BillFigures
	Paid        int64
	Credited    int64
	Due         int64 // below zero: the clinic owes
	Currency    string
	InWords     string
	WordsLang   string
	Remark      string
	Payments    []BillPayment
	Notes       []BillRow
	Origin      *BillRow
	Advances    []BillAdvance
	HeldUntil   clock.Date // not empty: an erased patient's, which tax law keeps
	HeldName    string
	Closed      bool
	CanTake     bool
	CanCredit   bool
	UPI         bool // there is a code to pay by
	UPIID       string
	Amount      string // as typed
	Reference   string
	Reason      string
	Typed       BillTyped
	Key         string
	Left        int64 // of the invoice, that a credit note can take back
	BackMethods []Option
}

// BillTyped is what was typed into the forms of an invoice by which money goes back, when something is wrong with it.
type BillTyped struct {
	Credit, CreditBack           string // the amount, and "payment.method" of what goes back at once
	Payment, Amount, Reason      string // of the desk
	Online, ByGateway, WhyOnline string // the payment, the amount and the reason, by a gateway
}

// OriginLabel is the number of the invoice that a credit note corrects.
func (p *BillPage) OriginLabel() string {
	if p.Origin == nil {
		return ""
	}
	return p.Origin.Label
}

// Owed is what the clinic owes on the invoice.
func (p *BillPage) Owed() int64 { return max(0, -p.Due) }

// BillLine is one line of an issued document.
type BillLine struct {
	Words, Code     string
	Broken          bool
	Quantity        int
	Price, Discount int64
	Net, Tax        int64
	Rate            string
	FreeLabel       string
	FreeDay         clock.Date
}

// BillPayment is money that came for the invoice.
type BillPayment struct {
	ID, Method, Source, Reference string
	At                            time.Time
	Minor, Here, Most             int64
	Currency                      string
	Desk                          bool
	Refunds                       []BillRefund
}

// BillRefund is money that went back.
type BillRefund struct {
	Method, Reason string
	At             time.Time
	Minor          int64
}

// BillAdvance is money of the patient that is there.
type BillAdvance struct {
	ID       string
	Minor    int64
	Currency string
	At       time.Time
}

// BillsOfPatient is the section of bills on a patient's page.
type BillsOfPatient struct {
	On          bool
	Rows        []BillRow
	Due, Credit int64
	Currency    string
	CanIssue    bool
	Advances    []BillAdvance
	Typed       string // an advance, as typed
	Key         string
}

// BillMark is how the invoice of an appointment stands.
type BillMark struct {
	ID       string // empty: there is none yet
	State    string
	Due      int64
	Currency string
	CanIssue bool
}

// DayClosePage is /app/bills/close, the page "bill-close".
type DayClosePage struct {
	Shell
	Day, Today clock.Date
	Counts     []CountRow
	Online     []CountRow
	ClosedAt   time.Time
	Closed     bool
	Open       []clock.Date
}

// DayText is the day as its field holds it.
func (p *DayClosePage) DayText() string { return string(p.Day) }

// CountRow is one method of a day's money.
type CountRow struct {
	Method                 string
	Currency               string
	Payments               int64
	Taken, Given, Expected int64
	Counted                string // as typed
	Note                   string
	Difference             int64
	CountedMinor           int64
	Fixed                  bool // another currency than the clinic's: nothing is typed
}

// Name is the name of a field of the row.
func (r CountRow) Name(field string) string { return field + "." + r.Method }

// LedgerPage is /app/bills/ledger, the page "bill-ledger".
type LedgerPage struct {
	Shell
	From, To string
	Rows     []LedgerRow
	More     bool
	Balances []BalanceRow
	Taxes    []BillTax
	Currency string
	Exports  bool // the span holds something that can be taken out
}

// LedgerRow is one row of the ledger.
type LedgerRow struct {
	At            time.Time
	Day           clock.Date
	Kind, Label   string
	Debit, Credit string // names of accounts, in the language of the page
	Minor         int64
	Currency      string
}

// BalanceRow is what an account stands at.
type BalanceRow struct {
	Name          string
	Debit, Credit int64
	Net           int64
	Currency      string
}

// BillingSettings is /app/settings/billing, the page "settings-billing".
type BillingSettings struct {
	SettingsPage
	Scheme       string
	Schemes      []Option
	GST, OwnTax  bool
	TaxID        string
	Places       []Option
	Prefix       string
	CreditPrefix string
	Example      string // the next number, as it would be printed
	Inclusive    bool
	Rounds       []Option
	OwnName      string
	OwnRate      string
	UPIID        string
	UPIName      string
	Footer       string
	Rupees       bool // UPI is for rupees
	Services     []BillingService
	KeepYears    int
}

// BillingService is how one service is billed.
type BillingService struct {
	N        int
	ID, Name string
	Price    int64
	Currency string
	Class    []Option
	Code     string
	Free     string
}

// Field is the name of a field of the service.
func (s BillingService) Field(name string) string { return name + "." + number(s.N) }
