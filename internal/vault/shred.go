package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// reasonCode keeps people's words, and with them people's data, out of the journal.
var reasonCode = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

const sqlJournal = `INSERT INTO shred_journal (clinic, subject, key_id, at, reason)
	VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic, subject) DO NOTHING`

// Shred destroys the patient's key for good: what was sealed for the patient cannot be opened
// any more, here or in any backup, and the patient never gets a new key. The journal is written
// first; when Shred fails or the process dies in between, Open and Replay complete it. The
// reason is a short code such as "erasure_request", never a sentence. Shredding again is no
// error, nor is shredding somebody who never had a key. ErrUnknownClinic when the clinic has no
// keys.
func (v *Vault) Shred(ctx context.Context, clinic, subject id.ID, reason string) error {
	if v.closed.Load() {
		return ErrClosed
	}
	if err := patientOnly(subject); err != nil {
		return err
	}
	if !reasonCode.MatchString(reason) {
		return errors.New("vault: the reason for shredding must be a code of a-z, 0-9, _ . -, such as erasure_request")
	}
	if _, err := v.wrapped(ctx, clinic, false); err != nil {
		return err
	}
	last, err := v.lastDay(ctx, clinic, subject)
	if err != nil {
		return err
	}
	if last != "" {
		return fmt.Errorf("%w until %s: EndHeld destroys it after that day", ErrKept, last)
	}
	return v.destroy(ctx, clinic, subject, reason)
}

// destroy is Shred, after its arguments were looked at.
func (v *Vault) destroy(ctx context.Context, clinic, subject id.ID, reason string) error {
	e := entry{clinic: clinic, subject: subject, at: clock.At(v.clk.Now()), reason: reason}
	// What stands in the table stands in the file too: the file was first, or Open has seen to it.
	var listed int
	err := v.store.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM shred_journal WHERE clinic = $1 AND subject = $2", clinic, subject).Scan(&listed)
	if err != nil {
		return fmt.Errorf("vault: the key store: %w", err)
	}
	if listed == 0 {
		if err := v.journal.append(e); err != nil {
			return err
		}
	}
	err = v.store.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlJournal, clinic, subject, v.journal.keyID(clinic, subject), int64(e.at), reason); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO patient_key (clinic, subject, generation, wrapped, made_at, shredded_at)
			VALUES ($1, $2, 0, NULL, $3, $4)
			ON CONFLICT (clinic, subject) DO UPDATE
			SET wrapped = NULL, generation = patient_key.generation + 1, shredded_at = excluded.shredded_at
			WHERE patient_key.wrapped IS NOT NULL`, clinic, subject, int64(e.at), int64(e.at)); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.store.scrub(ctx)
	return nil
}

// Shredded lists the patients of the clinic whose keys were destroyed since the moment.
func (v *Vault) Shredded(ctx context.Context, clinic id.ID, since clock.Instant) ([]id.ID, error) {
	rows, err := v.store.read.QueryContext(ctx, "SELECT subject FROM patient_key WHERE clinic = $1 AND wrapped IS NULL AND shredded_at >= $2", clinic, int64(since))
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var s id.ID
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// journalled reads the table's part of the journal.
func (v *Vault) journalled(ctx context.Context) (map[[32]byte]entry, error) {
	rows, err := v.store.read.QueryContext(ctx, "SELECT clinic, subject, at, reason FROM shred_journal")
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	out := map[[32]byte]entry{}
	for rows.Next() {
		var e entry
		var at int64
		if err := rows.Scan(&e.clinic, &e.subject, &at, &e.reason); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		e.at = clock.Instant(at)
		out[e.key()] = e
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	return out, nil
}

// Replay destroys every journalled key again, after a key store came back from a backup or after
// a crash in the middle of Shred, and brings the journal's file and its table to the same state.
// It says how many keys it destroyed, and may be repeated. ErrJournal when the file is damaged
// or belongs to another key store; nothing is changed then.
func (v *Vault) Replay(ctx context.Context) (destroyed int, err error) {
	if v.closed.Load() {
		return 0, ErrClosed
	}
	return v.replay(ctx, nil)
}

// replay is Replay with further entries, which stand in the file already where there is one.
func (v *Vault) replay(ctx context.Context, more []entry) (destroyed int, err error) {
	// The table is read first: what another process adds in between is then only in the file.
	listed, err := v.journalled(ctx)
	if err != nil {
		return 0, err
	}
	written, err := v.journal.read()
	if err != nil {
		return 0, err
	}
	written = append(written, more...)
	inFile := make(map[[32]byte]bool, len(written))
	var unlisted, unwritten []entry
	for _, e := range written {
		if _, ok := listed[e.key()]; !ok && !inFile[e.key()] {
			unlisted = append(unlisted, e)
		}
		inFile[e.key()] = true
	}
	for key, e := range listed {
		if !inFile[key] {
			unwritten = append(unwritten, e)
		}
	}
	if err := v.journal.append(unwritten...); err != nil {
		return 0, err
	}
	const alive = `FROM shred_journal j WHERE NOT EXISTS (SELECT 1 FROM patient_key p
		WHERE p.clinic = j.clinic AND p.subject = j.subject AND p.wrapped IS NULL)`
	var open int
	if err := v.store.read.QueryRowContext(ctx, "SELECT COUNT(*) "+alive).Scan(&open); err != nil {
		return 0, fmt.Errorf("vault: the key store: %w", err)
	}
	if open == 0 && len(unlisted) == 0 {
		return 0, nil
	}
	now := int64(clock.At(v.clk.Now()))
	err = v.store.change(ctx, func(tx *sql.Tx) error {
		if err := v.store.alone(ctx, tx); err != nil {
			return err
		}
		for _, e := range unlisted {
			if _, err := tx.ExecContext(ctx, sqlJournal, e.clinic, e.subject, v.journal.keyID(e.clinic, e.subject), int64(e.at), e.reason); err != nil {
				return fmt.Errorf("vault: the key store: %w", err)
			}
		}
		res, err := tx.ExecContext(ctx, `UPDATE patient_key SET wrapped = NULL, generation = generation + 1, shredded_at = $1
			WHERE wrapped IS NOT NULL AND EXISTS (SELECT 1 FROM shred_journal j
			WHERE j.clinic = patient_key.clinic AND j.subject = patient_key.subject)`, now)
		if err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		if err := replayClinics(ctx, tx, clock.Instant(now)); err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		destroyed = int(n)
		// A backup from before the patient came knows no row: the mark must be there all the same.
		if _, err := tx.ExecContext(ctx, `INSERT INTO patient_key (clinic, subject, generation, wrapped, made_at, shredded_at)
			SELECT j.clinic, j.subject, 0, NULL, j.at, j.at `+alive+` ON CONFLICT (clinic, subject) DO NOTHING`); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	v.store.scrub(ctx)
	return destroyed, nil
}
