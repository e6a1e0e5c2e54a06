package razorpay

import (
	"encoding/json"
	"net/url"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/clock"
)

// These structures are all that is read of what Razorpay answers and reports. There is no field for card, card_id,
// last4, vpa, bank, wallet, email, contact, customer or description (promise H3); a test holds them to the list of
// fields that may be here.

// wireLink is a payment link.
type wireLink struct {
	ID        string        `json:"id"`
	OrderID   string        `json:"order_id"`
	Reference string        `json:"reference_id"`
	ShortURL  string        `json:"short_url"`
	Amount    int64         `json:"amount"`
	Currency  string        `json:"currency"`
	Status    string        `json:"status"`
	Payments  []wireOnALink `json:"payments"`
	CreatedAt int64         `json:"created_at"`
}

// wireOnALink is a payment as a link lists it; only captured ones are.
type wireOnALink struct {
	PaymentID string `json:"payment_id"`
	Amount    int64  `json:"amount"`
	Status    string `json:"status"`
	Method    string `json:"method"`
	CreatedAt int64  `json:"created_at"`
}

// wirePayment is a payment.
type wirePayment struct {
	ID        string `json:"id"`
	OrderID   string `json:"order_id"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Status    string `json:"status"`
	Method    string `json:"method"`
	ErrorCode string `json:"error_code"`
	Reason    string `json:"error_reason"`
	Notes     notes  `json:"notes"`
	CreatedAt int64  `json:"created_at"`
}

// wireRefund is a refund.
type wireRefund struct {
	ID        string `json:"id"`
	PaymentID string `json:"payment_id"`
	Receipt   string `json:"receipt"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Status    string `json:"status"`
	CreatedAt int64  `json:"created_at"`
}

// wireDispute is a dispute.
type wireDispute struct {
	ID        string `json:"id"`
	PaymentID string `json:"payment_id"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Status    string `json:"status"`
	Reason    string `json:"reason_code"`
	RespondBy int64  `json:"respond_by"`
	CreatedAt int64  `json:"created_at"`
}

// notes is our own mark in Razorpay's notes, which are [] when they are empty. Nothing else of them is read.
type notes string

// UnmarshalJSON takes our mark and leaves everything else.
func (n *notes) UnmarshalJSON(b []byte) error {
	*n = ""
	var marks struct {
		Ours string `json:"almirah"`
	}
	if len(b) > 0 && b[0] == '{' && json.Unmarshal(b, &marks) == nil {
		*n = notes(billing.Token(marks.Ours))
	}
	return nil
}

// order puts the prefix back that payment_link.paid leaves out.
func order(s string) string {
	if s = billing.Token(s); s != "" && !strings.HasPrefix(s, "order_") {
		s = "order_" + s
	}
	return s
}

// at reads seconds since 1970; what no calendar has is no time.
func at(seconds int64) clock.Instant {
	if seconds <= 0 || seconds > 253402300799 {
		return 0
	}
	return clock.Instant(seconds * 1_000_000)
}

// currency is a code of three letters, or nothing.
func currency(s string) string {
	s = strings.ToUpper(s)
	if len(s) != 3 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}

func (l wireLink) page() billing.Page {
	p := billing.Page{ID: billing.Token(l.ID), OrderID: order(l.OrderID), Reference: billing.Token(l.Reference), Amount: l.Amount, Currency: currency(l.Currency), State: billing.PageOpen}
	switch l.Status {
	case "paid":
		p.State = billing.PagePaid
	case "partially_paid":
		p.State = billing.PagePartly
	case "cancelled", "expired":
		p.State = billing.PageClosed
	}
	if u, err := url.Parse(l.ShortURL); err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http") {
		p.URL = u.String()
	}
	return p
}

func (p wirePayment) capture() billing.Capture {
	c := billing.Capture{ID: billing.Token(p.ID), OrderID: order(p.OrderID), Reference: string(p.Notes), Amount: p.Amount, Currency: currency(p.Currency),
		State: billing.Started, Method: billing.Token(p.Method), At: at(p.CreatedAt)}
	switch p.Status {
	case "captured", "refunded": // what was given back was captured before
		c.State = billing.Captured
	case "authorized":
		c.State = billing.Authorized
	case "failed":
		c.State = billing.Failed
		if c.Code = billing.Token(p.Reason); c.Code == "" {
			c.Code = billing.Token(p.ErrorCode)
		}
	}
	return c
}

func (r wireRefund) back() billing.Return {
	out := billing.Return{ID: billing.Token(r.ID), PaymentID: billing.Token(r.PaymentID), Reference: billing.Token(r.Receipt), Amount: r.Amount, Currency: currency(r.Currency),
		State: billing.ReturnPending, At: at(r.CreatedAt)}
	switch r.Status {
	case "processed":
		out.State = billing.ReturnProcessed
	case "failed":
		out.State = billing.ReturnFailed
	}
	return out
}

func (d wireDispute) dispute() billing.Dispute {
	return billing.Dispute{ID: billing.Token(d.ID), PaymentID: billing.Token(d.PaymentID), Amount: d.Amount, Currency: currency(d.Currency),
		State: billing.Token(d.Status), Reason: billing.Token(d.Reason), RespondBy: at(d.RespondBy), At: at(d.CreatedAt)}
}
