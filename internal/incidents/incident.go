package incidents

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Rule is why an incident was opened. Its words are at incident.rule.<rule>.
type Rule string

// The rules of a clinic.
const (
	TwoDevices Rule = "two-devices"     // one sign-in was used from two browsers
	ManyOpened Rule = "many-opened"     // one sign-in opened many patients' records in a short time
	Guessing   Rule = "guessing"        // somebody tries passwords of many of the clinic's people
	Exports    Rule = "exports"         // somebody took files along unusually often
	BreakGlass Rule = "break-glass"     // the platform's people opened something in an emergency
	Refused    Rule = "carrier-refused" // a provider refuses the clinic's own credentials
	LostDevice Rule = "lost-device"     // reported: a telephone or computer is gone
	WrongHands Rule = "wrong-recipient" // reported: something went to the wrong person
	Strange    Rule = "strange-sign-in" // reported: a sign-in that nobody made
	LateAnswer Rule = "late-answer"     // somebody asked about her data and got no answer in time
	Other      Rule = "other"           // reported: something else
	Processor  Rule = "processor"       // something went wrong at a party that the clinic uses
)

// The rules of the platform, beside Processor and Other.
const (
	Spraying      Rule = "spraying"       // passwords are tried on many addresses
	AuditBroken   Rule = "audit-broken"   // the audit log does not verify
	PromiseBroken Rule = "promise-broken" // a live check of a promise turned red
	EgressRefused Rule = "egress-refused" // the program tried to reach a party that is not listed
	Forged        Rule = "forged-reports" // many reports came with a wrong signature
)

// Reportable are the rules that a member of staff chooses from, in the order of the page.
func Reportable() []Rule { return []Rule{LostDevice, Strange, WrongHands, Other} }

// Rules are all rules of a clinic, for its pages.
func Rules() []Rule {
	return append([]Rule{TwoDevices, ManyOpened, Guessing, Exports, BreakGlass, Refused, LateAnswer, Processor}, Reportable()...)
}

// PlatformRules are all rules of the platform.
func PlatformRules() []Rule {
	return []Rule{Processor, AuditBroken, PromiseBroken, EgressRefused, Forged, Spraying, Other}
}

// State is where an incident stands.
type State string

// The states. A closed incident stays closed: the database refuses anything else.
const (
	Suspected State = "suspected"
	Confirmed State = "confirmed"
	Closed    State = "closed"
)

// Incident is one line of the register.
type Incident struct {
	ID         id.ID
	Rule       Rule
	State      State
	Person     id.ID         // whose sign-in it is about; zero for nobody's
	Session    id.ID         // the one sign-in; zero: all of hers
	Processor  string        // id in the register of processors
	From, To   clock.Instant // the span that it is about; To is zero while it may go on
	Times      int64         // how often, or of how many, it was noticed
	FoundAt    clock.Instant
	LastAt     clock.Instant
	OpenedBy   id.ID // who reported it; zero: a rule
	Words      string
	AwareAt    clock.Instant // when the clocks of the law begin
	ComputedAt clock.Instant // when the affected people were computed last; zero: never
	Erased     int64         // affected people who were erased: they are not named any more
	Notifiable string        // "yes", "no", or empty while nobody decided
	Why        string
	DecidedBy  id.ID
	DecidedAt  clock.Instant
	Lessons    string
	ClosedBy   id.ID
	ClosedAt   clock.Instant
	SignedBy   id.ID // the second person; zero: not yet
	SignedAt   clock.Instant
	Version    int64
}

// Scope is what an incident is about: whose sign-ins, or one, and when. To is zero while it may go on.
type Scope struct {
	Person, Session id.ID
	From, To        clock.Instant
}

// The longest texts, in characters.
const (
	mostWords   = 2000
	mostSpan    = 400 * 24 * time.Hour
	keepFor     = 6 * 366 * 24 * time.Hour // 45 CFR 164.316(b)(2)(i) asks for six years, the longest of the laws; PIPEDA for two
	sessionLife = 12 * time.Hour           // no sign-in is longer
)

// Step is one thing that was done about an incident. Its words are at incident.step.<kind>.
type Step struct {
	ID     id.ID
	Kind   string
	Duty   string // which duty of the law it fulfils; empty for none
	Person id.ID
	At     clock.Instant
	Words  string
}

// The kinds of steps.
const (
	StepEnded     = "ended-sign-ins"
	StepSuspended = "suspended"
	StepHanded    = "handed-over" // something was handed to whom the law names
	StepTold      = "people-told"
	StepByHand    = "told-by-hand"
	StepNote      = "note"
)

// text is a free text as it is kept. It adds a wrong field when it is shorter or longer than allowed.
func text(typed, field string, least int, f *fault.Fields) string {
	t := strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(typed))
	switch n := utf8.RuneCountInString(t); {
	case n < least:
		f.AddWith(field, "field.incident.short", map[string]any{"Least": least})
	case n > mostWords:
		f.AddWith(field, "field.words.long", map[string]any{"Most": mostWords})
	}
	return t
}

// Class is a kind of data. Its words are at incident.class.<class>.
type Class string

// The classes, in the order of pages.
const (
	Identity Class = "identity" // name, date of birth, telephone, e-mail
	Visits   Class = "visits"   // when and with whom she has appointments
	Health   Class = "health"   // what is written about her health
	Money    Class = "money"    // what she was charged and paid
	Messages Class = "messages" // what was written to her and by her
)

// Classes are all of them.
func Classes() []Class { return []Class{Identity, Visits, Health, Money, Messages} }

// classOf says what somebody saw who opened an entry of the kind. What is not named here shows who she is, at the least.
func classOf(kind string) []Class {
	switch kind {
	case "appointment", "appointments", "day", "week", "followup":
		return []Class{Identity, Visits}
	case "encounter", "chart", "allergy", "condition", "medicine", "file", "intake", "prescription", "prescriptions", "note", "patient-note":
		return []Class{Identity, Health}
	case "invoice", "invoice-proposal", "credit-note", "account", "payment", "payment_request", "refund", "bill", "receipt":
		return []Class{Identity, Money}
	case "thread", "message", "messages", "inbox", "attachment", "answer", "answers", "feedback":
		return []Class{Identity, Messages}
	}
	return []Class{Identity}
}

// classes say what somebody saw by the entry. A copy of one patient holds all of hers.
func (e Entry) classes() []Class {
	if e.Kind == "patient" && actOf(e.Action) == Exported {
		return Classes()
	}
	return classOf(e.Kind)
}

// Act is what was done with somebody's data. Its words are at incident.did.<act>.
type Act string

// The acts.
const (
	Read     Act = "read"
	Changed  Act = "changed"
	Exported Act = "exported"
	Passed   Act = "passed" // it went through a processor
)

// Acts are all of them.
func Acts() []Act { return []Act{Read, Changed, Exported, Passed} }

func actOf(action string) Act {
	switch action {
	case "open", "list":
		return Read
	case "export", "export-fetched", "copy":
		return Exported
	}
	return Changed
}

func joined[T ~string](all []T, have map[T]bool) string {
	var out []string
	for _, x := range all {
		if have[x] {
			out = append(out, string(x))
		}
	}
	return strings.Join(out, ",")
}

func parted[T ~string](text string, all []T) []T {
	var out []T
	for x := range strings.SplitSeq(text, ",") {
		if slices.Contains(all, T(x)) {
			out = append(out, T(x))
		}
	}
	return out
}
