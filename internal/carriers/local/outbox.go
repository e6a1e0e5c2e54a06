// Package local carries messages nowhere: it keeps them in memory for the demo's outbox page,
// rendered as a person would have got them, and plays the providers of WhatsApp and SMS with the
// phones of the demo's people, from which a visitor answers. Nothing is written to disk, only the
// newest messages are kept, and all of them go when the process ends.
package local

import (
	"context"
	"slices"
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// limit is how many messages an Outbox keeps, so that a demo left running does not grow.
const limit = 500

// Header is one line above the text, in the order in which it is shown.
type Header struct{ Name, Value string }

// Letter is one delivered message.
type Letter struct {
	ID      id.ID // the message's own id; a message sent twice stands here twice
	Channel messaging.Channel
	At      time.Time
	Headers []Header
	Subject string
	Text    string
	HTML    string
	ICS     []byte // nil where there is no calendar part

	ProviderID string             // of a message to a phone
	Buttons    []messaging.Button // of a message to a phone
}

// Outbox keeps the newest 500 letters. The zero Outbox is empty and ready; it is safe for
// concurrent use and must not be copied.
type Outbox struct {
	mu      sync.Mutex
	letters []Letter // oldest first
}

// Add keeps a letter, and lets the oldest go when there are too many.
func (o *Outbox) Add(l Letter) {
	l = l.clone()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters = append(o.letters, l)
	if over := len(o.letters) - limit; over > 0 {
		o.letters = slices.Delete(o.letters, 0, over)
	}
}

// List is every letter kept, newest first.
func (o *Outbox) List() []Letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]Letter, len(o.letters))
	for i, l := range o.letters {
		out[len(out)-1-i] = l.clone()
	}
	return out
}

// Clear lets every letter go.
func (o *Outbox) Clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters = nil
}

// remove takes away a letter by the provider's id; false when there is none.
func (o *Outbox) remove(providerID string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.letters)
	o.letters = slices.DeleteFunc(o.letters, func(l Letter) bool { return l.ProviderID != "" && l.ProviderID == providerID })
	return len(o.letters) < n
}

// Get is the newest letter with the message's id; false when none is kept.
func (o *Outbox) Get(message id.ID) (Letter, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range slices.Backward(o.letters) {
		if l.ID == message {
			return l.clone(), true
		}
	}
	return Letter{}, false
}

func (l Letter) clone() Letter {
	l.Headers = slices.Clone(l.Headers)
	l.ICS = slices.Clone(l.ICS)
	l.Buttons = slices.Clone(l.Buttons)
	return l
}

// Carrier delivers one channel's messages into an Outbox.
type Carrier struct {
	outbox  *Outbox
	clock   clock.Clock
	channel messaging.Channel
}

var _ messaging.Carrier = (*Carrier)(nil)

// New makes a carrier for the channel.
func New(outbox *Outbox, clk clock.Clock, channel messaging.Channel) *Carrier {
	return &Carrier{outbox: outbox, clock: clk, channel: channel}
}

// Channel is the one given to New.
func (c *Carrier) Channel() messaging.Channel { return c.channel }

// Stays says that nothing leaves the process.
func (c *Carrier) Stays() {}

// Name is "local".
func (c *Carrier) Name() string { return "local" }

// Send keeps the message. It is Accepted, Refused when it is of another channel or goes to
// nobody, and Later when ctx has ended or handOver fails; then nothing is kept.
func (c *Carrier) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	switch {
	case m.Channel != c.channel:
		return messaging.Receipt{Outcome: messaging.Refused, Code: "channel"}
	case m.To == "":
		return messaging.Receipt{Outcome: messaging.Refused, Code: "address"}
	case ctx.Err() != nil:
		return messaging.Receipt{Outcome: messaging.Later, Code: "cancelled"}
	}
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}
	}
	l := Letter{ID: m.ID, Channel: m.Channel, At: c.clock.Now(), Headers: headers(m), Subject: m.Subject, Text: m.Text, HTML: m.HTML}
	if m.Calendar != nil {
		l.ICS = m.Calendar.ICS
	}
	c.outbox.Add(l)
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: m.ID.String()}
}

func headers(m messaging.Outgoing) []Header {
	var out []Header
	add := func(name, value string) {
		if value != "" {
			out = append(out, Header{name, value})
		}
	}
	from := m.FromName
	if m.From != "" && from != "" {
		from += " <" + m.From + ">"
	} else if from == "" {
		from = m.From
	}
	add("From", from)
	add("To", m.To)
	add("Reply-To", m.ReplyTo)
	add("Subject", m.Subject)
	add("Content-Language", m.Language)
	if m.Calendar != nil {
		add("Calendar", m.Calendar.Method)
	}
	if m.UnsubscribeURL != "" {
		add("List-Unsubscribe", "<"+m.UnsubscribeURL+">")
		add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	return out
}
