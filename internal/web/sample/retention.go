package sample

import (
	"time"

	"almirah/internal/law"
	"almirah/internal/web"
)

// retentionPages are the pages of how long things live, of holds, of closing and of suspensions.
func (m *maker) retentionPages() {
	var rows []web.LastsRow
	for i, c := range law.Classes() {
		l := law.LifeOf(law.India, c)
		r := web.LastsRow{Class: string(c), Life: m.t.Say("retention.while"), Ahead: i % 3 * 7, Gone: i % 4, Told: true}
		if l.Floor.Years > 0 {
			r.Floor, r.Source = m.t.Say("life.years", "Count", l.Floor.Years), l.Source
		}
		if i%5 == 1 {
			r.Until = m.at(9, 0).Add(30 * 24 * time.Hour)
		}
		rows = append(rows, r)
	}
	holds := []web.HoldRow{{ID: ident(901), PatientID: ident(201), Patient: people[0], State: "held", Reason: "Letter of the district court of 3 May", AskedBy: "Meera Pillai", ApprovedBy: "Omar Haddad", Asked: m.at(9, 0), Until: today, Version: 2},
		{ID: ident(902), PatientID: ident(202), Patient: people[2], State: "asked", Reason: "A claim was announced", AskedBy: "Omar Haddad", Asked: m.at(8, 0), Until: today, Version: 1, CanApprove: true}, {ID: ident(903), PatientID: ident(203), Patient: people[1], State: "ended", Reason: "Over", AskedBy: "Omar Haddad", Asked: m.at(7, 0), Until: today, Version: 3}}
	m.add("settings-retention", "bare", &web.RetentionPage{SettingsPage: web.SettingsPage{Shell: m.staff("")}})
	m.add("settings-retention", "", &web.RetentionPage{SettingsPage: m.settings("settings.retention"), Place: law.India, Classes: rows, Last: m.at(3, 0), Holds: holds, CanHold: true})
	m.add("hold", "bare", &web.HoldPage{Shell: m.staff(""), ID: ident(201), Patient: people[0], Longest: 732})
	wrong := &web.HoldPage{Shell: m.staff(""), ID: ident(201), Patient: people[0], Reason: "court", Until: "2020-01-01", Longest: 732}
	wrong.Shell = problems(wrong.Shell, "reason", "until")
	m.add("hold", "", wrong)
	m.add("hold", "there", &web.HoldPage{Shell: m.staff(""), ID: ident(201), Patient: people[0], Now: &holds[0]})
	bare := web.SettingsPage{Shell: m.staff("")}
	m.add("closing", "bare", &web.ClosingPage{SettingsPage: bare})
	sure := m.settings("settings.standing")
	sure.Shell = problems(sure.Shell, "sure")
	m.add("closing", "", &web.ClosingPage{SettingsPage: sure, Billing: true, Held: true, Carriers: m.t.List([]string{m.t.Say("channel.provider.whatsapp"), m.t.Say("channel.provider.twilio")}), Years: m.t.Say("life.years", "Count", 8)})
	m.add("closing", "closing", &web.ClosingPage{SettingsPage: m.settings("settings.standing"), Closing: true, Since: m.at(9, 0), Goes: m.at(9, 0).Add(90 * 24 * time.Hour), Remainder: true, Turn: 1, Billing: true, Held: true, Custodian: "Dr. Leela Menon, +91 484 400 0000", Closed: "/trust/closed/019308a0-0000-7000-8000-000000000001", Years: m.t.Say("life.years", "Count", 8)})
	m.add("closing", "sooner", &web.ClosingPage{SettingsPage: m.settings("settings.standing"), Closing: true, Since: m.at(9, 0), Goes: m.at(9, 0).Add(72 * time.Hour), Waits: true, WantedBy: "Omar Haddad", Turn: 2, Closed: "/trust/closed/019308a0-0000-7000-8000-000000000001"})
	list := []web.SuspensionRow{{ID: ident(911), Clinic: "Sunrise Clinic", State: "asked", Ground: "spam", Words: "Messages went to people who are no patients.", Asked: m.at(8, 0), Version: 1, CanApprove: true, Open: true},
		{ID: ident(912), Clinic: "Moonlight Clinic", State: "stands", Ground: "danger", Words: "A stolen sign-in reads records.", Asked: m.at(7, 0), Begins: m.at(8, 0), Version: 2, Open: true}, {ID: ident(913), Clinic: "Starlight Clinic", State: "lifted", Ground: "identity", Words: "Shown since.", Asked: m.at(6, 0), Begins: m.at(7, 0), Lifted: m.at(9, 0), Version: 3}}
	page := &web.SuspensionsPage{Shell: m.staff(""), Rows: list, Slug: "sunrise", Ground: "spam", Reason: "Stop"}
	page.Shell = problems(page.Shell, "clinic", "reason")
	m.add("platform-suspensions", "", page)
	m.add("platform-suspensions", "bare", &web.SuspensionsPage{Shell: m.staff(""), Ground: "unlawful"})
}
