package sample

import (
	"almirah/internal/access"
	"almirah/internal/web"
)

func (m *maker) audit(tab string) web.AuditShell {
	return web.AuditShell{Shell: m.staff("nav.settings"), Tab: tab}
}

func (m *maker) auditPages() {
	const head = "1204 RHXYTkGfbnTOsQyS8JQb3/mEXbzLaDTRV1wEvxyJOkM="
	noone := web.Option{Label: "–"}
	log := func() *web.AuditPage {
		p := &web.AuditPage{AuditShell: m.audit("log"), People: []web.Option{noone, {Value: ident(1), Label: "Meera Pillai"}}, Kinds: []web.Option{noone}, Acts: []web.Option{noone}, From: "2026-11-20",
			Older: "/app/audit?before=1", CSV: "/app/audit/entries.csv", Proofs: "/app/audit/proofs",
			Entries: []web.AuditEntry{
				{At: m.at(11, 2), Who: "Meera Pillai", Role: access.Owner, Words: "Opened a patient", Subject: "किरण राव", URL: "/app/patients/" + ident(201)},
				{At: m.at(11, 1), Who: "Dr Leela Nair", Role: access.Practitioner, Words: "Saw the day", Subject: "24 Nov 2026", Listed: true},
				{At: m.at(10, 1), Who: "Meera Pillai", Role: access.Owner, Words: "Changed the booking rules", Changes: []web.AuditChange{{What: "Notice, hours", Old: "2", New: "4"}}},
			}}
		p.Unsettled = 2
		return p
	}
	m.add("audit", "", log())
	about := log()
	about.PatientID, about.Patient, about.Stuck = ident(201), "فاطمة الشيخ", m.t.Say("audit.stuck", "Count", 7)
	m.add("audit", "patient", about)
	several := log()
	several.Entries, several.Patient = nil, "rao"
	for _, h := range m.hits()[:2] {
		several.Choices = append(several.Choices, web.AuditChoice{PatientHit: h, URL: "/app/audit?patient=" + h.ID})
	}
	m.add("audit", "several", several)

	noticed := func() *web.NoticedPage {
		p := &web.NoticedPage{AuditShell: m.audit("noticed"), CanSettle: true, Open: []web.NoticedRow{
			{ID: ident(401), Rule: "namesake", Day: today.AddDays(-1), Who: "Dr Leela Nair", Patient: "कविता नायर", PatientID: ident(201), Count: 1, Version: 1, Log: "/app/audit?from=2026-11-23"},
			{ID: ident(402), Rule: "volume", Day: today.AddDays(-1), Who: "Imran Khan", Count: 210, Usual: 32, Version: 1, Log: "/app/audit?from=2026-11-23"},
			{ID: ident(403), Rule: "night", Day: today.AddDays(-2), Who: "Meera Pillai", Count: 4, Version: 1, Own: true, Log: "/app/audit?from=2026-11-22"}},
			Settled: []web.NoticedRow{{ID: ident(404), Rule: "outside", Day: today.AddDays(-9), Who: "Almirah", Count: 2, By: "Meera Pillai", Words: "Support looked for a lost booking, as asked.", At: m.at(9, 0)}}}
		p.Unsettled = 3
		return p
	}
	m.add("audit-noticed", "", noticed())
	wrong := noticed()
	wrong.At, wrong.Words = ident(402), "?"
	wrong.Shell = problems(wrong.Shell, "words")
	m.add("audit-noticed", "wrong", wrong)

	signed := func() *web.ReviewsOfLog {
		p := &web.ReviewsOfLog{AuditShell: m.audit("reviews"), CanSign: true, From: "2026-11-17", To: "2026-11-23", Rows: []web.SignOffRow{
			{From: today.AddDays(-14), To: today.AddDays(-8), Entries: 18233, Unsettled: 1, By: "Meera Pillai", Words: "Nothing unusual but the night of the power cut.", At: m.at(8, 30)},
			{From: today.AddDays(-21), To: today.AddDays(-15), Entries: 17409, By: "فاطمة الشيخ", At: m.at(8, 0)}}}
		p.Unsettled = 2
		return p
	}
	m.add("audit-reviews", "", signed())
	bad := signed()
	bad.To, bad.Words = "2027-01-01", "x"
	bad.Shell = problems(bad.Shell, "from", "to", "words")
	m.add("audit-reviews", "wrong", bad)

	m.add("audit-checks", "", &web.ChecksPage{AuditShell: m.audit("checks"), Head: head, Key: "almirah-log-7k2m9xq4tz1c8v5w+1f0c3a9e+AQxmKjR0Wm0kT4u7r0Q0sUuW3vJq2yN6T0o8cJ4m2eV8", Public: "https://clinic.example.org", At: m.at(11, 2), Mailed: true, Proofs: "/app/audit/proofs"})
	off := &web.ChecksPage{AuditShell: m.audit("checks"), Head: head, Public: "https://clinic.example.org", Proofs: "/app/audit/proofs"}
	off.Stuck = m.t.Say("audit.stuck", "Count", 1)
	m.add("audit-checks", "off", off)
}
