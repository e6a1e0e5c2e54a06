package programs

import (
	"errors"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	tokenColumns = `id, name, hint, person_id, scopes, created_at, expires_at, used_on, used_from, ended_at, ended_by`

	sqlTokenAdd = `INSERT INTO api_token (clinic_id, id, person_id, name, token_hash, hint, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlTokenBy  = `SELECT ` + tokenColumns + ` FROM api_token WHERE clinic_id = $1 AND token_hash = $2 AND ended_at = 0 AND expires_at > $3`
	sqlTokenGet = `SELECT ` + tokenColumns + ` FROM api_token WHERE clinic_id = $1 AND id = $2`
	sqlTokens   = `SELECT ` + tokenColumns + ` FROM api_token WHERE clinic_id = $1 ORDER BY created_at DESC, id DESC LIMIT 200`
	sqlTokensOn = `SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND ended_at = 0 AND expires_at > $2`
	sqlTokenUse = `UPDATE api_token SET used_on = $3, used_from = $4 WHERE clinic_id = $1 AND id = $2 AND (used_on < $3 OR used_from <> $4)`
	sqlTokenEnd = `UPDATE api_token SET ended_at = $3, ended_by = $4 WHERE clinic_id = $1 AND id = $2 AND ended_at = 0`
	sqlTokenOld = `DELETE FROM api_token WHERE clinic_id = $1 AND (expires_at < $2 OR ended_at > 0 AND ended_at < $2)`

	sqlTokensEnding = `SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND ended_at = 0 AND told_at = 0 AND expires_at > $2 AND expires_at <= $3`
	sqlTokensTold   = `UPDATE api_token SET told_at = $2 WHERE clinic_id = $1 AND ended_at = 0 AND told_at = 0 AND expires_at > $2 AND expires_at <= $3`

	endpointColumns = `id, url, host, events, secret, old_secret, old_until, state, reason, state_at, failing_since, created_at, version`

	sqlEndpointAdd = `INSERT INTO webhook_endpoint (clinic_id, id, url, host, events, secret, state, state_at, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, 'on', $7, $8, $7)`
	sqlEndpointGet = `SELECT ` + endpointColumns + ` FROM webhook_endpoint WHERE clinic_id = $1 AND id = $2`
	sqlEndpoints   = `SELECT ` + endpointColumns + ` FROM webhook_endpoint WHERE clinic_id = $1 ORDER BY created_at, id`
	sqlEndpointsOf = `SELECT id, state FROM webhook_endpoint WHERE clinic_id = $1 AND (events & $2) <> 0 ORDER BY id`
	sqlEndpointHow = `UPDATE webhook_endpoint SET events = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlEndpointNew = `UPDATE webhook_endpoint SET secret = $4, old_secret = $5, old_until = $6, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlEndpointSet = `UPDATE webhook_endpoint SET state = $4, reason = $5, state_at = $6, failing_since = 0, busy_until = 0, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlEndpointOut = `DELETE FROM webhook_endpoint WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlEndpointOld = `UPDATE webhook_endpoint SET old_secret = NULL, old_until = 0 WHERE clinic_id = $1 AND old_until > 0 AND old_until <= $2`
	sqlHosts       = `SELECT DISTINCT host FROM webhook_endpoint WHERE clinic_id = $1 AND state = 'on' ORDER BY host`

	sqlEndpointTake = `UPDATE webhook_endpoint SET busy_until = $4 WHERE clinic_id = $1 AND id = $2 AND state = 'on' AND busy_until <= $3`
	sqlEndpointGive = `UPDATE webhook_endpoint SET busy_until = $3 WHERE clinic_id = $1 AND id = $2`
	sqlEndpointWell = `UPDATE webhook_endpoint SET failing_since = 0 WHERE clinic_id = $1 AND id = $2 AND failing_since > 0`
	sqlEndpointIll  = `UPDATE webhook_endpoint SET failing_since = $3 WHERE clinic_id = $1 AND id = $2 AND failing_since = 0`
	sqlEndpointStop = `UPDATE webhook_endpoint SET state = 'off', reason = $3, state_at = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND state = 'on'`

	sqlEndpointsUntold = `SELECT COUNT(*) FROM webhook_endpoint WHERE clinic_id = $1 AND state = 'off' AND reason <> 'by-hand' AND told_at < state_at`
	sqlEndpointsTold   = `UPDATE webhook_endpoint SET told_at = $2 WHERE clinic_id = $1 AND state = 'off' AND told_at < state_at`

	deliveryColumns = `id, endpoint_id, kind, subject_id, patient_id, happened_at, state, due_at, attempts, answer, reason, tried_at`

	sqlDeliveryAdd = `INSERT INTO webhook_delivery (clinic_id, id, endpoint_id, event_id, kind, subject_id, patient_id, happened_at, state, due_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (clinic_id, endpoint_id, event_id) DO NOTHING`
	sqlDeliveryGet  = `SELECT ` + deliveryColumns + ` FROM webhook_delivery WHERE clinic_id = $1 AND id = $2`
	sqlDeliveries   = `SELECT ` + deliveryColumns + ` FROM webhook_delivery WHERE clinic_id = $1 AND endpoint_id = $2 ORDER BY happened_at DESC, id DESC LIMIT $3`
	sqlDeliveryNext = `SELECT ` + deliveryColumns + ` FROM webhook_delivery WHERE clinic_id = $1 AND endpoint_id = $2 AND state = 'planned' AND due_at <= $3 ORDER BY due_at, id LIMIT 1`
	sqlDeliveryTry  = `UPDATE webhook_delivery SET attempts = attempts + 1, tried_at = $4, due_at = $5 WHERE clinic_id = $1 AND id = $2 AND state = 'planned' AND attempts = $3`
	sqlDeliveryDone = `UPDATE webhook_delivery SET state = $4, answer = $5, reason = $6, due_at = $7 WHERE clinic_id = $1 AND id = $2 AND attempts = $3 AND state = 'planned'`
	sqlDeliveryAway = `DELETE FROM webhook_delivery WHERE clinic_id = $1 AND endpoint_id = $2`
	sqlDeliveryStop = `UPDATE webhook_delivery SET state = 'missed' WHERE clinic_id = $1 AND endpoint_id = $2 AND state = 'planned'`
	sqlDeliveryOnce = `UPDATE webhook_delivery SET state = 'planned', due_at = $3, attempts = 0 WHERE clinic_id = $1 AND id = $2 AND state <> 'planned'`
	sqlReplayRange  = `SELECT id FROM webhook_delivery WHERE clinic_id = $1 AND endpoint_id = $2 AND happened_at >= $3 AND happened_at < $4 AND state <> 'planned' ORDER BY happened_at, id LIMIT $5`
	sqlDeliveryOld  = `DELETE FROM webhook_delivery WHERE clinic_id = $1 AND happened_at < $2 AND (patient_id IS NULL OR patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held'))`
	sqlDeliveryGone = `DELETE FROM webhook_delivery WHERE clinic_id = $1 AND patient_id = $2`
	sqlDeliveryOf   = `SELECT ` + deliveryColumns + ` FROM webhook_delivery WHERE clinic_id = $1 AND patient_id = $2 ORDER BY happened_at, id`
	sqlRestored     = `UPDATE webhook_delivery SET state = 'uncertain' WHERE clinic_id = $1 AND state = 'planned'`
	sqlRestoredIdle = `UPDATE webhook_endpoint SET busy_until = 0 WHERE clinic_id = $1`

	sqlDeliveryDue = `SELECT COALESCE(MIN(CASE WHEN e.busy_until > d.due_at THEN e.busy_until ELSE d.due_at END), 0) FROM webhook_delivery d
	JOIN webhook_endpoint e ON e.clinic_id = d.clinic_id AND e.id = d.endpoint_id WHERE d.clinic_id = $1 AND d.state = 'planned' AND e.state = 'on'`
	sqlEndpointsDue = `SELECT DISTINCT d.endpoint_id FROM webhook_delivery d JOIN webhook_endpoint e ON e.clinic_id = d.clinic_id AND e.id = d.endpoint_id
	WHERE d.clinic_id = $1 AND d.state = 'planned' AND d.due_at <= $2 AND e.state = 'on' AND e.busy_until <= $2`
)

func scanToken(v *store.View, row interface{ Scan(...any) error }) (Token, error) {
	var t Token
	var name []byte
	err := row.Scan(&t.ID, &name, &t.Hint, &t.Maker, &t.Scopes, &t.CreatedAt, &t.ExpiresAt, &t.UsedOn, &t.UsedFrom, &t.EndedAt, &t.EndedBy)
	if err != nil {
		return t, err
	}
	t.Name, err = v.Unseal(vault.ClinicData, "api_token", "name", t.ID, name)
	return t, err
}

func tokens(v *store.View) ([]Token, error) {
	rows, err := v.Query(sqlTokens)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Token
	for rows.Next() {
		t, err := scanToken(v, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

func endpoints(v *store.View, text string, args ...any) ([]Endpoint, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Endpoint
	for rows.Next() {
		var e Endpoint
		var url, secret, old []byte
		if err := rows.Scan(&e.ID, &url, &e.Host, &e.Events, &secret, &old, &e.OldUntil, &e.State, &e.Reason, &e.StateAt, &e.FailingSince, &e.CreatedAt, &e.Version); err != nil {
			return nil, err
		}
		for _, x := range []struct {
			into   *string
			column string
			sealed []byte
		}{{&e.URL, "url", url}, {&e.secret, "secret", secret}, {&e.old, "old_secret", old}} {
			if *x.into, err = v.Unseal(vault.ClinicData, "webhook_endpoint", x.column, e.ID, x.sealed); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// endpoint reads one address. fault.NotFound when it is none of the clinic's.
func endpoint(v *store.View, one id.ID) (Endpoint, error) {
	list, err := endpoints(v, sqlEndpointGet, one)
	if err == nil && len(list) == 0 {
		err = fault.Missing()
	}
	if err != nil {
		return Endpoint{}, err
	}
	return list[0], nil
}

func scanDelivery(row interface{ Scan(...any) error }) (Delivery, error) {
	var d Delivery
	err := row.Scan(&d.ID, &d.Endpoint, &d.Kind, &d.Subject, &d.Patient, &d.HappenedAt, &d.State, &d.DueAt, &d.Attempts, &d.Answer, &d.Reason, &d.TriedAt)
	return d, err
}

func deliveries(v *store.View, text string, args ...any) ([]Delivery, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Delivery
	for rows.Next() {
		d, err := scanDelivery(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

func instant(v *store.View, text string) (clock.Instant, error) {
	var at clock.Instant
	err := v.Row(text).Scan(&at)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil
	}
	return at, err
}
