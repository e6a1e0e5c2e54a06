package billing

import (
	"context"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// GatewayReturn is money that a gateway gives back.
type GatewayReturn struct {
	ID, Account, Invoice, Patient, AskedBy, Refund id.ID
	Payment, External                              string // the gateway's
	Amount                                         money.Amount
	State                                          ReturnState // "asked" and "refused" beside those of a gateway
	Code                                           string
	AskedAt, StateAt                               clock.Instant
	sealed                                         []byte
}

// The states that a refund has before a gateway knows of it, and when it would not take it.
const (
	ReturnAsked   ReturnState = "asked"
	ReturnRefused ReturnState = "refused"
)

const (
	returnColumns = `id, account_id, payment, external_id, invoice_id, patient_id, amount, currency, state, code, reason, asked_by, asked_at, state_at, refund_id`

	sqlReturnAdd = `INSERT INTO gateway_return (clinic_id, id, account_id, payment, external_id, invoice_id, patient_id, amount, currency, state, reason, asked_by, asked_at, state_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`
	sqlReturnLock     = `UPDATE gateway_return SET state = state WHERE clinic_id = $1 AND id = $2`
	sqlReturnGet      = `SELECT ` + returnColumns + ` FROM gateway_return WHERE clinic_id = $1 AND id = $2`
	sqlReturnExternal = `SELECT ` + returnColumns + ` FROM gateway_return WHERE clinic_id = $1 AND account_id = $2 AND external_id = $3 AND external_id <> ''`
	sqlReturnsOf      = `SELECT ` + returnColumns + ` FROM gateway_return WHERE clinic_id = $1 AND account_id = $2 AND payment = $3 ORDER BY asked_at, id`
	sqlReturnsBooked  = `SELECT ` + returnColumns + ` FROM gateway_return WHERE clinic_id = $1 AND account_id = $2 AND asked_at >= $3 AND asked_at < $4 AND external_id <> '' ORDER BY asked_at, id`
	sqlReturnUnderway = `SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM gateway_return WHERE clinic_id = $1 AND account_id = $2 AND payment = $3 AND state IN ('asked', 'pending')
	AND EXISTS (SELECT 1 FROM gateway_account a WHERE a.clinic_id = $1 AND a.id = $2 AND a.state <> 'revoked')`
	sqlReturnState  = `UPDATE gateway_return SET external_id = $3, state = $4, code = $5, state_at = $6 WHERE clinic_id = $1 AND id = $2`
	sqlReturnBooked = `UPDATE gateway_return SET refund_id = $3 WHERE clinic_id = $1 AND id = $2`
	sqlReturnEndAll = `UPDATE gateway_return SET state = 'refused', code = 'revoked', state_at = $3 WHERE clinic_id = $1 AND account_id = $2 AND state = 'asked'`
	sqlReturnsErase = `UPDATE gateway_return SET patient_id = NULL, reason = NULL WHERE clinic_id = $1 AND patient_id = $2`
)

func scanReturn(row scanner) (GatewayReturn, error) {
	var r GatewayReturn
	err := row.Scan(&r.ID, &r.Account, &r.Payment, &r.External, &r.Invoice, &r.Patient, &r.Amount.Minor, &r.Amount.Currency, &r.State, &r.Code, &r.sealed, &r.AskedBy, &r.AskedAt, &r.StateAt, &r.Refund)
	return r, gone(err)
}

func returns(v *store.View, text string, args ...any) ([]GatewayReturn, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []GatewayReturn
	for rows.Next() {
		r, err := scanReturn(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// GatewayOf is the account by which a payment came; fault.NotFound for money that no gateway brought.
func GatewayOf(v *store.View, p Payment) (GatewayAccount, error) {
	_, name, ok := strings.Cut(p.Source, ":")
	one, err := id.Parse(name)
	if !ok || err != nil {
		return GatewayAccount{}, fault.Missing()
	}
	a, err := scanGatewayAccount(v.Row(sqlGatewayAccountGet, one))
	if err == nil && a.source() != p.Source {
		err = fault.Missing()
	}
	return a, err
}

// onItsWay is how much of a payment its gateway was asked to give back and has not said yet whether it went; zero for the desk's money, and of an account that was revoked: it will never say.
func onItsWay(v *store.View, p Payment) (int64, error) {
	_, name, ok := strings.Cut(p.Source, ":")
	account, err := id.Parse(name)
	if !ok || err != nil {
		return 0, nil
	}
	var sum int64
	err = v.Row(sqlReturnUnderway, account, p.External).Scan(&sum)
	return sum, err
}

// backFrom looks whether money of the payment can go back from the invoice: it is there, and the payer's. Zero is no invoice in particular.
func backFrom(v *store.View, p Payment, invoice id.ID) error {
	if invoice.IsZero() {
		return nil
	}
	d, err := head(v, invoice)
	if err == nil && !p.Patient.IsZero() && d.Patient != p.Patient {
		err = fault.Missing()
	}
	return err
}

// Return has a gateway give money back that came by it. The row is there before the gateway is called, and its id is the key with which it is asked, so that
// neither a second touch on the button nor a crash gives back twice. key is the form's: the same key is the same refund. fault.Invalid over "amount" when it is more than is left,
// fault.NotFound for money that no gateway brought and for an invoice that is not there, fault.Conflict when the account's keys are gone.
func (o *Gateways) Return(ctx context.Context, who access.Caller, payment id.ID, amount int64, invoice id.ID, reason string, key id.ID) (GatewayReturn, error) {
	var r GatewayReturn
	err := o.db.Change(ctx, who, access.BillRefund, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleBilling); err != nil {
			return err
		}
		if err := tx.Must(sqlPaymentLock, payment); err != nil {
			return err
		}
		p, err := scanPayment(tx.Row(sqlPaymentGet, payment))
		if err != nil {
			return err
		}
		a, err := GatewayOf(&tx.View, p)
		if err != nil {
			return err
		}
		if err := backFrom(&tx.View, p, invoice); err != nil {
			return err
		}
		if r, err = scanReturn(tx.Row(sqlReturnGet, key)); !fault.Is(err, fault.NotFound) {
			if err == nil && (r.Payment != p.External || r.Amount.Minor != amount) {
				err = fault.New(fault.Conflict, "fault.changed_meanwhile")
			}
			tx.Record(audit.Note{Action: "refund-asked", Kind: "payment", Subject: p.ID, Patient: p.Patient})
			return err
		}
		if _, err := o.till(&tx.View, a); err != nil {
			return err
		}
		underway, err := onItsWay(&tx.View, p)
		if err != nil {
			return err
		}
		if amount <= 0 || amount > p.Amount-p.Refunded-underway {
			var wrong fault.Fields
			wrong.AddWith("amount", "field.refund.amount", map[string]any{"Left": max(0, p.Amount-p.Refunded-underway)})
			return wrong.Err()
		}
		sealed, err := sealFor(&tx.View, p.Patient, "gateway_return", "reason", key, reason)
		if err != nil {
			return err
		}
		r = GatewayReturn{ID: key, Account: a.ID, Payment: p.External, Invoice: invoice, Patient: p.Patient, AskedBy: who.Actor(), Amount: money.Of(amount, p.Currency), State: ReturnAsked, AskedAt: tx.Now(), StateAt: tx.Now()}
		n, err := tx.Exec(sqlReturnAdd, key, a.ID, p.External, "", id.Null(invoice), id.Null(p.Patient), amount, p.Currency, string(ReturnAsked), sealed, who.Actor(), tx.Now(), tx.Now())
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "refund-asked", Kind: "payment", Subject: p.ID, Patient: p.Patient, New: map[string]any{"amount": amount, "currency": p.Currency, "gateway": a.Provider}})
		return due(tx, workReturn, key, tx.Now())
	})
	return r, err
}

// foldReturn takes one refund into the books: it is booked when it is processed. A report that contradicts what was heard before is not believed: the gateway is asked.
func foldReturn(tx *store.Tx, a GatewayAccount, r Return, asked bool) (bool, error) {
	if r.ID == "" || r.PaymentID == "" || r.Amount <= 0 {
		return true, nil
	}
	c, err := scanAttempt(tx.Row(sqlCaptureGet, a.ID, r.PaymentID))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if c.Payment.IsZero() { // the money is not booked yet: the page it was paid on is asked about first
		return false, due(tx, workLook, c.Request, tx.Now())
	}
	row, err := returnRow(tx, a, r, c)
	if err != nil {
		return false, err
	}
	if row.Amount.Minor != r.Amount {
		if err := differ(tx, a, "refund-amount", r.ID, row.Amount.Minor, r.Amount, row.Amount.Currency, c.Request); err != nil {
			return false, err
		}
	}
	final := func(s ReturnState) bool { return s == ReturnProcessed || s == ReturnFailed }
	switch {
	case row.State == r.State && row.External == r.ID:
		return true, nil
	case row.State == ReturnProcessed && r.State == ReturnFailed && asked: // the bank sent it back after all
		return true, differ(tx, a, "refund-came-back", r.ID, r.Amount, 0, row.Amount.Currency, c.Request)
	case final(row.State) && final(r.State) && !asked:
		return true, due(tx, workReturn, row.ID, tx.Now())
	case row.State == ReturnProcessed, row.State == ReturnFailed && !final(r.State):
		return true, nil
	}
	if _, err := tx.Exec(sqlReturnState, row.ID, r.ID, string(r.State), r.Code, tx.Now()); err != nil {
		return false, err
	}
	switch r.State {
	case ReturnPending:
		return true, due(tx, workReturn, row.ID, tx.Now().Add(returnLook))
	case ReturnFailed:
		return true, differ(tx, a, "refund-failed", r.ID, r.Amount, 0, row.Amount.Currency, c.Request)
	}
	reason, err := tx.Unseal(orClinic(row.Patient), "gateway_return", "reason", row.ID, row.sealed)
	if err != nil { // she was erased meanwhile; the money went back all the same
		reason = ""
	}
	out, err := GiveBack(tx, Refunded{Source: a.source(), Payment: r.PaymentID, External: r.ID, Amount: money.Of(r.Amount, c.Amount.Currency), At: r.At, Invoice: row.Invoice, Reason: reason})
	if fault.Is(err, fault.Conflict) {
		return true, differ(tx, a, "refund-more", r.ID, 0, r.Amount, c.Amount.Currency, c.Request)
	}
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(sqlReturnBooked, row.ID, out.Refund)
	return true, err
}

// returnRow is our row of a gateway's refund: the one that it was asked with, or a new one when somebody gave money back in the gateway's own console. It is locked.
func returnRow(tx *store.Tx, a GatewayAccount, r Return, c Attempt) (GatewayReturn, error) {
	row, err := scanReturn(tx.Row(sqlReturnExternal, a.ID, r.ID))
	if fault.Is(err, fault.NotFound) {
		if one := ReadReference(r.Reference); !one.IsZero() {
			row, err = scanReturn(tx.Row(sqlReturnGet, one))
			if err == nil && (row.Account != a.ID || row.Payment != r.PaymentID || row.External != "" && row.External != r.ID) {
				if row.External != "" { // one reference, two refunds: the second is money as well
					if err := differ(tx, a, "refund-twice", r.ID, row.Amount.Minor, r.Amount, row.Amount.Currency, c.Request); err != nil {
						return row, err
					}
				}
				err = fault.Missing()
			}
		}
	}
	if fault.Is(err, fault.NotFound) {
		at := r.At
		if at == 0 {
			at = tx.Now()
		}
		row = GatewayReturn{ID: tx.NewID(), Account: a.ID, Payment: r.PaymentID, External: r.ID, Amount: money.Of(r.Amount, c.Amount.Currency), State: ReturnAsked}
		n, err := tx.Exec(sqlReturnAdd, row.ID, a.ID, r.PaymentID, r.ID, id.Null(id.Zero), id.Null(id.Zero), r.Amount, c.Amount.Currency, string(ReturnAsked), []byte(nil), id.Null(id.Zero), at, tx.Now())
		if err != nil || n == 1 {
			return row, err
		}
		if row, err = scanReturn(tx.Row(sqlReturnExternal, a.ID, r.ID)); err != nil { // another report was first
			return row, err
		}
	}
	if err != nil {
		return row, err
	}
	if err := tx.Must(sqlReturnLock, row.ID); err != nil {
		return row, err
	}
	return scanReturn(tx.Row(sqlReturnGet, row.ID))
}

// give does the work of one refund: it looks whether the gateway has it already, and only then asks for it, with its key. It answers whether that is the end.
func (o *Gateways) give(ctx context.Context, who access.Caller, one id.ID) (bool, error) {
	var r GatewayReturn
	var a GatewayAccount
	var g Gateway
	var t Till
	err := o.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		var err error
		if r, err = scanReturn(v.Row(sqlReturnGet, one)); err != nil {
			return err
		}
		a, g, t, err = o.open(v, r.Account)
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		wait, err := o.night(ctx, who, access.Work, call{kind: workReturn, subject: one})
		return wait == 0, err
	}
	if err != nil {
		return false, err
	}
	list, err := g.Returns(ctx, t, r.Payment)
	if err != nil {
		return false, err
	}
	known := false
	for _, x := range list {
		known = known || x.Reference == Reference(r.ID) || x.ID == r.External && r.External != ""
	}
	refused := ""
	if !known && r.State == ReturnAsked {
		made, err := g.GiveBack(ctx, t, Back{Reference: Reference(r.ID), PaymentID: r.Payment, Amount: r.Amount.Minor, Currency: r.Amount.Currency})
		switch _, keys := refusedKeys(err); {
		case err == nil:
			list = append(list, made)
		case fault.Is(err, fault.Invalid) && !keys, fault.Is(err, fault.NotFound):
			if refused = codeOf(err); refused == "" {
				refused = "refused"
			}
		default:
			return false, err
		}
	}
	done := false
	err = o.change(ctx, who, access.Work, "what a gateway says of a refund; what it books records itself", func(tx *store.Tx) error {
		if refused != "" {
			if err := tx.Must(sqlReturnLock, one); err != nil {
				return err
			}
			now, err := scanReturn(tx.Row(sqlReturnGet, one))
			if err == nil && now.State == ReturnAsked {
				_, err = tx.Exec(sqlReturnState, one, now.External, string(ReturnRefused), refused, tx.Now())
			}
			if err != nil {
				return err
			}
		}
		if _, err := fold(tx, a, News{Returns: list}, true); err != nil {
			return err
		}
		now, err := scanReturn(tx.Row(sqlReturnGet, one))
		done = now.State != ReturnAsked && now.State != ReturnPending
		return err
	})
	return done, err
}

// orClinic is whose key seals a text: the patient's, or the clinic's where nobody is named.
func orClinic(patient id.ID) id.ID {
	if patient.IsZero() {
		return vault.ClinicData
	}
	return patient
}
