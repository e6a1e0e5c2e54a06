package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// overlay joins the common migrations with those of one engine. On SQLite the marker
// "/* clustered */" becomes WITHOUT ROWID, which PostgreSQL does not know.
func overlay(engine Engine, extra fs.FS) (fs.FS, error) {
	out := fstest.MapFS{}
	add := func(src fs.FS, dir string) error {
		files, err := fs.ReadDir(src, dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range files {
			b, err := fs.ReadFile(src, path.Join(dir, f.Name()))
			if err != nil {
				return err
			}
			text := string(b)
			if engine == SQLite {
				text = strings.ReplaceAll(text, ") /* clustered */;", ") WITHOUT ROWID;")
			}
			if _, twice := out[f.Name()]; twice {
				return fmt.Errorf("store: migration %s exists twice", f.Name())
			}
			out[f.Name()] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
		}
		return nil
	}
	for _, src := range []fs.FS{must(fs.Sub(migrations, "migrations")), extra} {
		if src == nil {
			continue
		}
		for _, dir := range []string{"common", string(engine)} {
			if err := add(src, dir); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func must(f fs.FS, err error) fs.FS {
	if err != nil {
		panic(err) // the folder is embedded: it cannot be missing
	}
	return f
}

// Migrate brings the schema up to this program's version. It takes a snapshot first; when a
// step fails, the data goes back to the snapshot (SQLite) or down to the version it came from
// (PostgreSQL, where every step is one transaction), and the error says so: the old program
// can start again on untouched data.
//
// extra holds further migrations in the same two folders and is nil outside tests.
func (db *DB) Migrate(ctx context.Context, extra fs.FS) (from, to int64, err error) {
	files, err := overlay(db.engine, extra)
	if err != nil {
		return 0, 0, err
	}
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{}
	if db.engine == SQLite {
		done, err := db.alone(ctx)
		if err != nil {
			return 0, 0, err
		}
		defer done()
	}
	if db.engine == Postgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
		if err != nil {
			return 0, 0, err
		}
		dialect = goose.DialectPostgres
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db.raw[0], files, opts...)
	if err != nil {
		return 0, 0, fmt.Errorf("store: reading the migrations: %w", err)
	}
	maker := true
	if db.engine == Postgres {
		if maker, err = db.makes(ctx); err != nil {
			return 0, 0, fmt.Errorf("store: it cannot be read what the database's role may do: %w", classify(err))
		}
	}
	target := p.ListSources()[len(p.ListSources())-1].Version
	if from, err = db.stands(ctx, p, maker); err != nil {
		return 0, 0, err
	}
	if from > target {
		return from, from, fmt.Errorf("store: the data was written by a newer version of Almirah (schema %d, this program knows %d); start that version", from, target)
	}
	if from == target {
		return from, from, db.shaped(ctx)
	}
	if !maker {
		return from, from, fmt.Errorf("store: the schema is at %d and this program needs %d, and the role of ALMIRAH_DATABASE_URL may not change it (as it should be): run `almirah migrate` with ALMIRAH_DATABASE_OWNER_URL", from, target)
	}
	if db.pooled {
		return from, from, fmt.Errorf("store: the schema is at %d and this program needs %d, and an upgrade holds a lock that a pooler in transaction mode would lose: run `almirah migrate` with ALMIRAH_DATABASE_OWNER_URL, which leads to the server itself", from, target)
	}
	snapshot := ""
	if db.engine == SQLite && from > 0 {
		snapshot = fmt.Sprintf("%s.before-%05d", db.path, target)
		if err := db.snapshot(ctx, snapshot); err != nil {
			return from, from, err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		back := db.goBack(ctx, p, snapshot, from)
		return from, from, errors.Join(fmt.Errorf("store: the upgrade from schema %d to %d failed and was undone; nothing was lost, and the version of Almirah that you had starts again: %w", from, target, classify(err)), back)
	}
	return from, target, db.shaped(ctx)
}

// makes says whether the role may make tables here.
func (db *DB) makes(ctx context.Context) (yes bool, err error) {
	err = db.raw[0].QueryRowContext(ctx, `SELECT has_schema_privilege(current_schema(), 'CREATE')`).Scan(&yes)
	return yes, err
}

// stands reads the schema's version; goose would make its table first where there is none, which the small role may not.
func (db *DB) stands(ctx context.Context, p *goose.Provider, maker bool) (int64, error) {
	if !maker {
		var there bool
		err := db.raw[0].QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&there)
		if err == nil && !there {
			err = errors.New("the database is empty, and the role of ALMIRAH_DATABASE_URL may not make tables (as it should be): run `almirah migrate` with ALMIRAH_DATABASE_OWNER_URL first")
		}
		if err != nil {
			return 0, fmt.Errorf("store: %w", err)
		}
	}
	n, err := p.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: the schema's version cannot be read: %w", err)
	}
	return n, nil
}

func (db *DB) shaped(ctx context.Context) error {
	if db.engine != SQLite {
		return nil // PostgreSQL counts by itself
	}
	if err := db.tellShapes(ctx); err != nil {
		return fmt.Errorf("store: SQLite could not be told the shape of the tables: %w", classify(err))
	}
	return nil
}

// alone makes sure that one starter at a time migrates a SQLite file (PostgreSQL has its own
// lock for that): it holds an empty database beside the file, which the engine locks for it and
// frees when the process dies.
func (db *DB) alone(ctx context.Context) (done func(), err error) {
	pool, err := sql.Open("sqlite", "file:"+db.path+".upgrade?_pragma=busy_timeout(600000)&_txlock=exclusive")
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("store: another start of Almirah is upgrading this data and does not end: %w", classify(err))
	}
	return func() {
		_ = tx.Rollback()
		_ = pool.Close()
	}, nil
}

func (db *DB) snapshot(ctx context.Context, to string) error {
	_ = os.Remove(to)
	if _, err := db.raw[0].ExecContext(ctx, `VACUUM INTO '`+strings.ReplaceAll(to, "'", "''")+`'`); err != nil {
		return fmt.Errorf("store: no snapshot could be taken before the upgrade, so the upgrade was not begun: %w", classify(err))
	}
	return os.Chmod(to, 0o600)
}

func (db *DB) goBack(ctx context.Context, p *goose.Provider, snapshot string, from int64) error {
	if db.engine == Postgres {
		if _, err := p.DownTo(ctx, from); err != nil {
			return fmt.Errorf("store: going back to schema %d failed as well; restore the backup taken before the upgrade: %w", from, classify(err))
		}
		return nil
	}
	if snapshot == "" {
		return nil // there was nothing before
	}
	// Every connection is closed first: the file is exchanged under them.
	for _, l := range []*lanes{db.readers, db.writers} {
		if err := l.hangUp(ctx); err != nil {
			return err
		}
	}
	for _, raw := range db.raw {
		raw.SetMaxIdleConns(0)
	}
	for _, tail := range []string{"-wal", "-shm"} {
		if err := os.Remove(db.path + tail); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return copyFile(snapshot, db.path)
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.CreateTemp(path.Dir(to), "back-*")
	if err != nil {
		return err
	}
	defer os.Remove(dst.Name())
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return err
	}
	if err := errors.Join(dst.Sync(), dst.Close()); err != nil {
		return err
	}
	return os.Rename(dst.Name(), to)
}

// Schema reads every table and its columns as the engine has them: also views, which can hold a second copy, columns that the engine works out by itself, and
// what the role in use has no right to. River's own are left out: they hold ids only and lie in a file of their own on SQLite; and what an
// extension of PostgreSQL brought.
func (db *DB) Schema(ctx context.Context) (map[string][]string, error) {
	text := `SELECT c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
		WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
		AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname, a.attnum`
	if db.engine == SQLite {
		text = `SELECT m.name, c.name FROM sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`
	}
	out := map[string][]string{}
	err := db.reading(ctx, func(conn *sql.Conn) error {
		rows, err := conn.QueryContext(ctx, text)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t, c string
			if err := rows.Scan(&t, &c); err != nil {
				return err
			}
			if !strings.HasPrefix(t, "river_") {
				out[t] = append(out[t], c)
			}
		}
		return rows.Err()
	})
	for _, c := range out {
		sort.Strings(c)
	}
	return out, err
}
