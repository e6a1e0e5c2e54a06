package accounts

import (
	"context"
	"crypto/rand"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Erasing somebody who worked at a clinic: her name, her addresses and every way in go, and her key with them. What stays is an id: in the audit log, which keeps its entries and still
// verifies, and in what she signed, where the law wants her name as it was printed (promise staff-erased).

const (
	sqlErasable     = `SELECT m.role, (SELECT COUNT(*) FROM membership o WHERE o.person_id = $2 AND o.ended_at = 0), (SELECT COUNT(*) FROM helper h WHERE h.person_id = $2 AND h.ended_at = 0) FROM membership m WHERE m.clinic_id = $1 AND m.person_id = $2`
	sqlPersonErase  = `UPDATE person SET email_token = $2, email = $3, name = NULL, phone = NULL, job_title = NULL, password = '', theme = '', verified_at = 0, disabled_at = $4, version = version + 1 WHERE id = $1`
	sqlPersonLeft   = `SELECT COUNT(*) FROM person WHERE id = $1 AND (password <> '' OR name IS NOT NULL)`
	sqlInvitedErase = `DELETE FROM invitation WHERE email_token = (SELECT email_token FROM person WHERE id = $1)`
	sqlSessionErase = `DELETE FROM session WHERE person_id = $1`
	sqlFactorErase  = `DELETE FROM authenticator WHERE person_id = $1`
	sqlCodeErase    = `DELETE FROM recovery_code WHERE person_id = $1`
	sqlAskErase     = `DELETE FROM challenge WHERE person_id = $1`
	sqlDeviceErase  = `DELETE FROM known_device WHERE person_id = $1`
	sqlTriesErase   = `DELETE FROM sign_in_event WHERE person_id = $1`
	sqlLinkErase    = `DELETE FROM one_time_link WHERE person_id = $1`
	sqlMailErase    = `DELETE FROM outgoing_mail WHERE person_id = $1`
	sqlListErase    = `DELETE FROM mail_choice WHERE person_id = $1`
)

// Former is somebody who worked at the clinic, before she is erased.
type Former struct {
	ID        id.ID
	Name      string
	Role      access.Role
	Elsewhere bool // she works at another clinic here, or for the platform: then her account is hers to erase
}

// Former says whom erasing would concern. fault.NotFound for somebody who never worked there or is erased, fault.Conflict while she works there.
func (s *Service) Former(ctx context.Context, who access.Caller, person id.ID) (out Former, err error) {
	if err := owns(who); err != nil {
		return out, err
	}
	err = s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		out, err = former(p, who, person)
		return err
	})
	if err != nil {
		return out, err
	}
	all, err := s.Colleagues(ctx, who)
	for _, c := range all {
		if c.ID == person {
			out.Name = c.Name
			if !c.Left {
				return out, fault.New(fault.Conflict, "fault.works_here")
			}
		}
	}
	if err == nil && out.Name == "" {
		err = fault.Missing()
	}
	return out, err
}

func former(p *store.Platform, who access.Caller, person id.ID) (out Former, err error) {
	var works, helps int
	var role string
	err = p.Row(sqlErasable, who.Clinic(), person).Scan(&role, &works, &helps)
	if err == store.ErrNoRows {
		return out, fault.Missing()
	}
	out = Former{ID: person, Role: access.Role(role), Elsewhere: works+helps > 0}
	if err == nil && !MayGrant(who.Role(), out.Role) {
		return out, forbidden()
	}
	return out, err
}

// EraseFormer erases somebody who worked at the caller's clinic and works nowhere here any more. shred destroys her key; it is called as the last thing before all is committed, and what a crash leaves then
// FinishErased takes away. fault.NotFound, fault.Conflict while she works somewhere, fault.Forbidden for whom the caller could not have invited.
func (s *Service) EraseFormer(ctx context.Context, who access.Caller, person id.ID, shred func(ctx context.Context) error) error {
	if err := store.Withheld(ctx); err != nil {
		return err
	}
	if err := owns(who); err != nil {
		return err
	}
	err := s.db.Across(ctx, who, access.PlatformMembers, func(ctx context.Context, p *store.Platform) error {
		f, err := former(p, who, person)
		if err != nil {
			return err
		}
		if f.Elsewhere {
			return fault.New(fault.Conflict, "fault.works_here")
		}
		if err := erasePerson(p, person); err != nil {
			return err
		}
		return shred(ctx)
	})
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicStaff, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "erase", Kind: "membership", Subject: person})
		return nil
	})
}

func erasePerson(p *store.Platform, person id.ID) error {
	for _, text := range []string{sqlPersonHold, sqlInvitedErase, sqlSessionErase, sqlFactorErase, sqlCodeErase, sqlAskErase, sqlDeviceErase, sqlTriesErase, sqlLinkErase, sqlMailErase, sqlListErase, sqlToldForget} {
		if _, err := p.Exec(text, person); err != nil {
			return err
		}
	}
	nobody := make([]byte, 16) // a mark that no address gives
	_, _ = rand.Read(nobody)
	n, err := p.Exec(sqlPersonErase, person, nobody, []byte{}, p.Now())
	if err == nil && n != 1 {
		err = fault.Missing()
	}
	p.Record(audit.Note{Action: "erase", Kind: "person", Subject: person})
	return err
}

// FinishErased takes away what is left of people whose key was destroyed: after a crash, or when the data came back from a backup. who is the platform's own work.
func (s *Service) FinishErased(ctx context.Context, who access.Caller, gone []id.ID) error {
	for _, one := range gone {
		var left int
		err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("nothing is left of an erased person")
			if err := p.Row(sqlPersonLeft, one).Scan(&left); err != nil || left == 0 {
				return err
			}
			return erasePerson(p, one)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
