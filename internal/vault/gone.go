package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// A clinic that has gone is an entry of the journal about nobody: its subject is id.Zero, which is no patient's.

const (
	sqlGoneOwn     = `DELETE FROM clinic_key WHERE clinic = $1`
	sqlGoneRetired = `DELETE FROM retired_key WHERE clinic = $1`
	sqlGoneKeys    = `UPDATE patient_key SET wrapped = NULL, generation = generation + 1, shredded_at = $2 WHERE clinic = $1 AND wrapped IS NOT NULL`
	sqlGoneMark    = `INSERT INTO patient_key (clinic, subject, generation, wrapped, made_at, shredded_at) VALUES ($1, $2, 0, NULL, $3, $3) ON CONFLICT (clinic, subject) DO NOTHING`
	sqlGoneList    = `SELECT clinic FROM shred_journal WHERE subject = $1`
)

// ShredClinic destroys every key of a clinic for good: its own, with which the others are wrapped, and each patient's. What was sealed in the clinic cannot be
// opened any more, here or in any backup, and the clinic never gets a new key. As with Shred, the journal is written first, and the reason is a code.
// Doing it again is no error. It cannot be done to the platform itself.
func (v *Vault) ShredClinic(ctx context.Context, clinic id.ID, reason string) error {
	if v.closed.Load() {
		return ErrClosed
	}
	if clinic.IsZero() {
		return errors.New("vault: the platform's own keys are not shredded")
	}
	if !reasonCode.MatchString(reason) {
		return errors.New("vault: the reason for shredding must be a code of a-z, 0-9, _ . -, such as clinic_closed")
	}
	e := entry{clinic: clinic, subject: id.Zero, at: clock.At(v.clk.Now()), reason: reason}
	gone, err := v.ClinicGone(ctx, clinic)
	if err != nil {
		return err
	}
	if !gone {
		if err := v.journal.append(e); err != nil {
			return err
		}
	}
	err = v.store.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlJournal, clinic, id.Zero, v.journal.keyID(clinic, id.Zero), int64(e.at), reason); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
		return endClinic(ctx, tx, clinic, e.at)
	})
	if err != nil {
		return err
	}
	v.cache.drop()
	v.store.scrub(ctx)
	return nil
}

// endClinic takes the clinic's keys away and leaves the mark of it.
func endClinic(ctx context.Context, tx *sql.Tx, clinic id.ID, at clock.Instant) error {
	for _, x := range []struct {
		text string
		args []any
	}{{sqlGoneMark, []any{clinic, id.Zero, int64(at)}}, {sqlGoneKeys, []any{clinic, int64(at)}}, {sqlGoneRetired, []any{clinic}}, {sqlGoneOwn, []any{clinic}}} {
		if _, err := tx.ExecContext(ctx, x.text, x.args...); err != nil {
			return fmt.Errorf("vault: the key store: %w", err)
		}
	}
	return nil
}

// replayClinics destroys again the keys of the clinics that have gone.
func replayClinics(ctx context.Context, tx *sql.Tx, now clock.Instant) error {
	gone, err := goneClinics(ctx, tx)
	for _, c := range gone {
		if err == nil {
			err = endClinic(ctx, tx, c, now)
		}
	}
	return err
}

func goneClinics(ctx context.Context, q queryer) ([]id.ID, error) {
	rows, err := q.QueryContext(ctx, sqlGoneList, id.Zero)
	if err != nil {
		return nil, fmt.Errorf("vault: the key store: %w", err)
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var c id.ID
		if err := rows.Scan(&c); err != nil {
			return nil, fmt.Errorf("vault: the key store: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// GoneClinics are the clinics whose keys were destroyed.
func (v *Vault) GoneClinics(ctx context.Context) ([]id.ID, error) {
	if v.closed.Load() {
		return nil, ErrClosed
	}
	return goneClinics(ctx, v.store.read)
}

// ClinicGone says whether the clinic's keys were destroyed.
func (v *Vault) ClinicGone(ctx context.Context, clinic id.ID) (bool, error) {
	var n int
	err := v.store.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM shred_journal WHERE clinic = $1 AND subject = $2", clinic, id.Zero).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("vault: the key store: %w", err)
	}
	return n > 0, nil
}
