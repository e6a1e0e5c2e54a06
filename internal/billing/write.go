package billing

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlInvoiceAdd = `INSERT INTO invoice (clinic_id, id, kind, patient_id, appointment_id, corrects_id, day, currency, scheme, tax_id, place, inclusive, discount, net, tax, rounding, total,
	particulars, note, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
	ON CONFLICT (clinic_id, id) DO NOTHING`
	sqlInvoiceChange = `UPDATE invoice SET appointment_id = $4, day = $5, scheme = $6, tax_id = $7, place = $8, inclusive = $9, discount = $10, net = $11, tax = $12, rounding = $13, total = $14,
	particulars = $15, note = $16, currency = $17, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'draft'`
	sqlInvoiceDiscard = `DELETE FROM invoice WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'draft'`
	sqlLineAdd        = `INSERT INTO invoice_line (clinic_id, invoice_id, id, position, service_id, words, code, class, rate, quantity, price, discount, net, tax, free_of)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	sqlLineDrop = `DELETE FROM invoice_line WHERE clinic_id = $1 AND invoice_id = $2`
	sqlLineList = `SELECT id, service_id, words, code, class, rate, quantity, price, discount, net, tax, free_of FROM invoice_line WHERE clinic_id = $1 AND invoice_id = $2 ORDER BY position, id`
	sqlTaxAdd   = `INSERT INTO invoice_tax (clinic_id, invoice_id, tax, rate, base, amount) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlTaxDrop  = `DELETE FROM invoice_tax WHERE clinic_id = $1 AND invoice_id = $2`
	sqlTaxList  = `SELECT tax, rate, base, amount FROM invoice_tax WHERE clinic_id = $1 AND invoice_id = $2 ORDER BY rate, tax`
)

// Bounds of an invoice.
const (
	MostLines    = 40
	MostQuantity = 10_000
	MostPrice    = int64(1e12) // minor units
	MostWords    = 200         // letters of a line
)

// LineDraft is one line as it is written. Price and discount are in minor units.
type LineDraft struct {
	Service  id.ID // zero for a free line
	Words    string
	Code     string
	Class    string
	Quantity int64
	Price    int64
	Discount int64
	FreeOf   id.ID // see Line
}

// InvoiceDraft is an invoice as it is written.
type InvoiceDraft struct {
	ID          id.ID // of a new one, the page's own: the same press again is the same invoice; zero for one that we choose
	Patient     id.ID // of a new one
	Appointment id.ID // zero for none
	Lines       []LineDraft
	Discount    int64  // off the whole, before tax
	Address     string // of who is billed
	TaxID       string // of who is billed: a company
	Place       string // of supply, where it is not the clinic's own state
	Note        string // printed
}

// check cleans the draft; wrong fields are named in f, those of lines with their place: "words.0".
func (d *InvoiceDraft) check(c clinics.Clinic, set Setting, f *fault.Fields) {
	if len(d.Lines) == 0 {
		f.Add("words.0", "field.bill.lines")
	}
	if len(d.Lines) > MostLines {
		f.AddWith("words.0", "field.bill.too_many", map[string]any{"Max": MostLines})
	}
	for i := range d.Lines {
		l, at := &d.Lines[i], "."+itoa(i)
		if l.Words = text(f, "words"+at, l.Words, MostWords); l.Words == "" {
			f.Add("words"+at, "field.bill.words")
		}
		if l.Quantity < 1 || l.Quantity > MostQuantity {
			f.AddWith("quantity"+at, "field.bill.quantity", map[string]any{"Max": MostQuantity})
		}
		if l.Price < 0 || l.Price > MostPrice {
			f.Add("price"+at, "field.bill.amount")
		}
		if full, err := money.Product(l.Price, l.Quantity); l.Discount < 0 || err == nil && l.Discount > full {
			f.Add("discount"+at, "field.bill.discount")
		}
		if l.Code != "" && !codeForm.MatchString(l.Code) {
			f.Add("code"+at, "field.bill.code")
		}
		if l.Class == "" {
			l.Class = money.Exempt
		}
		if classOf(c, set, l.Class).Code != l.Class {
			f.Add("class"+at, "field.required")
		}
	}
	d.Address = text(f, "address", d.Address, patients.MaxAddress)
	d.TaxID = text(f, "payer_tax_id", d.TaxID, 30)
	d.Note = text(f, "note", d.Note, 400)
	if set.Scheme != money.GST {
		d.Place = ""
	} else if d.Place == "" {
		d.Place = set.Place
	} else if !isState(d.Place) {
		f.Add("place", "field.bill.place")
	}
}

// reckoned works the draft out, into a document without a number.
func (d InvoiceDraft) reckoned(c clinics.Clinic, set Setting) (Document, error) {
	out := Document{Kind: Bill, Patient: d.Patient, Appointment: d.Appointment, Currency: c.Currency, Scheme: set.Scheme, TaxID: set.TaxID, Place: d.Place, Inclusive: set.Inclusive, Discount: d.Discount, State: Draft,
		Who: Particulars{Address: d.Address, TaxID: d.TaxID}, Note: d.Note}
	items := make([]money.Item, len(d.Lines))
	for i, l := range d.Lines {
		items[i] = money.Item{Price: l.Price, Quantity: l.Quantity, Discount: l.Discount, Class: classOf(c, set, l.Class)}
	}
	b, err := money.Reckon(items, money.Terms{Scheme: set.Scheme, Inclusive: set.Inclusive, Within: d.Place == set.Place, Discount: d.Discount, RoundTo: set.RoundTo})
	switch err {
	case nil:
	case money.ErrDiscount:
		var f fault.Fields
		f.Add("discount", "field.bill.discount")
		return out, f.Err()
	default:
		var f fault.Fields
		f.Add("price.0", "field.bill.amount")
		return out, f.Err()
	}
	out.Net, out.Tax, out.Rounding, out.Total, out.Taxes = b.Net, b.Tax, b.Rounding, b.Total, b.Taxes
	for i := range out.Taxes { // the name that the clinic gave its tax stands in the books, whatever it is called later
		if out.Taxes[i].Tax == string(money.Own) {
			out.Taxes[i].Tax = set.OwnTax
		}
	}
	for i, l := range d.Lines {
		out.Lines = append(out.Lines, Line{Service: l.Service, Words: l.Words, Code: l.Code, Class: l.Class, Rate: items[i].Class.Rate, Quantity: l.Quantity, Price: l.Price,
			Discount: l.Discount, Net: b.Lines[i].Net, Tax: b.Lines[i].Tax, FreeOf: l.FreeOf})
		if set.Scheme == money.NoTax {
			out.Lines[i].Rate = 0
		}
	}
	return out, nil
}

// Draft is the document as it would be written again.
func (d Document) Draft() InvoiceDraft {
	out := InvoiceDraft{Patient: d.Patient, Appointment: d.Appointment, Discount: d.Discount, Address: d.Who.Address, TaxID: d.Who.TaxID, Place: d.Place, Note: d.Note}
	for _, l := range d.Lines {
		out.Lines = append(out.Lines, LineDraft{l.Service, l.Words, l.Code, l.Class, l.Quantity, l.Price, l.Discount, l.FreeOf})
	}
	return out
}

// whose fills in who is billed from the patient's page: her name, and the guardian who speaks for a child (promise B9).
func whose(v *store.View, c clinics.Clinic, d *Document) error {
	p, err := patients.Find(v, d.Patient)
	if err != nil {
		return err
	}
	d.Who.Name = p.Name
	child, err := patients.IsMinor(v, d.Patient, c)
	if err != nil {
		return err
	}
	if child && len(p.Guardians) > 0 {
		d.Who.Guardian = p.Guardians[0].Name
	}
	if d.Who.Address == "" {
		d.Who.Address = p.Address
	}
	return nil
}

// visitOf makes sure that an appointment is the patient's.
func visitOf(v *store.View, appointment, patient id.ID) error {
	if appointment.IsZero() {
		return nil
	}
	f, err := scheduling.FactsOf(v, appointment)
	if err == nil && f.Patient != patient {
		err = fault.Missing()
	}
	return err
}

// add writes a new draft, by the id that its page chose where it chose one.
func add(tx *store.Tx, c clinics.Clinic, d *Document) error {
	if d.ID.IsZero() {
		d.ID = tx.NewID()
	}
	// No key of the database ties it to the patient: her row is locked, so that an erasure finds it, or we find her gone. A credit note outlives her.
	there, err := patients.Hold(tx, d.Patient)
	if err == nil && !there && d.Kind == Bill {
		err = fault.Missing()
	}
	if err != nil {
		return err
	}
	d.Day, d.CreatedAt, d.CreatedBy, d.Version = today(&tx.View, c), tx.Now(), tx.Caller().Actor(), 1
	who, note, err := d.sealed(&tx.View)
	if err != nil {
		return err
	}
	n, err := tx.Exec(sqlInvoiceAdd, d.ID, string(d.Kind), d.Patient, id.Null(d.Appointment), id.Null(d.Corrects), string(d.Day), d.Currency, string(d.Scheme), d.TaxID, d.Place, d.Inclusive,
		d.Discount, d.Net, d.Tax, d.Rounding, d.Total, who, note, tx.Now(), id.Null(d.CreatedBy))
	if err == nil && n == 0 {
		err = errAgain
	}
	if err != nil {
		return err
	}
	return writeLines(tx, d)
}

func (d Document) sealed(v *store.View) (who, note []byte, err error) {
	text, err := json.Marshal(d.Who)
	if err == nil {
		who, err = v.Seal(d.Patient, "invoice", "particulars", d.ID, string(text))
	}
	if errors.Is(err, vault.ErrShredded) { // a credit note over an erased patient's invoice names nobody
		who, err = nil, nil
	}
	if err == nil {
		note, err = sealFor(v, d.Patient, "invoice", "note", d.ID, d.Note)
	}
	return who, note, err
}

func writeLines(tx *store.Tx, d *Document) error {
	for i := range d.Lines {
		l := &d.Lines[i]
		l.ID = tx.NewID()
		words, err := tx.Seal(d.Patient, "invoice_line", "words", l.ID, l.Words)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlLineAdd, d.ID, l.ID, i, id.Null(l.Service), words, l.Code, l.Class, int64(l.Rate), l.Quantity, l.Price, l.Discount, l.Net, l.Tax, id.Null(l.FreeOf)); err != nil {
			return err
		}
	}
	for _, x := range d.Taxes {
		if _, err := tx.Exec(sqlTaxAdd, d.ID, x.Tax, int64(x.Rate), x.Base, x.Amount); err != nil {
			return err
		}
	}
	return nil
}

// change writes a draft anew. fault.Conflict when it was changed or issued meanwhile.
func change(tx *store.Tx, c clinics.Clinic, d *Document) error {
	d.Day = today(&tx.View, c)
	who, note, err := d.sealed(&tx.View)
	if err != nil {
		return err
	}
	n, err := tx.Exec(sqlInvoiceChange, d.ID, d.Version, id.Null(d.Appointment), string(d.Day), string(d.Scheme), d.TaxID, d.Place, d.Inclusive, d.Discount, d.Net, d.Tax, d.Rounding, d.Total, who, note, d.Currency)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	if err != nil {
		return err
	}
	d.Version++
	if _, err := tx.Exec(sqlLineDrop, d.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(sqlTaxDrop, d.ID); err != nil {
		return err
	}
	return writeLines(tx, d)
}

// whole reads a document with its lines and taxes, opened.
func whole(v *store.View, one id.ID) (Document, error) {
	d, err := scanInvoice(v, v.Row(sqlInvoiceGet, one), true)
	if err != nil {
		return d, err
	}
	rows, err := v.Query(sqlLineList, one)
	if err != nil {
		return d, err
	}
	defer rows.Close()
	for rows.Next() {
		var l Line
		var words []byte
		if err := rows.Scan(&l.ID, &l.Service, &words, &l.Code, &l.Class, &l.Rate, &l.Quantity, &l.Price, &l.Discount, &l.Net, &l.Tax, &l.FreeOf); err != nil {
			return d, err
		}
		if l.Words, err = v.Unseal(d.Patient, "invoice_line", "words", l.ID, words); err != nil {
			l.Broken = true // erased or damaged: the line is shown without its words
		}
		d.Lines = append(d.Lines, l)
	}
	if err := rows.Err(); err != nil {
		return d, err
	}
	d.Taxes, err = taxesOf(v, one)
	return d, err
}

func taxesOf(v *store.View, one id.ID) ([]money.TaxLine, error) {
	rows, err := v.Query(sqlTaxList, one)
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

// prepare checks a draft and works it out, with who is billed.
func prepare(v *store.View, c clinics.Clinic, set Setting, w InvoiceDraft) (Document, error) {
	var f fault.Fields
	w.Lines = slices.Clone(w.Lines)
	w.check(c, set, &f)
	if err := f.Err(); err != nil {
		return Document{}, err
	}
	if err := visitOf(v, w.Appointment, w.Patient); err != nil {
		return Document{}, err
	}
	for _, l := range w.Lines {
		if l.Service.IsZero() {
			continue
		}
		there, err := scheduling.Offers(v, l.Service)
		if err == nil && !there {
			err = fault.Missing()
		}
		if err != nil {
			return Document{}, err
		}
	}
	if err := stillFree(v, c, w); err != nil {
		return Document{}, err
	}
	d, err := w.reckoned(c, set)
	if err != nil {
		return d, err
	}
	return d, whose(v, c, &d)
}

// start is what every verb that writes invoices reads first.
func start(v *store.View) (clinics.Clinic, Setting, error) {
	c, err := clinics.Must(v, clinics.ModuleBilling)
	if err != nil {
		return c, Setting{}, err
	}
	set, err := setting(v, c)
	return c, set, err
}

// Save writes a draft: a new one where one is zero, and what the same page wrote before where w names it. version is the one that the writer saw; fault.Conflict when it was changed or issued meanwhile. Wrong
// fields come back as a fault over all of them.
func (s *Service) Save(ctx context.Context, who access.Caller, one id.ID, w InvoiceDraft, version int64) (Document, error) {
	var d Document
	err := s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		c, set, err := start(&tx.View)
		if err != nil {
			return err
		}
		d, _, err = save(tx, c, set, one, w, version, false)
		return err
	})
	return d, err
}

// save writes a draft. It answers done, and writes nothing, when the same press left it before as it has to be: issued, or a draft.
func save(tx *store.Tx, c clinics.Clinic, set Setting, one id.ID, w InvoiceDraft, version int64, issued bool) (d Document, done bool, err error) {
	if one.IsZero() {
		if d, done, err = before(&tx.View, c, set, w, issued); done || err != nil {
			return d, done, err
		}
		one, version = d.ID, d.Version
	}
	if !one.IsZero() {
		was, err := head(&tx.View, one)
		if err != nil {
			return was, false, err
		}
		if was.State != Draft || was.Version != version {
			return was, false, fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		w.Patient = was.Patient
	}
	if d, err = prepare(&tx.View, c, set, w); err != nil {
		return d, false, err
	}
	d.ID, d.Version = one, version
	action := "change"
	if one.IsZero() {
		d.ID = w.ID
		action, err = "add", add(tx, c, &d)
	} else {
		err = change(tx, c, &d)
	}
	if err == nil {
		tx.Record(audit.Note{Action: action, Kind: "invoice", Subject: d.ID, Patient: d.Patient, New: map[string]any{"total": d.Total, "lines": len(d.Lines)}})
	}
	return d, false, err
}

// Discard throws a draft away. fault.Conflict when it was changed or issued meanwhile.
func (s *Service) Discard(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		if _, _, err := start(&tx.View); err != nil {
			return err
		}
		d, err := head(&tx.View, one)
		if err != nil {
			return err
		}
		if d.State != Draft || d.Version != version {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "discard", Kind: "invoice", Subject: one, Patient: d.Patient})
		return dropDraft(tx, one, version)
	})
}

func dropDraft(tx *store.Tx, one id.ID, version int64) error {
	if _, err := tx.Exec(sqlTaxDrop, one); err != nil {
		return err
	}
	if _, err := tx.Exec(sqlLineDrop, one); err != nil {
		return err
	}
	return tx.Must(sqlInvoiceDiscard, one, version)
}
