package sample

import (
	"time"

	"almirah/internal/access"
	"almirah/internal/web"
)

func (m *maker) deskPages() {
	desk := &web.DashboardPage{Shell: m.staff("nav.home"), Today: today, Now: m.at(11, 20), Total: 120, CanBook: true, Share: "https://book.example/c/sunrise",
		Counts:  m.day().Counts,
		Waiting: []web.WaitingItem{{Words: "One reminder may not have arrived", URL: "/app/messages?state=uncertain", Grave: true}, {Words: "Two bookings wait to be confirmed", URL: "/app/day"}},
		Next:    m.next(), Starting: []web.Step{{Key: "desk.step.clinic", URL: "/app/settings/clinic", Done: true}, {Key: "desk.step.staff", URL: "/app/settings/staff"}}}
	desk.Shell.Notices = []web.Notice{{Text: "The policy changes on 1 Dec 2026.", URL: "/trust", Link: "Read it"}, {Text: "The mail server refuses our messages.", Grave: true}}
	m.add("dashboard", "", desk)
	m.add("patients", "", &web.PatientsPage{Shell: m.staff("nav.patients"), Hits: m.hits(), CanAdd: true, Total: 12345})
	m.add("patients", "none", &web.PatientsPage{Shell: m.staff("nav.patients"), Query: "zz", CanAdd: true})
	form := web.NewPatientForm{Name: "Kiran Rao", Phone: "+91 98450 12345", Email: "kiran@example.org", Birth: web.BirthTyped{Day: "15", Month: "3", Year: "2015"}, Sex: "male", Language: "hi", GuardianName: "Asha Rao", GuardianPhone: "+91 98450 12345", GuardianKin: "mother", Address: "12 Church Street", Consents: map[string]bool{}, Key: ident(7)}
	m.add("patient-new", "", &web.PatientNewPage{Shell: m.staff("nav.patients"), Form: web.NewPatientForm{Consents: map[string]bool{}, Key: ident(7)}, Consents: m.consents(), AdultAge: 18})
	m.add("patient-new", "wrong", &web.PatientNewPage{Shell: problems(m.staff("nav.patients"), "phone", "birth", "guardian_phone"), Form: form, Consents: m.consents(), AdultAge: 18, Likely: m.hits()[:2]})
	patient := func() *web.PatientPage {
		s := m.staff("nav.patients")
		s.Title = "Kiran Rao"
		return &web.PatientPage{Shell: s, ID: ident(201), Version: 4, Patient: "किरण राव", Born: "2015-03-15", Age: m.t.Age("2015-03-15", today), Sex: "male", Phone: "+91 98450 12345", Email: "kiran@example.org", Address: "12 Church Street, Bengaluru", Language: "hi", Since: "2024-02-01", Minor: true,
			Guardians: []web.GuardianCard{{ID: ident(210), Name: "Asha Rao", Phone: "+91 98450 12345", Email: "asha@example.org", Kin: "parent"}, {ID: ident(213), Name: "Kiran Rao", Kin: "father", Silent: true}},
			Coming:    []web.BookingCard{m.booking("booked")}, Past: []web.BookingCard{m.booking("completed"), m.booking("no-show"), m.booking("cancelled")},
			Consents: []web.OwnConsent{{ConsentChoice: m.consents()[0], Given: true, Since: "2026-02-01"}, {ConsentChoice: m.consents()[1], Since: "2026-03-01"}},
			Messages: m.card().Messages, Said: m.said(), SaidMore: true, ThreadID: ident(501), Unread: 2, Wish: m.wish(), NotesOn: true, Notes: []web.NoteCard{{ID: ident(211), Text: "Prefers mornings.\nتتحدث العربية", By: "Dr Leela Nair", At: m.at(9, 0)}, {ID: ident(212), Broken: true, By: "Dr Leela Nair", At: m.at(9, 5)}},
			CanWrite: true, CanDelete: true, CanCopy: true, CanBook: true, Form: form, Today: today}
	}
	m.add("patient", "", patient())
	cared := patient()
	cared.Care = web.Care{On: true, CanWrite: true, Banner: m.health(true), Visits: m.visitLines(), Older: "/app/patients/" + ident(201) + "/visits?from=1", Files: m.files()}
	cared.Care.Banner.Form = web.HealthForm{Kind: "allergy", Reaction: "rash"}
	cared.Shell = problems(cared.Shell, "substance", "file")
	m.add("patient", "care", cared)
	asked := patient()
	asked.Care = web.Care{On: true, Banner: web.HealthBanner{None: true, NoneWords: m.t.Say("health.none_by", "By", "Meera Pillai", "Date", m.t.Date(today))}}
	m.add("patient", "care-empty", asked)
	editing := patient()
	editing.Editing, editing.Likely = "identity", m.hits()[:1]
	editing.Shell = problems(editing.Shell, "phone")
	m.add("patient", "editing", editing)
	guardian := patient()
	guardian.Editing = "guardian"
	m.add("patient", "guardian", guardian)
	m.add("patient-delete", "", &web.PatientDeletePage{Shell: m.staff("nav.patients"), ID: ident(201), Patient: "किरण राव", Born: "2015-03-15", Coming: 2, Version: 4, PlanShown: m.plan()})
	waits := &web.PatientDeletePage{Shell: m.staff("nav.patients"), ID: ident(201), Patient: people[0], Version: 4, PlanShown: m.plan()}
	waits.Waits, waits.WaitsUntil, waits.NoBirth = true, "2027-03-01", false
	m.add("patient-delete", "waits", waits)
	m.add("me", "", &web.MePage{Shell: m.staff(""), PersonName: "Meera Pillai", Email: "meera@sunrise.example", Phone: "+91 98450 12345", JobTitle: "Practice manager", Language: "en", ThemeNow: "dark", Keys: true, Version: 3,
		Sessions: []web.SessionRow{{ID: ident(1), Device: "Chrome, Windows", Address: "203.0.113.7", Since: m.at(8, 0), Seen: m.at(11, 0), Current: true}, {ID: ident(2), Device: "Safari, iPhone", Address: "2001:db8::7", Since: m.at(7, 0)}}})
}

func (m *maker) next() []web.NextCard {
	return []web.NextCard{
		{ID: ident(101), Patient: "فاطمة الشيخ", Service: "First consultation", Provider: providers[1], State: "booked", At: m.at(11, 30)},
		{ID: ident(102), Patient: "कविता", Service: "Follow-up", Provider: providers[0], State: "arrived", At: m.at(11, 30)},
		{ID: ident(103), Patient: "Subramaniam Venkataraghavan Krishnamurthy", Service: "Follow-up", Provider: providers[4], State: "confirmed", At: m.at(11, 45)},
	}
}

func (m *maker) messagePages() {
	m.phonePages()
	m.add("messages", "reached", &web.MessagesPage{Shell: m.staff("nav.messages"),
		Rows: []web.MessageRow{{ID: ident(301), Patient: "فاطمة الشيخ", PatientID: ident(201), What: "Reminder, 2 hours before", Channel: "sms", State: "sent", Reached: "delivered", At: m.at(9, 30)}, {ID: ident(302), Patient: people[0], PatientID: ident(202), What: "Confirmation", Channel: "sms", State: "refused", Reached: "failed", At: m.at(8, 3)}}})
	m.add("messages", "", &web.MessagesPage{Shell: m.staff("nav.messages"), Counts: []web.StateCount{{State: "uncertain", Count: 2}, {State: "refused", Count: 1}}, State: "uncertain", Older: "/app/messages?before=1",
		Rows: []web.MessageRow{{ID: ident(301), Patient: "فاطمة الشيخ", PatientID: ident(201), What: "Reminder, 2 hours before", Channel: "email", State: "uncertain", At: m.at(9, 30)}, {ID: ident(302), What: "Confirmation", Channel: "email", State: "sent", At: m.at(8, 3), Broken: true}}})
	m.add("message", "", &web.MessagePage{Shell: m.staff("nav.messages"), ID: ident(301), Patient: "فاطمة الشيخ", PatientID: ident(201), What: "Reminder, 2 hours before", Channel: "email", State: "uncertain", To: "f•••@example.org", At: m.at(9, 30), Reached: "delivered", ReachedAt: m.at(9, 31), AppointmentID: ident(101), CanSettle: true,
		ThreadID: ident(701), InsteadID: ident(302), ProviderID: "SM4f0b2c7d8e9a1f3b5c6d7e8f9a0b1c2d", Parts: 2, Cost: []web.CostField{{Name: "price", Value: "-0.00750"}, {Name: "price_unit", Value: "USD"}},
		Passport: []web.PassportLine{{Key: "passport.purpose", Value: "Reminder"}, {Key: "passport.consent", Value: "Given 1 Feb 2026"}, {Key: "passport.rule", Value: "2 hours before"}, {Key: "passport.quiet", Value: "Outside"}},
		States:   []web.MessageState{{State: "planned", At: m.at(8, 3)}, {State: "uncertain", At: m.at(9, 30), Words: "The connection broke after the text was handed over."}}})
	all := web.FigureRow{Messages: 214, Reminded: 131, Delivered: 88, Confirmed: 52, Came: 97, Missed: 12, Off: 9, Open: 13}
	m.add("figures", "", &web.FiguresPage{Shell: m.staff("nav.messages"), Days: 30, Spans: []web.FigureSpan{{Days: 30, Current: true}, {Days: 90}}, All: all, Over: 109, Least: 5, Tracks: web.FigureBars(all),
		By: []web.FigureRow{{Name: providers[4], Reminded: 71, Delivered: 50, Confirmed: 30, Came: 55, Missed: 5}, {Name: "فاطمة الشيخ", Reminded: 52, Delivered: 33, Confirmed: 20, Came: 36, Missed: 6}, {Reminded: 8, Delivered: 5, Confirmed: 2, Came: 6, Missed: 1}}})
	m.add("outbox", "", &web.OutboxPage{Shell: m.staff("nav.messages"), Older: "/app/outbox?before=1", Phones: m.phones(), AllPhones: "/app/outbox?phones=all", Messages: []web.OutboxMessage{
		{ID: ident(301), To: "asha@example.org", From: "Sunrise Clinic", Subject: "Booked: 24 Nov 2026, 9:15 am", Text: "Dear Asha Rao,\n\nyour appointment is booked.\nTuesday 24 November 2026, 9:15 am, India Standard Time\nDr Leela Nair", Channel: "email", At: m.at(8, 3), Language: "en", Dir: "ltr", Links: []web.OutboxLink{{Words: "Your appointment", URL: "/m/9Jq3"}}, Calendar: "REQUEST", CalendarURL: "/m/9Jq3/appointment.ics"},
		{ID: ident(302), To: "f@example.org", From: "Sunrise Clinic", Subject: "تم الإلغاء", Text: "عزيزتي فاطمة،\nتم إلغاء موعدك.", Channel: "email", At: m.at(8, 5), Language: "ar", Dir: "rtl", Calendar: "CANCEL"}}})
}

func (m *maker) settings(current string) web.SettingsPage {
	return web.SettingsPage{Shell: m.staff("nav.settings"), Menu: web.SettingsMenu(current, func(access.Right) bool { return true }, func(string) bool { return true }), CanEdit: true, Version: 7}
}

func (m *maker) settingsPages() {
	countries := []web.Option{{Value: "IN", Label: "India", On: true}}
	m.add("settings", "", &web.SettingsHome{SettingsPage: m.settings("")})
	m.add("settings-clinic", "", &web.ClinicSettings{SettingsPage: m.settings("settings.clinic"), ClinicName: "Sunrise Clinic", LegalName: "Sunrise Health LLP", ContactEmail: "desk@sunrise.example", Countries: countries, Zones: []web.Option{{Value: "Asia/Kolkata", Label: "India Standard Time", On: true}}, Colour: "#2f5d86", HasLogo: true, Spoken: map[string]bool{"en": true, "ta": true}, DefaultLanguage: "en", Jurisdictions: countries, Regions: countries, Currency: "INR"})
	fields := []web.PublicField{{Name: "speciality", On: true}, {Name: "qualification"}, {Name: "registration"}, {Name: "about"}}
	m.add("settings-public", "", &web.PublicSettings{SettingsPage: m.settings("settings.public"), Share: "https://book.example/c/sunrise", Open: true, Fields: []web.PublicField{{Name: "phone", On: true}, {Name: "email"}}, Providers: []web.PublicProvider{{ID: ident(20), Name: providers[0], Version: 2, Fields: fields}, {ID: ident(21), Name: providers[1], Version: 5, Fields: fields}}})
	m.add("settings-staff", "", &web.StaffSettings{SettingsPage: m.settings("settings.staff"), Roles: access.StaffRoles, InviteRole: access.FrontDesk,
		People:      []web.StaffRow{{ID: ident(1), Name: "Meera Pillai", Email: "meera@sunrise.example", JobTitle: "Practice manager", Role: access.Owner, Self: true}, {ID: ident(2), Name: "علي حسن", Email: "ali@sunrise.example", Role: access.FrontDesk, Version: 4, CanEdit: true}},
		Invitations: []web.InvitationRow{{ID: ident(3), Email: "new@sunrise.example", Role: access.Assistant, Expires: m.at(18, 0)}}, Rights: []web.RoleWords{{Role: access.FrontDesk, Rights: []string{"Book, move, cancel and mark appointments."}}}})
	m.add("settings-providers", "", &web.ProvidersSettings{SettingsPage: m.settings("settings.providers"), Providers: []web.ProviderRow{{ID: ident(20), Name: providers[0], Qualification: "MBBS, MD", Services: []string{"First consultation", "Follow-up"}}, {ID: ident(21), Name: providers[1], NoHours: true}, {ID: ident(22), Name: providers[2], Retired: "2026-10-01"}}})
	services := []web.Option{{Value: ident(11), Label: "First consultation", On: true}, {Value: ident(12), Label: "Follow-up"}}
	m.add("settings-provider", "", &web.ProviderSettings{SettingsPage: m.settings("settings.providers"), ID: ident(20), ProviderName: providers[0], Qualification: "MBBS, MD", Registration: "KMC 48213", Speciality: "General medicine", Services: services, Accounts: []web.Option{{Value: "", Label: "–"}}})
	m.add("settings-provider", "retired", &web.ProviderSettings{SettingsPage: m.settings("settings.providers"), ID: ident(22), ProviderName: providers[2], Retired: "2026-10-01"})
	m.add("settings-provider", "new", &web.ProviderSettings{SettingsPage: m.settings("settings.providers"), Services: services})
	hours := &web.HoursSettings{SettingsPage: m.settings("settings.providers"), ID: ident(20), ProviderName: providers[0], Today: today, Conflicts: m.next()[:1], More: 3,
		Changes: []web.HoursChange{{ID: ident(1), Date: "2026-12-24", Spans: []web.Span{{From: 540, To: 720}}, Words: "Christmas Eve"}, {ID: ident(2), Date: "2026-12-31"}}, Leave: []web.LeaveRow{{ID: ident(3), From: "2027-01-04", To: "2027-01-15", Words: "Family"}}, ChangeForm: web.ChangeForm{Date: "2026-12-24", From1: "09:00", To1: "12:00"}}
	for i := range 7 {
		d := web.HoursDay{Day: time.Weekday((i + 1) % 7)}
		if i < 6 {
			d.Spans = []web.TypedSpan{{From: "09:00", To: "13:00"}, {From: "15:00", To: "19:00"}}
		}
		hours.Days = append(hours.Days, d)
	}
	m.add("settings-hours", "", hours)
	m.add("settings-retire", "", &web.RetirePage{SettingsPage: m.settings("settings.providers"), ID: ident(20), ProviderName: providers[0], Bookings: m.next(), More: 12, Others: []web.Option{{Value: ident(21), Label: providers[1]}}})
	m.add("settings-services", "", &web.ServicesSettings{SettingsPage: m.settings("settings.services"), Services: []web.ServiceRow{{ID: ident(11), Name: "First consultation", Minutes: 30, Before: 5, After: 10, Price: &web.Price{Minor: 80000, Currency: "INR"}, Providers: providers[:3], Public: true}, {ID: ident(12), Name: "Follow-up", Minutes: 15}, {ID: ident(13), Name: "Old", Minutes: 15, Retired: true}}})
	m.add("settings-service", "", &web.ServiceSettings{SettingsPage: m.settings("settings.services"), ID: ident(11), ServiceName: "First consultation", Minutes: "30", Before: "5", After: "10", Price: "800", Currency: "INR", Public: true, Providers: []web.Option{{Value: ident(20), Label: providers[0], On: true}}})
	m.add("settings-closures", "", &web.ClosuresSettings{SettingsPage: m.settings("settings.closures"), Closures: []web.LeaveRow{{ID: ident(1), From: "2026-12-25", To: "2026-12-25", Words: "Christmas"}}, Conflicts: m.next()[:1], More: 3})
	wrong := m.settings("settings.booking")
	wrong.Shell = problems(wrong.Shell, "horizon_days")
	m.add("settings-booking", "", &web.BookingSettings{SettingsPage: wrong, NoticeHours: "2", HorizonDays: "900", Step: "15"})
	m.add("settings-reminders", "", &web.ReminderSettings{SettingsPage: m.settings("settings.reminders"), Rules: []web.ReminderRule{{ID: ident(1), Before: 24 * 60, Hours: "24", Minutes: "0", Channel: "email", On: true, Version: 1}, {ID: ident(2), Before: 90, Hours: "1", Minutes: "30", Channel: "email", On: true, Version: 1}, {ID: ident(3), Before: 45, Hours: "0", Minutes: "45", Channel: "email", Version: 2}}, Quiet: m.t.Say("settings.quiet_rule", "From", m.t.Minute(21*60), "To", m.t.Minute(8*60)), NewChannel: "email"})
	m.channelPages()
	m.programPages()
	m.textPages()
	m.followupPages()
	m.auditPages()
	m.reportPages()
	m.backupPages()
	m.domainPages()
	m.vendorPages()
	m.exportPages()
	m.importPages()
	m.carePages()
	m.rxPages()
	m.add("settings-keys", "", &web.KeysSettings{SettingsPage: m.settings("settings.keys"), Keys: true})
}

// empties are the pages with almost nothing in them, as a new clinic or a bare visitor sees them.
func (m *maker) empties() {
	e := m.shell
	empty := []struct {
		name string
		page web.Page
	}{
		{"public-clinic", &web.PublicClinic{Shell: m.public()}}, {"public-providers", &web.PublicProviders{Shell: m.public(), Service: m.services()[1]}}, {"public-times", &web.TimesPage{Shell: m.public(), Service: m.services()[1], Provider: m.cards()[1]}},
		{"public-details", &web.PublicDetails{Shell: m.public(), Service: m.services()[1]}}, {"public-booked", &web.PublicBooked{Shell: m.public()}}, {"home", &web.HomePage{Shell: e()}},
		{"visit", &web.VisitPage{Shell: m.staff(""), Patient: people[0]}}, {"patient-visits", &web.PatientVisitsPage{Shell: m.staff(""), Patient: people[0]}}, {"settings-visits", &web.VisitTemplatesSettings{SettingsPage: m.settings("")}}, {"settings-visit", &web.VisitTemplateSettings{SettingsPage: m.settings("")}},
		{"settings-codes", &web.CodesSettings{SettingsPage: m.settings("")}}, {"settings-intake", &web.IntakeSettings{SettingsPage: m.settings("")}}, {"settings-intake-form", &web.IntakeFormSettings{SettingsPage: m.settings("")}}, {"own-intake", &web.OwnIntake{Shell: m.public()}},
		{"own", &web.OwnPage{Shell: m.public()}}, {"own-times", &web.TimesPage{Shell: m.public()}}, {"own-change", &web.OwnChange{Shell: m.public()}}, {"own-cancel", &web.OwnCancel{Shell: m.public()}},
		{"own-done", &web.OwnDone{Shell: e()}}, {"own-unsubscribe", &web.OwnUnsubscribe{Shell: m.public()}}, {"own-gone", &web.OwnGone{Shell: e()}}, {"trust", &web.TrustPage{Shell: e()}}, {"promise-proof", &web.ProofPage{Shell: e()}},
		{"sign-in", &web.SignInPage{Shell: e()}}, {"sign-up", &web.SignUpPage{Shell: e()}}, {"setup", &web.SignUpPage{Shell: e()}}, {"check-mail", &web.CheckMailPage{Shell: e()}}, {"verify", &web.VerifyPage{Shell: e()}},
		{"terms", &web.TermsPage{Shell: e()}}, {"forgot", &web.ForgotPage{Shell: e()}}, {"reset", &web.ResetPage{Shell: e()}}, {"link-gone", &web.LinkGonePage{Shell: e()}}, {"invitation", &web.InvitationPage{Shell: e()}}, {"choose-clinic", &web.ChooseClinicPage{Shell: e()}}, {"error", &web.ErrorPage{Shell: e()}},
		{"day", &web.DayPage{Shell: m.staff("nav.day"), Day: today, Today: today}}, {"appointment", &web.AppointmentCard{Shell: m.staff(""), Patient: people[0]}}, {"appointment-panel", &web.AppointmentCard{Shell: e()}}, {"day-column", &web.DayColumn{Shell: e()}},
		{"patient-hits", &web.HitsFragment{Shell: e()}}, {"free-slots", &web.FreeFragment{Shell: e()}}, {"book", &web.BookPage{Shell: m.staff("")}}, {"week", &web.WeekPage{Shell: m.staff("")}},
		{"dashboard", &web.DashboardPage{Shell: m.staff("nav.home"), Today: today}}, {"patients", &web.PatientsPage{Shell: m.staff("")}}, {"patient-new", &web.PatientNewPage{Shell: m.staff("")}}, {"patient", &web.PatientPage{Shell: m.staff(""), Patient: people[0]}}, {"patient-delete", &web.PatientDeletePage{Shell: m.staff("")}},
		{"audit", &web.AuditPage{AuditShell: m.audit("log")}}, {"audit-noticed", &web.NoticedPage{AuditShell: m.audit("noticed")}}, {"audit-reviews", &web.ReviewsOfLog{AuditShell: m.audit("reviews")}}, {"audit-checks", &web.ChecksPage{AuditShell: m.audit("checks")}}, {"me", &web.MePage{Shell: m.staff("")}}, {"messages", &web.MessagesPage{Shell: m.staff("")}}, {"message", &web.MessagePage{Shell: m.staff(""), What: "Reminder"}}, {"figures", &web.FiguresPage{Shell: m.staff("")}}, {"outbox", &web.OutboxPage{Shell: m.staff("")}}, {"phone", &web.PhonePage{Shell: m.staff("")}},
		{"settings", &web.SettingsHome{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-clinic", &web.ClinicSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-public", &web.PublicSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}},
		{"settings-staff", &web.StaffSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-providers", &web.ProvidersSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-provider", &web.ProviderSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}},
		{"settings-hours", &web.HoursSettings{ProviderName: providers[0], SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-retire", &web.RetirePage{ProviderName: providers[0], SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-services", &web.ServicesSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}},
		{"settings-service", &web.ServiceSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-closures", &web.ClosuresSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-booking", &web.BookingSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}},
		{"inbox", &web.InboxPage{Shell: m.staff("")}}, {"inbox-rows", &web.InboxPage{Shell: m.staff("")}}, {"thread", &web.ThreadPage{Shell: m.staff("")}}, {"thread-live", &web.ThreadPage{Shell: m.staff("")}},
		{"settings-conversations", &web.ConversationSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}},
		{"settings-channels", &web.ChannelsSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-channel-keys", &web.ChannelKeys{ChannelsSettings: web.ChannelsSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}, Account: web.AccountCard{ID: ident(1)}}}, {"settings-channel-revoke", &web.ChannelRevoke{SettingsPage: web.SettingsPage{Shell: m.staff("")}, Account: web.AccountCard{ID: ident(1)}}},
		{"settings-tokens", &web.TokensSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-token-made", &web.TokenMade{SettingsPage: web.SettingsPage{Shell: m.staff("")}, Name: "A", Text: "almirah_0", Docs: "/d"}}, {"settings-webhooks", &web.WebhooksSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}},
		{"settings-webhook", &web.WebhookSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}, ID: ident(1), Host: "a.example:443"}}, {"settings-webhook-secret", &web.WebhookSecret{SettingsPage: web.SettingsPage{Shell: m.staff("")}, ID: ident(1), Host: "a.example:443", Secret: "whsec_"}}, {"receiver", &web.ReceiverPage{Shell: m.staff("")}},
		{"settings-followups", &web.FollowupsSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-followup", &web.FollowupSettings{Kind: "visit", Language: "en", SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"reviews", &web.ReviewsPage{Shell: m.staff("")}},
		{"own-review", &web.OwnReview{Shell: m.public()}}, {"own-leave", &web.OwnLeave{Shell: m.public()}},
		{"settings-reminders", &web.ReminderSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-messages", &web.TemplatesPage{SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-message", &web.TemplatePage{Kind: "reminder", Language: "en", SettingsPage: web.SettingsPage{Shell: m.staff("")}}}, {"settings-texts", &web.TextsPage{SettingsPage: web.SettingsPage{Shell: m.staff("")}, Provider: "Meta"}},
		{"settings-text-remove", &web.TextRemove{SettingsPage: web.SettingsPage{Shell: m.staff("")}, Kind: "reminder", Language: "en", Text: web.TextState{Words: "approved"}}}, {"settings-keys", &web.KeysSettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}}},
	}
	for _, x := range empty {
		m.add(x.name, "bare", x.page)
	}
}
