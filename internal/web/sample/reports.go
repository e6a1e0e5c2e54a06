package sample

import (
	"strconv"
	"time"

	"almirah/internal/web"
)

func (m *maker) reportPages() {
	kinds := []string{"volume", "utilisation", "no-shows", "waiting", "reminders", "revenue", "sources"}
	page := func(kind string) *web.ReportPage {
		p := &web.ReportPage{Shell: m.staff("nav.reports"), Kind: kind, From: "2026-10-26", To: "2026-11-24", Least: 5, CanEdit: true,
			Steps: []web.Option{{Label: m.t.Say("reports.by.any"), On: true}, {Value: "day", Label: m.t.Say("reports.by.day")}, {Value: "week", Label: m.t.Say("reports.by.week")}}}
		for _, k := range kinds {
			p.Kinds = append(p.Kinds, web.ReportLink{Key: "reports.kind." + k, URL: "/app/reports?report=" + k, Current: k == kind})
		}
		for i, n := range []int{30, 90, 365} {
			p.Spans = append(p.Spans, web.ReportLink{Key: "reports.last", URL: "/app/reports?days=" + strconv.Itoa(n), Count: n, Current: i == 0})
		}
		return p
	}
	full := page("volume")
	full.NoChildren, full.CSV = true, "/app/reports.csv?report=volume"
	full.Providers = []web.Option{{Label: m.t.Say("reports.everybody"), On: true}, {Value: ident(1), Label: providers[0]}, {Value: ident(2), Label: "د. ليلى"}}
	var names []string
	var keys []web.ChartKey
	for _, k := range []string{"booked", "attended", "missed", "cancelled", "unmarked"} {
		full.Heads = append(full.Heads, web.ReportHead{Text: m.t.Say("reports.col." + k)})
		if k != "booked" {
			keys = append(keys, web.ChartKey{Look: len(names), Text: m.t.Say("reports.col." + k)})
			names = append(names, m.t.Say("reports.col."+k))
		}
	}
	var columns []web.Column
	line := func(label string, parts []int64) web.ReportRow {
		row := web.ReportRow{Label: label}
		var sum int64
		for _, n := range parts {
			sum += n
		}
		for _, n := range append([]int64{sum}, parts...) {
			row.Cells = append(row.Cells, m.t.Number(n))
		}
		return row
	}
	whole := make([]int64, 4)
	for i := range 30 {
		day := today.AddDays(i - 29)
		parts := []int64{int64(60 + i*17%43), int64(5 + i%4), int64(6 + i%3), 0}
		if i == 29 {
			parts[3] = 44
		}
		for k, n := range parts {
			whole[k] += n
		}
		full.Rows = append(full.Rows, line(m.t.Date(day), parts))
		columns = append(columns, web.Column{Label: m.t.ShortDate(day), Parts: parts, Texts: names})
	}
	full.Total = line(m.t.Say("reports.total"), whole)
	full.Chart = web.NewChart(m.t.Say("reports.kind.volume"), m.t.Say("reports.picture", "Count", 30, "Most", m.t.Date(today), "Value", "102"), keys, columns, m.t.Dir() == "rtl", m.t.Number)
	m.add("reports", "", full)
	money := page("revenue")
	money.Currencies = []web.Option{{Value: "INR", Label: "INR", On: true}, {Value: "USD", Label: "USD"}}
	money.Empty = true
	m.add("reports", "bare", money)
	wrong := page("waiting")
	wrong.Shell, wrong.To = problems(wrong.Shell, "to", "from"), "2026-10-01"
	m.add("reports", "wrong", wrong)

	m.add("settings-use", "", &web.UseSettings{SettingsPage: m.settings("settings.use"), Features: true, Visitors: true, Days: 30, Least: 5,
		Used: []web.UseRow{{Name: "GET /app/day", Opened: 4120, Slow: 3, Millis: 14}, {Name: "POST /app/appointments/{id}/status", Opened: 2810, Millis: 11}},
		Seen: []web.SeenRow{{Name: "GET /c/{slug}", Device: "phone", Seen: 812}, {Name: "GET /c/{slug}", Device: "computer", Seen: 96}, {Name: "GET /c/{slug}/book", Device: "tablet", Seen: 12}, {Name: "GET /c/{slug}", Device: "machine", Seen: 41}}})
	m.add("settings-use", "bare", &web.UseSettings{SettingsPage: m.settings("settings.use"), Children: true, Days: 30, Least: 5})
	m.add("settings-use", "nothing", &web.UseSettings{SettingsPage: m.settings("settings.use"), Features: true, Visitors: true, Days: 30, Least: 5})

	shell := m.shell()
	m.add("operate", "", &web.OperatePage{Shell: shell, SignIns: []web.SignInRow{{Kind: "new-device", All: 12}, {Kind: "wrong-password", All: 4210, Empty: 3977}}, Checks: []web.WatchCheck{{Name: "database", State: web.WatchGood}, {Name: "keys", State: web.WatchGood}, {Name: "schema", State: web.WatchBad, Words: "version 38, and 41 is needed"},
		{Name: "work", State: web.WatchLate, Words: "due for 12m0s"}, {Name: "disk", State: web.WatchLate, Words: "7% free"}}, Disk: 512_000_000_000, Free: 36_000_000_000, Database: 4_812_000_000, Clinics: 812, Due: 14, Oldest: 12 * time.Minute, Pending: 3, Kept: 61,
		Broken: []string{"reminder-once"}, SlowAfter: 250, SlowAll: 9, Slow: []web.SlowRow{{Statement: "SELECT id FROM appointment WHERE clinic_id = $1 AND day >= $2 ORDER BY day", Count: 8, Longest: 1204, Total: 4100}},
		ErrorsAll: 1, Errors: []web.ErrorRow{{At: m.at(9, 12), Message: "page", Route: "GET /app/day", Request: "5e1f0c2a9b7d4410", What: "store: SELECT a.id, a.patient_id: the connection to the database was lost"}}})
	m.add("operate", "bare", &web.OperatePage{Shell: shell, SlowAfter: 250, Checks: []web.WatchCheck{{Name: "database", State: web.WatchGood}}})
}
