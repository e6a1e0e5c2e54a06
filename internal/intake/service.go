package intake

import (
	"context"
	"encoding/json"
	"errors"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Service is this room's verbs for doors.
type Service struct{ db *store.DB }

// New makes the service.
func New(db *store.DB) *Service { return &Service{db: db} }

const mostForms = 40

const (
	formColumns = `f.id, f.service_id, f.hash, f.retired_at, f.version, t.body`
	sqlForms    = `SELECT ` + formColumns + ` FROM intake_form f JOIN intake_text t ON t.clinic_id = f.clinic_id AND t.form_id = f.id AND t.hash = f.hash
	WHERE f.clinic_id = $1 ORDER BY f.kind DESC, f.id LIMIT $2`
	sqlFormGet = `SELECT ` + formColumns + ` FROM intake_form f JOIN intake_text t ON t.clinic_id = f.clinic_id AND t.form_id = f.id AND t.hash = f.hash
	WHERE f.clinic_id = $1 AND f.id = $2`
	sqlFormAdd    = `INSERT INTO intake_form (clinic_id, id, kind, service_id, hash, changed_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlFormChange = `UPDATE intake_form SET service_id = $4, hash = $5, changed_at = $6, retired_at = $7, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlTextAdd    = `INSERT INTO intake_text (clinic_id, form_id, hash, body, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic_id, form_id, hash) DO NOTHING`
)

func scanForm(row interface{ Scan(...any) error }) (f Form, err error) {
	var hash []byte
	var body string
	err = row.Scan(&f.ID, &f.Service, &hash, &f.RetiredAt, &f.Version, &body)
	if errors.Is(err, store.ErrNoRows) {
		return f, fault.Missing()
	}
	if err != nil {
		return f, err
	}
	f.Hash = hexOf(hash)
	return f, json.Unmarshal([]byte(body), &f.Body)
}

func forms(v *store.View) ([]Form, error) {
	rows, err := v.Query(sqlForms, 2*mostForms)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Form
	for rows.Next() {
		f, err := scanForm(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// Forms lists the clinic's forms, those that were put away too.
func (s *Service) Forms(ctx context.Context, who access.Caller) ([]Form, error) {
	var out []Form
	err := s.db.View(ctx, who, access.IntakeSettings, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleClinical); err != nil {
			return err
		}
		var err error
		out, err = forms(v)
		return err
	})
	return out, err
}

// Save adds a form, or gives the one with f.ID a new version; answers that were given keep theirs. retired puts the form away. f.Version is the
// one that the writer saw: when the form was changed meanwhile it is fault.Conflict. Wrong fields come back as a fault over all of them.
func (s *Service) Save(ctx context.Context, who access.Caller, f Form, retired bool) (id.ID, error) {
	if err := f.Body.check(); err != nil {
		return f.ID, err
	}
	hash, text, err := f.Body.Hash()
	if err != nil {
		return f.ID, err
	}
	one := f.ID
	err = s.db.Change(ctx, who, access.IntakeSettings, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		if !f.Service.IsZero() {
			if err := scheduling.ServiceThere(&tx.View, f.Service); err != nil {
				return err
			}
		}
		if f.ID.IsZero() {
			all, err := forms(&tx.View)
			if err != nil {
				return err
			}
			if len(all) >= mostForms {
				return fault.New(fault.Conflict, "fault.forms_many")
			}
			one = tx.NewID()
			tx.Record(audit.Note{Action: "add", Kind: "intake-form", Subject: one, New: f.Body})
			if _, err := tx.Exec(sqlFormAdd, one, f.Body.Kind, id.Null(f.Service), hash[:], tx.Now()); err != nil {
				return err
			}
			_, err = tx.Exec(sqlTextAdd, one, hash[:], text, tx.Now())
			return err
		}
		old, err := scanForm(tx.Row(sqlFormGet, one))
		if err != nil {
			return err
		}
		if old.Body.Kind != f.Body.Kind {
			return fault.Missing()
		}
		if _, err := tx.Exec(sqlTextAdd, one, hash[:], text, tx.Now()); err != nil {
			return err
		}
		away := old.RetiredAt
		switch {
		case !retired:
			away = 0
		case away == 0:
			away = tx.Now()
		}
		tx.Record(audit.Note{Action: "change", Kind: "intake-form", Subject: one, Old: old.Body, New: f.Body})
		n, err := tx.Exec(sqlFormChange, one, f.Version, id.Null(f.Service), hash[:], tx.Now(), away)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
	return one, err
}
