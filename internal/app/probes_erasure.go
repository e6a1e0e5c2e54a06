package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/privacy"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Live checks of erasures: what is held, until when, to whom it opens, and whether the certificates are there.

const (
	sqlProbeHolds = `SELECT id, last_day FROM erasure_hold WHERE clinic_id = $1 AND sealed = 1 AND ended_at = 0 ORDER BY last_day, id LIMIT 100`
	sqlProbeLate  = `SELECT COUNT(*) FROM erasure_hold WHERE clinic_id = $1 AND ended_at = 0 AND last_day < $2`
	sqlProbePlain = `SELECT COUNT(*) FROM erasure_hold WHERE clinic_id = $1 AND class NOT IN ('clinical', 'prescription', 'invoice')`
	// Certificates of what was erased before the clinic moved in are the other house's to give.
	erasedHere = `NOT EXISTS (SELECT 1 FROM arrival a WHERE a.clinic_id = $1 AND a.begun_at > erased_at)`
	// Two hours are what an erasure may take at the most.
	sqlProbeLeftOver = `SELECT COUNT(*) FROM erasure e WHERE e.clinic_id = $1 AND e.erased_at < $2 AND (EXISTS (SELECT 1 FROM patient p WHERE p.clinic_id = $1 AND p.id = e.patient_id) OR EXISTS (SELECT 1 FROM message m WHERE m.clinic_id = $1 AND m.patient_id = e.patient_id)
	OR EXISTS (SELECT 1 FROM appointment a WHERE a.clinic_id = $1 AND a.patient_id = e.patient_id) OR EXISTS (SELECT 1 FROM thread t WHERE t.clinic_id = $1 AND t.patient_id = e.patient_id) OR EXISTS (SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = e.patient_id))`
	sqlProbeHeldOpened = `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND kind = 'held-record' AND action = 'open' AND role <> 'owner'`
	sqlProbeFirst      = `SELECT COUNT(*) FROM erasure WHERE clinic_id = $1 AND first_at = 0 AND erased_at < $2 AND ` + erasedHere
	sqlProbeProof      = `SELECT first, second FROM erasure WHERE clinic_id = $1 ORDER BY erased_at DESC, id DESC LIMIT 5`
	sqlProbeSecond     = `SELECT COUNT(*) FROM erasure WHERE clinic_id = $1 AND second_at = 0 AND erased_at < $2 AND ` + erasedHere
)

func probesOfErasures() map[string]liveLook {
	return map[string]liveLook{"held-by-law-alone": probe.heldByLaw, "held-to-custodian": probe.heldToCustodian, "held-until-its-day": probe.heldUntil, "erasure-certified": probe.certified,
		"erasure-through-backups": probe.throughBackups}
}

// How late a certificate may be: one comes at once or within the hour, two when the last backup has gone.
const (
	firstLate  = 6 * time.Hour
	secondLate = 33 * 24 * time.Hour
)

// heldByLaw looks whether everything that is held is of a kind that a law names, and its key has the day that its row says; and for what should have gone at once.
func (p probe) heldByLaw(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeLeftOver, "people were erased, and contact details, messages, appointments or consents of theirs are there", p.ago(2*time.Hour)); err != nil {
		return "", err
	}
	n := 0
	err := p.each(ctx, func(v *store.View, clinic id.ID) error {
		var strange int
		if err := v.Row(sqlProbePlain).Scan(&strange); err != nil {
			return err
		}
		if strange > 0 {
			return fmt.Errorf("%d things are held that no law names", strange)
		}
		return p.holds(ctx, v, func(hold id.ID, last clock.Date) error {
			n++
			until, err := p.Vault.HeldUntil(ctx, clinic, hold)
			if err == nil && until != last {
				err = errors.New("a retention key has another last day than its row")
			}
			return err
		})
	})
	return fmt.Sprintf("%d retention keys have the day that their rows say", n), err
}

func (p probe) holds(_ context.Context, v *store.View, do func(hold id.ID, last clock.Date) error) error {
	rows, err := v.Query(sqlProbeHolds)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var hold id.ID
		var last clock.Date
		if err := rows.Scan(&hold, &last); err != nil {
			return err
		}
		if err := do(hold, last); err != nil {
			return err
		}
	}
	return rows.Err()
}

// heldToCustodian tries to open what is held as every page would, and looks who opened some.
func (p probe) heldToCustodian(ctx context.Context) (string, error) {
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		var strange int
		if err := v.Row(sqlProbeHeldOpened).Scan(&strange); err != nil {
			return err
		}
		if strange > 0 {
			return fmt.Errorf("somebody who is no owner opened what is held, %d times", strange)
		}
		return p.holds(ctx, v, func(hold id.ID, _ clock.Date) error {
			n++
			if _, err := v.Seal(hold, "held_part", "body", hold, "probe"); !errors.Is(err, vault.ErrKept) {
				return errors.New("what is held opens without a custodian")
			}
			return nil
		})
	})
	if err != nil {
		return "", err
	}
	for _, r := range access.StaffRoles {
		if r != access.Owner && access.Holds(r, access.HeldOpen) {
			return "", fmt.Errorf("the role %s may open what is held", r)
		}
	}
	return fmt.Sprintf("%d held things open to no page", n), nil
}

// heldUntil looks for what is held beyond its day.
func (p probe) heldUntil(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeLate, "things are held beyond the last day that the law names", string(clock.DateOf(p.Clock.Now().UTC()).AddDays(-3)))
}

// certified looks for erasures that have no certificate, and checks the newest ones.
func (p probe) certified(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeFirst, "erasures have no certificate", p.ago(firstLate)); err != nil {
		return "", err
	}
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeProof)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var first, second string
			if err := rows.Scan(&first, &second); err != nil {
				return err
			}
			for _, text := range []string{first, second} {
				if text == "" {
					continue
				}
				if _, err := privacy.Read([]byte(text)); err != nil {
					return err
				}
				n++
			}
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d certificates are genuine", n), err
}

// throughBackups looks for erasures whose second certificate is late.
func (p probe) throughBackups(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeSecond, "erasures have no second certificate although every backup from before should be gone", p.ago(secondLate))
}
