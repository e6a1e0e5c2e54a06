package messaging

import (
	"encoding/json"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Where a law wants what became of a message longer than the house shows it, a copy is put aside: sealed under a key of its month, which nothing else is
// sealed by, in a table that the program's role can write and throw away and not read, and that no page, interface or job reads. When the law's time is over
// the copy goes, and with the last of a month its key (promise message-events-aged; decision 60).

const (
	sqlAsideList = `SELECT id, patient_id, appointment_id, kind, channel, purpose, state, reason, reached, reached_at, created_at, state_at FROM message
	WHERE clinic_id = $1 AND created_at < $2 AND created_at >= $3 AND state NOT IN ('planned', 'sending', 'handing-over') AND patient_id NOT IN ` + held + ` ORDER BY created_at, id LIMIT 1000`
	sqlAsideAdd  = `INSERT INTO statutory_copy (clinic_id, id, month, at, body) VALUES ($1, $2, $3, $4, $5)`
	sqlAsideGone = `DELETE FROM message_event WHERE clinic_id = $1 AND message_id = $2`
	sqlAsideDrop = `DELETE FROM message WHERE clinic_id = $1 AND id = $2`
	sqlAsideOver = `DELETE FROM statutory_copy WHERE clinic_id = $1 AND at < $2`

	sqlKeyOfMonth   = `SELECT key_id, destroyed_at FROM statutory_key WHERE clinic_id = $1 AND month = $2`
	sqlKeyAdd       = `INSERT INTO statutory_key (clinic_id, month, key_id, made_at) VALUES ($1, $2, $3, $4)`
	sqlKeysOver     = `SELECT key_id FROM statutory_key k WHERE k.clinic_id = $1 AND k.destroyed_at = 0 AND k.month < $2 AND NOT EXISTS (SELECT 1 FROM statutory_copy c WHERE c.clinic_id = $1 AND c.month = k.month) ORDER BY k.month`
	sqlKeyDestroyed = `UPDATE statutory_key SET destroyed_at = $3 WHERE clinic_id = $1 AND key_id = $2 AND destroyed_at = 0`
)

// Copied is what a statutory copy holds of a message: no text, no address.
type Copied struct {
	Message     id.ID         `json:"message"`
	Patient     id.ID         `json:"patient"`
	Appointment id.ID         `json:"appointment"`
	Kind        string        `json:"kind"`
	Channel     string        `json:"channel"`
	Purpose     string        `json:"purpose"`
	State       string        `json:"state"`
	Reason      string        `json:"reason,omitempty"`
	Reached     string        `json:"reached,omitempty"`
	ReachedAt   clock.Instant `json:"reached_at,omitempty"`
	Made        clock.Instant `json:"made"`
	Last        clock.Instant `json:"last"`
}

// putAside copies the messages that are about to go and that a law wants longer, takes them away, and takes away the copies whose time is over.
func (k Keeper) putAside(tx *store.Tx, hidden clock.Instant) error {
	over := k.Lives.Over(law.Events, tx.Now())
	if _, err := tx.Exec(sqlAsideOver, over); err != nil {
		return err
	}
	if over >= hidden {
		return nil // the law wants nothing longer
	}
	keys := map[string]id.ID{}
	for {
		list, err := k.asides(tx, hidden, over)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			if err := addCopy(tx, c, keys); err != nil {
				return err
			}
		}
		k.Lives.Went(law.Events, int64(len(list)))
	}
}

func (k Keeper) asides(tx *store.Tx, hidden, over clock.Instant) ([]Copied, error) {
	rows, err := tx.Query(sqlAsideList, hidden, over)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Copied
	for rows.Next() {
		var c Copied
		if err := rows.Scan(&c.Message, &c.Patient, &c.Appointment, &c.Kind, &c.Channel, &c.Purpose, &c.State, &c.Reason, &c.Reached, &c.ReachedAt, &c.Made, &c.Last); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// addCopy writes one copy and takes the message away.
func addCopy(tx *store.Tx, c Copied, keys map[string]id.ID) error {
	month := c.Made.Time().Format("2006-01")
	key, ok := keys[month]
	if !ok {
		var err error
		if key, err = keyOf(tx, month); err != nil {
			return err
		}
		keys[month] = key
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	row := tx.NewID()
	sealed, err := tx.Seal(key, "statutory_copy", "body", row, string(body))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(sqlAsideAdd, row, month, c.Made, sealed); err != nil {
		return err
	}
	for _, text := range []string{sqlAsideGone, sqlAsideDrop} {
		if _, err := tx.Exec(text, c.Message); err != nil {
			return err
		}
	}
	return nil
}

// keyOf is the subject whose key seals the copies of the month; it is made when it is needed first. A row whose key this vault never had came along with a clinic that moved
// in, and the copies that it sealed stayed behind: it gets a key here, or no night of the clinic would come to its end. One that was destroyed stays so.
func keyOf(tx *store.Tx, month string) (id.ID, error) {
	var key id.ID
	var destroyed clock.Instant
	err := tx.Row(sqlKeyOfMonth, month).Scan(&key, &destroyed)
	if err == nil {
		return key, tx.NewSubject(key)
	}
	if err != store.ErrNoRows {
		return key, err
	}
	key = tx.NewID()
	if err := tx.NewSubject(key); err != nil {
		return id.Zero, err
	}
	_, err = tx.Exec(sqlKeyAdd, month, key, tx.Now())
	return key, err
}

// StatutoryOver are the keys of months of which no copy is left and none can come any more: they are to be destroyed.
func StatutoryOver(v *store.View, lives law.Lives) ([]id.ID, error) {
	return store.IDs(v, sqlKeysOver, lives.Over(law.Events, v.Now()).Time().Format("2006-01"))
}

// StatutoryDestroyed notes that the key of a month was destroyed.
func StatutoryDestroyed(tx *store.Tx, key id.ID) error {
	_, err := tx.Exec(sqlKeyDestroyed, key, tx.Now())
	return err
}
