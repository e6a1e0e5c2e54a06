package oversight

import (
	"context"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Finding is something that a rule noticed.
type Finding struct {
	ID       id.ID
	Rule     Rule
	Day      clock.Date
	Person   id.ID // who looked
	Patient  id.ID // at whom; zero where the rule is about many
	Name     patients.Name
	Count    int // how many records
	Usual    int // how many she usually opens
	FoundAt  clock.Instant
	ClosedAt clock.Instant
	ClosedBy id.ID
	Words    string // the explanation
	Version  int64
}

const (
	findingColumns  = `id, rule, day, person_id, patient_id, count, usual, found_at, closed_at, closed_by, words, version FROM oversight_finding WHERE clinic_id = $1`
	sqlFindingAdd   = `INSERT INTO oversight_finding (clinic_id, id, rule, day, person_id, patient_id, count, usual, found_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlFindingOpen  = `SELECT ` + findingColumns + ` AND closed_at = 0 ORDER BY id DESC LIMIT $2`
	sqlFindingPast  = `SELECT ` + findingColumns + ` AND closed_at > 0 ORDER BY closed_at DESC, id DESC LIMIT $2`
	sqlFindingGet   = `SELECT ` + findingColumns + ` AND id = $2`
	sqlFindingClose = `UPDATE oversight_finding SET closed_at = $4, closed_by = $5, words = $6, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND closed_at = 0`
)

// Findings are what nobody has settled, and what was settled last; at most limit of each.
func (s *Service) Findings(ctx context.Context, who access.Caller, limit int) (open, settled []Finding, err error) {
	err = s.db.View(ctx, who, access.AuditRead, func(_ context.Context, v *store.View) error {
		if open, err = findings(v, sqlFindingOpen, limit); err != nil {
			return err
		}
		if settled, err = findings(v, sqlFindingPast, limit); err != nil {
			return err
		}
		if !who.May(access.PatientRead) {
			return nil
		}
		var seen []id.ID
		for _, list := range [][]Finding{open, settled} {
			for _, f := range list {
				if !f.Patient.IsZero() {
					seen = append(seen, f.Patient)
				}
			}
		}
		names, err := patients.Names(v, seen)
		if err != nil {
			return err
		}
		for _, list := range [][]Finding{open, settled} {
			for i := range list {
				list[i].Name = names[list[i].Patient]
			}
		}
		if len(seen) > 0 {
			v.Listed("audit", "findings", seen)
		}
		return nil
	})
	return open, settled, err
}

func findings(v *store.View, text string, args ...any) ([]Finding, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Finding
	for rows.Next() {
		var f Finding
		var sealed []byte
		if err := rows.Scan(&f.ID, &f.Rule, &f.Day, &f.Person, &f.Patient, &f.Count, &f.Usual, &f.FoundAt, &f.ClosedAt, &f.ClosedBy, &sealed, &f.Version); err != nil {
			return nil, err
		}
		if f.Words, err = v.Unseal(vault.ClinicData, "oversight_finding", "words", f.ID, sealed); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// Unsettled is how many findings wait for somebody.
func (s *Service) Unsettled(ctx context.Context, who access.Caller) (n int, err error) {
	err = s.db.View(ctx, who, access.AuditRead, func(_ context.Context, v *store.View) error { return v.Row(sqlUnsettled).Scan(&n) })
	return n, err
}

// Settle closes a finding with an explanation. Who looked cannot settle it herself, unless alone: nobody else in the clinic could. It is
// fault.Conflict when somebody settled it meanwhile, fault.NotFound when it is not there.
func (s *Service) Settle(ctx context.Context, who access.Caller, finding id.ID, words string, version int64, alone bool) error {
	words = strings.TrimSpace(words)
	var f fault.Fields
	if n := len([]rune(words)); n < 5 || n > mostWords {
		f.Add("words", "field.oversight.why")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.AuditReview, func(_ context.Context, tx *store.Tx) error {
		list, err := findings(&tx.View, sqlFindingGet, finding)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing()
		}
		if list[0].Person == who.Actor() && !alone {
			return fault.New(fault.Forbidden, "fault.oversight.own")
		}
		sealed, err := tx.Seal(vault.ClinicData, "oversight_finding", "words", finding, words)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlFindingClose, finding, version, tx.Now(), who.Actor(), sealed)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "settle", Kind: "finding", Subject: finding, New: map[string]any{"rule": list[0].Rule, "day": list[0].Day, "words": words}})
		return nil
	})
}
