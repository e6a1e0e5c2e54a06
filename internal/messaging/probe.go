package messaging

import (
	"almirah/internal/clock"
	"almirah/internal/store"
)

// What the live looks ask of this room.

const sqlSentTwice = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN n > 1 THEN 1 ELSE 0 END), 0) FROM (SELECT m.id, COUNT(*) AS n FROM message m JOIN message_event e ON e.clinic_id = m.clinic_id AND e.message_id = m.id
	WHERE m.clinic_id = $1 AND m.created_at >= $2 AND e.state = 'sent' GROUP BY m.id) AS sent`

// SentTwice counts messages made since the moment that were handed to a carrier by more than one process, or twice by one (promise several-servers).
func SentTwice(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	return store.Tally(v, sqlSentTwice, since)
}
