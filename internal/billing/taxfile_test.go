package billing_test

import (
	"math/rand/v2"
	"testing"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/rig"
)

// TestTheTaxFileAddsUpToItsInvoices sums the file for the tax return, document by document, and holds it beside what the documents say.
func TestTheTaxFileAddsUpToItsInvoices(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.gst()
		owner := c.As(access.Owner)
		patient := c.visit(0, "Asha Rao").Patient
		r := rand.New(rand.NewPCG(18, 9))
		write := func(place string, prices ...int64) billing.Document {
			t.Helper()
			w := billing.InvoiceDraft{Patient: patient, Place: place, Lines: []billing.LineDraft{line("Consultation", 30001)}}
			for i, p := range prices { // of one rate, by two or three codes; and some of another rate
				w.Lines = append(w.Lines, billing.LineDraft{Words: "Brace", Class: []string{"gst-18", "gst-18", "gst-18", "gst-12"}[i%4], Code: []string{"9021", "9018", "3005", "9021"}[i%4], Quantity: 1, Price: p})
			}
			d, err := c.bills.WriteAndIssue(background, owner, id.Zero, w, 0)
			c.must(err)
			return d
		}
		docs := []billing.Document{write("", 2772, 2783), write("27", 2772, 2783)}
		if x := docs[0].Taxes; len(x) != 2 || x[0].Amount != 500 || x[1].Amount != 500 {
			t.Fatalf("%+v", x)
		}
		for n := range 12 {
			prices := make([]int64, 1+r.IntN(8))
			for i := range prices {
				prices[i] = 1 + r.Int64N(9999)
			}
			docs = append(docs, write([]string{"", "27"}[n%3/2], prices...))
		}
		for _, d := range docs[:10] {
			note, _, err := c.bills.Credit(background, owner, d.ID, billing.CreditDraft{Amount: 1 + r.Int64N(d.Total-1), Reason: "a part came back"})
			c.must(err)
			docs = append(docs, note)
		}
		rows, err := c.bills.TaxExport(background, owner, "", "")
		c.must(err)
		type sum struct{ net, cgst, sgst, igst, total int64 }
		got := map[string]sum{}
		for _, x := range rows {
			if x.CGST+x.SGST+x.IGST != x.Tax || x.Other != 0 || x.CGST < 0 || x.SGST < 0 {
				t.Errorf("a row's taxes are not its tax: %+v", x)
			}
			s := got[x.Label]
			got[x.Label] = sum{s.net + x.Net, s.cgst + x.CGST, s.sgst + x.SGST, s.igst + x.IGST, s.total + x.Total}
		}
		for _, d := range docs {
			want := sum{net: d.Net, total: d.Total}
			for _, x := range d.Taxes {
				*map[string]*int64{"cgst": &want.cgst, "sgst": &want.sgst, "igst": &want.igst}[x.Tax] += x.Amount
			}
			if got[d.Label] != want {
				t.Errorf("%s: the file says %+v, the document %+v", d.Label, got[d.Label], want)
			}
		}
		if len(got) != len(docs) {
			t.Errorf("%d of %d documents", len(got), len(docs))
		}
	})
}

// A part of an invoice of taxed lines alone is taken back as taxed: what does not divide is rounding, and no exempt supply that the invoice never had.
func TestAPartOfATaxedInvoiceIsTaxed(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		c.gst()
		owner := c.As(access.Owner)
		patient := c.visit(0, "Asha Rao").Patient
		d, err := c.bills.WriteAndIssue(background, owner, id.Zero, billing.InvoiceDraft{Patient: patient, Lines: []billing.LineDraft{{Words: "Brace", Class: "gst-18", Code: "9021", Quantity: 1, Price: 10000}, {Words: "Pad", Class: "gst-5", Code: "3005", Quantity: 1, Price: 3333}}}, 0)
		c.must(err)
		var net, tax, rounding int64
		for _, amount := range []int64{5000, 1, 3333, 0} { // the last is all that is left
			note, _, err := c.bills.Credit(background, owner, d.ID, billing.CreditDraft{Amount: amount, Reason: "a part came back"})
			c.must(err)
			net, tax, rounding = net+note.Net, tax+note.Tax, rounding+note.Rounding
			sum := int64(0)
			for _, l := range note.Lines {
				if sum += l.Net; l.Class == money.Exempt {
					t.Errorf("a note over %d holds %d of an exempt supply", note.Total, l.Net)
				}
			}
			if sum != note.Net {
				t.Errorf("the lines of the note over %d come to %d of %d", note.Total, sum, note.Net)
			}
		}
		if net != d.Net || tax != d.Tax || rounding != d.Rounding {
			t.Errorf("the notes take back %d, %d and %d of %d, %d and %d", net, tax, rounding, d.Net, d.Tax, d.Rounding)
		}
		c.is(d.ID, billing.Cancelled, 0)
		c.books()
	})
}
