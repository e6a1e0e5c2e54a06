package retention

import (
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	holdColumns = `id, patient_id, state, reason, until, asked_by, asked_at, approved_by, approved_at, ended_by, ended_at, version FROM legal_hold WHERE clinic_id = $1`
	sqlHoldAdd  = `INSERT INTO legal_hold (clinic_id, id, patient_id, state, reason, until, asked_by, asked_at) VALUES ($1, $2, $3, 'asked', $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	sqlHoldGet  = `SELECT ` + holdColumns + ` AND id = $2`
	sqlHoldOpen = `SELECT ` + holdColumns + ` AND patient_id = $2 AND state IN ('asked', 'held')`
	sqlHoldList = `SELECT ` + holdColumns + ` ORDER BY CASE WHEN state IN ('asked', 'held') THEN 0 ELSE 1 END, asked_at DESC, id DESC LIMIT 100`
	sqlHoldOver = `SELECT ` + holdColumns + ` AND state IN ('asked', 'held') AND until < $2`

	sqlHoldApprove = `UPDATE legal_hold SET state = 'held', approved_by = $4, approved_at = $5, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state = 'asked'`
	sqlHoldEnd     = `UPDATE legal_hold SET state = $4, ended_by = $5, ended_at = $6, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3 AND state IN ('asked', 'held')`
	sqlHoldErase   = `DELETE FROM legal_hold WHERE clinic_id = $1 AND patient_id = $2`
	sqlHoldOld     = `DELETE FROM legal_hold WHERE clinic_id = $1 AND state IN ('refused', 'ended') AND ended_at < $2`
	sqlHoldOf      = `SELECT ` + holdColumns + ` AND patient_id = $2 ORDER BY asked_at, id`
)

func holds(v *store.View, text string, args ...any) ([]Hold, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Hold
	for rows.Next() {
		var h Hold
		var reason []byte
		var approved, ended *id.ID
		if err := rows.Scan(&h.ID, &h.Patient, &h.State, &reason, &h.Until, &h.AskedBy, &h.AskedAt, &approved, &h.ApprovedAt, &ended, &h.EndedAt, &h.Version); err != nil {
			return nil, err
		}
		if approved != nil {
			h.ApprovedBy = *approved
		}
		if ended != nil {
			h.EndedBy = *ended
		}
		if h.Reason, err = v.Unseal(vault.ClinicData, "legal_hold", "reason", h.ID, reason); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}
