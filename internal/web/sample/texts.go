package sample

import (
	"almirah/internal/web"
)

// The texts of messages, and how they stand at a provider.

func (m *maker) textPages() {
	languages := func(kind, channel string) []web.TemplateLanguage {
		to := "/app/settings/messages/" + kind + "/"
		return []web.TemplateLanguage{{Code: "en", URL: to + "en?channel=" + channel, Own: kind == "confirmation"}, {Code: "hi", URL: to + "hi?channel=" + channel}, {Code: "ta", URL: to + "ta?channel=" + channel}}
	}
	list := &web.TemplatesPage{SettingsPage: m.settings("settings.messages")}
	for _, kind := range []string{"confirmation", "changed", "cancelled", "reminder", "missed", "visit", "recall", "review", "reopening"} {
		row := web.TemplateRow{Kind: kind}
		for _, c := range []string{"email", "sms", "whatsapp"} {
			if c == "whatsapp" || kind != "reopening" {
				row.Channels = append(row.Channels, web.TemplateChannel{Channel: c, Languages: languages(kind, c)})
			}
		}
		list.Templates = append(list.Templates, row)
	}
	m.add("settings-messages", "", list)
	m.templatePages()
	m.approvalPages()
}

func (m *maker) template(channel, language, dir string) *web.TemplatePage {
	link := func(c, l string) web.TemplateLink {
		return web.TemplateLink{Code: map[bool]string{true: l, false: c}[c == channel], URL: "/app/settings/messages/reminder/" + l + "?channel=" + c, Current: c == channel && l == language}
	}
	p := &web.TemplatePage{SettingsPage: m.settings("settings.messages"), Kind: "reminder", Language: language, Channel: channel, URL: "/app/settings/messages/reminder/" + language + "?channel=" + channel, Most: 1000,
		Own: true, PreviewDir: dir, Tongues: []web.TemplateLink{link(channel, "en"), link(channel, "ar")}}
	for _, c := range []string{"email", "sms", "whatsapp"} {
		p.Channels = append(p.Channels, web.TemplateLink{Code: c, URL: "/app/settings/messages/reminder/" + language + "?channel=" + c, Current: c == channel})
	}
	for _, name := range []string{"PatientName", "ClinicName", "When", "ManageURL"} {
		p.Variables = append(p.Variables, web.TemplateVariable{Name: "." + name, Meaning: m.t.Say("variable." + name), Example: m.t.Say("variable." + name + ".example")})
	}
	return p
}

func (m *maker) templatePages() {
	mail := m.template("email", "ar", "rtl")
	mail.Subject, mail.Body, mail.Most = "موعدك", "عزيزي {{.PatientName}}\n{{.When}}\n{{.ManageURL}}", 4000
	mail.PreviewSubject, mail.PreviewText = "موعدك", "عزيزي Asha Rao\nالثلاثاء، 24 نوفمبر، 10:30\nhttps://book.example/m/example"
	mail.Versions = []web.TemplateVersion{{Number: 3, At: m.at(9, 30), Subject: mail.Subject, Body: mail.Body, Current: true}, {Number: 2, At: m.at(9, 10)}, {Number: 1, At: m.at(8, 5), Subject: "تذكير", Body: "موعدك {{.When}}"}}
	m.add("settings-message", "", mail)

	text := m.template("sms", "en", "ltr")
	text.Body = "{{.ClinicName}}: a reminder of your visit, {{.When}}. To change or cancel: {{.ManageURL}}\nReply STOP for no more reminders."
	text.PreviewText = "Sunrise Clinic: a reminder of your visit, Tuesday, 24 November, 10:30 am. To change or cancel: https://book.example/m/example\nReply STOP for no more reminders."
	text.Parts, text.Left, text.Encoding = 2, 81, "GSM-7"
	text.TextsURL, text.Registers = "/app/settings/channels/"+ident(63)+"/texts", true
	m.add("settings-message", "sms", text)

	wa := m.template("whatsapp", "en", "ltr")
	wa.Body = "{{.ClinicName}}: your diabetes check is on {{.When}}. To change or cancel: {{.ManageURL}}"
	wa.PreviewText = "Sunrise Clinic: your diabetes check is on Tuesday, 24 November, 10:30 am. To change or cancel: https://book.example/m/example\nReply STOP for no more of these."
	wa.Buttons = []string{m.t.Say("message.button.confirm"), m.t.Say("message.button.change"), m.t.Say("message.button.cancel")}
	wa.Health, wa.AskSure, wa.TextsURL = []string{"diabetes"}, true, "/app/settings/channels/"+ident(61)+"/texts"
	wa.Shell = problems(wa.Shell, "sure")
	m.add("settings-message", "sure", wa)

	wrong := m.template("email", "en", "ltr")
	wrong.Subject, wrong.Body, wrong.Most = "{{When}}", "Dear {{.PatientName}}, {{.Diagnosis}}", 4000
	wrong.Shell = problems(wrong.Shell, "subject", "body")
	wrong.PreviewSubject, wrong.PreviewText = "Your visit", "Dear Asha Rao"
	m.add("settings-message", "wrong", wrong)
}

// state is a text at the provider, as the page says it.
func (m *maker) state(n int, state, reason, class string) web.TextState {
	x := web.TextState{ID: ident(n), Name: "reminder_3_0192f1a0", State: state, Words: m.t.Say("text.state." + state), At: m.at(9, 45)}
	if reason != "" {
		x.Reason = m.t.Say("text.reason." + reason)
	}
	if class != "" {
		x.Class = m.t.Say("text.class." + class)
	}
	return x
}

func (m *maker) approvalPages() {
	row := func(kind, lang string, needed bool, states ...web.TextState) web.TextRow {
		return web.TextRow{Key: kind + "." + lang, Kind: kind, Language: lang, Dir: "ltr", Needed: needed, Again: len(states) > 0, States: states, Text: "Sunrise Clinic: a reminder of your visit, {#var#}. To change or cancel: https://book.example/m/{#var#}{#var#}",
			Fillings: []string{m.t.Say("variable.When"), m.t.Say("variable.ManageURL") + " (1/2)", m.t.Say("variable.ManageURL") + " (2/2)"}, EditURL: "/app/settings/messages/" + kind + "/" + lang + "?channel=whatsapp"}
	}
	used, stale := m.state(71, "approved", "", "utility"), m.state(72, "approved", "", "utility")
	used.InUse, stale.InUse, stale.Stale = true, true, true
	said := row("reminder", "hi", true, m.state(73, "rejected", "invalid_format", "utility"), stale)
	said.Refused = true
	full := &web.TextsPage{SettingsPage: m.settings("settings.channels"), ID: ident(61), Provider: m.t.Say("channel.provider.whatsapp"), Channel: "whatsapp", Missing: 3}
	full.Kinds = []web.TextKind{{Kind: "confirmation", Rows: []web.TextRow{row("confirmation", "en", false, used), row("confirmation", "hi", false, m.state(74, "pending", "", "utility"))}},
		{Kind: "reminder", Rows: []web.TextRow{row("reminder", "en", true, stale), said}},
		{Kind: "review", Rows: []web.TextRow{row("review", "en", false, m.state(75, "paused", "", "marketing")), row("review", "hi", true)}}, {Kind: "reopening", Rows: []web.TextRow{row("reopening", "en", true)}}}
	m.add("settings-texts", "", full)
	wrong := *full
	wrong.Shell = problems(wrong.Shell, "ask-reopening.en")
	wrong.CanEdit = true
	m.add("settings-texts", "wrong", &wrong)

	old, there := m.state(81, "approved", "", ""), m.state(82, "approved", "", "")
	old.Words, old.Name, old.Stale, old.InUse = m.t.Say("text.state.registered"), "65f1b2c3d4e5f60718293a4b", true, true
	there.Words, there.Name, there.InUse = old.Words, "65f1b2c3d4e5f60718293a4c", true
	open := row("reminder", "hi", true)
	open.Open, open.Typed = true, "flow 12"
	changed := row("confirmation", "en", true, old)
	changed.Open = true
	hand := &web.TextsPage{SettingsPage: m.settings("settings.channels"), ID: ident(63), Provider: m.t.Say("channel.provider.msg91"), Channel: "sms", Registers: true, Missing: 2,
		Kinds: []web.TextKind{{Kind: "confirmation", Rows: []web.TextRow{changed, row("confirmation", "hi", false, there)}}, {Kind: "reminder", Rows: []web.TextRow{open}}}}
	hand.Shell = problems(hand.Shell, "name-reminder.hi")
	m.add("settings-texts", "register", hand)
	gone := &web.TextRemove{SettingsPage: m.settings("settings.channels"), Account: ident(61), Provider: full.Provider, Kind: "reminder", Language: "en", Text: used, TextDir: "ltr",
		Body: "Sunrise Clinic: a reminder of your visit, {{.When}}. To change or cancel: {{.ManageURL}}\nReply STOP for no more reminders."}
	m.add("settings-text-remove", "", gone)
}
