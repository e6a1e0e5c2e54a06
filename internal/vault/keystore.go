package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// keystore is the database of wrapped keys. SQLite has one writing connection and several that
// only read; on PostgreSQL both names stand for the same pool.
type keystore struct {
	write, read *sql.DB
	postgres    bool
	file        string // of SQLite

	mu    sync.Mutex
	ready map[string]*sql.Stmt // on read, by text; SQLite only: PostgreSQL's driver keeps its own
}

// keys is eachKey on the reading connections, with prepared statements. On SQLite the statement
// is not given a context that can end, because watching it would cost more than reading the keys.
func (k *keystore) keys(ctx context.Context, clinic id.ID, subjects []id.ID, do func(id.ID, wrappedKey) error) error {
	if k.postgres {
		return eachKey(ctx, k.read, clinic, subjects, do)
	}
	quiet := context.WithoutCancel(ctx)
	for part := range slices.Chunk(subjects, chunk) {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, args := keysOf(clinic, part)
		st, err := k.prepared(quiet, text)
		if err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		rows, err := st.QueryContext(quiet, args...)
		if err := eachRow(rows, err, do); err != nil {
			return err
		}
	}
	return nil
}

// numbered finds the names of values. The statements that are kept prepared name each value once and in order, so that
// they need no names; SQLite's driver would look each of them up among all, each time.
var numbered = regexp.MustCompile(`\$[0-9]+`)

func (k *keystore) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if st, ok := k.ready[text]; ok {
		return st, nil
	}
	st, err := k.read.PrepareContext(ctx, numbered.ReplaceAllString(text, "?"))
	if err == nil {
		k.ready[text] = st
	}
	return st, err
}

// openKeystore opens, and where needed makes, the database. Its tables are prepare's work.
func openKeystore(ctx context.Context, at string) (*keystore, error) {
	scheme, rest, _ := strings.Cut(at, "://")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest)
	case "postgres", "postgresql":
		return openPostgres(ctx, at)
	}
	return nil, errors.New("vault: the address of the key store must begin with sqlite:/// or postgres://")
}

func openSQLite(ctx context.Context, path string) (*keystore, error) {
	if !filepath.IsAbs(path) {
		return nil, errors.New("vault: the address of the key store must name a whole path: sqlite:///folder/keystore.db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("vault: the folder of the key store: %w", err)
	}
	// SQLite would make the file readable for everyone; its side files take the mode of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	f.Close()
	name := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=cache_size(-1024)&_dqs=0" // five small caches: keys are read once a request, and the system keeps the file
	write, err := sql.Open("sqlite", name+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	write.SetMaxOpenConns(1)
	// Turning a new file to WAL does not wait for another process that does the same.
	for range 500 {
		if err = write.PingContext(ctx); !busy(err) {
			break
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			break
		}
	}
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	read, err := sql.Open("sqlite", name+"&_pragma=query_only(1)")
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4) // a connection that is closed loses its cache and its statements
	read.SetConnMaxIdleTime(restAfter)
	return &keystore{write: write, read: read, file: path, ready: map[string]*sql.Stmt{}}, nil
}

// restAfter is how long a reading connection that nobody needs keeps its cache.
const restAfter = 5 * time.Second

func busy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == 5
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// PostgreSQL's own codes.
const (
	pgNoDatabase     = "3D000"
	pgDatabaseExists = "42P04"
	pgUnique         = "23505"
)

func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func openPostgres(ctx context.Context, at string) (*keystore, error) {
	cfg, err := pgx.ParseConfig(at)
	if err != nil {
		// The driver's text would repeat the address, and with it perhaps a password.
		return nil, errors.New("vault: the address of the key store cannot be read: postgres://user:password@host/database is wanted")
	}
	if cfg.Database == "" {
		return nil, errors.New("vault: the address of the key store names no database: postgres://user:password@host/database is wanted")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	if cfg.ValidateConnect == nil && len(cfg.Fallbacks) > 0 { // of several servers, the one that can be written to
		cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	db := stdlib.OpenDB(*cfg)
	err = db.PingContext(ctx)
	if pgCode(err) == pgNoDatabase {
		if err = createDatabase(ctx, cfg); err == nil {
			err = db.PingContext(ctx)
		}
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &keystore{write: db, read: db, postgres: true}, nil
}

// createDatabase makes the database that the address names. Somebody else making it at the
// same moment is as good.
func createDatabase(ctx context.Context, of *pgx.ConnConfig) error {
	cfg := of.Copy()
	cfg.Database = "postgres"
	name := pgx.Identifier{of.Database}.Sanitize()
	advice := func(err error) error {
		return fmt.Errorf("the database %s does not exist and could not be made. Ask whoever runs PostgreSQL for: CREATE DATABASE %s OWNER %s; (%w)",
			name, name, pgx.Identifier{of.User}.Sanitize(), err)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return advice(err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	switch pgCode(err) {
	case pgDatabaseExists, pgUnique:
		return nil
	}
	if err != nil {
		return advice(err)
	}
	// PostgreSQL lets every role into a new database; this one is the vault's alone.
	if _, err := conn.Exec(ctx, "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC"); err != nil {
		return err
	}
	return nil
}

func (k *keystore) close() error {
	var err error
	for _, st := range k.ready {
		err = errors.Join(err, st.Close())
	}
	err = errors.Join(err, k.write.Close())
	if k.read != k.write {
		err = errors.Join(err, k.read.Close())
	}
	return err
}

// change runs do in one writing transaction.
func (k *keystore) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := k.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	return nil
}

// alone makes every other transaction that asks for the same wait. SQLite's writing transactions
// are alone by themselves.
func (k *keystore) alone(ctx context.Context, tx *sql.Tx) error {
	if !k.postgres {
		return nil
	}
	const almirahKeys = 0x616c6d6b657973 // any number that nobody else locks in this database
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(almirahKeys)); err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	return nil
}

// prepare brings the tables up to date inside tx; several processes may do so at once.
func (k *keystore) prepare(ctx context.Context, tx *sql.Tx, now clock.Instant) error {
	if err := k.alone(ctx, tx); err != nil {
		return err
	}
	there := false
	if k.postgres { // the small role may make no table, not even one that is there
		if err := tx.QueryRowContext(ctx, "SELECT to_regclass('keystore_version') IS NOT NULL").Scan(&there); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
	}
	if !there {
		if _, err := tx.ExecContext(ctx, sqlVersionTable); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
	}
	var have int
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM keystore_version").Scan(&have); err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	if have > len(editions) {
		return fmt.Errorf("vault: the key store was written by a newer Almirah (edition %d, this one knows %d): start that version", have, len(editions))
	}
	for n := have; n < len(editions); n++ {
		for _, statement := range editions[n] {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("vault: the key store, edition %d: %w", n+1, err)
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO keystore_version (version, applied_at) VALUES ($1, $2)", int64(n+1), int64(now)); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
	}
	return nil
}

// scrub moves SQLite's log into the file and empties it, so that an overwritten key is not left
// behind in the log. A reader that holds it up only delays this until the next time.
func (k *keystore) scrub(ctx context.Context) {
	if !k.postgres {
		_, _ = k.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
}

// vacuum has PostgreSQL write the few keys that wrap others into new files, without the rows that were replaced: of what an erased person's key was wrapped by, no page is left that could
// open it. The people's own keys are many; their room is given back to be overwritten. Only the owner of the tables may ask; where another does, the server does the second by itself in time.
func (k *keystore) vacuum(ctx context.Context) {
	if k.postgres {
		_, _ = k.write.ExecContext(ctx, "VACUUM (FULL) epoch_key, clinic_key, retired_key")
		_, _ = k.write.ExecContext(ctx, "VACUUM patient_key, aside")
	}
}
