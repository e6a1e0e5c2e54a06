package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
)

// Writing an invoice: lines, discounts, and the one press that issues it and takes the money. It works without a script: each button sends the whole form.

func billNewPage(s *Site, w http.ResponseWriter, v *Visit) error {
	q := v.URL.Query()
	visit, patient, err := billFor(q)
	if err != nil {
		return err
	}
	if visit.IsZero() && patient.IsZero() {
		page := &BillWritePage{Shell: s.staffShell(v, "nav.bills"), Choosing: true, Query: v.typed("q")}
		if page.Query != "" {
			hits, err := s.Patients.Search(v.Context(), v.Who, page.Query, mostFound)
			if err != nil {
				return err
			}
			page.Hits = hitsOf(v, hits)
		}
		return s.views.Render(w, http.StatusOK, "bill-write", page)
	}
	p, err := s.Bills.Propose(v.Context(), v.Who, visit, patient)
	if err != nil {
		return err
	}
	page := s.billForm(v, p, p.Draft, nil)
	page.Key = s.billKey()
	if err := s.figure(v, page, p.Draft); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "bill-write", page)
}

// billFor reads for what an invoice is asked: an appointment, or a patient alone.
func billFor(q url.Values) (visit, patient id.ID, err error) {
	if text := q.Get("appointment"); text != "" {
		if visit, err = id.Parse(text); err != nil {
			return visit, patient, fault.Missing()
		}
	}
	if text := q.Get("patient"); text != "" {
		if patient, err = id.Parse(text); err != nil {
			return visit, patient, fault.Missing()
		}
	}
	return visit, patient, nil
}

// billForm is the page of a draft; typed, where it is not nil, is what somebody typed into the fields of money.
func (s *Site) billForm(v *Visit, p billing.Proposal, d billing.InvoiceDraft, typed *billTyped) *BillWritePage {
	page := &BillWritePage{Shell: s.staffShell(v, "nav.bills"), Patient: p.Who.Name, PatientID: p.Patient.String(), Guardian: p.Who.Guardian, Provider: p.Provider, Taxed: p.Setting.Scheme != money.NoTax,
		Address: d.Address, PayerTax: d.TaxID, Note: d.Note, Currency: p.Clinic.Currency, Closed: p.Closed}
	if !p.Appointment.IsZero() {
		page.Visit, page.VisitAt = p.Appointment.String(), p.StartsAt.In(v.Clinic.Location())
	}
	for _, o := range p.Offers {
		label := o.Name
		if o.Price > 0 {
			label += " · " + v.Tongue.Money(o.Price, p.Clinic.Currency)
		}
		page.Offers = append(page.Offers, Option{Value: o.Service.String(), Label: label})
	}
	for i, l := range d.Lines {
		f := BillLineForm{N: i, Words: l.Words, Code: l.Code, Quantity: strconv.FormatInt(l.Quantity, 10), Price: amount(l.Price, p.Clinic.Currency), Class: s.classOptions(v, p.Setting, p.Clinic.Country, l.Class)}
		if l.Discount > 0 {
			f.Discount = amount(l.Discount, p.Clinic.Currency)
		}
		if !l.Service.IsZero() {
			f.Service = l.Service.String()
		}
		if !l.FreeOf.IsZero() {
			f.Free = l.FreeOf.String()
			if x, ok := p.Free[l.FreeOf]; ok {
				f.FreeWords = v.Tongue.Say("bill.free", "Days", x.Days, "Date", v.Tongue.Date(x.Day), "Number", x.Label)
			}
		}
		if typed != nil && i < len(typed.lines) {
			f.Quantity, f.Price, f.Discount = typed.lines[i].quantity, typed.lines[i].price, typed.lines[i].discount
		}
		page.Lines = append(page.Lines, f)
	}
	if d.Discount > 0 {
		page.Discount = amount(d.Discount, p.Clinic.Currency)
	}
	if typed != nil {
		page.Discount, page.Reference = typed.discount, typed.reference
	}
	if p.Setting.Scheme == money.GST {
		for _, x := range billing.States {
			page.States = append(page.States, Option{Value: x.Code, Label: x.Name, On: x.Code == d.Place || d.Place == "" && x.Code == p.Setting.Place})
		}
	}
	for _, x := range p.There {
		page.There = append(page.There, billRow(x, patients.Name{}))
	}
	for _, x := range p.Advances {
		if x.Currency == page.Currency {
			page.Credit += x.Advance + x.Undecided
		}
	}
	return page
}

// classOptions are the tax classes of the clinic.
func (s *Site) classOptions(v *Visit, set billing.Setting, country, current string) []Option {
	var out []Option
	for _, c := range money.Classes(set.Scheme, country, set.OwnRate) {
		out = append(out, Option{Value: c.Code, Label: className(v, set, c), On: c.Code == current})
	}
	return out
}

func className(v *Visit, set billing.Setting, c money.Class) string {
	switch c.Code {
	case money.Exempt:
		return v.Tongue.Say("bill.class.exempt")
	case money.Zero:
		return v.Tongue.Say("bill.class.zero")
	case "own":
		return set.OwnTax + " " + billing.Percent(c.Rate)
	}
	name, _, _ := strings.Cut(c.Code, "-")
	return strings.ToUpper(name) + " " + billing.Percent(c.Rate)
}

// figure works the sums out for the page. What is wrong stays without figures: the form says what when it is sent.
func (s *Site) figure(v *Visit, page *BillWritePage, d billing.InvoiceDraft) error {
	if len(d.Lines) == 0 {
		return nil
	}
	x, err := s.Bills.Reckon(v.Context(), v.Who, d)
	if refusal(err) {
		return nil
	}
	if err == nil {
		page.Figures = s.figures(v, x)
	}
	return err
}

func (s *Site) figures(v *Visit, d billing.Document) *BillFigures {
	f := &BillFigures{Net: d.Net, Discount: d.Discount, Tax: d.Tax, Rounding: d.Rounding, Total: d.Total, Currency: d.Currency, Inclusive: d.Inclusive}
	for _, x := range d.Taxes {
		f.Taxes = append(f.Taxes, BillTax{Name: billing.TaxName(x.Tax, v.Clinic.Country) + " " + billing.Percent(x.Rate), Base: x.Base, Amount: x.Amount})
	}
	return f
}

// billTyped is what somebody typed into the fields of money, to show it again.
type billTyped struct {
	lines               []struct{ quantity, price, discount string }
	discount, reference string
}

// readBill reads the form: the draft, what was typed, and wrong amounts by field.
func readBill(f url.Values, currency string, drop int) (billing.InvoiceDraft, *billTyped, *fault.Fields) {
	var d billing.InvoiceDraft
	typed := &billTyped{discount: f.Get("discount"), reference: f.Get("reference")}
	wrong := &fault.Fields{}
	read := func(field, text string) int64 {
		if strings.TrimSpace(text) == "" {
			return 0
		}
		a, err := money.Parse(text, currency)
		if err != nil {
			wrong.Add(field, "field.bill.amount")
		}
		return a.Minor
	}
	n, err := strconv.Atoi(f.Get("lines"))
	if err != nil || n < 0 || n > billing.MostLines+1 {
		n = 0
	}
	for i := range n {
		at := "." + strconv.Itoa(i)
		l := billing.LineDraft{Words: f.Get("words" + at), Code: strings.TrimSpace(f.Get("code" + at)), Class: f.Get("class" + at), Quantity: 1}
		if i == drop || strings.TrimSpace(l.Words+f.Get("price"+at)) == "" {
			continue
		}
		at = "." + strconv.Itoa(len(d.Lines)) // lines that were left out move the later ones up
		from := "." + strconv.Itoa(i)
		if text := strings.TrimSpace(f.Get("quantity" + from)); text != "" {
			if l.Quantity, err = strconv.ParseInt(text, 10, 64); err != nil {
				wrong.AddWith("quantity"+at, "field.bill.quantity", map[string]any{"Max": billing.MostQuantity})
				l.Quantity = 1
			}
		}
		l.Price, l.Discount = read("price"+at, f.Get("price"+from)), read("discount"+at, f.Get("discount"+from))
		l.Service, _ = id.Parse(f.Get("service" + from)) // empty for a free line
		l.FreeOf, _ = id.Parse(f.Get("free" + from))     // empty where it is not free
		if !l.FreeOf.IsZero() && l.Discount == 0 {
			l.FreeOf = id.Zero // the discount was taken away: it is not free after all
		}
		d.Lines = append(d.Lines, l)
		typed.lines = append(typed.lines, struct{ quantity, price, discount string }{f.Get("quantity" + from), f.Get("price" + from), f.Get("discount" + from)})
	}
	d.Discount = read("discount", f.Get("discount"))
	d.Address, d.TaxID, d.Note, d.Place = f.Get("address"), f.Get("payer_tax_id"), f.Get("note"), f.Get("place")
	d.Appointment, d.Patient, _ = billFor(url.Values{"appointment": {f.Get("appointment")}, "patient": {f.Get("patient")}})
	return d, typed, wrong
}

// billWritten does what the pressed button says: it adds or removes a line, keeps a draft, issues it, or issues it and takes the money.
func billWritten(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one := id.Zero
	if v.PathValue("id") != "" {
		var err error
		if one, err = pathID(v); err != nil {
			return err
		}
	}
	act, what, _ := strings.Cut(v.PostForm.Get("act"), ".")
	drop := -1
	if act == "remove" {
		var err error
		if drop, err = strconv.Atoi(what); err != nil {
			return fault.Missing()
		}
	}
	d, typed, wrong := readBill(v.PostForm, v.Clinic.Currency, drop)
	p, err := s.Bills.Propose(v.Context(), v.Who, d.Appointment, d.Patient)
	if err != nil {
		return err
	}
	d.Patient = p.Patient
	if one.IsZero() {
		d.ID = pressID(v)
	}
	again := func(err error) error { return s.billAgain(w, v, one, p, d, typed, err) }
	version := typedVersion(v, 0)
	var offered billing.LineDraft
	if text := v.PostForm.Get("offer"); text != "" {
		service, err := id.Parse(text)
		i := slices.IndexFunc(p.Offers, func(o billing.Offered) bool { return o.Service == service })
		if err != nil || i < 0 {
			return fault.Missing()
		}
		offered = p.Offers[i].Line()
	}
	switch act {
	case "remove":
		return again(nil)
	case "add":
		if offered.Service.IsZero() {
			offered = billing.LineDraft{Quantity: 1, Class: money.Exempt}
		}
		d.Lines = append(d.Lines, offered)
		return again(nil)
	case "save", "issue", "paid":
	default:
		return fault.Missing()
	}
	if err := wrong.Err(); err != nil {
		return again(err)
	}
	if act != "save" {
		// The button named an amount. When the lines come to another one, nobody presses blindly.
		x, err := s.Bills.Reckon(v.Context(), v.Who, d)
		if err == nil && v.PostForm.Get("shown") != strconv.FormatInt(x.Total, 10) {
			err = fault.New(fault.Conflict, "fault.bill_total").With("Total", v.Tongue.Exact(x.Total, x.Currency))
		}
		if err != nil {
			return again(err)
		}
	}
	to := ""
	switch act {
	case "save":
		var x billing.Document
		x, err = s.Bills.Save(v.Context(), v.Who, one, d, version)
		to = "/app/bills/" + x.ID.String() + "?done=saved"
	case "issue":
		var x billing.Document
		x, err = s.Bills.WriteAndIssue(v.Context(), v.Who, one, d, version)
		to = "/app/bills/" + x.ID.String() + "?done=issued"
	case "paid":
		var x billing.Document
		x, _, err = s.Bills.IssueAndTake(v.Context(), v.Who, one, d, version, billing.Pay{Method: billing.Method(what), Reference: v.PostForm.Get("reference"), Key: v.PostForm.Get("key")})
		to = "/app/bills/" + x.ID.String() + "?done=paid"
	}
	if err != nil {
		return again(err)
	}
	http.Redirect(w, v.Request, to, http.StatusSeeOther)
	return nil
}

// billAgain shows the form again as it was typed, with what went wrong, if anything did.
func (s *Site) billAgain(w http.ResponseWriter, v *Visit, one id.ID, p billing.Proposal, d billing.InvoiceDraft, typed *billTyped, wrong error) error {
	if wrong != nil && !refusal(wrong) {
		return wrong
	}
	page := s.billForm(v, p, d, typed)
	if page.Key = v.PostForm.Get("key"); fault.Is(wrong, fault.Conflict) { // what stands by this key is another invoice; who presses again after reading that means a new one
		page.Key = s.billKey()
	}
	if !one.IsZero() {
		page.ID, page.Version = one.String(), typedVersion(v, 0)
	}
	if err := s.figure(v, page, d); err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = report(w, &page.Shell, s.inMoney(v, wrong))
	}
	return s.views.Render(w, status, "bill-write", page)
}

// inMoney says the amounts of a fault's sentences in the language of the page.
func (s *Site) inMoney(v *Visit, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return err
	}
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i, x := range out.Fields {
		if minor, ok := x.Args["Minor"].(int64); ok {
			currency, _ := x.Args["Currency"].(string)
			out.Fields[i].Args = map[string]any{"Amount": v.Tongue.Exact(minor, currency)}
		}
	}
	return &out
}

// draftPage is the page of an invoice that is not issued yet.
func (s *Site) draftPage(w http.ResponseWriter, v *Visit, x billing.Sheet) error {
	if !v.Who.May(access.BillIssue) {
		return fault.Missing()
	}
	p, err := s.Bills.Propose(v.Context(), v.Who, x.Appointment, x.Patient)
	if err != nil {
		return err
	}
	p.There = slices.DeleteFunc(p.There, func(d billing.Document) bool { return d.ID == x.ID })
	d := x.Document.Draft()
	for invoice, free := range x.Free {
		p.Free[invoice] = free
	}
	page := s.billForm(v, p, d, nil)
	page.ID, page.Version, page.Key = x.ID.String(), x.Version, s.billKey()
	if err := s.figure(v, page, d); err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "bill-write", page)
}

func billDiscard(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	return s.listAnswer(w, v, s.Bills.Discard(v.Context(), v.Who, one, typedVersion(v, 0)), "/app/bills?box=drafts&done=discarded")
}

// dayOf reads a day of the address; an empty one is none.
func dayOf(text string) (clock.Date, error) {
	if text == "" {
		return "", nil
	}
	d, err := clock.ParseDate(text)
	if err != nil || d.Year() < 1990 || d.Year() > 2200 {
		return "", fault.Missing()
	}
	return d, nil
}
