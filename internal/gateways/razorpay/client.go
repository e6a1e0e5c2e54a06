package razorpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"almirah/internal/billing"
	"almirah/internal/fault"
)

// URL is where Razorpay's interface is.
const URL = "https://api.razorpay.com"

// Options say how Razorpay is reached. The zero values have defaults.
type Options struct {
	BaseURL string        // URL; a stand-in's address in tests
	Timeout time.Duration // for one whole call, the answer included: 20 seconds
}

// Client speaks to Razorpay for many clinics; it keeps nothing of any of them and is safe for concurrent use.
type Client struct {
	http    *http.Client
	base    string
	timeout time.Duration
}

var _ billing.Gateway = (*Client)(nil)

// New makes a client. The HTTP client is of egress, so that it reaches Razorpay and nobody else.
func New(h *http.Client, o Options) *Client {
	c := &Client{http: h, base: strings.TrimRight(o.BaseURL, "/"), timeout: o.Timeout}
	if c.base == "" {
		c.base = URL
	}
	if c.timeout <= 0 {
		c.timeout = 20 * time.Second
	}
	return c
}

// Provider is "razorpay".
func (c *Client) Provider() string { return "razorpay" }

// most is how many bytes of an answer are read.
const most = 4 << 20

// call asks Razorpay. parts are ids and words of Razorpay's; key is the idempotency key of a refund. It fails with a fault of
// billing.Trouble, and with fault.NotFound for what Razorpay does not have.
func (c *Client) call(ctx context.Context, t billing.Till, method string, parts []string, query url.Values, key string, in, out any) error {
	a, err := opened(t)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if billing.Token(p) == "" { // an id that came from elsewhere must not change the address
			return billing.TroubleRefused.Fault("id")
		}
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	where := c.base + "/v1/" + strings.Join(parts, "/")
	if len(query) > 0 {
		where += "?" + query.Encode()
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, where, body)
	if err != nil {
		return billing.TroubleRefused.Fault("address")
	}
	req.GetBody = nil // never sent a second time by the transport: that is decided by whoever asked
	req.SetBasicAuth(a.KeyID, a.KeySecret)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "almirah/1.0.0")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("X-Refund-Idempotency", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return billing.TroubleUnsure.Fault(why(err))
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return billing.TroubleUnsure.Fault(why(err))
	}
	return said(res.StatusCode, text, out)
}

// refusal is Razorpay's form of an error, without its sentences.
type refusal struct {
	Code   string `json:"code"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// said reads an answer.
func said(status int, text []byte, out any) error {
	if status >= 200 && status <= 299 {
		if out == nil {
			return nil
		}
		if json.Unmarshal(text, out) != nil {
			return billing.TroubleUnsure.Fault("unreadable")
		}
		return nil
	}
	var f struct {
		Error refusal `json:"error"`
	}
	_ = json.Unmarshal(text, &f)
	code := billing.Token(f.Error.Reason)
	if code == "" || code == "NA" {
		code = billing.Token(f.Error.Code)
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return billing.TroubleAccount.Fault(code)
	case status == http.StatusNotFound:
		return fault.Missing()
	case status == http.StatusConflict: // the same refund is under way: it will be seen when asked again
		return billing.TroubleUnsure.Fault("in-progress")
	case status == http.StatusTooManyRequests:
		return billing.TroubleLater.Fault(code)
	case status >= 500:
		return billing.TroubleUnsure.Fault(code)
	}
	return billing.TroubleRefused.Fault(code)
}

// why says in one word why no answer came. The errors of net/http quote the whole address, so nothing of their text is kept.
func why(err error) string {
	var refused *fault.Fault
	var slow net.Error
	switch {
	case errors.As(err, &refused):
		return "egress"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	}
	return "lost"
}
