package retention

import (
	"time"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{}

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "retention" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"legal_hold", "closing", "suspension"} }

// Collect copies out that the patient's records were held, and until when. Why is the clinic's own affair, and may be another person's.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	list, err := holds(v, sqlHoldOf, patient)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, h := range list {
		out["legal_hold"] = append(out["legal_hold"], map[string]string{"id": h.ID.String(), "state": string(h.State), "until": string(h.Until), "asked": h.AskedAt.Time().Format(time.RFC3339)})
	}
	return out, nil
}

// Erase forgets whose records were held. fault.Conflict while a hold stands: it comes first among the keepers.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	if err := Free(&tx.View, patient); err != nil {
		return err
	}
	n, err := tx.Exec(sqlHoldErase, patient)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "hold", Subject: patient, New: n})
	}
	return err
}

// keepHolds is how long a hold that is over is remembered.
const keepHolds = 6 * 366 * 24 * time.Hour

// Due ends holds whose last day is over, forgets those of long ago, and answers how many it forgot.
func (Keeper) Due(tx *store.Tx) (int, error) {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return 0, err
	}
	tx.Housekeeping("holds whose last day is over")
	if err := overHolds(tx, c, id.Zero); err != nil {
		return 0, err
	}
	n, err := tx.Exec(sqlHoldOld, tx.Now().Add(-keepHolds))
	return int(n), err
}
