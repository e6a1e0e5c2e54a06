package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Post is one report, signed.
type Post struct {
	Event  string
	Header http.Header
	Body   []byte
}

// Card and the others stand in every payment that the server tells of.
const (
	Card   = "4242424242424242"
	Holder = "Jenny Canaryholder"
	Email  = "jenny.canary@example.com"
	Phone  = "+15555550123"
)

// Posts takes away the reports that wait, oldest first.
func (s *Server) Posts() []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.posts
	s.posts = nil
	return out
}

// report queues a report. s.mu is held.
func (s *Server) report(kind string, object map[string]any) {
	body, _ := json.Marshal(map[string]any{"id": s.name("evt"), "object": "event", "api_version": "2026-08-26.dahlia", "created": s.now(), "data": map[string]any{"object": object},
		"livemode": false, "pending_webhooks": 1, "request": map[string]any{"id": nil, "idempotency_key": nil}, "type": kind})
	s.posts = append(s.posts, Post{Event: kind, Body: body})
}

// Sign signs a report for a moment; Stripe signs each attempt anew. An empty secret is the account's.
func (s *Server) Sign(p Post, at time.Time, secret string) Post {
	if secret == "" {
		secret = s.options.Secret
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), p.Body)
	p.Header = http.Header{}
	p.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s,v0=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)), hex.EncodeToString(make([]byte, 32))))
	return p
}

func (s *Server) age() {
	for _, x := range s.sessions {
		if x.status == "open" && x.expires <= s.now() {
			x.status = "expired"
			s.report("checkout.session.expired", s.sessionJSON(x))
		}
	}
}

func (s *Server) session(id string) *session {
	for _, x := range s.sessions {
		if x.id == id || x.reference == id {
			return x
		}
	}
	return nil
}

func (s *Server) intent(id string) *intent {
	for _, x := range s.intents {
		if x.id == id {
			return x
		}
	}
	return nil
}

// Try is a patient's attempt to pay the session (its id or our reference) that is refused; it may be paid by the same payment later.
func (s *Server) Try(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.begun(id)
	if x == nil {
		return ""
	}
	x.intent.status, x.intent.code = "requires_payment_method", "card_declined"
	s.report("payment_intent.payment_failed", intentJSON(x.intent))
	return x.intent.id
}

// begun gives the session its payment. s.mu is held.
func (s *Server) begun(id string) *session {
	s.age()
	x := s.session(id)
	if x == nil || x.status != "open" {
		return nil
	}
	if x.intent == nil {
		x.intent = &intent{id: s.name("pi"), status: "requires_payment_method", currency: x.currency, mark: x.mark, amount: x.amount, created: s.now(), of: x}
		s.intents = append(s.intents, x.intent)
	}
	return x
}

// Pay is a patient who pays. Empty when the session takes no payment any more.
func (s *Server) Pay(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.begun(id)
	if x == nil {
		return ""
	}
	x.status, x.paid = "complete", "paid"
	x.intent.status, x.intent.code = "succeeded", ""
	s.report("payment_intent.succeeded", intentJSON(x.intent))
	s.report("charge.succeeded", s.chargeJSON(x.intent))
	s.report("checkout.session.completed", s.sessionJSON(x))
	return x.intent.id
}

// PayLater completes the session with a payment that a bank decides on later; Decide says how.
func (s *Server) PayLater(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.begun(id)
	if x == nil {
		return ""
	}
	x.status, x.intent.status = "complete", "processing"
	s.report("checkout.session.completed", s.sessionJSON(x))
	return x.intent.id
}

// Decide is the bank's late answer to PayLater.
func (s *Server) Decide(id string, well bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.intent(id)
	if x == nil || x.status != "processing" {
		return false
	}
	if well {
		x.status, x.of.paid = "succeeded", "paid"
		s.report("payment_intent.succeeded", intentJSON(x))
		s.report("checkout.session.async_payment_succeeded", s.sessionJSON(x.of))
		return true
	}
	x.status, x.code = "requires_payment_method", "payment_intent_payment_attempt_failed"
	s.report("checkout.session.async_payment_failed", s.sessionJSON(x.of))
	return true
}

// Settle ends a refund that is pending.
func (s *Server) Settle(id string, well bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.refunds {
		if r.id != id || r.status != "pending" {
			continue
		}
		if well {
			r.status = "succeeded"
			s.report("refund.updated", refundJSON(r))
			s.report("charge.refunded", s.chargeJSON(r.of))
			return true
		}
		r.status = "failed"
		r.of.back -= r.amount
		s.report("refund.failed", refundJSON(r))
		return true
	}
	return false
}

// RefundAtConsole is a refund that somebody made in Stripe's own console.
func (s *Server) RefundAtConsole(id string, amount int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.intent(id)
	if x == nil || x.status != "succeeded" || amount > x.amount-x.back {
		return ""
	}
	r := &refund{id: s.name("re"), status: "succeeded", of: x, amount: amount, created: s.now()}
	s.refunds = append(s.refunds, r)
	x.back += amount
	s.report("charge.refunded", s.chargeJSON(x))
	return r.id
}

// Dispute lets a bank ask about a payment; a state after the first is of the same dispute.
func (s *Server) Dispute(id, state string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.intent(id)
	if x == nil {
		return ""
	}
	for _, d := range s.disputes {
		if d.of == x {
			d.status = state
			s.report("charge.dispute.closed", disputeJSON(d))
			return d.id
		}
	}
	d := &dispute{id: s.name("dp"), status: state, of: x, amount: x.amount, created: s.now()}
	s.disputes = append(s.disputes, d)
	s.report("charge.dispute.created", disputeJSON(d))
	return d.id
}

// Money is what the account holds by the server's own books: captured, and given back (pending refunds count), in minor units.
func (s *Server) Money() (captured, back int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.intents {
		if x.status == "succeeded" {
			captured += x.amount
		}
	}
	for _, r := range s.refunds {
		if r.status != "failed" {
			back += r.amount
		}
	}
	return captured, back
}

// Payment is one payment in the server's own books.
type Payment struct {
	ID, Reference, Status string
	Amount                int64
}

// Payments is every payment in the server's own books.
func (s *Server) Payments() []Payment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Payment
	for _, x := range s.intents {
		out = append(out, Payment{x.id, x.of.reference, x.status, x.amount})
	}
	return out
}

// Refund is one refund in the server's own books.
type Refund struct {
	ID, Payment, Mark, Status string
	Amount                    int64
}

// Refunds is every refund in the server's own books.
func (s *Server) Refunds() []Refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Refund
	for _, r := range s.refunds {
		out = append(out, Refund{r.id, r.of.id, r.mark, r.status, r.amount})
	}
	return out
}

func marks(mark string) map[string]any {
	if mark == "" {
		return map[string]any{}
	}
	return map[string]any{"almirah": mark}
}

func (s *Server) sessionJSON(x *session) map[string]any {
	m := map[string]any{"id": x.id, "object": "checkout.session", "amount_subtotal": x.amount, "amount_total": x.amount, "client_reference_id": x.reference, "created": x.created, "currency": x.currency,
		"customer_details": map[string]any{"email": Email, "name": Holder, "phone": Phone}, "customer_email": Email, "expires_at": x.expires, "livemode": false, "metadata": marks(x.reference), "mode": "payment",
		"payment_intent": nil, "payment_method_types": []string{"card"}, "payment_status": x.paid, "status": x.status, "url": s.url + "/pay/" + x.id}
	if x.status != "open" {
		m["url"] = nil
	}
	if x.intent != nil {
		m["payment_intent"] = x.intent.id
	}
	return m
}

func intentJSON(x *intent) map[string]any {
	received := int64(0)
	if x.status == "succeeded" {
		received = x.amount
	}
	m := map[string]any{"id": x.id, "object": "payment_intent", "amount": x.amount, "amount_received": received, "currency": x.currency, "created": x.created, "status": x.status, "metadata": marks(x.mark),
		"payment_method_types": []string{"card"}, "receipt_email": Email, "latest_charge": "ch_" + x.id, "last_payment_error": nil}
	if x.code != "" {
		m["last_payment_error"] = map[string]any{"code": x.code, "decline_code": "generic_decline", "message": "The card " + Card + " was declined.",
			"payment_method": map[string]any{"card": map[string]any{"last4": Card[12:], "number": Card}, "billing_details": map[string]any{"name": Holder, "email": Email}}}
	}
	return m
}

func (s *Server) chargeJSON(x *intent) map[string]any {
	return map[string]any{"id": "ch_" + x.id, "object": "charge", "amount": x.amount, "amount_refunded": x.back, "currency": x.currency, "payment_intent": x.id, "refunded": x.back == x.amount,
		"billing_details":        map[string]any{"email": Email, "name": Holder, "phone": Phone},
		"payment_method_details": map[string]any{"type": "card", "card": map[string]any{"brand": "visa", "last4": Card[12:], "fingerprint": "Xt5EWLLDS7FJjR1c", "number": Card}}, "receipt_email": Email}
}

func refundJSON(r *refund) map[string]any {
	return map[string]any{"id": r.id, "object": "refund", "amount": r.amount, "charge": "ch_" + r.of.id, "created": r.created, "currency": r.of.currency, "metadata": marks(r.mark), "payment_intent": r.of.id,
		"status": r.status, "failure_reason": nil, "destination_details": map[string]any{"card": map[string]any{"reference": Card, "type": "refund"}}}
}

func disputeJSON(d *dispute) map[string]any {
	return map[string]any{"id": d.id, "object": "dispute", "amount": d.amount, "charge": "ch_" + d.of.id, "created": d.created, "currency": d.of.currency, "payment_intent": d.of.id, "reason": "fraudulent", "status": d.status,
		"evidence": map[string]any{"customer_name": Holder, "customer_email_address": Email, "uncategorized_text": Card}, "evidence_details": map[string]any{"due_by": d.created + 7*86400}}
}

// Open are our references of the sessions that somebody could pay in now, with their amounts.
func (s *Server) Open() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.age()
	out := map[string]int64{}
	for _, x := range s.sessions {
		if x.status == "open" {
			out[x.reference] = x.amount
		}
	}
	return out
}
