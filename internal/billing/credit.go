package billing

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/store"
)

const sqlCreditedTaxes = `SELECT t.tax, t.rate, CAST(SUM(t.base) AS BIGINT), CAST(SUM(t.amount) AS BIGINT) FROM invoice i
	JOIN invoice_tax t ON t.clinic_id = i.clinic_id AND t.invoice_id = i.id
	WHERE i.clinic_id = $1 AND i.corrects_id = $2 GROUP BY t.tax, t.rate ORDER BY t.rate, t.tax`

// CreditDraft takes an invoice back, or a part of it.
type CreditDraft struct {
	ID     id.ID // the page's own: the same press again is the same note; zero for one that we choose
	Amount int64 // with tax, minor units; zero for all that is left of it
	Reason string
	Back   *ReturnDraft // gives money back in the same act; its Invoice and Reason are those of the credit note, its Amount zero for all that the clinic then owes
}

// noted is the note that the same press wrote before, and what went back with it. fault.NotFound when there is none, fault.Conflict when it says something else than this press.
func noted(v *store.View, invoice id.ID, w CreditDraft) (Document, Given, error) {
	if w.ID.IsZero() {
		return Document{}, Given{}, fault.Missing()
	}
	note, err := whole(v, w.ID)
	if err != nil {
		return note, Given{}, err
	}
	d, err := head(v, invoice)
	if err != nil {
		return note, Given{}, err
	}
	other := fault.New(fault.Conflict, "fault.changed_meanwhile")
	if note.Kind != CreditNote || note.Corrects != d.ID || w.Amount != note.Total && (w.Amount != 0 || d.Credited < d.Total) {
		return note, Given{}, other
	}
	if w.Back == nil {
		return note, Given{}, nil
	}
	r, err := scanRefund(v.Row(sqlRefundOnce, desk(w.Back.Method), w.ID.String()))
	if fault.Is(err, fault.NotFound) && d.Due() >= 0 { // nothing was owed, and nothing went back
		return note, Given{}, nil
	}
	if fault.Is(err, fault.NotFound) {
		err = other
	}
	if err != nil {
		return note, Given{}, err
	}
	p, err := scanPayment(v.Row(sqlPaymentGet, r.Payment))
	return note, Given{Refund: r.ID, Payment: p.ID, Repeated: true, Left: p.Amount - p.Refunded}, err
}

// Credit writes a credit note over an issued invoice: the only way in which one is corrected. It takes the next number of its own series, carries the taxes in the invoice's proportion,
// and lowers what is due. What the patient had paid of it the clinic then owes her. Money is given back in the same Change where the draft says so. The same ID
// again answers what was made the first time. fault.Invalid over "amount" when there is less left of the invoice.
func (s *Service) Credit(ctx context.Context, who access.Caller, invoice id.ID, w CreditDraft) (Document, Given, error) {
	var note Document
	var given Given
	err := s.db.Change(ctx, who, access.BillRefund, func(_ context.Context, tx *store.Tx) error {
		c, set, err := start(&tx.View)
		if err != nil {
			return err
		}
		var f fault.Fields
		if w.Reason = text(&f, "reason", w.Reason, 200); w.Reason == "" {
			f.Add("reason", "field.bill.reason")
		}
		if err := f.Err(); err != nil {
			return err
		}
		if note, given, err = noted(&tx.View, invoice, w); !fault.Is(err, fault.NotFound) {
			return err
		}
		if w.Back != nil { // the till is held before payments, and these are locked before invoices, everywhere
			if err := holdTill(tx); err != nil {
				return err
			}
			if _, err := lockPayment(tx, w.Back.Payment); err != nil {
				return err
			}
		}
		d, err := lockInvoice(tx, invoice)
		if err != nil {
			return err
		}
		if d.Kind != Bill || d.State == Draft {
			return fault.Missing()
		}
		if _, _, err := noted(&tx.View, invoice, w); !fault.Is(err, fault.NotFound) {
			if err == nil { // it was written while we waited for the invoice
				err = errAgain
			}
			return err
		}
		amount := w.Amount
		if amount == 0 {
			amount = d.Total - d.Credited
		}
		if amount <= 0 || amount > d.Total-d.Credited {
			f.AddWith("amount", "field.bill.most_back", map[string]any{"Minor": d.Total - d.Credited, "Currency": d.Currency})
			return f.Err()
		}
		if note, err = credit(tx, c, set, &d, amount, w); err != nil {
			return err
		}
		given = Given{}
		if w.Back == nil || d.Due() >= 0 {
			return tx.Announce(EventCancelled, d.ID, 0)
		}
		back := *w.Back
		back.Invoice, back.Reason = d.ID, w.Reason
		if back.Amount == 0 {
			back.Amount = -d.Due()
		}
		if !w.ID.IsZero() {
			back.Key = w.ID.String()
		}
		if given, err = giveAtDesk(tx, c, back); err != nil {
			return err
		}
		if given.Repeated { // another form gave money back by this key: none went with this note
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return tx.Announce(EventCancelled, d.ID, 0)
	})
	return note, given, err
}

// credit writes the note over a locked invoice, and keeps what is due of it.
func credit(tx *store.Tx, c clinics.Clinic, set Setting, d *Document, amount int64, w CreditDraft) (Document, error) {
	full, err := whole(&tx.View, d.ID)
	if err != nil {
		return full, err
	}
	before, err := creditedTaxes(&tx.View, d.ID)
	if err != nil {
		return full, err
	}
	note := Document{ID: w.ID, Kind: CreditNote, Patient: d.Patient, Appointment: d.Appointment, Corrects: d.ID, Currency: d.Currency, Scheme: d.Scheme, TaxID: d.TaxID, Place: d.Place, Inclusive: d.Inclusive,
		Total: amount, Who: full.Who, Note: w.Reason, State: Draft}
	if note.Taxes, err = partOf(full, before, amount); err != nil {
		return note, err
	}
	for _, x := range note.Taxes {
		note.Tax += x.Amount
	}
	if amount == d.Total-d.Credited { // the last note takes the rounding back too
		note.Rounding = d.Rounding
		earlier, err := documents(&tx.View, sqlInvoicesCorrect, d.ID)
		if err != nil {
			return note, err
		}
		for _, x := range earlier {
			note.Rounding -= x.Rounding
		}
	}
	note.Net = amount - note.Tax - note.Rounding
	// One line for each rate: the words stand on the invoice, whose number is printed on the note.
	taxed := int64(0)
	for i, x := range note.Taxes {
		if i > 0 && x.Tax == "sgst" && note.Taxes[i-1].Tax == "cgst" {
			last := &note.Lines[len(note.Lines)-1]
			last.Rate += x.Rate
			last.Tax += x.Amount
			continue
		}
		note.Lines = append(note.Lines, Line{Class: classAt(full, x), Code: codeAt(full, x), Rate: x.Rate, Quantity: 1, Price: x.Base, Net: x.Base, Tax: x.Amount})
		taxed += x.Base
	}
	// What is not taxed is the note's part of what was not taxed on the invoice. Where everything was, it is what does not divide.
	if rest := note.Net - taxed; rest > 0 && untaxed(full) > 0 || len(note.Lines) == 0 {
		l := Line{Class: money.Exempt, Quantity: 1, Price: rest, Net: rest}
		for _, x := range full.Lines {
			if x.Tax == 0 {
				l.Code = x.Code
				break
			}
		}
		note.Lines = append(note.Lines, l)
	} else {
		note.Net, note.Rounding = taxed, note.Rounding+rest
	}
	if err := add(tx, c, &note); err != nil {
		return note, err
	}
	if err := finish(tx, c, set, &note); err != nil {
		return note, err
	}
	d.Credited += amount
	d.State = stateOf(d.Total, d.Credited, d.Paid)
	if err := setAccount(tx, *d); err != nil {
		return note, err
	}
	list := []entry{{kind: "credit", debit: Sales, credit: Receivable, amount: note.Net, currency: d.Currency, invoice: d.ID},
		{kind: "credit", debit: Roundings, credit: Receivable, amount: note.Rounding, currency: d.Currency, invoice: d.ID}}
	for _, x := range note.Taxes {
		list = append(list, entry{kind: "credit", debit: taxAccount(x.Tax), credit: Receivable, amount: x.Amount, currency: d.Currency, invoice: d.ID})
	}
	tx.Record(audit.Note{Action: "issue", Kind: "credit-note", Subject: note.ID, Patient: d.Patient, New: map[string]any{"number": note.Label, "corrects": d.Label, "total": amount}})
	return note, post(tx, note.Day, list...)
}

// untaxed is what an invoice has of supplies on which no tax was charged.
func untaxed(d Document) int64 {
	out := d.Net
	for _, x := range d.Taxes {
		if x.Tax != "sgst" { // of the same base as its other half
			out -= x.Base
		}
	}
	return out
}

func creditedTaxes(v *store.View, invoice id.ID) ([]money.TaxLine, error) {
	rows, err := v.Query(sqlCreditedTaxes, invoice)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []money.TaxLine
	for rows.Next() {
		var x money.TaxLine
		if err := rows.Scan(&x.Tax, &x.Rate, &x.Base, &x.Amount); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// partOf is an invoice's table of taxes in the proportion of an amount; the last credit note of an invoice takes what the earlier ones left, to the paisa.
func partOf(d Document, before []money.TaxLine, amount int64) ([]money.TaxLine, error) {
	var out []money.TaxLine
	last := amount == d.Total-d.Credited
	for _, x := range d.Taxes {
		base, tax := x.Base, x.Amount
		for _, b := range before {
			if b.Tax == x.Tax && b.Rate == x.Rate {
				base, tax = base-b.Base, tax-b.Amount
			}
		}
		if !last {
			b, err := money.Part(x.Base, amount, d.Total, money.Down)
			if err != nil {
				return nil, err
			}
			t, err := money.Part(x.Amount, amount, d.Total, money.Down)
			if err != nil {
				return nil, err
			}
			base, tax = min(base, b), min(tax, t)
		}
		out = append(out, money.TaxLine{Tax: x.Tax, Rate: x.Rate, Base: max(0, base), Amount: max(0, tax)})
	}
	return out, nil
}

// classAt and codeAt are those of the invoice's first line that was taxed so.
func classAt(d Document, x money.TaxLine) string {
	if l := lineAt(d, x); l != nil {
		return l.Class
	}
	return money.Exempt
}

func codeAt(d Document, x money.TaxLine) string {
	if l := lineAt(d, x); l != nil {
		return l.Code
	}
	return ""
}

func lineAt(d Document, x money.TaxLine) *Line {
	for i, l := range d.Lines {
		if l.Rate == x.Rate || x.Tax == "cgst" && (l.Rate == 2*x.Rate || l.Rate == 2*x.Rate+1) {
			return &d.Lines[i]
		}
	}
	return nil
}
