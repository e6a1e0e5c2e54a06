package sample

import (
	"almirah/internal/web"
)

func (m *maker) disclosurePages() {
	m.add("disclosures", "", &web.DisclosuresPage{Shell: m.staff(""), Rows: []web.DisclosureRow{{ID: ident(451), Name: people[0], Recipient: "District Court, invented", Ground: "court", State: "asked", Asked: m.at(9, 0)},
		{ID: ident(452), Name: people[2], Recipient: "District Health Office, invented", Ground: "health", State: "given", Asked: m.at(8, 0), Untold: true}, {ID: ident(453), Broken: true, Recipient: "An insurer", Ground: "rights", State: "refused", Asked: m.at(7, 0)}}})
	parts := []string{"identity", "contact", "appointments", "clinical", "prescriptions", "invoices", "messages", "consents"}
	form := &web.DisclosureForm{Shell: m.staff(""), PatientID: ident(201), PatientName: people[0], Ground: "law", Recipient: "Police", Reference: "", Why: "A law", Gag: "2026-12-31", GagWhy: "An order", PartChoices: parts, Chosen: map[string]bool{"identity": true},
		Grounds: []web.Option{{Value: "court", Label: m.t.Say("disclosure.ground.court")}, {Value: "law", Label: m.t.Say("disclosure.ground.law"), On: true}}}
	form.Shell = problems(form.Shell, "ground", "recipient", "reference", "why", "parts", "gag", "gag_why")
	m.add("disclosure-new", "", form)
	one := func(state string) *web.DisclosurePage {
		return &web.DisclosurePage{Shell: m.staff(""), ID: ident(451), State: state, Name: people[0], PatientID: ident(201), Ground: "court", Recipient: "District Court, invented", Reference: "DEMO-4711", Why: "Order of 20 November, to know whether she was here on the day.", Parts: []string{"identity", "appointments"}, By: "Meera Pillai", Asked: m.at(9, 0), Version: 1}
	}
	asked := one("asked")
	asked.CanDecide, asked.CanDrop, asked.Typed = true, true, "No"
	asked.Shell = problems(asked.Shell, "words")
	m.add("disclosure", "", asked)
	own := one("asked")
	own.OwnDemand, own.CanDrop = true, true
	m.add("disclosure", "own", own)
	yes := one("approved")
	yes.Decider, yes.Decided, yes.CanTake, yes.CanDrop, yes.Gag, yes.GagWhy, yes.Gagged = "Omar Haddad", m.at(10, 0), true, true, "2026-12-31", "Order of the court", true
	m.add("disclosure", "approved", yes)
	given := one("given")
	given.Decider, given.Decided, given.Words, given.Given, given.CanTake, given.CanTell = "Omar Haddad", m.at(10, 0), "Only the day that is asked for.", m.at(11, 0), true, true
	m.add("disclosure", "given", given)
	told := one("given")
	told.Decider, told.Decided, told.Given, told.Told, told.ToldBy, told.Broken = "Omar Haddad", m.at(10, 0), m.at(11, 0), m.at(11, 0), "message", true
	m.add("disclosure", "told", told)
}

func (m *maker) bareDisclosures() {
	m.add("disclosures", "bare", &web.DisclosuresPage{Shell: m.staff("")})
	m.add("disclosure-new", "bare", &web.DisclosureForm{Shell: m.staff(""), PatientID: ident(201), PatientName: people[0]})
	m.add("disclosure", "bare", &web.DisclosurePage{Shell: m.staff(""), ID: ident(451), Name: people[0], PatientID: ident(201), State: "dropped", Ground: "life", Parts: []string{"identity"}})
}
