package support

import (
	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	grantColumns = `id, helper_id, helper_name, reason, scopes, patient_id, minutes, emergency, state, asked_at, decided_at, decided_by, ends_at, ended_at, ended_by, reviewed_at, reviewed_by`

	sqlGrantAdd = `INSERT INTO support_grant (clinic_id, id, helper_id, helper_name, reason, scopes, minutes, emergency, state, asked_at, decided_at, ends_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	sqlGrantGet     = `SELECT ` + grantColumns + ` FROM support_grant WHERE clinic_id = $1 AND id = $2`
	sqlGrantRecent  = `SELECT ` + grantColumns + ` FROM support_grant WHERE clinic_id = $1 ORDER BY asked_at DESC, id DESC LIMIT $2`
	sqlGrantMine    = `SELECT ` + grantColumns + ` FROM support_grant WHERE clinic_id = $1 AND helper_id = $2 ORDER BY asked_at DESC, id DESC LIMIT $3`
	sqlGrantAhead   = `SELECT ` + grantColumns + ` FROM support_grant WHERE clinic_id = $1 AND asked_at > $2 AND (state = 'running' AND ends_at > $3 OR state = 'asked' AND asked_at > $4 OR emergency AND reviewed_at = 0) ORDER BY asked_at, id`
	sqlGrantWaiting = `SELECT COUNT(*) FROM support_grant WHERE clinic_id = $1 AND helper_id = $2 AND (state = 'asked' AND asked_at > $3 OR state = 'running' AND ends_at > $4)`
	sqlGrantDecide  = `UPDATE support_grant SET state = $3, patient_id = $4, decided_at = $5, decided_by = $6, ends_at = $7 WHERE clinic_id = $1 AND id = $2 AND state = 'asked' AND asked_at > $8`
	sqlGrantEnd     = `UPDATE support_grant SET state = 'ended', ended_at = $3, ended_by = $4 WHERE clinic_id = $1 AND id = $2 AND state = 'running' AND ends_at > $3`
	sqlGrantBack    = `UPDATE support_grant SET state = 'withdrawn', ended_at = $3, ended_by = $4 WHERE clinic_id = $1 AND id = $2 AND state = 'asked'`
	sqlGrantReview  = `UPDATE support_grant SET reviewed_at = $3, reviewed_by = $4 WHERE clinic_id = $1 AND id = $2 AND emergency AND reviewed_at = 0`
	sqlGrantOver    = `SELECT id FROM support_grant WHERE clinic_id = $1 AND state = 'running' AND ends_at <= $2 ORDER BY ends_at, id LIMIT 100`
	sqlGrantClock   = `UPDATE support_grant SET state = 'ended', ended_at = ends_at WHERE clinic_id = $1 AND id = $2 AND state = 'running' AND ends_at <= $3`
	sqlGrantStale   = `UPDATE support_grant SET state = 'withdrawn', ended_at = $2 WHERE clinic_id = $1 AND state = 'asked' AND asked_at <= $3`
	sqlGrantOld     = `DELETE FROM support_grant WHERE clinic_id = $1 AND asked_at <= $2 AND state <> 'running' AND (patient_id IS NULL OR patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlGrantOf      = `SELECT ` + grantColumns + ` FROM support_grant WHERE clinic_id = $1 AND patient_id = $2 ORDER BY asked_at, id`
	sqlGrantForget  = `UPDATE support_grant SET patient_id = NULL, state = CASE WHEN state = 'running' THEN 'ended' ELSE state END, ended_at = CASE WHEN state = 'running' THEN $3 ELSE ended_at END
	WHERE clinic_id = $1 AND patient_id = $2`

	sqlGrantActs = `SELECT at, action, kind, subject_id, patient_id FROM audit_leaf WHERE clinic_id = $1 AND grant_id = $2 ORDER BY id LIMIT 500`

	sqlAskedAdd  = `INSERT INTO support_asked (person_id, clinic_id, asked_at) VALUES ($1, $2, $3) ON CONFLICT (person_id, clinic_id) DO UPDATE SET asked_at = excluded.asked_at`
	sqlAskedList = `SELECT clinic_id FROM support_asked WHERE person_id = $1 ORDER BY asked_at DESC, clinic_id LIMIT 30`
	sqlAskedOld  = `DELETE FROM support_asked WHERE asked_at <= $1`
	sqlSeatTake  = `INSERT INTO support_seat (session_id, person_id, clinic_id, grant_id, taken_at) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (session_id) DO UPDATE SET person_id = excluded.person_id, clinic_id = excluded.clinic_id, grant_id = excluded.grant_id, taken_at = excluded.taken_at`
	sqlSeatGet   = `SELECT clinic_id, grant_id FROM support_seat WHERE session_id = $1 AND person_id = $2`
	sqlSeatLeave = `DELETE FROM support_seat WHERE session_id = $1 AND person_id = $2`
	sqlSeatOld   = `DELETE FROM support_seat WHERE taken_at <= $1`

	sqlClinicNames = `SELECT clinic_id, slug FROM clinic_route WHERE opened_at > 0 AND NOT canary AND slug LIKE $1 ESCAPE '!' ORDER BY slug LIMIT $2`
)

func scanGrant(v *store.View, rows interface{ Scan(...any) error }) (Grant, error) {
	var g Grant
	var name, reason []byte
	err := rows.Scan(&g.ID, &g.Helper, &name, &reason, &g.Scopes, &g.Patient, &g.Minutes, &g.Emergency, &g.State, &g.AskedAt, &g.DecidedAt, &g.DecidedBy, &g.EndsAt, &g.EndedAt, &g.EndedBy, &g.ReviewedAt, &g.ReviewedBy)
	if err != nil {
		return g, err
	}
	if g.HelperName, err = v.Unseal(vault.ClinicData, "support_grant", "helper_name", g.ID, name); err != nil {
		return g, err
	}
	g.Reason, err = v.Unseal(vault.ClinicData, "support_grant", "reason", g.ID, reason)
	return g, err
}

func readGrant(v *store.View, one id.ID) (Grant, error) {
	all, err := grants(v, sqlGrantGet, one)
	if err == nil && len(all) == 0 {
		err = store.ErrNoRows
	}
	if err != nil {
		return Grant{}, err
	}
	return all[0], nil
}

func grants(v *store.View, text string, args ...any) ([]Grant, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Grant
	for rows.Next() {
		g, err := scanGrant(v, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// addGrant writes a new grant, asked for or, in an emergency, running already.
func addGrant(tx *store.Tx, g Grant) error {
	name, err := tx.Seal(vault.ClinicData, "support_grant", "helper_name", g.ID, g.HelperName)
	if err != nil {
		return err
	}
	reason, err := tx.Seal(vault.ClinicData, "support_grant", "reason", g.ID, g.Reason)
	if err != nil {
		return err
	}
	_, err = tx.Exec(sqlGrantAdd, g.ID, g.Helper, name, reason, g.Scopes, g.Minutes, g.Emergency, g.State, g.AskedAt, g.DecidedAt, g.EndsAt)
	return err
}

// Act is one entry that was written under a grant.
type Act struct {
	At           clock.Instant
	Action, Kind string
	Subject      id.ID
	Patient      id.ID
}

func acts(v *store.View, g Grant) ([]Act, error) {
	rows, err := v.Query(sqlGrantActs, g.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Act
	for rows.Next() {
		var a Act
		if err := rows.Scan(&a.At, &a.Action, &a.Kind, &a.Subject, &a.Patient); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// scopeWords are the words of the scopes, for the log.
func scopeWords(s access.Scope) []string {
	var out []string
	for _, x := range access.Scopes {
		if s.Has(x) {
			out = append(out, x.Word())
		}
	}
	return out
}
