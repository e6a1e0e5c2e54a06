package consent

import (
	"time"

	"almirah/internal/store"
)

// sqlLookAsked looks at the answers of those who booked this week: each has its moment and the door at which it was given, and a yes has the version of a
// text that is there to be read again. The first version is the house's own text.
const sqlLookAsked = `SELECT COUNT(*), COUNT(CASE WHEN c.at <= 0 OR c.door = '' OR c.purpose = '' OR c.given AND c.purpose NOT IN ('restriction', 'figures') AND (c.notice_version < 1
	OR c.notice_version > 1 AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.clinic_id = c.clinic_id AND n.purpose = c.purpose AND n.version = c.notice_version)) THEN 1 END)
	FROM booking_log l JOIN appointment a ON a.clinic_id = l.clinic_id AND a.id = l.appointment_id JOIN consent c ON c.clinic_id = a.clinic_id AND c.patient_id = a.patient_id
	WHERE l.clinic_id = $1 AND l.at >= $2 AND l.action = 'book'`

// Looked is what the live check of what patients were asked finds: how many answers it looked at, and an error that says what is wrong.
func Looked(v *store.View) (int64, error) {
	return v.Doubted(sqlLookAsked, "answers to a question of consent have no moment, no door, or no text that was shown", v.Now().Add(-7*24*time.Hour))
}
