package billing

import (
	"time"

	"almirah/internal/audit"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/money"
	"almirah/internal/store"
)

// GatewayHoldings are the tables of payments by gateways, column by column. No column can hold a card, a name, a number or an address.
func GatewayHoldings() []holdings.Table {
	const kept = "as long as the invoice that they paid"
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	of := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Plain, Whose: holdings.Patient, Purpose: purpose, Keep: kept}
	}
	const fraud = "a refused payment 180 days after it was tried, a dispute two years after the last news of it"
	return []holdings.Table{
		{Name: "gateway_account", Scope: holdings.Clinic, Keeper: "gateways", Life: law.Account, From: holdings.Leaving, Columns: append([]holdings.Column{
			{Name: "credentials", Class: holdings.Secret, Whose: holdings.OfClinic, Purpose: "to take payments by the clinic's own account at a gateway", Keep: "until the clinic revokes them", Sealed: true, Leaves: gateways},
			{Name: "agreed_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who agreed to the use of the account", Keep: "while the clinic is with us"},
		}, plain("clinic_id", "id", "provider", "last4", "trial", "state", "reason", "agreed_text", "tested_at", "state_at", "created_at", "heard_at", "checked_at", "checked", "version")...)},
		{Name: "payment_request", Scope: holdings.Clinic, Keeper: "gateways", Life: law.Invoices, From: holdings.Issued, Columns: append([]holdings.Column{
			of("patient_id", "to know who was asked to pay"), of("amount", "to know what was asked for").To(gateways...),
			{Name: "url", Class: holdings.Secret, Whose: holdings.Patient, Purpose: "to bring the patient to the gateway's page", Keep: "while it can be paid on", Sealed: true},
		}, plain("clinic_id", "id", "account_id", "invoice_id", "currency", "state", "page_id", "order_id", "expires_at", "asked_at", "state_at", "version")...)},
		{Name: "gateway_payment", Scope: holdings.Clinic, Columns: plain("clinic_id", "account_id", "external_id", "request_id", "amount", "currency", "state", "method", "code", "paid_at", "heard_at", "payment_id")},
		{Name: "gateway_return", Scope: holdings.Clinic, Keeper: "gateways", Life: law.Invoices, From: holdings.Issued, Columns: append([]holdings.Column{
			of("patient_id", "to know whose money went back"), of("amount", "to know how much went back"),
			{Name: "reason", Class: holdings.Message, Whose: holdings.Patient, Purpose: "to know why money went back", Keep: kept, Sealed: true},
			{Name: "asked_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who gave money back", Keep: kept},
		}, plain("clinic_id", "id", "account_id", "payment", "external_id", "invoice_id", "currency", "state", "code", "asked_at", "state_at", "refund_id")...)},
		{Name: "gateway_event", Scope: holdings.Clinic, Columns: plain("clinic_id", "account_id", "key", "id", "kind", "known", "news", "heard_at", "done_at")},
		{Name: "gateway_work", Scope: holdings.Clinic, Columns: plain("clinic_id", "kind", "subject", "due_at", "tries")},
		{Name: "gateway_difference", Scope: holdings.Clinic, Keeper: "gateways", Life: law.Watch, From: holdings.Ended, Columns: append([]holdings.Column{
			{Name: "settled_by", Class: holdings.Plain, Whose: holdings.Staff, Purpose: "to know who looked after a difference", Keep: "two years after it was settled"},
		}, plain("clinic_id", "account_id", "kind", "external_id", "id", "ours", "theirs", "currency", "request_id", "found_at", "settled_at")...)},
		{Name: "fraud_record", Scope: holdings.Clinic, Keeper: "gateways", Life: law.Watch, From: holdings.Seen, Columns: append([]holdings.Column{
			{Name: "payment", Class: holdings.Security, Whose: holdings.Patient, Purpose: "to answer a bank's dispute, and to see fraud", Keep: fraud, Why: "the gateway's id of a payment; it tells nothing without the gateway's own books"},
			{Name: "amount", Class: holdings.Plain, Whose: holdings.Patient, Purpose: "to answer a bank's dispute, and to see fraud", Keep: fraud},
		}, plain("clinic_id", "account_id", "kind", "external_id", "id", "currency", "state", "reason", "respond_by", "at", "changed_at", "forget_at")...)},
	}
}

// keepDifferences is how long a settled difference stays.
const keepDifferences = 2 * 365 * 24 * time.Hour

const sqlRequestsOfPatient = `SELECT ` + requestColumns + ` FROM payment_request WHERE clinic_id = $1 AND patient_id = $2 ORDER BY asked_at, id`

// GatewayKeeper copies out, erases and expires what payments by gateways leave.
type GatewayKeeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (GatewayKeeper) Name() string { return "gateways" }

// Tables are the tables that it keeps.
func (GatewayKeeper) Tables() []string {
	return []string{"gateway_account", "payment_request", "gateway_return", "gateway_difference", "fraud_record"}
}

// Collect copies out what the patient was asked to pay, what the gateway said of it, and what went back.
func (GatewayKeeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	out := map[string][]map[string]string{}
	list, err := requests(v, sqlRequestsOfPatient, patient)
	if err != nil {
		return nil, err
	}
	moment := func(i int64) string { return time.UnixMicro(i).UTC().Format(time.RFC3339) }
	for _, r := range list {
		out["payment_request"] = append(out["payment_request"], map[string]string{"id": r.ID.String(), "invoice": r.Invoice.String(), "amount": money.Plain(r.Amount), "currency": r.Amount.Currency,
			"state": string(r.State), "asked": moment(int64(r.AskedAt))})
		tried, err := attempts(v, sqlCapturesOf, r.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range tried {
			out["gateway_payment"] = append(out["gateway_payment"], map[string]string{"id": a.ID, "request": r.ID.String(), "amount": money.Plain(a.Amount), "currency": a.Amount.Currency,
				"state": string(a.State), "method": a.Method, "at": moment(int64(a.At))})
		}
	}
	back, err := returns(v, sqlReturnsOfPatient, patient)
	if err != nil {
		return nil, err
	}
	for _, r := range back {
		reason, _ := v.Unseal(patient, "gateway_return", "reason", r.ID, r.sealed)
		out["gateway_return"] = append(out["gateway_return"], map[string]string{"id": r.ID.String(), "payment": r.Payment, "amount": money.Plain(r.Amount), "currency": r.Amount.Currency,
			"state": string(r.State), "reason": reason, "asked": moment(int64(r.AskedAt))})
	}
	return out, nil
}

const sqlReturnsOfPatient = `SELECT ` + returnColumns + ` FROM gateway_return WHERE clinic_id = $1 AND patient_id = $2 ORDER BY asked_at, id`

// Erase takes the patient's name off what she was asked to pay and what went back. Amounts and the gateway's ids stay as long as the invoice, and fraud records for their own time:
// they name nobody.
func (GatewayKeeper) Erase(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlRequestsErase, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "payment_request", Subject: patient, New: n})
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlReturnsErase, patient)
	return err
}

// Due deletes what has reached its time: reports, fraud records, differences that were settled long ago, and what was paid so long ago that no law asks for it.
func (k GatewayKeeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("reports of gateways, fraud records, settled differences and paid requests whose time is over")
	total := 0
	watched, paid := k.Lives.Over(law.Watch, tx.Now()), k.Lives.Over(law.Invoices, tx.Now())
	for _, x := range []struct {
		text  string
		class law.Class
		args  []any
	}{{sqlEventAge, "", []any{tx.Now().Add(-keepEvents)}}, {sqlFraudAge, law.Watch, []any{tx.Now(), watched}}, {sqlDifferenceAge, law.Watch, []any{max(tx.Now().Add(-keepDifferences), watched)}},
		{sqlPaidOver, "", []any{paid}}, {sqlRequestsOver, law.Invoices, []any{paid}}, {sqlReturnsOver, law.Invoices, []any{paid}}} {
		n, err := tx.Exec(x.text, x.args...)
		if err != nil {
			return total, err
		}
		if x.class != "" {
			k.Lives.Went(x.class, n)
		}
		total += int(n)
	}
	return total, nil
}

// What was asked for and given back at a gateway goes when its time by tax law is over, but not while an order keeps the patient's records.
const (
	notHeld         = `(patient_id IS NULL OR patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlPaidOver     = `DELETE FROM gateway_payment WHERE clinic_id = $1 AND request_id IN (SELECT id FROM payment_request WHERE clinic_id = $1 AND asked_at < $2 AND state IN ('partly', 'paid', 'closed') AND ` + notHeld + `)`
	sqlRequestsOver = `DELETE FROM payment_request WHERE clinic_id = $1 AND asked_at < $2 AND state IN ('partly', 'paid', 'closed') AND ` + notHeld
	sqlReturnsOver  = `DELETE FROM gateway_return WHERE clinic_id = $1 AND asked_at < $2 AND state IN ('processed', 'failed', 'refused') AND ` + notHeld
)
