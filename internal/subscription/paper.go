package subscription

import (
	"fmt"
	"strings"
	"time"

	"almirah/internal/document"
	"almirah/internal/money"
)

// Paper is the invoice as PDF, in English: the language in which whoever runs the installation keeps its books. It fails with the errors of
// document.Paper.PDF.
func (x Invoice) Paper(press *document.Press, plan string, zone *time.Location) ([]byte, error) {
	date := func(t time.Time) string { return t.In(zone).Format("2 January 2006") }
	amount := func(n int64) string { return money.Format(money.Of(n, x.Currency), "en") }
	lines := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	}
	seller := lines(x.Seller.Address)
	if x.Seller.TaxNumber != "" {
		seller = append(seller, "Tax number "+x.Seller.TaxNumber)
	}
	p := press.New(document.Options{Language: "en", Title: "Invoice " + x.Name(), Author: x.Seller.Name, Created: x.IssuedAt.Time(), Foot: x.Seller.Name + " · " + x.Name()})
	p.Add(document.Header{Name: x.Seller.Name, Lines: seller, Note: []document.Span{{Text: "Invoice"}, {Text: x.Name()}}}, document.Rule{Accent: true}, document.Space(12))
	buyer := []document.Fact{{Label: "For", Value: x.Buyer.Name, Bold: true}}
	if x.Buyer.Address != "" {
		buyer = append(buyer, document.Fact{Label: "Address", Value: strings.Join(lines(x.Buyer.Address), ", ")})
	}
	if x.Buyer.TaxNumber != "" {
		buyer = append(buyer, document.Fact{Label: "Tax number", Value: strings.Join(lines(x.Buyer.TaxNumber), ", ")})
	}
	buyer = append(buyer, document.Fact{Label: "Date", Value: date(x.IssuedAt.Time())}, document.Fact{Label: "Paid", Value: date(x.IssuedAt.Time())})
	p.Add(document.Facts{Columns: 1, Items: buyer}, document.Space(12))
	cell := func(text string) document.Cell { return document.Cell{Text: text} }
	what := document.Cell{Text: plan + ", " + map[string]string{Monthly: "one month", Yearly: "one year"}[x.Term],
		Notes: []document.Span{{Text: date(x.From.Time()) + " to " + date(x.Until.Time())}}}
	if x.Seller.TaxCode != "" && x.Tax > 0 {
		what.Notes = append(what.Notes, document.Span{Text: "SAC " + x.Seller.TaxCode})
	}
	rows := []document.Row{{Cells: []document.Cell{what, cell(amount(x.Net))}}}
	for _, t := range x.Taxes {
		rows = append(rows, document.Row{Cells: []document.Cell{cell(fmt.Sprintf("%s %s %%", strings.ToUpper(t.Tax), percent(t.Rate))), cell(amount(t.Amount))}})
	}
	rows = append(rows, document.Row{Cells: []document.Cell{cell("Total"), cell(amount(x.Total))}, Bold: true, Rule: true})
	p.Add(document.Table{Columns: []document.Column{{Title: "What", Share: 3}, {Title: "Amount", Share: 1, Align: document.End}}, Rows: rows}, document.Space(8))
	said, _ := money.InWords(money.Of(x.Total, x.Currency), "en")
	p.Add(document.Text{Words: said})
	return p.PDF()
}

// Name is the invoice's number as it is written.
func (x Invoice) Name() string { return fmt.Sprintf("%s%06d", x.Series, x.Number) }

// percent writes a rate without zeros at its end.
func percent(r money.PerMillion) string {
	s := fmt.Sprintf("%d.%04d", r/10000, r%10000)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
