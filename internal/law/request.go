package law

import (
	"time"

	"almirah/internal/clock"
)

// Request is a kind of request that a person can make about her data.
type Request string

// The kinds of requests.
const (
	Access      Request = "access"      // to see what is held, and a copy of it
	Portability Request = "portability" // a copy that another program can read
	Correction  Request = "correction"
	Deletion    Request = "deletion"
	Objection   Request = "objection"   // to one use of the data
	Restriction Request = "restriction" // of every use beyond keeping
	Complaint   Request = "complaint"   // about how the data was treated; in India the grievance
	Nomination  Request = "nomination"  // of somebody who acts when she cannot any more
)

// Requests are the kinds in the order of menus.
func Requests() []Request {
	return []Request{Access, Portability, Correction, Deletion, Objection, Restriction, Complaint, Nomination}
}

// Promised is the longest that any answer takes, whatever the law allows: the policy says so.
var Promised = Span{Days: 30}

// MakeSure is within what it is made sure who asks: for so long, and no longer, the time for the answer stands still. Unidentified is after what a request is closed of which
// nobody could make sure. No law names either number; both are ours. A week is what the authorities call prompt; after ninety days, the longest that any of the laws gives for an answer, nothing
// can be owed to anybody any more.
var (
	MakeSure     = Span{Hours: 7 * 24}
	Unidentified = Span{Hours: 90 * 24}
)

// Answer is by when a request has to be answered.
type Answer struct {
	Confirm Span   // by when it is confirmed that it came; zero: the law does not ask
	Within  Span   // by when it is answered
	Longer  Span   // by how much the law lets the answer be put off, with a reason told in time; zero: not at all
	Source  string // where it stands
}

// answers are what the laws ask. Kinds without a row of their own are under "".
var answers = map[string]map[Request]Answer{
	India: {
		Access:    {Within: Span{Hours: 72}, Source: "Indian Medical Council Regulations 2002, 1.3.2: medical records within 72 hours"},
		Complaint: {Within: Span{Days: 90}, Source: "DPDP Rules 2025, rule 14(3): a grievance within ninety days"},
		"":        {Within: Span{Days: 90}, Source: "DPDP Act 2023, sections 11 to 14; DPDP Rules 2025, rule 14(3)"},
	},
	EU:      {"": {Within: Span{Months: 1}, Longer: Span{Months: 2}, Source: "GDPR, article 12(3)"}},
	Britain: {"": {Within: Span{Months: 1}, Longer: Span{Months: 2}, Source: "UK GDPR, article 12(3)"}},
	US: {
		Access:      {Within: Span{Days: 30}, Longer: Span{Days: 30}, Source: "45 CFR 164.524(b)(2)"},
		Portability: {Within: Span{Days: 30}, Longer: Span{Days: 30}, Source: "45 CFR 164.524(c)(2)(ii)"},
		"":          {Within: Span{Days: 60}, Longer: Span{Days: 30}, Source: "45 CFR 164.526(b)(2)"},
	},
	California: {"": {Confirm: Span{BusinessDays: 10}, Within: Span{Days: 45}, Longer: Span{Days: 45}, Source: "CCPA Regulations, 11 CCR 7021"}},
	Canada:     {"": {Within: Span{Days: 30}, Longer: Span{Days: 30}, Source: "PIPEDA, section 8(3) and (4)"}},
	Elsewhere:  {"": {Within: Span{Days: 30}, Source: "the law of your country; the number is ours"}},
}

// AnswerTo is what the law of the place asks for a request of the kind.
func AnswerTo(place string, kind Request) Answer {
	rows := row(answers, place)
	if a, ok := rows[kind]; ok {
		return a
	}
	return rows[""]
}

// Due is the last moment for the answer to a request that came at a moment: what the law asks or what the house promises, whichever is sooner.
func Due(place string, kind Request, came clock.Instant, zone *time.Location) clock.Instant {
	return min(AnswerTo(place, kind).Within.End(came, zone), Promised.End(came, zone))
}
