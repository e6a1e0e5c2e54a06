package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"almirah/internal/access"
	"almirah/internal/id"
)

// A clinic that goes leaves no row in its tables but the leaves of the audit log, which hold ids and moments only and keep the tree whole. Its
// tables are emptied in pages, so that nobody else waits for long.

// page is how many rows of a table go in one Change.
const page = 2000

// keyColumns reads the columns of a table's primary key, in their order.
const (
	liteKey = `SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`
	bigKey  = `SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indisprimary AND i.indrelid = to_regclass($1) ORDER BY array_position(i.indkey::int2[], a.attnum)`
)

func (db *DB) keyOf(ctx context.Context, table string) ([]string, error) {
	text := liteKey
	if db.engine == Postgres {
		text = bigKey
	}
	var out []string
	err := db.reading(ctx, func(c *sql.Conn) error {
		out = nil
		rows, err := c.QueryContext(ctx, text, table)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			out = append(out, name)
		}
		return rows.Err()
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("store: the table %s has no key", table)
	}
	return out, classify(err)
}

// EmptyClinic deletes the clinic's rows from the tables, whatever order they need, and tells say about each table that is empty. who is the clinic's own
// work; the clinic must be on record as gone, or what is never removed stays, and it fails. Its error is nil when no table holds a row of the clinic.
func (db *DB) EmptyClinic(ctx context.Context, who access.Caller, tables []string, say func(table string, rows int64)) (all int64, err error) {
	waiting := tables
	for len(waiting) > 0 {
		var again []string
		var last error
		for _, t := range waiting {
			n, err := db.emptyTable(ctx, who, t)
			all += n
			switch {
			case err == nil:
				say(t, n)
			case errors.Is(err, ErrFenced):
				again, last = append(again, t), err
			default:
				return all, err
			}
		}
		if len(again) == len(waiting) {
			return all, last
		}
		waiting = again
	}
	return all, nil
}

func (db *DB) emptyTable(ctx context.Context, who access.Caller, table string) (all int64, err error) {
	key, err := db.keyOf(ctx, table)
	if err != nil {
		return 0, err
	}
	columns := strings.Join(key, ", ")
	text := fmt.Sprintf(`DELETE FROM %s WHERE clinic_id = $1 AND (%s) IN (SELECT %s FROM %s WHERE clinic_id = $1 LIMIT $2)`, table, columns, columns, table)
	for {
		n := int64(0)
		err := db.Change(ctx, who, access.Work, func(_ context.Context, tx *Tx) (err error) {
			tx.Housekeeping("the rows of a clinic that has gone")
			n, err = tx.Exec(text, page)
			return err
		})
		all += n
		if err != nil || n < page {
			return all, err
		}
	}
}

const (
	sqlPulseDrop    = `DELETE FROM pulse WHERE clinic_id = $1`
	sqlStandingDrop = `DELETE FROM standing WHERE clinic_id = $1`
)

// Forget takes the clinic off the lists of work and of standings. It is the last that is done about a clinic that goes.
func (p *Platform) Forget(clinic id.ID) error {
	p.tx.s.db.standings.Delete(clinic)
	for _, text := range []string{sqlPulseDrop, sqlStandingDrop} {
		if _, err := p.Exec(text, clinic); err != nil {
			return err
		}
	}
	return nil
}
