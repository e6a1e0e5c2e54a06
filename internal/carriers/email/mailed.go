package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"almirah/internal/id"
	"almirah/internal/messaging"
)

// How much of a mail is read: what is deeper, later or longer is left out, never an error.
const (
	maxDepth = 8
	maxParts = 100
	maxText  = 128 << 10 // bytes of text taken from the parts together
	maxMedia = 20
)

// mailed is a mail as far as we read it.
type mailed struct {
	to      []string // addresses that it may have been sent to, the surest first
	from    messaging.Sender
	subject string
	id      string // its Message-ID without brackets; empty when it has none that can be used
	machine bool   // nobody wrote it
	report  *report
	plain   string
	html    string
	media   []messaging.Media
}

// report is a delivery report (RFC 3464).
type report struct {
	message id.ID // ours that it is about; zero when it does not say
	reached messaging.Reached
	code    string
}

// readMail reads a mail with either kind of line end, also with the line that a mailbox has
// before it. It fails when there is no header; a body may be as odd as it likes.
func readMail(raw []byte) (*mailed, error) {
	if bytes.HasPrefix(raw, []byte("From ")) {
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	x, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || len(x.Header) == 0 {
		return nil, messaging.ErrUnreadable
	}
	h := textproto.MIMEHeader(x.Header)
	m := &mailed{from: sender(h.Get("From")), subject: tidy(decoded(h.Get("Subject"))), id: ownID(h.Get("Message-Id"))}
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"} {
		for _, v := range h[name] {
			m.to = append(m.to, addresses(v)...)
		}
	}
	m.machine = byMachine(h, m.from.Address)
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if kind == "multipart/report" || len(h["X-Failed-Recipients"]) > 0 {
		m.report, m.machine = &report{}, true
	}
	parts := 0
	m.part(h, x.Body, 0, &parts)
	return m, nil
}

// byMachine says whether a program wrote the mail: RFC 3834 and what was used before it.
func byMachine(h textproto.MIMEHeader, from string) bool {
	if automatic(h.Get("Auto-Submitted")) || h.Get("List-Id") != "" || h.Get("X-Autoreply") != "" || h.Get("X-Autorespond") != "" || h.Get("X-Auto-Reply") != "" {
		return true
	}
	if v := h["Return-Path"]; len(v) > 0 && strings.Trim(v[0], "<> \t") == "" {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	local, _, _ := strings.Cut(strings.ToLower(from), "@")
	return local == "mailer-daemon" || local == "postmaster"
}

// automatic reads the value of Auto-Submitted.
func automatic(v string) bool {
	v, _, _ = strings.Cut(v, ";")
	v, _, _ = strings.Cut(v, "(")
	v = strings.ToLower(strings.TrimSpace(v))
	return v != "" && v != "no"
}

// part reads one part and those inside it.
func (m *mailed) part(h textproto.MIMEHeader, body io.Reader, depth int, parts *int) {
	*parts++
	if depth > maxDepth || *parts > maxParts {
		return
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && kind == "" {
		kind, params = "text/plain", nil
	}
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err != nil {
				return
			}
			m.part(p.Header, p, depth+1, parts)
			if *parts > maxParts {
				return
			}
		}
	}
	text := bytesOf(h.Get("Content-Transfer-Encoding"), body)
	switch {
	case m.report != nil && kind == "message/delivery-status":
		m.report.status(text)
		return
	case m.report != nil && (kind == "message/rfc822" || kind == "text/rfc822-headers"):
		m.report.about(text)
		return
	}
	disposition, more, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	name := more["filename"]
	if name == "" {
		name = params["name"]
	}
	if kind != "text/plain" && kind != "text/html" || disposition == "attachment" || name != "" {
		if len(m.media) < maxMedia && len(text) > 0 {
			sum := sha256.Sum256(text)
			m.media = append(m.media, messaging.Media{ContentType: kind, FileName: cut(oneWord(decoded(name)), 200), SHA256: hex.EncodeToString(sum[:])})
		}
		return
	}
	if room := maxText - len(m.plain) - len(m.html); room < len(text) {
		text = text[:max(room, 0)]
	}
	said := inUTF8(text, params["charset"])
	if kind == "text/html" {
		m.html += said
		return
	}
	if m.plain != "" {
		m.plain += "\n"
	}
	m.plain += tidy(said)
}

// bytesOf undoes a transfer encoding, as far as it goes.
func bytesOf(encoding string, body io.Reader) []byte {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	out, _ := io.ReadAll(io.LimitReader(body, maxPosted)) // what cannot be read ends the part
	return out
}

// inUTF8 turns a text into UTF-8. A charset that nobody knows is UTF-8 where that is possible,
// else what most programs mean by it.
func inUTF8(text []byte, charset string) string {
	e, err := htmlindex.Get(strings.ToLower(strings.TrimSpace(charset)))
	if err != nil {
		if utf8.Valid(text) {
			return string(text)
		}
		e = charmap.Windows1252
	}
	out, _ := e.NewDecoder().Bytes(text)
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// decoded reads the encoded words of a header.
func decoded(s string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(r)
		return strings.NewReader(inUTF8(b, charset)), err
	}}
	if out, err := d.DecodeHeader(s); err == nil {
		s = out
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// sender reads a From line; what cannot be read leaves its field empty.
func sender(line string) messaging.Sender {
	p := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(r)
		return strings.NewReader(inUTF8(b, charset)), err
	}}}
	list, err := p.ParseList(line)
	if err != nil || len(list) == 0 || len(list[0].Address) > 254 || !utf8.ValidString(list[0].Address) {
		return messaging.Sender{}
	}
	return messaging.Sender{Address: list[0].Address, Name: cut(oneWord(strings.ToValidUTF8(list[0].Name, "\uFFFD")), 120)}
}

// bareAddress finds addresses in lines that no parser takes.
var bareAddress = regexp.MustCompile(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}`)

func addresses(line string) []string {
	if len(line) > 16<<10 {
		line = line[:16<<10]
	}
	return bareAddress.FindAllString(line, 50)
}

var messageIDLine = regexp.MustCompile(`^\s*<?([!-;=?-~]{1,200}@[!-;=?-~]{1,200})>?\s*$`)

// ownID is a Message-ID without its brackets; empty for what is none.
func ownID(s string) string {
	if m := messageIDLine.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// status reads the fields of a report: what became of the message, and why.
func (r *report) status(text []byte) {
	for _, line := range strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.ToLower(strings.TrimSpace(value))
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "action":
			switch value {
			case "failed":
				r.reached = messaging.ReachedFailed
			case "delivered":
				r.reached = messaging.ReachedDelivered
			case "delayed", "relayed", "expanded":
				r.reached = messaging.ReachedSent
			}
		case "status":
			value, _, _ = strings.Cut(value, " ")
			if enhanced.MatchString(value) {
				r.code = value
			}
		}
	}
}

var enhanced = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// about finds our message in the header that the report brings back.
func (r *report) about(text []byte) {
	x, err := mail.ReadMessage(bytes.NewReader(append(bytes.TrimRight(text, "\r\n"), "\r\n\r\n"...)))
	if err != nil {
		return
	}
	local, _, _ := strings.Cut(ownID(x.Header.Get("Message-Id")), "@")
	if m, err := id.Parse(local); err == nil {
		r.message = m
	}
}

// tidy is a text with one kind of line end and without control characters.
func tidy(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u00a0':
			return ' '
		case unicode.IsControl(r) || r == '\ufeff':
			return -1
		}
		return r
	}, s)
}

// upTo is the first bytes of a text.
func upTo(s string, most int) string { return s[:min(len(s), most)] }

// oneWord is a text on one line.
func oneWord(s string) string { return strings.Join(strings.Fields(tidy(s)), " ") }

// cut shortens to at most so many characters.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}
