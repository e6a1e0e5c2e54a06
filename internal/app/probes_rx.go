package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/prescriptions"
	"almirah/internal/store"
)

// Live checks of what is promised about prescriptions. Each counts what must not be there.

const (
	sqlProbeSheets    = `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND signed_at > 0 AND (sheet IS NULL OR signed_as IS NULL OR code_hash IS NULL OR saved_at > signed_at)`
	sqlProbeSigners   = `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND signed_at > 0 AND (provider_id IS NULL OR signed_by IS NULL)`
	sqlProbeUnchecked = `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND signed_at > 0 AND checked NOT IN ('checked', 'not-checked')`
	sqlProbeShares    = `SELECT COUNT(*) FROM prescription_share s WHERE s.clinic_id = $1 AND s.revoked_at = 0 AND (s.expires_at > s.created_at + 7776000000000
	OR EXISTS (SELECT 1 FROM prescription_end e WHERE e.clinic_id = $1 AND e.prescription_id = s.prescription_id))`
	// What is agreed at the desk in the same moment is written down a little later than the link.
	sqlProbeUnwanted = `SELECT COUNT(*) FROM prescription_share s WHERE s.clinic_id = $1 AND s.created_at >= $2 AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = s.patient_id AND c.purpose = 'papers' AND c.given AND c.at <= s.created_at + 1000000)`
	sqlProbeAlias    = `INSERT INTO drug_alias (clinic_id, alias, generic) VALUES ($1, 'probe', $2)`
	sqlProbeCodes    = `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1 AND code_hash IS NOT NULL AND (LENGTH(code_hash) <> 32 OR signed_at = 0)`
)

func (p probe) sheets(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeSheets, "signed prescriptions lack what stood on them when they were signed, or were written to since")
}

func (p probe) signers(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeSigners, "signed prescriptions name no practitioner"); err != nil {
		return "", err
	}
	n, err := p.rechecked(ctx, func(l prescriptions.Looked) error {
		if l.Nameless > 0 {
			return fmt.Errorf("on %d signed prescriptions no practitioner or no registration number stands", l.Nameless)
		}
		return nil
	})
	return fmt.Sprintf("looked at %d signed prescriptions of this week: name and registration number stand on each", n.Sheets), err
}

func (p probe) unchecked(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeUnchecked, "signed prescriptions do not say whether they were checked")
}

func (p probe) shares(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeUnwanted, "links to prescriptions were sent to patients who never agreed to that", p.ago(week)); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeShares, "links to prescriptions last longer than 90 days, or outlive the prescription")
}

// refused tries to put a row into a table of the module in each clinic that has it off, and answers how many clinics have. What the
// database takes is undone, and an error.
func (p probe) refused(ctx context.Context, module string, put func(tx *store.Tx) error) (int, error) {
	return p.tried(ctx, func(c clinics.Clinic) bool { return !c.Has(module) }, "a row of the module "+module+" in a clinic that has it off", put)
}

// tried has a row put in each clinic in which the database must refuse it.
func (p probe) tried(ctx context.Context, must func(clinics.Clinic) bool, what string, put func(tx *store.Tx) error) (int, error) {
	taken := errors.New("the database took " + what)
	tried := 0
	for _, c := range p.clinics {
		err := p.DB.Change(ctx, jobs.ForClinic(c), access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("a probe keeps nothing")
			now, err := clinics.Get(&tx.View)
			if err != nil || !must(now) {
				return err
			}
			tried++
			if err := put(tx); err != nil {
				return err
			}
			return taken
		})
		if err != nil && !errors.Is(err, store.ErrFenced) {
			return tried, err
		}
	}
	return tried, nil
}

func (p probe) sheetsOff(ctx context.Context) (string, error) {
	n, err := p.refused(ctx, clinics.ModulePrescriptions, func(tx *store.Tx) error {
		_, err := tx.Exec(sqlProbeAlias, "probe")
		return err
	})
	return fmt.Sprintf("%d of %d clinics have prescriptions off, and the database refused them a row", n, len(p.clinics)), err
}

// genuine asks the own door about papers that nobody ever printed: a code that could be one, one of no clinic, and a word. Nobody can tell the answers apart.
func (p probe) genuine(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeCodes, "prescriptions have a code that could be guessed, or before they are signed"); err != nil {
		return "", err
	}
	codes := []string{strings.Repeat("A", 43), "probe", id.New(p.Clock.Now()).String()}
	for _, c := range p.clinics {
		codes = append(codes, strings.TrimRight(c.String(), "=")+strings.Repeat("B", 26))
	}
	first := ""
	for i, code := range codes {
		a, err := p.ask(ctx, http.MethodGet, "/v/"+code, nil)
		if err != nil {
			return "", err
		}
		body := strings.ReplaceAll(a.body.String(), code, "")
		if i == 0 {
			first = body
		}
		if a.status != http.StatusNotFound || body != first {
			return "", fmt.Errorf("a code of no paper was answered with %d, or otherwise than another one", a.status)
		}
	}
	return fmt.Sprintf("%d codes of no paper got the same answer", len(codes)), nil
}
