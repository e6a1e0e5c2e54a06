// Package rig is what tests stand on: a fake clock, both databases, a vault with keys of its
// own, clinics and callers. It uses the real engines and the real rooms; it mocks nothing.
package rig

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/rig/pg"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Start is the moment at which every test begins: a Monday morning, 09:30 in India.
var Start = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// Base is a migrated database with its vault and a clock that stands still.
type Base struct {
	DB     *store.DB
	Vault  *vault.Vault
	Clock  *clock.Fake
	Log    *slog.Logger
	Engine store.Engine
	URL    string // address of the database
	Dir    string // folder with the data file, the key store and the root key
	Clinic id.ID  // the first clinic, "sunrise", in India
}

// Engines runs the test once on SQLite and once on PostgreSQL. Where PostgreSQL is not
// installed that half is skipped by name (and fails under ALMIRAH_STRICT=1).
func Engines(t *testing.T, run func(t *testing.T, b *Base)) {
	t.Helper()
	for _, e := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			run(t, New(t, e, store.Options{}))
		})
	}
}

// New opens a fresh, migrated database of the engine with one clinic in it.
func New(t testing.TB, engine store.Engine, o store.Options) *Base {
	t.Helper()
	ctx := context.Background()
	b := &Base{Engine: engine, Clock: clock.NewFake(Start), Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	key := filepath.Join(b.Dir, "root.key")
	if _, err := vault.CreateRootKey(key); err != nil {
		t.Fatal(err)
	}
	var err error
	b.Vault, err = vault.Open(ctx, vault.Config{RootKeyFile: key, StoreURL: "sqlite://" + filepath.Join(b.Dir, "keystore.db")}, b.Clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Vault.Close() })
	b.URL = "sqlite://" + filepath.Join(b.Dir, "almirah.db")
	if engine == store.Postgres {
		b.URL = pg.Copy(t, "migrated", migrated)
		if o.Readers == 0 {
			o.Readers = 4
		}
		if o.Writers == 0 {
			o.Writers = 6
		}
	} else if err := liteTemplate(filepath.Join(b.Dir, "almirah.db")); err != nil {
		t.Fatal(err)
	}
	b.DB = b.Open(t, o)
	if _, _, err := b.DB.Migrate(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Vault.OpenClinic(ctx, id.Zero); err != nil {
		t.Fatal(err)
	}
	b.Clinic = b.Found(t, "sunrise")
	return b
}

// Open opens another doorway to the same database, as a second process would.
func (b *Base) Open(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), b.URL, b.Vault, b.Clock, b.Log, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Bare is a connection to PostgreSQL without the doorway, for the clinic: what a test reads or asks there is the database's own answer.
func (b *Base) Bare(t testing.TB) *sql.Conn {
	t.Helper()
	ctx := context.Background()
	db, err := sql.Open("pgx", b.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.ExecContext(ctx, `SET almirah.clinic = '\x`+hex.EncodeToString(b.Clinic[:])+`'`); err != nil {
		t.Fatal(err)
	}
	return conn
}

var lite struct {
	sync.Once
	file []byte
	err  error
}

// liteTemplate lays a migrated, empty data file at path: the migrations run once a process.
func liteTemplate(path string) error {
	lite.Do(func() {
		dir, err := os.MkdirTemp("", "almirah-template-*")
		if err != nil {
			lite.err = err
			return
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "t.db")
		if err = migrated("sqlite://" + file); err == nil { // the last connection folded the write-ahead log into the file
			lite.file, err = os.ReadFile(file)
		}
		lite.err = err
	})
	if lite.err != nil {
		return lite.err
	}
	return os.WriteFile(path, lite.file, 0o600)
}

// migrated runs the migrations in the database at url, and leaves it.
func migrated(url string) error {
	db, err := store.Open(context.Background(), url, nil, clock.NewFake(Start), slog.New(slog.NewTextHandler(io.Discard, nil)), store.Options{})
	if err != nil {
		return err
	}
	_, _, err = db.Migrate(context.Background(), nil)
	return errors.Join(err, db.Close())
}

// Found opens one more clinic with a bare profile (India, Asia/Kolkata, INR, English and Hindi).
func (b *Base) Found(t testing.TB, slug string) id.ID {
	t.Helper()
	clinic := id.New(b.Clock.Now())
	op := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.Operator, access.Running)
	err := b.DB.FoundClinic(context.Background(), op, clinic, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "open", Kind: "clinic", Subject: clinic})
		_, err := tx.Exec(`INSERT INTO clinic (clinic_id, slug, name, zone, country, jurisdiction, region, currency, languages, created_at)
			VALUES ($1, $2, $3, 'Asia/Kolkata', 'IN', 'IN', 'IN', 'INR', 'en,hi', $4)`, slug, "Clinic "+slug, tx.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.DB.Across(context.Background(), op, access.PlatformOpen, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "open", Kind: "clinic", Subject: clinic})
		_, err := p.Exec(`INSERT INTO clinic_route (slug, clinic_id, opened_at) VALUES ($1, $2, $3)`, slug, clinic, p.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return clinic
}

// SignedIn is one of a clinic's people by a sign-in of her own, for tests that tell sign-ins apart.
func SignedIn(clinic, person, session id.ID, role access.Role) access.Caller {
	return access.Mint(clinic, person, id.Zero, session, role, access.Care)
}

// As is a caller of the role in the first clinic, with a sign-in of its own.
func (b *Base) As(role access.Role) access.Caller { return b.In(b.Clinic, role) }

// In is a caller of the role in the clinic.
func (b *Base) In(clinic id.ID, role access.Role) access.Caller {
	purpose := access.Running
	switch role {
	case access.Practitioner, access.Assistant, access.FrontDesk, access.Public, access.System:
		purpose = access.Care
	case access.Patient:
		purpose = access.Own
	}
	if role == access.Operator {
		clinic = id.Zero
	}
	now := b.Clock.Now()
	return access.Mint(clinic, id.New(now), id.Zero, id.New(now), role, purpose)
}

// breath is how long Within sleeps between two looks.
const breath = 25 * time.Millisecond

// Within says whether done comes true within d, as a quiet machine counts time: between two looks it sleeps and then reads the clinic's row. On
// a busy machine both take longer, for the house as for the test, and the time that is allowed grows by as much.
func (b *Base) Within(t testing.TB, d time.Duration, done func() bool) bool {
	t.Helper()
	who := b.As(access.Owner)
	begun := time.Now()
	for range d / breath {
		if done() {
			return true
		}
		time.Sleep(breath)
		err := b.DB.View(context.Background(), who, access.ClinicSettings, func(_ context.Context, v *store.View) error {
			var n int
			return v.Row(`SELECT COUNT(*) FROM membership WHERE clinic_id = $1`).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%v on a quiet machine are over after %v", d, time.Since(begun).Round(time.Millisecond))
	return done()
}
