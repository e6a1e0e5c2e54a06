package sample

import "almirah/internal/web"

func (m *maker) backupPages() {
	page := func() *web.BackupsSettings {
		return &web.BackupsSettings{SettingsPage: m.settings("settings.backups"), Last: m.at(1, 30), Hours: 9, Size: "48.2 MB", Rows: 812_345, Drill: m.at(1, 33), Seconds: "41.7", Opened: 20, Entries: 90_112, Paper: m.at(0, 0).AddDate(0, 0, -20),
			Keys: m.at(10, 15), Journal: m.at(9, 2), Places: []web.BackupPlace{{Number: 1, Backups: 30, Size: "1402.8 MB", Oldest: m.at(1, 30).AddDate(0, 0, -29), Expires: m.at(1, 30).AddDate(0, 0, 1)},
				{Number: 2, Region: "Mumbai", Backups: 30, Size: "1402.8 MB", Oldest: m.at(1, 30).AddDate(0, 0, -29), Expires: m.at(1, 30).AddDate(0, 0, 1)}}}
	}
	m.add("settings-backups", "", page())
	m.add("settings-backups", "bare", &web.BackupsSettings{SettingsPage: m.settings("settings.backups"), Off: true, ToMend: []string{"off"}})
	late := page()
	late.Late, late.Hours, late.ToMend = true, 51, []string{"late", "failed", "keys", "journal", "log", "second", "place", "paper"}
	late.Log, late.Paper = m.at(8, 0), late.Paper.AddDate(-1, 0, 0)
	late.Places[1].Broken, late.Places[1].Backups = true, 0
	m.add("settings-backups", "late", late)
	held := page()
	held.Held, held.CanRelease, held.TakenAt, held.RestoredAt, held.Uncertain = true, true, m.at(1, 30), m.at(9, 40), 14
	held.Places = nil
	m.add("settings-backups", "held", held)
	other := page()
	other.Held, other.TakenAt, other.RestoredAt = true, m.at(1, 30), m.at(9, 40)
	m.add("settings-backups", "operator", other)
}
