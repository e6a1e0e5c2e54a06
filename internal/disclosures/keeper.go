package disclosures

import (
	"strings"
	"time"

	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "disclosures" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"disclosure"} }

// Collect copies out to whom the patient's data was given, and by which ground; what the law forbids to tell her yet is left out.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	list, err := Of(v, patient)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, d := range list {
		var parts []string
		for _, p := range d.Parts {
			parts = append(parts, string(p))
		}
		row := map[string]string{"id": d.ID.String(), "given": d.GivenAt.Time().Format(time.RFC3339), "to": d.Recipient, "reference": d.Reference, "ground": string(d.Ground), "parts": strings.Join(parts, ", "), "why": d.Why}
		for k, x := range row {
			if x == "" {
				delete(row, k)
			}
		}
		out["disclosure"] = append(out["disclosure"], row)
	}
	return out, nil
}

// Erase takes away why it was lawful to give her data away, and drops what was not given. That something was given, to whom and by which ground, is kept as long as the law
// asks, beside a number that leads to nobody any more.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlForget, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "disclosure", Subject: patient, New: n})
	}
	return err
}

// Due deletes what was given, refused or dropped longer ago than anybody has to be able to prove it, and answers how many.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("disclosures are kept as long as the law asks, and no longer")
	list, err := old(tx, k.Lives.Over(law.Disclosures, tx.Now()))
	if err != nil {
		return 0, err
	}
	for _, one := range list {
		if err := messaging.ForgetSecurityTexts(tx, one); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(sqlGone, one); err != nil {
			return 0, err
		}
	}
	k.Lives.Went(law.Disclosures, int64(len(list)))
	return len(list), nil
}
