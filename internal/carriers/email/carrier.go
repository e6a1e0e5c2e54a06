package email

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"regexp"
	"strconv"

	"github.com/wneessen/go-mail/smtp"

	"almirah/internal/carriers/handover"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/messaging"
	"almirah/internal/messaging/letter"
)

// Carrier sends e-mail. It is safe for concurrent use.
type Carrier struct {
	dial     egress.Dial
	clock    clock.Clock
	log      *slog.Logger
	settings Settings
	roots    *x509.CertPool
	stamp    *stamp // nil: letters are not signed here
}

var _ messaging.Carrier = (*Carrier)(nil)

// New makes a carrier; it fails with the fault of Settings.Validate and connects to nothing.
// The dialer is egress's for the processor "smtp".
func New(dial egress.Dial, clk clock.Clock, log *slog.Logger, s Settings) (*Carrier, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	roots, err := authorities(s.CAFile)
	if err != nil {
		return nil, err
	}
	stamp, err := s.DKIM.stamp()
	if err != nil {
		return nil, err
	}
	return &Carrier{dial: dial, clock: clk, log: log, settings: s.filled(), roots: roots, stamp: stamp}, nil
}

// Channel is e-mail.
func (c *Carrier) Channel() messaging.Channel { return messaging.Email }

// Name is "smtp".
func (c *Carrier) Name() string { return "smtp" }

// Send hands one message over. Trouble with the session (network, certificate, sign-in) says
// nothing about the message and is Later; 4xx and 5xx answers to the message are Later and
// Refused; a connection lost after handOver is Uncertain. Once handOver has been called, the
// end of ctx is no longer heeded: the answer is waited for, up to four steps' time, because
// giving up would only make certain messages uncertain.
func (c *Carrier) Send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	return handover.Told(c.log, "email", m, c.send(ctx, m, handOver))
}

func (c *Carrier) send(ctx context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	l, err := letter.Write(m, letter.Sender{Address: c.settings.From, Name: c.settings.FromName}, c.clock.Now())
	if err != nil {
		var why letter.Unwritable
		errors.As(err, &why)
		return messaging.Receipt{Outcome: messaging.Refused, Code: string(why)}
	}
	if l.Raw, err = c.stamp.on(l.Raw); err != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "dkim"}
	}
	s, err := c.open(ctx)
	if err != nil {
		var why *trouble
		errors.As(err, &why)
		return messaging.Receipt{Outcome: messaging.Later, Code: why.code}
	}
	s.client.SkipSMTPUTF8(!l.To.UTF8)
	if ok, _ := s.client.Extension("SMTPUTF8"); l.To.UTF8 && !ok {
		s.leave()
		return messaging.Receipt{Outcome: messaging.Refused, Code: "smtputf8"}
	}
	for _, step := range []func() error{
		func() error { return s.client.Mail("<" + l.From.String() + ">") },
		func() error { return s.client.Rcpt("<" + l.To.String() + ">") },
	} {
		s.allow(s.step)
		if err := step(); err != nil {
			s.leave()
			return before(err)
		}
	}
	return s.deliver(l, handOver)
}

// deliver sends the text and the dot. It closes the session.
func (s *session) deliver(l *letter.Letter, handOver func() error) messaging.Receipt {
	s.allow(s.step)
	w, err := s.client.Data()
	if err != nil {
		s.leave()
		return before(err)
	}
	// From here on QUIT would be part of the message: breaking off means hanging up.
	breakOff := func(r messaging.Receipt) messaging.Receipt {
		s.stop()
		s.conn.Close()
		return r
	}
	for text := l.Raw; len(text) > 0; {
		n := min(len(text), 64<<10)
		s.allow(s.step)
		if _, err := w.Write(text[:n]); err != nil {
			return breakOff(before(err))
		}
		text = text[n:]
	}
	if err := s.client.Text.W.Flush(); err != nil {
		return breakOff(before(err))
	}
	if err := s.silent(); err != nil {
		return breakOff(before(err))
	}
	if !s.stop() {
		return breakOff(messaging.Receipt{Outcome: messaging.Later, Code: "cancelled"})
	}
	if err := handOver(); err != nil {
		return breakOff(messaging.Receipt{Outcome: messaging.Later, Code: "stopped"})
	}
	s.allow(4 * s.step)
	err = w.Close() // the dot, and the answer to it
	r := after(err)
	if r.Outcome == messaging.Uncertain {
		s.conn.Close()
		return r
	}
	if d, ok := w.(*smtp.DataCloser); ok && r.Outcome == messaging.Accepted {
		r.ProviderID = queueID(d.ServerResponse())
	}
	s.leave()
	return r
}

// before reads an error from before handOver: whatever it is, nothing was handed over.
func before(err error) messaging.Receipt {
	if n := replyCode(err); n >= 500 {
		return messaging.Receipt{Outcome: messaging.Refused, Code: strconv.Itoa(n)}
	}
	return messaging.Receipt{Outcome: messaging.Later, Code: lost(err, "", "lost").code}
}

// after reads the answer to the dot. No answer, or one that says neither yes nor no, leaves
// the message uncertain.
func after(err error) messaging.Receipt {
	switch n := replyCode(err); {
	case err == nil:
		return messaging.Receipt{Outcome: messaging.Accepted, Code: "250"}
	case n >= 500:
		return messaging.Receipt{Outcome: messaging.Refused, Code: strconv.Itoa(n)}
	case n >= 400:
		return messaging.Receipt{Outcome: messaging.Later, Code: strconv.Itoa(n)}
	case n >= 200 && n < 300:
		return messaging.Receipt{Outcome: messaging.Accepted, Code: strconv.Itoa(n)}
	}
	return messaging.Receipt{Outcome: messaging.Uncertain, Code: lost(err, "", "lost").code}
}

// The ways in which servers name the message they have taken: Postfix and OpenSMTPD, Exim,
// and those that answer with the id alone (SES).
var queueIDs = []*regexp.Regexp{
	regexp.MustCompile(`(?i)queued as ([A-Za-z0-9._-]{4,64})\b`),
	regexp.MustCompile(`(?i)\bid=([A-Za-z0-9._-]{4,64})\b`),
	regexp.MustCompile(`(?i)^(?:2\.\d\.\d )?ok:? ([A-Za-z0-9._-]{12,80})$`),
}

// queueID finds the server's own id in its answer, "" when there is none.
func queueID(answer string) string {
	for _, p := range queueIDs {
		if m := p.FindStringSubmatch(answer); m != nil {
			return m[1]
		}
	}
	return ""
}

// Probe tries the settings without sending anything: connect, encrypt, sign in, NOOP, goodbye.
// The error is a fault whose sentence says what to mend.
func (c *Carrier) Probe(ctx context.Context) error {
	s, err := c.open(ctx)
	if err == nil {
		s.allow(s.step)
		if err = s.client.Noop(); err == nil {
			s.leave()
			return nil
		}
		s.stop()
		s.conn.Close()
		err = lost(err, "fault.mail.greeting", "lost")
	}
	var why *trouble
	errors.As(err, &why)
	var refused *fault.Fault
	if errors.As(why.cause, &refused) {
		return refused
	}
	return fault.New(fault.Unavailable, why.key).With("Host", c.settings.Host).With("Port", c.settings.Port).With("Code", why.code).Because(why)
}
