package stripe

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"

	"github.com/stripe/stripe-go/v85"
)

// Probe asks for one payment: it succeeds exactly when the key works and may read payments.
func (c *Client) Probe(ctx context.Context, t billing.Till) error {
	var got listOf[wireIntent]
	err := c.get(ctx, t, "/v1/payment_intents", "limit=1", &got)
	if fault.Is(err, fault.NotFound) {
		return billing.TroubleRefused.Fault("not-found")
	}
	return err
}

// Open makes a Checkout session. The reference is the key of Stripe's idempotency: the same request answers the same session.
// Nothing about the patient is sent.
func (c *Client) Open(ctx context.Context, t billing.Till, a billing.Ask) (billing.Page, error) {
	amount, err := theirs(a.Amount, a.Currency)
	if err != nil {
		return billing.Page{}, err
	}
	mark := map[string]string{"almirah": a.Reference}
	p := &stripe.CheckoutSessionCreateParams{
		Mode: stripe.String("payment"), ClientReferenceID: stripe.String(a.Reference), ExpiresAt: stripe.Int64(a.ExpiresAt.Time().Unix()), Metadata: mark,
		SuccessURL: stripe.String(a.ReturnURL), CancelURL: stripe.String(a.ReturnURL),
		PaymentIntentData: &stripe.CheckoutSessionCreatePaymentIntentDataParams{Metadata: mark},
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{Quantity: stripe.Int64(1), PriceData: &stripe.CheckoutSessionCreateLineItemPriceDataParams{
			Currency: stripe.String(strings.ToLower(a.Currency)), UnitAmount: stripe.Int64(amount),
			ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: stripe.String(a.Description)}}}},
	}
	var made wireSession
	if err := c.post(ctx, t, "/v1/checkout/sessions", "open-"+a.Reference, p, &p.Params, &made); err != nil {
		return billing.Page{}, err
	}
	out := made.page()
	if out.ID == "" || out.Reference != a.Reference || out.Amount != a.Amount || out.Currency != a.Currency || out.URL == "" && out.State == billing.PageOpen {
		return billing.Page{}, billing.TroubleRefused.Fault("another-page")
	}
	return out, nil
}

// Look asks for a session and for its payment. Stripe cannot be asked for a reference, so that without an id the sessions of the last days are
// looked through.
func (c *Client) Look(ctx context.Context, t billing.Till, id, reference string) (billing.Standing, error) {
	var s wireSession
	if id != "" {
		if billing.Token(id) == "" {
			return billing.Standing{}, billing.TroubleRefused.Fault("id")
		}
		if err := c.get(ctx, t, "/v1/checkout/sessions/"+id, "", &s); err != nil {
			return billing.Standing{}, err
		}
	} else {
		err := pages(func(query url.Values) (string, bool, error) {
			var got listOf[wireSession]
			if err := c.get(ctx, t, "/v1/checkout/sessions", query.Encode(), &got); err != nil {
				return "", false, err
			}
			last := ""
			for _, x := range got.Data {
				if last = x.ID; x.Reference == reference {
					s = x
				}
			}
			return last, got.More && s.ID == "", nil
		})
		if err != nil {
			return billing.Standing{}, err
		}
		if s.ID == "" {
			return billing.Standing{}, fault.Missing()
		}
	}
	if id != "" && s.ID != id || reference != "" && s.Reference != reference {
		return billing.Standing{}, billing.TroubleRefused.Fault("another-page")
	}
	out := billing.Standing{Page: s.page()}
	if s.PaymentIntent == "" {
		return out, nil
	}
	if billing.Token(s.PaymentIntent) == "" {
		return billing.Standing{}, billing.TroubleRefused.Fault("id")
	}
	var i wireIntent
	if err := c.get(ctx, t, "/v1/payment_intents/"+s.PaymentIntent, "", &i); err != nil {
		return billing.Standing{}, err
	}
	out.Captures = append(out.Captures, tied(i.capture(), out.Page))
	return out, nil
}

// tied says on which page of ours a payment was made.
func tied(c billing.Capture, p billing.Page) billing.Capture {
	c.PageID, c.Reference = p.ID, p.Reference
	return c
}

// Close expires a session. Stripe refuses that for sessions that were paid or have expired, so what it is is looked up.
func (c *Client) Close(ctx context.Context, t billing.Till, id string) error {
	if billing.Token(id) == "" {
		return billing.TroubleRefused.Fault("id")
	}
	p := &stripe.CheckoutSessionExpireParams{}
	var s wireSession
	err := c.post(ctx, t, "/v1/checkout/sessions/"+id+"/expire", "", p, &p.Params, &s)
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	now, again := c.Look(ctx, t, id, "")
	switch {
	case again != nil:
		return again
	case now.Page.State == billing.PageClosed:
		return nil
	case now.Page.State == billing.PagePaid:
		return fault.New(fault.Conflict, "fault.gateway.paid")
	}
	return err
}

// GiveBack refunds a payment, or a part of it.
func (c *Client) GiveBack(ctx context.Context, t billing.Till, b billing.Back) (billing.Return, error) {
	amount, err := theirs(b.Amount, b.Currency)
	if err != nil {
		return billing.Return{}, err
	}
	p := &stripe.RefundCreateParams{PaymentIntent: stripe.String(b.PaymentID), Amount: stripe.Int64(amount), Metadata: map[string]string{"almirah": b.Reference}}
	var made wireRefund
	if err := c.post(ctx, t, "/v1/refunds", "back-"+b.Reference, p, &p.Params, &made); err != nil {
		return billing.Return{}, err
	}
	out := made.back()
	if out.ID == "" || out.PaymentID != b.PaymentID || out.Amount != b.Amount {
		return billing.Return{}, billing.TroubleUnsure.Fault("another-refund")
	}
	out.Reference = b.Reference
	return out, nil
}

// Returns are the refunds of a payment.
func (c *Client) Returns(ctx context.Context, t billing.Till, paymentID string) ([]billing.Return, error) {
	return all(c, ctx, t, "/v1/refunds", url.Values{"payment_intent": {paymentID}}, func(r wireRefund) (string, billing.Return) { return r.ID, r.back() })
}

// Statement lists payments, refunds and disputes.
func (c *Client) Statement(ctx context.Context, t billing.Till, from, to clock.Instant) (billing.Statement, error) {
	var s billing.Statement
	q := url.Values{"created[gte]": {strconv.FormatInt(from.Time().Unix(), 10)}, "created[lt]": {strconv.FormatInt(to.Time().Unix(), 10)}}
	var err error
	if s.Captures, err = all(c, ctx, t, "/v1/payment_intents", q, func(i wireIntent) (string, billing.Capture) { return i.ID, i.capture() }); err != nil {
		return s, err
	}
	if s.Returns, err = all(c, ctx, t, "/v1/refunds", q, func(r wireRefund) (string, billing.Return) { return r.ID, r.back() }); err != nil {
		return s, err
	}
	s.Disputes, err = all(c, ctx, t, "/v1/disputes", q, func(d wireDispute) (string, billing.Dispute) { return d.ID, d.dispute() })
	return s, err
}

// all reads a whole list.
func all[W, T any](c *Client, ctx context.Context, t billing.Till, path string, query url.Values, read func(W) (string, T)) ([]T, error) {
	var out []T
	err := pages(func(page url.Values) (string, bool, error) {
		for k, v := range query {
			page[k] = v
		}
		var got listOf[W]
		if err := c.get(ctx, t, path, page.Encode(), &got); err != nil {
			return "", false, err
		}
		last := ""
		for _, w := range got.Data {
			one, v := read(w)
			last, out = one, append(out, v)
		}
		return last, got.More, nil
	})
	return out, err
}

// pages asks for one page of a list after the other, at most a hundred of them.
func pages(ask func(query url.Values) (last string, more bool, err error)) error {
	query := url.Values{"limit": {"100"}}
	for range 100 {
		last, more, err := ask(query)
		if err != nil || !more || last == "" {
			return err
		}
		query = url.Values{"limit": {"100"}, "starting_after": {last}}
	}
	return billing.TroubleRefused.Fault("too-many")
}
