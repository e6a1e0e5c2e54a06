package web

import (
	"net/http"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Paying by a gateway: the patient from her own page, the desk for her, and what a person has to look at.

// backTo is where a browser comes back to from a gateway's page. The gateway gets this address, so that it holds nothing that opens the patient's own page.
func (s *Site) backTo(v *Visit) func(id.ID) string {
	return func(request id.ID) string {
		if reach := s.reach(v); reach != s.PublicURL {
			return reach + "/paid/" + request.String()
		}
		return s.PublicURL + "/c/" + v.Clinic.Slug + "/paid/" + request.String()
	}
}

// ownPay asks the gateway for a page, and leads to the page that leads there: a form that leads to another company is what the browser refuses.
func ownPay(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	r, err := s.Pay.Ask(v.Context(), v.Who, one, s.backTo(v))
	if err != nil {
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooMany) {
			return s.ownPage(w, v, refusedToPay(err))
		}
		return err
	}
	http.Redirect(w, v.Request, "/m/"+v.PathValue("token")+"/pay/"+r.ID.String(), http.StatusSeeOther)
	return nil
}

// refusedToPay is what a patient is told when the gateway does not do what it was asked: not the gateway's code, which is the clinic's to know.
func refusedToPay(err error) error {
	if fault.Is(err, fault.Conflict) {
		return err
	}
	return fault.New(fault.Unavailable, "fault.pay.later").Because(err)
}

func ownPayPage(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	r, d, err := s.Pay.RequestOf(v.Context(), v.Who, one)
	if err != nil {
		return err
	}
	page := &OwnPayPage{Shell: s.Shell(v), Token: v.PathValue("token"), Company: gatewayName(v, r.Provider), Label: d.Label, Minor: r.Amount.Minor, Currency: r.Amount.Currency, URL: r.URL, State: string(r.State)}
	return s.views.Render(w, http.StatusOK, "own-pay", page)
}

// landedPage is where a browser comes back to. The gateway is asked; whatever the browser brings along is not read.
func landedPage(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	state, err := s.Pay.Landed(v.Context(), v.Who, one)
	if fault.Is(err, fault.NotFound) {
		return err
	}
	if err != nil { // the gateway does not answer: its report will come
		state = billing.RequestOpen
	}
	return s.views.Render(w, http.StatusOK, "landed", &LandedPage{Shell: s.Shell(v), State: string(state), URL: v.URL.Path})
}

// payable marks the bills that can be paid online now.
func (s *Site) payable(v *Visit, bills []OwnBill) error {
	due := false
	for _, b := range bills {
		due = due || b.Due > 0
	}
	if !due {
		return nil
	}
	online, err := s.Pay.CanPay(v.Context(), v.Who)
	for i := range bills {
		bills[i].CanPay = online && bills[i].Due > 0
	}
	return err
}

// online is what gateways have to do with an invoice, on its page.
func (s *Site) online(v *Visit, x billing.Sheet) (*BillOnline, error) {
	if x.Kind != billing.Bill {
		return nil, nil
	}
	of, err := s.Pay.OfInvoice(v.Context(), v.Who, x.ID)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	asks := x.Open() && v.Who.May(access.BillIssue)
	out := &BillOnline{ID: x.ID.String(), Key: id.New(s.Clock.Now()).String(), CanAsk: of.Ready && of.Barred == "" && asks, Due: x.Due(), Currency: x.Currency}
	if of.Ready && of.Barred != "" && asks {
		out.Barred = v.Tongue.Say(of.Barred)
	}
	for _, r := range of.Requests {
		if r.State == billing.RequestOpen && r.URL != "" {
			out.URL, out.Company, out.Until = r.URL, gatewayName(v, r.Provider), r.ExpiresAt.In(z)
		}
	}
	for _, a := range of.Attempts {
		out.Attempts = append(out.Attempts, OnlineRow{ID: a.ID, State: string(a.State), Minor: a.Amount.Minor, Currency: a.Amount.Currency, At: a.At.In(z)})
	}
	underway := map[string]int64{}
	for _, r := range of.Returns {
		out.Returns = append(out.Returns, OnlineRow{ID: r.External, State: string(r.State), Code: r.Code, Minor: r.Amount.Minor, Currency: r.Amount.Currency, At: r.AskedAt.In(z)})
		if r.State == billing.ReturnAsked || r.State == billing.ReturnPending {
			underway[r.Payment] += r.Amount.Minor
		}
	}
	if v.Who.May(access.BillRefund) {
		for _, m := range x.Money {
			if billing.IsDesk(m.Source) {
				continue
			}
			if left := m.Amount - m.Payment.Refunded - underway[m.External]; left > 0 {
				out.Back = append(out.Back, BillAdvance{ID: m.ID.String(), Minor: left, Currency: m.Currency, At: m.ReceivedAt.In(z)})
			}
		}
	}
	if out.URL == "" && !out.CanAsk && out.Barred == "" && len(out.Attempts)+len(out.Returns)+len(out.Back) == 0 {
		return nil, nil
	}
	return out, nil
}

// billAsk asks for a page on which the patient can pay, whose address the desk hands on.
func billAsk(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	_, err = s.Pay.Ask(v.Context(), v.Who, one, s.backTo(v))
	return s.billAnswer(w, v, asConflict(err), "/app/bills/"+one.String()+"?done=asked#online")
}

// asConflict lets a gateway's trouble be said on the page where it was asked.
func asConflict(err error) error {
	if fault.Is(err, fault.Unavailable) {
		return fault.New(fault.Conflict, "fault.gateway.unreachable").Because(err)
	}
	return err
}

// billOnlineBack has a gateway give money back.
func billOnlineBack(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	if err := v.form(); err != nil {
		return err
	}
	payment, err := id.Parse(v.PostForm.Get("payment_online"))
	if err != nil {
		return fault.Missing()
	}
	key, err := id.Parse(v.PostForm.Get("key_online"))
	if err != nil {
		return fault.Missing()
	}
	minor, err := typedAmount(v, "amount_online")
	if err == nil {
		_, err = s.Pay.Return(v.Context(), v.Who, payment, minor, one, v.PostForm.Get("reason_online"), key)
	}
	return s.billAnswer(w, v, renamed(s.inMoney(v, err), map[string]string{"amount": "amount_online", "reason": "reason_online"}), "/app/bills/"+one.String()+"?done=back-asked#online")
}

func decidePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.decide(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "bills-decide", page)
}

func (s *Site) decide(v *Visit) (*DecidePage, error) {
	z := v.Clinic.Location()
	list, accounts, err := s.Pay.Differences(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	disputes, refused, err := s.Pay.Frauds(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	strange, err := s.Pay.Strange(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &DecidePage{Shell: s.staffShell(v, "nav.bills"), Strange: len(strange)}
	for _, a := range accounts {
		page.Accounts = append(page.Accounts, s.gatewayCard(v, a))
	}
	for _, d := range list {
		page.Differences = append(page.Differences, DifferenceRow{ID: d.ID.String(), Kind: d.Kind, External: d.External, Ours: d.Ours, Theirs: d.Theirs, Currency: d.Currency, At: d.FoundAt.In(z)})
	}
	rows := func(list []billing.FraudRecord) (out []FraudRow) {
		for _, f := range list {
			r := FraudRow{External: f.External, Payment: f.Payment, State: f.State, Reason: f.Reason, Minor: f.Amount.Minor, Currency: f.Amount.Currency, At: f.At.In(z), Until: f.ForgetAt.In(z)}
			if f.RespondBy > 0 {
				r.RespondBy = f.RespondBy.In(z)
			}
			out = append(out, r)
		}
		return out
	}
	page.Disputes, page.Refused = rows(disputes), rows(refused)
	return page, nil
}

func (s *Site) decideAnswer(w http.ResponseWriter, v *Visit, err error, done string) error {
	return s.answer(w, v, asConflict(err), "/app/bills/decide?done="+done, "bills-decide", func() (Page, error) { return s.decide(v) })
}

func decideSettle(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	return s.decideAnswer(w, v, s.Pay.Settle(v.Context(), v.Who, one), "looked-after")
}

func decideCompare(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	return s.decideAnswer(w, v, s.Pay.Check(v.Context(), v.Who, one), "compared")
}
