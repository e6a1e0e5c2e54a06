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
