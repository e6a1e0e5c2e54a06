package backup

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"filippo.io/age"
)

// File says what a sealed file holds.
type File struct {
	Name   string `json:"name"`   // at the places
	Size   int64  `json:"size"`   // bytes, sealed
	SHA256 string `json:"sha256"` // of the sealed bytes
	Plain  int64  `json:"plain"`  // bytes before compression and sealing
}

// counted counts and hashes what passes.
type counted struct {
	to io.Writer
	n  int64
	h  hash.Hash
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	if c.h != nil {
		_, _ = c.h.Write(b[:n])
	}
	return n, err
}

// seal compresses and encrypts what it reads into a new file of mode 0600, and returns when the disk has it.
func seal(ctx context.Context, to []age.Recipient, from io.Reader, file string) (File, error) {
	var out File
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	sealed := &counted{to: f, h: sha256.New()}
	locked, err := age.Encrypt(sealed, to...)
	if err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	small, err := gzip.NewWriterLevel(locked, gzip.BestSpeed)
	if err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	plain := &counted{to: small}
	if _, err := io.CopyBuffer(onlyWriter{plain}, reading{ctx, from}, make([]byte, 256<<10)); err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(small.Close(), locked.Close(), f.Sync()); err != nil {
		return out, fmt.Errorf("backup: %w", err)
	}
	return File{Size: sealed.n, SHA256: hex.EncodeToString(sealed.h.Sum(nil)), Plain: plain.n}, nil
}

// onlyWriter keeps io.Copy from looking for faster ways, which would pass the counting by.
type onlyWriter struct{ io.Writer }

// ErrDamaged means that a file of a backup is not what was put there. The text names it.
var ErrDamaged = errors.New("backup: a file is damaged")

// unseal writes what a sealed file holds, and makes sure that it is the file that is named. ErrKey when the key is another one,
// ErrDamaged when the bytes are not those that were put there. The hash is compared last, so to may have been written to.
func unseal(ctx context.Context, at Place, file File, key age.Identity, to io.Writer) error {
	in, err := at.Get(ctx, file.Name)
	if err != nil {
		return err
	}
	defer in.Close()
	sum := sha256.New()
	all := io.TeeReader(reading{ctx, in}, sum)
	damaged := func(why string) error {
		return fmt.Errorf("%w: %s at %s %s. Take another backup, or the copy at the other place", ErrDamaged, file.Name, at.Name(), why)
	}
	open, err := age.Decrypt(all, key)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return fmt.Errorf("%w: it does not open %s. Look for the sheet whose line “Belongs to” names the key that the backup was made for", ErrKey, file.Name)
	}
	if err != nil {
		return damaged("does not begin as an encrypted file")
	}
	small, err := gzip.NewReader(open)
	if err != nil {
		return damaged("does not open")
	}
	n, err := io.CopyBuffer(onlyWriter{to}, small, make([]byte, 256<<10))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed := (*writeFailed)(nil); errors.As(err, &failed) {
		return failed.err
	}
	if err != nil {
		return damaged(fmt.Sprintf("is broken after %d bytes of what it holds", n))
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return fmt.Errorf("backup: %s: %w", file.Name, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); file.SHA256 != "" && got != file.SHA256 {
		return damaged("is another file than the list of the backup names")
	}
	return nil
}

// opens says whether a file is sealed to the key, or to another one. What is no sealed file at all is for unseal to say.
func opens(ctx context.Context, at Place, name string, key age.Identity) (bool, error) {
	in, err := at.Get(ctx, name)
	if err != nil {
		return false, err
	}
	defer in.Close()
	_, err = age.Decrypt(reading{ctx, in}, key)
	var other *age.NoIdentityMatchError
	return !errors.As(err, &other), nil
}

// writeFailed tells a full disk from a damaged file.
type writeFailed struct{ err error }

func (w *writeFailed) Error() string { return w.err.Error() }

// strictly marks the errors of writing.
type strictly struct{ to io.Writer }

func (s strictly) Write(b []byte) (int, error) {
	n, err := s.to.Write(b)
	if err != nil {
		err = &writeFailed{err}
	}
	return n, err
}

// unsealTo writes what a sealed file holds into a new file of mode 0600.
func unsealTo(ctx context.Context, at Place, file File, key age.Identity, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	if err := unseal(ctx, at, file, key, strictly{f}); err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
