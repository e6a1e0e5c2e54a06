package store_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/rig/practice"
	rigrazorpay "almirah/internal/rig/razorpay"
	"almirah/internal/subscription"
)

// account is the part of the day at the clinic's account: what it signs, and that it thinks of leaving.
func account(ctx context.Context, t *testing.T, p *practice.Practice, house *clinics.Service, must func(error)) {
	t.Helper()
	owner := p.As(access.Owner)
	c, err := house.Get(ctx, owner)
	must(err)
	was := c.Profile()
	under := was
	under.Jurisdiction = "US"
	must(house.Save(ctx, owner, under, c.Version))
	for _, kind := range []string{clinics.AgreementBAA, clinics.AgreementTerms} {
		text, _ := clinics.CurrentText(kind)
		must(house.Sign(ctx, owner, clinics.Signature{Kind: kind, Version: text.Version, Name: "Meera Shah", Capacity: "owner", Sure: true}))
	}
	list, err := house.Agreements(ctx, owner)
	must(err)
	if len(list) != 2 {
		t.Fatalf("%d agreements", len(list))
	}
	must(house.Save(ctx, owner, was, c.Version+1))

	// What it pays for the platform: a payment that comes to nothing, one that is refused first, and the notices.
	bank := rigrazorpay.Start(t, rigrazorpay.Options{Clock: p.Clock})
	g := razorpay.New(http.DefaultClient, razorpay.Options{BaseURL: bank.URL()})
	keys, err := g.Check(bank.Typed())
	must(err)
	plans := subscription.New(p.DB, p.Log, subscription.Options{Clinics: house, Terms: subscription.Terms{Plans: []subscription.Plan{{Key: "solo", Name: "Solo", Currency: "INR", Month: 99900, Year: 999000}},
		Trial: 3 * 24 * time.Hour, Grace: 14 * 24 * time.Hour, Gateway: g, Till: billing.Till{Provider: "razorpay", Credentials: keys.Credentials}, Seller: subscription.Seller{Name: "Host", Series: "A-"}}})
	system := p.As(access.System)
	must(plans.Sweep(ctx, system))
	for _, term := range []string{subscription.Monthly, subscription.Yearly} {
		_, err = plans.Begin(ctx, owner, "solo", term)
		must(err)
	}
	first := true
	for link, amount := range bank.Open() {
		if bank.Try(link); first {
			bank.Pay(link, amount)
		}
		first = false
	}
	must(plans.Sweep(ctx, system))
	_, err = plans.Account(ctx, owner)
	must(err)
	_, err = p.DB.Standing(ctx, p.Clinic)
	must(err)
}
