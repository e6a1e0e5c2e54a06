package sample

import (
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/promise"
	"almirah/internal/web"
)

func (m *maker) services() []web.ServiceOffer {
	return []web.ServiceOffer{
		{ID: ident(11), Name: "First consultation", About: "Please bring earlier reports.", Minutes: 30, Price: &web.Price{Minor: 80000, Currency: "INR"}, Providers: 4},
		{ID: ident(12), Name: "Follow-up", Minutes: 15, Price: &web.Price{Minor: 40000, Currency: "INR"}, Providers: 4},
		{ID: ident(13), Name: "फिज़ियोथेरेपी", About: "आरामदायक कपड़े पहनें।", Minutes: 45, Price: &web.Price{Minor: 120050, Currency: "INR"}, Providers: 1},
		{ID: ident(14), Name: "Vaccination", Minutes: 10, Providers: 2},
	}
}

func (m *maker) cards() []web.ProviderCard {
	out := make([]web.ProviderCard, 0, len(providers))
	for i, p := range providers {
		c := web.ProviderCard{ID: ident(20 + i), Name: p, NextFree: m.at(9+i, 15*i%60)}
		switch i {
		case 0:
			c.Qualification, c.Registration, c.About = "General medicine, MBBS, MD (Medicine)", "KMC 48213", "Sees adults and families since 2004."
		case 3:
			c.NextFree = time.Time{}
		}
		out = append(out, c)
	}
	return out
}

func (m *maker) days(chosen clock.Date) []web.DayChoice {
	var out []web.DayChoice
	for i := range 14 {
		d := today.AddDays(i)
		c := web.DayChoice{Date: d, Free: (i*7 + 5) % 13, Current: d == chosen}
		if d.Weekday() == time.Sunday {
			c.Free, c.Closed = 0, true
		}
		if i == 1 {
			c.Free = 0
		}
		if c.Current && c.Free == 0 {
			c.Free = 9
		}
		out = append(out, c)
	}
	return out
}

func (m *maker) slots() []web.SlotChoice {
	var out []web.SlotChoice
	for _, x := range [][2]int{{9, 15}, {9, 45}, {10, 0}, {11, 30}, {12, 15}, {15, 0}, {15, 15}, {16, 45}, {17, 30}, {18, 0}} {
		out = append(out, web.SlotChoice{At: m.at(x[0], x[1]), Provider: ident(21), Name: providers[1]})
	}
	return out
}

func (m *maker) consents() []web.ConsentChoice {
	return []web.ConsentChoice{
		{Purpose: "reminders-email", Sentence: "Send me reminders by e-mail.", Hint: "One a day before, one two hours before.", Notice: "The clinic reminds you of your appointments. For this it uses your name and your e-mail address."},
		{Purpose: "recalls", Sentence: "Tell me when a check-up is due.", Hint: "At most twice a year."},
	}
}

func (m *maker) publicPages() {
	from := func(h, min int) clock.Minute { return clock.Minute(h*60 + min) }
	var hours []web.HoursLine
	for i := range 7 {
		d := time.Weekday((i + 1) % 7)
		l := web.HoursLine{Day: d, Today: d == time.Tuesday, Spans: []web.Span{{From: from(9, 0), To: from(13, 0)}, {From: from(15, 0), To: from(19, 0)}}}
		if d == time.Sunday {
			l.Spans = nil
		}
		hours = append(hours, l)
	}
	m.add("public-clinic", "", &web.PublicClinic{Shell: m.public(), Services: m.services(), Team: m.cards()[:2], Hours: hours, Closures: []web.Closure{{From: "2026-12-25", To: "2026-12-25", Words: "Christmas"}, {From: "2027-01-14", To: "2027-01-16", Words: "பொங்கல்"}}, NextFree: m.at(9, 15)})
	m.add("public-clinic", "paused", &web.PublicClinic{Shell: m.public(), Paused: true, Hours: hours})
	m.add("public-providers", "", &web.PublicProviders{Shell: m.public(), Service: m.services()[0], Providers: m.cards(), NextFree: m.at(9, 15)})
	m.add("public-times", "", &web.TimesPage{Shell: m.public(), Service: m.services()[0], Provider: m.cards()[1], Days: m.days(today), Day: today, Slots: m.slots(), Later: "2026-12-08", Earlier: "2026-11-10"})
	m.add("public-times", "none", &web.TimesPage{Shell: m.public(), Service: m.services()[0], Provider: web.ProviderCard{ID: "any"}, Days: m.days("2026-11-25"), NextDay: "2026-12-14", Taken: m.at(9, 15), TakenWhy: m.t.Say("public.taken_seen")})
	form := web.BookingForm{Whom: "self", Name: "Asha Rao", Phone: "+91 98450 12345", Email: "asha@example.org", Consents: map[string]bool{}, Key: ident(31)}
	details := web.PublicDetails{Shell: m.public(), Service: m.services()[0], Provider: m.cards()[1], At: m.at(9, 15), Ends: m.at(9, 45), Consents: m.consents(), AdultAge: 18}
	fresh := details
	fresh.Form = web.BookingForm{Consents: map[string]bool{}, Key: ident(31)}
	m.add("public-details", "", &fresh)
	wrong := details
	wrong.Form = form
	wrong.Form.Whom, wrong.Form.Birth = "other", web.BirthTyped{Day: "31", Month: "2", Year: "2015"}
	wrong.Form.Note = "Fever since Monday"
	wrong.NoteHint = true
	wrong.Shell = problems(m.public(), "name", "phone", "birth", "guardian_name")
	m.add("public-details", "wrong", &wrong)
	taken := details
	taken.Form, taken.Taken, taken.TakenWhy, taken.Alternatives = form, m.at(9, 15), m.t.Say("public.taken_text"), m.slots()[1:5]
	taken.Shell = m.public()
	m.add("public-details", "taken", &taken)
	m.add("public-booked", "", &web.PublicBooked{Shell: m.public(), Booking: m.booking("booked"), SentTo: []string{"a•••@example.org"}, Reminders: true})
	m.trust()
	m.add("home", "", &web.HomePage{Shell: m.shell(), Open: true})
}

func (m *maker) booking(state string) web.BookingCard {
	return web.BookingCard{ID: ident(41), Service: "First consultation", Provider: providers[1], At: m.at(9, 15), Ends: m.at(9, 45), Minutes: 30, Price: &web.Price{Minor: 80000, Currency: "INR"}, State: state, Version: 3, Patient: "मीना शर्मा", ManageURL: "/m/9Jq3", CanMove: state == "booked" || state == "confirmed", CanStop: state == "booked" || state == "confirmed"}
}

func (m *maker) trust() {
	sentence := func(id, status, text string) web.TrustSentence {
		s := web.TrustSentence{ID: id, Text: text, Status: status}
		if status == "enforced" || status == "broken" {
			s.Checked, s.Since = m.at(14, 2), m.at(13, 40)
		}
		return s
	}
	page := web.TrustPage{Use: m.uses(clinics.OutsideRegion), Version: "3", Effective: "2026-11-01", Modules: []web.ModuleSaid{{Title: "Scheduling", Text: "This clinic keeps your name, how to reach you, your appointments, the messages about them and your consents.", On: true}, {Title: "Clinical records", Text: "This clinic keeps no diagnoses and no medical records here. There is no place to store them."}}, CheckedAt: m.at(14, 2), Responsible: []string{"Sunrise Health LLP", "12 Church Street", "desk@sunrise.example"}, Entity: web.Entity{Name: "Almirah Hosting LLP", Address: "7 Lake Road, Bengaluru", Contact: "privacy@host.example"},
		Groups: []web.TrustGroup{
			{ID: "keep", Title: "What we keep", Whom: []string{"patients", "staff"}, Sentences: []web.TrustSentence{
				sentence("p-c2", "enforced", "To book online we ask for a name and one way to reach you, and for nothing else."),
				sentence("p-d7", "enforced", "There is no place here for a government number or a fingerprint: the fields do not exist."),
				sentence("p-t2", "human", "Everybody who works here has promised to keep what they see to themselves."),
			}},
			{ID: "send", Title: "Messages", Sentences: []web.TrustSentence{
				sentence("p-f13", "broken", "A reminder goes out once, and never after you cancelled."),
				sentence("p-e1", "not-applicable", "Prescriptions are kept for as long as the law asks."),
				sentence("p-n7", "not-yet", "You can see who looked at your record."),
			}}},
		Cookies:    []web.CookieRow{{Name: "__Host-session", Kind: "essential", Purpose: "Keeps you signed in", Life: "12 hours"}, {Name: "__Host-pref", Kind: "preference", Purpose: "Remembers language and colours", Life: "1 year"}},
		Processors: []web.ProcessorRow{{Name: "mail.example.net", Purpose: "Sends e-mail", Data: "E-mail address, name, time of the appointment", Region: "India", Safeguard: "Contract of 1 Nov 2026"}},
		Holdings:   []web.HoldingRow{{What: "Name, phone, e-mail", Purpose: "To run the appointment", Keeps: "3 years after the last visit"}},
		Short:      []string{"Sunrise Health LLP decides about your data. Below stand what it keeps and whom to ask.", "Nobody’s data is sold."}, Children: []string{"Under this law a person decides about her own visits from the age of 18 on."}, Request: "/c/sunrise/privacy/request", Reply: "desk@sunrise.example",
		Regions: []web.RegionRow{{ID: "IN", Name: "India", First: true, Rights: []web.RightRow{{Text: "To see your data and to get a copy.", Source: "DPDP Act 2023, section 11"}}, Answers: "Answered: what is held about you, within 72 hours; everything else, within 30 days.", Child: "From the age of 18 on.", Authority: "Data Protection Board of India", Page: "https://www.dpb.gov.in"}, {ID: "ZZ", Name: "Every other country", Authority: "the data protection authority of your country"}},
		Lives:   []web.LifeRow{{What: "Visits", Now: "4 years", Least: "3 years", Most: "while you are with the clinic", Child: "a child’s: until the age of 18"}, {What: "Messages", Most: "180 days"}},
		Terms:   []web.TermRow{{Word: "Appointment", Text: "A time that is kept for a patient."}},
		Limits:  []string{"No system is completely secure.", "Who receives an e-mail keeps a copy that we cannot take back."}}
	page.Shell = m.public()
	m.add("trust", "", &page)
	bare := page
	bare.Shell, bare.Processors, bare.Holdings, bare.Responsible, bare.Entity.Contact = m.shell(), nil, nil, nil, ""
	m.add("trust", "platform", &bare)
	proof := web.ProofPage{Shell: m.shell(), TrustSentence: sentence("p-f13", "broken", "A reminder goes out once, and never after you cancelled."), Sources: []string{"F13"}, KeptBy: []string{"internal/messaging/outbox.go"}, ProvedBy: []string{"messaging.TestRemindOnce"}, Probe: "reminder-once",
		Twins:    []promise.Twin{{Name: "the same reminder twice", File: "internal/messaging/outbox.go", Red: []string{"messaging.TestRemindOnce"}}},
		Evidence: "1 reminders were planned twice", Spells: []web.Spell{{Status: "broken", Evidence: "1 reminders were planned twice", Since: m.at(13, 40), Last: m.at(14, 2), Times: 3}, {Status: "enforced", Evidence: "looked at 1 clinics", Since: m.at(8, 0), Last: m.at(13, 30), Times: 34}}}
	m.add("promise-proof", "", &proof)
	human := web.ProofPage{Shell: m.shell(), TrustSentence: sentence("p-t2", "human", "Everybody who works here has promised to keep what they see to themselves."), Sources: []string{"T2"}}
	m.add("promise-proof", "human", &human)
}

func (m *maker) ownPages() {
	own := func(state string) *web.OwnPage {
		return &web.OwnPage{Shell: m.public(), Token: "9Jq3", Booking: m.booking(state), Others: []web.BookingCard{m.booking("booked")},
			Wish: m.wish(), Said: m.ownSaid(), Consents: []web.OwnConsent{{ConsentChoice: m.consents()[0], Given: true, Since: today, Older: true}, {ConsentChoice: m.consents()[1]}}}
	}
	m.add("own", "", own("booked"))
	before := own("booked")
	before.Intake, before.IntakeOpen = true, 2
	m.add("own", "intake", before)
	m.add("own", "cancelled", own("cancelled"))
	m.add("own", "confirmed", own("confirmed"))
	late := own("arrived")
	late.CanSay = true
	m.add("own", "late", late)
	alone := &web.OwnPage{Shell: m.public(), Token: "9Jq3", Booking: m.booking("booked"), Booker: true}
	alone.Booking.CanMove, alone.Booking.CallToMove = false, true
	m.add("own", "booker", alone)
	b := m.booking("booked")
	m.add("own-times", "", &web.TimesPage{Shell: m.public(), Service: m.services()[0], Provider: m.cards()[1], Days: m.days(today), Day: today, Slots: m.slots(), Token: "9Jq3", Current: &b})
	m.add("own-change", "", &web.OwnChange{Shell: m.public(), Token: "9Jq3", Booking: b, At: m.at(16, 45), Ends: m.at(17, 15), Provider: m.cards()[1], Key: ident(5)})
	m.add("own-cancel", "", &web.OwnCancel{Shell: m.public(), Token: "9Jq3", Booking: b, Key: ident(5)})
	off := m.booking("cancelled")
	m.add("own-done", "cancelled", &web.OwnDone{Shell: m.public(), Token: "9Jq3", What: "cancelled", Booking: &off})
	m.add("own-done", "changed", &web.OwnDone{Shell: m.public(), Token: "9Jq3", What: "changed", Booking: &b})
	m.add("own-unsubscribe", "", &web.OwnUnsubscribe{Shell: m.public(), Token: "9Jq3", Purpose: "reminders", Action: "/m/9Jq3/unsubscribe"})
	m.add("own-gone", "", &web.OwnGone{Shell: m.public()})
}

func (m *maker) signPages() {
	m.add("sign-in", "", &web.SignInPage{Shell: m.shell(), Open: true, PasskeyName: "book.example", Demos: []web.DemoSignIn{{Role: access.Owner, Email: "owner@sunrise.example", Password: "four calm blue herons"}, {Role: access.FrontDesk, Email: "desk@sunrise.example", Password: "four calm blue herons"}}})
	refused := m.shell()
	refused.Alert = "The address and the password do not belong together."
	m.add("sign-in", "refused", &web.SignInPage{Shell: refused, Email: "desk@sunrise.example", Next: "/app/day"})
	zones := []web.Option{{Value: "Asia/Kolkata", Label: "India Standard Time", On: true}, {Value: "Asia/Dubai", Label: "Gulf Standard Time"}}
	countries := []web.Option{{Value: "IN", Label: "India", On: true}, {Value: "AE", Label: "United Arab Emirates"}}
	up := func() *web.SignUpPage {
		return &web.SignUpPage{Shell: m.shell(), Zones: zones, Countries: countries, TermsDate: "2026-11-01"}
	}
	m.add("sign-up", "", up())
	bad := up()
	bad.Shell = problems(m.shell(), "email", "password", "terms")
	m.add("sign-up", "wrong", bad)
	m.add("setup", "", up())
	m.add("terms", "", &web.TermsPage{Shell: m.shell(), Version: "2026-11-01", Paragraphs: []string{"You own your clinic’s data.", "We keep it locked."}})
	m.add("check-mail", "", &web.CheckMailPage{Shell: m.shell(), What: "verify", Email: "asha@example.org"})
	m.add("verify", "", &web.VerifyPage{Shell: m.shell(), Token: "t"})
	m.add("forgot", "", &web.ForgotPage{Shell: m.shell()})
	m.add("reset", "", &web.ResetPage{Shell: m.shell(), Token: "t"})
	for _, what := range []string{"verify", "reset", "invitation", "setup"} {
		m.add("link-gone", what, &web.LinkGonePage{Shell: m.shell(), What: what})
	}
	m.add("invitation", "", &web.InvitationPage{Shell: m.shell(), Token: "t", ClinicName: "Sunrise Clinic", Role: access.FrontDesk, InvitedBy: "Meera Pillai", Email: "desk@sunrise.example", TermsDate: "2026-11-01", Expires: m.at(18, 0)})
	m.add("invitation", "known", &web.InvitationPage{Shell: m.shell(), Token: "t", ClinicName: "Sunrise Clinic", Role: access.Billing, InvitedBy: "علي حسن", Email: "desk@sunrise.example", Known: true})
	m.add("choose-clinic", "", &web.ChooseClinicPage{Shell: m.shell(), Clinics: []web.ClinicChoice{{ID: ident(1), Name: "Sunrise Clinic", Role: access.Owner}, {ID: ident(2), Name: "العيادة", Role: access.Manager}}})
	for _, code := range []int{401, 403, 404, 409, 422, 429, 500, 503} {
		e := &web.ErrorPage{Shell: m.shell(), Code: code}
		if code == 429 {
			e.RetryAfter = 30
		}
		if code == 409 || code == 403 {
			e.Shell = m.staff("nav.day")
		}
		m.add("error", string([]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)}), e)
	}
}
