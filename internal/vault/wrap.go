package vault

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// errDamaged means that a wrapped key was changed, moved, or wrapped by another key.
// ErrDamaged means that a wrapped key does not open.
var ErrDamaged = errDamaged

var errDamaged = errors.New("vault: a wrapped key in the key store does not open: the key store is damaged, or rows of it come from another one. Restore the key store from its own backup")

// What a key is for. The kind is bound into the wrapping, so that no key does another's work.
const (
	kindEpoch   = "epoch"
	kindClinic  = "clinic"
	kindData    = "data"
	kindIndex   = "index"
	kindJournal = "journal"
	kindPatient = "patient"

	kindHeld = "held until " // and the last day: a retention key

	kindHandover = "handover" // an epoch key wrapped by the one before it
	kindRetired  = "retired"  // a clinic's own key with a successor; wrapped as kindClinic
)

// place is where a wrapped key belongs.
type place struct {
	kind       string
	clinic     id.ID
	subject    id.ID
	generation int64
}

// personal is the place of a patient's own key, or of a retention key, whose last day is bound into its wrapping: a day that was changed in the key
// store opens nothing.
func personal(clinic, subject id.ID, generation int64, last clock.Date) place {
	kind := kindPatient
	if last != "" {
		kind = kindHeld + string(last)
	}
	return place{kind: kind, clinic: clinic, subject: subject, generation: generation}
}

// bytes is unambiguous because the kind carries its length and the rest has a fixed width.
func (p place) bytes() []byte {
	b := make([]byte, 0, 64)
	b = append(b, "almirah/key/1"...)
	b = append(b, byte(len(p.kind)))
	b = append(b, p.kind...)
	b = append(b, p.clinic[:]...)
	b = append(b, p.subject[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(p.generation))
}

// wrap seals a key for its place.
func wrap(by tink.AEAD, at place, key []byte) ([]byte, error) {
	w, err := by.Encrypt(key, at.bytes())
	if err != nil {
		return nil, fmt.Errorf("vault: wrapping a key: %w", err)
	}
	return w, nil
}

// unwrap gives the key; the caller clears it. errDamaged when it does not belong at the place.
func unwrap(by tink.AEAD, at place, wrapped []byte) ([]byte, error) {
	key, err := by.Decrypt(wrapped, at.bytes())
	if err != nil || len(key) != keySize {
		return nil, errDamaged
	}
	return key, nil
}

// cipherOf sets up a cipher and overwrites the key bytes that it was given.
func cipherOf(key []byte) (tink.AEAD, error) {
	defer clear(key)
	a, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("vault: setting up a cipher: %w", err)
	}
	return a, nil
}

// unwrapCipher unwraps a key that is only ever used as a cipher.
func unwrapCipher(by tink.AEAD, at place, wrapped []byte) (tink.AEAD, error) {
	key, err := unwrap(by, at, wrapped)
	if err != nil {
		return nil, err
	}
	return cipherOf(key)
}

// epochPlace names an epoch key; the epoch's number stands where others have a subject.
func epochPlace(epoch, generation int64) place {
	var subject id.ID
	binary.BigEndian.PutUint64(subject[8:], uint64(epoch))
	return place{kind: kindEpoch, subject: subject, generation: generation}
}
