package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// EventHeard is announced for each piece of news that a provider reported. Its subject is the row in
// heard, its number how often it was looked at before.
const EventHeard = "message.heard"

const (
	sqlHeardAdd = `INSERT INTO heard (clinic_id, channel_id, key, id, news, event, heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (clinic_id, channel_id, key) DO NOTHING`
	sqlHeardGet    = `SELECT channel_id, news, event, heard_at, done_at FROM heard WHERE clinic_id = $1 AND id = $2`
	sqlHeardDone   = `UPDATE heard SET event = NULL, done_at = $3 WHERE clinic_id = $1 AND id = $2 AND done_at = 0`
	sqlHeardLeft   = `SELECT id, channel_id, event, heard_at FROM heard WHERE clinic_id = $1 AND done_at = 0 AND news = 'message' ORDER BY heard_at DESC, id DESC LIMIT 200`
	sqlHeardCount  = `SELECT COUNT(*) FROM heard WHERE clinic_id = $1 AND done_at = 0 AND news = 'message'`
	sqlHeardForget = `UPDATE heard SET event = NULL WHERE clinic_id = $1 AND event IS NOT NULL AND heard_at < $2`
	sqlHeardAge    = `DELETE FROM heard WHERE clinic_id = $1 AND heard_at < $2`

	sqlReachedFind = `SELECT id, patient_id, state, reached FROM message WHERE clinic_id = $1 AND provider_id = $2 AND channel_id = $3`
	sqlReachedOurs = `SELECT id, patient_id, state, reached FROM message WHERE clinic_id = $1 AND id = $2 AND channel_id = $3`
	sqlReachedSet  = `UPDATE message SET reached = $4, reached_at = $5, state = $6, reason = $7, provider_id = CASE WHEN provider_id = '' THEN $8 ELSE provider_id END
	WHERE clinic_id = $1 AND id = $2 AND reached = $3`
)

// heardFor is how long a report that names no message of ours is looked at again: it may come
// before the answer to the sending has been written down.
const heardFor = 10 * time.Minute

// keptUnread is how long what somebody wrote waits, sealed, for a person of the clinic (F3: nothing of
// it is stored longer unless the clinic chose that). That somebody wrote stays visible.
const keptUnread = 24 * time.Hour

// rank orders how far a message came; what was heard earlier or twice changes nothing, so that the end
// is the same in whatever order reports come.
func (r Reached) rank() int {
	switch r {
	case ReachedAccepted:
		return 1
	case ReachedSent:
		return 2
	case ReachedFailed: // stands only while nothing better has been heard
		return 3
	case ReachedDelivered:
		return 4
	case ReachedOpened:
		return 5
	case ReachedRead:
		return 6
	}
	return 0
}

// Hear takes a provider's request: it checks the signature with the account's own secrets, stores what
// is new, sealed, and answers at once; EventHeard does the rest. A report that came before changes
// nothing. fault.NotFound when there is no such account, ErrForged and ErrUnreadable as Inbound says.
func (s *Service) Hear(ctx context.Context, who access.Caller, provider string, one id.ID, h Hook) (Answer, error) {
	p := s.providers[provider]
	if p == nil {
		return Answer{}, fault.Missing()
	}
	var c Connection
	err := s.db.View(ctx, who, access.MessageHear, func(_ context.Context, v *store.View) error {
		a, err := account(v, sqlAccountGet, one)
		if err == nil && (a.State == AccountRevoked || a.Provider != provider) {
			err = fault.Missing()
		}
		if err == nil {
			c, err = s.connection(v, a)
		}
		return err
	})
	if errors.Is(err, vault.ErrShredded) || errors.Is(err, vault.ErrForged) {
		err = fault.Missing()
	}
	if err != nil {
		return Answer{}, err
	}
	events, answer, err := p.Read(ctx, c, h)
	if err != nil || len(events) == 0 {
		return answer, err
	}
	return answer, s.db.Change(ctx, who, access.MessageHear, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a provider's report waits for its work, which records itself")
		wrote := int64(0)
		for _, e := range events {
			if e.Key == "" {
				return fmt.Errorf("messaging: a report of %s has no key", provider)
			}
			body, err := json.Marshal(e)
			if err != nil {
				return err
			}
			row := tx.NewID()
			sealed, err := tx.Seal(vault.ClinicData, "heard", "event", row, string(body))
			if err != nil {
				return err
			}
			n, err := tx.Exec(sqlHeardAdd, one, string(e.Kind)+" "+e.Key, row, string(e.Kind), sealed, tx.Now())
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			if e.Kind == MessageNews {
				wrote++
			}
			if err := tx.Announce(EventHeard, row, 0); err != nil {
				return err
			}
		}
		if wrote == 0 {
			return nil
		}
		return used(tx, one, DayUse{Received: wrote})
	})
}

// Digest acts on one piece of news, inside the Change that takes the event away.
func Digest(tx *store.Tx, one id.ID, looked int64) error {
	var channel id.ID
	var news News
	var sealed []byte
	var at, done clock.Instant
	err := tx.Row(sqlHeardGet, one).Scan(&channel, &news, &sealed, &at, &done)
	if errors.Is(err, store.ErrNoRows) || err == nil && (done > 0 || len(sealed) == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := tx.Unseal(vault.ClinicData, "heard", "event", one, sealed)
	if err != nil {
		return err
	}
	var e Event
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	settled := true
	switch news {
	case StateNews:
		known, err := reach(tx, channel, e)
		if err != nil {
			return err
		}
		if !known && tx.Now().Sub(at) < heardFor {
			return tx.AnnounceLater(EventHeard, one, looked+1, min(time.Duration(looked+1)*2*time.Second, time.Minute))
		}
	case ChoiceNews:
		err = choose(tx, channel, e, e.Stop)
	case MessageNews:
		switch contact.StopWord(e.Text) {
		case contact.SaysStop:
			err = choose(tx, channel, e, true)
		case contact.SaysStart:
			err = choose(tx, channel, e, false)
		default:
			settled = false // it waits for a person: see Answers
		}
	case AccountNews:
		if e.Status == "revoked" || e.Status == "disabled" {
			err = broken(tx, channel, codeOnly(e.Status))
		}
	}
	if err != nil || !settled {
		return err
	}
	_, err = tx.Exec(sqlHeardDone, one, tx.Now())
	return err
}

// reach notes how far a message came; known is false when no message of this account has the id.
func reach(tx *store.Tx, channel id.ID, e Event) (known bool, err error) {
	var m, patient id.ID
	var state State
	var was Reached
	if e.Message.IsZero() {
		err = tx.Row(sqlReachedFind, codeOnly(e.ProviderID), channel).Scan(&m, &patient, &state, &was)
	} else {
		err = tx.Row(sqlReachedOurs, e.Message, channel).Scan(&m, &patient, &state, &was)
	}
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	if err != nil || e.Reached.rank() <= was.rank() {
		return true, err
	}
	at := e.At
	if at == 0 || at > tx.Now() {
		at = tx.Now()
	}
	reason := ""
	switch {
	case e.Reached == ReachedFailed:
		reason = codeOnly(e.Code)
		if state == Sent || state == Unsure {
			state = Rejected
		}
	case state == Unsure || state == Rejected: // the provider knows better
		state = Sent
	}
	n, err := tx.Exec(sqlReachedSet, m, string(was), string(e.Reached), at, string(state), reason, codeOnly(e.ProviderID))
	if err != nil || n == 0 {
		return true, err
	}
	tx.Record(audit.Note{Action: "reach", Kind: "message", Subject: m, Patient: patient, New: e.Reached})
	return true, step(tx, m, State(e.Reached), reason)
}

// choose closes what needs consent, on the account's channel, for everybody who is reached at the
// address that stopped, or opens again what that closed: whoever holds the phone has the say over it.
func choose(tx *store.Tx, channel id.ID, e Event, stop bool) error {
	a, err := account(&tx.View, sqlAccountGet, channel)
	if err != nil {
		return err
	}
	people, err := patients.Reached(&tx.View, contact.Phone(e.From.Phone), contact.Email(e.From.Address))
	if err != nil {
		return err
	}
	for _, p := range people {
		if stop {
			err = consent.StopBy(tx, p, string(a.Channel))
		} else {
			err = consent.ResumeBy(tx, p, string(a.Channel))
		}
		if err != nil && !missing(err) {
			return err
		}
	}
	return nil
}

// Wrote is something that a patient wrote to the clinic's number and that waits for a person.
type Wrote struct {
	ID      id.ID
	Channel Channel
	At      clock.Instant
	Text    string          // empty when it was not kept
	Kept    bool            // the text is still there
	From    string          // the number or address, masked
	People  []patients.Name // who is reached there: several where a family shares a phone
	IDs     []id.ID         // of People
}

// Answers lists what patients wrote and nobody has dealt with, the newest first. Showing it is written down.
func (s *Service) Answers(ctx context.Context, who access.Caller) ([]Wrote, error) {
	var out []Wrote
	err := s.db.View(ctx, who, access.MessageRead, func(_ context.Context, v *store.View) error {
		out = nil
		rows, err := v.Query(sqlHeardLeft)
		if err != nil {
			return err
		}
		type line struct {
			Wrote
			channel id.ID
			sealed  []byte
		}
		var lines []line
		for rows.Next() {
			var l line
			if err := rows.Scan(&l.ID, &l.channel, &l.sealed, &l.At); err != nil {
				_ = rows.Close()
				return err
			}
			lines = append(lines, l)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		var seen []id.ID
		for _, l := range lines {
			if a, err := account(v, sqlAccountGet, l.channel); err == nil {
				l.Channel = a.Channel
			}
			if text, err := v.Unseal(vault.ClinicData, "heard", "event", l.ID, l.sealed); err == nil && text != "" {
				var e Event
				if json.Unmarshal([]byte(text), &e) == nil {
					l.Text, l.Kept, l.From = e.Text, true, contact.Phone(e.From.Phone).Masked()
					if e.From.Phone == "" {
						l.From = contact.Email(e.From.Address).Masked()
					}
					if l.IDs, err = patients.Reached(v, contact.Phone(e.From.Phone), contact.Email(e.From.Address)); err != nil {
						return err
					}
				}
			}
			names, err := patients.Names(v, l.IDs)
			if err != nil {
				return err
			}
			for _, p := range l.IDs {
				l.People = append(l.People, names[p])
			}
			seen = append(seen, l.IDs...)
			out = append(out, l.Wrote)
		}
		if len(seen) > 0 {
			v.Listed("answers", string(clock.DateOf(v.Now().Time())), seen)
		}
		return nil
	})
	return out, err
}

// AnswerDone says that somebody dealt with what was written; its text is deleted.
func (s *Service) AnswerDone(ctx context.Context, who access.Caller, one id.ID) error {
	return s.db.Change(ctx, who, access.MessageSettle, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "settle", Kind: "answer", Subject: one})
		return tx.Must(sqlHeardDone, one, tx.Now())
	})
}

// forget deletes what was written from the patient's number or address and still waits.
func forget(tx *store.Tx, patient id.ID) error {
	phone, email, _, err := patients.Contact(&tx.View, patient)
	if err != nil && !missing(err) {
		return err
	}
	if phone == "" && email == "" {
		return nil
	}
	rows, err := tx.Query(sqlHeardLeft)
	if err != nil {
		return err
	}
	sealed := map[id.ID][]byte{}
	for rows.Next() {
		var one, channel id.ID
		var event []byte
		var at clock.Instant
		if err := rows.Scan(&one, &channel, &event, &at); err != nil {
			_ = rows.Close()
			return err
		}
		sealed[one] = event
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for one, event := range sealed {
		text, err := tx.Unseal(vault.ClinicData, "heard", "event", one, event)
		var e Event
		if err != nil || text == "" || json.Unmarshal([]byte(text), &e) != nil {
			continue
		}
		if phone != "" && e.From.Phone == phone || email != "" && e.From.Address == email {
			if _, err := tx.Exec(sqlHeardDone, one, tx.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}
