package web

import (
	"net/http"
	"slices"
	"strconv"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/subscription"
)

// What the clinic pays for the platform, as its owner sees it (promises A22, H4). Where nobody pays there is no such page.

// planCard is the part of the account page about the plan.
func (s *Site) planCard(v *Visit) (*PlanCard, error) {
	a, err := s.Plans.Account(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	terms := s.Plans.Terms()
	name := func(key string) string {
		if p, ok := terms.Plan(key); ok {
			return p.Name
		}
		return key
	}
	card := &PlanCard{State: string(a.State), Plan: name(a.Plan), Due: a.Due().In(z), Stop: a.WritesUntil.In(z), CanPay: terms.Gateway != nil}
	for _, q := range a.Quotes {
		card.Offers = append(card.Offers, PlanOffer{Key: q.Plan.Key, Name: q.Plan.Name, Term: q.Term, Net: Price{q.Net, q.Plan.Currency}, Tax: Price{q.Tax, q.Plan.Currency}, Total: Price{q.Total, q.Plan.Currency}})
	}
	for _, x := range a.Payments {
		row := PlanPayment{Name: name(x.Plan), Term: x.Term, Amount: Price{x.Amount, x.Currency}, State: x.State, Refused: x.Code != "" && x.State == "open", At: x.MadeAt.In(z)}
		if i := slices.IndexFunc(a.Invoices, func(b subscription.Invoice) bool { return b.Payment == x.ID }); i >= 0 {
			row.Number = a.Invoices[i].Number
			row.Invoice = a.Invoices[i].Name()
		}
		if x.State == "open" && card.PayURL == "" {
			card.PayURL, card.PayTotal, card.PayName = x.URL, row.Amount, row.Name
		}
		card.Payments = append(card.Payments, row)
	}
	return card, nil
}

// plans is fault.NotFound where nobody pays.
func (s *Site) plans() (*subscription.Service, error) {
	if s.Plans == nil || !s.Plans.Terms().On() {
		return nil, fault.Missing()
	}
	return s.Plans, nil
}

func planPay(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	plans, err := s.plans()
	if err != nil {
		return err
	}
	if _, err = plans.Begin(v.Context(), v.Who, v.PostForm.Get("plan"), v.PostForm.Get("term")); err != nil {
		return err
	}
	http.Redirect(w, v.Request, "/app/account?done=plan-begun", http.StatusSeeOther)
	return nil
}

// planPaid is where a browser comes back to from the payment page. What it brings along is not read: the payment company is asked.
func planPaid(s *Site, w http.ResponseWriter, v *Visit) error {
	plans, err := s.plans()
	if err != nil {
		return err
	}
	paid, err := plans.Look(v.Context(), v.Who)
	if err != nil {
		s.Log.Warn("plan", "error", err.Error()) // it is asked again within the hour
	}
	word := "plan-waits"
	if paid {
		word = "plan-paid"
	}
	http.Redirect(w, v.Request, "/app/account?done="+word, http.StatusSeeOther)
	return nil
}

func planInvoice(s *Site, w http.ResponseWriter, v *Visit) error {
	plans, err := s.plans()
	if err != nil {
		return err
	}
	a, err := plans.Account(v.Context(), v.Who)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(a.Invoices, func(x subscription.Invoice) bool { return strconv.FormatInt(x.Number, 10) == v.PathValue("invoice") })
	if i < 0 {
		return fault.Missing()
	}
	name := a.Invoices[i].Plan
	if p, ok := plans.Terms().Plan(name); ok {
		name = p.Name
	}
	data, err := a.Invoices[i].Paper(s.Press, name, v.Clinic.Location())
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="invoice-`+strconv.FormatInt(a.Invoices[i].Number, 10)+`-`+string(clock.DateOf(a.Invoices[i].IssuedAt.Time()))+`.pdf"`)
	_, err = w.Write(data)
	return err
}
