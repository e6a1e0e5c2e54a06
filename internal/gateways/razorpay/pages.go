package razorpay

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
)

// Probe asks for one payment: it succeeds exactly when the keys work.
func (c *Client) Probe(ctx context.Context, t billing.Till) error {
	err := c.call(ctx, t, http.MethodGet, []string{"payments"}, url.Values{"count": {"1"}}, "", nil, nil)
	if fault.Is(err, fault.NotFound) { // something answers there that is not Razorpay
		return billing.TroubleRefused.Fault("not-found")
	}
	return err
}

// newLink is what is asked of Razorpay. Nothing about the patient is: no name, no number, no address, no word about health.
type newLink struct {
	Amount         int64             `json:"amount"`
	Currency       string            `json:"currency"`
	AcceptPartial  bool              `json:"accept_partial"`
	ExpireBy       int64             `json:"expire_by"`
	Reference      string            `json:"reference_id"`
	Description    string            `json:"description"`
	Notify         map[string]bool   `json:"notify"` // the clinic tells its patients itself
	ReminderEnable bool              `json:"reminder_enable"`
	Notes          map[string]string `json:"notes"`
	CallbackURL    string            `json:"callback_url,omitempty"`
	CallbackMethod string            `json:"callback_method,omitempty"`
}

// Open makes a payment link. Razorpay takes a reference once; when it has it already, the link of that reference is
// looked up, which is also how a call without an answer is mended.
func (c *Client) Open(ctx context.Context, t billing.Till, a billing.Ask) (billing.Page, error) {
	in := newLink{Amount: a.Amount, Currency: a.Currency, ExpireBy: a.ExpiresAt.Time().Unix(), Reference: a.Reference, Description: a.Description,
		Notify: map[string]bool{"sms": false, "email": false}, Notes: map[string]string{"almirah": a.Reference}, CallbackURL: a.ReturnURL}
	if a.ReturnURL != "" {
		in.CallbackMethod = "get"
	}
	var made wireLink
	err := c.call(ctx, t, http.MethodPost, []string{"payment_links"}, nil, "", in, &made)
	if fault.Is(err, fault.Invalid) {
		if s, known := c.Look(ctx, t, "", a.Reference); known == nil {
			return fits(s.Page, a)
		}
	}
	if err != nil {
		return billing.Page{}, err
	}
	return fits(made.page(), a)
}

// fits refuses a page that is not the one that was asked for.
func fits(p billing.Page, a billing.Ask) (billing.Page, error) {
	if p.ID == "" || p.URL == "" || p.Reference != a.Reference || p.Amount != a.Amount || p.Currency != a.Currency {
		return billing.Page{}, billing.TroubleRefused.Fault("another-page")
	}
	return p, nil
}

// Look asks for a link, and for every payment of its order: a link lists only what was captured.
func (c *Client) Look(ctx context.Context, t billing.Till, id, reference string) (billing.Standing, error) {
	var l wireLink
	if id == "" {
		var list struct {
			Links []wireLink `json:"payment_links"`
		}
		if err := c.call(ctx, t, http.MethodGet, []string{"payment_links"}, url.Values{"reference_id": {reference}}, "", nil, &list); err != nil {
			return billing.Standing{}, err
		}
		for _, x := range list.Links {
			if x.Reference == reference {
				l = x
			}
		}
		if l.ID == "" {
			return billing.Standing{}, fault.Missing()
		}
	} else if err := c.call(ctx, t, http.MethodGet, []string{"payment_links", id}, nil, "", nil, &l); err != nil {
		return billing.Standing{}, err
	}
	if id != "" && l.ID != id || reference != "" && l.Reference != reference {
		return billing.Standing{}, billing.TroubleRefused.Fault("another-page")
	}
	s := billing.Standing{Page: l.page()}
	seen := map[string]bool{}
	if s.Page.OrderID != "" {
		var list struct {
			Items []wirePayment `json:"items"`
		}
		err := c.call(ctx, t, http.MethodGet, []string{"orders", s.Page.OrderID, "payments"}, nil, "", nil, &list)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return billing.Standing{}, err
		}
		for _, p := range list.Items {
			s.Captures = append(s.Captures, tied(p.capture(), s.Page))
			seen[p.ID] = true
		}
	}
	for _, p := range l.Payments {
		if !seen[p.PaymentID] {
			one := wirePayment{ID: p.PaymentID, OrderID: l.OrderID, Amount: p.Amount, Currency: l.Currency, Status: p.Status, Method: p.Method, CreatedAt: p.CreatedAt}
			s.Captures = append(s.Captures, tied(one.capture(), s.Page))
		}
	}
	return s, nil
}

// tied says on which page of ours a payment was made.
func tied(c billing.Capture, p billing.Page) billing.Capture {
	c.PageID, c.Reference = p.ID, p.Reference
	return c
}

// Close cancels a link. Razorpay refuses that for links that were paid, cancelled or have expired, so what it is is looked up.
func (c *Client) Close(ctx context.Context, t billing.Till, id string) error {
	err := c.call(ctx, t, http.MethodPost, []string{"payment_links", id, "cancel"}, nil, "", nil, nil)
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	s, again := c.Look(ctx, t, id, "")
	switch {
	case again != nil:
		return again
	case s.Page.State == billing.PageClosed:
		return nil
	case s.Page.State == billing.PagePaid || s.Page.State == billing.PagePartly:
		return fault.New(fault.Conflict, "fault.gateway.paid")
	}
	return err
}

// GiveBack refunds a payment, or a part of it. The reference is the key of Razorpay's own idempotency and stands in the receipt.
func (c *Client) GiveBack(ctx context.Context, t billing.Till, b billing.Back) (billing.Return, error) {
	in := struct {
		Amount  int64  `json:"amount"`
		Speed   string `json:"speed"`
		Receipt string `json:"receipt"`
	}{b.Amount, "normal", b.Reference}
	var made wireRefund
	if err := c.call(ctx, t, http.MethodPost, []string{"payments", b.PaymentID, "refund"}, nil, b.Reference, in, &made); err != nil {
		return billing.Return{}, err
	}
	out := made.back()
	if out.ID == "" || out.PaymentID != b.PaymentID || out.Amount != b.Amount {
		return billing.Return{}, billing.TroubleUnsure.Fault("another-refund")
	}
	out.Reference = b.Reference
	return out, nil
}

// listed is one page of a list.
const listed = 100

// Returns are the refunds of a payment.
func (c *Client) Returns(ctx context.Context, t billing.Till, paymentID string) ([]billing.Return, error) {
	var out []billing.Return
	err := pages(func(query url.Values) (int, error) {
		var list struct {
			Items []wireRefund `json:"items"`
		}
		err := c.call(ctx, t, http.MethodGet, []string{"payments", paymentID, "refunds"}, query, "", nil, &list)
		for _, r := range list.Items {
			out = append(out, r.back())
		}
		return len(list.Items), err
	})
	return out, err
}

// Statement lists payments, refunds and disputes. Razorpay takes whole seconds, both inclusive.
func (c *Client) Statement(ctx context.Context, t billing.Till, from, to clock.Instant) (billing.Statement, error) {
	var s billing.Statement
	between := func(query url.Values) url.Values {
		query.Set("from", strconv.FormatInt(from.Time().Unix(), 10))
		query.Set("to", strconv.FormatInt(to.Time().Unix(), 10))
		return query
	}
	inside := func(i clock.Instant) bool { return i >= from && i < to }
	err := pages(func(query url.Values) (int, error) {
		var got struct {
			Items []wirePayment `json:"items"`
		}
		err := c.call(ctx, t, http.MethodGet, []string{"payments"}, between(query), "", nil, &got)
		for _, p := range got.Items {
			if inside(at(p.CreatedAt)) {
				s.Captures = append(s.Captures, p.capture())
			}
		}
		return len(got.Items), err
	})
	if err != nil {
		return s, err
	}
	err = pages(func(query url.Values) (int, error) {
		var got struct {
			Items []wireRefund `json:"items"`
		}
		err := c.call(ctx, t, http.MethodGet, []string{"refunds"}, between(query), "", nil, &got)
		for _, r := range got.Items {
			if inside(at(r.CreatedAt)) {
				s.Returns = append(s.Returns, r.back())
			}
		}
		return len(got.Items), err
	})
	if err != nil {
		return s, err
	}
	err = pages(func(query url.Values) (int, error) {
		var got struct {
			Items []wireDispute `json:"items"`
		}
		err := c.call(ctx, t, http.MethodGet, []string{"disputes"}, between(query), "", nil, &got)
		for _, d := range got.Items {
			if inside(at(d.CreatedAt)) {
				s.Disputes = append(s.Disputes, d.dispute())
			}
		}
		return len(got.Items), err
	})
	return s, err
}

// pages asks for one page of a list after the other, at most a hundred of them.
func pages(ask func(query url.Values) (int, error)) error {
	for skip := 0; skip < 100*listed; skip += listed {
		n, err := ask(url.Values{"count": {strconv.Itoa(listed)}, "skip": {strconv.Itoa(skip)}})
		if err != nil || n < listed {
			return err
		}
	}
	return billing.TroubleRefused.Fault("too-many")
}
