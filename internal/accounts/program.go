package accounts

import (
	"context"
	"errors"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const sqlProgramMaker = `SELECT m.role FROM membership m JOIN person p ON p.id = m.person_id
	WHERE m.clinic_id = $1 AND m.person_id = $2 AND m.ended_at = 0 AND m.created_at <= $3 AND p.disabled_at = 0`

// ForProgram is a program of the clinic's own, by a token that the person made at that moment. What she is to the clinic is read each time: a
// program may never do more than she may now, and nothing once she has left, even if she comes back. fault.Unauthenticated then.
func (s *Service) ForProgram(ctx context.Context, clinic, maker, token id.ID, made clock.Instant, scopes access.ProgramScope) (access.Caller, error) {
	var role string
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		return p.Row(sqlProgramMaker, clinic, maker, made).Scan(&role)
	})
	if errors.Is(err, store.ErrNoRows) {
		return access.Caller{}, fault.New(fault.Unauthenticated, "fault.token_refused")
	}
	if err != nil {
		return access.Caller{}, err
	}
	return access.MintProgram(clinic, token, access.Role(role), scopes), nil
}
