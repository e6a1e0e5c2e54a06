package sample

import (
	"slices"
	"time"

	"almirah/internal/clock"
	"almirah/internal/web"
)

// reminder is a text as a rule sends it.
const reminder = "Dear Asha Rao,\n\nThis is a reminder of your appointment.\n\nWhen: 25 Nov 2026, 10:00 am (India Standard Time)\nWith: Dr Leela Nair\nWhere: 12 Church Street, Bengaluru 560001"

func (m *maker) talks() []web.TalkRow {
	return []web.TalkRow{
		{ID: ident(501), URL: "/app/inbox/" + ident(501), Name: people[0], Channel: "whatsapp", At: m.at(11, 12), Today: true, Unread: 2, Snippet: "Can I come at five instead? My bus is late today and I do not want to lose my place.", Until: m.at(11, 12).AddDate(0, 0, 1), Tomorrow: true, Stamp: "4.1"},
		{ID: ident(502), URL: "/app/inbox/" + ident(502), From: "+91 •••• ••77 002", Channel: "sms", At: m.at(11, 2), Today: true, Unread: 1, Snippet: "Who is this?", Stamp: "1.1"},
		{ID: ident(503), URL: "/app/inbox/" + ident(503), Name: people[3], Channel: "whatsapp", At: m.at(10, 40), Today: true, Snippet: "شكرا، سأكون هناك في الموعد", Assigned: "Meera Pillai", Mine: true, Until: m.at(11, 55), Stamp: "7.1"},
		{ID: ident(504), URL: "/app/inbox/" + ident(504), Name: people[1], Channel: "email", At: m.at(9, 5), Today: true, Snippet: "क्या मैं रिपोर्ट साथ लाऊँ?", Assigned: "Anu Thomas", Stamp: "2.1"},
		{ID: ident(505), URL: "/app/inbox/" + ident(505), Name: people[9], Channel: "whatsapp", At: m.at(9, 5).AddDate(0, 0, -3), Shut: true, Stamp: "2.2"},
		{ID: ident(506), URL: "/app/inbox/" + ident(506), Broken: true, Channel: "sms", At: m.at(8, 0).AddDate(0, 0, -4), Snippet: "கவிதா: நன்றி", Stamp: "2.3"},
		{ID: ident(507), URL: "/app/inbox/" + ident(507), Channel: "sms", At: m.at(8, 0).AddDate(0, 0, -5), Done: true, Stamp: "2.4"},
	}
}

func (m *maker) inboxList(box string) web.InboxList {
	l := web.InboxList{Box: box, Rows: m.talks(), Now: m.at(11, 20), Counter: 41, RowsURL: "/app/inbox/rows", Older: "/app/inbox?before=1"}
	for i := range l.Rows {
		l.Rows[i].Day = clock.DateOf(l.Rows[i].At)
	}
	for _, b := range []string{"open", "mine", "unread", "done"} {
		l.Boxes = append(l.Boxes, web.BoxLink{Box: b, URL: "/app/inbox?box=" + b, Current: b == box})
	}
	return l
}

func (m *maker) said() []web.TalkDay {
	line := func(n int, way, who string, at time.Time, text string) web.TalkLine {
		return web.TalkLine{ID: ident(600 + n), Way: way, Who: who, Channel: "whatsapp", At: at, Text: text, Kept: text != ""}
	}
	yesterday := m.at(10, 0).AddDate(0, 0, -1)
	auto := line(1, "auto", "", yesterday, reminder)
	auto.What, auto.Again, auto.MessageID, auto.State, auto.StateAt = m.t.Say("message.kind.reminder"), true, ident(301), "read", yesterday.Add(4*time.Minute)
	mail := line(2, "auto", "", yesterday.Add(time.Minute), "")
	mail.What, mail.Channel, mail.MessageID, mail.State, mail.StateAt, mail.Bad, mail.Why = m.t.Say("message.kind.appointment.booked"), "email", ident(302), "refused", yesterday.Add(time.Minute), true, m.t.Say("message.reason.no-address")
	pressed := line(3, "in", "", yesterday.Add(5*time.Minute), "")
	pressed.What = m.t.Say("inbox.did.button.confirm")
	gone := line(4, "in", "", yesterday.Add(40*time.Minute), "")
	gone.Channel = "sms"
	sent := line(5, "out", "Anu Thomas", yesterday.Add(50*time.Minute), "")
	sent.Channel, sent.MessageID, sent.State, sent.StateAt = "sms", ident(303), "delivered", yesterday.Add(51*time.Minute)
	mine := line(8, "out", "Meera Pillai", m.at(11, 10), "Good morning! Dr Nair is in until six today.")
	mine.Mine, mine.MessageID, mine.State, mine.StateAt = true, ident(304), "sent", m.at(11, 10)
	lost := line(9, "out", "Meera Pillai", m.at(11, 11), "मैं देखती हूँ और आपको बताती हूँ।")
	lost.Mine, lost.MessageID, lost.State, lost.StateAt, lost.Bad = true, ident(305), "uncertain", m.at(11, 11), true
	picture := line(10, "in", "", m.at(11, 12), "")
	picture.What = m.t.Say("inbox.did.media.image")
	picture.Files = m.talkFiles()
	return []web.TalkDay{
		{Date: today.AddDays(-1), Lines: []web.TalkLine{auto, mail, pressed, gone, sent}},
		{Date: today, Today: true, Lines: []web.TalkLine{
			line(6, "in", "", m.at(11, 5), "Can I come at five instead?\nMy bus is late today and I do not want to lose my place."),
			line(7, "note", "Anu Thomas", m.at(11, 8), "She came late twice this month. صباحًا أفضل."), mine, lost, picture,
			line(11, "in", "", m.at(11, 12), "شكرا")}},
	}
}

// talkFiles are one of each fate.
func (m *maker) talkFiles() []web.TalkFile {
	file := func(kind, state, why, own string) web.TalkFile {
		f := web.TalkFile{ID: ident(620), Kind: m.t.Say("inbox.file.type." + kind), State: state, Own: m.t.Say("own.file." + own)}
		if why != "" {
			f.Why = m.t.Say("inbox.file." + why)
		}
		return f
	}
	kept := file("image", "kept", "", "kept")
	kept.URL, kept.Size = "/app/inbox/"+ident(501)+"/files/"+ident(620), m.t.Say("inbox.file.kb", "Count", 240)
	paper := file("application/pdf", "kept", "", "kept")
	paper.URL, paper.Size, paper.Name = kept.URL, m.t.Say("inbox.file.mb", "Count", 3), "blood test of Tuesday, second page (final) تقرير.pdf"
	return []web.TalkFile{kept, paper, file("audio", "asked", "asked", "asked"), file("video", "lost", "lost.kind", "gone"), file("image", "unkept", "unkept", "gone"), file("other", "named", "named", "gone"), file("audio", "deleted", "deleted", "deleted")}
}

// ownSaid is the conversation as the patient sees it: without notes.
func (m *maker) ownSaid() []web.TalkDay {
	out := m.said()
	for i := range out {
		out[i].Lines = slices.DeleteFunc(out[i].Lines, func(l web.TalkLine) bool { return l.Way == "note" })
	}
	return out
}

func (m *maker) canned() []web.CannedReply {
	return []web.CannedReply{{ID: ident(701), Title: "Where we are", Body: "We are at 12 Church Street, first floor. There is a lift.", Version: 1}, {ID: ident(702), Title: "رمضان", Body: "نفتح من الرابعة عصرًا حتى التاسعة مساءً.", Version: 2}}
}

// thread is an open conversation; of is the row of the list that it is.
func (m *maker) thread(of int) *web.ThreadPage {
	p := &web.ThreadPage{Shell: m.staff("nav.inbox"), InboxList: m.inboxList("open"), Back: "/app/inbox", Link: "/app/inbox/" + ident(501), Me: ident(1), Key: ident(9), CanWrite: true, CanAdd: true, Version: 4,
		Staff:  []web.Option{{Label: m.t.Say("inbox.nobody"), On: true}, {Value: ident(2), Label: "علي حسن"}, {Value: ident(3), Label: "Anu Thomas"}, {Value: ident(1), Label: "Meera Pillai"}},
		Canned: m.canned(), Days: m.said(), Keeps: m.t.Say("inbox.keeps.days", "Count", 30),
		Routes: []web.RouteChoice{{Channel: "whatsapp", To: "+91 •••• ••12 345", On: true, Free: true, Until: m.at(23, 12), UntilToday: true}, {Channel: "sms", To: "+91 •••• ••12 345", Free: true}, {Channel: "email", To: "a•••@example.org", Reason: m.t.Say("inbox.route.channel-paused"), Todo: m.t.Say("inbox.route.channel-paused.todo")}}}
	for i := range p.Rows {
		p.Rows[i].Current = i == of
	}
	p.Rows[of].Unread = 0
	r := p.Rows[of]
	p.ID, p.Name, p.From, p.Broken = r.ID, r.Name, r.From, r.Broken
	if of > 0 {
		p.Prev = p.Rows[of-1].URL
	}
	p.Next = p.Rows[of+1].URL
	p.Title = p.Name
	if p.Name == "" {
		p.Title = m.t.Say("title.thread")
		return p
	}
	next := m.booking("confirmed")
	p.PatientID, p.Card = ident(201), web.TalkCard{Next: &next, Wish: "whatsapp", CanBook: true}
	return p
}

func (m *maker) inboxPages() {
	m.add("inbox", "", &web.InboxPage{Shell: m.staff("nav.inbox"), InboxList: m.inboxList("open")})
	none := m.inboxList("unread")
	none.Rows, none.Older = nil, ""
	m.add("inbox", "none", &web.InboxPage{Shell: m.staff("nav.inbox"), InboxList: none})
	rows := m.inboxList("open") // as beside the first of them
	rows.Rows[0].Unread = 0
	m.add("inbox-rows", "", &web.InboxPage{Shell: m.staff("nav.inbox"), InboxList: rows})
	m.add("thread", "", m.thread(0))
	m.add("thread-live", "", m.thread(0))

	whose := m.thread(1) // a family shares the number
	whose.Days = []web.TalkDay{{Date: today, Today: true, Lines: []web.TalkLine{{ID: ident(650), Way: "in", Channel: "sms", At: m.at(11, 2), Text: "Who is this?", Kept: true}}}}
	whose.Candidates = []web.PatientHit{{ID: ident(201), Name: people[0]}, {ID: ident(202), Name: "Kiran Rao"}, {ID: ident(203), Broken: true}}
	whose.Find, whose.Searched, whose.Found = "ra", true, m.hits()
	whose.Routes = []web.RouteChoice{{Channel: "sms", To: "+91 •••• ••77 002", On: true, Free: true}}
	m.add("thread", "whose", whose)

	shut := m.thread(4)
	shut.Days = shut.Days[:1]
	shut.Routes = []web.RouteChoice{{Channel: "whatsapp", To: "+91 •••• ••00 012", On: true, Template: "Hello Subramaniam, this is Sunrise Clinic. We have an answer for you. Please write back so that we can go on.", Lang: "en", Dir: "auto"}, {Channel: "sms", To: "+91 •••• ••00 012", Free: true}}
	shut.Assigned, shut.Mine, shut.Card = "Meera Pillai", true, web.TalkCard{}
	shut.Shell.Alert = m.t.Say("fault.inbox.window")
	shut.Text = "Of course, come at five."
	m.add("thread", "shut", shut)

	wrong := m.thread(0)
	wrong.Shell = problems(wrong.Shell, "text", "channel", "note")
	wrong.NoteOpen, wrong.NoteTyped = true, "Ask again tomorrow"
	m.add("thread", "wrong", wrong)
	done := m.thread(3)
	done.Done, done.Routes, done.Pending, done.Canned = true, nil, true, nil
	m.add("thread", "done", done)
	reader := m.thread(0)
	reader.CanWrite, reader.Assigned = false, "Anu Thomas"
	reader.Routes = []web.RouteChoice{{Channel: "whatsapp", On: true, Reason: m.t.Say("inbox.route.window-closed"), Todo: m.t.Say("inbox.route.window-closed.todo")}}
	m.add("thread", "reader", reader)

	ways := func() []web.WayChoice {
		var out []web.WayChoice
		for i, c := range []string{"whatsapp", "sms", ""} {
			w := web.WayChoice{Name: []string{"way1", "way2", "way3"}[i], Place: i + 1, Options: []web.Option{{Label: m.t.Say("conversations.way.none"), On: c == ""}}}
			for _, x := range []string{"whatsapp", "sms", "email"} {
				w.Options = append(w.Options, web.Option{Value: x, Label: m.t.Say("channel." + x), On: x == c})
			}
			out = append(out, w)
		}
		return out
	}
	settings := func() *web.ConversationSettings {
		return &web.ConversationSettings{SettingsPage: m.settings("settings.conversations"), Content: "none", Days: "30", Ways: ways(), Canned: m.canned(), Fresh: web.CannedReply{Wrong: true}, Most: 50}
	}
	m.add("settings-conversations", "", settings())
	more := settings()
	more.Content, more.AskSure = "full", true
	more.Shell = problems(more.Shell, "sure", "days", "way2")
	m.add("settings-conversations", "more", more)
	reply := settings()
	reply.Shell = problems(reply.Shell, "title", "body")
	reply.Canned[1].Wrong, reply.Fresh.Wrong, reply.Most, reply.CanEdit = true, false, 2, false
	m.add("settings-conversations", "reply", reply)
}

func (m *maker) wish() web.WishForm {
	return web.WishForm{Wish: "sms", Choices: []web.Option{{Label: m.t.Say("wish.any")}, {Value: "sms", Label: m.t.Say("channel.sms"), On: true}, {Value: "email", Label: m.t.Say("channel.email")}}}
}
