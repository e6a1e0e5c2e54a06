package messaging

import (
	"slices"

	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/scheduling"
)

// Kind says what a message tells.
type Kind string

// The kinds. Templates and rules are kept per kind.
const (
	Booked    Kind = "appointment.booked"
	Moved     Kind = "appointment.moved"
	Cancelled Kind = "appointment.cancelled"
	Reminder  Kind = "reminder"
	Missed    Kind = "followup.missed" // the patient did not come: another time is offered
	Visited   Kind = "followup.visit"  // how she is, some time after a visit
	Recall    Kind = "followup.recall" // it is time to come again
	Review    Kind = "review"          // how it was; once a visit at most
	Receipted Kind = "billing.receipt" // money came: her bill and receipt stand on her own page
	// PaperReady tells that a paper of hers is ready, by a link; it is about no appointment.
	PaperReady Kind = "paper.ready"
	// SecurityTold tells a patient what happened to her data; it is about no appointment.
	SecurityTold Kind = "security.notice"
	// TermsTold tells a patient that the terms under which the clinic keeps her data are to change, and asks her; it is about no appointment.
	TermsTold Kind = "terms.notice"
	// PrivacyLink is the link to a person's own page, for whoever asked for it with an address on file.
	PrivacyLink Kind = "privacy.link"
	// PrivacyTold tells a person that there is news of what she asked about her data.
	PrivacyTold Kind = "privacy.told"
	// PrivacyCode goes to an address that a person wants on file, with a code; or to one that was left, with the news of it.
	PrivacyCode Kind = "privacy.code"
)

// Kinds beside those: what a person of the clinic writes, and what the house answers by itself. They have no
// rule and no text of the clinic's own.
const (
	Answered    Kind = "answer"       // a person's answer in a conversation; its text is not kept for sending
	StopHeard   Kind = "stop.heard"   // STOP was heard and is answered once
	StartHeard  Kind = "start.heard"  // and so is START
	ChangeAsked Kind = "change.asked" // the link to another time, for whoever touched "Change"
	Reopening   Kind = "inbox.reopen" // the approved text that opens a conversation again
)

// Kinds are all kinds about an appointment that have a text of their own, in the order of the settings page.
func Kinds() []Kind {
	return []Kind{Booked, Moved, Cancelled, Reminder, Missed, Visited, Recall, Review, Receipted}
}

// Talk says whether the kind belongs to a conversation and to no appointment: "appointment" in its
// row is the conversation.
func (k Kind) Talk() bool {
	return k == Answered || k == StopHeard || k == StartHeard || k == Reopening
}

// Choices says whether the recipient can answer by one touch: confirm, change, cancel.
func (k Kind) Choices() bool { return k == Booked || k == Moved || k == Reminder }

// Valid says whether there is such a kind.
func (k Kind) Valid() bool { return k.alone() || slices.Contains(Kinds(), k) }

// purpose is what a message of the kind is sent for. What belongs to the booking itself is
// necessary and asks for no consent; everything else does.
func (k Kind) purpose() consent.Purpose {
	switch k {
	case Reminder:
		return consent.Reminder
	case Missed, Visited, Recall:
		return consent.Followup
	case Review:
		return consent.Review
	case PaperReady:
		return consent.Papers
	case SecurityTold:
		return consent.Security
	case TermsTold:
		return consent.Terms
	case PrivacyLink, PrivacyTold, PrivacyCode:
		return consent.Rights
	}
	return consent.Booking
}

// Asked says whether the kind needs the patient's agreement. Such a message keeps the quiet
// hours (but for a paper, which she waits for) and can be stopped by one click.
func (k Kind) Asked() bool { return k.purpose() != consent.Booking && !k.duty() }

// duty says whether the law demands the message, whatever anybody agreed to.
func (k Kind) duty() bool { return k == SecurityTold || k == TermsTold || k.private() }

// alone says whether a message of the kind is about no appointment and no conversation.
func (k Kind) alone() bool { return k == PaperReady || k.duty() }

func (k Kind) basis() string {
	if k.duty() {
		return string(consent.Duty)
	}
	if k.Asked() {
		return string(consent.Agreement)
	}
	return string(consent.Necessity)
}

// stands says whether a message of the kind still tells the truth about the appointment at this
// moment; otherwise the reason to drop it.
func (k Kind) stands(a scheduling.Appointment, now clock.Instant) (reason string) {
	switch k {
	case Cancelled:
		if a.Status != scheduling.Cancelled {
			return ReasonChanged
		}
		if a.EndsAt > now { // whoever is on her way, or waits there, is to know
			return ""
		}
	case Missed:
		if a.Status != scheduling.NoShow {
			return ReasonChanged
		}
		return ""
	case Receipted:
		return "" // what was paid was paid, whatever became of the visit
	case Visited, Recall, Review:
		if !a.Status.Came() || a.EndsAt > now {
			return ReasonChanged
		}
		return ""
	default:
		if a.Status == scheduling.Cancelled {
			return ReasonChanged
		}
		if !a.Status.Ahead() {
			return ReasonNotAhead
		}
	}
	if a.StartsAt <= now {
		return ReasonPast
	}
	return ""
}

// State is where a message stands. Whether it was opened or read is no state: nothing asks.
type State string

// The states.
//
//	planned -> sending -> handing-over -> sent | refused | planned again, later | uncertain
//	planned -> cancelled (the appointment changed first) | dropped (looked at again: no ground)
//	planned again five times -> given-up
//	uncertain, given-up -> sent | planned, when a person says so
const (
	Planned     State = "planned"
	Sending     State = "sending"      // a sender has it; nothing has left yet
	HandingOver State = "handing-over" // the next step may put it into the provider's hands
	Sent        State = "sent"
	Rejected    State = "refused"   // the provider will never take it
	GivenUp     State = "given-up"  // tried five times; nothing left the house
	Unsure      State = "uncertain" // handed over, and no answer came
	Dropped     State = "dropped"   // not sent, for the reason beside it
	Withdrawn   State = "cancelled" // taken back before it was sent
)

// Reasons beside a state. They are words of the catalogue (message.reason.<word>), never a person's data.
const (
	ReasonChanged    = "appointment-changed"
	ReasonNotAhead   = "not-ahead"
	ReasonGone       = "appointment-gone"
	ReasonNoConsent  = "no-consent"
	ReasonNoAddress  = "no-address"
	ReasonNoCarrier  = "no-carrier"
	ReasonUnreadable = "unreadable"
	ReasonQuiet      = "quiet-hours"
	ReasonPast       = "past"
	ReasonKilled     = "sender-died"
	ReasonRestored   = "restored" // due between a backup and its restore: it may have gone out
	ReasonMoved      = "moved"    // due between a clinic's leaving another house and its being let go here: it may have gone out there
	ReasonArrived    = "settled-arrived"
	ReasonAgain      = "settled-send-again"
	ReasonErased     = "erased"
	ReasonPaused     = "channel-paused"
	ReasonRevoked    = "channel-revoked"
	ReasonNoTemplate = "no-template"
	ReasonNotKept    = "text-not-kept"
	ReasonClosed     = "clinic-closed"
	ReasonParty      = "party-not-agreed" // the terms that she is under do not know the company that would carry it
	ReasonTerms      = "terms-changed"    // the version that it announces was taken back, or holds already
)

// InFlight is how long a message may stay with a sender before another looks after it. A
// carrier is given less than that (sendTimeout).
const InFlight = clock.Instant(2 * 60 * 1_000_000)

// Passport says why a message may go out and what it is made of. It is sealed under the patient's key.
type Passport struct {
	Purpose        consent.Purpose `json:"purpose"`
	Basis          string          `json:"basis"`   // consent.Basis: necessity or agreement
	Consent        string          `json:"consent"` // why consent lets it out: one of consent.Reasons
	Rule           id.ID           `json:"rule"`
	Kind           Kind            `json:"kind"`
	Channel        Channel         `json:"channel"`
	Template       int64           `json:"template"` // version; 0 is the house's own text
	Language       string          `json:"language"`
	Fields         []string        `json:"fields"` // variables that the text used
	QuietVerdict   string          `json:"quiet"`
	Instead        id.ID           `json:"instead,omitzero"` // the message that could not go over its channel
	IdempotencyKey string          `json:"key"`
}
