package sample

import (
	"strings"
	"time"

	"almirah/internal/web"
)

func (m *maker) health(edit bool) web.HealthBanner {
	b := web.HealthBanner{PatientID: ident(201), CanEdit: edit, Allergies: []web.HealthRow{{ID: ident(1), Name: "Penicillin", More: "rash after two days", Severity: "severe", Grave: true}, {ID: ident(2), Name: "धूल"}, {ID: ident(3), Broken: true}},
		Conditions:  []web.HealthRow{{ID: ident(4), Name: "J45.9 Asthma, unspecified", More: "2009"}},
		Medicines:   []web.HealthRow{{ID: ident(5), Name: "Salbutamol inhaler", More: "2 puffs when needed"}, {ID: ident(6), Name: "إيبوبروفين", More: m.t.Say("health.until", "Date", m.t.Date(today))}},
		DangerWords: m.t.Say("health.unreadable")}
	for _, x := range []string{"", "mild", "moderate", "severe"} {
		b.Severities = append(b.Severities, web.Option{Value: x, Label: m.t.Say("severity." + x)})
	}
	return b
}

func (m *maker) visitLines() []web.VisitLine {
	return []web.VisitLine{{ID: ident(301), Service: "First consultation", Provider: providers[0], At: m.at(10, 15), Words: "J06.9 Acute upper respiratory infection, unspecified"},
		{ID: ident(302), Service: "Review", Provider: providers[1], At: m.at(9, 0).AddDate(0, -2, 0), Words: "खाँसी, तीन दिन से", Signed: true}, {ID: ident(303), Service: "فحص", Provider: providers[2], At: m.at(9, 0).AddDate(0, -5, 0), Signed: true, Broken: true}}
}

func (m *maker) files() []web.FileRow {
	return []web.FileRow{{ID: ident(401), Name: "Blood count.pdf", Kind: "pdf", Size: "184 kB", At: m.at(10, 0)}, {ID: ident(402), Name: "எக்ஸ்ரே.jpg", Kind: "jpg", Size: "2.4 MB", At: m.at(9, 30)}, {ID: ident(403), Kind: "png", Size: "12 kB", At: m.at(9, 0), Broken: true}}
}

func (m *maker) vitals() []web.VitalField {
	line := &web.Trend{Line: "4,20 40,8 78,24 116,12", X: 116, Y: 12, From: "128", To: "142"}
	return []web.VitalField{{Key: "systolic", Unit: "mmHg", Value: "142", Word: "high", Trend: line}, {Key: "diastolic", Unit: "mmHg", Value: "88"}, {Key: "pulse", Unit: "/min", Value: "72", Trend: line}, {Key: "temperature", Unit: "°C", Value: "37.2"},
		{Key: "oxygen", Unit: "%", Value: "93", Word: "low"}, {Key: "breaths", Unit: "/min"}, {Key: "weight", Unit: "kg", Value: "68.5"}, {Key: "height", Unit: "cm", Value: "164"}, {Key: "glucose", Unit: "mg/dL"}}
}

func (m *maker) visit() *web.VisitPage {
	return &web.VisitPage{Shell: m.staff("nav.patients"), ID: ident(301), PatientID: ident(201), Patient: people[1], Age: m.t.Age("1984-03-15", today), Born: "1984-03-15", Sex: "female", AppointmentID: ident(101), AppVersion: 3, Version: 4,
		State: "with", At: m.at(10, 15), Service: "First consultation", Provider: providers[0], Banner: m.health(false), Tab: ident(9), Complaint: "Cough for three days.\nNo fever.", Findings: "Chest: clear", Plan: "Rest, fluids.",
		Diagnoses: []web.DiagnosisRow{{Value: "J06.9|Acute upper respiratory infection, unspecified", Code: "J06.9", Name: "Acute upper respiratory infection, unspecified"}, {Value: "|Tired", Name: "Tired"}},
		Vitals:    m.vitals(), BMI: "25.5", BMIWord: "high", EarlierHead: []string{"systolic", "diastolic", "pulse"}, Earlier: []web.EarlierRow{{At: m.at(10, 15), Values: []string{"142", "88", "72"}}, {At: m.at(9, 0).AddDate(0, -2, 0), Values: []string{"128", "–", "70"}}},
		Templates: []web.Option{{Value: ident(501), Label: "General visit"}, {Value: ident(502), Label: "बच्चे"}}, SavedAt: m.at(10, 42), SavedBy: "Meera Pillai", CanWrite: true, CanSign: true, CanCheckOut: true, CanPrescribe: true, Files: m.files(),
		Intake: []web.IntakeCard{{Title: "Before you come", Items: []web.IntakeItem{{Question: "What brings you?", Answer: "खाँसी"}, {Question: "Do you smoke?", Answer: m.t.Say("intake.no")}}, Name: people[1], At: m.at(8, 30), Hash: strings.Repeat("9f2c", 16)},
			{Title: "Consent to treatment", Text: "I agree to be examined.\nI was told what is done.", Name: "Asha Rao", Guardian: true, At: m.at(8, 31), Hash: strings.Repeat("0a1b", 16)}, {Title: "Old form", Broken: true, At: m.at(8, 0)}}}
}

func (m *maker) carePages() {
	m.add("visit", "", m.visit())
	bare := &web.VisitPage{Shell: m.staff("nav.patients"), ID: ident(301), PatientID: ident(201), Patient: "Ravi Kumar", AppointmentID: ident(101), State: "arrived", At: m.at(10, 15), Service: "Review", Provider: providers[1], Tab: ident(9), CanWrite: true, Child: true, NotPractitioner: true,
		Vitals: []web.VitalField{{Key: "pulse", Unit: "/min"}}, Banner: web.HealthBanner{PatientID: ident(201), None: true, NoneWords: m.t.Say("health.none_by", "By", "Meera Pillai", "Date", m.t.Date(today))}, Searched: true, Find: "zzz"}
	m.add("visit", "empty", bare)
	met := m.visit()
	met.Alert = m.t.Say("visit.met", "By", "Ravi", "Time", m.t.Time(m.at(10, 40)))
	met.Theirs = &web.AsideCard{By: "Ravi", At: m.at(10, 40), Complaint: "Fever", Findings: "Throat red", Plan: "Test", Diagnoses: "J02.9 Acute pharyngitis, unspecified", Vitals: "72 /min"}
	met.Asides = []web.AsideCard{{ID: ident(8), By: "Leela", At: m.at(10, 30), Complaint: "سعال"}, {ID: ident(7), At: m.at(10, 20), Broken: true}}
	met.Found, met.Find = []web.DiagnosisRow{{Value: "J45.9|Asthma, unspecified", Code: "J45.9", Name: "Asthma, unspecified"}}, "asth"
	met.Shell = problems(met.Shell, "pulse", "complaint")
	met.Vitals[2].Error = "wrong"
	m.add("visit", "met", met)
	signed := m.visit()
	signed.Signed, signed.SignedAt, signed.Signer, signed.Registration, signed.CanWrite, signed.State = true, m.at(10, 50), providers[0], "KMC 12345", false, "completed"
	signed.Amendments = []web.AmendmentCard{{Part: "plan", Reason: "result came later", Text: "Blood count normal.", By: providers[0], Registration: "KMC 12345", At: m.at(15, 0)}, {Part: "findings", Broken: true, At: m.at(15, 5)}}
	signed.Asides = []web.AsideCard{{ID: ident(8), By: "Leela", At: m.at(10, 51), Plan: "Call tomorrow"}}
	m.add("visit", "signed", signed)
	broken := m.visit()
	broken.Broken, broken.CanWrite, broken.Complaint, broken.Findings, broken.Plan, broken.Diagnoses, broken.Vitals, broken.BMI = true, false, "", "", "", nil, nil, ""
	m.add("visit", "broken", broken)
	m.add("patient-visits", "", &web.PatientVisitsPage{Shell: m.staff("nav.patients"), ID: ident(201), Patient: people[1], Banner: m.health(false), Visits: m.visitLines(), Older: "/app/patients/" + ident(201) + "/visits?from=1"})
	m.add("patient-visits", "empty", &web.PatientVisitsPage{Shell: m.staff("nav.patients"), ID: ident(201), Patient: people[2]})

	set := func(current string) web.SettingsPage { return m.settings(current) }
	starters := []web.VisitTemplateRow{{Name: "Dental visit", Speciality: "dental"}, {Name: "Child visit", Speciality: "paediatric"}}
	m.add("settings-visits", "", &web.VisitTemplatesSettings{SettingsPage: set("settings.visits"), Rows: []web.VisitTemplateRow{{ID: ident(501), Name: "General visit", Speciality: "general"}, {ID: ident(502), Name: "பழையது", Speciality: "other", Retired: true}}, Starters: starters})
	m.add("settings-visits", "empty", &web.VisitTemplatesSettings{SettingsPage: set("settings.visits"), Starters: starters})
	one := &web.VisitTemplateSettings{SettingsPage: set("settings.visits"), ID: ident(501), TemplateName: "General visit", Speciality: "general", Complaint: "Complaint:\nSince:", Findings: "Chest:", Plan: "Review in:", Retired: true}
	one.Specialities = one.Choices("speciality.", "general", "general", "dental", "other")
	m.add("settings-visit", "", one)
	wrong := &web.VisitTemplateSettings{SettingsPage: set("settings.visits")}
	wrong.Shell = problems(wrong.Shell, "name", "speciality", "findings")
	m.add("settings-visit", "wrong", wrong)
	m.add("settings-codes", "", &web.CodesSettings{SettingsPage: set("settings.codes"), Lists: []web.CodeListRow{{Name: "ICD-10, 2019", Count: 12420, At: m.at(9, 0), By: "Meera Pillai", Used: true}, {Name: "पुरानी सूची", Count: 900, At: m.at(8, 0)}}, Starter: 226, ListName: "ICD-10",
		Reading: &web.CodesReading{Count: 12420, Twice: 2, Unread: 3, Lines: "4, 19, 77", First: []web.DiagnosisRow{{Code: "A00.0", Name: "Cholera"}}}})
	codes := &web.CodesSettings{SettingsPage: set("settings.codes"), Starter: 226}
	codes.Shell = problems(codes.Shell, "title", "file")
	m.add("settings-codes", "wrong", codes)
	m.add("settings-intake", "", &web.IntakeSettings{SettingsPage: set("settings.intake"), Rows: []web.IntakeFormRow{{ID: ident(601), Name: "Before you come", Kind: "questions"}, {ID: ident(602), Name: "ஒப்புதல்", Kind: "consent", Service: "First consultation", Retired: true}}})
	m.add("settings-intake", "empty", &web.IntakeSettings{SettingsPage: set("settings.intake")})
	form := &web.IntakeFormSettings{SettingsPage: set("settings.intake"), ID: ident(601), Kind: "questions", FormTitle: "Before you come", Text: "It takes two minutes.", Hash: strings.Repeat("9f2c", 16), Services: []web.Option{{Label: m.t.Say("intake.every_service"), On: true}, {Value: ident(11), Label: "First consultation"}}}
	kinds := func(on string) []web.Option {
		return form.Choices("intake.kind.", on, "text", "yes-no", "choice", "date", "number")
	}
	form.Questions = []web.QuestionForm{{Number: 1, ID: "q1", Label: "What brings you?", Kinds: kinds("text"), Must: true}, {Number: 2, ID: "q2", Label: "रक्त समूह", Options: "A\nB\nO", Kinds: kinds("choice")}, {Number: 3, Kinds: kinds("text")}}
	m.add("settings-intake-form", "", form)
	consent := &web.IntakeFormSettings{SettingsPage: set("settings.intake"), Kind: "consent"}
	consent.Shell = problems(consent.Shell, "title", "text")
	m.add("settings-intake-form", "consent", consent)
	m.ownIntakePages()
}

func (m *maker) ownIntakePages() {
	field := func(name, kind string) web.Field {
		return web.Field{ID: "f-a-" + name, Name: "a-" + name, Kind: kind, Max: 200, Plain: true, Rows: 2, Options: []web.Option{{}, {Value: "yes", Label: m.t.Say("intake.yes"), On: true}, {Value: "no", Label: m.t.Say("intake.no")}}}
	}
	asked := func() []web.OwnQuestion {
		return []web.OwnQuestion{{Field: field("q1", "textarea"), Label: "What brings you?", Said: "खाँसी"}, {Field: field("q2", "select"), Label: "Do you smoke?", Said: m.t.Say("intake.no")}, {Field: field("q3", "date"), Label: "கடைசி வருகை", Said: "–"}}
	}
	text := "I agree to be examined and treated.\nI was told what is done and what it costs."
	open := &web.OwnIntake{Shell: m.public(), Token: "9Jq3", At: m.at(10, 15).Add(48 * time.Hour), Minor: true, Open: 2, Guardians: []web.Option{{Value: ident(1), Label: "Asha Rao"}, {Value: ident(2), Label: "فاطمة"}},
		Forms: []web.OwnForm{{ID: ident(601), Kind: "questions", Heading: "Before you come", Text: "It takes two minutes.", Hash: "9f2c", Questions: asked(), Changed: true, Begun: true}, {ID: ident(602), Kind: "consent", Heading: "Consent to treatment", Text: text, Hash: "0a1b"}}}
	m.add("own-intake", "", open)
	wrong := &web.OwnIntake{Shell: m.public(), Token: "9Jq3", At: m.at(10, 15), Minor: true, Open: 1, Forms: []web.OwnForm{{ID: ident(601), Kind: "questions", Heading: "Before you come", Hash: "9f2c", Questions: asked(), Name: "Mira"}}}
	wrong.Forms[0].Questions[0].Field.Error, wrong.Forms[0].Wrong = "wrong", true
	wrong.Shell = problems(wrong.Shell, "signed_name", "agreed")
	m.add("own-intake", "wrong", wrong)
	m.add("own-intake", "signed", &web.OwnIntake{Shell: m.public(), Token: "9Jq3", At: m.at(10, 15), Done: true, Forms: []web.OwnForm{{ID: ident(601), Kind: "questions", Heading: "Before you come", Questions: asked(), Signed: m.at(9, 0), Name: people[1]}, {ID: ident(602), Kind: "consent", Heading: "Consent", Text: text, Signed: m.at(9, 1), Name: people[1]}}})
}
