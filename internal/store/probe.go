package store

import (
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/vault"
)

// What the live looks ask of every clinic's log. They count what must not be there, over the entries since a moment, and open nothing that names
// anybody. Ids begin with their moment, so that "since" is a part of the table.

const (
	sqlUnplaced = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN NOT EXISTS (SELECT 1 FROM audit_tree t WHERE t.leaf_id = l.id) AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.leaf_id = l.id) THEN 1 ELSE 0 END), 0)
	FROM audit_leaf l WHERE l.clinic_id = $1 AND l.id >= $2`
	sqlSilentPatients = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.clinic_id = p.clinic_id AND l.patient_id = p.id)
	AND NOT EXISTS (SELECT 1 FROM arrival a WHERE a.clinic_id = p.clinic_id AND a.begun_at >= $3) THEN 1 ELSE 0 END), 0) FROM patient p WHERE p.clinic_id = $1 AND p.id >= $2`
	sqlSilentVisits = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.clinic_id = x.clinic_id AND l.subject_id = x.id)
	AND NOT EXISTS (SELECT 1 FROM arrival a WHERE a.clinic_id = x.clinic_id AND a.begun_at >= $3) THEN 1 ELSE 0 END), 0) FROM appointment x WHERE x.clinic_id = $1 AND x.id >= $2`
	sqlPowerBare = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN NOT EXISTS (SELECT 1 FROM audit_detail d WHERE d.clinic_id = l.clinic_id AND d.leaf_id = l.id) THEN 1 ELSE 0 END), 0)
	FROM audit_leaf l WHERE l.clinic_id = $1 AND l.id >= $2 AND l.kind IN ('clinic', 'membership', 'policy') AND l.patient_id = $3`
	sqlPowerWords = `SELECT l.id, d.owner_id, d.sealed FROM audit_leaf l JOIN audit_detail d ON d.clinic_id = l.clinic_id AND d.leaf_id = l.id
	WHERE l.clinic_id = $1 AND l.id >= $2 AND l.action IN ('change-profile', 'change-rules', 'change-role', 'change-sign-in') ORDER BY l.id DESC LIMIT 20`
	sqlMisfiled    = `SELECT patient_id, action, body FROM audit_leaf WHERE clinic_id = $1 ORDER BY id DESC LIMIT 300`
	sqlCredentials = `SELECT credentials FROM channel WHERE clinic_id = $1 UNION ALL SELECT credentials FROM gateway_account WHERE clinic_id = $1`
	sqlLeaves      = `SELECT l.id, l.body, l.commitment, (SELECT COUNT(*) FROM audit_tree t WHERE t.leaf_id = l.id) FROM audit_leaf l WHERE l.clinic_id = $1 ORDER BY l.id DESC LIMIT 100`
)

// Tally runs a statement that counts what it looked at, and of that what must not be so.
func Tally(v *View, text string, args ...any) (bad, looked int64, err error) {
	err = v.Row(text, args...).Scan(&looked, &bad)
	return bad, looked, err
}

// Unplaced counts entries since the moment that have no place in the tree and wait for none: they were written past the doorway, or half (promise
// audit-whole-or-nothing).
func Unplaced(v *View, since clock.Instant) (bad, looked int64, err error) {
	return Tally(v, sqlUnplaced, id.First(since.Time()))
}

// Silent counts patients and appointments since the moment of whom the log says nothing. What came with a whole clinic from elsewhere is not
// counted (promise no-act-without-record).
func Silent(v *View, since clock.Instant) (bad, looked int64, err error) {
	for _, text := range []string{sqlSilentPatients, sqlSilentVisits} {
		b, n, err := Tally(v, text, id.First(since.Time()), since)
		if err != nil {
			return bad, looked, err
		}
		bad, looked = bad+b, looked+n
	}
	return bad, looked, nil
}

// Unsaid counts changes of roles, settings and policy since the moment whose details are gone, and those of the newest that lack what was there
// before or after (promise changes-of-power).
func Unsaid(v *View, since clock.Instant) (bad, looked int64, err error) {
	if bad, looked, err = Tally(v, sqlPowerBare, id.First(since.Time()), id.Zero); err != nil {
		return bad, looked, err
	}
	rows, err := v.Query(sqlPowerWords, id.First(since.Time()))
	if err != nil {
		return bad, looked, err
	}
	defer rows.Close()
	for rows.Next() {
		var leaf, owner id.ID
		var sealed []byte
		if err := rows.Scan(&leaf, &owner, &sealed); err != nil {
			return bad, looked, err
		}
		if text, err := v.Unseal(owner, "audit_detail", "sealed", leaf, sealed); err != nil || !audit.SaysBoth([]byte(text)) {
			bad++
		}
	}
	return bad, looked, rows.Err()
}

// Misfiled counts, among the newest entries, those that stand under another patient than they are about, or under none, and lists that stand under one:
// what "who looked" shows is found by that column (promise who-looked).
func Misfiled(v *View) (bad, looked int64, err error) {
	rows, err := v.Query(sqlMisfiled)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var under id.ID
		var action string
		var body []byte
		if err := rows.Scan(&under, &action, &body); err != nil {
			return bad, looked, err
		}
		looked++
		if e, err := audit.ParseEntry(body); err != nil || e.Patient != under || e.Action != action || e.Role == "" || action == audit.ActionList && !under.IsZero() {
			bad++
		}
	}
	return bad, looked, rows.Err()
}

// NewestLeaves are the bytes of the newest entries of the clinic that have their place in the tree, at most so many, by their ids. Those
// that wait are passed over.
func NewestLeaves(v *View, most int) (map[id.ID][]byte, error) {
	rows, err := v.Query(sqlLeaves)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.ID][]byte{}
	for rows.Next() {
		var leaf id.ID
		var body, commitment []byte
		var placed int
		if err := rows.Scan(&leaf, &body, &commitment, &placed); err != nil {
			return nil, err
		}
		if placed > 0 && len(out) < most {
			out[leaf] = audit.Leaf(body, commitment)
		}
	}
	return out, rows.Err()
}

// Bare counts keys for the services at which the clinic has accounts that lie unsealed (promise secrets-kept-apart).
func Bare(v *View) (bad, looked int64, err error) {
	rows, err := v.Query(sqlCredentials)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return bad, looked, err
		}
		if looked++; b != nil && !vault.Sealed(b) {
			bad++
		}
	}
	return bad, looked, rows.Err()
}
