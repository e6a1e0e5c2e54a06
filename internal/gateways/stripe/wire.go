package stripe

import (
	"net/url"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/clock"
)

// These structures are all that is read of what Stripe answers and reports; the library's own are not used for answers. There
// is no field for customer_details, billing_details, payment_method_details, receipt_email or card (promise H3); a test holds
// them to the list of fields that may be here.

// marks is our own mark in Stripe's metadata.
type marks struct {
	Ours string `json:"almirah"`
}

type wireSession struct {
	forgetful
	ID            string `json:"id"`
	Reference     string `json:"client_reference_id"`
	URL           string `json:"url"`
	AmountTotal   int64  `json:"amount_total"`
	Currency      string `json:"currency"`
	Status        string `json:"status"`
	PaymentStatus string `json:"payment_status"`
	PaymentIntent string `json:"payment_intent"`
	Created       int64  `json:"created"`
}

type wireIntent struct {
	forgetful
	ID       string   `json:"id"`
	Amount   int64    `json:"amount"`
	Received int64    `json:"amount_received"`
	Currency string   `json:"currency"`
	Status   string   `json:"status"`
	Kinds    []string `json:"payment_method_types"`
	Metadata marks    `json:"metadata"`
	Error    *struct {
		Code    string `json:"code"`
		Decline string `json:"decline_code"`
	} `json:"last_payment_error"`
	Created int64 `json:"created"`
}

type wireRefund struct {
	forgetful
	ID            string `json:"id"`
	PaymentIntent string `json:"payment_intent"`
	Amount        int64  `json:"amount"`
	Currency      string `json:"currency"`
	Status        string `json:"status"`
	Failure       string `json:"failure_reason"`
	Metadata      marks  `json:"metadata"`
	Created       int64  `json:"created"`
}

type wireDispute struct {
	ID            string `json:"id"`
	PaymentIntent string `json:"payment_intent"`
	Amount        int64  `json:"amount"`
	Currency      string `json:"currency"`
	Status        string `json:"status"`
	Reason        string `json:"reason"`
	Evidence      struct {
		DueBy int64 `json:"due_by"`
	} `json:"evidence_details"`
	Created int64 `json:"created"`
}

// listOf is one page of a list.
type listOf[T any] struct {
	forgetful
	Data []T  `json:"data"`
	More bool `json:"has_more"`
}

func at(seconds int64) clock.Instant {
	if seconds <= 0 || seconds > 253402300799 {
		return 0
	}
	return clock.Instant(seconds * 1_000_000)
}

func currency(s string) string {
	s = strings.ToUpper(s)
	if len(s) != 3 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}

func (s wireSession) page() billing.Page {
	p := billing.Page{ID: billing.Token(s.ID), OrderID: billing.Token(s.PaymentIntent), Reference: billing.Token(s.Reference), Currency: currency(s.Currency), State: billing.PageOpen}
	p.Amount = ours(s.AmountTotal, p.Currency)
	switch {
	case s.Status == "complete" && s.PaymentStatus == "paid":
		p.State = billing.PagePaid
	case s.Status == "expired":
		p.State = billing.PageClosed
	}
	if u, err := url.Parse(s.URL); err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http") {
		p.URL = u.String()
	}
	return p
}

func (i wireIntent) capture() billing.Capture {
	c := billing.Capture{ID: billing.Token(i.ID), OrderID: billing.Token(i.ID), Reference: billing.Token(i.Metadata.Ours), Currency: currency(i.Currency), State: billing.Started, At: at(i.Created)}
	c.Amount = ours(i.Amount, c.Currency)
	if len(i.Kinds) == 1 {
		c.Method = billing.Token(i.Kinds[0])
	}
	switch i.Status {
	case "succeeded":
		c.State, c.Amount = billing.Captured, ours(i.Received, c.Currency)
	case "requires_capture":
		c.State = billing.Authorized
	case "canceled":
		c.State = billing.Failed
	case "requires_payment_method":
		if i.Error != nil {
			c.State = billing.Failed
		}
	}
	if c.State == billing.Failed && i.Error != nil {
		if c.Code = billing.Token(i.Error.Decline); c.Code == "" {
			c.Code = billing.Token(i.Error.Code)
		}
	}
	return c
}

func (r wireRefund) back() billing.Return {
	out := billing.Return{ID: billing.Token(r.ID), PaymentID: billing.Token(r.PaymentIntent), Reference: billing.Token(r.Metadata.Ours), Currency: currency(r.Currency),
		State: billing.ReturnPending, At: at(r.Created)}
	out.Amount = ours(r.Amount, out.Currency)
	switch r.Status {
	case "succeeded":
		out.State = billing.ReturnProcessed
	case "failed", "canceled":
		out.State, out.Code = billing.ReturnFailed, billing.Token(r.Failure)
	}
	return out
}

func (d wireDispute) dispute() billing.Dispute {
	return billing.Dispute{ID: billing.Token(d.ID), PaymentID: billing.Token(d.PaymentIntent), Amount: ours(d.Amount, currency(d.Currency)), Currency: currency(d.Currency),
		State: billing.Token(d.Status), Reason: billing.Token(d.Reason), RespondBy: at(d.Evidence.DueBy), At: at(d.Created)}
}
