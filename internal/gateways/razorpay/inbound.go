package razorpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"almirah/internal/billing"
	"almirah/internal/clock"
)

// event is one report. payload names every kind of thing that is read, and nothing else is.
type event struct {
	Entity    string `json:"entity"`
	Event     string `json:"event"`
	CreatedAt int64  `json:"created_at"`
	Payload   struct {
		Link    *one[wireLink]    `json:"payment_link"`
		Order   *one[wireOrder]   `json:"order"`
		Payment *one[wirePayment] `json:"payment"`
		Refund  *one[wireRefund]  `json:"refund"`
		Dispute *one[wireDispute] `json:"dispute"`
	} `json:"payload"`
}

type one[T any] struct {
	Entity T `json:"entity"`
}

// wireOrder ties a payment to a link.
type wireOrder struct {
	ID string `json:"id"`
}

// known are the events that something is done about.
var known = map[string]bool{
	"payment_link.paid": true, "payment_link.partially_paid": true, "payment_link.cancelled": true, "payment_link.expired": true,
	"payment.authorized": true, "payment.captured": true, "payment.failed": true, "order.paid": true,
	"refund.created": true, "refund.processed": true, "refund.failed": true, "refund.speed_changed": true,
	"payment.dispute.created": true, "payment.dispute.under_review": true, "payment.dispute.action_required": true,
	"payment.dispute.won": true, "payment.dispute.lost": true, "payment.dispute.closed": true,
}

// Read checks X-Razorpay-Signature, which is over the raw body, against both secrets: retries of older reports come with
// the old one. The signature holds no time; a replay is known by x-razorpay-event-id, or, where that is missing, by the bytes.
func (c *Client) Read(t billing.Till, h billing.GatewayHook, _ clock.Instant) (billing.News, error) {
	a, err := opened(t)
	if err != nil || !signed(a.Secrets, h) {
		return billing.News{}, billing.ErrHookForged
	}
	var e event
	if json.Unmarshal(h.Body, &e) != nil || e.Entity != "event" || billing.Token(e.Event) == "" {
		return billing.News{}, billing.ErrHookUnreadable
	}
	n := billing.News{Key: billing.Token(h.Header.Get("X-Razorpay-Event-Id")), Kind: e.Event, Known: known[e.Event], At: at(e.CreatedAt)}
	if n.Key == "" {
		sum := sha256.Sum256(h.Body)
		n.Key = "sha256-" + letters(sum[:20])
	}
	p := e.Payload
	var page *billing.Page
	if p.Link != nil {
		l := p.Link.Entity.page()
		l.URL = ""
		if l.OrderID == "" && p.Order != nil {
			l.OrderID = order(p.Order.Entity.ID)
		}
		page = &l
		n.Pages = append(n.Pages, l)
	}
	if p.Payment != nil && p.Payment.Entity.ID != "" {
		one := p.Payment.Entity.capture()
		if page != nil {
			one = tied(one, *page)
		}
		n.Captures = append(n.Captures, one)
	}
	if p.Refund != nil && p.Refund.Entity.ID != "" {
		n.Returns = append(n.Returns, p.Refund.Entity.back())
	}
	if p.Dispute != nil && p.Dispute.Entity.ID != "" {
		n.Disputes = append(n.Disputes, p.Dispute.Entity.dispute())
	}
	return n, nil
}

// letters writes bytes with the letters a to p, so that no digits come together.
func letters(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, x := range b {
		out = append(out, 'a'+x>>4, 'a'+x&15)
	}
	return string(out)
}

// signed says whether the body carries the signature of one of the secrets. Every secret is tried, so that the time tells
// nothing about which one fits.
func signed(secrets []string, h billing.GatewayHook) bool {
	values := h.Header.Values("X-Razorpay-Signature")
	if len(values) != 1 {
		return false
	}
	given, err := hex.DecodeString(values[0])
	if err != nil || len(given) != sha256.Size {
		return false
	}
	fits := false
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s))
		mac.Write(h.Body)
		if s != "" && hmac.Equal(mac.Sum(nil), given) {
			fits = true
		}
	}
	return fits
}
