package billing

import (
	"strings"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/document"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/words"
)

// What stands on an invoice, a receipt and a statement of account.

// Printer lays papers out in one language for one clinic.
type Printer struct {
	Press  *document.Press
	Tongue *words.Tongue
	Clinic clinics.Clinic
	Logo   []byte    // PNG or JPEG; empty for none
	Now    time.Time // when it is printed
	Slip   bool      // an 80 mm slip in place of a sheet
}

func (p Printer) say(key string, args ...any) string { return p.Tongue.Say(key, args...) }

func (p Printer) exact(minor int64, currency string) string { return p.Tongue.Exact(minor, currency) }

// begin is an empty paper with the clinic's head.
func (p Printer) begin(title, taxID string) *document.Paper {
	o := document.Options{Language: p.Tongue.Lang(), Title: title, Author: p.Clinic.Name, Created: p.Now, PageOf: func(page, pages int) string {
		return p.say("bill.paper.page", "Page", page, "Pages", pages)
	}}
	if p.Slip {
		o.Size = document.Slip
	}
	out := p.Press.New(o)
	h := document.Header{Name: p.Clinic.Name, Logo: p.Logo}
	if p.Clinic.LegalEntity != "" && p.Clinic.LegalEntity != p.Clinic.Name {
		h.Lines = append(h.Lines, p.Clinic.LegalEntity)
	}
	for _, l := range strings.Split(p.Clinic.Address, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			h.Lines = append(h.Lines, l)
		}
	}
	reach := strings.TrimSpace(p.Clinic.Phone + "  " + p.Clinic.Email)
	if reach != "" {
		h.Lines = append(h.Lines, reach)
	}
	if taxID != "" {
		h.Lines = append(h.Lines, p.say("bill.paper.tax_id", "Number", taxID))
	}
	out.Add(h)
	return out
}

// TaxName is the name of a tax as invoices print it.
func TaxName(tax, country string) string {
	switch tax {
	case "cgst", "sgst", "igst":
		return strings.ToUpper(tax)
	case "vat":
		switch country {
		case "AU", "NZ", "SG":
			return "GST"
		case "CA":
			return "GST/HST"
		}
		return "VAT"
	}
	return tax
}

// Percent prints a rate: "18%", "8.875%".
func Percent(r money.PerMillion) string {
	text := itoa(int64(r) / 10000)
	if rest := int64(r) % 10000; rest > 0 {
		text += "." + strings.TrimRight(itoa(10000 + rest)[1:], "0")
	}
	return text + "%"
}

// title is what the law calls the paper: in India an invoice of exempt services alone is a bill of supply (Central Goods and Services Tax Act 2017, s. 31(3)(c)).
func (p Printer) title(d Document) string {
	switch {
	case d.Kind == CreditNote:
		return p.say("bill.paper.credit_note")
	case d.Scheme == money.GST && d.Tax == 0:
		return p.say("bill.paper.supply")
	case d.Scheme != money.NoTax && d.Tax > 0:
		return p.say("bill.paper.tax_invoice")
	}
	return p.say("bill.paper.invoice")
}

// Invoice prints an issued invoice or a credit note. What cannot be opened, because the patient was erased, is left out. It fails as document does.
func (p Printer) Invoice(x Sheet) ([]byte, error) {
	out := p.begin(x.Label, x.TaxID)
	out.Add(document.Title{Text: p.title(x.Document), Note: x.Label})
	who := x.Who
	if x.Held != nil && who.Name == "" {
		who = x.Held.Who
	}
	facts := []document.Fact{{Label: p.say("bill.number"), Value: x.Label, Bold: true}, {Label: p.say("bill.day"), Value: p.Tongue.Date(x.Day)}}
	if who.Name != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.billed_to"), Value: who.Name, Bold: true})
	}
	if who.Guardian != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.guardian"), Value: who.Guardian})
	}
	if who.Address != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.address"), Value: strings.ReplaceAll(who.Address, "\n", ", ")})
	}
	if who.TaxID != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.payer_tax"), Value: who.TaxID})
	}
	if x.Place != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.place"), Value: StateName(x.Place) + " (" + x.Place + ")"})
	}
	if !x.Origin.ID.IsZero() {
		facts = append(facts, document.Fact{Label: p.say("bill.corrects"), Value: x.Origin.Label + ", " + p.Tongue.Date(x.Origin.Day)})
	}
	out.Add(document.Facts{Columns: p.columns(2), Items: facts}, p.lines(x), p.sums(x))
	text, lang := money.InWords(money.Of(x.Total, x.Currency), p.Tongue.Lang())
	out.Add(document.Text{Spans: []document.Span{{Text: p.say("bill.in_words") + ": ", Language: p.Tongue.Lang(), Colour: document.Muted}, {Text: text, Language: lang, Bold: true}}})
	if x.Note != "" {
		out.Add(document.Text{Words: x.Note})
	}
	if link := UPILink(x.Setting, p.Clinic.Name, x.Document); link != "" {
		out.Add(document.Together{document.Rule{}, document.QR{Text: link, Side: 90, Caption: p.say("bill.upi_scan", "Amount", p.exact(x.Due(), x.Currency))}})
	}
	if x.Scheme == money.GST && x.Tax == 0 && x.Kind == Bill {
		out.Add(document.Text{Words: p.say("bill.paper.exempt"), Language: p.Tongue.Lang(), Colour: document.Muted})
	}
	if x.Setting.Footer != "" {
		out.Add(document.Text{Words: x.Setting.Footer, Colour: document.Muted})
	}
	return out.PDF()
}

func (p Printer) columns(n int) int {
	if p.Slip {
		return 1
	}
	return n
}

// lines is the table of what was done.
func (p Printer) lines(x Sheet) document.Table {
	taxed := x.Scheme != money.NoTax
	t := document.Table{Columns: []document.Column{{Title: p.say("bill.what"), Share: 4}}}
	if taxed && !p.Slip {
		t.Columns = append(t.Columns, document.Column{Title: p.say("bill.code"), Share: 1.1})
	}
	if !p.Slip {
		t.Columns = append(t.Columns, document.Column{Title: p.say("bill.quantity"), Share: 0.8, Align: document.End}, document.Column{Title: p.say("bill.price"), Share: 1.6, Align: document.End})
	}
	t.Columns = append(t.Columns, document.Column{Title: p.say("bill.net"), Share: 1.7, Align: document.End})
	for _, l := range x.Lines {
		c := document.Cell{Text: l.Words}
		switch {
		case x.Kind == CreditNote && l.Words == "":
			c = document.Cell{Text: p.say("bill.credit_line", "Number", x.Origin.Label), Language: p.Tongue.Lang()}
		case l.Words == "":
			c = document.Cell{Text: p.say("bill.line_gone"), Language: p.Tongue.Lang()}
		}
		note := func(text string) {
			c.Notes = append(c.Notes, document.Span{Text: text, Language: p.Tongue.Lang()})
		}
		if f, ok := x.Free[l.FreeOf]; ok && !l.FreeOf.IsZero() {
			note(p.say("bill.free", "Days", f.Days, "Date", p.Tongue.Date(f.Day), "Number", f.Label))
		} else if l.Discount > 0 {
			note(p.say("bill.line_discount", "Amount", p.exact(l.Discount, x.Currency)))
		}
		if l.Rate > 0 {
			note(p.say("bill.line_tax", "Rate", Percent(l.Rate), "Amount", p.exact(l.Tax, x.Currency)))
		}
		if p.Slip && l.Quantity > 1 {
			note(itoa(l.Quantity) + " × " + p.exact(l.Price, x.Currency))
		}
		r := document.Row{Cells: []document.Cell{c}}
		if taxed && !p.Slip {
			r.Cells = append(r.Cells, document.Cell{Text: l.Code})
		}
		if !p.Slip {
			r.Cells = append(r.Cells, document.Cell{Text: itoa(l.Quantity)}, document.Cell{Text: p.exact(l.Price, x.Currency)})
		}
		t.Rows = append(t.Rows, document.Row{Cells: append(r.Cells, document.Cell{Text: p.exact(l.Net, x.Currency)})})
	}
	return t
}

// sums is the block of totals.
func (p Printer) sums(x Sheet) document.Table {
	t := document.Table{NoHead: true, Columns: []document.Column{{Share: 3, Align: document.End}, {Share: 1.2, Align: document.End}}}
	row := func(label string, minor int64, bold bool) {
		t.Rows = append(t.Rows, document.Row{Bold: bold, Rule: bold, Cells: []document.Cell{{Text: label, Language: p.Tongue.Lang()}, {Text: p.exact(minor, x.Currency)}}})
	}
	if x.Discount > 0 {
		row(p.say("bill.discount_whole"), -x.Discount, false)
	}
	if x.Tax > 0 || x.Discount > 0 {
		row(p.say("bill.net"), x.Net, false)
	}
	for _, tax := range x.Taxes {
		row(p.say("bill.tax_row", "Tax", TaxName(tax.Tax, p.Clinic.Country), "Rate", Percent(tax.Rate), "Base", p.exact(tax.Base, x.Currency)), tax.Amount, false)
	}
	if x.Rounding != 0 {
		row(p.say("bill.rounding"), x.Rounding, false)
	}
	row(p.say("bill.total"), x.Total, true)
	if x.Kind == Bill {
		if x.Credited > 0 {
			row(p.say("bill.credited"), -x.Credited, false)
		}
		if x.Paid > 0 {
			row(p.say("bill.paid"), -x.Paid, false)
		}
		if due := x.Due(); due > 0 {
			row(p.say("bill.due"), due, true)
		} else if due < 0 {
			row(p.say("bill.owed"), -due, true)
		}
	}
	return t
}

// Receipt prints that money came for an invoice. ok is false when the payment is not of this invoice. No treatment is named on it.
func (p Printer) Receipt(x Sheet, payment id.ID) (raw []byte, ok bool, err error) {
	for _, m := range x.Money {
		if m.ID == payment {
			raw, err = p.receipt(x, m)
			return raw, true, err
		}
	}
	return nil, false, nil
}

func (p Printer) receipt(x Sheet, m Money) ([]byte, error) {
	out := p.begin(x.Label, x.TaxID)
	at := m.ReceivedAt.In(p.Clinic.Location())
	out.Add(document.Title{Text: p.say("bill.paper.receipt"), Note: p.Tongue.Date(clock.DateOf(at))})
	facts := []document.Fact{}
	if x.Who.Name != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.received_from"), Value: x.Who.Name, Bold: true})
	}
	if x.Who.Guardian != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.guardian"), Value: x.Who.Guardian})
	}
	facts = append(facts, document.Fact{Label: p.say("bill.for_invoice"), Value: x.Label + ", " + p.Tongue.Date(x.Day)}, document.Fact{Label: p.say("bill.method"), Value: p.say("bill.method." + string(m.Method))},
		document.Fact{Label: p.say("bill.amount"), Value: p.exact(m.Amount, m.Currency), Bold: true})
	if m.Reference != "" {
		facts = append(facts, document.Fact{Label: p.say("bill.reference"), Value: m.Reference})
	}
	if m.Here != m.Amount {
		facts = append(facts, document.Fact{Label: p.say("bill.of_it_here"), Value: p.exact(m.Here, m.Currency)})
	}
	for _, r := range m.Refunds {
		facts = append(facts, document.Fact{Label: p.say("bill.returned_on", "Date", p.Tongue.Date(clock.DateOf(r.ReturnedAt.In(p.Clinic.Location())))), Value: p.exact(-r.Amount, r.Currency)})
	}
	out.Add(document.Facts{Items: facts})
	text, lang := money.InWords(money.Of(m.Amount, m.Currency), p.Tongue.Lang())
	out.Add(document.Text{Words: text, Language: lang, Bold: true})
	if due := x.Due(); due > 0 {
		out.Add(document.Text{Words: p.say("bill.still_due", "Amount", p.exact(due, x.Currency)), Language: p.Tongue.Lang()})
	}
	if x.Setting.Footer != "" {
		out.Add(document.Rule{}, document.Text{Words: x.Setting.Footer, Colour: document.Muted})
	}
	return out.PDF()
}

// Statement prints what a patient was billed and what she paid.
func (p Printer) Statement(a PatientAccount, name string) ([]byte, error) {
	out := p.begin(p.say("bill.paper.statement"), "")
	out.Add(document.Title{Text: p.say("bill.paper.statement"), Note: p.Tongue.Date(a.Today)}, document.Facts{Items: []document.Fact{{Label: p.say("bill.patient"), Value: name, Bold: true}}})
	t := document.Table{Columns: []document.Column{{Title: p.say("bill.day"), Share: 1.3}, {Title: p.say("bill.number"), Share: 2}, {Title: p.say("bill.total"), Share: 1.5, Align: document.End}, {Title: p.say("bill.paid"), Share: 1.5, Align: document.End}, {Title: p.say("bill.due"), Share: 1.5, Align: document.End}}}
	for i := len(a.Invoices) - 1; i >= 0; i-- {
		d := a.Invoices[i]
		switch {
		case d.State == Draft:
		case d.Kind == CreditNote:
			t.Rows = append(t.Rows, document.Row{Cells: []document.Cell{{Text: p.Tongue.Date(d.Day)}, {Text: d.Label, Notes: []document.Span{{Text: p.say("bill.paper.credit_note"), Language: p.Tongue.Lang()}}}, {Text: p.exact(-d.Total, d.Currency)}, {}, {}}})
		default:
			t.Rows = append(t.Rows, document.Row{Cells: []document.Cell{{Text: p.Tongue.Date(d.Day)}, {Text: d.Label}, {Text: p.exact(d.Total, d.Currency)}, {Text: p.exact(d.Paid, d.Currency)}, {Text: p.exact(d.Due(), d.Currency)}}})
		}
	}
	out.Add(t)
	if len(a.Payments) > 0 {
		out.Add(document.Title{Text: p.say("bill.payments"), Small: true})
		t := document.Table{Columns: []document.Column{{Title: p.say("bill.day"), Share: 1.3}, {Title: p.say("bill.method"), Share: 2}, {Title: p.say("bill.amount"), Share: 1.5, Align: document.End}}}
		for i := len(a.Payments) - 1; i >= 0; i-- {
			m := a.Payments[i]
			t.Rows = append(t.Rows, document.Row{Cells: []document.Cell{{Text: p.Tongue.Date(clock.DateOf(m.ReceivedAt.In(p.Clinic.Location())))}, {Text: p.say("bill.method." + string(m.Method)), Language: p.Tongue.Lang()}, {Text: p.exact(m.Amount, m.Currency)}}})
			for _, r := range m.Refunds {
				t.Rows = append(t.Rows, document.Row{Cells: []document.Cell{{Text: p.Tongue.Date(clock.DateOf(r.ReturnedAt.In(p.Clinic.Location())))}, {Text: p.say("bill.given_back"), Language: p.Tongue.Lang()}, {Text: p.exact(-r.Amount, r.Currency)}}})
			}
		}
		out.Add(t)
	}
	end := document.Table{NoHead: true, Columns: []document.Column{{Share: 3, Align: document.End}, {Share: 1.2, Align: document.End}}}
	end.Rows = append(end.Rows, document.Row{Bold: true, Rule: true, Cells: []document.Cell{{Text: p.say("bill.due"), Language: p.Tongue.Lang()}, {Text: p.exact(a.Due, a.Currency)}}})
	if a.Credit > 0 {
		end.Rows = append(end.Rows, document.Row{Cells: []document.Cell{{Text: p.say("bill.credit_there"), Language: p.Tongue.Lang()}, {Text: p.exact(a.Credit, a.Currency)}}})
	}
	out.Add(end)
	return out.PDF()
}
