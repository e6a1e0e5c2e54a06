package journeys

import (
	"errors"
	"fmt"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlEventDue      = `SELECT id, kind, subject_id, number FROM event WHERE clinic_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT $3`
	sqlEventTake     = `DELETE FROM event WHERE clinic_id = $1 AND id = $2`
	sqlEventPostpone = `UPDATE event SET due_at = $3 WHERE clinic_id = $1 AND id = $2`
	sqlEventNext     = `SELECT COALESCE(MIN(due_at), 0) FROM event WHERE clinic_id = $1`
)

// Due lists the events whose moment has come, the longest waiting first.
func Due(v *store.View, limit int) ([]Event, error) {
	rows, err := v.Query(sqlEventDue, v.Now(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.Kind, &e.Subject, &e.Number); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// StepError says which step of which kind of event failed.
type StepError struct {
	Event Event
	Step  string
	Cause error
}

// Error names kinds and steps only.
func (e *StepError) Error() string {
	return fmt.Sprintf("journeys: %s: %s: %v", e.Event.Kind, e.Step, e.Cause)
}

// Unwrap is the cause.
func (e *StepError) Unwrap() error { return e.Cause }

// Act takes one event away and walks its steps. It does nothing when another process took the
// event first. An event that no row names is taken away: nothing follows from it. A failure is
// a *StepError, and the Change must be given up.
func Act(tx *store.Tx, e Event) error {
	n, err := tx.Exec(sqlEventTake, e.ID)
	if err != nil || n == 0 {
		return err
	}
	for _, row := range Table() {
		if row.When != e.Kind {
			continue
		}
		for _, s := range row.Then {
			if err := s.Do(tx, e); err != nil {
				return &StepError{e, s.Name, err}
			}
		}
	}
	return nil
}

// Postpone has an event that failed wait, so that one broken row does not hold up the clinic's
// other messages.
func Postpone(tx *store.Tx, event id.ID, wait time.Duration) error {
	at := tx.Now().Add(wait)
	_, err := tx.Exec(sqlEventPostpone, event, at)
	tx.DueBy(at)
	return err
}

// NextDue is when the clinic's next event is due; zero for never.
func NextDue(v *store.View) (clock.Instant, error) {
	var at clock.Instant
	err := v.Row(sqlEventNext).Scan(&at)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil
	}
	return at, err
}
