package programs

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// Event is what an address is told of; an address may have several, as bits.
type Event int64

// The events.
const (
	AppointmentBooked Event = 1 << iota
	AppointmentMoved
	AppointmentCancelled
	AppointmentStatus
	PatientCreated
	PatientChanged
	InvoicePaid
)

// Events are all of them in the order in which pages list them.
var Events = []Event{AppointmentBooked, AppointmentMoved, AppointmentCancelled, AppointmentStatus, PatientCreated, PatientChanged, InvoicePaid}

var eventWords = map[Event]string{AppointmentBooked: "appointment.booked", AppointmentMoved: "appointment.moved", AppointmentCancelled: "appointment.cancelled",
	AppointmentStatus: "appointment.status", PatientCreated: "patient.created", PatientChanged: "patient.changed", InvoicePaid: "invoice.paid"}

// TestKind is the type of what the owner sends to try an address.
const TestKind = "webhook.test"

// Word names one event on the wire and in the catalogue: "appointment.booked".
func (e Event) Word() string { return eventWords[e] }

// Words are the words of all events in e.
func (e Event) Words() []string {
	out := []string{}
	for _, x := range Events {
		if e&x != 0 {
			out = append(out, x.Word())
		}
	}
	return out
}

// ParseEvent finds an event by its word; zero when there is none of that word.
func ParseEvent(word string) Event {
	for _, x := range Events {
		if x.Word() == word {
			return x
		}
	}
	return 0
}

// The states of an address.
const (
	On  = "on"
	Off = "off"
)

// Why an address is off.
const (
	ByHand  = "by-hand"
	Failing = "failing" // it answered with nothing but failures for days
	Gone    = "gone"    // it answered 410: it wants to be told nothing more
)

// The bounds of an address.
const (
	maxEndpoints = 5
	maxURL       = 500
	overlap      = 24 * time.Hour     // how long the earlier secret signs too
	failDays     = 5 * 24 * time.Hour // of failures alone, after which an address is switched off
)

// Endpoint is an address of the clinic's own that is told what happened.
type Endpoint struct {
	ID           id.ID
	URL          string // empty when it cannot be opened
	Host         string // "books.example:443"
	Events       Event
	State        string
	Reason       string // while it is off
	StateAt      clock.Instant
	FailingSince clock.Instant // zero while it answers
	OldUntil     clock.Instant // until when the earlier secret signs too
	CreatedAt    clock.Instant
	Version      int64
	secret, old  string
}

// EndpointDraft is an address as it is typed.
type EndpointDraft struct {
	URL    string
	Events Event
}

// check reads an address, and takes the blanks around it away. Only https to a name, at the port that is meant for it: what the name leads to is looked at when it is dialled, each time.
func (d *EndpointDraft) check(address bool) (host string, err error) {
	var f fault.Fields
	if d.Events == 0 {
		f.Add("events", "field.webhook.events")
	}
	if !address {
		return "", f.Err()
	}
	d.URL = strings.TrimSpace(d.URL)
	u, bad := url.Parse(d.URL)
	switch {
	case d.URL == "":
		f.Add("url", "field.webhook.url")
	case bad != nil || utf8.RuneCountInString(d.URL) > maxURL || u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		f.Add("url", "field.webhook.url")
	case !egress.PublicName(u.Hostname()):
		f.Add("url", "field.webhook.host")
	case u.Port() != "" && u.Port() != "443" && u.Port() != "8443":
		f.Add("url", "field.webhook.port")
	default:
		port := u.Port()
		if port == "" {
			port = "443"
		}
		host = strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) + ":" + port
	}
	return host, f.Err()
}

// The states of a telling.
const (
	Planned   = "planned"
	Delivered = "delivered"
	Failed    = "failed"    // tried until the end of the schedule
	Uncertain = "uncertain" // fell due before the database came back from a backup: it may have been told
	Missed    = "missed"    // happened while the address was off
)

// Delivery is one telling of one event to one address.
type Delivery struct {
	ID         id.ID
	Endpoint   id.ID
	Kind       string
	Subject    id.ID
	Patient    id.ID // zero where it is about nobody
	HappenedAt clock.Instant
	State      string
	DueAt      clock.Instant
	Attempts   int
	Answer     int    // the last HTTP status; zero for none
	Reason     string // why the last attempt failed without one
	TriedAt    clock.Instant
}

// MessageID is the id under which the program knows the telling.
func (d Delivery) MessageID() string { return messageID(d.ID) }

// schedule is how long after each attempt the next one is made; the first is made at once (Standard Webhooks).
var schedule = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

const (
	mostReplayed = 1000
)
