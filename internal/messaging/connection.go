package messaging

import (
	"almirah/internal/id"
)

// Connection is a clinic's own account at a provider, opened for one handing-over or for one
// webhook. The credentials are the carrier's own JSON (its type Credentials); they are sealed
// under the clinic's data key wherever they are kept, and whoever holds a Connection lets go of
// it when the call returns (promise A9: they serve this clinic's own messages and nothing else).
type Connection struct {
	ID          id.ID  // the {channel} of /hooks/{provider}/{channel}
	Provider    string // the carrier's name: "whatsapp", "twilio", "msg91", "ses"
	Sender      string // what recipients see: E.164 number, DLT header, address
	Credentials []byte
	HookURL     string // the public address of this connection's webhook, as the provider calls it
}

// Use says what a template message is for; providers ask for it and price by it.
type Use string

// The uses. A reminder of a booked visit is a utility; a request for a review is marketing.
const (
	Utility   Use = "utility"
	Marketing Use = "marketing"
)

// Call is an approved template with its values, for channels on which nobody may be written to
// freely: WhatsApp outside its window, SMS in India.
type Call struct {
	Name     string // the provider's name or id of the template
	Language string // as the provider spells it, such as "en" or "pt_BR"
	Use      Use
	Values   []Value  // of the body, in the template's order
	Payloads []string // of the quick-reply buttons, in their order; at most 256 bytes each
}

// Value is one variable of a template: Name is empty where the provider counts them.
type Value struct{ Name, Text string }

// Button is an answer that the recipient can give by one touch. It needs an open window.
type Button struct {
	Payload string // what comes back in Event.Button; at most 256 bytes
	Title   string // at most 20 characters
}
