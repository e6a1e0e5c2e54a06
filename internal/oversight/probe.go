package oversight

import (
	"almirah/internal/clock"
	"almirah/internal/store"
)

// What the live looks ask of this room.

const sqlUnmailed = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN o.wanted = 1 AND o.sent_at < $2
	AND EXISTS (SELECT 1 FROM membership m WHERE m.clinic_id = o.clinic_id AND m.person_id = o.person_id AND m.ended_at = 0 AND m.role IN ('owner', 'manager'))
	AND EXISTS (SELECT 1 FROM clinic c WHERE c.clinic_id = o.clinic_id AND c.status = 'open') THEN 1 ELSE 0 END), 0) FROM oversight_mail o WHERE o.clinic_id = $1`

// Unmailed counts people who lead the clinic, want the head of the log by mail and have not been written to since the moment (promise audit-mailed).
func Unmailed(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	return store.Tally(v, sqlUnmailed, since)
}
