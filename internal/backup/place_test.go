package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/promise"
)

// TestDraftsOfAKilledProcess: what a process that was killed left of a file in a folder goes after a day; one that may be under way stays.
func TestDraftsOfAKilledProcess(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "backups-thirty-days")
	ctx := context.Background()
	f := folder(t, t.TempDir())
	now := clock.System{}.Now()
	for name, age := range map[string]time.Duration{"data/.draft-1": 25 * time.Hour, "data/.draft-2": time.Hour, "keys/.draft-3": 48 * time.Hour, "data/x.age": 48 * time.Hour} {
		at := filepath.Join(f.Name(), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte("age-encryption.org/v1\n"), 0o600), os.Chtimes(at, now, now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Sweep(ctx, orphan); err != nil {
		t.Fatal(err)
	}
	for name, stays := range map[string]bool{"data/.draft-1": false, "data/.draft-2": true, "keys/.draft-3": false, "data/x.age": true} {
		if _, err := os.Stat(filepath.Join(f.Name(), name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := folder(t, filepath.Join(t.TempDir(), "none")).Sweep(ctx, orphan); err != nil {
		t.Errorf("a folder that is not there yet: %v", err)
	}
}
