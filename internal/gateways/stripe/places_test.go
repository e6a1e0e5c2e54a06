package stripe

import (
	"context"
	"testing"
	"time"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/fault"
)

// Stripe counts three currencies otherwise than ISO 4217, by which bills are counted: it asks for a króna and a Ugandan shilling in hundredths, and for an ariary whole. Told in our units it would take a
// hundredth of what is due, or a hundred times as much, and both books would agree.
func TestCurrenciesThatStripeCountsOtherwise(t *testing.T) {
	t.Parallel()
	for currency, x := range map[string]struct{ due, theirs, back, backTheirs int64 }{"UGX": {50_000, 5_000_000, 20_000, 2_000_000}, "ISK": {4_900, 490_000, 900, 90_000}, "MGA": {5_000_00, 5_000, 1_000_00, 1_000},
		"JPY": {3_000, 3_000, 500, 500}, "USD": {50_00, 50_00, 10_00, 10_00}} {
		t.Run(currency, func(t *testing.T) {
			t.Parallel()
			s, c, till, now := start(t)
			ctx := context.Background()
			a := ask(now, x.due)
			a.Currency = currency
			p, err := c.Open(ctx, till, a)
			if err != nil || p.Amount != x.due || p.Currency != currency {
				t.Fatal(p, err)
			}
			if got := s.Open()[a.Reference]; got != x.theirs {
				t.Fatalf("Stripe asks for %d, want %d", got, x.theirs)
			}
			s.Pay(p.ID)
			st, err := c.Look(ctx, till, p.ID, a.Reference)
			if err != nil || st.Page.Amount != x.due || len(st.Captures) != 1 || st.Captures[0].Amount != x.due {
				t.Fatalf("%+v, %v", st, err)
			}
			back, err := c.GiveBack(ctx, till, billing.Back{Reference: a.Reference, PaymentID: st.Captures[0].ID, Amount: x.back, Currency: currency})
			if err != nil || back.Amount != x.back {
				t.Fatalf("%+v, %v", back, err)
			}
			if got := s.Refunds(); len(got) != 1 || got[0].Amount != x.backTheirs {
				t.Fatalf("Stripe gives back %+v, want %d", got, x.backTheirs)
			}
			if list, err := c.Returns(ctx, till, st.Captures[0].ID); err != nil || len(list) != 1 || list[0].Amount != x.back {
				t.Fatalf("%+v, %v", list, err)
			}
			all, err := c.Statement(ctx, till, clock.At(now.Now().Add(-time.Hour)), clock.At(now.Now().Add(time.Hour)))
			if err != nil || len(all.Captures) != 1 || all.Captures[0].Amount != x.due || len(all.Returns) != 1 || all.Returns[0].Amount != x.back {
				t.Fatalf("%+v, %v", all, err)
			}
			s.Dispute(st.Captures[0].ID, "needs_response")
			heard := 0
			for _, post := range s.Posts() {
				post = s.Sign(post, now.Now(), "")
				n, err := c.Read(till, billing.GatewayHook{Header: post.Header, Body: post.Body}, clock.At(now.Now()))
				if err != nil {
					t.Fatal(post.Event, err)
				}
				for _, y := range n.Captures {
					if heard++; y.Amount != x.due {
						t.Errorf("%s tells of %d paid, want %d", post.Event, y.Amount, x.due)
					}
				}
				for _, y := range n.Returns {
					if heard++; y.Amount != x.back {
						t.Errorf("%s tells of %d given back, want %d", post.Event, y.Amount, x.back)
					}
				}
				for _, y := range n.Disputes {
					if heard++; y.Amount != x.due {
						t.Errorf("%s tells of %d disputed, want %d", post.Event, y.Amount, x.due)
					}
				}
			}
			if heard < 3 {
				t.Errorf("%d amounts were told", heard)
			}
		})
	}
}

// A part of what Stripe takes whole is asked of nobody.
func TestAPartThatStripeCannotTake(t *testing.T) {
	t.Parallel()
	s, c, till, now := start(t)
	a := ask(now, 5_000_50)
	a.Currency = "MGA"
	if _, err := c.Open(context.Background(), till, a); !fault.Is(err, fault.Invalid) {
		t.Fatal(err)
	}
	if _, err := c.GiveBack(context.Background(), till, billing.Back{Reference: a.Reference, PaymentID: "pi_1", Amount: 50, Currency: "MGA"}); !fault.Is(err, fault.Invalid) {
		t.Fatal(err)
	}
	if s.Calls("session")+s.Calls("refund") != 0 {
		t.Fatal("Stripe was asked")
	}
}
