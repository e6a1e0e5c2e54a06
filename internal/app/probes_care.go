package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/web"
)

// Live checks of what is promised about clinical records.

const (
	sqlProbeSigned  = `SELECT COUNT(*) FROM encounter WHERE clinic_id = $1 AND signed_at > 0 AND (changed_at > signed_at OR signer IS NULL OR note IS NULL)`
	sqlProbeAsides  = `SELECT COUNT(*) FROM encounter_aside WHERE clinic_id = $1 AND at < $2`
	sqlProbeIntake  = `SELECT COUNT(*) FROM intake_answer a WHERE a.clinic_id = $1 AND a.signed_at > 0 AND (a.signed_name IS NULL OR NOT EXISTS (SELECT 1 FROM intake_text t WHERE t.clinic_id = $1 AND t.form_id = a.form_id AND t.hash = a.hash))`
	sqlProbeForms   = `SELECT hash, body FROM intake_text WHERE clinic_id = $1 ORDER BY created_at DESC LIMIT 200`
	sqlProbeDrafts  = `SELECT COUNT(*) FROM intake_answer WHERE clinic_id = $1 AND signed_at = 0 AND changed_at < $2`
	sqlProbeMinors  = `SELECT DISTINCT a.patient_id FROM intake_answer a JOIN patient p ON p.clinic_id = a.clinic_id AND p.id = a.patient_id WHERE a.clinic_id = $1 AND a.signed_at > $2 AND p.minor AND a.guardian_id IS NULL LIMIT 200`
	sqlProbeNobody  = `SELECT COUNT(*) FROM health WHERE clinic_id = $1 AND (added_at = 0 OR kind = 'no-allergies' AND added_by IS NULL)`
	sqlProbeEnded   = `SELECT COUNT(*) FROM health WHERE clinic_id = $1 AND ended_at > 0 AND ended_at < added_at`
	sqlProbeKinds   = `SELECT COUNT(*) FROM file f WHERE f.clinic_id = $1 AND (f.kind NOT IN ('pdf', 'jpg', 'png') OR f.pieces <> (SELECT COUNT(*) FROM file_piece p WHERE p.clinic_id = $1 AND p.file_id = f.id))`
	sqlProbePieces  = `SELECT bytes FROM file_piece WHERE clinic_id = $1 LIMIT 20`
	sqlProbeVisits  = `SELECT COUNT(*) FROM encounter WHERE clinic_id = $1 AND (day = '' OR starts_at = 0)`
	sqlProbeWritten = `SELECT note FROM encounter WHERE clinic_id = $1 AND note IS NOT NULL UNION ALL SELECT vitals FROM encounter WHERE clinic_id = $1 AND vitals IS NOT NULL
		UNION ALL SELECT body FROM amendment WHERE clinic_id = $1 UNION ALL SELECT body FROM health WHERE clinic_id = $1 AND body IS NOT NULL LIMIT 200`
	sqlProbeTitles  = `SELECT name FROM file WHERE clinic_id = $1 LIMIT 50`
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
	if err := p.formsGenuine(ctx); err != nil {
		return "", err
	}
	return p.noChild(ctx, sqlProbeMinors, "children signed answers for whom nobody speaks", 0)
}

// formsGenuine works the fingerprints of the texts that patients sign out again.
func (p probe) formsGenuine(ctx context.Context) error {
	return p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeForms)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var hash []byte
			var body string
			if err := rows.Scan(&hash, &body); err != nil {
				return err
			}
			if now := sha256.Sum256([]byte(body)); !bytes.Equal(hash, now[:]) {
				return errors.New("a text that patients sign is another one than its fingerprint says")
			}
		}
		return rows.Err()
	})
}

// schedulingOnly tries to put a row into a clinical table of each clinic that keeps no clinical records, and looks for tables that would not ask.
// Nothing stays: what is not refused is undone.
func (p probe) schedulingOnly(ctx context.Context) (string, error) {
	asked, err := p.tablesAsk(ctx)
	if err != nil {
		return "", err
	}
	tried, err := p.refused(ctx, clinics.ModuleClinical, func(tx *store.Tx) error {
		_, err := tx.Exec(sqlProbeRefused, id.New(p.Clock.Now()), tx.Now())
		return err
	})
	return fmt.Sprintf("%d of %d clinics keep no clinical records, and the database refused one in each; %s", tried, len(p.clinics), asked), err
}

// closed looks at stored values: each has the vault's form. It answers how many there are.
func (p probe) closed(ctx context.Context, texts ...string) (int, error) {
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		for _, text := range texts {
			rows, err := v.Query(text)
			if err != nil {
				return err
			}
			for rows.Next() {
				var b []byte
				if err = rows.Scan(&b); err == nil && len(b) > 0 && !vault.Sealed(b) {
					err = errors.New("what is written about a patient's health is stored unsealed")
				}
				if err != nil {
					break
				}
				n++
			}
			rows.Close()
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

func (p probe) visitsKept(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeVisits, "visits have no date"); err != nil {
		return "", err
	}
	n, err := p.closed(ctx, sqlProbeWritten)
	return fmt.Sprintf("every visit has its date, and %d stored texts are sealed", n), err
}

func (p probe) filesKept(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeKinds, "files are neither PDF nor picture, or lack a piece"); err != nil {
		return "", err
	}
	n, err := p.closed(ctx, sqlProbePieces, sqlProbeTitles)
	return fmt.Sprintf("every file is a PDF or a picture, and %d names and pieces are sealed", n), err
}

func (p probe) allergies(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeEnded, "entries of a record ended before they began"); err != nil {
		return "", err
	}
	return p.none(ctx, sqlProbeNobody, "entries of a record do not say who asked, or when")
}

// treating are the roles that may read what is written about a patient's health.
var treating = []access.Role{access.Owner, access.Practitioner, access.Assistant}

// clinicalFew looks through the table of rights and the addresses: whatever shows health data asks for a right of those who treat.
func (p probe) clinicalFew(context.Context) (string, error) {
	n, err := thoseWhoTreat(access.Table, web.Routes())
	return fmt.Sprintf("%d addresses of clinical records are for those who treat, and %d roles hold their rights", n, len(treating)), err
}

func thoseWhoTreat(table []access.Row, routes []web.Route) (n int, err error) {
	rights := []access.Right{access.VisitRead, access.VisitWrite, access.VisitSign, access.RxRead, access.RxWrite, access.RxSign, access.RxShare}
	for _, row := range table {
		for _, role := range row.Roles {
			if slices.Contains(rights, row.Right) && !slices.Contains(treating, role) {
				return 0, fmt.Errorf("the role %s holds the right %s", role, row.Right)
			}
		}
	}
	for _, r := range routes {
		if r.Door != web.Staff || r.Module != clinics.ModuleClinical && r.Module != clinics.ModulePrescriptions {
			continue
		}
		if !slices.Contains(append([]access.Right{access.VisitSettings, access.IntakeSettings, access.RxSettings}, rights...), r.Right) {
			return n, fmt.Errorf("the address %s asks for the right %s", r.Pattern, r.Right)
		}
		n++
	}
	return n, nil
}
