package accounts

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// codeRule is for the codes of one person: of an app and for recovery alike. After a hundred wrong ones in a row no code counts any
// more; a passkey, or a colleague who resets the factors, opens the account again.
var codeRule = rule{free: 5, first: time.Second, most: 15 * time.Minute, hard: 100}

const ofCode = "code"

// try is one try of a factor: counted before it is made, on any process.
type try struct {
	person        id.ID
	code, network []byte
	failures      int64
	refuse        time.Duration
	right         bool
}

func (t *try) count(p *store.Platform, person id.ID, at Device) (err error) {
	t.person = person
	if t.code, err = bucket(p, ofCode, person.String()); err != nil {
		return err
	}
	if t.network, err = bucket(p, ofNetwork, Network(at.Address)); err != nil {
		return err
	}
	if t.failures, t.refuse, err = strike(p, t.code, codeRule); err != nil || t.refuse > 0 {
		return err
	}
	var wait time.Duration
	if _, wait, err = strike(p, t.network, networkRule); err != nil {
		return err
	}
	if wait > 0 {
		t.refuse = wait
		return takeBack(p, t.code)
	}
	return nil
}

func (t *try) forgive(p *store.Platform) error {
	if err := forgive(p, t.code); err != nil {
		return err
	}
	return takeBack(p, t.network)
}

// wrong writes down that a code was not right.
func (t *try) wrong(p *store.Platform) error {
	if err := noteEvent(p, t.person, eventCode); err != nil {
		return err
	}
	if t.failures == codeRule.hard {
		if err := noteEvent(p, t.person, eventLocked); err != nil {
			return err
		}
	}
	if loud[t.failures] {
		p.Record(audit.Note{Action: "code-failed", Kind: "person", Subject: t.person, Patient: t.person, New: t.failures})
	}
	return nil
}

// err is what the try is answered with.
func (t *try) err(field string) error {
	switch {
	case t.refuse > 0:
		return slower(t.refuse)
	case !t.right:
		var f fault.Fields
		f.Add(field, "field."+field+".wrong")
		return f.Err()
	}
	return nil
}

// Proof is what somebody shows: one of a code (of an app, or for recovery), a passkey's answer, and, for who has neither, the password.
type Proof struct {
	Code     string
	Passkey  string // what navigator.credentials.get answered, as JSON
	Password string
}

// Half is a sign-in that waits for its second factor.
type Half struct {
	Person  id.ID
	Email   string
	App     bool
	Passkey bool
	Used    int64 // the time step of the app’s last code that was taken
}

// Half reads a sign-in whose password was shown. fault.Unauthenticated when the cookie is of none, or older than ten minutes.
func (s *Service) Half(ctx context.Context, cookie string) (Half, error) {
	x, err := s.find(ctx, cookie)
	if err != nil {
		return Half{}, err
	}
	if !x.half() {
		return Half{}, signInFirst()
	}
	out := Half{Person: x.in.Person.ID, Email: x.in.Person.Email}
	list, _, err := s.Factors(ctx, x.in)
	for _, f := range list {
		out.Used = max(out.Used, f.Step)
		out.App, out.Passkey = out.App || f.Kind == FactorApp, out.Passkey || f.Kind == FactorPasskey
	}
	return out, err
}

// ProveSecond ends a sign-in by its second factor. Its latest end counts from now. fault.Unauthenticated as Half; fault.Invalid with "code"
// or "passkey" when the proof is not right or was used before; fault.TooMany after too many.
func (s *Service) ProveSecond(ctx context.Context, cookie string, proof Proof, at Device) (Started, error) {
	x, err := s.find(ctx, cookie)
	if err != nil {
		return Started{}, err
	}
	if !x.half() {
		return Started{}, signInFirst()
	}
	proof.Password = ""
	out, err := s.show(ctx, x, proof, at, "sign-in", func(p *store.Platform, r *sessionRow) {
		r.since, r.expires = p.Now(), p.Now().Add(absolute)
	})
	if err == nil {
		s.planned()
	}
	return out, err
}

// ProveAgain shows a factor once more, for what asks for one shortly before (access.AsksAgain). Somebody who has none shows her
// password. The session goes on under a new cookie; its latest end stays. The faults are those of ProveSecond, with "password" too.
func (s *Service) ProveAgain(ctx context.Context, in SignedIn, cookie string, proof Proof, at Device) (Started, error) {
	x, err := s.look(ctx, cookie)
	if err != nil {
		return Started{}, err
	}
	if x.in.SessionID != in.SessionID {
		return Started{}, signInFirst()
	}
	if !x.in.Has {
		return s.passwordAgain(ctx, x, proof.Password, at)
	}
	proof.Password = ""
	return s.show(ctx, x, proof, at, "prove-again", func(*store.Platform, *sessionRow) {})
}

// show looks at a proof and renews the session with it.
func (s *Service) show(ctx context.Context, x looked, proof Proof, at Device, action string, change func(p *store.Platform, r *sessionRow)) (Started, error) {
	in := x.in
	field := "code"
	var key *shownKey
	if proof.Passkey != "" {
		field = "passkey"
		var err error
		if key, err = s.checkPasskey(ctx, in.Person.ID, in.SessionID, proof.Passkey); err != nil {
			return Started{}, err
		}
	}
	var t try
	var out Started
	err := s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a try is counted before it is made")
		t = try{person: in.Person.ID}
		var err error
		if proof.Passkey != "" { // nobody guesses one, so nobody is made to wait for one
			if t.right, err = key.use(p, in.Person.ID); err != nil || !t.right {
				return err
			}
			if t.code, err = bucket(p, ofCode, in.Person.ID.String()); err == nil {
				err = forgive(p, t.code)
			}
		} else {
			if err = t.count(p, in.Person.ID, at); err != nil || t.refuse > 0 {
				return err
			}
			if t.right, err = useCode(p, in.Person.ID, proof.Code); err == nil && !t.right {
				return t.wrong(p)
			}
			if err == nil {
				err = t.forgive(p)
			}
		}
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: action, Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID, New: at})
		out, err = renew(p, x.hash, func(r *sessionRow) {
			r.level, r.proved = twoFactors, p.Now()
			change(p, r)
		})
		return err
	})
	if err == nil {
		err = t.err(field)
	}
	return out, err
}

// useCode uses up the code of an app, or a recovery code: each works once.
func useCode(p *store.Platform, person id.ID, code string) (bool, error) {
	if len(code) > 100 {
		return false, nil
	}
	list, err := factors(p, person)
	if err != nil {
		return false, err
	}
	for _, f := range list {
		if f.Kind != FactorApp || f.secret == "" {
			continue
		}
		if step := stepOf(f.secret, code, p.Now()); step > 0 {
			n, err := p.Exec(sqlFactorStep, person, f.ID, step, p.Now())
			return n == 1, err
		}
	}
	if len(bareCode(code)) != codeLength {
		return false, nil
	}
	hash, err := codeHash(p, person, code)
	if err != nil {
		return false, err
	}
	n, err := p.Exec(sqlCodeUse, person, hash, p.Now())
	if err != nil || n != 1 {
		return false, err
	}
	if err := noteEvent(p, person, eventRecovery); err != nil {
		return false, err
	}
	return true, plan(p, person, letter{Kind: mailFactor, Link: "/second-factor", At: p.Now()}, false)
}

func (s *Service) passwordAgain(ctx context.Context, x looked, password string, at Device) (Started, error) {
	a, right, _, err := s.prove(ctx, x.in.Person.Email, password, at)
	if err != nil {
		return Started{}, err
	}
	right = right && a.person.id == x.in.Person.ID
	shown := false
	var out Started
	err = s.db.Across(ctx, atTheDoor(x.in.Person.ID, x.in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var err error
		if shown, err = s.outcome(p, a, right, ""); err != nil || !shown {
			return err
		}
		p.Record(audit.Note{Action: "prove-again", Kind: "person", Subject: x.in.Person.ID, Patient: x.in.Person.ID, New: at})
		out, err = renew(p, x.hash, func(r *sessionRow) { r.proved = p.Now() })
		return err
	})
	if err == nil && !shown {
		var f fault.Fields
		f.Add("password", "field.password.wrong")
		err = f.Err()
	}
	return out, err
}
