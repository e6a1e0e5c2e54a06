package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"almirah/internal/clock"
)

// fittingRoot reads the root key again and makes sure that it opens the epochs.
func (v *Vault) fittingRoot(ctx context.Context, q queryer) ([]byte, map[int64]epochRow, error) {
	root, _, err := readRootKey(ctx, v.rootPath(), v.keepers)
	if err != nil {
		return nil, nil, err
	}
	keys, err := readEpochs(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	if err := fits(root, keys); err != nil {
		return nil, nil, fmt.Errorf("%w: %s was exchanged since the start, or the root key was changed on another host: put the new file there", err, v.rootPath())
	}
	return root, keys, nil
}

// fits says whether the root key opens every epoch; ErrRootKeyMismatch.
func fits(root []byte, keys map[int64]epochRow) error {
	by, err := subtle.NewAESGCM(root)
	if err != nil {
		return fmt.Errorf("vault: setting up a cipher: %w", err)
	}
	for epoch, w := range keys {
		if _, err := unwrapCipher(by, epochPlace(epoch, w.generation), w.wrapped); err != nil {
			return ErrRootKeyMismatch
		}
	}
	return nil
}

// ErrOvertaken means that another process changed the same keys first; nothing was changed.
var ErrOvertaken = errors.New("vault: another process has changed the root key meanwhile; nothing was changed")

// ChangeRootKey wraps the epoch keys by the root key in another file (made by CreateRootKey).
// From the moment that it returns without an error the old file and the old escrow sheet open
// only older copies of the key store; processes that run go on running, and must find the new
// file when they start again. ErrOvertaken when somebody else did so at the same time.
func (v *Vault) ChangeRootKey(ctx context.Context, file string) error {
	if v.closed.Load() {
		return ErrClosed
	}
	next, keeper, err := readRootKey(ctx, file, v.keepers)
	if err != nil {
		return err
	}
	if err := v.changeRoot(ctx, next); err != nil {
		return err
	}
	v.mu.Lock()
	v.rootFile, v.keeper = file, keeper
	v.mu.Unlock()
	v.kept.Store(keeper != "")
	v.heardNow()
	return nil
}

// changeRoot wraps the epochs by another root key, which it clears.
func (v *Vault) changeRoot(ctx context.Context, next []byte) error {
	if v.closed.Load() {
		return ErrClosed
	}
	mark := rootMark(next)
	to, err := cipherOf(next)
	if err != nil {
		return err
	}
	root, keys, err := v.fittingRoot(ctx, v.store.read)
	if err != nil {
		return err
	}
	from, err := cipherOf(root)
	if err != nil {
		return err
	}
	err = v.store.change(ctx, func(tx *sql.Tx) error {
		if err := v.store.alone(ctx, tx); err != nil {
			return err
		}
		now, err := readEpochs(ctx, tx)
		if err != nil {
			return err
		}
		if len(now) != len(keys) {
			return ErrOvertaken // an epoch began or ended meanwhile
		}
		for epoch, w := range keys {
			key, err := unwrap(from, epochPlace(epoch, w.generation), w.wrapped)
			if err != nil {
				return err
			}
			again, err := wrap(to, epochPlace(epoch, w.generation+1), key)
			clear(key)
			if err != nil {
				return err
			}
			res, err := tx.ExecContext(ctx, "UPDATE epoch_key SET wrapped = $1, generation = generation + 1 WHERE epoch = $2 AND generation = $3", again, epoch, w.generation)
			if err != nil {
				return fmt.Errorf("vault: the key store: %w", err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return fmt.Errorf("vault: the key store: %w", err)
			} else if n != 1 {
				return ErrOvertaken
			}
		}
		return writeNote(ctx, tx, noteRoot, clock.At(v.clk.Now()), mark)
	})
	if err != nil {
		return err
	}
	v.store.scrub(ctx)
	return nil
}

// RotateRootKey makes a new root key, kept as the present one is (plain, or wrapped by the same keeper), wraps the epochs by it and puts it in the place of the old one,
// which is overwritten. Whatever breaks it off, the next start or the next call completes it. The escrow sheet has to be printed again; other hosts of the
// installation go on running and need the new file before they start again.
func (v *Vault) RotateRootKey(ctx context.Context) error {
	path, next := v.rootPath(), v.rootPath()+nextSuffix
	text, err := v.newRoot(ctx)
	if err != nil {
		return err
	}
	defer clear(text)
	if _, err := writeNew(next, text); err != nil { // one that was left behind is used
		return err
	}
	if err := v.at("root key written"); err != nil {
		return err
	}
	root, _, err := readRootKey(ctx, next, v.keepers)
	if err != nil {
		return err
	}
	if err := v.changeRoot(ctx, root); err != nil {
		return err
	}
	if err := v.at("root key changed"); err != nil {
		return err
	}
	return replaceFile(next, path)
}

// newRoot is the content of a file with a new root key, wrapped by whoever wraps the present one.
func (v *Vault) newRoot(ctx context.Context) ([]byte, error) {
	root := newKey()
	defer clear(root)
	name := v.Keeper()
	if name == "" {
		return plainRoot(root), nil
	}
	for _, k := range v.keepers {
		if k.Name() == name {
			return keptRoot(ctx, k, root)
		}
	}
	return nil, fmt.Errorf("%w: %s cannot be reached with these settings", ErrKeeper, name)
}

// adopt completes a change of the root key that was broken off after the key store had taken the new one: the file of the new key is put in its place.
func (v *Vault) adopt(ctx context.Context) error {
	next := v.rootPath() + nextSuffix
	if _, err := os.Stat(next); errors.Is(err, fs.ErrNotExist) {
		return err
	}
	root, _, err := readRootKey(ctx, next, v.keepers)
	if err != nil {
		return err
	}
	defer clear(root)
	keys, err := readEpochs(ctx, v.store.read)
	if err != nil {
		return err
	}
	if err := fits(root, keys); err != nil {
		return err
	}
	return replaceFile(next, v.rootPath())
}

// at is where a test may break off what is under way.
func (v *Vault) at(step string) error {
	if v.step == nil {
		return nil
	}
	return v.step(step)
}
