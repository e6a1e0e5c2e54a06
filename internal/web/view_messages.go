package web

import (
	"time"
)

// MessagesPage is /app/messages, the page "messages".
type MessagesPage struct {
	Shell
	CanReview bool // what patients say of their visits is a page of its own
	Rows      []MessageRow
	State     string // filter: "" or a state
	Counts    []StateCount
	Older     string
}

// MessageRow is one message in the list.
type MessageRow struct {
	ID, Patient, PatientID string
	What                   string // "Reminder, 24 hours before"
	Channel                string // email, sms, whatsapp
	State                  string
	Reached                string // how far it came where that says more than the state: a state's word
	At                     time.Time
	Broken                 bool
}

// MessagePage is /app/messages/{id}, the page "message".
type MessagePage struct {
	Shell
	ID, Patient, PatientID string
	What, Channel, State   string
	To                     string // masked
	Passport               []PassportLine
	States                 []MessageState
	AppointmentID          string
	At                     time.Time
	Reached                string    // how far it came, as its provider reports; empty: nothing was reported
	ReachedAt              time.Time // by the provider's clock
	CanSettle              bool      // nobody knows its fate: a person decides
}

// PassportLine is one line of why this message might go out.
type PassportLine struct{ Key, Value string }

// MessageState is one step of a message's way.
type MessageState struct {
	State string
	At    time.Time
	Words string // in the language of the page; may be empty
}

// OutboxPage is /app/outbox in the demo, the page "outbox": messages as they would look in the patient's hands.
type OutboxPage struct {
	Shell
	Phones    []PhoneCard
	AllPhones string // where all of them are listed; empty: these are all
	Messages  []OutboxMessage
	Older     string
}

// OutboxMessage is one delivered message of the demo.
type OutboxMessage struct {
	ID, To, From, Subject, Text string
	Channel                     string
	At                          time.Time
	Language, Dir               string
	Links                       []OutboxLink
	Calendar                    string // "REQUEST", "CANCEL" or empty
	CalendarURL                 string
	Opened                      bool
}

// OutboxLink is a link in a message.
type OutboxLink struct{ Words, URL string }
