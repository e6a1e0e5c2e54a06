package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"almirah/internal/backup"

	"filippo.io/age"
)

// TestBothSheetsAreNamed: the flag may stand several times, and what any of the keys opens, opens.
func TestBothSheetsAreNamed(t *testing.T) {
	t.Parallel()
	args := []string{"latest"}
	var to []string
	for _, name := range []string{"old", "new"} {
		recipient, secret, err := backup.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		args, to = append(args, "--key", file), append(to, recipient)
	}
	key, err := typedKey(args)
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range to {
		recipient, err := age.ParseX25519Recipient(one)
		if err != nil {
			t.Fatal(err)
		}
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, recipient)
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := age.Decrypt(&sealed, key); err != nil {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if which := plain(args, "--key"); which != "latest" {
		t.Errorf("the backup is %q", which)
	}
	if _, err := typedKey([]string{"latest", "--key"}); !errors.Is(err, errNoKey) {
		t.Errorf("no file is named: %v", err)
	}
}
