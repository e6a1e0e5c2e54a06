package accounts_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// halves are sign-ins of the person that wait for her second factor, begun a moment ago.
func (h *house) halves(person id.ID, n int) []string {
	h.t.Helper()
	out := make([]string, n)
	for i := range out {
		raw := make([]byte, 32)
		_, _ = rand.Read(raw)
		sum := sha256.Sum256(raw)
		now := h.Clock.Now().UnixMicro()
		h.set(`INSERT INTO session (token_hash, id, person_id, csrf, created_at, seen_at, expires_at, level) VALUES ($1, $2, $3, $4, $5, $5, $6, 1)`,
			sum[:], id.New(h.Clock.Now()), person, raw[:8], now, now+int64(time.Hour/time.Microsecond))
		out[i] = base64.RawURLEncoding.EncodeToString(raw)
	}
	return out
}

// atOnce calls f n times together and counts how often it succeeded.
func atOnce(n int, f func(i int) error) int64 {
	var ok atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if f(i) == nil {
				ok.Add(1)
			}
		})
	}
	wg.Wait()
	return ok.Load()
}

// TestACodeWorksOnce uses one code fifty times at once, from fifty browsers in two processes, then a recovery code; then the code again, a later
// one, and one that is too old.
func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "codes-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("once@example.org", "once")
		other := h.open(b.Open(t, store.Options{}))
		codes, err := h.s.NewCodes(ctx, owner)
		if err != nil || len(codes) != 10 {
			t.Fatal(codes, err)
		}
		two := func(i int) *accounts.Service { return []*accounts.Service{h.s, other}[i%2] }
		half := h.halves(owner.Person.ID, 50)
		code := h.apps.Code(t, "once@example.org")
		if n := atOnce(50, func(i int) error {
			_, err := two(i).ProveSecond(ctx, half[i], accounts.Proof{Code: code}, accounts.Device{Address: fmt.Sprintf("198.51.100.%d", i)})
			return err
		}); n != 1 {
			t.Errorf("one code let %d in", n)
		}
		b.Clock.Move(time.Minute) // who had to wait has waited
		half = h.halves(owner.Person.ID, 24)
		if n := atOnce(20, func(i int) error {
			_, err := two(i).ProveSecond(ctx, half[i], accounts.Proof{Code: strings.ToLower(codes[0])}, accounts.Device{Address: fmt.Sprintf("198.51.100.%d", i)})
			return err
		}); n != 1 {
			t.Errorf("one recovery code let %d in", n)
		}
		b.Clock.Move(20 * time.Minute)
		half = h.halves(owner.Person.ID, 4)
		shown := h.apps.Shown(t, "once@example.org")
		if _, err := h.s.ProveSecond(ctx, half[0], accounts.Proof{Code: shown}, here); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.ProveSecond(ctx, half[1], accounts.Proof{Code: shown}, here); !fault.Is(err, fault.Invalid) {
			t.Errorf("the same code again: %v", err)
		}
		old := h.apps.Shown(t, "once@example.org")
		b.Clock.Move(90 * time.Second)
		if _, err := h.s.ProveSecond(ctx, half[1], accounts.Proof{Code: old}, here); !fault.Is(err, fault.Invalid) {
			t.Errorf("a code of a minute and a half ago: %v", err)
		}
		if _, err := h.s.ProveSecond(ctx, half[1], accounts.Proof{Code: h.apps.Shown(t, "once@example.org")}, here); err != nil {
			t.Errorf("the next code: %v", err)
		}
		if _, left, err := h.s.Factors(ctx, owner); err != nil || left != 9 {
			t.Errorf("%d recovery codes are left, %v", left, err)
		}
		if _, err := h.s.NewCodes(ctx, owner); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.ProveSecond(ctx, half[2], accounts.Proof{Code: codes[1]}, here); !fault.Is(err, fault.Invalid) {
			t.Errorf("a recovery code of before: %v", err)
		}
		for _, table := range []string{"recovery_code", "authenticator"} {
			if rows := string(h.rows(table)); strings.Contains(rows, codes[2]) || strings.Contains(rows, strings.ReplaceAll(codes[2], "-", "")) || strings.Contains(rows, "otpauth") {
				t.Errorf("%s holds a code or a secret", table)
			}
		}
	})
}

// TestGuessingCodesIsSlow: wrong codes are counted on every process, also those of a set-up, and after a hundred in a row no code counts.
func TestGuessingCodesIsSlow(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "codes-once")
	b := rig.New(t, store.SQLite, store.Options{})
	h, ctx := build(t, b), context.Background()
	owner, _ := h.owner("guess@example.org", "guess")
	other := h.open(b.Open(t, store.Options{}))
	half := h.halves(owner.Person.ID, 2)
	for i := range 5 {
		if _, err := h.s.ProveSecond(ctx, half[i%2], accounts.Proof{Code: "000000"}, here); !fault.Is(err, fault.Invalid) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if _, err := other.ProveSecond(ctx, half[0], accounts.Proof{Code: h.apps.Code(t, "guess@example.org")}, accounts.Device{Address: "198.51.100.7"}); !fault.Is(err, fault.TooMany) {
		t.Errorf("the sixth try at once, on another process: %v", err)
	}
	b.Clock.Move(time.Minute)
	if _, err := other.ProveSecond(ctx, half[0], accounts.Proof{Code: h.apps.Code(t, "guess@example.org")}, here); err != nil {
		t.Errorf("the right code after the wait: %v", err)
	}
	h.set(`UPDATE throttle SET failures = 99`)
	b.Clock.Move(20 * time.Minute)
	half = h.halves(owner.Person.ID, 1)
	_, _ = h.s.ProveSecond(ctx, half[0], accounts.Proof{Code: "000000"}, accounts.Device{Address: "198.51.100.9"}) // the hundredth
	b.Clock.Move(5 * time.Minute)
	if _, err := h.s.ProveSecond(ctx, half[0], accounts.Proof{Code: h.apps.Code(t, "guess@example.org")}, accounts.Device{Address: "198.51.100.9"}); !fault.Is(err, fault.TooMany) {
		t.Errorf("the right code after a hundred wrong ones: %v", err)
	}
	list, err := h.s.Signals(ctx, owner.Caller, b.Clock.Now().Add(-24*time.Hour))
	kinds := map[string]int{}
	for _, x := range list {
		kinds[x.Kind]++
	}
	if err != nil || kinds["wrong-code"] != 6 || kinds["locked"] != 1 {
		t.Errorf("the signals say %v, %v", kinds, err)
	}
	counts, err := h.s.SignalCounts(ctx, b.Clock.Now().Add(-24*time.Hour))
	if err != nil || len(counts) == 0 {
		t.Errorf("the operator's counts: %v, %v", counts, err)
	}
}

// TestAResetOpensForCodesAgain: after a hundred wrong codes in a row none counts, until a colleague or the operator resets the factors; then
// an app that is set up anew counts.
func TestAResetOpensForCodesAgain(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "codes-once")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		const mail = "shut@example.org"
		owner, _ := h.owner("boss@example.org", "again")
		desk, cookie := h.colleague(owner, mail, access.FrontDesk)
		h.apps.Enrol(t, cookie)
		for _, reset := range []func() error{
			func() error {
				return h.s.ResetFactors(ctx, owner.Caller, desk.Person.ID, h.member(owner, desk.Person.ID).Version)
			},
			func() error { return h.s.OperatorResetFactors(ctx, mail) },
		} {
			h.set(`DELETE FROM throttle`)
			for i := range 2 { // from two networks, so that the count of two is the person's own
				_, err := h.s.ProveSecond(ctx, h.halves(desk.Person.ID, 1)[0], accounts.Proof{Code: "000000"}, accounts.Device{Address: fmt.Sprintf("198.51.100.%d", i)})
				if !fault.Is(err, fault.Invalid) {
					t.Fatal(err)
				}
			}
			h.set(`UPDATE throttle SET failures = 100 WHERE failures = 2`)
			b.Clock.Move(time.Hour)
			if _, err := h.s.ProveSecond(ctx, h.halves(desk.Person.ID, 1)[0], accounts.Proof{Code: h.apps.Code(t, mail)}, here); !fault.Is(err, fault.TooMany) {
				t.Fatalf("the right code after a hundred wrong ones: %v", err)
			}
			if err := reset(); err != nil {
				t.Fatal(err)
			}
			st, err := h.s.SignIn(ctx, mail, good, here, "")
			if err != nil {
				t.Fatal(err)
			}
			if cookie := h.apps.Enrol(t, st.Cookie); !h.session(cookie).Strong() {
				t.Error("the new app does not count")
			}
			if _, err := h.s.ProveSecond(ctx, h.halves(desk.Person.ID, 1)[0], accounts.Proof{Code: h.apps.Code(t, mail)}, here); err != nil {
				t.Errorf("a code of the new app: %v", err)
			}
		}
	})
}

// device is somebody's virtual authenticator.
type device struct {
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	cred virtualwebauthn.Credential

	counts bool // its signatures are numbered; those of a passkey that is on several devices are not
}

func newDevice(person id.ID) *device {
	// The library leaves out a zero that a coordinate begins with, as one key in 128 has (RFC 9053 7.1.1 wants all 32 bytes): such a key is refused, and rightly.
	const whole = 77 // bytes of a P-256 key as COSE
	cred := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	for len(cred.Key.AttestationData()) != whole {
		cred = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return &device{virtualwebauthn.RelyingParty{ID: "almirah.test", Name: "Almirah", Origin: "https://almirah.test"},
		virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: person[:]}), cred, false}
}

func (d *device) make(t *testing.T, asked []byte) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(string(asked))
	if err != nil {
		t.Fatal(err)
	}
	return virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.cred, *o)
}

func (d *device) answer(t *testing.T, asked []byte) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(string(asked))
	if err != nil {
		t.Fatal(err)
	}
	if d.counts {
		d.cred.Counter++
	}
	return virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.cred, *o)
}

// TestPasskeys sets one up, signs in by it alone, shows it as a second factor and again; and everything that must not work does not.
func TestPasskeys(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "passkeys")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, cookie := h.owner("key@example.org", "key")
		d := newDevice(owner.Person.ID)
		ask := func() []byte {
			t.Helper()
			o, err := h.s.BeginPasskey(ctx, owner)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		finish := func(response string) error {
			st, codes, err := h.s.FinishPasskey(ctx, owner, cookie, "My laptop", response, here)
			if err == nil {
				cookie, owner = st.Cookie, h.session(st.Cookie)
				if len(codes) != 0 {
					t.Error("a second factor beside the first brought recovery codes again")
				}
			}
			return err
		}
		elsewhere := *d
		elsewhere.rp.Origin = "https://almirah.test.evil.example"
		blind := *d
		blind.auth.Options.UserNotVerified = true
		late := d.make(t, ask())
		b.Clock.Move(5*time.Minute + time.Second)
		for what, response := range map[string]string{"another site's": elsewhere.make(t, ask()), "one without looking who it is": blind.make(t, ask()), "a late one": late, "none": "{}"} {
			if err := finish(response); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s was kept: %v", what, err)
			}
		}
		made := d.make(t, ask())
		if err := finish(made); err != nil {
			t.Fatal(err)
		}
		if err := finish(made); err == nil {
			t.Error("one answer made two passkeys")
		}
		list, _, err := h.s.Factors(ctx, owner)
		if err != nil || len(list) != 2 || list[1].Name != "My laptop" {
			t.Fatalf("%+v, %v", list, err)
		}

		// By itself, without a name or a password.
		anybody := func() []byte {
			t.Helper()
			o, err := h.s.AskPasskey(ctx, "", here)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		answer := d.answer(t, anybody())
		if n := atOnce(8, func(int) error {
			st, err := h.s.PasskeySignIn(ctx, answer, here, "")
			if err == nil && (st.Half || st.Enrol || !h.session(st.Cookie).Strong()) {
				t.Errorf("a passkey began %+v", st)
			}
			return err
		}); n != 1 {
			t.Errorf("one answer let %d in", n)
		}
		d.counts = true
		late = d.answer(t, anybody())
		b.Clock.Move(5*time.Minute - time.Second)
		if _, err := h.s.PasskeySignIn(ctx, late, here, ""); err != nil {
			t.Errorf("an answer within five minutes: %v", err)
		}
		late = d.answer(t, anybody())
		b.Clock.Move(5*time.Minute + time.Second)
		stranger := newDevice(owner.Person.ID)
		blind, elsewhere = *d, *d
		blind.auth.Options.UserNotVerified, elsewhere.rp.Origin = true, "https://evil.example"
		forged := *d
		forged.cred = stranger.cred
		forged.cred.ID = d.cred.ID
		for what, response := range map[string]string{"a late answer": late, "a stranger's key": stranger.answer(t, anybody()), "one without looking who it is": blind.answer(t, anybody()),
			"another site's": elsewhere.answer(t, anybody()), "a forged signature": forged.answer(t, anybody()), "rubbish": `{"id":1}`} {
			if _, err := h.s.PasskeySignIn(ctx, response, here, ""); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s let somebody in: %v", what, err)
			}
		}

		// As the second factor, and again: an answer belongs to the session that asked.
		half := h.halves(owner.Person.ID, 2)
		of := func(cookie string) string {
			t.Helper()
			o, err := h.s.AskPasskey(ctx, cookie, here)
			if err != nil {
				t.Fatal(err)
			}
			return d.answer(t, o)
		}
		mine := of(half[0])
		if _, err := h.s.ProveSecond(ctx, half[1], accounts.Proof{Passkey: mine}, here); !fault.Is(err, fault.Invalid) {
			t.Errorf("another session's answer: %v", err)
		}
		st, err := h.s.ProveSecond(ctx, half[1], accounts.Proof{Passkey: of(half[1])}, here)
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(11 * time.Minute)
		in := h.session(st.Cookie)
		if in.Fresh(b.Clock.Now()) {
			t.Error("a factor of eleven minutes ago counts")
		}
		again, err := h.s.ProveAgain(ctx, in, st.Cookie, accounts.Proof{Passkey: of(st.Cookie)}, here)
		if err != nil || again.Cookie == st.Cookie || !again.Expires.Equal(st.Expires) || !h.session(again.Cookie).Fresh(b.Clock.Now()) {
			t.Errorf("shown again: %+v, %v", again, err)
		}
		if rows := string(h.rows("authenticator")); strings.Contains(rows, "My laptop") || strings.Contains(rows, string(d.cred.ID)) {
			t.Error("a passkey's name or number stands open")
		}
	})
}

// TestASecondFactorIsDemanded: by the role, by the clinic of everybody, from the next request on; and nobody gets rid of her last one.
func TestASecondFactorIsDemanded(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "second-factor")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("boss@example.org", "boss")
		desk, deskCookie := h.colleague(owner, "desk@example.org", access.FrontDesk)
		if desk.Must || desk.Has || desk.Caller.Role() != access.FrontDesk {
			t.Fatalf("the front desk: %+v", desk)
		}
		// A role that may export, or run the clinic, opens nothing until she has one.
		for _, role := range []access.Role{access.Manager, access.Billing, access.Owner} {
			m := h.member(owner, desk.Person.ID)
			if err := h.s.SetRole(ctx, owner.Caller, desk.Person.ID, role, m.Version); err != nil {
				t.Fatal(err)
			}
			if in := h.session(deskCookie); !in.Enrolling || in.Caller != (access.Caller{}) {
				t.Errorf("a %s with a password alone: %+v", role, in)
			}
		}
		m := h.member(owner, desk.Person.ID)
		if err := h.s.SetRole(ctx, owner.Caller, desk.Person.ID, access.FrontDesk, m.Version); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SetRule(ctx, owner.Caller, accounts.Rule{Everybody: true}); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SetRule(ctx, owner.Caller, accounts.Rule{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("somebody who had not seen the rule changed it: %v", err)
		}
		if in := h.session(deskCookie); !in.Enrolling || in.Caller != (access.Caller{}) {
			t.Errorf("the clinic asks everybody: %+v", in)
		}
		weak := h.halves(desk.Person.ID, 1)
		deskCookie = h.apps.Enrol(t, deskCookie)
		desk = h.session(deskCookie)
		if desk.Caller.Role() != access.FrontDesk || !desk.Strong() {
			t.Errorf("after the set-up: %+v", desk)
		}
		_, err := h.s.Session(ctx, weak[0])
		wantKey(t, err, "fault.sign_in_first") // what was begun with a password alone has ended
		list, _, _ := h.s.Factors(ctx, desk)
		wantKey(t, h.s.RemoveFactor(ctx, desk, list[0].ID), "fault.last_factor")
		if err := h.s.SetRule(ctx, owner.Caller, accounts.Rule{Version: 1}); err != nil {
			t.Fatal(err)
		}
		// Who has one always shows it, also where nobody demands it.
		st, err := h.s.SignIn(ctx, "desk@example.org", good, here, "")
		if err != nil || !st.Half {
			t.Fatalf("%+v, %v", st, err)
		}
		_, err = h.s.Session(ctx, st.Cookie)
		wantKey(t, err, "fault.second_factor")
		_, err = h.s.ChooseClinic(ctx, st.Cookie, owner.Clinic)
		wantKey(t, err, "fault.second_factor")
		if err := h.s.RemoveFactor(ctx, desk, list[0].ID); err != nil {
			t.Error(err)
		}
		if in := h.session(st.Cookie); in.Has || in.Caller.Role() != access.FrontDesk {
			t.Errorf("without a factor: %+v", in)
		}

		// A colleague who lost hers: reset by whoever may give her role, if she works nowhere else; her sessions end.
		manager, managerCookie := h.colleague(owner, "manager@example.org", access.Manager)
		m = h.member(owner, owner.Person.ID)
		if err := h.s.ResetFactors(ctx, manager.Caller, owner.Person.ID, m.Version); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager reset an owner's: %v", err)
		}
		wantKey(t, h.s.ResetFactors(ctx, owner.Caller, owner.Person.ID, m.Version), "fault.own_factors")
		if _, err := h.s.OpenOwnClinic(ctx, manager, opening("elsewhere")); err != nil {
			t.Fatal(err)
		}
		m = h.member(owner, manager.Person.ID)
		wantKey(t, h.s.ResetFactors(ctx, owner.Caller, manager.Person.ID, m.Version), "fault.works_elsewhere")
		if err := h.s.OperatorResetFactors(ctx, "MANAGER@example.org"); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.Session(ctx, managerCookie)
		wantKey(t, err, "fault.sign_in_first")
		if st, err := h.s.SignIn(ctx, "manager@example.org", good, here, ""); err != nil || !st.Enrol || st.Half {
			t.Errorf("after the reset: %+v, %v", st, err)
		}
	})
}

func opening(slug string) clinics.Opening {
	return clinics.Opening{Slug: slug, Profile: clinics.Profile{Name: "Clinic " + slug, Zone: "Asia/Kolkata", Country: "IN", Jurisdiction: "IN", Region: "IN", Currency: "INR", Languages: []string{"en"}}}
}

// TestSessionsEndInTime looks a second before and a second after each end: without use by the house's time and by the clinic's own, in any case,
// of half a sign-in, and of a factor that was shown.
func TestSessionsEndInTime(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "session-limits")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("clock@example.org", "clock")
		over := func(what string, cookie string, after time.Duration, key string) {
			t.Helper()
			b.Clock.Move(after - time.Second)
			if _, err := h.s.Glance(ctx, cookie); err != nil && key != "" {
				t.Errorf("%s, a second before: %v", what, err)
			}
			b.Clock.Move(2 * time.Second)
			if _, err := h.s.Glance(ctx, cookie); err == nil {
				t.Errorf("%s, a second after: it still opens", what)
			}
		}
		in := func() string { return h.signIn("clock@example.org", good).Cookie }
		over("the house's idle time", in(), 15*time.Minute, "idle")
		for i, minutes := range []int64{5, 60} {
			if err := h.s.SetRule(ctx, owner.Caller, accounts.Rule{Idle: minutes, Version: int64(i)}); err != nil {
				t.Fatal(err)
			}
			over(fmt.Sprintf("a clinic's %d minutes", minutes), in(), time.Duration(minutes)*time.Minute, "idle")
		}
		for _, minutes := range []int64{4, 61, -3} {
			if err := h.s.SetRule(ctx, owner.Caller, accounts.Rule{Idle: minutes, Version: 2}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%d minutes: %v", minutes, err)
			}
		}
		// In use all the time, and shown again in between: the end after twelve hours stays.
		cookie := in()
		for range 11 {
			b.Clock.Move(time.Hour - 5*time.Minute)
			mine := h.session(cookie)
			st, err := h.s.ProveAgain(ctx, mine, cookie, accounts.Proof{Code: h.apps.Code(t, "clock@example.org")}, here)
			if err != nil {
				t.Fatal(err)
			}
			cookie = st.Cookie
		}
		for range 2 {
			b.Clock.Move(50 * time.Minute)
			h.session(cookie)
		}
		over("twelve hours", cookie, 12*time.Hour-11*(time.Hour-5*time.Minute)-100*time.Minute, "absolute")

		half := h.halves(owner.Person.ID, 1)[0]
		b.Clock.Move(10*time.Minute - time.Second)
		if _, err := h.s.Half(ctx, half); err != nil {
			t.Errorf("half a sign-in, a second before: %v", err)
		}
		b.Clock.Move(2 * time.Second)
		if _, err := h.s.ProveSecond(ctx, half, accounts.Proof{Code: h.apps.Code(t, "clock@example.org")}, here); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("half a sign-in, a second after: %v", err)
		}
		mine := h.session(in())
		if at := b.Clock.Now(); !mine.Fresh(at.Add(10*time.Minute)) || mine.Fresh(at.Add(10*time.Minute+time.Second)) {
			t.Error("a factor counts for more or less than ten minutes")
		}
	})
}

// TestANewBrowserIsReported by mail, once; the first one of a person is none, and a browser that several people share keeps one mark.
func TestANewBrowserIsReported(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "new-device-told")
	b := rig.New(t, store.SQLite, store.Options{})
	h, ctx := build(t, b), context.Background()
	owner, _ := h.owner("mark@example.org", "mark")
	h.collect()
	told := func() int {
		n := 0
		for _, m := range h.collect() {
			if strings.Contains(m.subject, "new browser") {
				n++
				if m.to != "mark@example.org" || !strings.Contains(m.text, "Firefox, Linux") || strings.Contains(m.text, "203.0.113") {
					t.Errorf("the mail to %s says %q", m.to, m.text)
				}
			}
		}
		return n
	}
	at := accounts.Device{Agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", Address: "203.0.113.77"}
	st, err := h.s.SignIn(ctx, "mark@example.org", good, at, "")
	if err != nil || st.Mark == "" || told() != 1 {
		t.Fatalf("%+v, %v: a new browser was not reported", st, err)
	}
	at.Mark = st.Mark
	if st, err = h.s.SignIn(ctx, "mark@example.org", good, at, ""); err != nil || st.Mark != "" || told() != 0 {
		t.Errorf("a browser that is known was reported, or marked anew: %+v, %v", st, err)
	}
	h.colleague(owner, "colleague@example.org", access.FrontDesk)
	h.collect()
	st, err = h.s.SignIn(ctx, "colleague@example.org", good, at, "")
	if err != nil || st.Mark != "" {
		t.Errorf("a browser that two people share got a second mark: %+v, %v", st, err)
	}
	if n := strings.Count(string(h.rows("sign_in_event")), "new-device"); n == 0 {
		t.Error("the owner's page does not know of it")
	}
	if rows := string(h.rows("known_device")); strings.Contains(rows, at.Mark) {
		t.Error("the mark itself is stored")
	}
}

// TestEasyPasswordsAreRefused: what people choose, in any disguise, and what belongs to the person and her clinic; and no rule about kinds of
// characters refuses what is hard to guess.
func TestEasyPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "passwords-not-guessed")
	b := rig.New(t, store.SQLite, store.Options{})
	h, ctx := build(t, b), context.Background()
	owner, _ := h.owner("words@example.org", "harbour-light")
	refused := func(password string) bool {
		err := h.s.ChangePassword(ctx, owner, good, password, here)
		return fault.Is(err, fault.Invalid) && strings.Contains(fmt.Sprintf("%+v", err), "password")
	}
	for _, easy := range []string{"short one here", "Password12345678", "p@ssw0rdp@ssw0rd!", "letmein letmein 1", "liverpool manchester", "qwertyuiop123456", "Clinic harbour-light 1", "words@example.org1", "administrator 123"} {
		if !refused(easy) {
			t.Errorf("%q was taken", easy)
		}
	}
	for _, fine := range []string{"kettle sparrow moss ladder", "ஆலமரத்தின் கீழே ஏழு மயில்கள்", "Only a very long sentence, with Ünusual marks & 7 more words than anybody would type by heart; " + strings.Repeat("and so on ", 12)} {
		if err := h.s.ChangePassword(ctx, owner, good, fine, here); err != nil {
			t.Errorf("%q was refused: %v", fine, err)
		} else if err := h.s.ChangePassword(ctx, owner, fine, good, here); err != nil {
			t.Fatal(err)
		}
	}
}
