package privacy

import (
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	columns = `id, patient_id, by_id, reason, erased_at, first_at, second_at, bridged, first, second FROM erasure WHERE clinic_id = $1`
	sqlAdd  = `INSERT INTO erasure (clinic_id, id, patient_id, by_id, reason, erased_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (clinic_id, patient_id) DO NOTHING`
	sqlGet  = `SELECT ` + columns + ` AND id = $2`
	sqlOf   = `SELECT ` + columns + ` AND patient_id = $2`
	sqlList = `SELECT ` + columns + ` ORDER BY erased_at DESC, id DESC LIMIT $2`
	// sqlUncertified are those that miss a certificate, or whose doubles still lie beside the keys.
	sqlUncertified = `SELECT ` + columns + ` AND (first_at = 0 OR second_at = 0 OR bridged = 1) AND (erased_at, id) > ($2, $3) ORDER BY erased_at, id LIMIT $4`
	sqlFirst       = `UPDATE erasure SET first_at = $3, first = $4 WHERE clinic_id = $1 AND id = $2 AND first_at = 0`
	sqlSecond      = `UPDATE erasure SET second_at = $3, second = $4 WHERE clinic_id = $1 AND id = $2 AND first_at > 0 AND second_at = 0`
	sqlUnbridged   = `UPDATE erasure SET bridged = 0 WHERE clinic_id = $1 AND id = $2`

	sqlHoldAdd   = `INSERT INTO erasure_hold (clinic_id, id, erasure_id, class, last_day, source, number, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (clinic_id, id) DO NOTHING`
	holdColumns  = `h.id, h.erasure_id, h.class, h.last_day, h.source, h.number, h.sealed, h.noticed_at, h.ended_at FROM erasure_hold h WHERE h.clinic_id = $1`
	sqlHolds     = `SELECT ` + holdColumns + ` AND h.erasure_id = $2 ORDER BY h.last_day, h.class, h.id`
	sqlEnding    = `SELECT ` + holdColumns + ` AND h.ended_at = 0 AND h.last_day <= $2 AND (h.last_day, h.id) > ($3, $4) ORDER BY h.last_day, h.id LIMIT $5`
	sqlHoldsOpen = `SELECT ` + holdColumns + ` AND h.ended_at = 0 AND h.sealed = 1 ORDER BY h.last_day, h.id`
	sqlNotice    = `UPDATE erasure_hold SET noticed_at = $3 WHERE clinic_id = $1 AND id = $2 AND noticed_at = 0 AND ended_at = 0`
	sqlEnd       = `UPDATE erasure_hold SET ended_at = $3 WHERE clinic_id = $1 AND id = $2 AND ended_at = 0`
	sqlSealed    = `SELECT DISTINCT h.id FROM erasure_hold h JOIN held_part p ON p.clinic_id = h.clinic_id AND p.hold_id = h.id WHERE h.clinic_id = $1`

	sqlPartAdd  = `INSERT INTO held_part (clinic_id, id, hold_id, part, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic_id, id) DO NOTHING`
	sqlParts    = `SELECT id, part, body FROM held_part WHERE clinic_id = $1 AND hold_id = $2 ORDER BY part`
	sqlPartDrop = `DELETE FROM held_part WHERE clinic_id = $1 AND hold_id = $2`

	sqlCarrierAdd = `INSERT INTO erasure_carrier (clinic_id, id, erasure_id, carrier, number, asked_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (clinic_id, erasure_id, carrier) DO NOTHING`
	sqlCarriers   = `SELECT carrier, number, asked_at FROM erasure_carrier WHERE clinic_id = $1 AND erasure_id = $2 ORDER BY carrier`

	overHolds       = ` AND NOT EXISTS (SELECT 1 FROM erasure_hold h WHERE h.clinic_id = e.clinic_id AND h.erasure_id = e.id AND (h.ended_at = 0 OR h.ended_at >= $2))`
	sqlOver         = `SELECT e.id FROM erasure e WHERE e.clinic_id = $1 AND e.second_at > 0 AND e.second_at < $2` + overHolds + ` LIMIT 50`
	sqlOverMoved    = `SELECT e.id FROM erasure e WHERE e.clinic_id = $1 AND e.second_at = 0 AND e.first_at < $2 AND e.erased_at < $2` + overHolds + ` ORDER BY e.erased_at, e.id LIMIT 1000` // ours wait for certificate two
	sqlOverCarriers = `DELETE FROM erasure_carrier WHERE clinic_id = $1 AND erasure_id = $2`
	sqlOverHolds    = `DELETE FROM erasure_hold WHERE clinic_id = $1 AND erasure_id = $2`
	sqlOverOne      = `DELETE FROM erasure WHERE clinic_id = $1 AND id = $2`
)

func erasures(v *store.View, text string, args ...any) ([]Erasure, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Erasure
	for rows.Next() {
		var e Erasure
		var by []byte
		var bridged int64
		if err := rows.Scan(&e.ID, &e.Patient, &by, &e.Reason, &e.At, &e.FirstAt, &e.SecondAt, &bridged, &e.First, &e.Second); err != nil {
			return nil, err
		}
		if len(by) == len(id.Zero) {
			e.By = id.ID(by)
		}
		e.bridged = bridged == 1
		out = append(out, e)
	}
	return out, rows.Err()
}

// fill reads what belongs to an erasure.
func fill(v *store.View, e *Erasure) (err error) {
	if e.Holds, err = holdsOf(v, e.ID); err != nil {
		return err
	}
	rows, err := v.Query(sqlCarriers, e.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c Carried
		if err := rows.Scan(&c.Carrier, &c.Number, &c.AskedAt); err != nil {
			return err
		}
		e.Carried = append(e.Carried, c)
	}
	return rows.Err()
}

func holdsOf(v *store.View, erasure id.ID) ([]Hold, error) {
	list, err := notices(v, sqlHolds, erasure)
	out := make([]Hold, 0, len(list))
	for _, n := range list {
		out = append(out, n.Hold)
	}
	return out, err
}

func notices(v *store.View, text string, args ...any) ([]Notice, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		var n Notice
		var sealed int64
		if err := rows.Scan(&n.ID, &n.Erasure, &n.Class, &n.Last, &n.Source, &n.Number, &sealed, &n.Noticed, &n.Ended); err != nil {
			return nil, err
		}
		n.Sealed = sealed == 1
		out = append(out, n)
	}
	return out, rows.Err()
}

// part is a piece of what is held, sealed under its retention key.
type part struct {
	id     id.ID
	number int64
	body   []byte
}

func partsOf(v *store.View, hold id.ID) ([]part, error) {
	rows, err := v.Query(sqlParts, hold)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []part
	for rows.Next() {
		var p part
		if err := rows.Scan(&p.id, &p.number, &p.body); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// Noticed are the holds that end within two days of the clinic's today, for the pages and for what runs at night.
func Noticed(v *store.View) ([]Notice, error) { return ending(v, Notice{}) }

// ending are those behind the last one of a page before: holds that an order keeps, or that cannot be ended, hide none of the others.
func ending(v *store.View, last Notice) ([]Notice, error) {
	_, zone, err := clinicOf(v)
	if err != nil {
		return nil, err
	}
	return notices(v, sqlEnding, string(dayOf(v.Now(), zone).AddDays(noticeDays)), string(last.Last), last.ID, mostEnding)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
