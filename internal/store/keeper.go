package store

import (
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
)

// Keeper stands for what the doorway itself holds about people: the sealed details of the audit log. They are the
// clinic's proof of who did what, so they are not copied out with a patient's data. They go with the key of the person whom they are about, or
// when their time is over; the entry itself stays in its place in the tree (promise D5).
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "store" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"audit_leaf", "audit_detail", "audit_seen"} }

// Collect copies out nothing: see Keeper.
func (Keeper) Collect(*View, id.ID) (map[string][]map[string]string, error) { return nil, nil }

// Erase deletes nothing: see Keeper.
func (Keeper) Erase(*Tx, id.ID) error { return nil }

const sqlDetailAge = `DELETE FROM audit_detail WHERE clinic_id = $1 AND leaf_id < $2 AND owner_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`

// Due takes away the sealed details of entries whose time is over, and answers how many: what was done, when and by whom stays in the tree.
func (k Keeper) Due(tx *Tx) (int, error) {
	tx.Housekeeping("details of entries of years ago")
	n, err := tx.Exec(sqlDetailAge, FirstID(k.Lives.Over(law.Audit, tx.Now())))
	k.Lives.Went(law.Audit, n)
	return int(n), err
}

// FirstID is the first id that a clock could have made at a moment. Ids begin with their moment, so that the range of ids is the range of time.
func FirstID(at clock.Instant) (one id.ID) {
	ms := at.Time().UnixMilli()
	for i := range 6 {
		one[i] = byte(ms >> (40 - 8*i))
	}
	return one
}
