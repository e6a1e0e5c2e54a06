package sample

import (
	"almirah/internal/access"
	"almirah/internal/support"
	"almirah/internal/support/help"
	"almirah/internal/web"
)

// shelf is the help as it is built in; nil when it cannot be read, which its own test says.
func shelf() *help.Shelf {
	s, err := help.Load()
	if err != nil {
		return nil
	}
	return s
}

func (m *maker) supportPages() {
	s := shelf()
	if s == nil {
		return
	}
	lang := m.t.Lang()
	m.add("help", "", &web.HelpPage{Shell: m.staff(""), Topics: s.Topics(lang)})
	m.add("help", "found", &web.HelpPage{Shell: m.staff(""), Q: "book", Topics: s.Find(lang, "book")})
	m.add("help", "none", &web.HelpPage{Shell: m.staff(""), Q: "zebra"})
	one, _ := s.Topic(lang, "support-access")
	topic := &web.HelpTopic{Shell: m.staff(""), Topic: one}
	topic.Title, topic.Help = one.Title, "/app/help/support-access"
	m.add("help-topic", "", topic)

	rows := []web.TicketRow{{ID: ident(301), Subject: "The receipt prints twice", Kind: "question", State: "answered", By: "Meera Pillai", At: m.at(9, 10)}, {ID: ident(302), Subject: "छुट्टी जोड़ना", Kind: "wish", State: "open", By: people[1], At: m.at(8, 40)}, {ID: ident(303), Kind: "question", State: "closed", At: m.at(8, 0)}}
	m.add("tickets", "", &web.TicketsPage{Shell: m.staff(""), Kind: "question", Rows: rows, All: true, Page: "/app/bills"})
	wrong := &web.TicketsPage{Shell: m.staff(""), Kind: "wish", Words: "Something"}
	wrong.Shell = problems(wrong.Shell, "kind", "subject", "words")
	m.add("tickets", "wrong", wrong)
	lines := []web.TicketLine{{By: "Meera Pillai", Words: "Each receipt comes out two times.\nSince Monday.", At: m.at(9, 0)}, {FromUs: true, Words: "Thank you. Which printer is it?", At: m.at(9, 10)}, {At: m.at(9, 20)}}
	ticket := func(state string) *web.TicketPage {
		return &web.TicketPage{Shell: m.staff(""), ID: ident(301), Subject: "The receipt prints twice", Kind: "question", State: state, Page: "/app/bills/-", ClinicName: "Sunrise Clinic", ClinicID: ident(1), Lines: lines}
	}
	m.add("ticket", "", ticket("answered"))
	bad := ticket("closed")
	bad.Shell = problems(bad.Shell, "words")
	m.add("ticket", "wrong", bad)
	m.add("service-notices", "", &web.NoticesPage{Shell: m.staff(""), Rows: m.notices()})

	all := []string{"settings", "calendar", "patient"}
	asked := web.GrantRow{ID: ident(311), Name: "Divya Menon", Reason: "Ticket: the receipt prints twice", Scopes: all, Minutes: 60, State: "asked", Asked: m.at(9, 30)}
	runs := web.GrantRow{ID: ident(312), Name: "Divya Menon", Reason: "Ticket: opening hours", Scopes: all[:2], Minutes: 30, State: "running", Asked: m.at(9, 0), From: m.at(9, 5), To: m.at(9, 35), By: "Meera Pillai"}
	broke := web.GrantRow{ID: ident(313), Name: "Omar Haddad", Reason: "Bookings fail since midnight", Scopes: all[:1], Minutes: 60, Emergency: true, State: "ended", Asked: m.at(2, 0), From: m.at(2, 0), To: m.at(2, 40), LookBack: true}
	shell := m.staff("")
	shell.Watched = []web.Watched{{ID: ident(312), Name: "Divya Menon", Until: m.at(9, 35)}, {ID: ident(314), Name: "Omar Haddad", Until: m.at(9, 50), Emergency: true}}
	m.add("grants", "", &web.GrantsPage{Shell: shell, Rows: []web.GrantRow{asked, runs, broke, {ID: ident(315), Name: "Divya Menon", Reason: "Earlier", Scopes: all[:1], Minutes: 240, State: "lapsed", Asked: m.at(7, 0)}}, CanDecide: true})
	m.add("grants", "desk", &web.GrantsPage{Shell: m.staff(""), Rows: []web.GrantRow{runs}})
	m.add("grant", "", &web.GrantPage{Shell: m.staff(""), GrantRow: asked, NeedsNamed: true, Whose: "ash", Found: []web.PatientHit{{ID: ident(201), Name: people[0], Phone: "+919876543210", Age: "40"}, {ID: ident(202), Name: people[3], Broken: true}}})
	m.add("grant", "acts", &web.GrantPage{Shell: m.staff(""), GrantRow: broke, NamedID: ident(201), Acts: []web.ActRow{{At: m.at(2, 1), Action: m.t.Say("audit.act.enter"), Kind: m.t.Say("audit.kind.grant")}, {At: m.at(2, 3), Action: m.t.Say("audit.act.list"), Kind: m.t.Say("audit.kind.day")}}})
	m.add("grant", "running", &web.GrantPage{Shell: shell, GrantRow: runs})

	roles := []web.Option{{Value: "manager", Label: m.t.Say("account.role.manager"), On: true}, {Value: "leave", Label: m.t.Say("hand.leave")}}
	offer := &web.HandOverPage{Shell: m.staff(""), CanOffer: true, People: []web.Option{{Label: m.t.Say("hand.nobody")}, {Value: ident(5), Label: people[4]}}, Roles: roles}
	offer.Shell = problems(offer.Shell, "to", "stays_as")
	m.add("hand-over", "", offer)
	m.add("hand-over", "accepted", &web.HandOverPage{Shell: m.staff(""), Under: true, From: "Meera Pillai", To: people[4], Accepted: true, Done: m.at(9, 0).AddDate(0, 0, 3), Until: m.at(9, 30), Version: 2, Mine: true, CanConfirm: true})
	m.add("hand-over", "offered", &web.HandOverPage{Shell: m.staff(""), Under: true, From: "Meera Pillai", To: people[4], ForMe: true, Version: 1})

	m.add("seen", "", &web.SeenPage{Shell: m.helper(true), ID: ident(312), ClinicID: ident(1), Reason: runs.Reason, Settings: true, Calendar: true, Patient: true})
	m.add("seen-calendar", "", &web.SeenCalendar{Shell: m.helper(true), Day: today, Prev: today.AddDays(-1), Next: today.AddDays(1), Columns: []web.SeenColumn{{Provider: providers[0], Rows: []web.SeenSlot{{From: m.at(9, 0), To: m.at(9, 30), Service: "First consultation", State: "booked"}, {From: m.at(9, 30), To: m.at(9, 45), Service: "فحص", State: "arrived"}}}, {Provider: providers[1]}}})
	m.add("seen-patient", "", &web.SeenPatient{Shell: m.helper(true), PatientName: people[1], Phone: "+919876543210", Email: "meena@example.org", Born: "1980-02-03", Guardians: []string{people[0]}})
}

// helper is the shell of somebody of the platform, in a clinic or outside.
func (m *maker) helper(inside bool) web.Shell {
	s := m.shell()
	s.Person = &web.PersonHead{Name: "Divya Menon", Helper: true}
	if inside {
		s.Clinic = m.clinic()
		s.Notices = []web.Notice{{Text: m.t.Say("seen.under", "Clinic", "Sunrise Clinic", "Until", "09:35"), URL: "/app/seen", Link: m.t.Say("seen.what")}}
		return s
	}
	s.Nav = web.PlatformNav("platform.home", func(access.Right) bool { return true })
	return s
}

func (m *maker) notices() []web.NoticeRow {
	return []web.NoticeRow{{ID: ident(321), Kind: "planned", Title: "Short work on Sunday night", Words: "Between two and three, pages may be slow.\nNothing is lost.", From: m.at(2, 0), To: m.at(3, 0), At: m.at(8, 0), Now: true},
		{ID: ident(322), Kind: "security", Title: "Beware of false mails", Words: "We never ask for your password.", From: m.at(8, 0), To: m.at(9, 0), At: m.at(8, 0)}}
}

func (m *maker) platformPages() {
	row := web.GrantRow{ID: ident(312), Reason: "Ticket: opening hours", Scopes: []string{"settings"}, Minutes: 30, State: "running", Asked: m.at(9, 0), From: m.at(9, 5), To: m.at(9, 35), ClinicID: ident(1)}
	m.add("platform", "", &web.PlatformHome{Shell: m.helper(false), State: "open", Names: map[string]string{ident(1): "Sunrise Clinic"}, Grants: []web.GrantRow{row},
		Tickets: []web.TicketRow{{ID: ident(301), Subject: "The receipt prints twice", Kind: "question", State: "open", Clinic: "Sunrise Clinic", At: m.at(9, 10)}, {ID: ident(303), Kind: "wish", State: "open", Clinic: "عيادة الشروق", At: m.at(8, 0)}}})
	t := &web.TicketPage{Shell: m.helper(false), ID: ident(301), Subject: "The receipt prints twice", Kind: "question", State: "open", Page: "/app/bills/-", ClinicName: "Sunrise Clinic", ClinicID: ident(1), Lines: []web.TicketLine{{Words: "Each receipt comes out two times.", At: m.at(9, 0)}, {FromUs: true, Words: "Which printer?", At: m.at(9, 5)}}}
	m.add("platform-ticket", "", t)
	m.add("platform-clinics", "", &web.PlatformClinics{Shell: m.helper(false), Q: "sun", Clinics: []support.Named{{Name: "Sunrise Clinic", Slug: "sunrise"}, {Name: "عيادة الشروق", Slug: "shorouk"}}})
	ask := &web.PlatformClinic{Shell: m.helper(false), ID: ident(1), ClinicName: "Sunrise Clinic", Reason: "Broken", Minutes: []web.Option{{Value: "60", Label: m.t.Say("support.minutes", "Count", 60), On: true}}, Scopes: []string{"settings", "calendar", "patient"}, Chosen: map[string]bool{"settings": true}, CanBreak: true, Emergency: true,
		Grants: []web.GrantRow{row, {ID: ident(316), Reason: "Another", Scopes: []string{"calendar"}, State: "asked", Asked: m.at(9, 20)}}}
	ask.Shell = problems(ask.Shell, "reason", "scopes", "minutes", "sure")
	m.add("platform-clinic", "", ask)
	texts := func() []web.NoticeText {
		return []web.NoticeText{{Code: "en", Name: "English", Title: "Short work", Words: "On Sunday."}, {Code: "hi", Name: "हिन्दी"}}
	}
	write := &web.PlatformNotices{Shell: m.helper(false), Rows: m.notices(), Kind: "planned", Starts: "2026-11-29T02:00", Hours: "1", Texts: texts()}
	write.Shell = problems(write.Shell, "kind", "starts", "hours", "title_en", "words_en")
	m.add("platform-notices", "", write)
	duties := &web.PlatformDuties{Shell: m.helper(false), Today: today, Day: "2026-12-01", Report: "shelf 4", Kinds: []web.Option{{Value: "data-map", Label: m.t.Say("duty.data-map")}},
		Rows: []web.DutyRow{{Kind: m.t.Say("duty.data-map"), Why: m.t.Say("duty.data-map.why"), Source: "GDPR, article 30", Last: "2025-11-20", Due: "2026-11-20", By: "Omar Haddad", Report: "data-map-2025.pdf", State: "late"}, {Kind: m.t.Say("duty.risks"), Why: m.t.Say("duty.risks.why"), Source: "45 CFR 164.308", Due: "2026-12-20", State: "soon"}},
		Done: []web.DutyDone{{Kind: m.t.Say("duty.data-map"), By: "Omar Haddad", Report: "data-map-2025.pdf", Day: "2025-11-20"}}}
	duties.Shell = problems(duties.Shell, "kind", "day", "report")
	m.add("platform-duties", "", duties)
	m.walks()
	m.add("platform-helpers", "", &web.PlatformHelpers{Shell: m.helper(false), People: []web.HelperRow{{ID: ident(331), Name: "Divya Menon", Email: "divya@almirah.example", Role: access.Support, Since: m.at(8, 0)}, {ID: ident(332), Name: "Omar Haddad", Email: "omar@almirah.example", Role: access.Operator, Since: m.at(8, 0), Self: true}}, RoleChoices: []web.Option{{Value: "support", Label: m.t.Say("role.support"), On: true}}})
}

func (m *maker) bareSupport() {
	for name, p := range map[string]web.Page{
		"help": &web.HelpPage{Shell: m.staff("")}, "help-topic": &web.HelpTopic{Shell: m.staff(""), Topic: help.Topic{ID: "book", Title: "Book an appointment"}}, "tickets": &web.TicketsPage{Shell: m.staff(""), Kind: "question"},
		"ticket": &web.TicketPage{Shell: m.staff(""), State: "open"}, "service-notices": &web.NoticesPage{Shell: m.staff("")}, "grants": &web.GrantsPage{Shell: m.staff("")},
		"grant": &web.GrantPage{Shell: m.staff(""), GrantRow: web.GrantRow{ID: ident(311), State: "asked", Scopes: []string{"settings"}}, NeedsNamed: true}, "hand-over": &web.HandOverPage{Shell: m.staff("")},
		"seen": &web.SeenPage{Shell: m.helper(true)}, "seen-calendar": &web.SeenCalendar{Shell: m.helper(true), Day: today, Prev: today, Next: today}, "seen-patient": &web.SeenPatient{Shell: m.helper(true), Broken: true},
		"platform": &web.PlatformHome{Shell: m.helper(false), State: "closed"}, "platform-ticket": &web.TicketPage{Shell: m.helper(false), State: "closed", ClinicID: ident(1), ClinicName: "Sunrise Clinic"}, "platform-clinics": &web.PlatformClinics{Shell: m.helper(false)},
		"platform-clinic": &web.PlatformClinic{Shell: m.helper(false), ID: ident(1), ClinicName: "Sunrise Clinic"}, "platform-notices": &web.PlatformNotices{Shell: m.helper(false), Kind: "outage"}, "platform-helpers": &web.PlatformHelpers{Shell: m.helper(false)}, "platform-duties": &web.PlatformDuties{Shell: m.helper(false), Today: today}, "platform-walks": &web.WalkPage{Shell: m.helper(false), Off: true, Held: true},
	} {
		m.add(name, "bare", p)
	}
}
