package accounts

import (
	"context"
	"errors"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// FirstOwnerLink makes the secret value of the link that lets the first person in, for whoever runs the deployment: it works once, for
// a day, and takes the place of an earlier one. fault.Conflict "fault.people_exist" when somebody is there already, unless evenSo.
func (s *Service) FirstOwnerLink(ctx context.Context, evenSo bool) (string, error) {
	var text string
	err := s.db.Across(ctx, Operator(), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		var people int64
		if err := p.Row(sqlPersonVerified).Scan(&people); err != nil {
			return err
		}
		if people > 0 && !evenSo {
			return fault.New(fault.Conflict, "fault.people_exist")
		}
		if _, err := p.Exec(sqlLinkVoidKind, linkSetup, p.Now()); err != nil {
			return err
		}
		var hash []byte
		text, hash = newSecret()
		p.Record(audit.Note{Action: "make-setup-link", Kind: "deployment", Subject: vault.ClinicData})
		_, err := p.Exec(sqlLinkAdd, hash, linkSetup, nil, p.Now(), p.Now().Add(linkLife))
		return err
	})
	return text, err
}

// SetUp lets the first owner in by the link of FirstOwnerLink and signs her in. Her address counts as confirmed: whoever runs the
// deployment handed her the link. fault.Invalid names wrong fields, "email" too when the address has an account; fault.NotFound
// "fault.link_gone" when the link does not work.
func (s *Service) SetUp(ctx context.Context, token string, d Draft, at Device) (Started, error) {
	if err := s.CheckLink(ctx, linkSetup, token); err != nil {
		return Started{}, err
	}
	_, hash, _ := secretHash(token)
	var f fault.Fields
	c := s.check(d, true, &f)
	if err := f.Err(); err != nil {
		return Started{}, err
	}
	stored, err := s.hashes.hash(ctx, c.password)
	if err != nil {
		return Started{}, err
	}
	taken := func() error {
		f.Add("email", "field.email.taken")
		return f.Err()
	}
	var out Started
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		_, ok, err := useLink(p, hash, linkSetup)
		if err != nil {
			return err
		}
		if !ok {
			return linkGone()
		}
		real, err := signInToken(p, c.email.Key())
		if err != nil {
			return err
		}
		if there, err := byMail(p, c.email.Key()); err != nil {
			return err
		} else if !there.id.IsZero() {
			return taken()
		}
		person := p.NewID()
		if err := s.addPerson(p, newPerson{id: person, token: real, clean: c, hash: stored, verified: true}); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "set-up", Kind: "person", Subject: person, Patient: person})
		out, err = s.begin(p, person, at, id.Zero, "", oneFactor)
		return err
	})
	if errors.Is(err, store.ErrUnique) {
		err = taken()
	}
	return out, err
}

// mostClinics is how many clinics one person may own before whoever runs the deployment has to be asked.
const mostClinics = 20

// OpenOwnClinic opens a clinic of which the person becomes the owner, both or neither. The faults are those of clinics.Open;
// fault.TooMany when she owns too many. She is not yet signed in there: see ChooseClinic.
func (s *Service) OpenOwnClinic(ctx context.Context, in SignedIn, o clinics.Opening, then ...func(ctx context.Context, tx *store.Tx, c clinics.Clinic) error) (clinics.Clinic, error) {
	if in.Person.ID.IsZero() {
		return clinics.Clinic{}, signInFirst()
	}
	var owned int64
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		return p.Row(sqlMemberOf, in.Person.ID).Scan(&owned)
	})
	if err != nil {
		return clinics.Clinic{}, err
	}
	if owned >= mostClinics {
		return clinics.Clinic{}, fault.New(fault.TooMany, "fault.too_many_clinics")
	}
	o.Enrol = func(p *store.Platform, c clinics.Clinic) error {
		p.Record(audit.Note{Action: "join", Kind: "membership", Subject: in.Person.ID, Patient: in.Person.ID, New: string(access.Owner)})
		return addMember(p, c.ID, in.Person.ID, access.Owner, id.Zero)
	}
	return s.o.Clinics.Open(ctx, founder(in.Person.ID, in.SessionID), o, then...)
}
