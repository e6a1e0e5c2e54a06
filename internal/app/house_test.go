package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/rig/factor"
	"almirah/internal/rig/pg"
	"almirah/internal/rig/sms"
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
	Apps     *factor.Phone
	Twilio   *sms.Twilio // nil where the clinic has no account there
}

// settings of a House in a folder of its own.
func settingsIn(t testing.TB, dir string, engine store.Engine, more map[string]string) Config {
	t.Helper()
	set := map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_PUBLIC_LIMIT": "0", "ALMIRAH_CANARY_HOUR": "off"}
	if engine == store.Postgres {
		set["ALMIRAH_DATABASE_URL"] = pg.Small(t, ownedDatabase(t))
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

// ownedDatabase is the address of a database with the house's tables and its queue's, by the role that owns them.
func ownedDatabase(t testing.TB) string {
	t.Helper()
	return pg.Copy(t, "house", func(address string) error {
		db, err := store.Open(context.Background(), address, nil, clock.NewFake(morning), silent(), store.Options{Readers: 1, Writers: 2})
		if err != nil {
			return err
		}
		_, _, err = db.Migrate(context.Background(), nil)
		if err == nil {
			err = jobs.Prepare(context.Background(), db, address, silent())
		}
		return errors.Join(err, db.Close())
	})
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
	server := h.Server
	// The list of clean-ups outlives its test in package testing, and with it what they name: whole houses. So both let go of what they closed.
	t.Cleanup(func() {
		server.Close()
		server, late = nil, nil
	})
	c.PublicURL = h.Server.URL
	house, err := Open(ctx, c, h.Fake, log, o)
	if err != nil {
		t.Fatal(err)
	}
	closing := house
	t.Cleanup(func() {
		_ = closing.Close()
		closing = nil
	})
	h.House, late = house, house.Handler()
	h.Apps = phoneOf(house)
	if h.Owner, h.Clinic, err = house.demoClinic(ctx); err != nil {
		t.Fatal(err)
	}
	if h.Practice, err = house.demoPractice(ctx, h.Owner); err != nil {
		t.Fatal(err)
	}
	return h
}

// phoneOf shows the codes of the demo's people, and of whoever sets an app up in a test.
func phoneOf(h *House) *factor.Phone {
	p := &factor.Phone{DB: h.DB, Accounts: h.Accounts, Clock: h.Clock}
	for _, x := range demoLogins(true) {
		p.Seed(x.Email, demoSeed(x.Email))
	}
	return p
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

// TestDemoShowsWorkEarlyInTheDay: before the first patient of the day has come, the demo shows the visits and the bills of the day before.
func TestDemoShowsWorkEarlyInTheDay(t *testing.T) {
	t.Parallel()
	c := settingsIn(t, t.TempDir(), store.SQLite, nil)
	c.Demo = true
	house, err := Open(t.Context(), c, clock.NewFake(time.Date(2026, 11, 24, 0, 30, 0, 0, time.UTC)), silent(), Options{}) // 6:00 in the clinic
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = house.Close() })
	bills := 0
	if err := house.LoadDemo(t.Context(), func(format string, args ...any) {
		if strings.Contains(format, "bills") {
			bills = args[0].(int)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if bills < 20 {
		t.Errorf("%d bills", bills)
	}
}

// TestDemoIsFullOnALaterDay: the demo of this morning shows 120 appointments; opened again that day it stays as it is, opened
// three days later it keeps what is there and shows a full day again.
func TestDemoIsFullOnALaterDay(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC))
	c := settingsIn(t, t.TempDir(), store.SQLite, nil)
	c.Demo = true
	house, err := Open(t.Context(), c, fake, silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = house.Close() })
	kept := func() (today, all int) {
		clinic, err := house.Clinics.BySlug(t.Context(), demoSlug)
		if err != nil {
			t.Fatal(err)
		}
		who := access.Mint(clinic, id.Zero, id.Zero, id.Zero, access.Owner, access.Running)
		for d := range 20 {
			n, err := house.Desk.CountDay(t.Context(), who, clock.Date("2026-11-24").AddDays(d))
			if err != nil {
				t.Fatal(err)
			}
			if clock.Date("2026-11-24").AddDays(d) == clock.DateOf(fake.Now()) {
				today = n.Kept()
			}
			all += n.Kept()
		}
		return today, all
	}
	load := func() {
		t.Helper()
		if err := house.LoadDemo(t.Context(), func(string, ...any) {}); err != nil {
			t.Fatal(err)
		}
	}
	load()
	today, all := kept()
	if today != 120 {
		t.Errorf("%d appointments today, 120 are wanted", today)
	}
	load()
	if n, again := kept(); n != today || again != all {
		t.Errorf("opened again: %d today and %d in all, before %d and %d", n, again, today, all)
	}
	fake.Move(3 * 24 * time.Hour)
	load()
	if n, later := kept(); n < 110 || n > 128 || later <= all {
		t.Errorf("three days later: %d today and %d in all", n, later)
	}
}
