package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Failures of the root key file. Each error that wraps one says what to do.
var (
	ErrRootKeyMissing    = errors.New("vault: the root key file is missing")
	ErrRootKeyExposed    = errors.New("vault: the root key file can be read by others")
	ErrRootKeyUnreadable = errors.New("vault: the root key file does not hold a root key")
	ErrRootKeyMismatch   = errors.New("vault: the root key does not fit the key store")
)

const (
	keySize    = 32 // bytes, of every key in the tree
	rootHeader = "almirah root key 1"
)

// CreateRootKey makes a root key file of mode 0600, with the folders above it. It never
// overwrites: created is false, without an error, when a file is there already.
func CreateRootKey(path string) (created bool, err error) {
	root := newKey()
	defer clear(root)
	text := plainRoot(root)
	defer clear(text)
	return writeNew(path, text)
}

func plainRoot(root []byte) []byte {
	return []byte(rootHeader + "\n" + base64.StdEncoding.EncodeToString(root) + "\n")
}

// writeNew puts a whole file of mode 0600 in place or nothing at all; it never replaces one.
func writeNew(path string, content []byte) (created bool, err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return false, nil
	}
	draft, err := os.CreateTemp(folder, ".almirah-*") // CreateTemp gives mode 0600
	if err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	defer os.Remove(draft.Name())
	defer draft.Close()
	if _, err := draft.Write(content); err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	if err := draft.Sync(); err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	// A link fails where a rename would overwrite: of two processes, one is first.
	if err := os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	return true, syncFolder(folder)
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

// readRootKey reads the file that CreateRootKey wrote, or one into which a person has typed the
// two lines of the escrow sheet: recovery then needs no tool but a text editor. A file that a keeper has wrapped is opened by that keeper,
// whose name comes back; it is empty for a plain file.
func readRootKey(ctx context.Context, path string, keepers []Keeper) (root []byte, keeper string, err error) {
	text, err := readRootFile(path)
	if err != nil {
		return nil, "", err
	}
	defer clear(text)
	header, rest, _ := strings.Cut(string(text), "\n")
	switch strings.TrimSpace(header) {
	case rootHeader:
		root, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
		if err != nil || len(root) != keySize {
			return nil, "", fmt.Errorf("%w: the second line of %s is damaged. Put the file back from where it is kept, or type the two key lines of the escrow sheet into it", ErrRootKeyUnreadable, path)
		}
		return root, "", nil
	case keptHeader:
		return openKept(ctx, path, rest, keepers)
	}
	if root, err = ParseEscrow(string(text)); err != nil {
		return nil, "", fmt.Errorf("%w: %s neither begins with %q nor holds the two key lines of an escrow sheet: %w", ErrRootKeyUnreadable, path, rootHeader, err)
	}
	return root, "", nil
}

func readRootFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: nothing is at %s. Put the file back from where it is kept, or type the two key lines of the escrow sheet into a new file there; only a new installation makes a new one, with `almirah setup`", ErrRootKeyMissing, path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: the root key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a file", ErrRootKeyUnreadable, path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o. Run `chmod 600 %s`, and think about who may have copied it", ErrRootKeyExposed, path, info.Mode().Perm(), path)
	}
	if info.Size() > 64<<10 {
		return nil, fmt.Errorf("%w: %s is too large", ErrRootKeyUnreadable, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vault: the root key file: %w", err)
	}
	return text, nil
}

// newKey makes 32 random bytes. crypto/rand never fails on the systems we run on: it ends the
// program instead.
func newKey() []byte {
	k := make([]byte, keySize)
	_, _ = rand.Read(k)
	return k
}
