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

// wrongSignIn is the one answer to a wrong password, an unknown address and an address that is not confirmed.
func wrongSignIn() error { return fault.New(fault.Unauthenticated, "fault.sign_in_wrong") }

// attempt is a sign-in that was counted and may go on.
type attempt struct {
	person           known // zero id: nobody
	account, network []byte
	failures         int64
}

// SignIn begins a session. before is the cookie that the browser sent, which is worth nothing afterwards. Its faults tell
// nothing about who exists: fault.Unauthenticated "fault.sign_in_wrong" for whatever is wrong, fault.TooMany with RetryAfter when
// the address or the network has to wait.
func (s *Service) SignIn(ctx context.Context, email, password string, at Device, before string) (Started, error) {
	a, right, weak, err := s.prove(ctx, email, password, at)
	if err != nil {
		return Started{}, err
	}
	fresh := ""
	if right && weak {
		if text, ok := composed(password); ok {
			if fresh, err = s.hashes.hash(ctx, text); err != nil {
				return Started{}, err
			}
		}
	}
	var out Started
	in := false
	err = s.db.Across(ctx, atTheDoor(a.person.id, id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var err error
		if in, err = s.outcome(p, a, right, fresh); err != nil || !in {
			return err
		}
		p.Record(audit.Note{Action: "sign-in", Kind: "person", Subject: a.person.id, Patient: a.person.id, New: at})
		out, err = s.begin(p, a.person.id, at, id.Zero, before, oneFactor)
		return err
	})
	if err == nil && in {
		s.planned()
	}
	if err == nil && !in {
		err = wrongSignIn()
	}
	return out, err
}

// prove counts a try and then compares the password, with the same work for everybody. The comparison holds no connection.
func (s *Service) prove(ctx context.Context, email, password string, at Device) (a attempt, right, weak bool, err error) {
	key := addressKey(email)
	var refuse time.Duration
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a try is counted before it is made")
		a, refuse = attempt{}, 0
		var err error
		if a.account, err = bucket(p, ofAccount, key); err != nil {
			return err
		}
		if a.network, err = bucket(p, ofNetwork, Network(at.Address)); err != nil {
			return err
		}
		if a.failures, refuse, err = strike(p, a.account, accountRule); err != nil || refuse > 0 {
			return err
		}
		var wait time.Duration
		if _, wait, err = strike(p, a.network, networkRule); err != nil {
			return err
		}
		if wait > 0 { // the account was not tried after all
			refuse = wait
			return takeBack(p, a.account)
		}
		a.person, err = byMail(p, key)
		return err
	})
	if err != nil {
		return a, false, false, err
	}
	if refuse > 0 {
		return a, false, false, slower(refuse)
	}
	text, fits := composed(password)
	stored := a.person.hash
	if a.person.id.IsZero() || stored == "" {
		stored = s.decoy
	}
	same, weak, err := s.hashes.matches(ctx, stored, text)
	return a, same && fits && !a.person.id.IsZero(), weak, err
}

// loud are the counts of wrong passwords in a row that are written into the audit log.
var loud = map[int64]bool{5: true, 10: true, 20: true, 50: true, 100: true}

// failed writes down that guessing goes on. It says so of an address that nobody has as well, under the address's fingerprint,
// so that both cost the same.
func (s *Service) failed(p *store.Platform, a attempt) error {
	p.Housekeeping("a wrong try is counted")
	if err := noteEvent(p, a.person.id, eventWrong); err != nil {
		return err
	}
	if a.failures == accountRule.hard {
		if err := noteEvent(p, a.person.id, eventLocked); err != nil {
			return err
		}
	}
	if !loud[a.failures] {
		return nil
	}
	subject := a.person.id
	if subject.IsZero() {
		copy(subject[:], a.account)
	}
	p.Record(audit.Note{Action: "sign-in-failed", Kind: "person", Subject: subject, New: a.failures})
	return nil
}

// outcome is the first statement of the passage that a password opens: it writes down what became of the try, and answers whether the password
// that was compared is the person's yet. The comparison took a while outside of every passage, in which she may have reset it, or been shut
// out: whoever came with the old one gets no session that outlives that. Until the end of the passage nobody changes it.
func (s *Service) outcome(p *store.Platform, a attempt, right bool, fresh string) (bool, error) {
	if right {
		n, err := p.Exec(sqlPersonStill, a.person.id, a.person.hash)
		if err != nil {
			return false, err
		}
		right = n == 1
	}
	if !right {
		return false, s.failed(p, a)
	}
	if err := forgive(p, a.account); err != nil {
		return false, err
	}
	if err := takeBack(p, a.network); err != nil {
		return false, err
	}
	if fresh == "" {
		return true, nil
	}
	_, err := p.Exec(sqlPersonRehash, a.person.id, a.person.hash, fresh)
	return true, err
}

// ChangePassword changes the person's own password, who gives the old one again; her other sessions end. fault.Invalid with
// "old_password" or "password"; fault.TooMany as SignIn.
func (s *Service) ChangePassword(ctx context.Context, in SignedIn, old, now string, at Device) error {
	var f fault.Fields
	text := s.checkPassword(now, append(s.clinicNames(ctx, in.Person.ID), in.Person.Email, in.Person.Name), &f)
	if err := f.Err(); err != nil {
		return err
	}
	a, right, _, err := s.prove(ctx, in.Person.Email, old, at)
	if err != nil {
		return err
	}
	right = right && a.person.id == in.Person.ID
	hash := ""
	if right {
		if hash, err = s.hashes.hash(ctx, text); err != nil {
			return err
		}
	}
	changed := false
	err = s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var err error
		if changed, err = s.outcome(p, a, right, ""); err != nil || !changed {
			return err
		}
		p.Record(audit.Note{Action: "change-password", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID})
		if err := p.Must(sqlPersonPassword, in.Person.ID, hash); err != nil {
			return err
		}
		if _, err := p.Exec(sqlLinkVoid, in.Person.ID, linkReset, p.Now()); err != nil {
			return err
		}
		if _, err := p.Exec(sqlSessionStir, in.Person.ID); err != nil {
			return err
		}
		_, err = p.Exec(sqlSessionOthers, in.Person.ID, in.SessionID)
		return err
	})
	if err == nil && !changed {
		f.Add("old_password", "field.old_password.wrong")
		err = f.Err()
	}
	return err
}
