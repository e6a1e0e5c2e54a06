package web

import (
	"net/http"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
)

// Invoices, receipts and statements as PDF, and what the accountant gets as CSV.

// printer prints in the language of the page for the visit's clinic.
func (s *Site) printer(v *Visit) (billing.Printer, error) {
	p := billing.Printer{Press: s.Press, Tongue: v.Tongue, Clinic: v.Clinic, Now: s.Clock.Now(), Slip: v.URL.Query().Get("size") == "slip"}
	if v.Clinic.LogoType == "" {
		return p, nil
	}
	logo, _, err := s.Clinics.Logo(v.Context(), v.Who)
	if fault.Is(err, fault.NotFound) {
		return p, nil
	}
	p.Logo = logo
	return p, err
}

// sendPaper sends a PDF. It is a download, not a page: nothing in it is run by the browser.
func sendPaper(w http.ResponseWriter, name string, raw []byte) error {
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("Content-Disposition", `inline; filename="`+fileName(name)+`.pdf"`)
	_, err := w.Write(raw)
	return err
}

// fileName keeps letters, digits and dashes of a number.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, s)
}

func billPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.billSheet(v)
	if err != nil {
		return err
	}
	return s.printBill(w, v, x)
}

func (s *Site) printBill(w http.ResponseWriter, v *Visit, x billing.Sheet) error {
	if x.State == billing.Draft {
		return fault.Missing()
	}
	p, err := s.printer(v)
	if err != nil {
		return err
	}
	raw, err := p.Invoice(x)
	if err != nil {
		return err
	}
	return sendPaper(w, x.Label, raw)
}

func receiptPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.billSheet(v)
	if err != nil {
		return err
	}
	return s.printReceipt(w, v, x)
}

func (s *Site) printReceipt(w http.ResponseWriter, v *Visit, x billing.Sheet) error {
	payment, err := id.Parse(v.PathValue("payment"))
	if err != nil {
		return fault.Missing()
	}
	p, err := s.printer(v)
	if err != nil {
		return err
	}
	raw, ok, err := p.Receipt(x, payment)
	if err == nil && !ok {
		err = fault.Missing()
	}
	if err != nil {
		return err
	}
	return sendPaper(w, x.Label+"-receipt", raw)
}

func statementPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	patient, err := s.Patients.Open(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	a, err := s.Bills.OfPatient(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	p, err := s.printer(v)
	if err != nil {
		return err
	}
	raw, err := p.Statement(a, patient.Name)
	if err != nil {
		return err
	}
	return sendPaper(w, "statement-"+string(a.Today), raw)
}

// ownSheet is an invoice of the patient of a link.
func (s *Site) ownSheet(v *Visit) (billing.Sheet, error) {
	one, err := pathID(v)
	if err != nil {
		return billing.Sheet{}, err
	}
	return s.Bills.OwnSheet(v.Context(), v.Who, one)
}

func ownBillPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.ownSheet(v)
	if err != nil {
		return err
	}
	return s.printBill(w, v, x)
}

func ownReceiptPaper(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.ownSheet(v)
	if err != nil {
		return err
	}
	return s.printReceipt(w, v, x)
}

// daysAsked reads the days of an export.
func daysAsked(v *Visit) (from, to string) {
	q := v.URL.Query()
	return q.Get("from"), q.Get("to")
}

// sheetHead is a row of titles in the language of the page.
func sheetHead(v *Visit, keys ...string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = v.Tongue.Say(k)
	}
	return out
}

func invoicesSheet(s *Site, w http.ResponseWriter, v *Visit) error {
	a, b := daysAsked(v)
	from, err := dayOf(a)
	if err != nil {
		return err
	}
	to, err := dayOf(b)
	if err != nil {
		return err
	}
	list, err := s.Bills.TaxExport(v.Context(), v.Who, from, to)
	if err != nil {
		return err
	}
	var out document.Sheet
	out.Head(sheetHead(v, "bill.sheet.kind", "bill.number", "bill.day", "bill.corrects", "bill.place", "bill.code", "bill.class", "bill.rate", "bill.net", "bill.sheet.cgst", "bill.sheet.sgst", "bill.sheet.igst", "bill.sheet.other", "bill.rounding", "bill.total", "bill.sheet.currency")...)
	for _, r := range list {
		n := func(minor int64) document.Value { return document.Amount(r.Sign()*minor, money.Digits(r.Currency)) }
		total := document.Words("")
		if r.First {
			total = n(r.Total)
		}
		out.Row(document.Words(v.Tongue.Say("bill.kind."+string(r.Kind))), document.Words(r.Label), document.Words(string(r.Day)), document.Words(r.Corrects), document.Words(r.Place), document.Words(r.Code), document.Words(r.Class),
			document.Words(billing.Percent(r.Rate)), n(r.Net), n(r.CGST), n(r.SGST), n(r.IGST), n(r.Other), n(r.Rounding), total, document.Words(r.Currency))
	}
	return sendSheet(w, "invoices", out)
}

func ledgerSheet(s *Site, w http.ResponseWriter, v *Visit) error {
	a, b := daysAsked(v)
	from, err := dayOf(a)
	if err != nil {
		return err
	}
	to, err := dayOf(b)
	if err != nil {
		return err
	}
	books, err := s.Bills.Entries(v.Context(), v.Who, from, to)
	if err != nil {
		return err
	}
	var out document.Sheet
	out.Head(sheetHead(v, "bill.day", "bill.number", "bill.sheet.act", "bill.debit", "bill.credit", "bill.amount", "bill.sheet.currency")...)
	for _, e := range books.Entries {
		out.Row(document.Words(string(e.Day)), document.Words(e.Label), document.Words(v.Tongue.Say("bill.act."+e.Kind)), document.Words(s.accountName(v, e.Debit)), document.Words(s.accountName(v, e.Credit)),
			document.Amount(e.Amount, money.Digits(e.Currency)), document.Words(e.Currency))
	}
	return sendSheet(w, "ledger", out)
}

// accountName is an account of the ledger in the language of the page.
func (s *Site) accountName(v *Visit, a billing.Account) string {
	if tax, ok := strings.CutPrefix(string(a), "tax:"); ok {
		return billing.TaxName(tax, v.Clinic.Country)
	}
	return v.Tongue.Say("bill.account." + string(a))
}

// sendSheet sends a sheet as a file.
func sendSheet(w http.ResponseWriter, name string, sheet document.Sheet) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	_, err := w.Write(sheet.CSV())
	return err
}
