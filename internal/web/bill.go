package web

import (
	"net/http"
	"strings"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/document"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
)

// An issued invoice: what it says, what was paid of it, and what can still be done.

func billPage(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.billSheet(v)
	if err != nil {
		return err
	}
	if x.State == billing.Draft {
		return s.draftPage(w, v, x)
	}
	page := s.bill(v, x)
	if page.Online, err = s.online(v, x); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "bill", page)
}

func (s *Site) billSheet(v *Visit) (billing.Sheet, error) {
	one, err := pathID(v)
	if err != nil {
		return billing.Sheet{}, err
	}
	return s.Bills.Open(v.Context(), v.Who, one)
}

func (s *Site) bill(v *Visit, x billing.Sheet) *BillPage {
	z := v.Clinic.Location()
	page := &BillPage{Shell: s.staffShell(v, "nav.bills"), ID: x.ID.String(), Label: x.Label, Note: x.Kind == billing.CreditNote, State: string(x.State), Version: x.Version, Patient: x.Who.Name, Broken: x.Broken,
		Guardian: x.Who.Guardian, Address: x.Who.Address, PayerTax: x.Who.TaxID, TaxID: x.TaxID, Day: x.Day, Figures: *s.figures(v, x.Document), Paid: x.Paid, Credited: x.Credited, Due: x.Due(),
		Currency: x.Currency, Remark: x.Note, Closed: x.Closed, CanTake: v.Who.May(access.BillIssue) && x.Open(), CanCredit: v.Who.May(access.BillRefund) && x.Kind == billing.Bill, Key: s.billKey(), Left: x.Total - x.Credited}
	page.Title = x.Label
	if !x.Name.Broken {
		page.PatientID = x.Patient.String()
	}
	if x.Place != "" {
		page.Place = billing.StateName(x.Place)
	}
	if !x.Appointment.IsZero() && !x.Name.Broken {
		page.Visit = x.Appointment.String()
	}
	page.InWords, page.WordsLang = money.InWords(money.Of(x.Total, x.Currency), v.Tongue.Lang())
	if x.Open() {
		page.Amount = amount(x.Due(), x.Currency)
	}
	for _, l := range x.Lines {
		line := BillLine{Words: l.Words, Code: l.Code, Broken: l.Broken, Quantity: int(l.Quantity), Price: l.Price, Discount: l.Discount, Net: l.Net, Tax: l.Tax}
		if l.Rate > 0 {
			line.Rate = billing.Percent(l.Rate)
		}
		if f, ok := x.Free[l.FreeOf]; ok {
			line.FreeLabel, line.FreeDay = f.Label, f.Day
		}
		page.Lines = append(page.Lines, line)
	}
	for _, m := range x.Money {
		p := BillPayment{ID: m.ID.String(), Method: string(m.Method), Source: m.Source, Reference: m.Reference, At: m.ReceivedAt.In(z), Minor: m.Amount, Here: m.Here, Most: m.Most, Currency: m.Currency, Desk: billing.IsDesk(m.Source)}
		for _, r := range m.Refunds {
			p.Refunds = append(p.Refunds, BillRefund{Method: string(r.Method), Reason: r.Reason, At: r.ReturnedAt.In(z), Minor: r.Amount})
		}
		page.Payments = append(page.Payments, p)
	}
	for _, n := range x.Notes {
		page.Notes = append(page.Notes, billRow(n, patients.Name{}))
	}
	if !x.Origin.ID.IsZero() {
		r := billRow(x.Origin, patients.Name{})
		page.Origin = &r
	}
	if page.CanTake {
		for _, p := range x.Advances {
			if left := p.Advance + p.Undecided; p.Currency == x.Currency && left > 0 {
				page.Advances = append(page.Advances, BillAdvance{ID: p.ID.String(), Minor: left, Currency: p.Currency, At: p.ReceivedAt.In(z)})
			}
		}
	}
	if x.Held != nil {
		page.HeldUntil, page.HeldName = x.Held.Until, x.Held.Who.Name
	}
	if billing.UPILink(x.Setting, v.Clinic.Name, x.Document) != "" {
		page.UPI, page.UPIID = true, x.Setting.UPIID
	}
	for _, m := range billing.DeskMethods() {
		page.BackMethods = append(page.BackMethods, Option{Value: string(m), Label: v.Tongue.Say("bill.method." + string(m))})
	}
	return page
}

// billAnswer leads on, or shows the invoice again with what went wrong and what was typed.
func (s *Site) billAnswer(w http.ResponseWriter, v *Visit, err error, to string) error {
	return s.answer(w, v, s.inMoney(v, err), to, "bill", func() (Page, error) {
		x, err := s.billSheet(v)
		if err != nil {
			return nil, err
		}
		page := s.bill(v, x)
		if page.Online, err = s.online(v, x); err != nil {
			return nil, err
		}
		f := v.PostForm
		if f.Has("amount") {
			page.Amount = f.Get("amount")
		}
		page.Reference, page.Reason = f.Get("reference"), f.Get("reason")
		page.Typed = BillTyped{Credit: f.Get("credit"), CreditBack: f.Get("back"), Payment: f.Get("payment"), Amount: f.Get("amount_back"), Reason: f.Get("reason_back"),
			Online: f.Get("payment_online"), ByGateway: f.Get("amount_online"), WhyOnline: f.Get("reason_online")}
		for i, m := range page.BackMethods {
			page.BackMethods[i].On = m.Value == f.Get("method_back")
		}
		if key := f.Get("key"); key != "" {
			page.Key = key
		}
		if key := f.Get("key_online"); key != "" && page.Online != nil {
			page.Online.Key = key
		}
		return page, nil
	})
}

// billKey is the key of a form of money, and the id of what its press writes: the same press again is the same invoice, credit note or payment.
func (s *Site) billKey() string { return id.New(s.Clock.Now()).String() }

// pressID is the id that the page chose; zero for a page of the release before, which had keys of another form.
func pressID(v *Visit) id.ID {
	one, err := id.Parse(v.PostForm.Get("key"))
	if err != nil {
		return id.Zero
	}
	return one
}

// typedAmount reads an amount of the form; nothing typed is zero.
func typedAmount(v *Visit, field string) (int64, error) {
	n := minor(v.PostForm.Get(field), v.Clinic.Currency)
	if n < 0 {
		var f fault.Fields
		f.Add(field, "field.bill.amount")
		return 0, f.Err()
	}
	return n, nil
}

func billPay(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	minor, err := typedAmount(v, "amount")
	if err == nil {
		_, err = s.Bills.Take(v.Context(), v.Who, one, billing.Pay{Method: billing.Method(v.PostForm.Get("method")), Amount: minor, Reference: v.PostForm.Get("reference"), Key: v.PostForm.Get("key")})
	}
	return s.billAnswer(w, v, err, "/app/bills/"+one.String()+"?done=paid")
}

func billUse(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	payment, err := id.Parse(v.PostForm.Get("payment"))
	if err != nil {
		return fault.Missing()
	}
	_, err = s.Bills.Use(v.Context(), v.Who, payment, one)
	return s.billAnswer(w, v, err, "/app/bills/"+one.String()+"?done=used")
}

// billCredit writes a credit note, and gives money back in the same act where the form says so.
func billCredit(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	minor, err := typedAmount(v, "credit")
	if err == nil {
		d := billing.CreditDraft{ID: pressID(v), Amount: minor, Reason: v.PostForm.Get("reason")}
		if back := v.PostForm.Get("back"); back != "" {
			payment, method, _ := strings.Cut(back, ".")
			from, perr := id.Parse(payment)
			if perr != nil {
				return fault.Missing()
			}
			d.Back = &billing.ReturnDraft{Payment: from, Method: billing.Method(method), Key: v.PostForm.Get("key")}
		}
		_, _, err = s.Bills.Credit(v.Context(), v.Who, one, d)
	}
	return s.billAnswer(w, v, renamed(err, map[string]string{"amount": "credit"}), "/app/bills/"+one.String()+"?done=credited")
}

func billReturn(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	payment, err := id.Parse(v.PostForm.Get("payment"))
	if err != nil {
		return fault.Missing()
	}
	minor, err := typedAmount(v, "amount_back")
	if err == nil {
		_, err = s.Bills.Return(v.Context(), v.Who, billing.ReturnDraft{Payment: payment, Invoice: one, Amount: minor, Method: billing.Method(v.PostForm.Get("method_back")), Reason: v.PostForm.Get("reason_back"), Key: v.PostForm.Get("key")})
	}
	return s.billAnswer(w, v, renamed(err, map[string]string{"amount": "amount_back", "reason": "reason_back", "method": "method_back"}), "/app/bills/"+one.String()+"?done=money-back")
}

// billCode is the picture of the code by which an invoice is paid: whose account, how much, and the invoice's number; nothing about the patient.
func billCode(s *Site, w http.ResponseWriter, v *Visit) error {
	x, err := s.billSheet(v)
	if err != nil {
		return err
	}
	link := billing.UPILink(x.Setting, v.Clinic.Name, x.Document)
	if link == "" {
		return fault.Missing()
	}
	picture, err := document.Code(link)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml; charset=utf-8")
	_, err = w.Write(picture)
	return err
}

// advanceTaken books what a patient pays ahead.
func advanceTaken(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	minor, err := typedAmount(v, "advance")
	if err == nil {
		_, err = s.Bills.TakeAdvance(v.Context(), v.Who, one, billing.Pay{Method: billing.Method(v.PostForm.Get("method")), Amount: minor, Reference: v.PostForm.Get("reference"), Key: v.PostForm.Get("key")})
	}
	return s.answer(w, v, renamed(err, map[string]string{"amount": "advance"}), "/app/patients/"+one.String()+"?done=advance#bills", "patient", func() (Page, error) {
		page, _, err := s.record(v, one)
		if err == nil {
			page.Bills.Typed = v.PostForm.Get("advance")
		}
		return page, err
	})
}
