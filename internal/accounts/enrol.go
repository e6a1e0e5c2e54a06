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
		p.Record(audit.Note{Action: "enrol", Kind: "membership", Subject: person, Patient: person, New: string(role)})
		return addMember(p, who.Clinic(), person, role, id.Zero)
	})
	if errors.Is(err, store.ErrUnique) {
		f.Add("email", "field.email.taken")
		return f.Err()
	}
	return err
}
