package intake

import (
	"strings"
	"time"

	"almirah/internal/audit"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

const (
	sqlAnswersErase = `DELETE FROM intake_answer WHERE clinic_id = $1 AND patient_id = $2`
	sqlDraftsAge    = `DELETE FROM intake_answer WHERE clinic_id = $1 AND signed_at = 0 AND changed_at < $2 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
)

// Holdings are the tables of this room, column by column.
func Holdings() []holdings.Table {
	const while = "while the patient is with the clinic; 30 days where it was never signed"
	plain := func(names ...string) []holdings.Column {
		var out []holdings.Column
		for _, n := range names {
			out = append(out, holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody})
		}
		return out
	}
	sealed := func(class holdings.Class, name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: class, Whose: holdings.Patient, Purpose: purpose, Keep: while, Sealed: true}
	}
	of := func(name, purpose string) holdings.Column {
		return holdings.Column{Name: name, Class: holdings.Plain, Whose: holdings.Patient, Purpose: purpose, Keep: while}
	}
	return []holdings.Table{
		{Name: "intake_form", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "kind", "service_id", "hash", "changed_at", "retired_at", "version")},
		{Name: "intake_text", Scope: holdings.Clinic, Columns: plain("clinic_id", "form_id", "hash", "body", "created_at")},
		{Name: "intake_answer", Scope: holdings.Clinic, Keeper: "intake", Life: law.Clinical, From: holdings.Visit, Columns: append([]holdings.Column{
			sealed(holdings.Care, "answers", "to know before a visit what the patient says of herself"),
			sealed(holdings.Identity, "signed_name", "to know who agreed to a text, or answered for a child"),
			of("patient_id", "to know who answered"), of("appointment_id", "to know before which visit it was answered"), of("guardian_id", "to know who signed for a child"),
		}, plain("clinic_id", "id", "form_id", "hash", "signed_at", "changed_at", "version")...)},
	}
}

// Keeper copies out, erases and expires what this room holds of a patient, as long as Lives says.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "intake" }

// Tables are the tables with something personal in them.
func (Keeper) Tables() []string { return []string{"intake_answer"} }

// Collect copies out what the patient answered and signed, each with the text that it was given to.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	all, err := answers(v, sqlAnswersOf, patient, patient)
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, a := range all {
		line := map[string]string{"id": a.ID.String(), "form": a.Body.Title, "text": a.Body.Text, "text_sha256": a.Hash, "signed_name": a.SignedName, "changed": a.changedAt.Time().Format(time.RFC3339)}
		if a.SignedAt > 0 {
			line["signed"] = a.SignedAt.Time().Format(time.RFC3339)
		}
		var said []string
		for _, x := range a.Items {
			said = append(said, x.Question+": "+x.Answer)
		}
		if line["answers"] = strings.Join(said, "\n"); a.Broken {
			line["answers"] = "(unreadable)"
		}
		out["intake_answer"] = append(out["intake_answer"], line)
	}
	return out, nil
}

// Erase deletes what the patient answered and signed.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlAnswersErase, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "intake", Subject: patient, New: n})
	}
	return err
}

// Due deletes answers that were begun long ago and never signed, and answers how many.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("answers that were begun and never signed")
	n, err := tx.Exec(sqlDraftsAge, k.Lives.Over(law.Passing, tx.Now()))
	k.Lives.Went(law.Passing, n)
	return int(n), err
}
