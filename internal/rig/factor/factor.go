// Package factor is the phone of a test's people: it sets code apps up, keeps their secrets and shows their codes.
package factor

import (
	"context"
	"encoding/base32"
	"strings"
	"sync"
	"testing"

	"github.com/pquerna/otp/totp"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Phone holds the code apps of one house.
type Phone struct {
	DB       *store.DB
	Accounts *accounts.Service
	Clock    clock.Clock

	mu      sync.Mutex
	secrets map[string]string
}

// At is from where the phone's owner comes.
var At = accounts.Device{Agent: "Firefox", Address: "203.0.113.9"}

// Keep remembers the secret of somebody's app, as a page showed it.
func (p *Phone) Keep(email, secret string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.secrets == nil {
		p.secrets = map[string]string{}
	}
	p.secrets[email] = strings.ReplaceAll(secret, " ", "")
}

// Seed is Keep for the bytes of a secret.
func (p *Phone) Seed(email string, seed []byte) {
	p.Keep(email, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed))
}

// Has says whether the person's app is on the phone.
func (p *Phone) Has(email string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.secrets[email] != ""
}

// Code is the code that the app shows now. The clocks of tests stand still, so the house is first made to forget which one it took last:
// time does that outside.
func (p *Phone) Code(t testing.TB, email string) string {
	t.Helper()
	system := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Security)
	err := p.DB.Across(context.Background(), system, access.PlatformWork, func(_ context.Context, x *store.Platform) error {
		x.Housekeeping("half a minute passes")
		_, err := x.Exec(`UPDATE authenticator SET used_step = 0 WHERE kind = 'app'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.Shown(t, email)
}

// Shown is the code that the app shows now, whether or not it was used.
func (p *Phone) Shown(t testing.TB, email string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	code, err := totp.GenerateCode(p.secrets[email], p.Clock.Now())
	if err != nil {
		t.Fatalf("no code app of %s: %v", email, err)
	}
	return code
}

// Enrol sets a code app up for whoever holds the cookie, and answers her new cookie.
func (p *Phone) Enrol(t testing.TB, cookie string) string {
	t.Helper()
	ctx := context.Background()
	in, err := p.Accounts.Session(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Accounts.BeginApp(ctx, in); err != nil {
		t.Fatal(err)
	}
	set, err := p.Accounts.PendingApp(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	p.Keep(in.Person.Email, set.Secret)
	st, codes, err := p.Accounts.ConfirmApp(ctx, in, cookie, p.Shown(t, in.Person.Email), At)
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d recovery codes: %v", len(codes), err)
	}
	return st.Cookie
}

// Finish ends what a sign-in began: it shows the code, or sets an app up where one must be.
func (p *Phone) Finish(t testing.TB, email string, st accounts.Started) accounts.Started {
	t.Helper()
	switch {
	case st.Half:
		done, err := p.Accounts.ProveSecond(context.Background(), st.Cookie, accounts.Proof{Code: p.Code(t, email)}, At)
		if err != nil {
			t.Fatal(err)
		}
		return done
	case st.Enrol:
		st.Cookie, st.Enrol = p.Enrol(t, st.Cookie), false
	}
	return st
}
