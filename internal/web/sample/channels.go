package sample

import (
	"almirah/internal/clock"
	"almirah/internal/web"
)

func (m *maker) account(state, why, todo string) web.AccountCard {
	return web.AccountCard{ID: ident(60), Channel: "sms", Provider: "Twilio", Sender: "+14155550100", Last4: "4f2a", State: state, Why: why, Todo: todo, Since: m.at(8, 0), Connected: m.at(7, 30), Tested: m.at(8, 1),
		HookURL: "https://book.example/hooks/twilio/AZLxoAAAcACAAAAAAAAAAQGS8aAAAHAAgAAAAAAAAAI", Version: 3,
		Days: []web.AccountDay{{Day: today, Sent: 118, Failed: 2, Received: 7}, {Day: clock.Date("2026-11-23"), Sent: 1204, Received: 31}}}
}

func (m *maker) offer(front bool, values ...string) web.AccountOffer {
	o := web.AccountOffer{Provider: "twilio", Name: "Twilio", Channel: "sms", Front: front, Fields: []web.AccountField{{Name: "account_sid", Must: true}, {Name: "auth_token", Secret: true, Must: true, Help: true},
		{Name: "key_sid", Help: true}, {Name: "key_secret", Secret: true}, {Name: "from", Help: true}, {Name: "messaging_service_sid", Help: true}}}
	for i, v := range values {
		o.Fields[i].Value = v
	}
	return o
}

func (m *maker) channelPages() {
	page := func() *web.ChannelsSettings {
		return &web.ChannelsSettings{SettingsPage: m.settings("settings.channels"), Offered: true}
	}
	full := page()
	full.Accounts = []web.AccountCard{m.account("active", "", "")}
	m.add("settings-channels", "", full)
	paused := page()
	paused.Accounts = []web.AccountCard{m.account("paused", m.t.Say("channel.refused", "Code", "20003"), m.t.Say("channel.refused_todo"))}
	paused.Accounts[0].Days = nil
	paused.CanEdit = false
	m.add("settings-channels", "paused", paused)
	connect := page()
	connect.Offers = []web.AccountOffer{m.offer(true)}
	m.add("settings-channels", "connect", connect)
	wrong := page()
	wrong.Shell = problems(wrong.Shell, "account_sid", "auth_token", "from", "agreed")
	wrong.Offers = []web.AccountOffer{m.offer(true, "AC12", "", "", "", "Sunrise Clinic of Bengaluru")}
	m.add("settings-channels", "wrong", wrong)
	m.add("settings-channel-revoke", "", &web.ChannelRevoke{SettingsPage: m.settings("settings.channels"), Account: m.account("active", "", "")})
}
