package sample

import (
	"time"

	"almirah/internal/web"
)

func (m *maker) incidentPages() {
	rows := []web.IncidentRow{{ID: ident(401), Rule: "many-opened", State: "confirmed", At: m.at(8, 0), Next: m.at(14, 0), Late: true, Count: 47}, {ID: ident(402), Rule: "lost-device", State: "suspected", At: m.at(9, 0), Next: m.at(15, 0)},
		{ID: ident(403), Rule: "wrong-recipient", State: "closed", At: m.at(7, 0), Unsigned: true}}
	kinds := []string{"lost-device", "strange-sign-in", "wrong-recipient", "other"}
	m.add("incidents", "", &web.IncidentsPage{Shell: m.staff(""), Rule: "lost-device", Rules: kinds, CanSee: true, Rows: rows})
	desk := &web.IncidentsPage{Shell: m.staff(""), Rule: "other", Words: "A", Rules: kinds}
	desk.Shell = problems(desk.Shell, "rule", "words")
	m.add("incidents", "desk", desk)
	touched := []web.AffectedRow{{ID: ident(411), PatientID: ident(201), Name: people[0], Reach: true, Acts: []string{"read", "exported"}, Classes: []string{"identity", "visits", "health", "money", "messages"}, First: m.at(8, 0), Last: m.at(8, 20), ToldAt: m.at(9, 30), ToldBy: "message"},
		{ID: ident(412), PatientID: ident(202), Name: people[2], Acts: []string{"read"}, Classes: []string{"identity"}, First: m.at(8, 1), Last: m.at(8, 1)}, {ID: ident(413), PatientID: ident(203), Broken: true, Reach: true, Acts: []string{"changed", "passed"}, Classes: []string{"identity"}, First: m.at(8, 2), Last: m.at(8, 2), ToldAt: m.at(9, 40), ToldBy: "hand"}}
	full := func(state string) *web.IncidentPage {
		return &web.IncidentPage{Shell: m.staff(""), ID: ident(401), Rule: "many-opened", State: state, Words: "The tablet of the desk was left open.\nSomebody used it.", Who: "Meera Pillai", PersonID: ident(5), Found: m.at(9, 0), From: m.at(8, 0), To: m.at(8, 30), FromTyped: "2026-11-24T08:00", ToTyped: "2026-11-24T08:30",
			Times: 47, ReportedBy: "Meera Pillai", People: touched, All: 3, Told: 2, Erased: 1, Reachable: 1, Computed: m.at(9, 10), Version: 3, CanContain: true, HasText: true,
			Trail: []web.TrailRow{{At: m.at(8, 0), Who: "Meera Pillai", What: m.t.Say("audit.act.list") + " · " + m.t.Say("audit.kind.day")}, {At: m.at(8, 1), Who: "Meera Pillai", What: m.t.Say("audit.act.open") + " · " + m.t.Say("audit.kind.patient")}},
			Seats: []web.Option{{Label: m.t.Say("incident.all_sign_ins")}, {Value: ident(6), Label: m.t.Say("incident.sign_in", "From", "08:00", "To", "08:30", "Count", "47"), On: true}}, Staff: []web.Option{{Label: m.t.Say("incident.nobody")}, {Value: ident(5), Label: "Meera Pillai", On: true}},
			Tasks: []web.TaskRow{{Key: "in-cert", To: "authority", Source: "CERT-In directions of 28 April 2022, (ii)", Due: m.at(15, 0), Done: m.at(10, 0), Words: "By mail, number 4711", By: "Meera Pillai"}, {Key: "in-board", To: "authority", Source: "DPDP Act 2023, section 8(6)", Due: m.at(9, 0), Late: true, Ours: true},
				{Key: "in-people", To: "people", Source: "DPDP Rules 2025, rule 7(1)", Due: m.at(9, 0).Add(24 * time.Hour), Ours: true, Risk: true}},
			Steps:      []web.StepRow{{Kind: "ended-sign-ins", By: "Meera Pillai", At: m.at(9, 2)}, {Kind: "note", By: "Meera Pillai", Words: "The desk says that nobody was there.", At: m.at(9, 5)}},
			Notifiable: "yes", Why: "Names and visits were seen by a stranger.", DecidedBy: "Meera Pillai", Decided: m.at(9, 20)}
	}
	m.add("incident", "", full("confirmed"))
	wrong := full("confirmed")
	wrong.Shell, wrong.Duty, wrong.Typed = problems(wrong.Shell, "words", "why", "lessons", "from", "to", "notifiable"), "in-board", "By"
	m.add("incident", "wrong", wrong)
	new := full("suspected")
	new.People, new.Tasks, new.Steps, new.Notifiable, new.Computed, new.To, new.ToTyped, new.Seats = nil, new.Tasks[1:], nil, "", time.Time{}, time.Time{}, "", new.Seats[:1]
	m.add("incident", "suspected", new)
	over := full("closed")
	over.Lessons, over.ClosedBy, over.Closed, over.CanSign, over.CanContain = "The tablet locks itself after a minute now.", "Meera Pillai", m.at(12, 0), true, false
	m.add("incident", "closed", over)
	signed := full("closed")
	signed.Lessons, signed.ClosedBy, signed.Closed, signed.SignedBy, signed.Signed, signed.Processor = "Locked.", "Meera Pillai", m.at(12, 0), "Omar Haddad", m.at(13, 0), "MSG91"
	m.add("incident", "signed", signed)
	texts := func() []web.NoticeText {
		return []web.NoticeText{{Code: "en", Name: "English", Title: "Sunrise Clinic: something happened to your data", Words: "Dear {{.PatientName}},\n\nwe have to tell you this."}, {Code: "hi", Name: "हिन्दी", Title: "आपके डेटा के साथ कुछ हुआ", Words: "प्रिय {{.PatientName}},\n\nहमें बताना है।"}}
	}
	note := &web.IncidentNotice{Shell: m.staff(""), ID: ident(401), State: "confirmed", Notifiable: "yes", Texts: texts(), Preview: "Sunrise Clinic: something happened to your data\n\nDear Asha,\n\nwe have to tell you this.", To: "Asha Verma", Reachable: 41, ByHand: 6}
	m.add("incident-notice", "", note)
	bad := &web.IncidentNotice{Shell: m.staff(""), ID: ident(401), State: "confirmed", Texts: texts(), Preview: "…", To: "Asha Verma", Reachable: 2}
	bad.Shell = problems(bad.Shell, "subject_en", "body_en")
	m.add("incident-notice", "wrong", bad)
	events := []web.EventRow{{ID: ident(421), Rule: "processor", State: "confirmed", Named: "MSG91", At: m.at(8, 0), Times: 1}, {ID: ident(422), Rule: "promise-broken", State: "suspected", Named: "restore-drill", At: m.at(7, 0), Times: 12}, {ID: ident(423), Rule: "other", State: "closed", At: m.at(6, 0), Times: 1}}
	choices := []web.Option{{Label: m.t.Say("incident.platform_itself")}, {Value: "msg91", Label: "MSG91", On: true}}
	register := &web.EventsPage{Shell: m.helper(false), Rows: events, FromTyped: "2026-11-24T08:00", Words: "They told", Processors: choices}
	register.Shell = problems(register.Shell, "processor", "from", "to", "words")
	m.add("platform-incidents", "", register)
	m.add("platform-incident", "", &web.EventPage{Shell: m.helper(false), EventRow: events[0], From: m.at(7, 0), To: m.at(8, 0), Words: "A copy of their log was taken.", Clinics: []string{"Sunrise Clinic", "عيادة الشروق"}, CanTell: true, Version: 1})
	m.add("platform-incident", "closed", &web.EventPage{Shell: m.helper(false), EventRow: events[2], From: m.at(5, 0), Closed: m.at(9, 0), Lessons: "The key is changed twice a year now.", Finished: true})
}

func (m *maker) bareIncidents() {
	for name, p := range map[string]web.Page{
		"erasures": &web.ErasuresPage{Shell: m.staff("")}, "erasure": &web.ErasurePage{Shell: m.staff(""), ID: ident(441), At: m.at(8, 0)}, "erased": &web.ErasurePage{Shell: m.public(), ID: ident(441), At: m.at(8, 0)}, "colleague-erase": &web.ColleagueErasePage{Shell: m.staff(""), ID: ident(7)},
		"incidents": &web.IncidentsPage{Shell: m.staff(""), Rule: "other", Rules: []string{"other"}, CanSee: true}, "incident": &web.IncidentPage{Shell: m.staff(""), ID: ident(401), Rule: "other", State: "suspected", Found: m.at(8, 0), From: m.at(8, 0), Untouched: true},
		"incident-notice": &web.IncidentNotice{Shell: m.staff(""), ID: ident(401), State: "closed"}, "platform-incidents": &web.EventsPage{Shell: m.helper(false)}, "platform-incident": &web.EventPage{Shell: m.helper(false), EventRow: web.EventRow{ID: ident(421), Rule: "other", State: "suspected", At: m.at(8, 0)}, From: m.at(8, 0)},
	} {
		m.add(name, "bare", p)
	}
}
