package ses

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/mail"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say what kind of account it is; the zero values have defaults.
type Options struct {
	Region          string // eu-central-1
	AccessKeyID     string // AKIAIOSFODNN7EXAMPLE
	SecretAccessKey string // wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
	Topic           string // arn:aws:sns:<region>:123456789012:ses-events
	Verified        string // the one domain that may send; empty for any
	Version         string // of the signature of SNS: "1" (as topics have it) or "2"
	Sandbox         bool   // the account may write to verified addresses alone
	Paused          bool   // Amazon has switched sending off
	Plain           bool   // HTTP without TLS, for a house that knows none of its authorities

	Like *Server // takes over the keys and certificates of another server of the region, which takes long to make
}

func (o Options) filled() Options {
	or := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	or(&o.Region, "eu-central-1")
	or(&o.AccessKeyID, "AKIAIOSFODNN7EXAMPLE")
	or(&o.SecretAccessKey, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
	or(&o.Topic, "arn:aws:sns:"+o.Region+":123456789012:ses-events")
	or(&o.Version, "1")
	return o
}

// Moment is when the server hangs up.
type Moment string

// The moments.
const (
	Never       Moment = ""
	BeforeBody  Moment = "before" // before the body was read
	AfterAccept Moment = "after"  // the message is kept, and nothing is answered
)

// Behaviour is how one recipient's messages are treated; zero is good behaviour.
type Behaviour struct {
	Status     int    // of an error; the message is then not kept
	Code, Text string // such as "TooManyRequestsException"
	RetryAfter int    // seconds
	Garbage    string // instead of the answer, with Status (200 when zero); kept when it is a success
	Drop       Moment
	Delay      time.Duration // before the answer
}

// Message is what the server took.
type Message struct {
	ID, From, To string
	Set          string
	Tags         map[string]string
	Raw          []byte
	Header       mail.Header
	Request      Request
}

// Request is a request as it came, for playing it to another server.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// Server is a running SES with its SNS.
type Server struct {
	options   Options
	authority *authority
	at        string
	server    *http.Server

	mu         sync.Mutex
	messages   []Message
	behaviours map[string]Behaviour
	pending    []string // events not yet posted
	requests   int
	broken     int
	fetched    map[Seal]int
	confirmed  int
	count      int
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Run starts a server outside a test.
func Run(o Options) (*Server, error) {
	o = o.filled()
	var a *authority
	if o.Like != nil {
		a = o.Like.authority
	} else {
		var err error
		if a, err = found(o.Region); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, authority: a, at: l.Addr().String(), behaviours: map[string]Behaviour{}, fetched: map[Seal]int{}}
	s.server = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	if o.Plain {
		go func() { _ = s.server.Serve(l) }()
		return s, nil
	}
	go func() {
		_ = s.server.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{a.server}, MinVersion: tls.VersionTLS12}))
	}()
	return s, nil
}

// Close stops it and drops every connection.
func (s *Server) Close() error { return s.server.Close() }

// BaseURL is where SES is, for ses.Options.
func (s *Server) BaseURL(string) string {
	if s.options.Plain {
		return "http://" + s.at
	}
	return "https://" + s.at
}

// Addr is host:port, as egress would list it.
func (s *Server) Addr() string { return s.at }

// Roots are the authorities behind it.
func (s *Server) Roots() *x509.CertPool { return s.authority.roots }

// Client reaches the server under every name that its certificate has, and nobody else.
func (s *Server) Client(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.authority.roots, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, s.at)
			}}}
}

// Credentials are the account's, in the carrier's JSON.
func (s *Server) Credentials(from string) []byte {
	b, err := json.Marshal(map[string]any{"access_key_id": s.options.AccessKeyID, "secret_access_key": s.options.SecretAccessKey, "region": s.options.Region,
		"configuration_set": "clinic", "topic_arns": []string{s.options.Topic}, "from": from})
	if err != nil {
		panic(err) // strings alone
	}
	return b
}

// Behave sets how messages to the address are treated from now on; "" is everybody else.
func (s *Server) Behave(to string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours[to] = b
}

// Messages lists what was taken, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Requests counts the requests whose body arrived whole, Broken those that broke off before.
func (s *Server) Requests() int { s.mu.Lock(); defer s.mu.Unlock(); return s.requests }

// Broken counts the requests that broke off before their end.
func (s *Server) Broken() int { s.mu.Lock(); defer s.mu.Unlock(); return s.broken }

// Fetched counts how often a certificate was fetched.
func (s *Server) Fetched(x Seal) int { s.mu.Lock(); defer s.mu.Unlock(); return s.fetched[x] }

// Confirmed counts the confirmations of subscriptions.
func (s *Server) Confirmed() int { s.mu.Lock(); defer s.mu.Unlock(); return s.confirmed }

// ServeHTTP is SES and SNS behind one door.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v2/email/outbound-emails":
		s.send(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/v2/email/account":
		s.account(w, r)
	case r.Method == http.MethodGet && path.Ext(r.URL.Path) == ".pem":
		s.certificate(w, Seal(path.Base(r.URL.Path)))
	case r.Method == http.MethodGet && r.URL.Query().Get("Action") == "ConfirmSubscription":
		s.confirm(w, r)
	default:
		http.NotFound(w, r)
	}
}

// account is what Amazon says of the account (GetAccount).
func (s *Server) account(w http.ResponseWriter, r *http.Request) {
	if wrong := s.signed(r, nil); wrong != "" {
		fail(w, http.StatusForbidden, wrong, "The request is not signed as it should be.")
		return
	}
	if b := s.behaviour(""); b.Status >= 300 {
		fail(w, b.Status, b.Code, b.Text)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"DedicatedIpAutoWarmupEnabled": false, "EnforcementStatus": "HEALTHY", "SendingEnabled": !s.options.Paused,
		"ProductionAccessEnabled": !s.options.Sandbox, "SendQuota": map[string]float64{"Max24HourSend": 50000, "MaxSendRate": 14, "SentLast24Hours": 12}})
}

func (s *Server) certificate(w http.ResponseWriter, x Seal) {
	s.mu.Lock()
	s.fetched[x]++
	s.mu.Unlock()
	text, ok := s.authority.files[x]
	switch {
	case x == Away:
		http.Error(w, "try again", http.StatusServiceUnavailable)
	case !ok:
		http.Error(w, "no such file", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "binary/octet-stream")
		_, _ = w.Write(text)
	}
}

// request is the body of SendEmail, as far as a raw message needs it.
type request struct {
	FromEmailAddress     string
	Destination          struct{ ToAddresses []string }
	Content              struct{ Raw struct{ Data []byte } }
	ConfigurationSetName string
	EmailTags            []struct{ Name, Value string }
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	body, early := []byte(nil), s.behaviour("")
	if early.Drop != BeforeBody {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, 60<<20)); err != nil {
			s.mu.Lock()
			s.broken++
			s.mu.Unlock()
			panic(http.ErrAbortHandler)
		}
	} else {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	s.requests++
	s.mu.Unlock()
	if wrong := s.signed(r, body); wrong != "" {
		fail(w, http.StatusForbidden, wrong, "The request is not signed as it should be.")
		return
	}
	var q request
	read := json.NewDecoder(bytes.NewReader(body))
	read.DisallowUnknownFields()
	if err := read.Decode(&q); err != nil || len(q.Destination.ToAddresses) != 1 || r.Header.Get("Content-Type") != "application/json" {
		fail(w, http.StatusBadRequest, "BadRequestException", "The request cannot be read.")
		return
	}
	m, err := mail.ReadMessage(bytes.NewReader(q.Content.Raw.Data))
	if err != nil {
		fail(w, http.StatusBadRequest, "BadRequestException", "The message cannot be read.")
		return
	}
	if d := s.options.Verified; d != "" && !strings.HasSuffix(q.FromEmailAddress, "@"+d) {
		fail(w, http.StatusBadRequest, "MessageRejected", "Email address is not verified. The following identities failed the check in region "+strings.ToUpper(s.options.Region)+": "+q.FromEmailAddress)
		return
	}
	to := q.Destination.ToAddresses[0]
	b := s.behaviour(to)
	if b.Status >= 300 {
		time.Sleep(b.Delay)
		if b.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(b.RetryAfter))
		}
		if b.Garbage != "" || b.Code == "" {
			w.WriteHeader(b.Status)
			_, _ = io.WriteString(w, b.Garbage)
			return
		}
		fail(w, b.Status, b.Code, b.Text)
		return
	}
	kept := Message{From: q.FromEmailAddress, To: to, Set: q.ConfigurationSetName, Tags: map[string]string{}, Raw: q.Content.Raw.Data, Header: m.Header,
		Request: Request{Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone(), Body: string(body)}}
	for _, t := range q.EmailTags {
		kept.Tags[t.Name] = t.Value
	}
	s.keep(&kept)
	if b.Drop == AfterAccept {
		panic(http.ErrAbortHandler)
	}
	time.Sleep(b.Delay)
	w.Header().Set("Content-Type", "application/json")
	if b.Garbage != "" {
		_, _ = io.WriteString(w, b.Garbage)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"MessageId": kept.ID})
}

func (s *Server) behaviour(to string) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.behaviours[to]; ok {
		return b
	}
	return s.behaviours[""]
}

func (s *Server) keep(m *Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	m.ID = fmt.Sprintf("010701%010x-%08x-0000-4000-8000-%012x-000000", s.count, s.count, s.count)
	s.messages = append(s.messages, *m)
	s.pending = append(s.pending, s.fate(*m)...)
}

// fail answers an error as SES does: the kind in a header, the sentence in the body.
func fail(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", code+":http://internal.amazon.com/coral/com.amazonaws.services.sesv2/")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": text})
}

func itoa(n int) string { return strconv.Itoa(n) }
