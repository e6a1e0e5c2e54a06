package app

import (
	"context"
	"fmt"
	"time"

	"almirah/internal/billing"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Live checks of what patients get about money: word of what they paid, and invoices that name who speaks for a child.

const sqlProbeNoReceipt = `SELECT COUNT(*) FROM payment p LEFT JOIN invoice i ON i.clinic_id = p.clinic_id AND i.id = p.invoice_id WHERE p.clinic_id = $1 AND p.day >= $2 AND p.booked_at < $3 AND p.patient_id IS NOT NULL AND p.applied > 0
	AND EXISTS (SELECT 1 FROM appointment a WHERE a.clinic_id = $1 AND a.patient_id = p.patient_id AND a.created_at <= p.booked_at AND (i.appointment_id IS NULL OR i.appointment_id = a.id))
	AND NOT EXISTS (SELECT 1 FROM message m WHERE m.clinic_id = $1 AND m.patient_id = p.patient_id AND m.kind = 'billing.receipt' AND m.rule_id = p.id)
	AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = p.patient_id AND c.purpose = 'restriction') AND NOT EXISTS (SELECT 1 FROM event e WHERE e.clinic_id = $1 AND e.subject_id = p.id)`

// receipts looks for payments of this week of which their patient was sent no word.
func (p probe) receipts(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeNoReceipt, "payments of this week were acknowledged to nobody", clock.DateOf(p.Clock.Now().Add(-week)), p.ago(time.Hour))
}

// mostOpened is how many sealed papers of a clinic one look opens.
const mostOpened = 20

// guardians opens the newest invoices of children.
func (p probe) guardians(ctx context.Context) (string, error) {
	looked := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		n, without, err := billing.Unspoken(v, clock.DateOf(p.Clock.Now().Add(-month)), mostOpened)
		if err == nil && without > 0 {
			err = fmt.Errorf("%d invoices of children do not name the adult who speaks for the child", without)
		}
		looked += n
		return err
	})
	return fmt.Sprintf("looked at %d invoices of children", looked), err
}
