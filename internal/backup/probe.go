package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// What the live looks ask of this room.

const (
	sealedHead = "age-encryption.org/v1\n"
	secretFile = 64 << 10 // bytes: no key is in a larger file
	mostSeen   = 8        // files of a kind, the newest
)

// Unreadable looks at the newest files of the first place, and for the private key where this machine keeps keys and what is under way: every file must be
// sealed to a public key, and no private one may lie there. It answers how many files it looked at (promise backups-unreadable).
func (r *Room) Unreadable(ctx context.Context) (files int, err error) {
	if _, err := ParseRecipients(strings.Join(r.o.Recipients, ",")); err != nil {
		return 0, err
	}
	for _, folder := range []string{dataFolder, keysFolder, journalFolder} {
		list, err := r.o.First.List(ctx, folder)
		if err != nil {
			return files, err
		}
		for _, item := range list[max(0, len(list)-mostSeen):] {
			if !strings.HasSuffix(item.Name, sealedTail) {
				continue
			}
			if err := r.begins(ctx, item.Name); err != nil {
				return files, err
			}
			files++
		}
	}
	for _, folder := range []string{filepath.Dir(r.o.RootKey), r.o.Scratch} {
		if err := noSecretIn(folder); err != nil {
			return files, err
		}
	}
	return files, nil
}

func (r *Room) begins(ctx context.Context, name string) error {
	in, err := r.o.First.Get(ctx, name)
	if errors.Is(err, ErrAbsent) {
		return nil // it expired meanwhile
	}
	if err != nil {
		return err
	}
	defer in.Close()
	head := make([]byte, len(sealedHead))
	if _, err := io.ReadFull(in, head); err != nil || string(head) != sealedHead {
		return fmt.Errorf("backup: %s is not sealed", name)
	}
	return nil
}

func noSecretIn(folder string) error {
	list, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > secretFile {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err == nil && bytes.Contains(bytes.ToUpper(text), []byte(secretStart)) {
			return fmt.Errorf("backup: a private key of backups lies in %s", folder)
		}
	}
	return nil
}
