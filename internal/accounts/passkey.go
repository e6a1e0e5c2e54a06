package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// A passkey signs a challenge that is kept here, used once, and worth nothing after five minutes.
const challengeLife = 5 * time.Minute

// What a challenge is for.
const (
	toRegister = "register"
	toSignIn   = "sign-in"
	toProve    = "prove"
)

// askRule bounds how many challenges one network may ask for without being anybody. A right answer takes its ask back, and what was asked for and never
// answered goes with time, so that a whole clinic behind one address signs in all day. Its longest wait is well under the life of a challenge.
var askRule = rule{free: 200, first: time.Second, most: time.Minute, forget: 10 * time.Minute, drain: 10 * time.Second}

const ofChallenge = "challenge"

const (
	sqlChallengeAdd  = `INSERT INTO challenge (hash, id, kind, person_id, session_id, body, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlChallengeGet  = `SELECT id, kind, person_id, session_id, body, expires_at FROM challenge WHERE hash = $1`
	sqlChallengeTake = `DELETE FROM challenge WHERE hash = $1`
	sqlKeyOwner      = `SELECT a.person_id FROM authenticator a JOIN person p ON p.id = a.person_id WHERE a.handle = $1 AND a.confirmed_at > 0 AND p.disabled_at = 0 AND p.verified_at > 0`
)

// passkeys works out for which name passkeys are made: that of our own address, never what a request claims. At a loopback address it
// is localhost, because a number is no name. Nil where there is no such name.
func passkeys(public, product string) *webauthn.WebAuthn {
	u, err := url.Parse(public)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	name, origin := u.Hostname(), u.Scheme+"://"+u.Host
	if a, err := netip.ParseAddr(name); err == nil {
		if !a.IsLoopback() {
			return nil
		}
		name, origin = "localhost", u.Scheme+"://localhost"
		if u.Port() != "" {
			origin += ":" + u.Port()
		}
	}
	w, err := webauthn.New(&webauthn.Config{RPID: name, RPDisplayName: product, RPOrigins: []string{origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}})
	if err != nil {
		return nil
	}
	return w
}

// PasskeyName is the host name for which passkeys are made here; empty where there are none.
func (s *Service) PasskeyName() string {
	if s.keys == nil {
		return ""
	}
	return s.keys.Config.RPID
}

// keyHolder is a person as webauthn wants her. Her handle is her id, which says nothing about her.
type keyHolder struct {
	person      id.ID
	name, email string
	keys        []webauthn.Credential
}

func (k keyHolder) WebAuthnID() []byte                         { return k.person[:] }
func (k keyHolder) WebAuthnName() string                       { return k.email }
func (k keyHolder) WebAuthnDisplayName() string                { return k.name }
func (k keyHolder) WebAuthnCredentials() []webauthn.Credential { return k.keys }

// holder reads a person with her passkeys.
func holder(p *store.Platform, person id.ID) (keyHolder, map[string]id.ID, error) {
	out, rows := keyHolder{person: person}, map[string]id.ID{}
	list, err := factors(p, person)
	if err != nil {
		return out, nil, err
	}
	for _, f := range list {
		var c webauthn.Credential
		if f.Kind == FactorPasskey && f.secret != "" && json.Unmarshal([]byte(f.secret), &c) == nil {
			out.keys = append(out.keys, c)
			rows[string(c.ID)] = f.ID
		}
	}
	return out, rows, nil
}

func (s *Service) noPasskeys() error { return fault.New(fault.NotFound, "fault.no_passkeys") }

// remember writes a challenge down.
func remember(p *store.Platform, kind string, person, session id.ID, data *webauthn.SessionData) error {
	raw, err := base64.RawURLEncoding.DecodeString(data.Challenge)
	if err != nil {
		return err
	}
	text, err := sealJSON(data)
	if err != nil {
		return err
	}
	row := p.NewID()
	body, err := p.Seal(ownData, "challenge", "body", row, text)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(raw)
	_, err = p.Exec(sqlChallengeAdd, hash[:], row, kind, id.Null(person), id.Null(session), body, p.Now().Add(challengeLife))
	return err
}

// take uses up the challenge that an answer names, whether or not the answer is right.
func (s *Service) take(ctx context.Context, challenge string, kinds string, person, session id.ID) (webauthn.SessionData, bool, error) {
	var data webauthn.SessionData
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(challenge, "="))
	if err != nil {
		return data, false, nil
	}
	hash := sha256.Sum256(raw)
	found := false
	err = s.db.Across(ctx, atTheDoor(person, session), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a challenge is used up")
		found, data = false, webauthn.SessionData{}
		var row, of, in id.ID
		var kind string
		var body []byte
		var until clock.Instant
		err := p.Row(sqlChallengeGet, hash[:]).Scan(&row, &kind, &of, &in, &body, &until)
		if err == store.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		n, err := p.Exec(sqlChallengeTake, hash[:])
		if err != nil || n != 1 {
			return err
		}
		if until <= p.Now() || kind != kinds || of != person || in != session {
			return nil
		}
		text, err := p.Unseal(ownData, "challenge", "body", row, body)
		if err != nil {
			return err
		}
		found = json.Unmarshal([]byte(text), &data) == nil
		return nil
	})
	return data, found, err
}

// BeginPasskey is what navigator.credentials.create needs, as JSON, to make a passkey for the signed-in person.
func (s *Service) BeginPasskey(ctx context.Context, in SignedIn) ([]byte, error) {
	if s.keys == nil {
		return nil, s.noPasskeys()
	}
	var out []byte
	err := s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the set-up of a passkey begins")
		who, _, err := holder(p, in.Person.ID)
		if err != nil {
			return err
		}
		who.name, who.email = in.Person.Name, in.Person.Email
		var there []protocol.CredentialDescriptor
		for _, c := range who.keys {
			there = append(there, c.Descriptor())
		}
		options, data, err := s.keys.BeginRegistration(who, webauthn.WithExclusions(there))
		if err != nil {
			return err
		}
		if out, err = json.Marshal(options); err != nil {
			return err
		}
		return remember(p, toRegister, in.Person.ID, in.SessionID, data)
	})
	return out, err
}

// FinishPasskey keeps the passkey that the browser made. What it answers is as of ConfirmApp; fault.Invalid with "passkey" when the answer
// is not right, too late, or was given before.
func (s *Service) FinishPasskey(ctx context.Context, in SignedIn, cookie, name, response string, at Device) (out Started, codes []string, err error) {
	_, hash, ok := secretHash(cookie)
	if !ok {
		return out, nil, signInFirst()
	}
	if s.keys == nil {
		return out, nil, s.noPasskeys()
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(response))
	if err != nil {
		return out, nil, wrongKey()
	}
	data, found, err := s.take(ctx, parsed.Response.CollectedClientData.Challenge, toRegister, in.Person.ID, in.SessionID)
	if err != nil {
		return out, nil, err
	}
	if !found {
		return out, nil, wrongKey()
	}
	made, err := s.keys.CreateCredential(keyHolder{person: in.Person.ID, name: in.Person.Name, email: in.Person.Email}, data, parsed)
	if err != nil {
		return out, nil, wrongKey()
	}
	made.Attestation = webauthn.CredentialAttestation{} // who made the device is not kept
	err = s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		text, err := sealJSON(made)
		if err != nil {
			return err
		}
		factor := p.NewID()
		secret, err := p.Seal(in.Person.ID, "authenticator", "secret", factor, text)
		if err != nil {
			return err
		}
		label, err := p.Seal(in.Person.ID, "authenticator", "name", factor, factorName(name, at.Words()))
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "add-factor", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID, New: FactorPasskey})
		if _, err := p.Exec(sqlFactorAdd, in.Person.ID, factor, FactorPasskey, label, secret, handle(made.ID), p.Now(), p.Now(), 0); err != nil {
			return err
		}
		out, codes, err = s.added(p, in, hash)
		return err
	})
	if err == store.ErrUnique {
		err = wrongKey()
	}
	if err == nil {
		s.planned()
	}
	return out, codes, err
}

func wrongKey() error {
	var f fault.Fields
	f.Add("passkey", "field.passkey.wrong")
	return f.Err()
}

func handle(credential []byte) []byte {
	h := sha256.Sum256(credential)
	return h[:]
}

// AskPasskey is what navigator.credentials.get needs, as JSON: of the person of the cookie's session, or half session, to show a passkey;
// without one of anybody, to sign in by it alone. fault.TooMany asks the network to wait.
func (s *Service) AskPasskey(ctx context.Context, cookie string, at Device) ([]byte, error) {
	if s.keys == nil {
		return nil, s.noPasskeys()
	}
	x, err := s.find(ctx, cookie)
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		return nil, err
	}
	person, session, kind := x.in.Person.ID, x.in.SessionID, toProve
	if err != nil || !x.in.Has {
		person, session, kind = id.Zero, id.Zero, toSignIn
		if err := s.slowDown(ctx, ofChallenge, Network(at.Address), askRule); err != nil {
			return nil, err
		}
	}
	var out []byte
	err = s.db.Across(ctx, atTheDoor(person, session), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a passkey is asked for")
		var options *protocol.CredentialAssertion
		var data *webauthn.SessionData
		var err error
		if kind == toSignIn {
			options, data, err = s.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		} else {
			var who keyHolder
			if who, _, err = holder(p, person); err != nil {
				return err
			}
			if len(who.keys) == 0 {
				return s.noPasskeys()
			}
			options, data, err = s.keys.BeginLogin(who, webauthn.WithUserVerification(protocol.VerificationRequired))
		}
		if err != nil {
			return err
		}
		if out, err = json.Marshal(options); err != nil {
			return err
		}
		return remember(p, kind, person, session, data)
	})
	return out, err
}

// shownKey is a passkey whose answer was right.
type shownKey struct {
	factor id.ID
	key    webauthn.Credential
}

// use writes down that the passkey was used; false when it was taken away meanwhile.
func (k *shownKey) use(p *store.Platform, person id.ID) (bool, error) {
	if k == nil {
		return false, nil
	}
	text, err := sealJSON(k.key)
	if err != nil {
		return false, err
	}
	secret, err := p.Seal(person, "authenticator", "secret", k.factor, text)
	if err != nil {
		return false, err
	}
	n, err := p.Exec(sqlFactorUsed, person, k.factor, secret, p.Now())
	return n == 1, err
}

// checkPasskey looks at a passkey's answer to a challenge that was asked of the person in the session; nil when it is not right.
func (s *Service) checkPasskey(ctx context.Context, person, session id.ID, response string) (*shownKey, error) {
	if s.keys == nil {
		return nil, s.noPasskeys()
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(response))
	if err != nil {
		return nil, nil
	}
	data, found, err := s.take(ctx, parsed.Response.CollectedClientData.Challenge, toProve, person, session)
	if err != nil || !found {
		return nil, err
	}
	return s.validate(ctx, person, parsed, func(who keyHolder) (*webauthn.Credential, error) { return s.keys.ValidateLogin(who, data, parsed) })
}

func (s *Service) validate(ctx context.Context, person id.ID, parsed *protocol.ParsedCredentialAssertionData, check func(keyHolder) (*webauthn.Credential, error)) (*shownKey, error) {
	var who keyHolder
	var rows map[string]id.ID
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var err error
		who, rows, err = holder(p, person)
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := check(who)
	if err != nil || key.Authenticator.CloneWarning { // a counter that goes backwards: somebody has a copy
		return nil, nil
	}
	return &shownKey{factor: rows[string(parsed.RawID)], key: *key}, nil
}

// PasskeySignIn begins a session by a passkey alone: it is something one has, and the device checked who holds it. fault.Unauthenticated
// "fault.passkey_wrong" for whatever is wrong; fault.TooMany asks a network with many wrong answers to wait.
func (s *Service) PasskeySignIn(ctx context.Context, response string, at Device, before string) (Started, error) {
	if s.keys == nil {
		return Started{}, s.noPasskeys()
	}
	wrong := func() (Started, error) { // a wrong answer counts; a right one was paid for when its challenge was asked for
		if err := s.slowDown(ctx, ofChallenge, Network(at.Address), askRule); err != nil {
			return Started{}, err
		}
		return Started{}, fault.New(fault.Unauthenticated, "fault.passkey_wrong")
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(response))
	if err != nil {
		return wrong()
	}
	data, found, err := s.take(ctx, parsed.Response.CollectedClientData.Challenge, toSignIn, id.Zero, id.Zero)
	if err != nil {
		return Started{}, err
	}
	if !found {
		return wrong()
	}
	var person id.ID
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		person = id.Zero
		err := p.Row(sqlKeyOwner, handle(parsed.RawID)).Scan(&person)
		if err == store.ErrNoRows {
			err = nil
		}
		return err
	})
	if err != nil {
		return Started{}, err
	}
	if person.IsZero() {
		return wrong()
	}
	key, err := s.validate(ctx, person, parsed, func(who keyHolder) (*webauthn.Credential, error) {
		_, c, err := s.keys.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return who, nil }, data, parsed)
		return c, err
	})
	if err != nil {
		return Started{}, err
	}
	if key == nil {
		return wrong()
	}
	var out Started
	right := false
	err = s.db.Across(ctx, atTheDoor(person, id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a passkey was shown")
		var err error
		if right, err = key.use(p, person); err != nil || !right {
			return err
		}
		asked, err := bucket(p, ofChallenge, Network(at.Address))
		if err != nil {
			return err
		}
		if err := takeBack(p, asked); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "sign-in", Kind: "person", Subject: person, Patient: person, New: at})
		out, err = s.begin(p, person, at, id.Zero, before, twoFactors)
		return err
	})
	if err == nil && !right {
		return wrong()
	}
	if err == nil {
		s.planned()
	}
	return out, err
}
