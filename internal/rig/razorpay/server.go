package razorpay

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/clock"
)

// Options are the account that the server has. The zero Options are a whole account.
type Options struct {
	KeyID, KeySecret, Secret, OldSecret string
	Clock                               clock.Clock
}

// Moment is when the server loses the connection of a call.
type Moment string

// The moments.
const (
	Never        Moment = ""
	BeforeTaking Moment = "before" // has read the request, does nothing, answers nothing
	AfterTaking  Moment = "after"  // does it, answers nothing
)

// Behaviour is how the next calls of one kind are treated; zero is good behaviour.
type Behaviour struct {
	Status int    // the answer instead of doing anything
	Code   string // of that answer
	Drop   Moment
	Lie    bool // does it, and answers with another amount
	Times  int
}

// Server is a running stand-in.
type Server struct {
	options Options
	url     string
	server  *http.Server

	mu         sync.Mutex
	serial     int
	links      []*link
	payments   []*payment
	refunds    []*refund
	disputes   []*dispute
	keys       map[string]keyed
	behaviours map[string]*Behaviour
	posts      []Post
	calls      map[string]int
}

type link struct {
	id, order, reference, currency, description, status, callback string
	amount, paid                                                  int64
	partial                                                       bool
	expireBy, created                                             int64
}

type payment struct {
	id, order, currency, status, method string
	link                                *link
	amount, refunded, created           int64
}

type refund struct {
	id, receipt, status string
	of                  *payment
	amount, created     int64
}

type dispute struct {
	id, status, phase string
	of                *payment
	amount, created   int64
}

type keyed struct {
	body   string
	refund *refund
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
	for _, x := range []struct {
		field     *string
		otherwise string
	}{{&o.KeyID, "rzp_test_SunriseClinic01"}, {&o.KeySecret, "key-secret-of-sunrise"}, {&o.Secret, "webhook-secret-of-sunrise"}} {
		if *x.field == "" {
			*x.field = x.otherwise
		}
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	s := &Server{options: o, keys: map[string]keyed{}, behaviours: map[string]*Behaviour{}, calls: map[string]int{}}
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

// Typed are the account's fields as its owner types them.
func (s *Server) Typed() map[string]string {
	return map[string]string{"key_id": s.options.KeyID, "key_secret": s.options.KeySecret, "webhook_secret": s.options.Secret, "webhook_secret_old": s.options.OldSecret}
}

// Behave sets how the next calls of a kind are treated: "link", "look", "cancel", "refund", "refunds", "list".
func (s *Server) Behave(kind string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Times == 0 {
		b.Times = 1
	}
	s.behaviours[kind] = &b
}

// Calls is how many calls of a kind came.
func (s *Server) Calls(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[kind]
}

// name makes an id of Razorpay's form. s.mu is held.
func (s *Server) name(kind string) string {
	s.serial++
	n, out := s.serial, ""
	for range 8 {
		out += string(rune('A' + n%26))
		n /= 26
	}
	return kind + "_Qx" + out + "Zt9q"
}

func (s *Server) now() int64 { return s.options.Clock.Now().Unix() }

// fail answers in Razorpay's form; the sentence quotes what was sent, as Razorpay's may.
func fail(w http.ResponseWriter, status int, code, field, reason, sentence string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": code, "description": sentence, "source": "business", "step": "payment_initiation",
		"reason": reason, "metadata": map[string]any{}, "field": field}})
}

func bad(w http.ResponseWriter, field, sentence string) {
	fail(w, http.StatusBadRequest, "BAD_REQUEST_ERROR", field, "input_validation_failed", sentence)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// ServeHTTP takes a call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	body, err := readAll(r)
	if err != nil {
		return
	}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1"), "/"), "/")
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		fail(w, http.StatusNotFound, "BAD_REQUEST_ERROR", "", "NA", "The requested URL was not found on the server.")
		return
	}
	if id != s.options.KeyID || secret != s.options.KeySecret {
		fail(w, http.StatusUnauthorized, "BAD_REQUEST_ERROR", "", "NA", "The api key/secret provided is invalid")
		return
	}
	kind, act := s.route(r, parts)
	if act == nil {
		fail(w, http.StatusBadRequest, "BAD_REQUEST_ERROR", "", "NA", "The requested URL was not found on the server.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[kind]++
	s.age()
	var b Behaviour
	if set := s.behaviours[kind]; set != nil && set.Times > 0 {
		set.Times--
		b = *set
	}
	switch {
	case b.Drop == BeforeTaking:
		hangUp(w)
		return
	case b.Status != 0:
		fail(w, b.Status, b.Code, "", "NA", "asked to misbehave")
		return
	}
	rec := &recorder{status: http.StatusOK, header: http.Header{}}
	act(rec, body)
	if b.Drop == AfterTaking {
		hangUp(w)
		return
	}
	text := rec.body.String()
	if b.Lie && rec.status == http.StatusOK {
		var m map[string]any
		if json.Unmarshal([]byte(text), &m) == nil && m["amount"] != nil {
			m["amount"] = 1
			out, _ := json.Marshal(m)
			text = string(out)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(rec.status)
	_, _ = fmt.Fprint(w, text)
}

// hangUp breaks the connection off without an answer.
func hangUp(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = c.Close()
	}
}
