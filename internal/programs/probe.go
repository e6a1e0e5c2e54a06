package programs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What the live looks ask of this room. Each counts what must not be there.

const (
	sqlStrangeScopes = `SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND scopes >= $2`
	sqlBeyondScopes  = `SELECT COUNT(*) FROM audit_leaf l WHERE l.clinic_id = $1 AND l.id >= $2 AND l.role = 'program' AND (l.action IN ('delete', 'erase', 'export', 'copy', 'hold', 'grant')
	OR l.kind IN ('membership', 'invitation', 'clinic', 'person', 'erasure', 'retention', 'token', 'webhook', 'channel', 'gateway', 'policy', 'audit', 'list', 'held-record', 'data-request')
	OR NOT EXISTS (SELECT 1 FROM api_token t WHERE t.clinic_id = l.clinic_id AND t.id = l.actor_id))`
	sqlKinds   = `SELECT DISTINCT kind FROM webhook_delivery WHERE clinic_id = $1`
	sqlGaveUp  = `SELECT COUNT(*) FROM webhook_delivery WHERE clinic_id = $1 AND state = 'failed' AND attempts < $2`
	sqlForgot  = `SELECT COUNT(*) FROM webhook_delivery d JOIN webhook_endpoint e ON e.clinic_id = d.clinic_id AND e.id = d.endpoint_id WHERE d.clinic_id = $1 AND d.state = 'planned' AND d.due_at < $2 AND e.state = 'on' AND e.busy_until < $2`
	sqlStillOn = `SELECT COUNT(*) FROM webhook_endpoint e WHERE e.clinic_id = $1 AND e.state = 'on' AND e.failing_since > 0
	AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.clinic_id = e.clinic_id AND d.endpoint_id = e.id AND d.state IN ('planned', 'failed') AND d.tried_at >= e.failing_since + 432000000000 AND d.tried_at < $2)`
	sqlNotTold  = `SELECT COUNT(*) FROM webhook_endpoint WHERE clinic_id = $1 AND state = 'off' AND reason <> 'by-hand' AND told_at < state_at AND state_at < $2`
	sqlEvery    = `SELECT DISTINCT host FROM webhook_endpoint WHERE clinic_id = $1 ORDER BY host`
	sqlOfGone   = `SELECT COUNT(*) FROM webhook_delivery d WHERE d.clinic_id = $1 AND d.patient_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM patient p WHERE p.clinic_id = d.clinic_id AND p.id = d.patient_id)`
	sqlToldHeld = `SELECT COUNT(*) FROM webhook_delivery WHERE clinic_id = $1 AND tried_at >= $2`
)

// Overreach counts tokens that open what is no scope, and what programs did since the moment that no scope lends, or by a token that is not there (promise
// token-scopes).
func Overreach(v *store.View, since clock.Instant) (int64, error) {
	all := access.ProgramScope(0)
	for _, s := range access.ProgramScopes {
		all |= s
	}
	n, err := store.Count(v, sqlStrangeScopes, int64(all)+1)
	if err != nil {
		return n, err
	}
	m, err := store.Count(v, sqlBeyondScopes, id.First(since.Time()))
	return n + m, err
}

// Wordy counts kinds of tellings that are no word of the list (promise webhooks-thin).
func Wordy(v *store.View) (n int64, err error) {
	rows, err := v.Query(sqlKinds)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			return n, err
		}
		if kind != TestKind && ParseEvent(kind) == 0 {
			n++
		}
	}
	return n, rows.Err()
}

// MadeUp is what is sent of a telling about nobody.
func MadeUp(at time.Time) []byte {
	return Delivery{ID: id.New(at), Kind: PatientChanged.Word(), Subject: id.New(at), Patient: id.New(at), HappenedAt: clock.At(at)}.body()
}

// Thin says whether a body holds a word of the list, a moment and ids, and nothing else.
func Thin(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	var b bodyOut
	if err := d.Decode(&b); err != nil {
		return errors.New("programs: what is sent of a telling holds more than a type, a moment and ids")
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("programs: something stands behind what is sent of a telling")
	}
	_, when := time.Parse(time.RFC3339Nano, b.Timestamp)
	_, what := id.Parse(b.Data.ID)
	who := error(nil)
	if b.Data.Patient != "" {
		_, who = id.Parse(b.Data.Patient)
	}
	if when != nil || what != nil || who != nil || b.Type != TestKind && ParseEvent(b.Type) == 0 {
		return errors.New("programs: what is sent of a telling is not made of a word, a moment and ids")
	}
	return nil
}

// Slack counts tellings that were given up before the end of the schedule, or, unless nothing may leave, were due before the moment and not tried; addresses
// that failed for days and are on; and those that were switched off before the moment and whose owners were not told (promise webhooks-again).
func Slack(v *store.View, late clock.Instant, held bool) (gaveUp, forgot, on, untold int64, err error) {
	if gaveUp, err = store.Count(v, sqlGaveUp, len(schedule)+1); err != nil {
		return
	}
	if on, err = store.Count(v, sqlStillOn, late); err != nil {
		return
	}
	if untold, err = store.Count(v, sqlNotTold, late); err != nil || held {
		return
	}
	forgot, err = store.Count(v, sqlForgot, late)
	return
}

// Exposed counts addresses that do not begin at a public name at a port for https (promise webhooks-guarded).
func Exposed(v *store.View) (bad int64, hosts int, err error) {
	rows, err := v.Query(sqlEvery)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var host string
		if err := rows.Scan(&host); err != nil {
			return bad, hosts, err
		}
		name, port, _ := strings.Cut(host, ":")
		if hosts++; !egress.PublicName(name) || port != "443" && port != "8443" {
			bad++
		}
	}
	return bad, hosts, rows.Err()
}

// Behind counts tellings about patients who are not there any more, and those that were made since the moment at which a backup was put back; zero: there
// was none, or it was let go (promise webhooks-held).
func Behind(v *store.View, restored clock.Instant) (gone, told int64, err error) {
	if gone, err = store.Count(v, sqlOfGone); err != nil || restored == 0 {
		return gone, 0, err
	}
	told, err = store.Count(v, sqlToldHeld, restored)
	return gone, told, err
}
