package whatsapp

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/clock"
)

// Options are the account that the server has. The zero Options are a whole account.
type Options struct {
	Token             string
	PhoneNumberID     string
	BusinessAccountID string
	AppSecret         string
	VerifyToken       string
	Display           string // the clinic's number as digits
	Name              string // the verified name
	Quality           string
	Clock             clock.Clock
	KeepWindow        bool // free messages need a message of the person in the last 24 hours
	Verifies          bool // the address that news is asked for is called first, as Meta does
	Page              int  // templates on one page, 2
}

func (o Options) filled() Options {
	for _, x := range []struct {
		field     *string
		otherwise string
	}{
		{&o.Token, "EAAtest.token-0123456789"}, {&o.PhoneNumberID, "106540352242922"}, {&o.BusinessAccountID, "419561257915477"},
		{&o.AppSecret, "0123456789abcdef0123456789abcdef"}, {&o.VerifyToken, "verify-token-of-the-clinic"}, {&o.Display, "15550783881"},
		{&o.Name, "Sunrise Clinic"}, {&o.Quality, "GREEN"},
	} {
		if *x.field == "" {
			*x.field = x.otherwise
		}
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Page == 0 {
		o.Page = 2
	}
	return o
}

// Moment is when the server loses the connection of a message.
type Moment string

// The moments.
const (
	Never        Moment = ""
	BeforeTaking Moment = "before" // has read the request, keeps nothing, answers nothing
	AfterTaking  Moment = "after"  // keeps the message, answers nothing
	InAnswer     Moment = "answer" // keeps the message, breaks off in the middle of its answer
)

// Behaviour is how the server treats the messages to one recipient; zero is good behaviour.
type Behaviour struct {
	Status  int    // HTTP status, with Code or Body; 400 when only Code is given
	Code    int    // Meta's error code; -1 is the code zero
	Details string // what the error says; it may quote the recipient, as Meta's may
	Body    string // the whole answer, instead of Meta's form
	Header  map[string]string
	Drop    Moment
	Delay   time.Duration // between keeping the message and answering
	Times   int           // how many messages it lasts; 0: for ever
	State   string        // message_status of the answer, "accepted" when empty; "-": left out
	NoWaID  bool          // the answer names no number, as with people who hide theirs
}

// Message is a message that the server took.
type Message struct {
	ID      string // wamid
	To      string // digits, or the business-scoped id
	Type    string
	Body    map[string]any
	At      time.Time
	Request *Request
}

// Request is a call as it came in.
type Request struct {
	Method, Path, Query string
	Header              http.Header
	Body                []byte
}

// Server is a running stand-in.
type Server struct {
	options Options
	url     string
	server  *http.Server

	mu         sync.Mutex
	token      string
	messages   []Message
	requests   []Request
	behaviours map[string]Behaviour
	read       []string
	windows    map[string]time.Time
	templates  []*Template
	media      map[string]medium
	tickets    map[string]time.Time // of the addresses of media: until when each is good
	subscribed []map[string]string
	posted     []Post
	serial     int
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

// Run starts a server outside a test, on a port of 127.0.0.1 that is free.
func Run(o Options) (*Server, error) {
	o = o.filled()
	s := &Server{options: o, token: o.Token, behaviours: map[string]Behaviour{}, windows: map[string]time.Time{}, media: map[string]medium{}, tickets: map[string]time.Time{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.url = "http://" + l.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

// Close stops the server and drops every connection.
func (s *Server) Close() error { return s.server.Close() }

// URL is the base address, without a slash at its end.
func (s *Server) URL() string { return s.url }

// Address is host:port, as egress lists it.
func (s *Server) Address() string { return strings.TrimPrefix(s.url, "http://") }

// Account is what the server was started with, defaults filled in.
func (s *Server) Account() Options { return s.options }

// Credentials are the account as a clinic's connection keeps it.
func (s *Server) Credentials() []byte {
	out, _ := json.Marshal(map[string]any{"phone_number_id": s.options.PhoneNumberID, "business_account_id": s.options.BusinessAccountID,
		"token": s.options.Token, "app_secrets": []string{s.options.AppSecret}, "verify_token": s.options.VerifyToken})
	return out
}

// Revoke makes the token worthless, as when its owner takes it back in the middle of a batch.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = "revoked " + s.token
}

// Behave sets how messages to the recipient (digits or a business-scoped id) are treated from
// now on; "" is everybody else.
func (s *Server) Behave(to string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours[strings.TrimPrefix(to, "+")] = b
}

// Messages is every message taken so far, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Requests is every call so far, refused ones included.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Read are the ids of the messages that were marked as read.
func (s *Server) Read() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.read)
}

// Subscribed are the addresses that news was asked for, with their verify tokens.
func (s *Server) Subscribed() []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.subscribed)
}

// next makes an id. The caller holds the lock.
func (s *Server) next() int { s.serial++; return s.serial }

func (s *Server) wamid() string {
	return fmt.Sprintf("wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI%012dAA==", s.next())
}

// failure is an answer in Meta's form.
type failure struct {
	status  int
	code    int
	details string
}

func (f failure) write(w http.ResponseWriter) {
	kind := "OAuthException"
	said := map[string]any{"message": fmt.Sprintf("(#%d) %s", f.code, f.details), "type": kind, "code": f.code,
		"error_data": map[string]any{"messaging_product": "whatsapp", "details": f.details}, "fbtrace_id": "AXsgnV2Cm3ZMGF3dF_cfYIn"}
	if strings.HasSuffix(f.details, "Object with that ID does not exist") {
		said["error_subcode"] = 33
	}
	text, _ := json.Marshal(map[string]any{"error": said})
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(f.status)
	_, _ = w.Write(text)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("x-fb-trace-id", "Cx1yTraceOfTheCall")
	_ = json.NewEncoder(w).Encode(v)
}
