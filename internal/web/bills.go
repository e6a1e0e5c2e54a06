package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
)

// Invoices and money at the desk. What stands here is what a visit cost, never what is written about it.

func billRoutes() []Route {
	const on = clinics.ModuleBilling
	return []Route{
		{Pattern: "GET /app/bills", Door: Staff, Right: access.BillRead, Module: on, Handle: billsPage},
		{Pattern: "GET /app/bills/new", Door: Staff, Right: access.BillIssue, Module: on, Handle: billNewPage},
		{Pattern: "POST /app/bills/new", Door: Staff, Right: access.BillIssue, Module: on, Handle: billWritten},
		{Pattern: "GET /app/bills/{id}", Door: Staff, Right: access.BillRead, Module: on, Handle: billPage},
		{Pattern: "POST /app/bills/{id}", Door: Staff, Right: access.BillIssue, Module: on, Handle: billWritten},
		{Pattern: "POST /app/bills/{id}/discard", Door: Staff, Right: access.BillIssue, Module: on, Handle: billDiscard},
		{Pattern: "POST /app/bills/{id}/pay", Door: Staff, Right: access.BillIssue, Module: on, Handle: billPay},
		{Pattern: "POST /app/bills/{id}/use", Door: Staff, Right: access.BillIssue, Module: on, Handle: billUse},
		{Pattern: "POST /app/bills/{id}/credit", Door: Staff, Right: access.BillRefund, Module: on, Handle: billCredit},
		{Pattern: "POST /app/bills/{id}/return", Door: Staff, Right: access.BillRefund, Module: on, Handle: billReturn},
		{Pattern: "GET /app/bills/{id}/upi.svg", Door: Staff, Right: access.BillRead, Module: on, Handle: billCode},
		{Pattern: "GET /app/bills/{id}/invoice.pdf", Door: Staff, Right: access.BillRead, Module: on, Handle: billPaper},
		{Pattern: "GET /app/bills/{id}/receipts/{payment}", Door: Staff, Right: access.BillRead, Module: on, Handle: receiptPaper},
		{Pattern: "POST /app/bills/payments/{id}/keep", Door: Staff, Right: access.BillIssue, Module: on, Handle: moneyKeep},
		{Pattern: "POST /app/bills/payments/{id}/use", Door: Staff, Right: access.BillIssue, Module: on, Handle: moneyUse},
		{Pattern: "GET /app/bills/close", Door: Staff, Right: access.BillClose, Module: on, Handle: dayClosePage},
		{Pattern: "POST /app/bills/close", Door: Staff, Right: access.BillClose, Module: on, Handle: dayClosed},
		{Pattern: "GET /app/bills/ledger", Door: Staff, Right: access.BillClose, Module: on, Handle: ledgerPage},
		{Pattern: "GET /app/bills/ledger/invoices.csv", Door: Staff, Right: access.BillExport, Module: on, Handle: invoicesSheet},
		{Pattern: "GET /app/bills/ledger/ledger.csv", Door: Staff, Right: access.BillExport, Module: on, Handle: ledgerSheet},
		{Pattern: "GET /app/patients/{id}/statement.pdf", Door: Staff, Right: access.BillRead, Module: on, Handle: statementPaper},
		{Pattern: "POST /app/patients/{id}/advance", Door: Staff, Right: access.BillIssue, Module: on, Handle: advanceTaken},
		{Pattern: "GET /app/settings/billing", Door: Staff, Right: access.BillSettings, Module: on, Handle: billingSettingsPage},
		{Pattern: "POST /app/settings/billing", Door: Staff, Right: access.BillSettings, Module: on, Handle: billingSettingsSave},
		{Pattern: "POST /app/settings/billing/services", Door: Staff, Right: access.BillSettings, Module: on, Handle: billingServicesSave},
		{Pattern: "GET /m/{token}/bills/{id}", Door: Link, Right: access.OwnRead, Module: on, Handle: ownBillPaper},
		{Pattern: "GET /m/{token}/bills/{id}/receipts/{payment}", Door: Link, Right: access.OwnRead, Module: on, Handle: ownReceiptPaper},
	}
}

// billRow is a document as lists show it.
func billRow(d billing.Document, name patients.Name) BillRow {
	return BillRow{ID: d.ID.String(), Label: d.Label, Patient: name.Text, Broken: name.Broken, Note: d.Kind == billing.CreditNote, Day: d.Day, State: string(d.State), Total: d.Total, Due: d.Due(), Currency: d.Currency}
}

func billsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.billsPage(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "bills", page)
}

func (s *Site) billsPage(v *Visit) (*BillsPage, error) {
	q := v.URL.Query()
	page := &BillsPage{Shell: s.staffShell(v, "nav.bills"), Query: v.typed("q"), Today: s.today(v), CanIssue: v.Who.May(access.BillIssue), CanClose: v.Who.May(access.BillClose)}
	box := billing.Box(q.Get("box"))
	if box == "" {
		box = billing.Unpaid
	}
	if !slices.Contains(billing.Boxes(), box) {
		return nil, fault.Missing()
	}
	for _, b := range billing.Boxes() {
		page.Boxes = append(page.Boxes, BillBox{"bill.box." + string(b), "/app/bills?box=" + string(b), b == box && page.Query == ""})
	}
	var list billing.List
	var err error
	if page.Query != "" {
		page.Searched = true
		list, err = s.Bills.Find(v.Context(), v.Who, page.Query)
	} else {
		var behind billing.Place
		if after := q.Get("behind"); after != "" {
			if behind, err = placeOf(after); err != nil {
				return nil, err
			}
		}
		list, err = s.Bills.List(v.Context(), v.Who, box, behind)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range list.Rows {
		page.Rows = append(page.Rows, billRow(r.Document, r.Name))
	}
	if list.More {
		last := list.Rows[len(list.Rows)-1]
		page.Older = "/app/bills?" + url.Values{"box": {string(box)}, "behind": {string(last.Day) + "." + last.ID.String()}}.Encode()
	}
	for _, m := range list.Undecided {
		row := UndecidedRow{ID: m.ID.String(), Patient: m.Name.Text, Broken: m.Name.Broken, Minor: m.Payment.Undecided, Currency: m.Currency, Method: string(m.Method), Source: m.Source, At: m.ReceivedAt.In(v.Clinic.Location())}
		if !m.Patient.IsZero() {
			row.PatientID = m.Patient.String()
			a, err := s.Bills.OfPatient(v.Context(), v.Who, m.Patient)
			if err != nil {
				return nil, err
			}
			for _, d := range a.Invoices {
				if d.Open() && d.Currency == m.Currency {
					row.Open = append(row.Open, Option{Value: d.ID.String(), Label: d.Label})
				}
			}
		}
		page.Undecided = append(page.Undecided, row)
	}
	return page, nil
}

// placeOf reads where a list goes on.
func placeOf(text string) (billing.Place, error) {
	day, one, ok := strings.Cut(text, ".")
	d, err := clock.ParseDate(day)
	if !ok || err != nil {
		return billing.Place{}, fault.Missing()
	}
	row, err := id.Parse(one)
	if err != nil {
		return billing.Place{}, fault.Missing()
	}
	return billing.Place{Day: d, ID: row}, nil
}

// moneyKeep decides that money is the patient's advance.
func moneyKeep(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	patient, _ := id.Parse(v.PostForm.Get("patient")) // empty where the payment names her
	return s.listAnswer(w, v, s.Bills.Keep(v.Context(), v.Who, one, patient), "/app/bills?done=kept")
}

// moneyUse lets an open invoice take money of which nobody had decided.
func moneyUse(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	invoice, err := id.Parse(v.PostForm.Get("invoice"))
	if err != nil {
		return fault.Missing()
	}
	_, err = s.Bills.Use(v.Context(), v.Who, one, invoice)
	return s.listAnswer(w, v, err, "/app/bills/"+invoice.String()+"?done=used")
}

// listAnswer leads on, or shows the list again with what went wrong.
func (s *Site) listAnswer(w http.ResponseWriter, v *Visit, err error, to string) error {
	return s.answer(w, v, err, to, "bills", func() (Page, error) { return s.billsPage(v) })
}

// billMark is how the invoice of an appointment stands.
func (s *Site) billMark(v *Visit, appointment id.ID) (*BillMark, error) {
	if !v.offered(access.BillRead) {
		return nil, nil
	}
	marks, err := s.Bills.OfDay(v.Context(), v.Who, []id.ID{appointment})
	if err != nil {
		return nil, err
	}
	out := &BillMark{Currency: v.Clinic.Currency, CanIssue: v.Who.May(access.BillIssue)}
	if m, ok := marks[appointment]; ok {
		out.ID, out.State, out.Due = m.Invoice.String(), string(m.State), m.Due
	}
	return out, nil
}

// ownBills are the invoices and receipts of the patient of a link.
func (s *Site) ownBills(v *Visit) ([]OwnBill, error) {
	if !v.Clinic.Has(clinics.ModuleBilling) {
		return nil, nil
	}
	a, err := s.Bills.Own(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	var out []OwnBill
	for i, d := range a.Invoices {
		if i == mostOwnBills {
			break
		}
		b := OwnBill{BillRow: billRow(d, patients.Name{})}
		for _, p := range a.Receipts[d.ID] {
			b.Receipts = append(b.Receipts, BillPayment{ID: p.ID.String(), Method: string(p.Method), At: p.ReceivedAt.In(v.Clinic.Location()), Minor: p.Amount, Currency: p.Currency})
		}
		out = append(out, b)
	}
	return out, s.payable(v, out)
}

// mostOwnBills is how many of her invoices a patient's own page lists.
const mostOwnBills = 20

// billsOf is the section of bills on a patient's page.
func (s *Site) billsOf(v *Visit, one id.ID) (BillsOfPatient, error) {
	var out BillsOfPatient
	if !v.Clinic.Has(clinics.ModuleBilling) || !v.Who.May(access.BillRead) {
		return out, nil
	}
	a, err := s.Bills.OfPatient(v.Context(), v.Who, one)
	if err != nil {
		return out, err
	}
	out = BillsOfPatient{On: true, Due: a.Due, Credit: a.Credit, Currency: a.Currency, CanIssue: v.Who.May(access.BillIssue), Key: newKey()}
	for i, d := range a.Invoices {
		if i == 12 {
			break
		}
		out.Rows = append(out.Rows, billRow(d, patients.Name{}))
	}
	for _, p := range a.Payments {
		if left := p.Payment.Advance + p.Payment.Undecided; left > 0 {
			out.Advances = append(out.Advances, BillAdvance{ID: p.ID.String(), Minor: left, Currency: p.Currency, At: p.ReceivedAt.In(v.Clinic.Location())})
		}
	}
	return out, nil
}
