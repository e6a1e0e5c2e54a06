package sample

import "almirah/internal/web"

// accountPages are the pages of the clinic's account with whoever runs the installation.
func (m *maker) accountPages() {
	bare := web.SettingsPage{Shell: m.staff("")}
	signed := web.SignedRow{ID: ident(801), Title: "Business Associate Agreement", Version: "5f0c6be1a4b1d5b65f1c9b41be6a2c7c5f0c6be1a4b1d5b65f1c9b41be6a2c7c", Signer: "Meera Pillai", Capacity: "owner", At: m.at(9, 30)}
	text := []web.Clause{{Paragraphs: []string{"This agreement is between the clinic that signs it and whoever runs this installation."}}, {Heading: "1. What it may do", Paragraphs: []string{"It may use PHI only to provide the service.", "It does not sell PHI."}}, {Heading: "2. Safeguards", Paragraphs: []string{"It uses appropriate safeguards."}}}
	m.add("clinic-account", "bare", &web.ClinicAccount{SettingsPage: bare})
	m.add("clinic-account", "", &web.ClinicAccount{SettingsPage: m.settings("settings.standing"), Agreements: []web.AgreementRow{{Kind: "baa", Title: "Business Associate Agreement", SignedID: ident(801), At: today, Newer: true}, {Kind: "terms", Title: "Terms of service for clinics"}}, Signed: []web.SignedRow{signed}})
	inr := func(n int64) web.Price { return web.Price{Minor: n, Currency: "INR"} }
	plan := &web.PlanCard{State: "grace", Plan: "Solo", Due: m.at(9, 0), Stop: m.at(18, 0), CanPay: true, PayURL: "https://pay.example/1", PayTotal: inr(117882), PayName: "Solo",
		Offers:   []web.PlanOffer{{Key: "solo", Name: "Solo", Term: "month", Net: inr(99900), Tax: inr(17982), Total: inr(117882)}, {Key: "solo", Name: "Solo", Term: "year", Net: inr(999000), Tax: inr(179820), Total: inr(1178820)}},
		Payments: []web.PlanPayment{{Name: "Solo", Term: "month", Amount: inr(117882), State: "open", Refused: true, At: m.at(10, 0)}, {Name: "Solo", Term: "month", Amount: inr(117882), State: "paid", At: m.at(8, 0), Number: 12, Invoice: "A-000012"}, {Name: "Solo", Term: "year", Amount: inr(1178820), State: "closed", At: m.at(7, 0)}}}
	m.add("clinic-account", "plan", &web.ClinicAccount{SettingsPage: m.settings("settings.standing"), Plan: plan, Agreements: []web.AgreementRow{{Kind: "terms", Title: "Terms of service for clinics", SignedID: ident(801), At: today}}, Signed: []web.SignedRow{signed}})
	m.add("clinic-account", "trial", &web.ClinicAccount{SettingsPage: m.settings("settings.standing"), Plan: &web.PlanCard{State: "trial", Due: m.at(9, 0)}})
	m.add("clinic-account", "closing", &web.ClinicAccount{SettingsPage: m.settings("settings.standing"), Agreements: []web.AgreementRow{{Kind: "terms", Title: "Terms of service for clinics", SignedID: ident(801), At: today}}, Signed: []web.SignedRow{signed}, Closing: true, ClosingSince: today})
	m.add("clinic-account", "suspended", &web.ClinicAccount{SettingsPage: m.settings("settings.standing"), Suspended: &web.SuspensionRow{Ground: "spam", Words: "Messages went to people who are no patients.", Begins: m.at(9, 0)}})
	m.add("agreement", "bare", &web.AgreementPage{SettingsPage: bare, Kind: "terms", Heading: "Terms of service", ClinicName: "Sunrise Health LLP"})
	wrong := m.settings("settings.standing")
	wrong.Shell = problems(wrong.Shell, "signer", "sure")
	m.add("agreement", "", &web.AgreementPage{SettingsPage: wrong, Kind: "baa", Heading: "Business Associate Agreement", Changes: []web.TextChange{{Old: "Within 60 days.", New: "Within 30 days."}}, TextVersion: signed.Version, Clauses: text, ClinicName: "Sunrise Health LLP", Signer: "Meera Pillai", Capacity: "owner", Sure: true})
	m.add("agreement", "signed", &web.AgreementPage{SettingsPage: m.settings("settings.standing"), Kind: "baa", Heading: "Business Associate Agreement", TextVersion: signed.Version, Clauses: text, ClinicName: "Sunrise Health LLP", Done: &signed})
}
