package sms

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Moment is when a provider hangs up.
type Moment string

// The moments.
const (
	Never       Moment = ""
	AtOnce      Moment = "at once" // reads the request and hangs up; nothing is kept
	AfterAccept Moment = "after accepting"
	InTheAnswer Moment = "in the answer" // has the message, and hangs up after a status and half a body
)

// Behaviour is how a provider treats messages to one number; zero is good behaviour.
type Behaviour struct {
	After      int // messages to this number that are treated well first
	Status     int // HTTP status of a refusal
	Code       int // the provider's code of a refusal; 0: a body without one
	Body       string
	RetryAfter string
	Drop       Moment
	Hang       time.Duration // between keeping the message and answering
	Garbage    bool          // keeps the message and answers 2xx with something unreadable
	LostParts  bool          // Twilio: num_segments is "0", as with a messaging service
}

// Call is one request to a webhook, as it goes over the wire.
type Call struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// Story is how a message's callbacks are told.
type Story struct {
	States        []string // in the provider's words; the usual course when empty
	Duplicate     bool     // each twice
	Reverse       bool     // the last first
	SkipDelivered bool
	OmitNumber    bool          // without the recipient's number
	Shift         time.Duration // of the provider's clock: stale below zero, in the future above
	ErrorCode     int           // with a failure
	Extra         bool          // with parameters that nobody has seen before
}

// told puts the calls into the order of the story.
func (s Story) told(calls []Call) []Call {
	var out []Call
	for i := range calls {
		c := calls[i]
		if s.Reverse {
			c = calls[len(calls)-1-i]
		}
		out = append(out, c)
		if s.Duplicate {
			out = append(out, c)
		}
	}
	return out
}

// desk is what both providers have: a server, the behaviours, and the calls made so far.
type desk struct {
	server *httptest.Server

	mu         sync.Mutex
	behaviours map[string]Behaviour
	seen       map[string]int
	calls      []Call
	requests   []Call
}

func (d *desk) open(t testing.TB, h http.Handler) {
	d.behaviours, d.seen = map[string]Behaviour{}, map[string]int{}
	d.server = httptest.NewServer(h)
	t.Cleanup(func() { d.server.CloseClientConnections(); d.server.Close() })
}

// URL is where the provider listens, without a slash at its end.
func (d *desk) URL() string { return d.server.URL }

// Host is the provider as egress lists it.
func (d *desk) Host() string { return d.server.Listener.Addr().String() }

// Behave sets how messages to a number are treated from now on; "" is everybody else.
func (d *desk) Behave(to string, b Behaviour) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.behaviours[to], d.seen[to] = b, 0
}

// behaviour is how this message is treated. The lock is held.
func (d *desk) behaviour(to string) Behaviour {
	key := to
	if _, ok := d.behaviours[key]; !ok {
		key = ""
	}
	b := d.behaviours[key]
	d.seen[key]++
	if d.seen[key] <= b.After {
		return Behaviour{}
	}
	return b
}

// Requests are the requests that came, in their order.
func (d *desk) Requests() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Call(nil), d.requests...)
}

// Replay is every call made so far, as it was: what comes again a week later.
func (d *desk) Replay() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Call(nil), d.calls...)
}

func (d *desk) made(calls []Call) []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, calls...)
	return calls
}

// Post makes the call. reach turns the public address into one that can be reached, and may be nil.
func Post(ctx context.Context, client *http.Client, c Call, reach func(string) string) (*http.Response, error) {
	address := c.URL
	if reach != nil {
		address = reach(address)
	}
	r, err := http.NewRequestWithContext(ctx, c.Method, address, bytes.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	r.Header = c.Header.Clone()
	return client.Do(r)
}

// hangUp closes the connection without another word.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// half answers a status and the beginning of a body, and hangs up.
func half(w http.ResponseWriter, status string) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = buf.WriteString("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"sid\": \"SM")
	_ = buf.Flush()
	_ = conn.Close()
}
