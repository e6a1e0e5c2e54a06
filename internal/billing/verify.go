package billing

import (
	"context"
	"crypto/sha256"
	"fmt"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Whether the books agree with themselves.

const (
	// An invoice whose sums are not what the ledger says of it.
	sqlVerifyInvoices = `SELECT i.id, i.total - i.credited - i.paid, COALESCE(CAST(SUM(CASE WHEN e.debit = 'receivable' THEN e.amount WHEN e.credit = 'receivable' THEN -e.amount ELSE 0 END) AS BIGINT), 0)
	FROM invoice i LEFT JOIN ledger_entry e ON e.clinic_id = $1 AND e.invoice_id = i.id WHERE i.clinic_id = $1 AND i.kind = 'invoice' AND i.number > 0 GROUP BY i.id, i.total, i.credited, i.paid
	HAVING i.total - i.credited - i.paid <> COALESCE(CAST(SUM(CASE WHEN e.debit = 'receivable' THEN e.amount WHEN e.credit = 'receivable' THEN -e.amount ELSE 0 END) AS BIGINT), 0) LIMIT 20`
	// A payment whose parts are not what the ledger says of it.
	sqlVerifyPayments = `SELECT p.id FROM payment p LEFT JOIN ledger_entry e ON e.clinic_id = $1 AND e.payment_id = p.id WHERE p.clinic_id = $1 GROUP BY p.id, p.applied, p.advance, p.undecided, p.refunded, p.amount
	HAVING p.applied <> COALESCE(SUM(CASE WHEN e.credit = 'receivable' THEN e.amount WHEN e.debit = 'receivable' THEN -e.amount ELSE 0 END), 0)
	OR p.advance <> COALESCE(SUM(CASE WHEN e.credit = 'advance' THEN e.amount WHEN e.debit = 'advance' THEN -e.amount ELSE 0 END), 0)
	OR p.undecided <> COALESCE(SUM(CASE WHEN e.credit = 'undecided' THEN e.amount WHEN e.debit = 'undecided' THEN -e.amount ELSE 0 END), 0)
	OR p.refunded <> COALESCE(SUM(CASE WHEN e.refund_id IS NOT NULL THEN e.amount ELSE 0 END), 0) LIMIT 20`
	// Refunds that are not what their payments say.
	sqlVerifyRefunds = `SELECT p.id FROM payment p LEFT JOIN refund r ON r.clinic_id = $1 AND r.payment_id = p.id WHERE p.clinic_id = $1 GROUP BY p.id, p.refunded
	HAVING p.refunded <> COALESCE(SUM(r.amount), 0) LIMIT 20`
	// A credit note is part of an invoice's sum.
	sqlVerifyCredits = `SELECT i.id FROM invoice i LEFT JOIN invoice n ON n.clinic_id = $1 AND n.corrects_id = i.id AND n.number > 0 WHERE i.clinic_id = $1 AND i.kind = 'invoice' AND i.number > 0 GROUP BY i.id, i.credited
	HAVING i.credited < COALESCE(SUM(n.total), 0) LIMIT 20`
	// A series with a hole, a number twice, or a number that it never gave.
	sqlVerifySeries = `SELECT s.kind, s.year, s.last, COUNT(n.number), COUNT(DISTINCT n.number), COALESCE(MIN(n.number), 0), COALESCE(MAX(n.number), 0) FROM invoice_series s
	LEFT JOIN (SELECT kind, year, number FROM invoice WHERE clinic_id = $1 AND number > 0 UNION ALL SELECT kind, year, number FROM invoice_gone WHERE clinic_id = $1) n ON n.kind = s.kind AND n.year = s.year
	WHERE s.clinic_id = $1 GROUP BY s.kind, s.year, s.last`
	sqlVerifyCounts = `SELECT (SELECT COUNT(*) FROM invoice WHERE clinic_id = $1 AND number > 0), (SELECT COUNT(*) FROM payment WHERE clinic_id = $1), (SELECT COUNT(*) FROM ledger_entry WHERE clinic_id = $1)`
)

// Verdict is what the verifier found in a clinic's books.
type Verdict struct {
	Invoices, Payments, Entries int64
	Wrong                       []string // what is wrong, by kind and id; nobody is named
	Gaps                        []string // series with holes or repeats
}

// Verify looks whether the books agree with themselves: what each invoice has due with its rows in the ledger, each payment with its parts, each refund with its payment, and whether every
// series runs from one to its last number. That each row of the ledger balances needs no look: it moves one amount between two accounts.
func (s *Service) Verify(ctx context.Context, who access.Caller) (Verdict, error) {
	var out Verdict
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		var err error
		out, err = verify(v)
		return err
	})
	return out, err
}

func verify(v *store.View) (Verdict, error) {
	var out Verdict
	if err := v.Row(sqlVerifyCounts).Scan(&out.Invoices, &out.Payments, &out.Entries); err != nil {
		return out, err
	}
	rows, err := v.Query(sqlVerifyInvoices)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var one id.ID
		var due, books int64
		if err := rows.Scan(&one, &due, &books); err != nil {
			return out, err
		}
		out.Wrong = append(out.Wrong, fmt.Sprintf("invoice %s: %d due, %d in the ledger", one, due, books))
	}
	if err := rows.Err(); err != nil {
		return out, err
	}
	for _, x := range []struct{ text, what string }{{sqlVerifyPayments, "payment %s: its parts are not those of the ledger"}, {sqlVerifyRefunds, "payment %s: its refunds are not what went back"},
		{sqlVerifyCredits, "invoice %s: its credit notes are more than it says"}} {
		list, err := store.IDs(v, x.text)
		if err != nil {
			return out, err
		}
		for _, one := range list {
			out.Wrong = append(out.Wrong, fmt.Sprintf(x.what, one))
		}
	}
	series, err := v.Query(sqlVerifySeries)
	if err != nil {
		return out, err
	}
	defer series.Close()
	for series.Next() {
		var kind, year string
		var last, n, distinct, low, high int64
		if err := series.Scan(&kind, &year, &last, &n, &distinct, &low, &high); err != nil {
			return out, err
		}
		if n != last || distinct != last || last > 0 && (low != 1 || high != last) {
			out.Gaps = append(out.Gaps, fmt.Sprintf("%s %s: %d numbers given, %d there, %d of them different, %d to %d", kind, year, last, n, distinct, low, high))
		}
	}
	return out, series.Err()
}

const sqlReferences = `SELECT id, reference FROM payment WHERE clinic_id = $1 AND reference <> ''`

// CardLike finds payments whose reference could be the number of a card. There is none: what is typed is looked at before it is kept.
func CardLike(v *store.View) ([]id.ID, error) {
	rows, err := v.Query(sqlReferences)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var one id.ID
		var text string
		if err := rows.Scan(&one, &text); err != nil {
			return nil, err
		}
		if cardLike(text) {
			out = append(out, one)
		}
	}
	return out, rows.Err()
}

// keyID is an id that stands for a key of words.
func keyID(key string) (out id.ID) {
	sum := sha256.Sum256([]byte(key))
	copy(out[:], sum[:])
	return out
}

// CloseRow is the row that the note of a closed day was sealed for: its key is made of words. An archive needs it.
func CloseRow(day, method, currency string) id.ID { return keyID(day + method + currency) }

func nullActor(tx *store.Tx) id.Null { return id.Null(tx.Caller().Actor()) }
