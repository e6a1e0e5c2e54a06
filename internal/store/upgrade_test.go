package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"almirah/internal/access"
	"almirah/internal/rig"
	"almirah/internal/rig/pg"
	"almirah/internal/rig/practice"
	"almirah/internal/store"

	"github.com/pressly/goose/v3"
)

// lived is a clinic after a workday, with rows in nearly every table, and nobody at its doorway.
func lived(t *testing.T, b *rig.Base) {
	t.Helper()
	workday(t, practice.Open(t, b, 3), func() {})
	if _, err := b.DB.Sequence(context.Background(), b.As(access.Operator)); err != nil {
		t.Fatal(err)
	}
	if err := b.DB.Close(); err != nil {
		t.Fatal(err)
	}
}

// everything opens the database as somebody who sees all rows.
func everything(t *testing.T, b *rig.Base) *sql.DB {
	t.Helper()
	if b.Engine == store.SQLite {
		return behind(t, b)
	}
	admin, err := url.Parse(pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	admin.Path = own.Path
	return opened(t, "pgx", admin.String())
}

// content is, for each table, its columns, how many rows it has and a hash over all of them.
// Columns that were not there when like was taken are left out.
func content(t *testing.T, b *rig.Base, like map[string]table) map[string]table {
	t.Helper()
	pool := everything(t, b)
	defer pool.Close()
	db := b.Open(t, store.Options{})
	defer db.Close()
	schema, err := db.Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]table{}
	for name, columns := range schema {
		if name == "goose_db_version" {
			continue
		}
		if like != nil {
			was, ok := like[name]
			if !ok {
				continue
			}
			columns = was.columns
		}
		rows, err := pool.QueryContext(context.Background(), `SELECT `+strings.Join(columns, ", ")+` FROM `+name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines, err := dump(rows)
		rows.Close()
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		out[name] = table{columns, len(lines), fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "\n"))))}
	}
	return out
}

type table struct {
	columns []string
	rows    int
	hash    string
}

// equal ends the test when a table of before has other rows now.
func equal(t *testing.T, what string, before, now map[string]table) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if now[name].rows != before[name].rows || now[name].hash != before[name].hash {
			t.Fatalf("%s: %s had %d rows and has %d, or they are others", what, name, before[name].rows, now[name].rows)
		}
	}
}

// steps is goose over the house's own migrations, to go back with.
func steps(t *testing.T, b *rig.Base, pool *sql.DB) *goose.Provider {
	t.Helper()
	files, err := store.Overlay(b.Engine, nil)
	if err != nil {
		t.Fatal(err)
	}
	dialect := goose.DialectSQLite3
	if b.Engine == store.Postgres {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, pool, files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAnUpgradeKeepsEveryRow: the schema of each earlier version, with the data of a workday in it,
// comes up to this one with equal counts and equal content (ALMIRAH_SOAK=1: every one).
func TestAnUpgradeKeepsEveryRow(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		lived(t, b)
		pool := behind(t, b)
		p := steps(t, b, pool)
		all := p.ListSources()
		last := all[len(all)-1].Version
		for i := len(all) - 2; i >= 0; i-- { // a number may be missing
			version := all[i].Version
			// Each goes through the same steps as those before it: the small form looks at the newest, the first, and a quarter of the others each day.
			if day := int(time.Now().Unix() / 86400); os.Getenv("ALMIRAH_SOAK") == "" && i < len(all)-10 && i > 0 && (i+day)%4 != 0 {
				continue
			}
			if _, err := p.DownTo(ctx, version); err != nil {
				t.Fatal(err)
			}
			before := content(t, b, nil)
			if i == len(all)-2 && len(before) < 30 {
				t.Fatalf("only %d tables at schema %d", len(before), version)
			}
			db := b.Open(t, store.Options{})
			from, to, err := db.Migrate(ctx, nil)
			if err != nil || from != version || to != last {
				t.Fatalf("from %d to %d: %v; from %d to %d is wanted", from, to, err, version, last)
			}
			equal(t, fmt.Sprintf("upgrade from schema %d", version), before, content(t, b, before))
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

const (
	nextGood = `-- +goose Up
ALTER TABLE patient ADD COLUMN nickname BYTEA;
CREATE TABLE waiting (clinic_id BYTEA NOT NULL, id BYTEA NOT NULL, PRIMARY KEY (clinic_id, id)) /* clustered */;
-- +goose Down
DROP TABLE waiting;
ALTER TABLE patient DROP COLUMN nickname;
`
	nextBad = `-- +goose Up
CREATE TABLE halfway (clinic_id BYTEA NOT NULL PRIMARY KEY);
DELETE FROM pulse;
INSERT INTO nowhere (clinic_id) VALUES (NULL);
-- +goose Down
DROP TABLE halfway;
`
	// Outside a transaction, what it does before it fails stays done: only the snapshot helps.
	nextWorse = `-- +goose NO TRANSACTION
-- +goose Up
DELETE FROM claims;
DELETE FROM booking_log;
INSERT INTO nowhere (clinic_id) VALUES (NULL);
-- +goose Down
SELECT 1;
`
)

func next(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestTheNextVersionTakesTheDataOver(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		lived(t, b)
		before := content(t, b, nil)
		db := b.Open(t, store.Options{})
		from, to, err := db.Migrate(ctx, next(map[string]string{"common/00901_next.sql": nextGood}))
		if err != nil || to != 901 || from >= to {
			t.Fatalf("from %d to %d: %v", from, to, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		equal(t, "the next version", before, content(t, b, before))
		if b.Engine == store.SQLite {
			// The data as they were lie beside them, readable by nobody else.
			info, err := os.Stat(filepath.Join(b.Dir, "almirah.db.before-00901"))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("the snapshot: %v, %v", info, err)
			}
		}
		// The program that came before says why it does not start, and touches nothing.
		_, _, err = b.Open(t, store.Options{}).Migrate(ctx, nil)
		if err == nil || !strings.Contains(err.Error(), "newer version") {
			t.Fatalf("the old program over new data: %v", err)
		}
		equal(t, "the old program", before, content(t, b, before))
	})
}

func TestAFailedUpgradeLeavesTheDataUntouched(t *testing.T) {
	t.Parallel()
	for what, files := range map[string]map[string]string{
		"in a transaction": {"common/00901_good.sql": nextGood, "common/00902_bad.sql": nextBad},
		"outside of one":   {"common/00901_good.sql": nextGood, "common/00902_worse.sql": nextWorse},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			rig.Engines(t, func(t *testing.T, b *rig.Base) { afterAFailure(t, b, what, files) })
		})
	}
}

func afterAFailure(t *testing.T, b *rig.Base, what string, files map[string]string) {
	t.Helper()
	if b.Engine == store.Postgres && what == "outside of one" {
		return // on PostgreSQL every step is one transaction; TestEveryStepIsOneTransaction keeps it so
	}
	ctx := context.Background()
	lived(t, b)
	before := content(t, b, nil)
	db := b.Open(t, store.Options{})
	from, to, err := db.Migrate(ctx, next(files))
	if err == nil || from != to {
		t.Fatalf("%s: from %d to %d without an error", what, from, to)
	}
	for _, words := range []string{"failed and was undone", "nothing was lost", "starts again"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%s: the error does not say %q: %v", what, words, err)
		}
	}
	if strings.Contains(err.Error(), "going back") {
		t.Errorf("%s: %v", what, err)
	}
	_ = db.Close()
	after := content(t, b, nil)
	equal(t, what, before, after)
	for name, x := range after {
		if !slices.Equal(x.columns, before[name].columns) {
			t.Errorf("%s: %s has other columns than before", what, name)
		}
	}
	// The program of before opens it, finds nothing to do, and works.
	b.DB = b.Open(t, store.Options{})
	if from, to, err := b.DB.Migrate(ctx, nil); err != nil || from != to {
		t.Fatalf("%s: the old program: from %d to %d, %v", what, from, to, err)
	}
	p := practice.Open(t, b, 1)
	p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 77))
	if _, err := b.DB.VerifyAudit(ctx, b.As(access.Operator), nil); err != nil {
		t.Errorf("%s: the audit log: %v", what, err)
	}
}

// TestEveryStepIsOneTransaction: a step that fails leaves nothing half-done on PostgreSQL only
// when it is one transaction, and going back needs its Down.
func TestEveryStepIsOneTransaction(t *testing.T) {
	t.Parallel()
	found := 0
	for _, pattern := range []string{"common", "postgres", "sqlite"} {
		files, err := filepath.Glob(filepath.Join("migrations", pattern, "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if strings.Contains(string(b), "NO TRANSACTION") {
				t.Errorf("%s runs outside a transaction: a failure in the middle could not be undone", f)
			}
			if !strings.Contains(string(b), "-- +goose Down") {
				t.Errorf("%s has no way down", f)
			}
		}
	}
	if found < 8 {
		t.Fatalf("only %d migrations were found", found)
	}
}

// TestThreeStartersMigrateOnce: three processes start at the same moment on an empty database,
// and again on one of an earlier version.
func TestThreeStartersMigrateOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		if err := b.DB.Close(); err != nil {
			t.Fatal(err)
		}
		if b.Engine == store.SQLite {
			b.URL = "sqlite://" + filepath.Join(b.Dir, "fresh.db")
		} else {
			b.URL = pg.Database(t)
		}
		start := func() {
			t.Helper()
			var wg sync.WaitGroup
			errs := make([]error, 3)
			for i := range errs {
				wg.Go(func() {
					db, err := store.Open(ctx, b.URL, b.Vault, b.Clock, b.Log, store.Options{Readers: 1, Writers: 2})
					if err == nil {
						_, _, err = db.Migrate(ctx, nil)
						_ = db.Close()
					}
					errs[i] = err
				})
			}
			wg.Wait()
			for i, err := range errs {
				if err != nil {
					t.Fatalf("starter %d: %v", i, err)
				}
			}
		}
		b.DB = b.Open(t, store.Options{})
		pool := behind(t, b)
		check := func(when string) {
			t.Helper()
			var twice, last int64
			if err := pool.QueryRowContext(ctx, `SELECT COUNT(*) - COUNT(DISTINCT version_id), MAX(version_id) FROM goose_db_version`).Scan(&twice, &last); err != nil {
				t.Fatal(err)
			}
			sources := steps(t, b, pool).ListSources()
			if twice != 0 || last != sources[len(sources)-1].Version {
				t.Fatalf("%s: %d steps were taken twice, the schema is %d", when, twice, last)
			}
		}
		start()
		check("an empty database")
		if _, err := steps(t, b, pool).DownTo(ctx, 3); err != nil {
			t.Fatal(err)
		}
		start()
		check("an earlier version")
		start()
		check("nothing to do")
	})
}
