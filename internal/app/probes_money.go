package app

import (
	"context"
	"fmt"
	"time"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// Live checks of what is promised about money.

// verdicts runs the verifier of the books over each clinic.
func (p probe) verdicts(ctx context.Context, see func(v billing.Verdict) error) (string, error) {
	var invoices, payments int64
	for _, c := range p.clinics {
		v, err := p.Bills.Verify(ctx, jobs.ForClinic(c))
		if err != nil {
			return "", err
		}
		if err := see(v); err != nil {
			return "", err
		}
		invoices, payments = invoices+v.Invoices, payments+v.Payments
	}
	return fmt.Sprintf("looked at %d invoices and %d payments of %d clinics", invoices, payments, len(p.clinics)), nil
}

// books looks whether the ledger, the invoices and the payments say the same.
func (p probe) books(ctx context.Context) (string, error) {
	return p.verdicts(ctx, func(v billing.Verdict) error {
		if len(v.Wrong) > 0 {
			return fmt.Errorf("%d places in the books disagree, such as %s", len(v.Wrong), v.Wrong[0])
		}
		return nil
	})
}

// series looks for a gap or a repeat in the numbers of invoices.
func (p probe) series(ctx context.Context) (string, error) {
	return p.verdicts(ctx, func(v billing.Verdict) error {
		if len(v.Gaps) > 0 {
			return fmt.Errorf("a series of numbers has a gap or a repeat: %s", v.Gaps[0])
		}
		return nil
	})
}

// references looks through what stands beside the desk's payments for what could be the number of a card.
func (p probe) references(ctx context.Context) (string, error) {
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		list, err := billing.CardLike(v)
		if err == nil && len(list) > 0 {
			err = fmt.Errorf("%d payments bear a reference that could be the number of a card", len(list))
		}
		return err
	})
	return fmt.Sprintf("looked at %d clinics", len(p.clinics)), err
}

const (
	sqlProbeOver  = `SELECT COUNT(*) FROM invoice WHERE clinic_id = $1 AND number > 0 AND keep_until < $2`
	sqlProbeFloor = `SELECT COUNT(*) FROM invoice WHERE clinic_id = $1 AND number > 0 AND keep_until <= day`
	sqlProbeHeld  = `SELECT COUNT(*) FROM invoice_hold h WHERE h.clinic_id = $1 AND (h.until_day < $2 OR NOT EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = $1 AND i.id = h.invoice_id))`
)

// taxRecords looks for invoices, and for names kept on them, whose time by tax law is over, and for invoices that have no such time.
func (p probe) taxRecords(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeFloor, "invoices have no time by tax law"); err != nil {
		return "", err
	}
	over := string(clock.DateOf(p.Clock.Now().Add(-3 * 24 * time.Hour)))
	if _, err := p.none(ctx, sqlProbeOver, "invoices are kept longer than tax law asks", over); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeHeld, "names on invoices are kept longer than tax law asks", over)
}
