package billing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

const (
	sqlInvoicesOfVisit   = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND appointment_id = $2 ORDER BY created_at, id`
	sqlInvoicesOfPatient = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND patient_id = $2 ORDER BY created_at DESC, id DESC`
	sqlInvoicesCorrect   = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND corrects_id = $2 ORDER BY created_at, id`
	sqlInvoicesUnpaid    = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND state IN ('issued', 'part', 'owing') AND (day < $2 OR day = $2 AND id < $3) ORDER BY day DESC, id DESC LIMIT $4`
	sqlInvoicesDraft     = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND state = 'draft' AND (day < $2 OR day = $2 AND id < $3) ORDER BY day DESC, id DESC LIMIT $4`
	sqlInvoicesAll       = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND (day < $2 OR day = $2 AND id < $3) ORDER BY day DESC, id DESC LIMIT $4`
	sqlInvoicesLabel     = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND label = $2`
	sqlInvoicesNumber    = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND number = $2 AND number > 0 ORDER BY day DESC, id DESC LIMIT 20`
	sqlInvoicesOfVisits  = `SELECT appointment_id, id, state, total - credited - paid FROM invoice WHERE clinic_id = $1 AND kind = 'invoice' AND appointment_id IN `

	sqlPaymentsOpen      = `SELECT ` + paymentColumns + ` FROM payment WHERE clinic_id = $1 AND patient_id = $2 AND undecided + advance > 0 ORDER BY booked_at, id`
	sqlPaymentsUndecided = `SELECT ` + paymentColumns + ` FROM payment WHERE clinic_id = $1 AND undecided > 0 ORDER BY booked_at, id LIMIT 200`
	sqlPaymentsOfPatient = `SELECT ` + paymentColumns + ` FROM payment WHERE clinic_id = $1 AND patient_id = $2 ORDER BY booked_at DESC, id DESC`
	sqlPaidOfPatient     = `SELECT DISTINCT e.invoice_id, e.payment_id FROM ledger_entry e JOIN invoice i ON i.clinic_id = $1 AND i.id = e.invoice_id
	WHERE e.clinic_id = $1 AND i.patient_id = $2 AND e.kind = 'payment' AND e.payment_id IS NOT NULL ORDER BY e.invoice_id, e.payment_id`
	sqlPaymentsOfInvoice = `SELECT ` + paymentColumns + ` FROM payment WHERE clinic_id = $1
	AND id IN (SELECT payment_id FROM ledger_entry WHERE clinic_id = $1 AND invoice_id = $2 AND payment_id IS NOT NULL) ORDER BY booked_at, id`
	sqlRefundsOf = `SELECT ` + refundColumns + ` FROM refund WHERE clinic_id = $1 AND payment_id = $2 ORDER BY booked_at, id`
	sqlHoldOf    = `SELECT reason, until_day, particulars, held_at FROM invoice_hold WHERE clinic_id = $1 AND invoice_id = $2`
)

// documents reads documents without their lines and without opening what is sealed.
func documents(v *store.View, text string, args ...any) ([]Document, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		d, err := scanInvoice(v, rows, false)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

func paymentsOf(v *store.View, text string, args ...any) ([]Payment, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Payment
	for rows.Next() {
		p, err := scanPayment(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func openMoney(v *store.View, patient id.ID) ([]Payment, error) {
	return paymentsOf(v, sqlPaymentsOpen, patient)
}

// refundsOf reads the refunds of a payment, with their reasons opened for whom the payment belongs to.
func refundsOf(v *store.View, p Payment) ([]Refund, error) {
	rows, err := v.Query(sqlRefundsOf, p.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Refund
	for rows.Next() {
		r, err := scanRefund(rows)
		if err != nil {
			return nil, err
		}
		r.Reason, _ = unsealFor(v, p.Patient, "refund", "reason", r.ID, r.sealed) // what cannot be opened is shown without its reason
		out = append(out, r)
	}
	return out, rows.Err()
}

// Box is a part of the list of invoices.
type Box string

// The boxes, in the order of the page.
const (
	Unpaid Box = "unpaid"
	Drafts Box = "drafts"
	Every  Box = "all"
)

// Boxes are all boxes.
func Boxes() []Box { return []Box{Unpaid, Drafts, Every} }

// Row is an invoice in a list.
type Row struct {
	Document
	Name patients.Name
}

// Place is where a list goes on: behind a row.
type Place struct {
	Day clock.Date
	ID  id.ID
}

// List is a page of invoices.
type List struct {
	Clinic clinics.Clinic
	Today  clock.Date
	Rows   []Row
	More   bool
	// Undecided is money of which a person has to decide, the oldest first.
	Undecided []MoneyRow
}

// MoneyRow is a payment in a list.
type MoneyRow struct {
	Payment
	Name patients.Name
}

const pageRows = 50

// List reads a box, the newest first, on behind a place; with the money of which somebody has to decide. It is a list of patients: one audit entry.
func (s *Service) List(ctx context.Context, who access.Caller, box Box, behind Place) (List, error) {
	var out List
	err := s.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) error {
		c, _, err := start(v)
		if err != nil {
			return err
		}
		out = List{Clinic: c, Today: today(v, c)}
		text := map[Box]string{Unpaid: sqlInvoicesUnpaid, Drafts: sqlInvoicesDraft, Every: sqlInvoicesAll}[box]
		if text == "" {
			return fault.Missing()
		}
		first := behind.Day == ""
		if first {
			behind = Place{Day: "9999-12-31"}
		}
		list, err := documents(v, text, string(behind.Day), behind.ID, pageRows+1)
		if err != nil {
			return err
		}
		if out.More = len(list) > pageRows; out.More {
			list = list[:pageRows]
		}
		var money []Payment
		if first {
			if money, err = paymentsOf(v, sqlPaymentsUndecided); err != nil {
				return err
			}
		}
		return out.named(v, list, money, string(box)+" "+string(behind.Day)+" "+behind.ID.String())
	})
	return out, err
}

// named fills in whose they are, and writes the list down.
func (l *List) named(v *store.View, list []Document, money []Payment, key string) error {
	var ids []id.ID
	for _, d := range list {
		ids = append(ids, d.Patient)
	}
	for _, p := range money {
		if !p.Patient.IsZero() {
			ids = append(ids, p.Patient)
		}
	}
	names, err := patients.Names(v, ids)
	if err != nil {
		return err
	}
	for _, d := range list {
		l.Rows = append(l.Rows, Row{d, names[d.Patient]})
	}
	for _, p := range money {
		l.Undecided = append(l.Undecided, MoneyRow{p, names[p.Patient]})
	}
	if len(ids) > 0 {
		v.Listed("invoice", key, ids)
	}
	return nil
}

// Find looks for invoices by their number as printed ("INV/26-27/0042") or by its last part alone ("42").
func (s *Service) Find(ctx context.Context, who access.Caller, typed string) (List, error) {
	typed = strings.ToUpper(strings.TrimSpace(typed))
	var out List
	err := s.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) error {
		c, _, err := start(v)
		if err != nil {
			return err
		}
		out = List{Clinic: c, Today: today(v, c)}
		list, err := documents(v, sqlInvoicesLabel, typed)
		if err != nil {
			return err
		}
		digits := typed[strings.LastIndex(typed, "/")+1:]
		if n, ok := whole64(digits); len(list) == 0 && ok {
			if list, err = documents(v, sqlInvoicesNumber, n); err != nil {
				return err
			}
		}
		return out.named(v, list, nil, "")
	})
	return out, err
}

func whole64(s string) (int64, bool) {
	var n int64
	for _, r := range s {
		if r < '0' || r > '9' || n > 1e15 {
			return 0, false
		}
		n = 10*n + int64(r-'0')
	}
	return n, s != "" && n > 0
}

// Hold is why an invoice of an erased patient is still there.
type Hold struct {
	Reason string // "tax-law"
	Until  clock.Date
	Who    Particulars // where the law asks for a name
	HeldAt clock.Instant
}

// Money is a payment with what went back of it.
type Money struct {
	Payment
	Here    int64 // what this invoice has of it
	Refunds []Refund
	Most    int64 // that can go back without an invoice being due again
}

// Sheet is an invoice as its page shows it.
type Sheet struct {
	Document
	Clinic   clinics.Clinic
	Setting  Setting
	Name     patients.Name // of the patient as her page says it now
	Origin   Document      // of a credit note: the invoice
	Notes    []Document    // credit notes over it
	Money    []Money
	Advances []Payment // the patient's money that is there
	Free     map[id.ID]PaidVisit
	Held     *Hold
	Closed   bool // the day is closed: no money of the desk any more today
}

// Open reads one invoice or credit note with everything that belongs to it.
func (s *Service) Open(ctx context.Context, who access.Caller, one id.ID) (Sheet, error) {
	var out Sheet
	err := s.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) error {
		var err error
		if out, err = sheet(v, one); err != nil {
			return err
		}
		v.Opened(string(out.Kind), one, out.Patient)
		return nil
	})
	return out, err
}

func sheet(v *store.View, one id.ID) (Sheet, error) {
	var out Sheet
	c, set, err := start(v)
	if err != nil {
		return out, err
	}
	d, err := whole(v, one)
	if err != nil {
		return out, err
	}
	out = Sheet{Document: d, Clinic: c, Setting: set}
	if out.Name, err = patientOf(v, d.Patient); err != nil {
		return out, err
	}
	if out.Free, err = freeVisits(v, d); err != nil {
		return out, err
	}
	if !d.Corrects.IsZero() {
		if out.Origin, err = head(v, d.Corrects); err != nil && !fault.Is(err, fault.NotFound) {
			return out, err
		}
	}
	if out.Notes, err = documents(v, sqlInvoicesCorrect, one); err != nil {
		return out, err
	}
	if out.Held, err = holdOf(v, one); err != nil {
		return out, err
	}
	if err := openDay(v, c); fault.Is(err, fault.Conflict) {
		out.Closed = true
	} else if err != nil {
		return out, err
	}
	list, err := paymentsOf(v, sqlPaymentsOfInvoice, one)
	if err != nil {
		return out, err
	}
	for _, p := range list {
		m := Money{Payment: p}
		shares, err := paidBy(v, p.ID)
		if err != nil {
			return out, err
		}
		if i := slices.IndexFunc(shares, func(s share) bool { return s.invoice == one }); i >= 0 {
			m.Here = shares[i].amount
		}
		if m.Refunds, err = refundsOf(v, p); err != nil {
			return out, err
		}
		if m.Most, err = mostBack(v, p); err != nil {
			return out, err
		}
		out.Money = append(out.Money, m)
	}
	out.Advances, err = openMoney(v, d.Patient)
	return out, err
}

func holdOf(v *store.View, one id.ID) (*Hold, error) {
	var h Hold
	var sealed []byte
	err := v.Row(sqlHoldOf, one).Scan(&h.Reason, &h.Until, &sealed, &h.HeldAt)
	if errors.Is(err, store.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h.Who, err = heldParticulars(v, one, sealed)
	return &h, err
}

// PatientAccount is what a patient was billed and what she paid.
type PatientAccount struct {
	Clinic   clinics.Clinic
	Today    clock.Date
	Patient  id.ID
	Invoices []Document // without drafts where she reads it herself; the newest first
	Payments []Money
	Due      int64               // of all open invoices
	Receipts map[id.ID][]Payment // by invoice: what was paid of it
	Credit   int64               // money of hers that is there: advances, and what the clinic owes
	Currency string
}

// OfPatient reads a patient's account, for the staff.
func (s *Service) OfPatient(ctx context.Context, who access.Caller, patient id.ID) (PatientAccount, error) {
	var out PatientAccount
	err := s.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) error {
		var err error
		if out, err = accountOf(v, patient, true); err != nil {
			return err
		}
		v.Opened("account", patient, patient)
		return nil
	})
	return out, err
}

// Own reads the account of the patient of a link.
func (s *Service) Own(ctx context.Context, who access.Caller) (PatientAccount, error) {
	var out PatientAccount
	err := s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		var err error
		if out, err = accountOf(v, who.Patient(), false); err != nil {
			return err
		}
		v.Opened("account", who.Patient(), who.Patient())
		return nil
	})
	return out, err
}

// OwnSheet reads one issued invoice of the patient of a link; fault.NotFound when it is not hers.
func (s *Service) OwnSheet(ctx context.Context, who access.Caller, one id.ID) (Sheet, error) {
	var out Sheet
	err := s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		var err error
		if out, err = sheet(v, one); err != nil {
			return err
		}
		if out.Patient != who.Patient() || out.State == Draft {
			return fault.Missing()
		}
		v.Opened(string(out.Kind), one, out.Patient)
		return nil
	})
	return out, err
}

func accountOf(v *store.View, patient id.ID, drafts bool) (PatientAccount, error) {
	var out PatientAccount
	c, _, err := start(v)
	if err != nil {
		return out, err
	}
	out = PatientAccount{Clinic: c, Today: today(v, c), Patient: patient, Currency: c.Currency}
	if out.Invoices, err = documents(v, sqlInvoicesOfPatient, patient); err != nil {
		return out, err
	}
	if !drafts {
		out.Invoices = slices.DeleteFunc(out.Invoices, func(d Document) bool { return d.State == Draft })
	}
	for _, d := range out.Invoices {
		switch due := d.Due(); {
		case d.Currency != c.Currency:
		case due > 0:
			out.Due += due
		default:
			out.Credit -= due
		}
	}
	list, err := paymentsOf(v, sqlPaymentsOfPatient, patient)
	if err != nil {
		return out, err
	}
	if out.Receipts, err = receiptsOf(v, patient, list); err != nil {
		return out, err
	}
	for _, p := range list {
		m := Money{Payment: p, Most: p.Advance + p.Undecided}
		if p.Refunded > 0 {
			if m.Refunds, err = refundsOf(v, p); err != nil {
				return out, err
			}
		}
		if p.Currency == c.Currency {
			out.Credit += p.Advance + p.Undecided
		}
		out.Payments = append(out.Payments, m)
	}
	return out, nil
}

// receiptsOf says which payments each invoice of the patient had.
func receiptsOf(v *store.View, patient id.ID, list []Payment) (map[id.ID][]Payment, error) {
	rows, err := v.Query(sqlPaidOfPatient, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.ID][]Payment{}
	for rows.Next() {
		var invoice, payment id.ID
		if err := rows.Scan(&invoice, &payment); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(list, func(p Payment) bool { return p.ID == payment }); i >= 0 {
			out[invoice] = append(out[invoice], list[i])
		}
	}
	return out, rows.Err()
}

// Mark is how the invoice of an appointment stands, for the day's cards.
type Mark struct {
	Invoice id.ID
	State   State
	Due     int64
}

// OfDay answers how the invoices of appointments stand. Nobody is named, so nothing is written down; where the clinic bills nothing it is empty.
func (s *Service) OfDay(ctx context.Context, who access.Caller, appointments []id.ID) (map[id.ID]Mark, error) {
	out := map[id.ID]Mark{}
	if len(appointments) == 0 || !who.May(access.BillRead) {
		return out, nil
	}
	err := s.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil || !c.Has(clinics.ModuleBilling) {
			return err
		}
		for part := range slices.Chunk(appointments, 200) {
			rows, err := v.Query(sqlInvoicesOfVisits+store.In(2, len(part)), store.Args(part)...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var a id.ID
				var m Mark
				if err := rows.Scan(&a, &m.Invoice, &m.State, &m.Due); err != nil {
					return err
				}
				if was, twice := out[a]; !twice || was.State == Cancelled || m.Due > was.Due {
					out[a] = m
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
