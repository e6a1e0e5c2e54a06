package vendors

import (
	"slices"
	"strings"
	"unicode/utf8"

	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
)

// The ways in which a transfer into another country is covered (GDPR, articles 44 to 49).
const (
	SafeguardNone     = "none"     // none is needed: it stays in the country, or the law asks for none
	SafeguardAdequacy = "adequacy" // a decision that the country protects as well (article 45)
	SafeguardClauses  = "clauses"  // standard contractual clauses (article 46(2)(c))
	SafeguardOther    = "other"    // another one, which the note names
)

// Safeguards are the ways, in the order of the form.
func Safeguards() []string {
	return []string{SafeguardNone, SafeguardAdequacy, SafeguardClauses, SafeguardOther}
}

// Vendor is what is on file about one outside party.
type Vendor struct {
	Party        string     // id in egress's list
	Signed       clock.Date // when the contract was signed
	Ends         clock.Date // its last day; empty: it runs on
	Safeguard    string
	Confidential bool       // the contract binds to confidentiality
	BAA          bool       // a Business Associate Agreement is signed (45 CFR 164.504(e))
	Reviewed     clock.Date // when its security was looked at last
	Note         string     // where the papers lie; never anything about a person
	ChangedBy    id.ID
	ChangedAt    clock.Instant
	Version      int64 // 0: nothing is on file
}

// ReviewEvery is how often a party's security has to be looked at. 45 CFR 164.308(b) and GDPR, article 28(1) ask for it to be known; the proposal for
// the HIPAA Security Rule (90 FR 898, 45 CFR 164.308(b)(1)) for every twelve months.
var ReviewEvery = law.Span{Months: 12}

// Why a party is closed. Their words are at vendor.closed.<why>.
const (
	ContractEnded = "contract-ended"
	ReviewLate    = "review-late"
	Unread        = "unread" // what is on file cannot be read
)

// Closed says why nothing goes to the party on the day; empty when it is open. The last day of a contract is a day of the contract.
func (v Vendor) Closed(today clock.Date) string {
	switch {
	case v.Version == 0:
		return ""
	case v.Ends != "" && today > v.Ends:
		return ContractEnded
	case today > ReviewEvery.Day(v.Reviewed):
		return ReviewLate
	}
	return ""
}

// Missing says what the record lacks; empty when the party is bound by contract to confidentiality. Its words are at vendor.missing.<what>.
func (v Vendor) Missing() string {
	switch {
	case v.Version == 0:
		return "contract"
	case !v.Confidential:
		return "confidentiality"
	}
	return ""
}

// longestNote is how long the note may be, in characters.
const longestNote = 300

// check reads what was typed. fault.Invalid names "signed", "ends", "safeguard", "reviewed" and "note".
func check(v Vendor, today clock.Date) (Vendor, error) {
	var wrong fault.Fields
	v.Note = strings.Join(strings.Fields(v.Note), " ")
	day := func(field string, d clock.Date, must, past bool) clock.Date {
		x, err := clock.ParseDate(strings.TrimSpace(string(d)))
		switch {
		case d == "" && !must:
		case err != nil:
			wrong.Add(field, "field.vendor.day")
		case past && x > today:
			wrong.Add(field, "field.vendor.ahead")
		}
		return x
	}
	v.Signed, v.Ends, v.Reviewed = day("signed", v.Signed, true, true), day("ends", v.Ends, false, false), day("reviewed", v.Reviewed, true, true)
	if v.Ends != "" && v.Signed != "" && v.Ends < v.Signed {
		wrong.Add("ends", "field.vendor.ends")
	}
	if !slices.Contains(Safeguards(), v.Safeguard) {
		wrong.Add("safeguard", "field.kind.needed")
	}
	if n := utf8.RuneCountInString(v.Note); n > longestNote {
		wrong.AddWith("note", "field.words.long", map[string]any{"Most": longestNote})
	} else if n == 0 && v.Safeguard == SafeguardOther {
		wrong.Add("note", "field.vendor.note")
	}
	return v, wrong.Err()
}

// values are what the log of changes says.
func (v Vendor) values() map[string]any {
	if v.Version == 0 {
		return nil
	}
	return map[string]any{"signed": v.Signed, "ends": v.Ends, "safeguard": v.Safeguard, "confidential": v.Confidential, "baa": v.BAA, "reviewed": v.Reviewed, "note": v.Note}
}

// State is a party with what is on file about it.
type State struct {
	egress.Processor
	Vendor
	Shut string // why it is closed; empty: it is open, or needs no contract
}
