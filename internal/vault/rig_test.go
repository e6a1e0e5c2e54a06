package vault

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/rig/pg"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// onBoth runs a test on each engine with the address of a key store that does not exist yet.
func onBoth(t *testing.T, do func(t *testing.T, storeURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		do(t, "sqlite://"+filepath.Join(t.TempDir(), "keys", "key store?.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		do(t, beside(t, pg.Database(t)))
	})
}

// beside names another database on the same server, which nobody has made.
func beside(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Path += "_keys"
	return u.String()
}

func rootFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "root", "root.key")
	if created, err := CreateRootKey(path); err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	return path
}

func opening(t *testing.T, cfg Config) *Vault {
	t.Helper()
	v, err := Open(t.Context(), cfg, clock.NewFake(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

// clinicOf opens a clinic with patients in it.
func clinicOf(t *testing.T, v *Vault, patients int) (id.ID, []id.ID) {
	t.Helper()
	clinic := id.New(noon)
	if err := v.OpenClinic(t.Context(), clinic); err != nil {
		t.Fatal(err)
	}
	people := make([]id.ID, patients)
	for i := range people {
		people[i] = id.New(noon)
	}
	if err := v.AddSubjects(t.Context(), clinic, people...); err != nil {
		t.Fatal(err)
	}
	return clinic, people
}

func ringOf(t *testing.T, v *Vault, clinic id.ID) *Ring {
	t.Helper()
	r, err := v.Ring(t.Context(), clinic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func nameOf(subject id.ID) Cell {
	return Cell{Subject: subject, Table: "patient", Column: "name", Row: subject}
}

func sealing(t *testing.T, r *Ring, cell Cell, plain string) []byte {
	t.Helper()
	b, err := r.Seal(cell, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func opens(t *testing.T, r *Ring, cell Cell, sealed []byte, want string) {
	t.Helper()
	b, err := r.Open(cell, sealed)
	if err != nil || string(b) != want {
		t.Fatalf("opened %q, %v; want %q", b, err, want)
	}
}

// exec does to the key store what no code of ours does.
func exec(t *testing.T, v *Vault, text string, args ...any) {
	t.Helper()
	err := v.store.change(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(text, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wrappedOf(t *testing.T, v *Vault, clinic, subject id.ID) wrappedKey {
	t.Helper()
	var w wrappedKey
	err := v.store.read.QueryRow("SELECT generation, wrapped FROM patient_key WHERE clinic = $1 AND subject = $2", clinic, subject).Scan(&w.generation, &w.bytes)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// rootOf reads a root key file that no keeper wraps.
func rootOf(t *testing.T, path string) ([]byte, error) {
	t.Helper()
	root, _, err := readRootKey(t.Context(), path, nil)
	return root, err
}
