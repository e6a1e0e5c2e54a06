package store

import (
	"context"
	"database/sql/driver"
	"time"

	"almirah/internal/clock"
)

// restMost is the longest rest between two pieces of long work.
const restMost = 250 * time.Millisecond

// Gently does one piece of the long work of one clinic, an import for instance. Where others are served by this process meanwhile it rests afterwards as long as the
// piece took, so that the work takes half of a core from its neighbours and not all of it (row "noisy" of the bench). Where nobody is, it does not rest.
func (db *DB) Gently(ctx context.Context, piece func() error) error {
	begun := clock.System{}.Now()
	err := piece()
	if err != nil || !db.readers.lent() {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	rest := time.NewTimer(min(clock.System{}.Now().Sub(begun), restMost))
	defer rest.Stop()
	select {
	case <-rest.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lent says whether somebody has a lane at this moment.
func (s *lanes) lent() bool { return len(s.free) < cap(s.free) }

// Rest gives back what idle connections to SQLite hold: all but one reader are closed and open
// again when somebody needs them, the others let go of their page caches. A connection that
// somebody uses is left alone. On PostgreSQL the server has its own caches, and nothing is done.
func (db *DB) Rest(ctx context.Context) error {
	if db.engine != SQLite {
		return nil
	}
	for _, lanes := range []*lanes{db.readers, db.writers} {
		kept := false
		for _, l := range lanes.resting() {
			switch {
			case l.conn == nil, l.group != nil:
			case !kept:
				kept = true
				if _, err := l.conn.ExecContext(ctx, "PRAGMA shrink_memory"); err != nil {
					l.close()
				}
			default:
				l.close()
			}
			lanes.put(l)
		}
	}
	return nil
}

// resting takes the lanes that nobody has, the one used last first.
func (s *lanes) resting() (out []*lane) {
	for {
		select {
		case <-s.free:
			out = append(out, s.pop())
		default:
			return out
		}
	}
}

// close ends the lane's connection itself, which drop only hands back to its pool.
func (l *lane) close() {
	for _, s := range l.stmt {
		_ = s.Close()
	}
	_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = l.conn.Close()
	l.conn, l.stmt = nil, nil
}
