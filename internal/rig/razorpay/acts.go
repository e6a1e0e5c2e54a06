package razorpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
)

// Post is one report, signed.
type Post struct {
	Event  string
	Header http.Header
	Body   []byte
}

// Posts takes away the reports that wait, oldest first.
func (s *Server) Posts() []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.posts
	s.posts = nil
	return out
}

// report queues a report. s.mu is held.
func (s *Server) report(event string, payload map[string]any) {
	inside, contains := map[string]any{}, []string{}
	for kind, entity := range payload {
		if event == "payment_link.paid" && kind == "payment_link" { // its order has no prefix there
			m := entity.(map[string]any)
			m["order_id"] = m["order_id"].(string)[len("order_"):]
		}
		inside[kind] = map[string]any{"entity": entity}
		contains = append(contains, kind)
	}
	slices.Sort(contains)
	body, _ := json.Marshal(map[string]any{"entity": "event", "account_id": "acc_SunriseClinic1", "event": event, "contains": contains, "payload": inside, "created_at": s.now()})
	s.posts = append(s.posts, Post{event, s.signed(body, s.name("evt"), s.options.Secret), body})
}

func (s *Server) signed(body []byte, key, secret string) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("X-Razorpay-Signature", hex.EncodeToString(mac.Sum(nil)))
	h.Set("X-Razorpay-Event-Id", key)
	return h
}

// Sign is a report of the test's own making, signed with a secret; an empty one is the account's.
func (s *Server) Sign(body []byte, key, secret string) Post {
	if secret == "" {
		secret = s.options.Secret
	}
	return Post{"", s.signed(body, key, secret), body}
}

// age ends links whose time is over. s.mu is held.
func (s *Server) age() {
	for _, l := range s.links {
		if l.status == "created" && l.expireBy > 0 && l.expireBy <= s.now() {
			l.status = "expired"
			s.report("payment_link.expired", map[string]any{"payment_link": s.linkJSON(l)})
		}
	}
}

func (s *Server) link(id string) *link {
	for _, l := range s.links {
		if l.id == id || l.reference == id {
			return l
		}
	}
	return nil
}

func (s *Server) payment(id string) *payment {
	for _, p := range s.payments {
		if p.id == id {
			return p
		}
	}
	return nil
}

// Try is a patient's attempt to pay the link (its id or our reference): it is refused, and perhaps captured later. Empty when the
// link takes no payment any more.
func (s *Server) Try(id string) string { return s.pay(id, 0, "failed") }

// Pay is a patient who pays; amount 0 is all that is left. Empty when the link takes no payment any more.
func (s *Server) Pay(id string, amount int64) string { return s.pay(id, amount, "captured") }

// Authorize is a payment that is not captured yet.
func (s *Server) Authorize(id string) string { return s.pay(id, 0, "authorized") }

func (s *Server) pay(id string, amount int64, status string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.age()
	l := s.link(id)
	if l == nil || l.status != "created" && l.status != "partially_paid" {
		return ""
	}
	if amount == 0 || !l.partial {
		amount = l.amount - l.paid
	}
	p := &payment{id: s.name("pay"), order: l.order, currency: l.currency, status: "created", method: "upi", link: l, amount: amount, created: s.now()}
	if s.serial%2 == 0 {
		p.method = "card"
	}
	s.payments = append(s.payments, p)
	switch status {
	case "failed":
		p.status = "failed"
		s.report("payment.failed", map[string]any{"payment": s.paymentJSON(p)})
	case "authorized":
		p.status = "authorized"
		s.report("payment.authorized", map[string]any{"payment": s.paymentJSON(p)})
	default:
		s.capture(p)
	}
	return p.id
}

// Capture captures an attempt that failed or was authorized: a bank's late answer. It says whether it could: the money arrives even
// when the link was cancelled or paid meanwhile.
func (s *Server) Capture(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.payment(id)
	if p == nil || p.status == "captured" || p.status == "refunded" {
		return false
	}
	s.capture(p)
	return true
}

func (s *Server) capture(p *payment) {
	l := p.link
	p.status = "captured"
	l.paid += p.amount
	s.report("payment.authorized", map[string]any{"payment": s.paymentJSON(p)})
	s.report("payment.captured", map[string]any{"payment": s.paymentJSON(p)})
	event := "payment_link.paid"
	switch {
	case l.status == "cancelled" || l.status == "expired":
		return // the bank was late: there is no report of the link
	case l.paid < l.amount:
		l.status, event = "partially_paid", "payment_link.partially_paid"
	default:
		l.status = "paid"
		s.report("order.paid", map[string]any{"payment": s.paymentJSON(p), "order": s.orderJSON(l)})
	}
	s.report(event, map[string]any{"payment_link": s.linkJSON(l), "payment": s.paymentJSON(p), "order": s.orderJSON(l)})
}

// Settle ends a refund that is pending: processed, or failed, in which case the money stays with the clinic.
func (s *Server) Settle(id string, well bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.refunds {
		if r.id != id || r.status != "pending" {
			continue
		}
		if well {
			r.status = "processed"
			s.report("refund.processed", map[string]any{"refund": refundJSON(r), "payment": s.paymentJSON(r.of)})
			return true
		}
		r.status = "failed"
		r.of.refunded -= r.amount
		r.of.status = "captured"
		s.report("refund.failed", map[string]any{"refund": refundJSON(r), "payment": s.paymentJSON(r.of)})
		return true
	}
	return false
}

// RefundAtConsole is a refund that somebody made in Razorpay's own console; it is processed at once.
func (s *Server) RefundAtConsole(id string, amount int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.payment(id)
	if p == nil || p.status != "captured" || amount > p.amount-p.refunded {
		return ""
	}
	r := &refund{id: s.name("rfnd"), status: "processed", of: p, amount: amount, created: s.now()}
	s.refunds = append(s.refunds, r)
	if p.refunded += amount; p.refunded == p.amount {
		p.status = "refunded"
	}
	s.report("refund.processed", map[string]any{"refund": refundJSON(r), "payment": s.paymentJSON(p)})
	return r.id
}

// Dispute lets a bank ask about a payment; state is "created", "under_review", "won", "lost" or "closed", the later ones of the same dispute.
func (s *Server) Dispute(id, state string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.payment(id)
	if p == nil {
		return ""
	}
	var d *dispute
	for _, x := range s.disputes {
		if x.of == p {
			d = x
		}
	}
	if d == nil {
		d = &dispute{id: s.name("disp"), phase: "chargeback", of: p, amount: p.amount, created: s.now()}
		s.disputes = append(s.disputes, d)
	}
	d.status = state
	if state == "created" {
		d.status = "open"
	}
	s.report("payment.dispute."+state, map[string]any{"payment": s.paymentJSON(p), "dispute": disputeJSON(d)})
	return d.id
}

// Money is what the account holds by the server's own books: captured and given back (pending refunds count), in minor units.
func (s *Server) Money() (captured, back int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.payments {
		if p.status == "captured" || p.status == "refunded" {
			captured += p.amount
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
	for _, p := range s.payments {
		out = append(out, Payment{p.id, p.link.reference, p.status, p.amount})
	}
	return out
}

// Refund is one refund in the server's own books.
type Refund struct {
	ID, Payment, Receipt, Status string
	Amount                       int64
}

// Refunds is every refund in the server's own books.
func (s *Server) Refunds() []Refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Refund
	for _, r := range s.refunds {
		out = append(out, Refund{r.id, r.of.id, r.receipt, r.status, r.amount})
	}
	return out
}

// The things as Razorpay writes them: with everything that it tells about people and cards, so that a test can see
// that none of it stays.

// Card and the others stand in every payment that the server tells of.
const (
	Card    = "4111111111111111"
	Holder  = "Gaurav Canaryholder"
	Contact = "+919000090000"
	Email   = "gaurav.canary@example.com"
	VPA     = "gauravcanary@exampleupi"
)

func (s *Server) linkJSON(l *link) map[string]any {
	var payments any
	list := []any{}
	for _, p := range s.payments {
		if p.link == l && (p.status == "captured" || p.status == "refunded") {
			list = append(list, map[string]any{"amount": p.amount, "created_at": p.created, "method": p.method, "payment_id": p.id, "plink_id": l.id, "status": "captured", "updated_at": p.created})
		}
	}
	if len(list) > 0 {
		payments = list
	}
	return map[string]any{"id": l.id, "accept_partial": l.partial, "amount": l.amount, "amount_paid": l.paid, "callback_method": "get", "callback_url": l.callback, "cancelled_at": 0,
		"created_at": l.created, "currency": l.currency, "customer": map[string]any{"contact": Contact, "email": Email, "name": Holder}, "description": l.description,
		"expire_by": l.expireBy, "expired_at": 0, "first_min_partial_amount": 0, "notes": map[string]any{"almirah": l.reference}, "notify": map[string]any{"email": false, "sms": false},
		"order_id": l.order, "payments": payments, "reference_id": l.reference, "reminder_enable": false, "reminders": []any{}, "short_url": s.url + "/pay/" + l.id,
		"status": l.status, "updated_at": l.created, "upi_link": false, "user_id": "API DOC"}
}

func (s *Server) orderJSON(l *link) map[string]any {
	status := "attempted"
	if l.paid >= l.amount {
		status = "paid"
	}
	return map[string]any{"id": l.order, "entity": "order", "amount": l.amount, "amount_paid": l.paid, "amount_due": max(0, l.amount-l.paid), "currency": l.currency, "receipt": l.reference,
		"offer_id": nil, "status": status, "attempts": 1, "notes": []any{}, "created_at": l.created}
}

func (s *Server) paymentJSON(p *payment) map[string]any {
	m := map[string]any{"id": p.id, "entity": "payment", "amount": p.amount, "currency": p.currency, "base_amount": p.amount, "status": p.status, "order_id": p.order, "invoice_id": nil,
		"international": false, "method": p.method, "amount_refunded": p.refunded, "refund_status": nil, "captured": p.status == "captured" || p.status == "refunded", "description": "#" + Holder,
		"card_id": nil, "bank": nil, "wallet": nil, "vpa": nil, "email": Email, "contact": Contact, "notes": []any{}, "fee": 2, "tax": 0, "error_code": nil, "error_description": nil,
		"error_source": nil, "error_step": nil, "error_reason": nil, "acquirer_data": map[string]any{"rrn": Card}, "created_at": p.created}
	if p.method == "card" {
		m["card_id"] = "card_" + Card
		m["card"] = map[string]any{"id": "card_" + Card, "entity": "card", "name": Holder, "last4": Card[12:], "network": "Visa", "type": "credit", "issuer": "UTIB", "number": Card}
	} else {
		m["vpa"], m["upi"] = VPA, map[string]any{"vpa": VPA, "payer_account_type": "bank_account"}
	}
	if p.status == "failed" {
		m["error_code"], m["error_reason"], m["error_description"] = "BAD_REQUEST_ERROR", "payment_failed", "The card "+Card+" of "+Holder+" was refused"
	}
	return m
}

func refundJSON(r *refund) map[string]any {
	return map[string]any{"id": r.id, "entity": "refund", "amount": r.amount, "currency": r.of.currency, "payment_id": r.of.id, "notes": []any{}, "receipt": r.receipt,
		"acquirer_data": map[string]any{"arn": nil}, "created_at": r.created, "batch_id": nil, "status": r.status, "speed_processed": "normal", "speed_requested": "normal"}
}

func disputeJSON(d *dispute) map[string]any {
	return map[string]any{"id": d.id, "entity": "dispute", "payment_id": d.of.id, "amount": d.amount, "currency": d.of.currency, "amount_deducted": 0, "gateway_dispute_id": nil,
		"reason_code": "chargeback_authorization", "respond_by": d.created + 7*86400, "status": d.status, "phase": d.phase, "created_at": d.created, "comments": "card " + Card}
}

// Open are our references of the links that somebody could pay on now, with their amounts.
func (s *Server) Open() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.age()
	out := map[string]int64{}
	for _, l := range s.links {
		if l.status == "created" || l.status == "partially_paid" {
			out[l.reference] = l.amount
		}
	}
	return out
}
