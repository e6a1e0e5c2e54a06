package accounts_test

import (
	"context"
	"errors"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
)

// TestEraseFormer: somebody who left is erased with every way in, and her colleagues are not touched; whoever works here still is not erased, and what a backup brings back goes again.
func TestEraseFormer(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "staff-erased")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("owner@example.org", "erasing")
		d, cookie := h.colleague(owner, "d@example.org", access.FrontDesk)
		other, _ := h.colleague(owner, "e@example.org", access.Manager)
		one := d.Person.ID
		shred := func(ctx context.Context) error { return b.Vault.Shred(ctx, id.Zero, one, "erased_by_clinic") }
		err := h.s.EraseFormer(ctx, owner.Caller, one, shred)
		wantKey(t, err, "fault.works_here")
		if _, err := h.s.Former(ctx, owner.Caller, one); !fault.Is(err, fault.Conflict) {
			t.Errorf("somebody who works here is shown as gone: %v", err)
		}
		if err := h.s.EndMembership(ctx, owner.Caller, one, h.member(owner, one).Version); err != nil {
			t.Fatal(err)
		}
		f, err := h.s.Former(ctx, owner.Caller, one)
		if err != nil || f.Name == "" || f.Elsewhere || f.Role != access.FrontDesk {
			t.Fatalf("%+v, %v", f, err)
		}
		// It breaks off after the key is gone, and is finished.
		broken := errors.New("the power went")
		if err := h.s.EraseFormer(ctx, owner.Caller, one, func(ctx context.Context) error { return errors.Join(shred(ctx), broken) }); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		for range 2 {
			if err := h.s.FinishErased(ctx, h.As(access.System), []id.ID{one}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.s.Session(ctx, cookie); err == nil {
			t.Error("her session goes on")
		}
		if _, err := h.s.SignIn(ctx, "d@example.org", good, here, ""); err == nil {
			t.Error("her password lets her in")
		}
		names, err := h.s.Names(ctx, owner.Caller)
		if err != nil || names[one] != "" || names[other.Person.ID] == "" {
			t.Errorf("%v, %v", names, err)
		}
		if _, err := h.s.Former(ctx, owner.Caller, one); !fault.Is(err, fault.NotFound) {
			t.Errorf("she is found: %v", err)
		}
		var left int
		if h.ask(`SELECT COUNT(*) FROM person WHERE password <> '' AND id = $1`, []any{one}, &left); left != 0 {
			t.Error("her password is left")
		}
		if _, err := b.DB.VerifyAudit(ctx, accounts.Operator(), nil); err != nil {
			t.Errorf("the audit log: %v", err)
		}
		// The address may be invited again, as somebody new.
		if err := h.s.Invite(ctx, owner.Caller, "d@example.org", access.Billing, id.Zero); err != nil {
			t.Error(err)
		}
	})
}
