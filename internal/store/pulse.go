package store

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
)

// far is the moment of a clinic with nothing to do.
const far = clock.Instant(1) << 62

const sqlPulseBump = `INSERT INTO pulse (clinic_id, counter, due_at) VALUES ($1, 1, $2)
	ON CONFLICT (clinic_id) DO UPDATE SET counter = pulse.counter + 1,
	due_at = CASE WHEN excluded.due_at < pulse.due_at THEN excluded.due_at ELSE pulse.due_at END`

// bump counts this Change for the live pages and lowers the clinic's next due moment. It is
// the last statement of a Change: on PostgreSQL its row lock is then held for the commit only.
func (t *Tx) bump() error {
	due := t.due
	if due == 0 {
		due = far
	}
	return t.s.later(sqlPulseBump, t.bind([]any{due}))
}

// Woken is told (by a send that never blocks) each time a Change of this process left
// something to do. Other processes' Changes are found by asking Due.
func (db *DB) Woken() <-chan struct{} {
	c := make(chan struct{}, 1)
	db.wakeMu.Lock()
	db.wake = append(db.wake, c)
	db.wakeMu.Unlock()
	return c
}

func (db *DB) wakeUp() {
	db.wakeMu.Lock()
	defer db.wakeMu.Unlock()
	for _, c := range db.wake {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

const sqlPulseDue = `SELECT clinic_id FROM pulse WHERE due_at <= $1 AND NOT EXISTS (SELECT 1 FROM clinic_route r WHERE r.clinic_id = pulse.clinic_id AND r.opened_at = 0)
	ORDER BY due_at LIMIT $2` // a clinic that is only arriving from another house does nothing yet

// Due lists clinics that have something to do now, the longest waiting first.
func (db *DB) Due(ctx context.Context, who access.Caller, now clock.Instant, limit int) ([]id.ID, error) {
	return db.clinics(ctx, who, sqlPulseDue, now, limit)
}

const sqlPulseAll = `SELECT clinic_id FROM pulse ORDER BY clinic_id`

// ClinicsHere lists every clinic whose data lie here, those too that are only arriving.
func (db *DB) ClinicsHere(ctx context.Context, who access.Caller) ([]id.ID, error) {
	return db.clinics(ctx, who, sqlPulseAll)
}

// clinics are those that a statement lists.
func (db *DB) clinics(ctx context.Context, who access.Caller, text string, args ...any) (out []id.ID, err error) {
	err = db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *Platform) error {
		out = nil // the passage may be tried again
		rows, err := p.Query(text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c id.ID
			if err := rows.Scan(&c); err != nil {
				return err
			}
			out = append(out, c)
		}
		return rows.Err()
	})
	return out, err
}

const sqlPulseTouch = `UPDATE pulse SET due_at = $2 WHERE clinic_id = $1`

// Quiet sets the clinic's next due moment (zero for "nothing"). Call it in the same Change
// that worked out the moment, after HoldPulse.
func (t *Tx) Quiet(next clock.Instant) error {
	if next == 0 {
		next = far
	}
	_, err := t.s.exec(sqlPulseTouch, t.bind([]any{next}))
	return err
}

const sqlPulseHold = `UPDATE pulse SET counter = counter WHERE clinic_id = $1`

// HoldPulse takes the lock on the clinic's pulse first, so that work announced meanwhile by
// another Change either is visible to what follows or lowers the due moment after us.
func (t *Tx) HoldPulse() error {
	_, err := t.s.exec(sqlPulseHold, t.bind(nil))
	return err
}

const sqlPulseCounter = `SELECT counter FROM pulse WHERE clinic_id = $1`

// Counter is the clinic's change counter: when it stands still, nothing changed for anyone who watches.
func (db *DB) Counter(ctx context.Context, who access.Caller, right access.Right) (int64, error) {
	var n int64
	err := db.View(ctx, who, right, func(_ context.Context, v *View) (err error) {
		n, err = v.Counter()
		return err
	})
	return n, err
}

// Counter is the clinic's change counter within a passage: read first, so that what is read after it may be newer and never older.
func (v *View) Counter() (int64, error) {
	var n int64
	err := v.Row(sqlPulseCounter).Scan(&n)
	if err == ErrNoRows {
		return 0, nil
	}
	return n, err
}
