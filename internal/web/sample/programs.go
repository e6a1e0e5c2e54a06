package sample

import (
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/programs"
	"almirah/internal/web"
)

func (m *maker) scopeChoices(on ...string) []web.ScopeChoice {
	var out []web.ScopeChoice
	for _, x := range access.ProgramScopes {
		w := x.Word()
		c := web.ScopeChoice{Word: w, Label: m.t.Say("token.scope." + w), Hint: m.t.Say("token.scope." + w + ".hint")}
		for _, o := range on {
			c.On = c.On || o == w
		}
		out = append(out, c)
	}
	return out
}

func (m *maker) eventChoices(on programs.Event) []web.ScopeChoice {
	var out []web.ScopeChoice
	for _, x := range programs.Events {
		out = append(out, web.ScopeChoice{Word: x.Word(), Label: m.t.Say("webhook.event." + x.Word()), On: on&x != 0})
	}
	return out
}

func (m *maker) lives() []web.Option {
	var out []web.Option
	for _, n := range programs.Days {
		out = append(out, web.Option{Value: strconv.Itoa(n), Label: m.t.Say("token.days", "Count", n), On: n == 90})
	}
	return out
}

func (m *maker) programPages() {
	scopes := func(words ...string) []string {
		var out []string
		for _, w := range words {
			out = append(out, m.t.Say("token.scope."+w))
		}
		return out
	}
	in := func(days int) time.Time { return m.at(9, 30).AddDate(0, 0, days) }
	tokens := func() *web.TokensSettings {
		return &web.TokensSettings{SettingsPage: m.settings("settings.tokens"), Scopes: m.scopeChoices(), Days: m.lives()}
	}
	full := tokens()
	full.Tokens = []web.TokenRow{
		{ID: ident(701), Name: "Clinic website", Hint: "x7Qa", Maker: "Meera Iyer", Scopes: scopes("calendar.read", "appointments.write"), Created: in(-30), Expires: in(60), UsedOn: today, UsedFrom: "203.0.113.0/24"},
		{ID: ident(702), Name: "हिसाब का प्रोग्राम", Hint: "0Pkd", Maker: "Meera Iyer", Scopes: scopes("invoices.read"), Created: in(-80), Expires: in(10), Soon: true, UsedOn: clock.Date("2026-11-20")},
		{ID: ident(703), Name: "Old import", Hint: "9aZz", Maker: "Ravi Kumar", Scopes: scopes("patients.read", "patients.write"), Created: in(-100), Expires: in(100), Left: true},
	}
	full.Ended = []web.TokenRow{{ID: ident(704), Name: "Trial", Hint: "4fGh", Ended: in(-20)}}
	m.add("settings-tokens", "", full)
	wrong := tokens()
	wrong.Shell = problems(wrong.Shell, "name", "scopes")
	m.add("settings-tokens", "wrong", wrong)
	m.add("settings-token-made", "", &web.TokenMade{SettingsPage: m.settings("settings.tokens"), Name: "Clinic website", Text: "almirah_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678", Expires: in(90), Docs: "https://book.example/api/v1/openapi.json"})

	events := programs.AppointmentBooked | programs.AppointmentMoved | programs.AppointmentCancelled
	words := func(e programs.Event) []string {
		var out []string
		for _, w := range e.Words() {
			out = append(out, m.t.Say("webhook.event."+w))
		}
		return out
	}
	hooks := &web.WebhooksSettings{SettingsPage: m.settings("settings.webhooks"), Events: m.eventChoices(0), Rows: []web.WebhookRow{
		{ID: ident(711), Host: "hooks.sunrise.example:443", On: true, Events: words(events)},
		{ID: ident(712), Host: "books.sunrise.example:8443", On: true, Events: words(programs.InvoicePaid), Failing: in(-2)},
		{ID: ident(713), Host: "old.sunrise.example:443", Why: m.t.Say("webhook.off.failing"), Events: words(programs.PatientCreated)}}}
	m.add("settings-webhooks", "", hooks)
	bad := &web.WebhooksSettings{SettingsPage: m.settings("settings.webhooks"), Events: m.eventChoices(0), URL: "http://10.0.0.1/hook"}
	bad.Shell = problems(bad.Shell, "url", "events")
	m.add("settings-webhooks", "wrong", bad)
	hook := func() *web.WebhookSettings {
		return &web.WebhookSettings{SettingsPage: m.settings("settings.webhooks"), ID: ident(711), URL: "https://hooks.sunrise.example/almirah?source=clinic", Host: "hooks.sunrise.example:443", On: true, Since: in(-30), Events: m.eventChoices(events), From: string(today), To: string(today)}
	}
	one := hook()
	one.OldUntil = in(1)
	for i, x := range []struct {
		what, state, reason string
		answer, attempts    int
	}{{"appointment.booked", "planned", "timeout", 0, 1}, {"appointment.moved", "delivered", "", 204, 1}, {"appointment.cancelled", "failed", "", 500, 10}, {"webhook.test", "uncertain", "refused", 0, 1}, {"appointment.booked", "missed", "", 0, 0}} {
		d := web.DeliveryRow{ID: ident(720 + i), Message: "msg_" + ident(720+i), What: x.what, State: x.state, Happened: in(-i), Answer: x.answer, Attempts: x.attempts, CanReplay: x.state != "planned"}
		if x.state == "planned" {
			d.Next = in(0).Add(5 * time.Minute)
		}
		if x.reason != "" {
			d.Reason = m.t.Say("webhook.reason." + x.reason)
		}
		one.Deliveries = append(one.Deliveries, d)
	}
	m.add("settings-webhook", "", one)
	off := hook()
	off.On, off.Why = false, m.t.Say("webhook.off.failing")
	m.add("settings-webhook", "off", off)
	ill := hook()
	ill.Failing = in(-1)
	m.add("settings-webhook", "failing", ill)
	m.add("settings-webhook-secret", "", &web.WebhookSecret{SettingsPage: m.settings("settings.webhooks"), ID: ident(711), Host: "hooks.sunrise.example:443", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=", Rotated: true})
	m.add("receiver", "", &web.ReceiverPage{Shell: m.staff(""), List: []web.Received{{ID: "msg_" + ident(720), Timestamp: "1763970600", Signature: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=", Type: "appointment.booked",
		Body: `{"type":"appointment.booked","timestamp":"2026-11-24T04:00:00Z","data":{"id":"` + ident(5) + `","patient":"` + ident(6) + `"}}`, At: in(0), Right: true},
		{ID: "msg_" + ident(721), Timestamp: "1763970660", Signature: "v1,xxxx", Type: "webhook.test", Body: `{"type":"webhook.test"}`, At: in(0)}}})
}
