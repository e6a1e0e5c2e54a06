package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// SignUp takes a person down and mails her a link. Its answer is the same for an address that is known: then the mail says so
// to whoever reads that mailbox, and what was typed here can never become an account. Each sign-up waits for its own link, so
// that nobody can put a password under somebody else's. fault.Invalid names wrong fields, fault.TooMany asks the network to wait.
func (s *Service) SignUp(ctx context.Context, d Draft, at Device) error {
	var f fault.Fields
	c := s.check(d, true, &f)
	if err := f.Err(); err != nil {
		return err
	}
	if err := s.slowDown(ctx, ofSignUp, Network(at.Address), signUpRule); err != nil {
		return err
	}
	hash, err := s.hashes.hash(ctx, c.password)
	if err != nil {
		return err
	}
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		quiet, err := tooManyMails(p, c.email.Key())
		if err != nil {
			return err
		}
		there, err := byMail(p, c.email.Key())
		if err != nil {
			return err
		}
		person := p.NewID()
		if err := s.addPerson(p, newPerson{id: person, token: randomToken(), clean: c, hash: hash}); err != nil {
			return err
		}
		text, linkHash := newSecret()
		if _, err := p.Exec(sqlLinkAdd, linkHash, linkVerify, person, p.Now(), p.Now().Add(linkLife)); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "sign-up", Kind: "person", Subject: person, Patient: person})
		m := letter{Kind: mailVerify, Link: "/verify?token=" + text, Language: c.language}
		if !there.id.IsZero() { // the link above reaches nobody and ends in a day
			m.Kind, m.Link = mailKnown, "/sign-in"
		}
		return plan(p, person, m, quiet)
	})
	if err == nil {
		s.planned()
	}
	return err
}

// randomToken stands for an address that is not confirmed: nothing is found by it.
func randomToken() []byte {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	return b
}

// slowDown counts a try of something that has no password.
func (s *Service) slowDown(ctx context.Context, kind, value string, r rule) error {
	var refuse time.Duration
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a try is counted before it is made")
		key, err := bucket(p, kind, value)
		if err == nil {
			_, refuse, err = strike(p, key, r)
		}
		return err
	})
	if err == nil && refuse > 0 {
		err = slower(refuse)
	}
	return err
}

// tooManyMails says whether the address has had enough mail. The answer to whoever asked stays the same.
func tooManyMails(p *store.Platform, address string) (bool, error) {
	key, err := bucket(p, ofMail, address)
	if err != nil {
		return false, err
	}
	_, refuse, err := strike(p, key, mailRule)
	return refuse > 0, err
}

// CheckLink says whether a link of the kind ("verify", "reset", "setup") would still work, without using it. fault.NotFound
// "fault.link_gone" when not.
func (s *Service) CheckLink(ctx context.Context, kind, token string) error {
	_, hash, ok := secretHash(token)
	if !ok {
		return linkGone()
	}
	return s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var person id.ID
		err := p.Row(sqlLinkPeek, hash, kind, p.Now()).Scan(&person)
		if err == store.ErrNoRows {
			return linkGone()
		}
		return err
	})
}

// Verify confirms the address of a sign-up by the link that was mailed to it. fault.NotFound "fault.link_gone" when the link was
// used, is older than a day, or the address has an account by now.
func (s *Service) Verify(ctx context.Context, token string) error {
	_, hash, ok := secretHash(token)
	if !ok {
		return linkGone()
	}
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		person, ok, err := useLink(p, hash, linkVerify)
		if err != nil {
			return err
		}
		if !ok || person.IsZero() {
			return linkGone()
		}
		who, err := readPerson(p, person, false)
		if err != nil {
			return err
		}
		key := contact.Email(who.Email).Key()
		there, err := byMail(p, key)
		if err != nil {
			return err
		}
		if !there.id.IsZero() {
			return linkGone()
		}
		real, err := signInToken(p, key)
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "verify-address", Kind: "person", Subject: person, Patient: person})
		n, err := p.Exec(sqlPersonVerify, person, real, p.Now())
		if err == nil && n != 1 {
			return linkGone()
		}
		return err
	})
	if errors.Is(err, store.ErrUnique) { // another sign-up with this address was confirmed at the same moment
		return linkGone()
	}
	return err
}

// ForgotPassword mails a link to a known address and does as much, without the mail, for an unknown one. Its answer is the same.
// fault.TooMany asks the network to wait.
func (s *Service) ForgotPassword(ctx context.Context, email, lang string, at Device) error {
	if err := s.slowDown(ctx, ofSignUp, Network(at.Address), signUpRule); err != nil {
		return err
	}
	key := addressKey(email)
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		quiet, err := tooManyMails(p, key)
		if err != nil {
			return err
		}
		there, err := byMail(p, key)
		if err != nil {
			return err
		}
		text, hash := newSecret()
		until, subject := p.Now().Add(linkLife), there.id
		if there.id.IsZero() {
			until = p.Now() // a link that never works
			account, err := bucket(p, ofAccount, key)
			if err != nil {
				return err
			}
			copy(subject[:], account)
		}
		if _, err := p.Exec(sqlLinkAdd, hash, linkReset, id.Null(there.id), p.Now(), until); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "ask-reset", Kind: "person", Subject: subject})
		return plan(p, there.id, letter{Kind: mailReset, Link: "/reset?token=" + text, Language: language(lang)}, quiet || there.id.IsZero())
	})
	if err == nil {
		s.planned()
	}
	return err
}

// ResetPassword sets a new password by the link that was mailed; every session of the person ends, and her wrong tries are
// forgotten. fault.Invalid with "password" leaves the link usable; fault.NotFound "fault.link_gone" when it is not.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	_, hash, ok := secretHash(token)
	if !ok {
		return linkGone()
	}
	var who Person
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var person id.ID
		err := p.Row(sqlLinkPeek, hash, linkReset, p.Now()).Scan(&person)
		if err == store.ErrNoRows || err == nil && person.IsZero() {
			return linkGone()
		}
		if err == nil {
			who, err = readPerson(p, person, false)
		}
		return err
	})
	if err != nil {
		return err
	}
	var f fault.Fields
	text := s.checkPassword(password, append(s.clinicNames(ctx, who.ID), who.Email, who.Name), &f)
	if err := f.Err(); err != nil {
		return err
	}
	stored, err := s.hashes.hash(ctx, text)
	if err != nil {
		return err
	}
	return s.db.Across(ctx, atTheDoor(who.ID, id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		person, ok, err := useLink(p, hash, linkReset)
		if err != nil {
			return err
		}
		if !ok || person != who.ID {
			return linkGone()
		}
		p.Record(audit.Note{Action: "reset-password", Kind: "person", Subject: person, Patient: person})
		if err := p.Must(sqlPersonPassword, person, stored); err != nil {
			return err
		}
		if _, err := p.Exec(sqlLinkVoid, person, linkReset, p.Now()); err != nil {
			return err
		}
		if _, err := p.Exec(sqlSessionStir, person); err != nil {
			return err
		}
		if _, err := p.Exec(sqlSessionEndAll, person); err != nil {
			return err
		}
		account, err := bucket(p, ofAccount, contact.Email(who.Email).Key())
		if err != nil {
			return err
		}
		return forgive(p, account)
	})
}
