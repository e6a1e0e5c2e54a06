package sample

import (
	"strings"

	"almirah/internal/web"
)

// policyPages are the pages of the terms: the profile, every version, and the question to a patient.
func (m *maker) policyPages() {
	changes := []web.TermsChange{{Text: m.t.Say("policy.change.keep", "What", m.t.Say("policy.class.opinion"), "Old", m.t.Say("policy.span.days", "Count", 180), "New", m.t.Say("policy.span.days", "Count", 365)), Way: "weaker"},
		{Text: m.t.Say("policy.change.recipients.less", "What", "Example Mail"), Way: "stricter"}, {Text: m.t.Say("policy.change.jurisdiction", "Old", m.t.Say("jurisdiction.US"), "New", m.t.Say("jurisdiction.US-CA")), Way: "neutral"}}
	rows := []web.TermsRow{
		{What: m.t.Say("policy.param.content"), Value: m.t.Say("policy.content.none"), URL: "/app/settings/conversations"},
		{What: m.t.Say("policy.param.recipients"), Value: m.t.Say("policy.none.recipients")},
		{What: m.t.Say("policy.class.invoice"), Value: m.t.Say("policy.span.years", "Count", 8), Bounds: m.t.Say("policy.bounds", "Least", m.t.Say("policy.span.years", "Count", 8), "Most", m.t.Say("policy.span.years", "Count", 9)),
			Source: "Companies Act 2013, s. 128(5): eight financial years", Param: "keep_invoice", Options: []web.Option{{Value: "P8Y", Label: m.t.Say("policy.span.years", "Count", 8), On: true}, {Value: "P9Y", Label: m.t.Say("policy.span.years", "Count", 9)}}},
	}
	ahead := &web.TermsAhead{N: 3, From: "2026-12-24", Changes: changes[:1], Touched: 214, Agreed: 12, Told: 190}
	s := func() web.SettingsPage { return m.settings("settings.privacy") }
	m.add("settings-privacy", "", &web.PrivacySettings{SettingsPage: s(), Public: "/c/sunrise/privacy", Rows: rows, Ahead: ahead})
	m.add("settings-privacy", "meant", &web.PrivacySettings{SettingsPage: s(), Public: "/c/sunrise/privacy", Rows: rows, Meant: changes, Sure: "invoice=P9Y 0", From: "2026-12-24"})
	m.add("settings-privacy", "stricter", &web.PrivacySettings{SettingsPage: s(), Public: "/c/sunrise/privacy", Rows: rows, Meant: changes[1:2], Sure: "x"})
	m.add("settings-privacy", "same", &web.PrivacySettings{SettingsPage: s(), Public: "/c/sunrise/privacy", Rows: rows, Same: true})
	m.add("settings-privacy", "bare", &web.PrivacySettings{SettingsPage: web.SettingsPage{Shell: m.staff("")}})
	digest := strings.Repeat("0a1b2c3d", 8)
	list := []web.VersionRow{{N: 4, From: "2026-12-24", State: "announced", Digest: digest}, {N: 3, From: "2026-11-30", State: "never", Digest: digest}, {N: 2, From: "2026-11-02", State: "holds", Digest: digest}, {N: 1, From: "2026-10-01", State: "earlier", Digest: digest}}
	m.add("policy-versions", "", &web.VersionsPage{Shell: m.public(), Rows: list})
	m.add("policy-versions", "bare", &web.VersionsPage{Shell: m.public()})
	m.add("policy-version", "", &web.VersionPage{Shell: m.public(), VersionRow: list[0], Before: 3, NoticedAt: "2026-11-24", Genuine: true, Changes: changes, Values: rows, Waits: true, EverInForce: true,
		Sentences: []web.SentenceRow{{ID: "a", Text: "Each sentence of this policy says how it is kept."}}})
	m.add("policy-version", "bare", &web.VersionPage{Shell: m.public()})
	m.add("policy-version", "first", &web.VersionPage{Shell: m.public(), VersionRow: list[3], First: true, EverInForce: true, Values: rows})
	m.add("policy-version", "same", &web.VersionPage{Shell: m.public(), VersionRow: list[1], Before: 2, Genuine: true})
	clauses := []web.Clause{{Paragraphs: []string{"I work for the clinic, and its software shows me what patients entrusted to it."}}, {Heading: "1. What I see is for my work only", Paragraphs: []string{"I open what I need for my task, and nothing else."}}}
	m.add("confidential", "", &web.ConfidentialPage{Shell: problems(m.shell(), "sure"), Name: "Meera Pillai", Version: digest, Clauses: clauses})
	m.add("confidential", "signed", &web.ConfidentialPage{Shell: m.shell(), Name: "Meera Pillai", Clauses: clauses, Signed: true})
	m.add("confidential", "bare", &web.ConfidentialPage{Shell: m.shell()})
	own := func(q web.TermsQuestion) *web.OwnPage {
		q.N, q.From, q.Action, q.More, q.Since = 3, "2026-12-24", "/m/token/terms", "/c/sunrise/privacy/versions/3", "2026-11-25"
		return &web.OwnPage{Shell: m.public(), Token: "token", Booking: web.BookingCard{State: "booked"}, Terms: &q}
	}
	m.add("own", "terms", own(web.TermsQuestion{Changes: []string{changes[0].Text}}))
	m.add("own", "terms-holds", own(web.TermsQuestion{Changes: []string{changes[0].Text}, Holds: true, Said: true}))
	m.add("own", "terms-agreed", own(web.TermsQuestion{Said: true, Yes: true}))
	rests := web.TermsQuestion{Rests: 3, RestsSince: "2026-11-25", RestsMore: "/c/sunrise/privacy/versions/3", Action: "/m/token/terms"}
	m.add("own", "terms-rest", &web.OwnPage{Shell: m.public(), Token: "token", Booking: web.BookingCard{State: "booked"}, Terms: &rests})
	rests.Changes = []string{changes[0].Text}
	m.add("own", "terms-both", own(rests))
}
