package policies

import (
	"encoding/json"
	"errors"
	"fmt"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	versionColumns = `n, id, digest, text_digest, terms, gate, made_by, made_at, noticed_at, effective_at FROM policy_version WHERE clinic_id = $1`
	sqlVersions    = `SELECT ` + versionColumns + ` ORDER BY n`
	sqlVersionAdd  = `INSERT INTO policy_version (clinic_id, n, id, digest, text_digest, terms, gate, made_by, made_at, noticed_at, effective_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlTextKeep    = `INSERT INTO policy_text (clinic_id, digest, text, kept_at) VALUES ($1, $2, $3, $4) ON CONFLICT (clinic_id, digest) DO NOTHING`
	sqlText        = `SELECT text FROM policy_text WHERE clinic_id = $1 AND digest = $2`

	sqlAnswerAdd  = `INSERT INTO policy_answer (clinic_id, id, patient_id, n, agreed, door, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlAnswersIn  = `SELECT patient_id, n, agreed, at FROM policy_answer WHERE clinic_id = $1 AND patient_id IN `
	sqlAnswersOf  = `SELECT n, agreed, door, at FROM policy_answer WHERE clinic_id = $1 AND patient_id = $2 ORDER BY at, id`
	sqlAnswersAll = `SELECT patient_id, n, agreed, at FROM policy_answer WHERE clinic_id = $1 ORDER BY at, id`
	sqlForget     = `DELETE FROM policy_answer WHERE clinic_id = $1 AND patient_id = $2`
	sqlToldForget = `DELETE FROM policy_told WHERE clinic_id = $1 AND patient_id = $2`

	// Patients are another room's table. It is read here, never written: since when somebody is a patient says under which terms she came.
	sqlCame    = `SELECT id, created_at FROM patient WHERE clinic_id = $1 AND id IN `
	sqlAnybody = `SELECT COUNT(*) FROM (SELECT 1 FROM patient WHERE clinic_id = $1 LIMIT 1) x`
	sqlBefore  = `SELECT COUNT(*) FROM patient WHERE clinic_id = $1 AND created_at < $2`

	sqlAnnounced    = `SELECT COUNT(*) FROM policy_announced WHERE clinic_id = $1 AND n = $2`
	sqlAnnouncedAdd = `INSERT INTO policy_announced (clinic_id, n, at) VALUES ($1, $2, $3) ON CONFLICT (clinic_id, n) DO NOTHING`

	sqlToldAdd = `INSERT INTO policy_told (clinic_id, n, patient_id, message_id, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic_id, n, patient_id) DO NOTHING`
	sqlToldOf  = `SELECT n, at FROM policy_told WHERE clinic_id = $1 AND patient_id = $2 ORDER BY n`
	sqlToldAll = `SELECT COUNT(*) FROM policy_told WHERE clinic_id = $1 AND n = $2`
	sqlUntold  = `SELECT p.id FROM patient p WHERE p.clinic_id = $1 AND p.created_at < $2 AND NOT EXISTS (SELECT 1 FROM policy_told t WHERE t.clinic_id = p.clinic_id AND t.n = $3 AND t.patient_id = p.id)
	ORDER BY p.id LIMIT $4`
)

// versions reads all versions of the clinic, in their order.
func versions(v *store.View) ([]Version, error) {
	rows, err := v.Query(sqlVersions)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Version
	for rows.Next() {
		var x Version
		var terms string
		if err := rows.Scan(&x.N, &x.ID, &x.Digest, &x.Texts, &terms, &x.Gate, &x.By, &x.MadeAt, &x.NoticedAt, &x.EffectiveAt); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(terms), &x.Terms); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

func addVersion(tx *store.Tx, x Version) error {
	terms, err := json.Marshal(x.Terms)
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlVersionAdd, x.N, x.ID, x.Digest, x.Texts, string(terms), x.Gate, id.Null(x.By), x.MadeAt, x.NoticedAt, x.EffectiveAt)
	if errors.Is(err, store.ErrUnique) { // somebody else made a version of this number meanwhile: what is wanted is held against it
		err = fmt.Errorf("policies: %w: %w", store.ErrRetry, err)
	}
	return err
}

func text(v *store.View, digest string) (string, error) {
	var out string
	err := v.Row(sqlText, digest).Scan(&out)
	return out, err
}

// anybody says whether the clinic has any patient.
func anybody(v *store.View) (bool, error) {
	var n int64
	err := v.Row(sqlAnybody).Scan(&n)
	return n > 0, err
}

// came reads since when each is a patient.
func came(v *store.View, patients []id.ID) (map[id.ID]clock.Instant, error) {
	out := map[id.ID]clock.Instant{}
	return out, store.Each(patients, func(args []any, width int) error {
		rows, err := v.Query(sqlCame+store.In(2, width), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p id.ID
			var at clock.Instant
			if err := rows.Scan(&p, &at); err != nil {
				return err
			}
			out[p] = at
		}
		return rows.Err()
	})
}

// answers reads what each answered, in the order in which it was said.
func answers(v *store.View, patients []id.ID) (map[id.ID][]Said, error) {
	out := map[id.ID][]Said{}
	return out, store.Each(patients, func(args []any, width int) error {
		rows, err := v.Query(sqlAnswersIn+store.In(2, width)+` ORDER BY at, id`, args...)
		if err != nil {
			return err
		}
		return errors.Join(collect(rows, out), rows.Close())
	})
}

func collect(rows *store.Rows, out map[id.ID][]Said) error {
	for rows.Next() {
		var p id.ID
		var a Said
		if err := rows.Scan(&p, &a.N, &a.Yes, &a.At); err != nil {
			return err
		}
		out[p] = append(out[p], a)
	}
	return rows.Err()
}
