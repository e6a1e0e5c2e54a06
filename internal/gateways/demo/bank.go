package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
)

// Name is the gateway's name in addresses and rows.
const Name = "demo"

// Path is where the stand-in's pages are.
const Path = "/demo/bank/"

// page is one payment page with its payments and refunds.
type page struct {
	ID, Reference, Description, Currency, Return, Hook, Secret string
	Amount                                                     int64
	State                                                      billing.PageState
	Expires                                                    clock.Instant
	Payments                                                   []billing.Capture
	Refunds                                                    []billing.Return
}

// Bank is the stand-in. What it knows lies in a file of its own, so that it survives a restart as a bank would.
type Bank struct {
	clock  clock.Clock
	public string
	file   string
	post   func(*http.Request) (int, error)

	mu    sync.Mutex
	pages []*page
}

var _ billing.Gateway = (*Bank)(nil)

// New makes the stand-in. Its pages are below public; post brings its reports to the house. A file that cannot be read is begun anew.
func New(public, file string, c clock.Clock, post func(*http.Request) (int, error)) *Bank {
	b := &Bank{clock: c, public: public, file: file, post: post}
	if text, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(text, &b.pages)
	}
	return b
}

// keep writes down what the stand-in knows. b.mu is held.
func (b *Bank) keep() {
	if text, err := json.Marshal(b.pages); err == nil && b.file != "" {
		_ = os.WriteFile(b.file, text, 0o600)
	}
}

type credentials struct {
	Secret string `json:"secret"`
}

// Provider is "demo".
func (b *Bank) Provider() string { return Name }

// Check needs nothing: the stand-in makes its own secret.
func (b *Bank) Check(map[string]string) (billing.Checked, error) {
	text, err := json.Marshal(credentials{rand.Text()})
	return billing.Checked{Credentials: text, Last4: Name, Trial: true}, err
}

// Probe always works.
func (b *Bank) Probe(context.Context, billing.Till) error { return nil }

// find is the page; b.mu is held.
func (b *Bank) find(id, reference string) *page {
	now := clock.At(b.clock.Now())
	for _, p := range b.pages {
		if p.State == billing.PageOpen && p.Expires <= now {
			p.State = billing.PageClosed
		}
		if id != "" && p.ID == id || id == "" && p.Reference == reference {
			return p
		}
	}
	return nil
}

func (p *page) page(public string) billing.Page {
	return billing.Page{ID: p.ID, OrderID: p.ID, Reference: p.Reference, URL: public + Path + p.ID, Amount: p.Amount, Currency: p.Currency, State: p.State}
}

// Open makes a page.
func (b *Bank) Open(_ context.Context, t billing.Till, a billing.Ask) (billing.Page, error) {
	var c credentials
	if json.Unmarshal(t.Credentials, &c) != nil {
		return billing.Page{}, billing.TroubleAccount.Fault("credentials")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.find("", a.Reference)
	if p == nil {
		p = &page{ID: name("page"), Reference: a.Reference, Description: a.Description, Currency: a.Currency, Return: a.ReturnURL, Hook: t.HookURL, Secret: c.Secret, Amount: a.Amount, State: billing.PageOpen, Expires: a.ExpiresAt}
		b.pages = append(b.pages, p)
		b.keep()
	}
	return p.page(b.public), nil
}

// name makes an id without a run of digits.
func name(kind string) string {
	return kind + "_" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + 'g'
		}
		return r
	}, strings.ToLower(rand.Text()))
}

// Look says how a page stands.
func (b *Bank) Look(_ context.Context, _ billing.Till, id, reference string) (billing.Standing, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.find(id, reference)
	if p == nil {
		return billing.Standing{}, fault.Missing()
	}
	return billing.Standing{Page: p.page(b.public), Captures: append([]billing.Capture(nil), p.Payments...)}, nil
}

// Close ends a page.
func (b *Bank) Close(_ context.Context, _ billing.Till, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.find(id, "")
	switch {
	case p == nil:
		return fault.Missing()
	case p.State == billing.PagePaid:
		return fault.New(fault.Conflict, "fault.gateway.paid")
	}
	p.State = billing.PageClosed
	b.keep()
	return nil
}

// GiveBack gives money back at once.
func (b *Bank) GiveBack(_ context.Context, _ billing.Till, x billing.Back) (billing.Return, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pages {
		for _, c := range p.Payments {
			if c.ID != x.PaymentID || c.State != billing.Captured {
				continue
			}
			left := c.Amount
			for _, r := range p.Refunds {
				if r.Reference == x.Reference {
					return r, nil
				}
				if r.PaymentID == c.ID {
					left -= r.Amount
				}
			}
			if x.Amount > left {
				return billing.Return{}, billing.TroubleRefused.Fault("more-than-paid")
			}
			r := billing.Return{ID: name("refund"), PaymentID: c.ID, Reference: x.Reference, Amount: x.Amount, Currency: p.Currency, State: billing.ReturnProcessed, At: clock.At(b.clock.Now())}
			p.Refunds = append(p.Refunds, r)
			b.keep()
			return r, nil
		}
	}
	return billing.Return{}, billing.TroubleRefused.Fault("no-such-payment")
}

// Returns are the refunds of a payment.
func (b *Bank) Returns(_ context.Context, _ billing.Till, paymentID string) (out []billing.Return, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pages {
		for _, r := range p.Refunds {
			if r.PaymentID == paymentID {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// Statement is everything between two moments.
func (b *Bank) Statement(_ context.Context, t billing.Till, from, to clock.Instant) (out billing.Statement, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pages {
		if p.Hook != t.HookURL {
			continue
		}
		for _, c := range p.Payments {
			if c.At >= from && c.At < to {
				out.Captures = append(out.Captures, c)
			}
		}
		for _, r := range p.Refunds {
			if r.At >= from && r.At < to {
				out.Returns = append(out.Returns, r)
			}
		}
	}
	return out, nil
}

const signature = "X-Demo-Signature"

func signed(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Read checks the signature and reads the report.
func (b *Bank) Read(t billing.Till, h billing.GatewayHook, _ clock.Instant) (billing.News, error) {
	var c credentials
	if json.Unmarshal(t.Credentials, &c) != nil || c.Secret == "" || !hmac.Equal([]byte(signed(c.Secret, h.Body)), []byte(h.Header.Get(signature))) {
		return billing.News{}, billing.ErrHookForged
	}
	var n billing.News
	if json.Unmarshal(h.Body, &n) != nil || n.Key == "" {
		return billing.News{}, billing.ErrHookUnreadable
	}
	return n, nil
}

// attempt is a patient's attempt to pay; it is reported by the webhook.
func (b *Bank) attempt(ctx context.Context, id string, well bool) error {
	b.mu.Lock()
	p := b.find(id, "")
	if p == nil || p.State != billing.PageOpen {
		b.mu.Unlock()
		return fault.Missing()
	}
	c := billing.Capture{ID: name("payment"), PageID: p.ID, OrderID: p.ID, Reference: p.Reference, Amount: p.Amount, Currency: p.Currency, State: billing.Failed, Method: "demo", Code: "refused", At: clock.At(b.clock.Now())}
	kind := "payment.failed"
	if well {
		kind, c.State, c.Code, p.State = "payment.captured", billing.Captured, "", billing.PagePaid
	}
	p.Payments = append(p.Payments, c)
	b.keep()
	hook, secret := p.Hook, p.Secret
	b.mu.Unlock()
	if hook == "" { // an account to which nothing is reported: it asks
		return nil
	}
	body, err := json.Marshal(billing.News{Key: name("event"), Kind: kind, Known: true, At: c.At, Captures: []billing.Capture{c}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set(signature, signed(secret, body))
	r.Header.Set("Content-Type", "application/json")
	status, err := b.post(r)
	if err == nil && status >= 300 {
		err = errors.New("demo: the report was not taken")
	}
	return err
}
