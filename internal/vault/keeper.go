package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"almirah/internal/fault"
)

// Keeper is a service that keeps a key of its own and never hands it out: HashiCorp Vault's transit engine, or AWS KMS. It wraps the root key,
// so that the file on this host opens nothing by itself. It is asked when the program starts and once a minute, never for a field.
type Keeper interface {
	Name() string // one word that says which service and which of its keys; it stands in the root key file
	// Wrap and Unwrap answer ErrKeeper when the service cannot be reached, refuses, or does not know what it is given.
	Wrap(ctx context.Context, key []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// ErrKeeper means that the keeper of the root key does not do what it is asked; the text says why.
var ErrKeeper = errors.New("vault: the keeper of the root key")

// ErrKeeperAway means that the keeper has not answered for longer than the time for which its answer holds: no field opens until it does.
var ErrKeeperAway = errors.New("vault: the keeper of the root key has not answered for too long")

// DefaultGrace is for how long fields are opened while a keeper does not answer, unless Config says otherwise.
const DefaultGrace = time.Hour

const (
	keptHeader = "almirah root key 2, wrapped"
	nextSuffix = ".next" // a root key that is about to take the place of the present one
)

// keptRoot is the content of a root key file that a keeper has wrapped.
func keptRoot(ctx context.Context, k Keeper, root []byte) ([]byte, error) {
	wrapped, err := k.Wrap(ctx, root)
	if err != nil {
		return nil, err
	}
	return []byte(keptHeader + "\nkeeper " + k.Name() + "\n" + base64.StdEncoding.EncodeToString(wrapped) + "\n"), nil
}

func openKept(ctx context.Context, path, rest string, keepers []Keeper) ([]byte, string, error) {
	line, body, _ := strings.Cut(rest, "\n")
	name, ok := strings.CutPrefix(strings.TrimSpace(line), "keeper ")
	wrapped, err := base64.StdEncoding.DecodeString(strings.TrimSpace(body))
	if !ok || err != nil || len(wrapped) == 0 {
		return nil, "", fmt.Errorf("%w: %s is damaged. Put the file back from where it is kept, or type the two key lines of the escrow sheet into it", ErrRootKeyUnreadable, path)
	}
	for _, k := range keepers {
		if k.Name() != name {
			continue
		}
		root, err := k.Unwrap(ctx, wrapped)
		if err == nil && len(root) != keySize {
			err = fmt.Errorf("%w: %s gave back something else than the root key", ErrKeeper, name)
		}
		return root, name, err
	}
	return nil, "", fmt.Errorf("%w: %s was wrapped by %s, and this program was not told how to reach it. Set what docs/keys.md names for it, or type the two key lines of the escrow sheet into the file", ErrKeeper, path, name)
}

// Keeper is the name of who wraps the root key, and empty where the root key lies in a plain file.
func (v *Vault) Keeper() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.keeper
}

// rootPath is where the root key lies, and by whom it may be wrapped.
func (v *Vault) rootPath() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.rootFile
}

func (v *Vault) heardNow() { v.heard.Store(v.clk.Now().UnixMicro()) }

// away is for how long the keeper has not answered.
func (v *Vault) away() time.Duration {
	return v.clk.Now().Sub(time.UnixMicro(v.heard.Load()))
}

// answering is a fault while a keeper's last answer is too old; without a keeper it is nil.
func (v *Vault) answering() error {
	if !v.kept.Load() || v.away() <= v.grace {
		return nil
	}
	v.letGo()
	return fault.New(fault.Unavailable, "fault.keys.keeper_away").Because(ErrKeeperAway)
}

// letGo forgets every key. They come back when the keeper answers Hear.
func (v *Vault) letGo() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.epochs, v.newest = nil, 0
	v.cache.drop()
}

// Hear asks the keeper to open the root key, and makes sure that this opens the key store. With a plain file it reads that. While it fails, fields
// are opened for as long as Config.Grace says and no longer (a plain file that has gone stops nobody). ErrKeeper and the errors of Open.
func (v *Vault) Hear(ctx context.Context) error {
	if v.closed.Load() {
		return ErrClosed
	}
	root, _, err := v.fittingRoot(ctx, v.store.read)
	if err != nil {
		_ = v.answering()
		return err
	}
	clear(root)
	v.heardNow()
	if v.newestEpoch() == 0 {
		return v.learn(ctx)
	}
	return nil
}

// Heard is for how long the keeper has not answered, and after how long nothing opens any more. ok is false without a keeper.
func (v *Vault) Heard() (silent, grace time.Duration, ok bool) {
	return v.away(), v.grace, v.kept.Load()
}

// MoveRootKey has the root key wrapped by another keeper from now on, or laid into a plain file (nil). The key stays the same: the key store, its copies and the escrow
// sheet are not touched. It is opened again before the file is replaced, and what lay there is overwritten. Other hosts of the installation need the new file.
func (v *Vault) MoveRootKey(ctx context.Context, to Keeper) error {
	root, _, err := v.fittingRoot(ctx, v.store.read)
	if err != nil {
		return err
	}
	defer clear(root)
	text, name := plainRoot(root), ""
	if to != nil {
		name = to.Name()
		if text, err = keptRoot(ctx, to, root); err != nil {
			return err
		}
		again, _, err := openKept(ctx, v.rootPath(), strings.TrimPrefix(string(text), keptHeader+"\n"), []Keeper{to})
		if err != nil {
			return err
		}
		defer clear(again)
		if string(again) != string(root) {
			return fmt.Errorf("%w: %s gave back another key than it was given; nothing was changed", ErrKeeper, name)
		}
	}
	defer clear(text)
	draft := v.rootPath() + ".moving"
	if err := os.Remove(draft); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("vault: %w", err)
	}
	if _, err := writeNew(draft, text); err != nil {
		return err
	}
	if err := replaceFile(draft, v.rootPath()); err != nil {
		return err
	}
	v.mu.Lock()
	v.keeper = name
	v.mu.Unlock()
	v.kept.Store(name != "")
	v.heardNow()
	return nil
}

// replaceFile puts a file in the place of another and overwrites what lay there. On flash the old bytes may live on in cells that nothing reads.
func replaceFile(draft, path string) error {
	old, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("vault: the root key file: %w", err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("vault: the root key file: %w", err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	defer old.Close()
	info, err := old.Stat()
	if err == nil {
		_, err = old.WriteAt(make([]byte, info.Size()), 0)
	}
	if err == nil {
		err = old.Sync()
	}
	if err != nil {
		return fmt.Errorf("vault: what lay in the root key file could not be overwritten: %w", err)
	}
	return nil
}
