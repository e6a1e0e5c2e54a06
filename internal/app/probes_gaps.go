package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/privacy"
	"almirah/internal/store"
)

// Live checks of what a list brought in, of what stays of clinics that have gone, and of what carriers were asked.

const (
	sqlProbeListed = `SELECT COUNT(*) FROM appointment a WHERE a.clinic_id = $1 AND a.door IN ('list', 'list-told') AND a.status IN ('booked', 'confirmed') AND a.starts_at > $2
		AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.clinic_id = $1 AND c.appointment_id = a.id)`
	// What somebody did with the appointment afterwards (a row of its log that is not of the list) may be told.
	sqlProbeSilent = `SELECT COUNT(*) FROM appointment a JOIN message m ON m.clinic_id = a.clinic_id AND m.appointment_id = a.id
		WHERE a.clinic_id = $1 AND a.door IN ('list', 'list-told') AND m.occurrence = 0 AND (a.door = 'list' AND m.kind = 'reminder'
		OR a.created_at >= a.starts_at AND m.kind IN ('followup.missed', 'followup.visit', 'followup.recall', 'review')
		OR m.kind = 'appointment.booked' AND NOT EXISTS (SELECT 1 FROM booking_log l WHERE l.clinic_id = $1 AND l.appointment_id = a.id AND l.action <> 'list' AND l.at <= m.created_at))`
	sqlProbeListCount = `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND door IN ('list', 'list-told')`
	sqlProbeAskLate   = `SELECT COUNT(*) FROM erasure_ask WHERE clinic_id = $1 AND state = 'due' AND due_at < $2`
	sqlProbeAskIDs    = `SELECT COUNT(*) FROM erasure_ask WHERE clinic_id = $1 AND (state NOT IN ('due', 'letter') AND what IS NOT NULL OR state = 'due' AND what IS NULL)`
	sqlProbeAsks      = `SELECT COUNT(*) FROM erasure_ask WHERE clinic_id = $1`
)

func probesOfGaps() map[string]liveLook {
	return map[string]liveLook{"list-appointments": probe.listsClaim, "list-appointments-silent": probe.listsSilent, "closing-holds": probe.closingHolds, "erasure-asked": probe.carriersAsked}
}

// sums runs a count that must be zero and one that is evidence in each clinic of the sample.
func (p probe) sums(ctx context.Context, wrong, all string, args ...any) (bad, seen int, err error) {
	err = p.each(ctx, func(v *store.View, _ id.ID) error {
		var a, b int
		if err := v.Row(wrong, args...).Scan(&a); err != nil {
			return err
		}
		if err := v.Row(all).Scan(&b); err != nil {
			return err
		}
		bad, seen = bad+a, seen+b
		return nil
	})
	return bad, seen, err
}

// listsClaim looks whether an appointment ahead that a list brought in holds no time.
func (p probe) listsClaim(ctx context.Context) (string, error) {
	bad, seen, err := p.sums(ctx, sqlProbeListed, sqlProbeListCount, clock.At(p.Clock.Now()))
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d appointments of lists hold no time", bad)
	}
	return fmt.Sprintf("%d appointments came in lists; each ahead holds its time", seen), err
}

// listsSilent looks whether somebody was written to because of a list.
func (p probe) listsSilent(ctx context.Context) (string, error) {
	bad, seen, err := p.sums(ctx, sqlProbeSilent, sqlProbeListCount)
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d messages went out because of a list", bad)
	}
	return fmt.Sprintf("%d appointments came in lists; nobody was written to because of it", seen), err
}

// closingHolds looks whether what is held of clinics that have gone is there until its day and no longer, and is certified.
func (p probe) closingHolds(ctx context.Context) (string, error) {
	list, err := p.Erasure.Custodies(ctx, accounts.Operator())
	if err != nil {
		return "", err
	}
	open := 0
	today := clock.DateOf(p.Clock.Now())
	for _, c := range list {
		if _, err := privacy.Read([]byte(c.Certificate)); err != nil {
			return "", fmt.Errorf("the certificate of a clinic that has gone: %w", err)
		}
		for _, h := range c.Holds {
			until, err := p.Vault.HeldUntil(ctx, id.Zero, h.ID)
			if err == nil {
				err = heldRightly(h.Last, h.Ended, until, today)
			}
			if err != nil {
				return "", err
			}
			if h.Ended == 0 {
				open++
			}
		}
	}
	return fmt.Sprintf("%d clinics have gone with a record; %d keys hold what a law wants, none beyond its day", len(list), open), nil
}

// heldRightly holds what is held against its key, which is there until the same day and not longer.
func heldRightly(last clock.Date, ended clock.Instant, until, today clock.Date) error {
	switch {
	case ended > 0 && until != "":
		return errors.New("a key is there though what it held has ended")
	case ended == 0 && until != last:
		return fmt.Errorf("what is held until %s has a key until %q", last, until)
	case ended == 0 && last.AddDays(3) < today:
		return fmt.Errorf("something is held since %s", last)
	}
	return nil
}

// askWaits is how late a carrier may be asked.
const askWaits = 24 * time.Hour

// carriersAsked looks whether a carrier was not asked in time, and whether the id of something is left after its end, or went before it.
func (p probe) carriersAsked(ctx context.Context) (string, error) {
	bad, seen, err := p.sums(ctx, sqlProbeAskLate, sqlProbeAsks, p.ago(askWaits))
	if err == nil && bad > 0 && !p.Held() { // after a restore nobody is asked before a person lets go
		err = fmt.Errorf("carriers were not asked in time for %d things", bad)
	}
	if err == nil {
		if bad, _, err = p.sums(ctx, sqlProbeAskIDs, sqlProbeAsks); err == nil && bad > 0 {
			err = fmt.Errorf("the ids of %d things are not where they have to be", bad)
		}
	}
	return fmt.Sprintf("%d things at carriers were asked for in time, or have a letter", seen), err
}
