package stripe

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/clock"
)

// Options are the account that the server has. The zero Options are a whole account.
type Options struct {
	Key, Secret, OldSecret string
	Clock                  clock.Clock
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
	Status int
	Code   string
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
	sessions   []*session
	intents    []*intent
	refunds    []*refund
	disputes   []*dispute
	keys       map[string]keyed
	behaviours map[string]*Behaviour
	posts      []Post
	calls      map[string]int
}

type session struct {
	id, reference, currency, status, paid string
	amount, expires, created              int64
	intent                                *intent
	mark                                  string
}

type intent struct {
	id, status, currency, mark, code string
	amount, back, created            int64
	of                               *session
}

type refund struct {
	id, status, mark string
	of               *intent
	amount, created  int64
}

type dispute struct {
	id, status      string
	of              *intent
	amount, created int64
}

type keyed struct {
	body   string
	status int
	answer []byte
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Key == "" {
		o.Key = "sk_test_SunriseClinicKey0001"
	}
	if o.Secret == "" {
		o.Secret = "whsec_SunriseClinicSecret"
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	s := &Server{options: o, keys: map[string]keyed{}, behaviours: map[string]*Behaviour{}, calls: map[string]int{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }()
	t.Cleanup(func() { _ = s.server.Close() })
	return s
}

// URL is the base address, without a slash at its end.
func (s *Server) URL() string { return s.url }

// Typed are the account's fields as its owner types them.
func (s *Server) Typed() map[string]string {
	return map[string]string{"secret_key": s.options.Key, "webhook_secret": s.options.Secret, "webhook_secret_old": s.options.OldSecret}
}

// Behave sets how the next calls of a kind are treated: "session", "look", "expire", "refund", "refunds", "list".
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

func (s *Server) name(kind string) string {
	s.serial++
	n, out := s.serial, ""
	for range 8 {
		out += string(rune('a' + n%26))
		n /= 26
	}
	return kind + "_" + out + "Zt9Qx"
}

func (s *Server) now() int64 { return s.options.Clock.Now().Unix() }

func fail(w http.ResponseWriter, status int, kind, code, sentence string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"type": kind, "code": code, "message": sentence, "request_log_url": "https://dashboard.stripe.com/logs/" + Card}})
}

func bad(w http.ResponseWriter, code, sentence string) {
	fail(w, http.StatusBadRequest, "invalid_request_error", code, sentence)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// ServeHTTP takes a call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if r.Header.Get("Authorization") != "Bearer "+s.options.Key {
		fail(w, http.StatusUnauthorized, "invalid_request_error", "", "Invalid API Key provided: "+Card)
		return
	}
	if r.Header.Get("Stripe-Version") == "" || r.Header.Get("X-Stripe-Client-User-Agent") != "" {
		bad(w, "headers", "no version, or too much about the machine")
		return
	}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1"), "/"), "/")
	kind, act := s.route(r, parts)
	if act == nil {
		fail(w, http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL")
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
		fail(w, b.Status, "api_error", b.Code, "asked to misbehave with "+Card)
		return
	}
	out := s.idempotent(r, act)
	if b.Drop == AfterTaking {
		hangUp(w)
		return
	}
	if b.Lie && out.status == http.StatusOK {
		var m map[string]any
		_ = json.Unmarshal(out.answer, &m)
		for _, k := range []string{"amount", "amount_total"} {
			if m[k] != nil {
				m[k] = 1
			}
		}
		out.answer, _ = json.Marshal(m)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(out.status)
	_, _ = w.Write(out.answer)
}

// idempotent answers a key that came before as it was answered then, and refuses it with another request.
func (s *Server) idempotent(r *http.Request, act func(http.ResponseWriter, url.Values)) keyed {
	key := r.Header.Get("Idempotency-Key")
	body := r.URL.Path + "?" + encoded(r.PostForm)
	if k, ok := s.keys[key]; ok && key != "" && r.Method == http.MethodPost {
		if k.body == body {
			return k
		}
		rec := httptest.NewRecorder()
		fail(rec, http.StatusBadRequest, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters")
		return keyed{status: rec.Code, answer: rec.Body.Bytes()}
	}
	rec := httptest.NewRecorder()
	act(rec, r.Form)
	out := keyed{body, rec.Code, rec.Body.Bytes()}
	if key != "" && r.Method == http.MethodPost && rec.Code < 400 {
		s.keys[key] = out
	}
	return out
}

func encoded(v url.Values) string {
	var keys []string
	for k := range v {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	out := ""
	for _, k := range keys {
		out += k + "=" + strings.Join(v[k], ",") + ";"
	}
	return out
}

func hangUp(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = c.Close()
	}
}

func (s *Server) route(r *http.Request, p []string) (string, func(http.ResponseWriter, url.Values)) {
	get, post := r.Method == http.MethodGet, r.Method == http.MethodPost
	path := strings.Join(p, "/")
	switch {
	case post && path == "checkout/sessions":
		return "session", s.makeSession
	case get && path == "checkout/sessions":
		return "look", func(w http.ResponseWriter, q url.Values) {
			list(w, q, s.sessions, func(*session) bool { return true }, func(x *session) (string, any, int64) { return x.id, s.sessionJSON(x), x.created })
		}
	case get && len(p) == 3 && strings.HasPrefix(path, "checkout/sessions/"):
		return "look", s.withSession(p[2], func(w http.ResponseWriter, x *session) { answer(w, s.sessionJSON(x)) })
	case post && len(p) == 4 && p[3] == "expire":
		return "expire", s.withSession(p[2], func(w http.ResponseWriter, x *session) {
			if x.status != "open" {
				bad(w, "", "Only Checkout Sessions with a status in [\"open\"] can be expired")
				return
			}
			x.status = "expired"
			s.report("checkout.session.expired", s.sessionJSON(x))
			answer(w, s.sessionJSON(x))
		})
	case get && path == "payment_intents":
		return "list", func(w http.ResponseWriter, q url.Values) {
			list(w, q, s.intents, func(*intent) bool { return true }, func(x *intent) (string, any, int64) { return x.id, intentJSON(x), x.created })
		}
	case get && len(p) == 2 && p[0] == "payment_intents":
		return "look", func(w http.ResponseWriter, _ url.Values) {
			for _, x := range s.intents {
				if x.id == p[1] {
					answer(w, intentJSON(x))
					return
				}
			}
			fail(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such payment_intent")
		}
	case post && path == "refunds":
		return "refund", s.refund
	case get && path == "refunds":
		kind := "list"
		if r.Form.Get("payment_intent") != "" {
			kind = "refunds"
		}
		return kind, func(w http.ResponseWriter, q url.Values) {
			of := q.Get("payment_intent")
			list(w, q, s.refunds, func(x *refund) bool { return of == "" || x.of.id == of }, func(x *refund) (string, any, int64) { return x.id, refundJSON(x), x.created })
		}
	case get && path == "disputes":
		return "list", func(w http.ResponseWriter, q url.Values) {
			list(w, q, s.disputes, func(*dispute) bool { return true }, func(x *dispute) (string, any, int64) { return x.id, disputeJSON(x), x.created })
		}
	}
	return "", nil
}

func list[T any](w http.ResponseWriter, q url.Values, all []T, keep func(T) bool, show func(T) (string, any, int64)) {
	number := func(name string, otherwise int64) int64 {
		if n, err := strconv.ParseInt(q.Get(name), 10, 64); err == nil {
			return n
		}
		return otherwise
	}
	from, to, limit, after := number("created[gte]", 0), number("created[lt]", 1<<60), number("limit", 10), q.Get("starting_after")
	if limit > 100 {
		bad(w, "", "limit must be at most 100")
		return
	}
	data, more := []any{}, false
	for i := len(all) - 1; i >= 0; i-- {
		name, v, at := show(all[i])
		if after != "" {
			if name == after {
				after = ""
			}
			continue
		}
		if !keep(all[i]) || at < from || at >= to {
			continue
		}
		if int64(len(data)) == limit {
			more = true
			break
		}
		data = append(data, v)
	}
	answer(w, map[string]any{"object": "list", "data": data, "has_more": more, "url": "/v1"})
}

func (s *Server) withSession(id string, then func(http.ResponseWriter, *session)) func(http.ResponseWriter, url.Values) {
	return func(w http.ResponseWriter, _ url.Values) {
		for _, x := range s.sessions {
			if x.id == id {
				then(w, x)
				return
			}
		}
		fail(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such checkout.session")
	}
}

func (s *Server) makeSession(w http.ResponseWriter, f url.Values) {
	amount, _ := strconv.ParseInt(f.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	expires, _ := strconv.ParseInt(f.Get("expires_at"), 10, 64)
	now := s.now()
	switch {
	case f.Get("mode") != "payment" || f.Get("line_items[0][quantity]") != "1" || f.Get("line_items[0][price_data][product_data][name]") == "":
		bad(w, "parameter_missing", "Missing required param")
	case amount < 50:
		bad(w, "amount_too_small", "The Checkout Session's total amount must convert to at least 50 cents")
	case expires < now+30*60 || expires > now+24*3600:
		bad(w, "", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation")
	case f.Get("success_url") == "":
		bad(w, "parameter_missing", "Missing required param: success_url")
	default:
		x := &session{id: s.name("cs_test"), reference: f.Get("client_reference_id"), currency: f.Get("line_items[0][price_data][currency]"), status: "open", paid: "unpaid",
			amount: amount, expires: expires, created: now, mark: f.Get("payment_intent_data[metadata][almirah]")}
		s.sessions = append(s.sessions, x)
		answer(w, s.sessionJSON(x))
	}
}

func (s *Server) refund(w http.ResponseWriter, f url.Values) {
	amount, _ := strconv.ParseInt(f.Get("amount"), 10, 64)
	for _, x := range s.intents {
		if x.id != f.Get("payment_intent") {
			continue
		}
		switch {
		case x.status != "succeeded":
			bad(w, "", "This PaymentIntent does not have a successful charge to refund.")
		case x.back == x.amount:
			bad(w, "charge_already_refunded", "has already been refunded.")
		case amount < 1 || amount > x.amount-x.back:
			bad(w, "", "Refund amount is greater than unrefunded amount on charge")
		default:
			r := &refund{id: s.name("re"), status: "pending", mark: f.Get("metadata[almirah]"), of: x, amount: amount, created: s.now()}
			s.refunds = append(s.refunds, r)
			x.back += amount
			s.report("refund.created", refundJSON(r))
			answer(w, refundJSON(r))
		}
		return
	}
	fail(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such payment_intent")
}

// Sum is a sentence for a test's log.
func (s *Server) Sum() string {
	c, b := s.Money()
	return fmt.Sprintf("captured %d, given back %d", c, b)
}
