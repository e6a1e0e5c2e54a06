package letter

import (
	"bytes"
	"encoding/base64"
	"fmt"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"

	"almirah/internal/messaging"
)

// Letter is a message ready for the wire.
type Letter struct {
	From, To Address
	Raw      []byte // header and parts, lines ended by CRLF
}

// Sender is who a letter comes from, where the message itself does not say.
type Sender struct{ Address, Name string }

// Unwritable is why a message cannot be written; its text is the receipt's code.
type Unwritable string

// Error names the code.
func (u Unwritable) Error() string { return "letter: cannot be written: " + string(u) }

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)

// messageID is a Message-ID as another program wrote it, with or without its brackets.
var messageID = regexp.MustCompile(`^<?([!-;=?-~]{1,200}@[!-;=?-~]{1,200})>?$`)

// Write writes the message, dated now. The To line is the bare address: a name there would be
// one more place that says who is a patient of this clinic. Sending is repeatable, so the
// Message-ID comes from our id of the message: a receiver that gets it twice can tell. The
// error is always an Unwritable.
func Write(m messaging.Outgoing, by Sender, now time.Time) (*Letter, error) {
	var l Letter
	var err error
	sender := m.From
	if sender == "" {
		sender = by.Address
	}
	if l.From, err = ReadAddress(sender); err != nil {
		return nil, Unwritable("sender")
	}
	if l.To, err = ReadAddress(m.To); err != nil {
		return nil, Unwritable("address")
	}
	if m.ID.IsZero() || m.Text == "" && m.HTML == "" {
		return nil, Unwritable("empty")
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP))
	name := m.FromName
	if name == "" {
		name = by.Name
	}
	msg.SetAddrHeaderFromMailAddress(mail.HeaderFrom, &netmail.Address{Name: oneLine(name, 120), Address: l.From.String()})
	msg.SetAddrHeaderFromMailAddress(mail.HeaderTo, &netmail.Address{Address: l.To.String()})
	if m.ReplyTo != "" {
		answer, err := ReadAddress(m.ReplyTo)
		if err != nil {
			return nil, Unwritable("reply-to")
		}
		msg.SetAddrHeaderFromMailAddress(mail.HeaderReplyTo, &netmail.Address{Address: answer.String()})
	}
	msg.SetGenHeader(mail.HeaderSubject, subject(m.Subject))
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(m.ID.String() + "@" + l.From.Domain)
	if answered := messageID.FindStringSubmatch(m.InReply); answered != nil {
		msg.SetGenHeader("In-Reply-To", "<"+answered[1]+">")
		msg.SetGenHeader("References", "<"+answered[1]+">")
	} else {
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
	}
	if languageTag.MatchString(m.Language) {
		msg.SetGenHeader("Content-Language", m.Language)
	}
	if m.UnsubscribeURL != "" {
		u, err := url.Parse(m.UnsubscribeURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" ||
			strings.ContainsFunc(u.String(), func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
			return nil, Unwritable("unsubscribe")
		}
		msg.SetGenHeader(mail.HeaderListUnsubscribe, "<"+u.String()+">")
		msg.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	if m.Text != "" {
		msg.SetBodyString(mail.TypeTextPlain, body(m.Text))
	}
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, body(m.HTML))
	}
	if m.Calendar != nil {
		switch method := m.Calendar.Method; {
		case method != string(messaging.Request) && method != string(messaging.Cancel),
			!bytes.Contains(m.Calendar.ICS, []byte("\r\nMETHOD:"+method+"\r\n")):
			return nil, Unwritable("calendar")
		default:
			// base64: the file's line ends and its folding arrive as they were written
			msg.AddAlternativeString(mail.ContentType("text/calendar; method="+method), string(m.Calendar.ICS), mail.WithPartEncoding(mail.EncodingB64))
		}
	}
	var buf bytes.Buffer
	if _, err := msg.WriteTo(&buf); err != nil {
		return nil, Unwritable("message")
	}
	l.Raw = buf.Bytes()
	return &l, nil
}

// oneLine is text for a header: valid UTF-8, control characters and line ends become blanks,
// runs of blanks one, and no more than most characters.
func oneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}

// subject encodes what looks like an encoded word, so that a reader shows it as it was typed
// instead of what it decodes to. Everything else is left to the message writer.
func subject(s string) string {
	s = oneLine(s, 240)
	if !strings.Contains(s, "=?") {
		return s
	}
	var out []string
	for r := []rune(s); len(r) > 0; {
		n := min(len(r), 11) // at most 44 octets, 60 in base64, 72 with the frame
		out = append(out, fmt.Sprintf("=?UTF-8?B?%s?=", base64.StdEncoding.EncodeToString([]byte(string(r[:n])))))
		r = r[n:]
	}
	return strings.Join(out, " ")
}

// body is text for a part: valid UTF-8 with one kind of line end, which the encoding turns into CRLF.
func body(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
