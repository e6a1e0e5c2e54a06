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
	sqlStrangeScopes = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN scopes >= $2 THEN 1 ELSE 0 END), 0) FROM api_token WHERE clinic_id = $1`
	sqlBeyondScopes  = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN l.action IN ('delete', 'erase', 'export', 'copy', 'hold', 'grant')
	OR l.kind IN ('membership', 'invitation', 'clinic', 'person', 'erasure', 'retention', 'token', 'webhook', 'channel', 'gateway', 'policy', 'audit', 'list', 'held-record', 'data-request')
	OR NOT EXISTS (SELECT 1 FROM api_token t WHERE t.clinic_id = l.clinic_id AND t.id = l.actor_id) THEN 1 ELSE 0 END), 0)
	FROM audit_leaf l WHERE l.clinic_id = $1 AND l.id >= $2 AND l.role = 'program'`
	sqlKinds = `SELECT kind, COUNT(*) FROM webhook_delivery WHERE clinic_id = $1 AND id >= $2 GROUP BY kind`
	sqlSlack = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN d.state = 'failed' AND d.attempts < $2 THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN d.state = 'planned' AND d.due_at < $3 AND e.state = 'on' AND e.busy_until < $3 THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN d.state IN ('planned', 'failed') AND e.state = 'on' AND e.failing_since > 0 AND d.tried_at >= e.failing_since + 432000000000 AND d.tried_at < $3 THEN 1 ELSE 0 END), 0)
	FROM webhook_delivery d JOIN webhook_endpoint e ON e.clinic_id = d.clinic_id AND e.id = d.endpoint_id WHERE d.clinic_id = $1 AND d.id >= $4`
	sqlNotTold = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'off' AND reason <> 'by-hand' AND told_at < state_at AND state_at < $2 THEN 1 ELSE 0 END), 0) FROM webhook_endpoint WHERE clinic_id = $1`
	sqlEvery   = `SELECT host, COUNT(*) FROM webhook_endpoint WHERE clinic_id = $1 GROUP BY host`
	sqlBehind  = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN d.tried_at >= $2 OR d.patient_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM patient p WHERE p.clinic_id = d.clinic_id AND p.id = d.patient_id) THEN 1 ELSE 0 END), 0)
	FROM webhook_delivery d WHERE d.clinic_id = $1`
)

// Overreach counts tokens that open what is no scope, and what programs did since the moment that no scope lends, or by a token that is not there (promise
// token-scopes).
func Overreach(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	all := access.ProgramScope(0)
	for _, s := range access.ProgramScopes {
		all |= s
	}
	if bad, looked, err = store.Tally(v, sqlStrangeScopes, int64(all)+1); err != nil {
		return bad, looked, err
	}
	b, n, err := store.Tally(v, sqlBeyondScopes, id.First(since.Time()))
	return bad + b, looked + n, err
}

// Wordy counts tellings since the moment whose kind is no word of the list (promise webhooks-thin).
func Wordy(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	return listed(v, sqlKinds, func(kind string) bool { return kind == TestKind || ParseEvent(kind) != 0 }, id.First(since.Time()))
}

// Exposed counts addresses that do not begin at a public name at a port for https (promise webhooks-guarded).
func Exposed(v *store.View) (bad, looked int64, err error) {
	return listed(v, sqlEvery, func(host string) bool {
		name, port, _ := strings.Cut(host, ":")
		return egress.PublicName(name) && (port == "443" || port == "8443")
	})
}

// listed counts rows by their text, and those whose text is not as it may be.
func listed(v *store.View, text string, may func(string) bool, args ...any) (bad, looked int64, err error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		var n int64
		if err := rows.Scan(&one, &n); err != nil {
			return bad, looked, err
		}
		if looked += n; !may(one) {
			bad += n
		}
	}
	return bad, looked, rows.Err()
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

// Slack counts tellings since the moment that were given up before the end of the schedule, or, unless nothing may leave, were due before late and not tried; tries
// at addresses that had failed for days and are on; and addresses that were switched off before late and whose owners were not told (promise webhooks-again).
func Slack(v *store.View, since, late clock.Instant, held bool) (bad, looked int64, err error) {
	var gaveUp, forgot, on int64
	if err = v.Row(sqlSlack, len(schedule)+1, late, id.First(since.Time())).Scan(&looked, &gaveUp, &forgot, &on); err != nil {
		return 0, looked, err
	}
	if held {
		forgot = 0
	}
	untold, n, err := store.Tally(v, sqlNotTold, late)
	return gaveUp + forgot + on + untold, looked + n, err
}

// never is a moment at which nothing was tried.
const never = clock.Instant(1<<63 - 1)

// Behind counts tellings about patients who are not there any more, and those that were made since the moment at which a backup was put back; zero: there
// was none, or it was let go (promise webhooks-held).
func Behind(v *store.View, restored clock.Instant) (bad, looked int64, err error) {
	if restored == 0 {
		restored = never
	}
	return store.Tally(v, sqlBehind, restored)
}
