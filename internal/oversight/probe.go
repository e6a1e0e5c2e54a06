package oversight

import (
	"almirah/internal/clock"
	"almirah/internal/store"
)

// What the live looks ask of this room.

const sqlUnmailed = `SELECT COUNT(*) FROM oversight_mail o JOIN membership m ON m.clinic_id = o.clinic_id AND m.person_id = o.person_id AND m.ended_at = 0 AND m.role IN ('owner', 'manager')
	JOIN clinic c ON c.clinic_id = o.clinic_id AND c.status = 'open' WHERE o.clinic_id = $1 AND o.wanted = 1 AND o.sent_at < $2`

// Unmailed counts people who lead the clinic, want the head of the log by mail and have not been written to since the moment (promise audit-mailed).
func Unmailed(v *store.View, since clock.Instant) (int64, error) {
	return store.Count(v, sqlUnmailed, since)
}
