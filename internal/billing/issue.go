package billing

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlSeriesTake = `INSERT INTO invoice_series (clinic_id, kind, year, last) VALUES ($1, $2, $3, 1)
	ON CONFLICT (clinic_id, kind, year) DO UPDATE SET last = invoice_series.last + 1`
	sqlSeriesLast   = `SELECT last FROM invoice_series WHERE clinic_id = $1 AND kind = $2 AND year = $3`
	sqlInvoiceIssue = `UPDATE invoice SET year = $3, number = $4, label = $5, day = $6, issued_at = $7, issued_by = $8, keep_until = $9, state = $10, paid = 0, credited = 0,
	version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state = 'draft'`
)

// number takes the next number of a series. The row of the series is locked until the Change ends, so that the next desk waits: a number is neither given twice nor lost
// when a Change rolls back.
func number(tx *store.Tx, kind Kind, year string) (int64, error) {
	if _, err := tx.Exec(sqlSeriesTake, string(kind), year); err != nil {
		return 0, err
	}
	var n int64
	err := tx.Row(sqlSeriesLast, string(kind), year).Scan(&n)
	return n, err
}

// Label is a number as it is printed: "INV/26-27/0001", at most sixteen characters (Central Goods and Services Tax Rules 2017, r. 46(b)).
func Label(prefix, year string, n int64) string {
	digits := itoa(n)
	for len(digits) < 4 {
		digits = "0" + digits
	}
	return prefix + "/" + year + "/" + digits
}

// finish gives a draft its number and closes it: from now on the database refuses to change it.
func finish(tx *store.Tx, c clinics.Clinic, set Setting, d *Document) error {
	var ends clock.Date
	d.Day = today(&tx.View, c)
	d.Year, ends = Year(c.Country, d.Day)
	d.KeepUntil = keepUntil(c.Jurisdiction, ends)
	var err error
	if d.Number, err = number(tx, d.Kind, d.Year); err != nil {
		return err
	}
	prefix := set.Prefix
	if d.Kind == CreditNote {
		prefix, d.State = set.CreditPrefix, Noted
	} else {
		d.State = stateOf(d.Total, 0, 0)
	}
	d.Label, d.IssuedAt, d.IssuedBy = Label(prefix, d.Year, d.Number), tx.Now(), tx.Caller().Actor()
	n, err := tx.Exec(sqlInvoiceIssue, d.ID, d.Year, d.Number, d.Label, string(d.Day), d.IssuedAt, id.Null(d.IssuedBy), string(d.KeepUntil), string(d.State))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	d.Version++
	return err
}

// Issue gives a draft the next number of its series. What it says is worked out once more by the rules of today; after that it never changes. version is the one that the
// writer saw; fault.Conflict when it was changed or issued meanwhile, and when its prices are of another money than the clinic's is now: they are looked at first.
func (s *Service) Issue(ctx context.Context, who access.Caller, one id.ID, version int64) (Document, error) {
	var d Document
	err := s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		c, set, err := start(&tx.View)
		if err != nil {
			return err
		}
		d, err = issueDraft(tx, c, set, one, version)
		return err
	})
	return d, err
}

func issueDraft(tx *store.Tx, c clinics.Clinic, set Setting, one id.ID, version int64) (Document, error) {
	was, err := whole(&tx.View, one)
	if err != nil {
		return was, err
	}
	if was.State != Draft || was.Version != version || was.Currency != c.Currency {
		return was, fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	d, err := prepare(&tx.View, c, set, was.Draft())
	if err != nil {
		return d, err
	}
	d.ID, d.Version = one, version
	if err := change(tx, c, &d); err != nil {
		return d, err
	}
	return d, issue(tx, c, set, &d)
}

// WriteAndIssue writes an invoice and issues it, all or nothing; one and version are those of Save. What the same page issued before is answered as it is.
func (s *Service) WriteAndIssue(ctx context.Context, who access.Caller, one id.ID, w InvoiceDraft, version int64) (Document, error) {
	var d Document
	err := s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		c, set, err := start(&tx.View)
		if err != nil {
			return err
		}
		var done bool
		if d, done, err = save(tx, c, set, one, w, version, true); err != nil || done {
			return err
		}
		return issue(tx, c, set, &d)
	})
	return d, err
}

// issue closes a draft that was just written, and books what is owed.
func issue(tx *store.Tx, c clinics.Clinic, set Setting, d *Document) error {
	if err := finish(tx, c, set, d); err != nil {
		return err
	}
	list := []entry{{kind: "issue", debit: Receivable, credit: Sales, amount: d.Net, currency: d.Currency, invoice: d.ID},
		{kind: "issue", debit: Receivable, credit: Roundings, amount: d.Rounding, currency: d.Currency, invoice: d.ID}}
	for _, x := range d.Taxes {
		list = append(list, entry{kind: "issue", debit: Receivable, credit: taxAccount(x.Tax), amount: x.Amount, currency: d.Currency, invoice: d.ID})
	}
	tx.Record(audit.Note{Action: "issue", Kind: "invoice", Subject: d.ID, Patient: d.Patient, New: map[string]any{"number": d.Label, "total": d.Total}})
	return post(tx, d.Day, list...)
}

// Pay is money that the desk takes.
type Pay struct {
	Method    Method
	Amount    int64  // minor units; zero for all that is due
	Reference string // the UTR of a transfer, the slip of the card machine; never a number of a card
	Key       string // the same form sent twice is one payment
}

// check cleans what was typed.
func (p *Pay) check(f *fault.Fields) {
	if p.Method != Cash && p.Method != Card && p.Method != UPI && p.Method != Bank {
		f.Add("method", "field.bill.method")
	}
	if p.Amount < 0 || p.Amount > MostPrice {
		f.Add("amount", "field.bill.amount")
	}
	p.Reference = text(f, "reference", p.Reference, 40)
	if !referenceForm.MatchString(p.Reference) || cardLike(p.Reference) {
		f.Add("reference", "field.bill.reference")
	}
}

// IssueAndTake writes an invoice, issues it and takes the money for it, all or nothing: the walk-in who pays at once. one and version are those of a draft that is there
// already, or zero. The same Key again answers what was made the first time, also by another method.
func (s *Service) IssueAndTake(ctx context.Context, who access.Caller, one id.ID, w InvoiceDraft, version int64, p Pay) (Document, Outcome, error) {
	var d Document
	var out Outcome
	err := s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		out = Outcome{}
		c, set, err := start(&tx.View)
		if err != nil {
			return err
		}
		var f fault.Fields
		p.check(&f)
		if err := f.Err(); err != nil {
			return err
		}
		if err := holdTill(tx); err != nil {
			return err
		}
		if b, err := pressed(&tx.View, p.Key); !fault.Is(err, fault.NotFound) {
			tx.Housekeeping(twice)
			if out = b.again(); err == nil {
				d, err = whole(&tx.View, b.Invoice)
			}
			return err
		}
		var done bool
		if d, done, err = save(tx, c, set, one, w, version, true); err != nil {
			return err
		}
		if !done {
			if err := issue(tx, c, set, &d); err != nil {
				return err
			}
		}
		if d.Due() <= 0 {
			if done {
				tx.Housekeeping(twice)
			}
			return nil
		}
		out, err = take(tx, c, d, p)
		if err == nil && out.Repeated { // the same press took the money meanwhile, for an invoice of its own: this one is not written
			err = errAgain
		}
		d.Paid += out.Applied
		d.State = stateOf(d.Total, d.Credited, d.Paid)
		return err
	})
	return d, out, err
}
