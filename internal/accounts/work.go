package accounts

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/store"
)

// How long what is over stays.
const (
	keepLinks    = 7 * 24 * time.Hour
	keepInvites  = 30 * 24 * time.Hour
	keepMails    = 30 * 24 * time.Hour
	keepTries    = 30 * 24 * time.Hour
	keepPending  = time.Hour            // a code app that was never confirmed
	keepDevices  = 180 * 24 * time.Hour // a browser that did not sign in again
	keepEvents   = 30 * 24 * time.Hour
	keepUnproven = 48 * time.Hour // a sign-up that nobody confirmed; its link is dead after half of it
)

const (
	sqlTidySessions    = `DELETE FROM session WHERE expires_at <= $1 OR seen_at <= $2`
	sqlTidyLinks       = `DELETE FROM one_time_link WHERE expires_at <= $1`
	sqlTidyInvitations = `DELETE FROM invitation WHERE expires_at <= $1`
	sqlTidyMails       = `DELETE FROM outgoing_mail WHERE created_at <= $1 AND state IN ('sent', 'refused', 'uncertain', 'void')`
	sqlTidyVoid        = `DELETE FROM outgoing_mail WHERE created_at <= $1 AND state = 'void'`
	sqlTidyThrottle    = `DELETE FROM throttle WHERE seen_at <= $1 AND failures < $2`

	sqlTidyChallenges = `DELETE FROM challenge WHERE expires_at <= $1`
	sqlTidyPending    = `DELETE FROM authenticator WHERE confirmed_at = 0 AND created_at <= $1`
	sqlTidyDevices    = `DELETE FROM known_device WHERE seen_at <= $1`
	sqlTidyEvents     = `DELETE FROM sign_in_event WHERE at <= $1`

	sqlUnprovenList       = `SELECT id FROM person WHERE verified_at = 0 AND created_at <= $1 ORDER BY id LIMIT $2`
	sqlUnprovenLinks      = `DELETE FROM one_time_link WHERE person_id = $1`
	sqlUnprovenMails      = `DELETE FROM outgoing_mail WHERE person_id = $1`
	sqlUnprovenAcceptance = `DELETE FROM acceptance WHERE person_id = $1`
	sqlUnprovenPerson     = `DELETE FROM person WHERE id = $1 AND verified_at = 0`
)

// Tidy takes away what is over: ended sessions, dead links and invitations, settled mails, old counts, and the people of sign-ups that
// nobody confirmed, whose keys are destroyed first. who is the system. Run it every hour; it is safe to run at any time, by several
// processes too. It answers how many unconfirmed people went.
func (s *Service) Tidy(ctx context.Context, who access.Caller) (int, error) {
	var gone []id.ID
	err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("what is over goes")
		gone = nil
		now := p.Now()
		for _, x := range []struct {
			text string
			args []any
		}{
			{sqlTidySessions, []any{now, now.Add(-mostIdle)}},
			{sqlTidyChallenges, []any{now}},
			{sqlTidyPending, []any{now.Add(-keepPending)}},
			{sqlTidyDevices, []any{now.Add(-keepDevices)}},
			{sqlTidyEvents, []any{now.Add(-keepEvents)}},
			{sqlTidyLinks, []any{now.Add(-keepLinks)}},
			{sqlTidyInvitations, []any{now.Add(-keepInvites)}},
			{sqlTidyMails, []any{now.Add(-keepMails)}},
			{sqlTidyVoid, []any{now.Add(-mailLife)}},
			{sqlTidyThrottle, []any{now.Add(-keepTries), accountRule.hard}},
		} {
			if _, err := p.Exec(x.text, x.args...); err != nil {
				return err
			}
		}
		rows, err := p.Query(sqlUnprovenList, now.Add(-keepUnproven), 500)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var person id.ID
			if err := rows.Scan(&person); err != nil {
				return err
			}
			gone = append(gone, person)
		}
		return rows.Err()
	})
	if err != nil {
		return 0, err
	}
	for i, person := range gone {
		if err := s.db.Vault().Shred(ctx, id.Zero, person, "unconfirmed-sign-up"); err != nil {
			return i, err
		}
		err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("the rows of a sign-up that nobody confirmed")
			for _, text := range []string{sqlUnprovenLinks, sqlUnprovenMails, sqlUnprovenAcceptance, sqlUnprovenPerson} {
				if _, err := p.Exec(text, person); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return i, err
		}
	}
	return len(gone), nil
}
