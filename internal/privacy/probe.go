package privacy

import "almirah/internal/store"

// What the live looks ask of this room.

const sqlUnruled = `SELECT COUNT(*) FROM erasure_hold WHERE clinic_id = $1 AND ended_at = 0 AND source = ''`

// Unruled counts what is held and does not say by which rule (promise erasure-plan).
func Unruled(v *store.View) (int64, error) { return store.Count(v, sqlUnruled) }
