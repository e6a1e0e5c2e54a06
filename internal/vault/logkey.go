package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// The key that signs the audit log lies in a file beside the root key, never in a database: whoever can write every row still cannot sign a
// log that she wrote again. It is made when it is first needed. Where several hosts serve one installation, each has a copy of it.

const (
	logKeyHeader = "almirah audit key 1"
	logKeySuffix = ".audit." // behind the name of the root key file, and before the fingerprint of the key store
)

// ErrLogKey means that the file with the key that signs the audit log cannot be used; the text says what to do.
var ErrLogKey = errors.New("vault: the key that signs the audit log")

// LogKeyFile is where the key that signs the audit log lies.
func (v *Vault) LogKeyFile() string { return v.rootFile + logKeySuffix + v.plainFingerprint() }

func (v *Vault) plainFingerprint() string {
	return strings.ToLower(strings.ReplaceAll(v.fingerprint, "-", ""))
}

// LogSigner is what signs the audit log, and the public key to check it with, as golang.org/x/mod/sumdb/note writes both. The name in
// them is the log's: it is made once and holds the fingerprint of the key store. It makes the file when there is none. ErrLogKey.
func (v *Vault) LogSigner() (note.Signer, string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.signer != nil {
		return v.signer, v.verifier, nil
	}
	text, err := readLogKey(v.LogKeyFile())
	if errors.Is(err, fs.ErrNotExist) {
		if err = v.makeLogKey(); err == nil {
			text, err = readLogKey(v.LogKeyFile())
		}
	}
	if err != nil {
		return nil, "", err
	}
	private, public, found := strings.Cut(text, "\n")
	s, err := note.NewSigner(private)
	if err != nil || !found {
		return nil, "", fmt.Errorf("%w: %s is damaged. Put it back from where it is kept, beside the root key", ErrLogKey, v.LogKeyFile())
	}
	if w, err := note.NewVerifier(public); err != nil || w.Name() != s.Name() || w.KeyHash() != s.KeyHash() {
		return nil, "", fmt.Errorf("%w: the two lines of %s do not belong together. Put it back from where it is kept, beside the root key", ErrLogKey, v.LogKeyFile())
	}
	v.signer, v.verifier = s, public
	return s, public, nil
}

func (v *Vault) makeLogKey() error {
	name := "almirah-log-" + v.plainFingerprint()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLogKey, err)
	}
	if _, err := writeNew(v.LogKeyFile(), []byte(logKeyHeader+"\n"+private+"\n"+public+"\n")); err != nil {
		return fmt.Errorf("%w could not be written to %s. Let this program write into that folder once, or copy the file from another host: %w", ErrLogKey, v.LogKeyFile(), err)
	}
	return nil
}

// readLogKey answers the private and the public line.
func readLogKey(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%w: %s can be read by others. Run `chmod 600 %s`, and think about who may have copied it", ErrLogKey, path, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrLogKey, err)
	}
	header, rest, _ := strings.Cut(string(text), "\n")
	if header != logKeyHeader {
		return "", fmt.Errorf("%w: %s does not begin with %q", ErrLogKey, path, logKeyHeader)
	}
	return strings.TrimSpace(rest), nil
}

// logHeadSuffix ends the name of the file in which this host keeps the newest checkpoint that it signed. It stands outside the database, so that a
// database that was put back to yesterday, or written again, is not signed any further.
const logHeadSuffix = ".head"

// LogHeadFile is where this host keeps the newest checkpoint that it signed.
func (v *Vault) LogHeadFile() string { return v.LogKeyFile() + logHeadSuffix }

// SignedHead is the newest checkpoint that this host signed; nil before the first.
func (v *Vault) SignedHead() ([]byte, error) {
	text, err := os.ReadFile(v.LogHeadFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("vault: the newest checkpoint of the audit log: %w", err)
	}
	return text, nil
}

// KeepSignedHead keeps the newest checkpoint that this host signed; nil forgets it, which only somebody who put back a backup on purpose may ask.
func (v *Vault) KeepSignedHead(checkpoint []byte) error {
	if checkpoint == nil {
		if err := os.Remove(v.LogHeadFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("vault: the newest checkpoint of the audit log: %w", err)
		}
		return nil
	}
	draft, err := os.CreateTemp(filepath.Dir(v.rootFile), ".almirah-*")
	if err != nil {
		return fmt.Errorf("vault: the newest checkpoint of the audit log cannot be kept beside the root key; let this program write into that folder: %w", err)
	}
	defer os.Remove(draft.Name())
	if _, err = draft.Write(checkpoint); err == nil {
		err = draft.Close()
	}
	if err == nil {
		err = os.Rename(draft.Name(), v.LogHeadFile())
	}
	if err != nil {
		return fmt.Errorf("vault: the newest checkpoint of the audit log: %w", err)
	}
	return nil
}
