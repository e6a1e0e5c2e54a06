package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
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
	sqlMailLate  = `SELECT COUNT(*), COALESCE(MIN(created_at), 0) FROM outgoing_mail WHERE state IN ('planned', 'sending', 'handing-over') AND created_at <= $1
	AND kind NOT IN ('verify', 'known', 'reset', 'invitation', 'helper')`
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

// LateNotices are how many notices were written before then and wait yet, and when the oldest was written. Mails whose link ages end by
// themselves and are no notices.
func LateNotices(p *store.Platform, before clock.Instant) (n int64, oldest clock.Instant, err error) {
	err = p.Row(sqlMailLate, before).Scan(&n, &oldest)
	return n, oldest, err
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

// Refuses says whether the password would be refused as a new one. about is what is known of the person and the clinic.
func (s *Service) Refuses(password string, about ...string) bool {
	var f fault.Fields
	s.checkPassword(password, about, &f)
	return f.Err() != nil
}

// errRehearsed takes a rehearsal back.
var errRehearsed = errors.New("accounts: a rehearsal is taken back")

// Waits types so many wrong passwords for an account that nobody has, one after the other in one moment, and answers how long each of them would have
// had to wait before it was looked at: zero for not at all. Nothing of it stays. who is the platform's own work.
func (s *Service) Waits(ctx context.Context, who access.Caller, tries int) (out []time.Duration, err error) {
	nobody := make([]byte, 32)
	_, _ = rand.Read(nobody) // crypto/rand ends the program rather than fail
	err = s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a rehearsal, which is taken back")
		out = nil
		for range tries {
			_, wait, err := strike(p, nobody, accountRule)
			if err != nil {
				return err
			}
			out = append(out, wait)
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return out, err
}

// sqlDangerous lists by which sign-in the clinic's people did last what asks for a factor shortly before. Ids begin with
// their moment, and may be later than it: those that are too early are passed over along the index.
const sqlDangerous = `SELECT session_id, MAX(at) FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND at >= $3 AND session_id IS NOT NULL
	AND (kind = 'membership' AND action = 'change-role' OR kind = 'invitation' AND action = 'invite' OR kind = 'grant' AND action = 'let-in' OR kind = 'channel' AND action = 'connect') GROUP BY session_id LIMIT 200`

// Dangerous says by which sign-ins a role was changed, somebody invited, support let in or an account of messages connected since then, and when last.
func Dangerous(v *store.View, since clock.Instant) (map[id.ID]clock.Instant, error) {
	rows, err := v.Query(sqlDangerous, id.First(since.Time()), since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.ID]clock.Instant{}
	for rows.Next() {
		var one id.ID
		var at clock.Instant
		if err := rows.Scan(&one, &at); err != nil {
			return nil, err
		}
		out[one] = at
	}
	return out, rows.Err()
}

// FreshFor is how long a factor that was shown counts for what could do most harm.
const FreshFor = freshFor
