package billing

import (
	"encoding/json"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/money"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlHoldAdd = `INSERT INTO invoice_hold (clinic_id, invoice_id, reason, until_day, particulars, held_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (clinic_id, invoice_id) DO NOTHING`

	sqlRefundForget  = `UPDATE refund SET reason = NULL WHERE clinic_id = $1 AND payment_id IN (SELECT id FROM payment WHERE clinic_id = $1 AND patient_id = $2)`
	sqlInvoicesOver  = `SELECT id FROM invoice WHERE clinic_id = $1 AND keep_until < $2 AND number > 0 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held') ORDER BY keep_until, id LIMIT 200`
	sqlGoneAdd       = `INSERT INTO invoice_gone (clinic_id, invoice_id, kind, year, number, gone_at) SELECT clinic_id, id, kind, year, number, $3 FROM invoice WHERE clinic_id = $1 AND id = $2`
	sqlInvoiceRemove = `DELETE FROM invoice WHERE clinic_id = $1 AND id = $2`
	// The books go on adding up, so that what was paid stays as a sum; after the time that tax law asks for it is nobody's any more. What is still owed to her stays hers.
	sqlPayerCut   = `UPDATE payment SET patient_id = NULL WHERE clinic_id = $1 AND patient_id IS NOT NULL AND received_at < $2 AND advance = 0 AND undecided = 0 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
	sqlReasonCut  = `UPDATE refund SET reason = NULL WHERE clinic_id = $1 AND reason IS NOT NULL AND returned_at < $2 AND payment_id NOT IN (SELECT id FROM payment WHERE clinic_id = $1 AND patient_id IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlHoldRemove = `DELETE FROM invoice_hold WHERE clinic_id = $1 AND invoice_id = $2`
)

// HoldTaxLaw is the reason for which an invoice of an erased patient stays.
const HoldTaxLaw = "tax-law"

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "billing" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	return []string{"invoice", "invoice_line", "invoice_tax", "payment", "refund", "ledger_entry", "invoice_hold"}
}

// Collect copies out what the patient was billed, what she paid, and what went back.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	list, err := documents(v, sqlInvoicesOfPatient, patient)
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]string{}
	add := func(table string, row map[string]string) {
		for k, x := range row {
			if x == "" {
				delete(row, k)
			}
		}
		out[table] = append(out[table], row)
	}
	for _, h := range list {
		d, err := whole(v, h.ID)
		if err != nil {
			return nil, err
		}
		plain := func(n int64) string { return money.Plain(money.Of(n, d.Currency)) }
		row := map[string]string{"id": d.ID.String(), "kind": string(d.Kind), "number": d.Label, "day": string(d.Day), "currency": d.Currency, "net": plain(d.Net), "tax": plain(d.Tax), "total": plain(d.Total),
			"paid": plain(d.Paid), "credited": plain(d.Credited), "state": string(d.State), "billed_to": d.Who.Name, "guardian": d.Who.Guardian, "address": d.Who.Address, "tax_id": d.Who.TaxID, "note": d.Note, "keep_until": string(d.KeepUntil)}
		if !d.Appointment.IsZero() {
			row["appointment"] = d.Appointment.String()
		}
		if d.Broken {
			row["billed_to"] = "(unreadable)"
		}
		add("invoice", row)
		for _, l := range d.Lines {
			words := l.Words
			if l.Broken {
				words = "(unreadable)"
			}
			add("invoice_line", map[string]string{"invoice": d.ID.String(), "words": words, "code": l.Code, "quantity": itoa(l.Quantity), "price": plain(l.Price), "discount": plain(l.Discount), "net": plain(l.Net), "tax": plain(l.Tax)})
		}
		for _, x := range d.Taxes {
			add("invoice_tax", map[string]string{"invoice": d.ID.String(), "tax": x.Tax, "base": plain(x.Base), "amount": plain(x.Amount)})
		}
	}
	paid, err := paymentsOf(v, sqlPaymentsOfPatient, patient)
	if err != nil {
		return nil, err
	}
	for _, p := range paid {
		plain := func(n int64) string { return money.Plain(money.Of(n, p.Currency)) }
		add("payment", map[string]string{"id": p.ID.String(), "source": p.Source, "method": string(p.Method), "amount": plain(p.Amount), "currency": p.Currency, "reference": p.Reference,
			"received": p.ReceivedAt.Time().Format(time.RFC3339), "advance": plain(p.Advance), "undecided": plain(p.Undecided), "refunded": plain(p.Refunded)})
		back, err := refundsOf(v, p)
		if err != nil {
			return nil, err
		}
		for _, r := range back {
			add("refund", map[string]string{"payment": p.ID.String(), "method": string(r.Method), "amount": plain(r.Amount), "reason": r.Reason, "returned": r.ReturnedAt.Time().Format(time.RFC3339)})
		}
	}
	return out, nil
}

// Erase throws drafts away and keeps of issued invoices what tax law asks for, saying so: number, days, amounts and taxes stay until the floor of the jurisdiction, with the name of who was billed only
// where that law asks for it. What was done, and every other word, goes with the patient's key (promises D5, H6).
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	list, err := documents(&tx.View, sqlInvoicesOfPatient, patient)
	if err != nil {
		return err
	}
	for _, h := range list {
		if h.State == Draft {
			if err := dropDraft(tx, h.ID, h.Version); err != nil {
				return err
			}
			tx.Record(audit.Note{Action: "erase", Kind: "invoice", Subject: h.ID})
			continue
		}
		var who []byte
		if nameAsked(c.Country, h.Currency, h.Total) {
			d, err := scanInvoice(&tx.View, tx.Row(sqlInvoiceGet, h.ID), true)
			if err != nil {
				return err
			}
			if !d.Broken && d.Who.Name != "" {
				text, err := json.Marshal(d.Who)
				if err != nil {
					return err
				}
				if who, err = tx.Seal(vault.ClinicData, "invoice_hold", "particulars", h.ID, string(text)); err != nil {
					return err
				}
			}
		}
		n, err := tx.Exec(sqlHoldAdd, h.ID, HoldTaxLaw, string(h.KeepUntil), who, tx.Now())
		if err != nil {
			return err
		}
		if n > 0 {
			tx.Record(audit.Note{Action: "hold", Kind: string(h.Kind), Subject: h.ID, New: map[string]string{"reason": HoldTaxLaw, "until": string(h.KeepUntil)}})
		}
	}
	n, err := tx.Exec(sqlRefundForget, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "refund", Subject: patient, New: n})
	}
	return err
}

// Due removes invoices whose time by tax law is over, and answers how many. Their place in the series stays, so that it still has no gap.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return 0, err
	}
	over, err := store.IDs(&tx.View, sqlInvoicesOver, string(clock.DateOf(k.Lives.Now(law.Invoices, tx.Now()).In(c.Location()))))
	if err != nil {
		return 0, err
	}
	tx.Housekeeping("invoices whose time by tax law is over")
	for _, one := range over {
		if err := tx.Must(sqlGoneAdd, one, tx.Now()); err != nil {
			return 0, err
		}
		for _, text := range []string{sqlTaxDrop, sqlLineDrop, sqlHoldRemove, sqlInvoiceRemove} {
			if _, err := tx.Exec(text, one); err != nil {
				return 0, err
			}
		}
	}
	k.Lives.Went(law.Invoices, int64(len(over)))
	cut, err := tx.Exec(sqlPayerCut, k.Lives.Over(law.Invoices, tx.Now()))
	if err != nil {
		return len(over), err
	}
	k.Lives.Went(law.Invoices, cut)
	reasons, err := tx.Exec(sqlReasonCut, k.Lives.Over(law.Invoices, tx.Now()))
	return len(over) + int(cut+reasons), err
}

func heldParticulars(v *store.View, invoice id.ID, sealed []byte) (Particulars, error) {
	var p Particulars
	text, err := v.Unseal(vault.ClinicData, "invoice_hold", "particulars", invoice, sealed)
	if err != nil || text == "" {
		return p, nil // a damaged cell is shown as an invoice without a name
	}
	return p, json.Unmarshal([]byte(text), &p)
}
