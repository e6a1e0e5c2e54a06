package sample

import (
	"strings"

	"almirah/internal/web"
)

// documentPages are the pages of the texts that people and clinics agree to.
func (m *maker) documentPages() {
	digest := strings.Repeat("0a1b2c3d", 8)
	rows := []web.DocumentRow{{Digest: digest, From: "2026-12-24", Present: true, Ahead: true}, {Digest: strings.Repeat("1", 64), From: "2026-11-01", Present: true}, {Digest: strings.Repeat("2", 64), From: "2026-10-01"}}
	var kinds []web.DocumentKind
	for _, k := range []string{"use", "policy", "terms", "baa", "confidence"} {
		kinds = append(kinds, web.DocumentKind{Kind: k, Rows: rows})
	}
	m.add("documents", "", &web.DocumentsPage{Shell: m.shell(), Kinds: kinds})
	m.add("documents", "bare", &web.DocumentsPage{Shell: m.shell()})
	changes := []web.TextChange{{Old: "You can leave at any time.", New: "You can leave at any time, without a reason."}, {New: "What is new."}, {Old: "What is gone."}}
	text := []string{"These terms stand between you and whoever runs this installation.", "You can leave at any time, without a reason."}
	m.add("document", "", &web.DocumentPage{Shell: m.shell(), DocumentRow: rows[0], Kind: "baa", Genuine: true, Before: rows[1].Digest, Changes: changes, Text: text, English: true})
	m.add("document", "same", &web.DocumentPage{Shell: m.shell(), DocumentRow: rows[1], Kind: "use", Before: digest, Text: text})
	m.add("document", "bare", &web.DocumentPage{Shell: m.shell(), Kind: "use"})
	m.add("consent-texts", "", &web.ConsentTexts{Shell: m.public(), Kinds: []web.NoticeKind{{Purpose: "reminder", Title: m.t.Say("consent.purpose.reminder"), Versions: []web.NoticeVersion{{N: 2, Body: "The clinic reminds you by message.", Digest: digest, Present: true, Changes: changes}, {N: 1, Body: "The clinic reminds you.", Digest: digest}}}}})
	m.add("consent-texts", "bare", &web.ConsentTexts{Shell: m.public()})
	m.add("terms-changed", "", &web.TermsChangedPage{Shell: m.shell(), Version: digest, From: "2026-12-24", Changes: changes, Text: text})
	m.add("terms-changed", "due", &web.TermsChangedPage{Shell: problems(m.shell(), "terms"), Version: digest, From: "2026-11-24", Due: true, Text: text})
	m.add("terms-changed", "bare", &web.TermsChangedPage{Shell: m.shell(), Accepted: true})
}
