package local

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// The names of the two providers.
const (
	WhatsAppName = "local-whatsapp"
	SMSName      = "local-sms"
)

// window is how long a person may be written to freely on WhatsApp after she wrote.
const window = 24 * time.Hour

// What the stand-in for WhatsApp answers, in Meta's own numbers.
const (
	codeWindow    = "131047" // a free text outside the window
	codeNoAddress = "131026" // nobody is there
)

// Account is one of the two providers: a stand-in for WhatsApp, or for a carrier of SMS.
type Account struct {
	phones  *Phones
	channel messaging.Channel
	name    string
}

var (
	_ messaging.Provider = (*Account)(nil)
	_ messaging.Eraser   = (*Account)(nil)
)

// Providers are the two that reach these phones, WhatsApp first.
func (p *Phones) Providers() []messaging.Provider {
	return []messaging.Provider{approving{&Account{p, messaging.WhatsApp, WhatsAppName}}, &Account{p, messaging.SMS, SMSName}}
}

// credentials are a clinic's account: the number that people see, and the secret that reports are signed with.
type credentials struct {
	Number string `json:"number"`
	Secret string `json:"secret"`
}

func opened(c *messaging.Connection) (credentials, error) {
	var out credentials
	if c == nil {
		return out, errors.New("local: an account is needed")
	}
	if err := json.Unmarshal(c.Credentials, &out); err != nil || out.Secret == "" {
		return out, errors.New("local: the account cannot be read")
	}
	return out, nil
}

// Channel is what the provider carries.
func (a *Account) Channel() messaging.Channel { return a.channel }

// Stays says that nothing leaves the process.
func (a *Account) Stays() {}

// Name and Provider are "local-whatsapp" or "local-sms".
func (a *Account) Name() string { return a.name }

// Provider is the {provider} of the webhook's address.
func (a *Account) Provider() string { return a.name }

// Check reads the form: "number", any number that a phone could have. A secret is made up.
func (a *Account) Check(typed map[string]string) (kept []byte, sender, last4 string, err error) {
	var wrong fault.Fields
	number, err := contact.ParsePhone(typed["number"], "")
	switch {
	case typed["number"] == "":
		wrong.Add("number", "field.phone.empty")
	case err != nil:
		wrong.Add("number", "field.phone.invalid")
	}
	if err := wrong.Err(); err != nil {
		return nil, "", "", err
	}
	var b [24]byte
	_, _ = rand.Read(b[:]) // crypto/rand never returns an error
	c := credentials{Number: string(number), Secret: hex.EncodeToString(b[:])}
	if kept, err = json.Marshal(c); err != nil {
		return nil, "", "", err
	}
	return kept, c.Number, c.Secret[len(c.Secret)-4:], nil
}

// Probe always works. The account is known from now on, so that its clinic can be written to.
func (a *Account) Probe(_ context.Context, c messaging.Connection) error {
	one, err := a.known(&c)
	if err != nil {
		return fault.New(fault.Conflict, "fault.channel.unreadable").Because(err)
	}
	a.phones.mu.Lock()
	defer a.phones.mu.Unlock()
	a.phones.learn(one)
	return nil
}

// known is what the provider has to know of an account.
func (a *Account) known(c *messaging.Connection) (account, error) {
	secret, err := opened(c)
	if err != nil {
		return account{}, err
	}
	clinic, _, err := messaging.ReadHookPath(c.HookURL[strings.LastIndexByte(c.HookURL, '/')+1:])
	if err != nil {
		return account{}, err
	}
	return account{id: c.ID, clinic: clinic, channel: a.channel, hook: c.HookURL, secret: secret.Secret}, nil
}

// Send puts the message on the phone, and into the outbox: what a template would look like is in
// m.Text as well. It is Broken without a readable account; Refused on another channel, when nobody
// is there, and, on WhatsApp, when m is a free text and its number has not written within 24 hours
// (131047, as Meta answers); Later when ctx has ended or handOver fails. Then nothing is kept.
func (a *Account) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	one, err := a.known(m.Via)
	if err != nil {
		return messaging.Receipt{Outcome: messaging.Broken, Code: "account"}
	}
	if m.Channel != a.channel {
		return messaging.Receipt{Outcome: messaging.Refused, Code: "channel"}
	}
	if ctx.Err() != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "cancelled"}
	}
	p, now := a.phones, a.phones.clock.Now()
	p.mu.Lock()
	p.learn(one)
	number := m.To
	if phone := p.phones[m.ToUser]; number == "" && phone != nil && p.clinics[m.ToUser] == one.clinic {
		number = phone.Number
	}
	free := a.channel != messaging.WhatsApp || m.Call != nil || p.open(p.token(one.clinic, number), a.channel, now)
	p.mu.Unlock()
	switch {
	case number == "":
		return messaging.Receipt{Outcome: messaging.Refused, Code: codeNoAddress, Elsewhere: true}
	case !free:
		return messaging.Receipt{Outcome: messaging.Refused, Code: codeWindow}
	}
	// The house writes to its database here, and must not wait for the phones meanwhile.
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}
	}
	sent := providerID(now)
	m.To = number
	p.outbox.Add(Letter{ID: m.ID, Channel: m.Channel, At: now, Headers: headers(m), Text: m.Text, HTML: m.HTML, ProviderID: sent, Buttons: buttons(m)})
	p.mu.Lock()
	p.took(one, number, m, sent, now)
	p.mu.Unlock()
	return messaging.Receipt{Outcome: messaging.Accepted, ProviderID: sent}
}

// Forgets is true of text messages: the stand-in for WhatsApp takes no such call, as Meta takes none.
func (a *Account) Forgets(file bool) bool { return !file && a.channel == messaging.SMS }

// Keeps is 30 where it takes no call, as at Meta.
func (a *Account) Keeps(file bool) int {
	if a.Forgets(file) {
		return 0
	}
	return 30
}

// Forget takes a message out of the outbox, where the provider has it. What is on the phone is its owner's.
func (a *Account) Forget(_ context.Context, via messaging.Connection, what string, file bool) messaging.Forgotten {
	switch _, err := a.known(&via); {
	case err != nil:
		return messaging.Forgotten{Outcome: messaging.Broken, Code: "account"}
	case !a.Forgets(file):
		return messaging.Forgotten{Outcome: messaging.Refused, Code: "no-call"}
	case !a.phones.outbox.remove(what):
		return messaging.Forgotten{Outcome: messaging.Absent, Code: "404"}
	}
	return messaging.Forgotten{Outcome: messaging.Accepted, Code: "204"}
}

// providerID is a new id of a message, as this provider makes them.
func providerID(now time.Time) string { return "local." + id.New(now).String() }

// buttons are what the person can touch: the buttons under a free text, or those of a template, whose
// titles stand in m.Buttons where the sender told them and are otherwise the payloads themselves.
func buttons(m messaging.Outgoing) []messaging.Button {
	if m.Channel != messaging.WhatsApp {
		return nil // a text message has none
	}
	if m.Call == nil || len(m.Call.Payloads) == 0 {
		return append([]messaging.Button(nil), m.Buttons...)
	}
	var out []messaging.Button
	for i, payload := range m.Call.Payloads {
		b := messaging.Button{Payload: payload, Title: payload}
		if i < len(m.Buttons) && m.Buttons[i].Title != "" {
			b.Title = m.Buttons[i].Title
		}
		if r := []rune(b.Title); len(r) > 25 {
			b.Title = string(r[:24]) + "…"
		}
		out = append(out, b)
	}
	return out
}
