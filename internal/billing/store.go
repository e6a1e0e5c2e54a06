package billing

import (
	"encoding/json"
	"errors"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	paymentColumns = `id, source, external_id, method, amount, currency, reference, patient_id, invoice_id, received_at, booked_at, day, taken_by, applied, advance, undecided, refunded, version`

	sqlPaymentAdd = `INSERT INTO payment (clinic_id, id, source, external_id, method, amount, currency, reference, patient_id, invoice_id, received_at, booked_at, day, taken_by, undecided)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $6) ON CONFLICT (clinic_id, source, external_id) DO NOTHING`
	sqlPaymentOnce     = `SELECT ` + paymentColumns + ` FROM payment WHERE clinic_id = $1 AND source = $2 AND external_id = $3`
	sqlPaymentGet      = `SELECT ` + paymentColumns + ` FROM payment WHERE clinic_id = $1 AND id = $2`
	sqlPaymentLockOnce = `UPDATE payment SET version = version + 1 WHERE clinic_id = $1 AND source = $2 AND external_id = $3`
	sqlPaymentLock     = `UPDATE payment SET version = version + 1 WHERE clinic_id = $1 AND id = $2`
	sqlPaymentSet      = `UPDATE payment SET applied = $3, advance = $4, undecided = $5, refunded = $6, patient_id = $7 WHERE clinic_id = $1 AND id = $2`

	refundColumns = `id, payment_id, source, external_id, method, amount, currency, reason, returned_at, booked_at, day, given_by`

	sqlRefundAdd = `INSERT INTO refund (clinic_id, id, payment_id, source, external_id, method, amount, currency, reason, returned_at, booked_at, day, given_by)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (clinic_id, source, external_id) DO NOTHING`
	sqlRefundOnce = `SELECT ` + refundColumns + ` FROM refund WHERE clinic_id = $1 AND source = $2 AND external_id = $3`

	sqlPaidBy = `SELECT invoice_id, CAST(SUM(CASE WHEN credit = 'receivable' THEN amount ELSE -amount END) AS BIGINT) FROM ledger_entry
	WHERE clinic_id = $1 AND payment_id = $2 AND invoice_id IS NOT NULL AND (credit = 'receivable' OR debit = 'receivable') GROUP BY invoice_id ORDER BY invoice_id`

	invoiceColumns = `id, kind, patient_id, appointment_id, corrects_id, year, number, label, day, issued_at, issued_by, keep_until, currency, scheme, tax_id, place, inclusive,
	discount, net, tax, rounding, total, particulars, note, created_at, created_by, state, paid, credited, version`

	sqlInvoiceGet     = `SELECT ` + invoiceColumns + ` FROM invoice WHERE clinic_id = $1 AND id = $2`
	sqlInvoiceLock    = `UPDATE invoice SET version = version + 1 WHERE clinic_id = $1 AND id = $2`
	sqlInvoiceAccount = `UPDATE invoice SET paid = $3, credited = $4, state = $5 WHERE clinic_id = $1 AND id = $2`
)

// Payment is money that came, and where it stands now.
type Payment struct {
	ID, Patient, Invoice, TakenBy         id.ID // Invoice is what it was meant for
	Source, External, Reference           string
	Method                                Method
	Amount                                int64
	Currency                              string
	ReceivedAt, BookedAt                  clock.Instant
	Day                                   clock.Date
	Applied, Advance, Undecided, Refunded int64 // together the amount
	Version                               int64
}

type scanner interface{ Scan(...any) error }

// gone turns a row that is not there into the one answer for it.
func gone(err error) error {
	if errors.Is(err, store.ErrNoRows) {
		return fault.Missing()
	}
	return err
}

func scanPayment(row scanner) (Payment, error) {
	var p Payment
	err := row.Scan(&p.ID, &p.Source, &p.External, &p.Method, &p.Amount, &p.Currency, &p.Reference, &p.Patient, &p.Invoice, &p.ReceivedAt, &p.BookedAt, &p.Day, &p.TakenBy,
		&p.Applied, &p.Advance, &p.Undecided, &p.Refunded, &p.Version)
	return p, gone(err)
}

// Refund is money that went back.
type Refund struct {
	ID, Payment, GivenBy id.ID
	Source, External     string
	Method               Method
	Amount               int64
	Currency             string
	ReturnedAt, BookedAt clock.Instant
	Day                  clock.Date
	Reason               string
	sealed               []byte
}

func scanRefund(row scanner) (Refund, error) {
	var r Refund
	err := row.Scan(&r.ID, &r.Payment, &r.Source, &r.External, &r.Method, &r.Amount, &r.Currency, &r.sealed, &r.ReturnedAt, &r.BookedAt, &r.Day, &r.GivenBy)
	return r, gone(err)
}

// share is how much of a payment an invoice has.
type share struct {
	invoice id.ID
	amount  int64
}

func paidBy(v *store.View, payment id.ID) ([]share, error) {
	rows, err := v.Query(sqlPaidBy, payment)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []share
	for rows.Next() {
		var s share
		if err := rows.Scan(&s.invoice, &s.amount); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// sealFor seals a text under the patient's key, or the clinic's where nobody is named or she was erased: money still moves then.
func sealFor(v *store.View, patient id.ID, table, column string, row id.ID, text string) ([]byte, error) {
	if patient.IsZero() {
		return v.Seal(vault.ClinicData, table, column, row, text)
	}
	sealed, err := v.Seal(patient, table, column, row, text)
	if errors.Is(err, vault.ErrShredded) {
		return v.Seal(vault.ClinicData, table, column, row, text)
	}
	return sealed, err
}

func unsealFor(v *store.View, patient id.ID, table, column string, row id.ID, sealed []byte) (string, error) {
	if patient.IsZero() {
		return v.Unseal(vault.ClinicData, table, column, row, sealed)
	}
	text, err := v.Unseal(patient, table, column, row, sealed)
	if errors.Is(err, vault.ErrShredded) {
		if own, err := v.Unseal(vault.ClinicData, table, column, row, sealed); err == nil {
			return own, nil
		}
	}
	return text, err
}

func scanInvoice(v *store.View, row scanner, open bool) (Document, error) {
	var d Document
	var who, note []byte
	err := row.Scan(&d.ID, &d.Kind, &d.Patient, &d.Appointment, &d.Corrects, &d.Year, &d.Number, &d.Label, &d.Day, &d.IssuedAt, &d.IssuedBy, &d.KeepUntil, &d.Currency,
		&d.Scheme, &d.TaxID, &d.Place, &d.Inclusive, &d.Discount, &d.Net, &d.Tax, &d.Rounding, &d.Total, &who, &note, &d.CreatedAt, &d.CreatedBy, &d.State, &d.Paid, &d.Credited, &d.Version)
	if err != nil {
		return d, gone(err)
	}
	if !open {
		return d, nil
	}
	text, err := v.Unseal(d.Patient, "invoice", "particulars", d.ID, who)
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &d.Who)
	}
	d.Broken = err != nil
	if d.Note, err = unsealFor(v, d.Patient, "invoice", "note", d.ID, note); err != nil {
		d.Broken = true // a damaged row is shown as such; it never blanks the page
	}
	return d, nil
}

// head reads a document without its lines and without opening what is sealed.
func head(v *store.View, one id.ID) (Document, error) {
	return scanInvoice(v, v.Row(sqlInvoiceGet, one), false)
}

// lockInvoice locks a document's row and reads it as it then is.
func lockInvoice(tx *store.Tx, one id.ID) (Document, error) {
	if err := tx.Must(sqlInvoiceLock, one); err != nil {
		return Document{}, err
	}
	return head(&tx.View, one)
}

// setAccount keeps how an invoice stands.
func setAccount(tx *store.Tx, d Document) error {
	return tx.Must(sqlInvoiceAccount, d.ID, d.Paid, d.Credited, string(d.State))
}
