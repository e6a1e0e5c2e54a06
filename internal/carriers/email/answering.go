package email

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// Answering sends a clinic's mail through the deployment's mail server, each with an address of its own to answer to,
// and reads the answers. It is the provider "mail": what a clinic connects is the domain of those addresses.
type Answering struct {
	via messaging.Carrier
	*Inbox
}

var (
	_ messaging.Provider  = (*Answering)(nil)
	_ messaging.HookWords = (*Answering)(nil)
)

// NewAnswering makes the provider over the deployment's own carrier of mail.
func NewAnswering(via messaging.Carrier, clk clock.Clock) *Answering {
	return &Answering{via: via, Inbox: NewInbox(clk)}
}

// Channel is e-mail.
func (a *Answering) Channel() messaging.Channel { return messaging.Email }

// Name is "mail".
func (a *Answering) Name() string { return "mail" }

// Check reads the form: the domain, and the secret with which the mail server signs; an empty secret is made here,
// and the page shows it to whoever may connect accounts. fault.Invalid over "domain" and "secrets".
func (a *Answering) Check(typed map[string]string) (credentials []byte, sender, last4 string, err error) {
	box := Mailbox{Domain: strings.ToLower(strings.TrimSpace(typed["domain"]))}
	box.Secrets = strings.FieldsFunc(typed["secrets"], func(r rune) bool { return r == ',' || r <= ' ' })
	if len(box.Secrets) == 0 {
		box.Secrets = []string{NewSecret()}
	}
	if err := box.Validate(); err != nil {
		return nil, "", "", err
	}
	credentials, err = json.Marshal(box)
	return credentials, "*@" + box.Domain, box.Last4(), err
}

// NewSecret makes a secret that a mail server can sign with: 256 random bits.
func NewSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand never returns an error
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// HookWord is the secret that the mail server signs with.
func (a *Answering) HookWord(credentials []byte) string {
	var box Mailbox
	if json.Unmarshal(credentials, &box) != nil || len(box.Secrets) == 0 {
		return ""
	}
	return box.Secrets[0]
}

// Probe has nothing to ask: whether answers arrive shows with the first one.
func (a *Answering) Probe(context.Context, messaging.Connection) error { return nil }

// Send hands the message to the deployment's carrier with the address of its own to answer to. The address holds our
// id of the message, which says nothing to anybody else.
func (a *Answering) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if m.Via == nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "no_account"}
	}
	var box Mailbox
	if json.Unmarshal(m.Via.Credentials, &box) != nil || box.Validate() != nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}
	}
	back, err := ReplyAddress(ReplyToken(m.ID), box.Domain)
	if err != nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "credentials"}
	}
	m.ReplyTo, m.From, m.Via = back, "", nil
	return a.via.Send(ctx, m, handOver)
}

// Read reads an answer; the message that it answers is the one whose address it was sent to.
func (a *Answering) Read(ctx context.Context, c messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	events, answer, err := a.Inbox.Read(ctx, c, h)
	for i := range events {
		if t, err := ParseReplyToken(events[i].ReplyTo); err == nil && events[i].Kind == messaging.MessageNews {
			events[i].Message, events[i].ReplyTo = id.ID(t), ""
		}
	}
	return events, answer, err
}
