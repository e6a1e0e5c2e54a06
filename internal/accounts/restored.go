package accounts

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/store"
)

const sqlMailRestored = `UPDATE outgoing_mail SET state = 'uncertain', body = $2, due_at = $1 WHERE state IN ('planned', 'sending', 'handing-over')`

// AfterRestore marks every letter that waits as uncertain: before the database came back from a backup it may have gone. Whoever waits for one asks
// for another. It answers how many there were.
func (s *Service) AfterRestore(ctx context.Context, who access.Caller) (n int64, err error) {
	err = s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("letters that may have gone before the database came back")
		n, err = p.Exec(sqlMailRestored, p.Now(), []byte{})
		return err
	})
	return n, err
}
