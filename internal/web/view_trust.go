package web

import (
	"time"

	"almirah/internal/clock"
)

// TrustSentence is one sentence of the policy with what is known about it.
type TrustSentence struct {
	ID      string
	Text    string // in the language of the page, or English where the register has no other
	Status  string // enforced, human, not-yet, broken, not-applicable
	Checked time.Time
	Since   time.Time // for broken
	KeptBy  string    // where it is kept, in plain words; may be empty
}

// TrustGroup is a heading with its sentences.
type TrustGroup struct {
	ID, Title, Intro string
	Sentences        []TrustSentence
}

// CookieRow is one cookie, exactly as it is set.
type CookieRow struct {
	Name, Kind, Purpose, Life string // Kind: "essential" or "preference"; Purpose and Life in the language of the page
}

// ProcessorRow is one company or host that data may go to.
type ProcessorRow struct{ Name, Purpose, Data, Region, Safeguard string }

// HoldingRow is one kind of data that is kept.
type HoldingRow struct{ What, Purpose, Keeps string }

// TrustPage is /trust and /c/{slug}/privacy, the page "trust".
type TrustPage struct {
	Shell
	Version     string
	Effective   clock.Date
	Groups      []TrustGroup
	Cookies     []CookieRow
	Processors  []ProcessorRow // empty: nobody
	Use         VendorUses
	Holdings    []HoldingRow // may be empty: the table is left out
	Limits      []string     // what this cannot promise, in the language of the page
	Responsible []string     // on a clinic's page: who is, line by line
	Entity      Entity       // who runs this installation
	Address     string       // of a clinic's pages at its own name; empty: it has none that works
	Modules     []ModuleSaid // of the clinic whose page it is; empty on the page of the installation
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
