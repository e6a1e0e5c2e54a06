package insight

import (
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Appointments, their log, reminders, invoices and payments are other rooms' tables: read here, never written, because counting joins them.
const (
	sqlVisits = `SELECT a.id, a.patient_id, a.provider_id, a.day, a.status, a.starts_at, a.claims_from, a.claims_to, a.occurrence, p.minor
	FROM appointment a JOIN patient p ON p.clinic_id = $1 AND p.id = a.patient_id WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3`
	sqlMarks = `SELECT l.appointment_id, l.at, l.starts_at, l.action FROM appointment a JOIN booking_log l ON l.clinic_id = $1 AND l.appointment_id = a.id
	WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3 AND l.action IN ('booked', 'confirmed', 'arrived', 'in-progress', 'reschedule') ORDER BY l.appointment_id, l.id`
	sqlReminded = `SELECT m.appointment_id, m.occurrence, MIN(m.state_at), MAX(CASE WHEN m.reached IN ('delivered', 'opened', 'read') THEN 1 ELSE 0 END)
	FROM appointment a JOIN message m ON m.clinic_id = $1 AND m.appointment_id = a.id
	WHERE a.clinic_id = $1 AND a.day >= $2 AND a.day <= $3 AND m.kind = 'reminder' AND m.state = 'sent' GROUP BY m.appointment_id, m.occurrence`
	sqlBookings = `SELECT l.at, a.door, a.patient_id, p.minor FROM booking_log l JOIN appointment a ON a.clinic_id = $1 AND a.id = l.appointment_id
	JOIN patient p ON p.clinic_id = $1 AND p.id = a.patient_id WHERE l.clinic_id = $1 AND l.at >= $2 AND l.at < $3 AND l.action = 'book'`
	sqlPayments = `SELECT day, method, currency, amount, patient_id FROM payment WHERE clinic_id = $1 AND day >= $2 AND day <= $3`
	sqlRefunds  = `SELECT r.day, r.method, r.currency, r.amount, p.patient_id FROM refund r JOIN payment p ON p.clinic_id = $1 AND p.id = r.payment_id
	WHERE r.clinic_id = $1 AND r.day >= $2 AND r.day <= $3`
	sqlInvoices = `SELECT day, kind, currency, net, patient_id FROM invoice WHERE clinic_id = $1 AND number > 0 AND day >= $2 AND day <= $3`
	sqlTaxes    = `SELECT i.day, i.kind, i.currency, t.tax, t.amount, i.patient_id FROM invoice i JOIN invoice_tax t ON t.clinic_id = $1 AND t.invoice_id = i.id
	WHERE i.clinic_id = $1 AND i.number > 0 AND i.day >= $2 AND i.day <= $3`
	sqlChildren = `SELECT minor FROM patient WHERE clinic_id = $1 AND id = $2`

	sqlFirstDay = `SELECT day FROM appointment WHERE clinic_id = $1 ORDER BY day LIMIT 1`
	// What was touched lately: the days on which its appointments stand, and stood before they were moved.
	sqlTouched  = `SELECT a.day FROM booking_log l JOIN appointment a ON a.clinic_id = $1 AND a.id = l.appointment_id WHERE l.clinic_id = $1 AND l.at >= $2`
	sqlLeft     = `SELECT b.starts_at FROM booking_log l JOIN booking_log b ON b.clinic_id = $1 AND b.appointment_id = l.appointment_id WHERE l.clinic_id = $1 AND l.at >= $2 AND l.action = 'reschedule'`
	sqlObjected = `SELECT a.day FROM consent c JOIN appointment a ON a.clinic_id = $1 AND a.patient_id = c.patient_id
	WHERE c.clinic_id = $1 AND c.at >= $2 AND c.purpose IN ('figures', 'restriction')`
	sqlObjectedBooked = `SELECT a.created_at FROM consent c JOIN appointment a ON a.clinic_id = $1 AND a.patient_id = c.patient_id
	WHERE c.clinic_id = $1 AND c.at >= $2 AND c.purpose IN ('figures', 'restriction')`
	sqlObjectedPaid = `SELECT m.day FROM consent c JOIN payment m ON m.clinic_id = $1 AND m.patient_id = c.patient_id
	WHERE c.clinic_id = $1 AND c.at >= $2 AND c.purpose IN ('figures', 'restriction')`
	sqlObjectedRefunded = `SELECT r.day FROM consent c JOIN payment m ON m.clinic_id = $1 AND m.patient_id = c.patient_id JOIN refund r ON r.clinic_id = $1 AND r.payment_id = m.id
	WHERE c.clinic_id = $1 AND c.at >= $2 AND c.purpose IN ('figures', 'restriction')`
	sqlObjectedBilled = `SELECT m.day FROM consent c JOIN invoice m ON m.clinic_id = $1 AND m.patient_id = c.patient_id
	WHERE c.clinic_id = $1 AND c.at >= $2 AND c.purpose IN ('figures', 'restriction')`

	dayColumns = `day, provider_id, attended, missed, cancelled, unmarked, claimed_minutes, offered_minutes, soon, soon_minutes, late, late_minutes, told_both, told_delivered, told_confirmed, told_only`
	sqlDayPut  = `INSERT INTO insight_day (clinic_id, ` + dayColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
	ON CONFLICT (clinic_id, day, provider_id) DO UPDATE SET attended = excluded.attended, missed = excluded.missed, cancelled = excluded.cancelled, unmarked = excluded.unmarked,
	claimed_minutes = excluded.claimed_minutes, offered_minutes = excluded.offered_minutes, soon = excluded.soon, soon_minutes = excluded.soon_minutes, late = excluded.late, late_minutes = excluded.late_minutes,
	told_both = excluded.told_both, told_delivered = excluded.told_delivered, told_confirmed = excluded.told_confirmed, told_only = excluded.told_only`
	sqlDayDrop    = `DELETE FROM insight_day WHERE clinic_id = $1 AND day = $2 AND provider_id = $3`
	sqlDays       = `SELECT ` + dayColumns + ` FROM insight_day WHERE clinic_id = $1 AND day >= $2 AND day <= $3 ORDER BY provider_id, day`
	sqlSourcePut  = `INSERT INTO insight_source (clinic_id, day, door, booked) VALUES ($1, $2, $3, $4) ON CONFLICT (clinic_id, day, door) DO UPDATE SET booked = excluded.booked`
	sqlSourceDrop = `DELETE FROM insight_source WHERE clinic_id = $1 AND day = $2 AND door = $3`
	sqlSources    = `SELECT day, door, booked FROM insight_source WHERE clinic_id = $1 AND day >= $2 AND day <= $3 ORDER BY door, day`
	sqlMoneyPut   = `INSERT INTO insight_money (clinic_id, day, kind, part, currency, cases, amount) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (clinic_id, day, kind, part, currency) DO UPDATE SET cases = excluded.cases, amount = excluded.amount`
	sqlMoneyDrop = `DELETE FROM insight_money WHERE clinic_id = $1 AND day = $2 AND kind = $3 AND part = $4 AND currency = $5`
	sqlMoney     = `SELECT day, kind, part, currency, cases, amount FROM insight_money WHERE clinic_id = $1 AND day >= $2 AND day <= $3 ORDER BY kind, part, currency, day`

	sqlProgress    = `SELECT counted_to, looked_at FROM insight_progress WHERE clinic_id = $1`
	sqlProgressPut = `INSERT INTO insight_progress (clinic_id, counted_to, looked_at) VALUES ($1, $2, $3)
	ON CONFLICT (clinic_id) DO UPDATE SET counted_to = excluded.counted_to, looked_at = excluded.looked_at`
	sqlProgressDrop = `DELETE FROM insight_progress WHERE clinic_id = $1`

	sqlSetting    = `SELECT features, visitors, children, version FROM insight_setting WHERE clinic_id = $1`
	sqlSettingAdd = `INSERT INTO insight_setting (clinic_id, features, visitors, children, changed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	sqlSettingSet = `UPDATE insight_setting SET features = $3, visitors = $4, children = $5, changed_at = $6, version = version + 1 WHERE clinic_id = $1 AND version = $2`

	sqlFeatureAdd = `INSERT INTO feature_day (clinic_id, day, feature, opened, slow, millis) VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (clinic_id, day, feature) DO UPDATE SET opened = feature_day.opened + excluded.opened, slow = feature_day.slow + excluded.slow, millis = feature_day.millis + excluded.millis`
	sqlFeatures    = `SELECT feature, day, opened, slow, millis FROM feature_day WHERE clinic_id = $1 AND day >= $2 ORDER BY feature, day`
	sqlFeatureDrop = `DELETE FROM feature_day WHERE clinic_id = $1 AND day < $2`
	sqlVisitorAdd  = `INSERT INTO visitor_day (clinic_id, day, page, device, seen) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (clinic_id, day, page, device) DO UPDATE SET seen = visitor_day.seen + excluded.seen`
	sqlVisitors    = `SELECT page, device, day, seen FROM visitor_day WHERE clinic_id = $1 AND day >= $2 ORDER BY page, device, day`
	sqlVisitorDrop = `DELETE FROM visitor_day WHERE clinic_id = $1 AND day < $2`
)

// each runs one statement and hands every row to scan.
func each(v *store.View, text string, scan func(rows *store.Rows) error, args ...any) error {
	rows, err := v.Query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scanDay(rows *store.Rows) (Day, error) {
	var d Day
	err := rows.Scan(&d.Day, &d.Provider, &d.Attended, &d.Missed, &d.Cancelled, &d.Unmarked, &d.ClaimedMinutes, &d.OfferedMinutes, &d.Soon, &d.SoonMinutes, &d.Late, &d.LateMinutes,
		&d.ToldBoth, &d.ToldDelivered, &d.ToldConfirmed, &d.ToldOnly)
	return d, err
}

func putDay(tx *store.Tx, d Day) error {
	_, err := tx.Exec(sqlDayPut, d.Day, d.Provider, d.Attended, d.Missed, d.Cancelled, d.Unmarked, d.ClaimedMinutes, d.OfferedMinutes, d.Soon, d.SoonMinutes, d.Late, d.LateMinutes,
		d.ToldBoth, d.ToldDelivered, d.ToldConfirmed, d.ToldOnly)
	return err
}

// kept reads what is kept of some days.
func kept(v *store.View, from, to clock.Date, money bool) (counts, error) {
	c := counts{map[key]Day{}, map[source]int64{}, map[purse]sum{}}
	err := each(v, sqlDays, func(rows *store.Rows) error {
		d, err := scanDay(rows)
		c.days[key{d.Day, d.Provider}] = d
		return err
	}, from, to)
	if err != nil {
		return c, err
	}
	err = each(v, sqlSources, func(rows *store.Rows) error {
		var s source
		var n int64
		err := rows.Scan(&s.day, &s.door, &n)
		c.sources[s] = n
		return err
	}, from, to)
	if err != nil || !money {
		return c, err
	}
	return c, each(v, sqlMoney, func(rows *store.Rows) error {
		var p purse
		var s sum
		err := rows.Scan(&p.day, &p.kind, &p.part, &p.currency, &s.cases, &s.amount)
		c.money[p] = s
		return err
	}, from, to)
}

// progress is how far the days are counted; an empty day: not at all.
func progress(v *store.View) (to clock.Date, looked clock.Instant, err error) {
	err = each(v, sqlProgress, func(rows *store.Rows) error { return rows.Scan(&to, &looked) })
	return to, looked, err
}

// isChild reads whether a patient is a child; one who is not there is none.
func isChild(v *store.View, patient id.ID) (yes bool, err error) {
	err = each(v, sqlChildren, func(rows *store.Rows) error { return rows.Scan(&yes) }, patient)
	return yes, err
}
