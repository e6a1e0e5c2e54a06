package accounts

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Whoever works for a clinic, or for the platform, signs the statement of confidentiality before the first sight of anything (promise staff-confidential):
// once for each text of it. A session whose person has not signed speaks for nobody, whatever page is asked for.

const (
	sqlStatementKeep = `INSERT INTO confidentiality_text (digest, text, kept_at) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING`
	sqlStatementSign = `INSERT INTO confidentiality (person_id, digest, signer, signed_at) VALUES ($1, $2, $3, $4) ON CONFLICT (person_id, digest) DO NOTHING`
)

// Statement is the text that staff sign now.
func Statement() clinics.AgreementText {
	t, _ := clinics.CurrentText(clinics.AgreementConfidentiality)
	return t
}

// statement is the version that is asked for; empty: none is.
func (s *Service) statement() string {
	if !s.o.Confidential {
		return ""
	}
	return Statement().Version
}

// SignStatement writes down that the person signed the statement of confidentiality: which text, when, and her name as her account has it.
// fault.Invalid names the field "sure" where she did not say so; fault.Conflict when the text is not the one that she read.
func (s *Service) SignStatement(ctx context.Context, in SignedIn, version string, sure bool) error {
	switch {
	case in.Person.ID.IsZero():
		return signInFirst()
	case version != Statement().Version:
		return fault.New(fault.Conflict, "fault.agreement_changed")
	case !sure:
		var f fault.Fields
		f.Add("sure", "field.confidential.sure")
		return f.Err()
	}
	return s.db.Across(ctx, atTheDoor(in.Person.ID, in.SessionID), access.PlatformSignIn, func(_ context.Context, p *store.Platform) error {
		return signStatement(p, in.Person.ID, in.Person.Name)
	})
}

func signStatement(p *store.Platform, person id.ID, name string) error {
	t := Statement()
	if _, err := p.Exec(sqlStatementKeep, t.Version, t.Text, p.Now()); err != nil {
		return err
	}
	signer, err := p.Seal(person, "confidentiality", "signer", person, name)
	if err != nil {
		return err
	}
	p.Record(audit.Note{Action: "sign", Kind: "confidentiality", Subject: person, Patient: person, New: t.Version})
	_, err = p.Exec(sqlStatementSign, person, t.Version, signer, p.Now())
	return err
}
