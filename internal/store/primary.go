package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Where the address names several servers, one of them is the primary and the others follow it. A server that was the primary before a
// failover and comes back by itself takes connections for writing as well: what is read there is old. PostgreSQL numbers the times (it
// calls them timelines): each promotion begins a higher one. The doorway therefore never goes back to a server of a lower number.

// answerIn is how long a server may take to let us in, where the address does not say (connect_timeout).
const answerIn = 10 * time.Second

// unconfirmed marks a connection on which the server said that it did not wait for its standby.
const unconfirmed = "almirah.unconfirmed"

// errUnconfirmed is ErrGone in other words: what was committed stands on the primary, and may be gone after a failover.
var errUnconfirmed = fmt.Errorf("%w: the server gave up waiting for its standby", ErrGone)

// era is the highest timeline that this process has seen.
type era struct{ atomic.Uint64 }

// pass says whether a primary of this timeline may be used, and remembers it.
func (e *era) pass(n uint64) bool {
	for {
		seen := e.Load()
		if n < seen {
			return false
		}
		if n == seen || e.CompareAndSwap(seen, n) {
			return true
		}
	}
}

// parsed reads an address of PostgreSQL. Its error never repeats the address, which may hold a password.
func parsed(rawURL string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, errors.New("store: the address of PostgreSQL cannot be read; it looks like postgres://user:password@host/name?sslmode=verify-full, and the files that it names must be there")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = answerIn
	}
	return cfg, nil
}

// Several says whether the address names more than one server.
func several(cfg *pgconn.Config) bool {
	for _, f := range cfg.Fallbacks {
		if f.Host != cfg.Host || f.Port != cfg.Port {
			return true
		}
	}
	return false
}

// pooled says whether the address is of a pooler that lends a connection for one transaction: then nothing may be prepared on it.
func pooled(cfg *pgx.ConnConfig) bool {
	return cfg.DefaultQueryExecMode == pgx.QueryExecModeExec || cfg.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol
}

// Guard has connections made by cfg keep to the newest primary, and remember when the server did not wait for its standby. Another pool over
// the same database (the queue's) must be guarded too.
func (db *DB) Guard(cfg *pgconn.Config) {
	heard := cfg.OnNotice
	cfg.OnNotice = func(c *pgconn.PgConn, n *pgconn.Notice) {
		if n.Code == "01000" {
			c.CustomData()[unconfirmed] = true
		}
		if heard != nil {
			heard(c, n)
		}
	}
	if !several(cfg) {
		return
	}
	asked := cfg.ValidateConnect
	if asked == nil {
		asked = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	cfg.ValidateConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		if err := asked(ctx, c); err != nil {
			return err
		}
		n, err := timeline(ctx, c)
		if err != nil {
			return err
		}
		if !db.era.pass(n) {
			return fmt.Errorf("store: this server stands before the last failover (timeline %d, and %d is known)", n, db.era.Load())
		}
		return nil
	}
}

// timeline reads under which number a primary writes.
func timeline(ctx context.Context, c *pgconn.PgConn) (uint64, error) {
	answers, err := c.Exec(ctx, `SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)`).ReadAll()
	if err != nil {
		return 0, err
	}
	if len(answers) != 1 || len(answers[0].Rows) != 1 {
		return 0, errors.New("store: the server does not say its timeline")
	}
	return strconv.ParseUint(string(answers[0].Rows[0][0]), 16, 32)
}

// newest asks every server of the address once, so that a process which starts after a failover does not begin at the one that missed it.
// Servers that do not answer, and those that only follow, say nothing.
func (db *DB) newest(ctx context.Context, cfg *pgx.ConnConfig) {
	if !several(&cfg.Config) {
		return
	}
	type server struct {
		host string
		port uint16
		tls  *tls.Config
	}
	list := []server{{cfg.Host, cfg.Port, cfg.TLSConfig}}
	for _, f := range cfg.Fallbacks {
		list = append(list, server{f.Host, f.Port, f.TLSConfig})
	}
	var all sync.WaitGroup
	for _, s := range list {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			one := cfg.Config.Copy()
			one.Host, one.Port, one.TLSConfig, one.Fallbacks = s.host, s.port, s.tls, nil
			one.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
			c, err := pgconn.ConnectConfig(ctx, one)
			if err != nil {
				return
			}
			if n, err := timeline(ctx, c); err == nil {
				db.era.pass(n)
			}
			_ = c.Close(ctx)
		})
	}
	all.Wait()
}

// confirmed says whether the server waited for its standby when this connection committed last.
func confirmed(c *pgconn.PgConn) error {
	if c.CustomData()[unconfirmed] == true {
		delete(c.CustomData(), unconfirmed)
		return errUnconfirmed
	}
	return nil
}

// lost says whether an error means that the connection has ended, rather than that the server refused something.
func lost(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "57P") || strings.HasPrefix(pg.Code, "08") || pg.Code == "25006"
	}
	var op net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) || errors.As(err, &op) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// follows says whether a server refused to begin a transaction that writes because it was made a standby.
func follows(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "0A000"
}

// opening begins a transaction on the lane. A connection that ended while nobody used it, as every one does at a failover, is made anew: nothing
// has been asked of it yet. A server that was made to follow is left for the one that leads.
func (s *session) opening(ctx context.Context, text string) error {
	for turn := 0; ; turn++ {
		err := s.pgSimple(ctx, text)
		if err == nil || turn == 2 || ctx.Err() != nil || !lost(err) && !follows(err) {
			return err
		}
		s.lane.drop()
		c, err := s.lane.pool.Conn(ctx)
		if err != nil {
			return err
		}
		s.lane.conn, s.lane.stmt = c, map[string]*sql.Stmt{}
	}
}

// Way is how this process reaches its database, as one of its connections is now.
type Way struct {
	Local    bool   // a socket or an address of this machine
	Version  string // of TLS, such as "TLS 1.3"; empty when it is not encrypted
	Verified bool   // the server's certificate was verified, with its name, and nothing less would have been taken
}

// Way looks at a connection to PostgreSQL. On SQLite there is none.
func (db *DB) Way(ctx context.Context) (Way, error) {
	if db.engine != Postgres {
		return Way{Local: true}, nil
	}
	var w Way
	err := db.reading(ctx, func(c *sql.Conn) error {
		return c.Raw(func(x any) error {
			conn := x.(*stdlib.Conn).Conn()
			w = wayOf(conn.PgConn().Conn(), conn.Config())
			return nil
		})
	})
	return w, err
}

func wayOf(c net.Conn, cfg *pgx.ConnConfig) Way {
	w := Way{Verified: strict(cfg)}
	if t, ok := c.(*tls.Conn); ok {
		state := t.ConnectionState()
		w.Version, w.Verified = tls.VersionName(state.Version), w.Verified && len(state.VerifiedChains) > 0
		return w
	}
	w.Verified = false
	switch a := c.RemoteAddr().(type) {
	case *net.UnixAddr:
		w.Local = true
	case *net.TCPAddr:
		w.Local = a.IP.IsLoopback()
	}
	return w
}

// strict says whether every server of the address must show a certificate with its name, as sslmode=verify-full asks.
func strict(cfg *pgx.ConnConfig) bool {
	full := func(t *tls.Config) bool { return t != nil && !t.InsecureSkipVerify && t.ServerName != "" }
	if !full(cfg.TLSConfig) {
		return false
	}
	for _, f := range cfg.Fallbacks {
		if !full(f.TLSConfig) {
			return false
		}
	}
	return true
}

// Keeping says how the primary keeps what it acknowledges.
type Keeping struct {
	Waits string // what a commit waits for (synchronous_commit)
	For   string // which standbys it waits for (synchronous_standby_names); empty for none
}

// Twice says whether a commit is acknowledged only when a second server has it on its disk.
func (k Keeping) Twice() bool {
	return k.For != "" && (k.Waits == "on" || k.Waits == "remote_apply")
}

// Keeping asks PostgreSQL what an acknowledged commit has waited for. On SQLite it is empty.
func (db *DB) Keeping(ctx context.Context) (k Keeping, err error) {
	if db.engine != Postgres {
		return k, nil
	}
	err = db.reading(ctx, func(c *sql.Conn) error {
		return c.QueryRowContext(ctx, `SELECT current_setting('synchronous_commit'), current_setting('synchronous_standby_names')`).Scan(&k.Waits, &k.For)
	})
	return k, err
}
