package web

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/promise"
)

// TrustSentence is one sentence of the policy with what is known about it.
type TrustSentence struct {
	ID      string
	Text    string // in the language of the page
	Status  string // enforced, human, not-yet, broken, not-applicable
	Checked time.Time
	Since   time.Time // for broken
	Applies string    // when it applies, in the language of the page; empty: always
}

// TrustGroup is a heading with its sentences.
type TrustGroup struct {
	ID, Title string
	Whom      []string // whom it concerns, in the language of the page
	Sentences []TrustSentence
}

// Broken says whether a sentence of the group is broken: then the group is unfolded.
func (g TrustGroup) Broken() bool {
	for _, x := range g.Sentences {
		if x.Status == "broken" {
			return true
		}
	}
	return false
}

// Mark is how the group stands as a whole: broken when a sentence is, else what most of its sentences are.
func (g TrustGroup) Mark() string {
	if g.Broken() {
		return "broken"
	}
	return "enforced"
}

// Kept is how many of its sentences are enforced.
func (g TrustGroup) Kept() int {
	n := 0
	for _, x := range g.Sentences {
		if x.Status == "enforced" {
			n++
		}
	}
	return n
}

// CookieRow is one cookie, exactly as it is set.
type CookieRow struct {
	Name, Kind, Purpose, Life string // Kind: "essential" or "preference"; Purpose and Life in the language of the page
	Stored                    bool   // it lies in the browser's storage and is never sent
}

// ProcessorRow is one company or host that data may go to.
type ProcessorRow struct{ Name, Purpose, Data, Region, Safeguard string }

// HoldingRow is one kind of data that is kept.
type HoldingRow struct{ What, Purpose, Keeps string }

// LifeRow is how long a class of records lives.
type LifeRow struct{ What, Least, Most, Child string } // in the language of the page; an empty one: nothing is said

// RegionRow is what the law of a place gives to people.
type RegionRow struct {
	ID, Name  string
	First     bool // the place of the clinic whose page it is
	Rights    []RightRow
	Answers   string // by when requests are answered
	Child     string // from which age a person decides for herself
	Authority string
	Page      string // where complaints are taken; empty: not known
}

// RightRow is one right.
type RightRow struct{ Text, Source string } // Source is a citation, in the language of the law

// TermRow is a word of the page, as the screens use it.
type TermRow struct{ Word, Text string }

// TrustPage is /trust and /c/{slug}/privacy, the page "trust".
type TrustPage struct {
	Shell
	Version     string
	Effective   clock.Date
	Short       []string // the page in a few sentences
	Groups      []TrustGroup
	Cookies     []CookieRow
	Processors  []ProcessorRow // empty: nobody
	Use         VendorUses
	Holdings    []HoldingRow // may be empty: the table is left out
	Lives       []LifeRow
	Regions     []RegionRow
	Terms       []TermRow
	Children    []string     // what is said about children
	Limits      []string     // what this cannot promise, in the language of the page
	Responsible []string     // on a clinic's page: who is, line by line
	Reply       string       // e-mail address of the clinic on its own page; may be empty
	Request     string       // address of the clinic's form for requests; empty: there is none
	Entity      Entity       // who runs this installation
	Address     string       // of a clinic's pages at its own name; empty: it has none that works
	Modules     []ModuleSaid // of the clinic whose page it is; empty on the page of the installation
	Ahead       *TermsAhead  // a version of the clinic's terms that is announced; nil: none is
	CheckedAt   time.Time    // the last time any check ran; zero: never
}

// TrustCount is how many sentences have a status.
type TrustCount struct {
	Status string
	Count  int
}

// Counts says how many sentences have each status that occurs, the most serious first.
func (p *TrustPage) Counts() []TrustCount {
	var out []TrustCount
	for _, s := range []string{"broken", "enforced", "human", "not-yet", "not-applicable"} {
		n := 0
		for _, g := range p.Groups {
			for _, x := range g.Sentences {
				if x.Status == s {
					n++
				}
			}
		}
		if n > 0 {
			out = append(out, TrustCount{s, n})
		}
	}
	return out
}

// Broken are the sentences that are broken, so that the page says so first.
func (p *TrustPage) Broken() []TrustSentence {
	var out []TrustSentence
	for _, g := range p.Groups {
		for _, x := range g.Sentences {
			if x.Status == "broken" {
				out = append(out, x)
			}
		}
	}
	return out
}

// ProofPage is /trust/{id}: how one sentence is proved, the page "promise-proof". What names code and tests, and what a look said, is in English.
type ProofPage struct {
	Shell
	TrustSentence
	Sources  []string
	KeptBy   []string
	ProvedBy []string
	Twins    []promise.Twin
	Probe    string
	Evidence string // what the last look said; empty: none yet
	Spells   []Spell
}
