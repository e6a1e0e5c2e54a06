package vault

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// What the law wants kept of somebody who was erased is sealed again under a retention key: a key with a last day, wrapped by the clinic's as the
// patient's own was. No ring opens by it that did not ask as a custodian, and after its day none does at all. The patient's own key is destroyed.

// ErrKept means that what is asked for is held by law: it opens to a custodian only, and its key is destroyed after its last day and not sooner.
var ErrKept = errors.New("vault: this is held by law")

// ErrNeverHeld means that this key store never had a key under the id: what it should have sealed came from elsewhere.
var ErrNeverHeld = errors.New("vault: there never was such a retention key here")

// AddHeld makes and commits a retention key under an id of its own, with the last day on which it may be there. One that is there stays.
func (v *Vault) AddHeld(ctx context.Context, clinic, hold id.ID, last clock.Date) error {
	if !last.Valid() {
		return errors.New("vault: a retention key needs a last day")
	}
	return v.add(ctx, clinic, last, []id.ID{hold})
}

// lastDay is the last day of a retention key; empty for every other key.
func (v *Vault) lastDay(ctx context.Context, clinic, subject id.ID) (last clock.Date, err error) {
	err = eachKey(ctx, v.store.read, clinic, []id.ID{subject}, func(_ id.ID, w wrappedKey) error {
		last = w.last
		return nil
	})
	return last, err
}

// HeldUntil is the last day of a retention key; empty when there is no such key, or it was destroyed.
func (v *Vault) HeldUntil(ctx context.Context, clinic, hold id.ID) (last clock.Date, err error) {
	err = eachKey(ctx, v.store.read, clinic, []id.ID{hold}, func(_ id.ID, w wrappedKey) error {
		if w.bytes != nil {
			last = w.last
		}
		return nil
	})
	return last, err
}

// EndHeld destroys a retention key whose last day is over on the day that is given, for good: the journal has it first, as with Shred. What lies aside under it goes with it.
// ErrKept while its day is not over; ErrNeverHeld where there never was such a key.
func (v *Vault) EndHeld(ctx context.Context, clinic, hold id.ID, today clock.Date) error {
	if v.closed.Load() {
		return ErrClosed
	}
	last, err := v.lastDay(ctx, clinic, hold)
	if err != nil {
		return err
	}
	if last == "" {
		if gone, err := v.Gone(ctx, clinic, hold); gone || err != nil {
			return err // a copy of the key store from before it was made knows only that it was destroyed
		}
		if missing, err := v.withoutKey(ctx, v.store.read, clinic, []id.ID{hold}); err != nil || len(missing) > 0 {
			return firstOf(err, ErrNeverHeld)
		}
		return errors.New("vault: this is no retention key")
	}
	if today <= last {
		return fmt.Errorf("%w until %s", ErrKept, last)
	}
	if err := v.destroy(ctx, clinic, hold, "held_until_"+string(last)); err != nil {
		return err
	}
	return v.exec(ctx, "DELETE FROM aside WHERE clinic = $1 AND owner = $2", clinic, hold)
}

// kept says why a ring may not use a retention key; nil for every other key.
func (r *Ring) kept(subject id.ID, w wrappedKey) error {
	if w.last == "" {
		return nil
	}
	beyond, asked := r.custody[subject]
	if !asked {
		return ErrKept
	}
	// The day is the clinic's own, and no zone is more than a day behind.
	if !beyond && clock.DateOf(r.vault.clk.Now().UTC()) > w.last.AddDays(1) {
		return ErrShredded
	}
	return nil
}

// Custody lets the ring seal and open by these retention keys. Who asks is a custodian, and says why in the audit log; or it is the erasure itself, which seals. beyond
// says that an order keeps them beyond their last day.
func (r *Ring) Custody(beyond bool, holds ...id.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.custody == nil {
		r.custody = map[id.ID]bool{}
	}
	for _, h := range holds {
		r.custody[h] = beyond
		delete(r.patients, h)
	}
}

// Aside is something sealed that lies beside the keys, where no restore of the data takes it away: what was held of an erased person, until no backup is left from before, and, under the clinic's
// own id, the legal holds that stand.
type Aside struct {
	ID    id.ID // its own; the same as that of the row of the data that it doubles
	Owner id.ID // what opens it, or what it is of
	Part  int64
	Body  []byte // sealed by the caller; the vault does not look into it
}

// SetAside puts down what belongs to a subject's erasure, in place of what an attempt before it left there, whose retention keys go with it: they sealed
// nothing that was kept. ErrShredded when the subject was erased already; nothing is changed then.
func (v *Vault) SetAside(ctx context.Context, clinic, subject id.ID, parts []Aside) error {
	if v.closed.Load() {
		return ErrClosed
	}
	now := int64(clock.At(v.clk.Now()))
	return v.store.change(ctx, func(tx *sql.Tx) error {
		if _, err := v.withoutKey(ctx, tx, clinic, []id.ID{subject}); err != nil {
			return err
		}
		owners := map[id.ID]bool{}
		for _, p := range parts {
			owners[p.Owner] = true
		}
		old, err := ids(tx.QueryContext(ctx, "SELECT DISTINCT owner FROM aside WHERE clinic = $1 AND subject = $2", clinic, subject))
		if err != nil {
			return err
		}
		for _, o := range old {
			if owners[o] {
				continue
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM patient_key WHERE clinic = $1 AND subject = $2 AND last_day IS NOT NULL", clinic, o); err != nil {
				return fmt.Errorf("vault: the key store: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM aside WHERE clinic = $1 AND subject = $2", clinic, subject); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		for _, p := range parts {
			if _, err := tx.ExecContext(ctx, sqlAsideAdd, clinic, subject, p.ID, p.Owner, p.Part, p.Body, now); err != nil {
				return fmt.Errorf("vault: the key store: %w", err)
			}
		}
		return nil
	})
}

const sqlAsideAdd = `INSERT INTO aside (clinic, subject, id, owner, part, body, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (clinic, subject, id) DO UPDATE SET body = excluded.body`

// AddAside puts down one more part of an erasure, or the same one again with another body.
func (v *Vault) AddAside(ctx context.Context, clinic, subject id.ID, p Aside) error {
	return v.exec(ctx, sqlAsideAdd, clinic, subject, p.ID, p.Owner, p.Part, p.Body, int64(clock.At(v.clk.Now())))
}

// Asides are what lies aside of a subject's erasure, in the order of its parts.
func (v *Vault) Asides(ctx context.Context, clinic, subject id.ID) ([]Aside, error) {
	rows, err := v.store.read.QueryContext(ctx, "SELECT id, owner, part, body FROM aside WHERE clinic = $1 AND subject = $2 ORDER BY owner, part", clinic, subject)
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	var out []Aside
	for rows.Next() {
		var a Aside
		if err := rows.Scan(&a.ID, &a.Owner, &a.Part, &a.Body); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// EachAside gives what lies aside of a subject's erasure one after the other, in the order of its parts: for what may be much.
func (v *Vault) EachAside(ctx context.Context, clinic, subject id.ID, do func(Aside) error) error {
	rows, err := v.store.read.QueryContext(ctx, "SELECT id, owner, part, body FROM aside WHERE clinic = $1 AND subject = $2 ORDER BY owner, part", clinic, subject)
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Aside
		if err := rows.Scan(&a.ID, &a.Owner, &a.Part, &a.Body); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if err := do(a); err != nil {
			return err
		}
	}
	return rows.Err()
}

// DropAside takes away what lies aside of a subject's erasure under the owner, once no backup of the data is left that lacks it.
func (v *Vault) DropAside(ctx context.Context, clinic, subject, owner id.ID) error {
	return v.exec(ctx, "DELETE FROM aside WHERE clinic = $1 AND subject = $2 AND owner = $3", clinic, subject, owner)
}

func (v *Vault) exec(ctx context.Context, text string, args ...any) error {
	if v.closed.Load() {
		return ErrClosed
	}
	return v.store.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, text, args...); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		return nil
	})
}

// Gone says whether the subject's key was destroyed.
func (v *Vault) Gone(ctx context.Context, clinic, subject id.ID) (bool, error) {
	_, err := v.withoutKey(ctx, v.store.read, clinic, []id.ID{subject})
	if errors.Is(err, ErrShredded) {
		return true, nil
	}
	return false, err
}

// Forgotten says whether nothing that this key store holds could open a key of the clinic that was destroyed at the moment: the clinic's key and the epoch's that it hung on
// were replaced and destroyed since.
func (v *Vault) Forgotten(ctx context.Context, clinic id.ID, at clock.Instant) (bool, error) {
	var left int
	err := v.store.read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM clinic_key WHERE clinic = $1 AND kind = 'clinic' AND made_at <= $2)
		+ (SELECT COUNT(*) FROM retired_key WHERE clinic = $1 AND made_at <= $2) + (SELECT COUNT(*) FROM epoch_key WHERE made_at <= $2)`, clinic, int64(at)).Scan(&left)
	if err != nil {
		return false, fmt.Errorf("vault: the key store: %w", err)
	}
	return left == 0, nil
}

// KeyID names the subject's key in journals and certificates, without saying whose it is to anybody who has not this key store's keys.
func (v *Vault) KeyID(clinic, subject id.ID) []byte { return v.journal.keyID(clinic, subject) }

// certifier is the key that signs certificates of erasure. It is made from a secret of the key store, so that every host of an installation, and one that
// was restored on another machine, signs by the same.
func (v *Vault) certifier() (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, v.journal.secret, nil, "almirah certificates of erasure 1", ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("vault: the key that signs certificates: %w", err)
	}
	defer clear(seed)
	return ed25519.NewKeyFromSeed(seed), nil
}

// Certify signs the text of a certificate of erasure.
func (v *Vault) Certify(text []byte) ([]byte, error) {
	key, err := v.certifier()
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return ed25519.Sign(key, text), nil
}

// CertificateKey is the public key to check certificates of erasure with. It stays the same for as long as the key store lives.
func (v *Vault) CertificateKey() (ed25519.PublicKey, error) {
	key, err := v.certifier()
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return append(ed25519.PublicKey(nil), key.Public().(ed25519.PublicKey)...), nil
}
