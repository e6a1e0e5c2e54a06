package support_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/rig"
	"almirah/internal/support"
)

// TestATicketThatNobodyClosesGoesToo: most people read the answer and never press "close". Two years after the last word, which is what the policy says of what was written to support, such a
// ticket goes, answered or not; one in which something was said since stays.
func TestATicketThatNobodyClosesGoesToo(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		h.helper = h.helping("divya@example.org", access.Support)
		us, err := h.accounts.Helper(ctx, h.helper)
		if err != nil {
			t.Fatal(err)
		}
		write := func() id.ID {
			one, err := h.support.Write(ctx, h.owner.Caller, support.Letter{Kind: support.Question, Subject: "How", Words: "How do I do it?"})
			if err != nil {
				t.Fatal(err)
			}
			return one
		}
		say := func(one id.ID) {
			if err := h.support.Say(ctx, us, one, "Like this."); err != nil {
				t.Fatal(err)
			}
		}
		answered, talked := write(), write()
		write()
		say(answered)
		system := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)
		for _, x := range []struct {
			wait        time.Duration
			left, lines int64
		}{{729 * 24 * time.Hour, 3, 5}, {4 * 24 * time.Hour, 1, 2}, {730 * 24 * time.Hour, 0, 0}} {
			b.Clock.Move(x.wait)
			if x.left == 3 {
				say(talked)
			}
			if err := h.support.Tidy(ctx, system); err != nil {
				t.Fatal(err)
			}
			if n, l := h.platformCount(`SELECT COUNT(*) FROM ticket`), h.platformCount(`SELECT COUNT(*) FROM ticket_line`); n != x.left || l != x.lines {
				t.Errorf("%d tickets with %d lines are left, not %d with %d", n, l, x.left, x.lines)
			}
		}
	})
}
