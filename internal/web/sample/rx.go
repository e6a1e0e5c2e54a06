package sample

import "almirah/internal/web"

func (m *maker) rxLive(s web.Shell) *web.RxLive {
	return &web.RxLive{Shell: s, Version: 3, DemoList: true, Any: true,
		Said:     []web.RxSaid{{N: 1, Line: "AMOXICILLIN 500 mg capsule", Words: "सुबह 1 कैप्सूल और रात को 1 कैप्सूल, 5 दिन तक लें।", Quantity: "10 कैप्सूल"}, {N: 2, Line: "IBUPROFEN 400 mg tablet", Words: "تناول 1 قرص عند الحاجة."}},
		Warnings: []web.RxWarning{{N: 1, Key: "allergy|amoxicillin|penicillin", Kind: "allergy", A: "Amoxicillin", B: "Penicillin", Severity: "severe", Sentence: "Amoxicillin is a penicillin.", Needs: true, Error: m.t.Say("field.rx.reason")}, {N: 2, Key: "duplicate|a|b", Kind: "duplicate", A: "Ibuprofen", B: "Ibuprofen", Severity: "severe", Needs: true, Reason: "Two strengths on purpose"}, {N: 3, Key: "unknown|x|", Kind: "unknown", A: "Unheardofine", Severity: "mild"}, {N: 4, Key: "restricted|m|", Kind: "restricted", A: "Morphine", B: "H1, NDPS", Severity: "mild"}, {N: 5, Key: "interaction|w|i", Kind: "interaction", A: "Warfarin", B: "Ibuprofen", Severity: "moderate", Sentence: "Bleeding becomes more likely.", Needs: true}, {N: 6, Key: "unknown|y|", Kind: "unknown", A: "Ashwagandha", Severity: "mild", Told: true}}}
}

func (m *maker) rxRows(n int) []web.RxRow {
	rows := []web.RxRow{{N: 1, Drug: "Amoxicillin", Strength: "500 mg", Form: "capsule", Route: "oral", Dose: "1-0-1", Days: "5", Timing: "after", Note: "Finish the course"}, {N: 2, Drug: "Ibuprofen", Strength: "400 mg", Form: "tablet", Dose: "1 SOS"}, {N: 3}, {N: 4}, {N: 5}}
	for i := range rows {
		for _, x := range []string{"", "before", "after", "with", "empty"} {
			label := "–"
			if x != "" {
				label = m.t.Say("rx.timing." + x)
			}
			rows[i].Timings = append(rows[i].Timings, web.Option{Value: x, Label: label, On: x == rows[i].Timing})
		}
	}
	return rows[:n]
}

func (m *maker) rxSheet(s web.Shell) web.RxSheet {
	return web.RxSheet{Shell: s, ID: ident(601), Encounter: ident(301), PatientID: ident(201), Patient: people[1], Age: m.t.Age("1984-03-15", today), Sex: "female", Day: today, Head: []string{"Sunrise Clinic", "12 Banyan Street", "Bengaluru 560038"}, Signer: providers[0], Qualified: "MBBS, MD", Registration: "KMC 12345", Language: "hi",
		Rows:   []web.RxLine{{Line: "AMOXICILLIN 500 mg capsule", Dose: "1-0-1", Words: "सुबह 1 कैप्सूल और रात को 1 कैप्सूल, खाना खाने के बाद, 5 दिन तक लें।", Quantity: "10 कैप्सूल", Note: "Finish the course"}, {Line: "PARACETAMOL 500 mg tablet", Dose: "1 SOS", Words: "ज़रूरत पड़ने पर 1 गोली लें।"}},
		Advice: "Drink water.\nRest.", Days: 7, VerifyURL: "https://book.example/v/AAAA"}
}

func (m *maker) rxPages() {
	edit := &web.RxPage{Shell: m.staff("nav.patients"), ID: ident(601), PatientID: ident(201), Patient: people[1], Age: m.t.Age("1984-03-15", today), Sex: "female", Rows: m.rxRows(5), Live: m.rxLive(m.staff("")), Version: 3, Advice: "Drink water", Remote: true, CanSign: true,
		Allergies: []web.RxAllergy{{Substance: "Penicillin", Severity: "severe", Reaction: "rash"}, {Substance: "धूल"}, {Broken: true}}, Sets: []web.RxSet{{ID: ident(602), Letters: "fe", Title: "Fever", Lines: []string{"PARACETAMOL 500 mg tablet 1-1-1", "CETIRIZINE 10 mg tablet 0-0-1"}}}, Spoken: []web.Option{{Value: "hi", Label: "हिन्दी", On: true}, {Value: "en", Label: "English"}}}
	m.add("rx-edit", "", edit)
	m.add("rx-edit", "bare", &web.RxPage{Shell: m.staff("nav.patients"), ID: ident(603), PatientID: ident(201), Patient: "Ravi Kumar", Rows: m.rxRows(5)[2:], Live: &web.RxLive{Shell: m.staff("")}, NotAsked: true, Last: ident(601), WhyNot: m.t.Say("fault.rx.no_registration"), WhereURL: "/app/settings/providers", Spoken: []web.Option{{Value: "en", Label: "English", On: true}}})
	wrong := *edit
	wrong.Shell = problems(m.staff("nav.patients"), "drug-1", "dose-1", "reason-1", "unchecked")
	wrong.Rows = m.rxRows(5)
	wrong.Rows[0].DrugError, wrong.Rows[0].DoseError, wrong.Rows[1].DaysError, wrong.Rows[1].NoteErr = m.t.Say("field.rx.filled", "Name", "Amoxicillin"), m.t.Say("field.rx.dose_number"), m.t.Say("field.rx.days", "Most", 365), m.t.Say("field.text.control")
	live := m.rxLive(wrong.Shell)
	live.Unchecked, live.DemoList = "rx.unchecked.warnings", false
	wrong.Live, wrong.NoneKnown, wrong.Allergies, wrong.Met = live, true, nil, true
	m.add("rx-edit", "wrong", &wrong)
	m.add("rx-live", "", m.rxLive(m.staff("")))
	m.add("rx-live", "bare", &web.RxLive{Shell: m.staff(""), Any: true, List: "Formulary 2026-11"})
	m.add("rx-hits", "", &web.RxHits{Shell: m.staff(""), Query: "fe", Sets: edit.Sets, Hits: []web.RxHit{{Generic: "Fexofenadine", Strength: "120 mg", Form: "tablet", Route: "oral", Food: "before", Brand: "Allegrix"}, {Generic: "Fentanyl", Strength: "25 mcg/h", Form: "patch", Restricted: true}}})
	m.add("rx-hits", "bare", &web.RxHits{Shell: m.staff(""), Query: "zzz"})
	m.add("rx-hits", "broken", &web.RxHits{Shell: m.staff(""), Query: "zzz", Broken: true})
	sheet := m.rxSheet(m.staff("nav.patients"))
	sheet.CanWrite, sheet.CanEnd, sheet.CanShare, sheet.Warnings, sheet.DemoList = true, true, true, m.rxLive(m.staff("")).Warnings, true
	sheet.Channels = []web.Option{{Value: "email", Label: m.t.Say("channel.email"), On: true}, {Value: "sms", Label: m.t.Say("channel.sms")}}
	sheet.Shares = []web.RxShare{{ID: ident(611), Channel: "email", At: m.at(10, 0), Until: m.at(10, 0).AddDate(0, 0, 7), Live: true, Opened: 3, OpenedAt: m.at(11, 0)}, {ID: ident(612), Channel: "sms", At: m.at(9, 0), Until: m.at(9, 0).AddDate(0, 0, 7), Revoked: m.at(9, 30)}, {ID: ident(613), Channel: "whatsapp", At: m.at(9, 0).AddDate(0, 0, -9), Until: m.at(9, 0).AddDate(0, 0, -2)}}
	m.add("rx", "", &sheet)
	gone := m.rxSheet(m.staff("nav.patients"))
	gone.Cancelled, gone.Reason, gone.Replaced, gone.Unchecked, gone.Remote, gone.List = m.at(11, 0), "Wrong patient", ident(604), "rx.unchecked.patient", true, "Formulary 2026-11"
	m.add("rx", "cancelled", &gone)
	bare := m.rxSheet(problems(m.staff("nav.patients"), "reason", "letters"))
	bare.Broken, bare.CanWrite, bare.CanEnd, bare.CanShare, bare.Letters, bare.Rows = true, true, true, true, "abc", nil
	m.add("rx", "bare", &bare)
	print := m.rxSheet(m.staff("nav.patients"))
	m.add("rx-print", "", &print)
	m.add("rx-print", "bare", &web.RxSheet{Shell: m.staff("nav.patients"), ID: ident(601), PatientID: ident(201), Patient: people[1], Broken: true})
	m.add("rx-sets", "", &web.RxSetsPage{Shell: m.staff("nav.patients"), Sets: edit.Sets})
	m.add("rx-sets", "bare", &web.RxSetsPage{Shell: m.staff("nav.patients")})
	own := &web.OwnPaper{Shell: m.public(), Token: "AAAA", Until: m.at(10, 0).AddDate(0, 0, 7)}
	own.Sheet = m.rxSheet(m.public())
	m.add("own-paper", "", own)
	over := &web.OwnPaper{Shell: m.public(), Token: "AAAA", Until: m.at(10, 0)}
	over.Sheet = gone
	m.add("own-paper", "cancelled", over)
	m.add("own-paper", "bare", &web.OwnPaper{Shell: m.public(), Token: "AAAA", Sheet: web.RxSheet{Shell: m.public(), Broken: true}})
	m.add("paper-gone", "", &web.PaperGone{Shell: m.public()})
	m.add("paper-gone", "bare", &web.PaperGone{Shell: m.shell()})
	m.add("genuine", "", &web.GenuinePage{Shell: m.public(), Known: true, Day: today, By: "Sunrise Clinic", Signer: providers[0], Registration: "KMC 12345"})
	m.add("genuine", "cancelled", &web.GenuinePage{Shell: m.public(), Known: true, Day: today, By: "Sunrise Clinic", Signer: providers[0], Registration: "KMC 12345", Cancelled: true})
	m.add("genuine", "bare", &web.GenuinePage{Shell: m.public()})
	lists := []web.DrugListCard{{Kind: "drugs", Lines: 159, Demo: true, Columns: "generic, form"}, {Kind: "warnings", Name: "Formulary 2026-11", Lines: 4200, Since: m.at(9, 0), Columns: "kind, a, b"}}
	papers := []web.Option{{Value: "A5", Label: "A5", On: true}, {Value: "A4", Label: "A4"}}
	m.add("settings-drugs", "", &web.DrugsSettings{SettingsPage: m.settings("settings.drugs"), Lists: lists, Aliases: []web.DrugAlias{{Brand: "Dolomol", Generic: "Paracetamol"}}, Days: "7", Papers: papers})
	m.add("settings-drugs", "bare", &web.DrugsSettings{SettingsPage: m.settings("settings.drugs")})
	bad := &web.DrugsSettings{SettingsPage: m.settings("settings.drugs"), Lists: []web.DrugListCard{lists[0], {Kind: "warnings", Name: "Formulary 2026-11", Broken: true, Typed: "Formulary", Columns: "kind, a, b"}}, Days: "x", Papers: papers, Brand: "Dolo"}
	bad.Shell = problems(bad.Shell, "list-warnings", "title-warnings", "generic", "days")
	m.add("settings-drugs", "wrong", bad)
}
