package sample

import (
	"strings"

	"almirah/internal/web"
)

func (m *maker) exportPages() {
	hash := strings.Repeat("0123456789abcdef", 4)
	m.add("settings-export", "", &web.ExportSettings{SettingsPage: m.settings("settings.export"), Rows: []web.ExportRow{
		{ID: "019308a0-0000-7000-8000-000000000001", By: "Anjali Mehta", State: "ready", Size: "12 MB", Hash: hash, At: m.at(8, 0), Until: m.at(8, 5).AddDate(0, 0, 1)},
		{ID: "019308a0-0000-7000-8000-000000000002", By: "Anjali Mehta", State: "gone", Hash: hash, At: m.at(9, 0).AddDate(0, -2, 0), Taken: m.at(9, 30).AddDate(0, -2, 0)},
		{ID: "019308a0-0000-7000-8000-000000000003", State: "failed", At: m.at(9, 0).AddDate(0, -3, 0)},
		{ID: "019308a0-0000-7000-8000-000000000004", State: "gone", At: m.at(9, 0).AddDate(0, -4, 0), Hash: hash}}})
	m.add("settings-export", "bare", &web.ExportSettings{SettingsPage: m.settings("settings.export")})
	m.add("settings-export", "held", &web.ExportSettings{SettingsPage: m.settings("settings.export"), Held: true})
	for _, step := range []string{"", "native", "sheets", "fhir", "files"} {
		m.add("settings-export", "working"+step, &web.ExportSettings{SettingsPage: m.settings("settings.export"), Working: true, Step: step, Count: 41_200, Rows: []web.ExportRow{{ID: "019308a0-0000-7000-8000-000000000001", By: "Anjali Mehta", State: "running", At: m.at(8, 0)}}})
	}
}

func (m *maker) importPages() {
	const one = "019308a0-0000-7000-8000-000000000001"
	m.add("settings-import", "", &web.ImportSettings{SettingsPage: m.settings("settings.import"), Kind: "patients", Rows: []web.ImportRow{
		{ID: one, By: "Prakash Iyer", State: "done", At: m.at(8, 0), Count: 412, Made: 398}, {ID: one, By: "Prakash Iyer", State: "done", Visits: true, At: m.at(8, 30), Count: 50_000, Made: 49_712}, {ID: one, By: "Anjali Mehta", State: "undone", At: m.at(9, 0).AddDate(0, 0, -3), Count: 5000}, {ID: one, By: "Anjali Mehta", State: "old", At: m.at(9, 0).AddDate(0, 0, -9), Count: 60}}})
	m.add("settings-import", "bare", &web.ImportSettings{SettingsPage: m.settings("settings.import")})
	wrong := &web.ImportSettings{SettingsPage: m.settings("settings.import")}
	wrong.Problems = []web.Problem{{Field: "file", Message: "Type a value that we can use."}}
	m.add("settings-import", "wrong", wrong)
	fields := []web.Option{{Label: "Leave out"}, {Value: "name", Label: "Name", On: true}, {Value: "phone", Label: "Phone"}}
	page := func(state string) *web.ListSettings {
		return &web.ListSettings{SettingsPage: m.settings("settings.import"), ID: one, State: state, Version: 2, Order: "dmy", Lines: 412, Done: 200, Made: 398, New: 398, Here: 9, Twice: 2, Faulty: 3, Kept: 4, Gone: 394,
			Columns: []web.ListColumn{{Name: "column-0", Title: "Patient name", Cells: []string{"Asha Rao", "मीरा शर्मा"}, Choices: fields}, {Name: "column-1", Title: "Mobile", Cells: []string{"098450 12345"}, Choices: fields}},
			Faults:  []web.ListFault{{Number: 17, Who: "Kabir Das", Says: []string{"Date of birth: 31/02/2019"}}}, Known: []web.ListFault{{Number: 3, Who: "Asha Rao"}, {Number: 40, Who: "Meera", Twice: true}}}
	}
	for _, state := range []string{"checked", "checking", "running", "done", "undoing", "undone", "old"} {
		name := state
		if state == "checked" {
			name = ""
		}
		p := page(state)
		if state == "old" {
			p.Faults, p.Known = nil, nil
		}
		m.add("settings-list", name, p)
	}
	visits := func(state string) *web.ListSettings {
		p := page(state)
		p.Visits, p.Past, p.Clash, p.Zone, p.Rules, p.Remind, p.Until = true, 311, 2, "IST", 3, true, m.at(8, 0).AddDate(0, 0, 30)
		p.Clashes = []web.ListFault{{Number: 44, Who: "Kabir Das", Says: []string{"Taken by the appointment of 24 November, 10:00 to 10:30."}}, {Number: 45, Who: "மீரா", Says: []string{"Line 44 of this list wants the same time."}}}
		p.Notes = []web.ListFault{{Number: 51, Who: "Asha Rao", Says: []string{"Outside the practitioner’s hours. It is brought in all the same."}}}
		return p
	}
	m.add("settings-list", "visits", visits("checked"))
	silent := visits("checked")
	silent.Remind = false
	m.add("settings-list", "silent", silent)
	ruleless := visits("checked")
	ruleless.Rules = 0
	m.add("settings-list", "ruleless", ruleless)
	m.add("settings-list", "visitsdone", visits("done"))
	m.add("settings-list", "visitsundone", visits("undone"))
	m.add("settings-list", "bare", &web.ListSettings{SettingsPage: m.settings("settings.import"), ID: one, State: "read", Order: "mdy", Lines: 1})
	unnamed := page("read")
	unnamed.Problems = []web.Problem{{Field: "columns", Message: "Type a value that we can use."}}
	m.add("settings-list", "wrong", unnamed)
}
