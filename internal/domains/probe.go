package domains

import (
	"time"

	"almirah/internal/store"
	"almirah/internal/vault"
)

// What the live looks ask of this room.

const (
	sqlStale    = `SELECT COUNT(*) FROM domain WHERE proven_at > 0 AND checked_at < $1`
	sqlShared   = `SELECT COUNT(*) FROM (SELECT host FROM domain WHERE proven_at > 0 GROUP BY host HAVING COUNT(*) > 1) AS twice`
	sqlHoarded  = `SELECT COUNT(*) FROM domain d WHERE d.proven_at = 0 AND d.claimed_at < $1 OR NOT EXISTS (SELECT 1 FROM clinic_route r WHERE r.clinic_id = d.clinic_id)`
	sqlUnproven = `SELECT host FROM domain d WHERE proven_at = 0 AND NOT EXISTS (SELECT 1 FROM domain o WHERE o.host = d.host AND o.proven_at > 0) ORDER BY claimed_at DESC LIMIT 20`
	sqlSealed   = `SELECT sealed FROM certificate ORDER BY kept_at DESC LIMIT 100`
)

// looks is how late a look at a name may be, and the release of one that nobody proved.
const looks = 24 * time.Hour

// Stands is how the clinics' names stand.
type Stands struct {
	Stale    int64    // are served and were not looked up for a day and more
	Shared   int64    // are served for two clinics
	Hoarded  int64    // are kept by a clinic that did not prove them in their time, or is not there any more
	Unproven []string // some that were claimed and not proven
	Kept     int      // certificates and keys that are kept, the newest hundred
	Bare     int      // of these, those that lie unsealed
}

// Standing reads it.
func Standing(p *store.Platform) (s Stands, err error) {
	for _, x := range []struct {
		n    *int64
		text string
		args []any
	}{{&s.Stale, sqlStale, []any{p.Now().Add(-again - looks)}}, {&s.Shared, sqlShared, nil}, {&s.Hoarded, sqlHoarded, []any{p.Now().Add(-claimLife - looks)}}} {
		if err := p.Row(x.text, x.args...).Scan(x.n); err != nil {
			return s, err
		}
	}
	rows, err := p.Query(sqlUnproven)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var host string
		if err := rows.Scan(&host); err != nil {
			return s, err
		}
		s.Unproven = append(s.Unproven, host)
	}
	if err := rows.Err(); err != nil {
		return s, err
	}
	kept, err := p.Query(sqlSealed)
	if err != nil {
		return s, err
	}
	defer kept.Close()
	for kept.Next() {
		var b []byte
		if err := kept.Scan(&b); err != nil {
			return s, err
		}
		if s.Kept++; !vault.Sealed(b) {
			s.Bare++
		}
	}
	return s, kept.Err()
}
