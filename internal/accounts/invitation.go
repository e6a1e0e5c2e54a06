package accounts

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// mostInvitations is how many may wait in one clinic.
const mostInvitations = 100

// Invite mails an invitation to the address. It works once, for a week, for that address only; an earlier one for it ends.
// fault.Forbidden when the caller may not grant the role; fault.Invalid names "email" or "role". The answer does not depend on
// whether the address has an account elsewhere.
func (s *Service) Invite(ctx context.Context, who access.Caller, email string, role access.Role, provider id.ID) error {
	if err := owns(who); err != nil {
		return err
	}
	var f fault.Fields
	address, err := contact.ParseEmail(email)
	under("email", err, &f)
	if !role.IsStaff() {
		f.Add("role", "field.role.invalid")
	}
	if err := f.Err(); err != nil {
		return err
	}
	if !MayGrant(who.Role(), role) {
		return forbidden()
	}
	var clinic clinics.Clinic
	err = s.db.View(ctx, who, access.ClinicStaff, func(_ context.Context, v *store.View) error {
		var err error
		clinic, err = clinics.Get(v)
		return err
	})
	if err != nil {
		return err
	}
	note := audit.Note{Action: "invite", Kind: "invitation", New: map[string]string{"email": string(address), "role": string(role)}}
	err = s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		token, err := signInToken(p, address.Key())
		if err != nil {
			return err
		}
		if there, err := byMail(p, address.Key()); err != nil {
			return err
		} else if !there.id.IsZero() {
			if _, _, err := standing(p, who.Clinic(), there.id); err == nil {
				var f fault.Fields
				f.Add("email", "field.email.already_here")
				return f.Err()
			} else if !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		if _, err := p.Exec(sqlInvitationOf, who.Clinic(), token, p.Now()); err != nil {
			return err
		}
		var waiting int64
		if err := p.Row(sqlInvitationCount, who.Clinic(), p.Now()).Scan(&waiting); err != nil {
			return err
		}
		if waiting >= mostInvitations {
			return fault.New(fault.TooMany, "fault.too_many_invitations")
		}
		by := ""
		if !who.Actor().IsZero() {
			if inviter, err := readPerson(p, who.Actor(), false); err == nil {
				by = inviter.Name
			} else if err != store.ErrNoRows {
				return err
			}
		}
		invitation := p.NewID()
		sealed, err := p.Seal(ownData, "invitation", "email", invitation, string(address))
		if err != nil {
			return err
		}
		text, hash := newSecret()
		if _, err := p.Exec(sqlInvitationAdd, hash, invitation, who.Clinic(), token, sealed, string(role), id.Null(provider), who.Actor(), p.Now(), p.Now().Add(inviteLife)); err != nil {
			return err
		}
		note.Subject = invitation
		p.Record(note)
		return plan(p, id.Zero, letter{Kind: mailInvitation, Link: "/invitation?token=" + text, Language: first(clinic.Languages), To: string(address),
			Clinic: clinic.Name, By: by, Role: string(role)}, false)
	})
	if err != nil {
		return err
	}
	s.planned()
	return s.db.Change(ctx, who, access.ClinicStaff, func(_ context.Context, tx *store.Tx) error {
		tx.Record(note)
		return nil
	})
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func invitations(p *store.Platform, clinic id.ID) ([]Invited, error) {
	rows, err := p.Query(sqlInvitationList, clinic, p.Now())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Invited
	for rows.Next() {
		var x Invited
		var sealed []byte
		var role string
		if err := rows.Scan(&x.ID, &sealed, &role, &x.By, &x.Expires); err != nil {
			return nil, err
		}
		x.Role = access.Role(role)
		if x.Email, err = p.Unseal(ownData, "invitation", "email", x.ID, sealed); err != nil {
			x.Email = "" // it can still be withdrawn
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// Withdraw ends an invitation that waits. fault.NotFound when there is none such in the clinic.
func (s *Service) Withdraw(ctx context.Context, who access.Caller, invitation id.ID) error {
	if err := owns(who); err != nil {
		return err
	}
	note := audit.Note{Action: "withdraw", Kind: "invitation", Subject: invitation}
	err := s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		p.Record(note)
		return p.Must(sqlInvitationVoid, who.Clinic(), invitation, p.Now())
	})
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicStaff, func(_ context.Context, tx *store.Tx) error {
		tx.Record(note)
		return nil
	})
}

// Invitation is an invitation as whoever holds its link sees it.
type Invitation struct {
	Clinic     id.ID
	ClinicName string
	Role       access.Role
	InvitedBy  string // empty when she cannot be read
	Email      string
	Known      bool // the address has an account: its password is asked, nothing new
	Expires    time.Time
}

type invitationRow struct {
	id, clinic, provider, by id.ID
	token, sealed            []byte
	role                     access.Role
	expires                  clock.Instant
}

func readInvitation(p *store.Platform, hash []byte) (invitationRow, contact.Email, error) {
	var r invitationRow
	var role string
	err := p.Row(sqlInvitationGet, hash, p.Now()).Scan(&r.id, &r.clinic, &r.token, &r.sealed, &role, &r.provider, &r.by, &r.expires)
	if err == store.ErrNoRows {
		return r, "", linkGone()
	}
	if err != nil {
		return r, "", err
	}
	r.role = access.Role(role)
	mail, err := p.Unseal(ownData, "invitation", "email", r.id, r.sealed)
	return r, contact.Email(mail), err
}

// Invitation reads what an invitation's link leads to, without using it. fault.NotFound "fault.link_gone" when it does not work.
func (s *Service) Invitation(ctx context.Context, token string) (Invitation, error) {
	_, hash, ok := secretHash(token)
	if !ok {
		return Invitation{}, linkGone()
	}
	var out Invitation
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		r, mail, err := readInvitation(p, hash)
		if err != nil {
			return err
		}
		there, err := byMail(p, mail.Key())
		if err != nil {
			return err
		}
		out = Invitation{Clinic: r.clinic, Role: r.role, Email: string(mail), Known: !there.id.IsZero(), Expires: r.expires.Time()}
		if inviter, err := readPerson(p, r.by, false); err == nil {
			out.InvitedBy = inviter.Name
		}
		return nil
	})
	if err != nil {
		return Invitation{}, err
	}
	err = s.db.View(ctx, Public(out.Clinic), access.PublicRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		out.ClinicName = c.Name
		return err
	})
	return out, err
}

// AcceptInvitation makes whoever holds the link, and proves to be the person of its address, a member of the clinic, and signs her in
// there. A known address gives its password; an unknown one fills in the draft (its Email is not read: the invitation has it).
// Of many who accept at once one succeeds. fault.Invalid names wrong fields; fault.Unauthenticated and fault.TooMany as SignIn;
// fault.NotFound "fault.link_gone" when the link does not work.
func (s *Service) AcceptInvitation(ctx context.Context, token string, d Draft, at Device, before string) (Started, error) {
	_, hash, ok := secretHash(token)
	if !ok {
		return Started{}, linkGone()
	}
	inv, err := s.Invitation(ctx, token)
	if err != nil {
		return Started{}, err
	}
	var a attempt
	var c clean
	stored, right := "", false
	if inv.Known {
		if a, right, _, err = s.prove(ctx, inv.Email, d.Password, at); err != nil {
			return Started{}, err
		}
	} else {
		d.Email, d.Clinic = inv.Email, inv.ClinicName
		var f fault.Fields
		c = s.check(d, false, &f)
		if err := f.Err(); err != nil {
			return Started{}, err
		}
		if stored, err = s.hashes.hash(ctx, c.password); err != nil {
			return Started{}, err
		}
	}
	var out Started
	person, shown := a.person.id, false
	err = s.db.Across(ctx, atTheDoor(a.person.id, id.Zero), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		person, shown = a.person.id, !inv.Known
		if inv.Known {
			var err error
			if shown, err = s.outcome(p, a, right, ""); err != nil || !shown {
				return err
			}
		}
		r, mail, err := readInvitation(p, hash)
		if err != nil {
			return err
		}
		if n, err := p.Exec(sqlInvitationUse, hash, p.Now()); err != nil {
			return err
		} else if n != 1 {
			return linkGone()
		}
		if person.IsZero() {
			if there, err := byMail(p, mail.Key()); err != nil {
				return err
			} else if !there.id.IsZero() {
				return linkGone() // she signed up meanwhile: the page asks for her password when it is opened again
			}
			person = p.NewID()
			if err := s.addPerson(p, newPerson{id: person, token: r.token, clean: c, hash: stored, verified: true}); err != nil {
				return err
			}
		}
		p.Record(audit.Note{Action: "join", Kind: "membership", Subject: person, Patient: person, Old: r.by, New: string(r.role)})
		if err := addMember(p, r.clinic, person, r.role, r.provider); err != nil {
			return err
		}
		out, err = s.begin(p, person, at, r.clinic, before, oneFactor)
		return err
	})
	if errors.Is(err, store.ErrUnique) {
		err = linkGone()
	}
	if err == nil && !shown {
		err = wrongSignIn()
	}
	if err != nil {
		return Started{}, err
	}
	// The right is that of reading: whoever joins writes nothing but that she did.
	err = s.db.Change(ctx, staff(inv.Clinic, person, id.Zero, inv.Role), access.ClinicRead, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "join", Kind: "membership", Subject: person, New: string(inv.Role)})
		return nil
	})
	return out, err
}
