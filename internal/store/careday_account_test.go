package store_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/rig/practice"
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
	must(house.Leave(ctx, owner, true))
	must(house.Leave(ctx, owner, false))
	must(house.Save(ctx, owner, was, c.Version+1))
}
