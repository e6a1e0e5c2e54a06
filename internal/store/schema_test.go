package store_test

import (
	"context"
	"slices"
	"testing"

	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestTheSchemaIsReadWhole: a view, a column that the engine works out by itself, and on PostgreSQL a stored copy that the program's own role has no right to, are all
// seen, because each can hold a second copy of something about a person.
func TestTheSchemaIsReadWhole(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "data-map-true")
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			b := rig.New(t, engine, store.Options{})
			before, err := b.DB.Schema(context.Background())
			if err != nil || len(before) < 100 {
				t.Fatalf("%d tables, %v", len(before), err)
			}
			made := map[string][]string{"shown": {"name"}}
			texts := []string{`CREATE VIEW shown AS SELECT name FROM patient`, `ALTER TABLE patient ADD COLUMN twice BYTEA GENERATED ALWAYS AS (name) VIRTUAL`}
			if engine == store.Postgres {
				texts = []string{`CREATE VIEW shown AS SELECT name FROM patient`, `ALTER TABLE patient ADD COLUMN twice BYTEA GENERATED ALWAYS AS (name) STORED`,
					`CREATE MATERIALIZED VIEW stored AS SELECT name FROM patient`, `CREATE TABLE hidden (name TEXT)`, `REVOKE ALL ON stored, hidden FROM PUBLIC`}
				made["stored"], made["hidden"] = []string{"name"}, []string{"name"}
			}
			db := everything(t, b)
			for _, text := range texts {
				if _, err := db.Exec(text); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
			}
			after, err := b.DB.Schema(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(after["patient"], "twice") {
				t.Error("the column that the engine works out is not seen")
			}
			for table, columns := range made {
				if !slices.Equal(after[table], columns) {
					t.Errorf("%s is seen as %v", table, after[table])
				}
			}
		})
	}
}
