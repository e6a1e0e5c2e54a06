package app

import (
	"context"
	"path/filepath"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/fault"
	"almirah/internal/gateways/demo"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/gateways/stripe"
	"almirah/internal/id"
	"almirah/internal/messaging"

	stripego "github.com/stripe/stripe-go/v85"
)

// gateways are those at which a clinic can connect an account of its own, in the order of the page. The demo has its own stand-in beside them.
func (h *House) gateways() []billing.Gateway {
	c := h.Config
	var out []billing.Gateway
	if c.Razorpay != "" {
		out = append(out, razorpay.New(h.Gate.HTTPClient(razorpayProcessor), razorpay.Options{BaseURL: c.Razorpay}))
	}
	if c.Stripe != "" {
		out = append(out, stripe.New(stripego.BackendConfig{HTTPClient: h.Gate.HTTPClient(stripeProcessor)}, stripe.Options{BaseURL: c.Stripe}))
	}
	if c.Demo {
		h.bank = demo.New(c.PublicURL, filepath.Join(c.Data, "demo-bank.json"), h.Clock, h.report)
		out = append(out, h.bank)
	}
	return out
}

// hookURL is where a gateway reports to; the address is that of message providers.
func (h *House) hookURL(clinic, account id.ID, provider string) string {
	return h.Config.PublicURL + "/hooks/" + provider + "/" + messaging.HookPath(clinic, account)
}

// connectBank connects the demo clinic's account at the stand-in, as its owner does by the page. One that is there from an earlier start stays.
func (h *House) connectBank(ctx context.Context, owner access.Caller) error {
	if h.bank == nil {
		return nil
	}
	there, err := h.Pay.Accounts(ctx, owner)
	if fault.Is(err, fault.NotFound) { // the owner switched billing off
		return nil
	}
	if err != nil || len(there) > 0 {
		return err
	}
	_, err = h.Pay.Connect(ctx, owner, demo.Name, map[string]string{}, true)
	return err
}

// payee is the outside party behind a gateway, as the clinic's terms name it; empty for the demo's own, which leads nowhere.
func (h *House) payee(provider string) string {
	if !h.Config.Demo && (provider == razorpayProcessor || provider == stripeProcessor) {
		return provider
	}
	return ""
}
