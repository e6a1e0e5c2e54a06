// Package bare opens the database of the house without its doorway, for `almirah bench` alone:
// the limit program, to which the house is compared, asks the same engine the same questions with
// nothing around them, and the bench loads its invented patients' history through it. It keeps
// no promise, and no other room may import it.
package bare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"almirah/internal/id"
	"almirah/internal/store"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// DB is one clinic's data with nothing around it. Commits are as durable as the house's own.
type DB struct {
	Engine store.Engine
	Read   *sql.DB
	Write  *sql.DB // one connection on SQLite; the same pool as Read on PostgreSQL
}

// The settings of the house's own connections (see store), so that the engines do the same work.
const (
	litePragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_dqs=0"
	liteWriter  = "&_txlock=immediate&_pragma=cache_size(-16384)"
	liteReader  = "&_pragma=query_only(1)&_pragma=cache_size(-4096)"
)

// Open opens the database at the address. On PostgreSQL the fence of row-level security is told
// the clinic once for each connection.
func Open(ctx context.Context, address string, clinic id.ID) (*DB, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("bare: the address of the database cannot be read")
	}
	d := &DB{Engine: store.SQLite}
	if u.Scheme == "sqlite" {
		if d.Write, err = sql.Open("sqlite", "file:"+u.Path+litePragmas+liteWriter); err != nil {
			return nil, fmt.Errorf("bare: %w", err)
		}
		d.Write.SetMaxOpenConns(1)
		if d.Read, err = sql.Open("sqlite", "file:"+u.Path+litePragmas+liteReader); err != nil {
			return nil, errors.Join(err, d.Write.Close())
		}
		d.Read.SetMaxOpenConns(4)
		d.Read.SetMaxIdleConns(4)
		return d, d.Write.PingContext(ctx)
	}
	d.Engine = store.Postgres
	q := u.Query()
	q.Set("almirah.clinic", fmt.Sprintf(`\x%x`, clinic[:]))
	u.RawQuery = q.Encode()
	if d.Read, err = sql.Open("pgx", u.String()); err != nil {
		return nil, errors.New("bare: the address of the database cannot be read")
	}
	d.Read.SetMaxOpenConns(16)
	d.Read.SetMaxIdleConns(16)
	d.Write = d.Read
	return d, d.Read.PingContext(ctx)
}

// Close ends every connection.
func (d *DB) Close() error {
	if d.Write == d.Read {
		return d.Read.Close()
	}
	return errors.Join(d.Read.Close(), d.Write.Close())
}

// widest is how many values one statement takes. SQLite's driver looks each value up among all
// of them, so that wider statements would be slower.
const widest = 256

// Fill inserts many rows in one transaction, as many as fit into each statement.
func (d *DB) Fill(ctx context.Context, table string, columns []string, rows [][]any) error {
	tx, err := d.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("bare: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	at := max(1, widest/len(columns))
	var whole *sql.Stmt
	if len(rows) >= at {
		if whole, err = tx.PrepareContext(ctx, insertion(table, columns, at)); err != nil {
			return fmt.Errorf("bare: filling %s: %w", table, err)
		}
		defer whole.Close()
	}
	for len(rows) > 0 {
		part := rows[:min(at, len(rows))]
		rows = rows[len(part):]
		args := make([]any, 0, len(part)*len(columns))
		for _, row := range part {
			args = append(args, row...)
		}
		if len(part) == at {
			_, err = whole.ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, insertion(table, columns, len(part)), args...)
		}
		if err != nil {
			return fmt.Errorf("bare: filling %s: %w", table, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("bare: filling %s: %w", table, err)
	}
	return nil
}

// insertion is the statement for n rows.
func insertion(table string, columns []string, n int) string {
	var text strings.Builder
	text.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
	for i := range n {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteByte('(')
		for j := range columns {
			if j > 0 {
				text.WriteByte(',')
			}
			text.WriteString("$" + strconv.Itoa(i*len(columns)+j+1))
		}
		text.WriteByte(')')
	}
	return text.String()
}
