package accounts

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// The kinds of second factors.
const (
	FactorApp     = "app"     // a six-digit code that changes every thirty seconds (RFC 6238)
	FactorPasskey = "passkey" // WebAuthn, the user verified by her device
)

// mostFactors is how many second factors one person may have.
const mostFactors = 20

const (
	sqlFactorAdd = `INSERT INTO authenticator (person_id, id, kind, name, secret, handle, created_at, confirmed_at, used_step, used_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)`
	sqlFactorCount   = `SELECT COUNT(*) FROM authenticator WHERE person_id = $1 AND confirmed_at > 0`
	sqlFactorList    = `SELECT id, kind, name, secret, used_step, created_at, used_at FROM authenticator WHERE person_id = $1 AND confirmed_at > 0 ORDER BY created_at, id`
	sqlFactorPending = `SELECT id, secret FROM authenticator WHERE person_id = $1 AND kind = 'app' AND confirmed_at = 0 AND created_at > $2 ORDER BY created_at DESC LIMIT 1`
	sqlFactorDrop    = `DELETE FROM authenticator WHERE person_id = $1 AND confirmed_at = 0`
	sqlFactorConfirm = `UPDATE authenticator SET confirmed_at = $3, used_at = $3, used_step = $4 WHERE person_id = $1 AND id = $2 AND confirmed_at = 0`
	sqlFactorStep    = `UPDATE authenticator SET used_step = $3, used_at = $4 WHERE person_id = $1 AND id = $2 AND used_step < $3`
	sqlFactorUsed    = `UPDATE authenticator SET secret = $3, used_at = $4 WHERE person_id = $1 AND id = $2`
	sqlFactorRemove  = `DELETE FROM authenticator WHERE person_id = $1 AND id = $2 AND confirmed_at > 0`
	sqlFactorClear   = `DELETE FROM authenticator WHERE person_id = $1`
	// Holds the person until the end of the passage: two who take her last two factors away at once do not both succeed, and no session of hers
	// goes on under a new cookie while all are ended.
	sqlPersonHold = `UPDATE person SET version = version WHERE id = $1`

	sqlCodesClear = `DELETE FROM recovery_code WHERE person_id = $1`
	sqlCodeAdd    = `INSERT INTO recovery_code (person_id, code_hash, created_at) VALUES ($1, $2, $3)`
	sqlCodeUse    = `UPDATE recovery_code SET used_at = $3 WHERE person_id = $1 AND code_hash = $2 AND used_at = 0`
	sqlCodesLeft  = `SELECT COUNT(*) FROM recovery_code WHERE person_id = $1 AND used_at = 0`

	sqlSessionWeak = `DELETE FROM session WHERE person_id = $1 AND level < 2`
)

// Factor is a second factor of the signed-in person.
type Factor struct {
	ID   id.ID
	Kind string // FactorApp or FactorPasskey
	Name string // of a passkey, as she called it
	Made clock.Instant
	Used clock.Instant
	Step int64 // of a code app: the time step of the last code that was taken
}

// factorRow is a factor as its row holds it.
type factorRow struct {
	Factor
	secret string
}

// factors reads and opens a person's factors. One that cannot be opened proves nothing and is shown without its name.
func factors(p *store.Platform, person id.ID) ([]factorRow, error) {
	rows, err := p.Query(sqlFactorList, person)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []factorRow
	var names, secrets [][]byte
	for rows.Next() {
		var f factorRow
		var name, secret []byte
		if err := rows.Scan(&f.ID, &f.Kind, &name, &secret, &f.Step, &f.Made, &f.Used); err != nil {
			return nil, err
		}
		out, names, secrets = append(out, f), append(names, name), append(secrets, secret)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range out {
		f := &out[i]
		if f.secret, err = p.Unseal(person, "authenticator", "secret", f.ID, secrets[i]); err != nil {
			f.secret = ""
		}
		if f.Kind != FactorPasskey {
			continue
		}
		if f.Name, err = p.Unseal(person, "authenticator", "name", f.ID, names[i]); err != nil {
			f.Name = ""
		}
	}
	return out, nil
}

// Factors are the person's second factors, and how many recovery codes are left.
func (s *Service) Factors(ctx context.Context, in SignedIn) ([]Factor, int64, error) {
	var out []Factor
	var left int64
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		list, err := factors(p, in.Person.ID)
		if err != nil {
			return err
		}
		out = nil
		for _, f := range list {
			out = append(out, f.Factor)
		}
		return p.Row(sqlCodesLeft, in.Person.ID).Scan(&left)
	})
	return out, left, err
}

// RemoveFactor takes one of the person's factors away; with the last one her recovery codes go. fault.NotFound when it is not hers;
// fault.Conflict "fault.last_factor" when it is the last and one of her clinics demands one.
func (s *Service) RemoveFactor(ctx context.Context, in SignedIn, factor id.ID) error {
	err := s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		if _, err := p.Exec(sqlPersonHold, in.Person.ID); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "remove-factor", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID, Old: factor})
		if err := p.Must(sqlFactorRemove, in.Person.ID, factor); err != nil {
			return err
		}
		var left int64
		if err := p.Row(sqlFactorCount, in.Person.ID).Scan(&left); err != nil {
			return err
		}
		if left == 0 {
			if _, must, err := belongs(p, in.Person.ID); err != nil {
				return err
			} else if must {
				return fault.New(fault.Conflict, "fault.last_factor")
			}
			if _, err := p.Exec(sqlCodesClear, in.Person.ID); err != nil {
				return err
			}
		}
		return factorChanged(p, in.Person.ID)
	})
	if err == nil {
		s.planned()
	}
	return err
}

// factorChanged tells the person by mail that how she signs in was changed: whoever did it with her session is found out.
func factorChanged(p *store.Platform, person id.ID) error {
	if err := noteEvent(p, person, eventFactor); err != nil {
		return err
	}
	return plan(p, person, letter{Kind: mailFactor, Link: "/second-factor", At: p.Now()}, false)
}

// added finishes a set-up inside its passage: the first factor brings recovery codes, every session of the person that was begun with a
// password alone ends, and this one goes on, under a new cookie, as one with two factors.
func (s *Service) added(p *store.Platform, in SignedIn, hash []byte) (out Started, codes []string, err error) {
	var have int64
	if err := p.Row(sqlFactorCount, in.Person.ID).Scan(&have); err != nil {
		return out, nil, err
	}
	if have > mostFactors {
		return out, nil, fault.New(fault.Conflict, "fault.too_many_factors")
	}
	if have == 1 {
		if codes, err = newCodes(p, in.Person.ID); err != nil {
			return out, nil, err
		}
	}
	out, err = renew(p, hash, func(r *sessionRow) { r.level, r.proved = twoFactors, p.Now() })
	if err != nil {
		return out, nil, err
	}
	if _, err := p.Exec(sqlSessionStir, in.Person.ID); err != nil {
		return out, nil, err
	}
	if _, err := p.Exec(sqlSessionWeak, in.Person.ID); err != nil {
		return out, nil, err
	}
	return out, codes, factorChanged(p, in.Person.ID)
}

// The recovery codes: sixteen of thirty-two letters and digits that nobody confuses, 80 bits.
const (
	codeCount   = 10
	codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	codeLength  = 16
)

// newCodes makes ten recovery codes in place of all earlier ones. Only their fingerprints stay.
func newCodes(p *store.Platform, person id.ID) ([]string, error) {
	if _, err := p.Exec(sqlCodesClear, person); err != nil {
		return nil, err
	}
	out := make([]string, 0, codeCount)
	for range codeCount {
		var b [codeLength]byte
		_, _ = rand.Read(b[:]) // crypto/rand ends the program rather than fail
		var text strings.Builder
		for i, x := range b {
			if i > 0 && i%4 == 0 {
				text.WriteByte('-')
			}
			text.WriteByte(codeLetters[x%32])
		}
		hash, err := codeHash(p, person, text.String())
		if err != nil {
			return nil, err
		}
		if _, err := p.Exec(sqlCodeAdd, person, hash, p.Now()); err != nil {
			return nil, err
		}
		out = append(out, text.String())
	}
	return out, nil
}

// codeHash is the fingerprint of a recovery code under the platform's index key, so that a copy of the table gives none away.
func codeHash(p *store.Platform, person id.ID, code string) ([]byte, error) {
	r, err := p.Ring()
	if err != nil {
		return nil, err
	}
	return r.Token(vault.IndexSignIn, "\x00recovery\x00"+person.String()+"\x00"+bareCode(code)), nil
}

// bareCode is a code without what people put between its letters.
func bareCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, code)
}

// NewCodes makes ten recovery codes in place of the earlier ones. They are answered here once and kept nowhere. fault.Conflict when the
// person has no factor that they could stand in for.
func (s *Service) NewCodes(ctx context.Context, in SignedIn) ([]string, error) {
	if !in.Has {
		return nil, fault.New(fault.Conflict, "fault.no_factor")
	}
	var out []string
	err := s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "new-recovery-codes", Kind: "person", Subject: in.Person.ID, Patient: in.Person.ID})
		var err error
		if out, err = newCodes(p, in.Person.ID); err != nil {
			return err
		}
		return factorChanged(p, in.Person.ID)
	})
	if err == nil {
		s.planned()
	}
	return out, err
}

// ResetFactors takes every factor of a colleague who lost hers away, with her sessions: at her next sign-in she sets up a new one. Only for
// somebody who works in the caller's clinic alone, and whose role the caller may give; others ask whoever runs the deployment.
// fault.Forbidden, fault.NotFound as SetRole; fault.Conflict "fault.works_elsewhere", and "fault.own_factors" for the caller's own.
func (s *Service) ResetFactors(ctx context.Context, who access.Caller, person id.ID, version int64) error {
	if person == who.Actor() {
		return fault.New(fault.Conflict, "fault.own_factors")
	}
	note := audit.Note{Action: "reset-factors", Kind: "membership", Subject: person}
	err := s.member(ctx, who, person, version, &note, func(p *store.Platform, _ access.Role) (int64, error) {
		only, _, err := belongs(p, person)
		if err != nil {
			return 0, err
		}
		if only != who.Clinic() {
			return 0, fault.New(fault.Conflict, "fault.works_elsewhere")
		}
		return 1, clearFactors(p, person)
	})
	if err == nil {
		s.planned()
	}
	return err
}

// clearFactors takes every factor of a person away, with her recovery codes and her sessions. Her wrong codes are forgotten: a hundred of
// them would keep every app shut that she sets up from now on.
func clearFactors(p *store.Platform, person id.ID) error {
	codes, err := bucket(p, ofCode, person.String())
	if err != nil {
		return err
	}
	if err := forgive(p, codes); err != nil {
		return err
	}
	for _, text := range []string{sqlPersonHold, sqlFactorClear, sqlCodesClear, sqlSessionEndAll} {
		if _, err := p.Exec(text, person); err != nil {
			return err
		}
	}
	return factorChanged(p, person)
}

// OperatorResetFactors is ResetFactors for whoever runs the deployment, at its console, by the address of the account. fault.NotFound when
// nobody has it.
func (s *Service) OperatorResetFactors(ctx context.Context, email string) error {
	err := s.db.Across(ctx, Operator(), access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		there, err := byMail(p, addressKey(email))
		if err != nil {
			return err
		}
		if there.id.IsZero() {
			return fault.Missing()
		}
		p.Record(audit.Note{Action: "reset-factors", Kind: "person", Subject: there.id, Patient: there.id})
		if _, err := p.Exec(sqlSessionStir, there.id); err != nil {
			return err
		}
		return clearFactors(p, there.id)
	})
	if err == nil {
		s.planned()
	}
	return err
}

// factorName is what a person calls a passkey; a name of the house's when she gives none.
func factorName(raw, device string) string {
	name, err := contact.CleanName(raw)
	if err != nil || name == "" {
		return device
	}
	return name
}

// sealJSON is a value as text to be sealed.
func sealJSON(x any) (string, error) {
	b, err := json.Marshal(x)
	return string(b), err
}

// pendingSince is since when a set-up that was begun still counts.
func pendingSince(now clock.Instant) clock.Instant { return now.Add(-keepPending + time.Second) }
