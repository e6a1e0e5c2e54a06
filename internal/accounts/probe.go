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
)

// What the live checks ask of this room.

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
