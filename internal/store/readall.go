package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"

	"almirah/internal/id"

	"github.com/jackc/pgx/v5/pgconn"
)

// Dump is how a database was read from end to end.
type Dump struct {
	Tables int
	Rows   int64
	Bytes  int64
	Closed []string // tables that the role may not read
	Fenced bool     // of PostgreSQL: the role sees the rows of one clinic and those of none
}

// ReadAll reads every value of every row of every table of the database at the address, its queue's as well, and shows them row by row. On PostgreSQL
// the role sees what it may: one that looks over the fences sees all, any other the clinic's rows and those that belong to none. The row is each's for the time of the call only.
func ReadAll(ctx context.Context, rawURL string, clinic id.ID, each func(table string, row []byte) error) (out Dump, err error) {
	pool, engine, err := looking(rawURL)
	if err != nil {
		return out, err
	}
	defer pool.Close()
	r := reader{ctx: ctx, pool: pool, engine: engine, clinic: clinic, out: &out, each: each}
	names, err := r.tables()
	if err != nil {
		return out, classify(err)
	}
	for _, name := range names {
		if err := r.table(name); err != nil {
			return out, err
		}
	}
	return out, nil
}

// refused says that the role may not read the table.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}

type reader struct {
	ctx    context.Context
	pool   *sql.DB
	engine Engine
	clinic id.ID
	out    *Dump
	each   func(table string, row []byte) error
}

// tables are the names of all, as they stand in a statement.
func (r reader) tables() ([]string, error) {
	text := `SELECT '"' || name || '"' FROM sqlite_master WHERE type = 'table' ORDER BY name`
	if r.engine == Postgres {
		var over bool
		if err := r.pool.QueryRowContext(r.ctx, `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&over); err != nil {
			return nil, err
		}
		r.out.Fenced = !over
		text = `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`
	}
	rows, err := r.pool.QueryContext(r.ctx, text)
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
		if strings.Count(name, `"`) <= 2 || r.engine == Postgres {
			out = append(out, name)
		}
	}
	return out, rows.Err()
}

func (r reader) table(name string) error {
	tx, err := r.pool.BeginTx(r.ctx, &sql.TxOptions{ReadOnly: r.engine == Postgres})
	if err != nil {
		return classify(err)
	}
	defer func() { _ = tx.Rollback() }()
	if r.engine == Postgres {
		if _, err := tx.ExecContext(r.ctx, `SET LOCAL almirah.clinic = '\x`+hex.EncodeToString(r.clinic[:])+`'`); err != nil {
			return classify(err)
		}
	}
	shown := strings.ReplaceAll(strings.TrimPrefix(name, "public."), `"`, "")
	rows, err := tx.QueryContext(r.ctx, `SELECT * FROM `+name)
	if err != nil {
		if refused(err) {
			r.out.Closed = append(r.out.Closed, shown)
			return nil
		}
		return classify(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return classify(err)
	}
	cells, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	r.out.Tables++
	var row []byte
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return classify(err)
		}
		row = row[:0]
		for _, c := range cells {
			row = append(append(row, c...), '\n')
		}
		r.out.Rows++
		r.out.Bytes += int64(len(row))
		if err := r.each(shown, row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		if refused(err) {
			r.out.Tables--
			r.out.Closed = append(r.out.Closed, shown)
			return nil
		}
		return classify(err)
	}
	return nil
}
