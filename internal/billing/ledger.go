package billing

import (
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Account is one account of the ledger.
type Account string

// The accounts. Money of each method has its own, named as the method; each tax has its own, named "tax:" and the tax.
const (
	Receivable Account = "receivable" // what patients owe on issued invoices
	Advances   Account = "advance"    // what patients paid ahead
	Undecided  Account = "undecided"  // money that came and of which a person has to decide what it is for
	Sales      Account = "sales"
	Roundings  Account = "rounding"
)

func taxAccount(tax string) Account { return Account("tax:" + tax) }

func till(m Method) Account { return Account(m) }

// entry moves an amount from the account that is credited to the one that is debited.
type entry struct {
	kind                     string
	debit, credit            Account
	amount                   int64
	currency                 string
	invoice, payment, refund id.ID
}

const sqlLedgerAdd = `INSERT INTO ledger_entry (clinic_id, id, at, day, kind, debit, credit, amount, currency, invoice_id, payment_id, refund_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

// post writes entries; those of nothing are left out.
func post(tx *store.Tx, day clock.Date, list ...entry) error {
	for _, e := range list {
		if e.amount == 0 {
			continue
		}
		if e.amount < 0 {
			e.amount, e.debit, e.credit = -e.amount, e.credit, e.debit
		}
		if err := tx.Later(sqlLedgerAdd, tx.NewID(), tx.Now(), string(day), e.kind, string(e.debit), string(e.credit), e.amount, e.currency,
			id.Null(e.invoice), id.Null(e.payment), id.Null(e.refund)); err != nil {
			return err
		}
	}
	return nil
}

// today is the clinic's day of this passage.
func today(v *store.View, c clinics.Clinic) clock.Date { return clock.DateOf(v.Now().In(c.Location())) }
