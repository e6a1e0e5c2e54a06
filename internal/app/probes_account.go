package app

import (
	"context"
	"fmt"

	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Live checks of what is promised about a clinic's account: what it signed, and what it pays.

const (
	// A clinic that had patients before it came under United States law keeps them; nobody is added until it signs.
	sqlProbeAgreement = `SELECT COUNT(*) FROM clinic c WHERE c.clinic_id = $1 AND c.jurisdiction = 'US' AND c.baa <> '' AND NOT EXISTS (SELECT 1 FROM agreement a WHERE a.clinic_id = $1 AND a.digest = c.baa)`
	sqlProbeTexts     = `SELECT digest, text FROM agreement_text WHERE clinic_id = $1`
)

func (p probe) agreementFirst(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeAgreement, "clinics under United States law may enter patients by an agreement that nobody signed")
}

// agreementsKept works the version of every text that was signed out again from its bytes.
func (p probe) agreementsKept(ctx context.Context) (string, error) {
	n := 0
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeTexts)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var version, text string
			if err := rows.Scan(&version, &text); err != nil {
				return err
			}
			if clinics.TextVersion(text) != version {
				return fmt.Errorf("the text of version %s is another one than was signed", version)
			}
			n++
		}
		return rows.Err()
	})
	return fmt.Sprintf("%d signed texts are what was signed", n), err
}
