package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/rig/pg"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// morning is when the tests' day begins: a Tuesday, 09:30 in India.
var morning = time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)

// opened is a House with the demo's clinic, served on a loopback address.
type opened struct {
	*House
	Fake     *clock.Fake
	Server   *httptest.Server
	Owner    access.Caller
	Clinic   clinics.Clinic
	Practice demoPractice
	Dir      string
}

// settings of a House in a folder of its own.
func settingsIn(t testing.TB, dir string, engine store.Engine, more map[string]string) Config {
	t.Helper()
	set := map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_PUBLIC_LIMIT": "0"}
	if engine == store.Postgres {
		set["ALMIRAH_DATABASE_URL"] = pg.Database(t)
		set["ALMIRAH_KEYSTORE_URL"] = "sqlite://" + filepath.Join(dir, "keys", "keystore.db")
	}
	for k, v := range more {
		set[k] = v
	}
	c, err := FromEnv(func(name string) string { return set[name] })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(c.Keys), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.CreateRootKey(c.Keys); err != nil {
		t.Fatal(err)
	}
	c.Demo = true
	return c
}

// openHouse opens a House with an empty demo clinic: people and practice, no patients yet.
func openHouse(t testing.TB, engine store.Engine, o Options, more map[string]string) *opened {
	t.Helper()
	return openLogging(t, engine, o, silent(), more)
}

// openLogging is openHouse with ears: every room writes its log there.
func openLogging(t testing.TB, engine store.Engine, o Options, log *slog.Logger, more map[string]string) *opened {
	t.Helper()
	ctx := context.Background()
	h := &opened{Fake: clock.NewFake(morning), Dir: t.TempDir()}
	c := settingsIn(t, h.Dir, engine, more)
	var late http.Handler
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { late.ServeHTTP(w, r) }))
	t.Cleanup(h.Server.Close)
	c.PublicURL = h.Server.URL
	house, err := Open(ctx, c, h.Fake, log, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = house.Close() })
	h.House, late = house, house.Handler()
	if h.Owner, h.Clinic, err = house.demoClinic(ctx); err != nil {
		t.Fatal(err)
	}
	if h.Practice, err = house.demoPractice(ctx, h.Owner); err != nil {
		t.Fatal(err)
	}
	return h
}

// engines runs the test on both databases.
func engines(t *testing.T, run func(t *testing.T, engine store.Engine)) {
	t.Helper()
	for _, e := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			run(t, e)
		})
	}
}
