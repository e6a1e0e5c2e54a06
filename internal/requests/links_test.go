package requests_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// link is a link to her page as a message about her data carries it.
func (h *house) link(ctx context.Context, patient id.ID) (token string) {
	h.t.Helper()
	h.must(h.DB.Change(ctx, h.work, access.Work, func(_ context.Context, tx *store.Tx) (err error) {
		tx.Housekeeping("a test makes the link that a message would carry")
		token, err = scheduling.NewLink(tx, patient, id.Zero, tx.Now().Add(scheduling.LinkLife))
		return err
	}))
	return token
}

// TestANewAddressEndsTheOldLinks: who proves a new address by its code stays on her page, and what was sent to the old one opens nothing any more.
func TestANewAddressEndsTheOldLinks(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		p, _ := h.patient("Asha Verma", "asha@example.org", "+919845010077")
		old, here := h.link(ctx, p), h.link(ctx, p)
		she, _, err := h.Desk.Enter(ctx, here)
		h.must(err)
		h.must(h.s.AskContact(ctx, she, "new@example.org"))
		h.must(h.s.ProveContact(ctx, she, h.code(ctx, p)))
		if _, _, err := h.Desk.Enter(ctx, old); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link that went to the old address: %v", err)
		}
		if _, _, err := h.Desk.Enter(ctx, here); err != nil {
			t.Errorf("she is put out of the page that she is on: %v", err)
		}
		if _, _, err := h.Desk.Enter(ctx, h.link(ctx, p)); err != nil {
			t.Errorf("the next link: %v", err)
		}
	})
}
