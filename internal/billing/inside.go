package billing

import (
	"errors"
	"slices"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/store"
)

// Incoming is money that somebody reports to have come: a gateway, or the desk.
type Incoming struct {
	Source    string // who reports it: a gateway's name and account, or "desk:cash"
	External  string // the reporter's id of the payment: the same twice is the same payment
	Method    Method
	Amount    money.Amount
	At        clock.Instant // when it was paid; zero for now
	Invoice   id.ID         // what it was meant for; zero where nobody says
	Patient   id.ID         // who paid; zero takes the invoice's
	Reference string        // a number by which both sides find it (UTR); never of a card
	Advance   bool          // what is left over was paid ahead on purpose, and nobody has to decide
}

// Outcome is what became of it.
type Outcome struct {
	Payment   id.ID
	Repeated  bool // it had been booked before; nothing was changed
	Invoice   id.ID
	Applied   int64 // of the amount, minor units: what the invoice took
	Advance   int64
	Undecided int64 // a person has to decide
	Refunded  int64
	State     State // of the invoice afterwards; empty without one
}

// Receive books money that came exactly once, whatever order and however often it is reported. An invoice takes as much of it as is due; what is left over,
// and all of it when the invoice is a draft, cancelled, in another currency or not there, stands as "undecided" on the page where a person
// decides. The same report with another amount is fault.Conflict: nothing is changed, and somebody has to look. Locks: payment, then invoice.
func Receive(tx *store.Tx, r Incoming) (Outcome, error) {
	c, err := clinics.Must(&tx.View, clinics.ModuleBilling)
	if err != nil {
		return Outcome{}, err
	}
	if r.Source == "" || r.External == "" || r.Amount.Minor <= 0 || r.Amount.Currency == "" || r.Method == "" {
		return Outcome{}, errors.New("billing: a payment without source, id, method or amount")
	}
	if r.At == 0 {
		r.At = tx.Now()
	}
	one, day := tx.NewID(), today(&tx.View, c)
	n, err := tx.Exec(sqlPaymentAdd, one, r.Source, r.External, string(r.Method), r.Amount.Minor, r.Amount.Currency, r.Reference, id.Null(r.Patient), id.Null(r.Invoice),
		r.At, tx.Now(), string(day), id.Null(tx.Caller().Actor()))
	if err != nil {
		return Outcome{}, err
	}
	if n == 0 {
		return repeated(&tx.View, r)
	}
	out := Outcome{Payment: one, Undecided: r.Amount.Minor, Invoice: r.Invoice}
	p := Payment{ID: one, Source: r.Source, Method: r.Method, Amount: r.Amount.Minor, Currency: r.Amount.Currency, Patient: r.Patient, Undecided: r.Amount.Minor}
	if !r.Invoice.IsZero() {
		if out.Applied, out.State, err = applyTo(tx, &p, r.Invoice, r.Amount.Minor, till(r.Method), day); err != nil {
			return Outcome{}, err
		}
		out.Undecided -= out.Applied
	}
	rest := Undecided
	if r.Advance {
		rest, out.Advance, out.Undecided = Advances, out.Undecided, 0
	}
	if err := post(tx, day, entry{kind: "payment", debit: till(r.Method), credit: rest, amount: out.Advance + out.Undecided, currency: p.Currency, payment: one}); err != nil {
		return Outcome{}, err
	}
	if out.Applied+out.Advance > 0 || p.Patient != r.Patient {
		if err := tx.Must(sqlPaymentSet, one, out.Applied, out.Advance, out.Undecided, 0, id.Null(p.Patient)); err != nil {
			return Outcome{}, err
		}
	}
	tx.Record(audit.Note{Action: "receive", Kind: "payment", Subject: one, Patient: p.Patient, New: map[string]any{"amount": r.Amount.Minor, "currency": r.Amount.Currency, "method": r.Method, "applied": out.Applied}})
	if out.Applied > 0 {
		err = tx.Announce(EventPaid, one, 0)
	}
	if err == nil && out.Undecided > 0 {
		err = tx.Announce(EventUndecided, one, 0)
	}
	return out, err
}

func repeated(v *store.View, r Incoming) (Outcome, error) {
	p, err := scanPayment(v.Row(sqlPaymentOnce, r.Source, r.External))
	if err != nil {
		return Outcome{}, err
	}
	if p.Amount != r.Amount.Minor || p.Currency != r.Amount.Currency {
		return Outcome{}, fault.New(fault.Conflict, "fault.payment_differs")
	}
	return Outcome{Payment: p.ID, Repeated: true, Invoice: p.Invoice, Applied: p.Applied, Advance: p.Advance, Undecided: p.Undecided, Refunded: p.Refunded}, nil
}

// applyTo lets an invoice take what is due of at most the amount, and posts it from the account where the money stands. It answers how much, and learns who
// paid where nobody said. It locks the invoice.
func applyTo(tx *store.Tx, p *Payment, invoice id.ID, most int64, from Account, day clock.Date) (int64, State, error) {
	d, err := lockInvoice(tx, invoice)
	if fault.Is(err, fault.NotFound) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	if p.Patient.IsZero() {
		p.Patient = d.Patient
	}
	take := min(most, d.Due())
	if take <= 0 || d.Currency != p.Currency {
		return 0, d.State, nil
	}
	d.Paid += take
	d.State = stateOf(d.Total, d.Credited, d.Paid)
	if err := setAccount(tx, d); err != nil {
		return 0, "", err
	}
	// Money of a method is debited; money that stood somewhere is taken from there, which debits that account all the same.
	return take, d.State, post(tx, day, entry{kind: "payment", debit: from, credit: Receivable, amount: take, currency: d.Currency, invoice: d.ID, payment: p.ID})
}

// Refunded is money that somebody reports to have gone back.
type Refunded struct {
	Source   string // of the payment, as in Incoming
	Payment  string // the reporter's id of the payment
	External string // the reporter's id of the refund: the same twice is the same refund
	Method   Method // how it went back; empty as it came
	Amount   money.Amount
	At       clock.Instant // zero for now
	Invoice  id.ID         // whose money it is, where somebody said so
	Reason   string        // typed by a person; sealed
}

// Given is what became of a refund.
type Given struct {
	Refund, Payment id.ID
	Repeated        bool
	Left            int64 // of the payment, that can still go back
	Invoices        []id.ID
}

// GiveBack books money that went back exactly once. It is taken from what nobody had decided about, then from what was paid ahead, then from the invoices
// that it had paid, the named one first and then those that the clinic owes on: what is due of these grows. fault.NotFound when the payment was never booked (fetch it
// and Receive it first), fault.Conflict when more would go back than came, or the same refund is reported with another amount.
func GiveBack(tx *store.Tx, r Refunded) (Given, error) {
	c, err := clinics.Must(&tx.View, clinics.ModuleBilling)
	if err != nil {
		return Given{}, err
	}
	if r.External == "" || r.Amount.Minor <= 0 {
		return Given{}, errors.New("billing: a refund without id or amount")
	}
	if r.At == 0 {
		r.At = tx.Now()
	}
	if x, err := scanRefund(tx.Row(sqlRefundOnce, r.Source, r.External)); err == nil {
		p, err := scanPayment(tx.Row(sqlPaymentGet, x.Payment))
		if err != nil {
			return Given{}, err
		}
		return givenBefore(&tx.View, r.Source, r, p)
	}
	if n, err := tx.Exec(sqlPaymentLockOnce, r.Source, r.Payment); err != nil || n != 1 {
		return Given{}, errors.Join(err, missing(n))
	}
	p, err := scanPayment(tx.Row(sqlPaymentOnce, r.Source, r.Payment))
	if err != nil {
		return Given{}, err
	}
	return giveBack(tx, c, p, r.Source, r)
}

// giveBack books a refund of a payment that is locked. source is who reports the refund: the payment's own gateway, or the desk.
func giveBack(tx *store.Tx, c clinics.Clinic, p Payment, source string, r Refunded) (Given, error) {
	if r.Method == "" {
		r.Method = p.Method
	}
	one, day := tx.NewID(), today(&tx.View, c)
	reason, err := sealFor(&tx.View, p.Patient, "refund", "reason", one, r.Reason)
	if err != nil {
		return Given{}, err
	}
	n, err := tx.Exec(sqlRefundAdd, one, p.ID, source, r.External, string(r.Method), r.Amount.Minor, r.Amount.Currency, reason, r.At, tx.Now(), string(day), id.Null(tx.Caller().Actor()))
	if err != nil {
		return Given{}, err
	}
	if n == 0 {
		tx.Housekeeping("a refund that somebody else booked at the same moment")
		return givenBefore(&tx.View, source, r, p)
	}
	if r.Amount.Currency != p.Currency || r.Amount.Minor > p.Amount-p.Refunded {
		return Given{}, fault.New(fault.Conflict, "fault.refund_more")
	}
	out := Given{Refund: one, Payment: p.ID, Left: p.Amount - p.Refunded - r.Amount.Minor}
	left := r.Amount.Minor
	var list []entry
	take := func(from *int64, account Account, most int64, invoice id.ID) int64 {
		x := min(left, most, *from)
		if x > 0 {
			*from -= x
			left -= x
			list = append(list, entry{kind: "refund", debit: account, credit: till(r.Method), amount: x, currency: p.Currency, invoice: invoice, payment: p.ID, refund: one})
		}
		return x
	}
	take(&p.Undecided, Undecided, left, id.Zero)
	take(&p.Advance, Advances, left, id.Zero)
	if left > 0 {
		if out.Invoices, err = takeFromInvoices(tx, p, r.Invoice, func(most int64, invoice id.ID) int64 { return take(&p.Applied, Receivable, most, invoice) }); err != nil {
			return Given{}, err
		}
	}
	if left > 0 {
		return Given{}, errors.New("billing: a payment's parts are less than the payment")
	}
	p.Refunded += r.Amount.Minor
	if err := errors.Join(tx.Must(sqlPaymentSet, p.ID, p.Applied, p.Advance, p.Undecided, p.Refunded, id.Null(p.Patient)), post(tx, day, list...)); err != nil {
		return Given{}, err
	}
	tx.Record(audit.Note{Action: "refund", Kind: "payment", Subject: p.ID, Patient: p.Patient, New: map[string]any{"amount": r.Amount.Minor, "currency": p.Currency, "method": r.Method}})
	return out, tx.Announce(EventReturned, one, 0)
}

func missing(n int64) error {
	if n == 1 {
		return nil
	}
	return fault.Missing()
}

// takeFromInvoices lets the invoices that the payment had paid give back, and keeps what each has now. It locks them in the order in which they were paid.
func takeFromInvoices(tx *store.Tx, p Payment, first id.ID, take func(most int64, invoice id.ID) int64) ([]id.ID, error) {
	paid, err := paidBy(&tx.View, p.ID)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(paid, func(a, b share) int {
		switch {
		case a.invoice == first && b.invoice != first:
			return -1
		case b.invoice == first && a.invoice != first:
			return 1
		}
		return 0
	})
	docs := make([]Document, len(paid))
	for i, s := range paid {
		if docs[i], err = lockInvoice(tx, s.invoice); err != nil {
			return nil, err
		}
	}
	var out []id.ID
	give := func(i int, most int64) error {
		x := take(min(most, paid[i].amount), paid[i].invoice)
		if x == 0 {
			return nil
		}
		paid[i].amount -= x
		docs[i].Paid -= x
		docs[i].State = stateOf(docs[i].Total, docs[i].Credited, docs[i].Paid)
		if !slices.Contains(out, docs[i].ID) {
			out = append(out, docs[i].ID)
		}
		return setAccount(tx, docs[i])
	}
	for i := range docs {
		most := max(0, -docs[i].Due()) // what the clinic owes on it
		if docs[i].ID == first {
			most = docs[i].Paid
		}
		if err := give(i, most); err != nil {
			return nil, err
		}
	}
	for i := range docs {
		if err := give(i, docs[i].Paid); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func givenBefore(v *store.View, source string, r Refunded, p Payment) (Given, error) {
	x, err := scanRefund(v.Row(sqlRefundOnce, source, r.External))
	if err != nil {
		return Given{}, err
	}
	if x.Amount != r.Amount.Minor || x.Payment != p.ID || source == r.Source && p.External != r.Payment {
		return Given{}, fault.New(fault.Conflict, "fault.payment_differs")
	}
	return Given{Refund: x.ID, Payment: p.ID, Repeated: true, Left: p.Amount - p.Refunded}, nil
}

// Asked is how an invoice stands, for whoever asks somebody to pay it.
type Asked struct {
	Invoice, Patient id.ID
	Label            string
	Due              money.Amount // zero or less: nothing is to be paid
	State            State
	Version          int64
}

// OpenInvoice is how an issued invoice stands. fault.NotFound for a draft, a credit note, and what is not there.
func OpenInvoice(v *store.View, invoice id.ID) (Asked, error) {
	d, err := head(v, invoice)
	if err == nil && (d.Kind != Bill || d.State == Draft) {
		err = fault.Missing()
	}
	return Asked{d.ID, d.Patient, d.Label, money.Of(d.Due(), d.Currency), d.State, d.Version}, err
}

// Paper is what a receipt is sent about.
type Paper struct{ Patient, Appointment, Invoice id.ID } // Invoice is zero for an advance

const sqlVisitNewest = `SELECT id FROM appointment WHERE clinic_id = $1 AND patient_id = $2 ORDER BY starts_at DESC, id DESC LIMIT 1`

// ReceiptOf is whom a payment's receipt goes to, and the appointment by whose link she opens her page: the invoice's, or her newest. fault.NotFound when the payment is not
// there or nobody's.
func ReceiptOf(v *store.View, payment id.ID) (Paper, error) {
	p, err := scanPayment(v.Row(sqlPaymentGet, payment))
	if err != nil {
		return Paper{}, err
	}
	if p.Patient.IsZero() {
		return Paper{}, fault.Missing()
	}
	out := Paper{Patient: p.Patient, Invoice: p.Invoice}
	if !p.Invoice.IsZero() {
		d, err := head(v, p.Invoice)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return out, err
		}
		out.Appointment = d.Appointment
	}
	if out.Appointment.IsZero() {
		err := v.Row(sqlVisitNewest, p.Patient).Scan(&out.Appointment)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return out, err
		}
	}
	return out, nil
}

// FindPayment is a booked payment by the reporter's id. fault.NotFound when it was never booked.
func FindPayment(v *store.View, source, external string) (Payment, error) {
	return scanPayment(v.Row(sqlPaymentOnce, source, external))
}
