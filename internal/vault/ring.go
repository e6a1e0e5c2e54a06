package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"almirah/internal/id"
)

// Cell is the one place where a sealed field opens.
type Cell struct {
	Subject id.ID // the patient, or ClinicData
	Table   string
	Column  string
	Row     id.ID
}

// layout is the first byte of a sealed field: which way of sealing made it.
const layout = 1

// Overhead is how many bytes a sealed field is longer than what it holds.
const Overhead = 1 + subtle.AESGCMIVSize + subtle.AESGCMTagSize

// bound is what a sealed field is tied to. Names carry their length and ids have one width, so
// that no two cells give the same bytes.
func (c Cell) bound(clinic id.ID) ([]byte, error) {
	if c.Table == "" || c.Column == "" || c.Subject == id.Zero {
		return nil, errors.New("vault: a cell needs a subject, a table and a column")
	}
	b := make([]byte, 0, 96)
	b = append(b, "almirah/cell/"...)
	b = append(b, layout)
	b = append(b, clinic[:]...)
	b = append(b, c.Subject[:]...)
	b = append(b, c.Row[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.Table)))
	b = append(b, c.Table...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.Column)))
	return append(b, c.Column...), nil
}

// patientKey is what a Ring knows of one patient: a cipher, or why there is none.
type patientKey struct {
	cipher tink.AEAD
	err    error // ErrShredded or errDamaged
}

// Ring holds the keys for one passage through the doorway: the clinic's, and those of the
// patients that were asked for. It is safe for concurrent use; Close ends it. Patient keys are
// read from the key store for each Ring anew, because another process may have shredded them.
type Ring struct {
	ctx    context.Context
	vault  *Vault
	clinic id.ID

	mu       sync.Mutex
	closed   bool
	keys     *opened
	index    hash.Hash
	patients map[id.ID]patientKey
	only     map[id.ID]bool // nil: whoever belongs to the clinic
	custody  map[id.ID]bool // retention keys that a custodian asked for; true: an order keeps them beyond their last day
}

// Ring gives a ring for the clinic. It asks the key store only when the clinic's keys are not in
// memory. ErrUnknownClinic when the clinic has none; ctx bounds every later Load.
func (v *Vault) Ring(ctx context.Context, clinic id.ID) (*Ring, error) {
	if err := v.answering(); err != nil {
		return nil, err
	}
	o, err := v.open(ctx, clinic, false)
	if err != nil {
		return nil, err
	}
	return newRing(ctx, v, clinic, o), nil
}

func newRing(ctx context.Context, v *Vault, clinic id.ID, o *opened) *Ring {
	return &Ring{ctx: ctx, vault: v, clinic: clinic, keys: o}
}

// Close overwrites or lets go of every key that the ring holds. It may be called twice.
func (r *Ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	clear(r.keys.index)
	clear(r.patients)
	r.keys, r.index, r.patients = nil, nil, nil
}

// Only lets the ring open the clinic's own cells and those of the subjects, and of nobody else from then on: ErrWithheld. It is for
// somebody who may see a part of a clinic (promise support-by-grant).
func (r *Ring) Only(subjects ...id.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.only = map[id.ID]bool{}
	for _, s := range subjects {
		r.only[s] = true
	}
}

// Load fetches the keys of the patients in as few statements as possible. Who was erased, or was
// never there, is no error here but one when a cell is opened.
func (r *Ring) Load(subjects ...id.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	return r.load(subjects)
}

func (r *Ring) load(subjects []id.ID) error {
	wanted := make([]id.ID, 0, len(subjects))
	seen := make(map[id.ID]bool, len(subjects))
	for _, s := range subjects {
		if _, known := r.patients[s]; known || seen[s] || patientOnly(s) != nil || r.only != nil && !r.only[s] {
			continue
		}
		seen[s] = true
		wanted = append(wanted, s)
	}
	if len(wanted) == 0 {
		return nil
	}
	if r.vault.closed.Load() {
		return ErrClosed
	}
	if r.patients == nil {
		r.patients = make(map[id.ID]patientKey, len(wanted))
	}
	for again := 0; ; again++ {
		found := make(map[id.ID]wrappedKey, len(wanted))
		err := r.vault.store.keys(r.ctx, r.clinic, wanted, func(s id.ID, w wrappedKey) error {
			found[s] = w
			return nil
		})
		if err != nil {
			return err
		}
		var late []id.ID
		for _, s := range wanted {
			w := found[s]
			if w.bytes == nil {
				r.patients[s] = patientKey{err: ErrShredded}
				continue
			}
			if err := r.kept(s, w); err != nil {
				r.patients[s] = patientKey{err: err}
				continue
			}
			c, err := r.unwrap(s, w)
			if err != nil {
				late = append(late, s)
			}
			// One damaged key must not hide everybody else's.
			r.patients[s] = patientKey{cipher: c, err: err}
		}
		if len(late) == 0 || again == looks {
			return nil
		}
		// The clinic's key may have been replaced since ours was read, or between that and the reading of the patients'.
		if err := r.refresh(); err != nil {
			return err
		}
		wanted = late
	}
}

// looks is how often a ring looks again for keys that do not open, because they are being replaced at this moment.
const looks = 4

func (r *Ring) unwrap(subject id.ID, w wrappedKey) (tink.AEAD, error) {
	by := r.keys.wraps[w.under]
	if by == nil {
		return nil, errDamaged
	}
	return unwrapCipher(by, personal(r.clinic, subject, w.generation, w.last), w.bytes)
}

// refresh takes the clinic's keys from the key store instead of from memory.
func (r *Ring) refresh() error {
	o, err := r.vault.open(r.ctx, r.clinic, true)
	if err != nil {
		return err
	}
	clear(r.keys.index)
	r.keys, r.index = o, nil
	return nil
}

// cipher gives the cipher for the subject's cells.
func (r *Ring) cipher(subject id.ID) (tink.AEAD, error) {
	if r.closed {
		return nil, ErrClosed
	}
	if subject == ClinicData {
		return r.keys.data, nil
	}
	if r.only != nil && !r.only[subject] {
		return nil, ErrWithheld
	}
	if err := r.load([]id.ID{subject}); err != nil {
		return nil, err
	}
	k := r.patients[subject]
	return k.cipher, k.err
}

// Seal turns a field into ciphertext that opens in this cell only; it is Overhead bytes longer.
// Nothing (no bytes) is sealed as nil. ErrShredded when the patient has no key.
func (r *Ring) Seal(cell Cell, plain []byte) ([]byte, error) {
	bound, err := cell.bound(r.clinic)
	if err != nil {
		return nil, err
	}
	if len(plain) == 0 {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.cipher(cell.Subject)
	if errors.Is(err, ErrShredded) {
		// The key may have been made since this ring looked.
		delete(r.patients, cell.Subject)
		c, err = r.cipher(cell.Subject)
	}
	if err != nil {
		return nil, err
	}
	body, err := c.Encrypt(plain, bound)
	if err != nil {
		return nil, fmt.Errorf("vault: sealing: %w", err)
	}
	return append([]byte{layout}, body...), nil
}

// Open gives back what was sealed in this cell, and nil for nil. ErrShredded when the patient's
// key is gone; ErrForged when the field was changed or was sealed for another cell.
func (r *Ring) Open(cell Cell, sealed []byte) ([]byte, error) {
	bound, err := cell.bound(r.clinic)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.cipher(cell.Subject)
	if err != nil {
		return nil, err
	}
	if len(sealed) <= Overhead || sealed[0] != layout {
		return nil, ErrForged
	}
	plain, err := c.Decrypt(sealed[1:], bound)
	if err != nil {
		return nil, ErrForged
	}
	return plain, nil
}

// Sealed says whether the bytes have the form of a sealed field. It opens nothing.
func Sealed(b []byte) bool { return len(b) > Overhead && b[0] == layout }
