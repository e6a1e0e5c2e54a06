package messaging

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Listener are providers that post an account's news to our address once they are asked to.
type Listener interface {
	// Listen asks for it. The provider calls the address at once, to see whether it is ours, so the account must be kept by
	// then. It fails with a fault whose argument Code is the provider's.
	Listen(ctx context.Context, c Connection) error
	// Listening asks the provider whether it posts to the connection's HookURL. Errors as Listen.
	Listening(ctx context.Context, c Connection) (bool, error)
}

// Hearing is whether a provider posts the account's news to us.
type Hearing string

// Whether it does. Anything else is the code with which the provider refused.
const (
	HearingUnasked Hearing = ""          // it was not asked, or cannot be: its owner enters the address there
	HearingOn      Hearing = "on"        // it said so itself
	HearingOff     Hearing = "elsewhere" // it took the question, and posts elsewhere all the same
	hearingUnknown Hearing = "no-answer"
)

const (
	sqlAccountListens = `UPDATE channel SET listens = $3, listens_at = $4 WHERE clinic_id = $1 AND id = $2 AND state <> 'revoked'`

	sqlStrangeAdd = `INSERT INTO strange (clinic_id, channel_id, day, count, last_at, last_kind) VALUES ($1, $2, $3, 1, $4, $5)
	ON CONFLICT (clinic_id, channel_id, day) DO UPDATE SET count = strange.count + 1, last_at = excluded.last_at, last_kind = excluded.last_kind`
	sqlStrangeList = `SELECT count, last_at, last_kind FROM strange WHERE clinic_id = $1 AND channel_id = $2 AND day >= $3 ORDER BY day DESC`
	sqlStrangeAge  = `DELETE FROM strange WHERE clinic_id = $1 AND day < $2`
)

// listen asks the provider of an account that has just been tried to post its news to us, and notes what it said. It is
// no refusal when it does not: the clinic sees what to do. who may change accounts.
func (s *Service) listen(ctx context.Context, who access.Caller, c Connection) error {
	l, ok := s.providers[c.Provider].(Listener)
	if !ok {
		return nil
	}
	said := HearingOn
	err := l.Listen(ctx, c)
	if err == nil {
		var on bool
		if on, err = l.Listening(ctx, c); err == nil && !on {
			said = HearingOff
		}
	}
	if err != nil {
		said = hearingUnknown
		if code := codeOnly(faultCode(err)); code != "" && !fault.Is(err, fault.Unavailable) {
			said = Hearing(code)
		}
	}
	return s.db.Change(ctx, who, access.MessageAccounts, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("whether the provider posts to us; that the account was connected or tried is recorded")
		_, err := tx.Exec(sqlAccountListens, c.ID, string(said), tx.Now())
		return err
	})
}

// faultCode is the provider's code in a fault; empty for none.
func faultCode(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return ""
	}
	code, _ := f.Args["Code"].(string)
	return code
}

// Strange is what a provider reported lately and nobody understands: how often, and of the newest what it was about, in
// the provider's word. Nothing else of it is kept.
type Strange struct {
	Count int64
	At    clock.Instant
	Kind  string // empty where the provider named none
}

// strangeFor is how many days of it the account's card counts.
const strangeFor = 30 * 24 * time.Hour

// wonder counts a report that nobody understands.
func wonder(tx *store.Tx, channel id.ID, e Event) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	kind := codeOnly(e.Name)
	if len(kind) > 60 {
		kind = ""
	}
	_, err = tx.Exec(sqlStrangeAdd, channel, clock.DateOf(tx.Now().In(c.Location())), tx.Now(), kind)
	return err
}

// strangeOf is what was counted of an account in the last 30 days.
func strangeOf(v *store.View, one id.ID) (out Strange, err error) {
	rows, err := v.Query(sqlStrangeList, one, clock.DateOf(v.Now().Add(-strangeFor).Time()))
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var day Strange
		if err := rows.Scan(&day.Count, &day.At, &day.Kind); err != nil {
			return out, err
		}
		if out.Count == 0 {
			out.At, out.Kind = day.At, day.Kind
		}
		out.Count += day.Count
	}
	return out, rows.Err()
}
