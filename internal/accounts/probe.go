package accounts

import (
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// What the live looks ask of this room.

const (
	sqlErasedLeft = `SELECT COUNT(*) FROM person p WHERE LENGTH(p.email) = 0 AND (p.password <> '' OR p.name IS NOT NULL OR p.phone IS NOT NULL OR p.job_title IS NOT NULL OR p.disabled_at = 0
	OR EXISTS (SELECT 1 FROM session x WHERE x.person_id = p.id) OR EXISTS (SELECT 1 FROM authenticator x WHERE x.person_id = p.id) OR EXISTS (SELECT 1 FROM recovery_code x WHERE x.person_id = p.id)
	OR EXISTS (SELECT 1 FROM challenge x WHERE x.person_id = p.id) OR EXISTS (SELECT 1 FROM known_device x WHERE x.person_id = p.id) OR EXISTS (SELECT 1 FROM sign_in_event x WHERE x.person_id = p.id)
	OR EXISTS (SELECT 1 FROM one_time_link x WHERE x.person_id = p.id) OR EXISTS (SELECT 1 FROM outgoing_mail x WHERE x.person_id = p.id) OR EXISTS (SELECT 1 FROM membership x WHERE x.person_id = p.id AND x.ended_at = 0))`
	sqlErasedWho = `SELECT id FROM person WHERE LENGTH(email) = 0 ORDER BY disabled_at DESC LIMIT 100`
	sqlSecretsIn = `SELECT secret FROM authenticator ORDER BY person_id, id LIMIT 200`
)

// Erased are the people who were erased, the last hundred, and of how many something is left (promise staff-erased).
func Erased(p *store.Platform) (left int64, who []id.ID, err error) {
	if err = p.Row(sqlErasedLeft).Scan(&left); err != nil {
		return left, nil, err
	}
	rows, err := p.Query(sqlErasedWho)
	if err != nil {
		return left, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return left, who, err
		}
		who = append(who, one)
	}
	return left, who, rows.Err()
}

// Bare counts secrets of code apps and passkeys that lie unsealed, of the first two hundred (promise secrets-kept-apart).
func Bare(p *store.Platform) (n, looked int64, err error) {
	rows, err := p.Query(sqlSecretsIn)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return n, looked, err
		}
		if looked++; !vault.Sealed(b) {
			n++
		}
	}
	return n, looked, rows.Err()
}
