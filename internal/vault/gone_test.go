package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"almirah/internal/id"
	"almirah/internal/promise"
)

// TestAClinicGoesWhole: once a clinic's keys are destroyed nothing of it opens, it never gets new ones, another clinic loses nothing, and a key store that
// comes back from before loses them again when it is opened.
func TestAClinicGoesWhole(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-closing")
	journal := filepath.Join(t.TempDir(), "journal")
	at := filepath.Join(t.TempDir(), "keys.db")
	cfg := Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + at, JournalFile: journal}
	v := opening(t, cfg)
	clinic, people := clinicOf(t, v, 2)
	other, others := clinicOf(t, v, 1)
	sealed := sealing(t, ringOf(t, v, clinic), nameOf(people[0]), "Asha")
	stays := sealing(t, ringOf(t, v, other), nameOf(others[0]), "Ravi")
	for _, reason := range []string{"", "the owner asked", strings.Repeat("x", 65)} {
		if v.ShredClinic(t.Context(), clinic, reason) == nil {
			t.Errorf("the reason %q was taken", reason)
		}
	}
	if v.ShredClinic(t.Context(), id.Zero, "clinic_closed") == nil {
		t.Error("the platform's own keys were destroyed")
	}
	copied := filepath.Join(t.TempDir(), "before.db")
	if _, err := v.store.write.ExecContext(t.Context(), "VACUUM INTO '"+copied+"'"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := v.ShredClinic(t.Context(), clinic, "clinic_closed"); err != nil {
			t.Fatal(err)
		}
	}
	dead := func(v *Vault) {
		t.Helper()
		if _, err := v.Ring(t.Context(), clinic); !errors.Is(err, ErrUnknownClinic) {
			t.Errorf("a ring for it: %v", err)
		}
		if err := v.OpenClinic(t.Context(), clinic); !errors.Is(err, ErrShredded) {
			t.Errorf("new keys for it: %v", err)
		}
		var n int
		if err := v.store.read.QueryRowContext(t.Context(), "SELECT (SELECT COUNT(*) FROM clinic_key WHERE clinic = $1) + (SELECT COUNT(*) FROM patient_key WHERE clinic = $1 AND wrapped IS NOT NULL)", clinic).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d of its keys are there, %v", n, err)
		}
		opens(t, ringOf(t, v, other), nameOf(others[0]), stays, "Ravi")
		if gone, err := v.GoneClinics(t.Context()); err != nil || len(gone) != 1 || gone[0] != clinic {
			t.Errorf("gone: %v %v", gone, err)
		}
	}
	dead(v)
	_ = sealed
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(at + end)
	}
	if err := os.Rename(copied, at); err != nil {
		t.Fatal(err)
	}
	dead(opening(t, cfg)) // opening replays the journal
}
