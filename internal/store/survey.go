package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// Survey is what is in a database, in numbers: enough to see whether a restored one is the same.
type Survey struct {
	Schema int64            `json:"schema"` // version of the schema
	Tables map[string]int64 `json:"tables"` // rows of each table
	Audit  AuditPoint       `json:"audit"`
}

// AuditPoint is how far the audit log is: how many entries there are, the newest of them, and the newest head of the tree.
type AuditPoint struct {
	Entries int64  `json:"entries"`
	Last    string `json:"last"` // id of the newest entry
	Size    int64  `json:"size"`
	Root    string `json:"root"` // hexadecimal; empty before the first head
}

// CopyTo writes a consistent copy of a SQLite database to a file that is not there yet, while others read and write. It uses a connection of its
// own and holds up no writer. Not for PostgreSQL.
func (db *DB) CopyTo(ctx context.Context, file string) error {
	if db.engine != SQLite {
		return errors.New("store: a PostgreSQL database is copied by its own programs")
	}
	pool, err := sql.Open("sqlite", "file:"+escaped(db.path)+"?_pragma=busy_timeout(30000)&_pragma=cache_size(-4096)&_dqs=0")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	if _, err := pool.ExecContext(ctx, `VACUUM INTO '`+strings.ReplaceAll(file, "'", "''")+`'`); err != nil {
		return fmt.Errorf("store: the database cannot be copied: %w", classify(err))
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// Fold brings what stands in the write-ahead log of a SQLite file that nobody has open into the file itself, which can then be moved.
func Fold(ctx context.Context, file string) error {
	pool, err := sql.Open("sqlite", "file:"+escaped(file)+"?_pragma=busy_timeout(30000)&_pragma=synchronous(FULL)&_dqs=0")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	var mode string
	if err := pool.QueryRowContext(ctx, "PRAGMA journal_mode(DELETE)").Scan(&mode); err != nil { // folds the log in and removes it
		return classify(err)
	}
	if mode != "delete" {
		return fmt.Errorf("store: the database file stays in mode %s: somebody else has it open", mode)
	}
	return nil
}

// looking opens one connection to the database at the address, from outside of the doorway: to look, and to change nothing.
func looking(rawURL string) (*sql.DB, Engine, error) {
	driver, dsn, engine := "pgx", rawURL, Postgres
	if file, lite := strings.CutPrefix(rawURL, "sqlite://"); lite {
		if _, err := os.Stat(file); err != nil {
			return nil, engine, fmt.Errorf("store: %w", err)
		}
		driver, engine = "sqlite", SQLite
		dsn = "file:" + escaped(filepath.Clean(file)) + "?_pragma=busy_timeout(10000)&_dqs=0"
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, engine, errors.New("store: the address of the database cannot be read") // the error might hold the address, with its password
	}
	pool.SetMaxOpenConns(1)
	return pool, engine, nil
}

// TakeSurvey counts what is in the database at the address, at one moment, and shows the subjects whose keys it needs, one after the
// other. On PostgreSQL the role must be allowed to look over every clinic's fence (BYPASSRLS), as that of the backups is. It also
// has SQLite look over the file's pages. subject may be nil.
func TakeSurvey(ctx context.Context, rawURL string, subject func(clinic, person id.ID) error) (Survey, error) {
	out := Survey{Tables: map[string]int64{}}
	pool, engine, err := looking(rawURL)
	if err != nil {
		return out, err
	}
	defer pool.Close()
	if engine == SQLite {
		var verdict string
		if err := pool.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
			return out, classify(err)
		}
		if verdict != "ok" {
			return out, fmt.Errorf("store: the database file is damaged: %s", verdict)
		}
	}
	o := &sql.TxOptions{}
	if engine == Postgres {
		o = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := pool.BeginTx(ctx, o)
	if err != nil {
		return out, classify(err)
	}
	defer func() { _ = tx.Rollback() }()
	s := surveyor{ctx, tx, engine}
	names, err := s.tables()
	if err != nil {
		return out, classify(err)
	}
	for _, name := range names {
		if out.Tables[name], err = s.number(`SELECT COUNT(*) FROM "` + name + `"`); err != nil {
			return out, classify(err)
		}
	}
	if out.Schema, err = s.number(`SELECT MAX(version_id) FROM goose_db_version`); err != nil {
		return out, classify(err)
	}
	if out.Audit, err = s.audit(); err != nil {
		return out, classify(err)
	}
	if subject != nil {
		err = s.subjects(subject)
	}
	return out, classify(err)
}

type surveyor struct {
	ctx    context.Context
	tx     *sql.Tx
	engine Engine
}

func (s surveyor) number(text string) (n int64, err error) {
	err = s.tx.QueryRowContext(s.ctx, text).Scan(&n)
	return n, err
}

// tables lists the house's own tables. River's lie elsewhere and hold ids only.
func (s surveyor) tables() ([]string, error) {
	text := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`
	if s.engine == Postgres {
		text = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name`
	}
	rows, err := s.tx.QueryContext(s.ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if !strings.Contains(name, `"`) && !strings.HasPrefix(name, "river_") {
			out = append(out, name)
		}
	}
	return out, rows.Err()
}

// audit reads how far the audit log is.
func (s surveyor) audit() (AuditPoint, error) {
	var p AuditPoint
	var err error
	if p.Entries, err = s.number(`SELECT COUNT(*) FROM audit_leaf`); err != nil {
		return p, err
	}
	var last, root []byte
	err = s.tx.QueryRowContext(s.ctx, `SELECT id FROM audit_leaf ORDER BY at DESC, id DESC LIMIT 1`).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, err
	}
	p.Last = hex.EncodeToString(last)
	err = s.tx.QueryRowContext(s.ctx, `SELECT size, root FROM audit_head ORDER BY size DESC LIMIT 1`).Scan(&p.Size, &root)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, err
	}
	p.Root = hex.EncodeToString(root)
	return p, nil
}

// subjects shows everybody whose key the rows need: patients, and people who sign in, who belong to no clinic.
func (s surveyor) subjects(show func(clinic, person id.ID) error) error {
	for _, text := range []string{`SELECT clinic_id, id FROM patient ORDER BY clinic_id, id`, `SELECT NULL, id FROM person ORDER BY id`} {
		rows, err := s.tx.QueryContext(s.ctx, text)
		if err != nil {
			return err
		}
		for rows.Next() {
			var clinic, one id.ID
			if err = rows.Scan(&clinic, &one); err == nil {
				err = show(clinic, one)
			}
			if err != nil {
				_ = rows.Close()
				return err
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// ServerPoint asks a PostgreSQL server who it is and where its log stands.
type ServerPoint struct {
	System string // of the cluster: equal for two addresses of one server
	At     clock.Instant
	LSN    string
}

// Server asks the PostgreSQL server at the address. It fails when it does not answer.
func Server(ctx context.Context, rawURL string) (ServerPoint, error) {
	var out ServerPoint
	pool, err := sql.Open("pgx", rawURL)
	if err != nil {
		return out, errors.New("store: the address of PostgreSQL cannot be read")
	}
	defer pool.Close()
	var now float64
	err = pool.QueryRowContext(ctx, `SELECT CAST((SELECT system_identifier FROM pg_control_system()) AS TEXT), EXTRACT(EPOCH FROM clock_timestamp()),
		CASE WHEN pg_is_in_recovery() THEN '' ELSE CAST(pg_current_wal_lsn() AS TEXT) END`).Scan(&out.System, &now, &out.LSN)
	out.At = clock.Instant(now * 1e6)
	return out, classify(err)
}

// Slot is how a replication slot of a PostgreSQL server stands.
type Slot struct {
	Active bool   // somebody receives by it
	File   string // of the server's log, from which on the slot keeps it; empty when there is no slot, or nothing was received by it yet
	Tells  bool   // the server tells a receiver where its slot is (version 15)
}

// SlotOf looks at a slot. One that is not there is no error.
func SlotOf(ctx context.Context, rawURL, slot string) (Slot, error) {
	var out Slot
	pool, err := sql.Open("pgx", rawURL)
	if err != nil {
		return out, errors.New("store: the address of PostgreSQL cannot be read")
	}
	defer pool.Close()
	err = pool.QueryRowContext(ctx, `SELECT active, CASE WHEN pg_is_in_recovery() THEN '' ELSE COALESCE(pg_walfile_name(restart_lsn), '') END, CAST(current_setting('server_version_num') AS INTEGER) >= 150000
		FROM pg_replication_slots WHERE slot_name = $1`, slot).Scan(&out.Active, &out.File, &out.Tells)
	if errors.Is(err, sql.ErrNoRows) {
		return Slot{}, nil
	}
	return out, classify(err)
}

// KeepLog has the server keep its log from now on, until Unslot gives the slot up. What a slot of that name kept is not kept any more.
// (pg_receivewal --create-slot makes one that keeps nothing before somebody receives by it.)
func KeepLog(ctx context.Context, rawURL, slot string) error {
	if err := Unslot(ctx, rawURL, slot); err != nil {
		return err
	}
	pool, err := sql.Open("pgx", rawURL)
	if err != nil {
		return errors.New("store: the address of PostgreSQL cannot be read")
	}
	defer pool.Close()
	_, err = pool.ExecContext(ctx, `SELECT pg_create_physical_replication_slot($1, true)`, slot)
	return classify(err)
}

// Unslot gives up a replication slot, so that the server keeps no log for it any more. A slot that is not there is no error.
func Unslot(ctx context.Context, rawURL, slot string) error {
	pool, err := sql.Open("pgx", rawURL)
	if err != nil {
		return errors.New("store: the address of PostgreSQL cannot be read")
	}
	defer pool.Close()
	_, err = pool.ExecContext(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1`, slot)
	return classify(err)
}

// Alone holds a lock of the PostgreSQL server at the address, so that of several processes one makes a backup. got is false when another
// has it. The lock ends with done, and with the process.
func Alone(ctx context.Context, rawURL string) (got bool, done func(), err error) {
	pool, err := sql.Open("pgx", rawURL)
	if err != nil {
		return false, nil, errors.New("store: the address of PostgreSQL cannot be read")
	}
	c, err := pool.Conn(ctx)
	if err == nil {
		err = c.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(4711, 5)`).Scan(&got)
	}
	if err != nil || !got {
		_ = pool.Close()
		return false, nil, classify(err)
	}
	return true, func() { _ = pool.Close() }, nil
}
