package app

import (
	"context"
	"time"

	"almirah/internal/id"
)

// A live check of what is promised about support.

const (
	sqlProbeGrants = `SELECT COUNT(*) FROM support_grant WHERE clinic_id = $1 AND (ends_at > decided_at + 14400000000 OR state = 'running' AND (decided_at = 0 OR NOT emergency AND decided_by IS NULL)
	OR emergency AND ends_at > decided_at + 3600000000)`
	sqlProbeLent = `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND id > $2 AND role = 'support' AND grant_id IS NULL AND kind <> 'grant'`
)

// grants looks for grants that are longer than they may be or that nobody gave, and for entries of support under no grant in the last month.
func (p probe) grants(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeGrants, "grants are longer than promised, or nobody gave them"); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeLent, "entries of support stand under no grant", id.First(p.Clock.Now().Add(-30*24*time.Hour)))
}
