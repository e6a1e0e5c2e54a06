package privacy

import "almirah/internal/store"

// What the live looks ask of this room.

const sqlUnruled = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN ended_at = 0 AND source = '' THEN 1 ELSE 0 END), 0) FROM erasure_hold WHERE clinic_id = $1`

// Unruled counts what is held and does not say by which rule (promise erasure-plan).
func Unruled(v *store.View) (bad, looked int64, err error) { return store.Tally(v, sqlUnruled) }
