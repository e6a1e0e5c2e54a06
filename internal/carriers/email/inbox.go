package email

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/messaging/letter"
)

// SignatureHeader carries t=<unix seconds>,v1=<hex>: HMAC-SHA256 with a secret of the mailbox
// over the digits of t, a dot, and the body. There may be several v1.
const SignatureHeader = "X-Almirah-Signature"

const (
	maxPosted = 1 << 20
	tolerance = 5 * time.Minute // both ways: a body that lay longer is signed anew by the mail server's next try
)

// Mailbox is what a Connection of the provider "mail" carries as its credentials: how the
// operator's mail server signs what it posts, and the domain whose addresses are threads.
type Mailbox struct {
	Secrets []string `json:"secrets"` // one, or two while they are being changed
	Domain  string   `json:"domain"`  // reply.clinic.example
}

var hookSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{32,128}$`)

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid; nil when
// all is well.
func (m Mailbox) Validate() error {
	var wrong fault.Fields
	if len(m.Secrets) < 1 || len(m.Secrets) > 2 {
		wrong.Add("secrets", "field.mail.secrets.number")
	}
	for _, s := range m.Secrets {
		if !hookSecret.MatchString(s) {
			wrong.Add("secrets", "field.mail.secrets.invalid")
			break
		}
	}
	if !letter.HostName(m.Domain) || !strings.Contains(m.Domain, ".") {
		wrong.Add("domain", "field.mail.reply_domain.invalid")
	}
	return wrong.Err()
}

// Last4 is the end of the newest secret, by which its owner recognises it; empty when there is none.
func (m Mailbox) Last4() string {
	if len(m.Secrets) == 0 || len(m.Secrets[0]) < 16 {
		return ""
	}
	return m.Secrets[0][len(m.Secrets[0])-4:]
}

// String shows the domain and no secret.
func (m Mailbox) String() string { return fmt.Sprintf("mail %s secrets=%d", m.Domain, len(m.Secrets)) }

// GoString keeps %#v from showing the secrets.
func (m Mailbox) GoString() string { return m.String() }

// LogValue keeps a log from showing the secrets.
func (m Mailbox) LogValue() slog.Value { return slog.StringValue(m.String()) }

// Inbox reads answers that came by mail. It is safe for concurrent use and holds no secret.
type Inbox struct{ clock clock.Clock }

var _ messaging.Inbound = (*Inbox)(nil)

// NewInbox makes the reader.
func NewInbox(clk clock.Clock) *Inbox { return &Inbox{clock: clk} }

// Provider is "mail".
func (b *Inbox) Provider() string { return "mail" }

// Read checks the signature and reads the mail in the body: as it is (RFC 5322), or in the JSON of
// posted. Somebody's answer is MessageNews with its text, without what it quotes, and the token
// of its thread in ReplyTo (empty when it was sent to no thread). A bounce of a message of ours is
// StateNews. What a machine answered is Unknown, and its text is not kept. The errors are those of
// messaging.Inbound.
func (b *Inbox) Read(_ context.Context, c messaging.Connection, h messaging.Hook) ([]messaging.Event, messaging.Answer, error) {
	none := messaging.Answer{}
	if h.Method != http.MethodPost || len(h.Body) > maxPosted {
		return nil, none, messaging.ErrUnreadable
	}
	var box Mailbox
	if json.Unmarshal(c.Credentials, &box) != nil || box.Validate() != nil {
		return nil, none, messaging.ErrForged
	}
	at, ok := box.signed(h.Header.Get(SignatureHeader), h.Body, b.clock.Now())
	if !ok {
		return nil, none, messaging.ErrForged
	}
	kind, _, err := mime.ParseMediaType(h.Header.Get("Content-Type"))
	var m *mailed
	if err == nil && kind == "application/json" {
		m, err = readPosted(h.Body)
	} else {
		m, err = readMail(h.Body)
	}
	if err != nil {
		return nil, none, messaging.ErrUnreadable
	}
	return []messaging.Event{m.event(box.Domain, at, h.Body)}, none, nil
}

// signed says whether one of the signatures is right by one of the secrets, and when it was made.
// All are compared, in constant time.
func (m Mailbox) signed(header string, body []byte, now time.Time) (time.Time, bool) {
	var stamp string
	var given [][]byte
	if len(header) > 1024 {
		return time.Time{}, false
	}
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if stamp != "" {
				return time.Time{}, false
			}
			stamp = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				given = append(given, mac)
			}
		}
	}
	seconds, err := strconv.ParseUint(stamp, 10, 40)
	if err != nil {
		return time.Time{}, false
	}
	at := time.Unix(int64(seconds), 0).UTC()
	if age := now.Sub(at); age > tolerance || age < -tolerance {
		return time.Time{}, false
	}
	right := false
	for _, s := range m.Secrets {
		h := hmac.New(sha256.New, []byte(s))
		h.Write([]byte(stamp + "."))
		h.Write(body)
		want := h.Sum(nil)
		for _, mac := range given {
			right = hmac.Equal(mac, want) || right
		}
	}
	return at, right
}

// posted is a mail as JSON, from a mail server that can say more than the mail does. Raw (base64)
// is the whole mail; without it, the other fields are the mail.
type posted struct {
	Recipient     string  `json:"recipient"`   // of the envelope
	ReturnPath    *string `json:"return_path"` // of the envelope; "" for a bounce, absent when it is not known
	Raw           []byte  `json:"raw"`
	From          string  `json:"from"` // "Asha Rao <asha@example.org>"
	Subject       string  `json:"subject"`
	Text          string  `json:"text"`
	HTML          string  `json:"html"`
	MessageID     string  `json:"message_id"`
	AutoSubmitted string  `json:"auto_submitted"` // the header of that name
}

func readPosted(body []byte) (*mailed, error) {
	var p posted
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, messaging.ErrUnreadable
	}
	m := &mailed{}
	if len(p.Raw) > 0 {
		var err error
		if m, err = readMail(p.Raw); err != nil {
			return nil, err
		}
	} else {
		if p.From == "" && p.Text == "" && p.HTML == "" && p.Subject == "" {
			return nil, messaging.ErrUnreadable
		}
		m.from, m.subject, m.plain, m.id = sender(p.From), tidy(p.Subject), tidy(upTo(p.Text, maxText)), ownID(p.MessageID)
		m.html = upTo(p.HTML, maxText)
		m.machine = automatic(p.AutoSubmitted)
	}
	m.to = append([]string{p.Recipient}, m.to...)
	if p.ReturnPath != nil && strings.Trim(*p.ReturnPath, "<> ") == "" {
		m.machine = true
	}
	return m, nil
}

// event is the news in the mail. The time is that of the signature: the mail's own is its sender's.
func (m *mailed) event(domain string, at time.Time, body []byte) messaging.Event {
	e := messaging.Event{Kind: messaging.Unknown, At: clock.At(at)}
	for _, to := range m.to {
		if t, err := ReadReplyAddress(to, domain); err == nil {
			e.ReplyTo = t.String()
			break
		}
	}
	e.Key = m.key(e.ReplyTo, body)
	switch {
	case m.report != nil && !m.report.message.IsZero() && m.report.reached != "":
		e.Kind, e.Message, e.Reached = messaging.StateNews, m.report.message, m.report.reached
		e.Code, e.Permanent = m.report.code, m.report.reached == messaging.ReachedFailed && strings.HasPrefix(m.report.code, "5.")
	case m.report != nil:
		e.Name = "bounce"
	case m.machine:
		e.Name = "auto-reply"
	default:
		e.Kind, e.From, e.ProviderID, e.Media = messaging.MessageNews, m.from, m.id, m.media
		e.Text = m.text()
	}
	return e
}

// key makes a mail that is posted twice the same news: by its Message-ID, else by its bytes.
func (m *mailed) key(token string, body []byte) string {
	var sum [sha256.Size]byte
	if m.id != "" {
		sum = sha256.Sum256([]byte("id\n" + m.id + "\n" + token))
	} else {
		sum = sha256.Sum256(bytes.Join([][]byte{[]byte("body"), body}, []byte("\n")))
	}
	return "mail-" + hex.EncodeToString(sum[:16])
}
