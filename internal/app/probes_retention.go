package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/retention"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Live checks of how long things live, with a day's grace for the run of the night, and two for what is announced first.

const (
	sqlProbeLegalHolds = `SELECT COUNT(*) FROM legal_hold WHERE clinic_id = $1 AND (state = 'held' AND (approved_by IS NULL OR approved_by = asked_by) OR state IN ('asked', 'held') AND until < $2)`
	sqlProbeOldest     = `SELECT COALESCE(MIN(given_at), 0) FROM feedback WHERE clinic_id = $1 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
	sqlProbeLetters    = `SELECT COALESCE(MIN(last_at), 0) FROM thread WHERE clinic_id = $1 AND patient_id IS NULL`
	sqlProbeNotices    = `SELECT COUNT(*) FROM retention_notice WHERE clinic_id = $1 AND mailed_at = 0 AND noticed_at < $2`
	sqlProbeLog        = `SELECT COUNT(*) FROM booking_log WHERE clinic_id = $1 AND at < $2 AND appointment_id NOT IN (SELECT id FROM appointment WHERE clinic_id = $1 AND patient_id IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlProbeSmall      = `SELECT COUNT(*) FROM booking_count WHERE clinic_id = $1 AND times < 10`
	sqlProbeMessages   = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND created_at < $2 AND state NOT IN ('planned', 'sending', 'handing-over') AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
	sqlProbeCopies     = `SELECT COUNT(*) FROM statutory_copy WHERE clinic_id = $1 AND at < $2`
	sqlProbeClosing    = `SELECT COUNT(*) FROM closing WHERE clinic_id = $1 AND goes_at < $2`
	sqlProbeOneOwner   = `SELECT COUNT(*) FROM closing WHERE clinic_id = $1 AND now_at > 0 AND second_at = 0 AND goes_at < now_at + 259200000000`
	sqlProbeRemainder  = `SELECT COUNT(*) FROM remainder WHERE times < 10`
	sqlProbeSuspended  = `SELECT COUNT(*) FROM suspension WHERE state = 'announced' AND (approved_by IS NULL OR approved_by = asked_by OR told_before = 0 OR told_after = 0 AND begins_at < $1)`
	sqlProbeGone       = `SELECT clinic_id FROM clinic_gone WHERE gone_at > 0`
)

func (p probe) legalHolds(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeLegalHolds, "holds stand by one person's word, or past their last day", string(clock.DateOf(p.Clock.Now()).AddDays(-2)))
}

// since is a moment so long ago; the runs of nights count from when the program has looked at its clock.
func (p probe) since(s law.Span, grace time.Duration) int64 {
	return int64(law.Lives{}.OverAfter("", s, clock.At(p.Clock.Now().Add(-grace))))
}

const night = 48 * time.Hour

// retained looks that every clinic has its run, and for rows that are past their class.
func (p probe) retained(ctx context.Context) (string, error) {
	return fmt.Sprintf("every clinic of %d had its run", len(p.clinics)), p.each(ctx, func(v *store.View, _ id.ID) error {
		late, rooms, err := retention.Late(v)
		if err != nil {
			return err
		}
		if late > 0 && len(rooms) > 0 {
			return fmt.Errorf("a clinic had no whole run for %d days; these rooms fail: %s", late, strings.Join(rooms, ", "))
		}
		if late > 0 {
			return fmt.Errorf("a clinic had no run for %d days", late)
		}
		var oldest, letters int64
		if err := v.Row(sqlProbeOldest).Scan(&oldest); err != nil {
			return err
		}
		if err := v.Row(sqlProbeLetters).Scan(&letters); err != nil {
			return err
		}
		if oldest > 0 && oldest < p.since(law.LifeOf(law.Elsewhere, law.Opinions).Ceiling, 2*night) || letters > 0 && letters < p.since(law.LifeOf(law.Elsewhere, law.Letters).Ceiling, night) {
			return errors.New("something is past the life of its class")
		}
		return nil
	})
}

func (p probe) announced(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeNotices, "notices were written and no owner was told", p.Clock.Now().Add(-26*time.Hour).UnixMicro())
}

// clockBelieved is broken while the clock is not: then nothing is taken away, and somebody has to look.
func (p probe) clockBelieved(ctx context.Context) (string, error) {
	x, err := p.Lives.Clock(ctx, accounts.Operator())
	switch {
	case err != nil:
		return "", err
	case x.Refused > 0:
		return "", retention.ErrClock
	case x.Seen == 0:
		return "the clock has not been looked at yet", nil
	}
	return "the clock moves as it should", nil
}

func (p probe) bookingLog(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeSmall, "counts of months are below ten"); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeLog, "entries of the booking log are older than 24 months", p.since(law.LifeOf(law.Elsewhere, law.BookingLog).Ceiling, night))
}

func (p probe) messageEvents(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeCopies, "sealed copies are older than a year", p.since(law.LifeOf(law.India, law.Events).Ceiling, night)); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeMessages, "messages are older than 180 days", p.since(law.LifeOf(law.Elsewhere, law.Events).Ceiling, night))
}

// closings looks for clinics whose time is over and that are still here, and for keys of clinics that have gone.
func (p probe) closings(ctx context.Context) (string, error) {
	if p.House.Held() {
		return "nothing is destroyed while the house is held after a restore", nil
	}
	if _, err := p.none(ctx, sqlProbeClosing, "clinics are past the day on which they go", p.Clock.Now().Add(-26*time.Hour).UnixMicro()); err != nil {
		return "", err
	}
	var gone []id.ID
	err := p.across(ctx, func(x *store.Platform) error {
		rows, err := x.Query(sqlProbeGone)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one id.ID
			if err := rows.Scan(&one); err != nil {
				return err
			}
			gone = append(gone, one)
		}
		return rows.Err()
	})
	if err != nil {
		return "", err
	}
	for _, one := range gone {
		if r, err := p.Vault.Ring(ctx, one); err == nil {
			r.Close()
			return "", errors.New("the key of a clinic that has gone still opens")
		} else if !errors.Is(err, vault.ErrUnknownClinic) {
			return "", err
		}
	}
	return fmt.Sprintf("%d clinics have gone, and no key of theirs is left", len(gone)), nil
}

func (p probe) sooner(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeOneOwner, "clinics go within 72 hours by one owner's word")
}

func (p probe) remainders(ctx context.Context) (string, error) {
	return p.nothing(ctx, sqlProbeRemainder, "counts of clinics that have gone are below ten")
}

func (p probe) suspended(ctx context.Context) (string, error) {
	return p.nothing(ctx, sqlProbeSuspended, "suspensions stand by one operator's word, or owners were not told", p.Clock.Now().Add(-time.Hour).UnixMicro())
}

// nothing runs a count over the platform that must be zero.
func (p probe) nothing(ctx context.Context, text, wrong string, args ...any) (string, error) {
	var n int64
	err := p.across(ctx, func(x *store.Platform) error { return x.Row(text, args...).Scan(&n) })
	if err == nil && n > 0 {
		err = fmt.Errorf("%d %s", n, wrong)
	}
	return "looked at the platform's own tables", err
}

// probesOfLives are the checks of this file by the name that the register gives them.
func probesOfLives() map[string]liveLook {
	return map[string]liveLook{
		"legal-hold": probe.legalHolds, "retention": probe.retained, "retention-told": probe.announced, "clock-jump": probe.clockBelieved, "booking-log-aged": probe.bookingLog,
		"message-events-aged": probe.messageEvents, "account-closing": probe.closings, "closing-sooner": probe.sooner, "remainder-counts": probe.remainders, "suspended-by-two": probe.suspended,
	}
}

// moreProbes are the checks that other files name.
func moreProbes() map[string]liveLook {
	out := probesOfLetters()
	maps.Copy(out, probesOfLives())
	return out
}
