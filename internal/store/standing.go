package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// A clinic that has not paid for the platform becomes read-only at a moment that is written down beforehand. The doorway keeps it: after
// that moment a Change is refused, unless its right is one that always works (access.AlwaysWorks): reading, leaving, paying, the clinic's own
// reminders, and what patients do about themselves. So no page, interface or job can forget to ask (decision 36).

const (
	sqlStanding    = `SELECT writes_until, suspended_from FROM standing WHERE clinic_id = $1`
	sqlSuspendSet  = `INSERT INTO standing (clinic_id, writes_until, suspended_from) VALUES ($1, 0, $2) ON CONFLICT (clinic_id) DO UPDATE SET suspended_from = excluded.suspended_from`
	sqlStandingSet = `INSERT INTO standing (clinic_id, writes_until) VALUES ($1, $2) ON CONFLICT (clinic_id) DO UPDATE SET writes_until = excluded.writes_until`
)

// A clinic that was suspended (promise suspension) is read-only in the same way, from its own moment on, whether anybody pays or not.

// standingFor is how long a process goes by what it read of a clinic's standing. A refusal is always read afresh, so that a clinic that
// paid a moment ago, at another process, is not turned away.
const standingFor = 10 * time.Second

type stands struct {
	until     clock.Instant // zero: for ever
	suspended clock.Instant // zero: it is not
	read      time.Time
}

// SuspendedFrom says from when the clinic may only read; zero lifts it. It counts from the commit on.
func (p *Platform) SuspendedFrom(clinic id.ID, from clock.Instant) error {
	p.tx.s.db.standings.Delete(clinic)
	_, err := p.Exec(sqlSuspendSet, clinic, from)
	return err
}

// Suspended is from when the clinic may only read, as it was read a moment ago; zero when it is not suspended.
func (db *DB) Suspended(ctx context.Context, clinic id.ID) (clock.Instant, error) {
	s, err := db.standsNow(ctx, clinic)
	return s.suspended, err
}

// WritesUntil says how long the clinic may write; zero is for ever. It counts from the commit on.
func (p *Platform) WritesUntil(clinic id.ID, until clock.Instant) error {
	p.tx.s.db.standings.Delete(clinic)
	_, err := p.Exec(sqlStandingSet, clinic, until)
	return err
}

// Standing is how long the clinic may write, as it was read a moment ago; zero is for ever, and where nobody pays for the platform.
func (db *DB) Standing(ctx context.Context, clinic id.ID) (clock.Instant, error) {
	if !db.paid {
		return 0, nil
	}
	s, err := db.standsNow(ctx, clinic)
	return s.until, err
}

func (db *DB) standsNow(ctx context.Context, clinic id.ID) (stands, error) {
	now := db.clock.Now()
	if x, ok := db.standings.Load(clinic); ok {
		if s := x.(stands); now.Before(s.read.Add(standingFor)) && !now.Before(s.read) {
			return s, nil
		}
	}
	return db.readStanding(ctx, clinic)
}

func (db *DB) readStanding(ctx context.Context, clinic id.ID) (stands, error) {
	s := stands{read: db.clock.Now()}
	err := db.reading(ctx, func(c *sql.Conn) error {
		err := c.QueryRowContext(ctx, sqlStanding, clinic[:]).Scan(&s.until, &s.suspended)
		if errors.Is(err, sql.ErrNoRows) {
			s.until, s.suspended, err = 0, 0, nil
		}
		return err
	})
	if err != nil {
		return stands{}, classify(err)
	}
	db.standings.Store(clinic, s)
	return s, nil
}

// owes refuses a Change of a clinic that is read-only.
func (db *DB) owes(ctx context.Context, who access.Caller, right access.Right) error {
	if access.AlwaysWorks(right) {
		return nil
	}
	past := func(at clock.Instant) bool { return at != 0 && clock.At(db.clock.Now()) >= at }
	over := func(s stands) bool { return db.paid && past(s.until) || past(s.suspended) }
	s, err := db.standsNow(ctx, who.Clinic())
	if err == nil && over(s) {
		s, err = db.readStanding(ctx, who.Clinic())
	}
	if err != nil || !over(s) {
		return err
	}
	if !who.Role().IsStaff() && who.Role() != access.Program {
		return fault.New(fault.Conflict, "fault.online_booking_off")
	}
	if past(s.suspended) {
		return fault.New(fault.Conflict, "fault.suspended")
	}
	return fault.New(fault.Conflict, "fault.read_only")
}
