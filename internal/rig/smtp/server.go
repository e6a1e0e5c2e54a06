package smtp

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gosasl "github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// Options say what kind of server it is. The zero Options are a server with STARTTLS, a good
// certificate and no sign-in.
type Options struct {
	TLS         string // "implicit", "starttls" (also when empty) or "none"
	Certificate Certificate
	OldTLS      bool // speaks nothing newer than TLS 1.1
	User        string
	Password    string
	Mechanisms  []string // what is offered; all of PLAIN, LOGIN, SCRAM-SHA-1, SCRAM-SHA-256 when empty
	UTF8        bool     // offers SMTPUTF8
}

// Moment is when the server drops the connection.
type Moment string

// The moments.
const (
	Never       Moment = ""
	AtRecipient Moment = "recipient" // instead of answering RCPT
	InData      Moment = "data"      // after the first bytes of the message, before the dot
	EarlyReply  Moment = "early"     // as InData, but says 421 first
	AfterDot    Moment = "dot"       // has the whole message (it counts as delivered) and answers nothing
)

// Behaviour is how the server treats one recipient; zero is good behaviour.
type Behaviour struct {
	Sender    int // reply to MAIL, 4xx or 5xx
	Recipient int // reply to RCPT
	Dot       int // reply to the dot; the message is then not kept
	Drop      Moment
	Delay     time.Duration // between keeping the message and answering the dot
}

// Part is one leaf of a message.
type Part struct {
	Type   string // "text/calendar"
	Params map[string]string
	Header map[string][]string
	Body   []byte // decoded
}

// Message is a message that the server took.
type Message struct {
	From, MessageID string
	To              []string
	Header          map[string][]string // as sent, undecoded
	Parts           []Part
	Raw             []byte
	TLS             uint16 // version, 0 without
	User, Mechanism string // how the sender signed in
	UTF8            bool   // sent as SMTPUTF8
}

// Server is a running mail server.
type Server struct {
	options Options
	host    string
	port    int
	caFile  string
	server  *gosmtp.Server

	mu         sync.Mutex
	messages   []Message
	behaviours map[string]Behaviour
	sessions   int
	broken     int
	arrived    chan struct{}
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Run(o, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Run starts a server outside a test; dir gets the file with its authority.
func Run(o Options, dir string) (*Server, error) {
	if o.TLS == "" {
		o.TLS = "starttls"
	}
	if len(o.Mechanisms) == 0 {
		o.Mechanisms = []string{"PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"}
	}
	s := &Server{options: o, host: "127.0.0.1", behaviours: map[string]Behaviour{}, arrived: make(chan struct{}, 1)}
	certificate, caFile, err := issue(o.Certificate, dir)
	if err != nil {
		return nil, err
	}
	s.caFile = caFile
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if o.OldTLS {
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	s.server = gosmtp.NewServer(gosmtp.BackendFunc(s.session))
	s.server.Domain = "mail.example.test"
	s.server.MaxMessageBytes = 64 << 20
	s.server.AllowInsecureAuth = o.TLS == "none"
	s.server.EnableSMTPUTF8 = o.UTF8
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	s.server.ReadTimeout, s.server.WriteTimeout = time.Minute, time.Minute
	switch o.TLS {
	case "implicit":
		l = tls.NewListener(l, config)
	case "starttls":
		s.server.TLSConfig = config
	}
	go s.server.Serve(l)
	return s, nil
}

// Close stops the server and drops every connection.
func (s *Server) Close() error { return s.server.Close() }

// Host is the address that the certificate names.
func (s *Server) Host() string { return s.host }

// Port is the port that it listens on.
func (s *Server) Port() int { return s.port }

// Addr is host:port.
func (s *Server) Addr() string { return fmt.Sprintf("%s:%d", s.host, s.port) }

// CAFile is the file with the authority that signed the certificate (or should have).
func (s *Server) CAFile() string { return s.caFile }

// Behave sets how messages to the address are treated from now on; "" is everybody else.
func (s *Server) Behave(address string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours[address] = b
}

func (s *Server) behaviour(address string) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.behaviours[address]; ok {
		return b
	}
	return s.behaviours[""]
}

// Messages is every message taken so far, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Deliveries counts the messages by Message-ID: a number above 1 is a message sent twice.
func (s *Server) Deliveries() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for _, m := range s.messages {
		out[m.MessageID]++
	}
	return out
}

// Broken counts the messages whose dot never came.
func (s *Server) Broken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// Sessions counts the sessions that got as far as a greeting (twice where STARTTLS was used).
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Await waits until n messages have been taken and gives them; it fails the test when they
// do not come in time.
func (s *Server) Await(t testing.TB, n int, within time.Duration) []Message {
	t.Helper()
	deadline := time.After(within)
	for {
		if got := s.Messages(); len(got) >= n {
			return got
		}
		select {
		case <-s.arrived:
		case <-deadline:
			t.Fatalf("%d messages came within %s, %d were expected", len(s.Messages()), within, n)
		}
	}
}

func (s *Server) keep(m Message) {
	s.mu.Lock()
	s.messages = append(s.messages, m)
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *Server) session(c *gosmtp.Conn) (gosmtp.Session, error) {
	s.mu.Lock()
	s.sessions++
	s.mu.Unlock()
	return &session{server: s, conn: c}, nil
}

// session is one client's conversation.
type session struct {
	server          *Server
	conn            *gosmtp.Conn
	user, mechanism string
	from            string
	utf8            bool
	to              []string
}

func reply(code int) error {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{code / 100, 0, 1}, Message: "as the test asked, for somebody@example.org"}
}

// Mail takes the sender. The recipient is not known yet, so the behaviour of "" decides.
func (s *session) Mail(from string, o *gosmtp.MailOptions) error {
	if s.server.options.User != "" && s.user == "" {
		return gosmtp.ErrAuthRequired
	}
	if code := s.server.behaviour("").Sender; code != 0 {
		return reply(code)
	}
	s.from, s.utf8 = from, o != nil && o.UTF8
	return nil
}

// Rcpt takes a recipient.
func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	b := s.server.behaviour(to)
	if b.Drop == AtRecipient {
		s.conn.Conn().Close()
	}
	if b.Recipient != 0 {
		return reply(b.Recipient)
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	b := s.server.behaviour(s.to[0])
	if b.Drop == InData || b.Drop == EarlyReply {
		io.ReadFull(r, make([]byte, 64))
		if b.Drop == EarlyReply {
			io.WriteString(s.conn.Conn(), "421 4.3.2 going down\r\n")
		}
		s.conn.Conn().Close()
		return reply(421)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		s.server.mu.Lock()
		s.server.broken++
		s.server.mu.Unlock()
		return err
	}
	if b.Dot != 0 {
		time.Sleep(b.Delay)
		return reply(b.Dot)
	}
	m, err := read(raw)
	if err != nil {
		return &gosmtp.SMTPError{Code: 554, EnhancedCode: gosmtp.EnhancedCode{5, 6, 0}, Message: "not a message: " + err.Error()}
	}
	m.From, m.To, m.User, m.Mechanism, m.UTF8 = s.from, slices.Clone(s.to), s.user, s.mechanism, s.utf8
	if state, ok := s.conn.TLSConnectionState(); ok {
		m.TLS = state.Version
	}
	s.server.keep(m)
	if b.Drop == AfterDot {
		s.conn.Conn().Close()
	}
	time.Sleep(b.Delay)
	return nil
}

// Reset forgets the message begun.
func (s *session) Reset() { s.from, s.to, s.utf8 = "", nil, false }

// Logout ends the session.
func (s *session) Logout() error { return nil }

// AuthMechanisms is what is offered.
func (s *session) AuthMechanisms() []string {
	if s.server.options.User == "" {
		return nil
	}
	return s.server.options.Mechanisms
}

// Auth begins a sign-in.
func (s *session) Auth(mechanism string) (gosasl.Server, error) {
	if !slices.Contains(s.AuthMechanisms(), mechanism) {
		return nil, gosmtp.ErrAuthUnknownMechanism
	}
	check := func(user, password string) error {
		if user != s.server.options.User || password != s.server.options.Password {
			return gosmtp.ErrAuthFailed
		}
		s.user, s.mechanism = user, mechanism
		return nil
	}
	switch {
	case mechanism == "PLAIN":
		return gosasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case mechanism == "LOGIN":
		return &login{check: check}, nil
	case strings.HasPrefix(mechanism, "SCRAM-"):
		return newScram(mechanism, s.server.options.User, s.server.options.Password, check), nil
	}
	return nil, gosmtp.ErrAuthUnknownMechanism
}
