package accounts

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Arriving is somebody who works at a clinic, as an archive carries her: no password, no factor, no session.
type Arriving struct {
	ID       string `json:"id"`
	Email    string `json:"email"`
	Name     string `json:"name"`
	Phone    string `json:"phone,omitempty"`
	JobTitle string `json:"job_title,omitempty"`
	Role     string `json:"role"`
	Provider string `json:"provider,omitempty"`
}

// StaffOf are the people of a clinic as an archive carries them; who cannot be opened is left out.
func (s *Service) StaffOf(ctx context.Context, who access.Caller, clinic id.ID) ([]Arriving, error) {
	var out []Arriving
	err := s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		out = out[:0]
		people, err := members(p, clinic)
		for _, m := range people {
			if m.Broken {
				continue
			}
			x := Arriving{ID: m.Person.ID.String(), Email: m.Person.Email, Name: m.Person.Name, Phone: m.Person.Phone, JobTitle: m.Person.JobTitle, Role: string(m.Role)}
			if !m.Provider.IsZero() {
				x.Provider = m.Provider.String()
			}
			out = append(out, x)
		}
		return err
	})
	return out, err
}

// InviteArrived invites the people of a clinic that arrived from another house, in their roles there. Who has an invitation or belongs to the clinic
// already is left as she is; what is no address or no role is left out. Nobody's password travels.
func (s *Service) InviteArrived(ctx context.Context, who access.Caller, c clinics.Clinic, list []Arriving) error {
	for _, x := range list {
		address, err := contact.ParseEmail(x.Email)
		role := access.Role(x.Role)
		if err != nil || address == "" || !role.IsStaff() {
			continue
		}
		provider, _ := id.Parse(x.Provider) // nobody's where there is none
		err = s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
			token, err := signInToken(p, address.Key())
			if err != nil {
				return err
			}
			if there, err := byMail(p, address.Key()); err != nil {
				return err
			} else if !there.id.IsZero() {
				if _, _, err := standing(p, c.ID, there.id); err == nil {
					p.Housekeeping("she belongs to the clinic already")
					return nil
				}
			}
			var waits int64
			if err := p.Row(sqlInvitationWaits, c.ID, token, p.Now()).Scan(&waits); err != nil {
				return err
			}
			if waits > 0 {
				p.Housekeeping("she was invited by an import that broke off behind it")
				return nil
			}
			invitation := p.NewID()
			sealed, err := p.Seal(ownData, "invitation", "email", invitation, string(address))
			if err != nil {
				return err
			}
			text, hash := newSecret()
			if _, err := p.Exec(sqlInvitationAdd, hash, invitation, c.ID, token, sealed, string(role), id.Null(provider), who.Actor(), p.Now(), p.Now().Add(inviteLife)); err != nil {
				return err
			}
			p.Record(audit.Note{Action: "invite", Kind: "invitation", Subject: invitation, New: map[string]string{"email": string(address), "role": string(role)}})
			return plan(p, id.Zero, letter{Kind: mailInvitation, Link: "/invitation?token=" + text, Language: first(c.Languages), To: string(address), Clinic: c.Name, Role: string(role)}, false)
		})
		if err != nil {
			return err
		}
	}
	s.planned()
	return nil
}
