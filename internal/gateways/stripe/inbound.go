package stripe

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"almirah/internal/billing"
	"almirah/internal/clock"

	"github.com/stripe/stripe-go/v85/webhook"
)

// tolerance is how far a report's time may lie from ours. Stripe's library looks at the past only.
const tolerance = 5 * time.Minute

// event is one report; what it speaks of is read by its kind.
type event struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Type    string `json:"type"`
	Created int64  `json:"created"`
	Data    struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// wireCharge names the payment that a charge was for.
type wireCharge struct {
	PaymentIntent string `json:"payment_intent"`
}

// Read checks Stripe-Signature against both secrets, then its time, and reads the report. A session that is complete but not
// paid is no money yet.
func (c *Client) Read(t billing.Till, h billing.GatewayHook, now clock.Instant) (billing.News, error) {
	a, err := opened(t)
	values := h.Header.Values("Stripe-Signature")
	if err != nil || len(values) != 1 || !signed(a.Secrets, values[0], h.Body) || !timely(values[0], now) {
		return billing.News{}, billing.ErrHookForged
	}
	var e event
	if json.Unmarshal(h.Body, &e) != nil || e.Object != "event" || billing.Token(e.ID) == "" || billing.Token(e.Type) == "" {
		return billing.News{}, billing.ErrHookUnreadable
	}
	n := billing.News{Key: e.ID, Kind: e.Type, At: at(e.Created)}
	switch e.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed", "checkout.session.expired":
		var s wireSession
		if n.Known = json.Unmarshal(e.Data.Object, &s) == nil && s.ID != ""; !n.Known {
			break
		}
		p := s.page()
		p.URL = ""
		n.Pages = append(n.Pages, p)
		if p.OrderID == "" {
			break
		}
		one := billing.Capture{ID: p.OrderID, OrderID: p.OrderID, Amount: p.Amount, Currency: p.Currency, State: billing.Started, At: at(s.Created)}
		switch {
		case s.PaymentStatus == "paid": // the session began when its page was opened; that it is paid is as old as the report
			one.State, one.At = billing.Captured, n.At
		case e.Type == "checkout.session.async_payment_failed":
			one.State, one.Code = billing.Failed, "async_payment_failed"
		}
		n.Captures = append(n.Captures, tied(one, p))
	case "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled":
		var i wireIntent
		if n.Known = json.Unmarshal(e.Data.Object, &i) == nil && i.ID != ""; n.Known {
			n.Captures = append(n.Captures, i.capture())
		}
	case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
		var r wireRefund
		if n.Known = json.Unmarshal(e.Data.Object, &r) == nil && r.ID != ""; n.Known {
			n.Returns = append(n.Returns, r.back())
		}
	case "charge.refunded": // it names no refund: its payment's refunds are asked for
		var x wireCharge
		if n.Known = json.Unmarshal(e.Data.Object, &x) == nil && billing.Token(x.PaymentIntent) != ""; n.Known {
			n.Ask = append(n.Ask, x.PaymentIntent)
		}
	case "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated":
		var d wireDispute
		if n.Known = json.Unmarshal(e.Data.Object, &d) == nil && d.ID != ""; n.Known {
			n.Disputes = append(n.Disputes, d.dispute())
		}
	}
	return n, nil
}

// signed says whether one of the secrets fits; every one is tried.
func signed(secrets []string, header string, body []byte) bool {
	fits := false
	for _, s := range secrets {
		if s != "" && webhook.ValidatePayloadIgnoringTolerance(body, header, s) == nil {
			fits = true
		}
	}
	return fits
}

// timely says whether the signature's time is near now, in both directions.
func timely(header string, now clock.Instant) bool {
	for _, part := range strings.Split(header, ",") {
		if text, ok := strings.CutPrefix(part, "t="); ok {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n <= 0 || n > 253402300799 {
				return false
			}
			d := now.Sub(clock.Instant(n * 1_000_000))
			return d <= tolerance && d >= -tolerance
		}
	}
	return false
}
