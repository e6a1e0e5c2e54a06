package messaging

import (
	"errors"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	// The indexes of messages hold only what is looked for (migration 32), and SQLite uses one only where a statement
	// repeats its condition word for word.
	inFlight       = `state IN ('sending', 'handing-over')`
	endedOtherwise = `state IN ('uncertain', 'given-up', 'refused', 'dropped', 'cancelled')`

	messageColumns = `id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, language, template, passport, state, reason, attempts, send_at, sender, provider_sealed, state_at, created_at, reached, reached_at, channel_id, parts, pricing, provider_told, waits`

	sqlMessageAdd = `INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, passport, state, send_at, state_at, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, 'planned', $13, $14, $14)
	ON CONFLICT (clinic_id, appointment_id, occurrence, rule_id, channel) DO NOTHING`
	sqlMessageOnce   = `SELECT id FROM message WHERE clinic_id = $1 AND appointment_id = $2 AND occurrence = $3 AND rule_id = $4 AND channel = $5`
	sqlMessagesAbout = `SELECT appointment_id, rule_id, channel, starts_at FROM message WHERE clinic_id = $1 AND state NOT IN ('cancelled', 'dropped') AND appointment_id IN `
	sqlMessagesIn    = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND id IN `
	sqlMessageGet = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND id = $2`
	sqlMessageRecent = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND (created_at < $2 OR created_at = $2 AND id < $3) ORDER BY created_at DESC, id DESC LIMIT $4`
	sqlMessageInState = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND state = $2 AND (created_at < $3 OR created_at = $3 AND id < $4) ORDER BY created_at DESC, id DESC LIMIT $5`
	sqlMessageEnded = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND ` + endedOtherwise + ` AND state = $2 AND (created_at < $3 OR created_at = $3 AND id < $4) ORDER BY created_at DESC, id DESC LIMIT $5`
	sqlMessageAhead = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND state = 'planned' AND state = $2 AND (created_at < $3 OR created_at = $3 AND id < $4) ORDER BY created_at DESC, id DESC LIMIT $5`
	sqlMessageInFlight = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND ` + inFlight + ` AND state = $2 AND (created_at < $3 OR created_at = $3 AND id < $4) ORDER BY created_at DESC, id DESC LIMIT $5`
	sqlMessageOfPatient = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND patient_id = $2 AND (created_at < $3 OR created_at = $3 AND id < $4) ORDER BY created_at DESC, id DESC LIMIT $5`
	sqlMessagePlannedTo = `SELECT ` + messageColumns + `
	FROM message WHERE clinic_id = $1 AND patient_id = $2 AND state = 'planned' ORDER BY id`
	// Of what was dropped only a confirmation is looked for, and not one that the next change overtook.
	sqlMessageTold = `SELECT kind, starts_at, provider_told, created_at, state FROM message WHERE clinic_id = $1 AND appointment_id = $2 AND kind IN ('appointment.booked', 'appointment.moved', 'appointment.cancelled', 'reminder')
	AND state <> 'cancelled' AND (state <> 'dropped' OR kind IN ('appointment.booked', 'appointment.moved') AND reason <> 'appointment-changed') ORDER BY created_at DESC, id DESC`
	sqlMessagePlanned = `SELECT id, kind, occurrence FROM message WHERE clinic_id = $1 AND appointment_id = $2 AND state = 'planned'`

	sqlMessageFromPlanned = `UPDATE message SET state = $3, reason = $4, send_at = $5, state_at = $6 WHERE clinic_id = $1 AND id = $2 AND state = 'planned'`
	sqlMessageWaitOn      = `UPDATE message SET send_at = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'planned'`
	sqlMessageTake        = `UPDATE message SET state = 'sending', reason = '', sender = $3, attempts = $4, language = $5, template = $6, passport = $7, state_at = $8, channel_id = $9
	WHERE clinic_id = $1 AND id = $2 AND state = 'planned' AND attempts = $4 - 1`
	sqlMessageHandOver = `UPDATE message SET state = 'handing-over', state_at = $2 WHERE clinic_id = $1 AND sender = $3 AND attempts = $4 AND state = 'sending' AND id IN `
	sqlMessageFinish   = `UPDATE message SET state = $5, reason = $6, provider_id = $7, send_at = $8, state_at = $9, provider_sealed = $10, parts = $11, pricing = CASE WHEN $12 = '' THEN pricing ELSE $12 END, waits = waits + $13
	WHERE clinic_id = $1 AND id = $2 AND sender = $3 AND attempts = $4 AND state IN ('sending', 'handing-over', 'uncertain')`
	sqlMessageLost    = `SELECT id, state, attempts, waits, kind FROM message WHERE clinic_id = $1 AND ` + inFlight + ` AND (state_at <= $2 OR ($4 AND sender <> $3))`
	sqlMessageRecover = `UPDATE message SET state = $5, reason = $6, state_at = $7 WHERE clinic_id = $1 AND id = $2 AND state = $3 AND attempts = $4`
	sqlMessageSettle  = `UPDATE message SET state = $4, reason = $5, send_at = $6, waits = CASE WHEN attempts = $7 THEN waits ELSE 0 END, attempts = $7, state_at = $6 WHERE clinic_id = $1 AND id = $2 AND state = $3`

	sqlMessageDue      = `SELECT id FROM message WHERE clinic_id = $1 AND state = 'planned' AND send_at <= $2 ORDER BY send_at, id LIMIT $3`
	sqlMessageNext     = `SELECT COALESCE(MIN(send_at), 0) FROM message WHERE clinic_id = $1 AND state = 'planned'`
	sqlMessageNextLost = `SELECT COALESCE(MIN(state_at), 0) FROM message WHERE clinic_id = $1 AND ` + inFlight
	sqlMessageCounts   = `SELECT state, COUNT(*) FROM message WHERE clinic_id = $1 AND state = 'planned' GROUP BY state
	UNION ALL SELECT state, COUNT(*) FROM message WHERE clinic_id = $1 AND ` + inFlight + ` GROUP BY state
	UNION ALL SELECT state, COUNT(*) FROM message WHERE clinic_id = $1 AND ` + endedOtherwise + ` AND state IN ('uncertain', 'given-up') GROUP BY state
	UNION ALL SELECT state, COUNT(*) FROM message WHERE clinic_id = $1 AND ` + endedOtherwise + ` AND state = 'refused' AND send_at >= $2 GROUP BY state`

	sqlStepAdd  = `INSERT INTO message_event (clinic_id, message_id, id, at, state, code) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlStepList = `SELECT at, state, code FROM message_event WHERE clinic_id = $1 AND message_id = $2 ORDER BY id`

	sqlTemplateLatest = `SELECT version, subject, body, created_at FROM template WHERE clinic_id = $1 AND kind = $2 AND channel = $3 AND language = $4 ORDER BY version DESC LIMIT 1`
	sqlTemplateAll    = `SELECT version, subject, body, created_at FROM template WHERE clinic_id = $1 AND kind = $2 AND channel = $3 AND language = $4 ORDER BY version DESC LIMIT 50`
	sqlTemplateNow    = `SELECT kind, channel, language, version, subject, body, created_at FROM template AS t WHERE clinic_id = $1
	AND version = (SELECT MAX(version) FROM template WHERE clinic_id = $1 AND kind = t.kind AND channel = t.channel AND language = t.language)`
	sqlTemplateAdd = `INSERT INTO template (clinic_id, kind, channel, language, version, subject, body, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

	sqlStepErase    = `DELETE FROM message_event WHERE clinic_id = $1 AND message_id IN (SELECT id FROM message WHERE clinic_id = $1 AND patient_id = $2)`
	sqlMessageErase = `DELETE FROM message WHERE clinic_id = $1 AND patient_id = $2`
	sqlStepAge      = `DELETE FROM message_event WHERE clinic_id = $1 AND message_id IN (SELECT id FROM message WHERE clinic_id = $1 AND created_at < $2 AND state NOT IN ('planned', 'sending', 'handing-over') AND patient_id NOT IN ` + held + `)`
	sqlMessageAge   = `DELETE FROM message WHERE clinic_id = $1 AND created_at < $2 AND state NOT IN ('planned', 'sending', 'handing-over') AND patient_id NOT IN ` + held
)

// row is a message as the table has it.
type row struct {
	id, patient, appointment id.ID
	occurrence               int64
	rule                     id.ID
	kind                     Kind
	channel                  Channel
	starts                   clock.Instant
	language                 string
	template                 int64
	passport                 []byte
	state                    State
	reason                   string
	attempts                 int64
	sendAt                   clock.Instant
	sender                   id.ID
	provider                 []byte // sealed
	stateAt, createdAt       clock.Instant
	reached                  Reached
	reachedAt                clock.Instant
	account                  id.ID // the clinic's own, by which it went; zero for none
	parts                    int64
	pricing                  string
	told                     id.ID // practitioner whom it tells
	waits                    int64 // attempts of this run that are no tries; see failures
}

// inState is the statement that lists messages in the state.
func inState(s State) string {
	switch s {
	case Planned:
		return sqlMessageAhead
	case Sending, HandingOver:
		return sqlMessageInFlight
	case Sent: // nearly every message: the newest are looked through
		return sqlMessageInState
	}
	return sqlMessageEnded
}

type scanner interface{ Scan(dst ...any) error }

func (r *row) scan(s scanner) error {
	return s.Scan(&r.id, &r.patient, &r.appointment, &r.occurrence, &r.rule, &r.kind, &r.channel, &r.starts, &r.language, &r.template, &r.passport,
		&r.state, &r.reason, &r.attempts, &r.sendAt, &r.sender, &r.provider, &r.stateAt, &r.createdAt, &r.reached, &r.reachedAt, &r.account, &r.parts, &r.pricing, &r.told, &r.waits)
}

// get reads a message; found is false when it is not there (erased meanwhile, or another clinic's).
func get(v *store.View, message id.ID) (r row, found bool, err error) {
	err = r.scan(v.Row(sqlMessageGet, message))
	if errors.Is(err, store.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

func list(v *store.View, text string, args ...any) ([]row, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// step writes one line of a message's history.
func step(tx *store.Tx, message id.ID, s State, code string) error {
	return tx.Later(sqlStepAdd, message, tx.NewID(), tx.Now(), string(s), code)
}
