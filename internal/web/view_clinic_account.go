package web

import (
	"time"

	"almirah/internal/clock"
)

// ClinicAccount is /app/account, the page "clinic-account": how the clinic stands with whoever runs the installation.
type ClinicAccount struct {
	SettingsPage
	Suspended    *SuspensionRow // announced, or standing; nil: neither
	Plan         *PlanCard      // nil where nobody pays
	Agreements   []AgreementRow
	Signed       []SignedRow // newest first
	Closing      bool
	ClosingSince clock.Date
}

// AgreementRow is one agreement that this clinic signs.
type AgreementRow struct {
	Kind, Title string
	SignedID    string // empty: not signed
	At          clock.Date
	Newer       bool // there is a newer text than the one that was signed
}

// SignedRow is one signature.
type SignedRow struct {
	ID, Title, Version, Signer, Capacity string
	At                                   time.Time
}

// Clause is one numbered part of an agreement.
type Clause struct {
	Heading    string // empty before the first
	Paragraphs []string
}

// AgreementPage is /app/account/agreements/{kind} and /app/account/signed/{id}, the page "agreement".
type AgreementPage struct {
	SettingsPage
	Kind, Heading, TextVersion, ClinicName string
	Clauses                                []Clause
	Done                                   *SignedRow   // it is signed: the form is left out
	Changes                                []TextChange // against the text that the clinic signed before; nil: it signed none, or this one
	Signer, Capacity                       string       // as typed
	Sure                                   bool
}

// PlanCard is what the clinic pays for the platform.
type PlanCard struct {
	State     string // "trial", "paid", "grace", "read-only"
	Plan      string // empty during the trial
	Due, Stop time.Time
	CanPay    bool // something can be paid online
	Offers    []PlanOffer
	PayURL    string // of the payment that was begun; empty: none
	PayTotal  Price
	PayName   string
	Payments  []PlanPayment // newest first
}

// PlanOffer is one plan for one term; Term is "month" or "year".
type PlanOffer struct {
	Key, Name, Term string
	Net, Tax, Total Price
}

// PlanPayment is one payment; State is "open", "paid" or "closed".
type PlanPayment struct {
	Name, Term string
	Amount     Price
	State      string
	Refused    bool
	At         time.Time
	Number     int64  // of the invoice; zero: none
	Invoice    string // as it is written
}
