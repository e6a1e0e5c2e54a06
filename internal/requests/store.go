package requests

import (
	"errors"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	columns = `id, patient_id, kind, door, asker, state, law, came_at, known_at, proof, proved_by, thread_id, due_at, confirm_due, confirmed_at, longer_at, words, contact, outcome, ground, why,
	decided_by, decided_at, told_at, told_by, erase_at, was_kind, kind_at, did, version FROM data_request WHERE clinic_id = $1`
	sqlAdd = `INSERT INTO data_request (clinic_id, id, patient_id, kind, door, asker, state, law, came_at, known_at, proof, proved_by, thread_id, due_at, confirm_due, confirmed_at, words, contact)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	sqlGet     = `SELECT ` + columns + ` AND id = $2`
	sqlOpen    = `SELECT ` + columns + ` AND state IN ('open', 'received') ORDER BY state, due_at, id LIMIT $2`
	sqlClocks  = `SELECT id, state, came_at, due_at, confirm_due, confirmed_at FROM data_request WHERE clinic_id = $1 AND state IN ('open', 'received') ORDER BY due_at, id`
	sqlOver    = `SELECT ` + columns + ` AND state IN ('answered', 'withdrawn') ORDER BY came_at DESC, id DESC LIMIT $2`
	sqlOf      = `SELECT ` + columns + ` AND patient_id = $2 ORDER BY came_at DESC, id DESC LIMIT $3`
	sqlLast    = `SELECT ` + columns + ` AND patient_id = $2 AND kind = $3 AND door = 'link' AND state = 'answered' AND came_at >= $4 ORDER BY came_at DESC LIMIT 1`
	sqlErasing = `SELECT ` + columns + ` AND erase_at > 0 AND erase_at <= $2 AND patient_id IS NOT NULL AND (erase_at > $3 OR erase_at = $3 AND id > $4) ORDER BY erase_at, id LIMIT $5`

	sqlKnown = `UPDATE data_request SET state = 'open', patient_id = $4, proof = $5, proved_by = $6, known_at = $7, due_at = $8, words = $9, contact = NULL, warned = 0, mailed = 0, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'received'`
	sqlKind = `UPDATE data_request SET was_kind = CASE WHEN was_kind = '' THEN kind ELSE was_kind END, kind = $4, due_at = $5, kind_at = $6, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state IN ('received', 'open') AND door <> 'link'`
	sqlConfirmed = `UPDATE data_request SET confirmed_at = $3 WHERE clinic_id = $1 AND id = $2 AND confirmed_at = 0`
	sqlLonger    = `UPDATE data_request SET due_at = $4, longer_at = $5, why = $6, warned = 0, mailed = 0, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'open' AND longer_at = 0`
	sqlDecide    = `UPDATE data_request SET state = 'answered', outcome = $4, ground = $5, why = $6, decided_by = $7, decided_at = $8, erase_at = $9, did = $10, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state IN ('open', 'received')`
	sqlWithdraw = `UPDATE data_request SET state = 'withdrawn', decided_at = $3, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state IN ('open', 'received')`
	sqlClosed   = `UPDATE data_request SET state = 'withdrawn', why = $3, decided_by = $4, decided_at = $5, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state IN ('open', 'received') AND door <> 'link'`
	sqlTold     = `UPDATE data_request SET told_at = $3, told_by = $4 WHERE clinic_id = $1 AND id = $2 AND told_at = 0`
	sqlWarned   = `UPDATE data_request SET warned = $3 WHERE clinic_id = $1 AND id = $2 AND warned < $3`
	sqlUntold   = `SELECT COUNT(*) FROM data_request WHERE clinic_id = $1 AND state IN ('open', 'received') AND warned > mailed`
	sqlMailed   = `UPDATE data_request SET mailed = warned WHERE clinic_id = $1 AND warned > mailed AND came_at <= $2`
	sqlErased   = `UPDATE data_request SET erase_at = 0 WHERE clinic_id = $1 AND id = $2`

	sqlGoneOpen = `UPDATE data_request SET state = 'withdrawn', decided_at = $3 WHERE clinic_id = $1 AND patient_id = $2 AND state IN ('open', 'received')`
	sqlGone     = `UPDATE data_request SET patient_id = NULL, thread_id = NULL, words = NULL, contact = NULL, why = NULL, erase_at = 0 WHERE clinic_id = $1 AND patient_id = $2`
	sqlOld      = `SELECT id FROM data_request WHERE clinic_id = $1 AND state IN ('answered', 'withdrawn') AND decided_at <= $2 AND (patient_id IS NULL OR patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')) LIMIT 100`
	sqlNobody   = `SELECT id FROM data_request WHERE clinic_id = $1 AND state = 'received' AND came_at <= $2 ORDER BY came_at, id LIMIT 100`
	sqlClose    = `UPDATE data_request SET state = 'answered', outcome = 'refused', ground = 'unknown', contact = NULL, decided_at = came_at + $3, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state = 'received'`
	sqlOldOne   = `DELETE FROM data_request WHERE clinic_id = $1 AND id = $2`

	sqlStatementAdd    = `INSERT INTO data_statement (clinic_id, id, patient_id, about, words, at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlStatements      = `SELECT id, about, words, at, ended_at FROM data_statement WHERE clinic_id = $1 AND patient_id = $2 ORDER BY at, id`
	sqlStatementEnd    = `UPDATE data_statement SET ended_at = $4 WHERE clinic_id = $1 AND id = $2 AND patient_id = $3 AND ended_at = 0`
	sqlStatementsErase = `DELETE FROM data_statement WHERE clinic_id = $1 AND patient_id = $2`

	sqlNomineeAdd    = `INSERT INTO nominee (clinic_id, id, patient_id, name, contact, at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlNomineeNow    = `SELECT id, name, contact, at FROM nominee WHERE clinic_id = $1 AND patient_id = $2 AND ended_at = 0 ORDER BY id DESC`
	sqlNominees      = `SELECT id, name, contact, at FROM nominee WHERE clinic_id = $1 AND patient_id = $2 ORDER BY id`
	sqlNomineeEnd    = `UPDATE nominee SET ended_at = $3 WHERE clinic_id = $1 AND patient_id = $2 AND ended_at = 0`
	sqlNomineesErase = `DELETE FROM nominee WHERE clinic_id = $1 AND patient_id = $2`

	sqlSetting    = `SELECT staff_names FROM request_setting WHERE clinic_id = $1`
	sqlSettingSet = `INSERT INTO request_setting (clinic_id, staff_names) VALUES ($1, $2) ON CONFLICT (clinic_id) DO UPDATE SET staff_names = excluded.staff_names`

	sqlAskedAdd  = `INSERT INTO link_asked (clinic_id, id, contact, at) VALUES ($1, $2, $3, $4)`
	sqlAskedGet  = `SELECT contact FROM link_asked WHERE clinic_id = $1 AND id = $2`
	sqlAskedDone = `DELETE FROM link_asked WHERE clinic_id = $1 AND id = $2`
	sqlAskedAge  = `DELETE FROM link_asked WHERE clinic_id = $1 AND at < $2`

	sqlYoungAdd    = `INSERT INTO young_found (clinic_id, patient_id, found_at, delete_at) VALUES ($1, $2, $3, $4) ON CONFLICT (clinic_id, patient_id) DO NOTHING`
	sqlYoungList   = `SELECT patient_id, found_at, delete_at FROM young_found WHERE clinic_id = $1 ORDER BY delete_at, patient_id LIMIT 200`
	sqlYoungDrop   = `DELETE FROM young_found WHERE clinic_id = $1 AND patient_id = $2`
	sqlYoungAnew   = `UPDATE young_found SET delete_at = $2, mailed_at = 0 WHERE clinic_id = $1 AND delete_at < $2`
	sqlYoungUntold = `SELECT COUNT(*) FROM young_found WHERE clinic_id = $1 AND mailed_at = 0`
	sqlYoungMailed = `UPDATE young_found SET mailed_at = $2 WHERE clinic_id = $1 AND mailed_at = 0`

	lookColumns = `SELECT id, at, actor_id, role, action, kind, body FROM audit_leaf WHERE clinic_id = $1`
	sqlLooks    = lookColumns + ` AND patient_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4`
	sqlLists    = `SELECT l.id, l.at, l.actor_id, l.role, l.kind, d.owner_id, d.sealed FROM audit_leaf l JOIN audit_detail d ON d.clinic_id = l.clinic_id AND d.leaf_id = l.id
	WHERE l.clinic_id = $1 AND l.id >= $2 AND l.at >= $3 AND l.at < $4 AND l.action = 'list' ORDER BY l.id LIMIT $5`
)

// owner is whose key seals what stands in a request: hers, and the clinic's own while nobody knows who she is.
func owner(patient id.ID) id.ID {
	if patient.IsZero() {
		return vault.ClinicData
	}
	return patient
}

func read(v *store.View, text string, args ...any) ([]Request, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		var r Request
		var words, contact, why []byte
		if err := rows.Scan(&r.ID, &r.Patient, &r.Kind, &r.Door, &r.Asker, &r.State, &r.Law, &r.CameAt, &r.KnownAt, &r.Proof, &r.ProvedBy, &r.Thread, &r.DueAt, &r.ConfirmDue, &r.ConfirmedAt, &r.LongerAt,
			&words, &contact, &r.Outcome, &r.Ground, &why, &r.DecidedBy, &r.DecidedAt, &r.ToldAt, &r.ToldBy, &r.EraseAt, &r.WasKind, &r.KindAt, &r.Did, &r.Version); err != nil {
			return nil, err
		}
		for _, x := range []struct {
			column string
			sealed []byte
			to     *string
		}{{"words", words, &r.Words}, {"contact", contact, &r.Contact}, {"why", why, &r.Why}} {
			if *x.to, err = v.Unseal(owner(r.Patient), "data_request", x.column, r.ID, x.sealed); err != nil && !errors.Is(err, vault.ErrShredded) {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// clocks are all requests that wait, however many: no more of each than its clock, and nothing of it is opened.
func clocks(v *store.View) ([]Request, error) {
	rows, err := v.Query(sqlClocks)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		var r Request
		if err := rows.Scan(&r.ID, &r.State, &r.CameAt, &r.DueAt, &r.ConfirmDue, &r.ConfirmedAt); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func get(v *store.View, one id.ID) (Request, error) {
	list, err := read(v, sqlGet, one)
	if err == nil && len(list) == 0 {
		err = fault.Missing()
	}
	if err != nil {
		return Request{}, err
	}
	return list[0], nil
}

func seal(tx *store.Tx, r Request, column, words string) ([]byte, error) {
	return tx.Seal(owner(r.Patient), "data_request", column, r.ID, words)
}

func add(tx *store.Tx, r Request) error {
	words, err := seal(tx, r, "words", r.Words)
	if err != nil {
		return err
	}
	contact, err := seal(tx, r, "contact", r.Contact)
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlAdd, r.ID, id.Null(r.Patient), string(r.Kind), string(r.Door), string(r.Asker), string(r.State), r.Law, r.CameAt, r.KnownAt, string(r.Proof), id.Null(r.ProvedBy), id.Null(r.Thread),
		r.DueAt, r.ConfirmDue, r.ConfirmedAt, words, contact)
	return err
}

func changed(n int64, err error) error {
	if err == nil && n != 1 {
		return fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	return err
}

func statements(v *store.View, patient id.ID) ([]Statement, error) {
	rows, err := v.Query(sqlStatements, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Statement
	for rows.Next() {
		var s Statement
		var sealed []byte
		if err := rows.Scan(&s.ID, &s.About, &sealed, &s.At, &s.EndedAt); err != nil {
			return nil, err
		}
		if s.Words, err = v.Unseal(patient, "data_statement", "words", s.ID, sealed); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func nominees(v *store.View, text string, patient id.ID) ([]Nomination, error) {
	rows, err := v.Query(text, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Nomination
	for rows.Next() {
		var n Nomination
		var name, contact []byte
		if err := rows.Scan(&n.ID, &name, &contact, &n.At); err != nil {
			return nil, err
		}
		if n.Name, err = v.Unseal(patient, "nominee", "name", n.ID, name); err != nil {
			return nil, err
		}
		if n.Contact, err = v.Unseal(patient, "nominee", "contact", n.ID, contact); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// firstID is the first id that a clock could have made at a moment: ids begin with their moment, so that a range of ids is a range of time.
func firstID(at clock.Instant) (one id.ID) {
	ms := at.Time().UnixMilli()
	for i := range 6 {
		one[i] = byte(ms >> (40 - 8*i))
	}
	return one
}
