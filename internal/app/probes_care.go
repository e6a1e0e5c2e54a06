package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// Live checks of what is promised about clinical records.

const (
	sqlProbeSigned  = `SELECT COUNT(*) FROM encounter WHERE clinic_id = $1 AND signed_at > 0 AND (changed_at > signed_at OR signer IS NULL OR note IS NULL)`
	sqlProbeAsides  = `SELECT COUNT(*) FROM encounter_aside WHERE clinic_id = $1 AND at < $2`
	sqlProbeIntake  = `SELECT COUNT(*) FROM intake_answer a WHERE a.clinic_id = $1 AND a.signed_at > 0 AND (a.signed_name IS NULL OR NOT EXISTS (SELECT 1 FROM intake_text t WHERE t.clinic_id = $1 AND t.form_id = a.form_id AND t.hash = a.hash))`
	sqlProbeDrafts  = `SELECT COUNT(*) FROM intake_answer WHERE clinic_id = $1 AND signed_at = 0 AND changed_at < $2`
	sqlProbeMinors  = `SELECT COUNT(*) FROM intake_answer a JOIN patient p ON p.clinic_id = a.clinic_id AND p.id = a.patient_id WHERE a.clinic_id = $1 AND a.signed_at > 0 AND p.minor AND a.guardian_id IS NULL`
	sqlProbeRefused = `INSERT INTO visit_template (clinic_id, id, name, speciality, body, changed_at) VALUES ($1, $2, 'probe', 'other', '{}', $3)`
)

func (p probe) signed(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeSigned, "visits were changed after they were signed, or do not say who signed")
}

func (p probe) asides(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeAsides, "texts that met another one are older than 30 days", p.Clock.Now().Add(-(30*24+2)*time.Hour).UnixMicro())
}

func (p probe) intake(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeIntake, "signed answers lack a name, or the text that they were given to"); err != nil {
		return "", err
	}
	if _, err := p.none(ctx, sqlProbeDrafts, "answers that were never signed are older than 30 days", p.Clock.Now().Add(-(30*24+2)*time.Hour).UnixMicro()); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeMinors, "answers of children were signed by nobody who speaks for them")
}

// errRefusedNot undoes what the database should have refused.
var errRefusedNot = errors.New("the database took a clinical row of a clinic that keeps no clinical records")

// schedulingOnly tries to put a row into a clinical table of each clinic that keeps no clinical records, and looks for tables that would not ask.
// Nothing stays: what is not refused is undone.
func (p probe) schedulingOnly(ctx context.Context) (string, error) {
	asked, err := p.tablesAsk(ctx)
	if err != nil {
		return "", err
	}
	tried := 0
	for _, c := range p.clinics {
		err := p.DB.Change(ctx, jobs.ForClinic(c), access.Work, func(_ context.Context, tx *store.Tx) error {
			now, err := clinics.Get(&tx.View)
			if err != nil || now.Has(clinics.ModuleClinical) {
				return nil
			}
			tx.Housekeeping("a probe keeps nothing")
			tried++
			if _, err := tx.Exec(sqlProbeRefused, id.New(p.Clock.Now()), tx.Now()); err != nil {
				return err
			}
			return errRefusedNot
		})
		if err != nil && !errors.Is(err, store.ErrFenced) {
			return "", err
		}
	}
	return fmt.Sprintf("%d of %d clinics keep no clinical records, and the database refused one in each; %s", tried, len(p.clinics), asked), nil
}
