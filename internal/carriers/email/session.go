package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"almirah/internal/clock"
	"almirah/internal/fault"
)

// trouble is why a session did not come about: a catalogue key for whoever sets up the mail,
// and a short code for the receipt. The server's own words are left behind, because they may
// quote an address.
type trouble struct {
	key, code string
	cause     error // an egress fault, or nil
}

func (t *trouble) Error() string { return "email: " + t.code }
func (t *trouble) Unwrap() error { return t.cause }

// session is a conversation with the mail server, signed in and ready for a message.
type session struct {
	conn   net.Conn // the socket itself, for deadlines
	client *smtp.Client
	step   time.Duration
	stop   func() bool // ends the watch over the caller's context; false when it has struck
}

// allow gives the next step its time. Sockets live by the machine's clock.
func (s *session) allow(d time.Duration) {
	s.conn.SetDeadline(clock.System{}.Now().Add(d))
}

// open connects, encrypts, verifies and signs in. Until stop is called, the end of ctx cuts
// the connection. The error is always a *trouble.
func (c *Carrier) open(ctx context.Context) (*session, error) {
	set := c.settings
	within, cancel := context.WithTimeout(ctx, set.Timeout)
	conn, err := c.dial(within, "tcp", set.Address())
	cancel()
	if err != nil {
		var refused *fault.Fault
		if errors.As(err, &refused) {
			return nil, &trouble{key: refused.Key, code: "egress", cause: refused}
		}
		return nil, lost(err, "fault.mail.unreachable", "unreachable")
	}
	s := &session{conn: conn, step: set.Timeout, stop: context.AfterFunc(ctx, func() { conn.Close() })}
	if err := s.greet(set, c.roots); err != nil {
		s.stop()
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *session) greet(set Settings, roots *x509.CertPool) error {
	secure := set.tlsConfig(roots)
	stream := s.conn
	s.allow(s.step)
	if set.TLS == ImplicitTLS {
		t := tls.Client(s.conn, secure)
		if err := t.Handshake(); err != nil {
			return handshake(err)
		}
		stream = t
	}
	client, err := smtp.NewClient(stream, set.Host)
	if err != nil {
		return lost(err, "fault.mail.greeting", "greeting")
	}
	s.client = client
	s.allow(s.step)
	if err := client.Hello(set.HelloName); err != nil {
		return lost(err, "fault.mail.greeting", "greeting")
	}
	if set.TLS == StartTLS {
		// A server (or somebody on the way) that does not offer it gets nothing.
		if ok, _ := client.Extension("STARTTLS"); !ok {
			s.allow(s.step)
			client.Quit()
			return &trouble{key: "fault.mail.no_starttls", code: "starttls"}
		}
		s.allow(s.step)
		if err := client.StartTLS(secure); err != nil {
			return handshake(err)
		}
	}
	if set.User == "" {
		return nil
	}
	how := s.signIn(set)
	if how == nil {
		return &trouble{key: "fault.mail.no_mechanism", code: "mechanism"}
	}
	s.allow(s.step)
	if err := client.Auth(how); err != nil {
		return lost(err, "fault.mail.sign_in", "sign-in")
	}
	return nil
}

// signIn picks the strongest way to sign in among those offered, nil when there is none.
func (s *session) signIn(set Settings) smtp.Auth {
	_, offered := s.client.Extension("AUTH")
	has := map[string]bool{}
	for _, m := range strings.Fields(strings.ToUpper(offered)) {
		has[m] = true
	}
	plain := set.TLS == NoTLS // Validate allows that for this machine alone
	switch {
	case has["SCRAM-SHA-256"]:
		return smtp.ScramSHA256Auth(set.User, set.Password)
	case has["SCRAM-SHA-1"]:
		return smtp.ScramSHA1Auth(set.User, set.Password)
	case has["PLAIN"]:
		return smtp.PlainAuth("", set.User, set.Password, set.Host, plain)
	case has["LOGIN"]:
		return smtp.LoginAuth(set.User, set.Password, set.Host, plain)
	}
	return nil
}

// leave says goodbye without keeping anybody waiting: the receipt must be written first.
func (s *session) leave() {
	s.stop()
	s.allow(min(s.step, 5*time.Second))
	go func() {
		s.client.Quit()
		s.conn.Close()
	}()
}

// silent says whether the connection is alive and the server has nothing to say. A server
// that has hung up, or that refuses before the end (too big, shutting down), is noticed here,
// while the message can still be sent again; after the dot it would be uncertain. It listens for
// 10 ms, and for a three-thousandth of the time of a step where that is longer.
func (s *session) silent() error {
	s.conn.SetReadDeadline(clock.System{}.Now().Add(max(10*time.Millisecond, s.step/3000)))
	_, err := s.client.Text.R.Peek(1)
	s.allow(s.step)
	if err == nil {
		if _, _, err = s.client.Text.ReadResponse(250); err == nil {
			err = errors.New("email: an answer nobody asked for")
		}
		return err
	}
	if timedOut(err) {
		return nil
	}
	return err
}

// replyCode is the three digits of the server's answer, 0 when err is not an answer.
func replyCode(err error) int {
	var answer *textproto.Error
	if errors.As(err, &answer) && answer.Code >= 200 && answer.Code <= 599 {
		return answer.Code
	}
	return 0
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// lost tells apart an answer, a silence and a broken connection.
func lost(err error, key, code string) *trouble {
	switch n := replyCode(err); {
	case n != 0:
		return &trouble{key: key, code: strconv.Itoa(n)}
	case timedOut(err):
		return &trouble{key: "fault.mail.timeout", code: "timeout"}
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return &trouble{key: key, code: "lost"}
	}
	return &trouble{key: key, code: code}
}

// handshake says what is wrong with the encryption, in the terms of whoever can mend it.
func handshake(err error) *trouble {
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return &trouble{key: "fault.mail.certificate_name", code: "certificate"}
	case errors.As(err, &unknown):
		return &trouble{key: "fault.mail.certificate_unknown", code: "certificate"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &trouble{key: "fault.mail.certificate_expired", code: "certificate"}
	case errors.As(err, &certificate):
		return &trouble{key: "fault.mail.certificate", code: "certificate"}
	case errors.As(err, &record):
		return &trouble{key: "fault.mail.not_tls", code: "tls"}
	}
	return lost(err, "fault.mail.tls", "tls")
}
