package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/id"
)

// What an inbound door answers when it does not take a request. Neither is logged with its body.
var (
	ErrForged     = errors.New("messaging: the signature does not fit")
	ErrUnreadable = errors.New("messaging: the request cannot be read")
	// ErrNotNow says that nothing is known about the request, because what it is checked with cannot
	// be had at the moment. The provider is told to come again.
	ErrNotNow = errors.New("messaging: the request cannot be checked at the moment")
)

// Hook is one request of a provider as it came over the wire.
type Hook struct {
	Method string
	URL    string // the public address with its query, as the provider knows it (behind a proxy not the one of the request)
	Header http.Header
	Body   []byte // raw: signatures are over bytes

	// Remote is who called, as the deployment's own proxies say; zero when nobody knows. Only
	// providers that sign nothing are told by it.
	Remote netip.Addr
}

// Answer is what the provider expects back at once. The zero value is an empty 200.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// Inbound reads what one provider sends to /hooks/{provider}/{channel}.
type Inbound interface {
	// Provider is the {provider} of the address.
	Provider() string
	// Read checks the signature (in constant time, against every live secret of the connection),
	// then answers what the request says, in its order, and what to answer to the provider.
	// ErrForged when no secret fits or the request speaks of another account than the
	// connection's; ErrUnreadable for what no provider would send; ErrNotNow when it cannot be
	// checked just now. A kind of news that it does
	// not know is an Event of kind Unknown, never an error.
	Read(ctx context.Context, c Connection, h Hook) ([]Event, Answer, error)
}

// News is the kind of an Event.
type News string

// The kinds of news.
const (
	StateNews    News = "state"    // of a message of ours
	MessageNews  News = "message"  // somebody wrote
	ChoiceNews   News = "choice"   // somebody stopped or resumed with the provider itself
	TemplateNews News = "template" // a template was approved, rejected, paused, put into another class
	AccountNews  News = "account"  // quality, limits, a credential that no longer works
	IdentityNews News = "identity" // a person's number changed
	Unknown      News = "unknown"  // stored and counted
)

// Reached is how far a message of ours came. They are ranked: a later event never lowers it, read
// implies delivered, and Failed stands only while nothing better has been heard.
type Reached string

// The ranks, lowest first.
const (
	ReachedFailed    Reached = "failed"
	ReachedAccepted  Reached = "accepted"
	ReachedSent      Reached = "sent"
	ReachedDelivered Reached = "delivered"
	ReachedOpened    Reached = "opened" // perhaps by a machine: mail programs fetch pictures by themselves
	ReachedRead      Reached = "read"
)

// Sender is who wrote, as far as the provider says. Any one of the fields may be empty: a
// conversation is never keyed on the number alone.
type Sender struct {
	Phone   string // E.164
	UserID  string // the provider's own id of this person towards this business
	Address string // of an e-mail
	Name    string // as the person calls herself
}

// Event is one piece of news. Its texts are a person's data: they are sealed before they are
// stored and never logged.
type Event struct {
	Kind News
	Key  string        // the provider's; with the connection's id it is unique, so that a replay changes nothing
	At   clock.Instant // the provider's own time; zero when it gave none

	ProviderID string          // of the message: ours for StateNews, theirs for MessageNews
	Message    id.ID           // our own id of the message, where the provider gives back what went out with it; it settles a message whose provider id never came
	Reached    Reached         // of StateNews
	Code       string          // of a failure, such as "131047" or "30007"
	Permanent  bool            // the failure will not go away: another channel may be tried
	Pricing    json.RawMessage // as received; nil when there was none

	From    Sender
	Text    string
	Button  string // payload of the button or list row that was touched
	ReplyTo string // provider id of our message that this one answers
	Media   []Media

	Answered bool // of MessageNews: the provider has answered STOP or START by itself

	Stop   bool   // of ChoiceNews: stopped (true) or resumed
	Name   string // of a template; what changed, of AccountNews
	Lang   string // of a template
	Status string // of a template or an account: the provider's word, lower case
	Reason string // the provider's word
	Class  string // of a template: the class that the provider put it in, lower case

	Raw []byte // of Unknown
}

// Media is a picture, a voice note or a document that came with a message. Its ID, which is the provider's, is empty
// where it cannot be fetched: with a mail its attachments are named and no more.
type Media struct {
	ID, ContentType, FileName, SHA256 string
}

// blankCards takes the numbers of payment cards out of what somebody wrote. A message cannot be refused as a form can, and it must not
// be kept as it came either (promise H3).
func (e *Event) blankCards() {
	for _, x := range []*string{&e.Text, &e.Button, &e.Reason, &e.From.Name} {
		*x, _ = contact.BlankCards(*x)
	}
	for i := range e.Media {
		e.Media[i].FileName, _ = contact.BlankCards(e.Media[i].FileName)
	}
	if blank, was := contact.BlankCards(string(e.Raw)); was {
		e.Raw = []byte(blank)
	}
}
