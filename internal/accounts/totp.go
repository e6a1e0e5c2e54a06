package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// A code changes every thirty seconds; the one before and the one after count as well, because clocks differ.
const (
	stepSeconds = 30
	stepSkew    = 1
	seedSize    = 20 // bytes: the size of the hash (RFC 4226)
)

var seedSpelling = base32.StdEncoding.WithPadding(base32.NoPadding)

// AppSetup is what a code app needs: the address that its camera reads, and the same secret to be typed.
type AppSetup struct{ URI, Secret string }

func (s *Service) appSetup(email, secret string) (AppSetup, error) {
	raw, err := seedSpelling.DecodeString(secret)
	if err != nil {
		return AppSetup{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: s.o.Product, AccountName: email, Secret: raw, Period: stepSeconds, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return AppSetup{}, err
	}
	return AppSetup{URI: key.URL(), Secret: secret}, nil
}

// seed makes the secret of a code app.
func (s *Service) seed(email string) string {
	if s.o.Seed != nil {
		if b := s.o.Seed(email); len(b) > 0 {
			return seedSpelling.EncodeToString(b)
		}
	}
	b := make([]byte, seedSize)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	return seedSpelling.EncodeToString(b)
}

// BeginApp makes the secret of a code app, in place of one that was begun and not confirmed. It proves nothing until ConfirmApp.
func (s *Service) BeginApp(ctx context.Context, in SignedIn) error {
	return s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the set-up of a code app begins")
		if _, err := p.Exec(sqlFactorDrop, in.Person.ID); err != nil {
			return err
		}
		return addApp(p, in.Person.ID, s.seed(in.Person.Email), 0)
	})
}

func addApp(p *store.Platform, person id.ID, secret string, confirmed clock.Instant) error {
	factor := p.NewID()
	sealed, err := p.Seal(person, "authenticator", "secret", factor, secret)
	if err != nil {
		return err
	}
	_, err = p.Exec(sqlFactorAdd, person, factor, FactorApp, nil, sealed, nil, p.Now(), confirmed, 0)
	return err
}

// PendingApp is the set-up that BeginApp began. fault.NotFound when there is none, or it is older than an hour.
func (s *Service) PendingApp(ctx context.Context, in SignedIn) (AppSetup, error) {
	var secret string
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var err error
		_, secret, err = pendingApp(p, in.Person.ID)
		return err
	})
	if err != nil {
		return AppSetup{}, err
	}
	return s.appSetup(in.Person.Email, secret)
}

func pendingApp(p *store.Platform, person id.ID) (factor id.ID, secret string, err error) {
	var sealed []byte
	err = p.Row(sqlFactorPending, person, pendingSince(p.Now())).Scan(&factor, &sealed)
	if err == store.ErrNoRows {
		return factor, "", fault.Missing()
	}
	if err == nil {
		secret, err = p.Unseal(person, "authenticator", "secret", factor, sealed)
	}
	return factor, secret, err
}

// ConfirmApp ends the set-up by the app's present code: from now on it is a factor, and this session is one with two. The codes are
// recovery codes, with the person's first factor only; they are kept nowhere. fault.Invalid with "code" when it is not right,
// fault.TooMany after too many wrong ones, fault.NotFound without a set-up.
func (s *Service) ConfirmApp(ctx context.Context, in SignedIn, cookie, code string, at Device) (out Started, codes []string, err error) {
	_, hash, ok := secretHash(cookie)
	if !ok {
		return out, nil, signInFirst()
	}
	var t try
	err = s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a try is counted before it is made")
		t = try{}
		if err := t.count(p, in.Person.ID, at); err != nil || t.refuse > 0 {
			return err
		}
		factor, secret, err := pendingApp(p, in.Person.ID)
		if err != nil {
			return err
		}
		step := stepOf(secret, code, p.Now())
		if step == 0 {
			return nil
		}
		t.right = true
		if err := t.forgive(p); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "add-factor", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID, New: FactorApp})
		if err := p.Must(sqlFactorConfirm, in.Person.ID, factor, p.Now(), step); err != nil {
			return err
		}
		out, codes, err = s.added(p, in, hash)
		return err
	})
	if err == nil {
		err = t.err("code")
	}
	if err == nil {
		s.planned()
	}
	return out, codes, err
}

// CodeAfter is the first code of the secret that would be taken now, later than the time step that was used last; empty when there is
// none. It is for the demo and the bench, whose secrets are known.
func CodeAfter(secret string, now time.Time, used int64) string {
	at := now.Unix() / stepSeconds
	step := max(at, used+1)
	if step > at+stepSkew {
		return ""
	}
	code, err := codeAt(secret, step)
	if err != nil {
		return ""
	}
	return code
}

func codeAt(secret string, step int64) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// stepOf is the time step whose code was given; zero for none. All steps are compared, whichever fits. That a step counts once is
// sqlFactorStep's.
func stepOf(secret, code string, now clock.Instant) int64 {
	code = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, code)
	found := int64(0)
	at := now.Time().Unix() / stepSeconds
	for step := at - stepSkew; step <= at+stepSkew; step++ {
		want, err := codeAt(secret, step)
		if err != nil {
			return 0
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found
}
