package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
)

// What an operator can see of the database: how large it is, what waits, which statements were slow. It names no clinic and no row.

// SlowStatement is when a statement counts as slow, from its begin until its rows were read.
const SlowStatement = 250 * time.Millisecond

// begun is when a statement begins; nobody asks the clock where nobody watches.
func (s *session) begun() time.Time {
	if s.db.slow == nil {
		return time.Time{}
	}
	return s.db.clock.Now()
}

// timed tells the watcher of a slow statement. The text holds parameters, never their values.
func (s *session) timed(text string, begun time.Time) {
	if s.db.slow == nil {
		return
	}
	if took := s.db.clock.Now().Sub(begun); took >= SlowStatement {
		s.db.slow(strings.Join(strings.Fields(text), " "), took)
	}
}

// Close ends the reading.
func (r *Rows) Close() error {
	if r.s != nil {
		r.s.timed(r.text, r.begun)
		r.s = nil
	}
	return r.Rows.Close()
}

const (
	sqlWatchDue     = `SELECT COUNT(*), COALESCE(MIN(due_at), 0) FROM pulse WHERE due_at <= $1`
	sqlWatchPending = `SELECT COUNT(*) FROM audit_pending`
	sqlWatchClinics = `SELECT COUNT(*) FROM pulse`
)

// Watched is how the database is.
type Watched struct {
	Bytes   int64         // of the database
	Version int64         // of the schema
	Clinics int64         // how many there are
	Due     int64         // clinics with work that is due
	Oldest  time.Duration // for how long the oldest of it has been
	Pending int64         // audit entries that are not in the tree yet
	InUse   int           // connections
	Open    int
}

// Watch measures the database. It is cheap: a few counts over small tables.
func (db *DB) Watch(ctx context.Context, who access.Caller) (Watched, error) {
	var w Watched
	err := db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		var oldest clock.Instant
		if err := p.Row(sqlWatchDue, p.Now()).Scan(&w.Due, &oldest); err != nil {
			return err
		}
		if w.Due > 0 {
			w.Oldest = p.Now().Sub(oldest)
		}
		if err := p.Row(sqlWatchPending).Scan(&w.Pending); err != nil {
			return err
		}
		return p.Row(sqlWatchClinics).Scan(&w.Clinics)
	})
	if err != nil {
		return w, err
	}
	for _, pool := range db.raw {
		s := pool.Stats()
		w.InUse, w.Open = w.InUse+s.InUse, w.Open+s.OpenConnections
	}
	if w.Version, err = db.version(ctx); err != nil {
		return w, err
	}
	w.Bytes, err = db.size(ctx)
	return w, err
}

func (db *DB) version(ctx context.Context) (n int64, err error) {
	err = db.reading(ctx, func(c *sql.Conn) error {
		return c.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&n)
	})
	return n, err
}

func (db *DB) size(ctx context.Context) (n int64, err error) {
	if db.engine == Postgres {
		err = db.reading(ctx, func(c *sql.Conn) error {
			return c.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&n)
		})
		return n, err
	}
	for _, part := range []string{"", "-wal"} {
		info, err := os.Stat(db.path + part)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return n, err
		}
		n += info.Size()
	}
	return n, nil
}

// Newest is the version of the schema that this program was made for.
func (db *DB) Newest() (int64, error) {
	files, err := overlay(db.engine, nil)
	if err != nil {
		return 0, err
	}
	list, err := fs.Glob(files, "*.sql")
	if err != nil || len(list) == 0 {
		return 0, err
	}
	var n int64
	for _, name := range list {
		var v int64
		for _, r := range name {
			if r < '0' || r > '9' {
				break
			}
			v = v*10 + int64(r-'0')
		}
		n = max(n, v)
	}
	return n, nil
}
