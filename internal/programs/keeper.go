package programs

import (
	"almirah/internal/audit"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "programs" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string {
	var out []string
	for _, t := range Holdings() {
		out = append(out, t.Name)
	}
	return out
}

// Collect copies out which of the clinic's programs were told that something about the patient happened, and when.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	list, err := deliveries(v, sqlDeliveryOf, patient)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, d := range list {
		out["webhook_delivery"] = append(out["webhook_delivery"], map[string]string{"id": d.ID.String(), "kind": d.Kind, "happened": d.HappenedAt.Time().Format("2006-01-02T15:04:05Z"), "state": d.State})
	}
	return out, nil
}

// Erase takes away what was told about the patient and what waits to be told.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlDeliveryGone, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "webhook", Subject: patient, New: n})
	}
	return err
}

// Due deletes what is over: tellings after a month, tokens half a year after their end, the earlier secrets of addresses after their day. It
// answers how many rows were deleted.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("tellings and tokens that are over")
	if err := EndSecrets(tx); err != nil {
		return 0, err
	}
	n, err := tx.Exec(sqlDeliveryOld, k.Lives.Over(law.Passing, tx.Now()))
	if err != nil {
		return 0, err
	}
	m, err := tx.Exec(sqlTokenOld, max(tx.Now().Add(-keepEnded), k.Lives.Over(law.Watch, tx.Now())))
	k.Lives.Went(law.Passing, n)
	k.Lives.Went(law.Watch, m)
	return int(n + m), err
}

// EndSecrets takes away the earlier secret of an address, a day after it was changed.
func EndSecrets(tx *store.Tx) error {
	tx.Housekeeping("secrets that are over")
	_, err := tx.Exec(sqlEndpointOld, tx.Now())
	return err
}
