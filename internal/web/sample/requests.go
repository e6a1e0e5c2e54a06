package sample

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/web"
)

func (m *maker) requestPages() {
	row := func(n int, kind, state string) web.RequestRow {
		return web.RequestRow{ID: ident(500 + n), Kind: kind, State: state, Door: "link", Name: people[n%len(people)], PatientID: ident(201), Came: m.at(8, n), Told: true}
	}
	open := row(1, "deletion", "open")
	open.Due, open.Share = m.at(18, 0), 84
	late := row(2, "access", "open")
	late.Due, late.Share, late.Late, late.Unconfirmed, late.Door = m.at(7, 0), 100, true, true, "letter"
	nobody := web.RequestRow{ID: ident(503), Kind: "correction", State: "received", Door: "operator", Nameless: true, Came: m.at(9, 0)}
	broken := row(4, "complaint", "open")
	broken.Broken, broken.Due, broken.Share, broken.Door = true, m.at(20, 0), 12, "talk"
	answered := row(5, "objection", "answered")
	answered.Outcome = "partly"
	refused := row(6, "portability", "answered")
	refused.Outcome = "refused"
	back := row(7, "restriction", "withdrawn")
	back.Door = "visit"
	m.add("requests", "", &web.RequestsPage{Shell: m.staff(""), Open: []web.RequestRow{late, open, broken, nobody}, Over: []web.RequestRow{answered, refused, back, row(8, "nomination", "withdrawn")}, CanAct: true, Names: true,
		Young: []web.YoungRow{{PatientID: ident(202), Name: people[1], Delete: m.at(9, 0).AddDate(0, 0, 14)}, {PatientID: ident(203), Broken: true, Delete: m.at(9, 0)}}})
	fresh := &web.RequestNewPage{Shell: m.staff(""), PatientID: ident(201), Patient: people[0], Kind: "access", Door: "visit", Asker: "self", Proof: "met", Came: "2026-11-24", Words: "All about my knee.", Today: "2026-11-24", CanSee: true}
	m.add("request-new", "", fresh)
	wrong := &web.RequestNewPage{Shell: m.staff(""), Kind: "correction", Door: "letter", Asker: "nominee", Came: "2026-12-24", Contact: "a@b", Words: "No", Today: "2026-11-24"}
	wrong.Shell = problems(wrong.Shell, "kind", "door", "asker", "came", "contact", "words")
	m.add("request-new", "wrong", wrong)
	said := []web.StatementRow{{ID: ident(521), About: "health", Words: "The left knee, not the right one.", At: m.at(8, 30)}, {ID: ident(522), About: "other", Words: "لم أقل هذا.", At: m.at(8, 40)}}
	full := func(r web.RequestRow) *web.RequestPage {
		return &web.RequestPage{Shell: m.staff(""), RequestRow: r, Asker: "guardian", Proof: "contact", ProvedBy: "Meera Pillai", Law: "IN", Source: "Indian Medical Council Regulations 2002, 1.3.2", Words: "Everything about the knee.\nAnd the pictures.", Reached: []string{"a•••@example.org", "••••••4321"},
			Nominee: "Omar Haddad", NomineeContact: "+91 98450 10001", Guardians: []string{people[3]}, Statements: said, Known: m.at(9, 10), ConfirmDue: m.at(17, 0), Thread: ident(301), CanLonger: true, CanAct: true, NeedsReview: true, Version: 2, TypedOutcome: "partly", TypedGround: "others", TypedWhy: "Names of others stand in it.", TypedProof: "contact"}
	}
	one := full(late)
	one.Confirmed, one.Longer = m.at(9, 0), m.at(10, 0)
	one.WasKind, one.KindAt = "complaint", m.at(9, 30)
	m.add("request", "", one)
	hers := full(open)
	hers.Hers, hers.Nominee = true, ""
	m.add("request", "hers", hers)
	bad := full(open)
	bad.Shell, bad.TypedBack = problems(bad.Shell, "outcome", "ground", "why", "reviewed", "kind", "back"), "No."
	m.add("request", "wrong", bad)
	objects := full(open)
	objects.Shell, objects.Kind, objects.Stops = problems(objects.Shell, "stops"), "objection", []web.Option{{Value: "news", Label: "News", On: true}, {Value: "figures", Label: "Figures"}}
	m.add("request", "objection", objects)
	names := full(open)
	names.Shell, names.Kind, names.TypedNominee, names.TypedReach = problems(names.Shell, "nominee", "reach"), "nomination", "O", "none"
	m.add("request", "nomination", names)
	asks := full(nobody)
	asks.Shell, asks.Name, asks.Known, asks.Proof, asks.Reached, asks.Nominee, asks.Statements, asks.Contact = problems(asks.Shell, "patient", "proof"), "", time.Time{}, "", nil, "", nil, "asha@example.org"
	asks.Alike, asks.Find, asks.Searched, asks.Found = m.hits()[:1], "Asha", true, m.hits()
	m.add("request", "who", asks)
	gone := full(refused)
	gone.CanTell, gone.Decided, gone.DecidedBy, gone.Ground, gone.Why, gone.Letter, gone.Erase = true, m.at(12, 0), "Meera Pillai", "keeping", "The law keeps it.", "On 24 November 2026 you asked Sunrise Clinic.\n\nThis costs you nothing.", m.at(12, 15)
	m.add("request", "told", gone)
	done := full(answered)
	done.Kind, done.Outcome, done.Decided, done.ToldAt, done.ToldBy, done.Letter, done.CanPrint = "access", "granted", m.at(12, 0), m.at(12, 1), "message", "It was granted.", true
	m.add("request", "done", done)
	parts := []web.CopyPart{{Words: m.t.Say("request.table.patient"), Rows: [][]web.CopyCell{{{Name: "Name", Value: people[0]}, {Name: "Phone", Value: "+919845010001"}}}},
		{Words: m.t.Say("request.table.looked"), Rows: [][]web.CopyCell{{{Name: "Role", Value: "front-desk"}}, {{Name: "Role", Value: "owner"}}}}}
	m.add("request-copy", "", &web.CopyPage{Shell: m.staff(""), ID: ident(505), Patient: people[0], Made: m.at(12, 0), Parts: parts})
	m.add("own-copy", "", &web.CopyPage{Shell: m.public(), Token: "t", Patient: people[0], Made: m.at(12, 0), Parts: parts})
	hand := &web.HandOversPage{Shell: m.helper(false), Slug: "sunrise", Kind: "access", Contact: "asha@example.org", Words: "She wants her data.", Reply: m.t.Say("request.operator.reply", "Clinic", "Sunrise Clinic", "Page", "https://example.org/c/sunrise/privacy/request")}
	hand.Shell = problems(hand.Shell, "slug", "kind", "contact", "words")
	m.add("platform-requests", "", hand)
	own := &web.OwnDataPage{Shell: m.public(), Token: "t", Back: true, Patient: people[0], Phone: "••••••4321", Email: "a•••@example.org", Held: []web.KeptRow{{Words: m.t.Say("request.table.patient"), Count: 1}, {Words: m.t.Say("request.table.message"), Count: 23}},
		Requests: []web.RequestRow{open, nobody, answered, refused}, Statements: said, NomineeName: "Omar Haddad", NomineeContact: "omar@example.org", NomineeSince: m.at(8, 0), Restricted: true, Proving: "n•••@example.org", About: "health"}
	own.Flash = m.t.Say("done.request-said")
	m.add("own-data", "", own)
	typed := &web.OwnDataPage{Shell: m.public(), Token: "t", Patient: people[2], Child: true, Email: "a•••@example.org", Proving: "n•••@example.org", Contact: "x", NameTyped: "O", ContactTyped: "1", About: "name", Words: "No"}
	typed.Shell = problems(typed.Shell, "code", "address", "about", "words", "name", "contact")
	m.add("own-data", "wrong", typed)
	for _, kind := range []string{"correction", "deletion", "objection", "complaint"} {
		p := &web.OwnAskPage{Shell: m.public(), Token: "t", Kind: kind, About: "birth", Words: "It was 1984.", Authority: "Data Protection Board of India", Page: "https://www.dpb.gov.in"}
		if kind == "deletion" {
			p.Keep = []web.KeepRow{{Class: "clinical", Years: "3", Source: "Indian Medical Council Regulations 2002, 1.3.1"}, {Class: "prescription", Years: "3", Source: "as above"}, {Class: "invoice", Years: "8", Source: "Companies Act 2013, s. 128(5)"}}
		}
		p.Shell = problems(p.Shell, "words")
		if kind == "correction" {
			p.Shell = problems(p.Shell, "about")
		}
		m.add("own-ask", kind, p)
	}
	looks := []web.LookRow{{At: m.at(11, 0), Who: m.t.Say("request.look.you"), What: m.t.Say("audit.act.open"), Own: true}, {At: m.at(10, 0), Who: m.t.Say("role.front-desk"), What: m.t.Say("audit.act.open") + " · " + m.t.Say("audit.kind.patient"), Reason: m.t.Say("request.purpose.care")}}
	m.add("own-looked", "", &web.OwnLookedPage{Shell: m.public(), Token: "t", Rows: looks, Older: "/m/t/data/looked?before=0a", Day: "2026-11-24", Today: "2026-11-24", Lists: looks})
	mine := &web.OwnRequestPage{Shell: m.public(), Token: "t", RequestRow: open, Words: "Please.", Why: "The doctor is away until Monday.", Longer: true, CanBack: true}
	m.add("own-request", "", mine)
	changed := *mine
	changed.WasKind, changed.KindAt = "complaint", m.at(9, 30)
	m.add("own-request", "changed", &changed)
	m.add("own-request", "answered", &web.OwnRequestPage{Shell: m.public(), Token: "t", RequestRow: answered, Letter: "It was granted in part.\n\nThis costs you nothing.", HasCopy: true})
	ask := &web.PublicRequestPage{Shell: m.public(), Contact: "asha", Authority: "Data Protection Board of India", Page: "https://www.dpb.gov.in"}
	ask.Shell = problems(ask.Shell, "contact")
	m.add("public-request", "", ask)
	m.add("public-request", "sent", &web.PublicRequestPage{Shell: m.public(), Sent: true, Authority: "Information Commissioner's Office", Page: "https://ico.org.uk/make-a-complaint/"})
}

func (m *maker) bareRequests() {
	for name, p := range map[string]web.Page{
		"requests": &web.RequestsPage{Shell: m.staff("")}, "request-new": &web.RequestNewPage{Shell: m.staff(""), Kind: "access", Door: "visit", Asker: "self", Came: "2026-11-24", Today: "2026-11-24"},
		"request":      &web.RequestPage{Shell: m.staff(""), RequestRow: web.RequestRow{ID: ident(501), Kind: "access", State: "received", Door: "letter", Nameless: true, Came: m.at(8, 0)}, Asker: "self"},
		"request-copy": &web.CopyPage{Shell: m.staff(""), ID: ident(505), Patient: people[0], Made: m.at(12, 0)}, "platform-requests": &web.HandOversPage{Shell: m.helper(false), Kind: "access"},
		"own-data": &web.OwnDataPage{Shell: m.public(), Token: "t", Patient: people[0], About: "other"}, "own-copy": &web.CopyPage{Shell: m.public(), Token: "t", Patient: people[0], Made: m.at(12, 0)},
		"own-ask": &web.OwnAskPage{Shell: m.public(), Token: "t", Kind: "complaint", Authority: "A"}, "own-looked": &web.OwnLookedPage{Shell: m.public(), Token: "t", Today: clock.Date("2026-11-24")},
		"own-request":    &web.OwnRequestPage{Shell: m.public(), Token: "t", RequestRow: web.RequestRow{ID: ident(501), Kind: "access", State: "withdrawn", Door: "link", Came: m.at(8, 0)}},
		"public-request": &web.PublicRequestPage{Shell: m.public(), Authority: "A"},
	} {
		m.add(name, "bare", p)
	}
}
