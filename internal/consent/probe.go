package consent

import (
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
