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
	"almirah/internal/id"
	"almirah/internal/promise"
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

// TestANoticeOutlivesAnOutage: the mail server answers nothing for three days, and what somebody was promised to be told reaches her then; a link
// that ages does not, nor does a letter of a list that she left meanwhile. After thirty days a notice is let go. The look says what waits.
func TestANoticeOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "service-notices", "new-device-told", "letters-by-choice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("told@example.org", "told")
		work := access.Mint(owner.Clinic, id.Zero, id.Zero, id.Zero, access.System, access.Running)
		late := func() (n int64) {
			t.Helper()
			err := h.DB.Across(ctx, h.As(access.System), access.PlatformWork, func(_ context.Context, p *store.Platform) (err error) {
				p.Housekeeping("test")
				n, _, err = accounts.LateNotices(p, p.Now().Add(-24*time.Hour))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		write := func() {
			t.Helper()
			h.set(`DELETE FROM outgoing_mail`)
			if err := h.s.TellOwners(ctx, work, "Told", accounts.NoticeGrantEmergency, "/app/support/access"); err != nil {
				t.Fatal(err)
			}
			if err := h.s.ForgotPassword(ctx, "told@example.org", "en", here); err != nil {
				t.Fatal(err)
			}
			if _, err := h.s.SignIn(ctx, "told@example.org", good, accounts.Device{Agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", Address: here.Address}, ""); err != nil {
				t.Fatal(err)
			}
			err := h.DB.Across(ctx, h.As(access.System), access.PlatformWork, func(_ context.Context, p *store.Platform) error {
				p.Housekeeping("test")
				_, err := accounts.MailList(p, accounts.ListSecurity, id.Zero, 10, "/trust", func(string) accounts.Written { return accounts.Written{Title: "A list", Words: "Words"} })
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		outage := func(hours int) {
			t.Helper()
			h.post.do = func(func() error) string { return accounts.Later }
			for range hours {
				h.collect()
				h.Clock.Move(time.Hour)
			}
			h.post.do = nil
		}
		subjects := func() []string {
			t.Helper()
			var out []string
			for _, m := range h.collect() {
				out = append(out, m.subject)
			}
			slices.Sort(out)
			return out
		}

		write()
		before := subjects()
		if len(before) != 4 || late() != 0 {
			t.Fatalf("%q, and %d wait", before, late())
		}
		write()
		outage(23)
		if n := late(); n != 0 {
			t.Errorf("%d notices are late before a day is over", n)
		}
		outage(49)
		if n := late(); n != 3 {
			t.Errorf("%d notices are late", n)
		}
		if err := h.s.SaveListChoices(ctx, owner, accounts.ListChoices{accounts.ListSecurity: false}); err != nil {
			t.Fatal(err)
		}
		after := subjects()
		if len(after) != 2 || late() != 0 || slices.ContainsFunc(after, func(s string) bool {
			return !slices.Contains(before, s) || s == "A list" || strings.Contains(s, "password")
		}) {
			t.Errorf("after three days came %q of %q, and %d wait", after, before, late())
		}

		write()
		h.post.do = func(func() error) string { return accounts.Later }
		h.Clock.Move(30*24*time.Hour - time.Minute)
		h.collect()
		if n := late(); n != 2 { // she is on no list any more
			t.Errorf("%d notices wait after thirty days", n)
		}
		h.post.do = nil
		h.Clock.Move(time.Hour)
		if got := subjects(); len(got) != 0 || late() != 0 {
			t.Errorf("a notice of thirty days ago was sent: %q", got)
		}
	})
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
