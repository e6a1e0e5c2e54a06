package vault

import (
	"bytes"
	"context"
	"errors"

	"almirah/internal/id"
)

// WrappedKey is the key of a person as it lies in the key store: wrapped, so that by itself it opens nothing. It is for who has to look whether a copy of it is left
// anywhere after it was destroyed. nil when she has none, or none any more.
func (v *Vault) WrappedKey(ctx context.Context, clinic, subject id.ID) (out []byte, err error) {
	if v.closed.Load() {
		return nil, ErrClosed
	}
	err = v.store.keys(ctx, clinic, []id.ID{subject}, func(one id.ID, w wrappedKey) error {
		if one == subject {
			out = bytes.Clone(w.bytes)
		}
		return nil
	})
	return out, err
}

// Opens says whether anything that was sealed in the cell can still be opened, with every key that there is. A key that was destroyed opens nothing, and that is no error.
func (v *Vault) Opens(ctx context.Context, clinic id.ID, cell Cell, sealed []byte) (bool, error) {
	ring, err := v.Ring(ctx, clinic)
	if err != nil {
		return false, err
	}
	defer ring.Close()
	_, err = ring.Open(cell, sealed)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrShredded), errors.Is(err, ErrForged):
		return false, nil
	}
	return false, err
}
