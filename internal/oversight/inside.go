package oversight

import (
	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Notice writes a finding down, in the Change of whoever noticed it: the daily examination, or a room to the right that knows of something
// unusual at once. Of f it reads the rule, the day, the person, the patient and the counts.
func Notice(tx *store.Tx, f Finding) error {
	one := tx.NewID()
	if _, err := tx.Exec(sqlFindingAdd, one, string(f.Rule), f.Day, f.Person, id.Null(f.Patient), f.Count, f.Usual, tx.Now()); err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "notice", Kind: "finding", Subject: one, New: map[string]any{"rule": f.Rule, "day": f.Day}})
	return nil
}

// Signed writes down who signed that something was looked at: of d it reads the kind, the day, the report and what was seen.
func Signed(p *store.Platform, by id.ID, d Done) error {
	one := p.NewID()
	p.Record(audit.Note{Action: "sign", Kind: "duty", Subject: one, New: map[string]any{"kind": d.Kind, "day": d.Day, "report": d.Report}})
	_, err := p.Exec(sqlDutyAdd, one, d.Kind, d.Day, by, d.Report, d.Seen, p.Now())
	return err
}
