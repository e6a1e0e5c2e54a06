package stripe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"almirah/internal/billing"
	"almirah/internal/fault"

	"github.com/stripe/stripe-go/v85"
)

// URL is where Stripe's interface is.
const URL = "https://api.stripe.com"

// Options say how Stripe is reached. The zero values have defaults.
type Options struct {
	BaseURL string        // URL; a stand-in's address in tests
	Timeout time.Duration // for one whole call, the answer included: 20 seconds
}

// Client speaks to Stripe for many clinics; it keeps nothing of any of them and is safe for concurrent use.
type Client struct {
	backend stripe.Backend
	base    string
	timeout time.Duration
}

var _ billing.Gateway = (*Client)(nil)

// New makes a client. The HTTP client is of egress, so that it reaches Stripe and nobody else. The library never tries again
// by itself, counts nothing for Stripe, and logs nothing.
func New(h *http.Client, o Options) *Client {
	if o.BaseURL == "" {
		o.BaseURL = URL
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	quiet := *h
	next := h.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	quiet.Transport = silent{next}
	return &Client{base: strings.TrimRight(o.BaseURL, "/"), timeout: o.Timeout, backend: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(strings.TrimRight(o.BaseURL, "/")), HTTPClient: &quiet, MaxNetworkRetries: stripe.Int64(0), EnableTelemetry: stripe.Bool(false),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}})}
}

// silent takes away what the library tells Stripe about the machine: its name stands in that header.
type silent struct{ next http.RoundTripper }

// RoundTrip sends a request without the header.
func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("X-Stripe-Client-User-Agent")
	r.GetBody = nil
	return s.next.RoundTrip(r)
}

// Provider is "stripe".
func (c *Client) Provider() string { return "stripe" }

// forgetful lets an answer of ours fit the library; the answer's bytes are not kept.
type forgetful struct{}

// SetLastResponse forgets the response.
func (forgetful) SetLastResponse(*stripe.APIResponse) {}

// within is a call's context.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.timeout)
}

// get asks for one thing or a list; query is encoded already.
func (c *Client) get(ctx context.Context, t billing.Till, path, query string, out stripe.LastResponseSetter) error {
	a, err := opened(t)
	if err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	return judged(c.backend.CallRaw(http.MethodGet, path, a.Key, []byte(query), &stripe.Params{Context: ctx}, out))
}

// post asks for something to be done; own is the part of params in which the library finds the context and the key.
func (c *Client) post(ctx context.Context, t billing.Till, path, key string, params stripe.ParamsContainer, own *stripe.Params, out stripe.LastResponseSetter) error {
	a, err := opened(t)
	if err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	own.Context = ctx
	if key != "" {
		own.IdempotencyKey = stripe.String(key)
	}
	return judged(c.backend.Call(http.MethodPost, path, a.Key, params, out))
}

// judged turns an error of the library into one of billing.Trouble, or into fault.NotFound. Nothing of its sentences is kept.
func judged(err error) error {
	if err == nil {
		return nil
	}
	var said *stripe.Error
	if !errors.As(err, &said) {
		var refused *fault.Fault
		var slow net.Error
		switch {
		case errors.As(err, &refused):
			return billing.TroubleUnsure.Fault("egress")
		case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
			return billing.TroubleUnsure.Fault("timeout")
		}
		return billing.TroubleUnsure.Fault("lost")
	}
	code := billing.Token(string(said.Code))
	if code == "" {
		code = billing.Token(string(said.Type))
	}
	switch s := said.HTTPStatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return billing.TroubleAccount.Fault(code)
	case s == http.StatusNotFound:
		return fault.Missing()
	case s == http.StatusConflict: // the same request is under way
		return billing.TroubleUnsure.Fault("in-progress")
	case s == http.StatusTooManyRequests:
		return billing.TroubleLater.Fault(code)
	case s >= 400 && s <= 499:
		return billing.TroubleRefused.Fault(code)
	}
	return billing.TroubleUnsure.Fault(code)
}
