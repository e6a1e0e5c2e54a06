package web

import (
	"net/http"
	"slices"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// The clinic's own accounts at payment gateways: connect, test, pause, change the keys, revoke.

// gatewayForms are the fields of each gateway's form, as it reads them. A gateway without a form here is not offered.
var gatewayForms = map[string][]AccountField{
	"razorpay": {{Name: "key_id", Must: true, Help: true}, {Name: "key_secret", Secret: true, Must: true, Help: true}, {Name: "webhook_secret", Secret: true, Must: true, Help: true}, {Name: "webhook_secret_old", Secret: true, Help: true}},
	"stripe":   {{Name: "secret_key", Secret: true, Must: true, Help: true}, {Name: "webhook_secret", Secret: true, Must: true, Help: true}, {Name: "webhook_secret_old", Secret: true, Help: true}},
	"demo":     {},
}

// GatewayForm is the form of a gateway, with nothing typed into it.
func GatewayForm(provider string) []AccountField { return slices.Clone(gatewayForms[provider]) }

func gatewayRoutes() []Route {
	const on = clinics.ModuleBilling
	return []Route{
		{Pattern: "GET /app/settings/payments", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: paymentsPage},
		{Pattern: "POST /app/settings/payments/{provider}", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: gatewayConnect},
		{Pattern: "POST /app/settings/payments/{id}/test", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: gatewayTest},
		{Pattern: "POST /app/settings/payments/{id}/state", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: gatewayState},
		{Pattern: "GET /app/settings/payments/{id}/keys", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: gatewayKeysPage},
		{Pattern: "POST /app/settings/payments/{id}/keys", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: gatewayKeysSave},
		{Pattern: "GET /app/settings/payments/{id}/revoke", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: gatewayRevokePage},
		{Pattern: "POST /app/settings/payments/{id}/revoke", Door: Staff, Right: access.GatewayAccounts, Module: on, Handle: gatewayRevoke},
		{Pattern: "GET /app/bills/decide", Door: Staff, Right: access.BillDecide, Module: on, Handle: decidePage},
		{Pattern: "POST /app/bills/{id}/settle", Door: Staff, Right: access.BillDecide, Module: on, Handle: decideSettle},
		{Pattern: "POST /app/bills/{id}/compare", Door: Staff, Right: access.BillDecide, Module: on, Handle: decideCompare},
		{Pattern: "POST /app/bills/{id}/ask", Door: Staff, Right: access.BillIssue, Module: on, Handle: billAsk},
		{Pattern: "POST /app/bills/{id}/online-back", Door: Staff, Right: access.BillRefund, Module: on, Handle: billOnlineBack},
		{Pattern: "POST /m/{token}/bills/{id}/pay", Door: Link, Right: access.OwnChange, Module: on, Handle: ownPay},
		{Pattern: "GET /m/{token}/pay/{id}", Door: Link, Right: access.OwnRead, Module: on, Handle: ownPayPage},
		{Pattern: "GET /c/{slug}/paid/{id}", Door: Clinic, Right: access.PublicRead, Module: on, Handle: landedPage},
	}
}

func paymentsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.paymentSettings(v, "")
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-payments", page)
}

// paymentSettings is the page; the form of the gateway, if one is named, shows what was typed into it.
func (s *Site) paymentSettings(v *Visit, provider string) (*PaymentSettings, error) {
	list, err := s.Pay.Accounts(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &PaymentSettings{SettingsPage: s.settings(v, "settings.payments", access.GatewayAccounts)}
	taken := map[string]bool{}
	for _, a := range list {
		taken[a.Provider] = true
		page.Accounts = append(page.Accounts, s.gatewayCard(v, a))
	}
	for _, p := range s.Pay.Offered() {
		form, ok := gatewayForms[p]
		page.Offered = page.Offered || ok
		if !ok || taken[p] || !page.CanEdit {
			continue
		}
		if why := s.Pay.Refused(v.Clinic, p); why != "" {
			page.Barred = append(page.Barred, Barred{companyName(v, p), why})
			continue
		}
		o := gatewayOffer(v, p, form, p == provider)
		o.Front = p == provider || provider == "" && len(page.Offers) == 0
		page.Offers = append(page.Offers, o)
	}
	for i := range page.Offers {
		page.Offers[i].Open = len(page.Offers) == 1 && len(page.Accounts) == 0 || page.Offers[i].Provider == provider
	}
	return page, nil
}

func gatewayOffer(v *Visit, provider string, form []AccountField, typed bool) AccountOffer {
	o := AccountOffer{Provider: provider, Name: gatewayName(v, provider), Fields: slices.Clone(form)}
	for i := range o.Fields {
		if f := &o.Fields[i]; typed && !f.Secret {
			f.Value = v.PostForm.Get(f.Name)
		}
	}
	return o
}

func gatewayName(v *Visit, provider string) string {
	if key := "gateway.provider." + provider; v.Tongue.Has(key) {
		return v.Tongue.Say(key)
	}
	return provider
}

func (s *Site) gatewayCard(v *Visit, a billing.GatewayAccount) GatewayCard {
	z := v.Clinic.Location()
	c := GatewayCard{ID: a.ID.String(), Provider: gatewayName(v, a.Provider), Last4: a.Last4, Trial: a.Trial, State: string(a.State), Since: a.StateAt.In(z), Connected: a.CreatedAt.In(z),
		HookURL: a.HookURL, HookHint: v.Tongue.Say("gateway.hook_hint"), Version: a.Version, Keys: len(gatewayForms[a.Provider]) > 0}
	if key := "gateway.hook_hint." + a.Provider; v.Tongue.Has(key) {
		c.HookHint = v.Tongue.Say(key)
	}
	if a.TestedAt > 0 {
		c.Tested = a.TestedAt.In(z)
	}
	if a.HeardAt > 0 {
		c.Heard = a.HeardAt.In(z)
	}
	if a.CheckedAt > 0 {
		c.Checked = a.CheckedAt.In(z)
	}
	switch {
	case a.State == billing.AccountPaused && v.Tongue.Has("gateway.todo."+a.Reason):
		c.Why, c.Todo = v.Tongue.Say("gateway.reason."+a.Reason), v.Tongue.Say("gateway.todo."+a.Reason)
	case a.State == billing.AccountPaused:
		c.Why, c.Todo = v.Tongue.Say("gateway.refused", "Code", a.Reason), v.Tongue.Say("gateway.refused_todo")
	case !slices.Contains(s.Pay.Offered(), a.Provider):
		c.Why, c.Todo = v.Tongue.Say("gateway.unoffered"), v.Tongue.Say("gateway.unoffered_todo")
	}
	return c
}

// gatewayAnswer leads on, or shows the page again. A gateway that cannot be reached is said there too: what was typed stays.
func (s *Site) gatewayAnswer(w http.ResponseWriter, v *Visit, err error, done, provider string) error {
	again := func() (Page, error) { return s.paymentSettings(v, provider) }
	if fault.Is(err, fault.Unavailable) {
		page, bad := again()
		if bad != nil {
			return bad
		}
		return s.views.Render(w, report(w, page.shell(), err), "settings-payments", page)
	}
	return s.answer(w, v, err, "/app/settings/payments?done="+done, "settings-payments", again)
}

func gatewayConnect(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	provider := v.PathValue("provider")
	form, ok := gatewayForms[provider]
	if !ok {
		return fault.Missing()
	}
	_, err := s.Pay.Connect(v.Context(), v.Who, provider, typedAccount(v, form), v.PostForm.Get("agreed") != "")
	return s.gatewayAnswer(w, v, err, "gateway-connected", provider)
}

func gatewayTest(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := pathID(v)
	if err != nil {
		return err
	}
	return s.gatewayAnswer(w, v, s.Pay.TestAccount(v.Context(), v.Who, one), "gateway-tested", "")
}

func gatewayState(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := pathID(v)
	to := v.PostForm.Get("to")
	if err != nil || to != "pause" && to != "resume" {
		return fault.Missing()
	}
	return s.gatewayAnswer(w, v, s.Pay.SetAccount(v.Context(), v.Who, one, typedVersion(v, 0), to == "resume"), "gateway-"+to, "")
}

// gatewayOf is the account of the address; fault.NotFound when it is none of the clinic's that is still in use.
func (s *Site) gatewayOf(v *Visit) (billing.GatewayAccount, error) {
	list, err := s.Pay.Accounts(v.Context(), v.Who)
	if err != nil {
		return billing.GatewayAccount{}, err
	}
	one, err := id.Parse(v.PathValue("id"))
	i := slices.IndexFunc(list, func(a billing.GatewayAccount) bool { return a.ID == one })
	if err != nil || i < 0 {
		return billing.GatewayAccount{}, fault.Missing()
	}
	return list[i], nil
}

func (s *Site) gatewayRevoke(v *Visit) (*GatewayRevoke, error) {
	a, err := s.gatewayOf(v)
	if err != nil {
		return nil, err
	}
	page := &GatewayRevoke{SettingsPage: s.settings(v, "settings.payments", access.GatewayAccounts), Account: s.gatewayCard(v, a)}
	page.Version = a.Version
	return page, nil
}

func gatewayRevokePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.gatewayRevoke(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-payment-revoke", page)
}

func gatewayRevoke(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := pathID(v)
	if err != nil {
		return err
	}
	err = s.Pay.Revoke(v.Context(), v.Who, one, typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/payments?done=gateway-revoked", "settings-payment-revoke", func() (Page, error) { return s.gatewayRevoke(v) })
}

func (s *Site) gatewayKeys(v *Visit, typed bool) (*GatewayKeys, error) {
	a, err := s.gatewayOf(v)
	if err != nil {
		return nil, err
	}
	form := gatewayForms[a.Provider]
	if len(form) == 0 || !slices.Contains(s.Pay.Offered(), a.Provider) {
		return nil, fault.Missing()
	}
	page := &GatewayKeys{PaymentSettings: PaymentSettings{SettingsPage: s.settings(v, "settings.payments", access.GatewayAccounts)}, Account: s.gatewayCard(v, a), Form: gatewayOffer(v, a.Provider, form, typed)}
	page.Form.Front, page.Version = true, a.Version
	return page, nil
}

func gatewayKeysPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.gatewayKeys(v, false)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-payment-keys", page)
}

func gatewayKeysSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	a, err := s.gatewayOf(v)
	if err != nil {
		return err
	}
	err = s.Pay.ChangeKeys(v.Context(), v.Who, a.ID, typedVersion(v, 0), typedAccount(v, gatewayForms[a.Provider]))
	if fault.Is(err, fault.Unavailable) {
		page, bad := s.gatewayKeys(v, true)
		if bad != nil {
			return bad
		}
		return s.views.Render(w, report(w, page.shell(), err), "settings-payment-keys", page)
	}
	return s.answer(w, v, err, "/app/settings/payments?done=gateway-keys", "settings-payment-keys", func() (Page, error) { return s.gatewayKeys(v, true) })
}
