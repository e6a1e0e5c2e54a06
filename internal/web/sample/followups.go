package sample

import "almirah/internal/web"

func (m *maker) followupPages() {
	sent := []web.StateCount{{State: "sent", Count: 41}, {State: "dropped", Count: 3}}
	list := &web.FollowupsSettings{SettingsPage: m.settings("settings.followups"), Kinds: []string{"missed", "visit", "recall", "review"}, URL: "https://reviews.example.com/sunrise", LinkVersion: 2,
		Rules: []web.FollowupRow{{ID: ident(61), Kind: "missed", Channel: "email", Days: 1, At: 600, On: true, Version: 1, Sent: sent}, {ID: ident(62), Kind: "recall", Channel: "sms", Days: 180, At: 630, Service: "First consultation", Version: 4},
			{ID: ident(63), Kind: "review", Channel: "email", Days: 2, At: 660, Buffer: 90, On: true, Version: 2}},
		Suggested: []web.FollowupRow{{Kind: "visit", Channel: "email", Days: 3, At: 600}}}
	m.add("settings-followups", "", list)
	wrong := &web.FollowupsSettings{SettingsPage: m.settings("settings.followups"), Kinds: list.Kinds, URL: "http://reviews.example.com"}
	wrong.Shell = problems(wrong.Shell, "url")
	m.add("settings-followups", "wrong", wrong)
	services := []web.Option{{Label: m.t.Say("after.any"), On: true}, {Value: ident(11), Label: "First consultation"}, {Value: ident(12), Label: "فحص"}}
	one := func() *web.FollowupSettings {
		return &web.FollowupSettings{SettingsPage: m.settings("settings.followups"), ID: ident(63), Kind: "review", Channel: "email", Channels: []string{"email", "sms"}, Days: "2", At: "11:00", Buffer: "90", Services: services, Active: true, Language: "en", Sent: sent}
	}
	full := one()
	kept := []web.WhyCount{{Key: "after.why.not-over", Count: 4}, {Key: "after.why.no-consent", Count: 12}, {Key: "after.why.complaint", Count: 1}}
	full.Tomorrow = &web.FollowupReach{Day: today.AddDays(1), Visits: 20, Count: 3, People: []web.Reached{{ID: ident(201), Name: people[1]}, {ID: ident(202), Name: "علي حسن"}, {ID: ident(203), Broken: true}}, Kept: kept}
	full.Day, full.Dry = string(today.AddDays(3)), &web.FollowupReach{Day: today.AddDays(3), Visits: 120, Count: 31, Kept: kept, More: true}
	m.add("settings-followup", "", full)
	bad := one()
	bad.ID, bad.Days, bad.At, bad.Buffer = "", "0", "23:00", "many"
	bad.Shell = problems(bad.Shell, "days", "at", "buffer", "service")
	m.add("settings-followup", "wrong", bad)
	quiet := one()
	quiet.Tomorrow, quiet.Sent = &web.FollowupReach{Day: today.AddDays(1)}, nil
	m.add("settings-followup", "nobody", quiet)

	m.add("reviews", "", &web.ReviewsPage{Shell: m.staff("nav.messages"), Older: "/app/reviews?before=1", Rows: []web.ReviewRow{
		{ID: ident(71), Patient: people[1], PatientID: ident(201), AppointmentID: ident(101), Stars: 1, Words: "I waited for two hours.\nNobody said why.", At: m.at(10, 40), Complaint: true, Seen: 7},
		{ID: ident(72), Patient: "فاطمة الشيخ", PatientID: ident(202), AppointmentID: ident(102), Stars: 5, Words: "شكرا للجميع", At: m.at(9, 10), WentOn: true},
		{ID: ident(73), Broken: true, PatientID: ident(203), AppointmentID: ident(103), Stars: 2, Unread: true, At: m.at(9, 0), Settled: m.at(9, 30)},
		{ID: ident(74), Patient: people[3], PatientID: ident(204), AppointmentID: ident(104), Stars: 4, At: m.at(8, 0)}}})
	m.add("reviews", "open", &web.ReviewsPage{Shell: m.staff("nav.messages"), Open: true})
	own := func() *web.OwnReview {
		b := m.booking("completed")
		return &web.OwnReview{Shell: m.public(), Token: "9Jq3", Booking: b, Can: true}
	}
	m.add("own-review", "", own())
	early := own()
	early.Can, early.Booking = false, m.booking("booked")
	m.add("own-review", "early", early)
	told := own()
	told.Given, told.Stars, told.Words, told.Host = true, 2, "The stairs were steep.", "reviews.example.com"
	m.add("own-review", "told", told)
	again := own()
	again.Given, again.Changing, again.Words = true, true, "The stairs were steep."
	again.Shell = problems(again.Shell, "stars", "words")
	m.add("own-review", "wrong", again)
	m.add("own-leave", "", &web.OwnLeave{Shell: m.public(), Token: "9Jq3", Host: "reviews.example.com", URL: "https://reviews.example.com/sunrise"})
}
