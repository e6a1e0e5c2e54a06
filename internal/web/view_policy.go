package web

import "almirah/internal/clock"

// TermsChange is one change of the terms, said in the language of the page.
type TermsChange struct {
	Text string
	Way  string // "stricter", "weaker", "neutral"
}

// TermsRow is one parameter of the clinic's privacy profile.
type TermsRow struct {
	What, Value string
	Bounds      string // between what it can be chosen; empty where it is not chosen here
	Source      string // where the law says so, in English as laws are cited; empty: no law does
	URL         string // where it is chosen; empty: here, or nowhere
	Param       string // the name of the field by which it is chosen here; empty: it is not
	Options     []Option
}

// TermsAhead is a version that is announced.
type TermsAhead struct {
	N                     int64
	From                  clock.Date
	Changes               []TermsChange
	Touched, Agreed, Told int
}

// PrivacySettings is /app/settings/privacy, the page "settings-privacy": the clinic's privacy profile, and what a change of it would mean.
type PrivacySettings struct {
	SettingsPage
	Public string // the address of the clinic's privacy page
	Rows   []TermsRow
	Ahead  *TermsAhead
	Meant  []TermsChange // what the choice would mean; empty: nothing was tried
	Sure   string        // what was tried, so that nothing else is saved
	From   clock.Date    // when what is weaker would hold; empty: nothing waits
	Same   bool          // what was tried changes nothing
}

// VersionRow is one version in the list.
type VersionRow struct {
	N         int64
	From      clock.Date
	State     string // "holds", "announced", "earlier", "never"
	Digest    string
	DigestURL string
}

// VersionsPage is /c/{slug}/privacy/versions, the page "policy-versions".
type VersionsPage struct {
	Shell
	Rows []VersionRow
}

// SentenceRow is one sentence of an archived version.
type SentenceRow struct{ ID, Text string }

// VersionPage is /c/{slug}/privacy/versions/{n}, the page "policy-version".
type VersionPage struct {
	Shell
	VersionRow
	First       bool
	Before      int64
	NoticedAt   clock.Date
	Genuine     bool
	Changes     []TermsChange
	Values      []TermsRow
	Sentences   []SentenceRow
	Waits       bool // it was announced
	EverInForce bool
}

// TermsQuestion is what a patient is asked about changed terms, on her own page and at the desk.
type TermsQuestion struct {
	N       int64
	From    clock.Date
	Holds   bool // its day has come: it holds for those who agreed
	Changes []string
	Said    bool
	Yes     bool
	Since   clock.Date
	Action  string // where the answer goes
	More    string // the version's page

	Rests      int64 // the version on which her terms rest because she said yes to it, where that is another one; 0: none. N is 0 where nothing else is asked
	RestsSince clock.Date
	RestsMore  string
}
