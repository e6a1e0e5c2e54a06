package accounts

import (
	"context"
	"errors"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Enrol makes a confirmed person with a password who belongs to the clinic at once, without a
// letter. It is for the demonstration and for tests: no door calls it. who is a lead of the clinic.
// A role that needs a second factor gets a code app where Options.Seed makes its secret.
// fault.Forbidden when she may not give the role; fault.Invalid names wrong fields.
func (s *Service) Enrol(ctx context.Context, who access.Caller, d Draft, role access.Role) error {
	if !MayGrant(who.Role(), role) {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	var f fault.Fields
	c := s.check(d, false, &f)
	if err := f.Err(); err != nil {
		return err
	}
	stored, err := s.hashes.hash(ctx, c.password)
	if err != nil {
		return err
	}
	err = s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		token, err := signInToken(p, c.email.Key())
		if err != nil {
			return err
		}
		person := p.NewID()
		if err := s.addPerson(p, newPerson{id: person, token: token, clean: c, hash: stored, verified: true}); err != nil {
			return err
		}
		if s.o.Seed != nil && access.NeedsSecondFactor(role) && len(s.o.Seed(string(c.email))) > 0 {
			if err := addApp(p, person, s.seed(string(c.email)), p.Now()); err != nil {
				return err
			}
		}
		if s.o.Confidential { // whoever is enrolled is invented, and signs with it
			if err := signStatement(p, person, c.name); err != nil {
				return err
			}
		}
		if err := invited(p, who, c, token, role); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "enrol", Kind: "membership", Subject: person, Patient: person, New: string(role)})
		return addMember(p, who.Clinic(), person, role, id.Zero)
	})
	if errors.Is(err, store.ErrUnique) {
		f.Add("email", "field.email.taken")
		return f.Err()
	}
	return err
}

// invited writes the invitation that whoever is enrolled has used in the same moment: nobody belongs to a clinic without one (promise staff-by-invitation).
func invited(p *store.Platform, who access.Caller, c clean, token []byte, role access.Role) error {
	one := p.NewID()
	sealed, err := p.Seal(ownData, "invitation", "email", one, string(c.email))
	if err != nil {
		return err
	}
	_, hash := newSecret()
	if _, err := p.Exec(sqlInvitationAdd, hash, one, who.Clinic(), token, sealed, string(role), nil, who.Actor(), p.Now(), p.Now().Add(inviteLife)); err != nil {
		return err
	}
	_, err = p.Exec(sqlInvitationUse, hash, p.Now())
	return err
}
