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

// FiguresPage is /app/messages/figures, the page "figures": what the clinic's reminders do.
type FiguresPage struct {
	Shell
	Days   int
	Spans  []FigureSpan
	All    FigureRow
	Over   int         // appointments of which it is known whether the patient came
	By     []FigureRow // by practitioner; empty where the groups are too small
	Least  int         // the smallest group that is shown by itself
	Tracks []FigureBar // the picture
}

// FigureSpan is one period that can be looked at.
type FigureSpan struct {
	Days    int
	Current bool
}

// FigureRow counts what became of reminded appointments.
type FigureRow struct {
	Name                                     string // of the practitioner; empty for those whose groups are too small, together
	Messages, Reminded, Delivered, Confirmed int
	Came, Missed, Off, Open                  int
}

// FigureBar is one bar of the picture, and one line of the table beside it.
type FigureBar struct {
	Key          string // what is counted; its words are those of "figure-word", its colour is that of "bar-<Key>"
	Count, Share int    // of all reminded, in whole percent
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
	ThreadID               string    // the conversation; empty for whoever does not read them, and where there is none
	InsteadID              string    // the message over another channel that this one stands in for
	ProviderID             string    // the provider's own
	Parts                  int       // of an SMS
	Cost                   []CostField
}

// CostField is one field of what a message cost, as the provider named and gave it.
type CostField struct{ Name, Value string }

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
	Receiver bool // the reader may see what the demo's own program was told
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
