package clinics

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	sqlTextKeep = `INSERT INTO agreement_text (clinic_id, digest, kind, text, kept_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic_id, digest) DO NOTHING`
	sqlAgree    = `INSERT INTO agreement (clinic_id, id, digest, person_id, signer, capacity, signed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlAgreed   = `SELECT a.id, a.digest, t.kind, t.text, a.person_id, a.signer, a.capacity, a.signed_at FROM agreement a
	JOIN agreement_text t ON t.clinic_id = a.clinic_id AND t.digest = a.digest WHERE a.clinic_id = $1 ORDER BY a.signed_at DESC, a.id DESC`
	sqlSignedTexts = `SELECT DISTINCT t.kind, t.digest FROM agreement a JOIN agreement_text t ON t.clinic_id = a.clinic_id AND t.digest = a.digest WHERE a.clinic_id = $1 ORDER BY t.kind, t.digest`
	sqlBAASet      = `UPDATE clinic SET baa = $2 WHERE clinic_id = $1`
	sqlMayHold     = `SELECT jurisdiction, baa FROM clinic WHERE clinic_id = $1`
)

// Signature is what somebody types to sign an agreement.
type Signature struct {
	Kind     string
	Version  string // of the text that she read: a text that changed meanwhile is read again
	Name     string
	Capacity string // as what she signs: "owner", "managing partner"
	Sure     bool   // she may sign for the clinic
}

// Sign writes down that the clinic signed an agreement: who, the name typed, when, and the very text, which is kept with the record for
// ever. fault.Invalid names the fields "signer", "capacity" and "sure"; fault.Conflict when the text is not the current one;
// fault.NotFound for a kind that this clinic does not sign.
func (s *Service) Sign(ctx context.Context, who access.Caller, by Signature) error {
	var f fault.Fields
	name, err := contact.CleanName(by.Name)
	if err != nil {
		f.Add("signer", "field.signer.invalid")
	}
	capacity := text("capacity", by.Capacity, 100, false, &f)
	if capacity == "" && !f.Has("capacity") {
		f.Add("capacity", "field.capacity.empty")
	}
	if !by.Sure {
		f.Add("sure", "field.sign_sure.empty")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
		c, err := Get(&tx.View)
		if err != nil {
			return err
		}
		now, there := CurrentText(by.Kind)
		if !there || !c.signs(by.Kind) {
			return fault.Missing()
		}
		if now.Version != by.Version {
			return fault.New(fault.Conflict, "fault.agreement_changed")
		}
		one := tx.NewID()
		signer, err := tx.Seal(vault.ClinicData, "agreement", "signer", one, name)
		if err != nil {
			return err
		}
		role, err := tx.Seal(vault.ClinicData, "agreement", "capacity", one, capacity)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlTextKeep, now.Version, now.Kind, now.Text, tx.Now()); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlAgree, one, now.Version, who.Actor(), signer, role, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "sign", Kind: "agreement", Subject: one, New: map[string]string{"kind": now.Kind, "version": now.Version}})
		if now.Kind == AgreementBAA {
			return tx.Must(sqlBAASet, now.Version)
		}
		return nil
	})
}

// Agreements are what the clinic signed, newest first.
func (s *Service) Agreements(ctx context.Context, who access.Caller) ([]Signed, error) {
	var out []Signed
	err := s.db.View(ctx, who, access.ClinicAccount, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlAgreed)
		if err != nil {
			return err
		}
		defer rows.Close()
		type sealed struct{ signer, capacity []byte }
		var list []sealed
		for rows.Next() {
			var x Signed
			var y sealed
			if err := rows.Scan(&x.ID, &x.Text.Version, &x.Text.Kind, &x.Text.Text, &x.Person, &y.signer, &y.capacity, &x.At); err != nil {
				return err
			}
			out, list = append(out, x), append(list, y)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for i := range out {
			// A name that cannot be read any more does not hide the text that was signed.
			out[i].Signer, _ = v.Unseal(vault.ClinicData, "agreement", "signer", out[i].ID, list[i].signer)
			out[i].Capacity, _ = v.Unseal(vault.ClinicData, "agreement", "capacity", out[i].ID, list[i].capacity)
		}
		return nil
	})
	return out, err
}

// SignedTexts are the versions of each kind that the clinic signed.
func SignedTexts(v *store.View) (map[string][]string, error) {
	rows, err := v.Query(sqlSignedTexts)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]string{}
	for rows.Next() {
		var kind, version string
		if err := rows.Scan(&kind, &version); err != nil {
			return nil, err
		}
		out[kind] = append(out[kind], version)
	}
	return out, rows.Err()
}

// Agreement is one of Agreements. fault.NotFound when the clinic has none with the id.
func (s *Service) Agreement(ctx context.Context, who access.Caller, one id.ID) (Signed, error) {
	all, err := s.Agreements(ctx, who)
	for _, x := range all {
		if x.ID == one {
			return x, nil
		}
	}
	if err == nil {
		err = fault.Missing()
	}
	return Signed{}, err
}

// MayHoldPatients is nil where the clinic may enter a patient. Otherwise fault.Conflict: under US law the Business Associate Agreement
// comes first (promises A16, D8). The database asks the same once more, by a trigger of the table.
func MayHoldPatients(v *store.View) error {
	var c Clinic
	err := v.Row(sqlMayHold).Scan(&c.Jurisdiction, &c.baa)
	if err == store.ErrNoRows {
		return fault.Missing()
	}
	if err == nil && !c.MayHoldPatients() {
		err = fault.New(fault.Conflict, "fault.agreement_first")
	}
	return err
}
