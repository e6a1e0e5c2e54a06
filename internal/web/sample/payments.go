package sample

import (
	"almirah/internal/vendors"
	"almirah/internal/web"
)

func (m *maker) gateway(n int, provider, state, why, todo string, trial bool) web.GatewayCard {
	return web.GatewayCard{ID: ident(n), Provider: m.t.Say("gateway.provider." + provider), Last4: "ic01", Trial: trial, State: state, Why: why, Todo: todo, Since: m.at(8, 0), Connected: m.at(7, 30), Tested: m.at(8, 1), Heard: m.at(9, 40), Checked: m.at(2, 30),
		HookURL: "https://book.example/hooks/" + provider + "/AZLxoAAAcACAAAAAAAAAAAQGS8aAAAHAAgAAAAAAAAAI", HookHint: m.t.Say("gateway.hook_hint." + provider), Keys: true, Version: 3}
}

func (m *maker) gatewayForm(provider string, open bool, values map[string]string) web.AccountOffer {
	o := web.AccountOffer{Provider: provider, Name: m.t.Say("gateway.provider." + provider), Open: open, Front: open, Fields: web.GatewayForm(provider)}
	for i := range o.Fields {
		o.Fields[i].Value = values[o.Fields[i].Name]
	}
	return o
}

// online is everything that a gateway can have to do with an invoice.
func (m *maker) online() *web.BillOnline {
	const rupees = "INR"
	return &web.BillOnline{ID: ident(801), Key: ident(5), URL: "https://pay.example/plink_QxAbCdEf", Company: m.t.Say("gateway.provider.razorpay"), Until: m.at(18, 0),
		Attempts: []web.OnlineRow{{ID: "pay_QxAbCdEfGh", State: "failed", Code: "payment_failed", Minor: 49500, Currency: rupees, At: m.at(9, 1)}, {ID: "pay_QxAbCdEfGi", State: "captured", Minor: 20000, Currency: rupees, At: m.at(9, 5)}},
		Returns:  []web.OnlineRow{{State: "asked", Minor: 500, Currency: rupees, At: m.at(10, 5)}, {ID: "rfnd_QxAbCdEfGh", State: "processed", Minor: 1500, Currency: rupees, At: m.at(10, 2)}, {State: "refused", Code: "input_validation_failed", Minor: 900, Currency: rupees, At: m.at(10, 1)}},
		Back:     []web.BillAdvance{{ID: ident(824), Minor: 18000, Currency: rupees, At: m.at(9, 5)}}}
}

func (m *maker) paymentPages() {
	const rupees = "INR"
	page := func() *web.PaymentSettings {
		return &web.PaymentSettings{SettingsPage: m.settings("settings.payments"), Offered: true, Barred: []web.Barred{{Name: "Stripe", Why: vendors.NoBAA}}}
	}
	full := page()
	full.Accounts = []web.GatewayCard{m.gateway(71, "razorpay", "active", "", "", false), m.gateway(72, "stripe", "paused", m.t.Say("gateway.refused", "Code", "api_key_expired"), m.t.Say("gateway.refused_todo"), true)}
	m.add("settings-payments", "", full)
	connect := page()
	connect.Offers = []web.AccountOffer{m.gatewayForm("razorpay", false, nil), m.gatewayForm("stripe", false, nil), m.gatewayForm("demo", false, nil)}
	connect.Offers[0].Front = true
	m.add("settings-payments", "connect", connect)
	for provider, fields := range map[string][]string{"razorpay": {"key_id", "key_secret", "webhook_secret", "agreed"}, "stripe": {"secret_key", "webhook_secret", "webhook_secret_old"}} {
		wrong := page()
		wrong.Shell = problems(wrong.Shell, fields...)
		wrong.Offers = []web.AccountOffer{m.gatewayForm(provider, true, map[string]string{"key_id": "sk_live"})}
		m.add("settings-payments", "wrong-"+provider, wrong)
	}
	m.add("settings-payments", "bare", &web.PaymentSettings{SettingsPage: m.settings("settings.payments")})
	m.add("settings-payment-revoke", "", &web.GatewayRevoke{SettingsPage: m.settings("settings.payments"), Account: m.gateway(71, "razorpay", "active", "", "", false)})
	m.add("settings-payment-keys", "", &web.GatewayKeys{PaymentSettings: web.PaymentSettings{SettingsPage: m.settings("settings.payments")}, Account: m.gateway(71, "razorpay", "active", "", "", false), Form: m.gatewayForm("razorpay", true, nil)})
	open := &web.OwnPayPage{Shell: m.public(), Token: "9Jq3", Company: "Razorpay", Label: "INV/26-27/0042", Minor: 50000, Currency: rupees, URL: "https://pay.example/plink_QxAbCdEf", State: "open"}
	m.add("own-pay", "", open)
	m.add("own-pay", "paid", &web.OwnPayPage{Shell: m.public(), Token: "9Jq3", State: "paid"})
	m.add("own-pay", "over", &web.OwnPayPage{Shell: m.public(), Token: "9Jq3", State: "closed"})
	for _, state := range []string{"open", "paid", "closed"} {
		m.add("landed", map[string]string{"open": "", "paid": "paid", "closed": "over"}[state], &web.LandedPage{Shell: m.public(), State: state, URL: "/c/sunrise/paid/" + ident(3)})
	}
	decide := &web.DecidePage{Shell: m.staff("nav.bills"), Accounts: []web.GatewayCard{m.gateway(71, "razorpay", "active", "", "", false)}, Strange: 2}
	for i, kind := range []string{"mended", "refund-mended", "amount", "other-amount", "unreadable", "not-ours", "not-there", "refund-amount", "refund-twice", "refund-failed", "refund-came-back", "refund-more", "refund-not-ours", "refund-not-there"} {
		decide.Differences = append(decide.Differences, web.DifferenceRow{ID: ident(900 + i), Kind: kind, External: "pay_QxAbCdEfGh", Ours: 50000, Theirs: int64(i) * 10000, Currency: rupees, At: m.at(2, 31)})
	}
	decide.Disputes = []web.FraudRow{{External: "disp_QxAbCdEfGh", Payment: "pay_QxAbCdEfGh", State: "open", Reason: "chargeback_authorization", Minor: 50000, Currency: rupees, At: m.at(8, 0), RespondBy: m.at(18, 0).AddDate(0, 0, 7), Until: m.at(8, 0).AddDate(2, 0, 0)}}
	decide.Refused = []web.FraudRow{{External: "pay_QxAbCdEfGi", Payment: "pay_QxAbCdEfGi", State: "failed", Reason: "payment_failed", Minor: 50000, Currency: rupees, At: m.at(8, 0), Until: m.at(8, 0).AddDate(0, 6, 0)}}
	m.add("bills-decide", "", decide)
	m.add("bills-decide", "bare", &web.DecidePage{Shell: m.staff("nav.bills")})
	m.add("settings-payment-revoke", "bare", &web.GatewayRevoke{SettingsPage: m.settings("settings.payments")})
	m.add("settings-payment-keys", "bare", &web.GatewayKeys{PaymentSettings: web.PaymentSettings{SettingsPage: m.settings("settings.payments")}})
	m.add("own-pay", "bare", &web.OwnPayPage{Shell: m.public()})
	m.add("landed", "bare", &web.LandedPage{Shell: m.public()})
}
