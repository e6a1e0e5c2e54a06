package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
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
	sqlHeardLeft   = `SELECT id, channel_id, event, heard_at FROM heard WHERE clinic_id = $1 AND done_at = 0 AND news = 'message' ORDER BY heard_at DESC, id DESC LIMIT 5000`
	sqlHeardForget = `UPDATE heard SET event = NULL WHERE clinic_id = $1 AND event IS NOT NULL AND heard_at < $2`
	sqlHeardAge    = `DELETE FROM heard WHERE clinic_id = $1 AND heard_at < $2`

	sqlReachedFind = `SELECT id, patient_id, state, reached FROM message WHERE clinic_id = $1 AND provider_id = $2 AND provider_id <> '' AND channel_id = $3`
	sqlReachedOurs = `SELECT id, patient_id, state, reached FROM message WHERE clinic_id = $1 AND id = $2 AND channel_id = $3`
	sqlReachedSet  = `UPDATE message SET reached = $4, reached_at = $5, state = $6, reason = $7, provider_id = CASE WHEN provider_id = '' THEN $8 ELSE provider_id END,
	provider_sealed = CASE WHEN provider_id = '' THEN $9 ELSE provider_sealed END, pricing = CASE WHEN $10 = '' THEN pricing ELSE $10 END
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
	var p Provider
	if s.providers[provider] == nil && s.loops[provider] == nil {
		return Answer{}, fault.Missing()
	}
	var c Connection
	err := s.db.View(ctx, who, access.MessageHear, func(_ context.Context, v *store.View) error {
		house, err := clinics.Get(v)
		if err != nil {
			return err
		}
		if p = s.providers[provider]; house.Canary {
			p = s.loops[provider]
		}
		if p == nil {
			return fault.Missing()
		}
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
	for i := range events {
		events[i].blankCards()
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
			key, err := reportToken(&tx.View, one, string(e.Kind)+" "+e.Key) // a provider's key may hold a number
			if err != nil {
				return err
			}
			n, err := tx.Exec(sqlHeardAdd, one, key, row, string(e.Kind), sealed, tx.Now())
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
		return used(tx, NewRound(&tx.View), one, DayUse{Received: wrote})
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
		if e.Reached == ReachedOpened { // told or not, it is not kept unless the clinic turned that on (F8): it arrived
			x, err := setting(&tx.View)
			if err != nil {
				return err
			}
			if !x.Opens {
				e.Reached = ReachedDelivered
			}
		}
		known, err := reach(tx, channel, e)
		if err != nil {
			return err
		}
		if !known && tx.Now().Sub(at) < heardFor {
			return tx.AnnounceLater(EventHeard, one, looked+1, min(time.Duration(looked+1)*2*time.Second, time.Minute))
		}
	case ChoiceNews:
		_, _, err = choose(tx, channel, e, e.Stop)
	case MessageNews:
		settled, err = takeIn(tx, channel, one, e)
	case TemplateNews:
		err = judged(tx, channel, e)
	case IdentityNews:
		err = renamed(tx, channel, e)
	case Unknown:
		err = wonder(tx, channel, e)
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
		var theirs string
		if theirs, err = reportToken(&tx.View, channel, e.ProviderID); err != nil {
			return false, err
		}
		err = tx.Row(sqlReachedFind, theirs, channel).Scan(&m, &patient, &state, &was)
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
	theirs, sealed, err := theirID(tx, channel, patient, m, e.ProviderID)
	if err != nil {
		return true, err
	}
	n, err := tx.Exec(sqlReachedSet, m, string(was), string(e.Reached), at, string(state), reason, theirs, sealed, pricing(e.Pricing))
	if err != nil || n == 0 {
		return true, err
	}
	tx.Record(audit.Note{Action: "reach", Kind: "message", Subject: m, Patient: patient, New: e.Reached})
	if err := step(tx, m, State(e.Reached), reason); err != nil {
		return true, err
	}
	if e.Reached == ReachedFailed {
		return true, failed(tx, m, channel, e)
	}
	return true, nil
}

// failed does what follows when a message did not arrive after all.
func failed(tx *store.Tx, message, channel id.ID, e Event) error {
	r, found, err := get(&tx.View, message)
	if err != nil || !found {
		return err
	}
	if e.Code == CodeWindow { // the provider's clock counts, not ours
		if err := windowClosed(tx, channel, r.patient); err != nil {
			return err
		}
	}
	if e.Permanent {
		return elsewhere(tx, r)
	}
	return nil
}

// choose closes what needs consent, on the account's channel, for everybody who is reached at the
// address that stopped, or opens again what that closed: whoever holds the phone has the say over it.
// changed are those for whom it made a difference; asks says that a START was left to a person.
func choose(tx *store.Tx, channel id.ID, e Event, stop bool) (changed []id.ID, asks bool, err error) {
	a, err := account(&tx.View, sqlAccountGet, channel)
	if err != nil {
		return nil, false, err
	}
	from, err := whoWrote(tx, channel, e)
	if err != nil {
		return nil, false, err
	}
	people := from.people
	// A link is the desk's or the provider's word and may be wrong. STOP takes nothing that cannot be given back, and what goes out
	// to a linked number has to end by a word from there. START by a linked number opens only where nobody else can have said STOP:
	// it reaches no other person, and she has no number on file, nor a guardian who has one. Otherwise a person decides.
	if !from.linked.IsZero() && !stop {
		opens := len(people) == 0
		if opens && from.number {
			if opens, err = unreached(tx, from.linked, a.Channel); err != nil {
				return nil, false, err
			}
		}
		asks = !opens
	}
	if !from.linked.IsZero() && !asks {
		people = append(people, from.linked)
	}
	for _, p := range people {
		var did bool
		if stop {
			did, err = consent.StopBy(tx, p, string(a.Channel))
		} else {
			did, err = consent.ResumeBy(tx, p, string(a.Channel))
		}
		if err != nil && !missing(err) {
			return nil, false, err
		}
		if did {
			changed = append(changed, p)
		}
	}
	return changed, asks, nil
}

// writer is who may have written something.
type writer struct {
	people []id.ID // who is reached where it was written
	linked id.ID   // whose conversation it is besides, though nothing on her record says so; zero for nobody
	number bool    // from a number or an address that is known, not by the provider's own id of her alone
}

// whoWrote are those who are reached where the writer is, by what was known of her number where the provider keeps it back now,
// and the one for whom her name stood before.
func whoWrote(tx *store.Tx, channel id.ID, e Event) (w writer, err error) {
	w.people, err = patients.Reached(&tx.View, contact.Phone(e.From.Phone), contact.Email(e.From.Address))
	if err != nil {
		return w, err
	}
	known, _, was, err := knownPeer(&tx.View, channel, e.From)
	if err == nil && len(w.people) == 0 && was.Phone != "" {
		w.people, err = patients.Reached(&tx.View, contact.Phone(was.Phone), "")
	}
	if !slices.Contains(w.people, known) {
		w.linked = known
	}
	w.number = e.From.Phone != "" || e.From.Address != "" || was.Phone != ""
	return w, err
}

// unreached says that nothing is on file by which the patient could be written to over the channel, as herself or through a guardian.
func unreached(tx *store.Tx, patient id.ID, ch Channel) (bool, error) {
	all, err := patients.Reaches(&tx.View, patient)
	r, there := all[patient]
	if err != nil || !there || r.Grown { // of age: the number from which was written may be her mother's (decision 0072)
		return false, err
	}
	if ch == Email {
		return r.Email == "", nil
	}
	return r.Phone == "", nil
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
