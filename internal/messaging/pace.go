package messaging

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/store"
)

// Limit is one message every so often, some of which may be borrowed from what is to come.
type Limit struct {
	Account string // the sender, as its provider calls it
	To      string // the recipient; empty for all recipients of the sender together
	Every   time.Duration
	Borrow  int // messages at once, at least 1
}

// Ahead is how long before its turn a message may go.
func (l Limit) Ahead() time.Duration { return time.Duration(max(l.Borrow, 1)-1) * l.Every }

// Pace keeps the limits of providers before a provider has to. It never makes anybody wait: it says how long to wait, so that the message
// goes back to the outbox.
type Pace interface {
	// Take books a place under every limit, or under none and says how long to wait. undo gives the places back, for a message that did
	// not leave after all. An error means that nobody knows; nothing may be sent then.
	Take(ctx context.Context, limits ...Limit) (wait time.Duration, undo func(), err error)
	// Hold lets nothing through under the limit for a while: the provider said so.
	Hold(ctx context.Context, l Limit, wait time.Duration) error
}

const (
	sqlPaceTake = `INSERT INTO pace (account, bucket, free_at) VALUES ($1, $2, CAST($3 AS BIGINT) + CAST($4 AS BIGINT))
	ON CONFLICT (account, bucket) DO UPDATE SET free_at = CASE WHEN pace.free_at > CAST($3 AS BIGINT) THEN pace.free_at ELSE CAST($3 AS BIGINT) END + CAST($4 AS BIGINT) WHERE pace.free_at <= $5`
	sqlPaceFree = `SELECT free_at FROM pace WHERE account = $1 AND bucket = $2`
	sqlPaceBack = `UPDATE pace SET free_at = free_at - $3 WHERE account = $1 AND bucket = $2`
	sqlPaceHold = `INSERT INTO pace (account, bucket, free_at) VALUES ($1, $2, $3) ON CONFLICT (account, bucket) DO UPDATE SET free_at = excluded.free_at WHERE pace.free_at < excluded.free_at`
	sqlPaceTidy = `DELETE FROM pace WHERE free_at < $1`
)

// SharedPace is a Pace that all processes on one database keep together (decision 51). It is safe for concurrent use.
type SharedPace struct {
	db  *store.DB
	who access.Caller
}

var _ Pace = (*SharedPace)(nil)

// NewSharedPace keeps limits in the database. The caller is the platform's own worker.
func NewSharedPace(db *store.DB, who access.Caller) *SharedPace { return &SharedPace{db, who} }

// key is where the limit is counted. A recipient is one of many in her bucket.
func (l Limit) key() (account []byte, bucket int64) {
	of := sha256.Sum256([]byte(l.Account))
	if l.To == "" {
		return of[:16], -1
	}
	to := sha256.Sum256([]byte(l.Account + "\x00" + l.To))
	return of[:16], int64(binary.BigEndian.Uint32(to[:4]) >> 8)
}

var errFull = errors.New("messaging: a limit is used up")

func (s *SharedPace) across(ctx context.Context, do func(p *store.Platform) error) error {
	return s.db.Across(ctx, s.who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the limits of providers are counted")
		return do(p)
	})
}

// Take is one transaction. The row of the sender is taken first by everybody, so that nobody waits for anybody in a circle.
func (s *SharedPace) Take(ctx context.Context, limits ...Limit) (time.Duration, func(), error) {
	var wait time.Duration
	err := s.across(ctx, func(p *store.Platform) error {
		wait = 0
		for _, l := range limits {
			account, bucket := l.key()
			n, err := p.Exec(sqlPaceTake, account, bucket, p.Now(), l.Every.Microseconds(), p.Now().Add(l.Ahead()))
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			var free clock.Instant
			if err := p.Row(sqlPaceFree, account, bucket).Scan(&free); err != nil {
				return err
			}
			wait = max(wait, free.Sub(p.Now())-l.Ahead())
		}
		if wait > 0 {
			return errFull
		}
		return nil
	})
	switch {
	case errors.Is(err, errFull):
		return wait, func() {}, nil
	case err != nil:
		return 0, func() {}, err
	}
	return 0, func() {
		_ = s.across(context.WithoutCancel(ctx), func(p *store.Platform) error { // a place that is not given back is free a little later by itself
			for _, l := range limits {
				account, bucket := l.key()
				if _, err := p.Exec(sqlPaceBack, account, bucket, l.Every.Microseconds()); err != nil {
					return err
				}
			}
			return nil
		})
	}, nil
}

// Hold moves the moment at which the limit is free.
func (s *SharedPace) Hold(ctx context.Context, l Limit, wait time.Duration) error {
	return s.across(context.WithoutCancel(ctx), func(p *store.Platform) error {
		account, bucket := l.key()
		_, err := p.Exec(sqlPaceHold, account, bucket, p.Now().Add(wait+l.Ahead()))
		return err
	})
}

// Tidy deletes what has long come free.
func (s *SharedPace) Tidy(ctx context.Context) error {
	return s.across(ctx, func(p *store.Platform) error {
		_, err := p.Exec(sqlPaceTidy, p.Now())
		return err
	})
}
