package policies

import (
	"strconv"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Keeper copies out and erases what this room holds about a patient. The versions are about nobody and stay for ever.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "policies" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"policy_answer", "policy_told"} }

// Collect copies out what the patient answered to which version, and of which she was told.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	out := map[string][]map[string]string{}
	list, err := answersOf(v, patient)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		out["policy_answer"] = append(out["policy_answer"], map[string]string{"version": strconv.FormatInt(a.N, 10), "agreed": strconv.FormatBool(a.Yes), "door": a.Door, "at": a.At.Time().Format(time.RFC3339)})
	}
	rows, err := v.Query(sqlToldOf, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var at clock.Instant
		if err := rows.Scan(&n, &at); err != nil {
			return nil, err
		}
		out["policy_told"] = append(out["policy_told"], map[string]string{"version": strconv.FormatInt(n, 10), "at": at.Time().Format(time.RFC3339)})
	}
	return out, rows.Err()
}

// Erase deletes both.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	told, err := tx.Exec(sqlToldForget, patient)
	if err != nil {
		return err
	}
	n, err := tx.Exec(sqlForget, patient)
	if err == nil && n+told > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "policy", Subject: patient, New: n + told})
	}
	return err
}

// Due expires nothing: the answers go with the patient.
func (Keeper) Due(*store.Tx) (int, error) { return 0, nil }
