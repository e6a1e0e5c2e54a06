package billing

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/store"
)

// Disputes and refused payments are kept against fraud, by ids, amounts and the gateway's words, with a life of their own (promise H7): nobody's name stands there,
// and erasing a patient leaves them until their own time is over.
const (
	keepRefused = 180 * 24 * time.Hour     // counted from the attempt
	keepDispute = 2 * 365 * 24 * time.Hour // counted from the newest news
)

const (
	sqlFraudAdd = `INSERT INTO fraud_record (clinic_id, account_id, kind, external_id, id, payment, amount, currency, state, reason, respond_by, at, changed_at, forget_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (clinic_id, account_id, kind, external_id) DO UPDATE SET
	state = excluded.state, reason = excluded.reason, respond_by = excluded.respond_by, changed_at = excluded.changed_at, forget_at = excluded.forget_at
	WHERE fraud_record.changed_at <= excluded.changed_at`
	sqlFraudList = `SELECT id, account_id, kind, external_id, payment, amount, currency, state, reason, respond_by, at, changed_at, forget_at FROM fraud_record
	WHERE clinic_id = $1 AND kind = $2 ORDER BY changed_at DESC, id LIMIT 200`
	sqlFraudAge = `DELETE FROM fraud_record WHERE clinic_id = $1 AND (forget_at < $2 OR changed_at < $3)`
)

// FraudRecord is a dispute, or a payment that was refused.
type FraudRecord struct {
	ID, Account         id.ID
	Kind                string // "dispute" or "refused"
	External, Payment   string
	Amount              money.Amount
	State, Reason       string // the gateway's words
	RespondBy, At       clock.Instant
	ChangedAt, ForgetAt clock.Instant
}

func foldDispute(tx *store.Tx, a GatewayAccount, d Dispute, news clock.Instant) error {
	if d.ID == "" {
		return nil
	}
	at := d.At
	if at == 0 {
		at = news
	}
	_, err := tx.Exec(sqlFraudAdd, a.ID, "dispute", d.ID, tx.NewID(), d.PaymentID, d.Amount, d.Currency, d.State, d.Reason, d.RespondBy, at, news, news.Add(keepDispute))
	return err
}

func foldRefused(tx *store.Tx, a GatewayAccount, c Capture, r Request, at clock.Instant) error {
	_, err := tx.Exec(sqlFraudAdd, a.ID, "refused", c.ID, tx.NewID(), c.ID, c.Amount, c.Currency, string(c.State), c.Code, clock.Instant(0), at, at, at.Add(keepRefused))
	return err
}

// Frauds lists the newest disputes and refused payments.
func (o *Gateways) Frauds(ctx context.Context, who access.Caller) (disputes, refused []FraudRecord, err error) {
	err = o.db.View(ctx, who, access.BillDecide, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		if disputes, err = frauds(v, "dispute"); err != nil {
			return err
		}
		refused, err = frauds(v, "refused")
		return err
	})
	return disputes, refused, err
}

func frauds(v *store.View, kind string) ([]FraudRecord, error) {
	rows, err := v.Query(sqlFraudList, kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []FraudRecord
	for rows.Next() {
		var f FraudRecord
		if err := rows.Scan(&f.ID, &f.Account, &f.Kind, &f.External, &f.Payment, &f.Amount.Minor, &f.Amount.Currency, &f.State, &f.Reason, &f.RespondBy, &f.At, &f.ChangedAt, &f.ForgetAt); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}
