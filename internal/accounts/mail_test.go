package accounts_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// state is what became of the one mail, and whether its text is still kept.
func (h *house) state() (state string, kept bool, tries int) {
	h.t.Helper()
	var size int
	h.ask(`SELECT state, LENGTH(body), attempts FROM outgoing_mail`, nil, &state, &size, &tries)
	return state, size > 0, tries
}

func TestWhatBecomesOfAMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do    func(handOver func() error) string
		state string
		kept  bool
	}{
		"accepted":                      {func(hand func() error) string { _ = hand(); return accounts.Accepted }, "sent", false},
		"refused":                       {func(func() error) string { return accounts.Refused }, "refused", false},
		"later":                         {func(func() error) string { return accounts.Later }, "planned", true},
		"later, after handing over":     {func(hand func() error) string { _ = hand(); return accounts.Later }, "planned", true},
		"uncertain":                     {func(hand func() error) string { _ = hand(); return accounts.Uncertain }, "uncertain", false},
		"no known answer, nothing gone": {func(func() error) string { return "?" }, "planned", true},
		"no known answer, handed over":  {func(hand func() error) string { _ = hand(); return "" }, "uncertain", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Engines(t, func(t *testing.T, b *rig.Base) {
				h := build(t, b)
				if err := h.s.SignUp(context.Background(), draft("m@example.org"), here); err != nil {
					t.Fatal(err)
				}
				h.post.do = c.do
				h.collect()
				if state, kept, tries := h.state(); state != c.state || kept != c.kept || tries != 1 {
					t.Errorf("%s, text kept %v, %d tries", state, kept, tries)
				}
			})
		})
	}
}

func TestAMailIsTriedAgainAndThenGivenUp(t *testing.T) {
	t.Parallel()
	h, ctx := build(t, rig.New(t, store.SQLite, store.Options{})), context.Background()
	if err := h.s.SignUp(ctx, draft("m@example.org"), here); err != nil {
		t.Fatal(err)
	}
	h.post.do = func(func() error) string { return accounts.Later }
	h.collect()
	h.Clock.Move(time.Minute - time.Second)
	h.collect()
	if _, _, tries := h.state(); tries != 1 {
		t.Errorf("%d tries before its time", tries)
	}
	for range 20 {
		h.Clock.Move(90 * time.Minute)
		h.collect()
	}
	if state, kept, tries := h.state(); state != "refused" || kept || tries > 10 {
		t.Errorf("%s, kept %v, %d tries", state, kept, tries)
	}
}

// TestADeadSender dies at every step; a mail goes out once, or is uncertain, and that only after it was handed over.
func TestADeadSender(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		if err := h.s.SignUp(ctx, draft("m@example.org"), here); err != nil {
			t.Fatal(err)
		}
		// Dead before handing over: the lease ends, the mail goes.
		h.set(`UPDATE outgoing_mail SET state = 'sending', attempts = 1, due_at = $1`, h.Clock.Now().Add(5*time.Minute).UnixMicro())
		if got := h.collect(); len(got) != 0 {
			t.Fatal("sent while its sender may be alive")
		}
		h.Clock.Move(5 * time.Minute)
		if got := h.collect(); len(got) != 1 {
			t.Fatalf("%d mails", len(got))
		}
		if state, _, tries := h.state(); state != "sent" || tries != 2 {
			t.Fatalf("%s after %d tries", state, tries)
		}
		// Dead after it.
		h.set(`UPDATE outgoing_mail SET state = 'handing-over', due_at = $1`, h.Clock.Now().Add(5*time.Minute).UnixMicro())
		h.collect()
		if state, _, _ := h.state(); state != "handing-over" {
			t.Fatal(state)
		}
		h.Clock.Move(5 * time.Minute)
		if got := h.collect(); len(got) != 0 {
			t.Fatal("sent twice")
		}
		if state, kept, _ := h.state(); state != "uncertain" || kept {
			t.Fatal(state)
		}
	})
}

// TestASlowSenderLosesItsMail: whoever was taken for dead cannot hand over what another has taken.
func TestASlowSenderLosesItsMail(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		if err := h.s.SignUp(ctx, draft("m@example.org"), here); err != nil {
			t.Fatal(err)
		}
		other := &post{}
		h.post.do = func(hand func() error) string {
			h.Clock.Move(6 * time.Minute) // asleep; meanwhile another process comes by
			if _, err := h.s.SendDue(ctx, h.As(access.System), other, 10); err != nil {
				t.Error(err)
			}
			if err := hand(); err == nil {
				t.Error("handed over what another sent")
			}
			return accounts.Later
		}
		h.collect()
		if state, _, _ := h.state(); state != "sent" || len(other.mails) != 1 {
			t.Errorf("%s, %d mails", state, len(other.mails))
		}
	})
}

func TestManyCouriersOneMail(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		for _, m := range []string{"a@example.org", "b@example.org", "c@example.org"} {
			if err := h.s.SignUp(ctx, draft(m), here); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := h.s.SendDue(ctx, h.As(access.System), h.post, 10); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var to []string
		for _, m := range h.post.mails {
			to = append(to, m.to)
		}
		slices.Sort(to)
		if !slices.Equal(to, []string{"a@example.org", "b@example.org", "c@example.org"}) {
			t.Errorf("sent to %v", to)
		}
		if _, err := h.s.SendDue(ctx, h.As(access.Owner), h.post, 10); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an owner sends: %v", err)
		}
	})
}

// TestLinksBeginWithOurAddress: the beginning of a link is the deployment's, and an old letter is not sent.
func TestLinksBeginWithOurAddress(t *testing.T) {
	t.Parallel()
	h, ctx := build(t, rig.New(t, store.SQLite, store.Options{})), context.Background()
	if err := h.s.SignUp(ctx, draft("m@example.org"), here); err != nil {
		t.Fatal(err)
	}
	got := h.collect()
	if len(got) != 1 || strings.Count(got[0].text, "://") != 1 || strings.Count(got[0].text, "https://almirah.test/verify?token=") != 1 || !strings.Contains(got[0].text, "Meera Canary") {
		t.Fatalf("%+v", got)
	}
	if err := h.s.SignUp(ctx, draft("m@example.org"), here); err != nil {
		t.Fatal(err)
	}
	h.Clock.Move(24*time.Hour + time.Second)
	if got := h.collect(); len(got) != 0 {
		t.Errorf("a dead link was mailed")
	}
}
