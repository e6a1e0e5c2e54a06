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
	"time"

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

	Keepers []Keeper      // services that may have wrapped the root key file
	Grace   time.Duration // for how long fields open while such a service does not answer; DefaultGrace when it is 0
}

// Vault keeps the keys of one installation. It is safe for concurrent use.
type Vault struct {
	store       *keystore
	clk         clock.Clock
	fingerprint string
	journal     *journal
	cache       *clinicCache
	closed      atomic.Bool
	keepers     []Keeper
	grace       time.Duration
	kept        atomic.Bool             // a keeper wraps the root key
	heard       atomic.Int64            // when it last answered, in microseconds
	step        func(what string) error // tests break off here; nil otherwise
	people      int                     // peopleAtOnce

	mu       sync.Mutex
	epochs   map[int64]tink.AEAD
	newest   int64 // the epoch under which new clinics are put
	rootFile string
	keeper   string      // the name of who wraps the root key; empty for a plain file
	signer   note.Signer // of the audit log; nil until it is asked for
	verifier string      // its public key
}

// Open opens the key store, making it when there is none, and completes what the shred journal
// says. Its errors say what to do; ErrRootKeyMissing, ErrRootKeyExposed, ErrRootKeyUnreadable,
// ErrRootKeyMismatch and ErrJournal can be told apart.
func Open(ctx context.Context, cfg Config, clk clock.Clock) (*Vault, error) {
	root, keeper, err := readRootKey(ctx, cfg.RootKeyFile, cfg.Keepers)
	if err != nil {
		return nil, err
	}
	defer clear(root)
	store, err := openKeystore(ctx, cfg.StoreURL)
	if err != nil {
		return nil, err
	}
	v := &Vault{store: store, clk: clk, rootFile: cfg.RootKeyFile, keepers: cfg.Keepers, keeper: keeper, grace: cfg.Grace, cache: newClinicCache(), people: peopleAtOnce}
	if v.grace == 0 {
		v.grace = DefaultGrace
	}
	v.kept.Store(keeper != "")
	v.heardNow()
	journalFile := cfg.JournalFile
	if journalFile == "" && !store.postgres {
		journalFile = store.file + ".shredded"
	}
	err = v.start(ctx, root, journalFile)
	if errors.Is(err, ErrRootKeyMismatch) && v.adopt(ctx) == nil {
		// A change of the root key was broken off between the key store and the file.
		next, _, again := readRootKey(ctx, cfg.RootKeyFile, cfg.Keepers)
		if err = again; err == nil {
			defer clear(next)
			err = v.start(ctx, next, journalFile)
		}
	}
	if err != nil {
		store.close()
		return nil, err
	}
	return v, nil
}

func (v *Vault) start(ctx context.Context, root []byte, journalFile string) error {
	if err := v.store.change(ctx, func(tx *sql.Tx) error { return v.found(ctx, tx, root, journalFile) }); err != nil {
		return err
	}
	o, err := v.open(ctx, id.Zero, true)
	if err != nil {
		return err
	}
	clear(o.index)
	k, err := v.wrapped(ctx, id.Zero, false)
	if err != nil {
		return err
	}
	key, err := k.key(o.wraps, id.Zero, kindJournal)
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
	all := map[int64]tink.AEAD{}
	for epoch, w := range keys {
		if all[epoch], err = unwrapCipher(by, epochPlace(epoch, w.generation), w.wrapped); err != nil {
			return fmt.Errorf("%w: the key in %s is not the root key of the key store with the fingerprint %s. Put back the right file, or type the key lines of the escrow sheet that shows this fingerprint into it",
				ErrRootKeyMismatch, v.rootPath(), v.fingerprint)
		}
	}
	if len(all) == 0 {
		return errDamaged
	}
	v.setEpochs(all)
	notes, err := readNotes(ctx, tx)
	if err != nil {
		return err
	}
	if mark := rootMark(root); !bytes.Equal(notes[noteRoot].mark, mark) {
		return writeNote(ctx, tx, noteRoot, now, mark)
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
	if err := v.answering(); err != nil {
		return err
	}
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

// grouped sets text in groups of four.
func grouped(text, between string) string {
	var out []string
	for len(text) > 4 {
		out, text = append(out, text[:4]), text[4:]
	}
	return strings.Join(append(out, text), between)
}
