package store_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"almirah/internal/rig"
	"almirah/internal/store"
)

// keysOf lists every key of every table: its primary key, what else is unique, what excludes, and what it refers to, with the columns in their order.
const keysOf = `SELECT t.relname, 'unique index ' || i.relname, (SELECT string_agg(COALESCE(a.attname, '?'), ',' ORDER BY k.n) FROM unnest(x.indkey) WITH ORDINALITY k (col, n)
		LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.col AND k.col > 0), ''
	FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
	WHERE t.relnamespace = current_schema()::regnamespace AND (x.indisunique OR x.indisexclusion)
	UNION ALL
	SELECT t.relname, 'foreign key ' || c.conname, (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k (col, n) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.col), f.relname
	FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
	WHERE t.relnamespace = current_schema()::regnamespace AND c.contype = 'f'`

// TestEveryClinicTableCanBePlacedByItsClinic: an engine that spreads tables over servers by clinic_id needs each table of a clinic to have it first in each of its keys, to refer to no table
// that is placed otherwise, and each statement to name it. That is kept so that such an engine stays possible, and so that a row of one clinic can never refer to another's.
func TestEveryClinicTableCanBePlacedByItsClinic(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.Postgres, store.Options{})
	schema, err := b.DB.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clinic := map[string]bool{}
	for name, columns := range schema {
		clinic[name] = slices.Contains(columns, "clinic_id") && !slices.Contains(store.PlatformTables, name)
	}
	rows, err := behind(t, b).QueryContext(context.Background(), keysOf)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	keys := map[string]int{}
	for rows.Next() {
		var table, key, columns, to string
		if err := rows.Scan(&table, &key, &columns, &to); err != nil {
			t.Fatal(err)
		}
		if !clinic[table] {
			if to != "" && clinic[to] {
				t.Errorf("%s of the platform's %s refers to the clinics' %s", key, table, to)
			}
			continue
		}
		keys[table]++
		if first, _, _ := strings.Cut(columns, ","); first != "clinic_id" {
			t.Errorf("%s: %s (%s) does not begin with clinic_id", table, key, columns)
		}
		if to != "" && !clinic[to] {
			t.Errorf("%s: %s refers to %s, which belongs to no clinic", table, key, to)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for name := range schema {
		if clinic[name] {
			if n++; keys[name] == 0 {
				t.Errorf("%s has no key at all", name)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d clinic tables were looked at", n)
	}

	named := regexp.MustCompile(`(?i)\b(?:from|into|join|update)\s+([a-z_]+)`)
	bound := regexp.MustCompile(`clinic_id\s*=\s*(?:\$1|[a-z]+\.clinic_id)|\(clinic_id,`)
	for _, s := range everyStatement(t) {
		if strings.HasPrefix(s.File, "internal/vault/") {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(s.Text, -1) {
			if clinic[m[1]] && !(bound.MatchString(s.Text) && strings.Contains(s.Text, "$1")) {
				t.Errorf("%s:%d: %s reads or writes %s without naming its clinic", s.File, s.Line, s.Name, m[1])
				break
			}
		}
	}
}
