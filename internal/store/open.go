package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/vault"

	"github.com/jackc/pgx/v5/stdlib" // also the driver "pgx"
	_ "modernc.org/sqlite"           // the driver "sqlite"
)

// Engine is the database behind the doorway.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Options are what the doorway can be told. The zero value is what a deployment uses.
type Options struct {
	Readers int // connections that read: 4 on SQLite, 16 on PostgreSQL when zero
	Writers int // connections that write on PostgreSQL: 16 when zero (SQLite always has one)

	// Watch is told each statement with its arguments after it ran. Tests use it to replay
	// every statement against another clinic; a deployment leaves it nil.
	Watch func(statement string, args []any)

	// Slow is told each statement that took SlowStatement or longer; it may be called by several at once.
	Slow func(statement string, took time.Duration)

	// Paid says that clinics pay for the platform here: one that has not becomes read-only.
	Paid bool
}

// DB is the doorway.
type DB struct {
	engine    Engine
	path      string // of the SQLite file
	vault     *vault.Vault
	clock     clock.Clock
	log       *slog.Logger
	watch     func(string, []any)
	slow      func(string, time.Duration)
	raw       []*sql.DB
	readers   *lanes
	writers   *lanes
	paid      bool
	standings sync.Map // of clinics, as they were read last
	era       era      // of the primaries that were seen
	pooled    bool     // a pooler lends the connections
	wakeMu    sync.Mutex
	wake      []chan struct{}
}

// Open opens the database at url: "sqlite:///path/to/file.db" or "postgres://...". It does not
// migrate (see Migrate). It fails when the engine is unknown or does not answer.
func Open(ctx context.Context, rawURL string, v *vault.Vault, clk clock.Clock, log *slog.Logger, o Options) (*DB, error) {
	db := &DB{vault: v, clock: clk, log: log, watch: o.Watch, slow: o.Slow, paid: o.Paid}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("store: the database address cannot be read; it looks like sqlite:///path/to/almirah.db or postgres://user@host/name")
	}
	switch u.Scheme {
	case "sqlite":
		db.engine = SQLite
		db.path = filepath.Clean(strings.TrimPrefix(rawURL, "sqlite://")) // as it is: a folder may have a # in its name
		if err := os.MkdirAll(filepath.Dir(db.path), 0o700); err != nil {
			return nil, fmt.Errorf("store: the data folder cannot be made: %w", err)
		}
		if o.Readers == 0 {
			o.Readers = 4
		}
		o.Writers = 1
	case "postgres", "postgresql":
		db.engine = Postgres
		if o.Readers == 0 {
			o.Readers = 16
		}
		if o.Writers == 0 {
			o.Writers = 16
		}
	default:
		return nil, fmt.Errorf("store: unknown database %q; it is sqlite or postgres", u.Scheme)
	}
	if err := db.fill(ctx, rawURL, o); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// Pragmas: the writer waits for its turn, syncs every commit to the disk (an acknowledged
// booking survives a power cut) and has the larger cache; readers cannot write at all. The log goes into the file after
// 4,000 pages, or 16 MB: a page that many commits change is then written into it once, and readers still find every page of
// the log in the first part of its index, which holds 4,062 (decision 0040).
const (
	litePragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_dqs=0&_time_format=sqlite&_timezone=UTC&_texttotime=1"
	liteWriter  = "&_txlock=immediate&_pragma=cache_size(-16384)&_pragma=wal_autocheckpoint(4000)"
	liteReader  = "&_pragma=query_only(1)&_pragma=cache_size(-4096)"
)

func (db *DB) fill(ctx context.Context, rawURL string, o Options) error {
	db.readers, db.writers = newLanes(o.Readers), newLanes(o.Writers)
	add := func(pool *sql.DB, n int, to *lanes) {
		pool.SetMaxOpenConns(n)
		pool.SetMaxIdleConns(n)
		db.raw = append(db.raw, pool)
		for range n {
			to.put(&lane{pool: pool})
		}
	}
	open := func(driver, dsn string, n int, to *lanes) error {
		pool, err := sql.Open(driver, dsn)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		add(pool, n, to)
		return nil
	}
	if db.engine == SQLite {
		if err := open("sqlite", "file:"+escaped(db.path)+litePragmas+liteWriter, 1, db.writers); err != nil {
			return err
		}
		// The first connection makes the file and turns on its write-ahead log, which a
		// read-only connection could not do.
		if err := db.raw[0].PingContext(ctx); err != nil {
			return fmt.Errorf("store: the data file cannot be opened: %w", err)
		}
		return open("sqlite", "file:"+escaped(db.path)+litePragmas+liteReader, o.Readers, db.readers)
	}
	cfg, err := parsed(rawURL)
	if err != nil {
		return err
	}
	db.newest(ctx, cfg)
	db.Guard(&cfg.Config)
	db.pooled = pooled(cfg)
	add(stdlib.OpenDB(*cfg), o.Writers, db.writers)
	if err := db.raw[0].PingContext(ctx); err != nil {
		return fmt.Errorf("store: PostgreSQL does not answer: %w", err)
	}
	add(stdlib.OpenDB(*cfg), o.Readers, db.readers)
	return nil
}

// escaped writes a path as a file address can hold it.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// Close ends every connection. Passages still under way fail.
func (db *DB) Close() error {
	// A pool closes only what nobody has taken out of it, and the lanes have: without this, SQLite's files would stay open.
	for _, lanes := range []*lanes{db.readers, db.writers} {
		if lanes == nil {
			continue
		}
		for _, l := range lanes.resting() {
			if l.conn != nil && l.group == nil {
				l.close()
			}
			lanes.put(l)
		}
	}
	var first error
	for _, p := range db.raw {
		if err := p.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Engine says which database is behind the doorway.
func (db *DB) Engine() Engine { return db.engine }

// Path is the SQLite file; empty on PostgreSQL.
func (db *DB) Path() string { return db.path }

// Vault is the key room that this doorway seals with.
func (db *DB) Vault() *vault.Vault { return db.vault }

// Clock is the clock that every passage takes its moment from.
func (db *DB) Clock() clock.Clock { return db.clock }

// settle is how long a rollback may take after the caller has gone.
const settle = 5 * time.Second

func quick() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), settle)
}

func sqliteURL(path string) string { return "sqlite://" + path }

// Address makes a database address from a data folder, for deployments that name none.
func Address(dataDir string) string {
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		abs = dataDir
	}
	return sqliteURL(strings.TrimSuffix(abs, "/") + "/almirah.db")
}

// Ping says whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.reading(ctx, func(c *sql.Conn) error { return c.PingContext(ctx) })
}

// reading lends a reader's connection, outside any transaction.
func (db *DB) reading(ctx context.Context, fn func(c *sql.Conn) error) error {
	l, err := db.readers.take(ctx)
	if err != nil {
		return classify(err)
	}
	err = fn(l.conn)
	db.readers.give(l, err != nil)
	return classify(err)
}
