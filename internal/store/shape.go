package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"
)

// SQLite plans a statement by how many rows it thinks that a table and each value of an index have. Where nobody has told
// it, it takes ten rows for a clinic, and reads all of them, which may be a million, instead of looking one patient up in
// an index (decision 0040). So it is told, once for each index, what is true of every table here: a clinic has many rows,
// and two values together have few. The numbers are the same in every deployment, so that plans are; none is counted.

const (
	shapeRows   = 1_000_000 // of a table
	shapeClinic = 10_000    // of a clinic in it
	shapePart   = 100       // an index that holds some rows only has this part of them
)

// shapeThen is how many rows two, three and more values of an index have together.
var shapeThen = [...]int{20, 10, 5, 3, 2}

// shapes is what SQLite is to be told, by table and index, as it stands in sqlite_stat1.
func shapes(ctx context.Context, pool *sql.DB) (map[[2]string]string, error) {
	rows, err := pool.QueryContext(ctx, `SELECT m.name, i.name, i."unique", i.origin, i.partial,
		(SELECT COUNT(*) FROM pragma_index_xinfo(i.name) AS x WHERE x.key = 1)
		FROM sqlite_schema AS m, pragma_index_list(m.name) AS i
		WHERE m.type = 'table' AND (SELECT x.name FROM pragma_index_xinfo(i.name) AS x WHERE x.seqno = 0) = 'clinic_id'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[[2]string]string{}
	for rows.Next() {
		var table, index, origin string
		var unique, partial bool
		var values int
		if err := rows.Scan(&table, &index, &unique, &origin, &partial, &values); err != nil {
			return nil, err
		}
		if origin == "pk" {
			index = table // the table lies in the order of its key
		}
		out[[2]string{table, index}] = shape(values, unique, partial)
	}
	return out, rows.Err()
}

func shape(values int, unique, partial bool) string {
	all := []int{shapeRows, shapeClinic}
	for i := range values - 1 {
		all = append(all, shapeThen[min(i, len(shapeThen)-1)])
	}
	if partial {
		all[0], all[1] = all[0]/shapePart, all[1]/shapePart
	}
	if unique {
		all[values] = 1
	}
	return strings.Trim(fmt.Sprint(all), "[]")
}

// tellShapes tells SQLite the shapes of the tables, where it has not been told already. Connections that are opened
// afterwards plan by them.
func (db *DB) tellShapes(ctx context.Context) error {
	pool := db.raw[0]
	want, err := shapes(ctx, pool)
	if err != nil {
		return err
	}
	var there bool
	err = pool.QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM sqlite_schema WHERE name = 'sqlite_stat1'`).Scan(&there)
	if err == nil && !there {
		_, err = pool.ExecContext(ctx, `ANALYZE sqlite_schema`) // makes the table
	}
	if err != nil {
		return err
	}
	have := map[[2]string]string{}
	rows, err := pool.QueryContext(ctx, `SELECT tbl, COALESCE(idx, ''), stat FROM sqlite_stat1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table, index, stat string
		if err := rows.Scan(&table, &index, &stat); err != nil {
			return err
		}
		have[[2]string{table, index}] = stat
	}
	if err := rows.Err(); err != nil || maps.Equal(want, have) {
		return err
	}
	_ = rows.Close()
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if _, err := tx.ExecContext(ctx, `DELETE FROM sqlite_stat1`); err != nil {
		return err
	}
	for at, stat := range want {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)`, at[0], at[1], stat); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, `ANALYZE sqlite_schema`) // this connection reads them
	return err
}
