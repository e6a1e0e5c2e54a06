package incidents

import (
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	columns = `id, rule, state, person_id, session_id, processor, from_at, to_at, times, found_at, last_at, opened_by, words, aware_at, computed_at, erased, notifiable, why, decided_by, decided_at,
	lessons, closed_by, closed_at, signed_by, signed_at, version FROM incident WHERE clinic_id = $1`
	sqlAdd = `INSERT INTO incident (clinic_id, id, cause, rule, state, person_id, session_id, processor, from_at, to_at, times, found_at, last_at, opened_by, words, aware_at)
	VALUES ($1, $2, $3, $4, 'suspected', $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $11) ON CONFLICT (clinic_id, cause) DO NOTHING`
	sqlAgain    = `UPDATE incident SET times = times + 1, last_at = $3 WHERE clinic_id = $1 AND cause = $2 AND state <> 'closed'`
	sqlMore     = `UPDATE incident SET times = $3, last_at = $4 WHERE clinic_id = $1 AND cause = $2 AND state <> 'closed' AND times < $3`
	sqlByCause  = `SELECT id FROM incident WHERE clinic_id = $1 AND cause = $2`
	sqlGet      = `SELECT ` + columns + ` AND id = $2`
	sqlList     = `SELECT ` + columns + ` ORDER BY CASE state WHEN 'closed' THEN 1 ELSE 0 END, found_at DESC, id DESC LIMIT $2`
	sqlOpen     = `SELECT ` + columns + ` AND state <> 'closed' ORDER BY found_at, id LIMIT 200`
	sqlHold     = `UPDATE incident SET version = version WHERE clinic_id = $1 AND id = $2` // one act at a time: two who press together tell nobody twice
	sqlScope    = `UPDATE incident SET person_id = $4, session_id = $5, from_at = $6, to_at = $7, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'closed'`
	sqlComputed = `UPDATE incident SET computed_at = $3, erased = $4 WHERE clinic_id = $1 AND id = $2`
	sqlConfirm  = `UPDATE incident SET state = 'confirmed', version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'suspected'`
	sqlDecide   = `UPDATE incident SET notifiable = $4, why = $5, decided_by = $6, decided_at = $7, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'confirmed'`
	sqlClose    = `UPDATE incident SET state = 'closed', lessons = $4, closed_by = $5, closed_at = $6, to_at = CASE WHEN to_at = 0 THEN $6 ELSE to_at END, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state <> 'closed'`
	sqlSign      = `UPDATE incident SET signed_by = $3, signed_at = $4 WHERE clinic_id = $1 AND id = $2 AND state = 'closed' AND signed_at = 0`
	sqlUntold    = `SELECT COUNT(*) FROM incident WHERE clinic_id = $1 AND mailed_at = 0 AND state <> 'closed'`
	sqlMailed    = `UPDATE incident SET mailed_at = $2 WHERE clinic_id = $1 AND mailed_at = 0`
	sqlOld       = `SELECT id FROM incident WHERE clinic_id = $1 AND state = 'closed' AND closed_at <= $2 AND id NOT IN (SELECT incident_id FROM incident_patient WHERE clinic_id = $1 AND patient_id IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')) LIMIT 50`
	sqlOldPeople = `DELETE FROM incident_patient WHERE clinic_id = $1 AND incident_id = $2`
	sqlOldSteps  = `DELETE FROM incident_step WHERE clinic_id = $1 AND incident_id = $2`
	sqlOldOne    = `DELETE FROM incident WHERE clinic_id = $1 AND id = $2 AND state = 'closed'`

	sqlStepAdd = `INSERT INTO incident_step (clinic_id, id, incident_id, kind, duty, person_id, at, words) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlSteps   = `SELECT id, kind, duty, person_id, at, words FROM incident_step WHERE clinic_id = $1 AND incident_id = $2 ORDER BY at, id`

	sqlPeopleThere = `SELECT id, patient_id FROM incident_patient WHERE clinic_id = $1 AND incident_id = $2 AND told_at = 0`
	sqlPersonGone  = `DELETE FROM incident_patient WHERE clinic_id = $1 AND incident_id = $2 AND id = $3 AND told_at = 0`
	sqlPersonAdd   = `INSERT INTO incident_patient (clinic_id, id, incident_id, patient_id, acts, classes, first_at, last_at, entries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
	ON CONFLICT (clinic_id, incident_id, patient_id) DO UPDATE SET acts = excluded.acts, classes = excluded.classes, first_at = excluded.first_at, last_at = excluded.last_at, entries = excluded.entries`
	sqlPeople      = `SELECT id, patient_id, acts, classes, first_at, last_at, entries, told_at, told_by FROM incident_patient WHERE clinic_id = $1 AND incident_id = $2 ORDER BY CASE WHEN told_at > 0 THEN 1 ELSE 0 END, first_at, id LIMIT $3`
	sqlNotTold     = `SELECT id, patient_id FROM incident_patient WHERE clinic_id = $1 AND incident_id = $2 AND told_at = 0 AND id > $3 ORDER BY id LIMIT $4`
	sqlPeopleCount = `SELECT COUNT(*), COUNT(CASE WHEN told_at > 0 THEN 1 END), COALESCE(MAX(told_at), 0) FROM incident_patient WHERE clinic_id = $1 AND incident_id = $2`
	sqlPersonTold  = `UPDATE incident_patient SET told_at = $4, told_by = $5 WHERE clinic_id = $1 AND incident_id = $2 AND id = $3 AND told_at = 0`
	sqlPersonOf    = `SELECT p.incident_id, i.rule, p.acts, p.classes, p.first_at, p.last_at, p.told_at FROM incident_patient p JOIN incident i ON i.clinic_id = p.clinic_id AND i.id = p.incident_id
	WHERE p.clinic_id = $1 AND p.patient_id = $2 ORDER BY p.first_at, p.id`
	sqlPersonErased = `UPDATE incident SET erased = erased + 1 WHERE clinic_id = $1 AND id IN (SELECT incident_id FROM incident_patient p WHERE p.clinic_id = $1 AND p.patient_id = $2)`
	sqlPersonForget = `DELETE FROM incident_patient WHERE clinic_id = $1 AND patient_id = $2`

	trailWhere = `FROM audit_leaf WHERE clinic_id = $1 AND id > $2 AND at >= $3 AND at <= $4 AND (CAST($5 AS BIGINT) = 0 OR actor_id = $6) AND (CAST($7 AS BIGINT) = 0 OR session_id = $8)`
	sqlTrail   = `SELECT id, at, actor_id, role, action, kind, subject_id, patient_id, session_id ` + trailWhere + ` ORDER BY id LIMIT $9`
	sqlDetail  = `SELECT owner_id, sealed FROM audit_detail WHERE clinic_id = $1 AND leaf_id = $2`
	sqlSeats   = `SELECT session_id, MIN(at), MAX(at), COUNT(*) ` + trailWhere + ` AND session_id IS NOT NULL GROUP BY session_id ORDER BY 2 LIMIT $9`

	sqlActed = `SELECT EXISTS (SELECT 1 FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND actor_id = $3)`
	sqlSat   = `SELECT EXISTS (SELECT 1 FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND session_id = $3)`

	sqlManyOpened = `SELECT session_id, actor_id, COUNT(DISTINCT patient_id), MIN(at) FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND action = 'open' AND session_id IS NOT NULL AND patient_id <> $3 AND role <> 'patient'
	GROUP BY session_id, actor_id HAVING COUNT(DISTINCT patient_id) >= $4`
	sqlExports = `SELECT actor_id, COUNT(*), MIN(at) FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND action = 'export' AND actor_id <> $3 GROUP BY actor_id HAVING COUNT(*) >= $4`
	sqlMarked  = `SELECT action, kind, subject_id, actor_id, at FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND (action = 'break-glass' AND kind = 'grant' OR action = 'pause' AND kind = 'channel' AND role = 'system') ORDER BY id LIMIT 50`
)

// firstID is the first id that a clock could have made at a moment. Ids begin with their moment, so that the range of ids is the range of time.
func firstID(at clock.Instant) (one id.ID) {
	ms := at.Time().UnixMilli()
	for i := range 6 {
		one[i] = byte(ms >> (40 - 8*i))
	}
	return one
}

func read(v *store.View, text string, args ...any) ([]Incident, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Incident
	for rows.Next() {
		var i Incident
		var words, why, lessons []byte
		if err := rows.Scan(&i.ID, &i.Rule, &i.State, &i.Person, &i.Session, &i.Processor, &i.From, &i.To, &i.Times, &i.FoundAt, &i.LastAt, &i.OpenedBy, &words, &i.AwareAt, &i.ComputedAt, &i.Erased, &i.Notifiable,
			&why, &i.DecidedBy, &i.DecidedAt, &lessons, &i.ClosedBy, &i.ClosedAt, &i.SignedBy, &i.SignedAt, &i.Version); err != nil {
			return nil, err
		}
		for _, x := range []struct {
			column string
			sealed []byte
			to     *string
		}{{"words", words, &i.Words}, {"why", why, &i.Why}, {"lessons", lessons, &i.Lessons}} {
			if *x.to, err = v.Unseal(vault.ClinicData, "incident", x.column, i.ID, x.sealed); err != nil {
				return nil, err
			}
		}
		out = append(out, i)
	}
	return out, rows.Err()
}

func get(v *store.View, one id.ID) (Incident, error) {
	list, err := read(v, sqlGet, one)
	if err == nil && len(list) == 0 {
		err = fault.Missing()
	}
	if err != nil {
		return Incident{}, err
	}
	return list[0], nil
}

func addStep(tx *store.Tx, incident id.ID, s Step) error {
	one := tx.NewID()
	sealed, err := tx.Seal(vault.ClinicData, "incident_step", "words", one, s.Words)
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlStepAdd, one, incident, s.Kind, s.Duty, tx.Caller().Actor(), tx.Now(), sealed)
	return err
}

func steps(v *store.View, incident id.ID) ([]Step, error) {
	rows, err := v.Query(sqlSteps, incident)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Step
	for rows.Next() {
		var s Step
		var sealed []byte
		if err := rows.Scan(&s.ID, &s.Kind, &s.Duty, &s.Person, &s.At, &sealed); err != nil {
			return nil, err
		}
		if s.Words, err = v.Unseal(vault.ClinicData, "incident_step", "words", s.ID, sealed); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// count is how many people an incident touched, how many of them were told, and when the last was.
func count(v *store.View, incident id.ID) (all, told int, last clock.Instant, err error) {
	err = v.Row(sqlPeopleCount, incident).Scan(&all, &told, &last)
	return all, told, last, err
}
