package disclosures

import (
	"errors"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	columns = `id, patient_id, ground, parts, recipient, reference, why, gag, gag_why, state, asked_by, asked_at, decided_by, decided_at, words, given_at, told_at, told_by, version
	FROM disclosure WHERE clinic_id = $1`
	sqlGet  = `SELECT ` + columns + ` AND id = $2`
	sqlList = `SELECT ` + columns + ` ORDER BY CASE state WHEN 'asked' THEN 0 WHEN 'approved' THEN 1 ELSE 2 END, asked_at DESC, id DESC LIMIT $2`
	sqlOf   = `SELECT ` + columns + ` AND patient_id = $2 AND state = 'given' ORDER BY given_at, id`
	sqlTell = `SELECT ` + columns + ` AND state = 'given' AND told_at = 0 AND id > $2 ORDER BY id LIMIT $3`
	sqlAdd  = `INSERT INTO disclosure (clinic_id, id, patient_id, ground, parts, recipient, reference, why, gag, gag_why, state, asked_by, asked_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'asked', $11, $12)`
	sqlDecide = `UPDATE disclosure SET state = $4, decided_by = $5, decided_at = $6, words = $7, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'asked'`
	sqlDrop   = `UPDATE disclosure SET state = 'dropped', version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state IN ('asked', 'approved')`
	sqlGive   = `UPDATE disclosure SET state = 'given', given_at = $3, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state = 'approved'`
	sqlTold   = `UPDATE disclosure SET told_at = $3, told_by = $4 WHERE clinic_id = $1 AND id = $2 AND state = 'given' AND told_at = 0`

	sqlForget = `UPDATE disclosure SET why = NULL, state = CASE WHEN state IN ('asked', 'approved') THEN 'dropped' ELSE state END WHERE clinic_id = $1 AND patient_id = $2`
	sqlOld    = `SELECT id, asked_at, given_at FROM disclosure WHERE clinic_id = $1 AND state NOT IN ('asked', 'approved') AND asked_at < $2 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held') ORDER BY asked_at, id LIMIT 200`
	sqlGone   = `DELETE FROM disclosure WHERE clinic_id = $1 AND id = $2`
)

func read(v *store.View, text string, args ...any) ([]Disclosure, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Disclosure
	sealed := map[id.ID][4][]byte{}
	var people []id.ID
	for rows.Next() {
		var d Disclosure
		var parts string
		var recipient, reference, why, gagWhy, words []byte
		if err := rows.Scan(&d.ID, &d.Patient, &d.Ground, &parts, &recipient, &reference, &why, &d.Gag, &gagWhy, &d.State, &d.By, &d.AskedAt, &d.Decider, &d.DecidedAt, &words, &d.GivenAt, &d.ToldAt, &d.ToldBy, &d.Version); err != nil {
			return nil, err
		}
		for _, p := range strings.Split(parts, ",") {
			d.Parts = append(d.Parts, Part(p))
		}
		d.Why = string(why) // still sealed
		sealed[d.ID] = [4][]byte{recipient, reference, gagWhy, words}
		people = append(people, d.Patient)
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := v.Load(people); err != nil {
		return nil, err
	}
	for i := range out {
		d := &out[i]
		for k, x := range []struct {
			column string
			to     *string
		}{{"recipient", &d.Recipient}, {"reference", &d.Reference}, {"gag_why", &d.GagWhy}, {"words", &d.Words}} {
			if *x.to, err = v.Unseal(vault.ClinicData, "disclosure", x.column, d.ID, sealed[d.ID][k]); err != nil {
				return nil, err
			}
		}
		// When she was erased, why it was lawful went with her key; that it was given stays.
		if d.Why, err = v.Unseal(d.Patient, "disclosure", "why", d.ID, []byte(d.Why)); err != nil && !errors.Is(err, vault.ErrShredded) {
			return nil, err
		}
	}
	return out, nil
}

func get(v *store.View, one id.ID) (Disclosure, error) {
	list, err := read(v, sqlGet, one)
	if err == nil && len(list) == 0 {
		err = fault.Missing()
	}
	if err != nil {
		return Disclosure{}, err
	}
	return list[0], nil
}

func add(tx *store.Tx, d Disclosure) error {
	seal := func(subject id.ID, column, text string, err *error) []byte {
		if *err != nil {
			return nil
		}
		var out []byte
		out, *err = tx.Seal(subject, "disclosure", column, d.ID, text)
		return out
	}
	var err error
	recipient, reference := seal(vault.ClinicData, "recipient", d.Recipient, &err), seal(vault.ClinicData, "reference", d.Reference, &err)
	why, gagWhy := seal(d.Patient, "why", d.Why, &err), seal(vault.ClinicData, "gag_why", d.GagWhy, &err)
	if err != nil {
		return err
	}
	var parts []string
	for _, p := range d.Parts {
		parts = append(parts, string(p))
	}
	_, err = tx.Exec(sqlAdd, d.ID, d.Patient, string(d.Ground), strings.Join(parts, ","), recipient, reference, why, d.Gag, gagWhy, tx.Caller().Actor(), tx.Now())
	return err
}

// old are the ids of what nobody has to keep any more.
func old(tx *store.Tx, before clock.Instant) ([]id.ID, error) {
	rows, err := tx.Query(sqlOld, before)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var one id.ID
		var asked, given clock.Instant
		if err := rows.Scan(&one, &asked, &given); err != nil {
			return nil, err
		}
		if max(asked, given) < before {
			out = append(out, one)
		}
	}
	return out, rows.Err()
}
