package sample

import "almirah/internal/web"

func (m *maker) domainPages() {
	page := func() *web.DomainSettings {
		return &web.DomainSettings{SettingsPage: m.settings("settings.domain"), Host: "book.sunrise.example", State: "waiting", Target: "clinic.example.org", ProofName: "_almirah.book.sunrise.example",
			Proof: "almirah=abcdefghijklmnopqrstuvwxyz", Reach: "https://book.sunrise.example"}
	}
	m.add("settings-domain", "", page())
	m.add("settings-domain", "bare", &web.DomainSettings{SettingsPage: m.settings("settings.domain")})
	m.add("settings-domain", "off", &web.DomainSettings{SettingsPage: m.settings("settings.domain"), Off: true})
	wrong := &web.DomainSettings{SettingsPage: m.settings("settings.domain"), Typed: "book sunrise"}
	wrong.Problems = []web.Problem{{Field: "host", Message: "Type a value that we can use."}}
	m.add("settings-domain", "wrong", wrong)
	works := page()
	works.State, works.Proven, works.Checked, works.Certified = "works", m.at(9, 0).AddDate(0, -1, 0), m.at(7, 30), m.at(9, 0).AddDate(0, 2, 0)
	m.add("settings-domain", "works", works)
	fails := page()
	fails.Host, fails.ProofName, fails.State, fails.Problem, fails.Found = "sunrise.example", "_almirah.sunrise.example", "fails", "elsewhere", "192.0.2.7, 2001:db8::7"
	fails.Addresses = []string{"198.51.100.7", "2001:db8::5"}
	fails.Proven, fails.Checked, fails.LetGo = m.at(9, 0).AddDate(0, -1, 0), m.at(7, 30), m.at(7, 30).AddDate(0, 0, 3)
	m.add("settings-domain", "fails", fails)
	for _, problem := range []string{"no-name", "no-proof", "wrong-proof", "no-answer", "taken"} {
		x := page()
		x.Problem, x.Checked = problem, m.at(7, 30)
		m.add("settings-domain", problem, x)
	}
}
