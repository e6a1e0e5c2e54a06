package messaging

import (
	"context"
	"encoding/json"
	"time"

	"almirah/internal/id"
)

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Email    Channel = "email"
	SMS      Channel = "sms"
	WhatsApp Channel = "whatsapp"
)

// Outgoing is one message as a carrier sees it: everything is rendered, nothing is looked up.
type Outgoing struct {
	ID       id.ID // our id of the message; carriers derive their own from it, so that a retry is recognised
	Channel  Channel
	To       string // address or E.164 number
	ToUser   string // the provider's own id of the recipient, for when no number is known; empty otherwise
	ToName   string
	From     string // sender address, empty for the deployment's own
	FromName string // the clinic's name
	ReplyTo  string
	Subject  string
	Text     string
	HTML     string
	Language string
	Calendar *Invite // nil where the message is not about an appointment

	Via     *Connection // the clinic's own account; nil for the deployment's own mail server
	Call    *Call       // the approved template; nil: free text
	Buttons []Button    // quick answers under a free text; channels that have none leave them out
	InReply string      // provider id of the message that this one answers; empty for none

	Opens bool // of an e-mail: the clinic turned on that it is told when the message is opened, and the message says so

	// UnsubscribeURL is the one-click address of RFC 8058; empty for messages that are
	// not stopped that way (confirmations).
	UnsubscribeURL string
}

// account is the clinic's own account that the message goes through; zero for none.
func (m Outgoing) account() id.ID {
	if m.Via == nil {
		return id.Zero
	}
	return m.Via.ID
}

// Invite is the calendar part of a message about an appointment.
type Invite struct {
	Method string // REQUEST or CANCEL, equal to the METHOD inside
	ICS    []byte
}

// Outcome says what became of a message at the carrier.
type Outcome string

// The outcomes. Uncertain is never turned into a retry by itself: a person decides.
const (
	Accepted  Outcome = "accepted"  // the provider said that it has it
	Broken    Outcome = "broken"    // nothing was handed over: the account itself is refused (a wrong token); the channel is paused and its owner told
	Refused   Outcome = "refused"   // the provider will never take it
	Later     Outcome = "later"     // nothing was handed over; try again later
	Uncertain Outcome = "uncertain" // it was handed over, but no answer came
)

// Receipt is what a carrier brings back. It holds no personal datum.
type Receipt struct {
	Outcome    Outcome
	ProviderID string // the provider's own id of the message, if it gave one
	Code       string // reply code such as "550" or "timeout"

	Wait      time.Duration   // with Later: how long the provider asks to wait; zero leaves it to the outbox
	Elsewhere bool            // with Refused: this person cannot be reached on this channel, another may be tried
	Stopped   bool            // with Refused: the person stopped this sender with the provider itself
	Parts     int             // of an SMS: how many parts were charged
	Pricing   json.RawMessage // cost fields as the provider gave them
}

// Carrier carries messages over one channel.
type Carrier interface {
	Channel() Channel
	// Name is the carrier's name in the sub-processor list and on the delivery page.
	Name() string
	// Send hands the message over. handOver is called once, immediately before the step after
	// which the provider may have the message; when it fails, Send must break off before that
	// step and answer Later. This is what lets a crash be told apart: before handOver the
	// message can safely be sent again, after it only a person may decide.
	Send(ctx context.Context, m Outgoing, handOver func() error) Receipt
}
