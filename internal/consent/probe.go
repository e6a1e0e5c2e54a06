package consent

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/store"
)

// What the live looks ask of this room.

const (
	sqlSentUnasked = `SELECT purpose, COUNT(*), COALESCE(SUM(bare), 0), COALESCE(MIN(CASE WHEN bare = 1 THEN here END), 0) FROM (SELECT m.purpose AS purpose, p.created_at AS here,
	CASE WHEN EXISTS (SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = m.patient_id AND c.purpose = m.purpose AND c.given AND c.at <= m.state_at + 120000000) THEN 0 ELSE 1 END AS bare
	FROM message m JOIN patient p ON p.clinic_id = m.clinic_id AND p.id = m.patient_id WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.state = 'sent') AS sent GROUP BY purpose`
	sqlSentRestricted = `SELECT m.purpose, COUNT(*), COALESCE(SUM(CASE WHEN EXISTS (
	SELECT 1 FROM consent c WHERE c.clinic_id = $1 AND c.patient_id = m.patient_id AND c.purpose = 'restriction' AND c.given AND c.at < m.state_at - 120000000
	AND NOT EXISTS (SELECT 1 FROM consent l WHERE l.clinic_id = $1 AND l.patient_id = c.patient_id AND l.purpose = c.purpose AND l.at > c.at AND l.at <= m.state_at)) THEN 1 ELSE 0 END), 0)
	FROM message m WHERE m.clinic_id = $1 AND m.created_at >= $2 AND m.state = 'sent' GROUP BY m.purpose`
)

// Unasked counts messages since the moment that served a purpose of the registry without the yes that it needs: to whoever was here before the purpose came
// into the list, and to anybody where it rests on agreement (promise new-purpose-asked).
func Unasked(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	return unasked(v, since, Registry())
}

func unasked(v *store.View, since clock.Instant, list []Entry) (bad, looked int64, err error) {
	rows, err := v.Query(sqlSentUnasked, since)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Purpose
		var all, without int64
		var first clock.Instant
		if err := rows.Scan(&p, &all, &without, &first); err != nil {
			return bad, looked, err
		}
		looked += all
		for _, e := range list {
			if e.Purpose == p && without > 0 && (e.Basis == Agreement || e.Basis == Necessity && e.Since > 0 || e.Basis == Objection && first < e.Since) {
				bad += without
			}
		}
	}
	return bad, looked, rows.Err()
}

// Overridden counts messages since the moment that went to patients who had stopped every use, for a purpose that the law does not demand (promise
// request-restriction).
func Overridden(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	rows, err := v.Query(sqlSentRestricted, since)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Purpose
		var all, n int64
		if err := rows.Scan(&p, &all, &n); err != nil {
			return bad, looked, err
		}
		looked += all
		if e, ok := entry(p); !ok || e.Basis != Duty {
			bad += n
		}
	}
	return bad, looked, rows.Err()
}

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
