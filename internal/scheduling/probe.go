package scheduling

import (
	"fmt"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What the live checks ask of this room. Each statement answers how many rows it looked at, along an index, and how many of them are wrong. What
// arrived in an archive of another house has its history without the entries of the log that were written there, and is passed over.

const (
	sqlLookAway = `SELECT COUNT(*), COUNT(CASE WHEN EXISTS (SELECT 1 FROM leave l WHERE l.clinic_id = a.clinic_id AND l.provider_id = a.provider_id AND l.created_at < a.created_at AND l.starts_at < a.ends_at AND l.ends_at > a.starts_at)
	OR EXISTS (SELECT 1 FROM closure c WHERE c.clinic_id = a.clinic_id AND c.created_at < a.created_at AND c.starts_at < a.ends_at AND c.ends_at > a.starts_at) THEN 1 END)
	FROM appointment a WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3 AND a.door IN ('online', 'api') AND a.occurrence = 0 AND a.status <> 'cancelled' AND a.overbook_reason IS NULL`

	sqlLookOver = `SELECT COUNT(*), COUNT(CASE WHEN a.lane > 0 AND (a.overbook_reason IS NULL OR a.door = 'online' AND a.occurrence = 0) THEN 1 END)
	FROM appointment a WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3`

	sqlLookDays = `SELECT day, starts_at FROM appointment WHERE clinic_id = $1 AND day >= $2 ORDER BY day LIMIT 200`

	sqlLookHistory = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM booking_log l WHERE l.clinic_id = a.clinic_id AND l.appointment_id = a.id AND l.action = 'book' AND l.role <> '')
	OR a.status = 'cancelled' AND NOT EXISTS (SELECT 1 FROM booking_log l WHERE l.clinic_id = a.clinic_id AND l.appointment_id = a.id AND l.action = 'cancel' AND l.role <> '')
	OR a.status NOT IN ('booked', 'cancelled') AND NOT EXISTS (SELECT 1 FROM booking_log l WHERE l.clinic_id = a.clinic_id AND l.appointment_id = a.id AND l.action = a.status AND l.role <> '')
	OR a.occurrence > (SELECT COUNT(*) FROM booking_log l WHERE l.clinic_id = a.clinic_id AND l.appointment_id = a.id AND l.action IN ('reschedule', 'restore')) THEN 1 END)
	FROM appointment a WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3 AND a.created_at >= $4`

	sqlLookEntries = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = l.clinic_id AND e.subject_id = l.appointment_id AND e.kind = 'appointment' AND e.action = l.action) THEN 1 END)
	FROM booking_log l JOIN appointment a ON a.clinic_id = l.clinic_id AND a.id = l.appointment_id WHERE l.clinic_id = $1 AND l.at >= $2 AND l.action IN ('book', 'reschedule', 'cancel', 'restore') AND a.door IN ('online', 'link', 'desk', 'api')
	AND l.at > (SELECT COALESCE(MAX(w.at), 0) FROM audit_leaf w WHERE w.clinic_id = $1 AND w.subject_id = $1 AND w.action = 'arrive')`

	sqlLookLinks = `SELECT COUNT(*), COUNT(CASE WHEN LENGTH(k.token_hash) <> 32 OR EXISTS (SELECT 1 FROM appointment b WHERE b.clinic_id = k.clinic_id AND b.id = k.appointment_id AND b.patient_id <> k.patient_id) THEN 1 END)
	FROM appointment a JOIN patient_link k ON k.clinic_id = a.clinic_id AND k.patient_id = a.patient_id WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3`

	sqlLookTwo = `SELECT a.id, a.patient_id FROM appointment a WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3 ORDER BY a.day, a.provider_id, a.starts_at LIMIT 50`
)

// near are the local days about today: a few that are over, and those that are asked for most.
func near(v *store.View, zone *time.Location, back, ahead int) (from, to clock.Date) {
	today := clock.DateOf(v.Now().In(zone))
	return today.AddDays(-back), today.AddDays(ahead)
}

// Looked is what a live check of the sentence finds among the appointments about today: how many it looked at, and an error that says what is wrong.
// It opens nothing that is sealed. A sentence that this room does not keep is looked at in nothing.
func Looked(v *store.View, sentence string) (int64, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return 0, err
	}
	zone := c.Location()
	switch sentence {
	case "times-as-entered":
		from, to := near(v, zone, 0, 30)
		return v.Doubted(sqlLookAway, "appointments were booked by the public into leave or a closure that was entered before", from, to)
	case "overbooking-by-staff":
		from, to := near(v, zone, 7, 30)
		return v.Doubted(sqlLookOver, "appointments stand over another one without a reason, or by the public", from, to)
	case "clinic-time":
		return lookDays(v, zone)
	case "changes-kept":
		from, to := near(v, zone, 3, 14)
		return v.Doubted(sqlLookHistory, "appointments were changed and their history does not say so", from, to, v.Now().Add(-60*24*time.Hour))
	case "same-rules-at-every-door":
		return v.Doubted(sqlLookEntries, "changes of appointments have no entry in the log", v.Now().Add(-24*time.Hour))
	case "own-link":
		from, to := near(v, zone, 3, 14)
		return v.Doubted(sqlLookLinks, "links lead to somebody else's appointment, or are not kept as a fingerprint", from, to)
	}
	return 0, nil
}

// lookDays holds the day under which each appointment ahead stands against its moment in the clinic's zone.
func lookDays(v *store.View, zone *time.Location) (n int64, err error) {
	from, _ := near(v, zone, 0, 0)
	rows, err := v.Query(sqlLookDays, from)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	bad := 0
	for rows.Next() {
		var day clock.Date
		var at clock.Instant
		if err := rows.Scan(&day, &at); err != nil {
			return 0, err
		}
		if n++; clock.DateOf(at.In(zone)) != day {
			bad++
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if bad > 0 {
		return n, fmt.Errorf("%d appointments stand under another day than that of their moment in the clinic’s zone", bad)
	}
	return n, nil
}

// Owned is an appointment with whose it is.
type Owned struct{ Appointment, Patient id.ID }

// TwoPatients are the appointments of two patients about today; false where there are not two.
func TwoPatients(v *store.View) (a, b Owned, both bool, err error) {
	c, err := clinics.Get(v)
	if err != nil {
		return a, b, false, err
	}
	from, to := near(v, c.Location(), 7, 14)
	rows, err := v.Query(sqlLookTwo, from, to)
	if err != nil {
		return a, b, false, err
	}
	defer rows.Close()
	for rows.Next() && !both {
		var x Owned
		if err := rows.Scan(&x.Appointment, &x.Patient); err != nil {
			return a, b, false, err
		}
		if a.Appointment.IsZero() {
			a = x
		}
		b, both = x, x.Patient != a.Patient
	}
	return a, b, both, rows.Err()
}

// Entered are the hours of every practitioner as the clinic entered them, with leave and closures, for the local days from..to.
func Entered(v *store.View, from, to clock.Date) (map[id.ID]Hours, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	list, err := providers(v, false)
	if err != nil {
		return nil, err
	}
	return hoursOf(v, list, from, to, c.Location())
}
