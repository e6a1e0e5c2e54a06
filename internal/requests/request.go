package requests

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
)

// Door is how a request came. Its words are at request.door.<door>.
type Door string

// The doors.
const (
	ByLink     Door = "link"     // from her own page: she is known
	ByLetter   Door = "letter"   // on paper, or by mail to the clinic
	ByVisit    Door = "visit"    // said at the desk or by telephone
	ByTalk     Door = "talk"     // written in a conversation
	ByOperator Door = "operator" // it reached whoever runs the installation
)

// Asker is who asks for the person. Its words are at request.asker.<asker>.
type Asker string

// Who asks.
const (
	Self     Asker = "self"
	Guardian Asker = "guardian"
	Nominee  Asker = "nominee"
)

// Askers are all of them, in the order of menus.
func Askers() []Asker { return []Asker{Self, Guardian, Nominee} }

// State is where a request stands. Its words are at request.state.<state>.
type State string

// The states.
//
//	received -> open -> answered | withdrawn
//	received -> answered (refused, because nobody could find out who asks; by itself after law.Unidentified) | withdrawn
const (
	Received  State = "received" // nobody knows yet who asks; it has a clock of its own (SureBy)
	Open      State = "open"
	Answered  State = "answered"
	Withdrawn State = "withdrawn"
)

// Outcome is how a request was answered. Its words are at request.outcome.<outcome>.
type Outcome string

// The outcomes.
const (
	Granted Outcome = "granted"
	Partly  Outcome = "partly"
	Refused Outcome = "refused"
)

// Outcomes are all of them, in the order of menus.
func Outcomes() []Outcome { return []Outcome{Granted, Partly, Refused} }

// Ground is why something was refused: one of a few, and never "no" alone. Its words are at request.ground.<ground>.
type Ground string

// The grounds.
const (
	Repeated    Ground = "repeated"    // unreasonably often, or systematically
	Effort      Ground = "effort"      // disproportionate technical effort
	Others      Ground = "others"      // it would harm the privacy of others
	Impractical Ground = "impractical" // extremely impractical, such as single records on backups
	NotRequired Ground = "not-needed"  // the law does not ask for it in this case
	Keeping     Ground = "keeping"     // the law demands that it is kept
	Claims      Ground = "claims"      // it is needed for a legal claim
	Unknown     Ground = "unknown"     // nobody could find out who asks
	Accurate    Ground = "accurate"    // what stands there was looked into, and is right
)

// Grounds are all of them, in the order of menus.
func Grounds() []Ground {
	return []Ground{Keeping, Accurate, Others, Claims, Repeated, Effort, Impractical, NotRequired, Unknown}
}

// Proof is how it was made sure who asks. Its words are at request.proof.<proof>.
type Proof string

// The proofs. None of them is an address that came with the request itself.
const (
	OwnLink   Proof = "link"    // she came by her own link
	OnFile    Proof = "contact" // called back, or written to, at what is on file
	MetHer    Proof = "met"     // she stood at the desk
	SawPapers Proof = "papers"  // papers that show that somebody may act for her
)

// Proofs are those that staff can give, in the order of menus.
func Proofs() []Proof { return []Proof{OnFile, MetHer, SawPapers} }

// Request is one request.
type Request struct {
	ID          id.ID
	Patient     id.ID // zero while nobody knows who asks, and after she was deleted
	Kind        law.Request
	Door        Door
	Asker       Asker
	State       State
	Law         string // under which it came: a later change of the clinic's law lengthens nothing
	CameAt      clock.Instant
	KnownAt     clock.Instant // when it was sure who asks; zero: not yet
	Proof       Proof
	ProvedBy    id.ID // who of the staff made sure; zero: she came by her own link
	Thread      id.ID // the conversation in which it was said; zero for none
	DueAt       clock.Instant
	ConfirmDue  clock.Instant // by when it has to be confirmed that it came; zero: the law does not ask
	ConfirmedAt clock.Instant
	LongerAt    clock.Instant // when the time was lengthened; zero: it was not
	Words       string        // what she wants, in her words
	Contact     string        // as it came with the request; nothing is ever sent there
	Outcome     Outcome
	Ground      Ground
	Why         string // the sentence of the answer, or why it takes longer while there is none
	DecidedBy   id.ID  // zero: it was done at once, by the program; or she took it back herself
	DecidedAt   clock.Instant
	ToldAt      clock.Instant
	ToldBy      string // "message", "page" or "hand"
	EraseAt     clock.Instant
	WasKind     law.Request   // what it was written down as at first, where staff changed that; else empty
	KindAt      clock.Instant // when they did
	Did         string        // what the answer did: the uses that an objection stopped, with spaces between, or didName
	Version     int64

	HeldUntil clock.Date // the last day of an order that holds the deletion up; filled in for the letter alone
}

// Over says whether it was answered or taken back.
func (r Request) Over() bool { return r.State == Answered || r.State == Withdrawn }

// Closed says whether staff wrote down that the person took it back.
func (r Request) Closed() bool { return r.State == Withdrawn && !r.DecidedBy.IsZero() }

// Hers says whether it came by her own page: what she asked there, nobody else changes or takes back.
func (r Request) Hers() bool { return r.Door == ByLink }

// Next is by when the clinic has to do the next thing: to answer, or to make sure who asks.
func (r Request) Next() clock.Instant {
	if r.State == Received {
		return r.SureBy()
	}
	return r.DueAt
}

// SureBy is by when it is made sure who asks.
func (r Request) SureBy() clock.Instant { return law.MakeSure.End(r.CameAt, time.UTC) }

// ClosesAt is when it is closed while nobody could make sure who asks.
func (r Request) ClosesAt() clock.Instant { return law.Unidentified.End(r.CameAt, time.UTC) }

// Late says whether the answer is overdue, or that it is made sure who asks.
func (r Request) Late(now clock.Instant) bool { return !r.Over() && now > r.Next() }

// Unconfirmed says whether the law's time for confirming that it came has run out.
func (r Request) Unconfirmed(now clock.Instant) bool {
	return !r.Over() && r.ConfirmDue > 0 && r.ConfirmedAt == 0 && now > r.ConfirmDue
}

// CanTakeLonger says whether the law lets the answer be put off now: once, and only before the time is over.
func (r Request) CanTakeLonger(now clock.Instant) bool {
	return r.State == Open && r.LongerAt == 0 && now <= r.DueAt && !law.AnswerTo(r.Law, r.Kind).Longer.IsZero()
}

// Decision is how staff answer.
type Decision struct {
	Outcome  Outcome
	Ground   Ground // for what is refused in whole or in part
	Why      string
	Stops    []consent.Purpose // the uses that an objection ends; none named: all that can be
	Nominee  string            // whom she nominates, and where that person is reached
	Reach    string
	Reviewed bool // what others say or are said to have done was looked through; for copies that others hand over
}

// mostWords is how long what is typed may be, in characters.
const mostWords = 2000

func text(typed, field string, least int, f *fault.Fields) string {
	t := strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(typed))
	switch n := utf8.RuneCountInString(t); {
	case n < least:
		f.AddWith(field, "field.request.short", map[string]any{"Least": least})
	case n > mostWords:
		f.AddWith(field, "field.words.long", map[string]any{"Most": mostWords})
	}
	return t
}

// check says what is wrong with an answer. What is refused, in whole or in part, needs a ground and a sentence.
func (d *Decision) check(r Request) error {
	var f fault.Fields
	if !slices.Contains(Outcomes(), d.Outcome) {
		f.Add("outcome", "field.request.outcome")
	}
	refuses := d.Outcome == Partly || d.Outcome == Refused
	least := 0
	if refuses {
		if !slices.Contains(Grounds(), d.Ground) {
			f.Add("ground", "field.request.ground")
		}
		least = 10
	} else {
		d.Ground = ""
	}
	if r.State == Received && (d.Outcome != Refused || d.Ground != Unknown) {
		f.Add("outcome", "field.request.who_first")
	}
	if copies(r.Kind) && d.Outcome != Refused && r.Asker != Self && !d.Reviewed {
		f.Add("reviewed", "field.request.reviewed")
	}
	switch {
	case d.Outcome == Refused: // nothing is done
	case r.Kind == law.Deletion && d.Outcome == Partly: // who reads that a part was granted believes that a part is left; all would be gone
		f.Add("outcome", "field.request.deletion_whole")
	case r.Kind == law.Nomination:
		d.Nominee, d.Reach = text(d.Nominee, "nominee", 2, &f), text(d.Reach, "reach", 5, &f)
	case r.Kind == law.Objection:
		for _, p := range d.Stops {
			if !slices.Contains(consent.Opposable(), p) {
				f.Add("stops", "field.consent.purpose")
			}
		}
		if d.Outcome == Partly && len(d.Stops) == 0 {
			f.Add("stops", "field.request.stops")
		}
	}
	d.Why = text(d.Why, "why", least, &f)
	return f.Err()
}

// copies says whether the kind is answered by a copy of her data.
func copies(k law.Request) bool { return k == law.Access || k == law.Portability }

// Statement is what a person says of data that stands about her and that she contests. It stands beside the data.
type Statement struct {
	ID      id.ID
	About   string // one of Abouts
	Words   string
	At      clock.Instant
	EndedAt clock.Instant
}

// Abouts are what a correction or a statement can be about. Their words are at request.about.<about>.
func Abouts() []string {
	return []string{"name", "birth", "contact", "visits", "health", "prescriptions", "bills", "messages", "other"}
}

// Nomination is whom a person named to act for her when she cannot.
type Nomination struct {
	ID            id.ID
	Name, Contact string
	At            clock.Instant
}
