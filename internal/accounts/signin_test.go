package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"encoding/base64"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

func TestSignUpVerifySignIn(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-verified", "terms-on-record")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		if err := h.s.SignUp(ctx, draft("Meera@example.org"), here); err != nil {
			t.Fatal(err)
		}
		if h.post.woken != 1 {
			t.Error("nobody woke the courier")
		}
		_, err := h.s.SignIn(ctx, "Meera@example.org", good, here, "")
		wantKey(t, err, "fault.sign_in_wrong") // not confirmed
		token := h.link("Meera@example.org", "verify")
		if err := h.s.CheckLink(ctx, "verify", token); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Verify(ctx, token); err != nil {
			t.Fatal(err)
		}
		wantKey(t, h.s.Verify(ctx, token), "fault.link_gone")
		st := h.signIn(" meera@EXAMPLE.org ", good)
		in := h.session(st.Cookie)
		if in.Person.Name != "Meera Canary" || in.Person.Email != "Meera@example.org" || !in.Clinic.IsZero() || in.Caller.Role() != access.Public || len(st.Cookie) != 43 {
			t.Fatalf("signed in as %+v", in)
		}
		full, err := h.s.Person(ctx, in)
		if err != nil || full.Phone != "+919876543210" || full.JobTitle != "Canary Keeper" {
			t.Fatalf("%+v, %v", full, err)
		}
		if ok, err := h.s.Accepted(ctx, in); !ok || err != nil {
			t.Fatalf("the accepted terms are not on record: %v", err)
		}
		var version string
		var at clock.Instant
		h.ask(`SELECT version, accepted_at FROM acceptance WHERE person_id = $1`, []any{in.Person.ID}, &version, &at)
		if version != terms || at != clock.At(h.Clock.Now()) {
			t.Errorf("on record is version %q at %v", version, at.Time())
		}
		_, err = h.s.SignIn(ctx, "meera@example.org", good+"x", here, "")
		wantKey(t, err, "fault.sign_in_wrong")
		for _, a := range []string{"sign-up", "verify-address", "sign-in"} {
			if h.platformChain(a) != 1 {
				t.Errorf("%d entries of %s", h.platformChain(a), a)
			}
		}
	})
}

func TestWrongFieldsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-adults")
	h := build(t, rig.New(t, store.SQLite, store.Options{}))
	err := h.s.SignUp(context.Background(), accounts.Draft{Name: "1", Email: "x", Phone: "1", Password: "short", Terms: "2020"}, here)
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) != 6 {
		t.Fatalf("%v", err)
	}
	if n := len(h.collect()); n != 0 {
		t.Fatalf("%d mails", n)
	}
}

func TestLinksOfADayAndAWeek(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		for _, c := range []struct {
			move time.Duration
			ok   bool
		}{{24*time.Hour - time.Second, true}, {24*time.Hour + time.Second, false}} {
			mail := fmt.Sprintf("p%d@example.org", int(c.move.Seconds()))
			if err := h.s.SignUp(ctx, draft(mail), here); err != nil {
				t.Fatal(err)
			}
			token := h.link(mail, "verify")
			h.Clock.Move(c.move)
			if err := h.s.Verify(ctx, token); (err == nil) != c.ok {
				t.Errorf("verify after %s: %v", c.move, err)
			}
		}
		h.person("reset@example.org")
		for i, c := range []struct {
			move time.Duration
			ok   bool
		}{{24*time.Hour - time.Second, true}, {24*time.Hour + time.Second, false}} {
			if err := h.s.ForgotPassword(ctx, "reset@example.org", "en", here); err != nil {
				t.Fatal(err)
			}
			token := h.link("reset@example.org", "reset")
			h.Clock.Move(c.move)
			if err := h.s.ResetPassword(ctx, token, fmt.Sprintf("%s %d", better, i)); (err == nil) != c.ok {
				t.Errorf("reset after %s: %v", c.move, err)
			}
		}
		owner, _ := h.owner("own@example.org", "weekly")
		for _, c := range []struct {
			move time.Duration
			ok   bool
		}{{7*24*time.Hour - time.Second, true}, {7*24*time.Hour + time.Second, false}} {
			mail := fmt.Sprintf("i%d@example.org", int(c.move.Seconds()))
			if err := h.s.Invite(ctx, owner.Caller, mail, access.FrontDesk, owner.Provider); err != nil {
				t.Fatal(err)
			}
			token := h.link(mail, "invitation")
			h.Clock.Move(c.move)
			_, err := h.s.AcceptInvitation(ctx, token, accounts.Draft{Name: "Asha", Password: good, Terms: terms}, here, "")
			if (err == nil) != c.ok {
				t.Errorf("invitation after %s: %v", c.move, err)
			}
		}
	})
}

// TestAnswersDoNotTell is the promise against asking who exists: same bytes for a known, an unknown and an unconfirmed address.
func TestAnswersDoNotTell(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "guessing-slowed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("known@example.org")
		if err := h.s.SignUp(ctx, draft("waiting@example.org"), here); err != nil {
			t.Fatal(err)
		}
		h.collect()
		all := []string{"known@example.org", "unknown@example.org", "waiting@example.org", "no address at all"}
		for name, ask := range map[string]func(string) error{
			"wrong password": func(m string) error { _, err := h.s.SignIn(ctx, m, better, here, ""); return err },
			"no password":    func(m string) error { _, err := h.s.SignIn(ctx, m, "", here, ""); return err },
			"huge password":  func(m string) error { _, err := h.s.SignIn(ctx, m, strings.Repeat("x", 100_000), here, ""); return err },
			"forgot":         func(m string) error { return h.s.ForgotPassword(ctx, m, "en", here) },
		} {
			want := said(ask(all[0]))
			for _, m := range all[1:] {
				if got := said(ask(m)); got != want {
					t.Errorf("%s: %q for one address, %q for another", name, want, got)
				}
			}
		}
		for _, m := range all[:3] {
			if got := said(h.s.SignUp(ctx, draft(m), here)); got != "ok" {
				t.Errorf("sign-up: %q", got)
			}
		}
		kinds := map[string][]string{}
		for _, m := range h.collect() {
			kinds[m.to] = append(kinds[m.to], m.subject)
		}
		if len(kinds["known@example.org"]) != 2 || len(kinds["unknown@example.org"]) != 1 || len(kinds["waiting@example.org"]) != 1 || len(kinds) != 3 {
			t.Errorf("mails %v", kinds)
		}
		// The same until it has to wait, and then too.
		var first string
		for i, m := range []string{"known@example.org", "unknown2@example.org"} {
			if i == 0 {
				h.Clock.Move(2 * time.Hour)
				h.signIn(m, good)
			}
			var seen strings.Builder
			for range 12 {
				_, err := h.s.SignIn(ctx, m, better, accounts.Device{Address: fmt.Sprintf("198.51.100.%d", i)}, "")
				var f *fault.Fault
				errors.As(err, &f)
				fmt.Fprintf(&seen, "%s %d\n", said(err), f.RetryAfter)
			}
			if i == 0 {
				first = seen.String()
			} else if seen.String() != first || !strings.Contains(first, "fault.too_many_tries") {
				t.Errorf("known:\n%sunknown:\n%s", first, seen.String())
			}
		}
		// What was typed at a known address never becomes an account.
		if _, err := h.s.SignIn(ctx, "waiting@example.org", good, here, ""); err == nil {
			t.Error("an address that was never confirmed signs in")
		}
	})
}

// TestNobodyPutsAPasswordUnderAnother: two sign-ups with one address; each link confirms its own, and only the first.
func TestNobodyPutsAPasswordUnderAnother(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		mine, other := draft("asha@example.org"), draft("asha@example.org")
		other.Password = better
		if err := h.s.SignUp(ctx, mine, here); err != nil {
			t.Fatal(err)
		}
		token := h.link("asha@example.org", "verify")
		if err := h.s.SignUp(ctx, other, here); err != nil {
			t.Fatal(err)
		}
		second := h.link("asha@example.org", "verify")
		if err := h.s.Verify(ctx, token); err != nil {
			t.Fatal(err)
		}
		wantKey(t, h.s.Verify(ctx, second), "fault.link_gone")
		h.signIn("asha@example.org", good)
		if _, err := h.s.SignIn(ctx, "asha@example.org", better, here, ""); err == nil {
			t.Error("the other password works")
		}
	})
}

func TestOneLinkOneSuccess(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		race := func(name string, n int, do func() error) {
			t.Helper()
			var won atomic.Int32
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					if err := do(); err == nil {
						won.Add(1)
					} else if !fault.Is(err, fault.NotFound) {
						t.Errorf("%s: a loser got %v", name, err)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 {
				t.Errorf("%s: %d successes", name, won.Load())
			}
		}
		if err := h.s.SignUp(ctx, draft("one@example.org"), here); err != nil {
			t.Fatal(err)
		}
		token := h.link("one@example.org", "verify")
		race("verify", 50, func() error { return h.s.Verify(ctx, token) })
		if err := h.s.ForgotPassword(ctx, "one@example.org", "", here); err != nil {
			t.Fatal(err)
		}
		reset := h.link("one@example.org", "reset")
		race("reset", 50, func() error { return h.s.ResetPassword(ctx, reset, better) })
		setup, err := h.s.FirstOwnerLink(ctx, true)
		if err != nil {
			t.Fatal(err)
		}
		var n atomic.Int32
		race("setup", 10, func() error {
			_, err := h.s.SetUp(ctx, setup, draft(fmt.Sprintf("s%d@example.org", n.Add(1))), here)
			return err
		})
		owner, _ := h.owner("owner@example.org", "races")
		if err := h.s.Invite(ctx, owner.Caller, "new@example.org", access.Assistant, owner.Provider); err != nil {
			t.Fatal(err)
		}
		invitation := h.link("new@example.org", "invitation")
		race("invitation", 10, func() error {
			_, err := h.s.AcceptInvitation(ctx, invitation, accounts.Draft{Name: "New", Password: good, Terms: terms}, here, "")
			// Who comes after the first finds an account behind the address and is asked for its password: the link is gone all the same.
			return err
		})
	})
}

func TestResetEndsEverySession(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("r@example.org")
		one, two := h.signIn("r@example.org", good), h.signIn("r@example.org", good)
		if err := h.s.ForgotPassword(ctx, "r@example.org", "", here); err != nil {
			t.Fatal(err)
		}
		token := h.link("r@example.org", "reset")
		if err := h.s.ResetPassword(ctx, token, "r@example.org r"); !fault.Is(err, fault.Invalid) {
			t.Fatalf("an easy password: %v", err)
		}
		if err := h.s.ResetPassword(ctx, token, better); err != nil {
			t.Fatalf("a refused password used the link up: %v", err)
		}
		for _, st := range []accounts.Started{one, two} {
			_, err := h.s.Session(ctx, st.Cookie)
			wantKey(t, err, "fault.sign_in_first")
		}
		if _, err := h.s.SignIn(ctx, "r@example.org", good, here, ""); err == nil {
			t.Error("the old password still works")
		}
		h.signIn("r@example.org", better)
		if h.platformChain("reset-password") != 1 {
			t.Error("the reset is not in the log")
		}
	})
}

// TestAResetOutlivesASignInUnderWay: whoever gave the old password right before it was reset, and whose comparison ends after it, gets nothing by
// it: no session, no password of his own, no place in a clinic.
func TestAResetOutlivesASignInUnderWay(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		const mail = "late@example.org"
		other := h.open(b.Open(t, store.Options{}))
		h.person(mail)
		owner, _ := h.owner("host@example.org", "host")
		now, next := good, 0
		// during has do begin with the password that is known, and what happens meanwhile be over before it is compared.
		during := func(do func(password string) error, meanwhile func()) error {
			t.Helper()
			h.set(`DELETE FROM throttle`)
			letGo := h.s.HoldHashes()
			done, old := make(chan error, 1), now
			go func() { done <- do(old) }()
			for counted := 0; counted == 0; time.Sleep(time.Millisecond) {
				h.ask(`SELECT COUNT(*) FROM throttle WHERE failures > 0`, nil, &counted)
			}
			meanwhile()
			letGo()
			return <-done
		}
		reset := func() func() {
			t.Helper()
			if err := h.s.ForgotPassword(ctx, mail, "", here); err != nil {
				t.Fatal(err)
			}
			token := h.link(mail, "reset")
			return func() {
				next++
				now = fmt.Sprintf("%s %d", better, next)
				if err := other.ResetPassword(ctx, token, now); err != nil {
					t.Error(err)
				}
			}
		}
		nobody := func(what string) {
			t.Helper()
			var n int
			if h.ask(`SELECT COUNT(*) FROM session WHERE person_id IN (SELECT person_id FROM one_time_link WHERE kind = 'reset')`, nil, &n); n != 0 {
				t.Errorf("%s: %d sessions outlived the reset", what, n)
			}
		}
		signIn := func(password string) error { _, err := h.s.SignIn(ctx, mail, password, here, ""); return err }

		wantKey(t, during(signIn, reset()), "fault.sign_in_wrong")
		nobody("a sign-in")
		in := h.session(h.signIn(mail, now).Cookie)
		err := during(func(password string) error {
			return h.s.ChangePassword(ctx, in, password, "a password of the thief", here)
		}, reset())
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("a change of the password: %v", err)
		}
		nobody("a change of the password")
		if err := h.s.Invite(ctx, owner.Caller, mail, access.FrontDesk, owner.Provider); err != nil {
			t.Fatal(err)
		}
		invitation := h.link(mail, "invitation")
		accept := func(password string) error {
			_, err := h.s.AcceptInvitation(ctx, invitation, accounts.Draft{Password: password}, here, "")
			return err
		}
		wantKey(t, during(accept, reset()), "fault.sign_in_wrong")
		nobody("an invitation")
		if err := accept(now); err != nil {
			t.Errorf("the invitation, with the new password: %v", err)
		}
		if err := during(signIn, func() {}); err != nil {
			t.Errorf("a sign-in with nothing in between: %v", err)
		}
		h.set(`DELETE FROM session`)
		wantKey(t, during(signIn, func() { h.set(`UPDATE person SET disabled_at = 1 WHERE id = $1`, in.Person.ID) }), "fault.sign_in_wrong")
		nobody("a person who was shut out")
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("c@example.org")
		one, two := h.signIn("c@example.org", good), h.signIn("c@example.org", good)
		in := h.session(one.Cookie)
		if err := h.s.ChangePassword(ctx, in, better, better+" 2", here); !fault.Is(err, fault.Invalid) {
			t.Fatalf("the wrong old one: %v", err)
		}
		if err := h.s.ChangePassword(ctx, in, good, better, here); err != nil {
			t.Fatal(err)
		}
		h.session(one.Cookie)
		if _, err := h.s.Session(ctx, two.Cookie); err == nil {
			t.Error("the other session goes on")
		}
		h.signIn("c@example.org", better)
	})
}

// TestGuessingIsSlow counts what an attacker gets: five tries at once, then longer and longer waits, a hundred in all, and then not even
// the right password until a reset; across two processes.
func TestGuessingIsSlow(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "guessing-slowed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("g@example.org")
		second := h.open(b.Open(t, store.Options{Readers: 2, Writers: 2}))
		tries, n := 0, 0
		for tries < 5 {
			tries++
			s := h.s
			if tries%2 == 0 {
				s = second
			}
			_, err := s.SignIn(ctx, "g@example.org", better, accounts.Device{Address: fmt.Sprintf("2001:db8:%x::1", tries)}, "")
			wantKey(t, err, "fault.sign_in_wrong")
		}
		for _, s := range []*accounts.Service{h.s, second, h.open(b.DB)} { // the last is a process that has just started
			_, err := s.SignIn(ctx, "g@example.org", good, here, "")
			wantKey(t, err, "fault.too_many_tries")
		}
		h.Clock.Move(time.Second - time.Microsecond)
		_, err := h.s.SignIn(ctx, "g@example.org", good, here, "")
		wantKey(t, err, "fault.too_many_tries")
		h.Clock.Move(time.Microsecond)
		h.signIn("g@example.org", good)
		// A right password ends the count. The tries of a long siege are written rather than made: each costs a hash.
		for range 5 {
			_, _ = h.s.SignIn(ctx, "g@example.org", better, here, "")
		}
		h.set(`UPDATE throttle SET failures = 99 WHERE failures = 5`)
		h.Clock.Move(16 * time.Minute)
		_, err = h.s.SignIn(ctx, "g@example.org", better, here, "") // the hundredth
		wantKey(t, err, "fault.sign_in_wrong")
		h.Clock.Move(300 * 24 * time.Hour)
		if _, err := h.s.Tidy(ctx, h.As(access.System)); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.SignIn(ctx, "g@example.org", good, here, "")
		wantKey(t, err, "fault.too_many_tries")
		if err := h.s.ForgotPassword(ctx, "g@example.org", "", here); err != nil {
			t.Fatal(err)
		}
		if err := h.s.ResetPassword(ctx, h.link("g@example.org", "reset"), better); err != nil {
			t.Fatal(err)
		}
		h.signIn("g@example.org", better)
		if n = h.platformChain("sign-in-failed"); n < 2 {
			t.Errorf("%d entries about guessing", n)
		}
	})
}

func TestManyGuessesAtOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("m@example.org")
		var tried atomic.Int32
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				if _, err := h.s.SignIn(ctx, "m@example.org", better, here, ""); fault.Is(err, fault.Unauthenticated) {
					tried.Add(1)
				}
			})
		}
		all.Wait()
		if tried.Load() != 5 {
			t.Errorf("%d guesses were compared at one moment, 5 are allowed", tried.Load())
		}
	})
}

func TestANetworkIsSlowToo(t *testing.T) {
	t.Parallel()
	h, ctx := build(t, rig.New(t, store.SQLite, store.Options{})), context.Background()
	tried := 0
	for i := range 40 {
		_, err := h.s.SignIn(ctx, fmt.Sprintf("n%d@example.org", i), better, accounts.Device{Address: fmt.Sprintf("2001:db8:7:7::%x", i)}, "")
		if fault.Is(err, fault.Unauthenticated) {
			tried++
		}
	}
	if tried != 30 {
		t.Errorf("%d addresses were tried from one network", tried)
	}
}

func TestAMailboxIsNotFlooded(t *testing.T) {
	t.Parallel()
	h, ctx := build(t, rig.New(t, store.SQLite, store.Options{})), context.Background()
	h.person("f@example.org")
	for i := range 10 {
		if err := h.s.ForgotPassword(ctx, "f@example.org", "", accounts.Device{Address: fmt.Sprintf("192.0.2.%d", i)}); err != nil {
			t.Fatalf("the answer changed: %v", err)
		}
	}
	if n := len(h.collect()); n != 2 { // the sign-up's own mail was the first of three
		t.Errorf("%d mails", n)
	}
}

func TestAWeakHashIsRenewedAtSignIn(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := build(t, b)
		h.person("w@example.org")
		salt := []byte("0123456789abcdef")
		e := base64.RawStdEncoding
		weak := "$argon2id$v=19$m=8192,t=1,p=1$" + e.EncodeToString(salt) + "$" + e.EncodeToString(argon2.IDKey([]byte(good), salt, 1, 8192, 1, 32))
		h.set(`UPDATE person SET password = $1`, weak)
		if _, err := h.s.SignIn(context.Background(), "w@example.org", better, here, ""); err == nil {
			t.Fatal("a wrong password")
		}
		var stored string
		if h.ask(`SELECT password FROM person`, nil, &stored); stored != weak {
			t.Error("a wrong password renewed the hash")
		}
		h.signIn("w@example.org", good)
		if h.ask(`SELECT password FROM person`, nil, &stored); !strings.HasPrefix(stored, "$argon2id$v=19$m=47104,t=1,p=1$") {
			t.Errorf("still %s", stored)
		}
		h.signIn("w@example.org", good)
	})
}

func TestADisabledPersonIsNobody(t *testing.T) {
	t.Parallel()
	h, ctx := build(t, rig.New(t, store.SQLite, store.Options{})), context.Background()
	h.person("d@example.org")
	st := h.signIn("d@example.org", good)
	h.set(`UPDATE person SET disabled_at = 1`)
	_, err := h.s.Session(ctx, st.Cookie)
	wantKey(t, err, "fault.sign_in_first")
	_, err = h.s.SignIn(ctx, "d@example.org", good, here, "")
	wantKey(t, err, "fault.sign_in_wrong")
}
