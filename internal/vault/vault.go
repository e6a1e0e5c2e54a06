package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/mod/sumdb/note"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// Failures that callers tell apart with errors.Is.
var (
	ErrShredded = errors.New("vault: the patient's key is gone, or was never made")
	// ErrWithheld is ErrShredded to whoever only asks whether a field opens: this ring may not open it.
	ErrWithheld = fmt.Errorf("vault: this ring does not open that patient's fields: %w", ErrShredded)
	ErrForged   = errors.New("vault: the sealed field was changed, or belongs elsewhere")
	ErrClosed   = errors.New("vault: closed")
)

// Config says where the keys are.
type Config struct {
	RootKeyFile string // outside the data and its backups
	StoreURL    string // sqlite:///abs/path/keystore.db or postgres://...
	// JournalFile is the file of the shred journal. Empty means: beside the key store for SQLite,
	// and for PostgreSQL only the table in the key store.
	JournalFile string
}

// Vault keeps the keys of one installation. It is safe for concurrent use.
type Vault struct {
	store       *keystore
	clk         clock.Clock
	fingerprint string
	epochs      map[int64]tink.AEAD
	newest      int64 // the epoch under which new clinics are put
	journal     *journal
	cache       *clinicCache
	closed      atomic.Bool

	mu       sync.Mutex
	rootFile string
	signer   note.Signer // of the audit log; nil until it is asked for
	verifier string      // its public key
}

// Open opens the key store, making it when there is none, and completes what the shred journal
// says. Its errors say what to do; ErrRootKeyMissing, ErrRootKeyExposed, ErrRootKeyUnreadable,
// ErrRootKeyMismatch and ErrJournal can be told apart.
func Open(ctx context.Context, cfg Config, clk clock.Clock) (*Vault, error) {
	root, err := readRootKey(cfg.RootKeyFile)
	if err != nil {
		return nil, err
	}
	defer clear(root)
	store, err := openKeystore(ctx, cfg.StoreURL)
	if err != nil {
		return nil, err
	}
	v := &Vault{store: store, clk: clk, rootFile: cfg.RootKeyFile, epochs: map[int64]tink.AEAD{}, cache: newClinicCache()}
	journalFile := cfg.JournalFile
	if journalFile == "" && !store.postgres {
		journalFile = store.file + ".shredded"
	}
	if err := v.start(ctx, root, journalFile); err != nil {
		store.close()
		return nil, err
	}
	return v, nil
}

func (v *Vault) start(ctx context.Context, root []byte, journalFile string) error {
	if err := v.store.change(ctx, func(tx *sql.Tx) error { return v.found(ctx, tx, root, journalFile) }); err != nil {
		return err
	}
	k, err := v.wrapped(ctx, id.Zero, true)
	if err != nil {
		return err
	}
	by, _, err := v.clinicCipher(id.Zero, k)
	if err != nil {
		return err
	}
	key, err := k.key(by, id.Zero, kindJournal)
	if err != nil {
		return err
	}
	if v.journal, err = openJournal(journalFile, key, v.fingerprint); err != nil {
		return err
	}
	_, err = v.Replay(ctx)
	return err
}

// found makes the tables, and in a new key store the first epoch and the platform's own keys;
// then it opens the epochs. Several processes may do so at once.
func (v *Vault) found(ctx context.Context, tx *sql.Tx, root []byte, journalFile string) error {
	now := clock.At(v.clk.Now())
	if err := v.store.prepare(ctx, tx, now); err != nil {
		return err
	}
	by, err := subtle.NewAESGCM(root)
	if err != nil {
		return fmt.Errorf("vault: setting up a cipher: %w", err)
	}
	var storeID []byte
	err = tx.QueryRowContext(ctx, "SELECT store_id FROM keystore WHERE one = 1").Scan(&storeID)
	if errors.Is(err, sql.ErrNoRows) {
		storeID, err = makeStore(ctx, tx, by, now, journalFile)
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte("almirah key store\n"), storeID...))
	v.fingerprint = grouped(crockford.EncodeToString(sum[:10]), "-")

	keys, err := readEpochs(ctx, tx)
	if err != nil {
		return err
	}
	for epoch, w := range keys {
		if v.epochs[epoch], err = unwrapCipher(by, epochPlace(epoch, w.generation), w.bytes); err != nil {
			return fmt.Errorf("%w: the key in %s is not the root key of the key store with the fingerprint %s. Put back the right file, or type the key lines of the escrow sheet that shows this fingerprint into it",
				ErrRootKeyMismatch, v.rootFile, v.fingerprint)
		}
		v.newest = max(v.newest, epoch)
	}
	if v.newest == 0 {
		return errDamaged
	}
	return nil
}

func makeStore(ctx context.Context, tx *sql.Tx, by tink.AEAD, now clock.Instant, journalFile string) ([]byte, error) {
	// A journal without its key store means that the key store was lost or is elsewhere. A new
	// one would open nothing and would let erased people come back.
	if journalFile != "" {
		if _, err := os.Stat(journalFile); err == nil {
			return nil, fmt.Errorf("%w: %s exists, but the key store is empty. Restore the key store from its backup, or correct its address; for a new installation, move that file away", ErrJournal, journalFile)
		}
	}
	storeID := make([]byte, 16)
	_, _ = rand.Read(storeID)
	if _, err := tx.ExecContext(ctx, "INSERT INTO keystore (one, store_id, made_at) VALUES (1, $1, $2)", storeID, int64(now)); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	const first = 1
	epoch := newKey()
	w, err := wrap(by, epochPlace(first, 1), epoch)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO epoch_key (epoch, generation, wrapped, made_at) VALUES ($1, 1, $2, $3)", int64(first), w, int64(now)); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	c, err := cipherOf(epoch)
	if err != nil {
		return nil, err
	}
	return storeID, makeClinic(ctx, tx, id.Zero, first, c, now, kindData, kindIndex, kindJournal)
}

func readEpochs(ctx context.Context, q queryer) (map[int64]wrappedKey, error) {
	rows, err := q.QueryContext(ctx, "SELECT epoch, generation, wrapped FROM epoch_key")
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	out := map[int64]wrappedKey{}
	for rows.Next() {
		var epoch int64
		var w wrappedKey
		if err := rows.Scan(&epoch, &w.generation, &w.bytes); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		out[epoch] = w
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	return out, nil
}

// Close lets go of all keys and of the key store. Rings that are still open then fail.
func (v *Vault) Close() error {
	if v.closed.Swap(true) {
		return nil
	}
	return v.store.close()
}

// Fingerprint names the key store, not its keys: four groups of four characters, the same for
// as long as the key store lives. The escrow sheet shows it.
func (v *Vault) Fingerprint() string { return v.fingerprint }

// Check seals and opens a canary with the platform's keys as the key store holds them now. An
// error means that fields cannot be sealed or opened at this moment.
func (v *Vault) Check(ctx context.Context) error {
	o, err := v.open(ctx, id.Zero, true)
	if err != nil {
		return err
	}
	r := newRing(ctx, v, id.Zero, o)
	defer r.Close()
	canary := newKey()
	here := Cell{Subject: ClinicData, Table: "vault", Column: "canary"}
	sealed, err := r.Seal(here, canary)
	if err != nil {
		return err
	}
	plain, err := r.Open(here, sealed)
	if err != nil {
		return err
	}
	if !bytes.Equal(plain, canary) || bytes.Contains(sealed, canary) {
		return errors.New("vault: the canary did not come back as it was sealed")
	}
	elsewhere := here
	elsewhere.Column = "other"
	if _, err := r.Open(elsewhere, sealed); !errors.Is(err, ErrForged) {
		return errors.New("vault: the canary opened where it does not belong")
	}
	return nil
}

// fittingRoot reads the root key again and makes sure that it opens the epochs.
func (v *Vault) fittingRoot(ctx context.Context, q queryer) ([]byte, map[int64]wrappedKey, error) {
	v.mu.Lock()
	file := v.rootFile
	v.mu.Unlock()
	root, err := readRootKey(file)
	if err != nil {
		return nil, nil, err
	}
	keys, err := readEpochs(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	by, err := subtle.NewAESGCM(root)
	if err != nil {
		return nil, nil, fmt.Errorf("vault: setting up a cipher: %w", err)
	}
	for epoch, w := range keys {
		if _, err := unwrapCipher(by, epochPlace(epoch, w.generation), w.bytes); err != nil {
			return nil, nil, fmt.Errorf("%w: %s was exchanged since the start", ErrRootKeyMismatch, file)
		}
	}
	return root, keys, nil
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
	next, err := readRootKey(file)
	if err != nil {
		return err
	}
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
		for epoch, w := range keys {
			key, err := unwrap(from, epochPlace(epoch, w.generation), w.bytes)
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
		return nil
	})
	if err != nil {
		return err
	}
	v.store.scrub(ctx)
	v.mu.Lock()
	v.rootFile = file
	v.mu.Unlock()
	return nil
}

// grouped sets text in groups of four.
func grouped(text, between string) string {
	var out []string
	for len(text) > 4 {
		out, text = append(out, text[:4]), text[4:]
	}
	return strings.Join(append(out, text), between)
}
