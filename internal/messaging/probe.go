package messaging

import (
	"almirah/internal/clock"
	"almirah/internal/store"
)

// What the live looks ask of this room.

const sqlSentTwice = `SELECT COUNT(*) FROM (SELECT m.id FROM message m JOIN message_event e ON e.clinic_id = m.clinic_id AND e.message_id = m.id
	WHERE m.clinic_id = $1 AND m.created_at >= $2 AND e.state = 'sent' GROUP BY m.id HAVING COUNT(*) > 1) AS twice`

// SentTwice counts messages made since the moment that were handed to a carrier by more than one process, or twice by one (promise several-servers).
func SentTwice(v *store.View, since clock.Instant) (int64, error) {
	return store.Count(v, sqlSentTwice, since)
}
