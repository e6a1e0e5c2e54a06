package visits

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Templates: what a visit of a speciality starts with. A template fills what is still empty and changes nothing that was written.

// Specialities are those with a starter template, in the order of the page.
func Specialities() []string {
	return []string{"general", "dental", "paediatric", "physiotherapy", "dermatology", "other"}
}

// Template is what a visit starts with.
type Template struct {
	ID         id.ID
	Name       string
	Speciality string // one of Specialities
	Complaint  string
	Findings   string
	Plan       string
	RetiredAt  clock.Instant
	Version    int64
}

type templateBody struct {
	Complaint string `json:"complaint,omitempty"`
	Findings  string `json:"findings,omitempty"`
	Plan      string `json:"plan,omitempty"`
}

const mostTemplates = 60

const (
	templateColumns   = `id, name, speciality, body, retired_at, version`
	sqlTemplates      = `SELECT ` + templateColumns + ` FROM visit_template WHERE clinic_id = $1 ORDER BY name, id LIMIT $2`
	sqlTemplateGet    = `SELECT ` + templateColumns + ` FROM visit_template WHERE clinic_id = $1 AND id = $2`
	sqlTemplateAdd    = `INSERT INTO visit_template (clinic_id, id, name, speciality, body, changed_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlTemplateChange = `UPDATE visit_template SET name = $4, speciality = $5, body = $6, changed_at = $7, retired_at = $8, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3`
)

// Fill puts the template's texts where the note has none.
func (t Template) Fill(n Note) Note {
	for _, x := range []struct {
		to   *string
		from string
	}{{&n.Complaint, t.Complaint}, {&n.Findings, t.Findings}, {&n.Plan, t.Plan}} {
		if *x.to == "" {
			*x.to = x.from
		}
	}
	return n
}

func (t *Template) check() error {
	var f fault.Fields
	if t.Name = line(&f, "name", t.Name, 80); t.Name == "" {
		f.Add("name", "field.template.name")
	}
	if !slices.Contains(Specialities(), t.Speciality) {
		f.Add("speciality", "field.template.speciality")
	}
	t.Complaint, t.Findings, t.Plan = prose(&f, PartComplaint, t.Complaint, 4000), prose(&f, PartFindings, t.Findings, 4000), prose(&f, PartPlan, t.Plan, 4000)
	if f.Err() == nil && t.Complaint == "" && t.Findings == "" && t.Plan == "" {
		f.Add(PartFindings, "field.template.empty")
	}
	return f.Err()
}

func scanTemplate(row interface{ Scan(...any) error }) (t Template, err error) {
	var body string
	err = row.Scan(&t.ID, &t.Name, &t.Speciality, &body, &t.RetiredAt, &t.Version)
	if errors.Is(err, store.ErrNoRows) {
		return t, fault.Missing()
	}
	if err != nil {
		return t, err
	}
	var b templateBody
	err = json.Unmarshal([]byte(body), &b)
	t.Complaint, t.Findings, t.Plan = b.Complaint, b.Findings, b.Plan
	return t, err
}

// Templates lists the clinic's templates by name; with all, those that were put away too.
func (s *Service) Templates(ctx context.Context, who access.Caller, all bool) ([]Template, error) {
	right := access.VisitRead
	if all {
		right = access.VisitSettings
	}
	var out []Template
	err := s.db.View(ctx, who, right, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleClinical); err != nil {
			return err
		}
		var err error
		out, err = templates(v, all)
		return err
	})
	return out, err
}

func templates(v *store.View, all bool) ([]Template, error) {
	rows, err := v.Query(sqlTemplates, 2*mostTemplates)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Template
	for rows.Next() {
		t, err := scanTemplate(rows)
		if err != nil {
			return nil, err
		}
		if all || t.RetiredAt == 0 {
			out = append(out, t)
		}
	}
	return out, rows.Err()
}

// SaveTemplate adds a template, or changes the one with its ID at its Version (otherwise fault.Conflict). retired puts it away. Wrong fields come
// back as a fault over all of them.
func (s *Service) SaveTemplate(ctx context.Context, who access.Caller, t Template, retired bool) (id.ID, error) {
	if err := t.check(); err != nil {
		return t.ID, err
	}
	body, err := encode(templateBody{t.Complaint, t.Findings, t.Plan})
	if err != nil {
		return t.ID, err
	}
	one := t.ID
	err = s.db.Change(ctx, who, access.VisitSettings, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		if t.ID.IsZero() {
			present, err := templates(&tx.View, true)
			if err != nil {
				return err
			}
			if len(present) >= mostTemplates {
				return fault.New(fault.Conflict, "fault.templates_many")
			}
			one = tx.NewID()
			tx.Record(audit.Note{Action: "add", Kind: "visit-template", Subject: one, New: t.Name})
			_, err = tx.Exec(sqlTemplateAdd, one, t.Name, t.Speciality, body, tx.Now())
			return err
		}
		old, err := scanTemplate(tx.Row(sqlTemplateGet, t.ID))
		if err != nil {
			return err
		}
		away := clock.Instant(0)
		if retired {
			away = tx.Now()
		}
		tx.Record(audit.Note{Action: "change", Kind: "visit-template", Subject: one, Old: old.Name, New: t.Name})
		n, err := tx.Exec(sqlTemplateChange, one, t.Version, t.Name, t.Speciality, body, tx.Now(), away)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
	return one, err
}

// Starters are the templates that come with the program, for a clinic to take over and make its own.
func Starters() []Template {
	return []Template{
		{Name: "General visit", Speciality: "general", Complaint: "Complaint:\nSince:\nOther symptoms:",
			Findings: "General appearance:\nChest:\nHeart:\nAbdomen:\nOther:", Plan: "Tests:\nTreatment:\nAdvice:\nReview in:"},
		{Name: "Dental visit", Speciality: "dental", Complaint: "Tooth or area:\nPain (0–10), since:\nHot, cold, biting:",
			Findings: "Soft tissue:\nTeeth (FDI):\nGums (bleeding, pockets):\nX-ray:", Plan: "Done today:\nNext step:\nCare at home:"},
		{Name: "Child visit", Speciality: "paediatric", Complaint: "Told by:\nComplaint:\nSince:\nFeeding, sleep, urine:",
			Findings: "General appearance:\nHydration:\nEars, throat:\nChest:\nAbdomen:\nSkin:\nGrowth and development:", Plan: "Treatment by weight:\nImmunisation due:\nCome back at once if:\nReview in:"},
		{Name: "Physiotherapy session", Speciality: "physiotherapy", Complaint: "Problem:\nPain (0–10):\nSince the last session:",
			Findings: "Posture, gait:\nRange of movement:\nStrength (0–5):\nSpecial tests:", Plan: "Treatment today:\nExercises at home:\nGoal:\nNext session:"},
		{Name: "Skin visit", Speciality: "dermatology", Complaint: "Where, since:\nItch, pain:\nTried so far:",
			Findings: "Site and spread:\nKind of lesion:\nColour, edge, size:\nHair, nails, mucosa:", Plan: "Treatment:\nCare of the skin:\nReview in:"},
	}
}
