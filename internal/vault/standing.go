package vault

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"almirah/internal/clock"
)

// Standing says how the keys of every level stand. It names nobody, and holds no key.
type Standing struct {
	Keeper string        // who wraps the root key; empty for a plain file
	RootAt clock.Instant // since when the root key is the present one

	SheetAt   clock.Instant // when the lines of a printed sheet were last typed in and found right; 0 for never
	SheetFits bool          // they were those of the present root key
	DrillAt   clock.Instant // when a typed sheet last opened a backup; 0 for never

	Epoch   int64
	EpochAt clock.Instant // when the newest epoch key was made
	Epochs  int           // epoch keys that exist: one, unless a turn is under way
	TurnAt  clock.Instant // when the last turn ended; 0 for never
	AbleAt  clock.Instant // since when this key store can be turned at all: earlier versions of the program could not

	Clinics    int           // clinics and the platform itself
	ClinicsOld int           // of these, whose key hangs on an older epoch
	ClinicAt   clock.Instant // when the oldest of their keys was made
	Retired    int           // clinics' keys that have a successor and still exist
	People     int           // patients' and people's keys
	PeopleOld  int           // of these, wrapped by a clinic's key that has a successor

	Erased     int           // destroyed keys
	Waiting    int           // of these, whose wrapped form could still be opened by a key of this store, until the next turn
	WaitingFor clock.Instant // since when the longest of them waits; 0 when none does
	ErasedAt   clock.Instant // the last erasure; 0 for none
	Unfinished bool          // a turn is under way, or was broken off
}

const sqlStanding = `SELECT
	(SELECT COUNT(*) FROM epoch_key), (SELECT MAX(epoch) FROM epoch_key), (SELECT MAX(made_at) FROM epoch_key),
	(SELECT COUNT(*) FROM clinic_key WHERE kind = 'clinic'),
	(SELECT COUNT(*) FROM clinic_key WHERE kind = 'clinic' AND epoch < (SELECT MAX(epoch) FROM epoch_key)),
	(SELECT MIN(made_at) FROM clinic_key WHERE kind = 'clinic'),
	(SELECT COUNT(*) FROM retired_key),
	(SELECT COUNT(wrapped) FROM patient_key),
	(SELECT COUNT(*) FROM patient_key p JOIN clinic_key c ON c.clinic = p.clinic AND c.kind = 'clinic' WHERE p.wrapped IS NOT NULL AND p.under <> c.born),
	(SELECT COUNT(*) FROM patient_key WHERE shredded_at IS NOT NULL),
	(SELECT COUNT(*) FROM patient_key p JOIN clinic_key c ON c.clinic = p.clinic AND c.kind = 'clinic' WHERE p.shredded_at >= c.made_at),
	COALESCE((SELECT MIN(p.shredded_at) FROM patient_key p JOIN clinic_key c ON c.clinic = p.clinic AND c.kind = 'clinic' WHERE p.shredded_at >= c.made_at), 0),
	COALESCE((SELECT MAX(shredded_at) FROM patient_key WHERE shredded_at IS NOT NULL), 0),
	(SELECT made_at FROM keystore), (SELECT MIN(applied_at) FROM keystore_version WHERE version >= 2)`

// Standing counts the keys of every level, and those that hang on older ones.
func (v *Vault) Standing(ctx context.Context) (Standing, error) {
	s := Standing{Keeper: v.Keeper()}
	if v.closed.Load() {
		return s, ErrClosed
	}
	var made clock.Instant
	err := v.store.read.QueryRowContext(ctx, sqlStanding).Scan(&s.Epochs, &s.Epoch, (*int64)(&s.EpochAt), &s.Clinics, &s.ClinicsOld, (*int64)(&s.ClinicAt), &s.Retired,
		&s.People, &s.PeopleOld, &s.Erased, &s.Waiting, (*int64)(&s.WaitingFor), (*int64)(&s.ErasedAt), (*int64)(&made), (*int64)(&s.AbleAt))
	if err != nil {
		return s, fmt.Errorf("vault: the key store: %w", err)
	}
	notes, err := readNotes(ctx, v.store.read)
	if err != nil {
		return s, err
	}
	s.RootAt = max(notes[noteRoot].at, made)
	s.SheetAt, s.DrillAt, s.TurnAt = notes[noteSheet].at, notes[noteDrill].at, notes[noteTurn].at
	s.SheetFits = s.SheetAt > 0 && bytes.Equal(notes[noteSheet].mark, notes[noteRoot].mark)
	s.Unfinished = s.Epochs > 1 || s.Retired > 0
	return s, nil
}

// TakeSheet compares the typed lines of an escrow sheet with the key store, and notes that they were right. ErrEscrow names the line that has a slip;
// ErrRootKeyMismatch means that the lines are whole and of another root key. drilled says that a backup was opened with them too.
func (v *Vault) TakeSheet(ctx context.Context, typed string, drilled bool) error {
	if v.closed.Load() {
		return ErrClosed
	}
	root, err := ParseEscrow(typed)
	if err != nil {
		return err
	}
	defer clear(root)
	return v.store.change(ctx, func(tx *sql.Tx) error {
		keys, err := readEpochs(ctx, tx)
		if err != nil {
			return err
		}
		if err := fits(root, keys); errors.Is(err, ErrRootKeyMismatch) {
			return fmt.Errorf("%w: the sheet is of another root key than the present one of the key store %s. Was the root key changed since it was printed? Print a new sheet: almirah keys sheet", err, v.fingerprint)
		} else if err != nil {
			return err
		}
		now := clock.At(v.clk.Now())
		if drilled {
			if err := writeNote(ctx, tx, noteDrill, now, rootMark(root)); err != nil {
				return err
			}
		}
		return writeNote(ctx, tx, noteSheet, now, rootMark(root))
	})
}
