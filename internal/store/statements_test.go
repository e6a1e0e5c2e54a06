package store_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"almirah/internal/archtest/statements"
	"almirah/internal/rig"
	"almirah/internal/rig/pg"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// completed says how the code completes the constants that are no whole statement by themselves.
func completed() map[string]string {
	return map[string]string{
		"sqlPatientNames":     store.In(2, 3),
		"sqlTokensDrop":       store.In(3, 16),
		"sqlPatientReach":     store.In(2, 3),
		"sqlAppointmentsIn":   store.In(2, 3),
		"sqlProviderNames":    store.In(2, 3),
		"sqlServiceNames":     store.In(2, 3),
		"sqlConsentsIn":       store.In(2, 3) + ` ORDER BY patient_id, at DESC, id DESC`,
		"sqlWishesIn":         store.In(2, 3),
		"sqlMessagesAbout":    store.In(2, 3),
		"sqlDueAbout":         store.In(2, 3),
		"sqlMessagesIn":       store.In(2, 3),
		"sqlMessageHandOver":  store.In(5, 3),
		"sqlGuardiansIn":      store.In(2, 3) + ` ORDER BY created_at, id`,
		"sqlBusy":             ` UNION ALL SELECT provider_id, day, claims_from, claims_to FROM appointment WHERE clinic_id = $1 AND status <> 'cancelled' AND day >= $2 AND day <= $3 AND provider_id = $5 ORDER BY provider_id, claims_from`,
		"sqlClaimsInsert":     `($1,$2,$4,0,$3),($1,$2,$5,1,$3) ON CONFLICT DO NOTHING`,
		"sqlInvoicesOfVisits": store.In(2, 3),
		"sqlAnswersIn":        store.In(2, 3) + ` ORDER BY at, id`,
		"sqlCame":             store.In(2, 3),
	}
}

// everyStatement reads the statements of the house from its source, completed.
func everyStatement(t testing.TB) []statements.Statement {
	t.Helper()
	all, err := statements.Find(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	tails := completed()
	used := map[string]bool{}
	for i, s := range all {
		if tail, ok := tails[s.Name]; ok {
			all[i].Text += tail
			used[s.Name] = true
		}
	}
	for name := range tails {
		if !used[name] {
			t.Errorf("%s is completed here and is nowhere in the source: take it out of completed()", name)
		}
	}
	return all
}

// TestEveryStatementPrepares: each statement of the house is read by both engines, against the
// schema as it is. The key store's statements meet the key store's schema.
func TestEveryStatementPrepares(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		main, keys := behind(t, b), keystore(t, b)
		n := 0
		for _, s := range everyStatement(t) {
			pool := main
			if strings.HasPrefix(s.File, "internal/vault/") {
				pool = keys
			}
			if strings.HasPrefix(strings.TrimSpace(s.Text), "CREATE ") {
				continue // it makes what the others need: the fixture has run it
			}
			st, err := pool.PrepareContext(context.Background(), s.Text)
			if err != nil {
				t.Errorf("%s:%d: %s does not prepare on %s: %v", s.File, s.Line, s.Name, b.Engine, err)
				continue
			}
			_ = st.Close()
			n++
		}
		if st, err := main.PrepareContext(context.Background(), `SELECT nothing FROM nowhere WHERE clinic_id = $1`); err == nil {
			_ = st.Close()
			t.Fatalf("%s prepares what it cannot run: this test proves nothing", b.Engine)
		}
		if n < 150 {
			t.Fatalf("only %d statements were found", n)
		}
		t.Logf("%d statements prepare on %s", n, b.Engine)
	})
}

// keystore opens the tables of a key store on the engine, behind the vault.
func keystore(t *testing.T, b *rig.Base) *sql.DB {
	t.Helper()
	driver, at := "sqlite", "file:"+filepath.Join(b.Dir, "keystore.db")
	if b.Engine == store.Postgres {
		driver, at = "pgx", pg.Database(t)
		v, err := vault.Open(context.Background(), vault.Config{RootKeyFile: filepath.Join(b.Dir, "root.key"), StoreURL: at}, b.Clock)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = v.Close() })
	}
	return opened(t, driver, at)
}

// behind opens the same database beside the doorway, as the role that owns it.
func behind(t testing.TB, b *rig.Base) *sql.DB {
	t.Helper()
	if b.Engine == store.Postgres {
		return opened(t, "pgx", b.URL)
	}
	return opened(t, "sqlite", "file:"+b.DB.Path()+"?_pragma=busy_timeout(10000)&_txlock=immediate")
}

func opened(t testing.TB, driver, at string) *sql.DB {
	t.Helper()
	pool, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}
