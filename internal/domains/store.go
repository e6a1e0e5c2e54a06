package domains

import (
	"errors"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlDomainGet   = `SELECT host, proof, claimed_at, proven_at, checked_at, failing_at, due_at, problem, found, version FROM domain WHERE clinic_id = $1`
	sqlDomainClaim = `INSERT INTO domain (clinic_id, host, proof, claimed_at, due_at) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (clinic_id) DO UPDATE SET host = excluded.host, proof = excluded.proof, claimed_at = excluded.claimed_at, due_at = excluded.due_at,
	proven_at = 0, checked_at = 0, failing_at = 0, problem = '', found = '', version = domain.version + 1`
	sqlDomainRemove = `DELETE FROM domain WHERE clinic_id = $1`
	sqlDomainSeen   = `UPDATE domain SET claimed_at = $3, proven_at = $4, checked_at = $5, failing_at = $6, due_at = $7, problem = $8, found = $9, version = version + 1
	WHERE clinic_id = $1 AND version = $2`
	sqlDomainHolder = `SELECT clinic_id FROM domain WHERE host = $1 AND proven_at > 0`
	sqlDomainDue    = `SELECT clinic_id FROM domain WHERE due_at <= $1 ORDER BY due_at, clinic_id LIMIT 50`
	sqlDomainOf     = `SELECT d.clinic_id, r.slug FROM domain d JOIN clinic_route r ON r.clinic_id = d.clinic_id WHERE d.host = $1 AND d.proven_at > 0 AND r.opened_at > 0`

	sqlCertificateGet  = `SELECT sealed FROM certificate WHERE name = $1`
	sqlCertificatePut  = `INSERT INTO certificate (name, sealed, kept_at, ends_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, kept_at = excluded.kept_at, ends_at = excluded.ends_at`
	sqlCertificateDrop = `DELETE FROM certificate WHERE name = $1`
	sqlCertificateEnds = `SELECT ends_at FROM certificate WHERE name = $1`
	sqlCertificateOld  = `DELETE FROM certificate WHERE ends_at > 0 AND ends_at <= $1`
)

func readDomain(p *store.Platform, clinic id.ID) (d Domain, there bool, err error) {
	err = p.Row(sqlDomainGet, clinic).Scan(&d.Host, &d.Proof, &d.Claimed, &d.Proven, &d.Checked, &d.Failing, &d.dueAt, &d.Problem, &d.Found, &d.Version)
	if errors.Is(err, store.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, err
}

// holder is the clinic that has proven the name; zero when none has.
func holder(p *store.Platform, host string) (clinic id.ID, err error) {
	if err = p.Row(sqlDomainHolder, host).Scan(&clinic); errors.Is(err, store.ErrNoRows) {
		return id.Zero, nil
	}
	return clinic, err
}

func due(p *store.Platform, now clock.Instant) (out []id.ID, err error) {
	rows, err := p.Query(sqlDomainDue, now)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c id.ID
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
