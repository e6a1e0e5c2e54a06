package sample

import (
	"almirah/internal/clock"
	"almirah/internal/vendors"
	"almirah/internal/web"
)

func (m *maker) account(state, why, todo string) web.AccountCard {
	return web.AccountCard{ID: ident(60), Channel: "sms", Provider: "Twilio", Sender: "+14155550100", Last4: "4f2a", State: state, Why: why, Todo: todo, Since: m.at(8, 0), Connected: m.at(7, 30), Tested: m.at(8, 1),
		HookURL: "https://book.example/hooks/twilio/AZLxoAAAcACAAAAAAAAAAAQGS8aAAAHAAgAAAAAAAAAI", HookHint: m.t.Say("channel.hook_hint"), Version: 3,
		Days: []web.AccountDay{{Day: today, Sent: 118, Failed: 2, Received: 7}, {Day: clock.Date("2026-11-23"), Sent: 1204, Received: 31}}}
}

// accountAt is an account at another company, on another channel.
func (m *maker) accountAt(n int, provider, channel, sender, last4, word string) web.AccountCard {
	a := m.account("active", "", "")
	a.ID, a.Channel, a.Provider, a.Sender, a.Last4, a.Days = ident(n), channel, m.t.Say("channel.provider."+provider), sender, last4, nil
	a.HookURL, a.HookHint = "https://book.example/hooks/"+provider+"/AZLxoAAAcACAAAAAAAAAAAQGS8aAAAHAAgAAAAAAAAAI", m.t.Say("channel.hook_hint."+provider)
	if word != "" {
		a.HookWord, a.WordLabel, a.WordHint = word, m.t.Say("channel.word."+provider), m.t.Say("channel.word_hint."+provider)
	}
	return a
}

func (m *maker) offer(provider, channel string, open bool, values map[string]string) web.AccountOffer {
	o := web.AccountOffer{Provider: provider, Name: m.t.Say("channel.provider." + provider), Channel: channel, Open: open, Front: open, Fields: web.AccountForm(provider)}
	for i := range o.Fields {
		f := &o.Fields[i]
		f.Value = values[f.Name]
		if f.Name == "region" {
			f.List = []web.Option{{Value: "ap-south-1", Label: "ap-south-1 (IN)"}, {Value: "eu-central-1", Label: "eu-central-1 (EU)"}}
		}
	}
	return o
}

func (m *maker) channelPages() {
	page := func() *web.ChannelsSettings {
		return &web.ChannelsSettings{SettingsPage: m.settings("settings.channels"), Offered: true, Barred: []web.Barred{{Name: "Twilio", Why: vendors.OutOfArea}}}
	}
	full := page()
	full.Accounts = []web.AccountCard{m.account("active", "", ""), m.accountAt(61, "whatsapp", "whatsapp", "+919845012345", "zBcD", "KMRW4TQZ7NPX2HJV5CDG6YBLSA"), m.accountAt(62, "ses", "email", "visits@sunrise.example", "MPLE", "")}
	full.Accounts[1].Texts, full.Accounts[1].Hears, full.Accounts[1].HearsAt = true, true, m.at(8, 1)
	full.Accounts[1].Strange = m.t.Say("channel.strange", "Count", 3, "When", m.t.DateTime(m.at(7, 45)), "Kind", "message_echoes")
	m.add("settings-channels", "", full)
	paused := page()
	paused.Accounts = []web.AccountCard{m.account("paused", m.t.Say("channel.refused", "Code", "20003"), m.t.Say("channel.refused_todo"))}
	paused.Accounts[0].Days = nil
	deaf := m.accountAt(61, "whatsapp", "whatsapp", "+919845012345", "zBcD", "KMRW4TQZ7NPX2HJV5CDG6YBLSA")
	deaf.Deaf, deaf.DeafTodo = m.t.Say("channel.deaf", "Code", "200"), m.t.Say("channel.deaf.todo")
	deaf.Strange = m.t.Say("channel.strange", "Count", 1, "When", m.t.DateTime(m.at(7, 45)), "Kind", m.t.Say("channel.strange.nameless"))
	paused.Accounts = append(paused.Accounts, deaf)
	paused.CanEdit = false
	m.add("settings-channels", "paused", paused)
	connect := page()
	connect.Offers = []web.AccountOffer{m.offer("twilio", "sms", true, nil)}
	m.add("settings-channels", "connect", connect)
	several := page()
	several.Accounts = []web.AccountCard{m.accountAt(63, "msg91", "sms", "SUNRIS", "9f2c", "KMRW4TQZ7NPX2HJV5CDG6YBLSA")}
	several.Offers = []web.AccountOffer{m.offer("whatsapp", "whatsapp", false, nil), m.offer("ses", "email", false, nil)}
	several.Offers[0].Front = true
	m.add("settings-channels", "several", several)
	wrong := func(variant, provider, channel string, values map[string]string, fields ...string) {
		p := page()
		p.Shell = problems(p.Shell, fields...)
		p.Offers = []web.AccountOffer{m.offer(provider, channel, true, values)}
		m.add("settings-channels", variant, p)
	}
	wrong("wrong", "twilio", "sms", map[string]string{"account_sid": "AC12", "from": "Sunrise Clinic of Bengaluru"}, "account_sid", "auth_token", "from", "agreed")
	wrong("wrong-msg91", "msg91", "sms", map[string]string{"sender": "Sunrise", "pe_id": "11", "allowed_ips": "203.0.113.7, everywhere"}, "authkey", "sender", "pe_id", "allowed_ips")
	wrong("wrong-whatsapp", "whatsapp", "whatsapp", map[string]string{"phone_number_id": "+91 98", "sender": "98450", "coexistence": "yes"}, "phone_number_id", "business_account_id", "sender", "token", "app_secrets")
	wrong("wrong-ses", "ses", "email", map[string]string{"from": "Sunrise <a@b.example>", "region": "eu-central-1", "topic_arns": "arn:aws:sns:us-east-1:1:x"}, "from", "region", "access_key_id", "secret_access_key", "topic_arns")
	m.add("settings-channel-keys", "", &web.ChannelKeys{ChannelsSettings: web.ChannelsSettings{SettingsPage: m.settings("settings.channels")}, Account: m.account("active", "", ""),
		Form: web.AccountOffer{Provider: "whatsapp", Front: true, Fields: web.AccountForm("whatsapp")}})
	m.add("settings-channel-revoke", "", &web.ChannelRevoke{SettingsPage: m.settings("settings.channels"), Account: m.account("active", "", "")})
}
