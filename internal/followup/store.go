package followup

import (
	"errors"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlRuleList = `SELECT id, kind, channel, minutes_before, active, created_at, version, days_after, at_minute, service_id, buffer_days
	FROM reminder_rule WHERE clinic_id = $1 ORDER BY minutes_before DESC, days_after, created_at, id`
	sqlRuleAdd    = `INSERT INTO reminder_rule (clinic_id, id, kind, channel, minutes_before, active, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlRuleChange = `UPDATE reminder_rule SET channel = $4, minutes_before = $5, active = $6, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND kind = 'reminder'`
	sqlRuleRemove = `DELETE FROM reminder_rule WHERE clinic_id = $1 AND id = $2 AND version = $3 AND kind = 'reminder'`

	sqlDueAdd    = `INSERT INTO reminder_due (clinic_id, due_at, appointment_id, occurrence, rule_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	sqlDueForget = `DELETE FROM reminder_due WHERE clinic_id = $1 AND appointment_id = $2`
	sqlDueClear  = `DELETE FROM reminder_due WHERE clinic_id = $1 AND due_at >= $2`
	sqlDueAhead  = `SELECT due_at, appointment_id, occurrence, rule_id FROM reminder_due WHERE clinic_id = $1 AND due_at >= $2`
	sqlDueList   = `SELECT due_at, appointment_id, occurrence, rule_id FROM reminder_due WHERE clinic_id = $1 AND due_at <= $2 ORDER BY due_at, appointment_id, occurrence, rule_id LIMIT $3`
	sqlDueAbout  = `SELECT due_at, appointment_id, occurrence, rule_id FROM reminder_due WHERE clinic_id = $1 AND appointment_id IN ` // an appointment has a few rows
	sqlDueTake   = `DELETE FROM reminder_due WHERE clinic_id = $1 AND due_at = $2 AND appointment_id = $3 AND occurrence = $4 AND rule_id = $5`
	sqlDueNext   = `SELECT COALESCE(MIN(due_at), 0) FROM reminder_due WHERE clinic_id = $1`
	sqlDueOf     = `SELECT due_at, rule_id FROM reminder_due WHERE clinic_id = $1 AND appointment_id = $2 ORDER BY due_at, rule_id`

	// Appointments are scheduling's table. It is read here, never written, because new rules
	// have to be laid over everything ahead in one statement.
	sqlAhead = `SELECT id, patient_id, occurrence, starts_at FROM appointment WHERE clinic_id = $1 AND day >= $2 AND starts_at > $3 AND (status = 'booked' OR status = 'confirmed') AND door <> 'list' ORDER BY day, id`
)

// Rules are the clinic's rules, those that remind earliest first.
func Rules(v *store.View) ([]Rule, error) {
	rows, err := v.Query(sqlRuleList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Rule
	for rows.Next() {
		var r Rule
		if err := rows.Scan(&r.ID, &r.Kind, &r.Channel, &r.Minutes, &r.Active, &r.CreatedAt, &r.Version, &r.Days, &r.At, &r.Service, &r.Buffer); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// fallen is a row whose moment has come.
type fallen struct {
	at          clock.Instant
	appointment id.ID
	occurrence  int64
	rule        id.ID
}

// fallenDue reads what has fallen due of one of the due tables.
func fallenDue(v *store.View, text string, limit int) ([]fallen, error) {
	rows, err := v.Query(text, v.Now(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []fallen
	for rows.Next() {
		var f fallen
		if err := rows.Scan(&f.at, &f.appointment, &f.occurrence, &f.rule); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// visit is an appointment as it stands: a move makes another of it.
type visit struct {
	id         id.ID
	occurrence int64
}

// standing reads when the rules are to remind from now on, by rule.
func standing(v *store.View, text string, args ...any) (map[visit]map[id.ID]clock.Instant, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[visit]map[id.ID]clock.Instant{}
	for rows.Next() {
		var a visit
		var at clock.Instant
		var rule id.ID
		if err := rows.Scan(&at, &a.id, &a.occurrence, &rule); err != nil {
			return nil, err
		}
		if at < v.Now() {
			continue
		}
		if out[a] == nil {
			out[a] = map[id.ID]clock.Instant{}
		}
		out[a][rule] = at
	}
	return out, rows.Err()
}

// ahead is an appointment that rules are laid over.
type ahead struct {
	id         id.ID
	patient    id.ID
	occurrence int64
	start      clock.Instant
}

func everythingAhead(v *store.View, today clock.Date) ([]ahead, error) {
	rows, err := v.Query(sqlAhead, today, v.Now())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ahead
	for rows.Next() {
		var a ahead
		if err := rows.Scan(&a.id, &a.patient, &a.occurrence, &a.start); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// NextDue is when the clinic's next reminder, or message after a visit, falls due; zero for never.
func NextDue(v *store.View) (clock.Instant, error) {
	var next clock.Instant
	for _, text := range []string{sqlDueNext, sqlAfterNext} {
		var at clock.Instant
		if err := v.Row(text).Scan(&at); err != nil && !errors.Is(err, store.ErrNoRows) {
			return 0, err
		}
		if at > 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return next, nil
}
