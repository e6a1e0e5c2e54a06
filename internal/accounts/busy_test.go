package accounts_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/fault"
	"almirah/internal/rig"
)

// TestPasskeysOfABusyClinic: right answers never add up, however many people share an address; asking without end and wrong answers do, and what they shut opens again
// within the life of a challenge.
func TestPasskeysOfABusyClinic(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, cookie := h.owner("busy@example.org", "busy")
		d := newDevice(owner.Person.ID)
		o, err := h.s.BeginPasskey(ctx, owner)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.s.FinishPasskey(ctx, owner, cookie, "", d.make(t, o), here); err != nil {
			t.Fatal(err)
		}
		signIn := func() error {
			o, err := h.s.AskPasskey(ctx, "", here)
			if err == nil {
				b.Clock.Move(10 * time.Second)
				_, err = h.s.PasskeySignIn(ctx, d.answer(t, o), here, "")
			}
			return err
		}
		for i := range 120 { // one every three minutes
			if err := signIn(); err != nil {
				t.Fatalf("sign-in %d of a clinic that does nothing wrong: %v", i+1, err)
			}
			b.Clock.Move(170 * time.Second)
		}
		b.Clock.Move(time.Hour)
		for i := range 220 { // a page that asks, and nobody who answers, all day
			if _, err := h.s.AskPasskey(ctx, "", here); err != nil {
				t.Fatalf("ask %d: %v", i+1, err)
			}
			b.Clock.Move(30 * time.Second)
		}

		for what, try := range map[string]func() error{
			"asks":          func() error { _, err := h.s.AskPasskey(ctx, "", here); return err },
			"wrong answers": func() error { _, err := h.s.PasskeySignIn(ctx, "{}", here, ""); return err },
		} {
			b.Clock.Move(time.Hour)
			let := 0
			for range 500 { // one a second
				if !fault.Is(try(), fault.TooMany) {
					let++
				}
				b.Clock.Move(time.Second)
			}
			if let < 200 || let > 300 {
				t.Errorf("%d of 500 %s in a row were let through", let, what)
			}
			b.Clock.Move(time.Minute)
			if err := signIn(); err != nil {
				t.Errorf("a minute after %s without end: %v", what, err)
			}
		}
	})
}
