package accounts

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Some acts need two people. One person could be both if she invited herself under another address after she had asked: so the second word is nobody's who came after the first.

const (
	sqlMemberSince = `SELECT COALESCE(MAX(created_at), 0) FROM membership WHERE clinic_id = $1 AND person_id = $2 AND ended_at = 0`
	sqlHelperSince = `SELECT COALESCE(MAX(added_at), 0) FROM helper WHERE person_id = $1 AND ended_at = 0`
)

// Here is since when the caller belongs to the clinic for which she speaks, or to the people of the platform; zero for work of our own.
func (s *Service) Here(ctx context.Context, who access.Caller) (since clock.Instant, err error) {
	if who.Actor().IsZero() {
		return 0, nil
	}
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		if who.Clinic().IsZero() {
			return p.Row(sqlHelperSince, who.Actor()).Scan(&since)
		}
		return p.Row(sqlMemberSince, who.Clinic(), who.Actor()).Scan(&since)
	})
	return since, err
}

// TooNew refuses the second word of somebody who came after the first.
func TooNew() error { return fault.New(fault.Forbidden, "fault.second_too_new") }
