package store

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
)

// A tour is a chore on its way through all clinics, in the order of their ids. Where it is stands in the database, so that it goes on from there when
// its process stopped or died, and so does who holds it, so that no two processes are on the same tour at once.

const sqlTourTake = `INSERT INTO chore_tour (name, behind_id, noted_at, holder_id, held_until) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (name) DO UPDATE SET holder_id = excluded.holder_id, held_until = excluded.held_until
	WHERE chore_tour.held_until <= $3 OR chore_tour.held_until > $5` // held for longer than anybody holds: the clock was wrong

const (
	sqlTourGet  = `SELECT behind_id, noted_at, held_until FROM chore_tour WHERE name = $1`
	sqlTourNote = `UPDATE chore_tour SET behind_id = $3, noted_at = $4, held_until = $5 WHERE name = $1 AND holder_id = $2`
)

// TakeTour takes the chore's tour for a holder and says behind which clinic it goes on: none (zero) when none is under way, or when the house stood
// still for longer than fresh. When another holder has it, wait says for how long at most, unless that one notes where it is.
func (db *DB) TakeTour(ctx context.Context, who access.Caller, chore string, holder id.ID, hold, fresh time.Duration) (behind id.ID, wait time.Duration, err error) {
	err = db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *Platform) error {
		behind, wait = id.Zero, 0
		p.Housekeeping("who goes round with a chore")
		now := p.Now()
		taken, err := p.Exec(sqlTourTake, chore, id.Zero, now, holder, now.Add(hold))
		if err != nil {
			return err
		}
		var at id.ID
		var noted, until clock.Instant
		if err := p.Row(sqlTourGet, chore).Scan(&at, &noted, &until); err != nil {
			return err
		}
		if taken == 0 {
			wait = max(until.Sub(now), time.Millisecond)
		} else if noted <= now && now.Sub(noted) <= fresh {
			behind = at
		}
		return nil
	})
	return behind, wait, err
}

// NoteTour notes behind which clinic a tour goes on (zero: it has ended), and holds it for as long as hold says from now. It answers false when the
// tour is no longer this holder's.
func (db *DB) NoteTour(ctx context.Context, who access.Caller, chore string, holder, behind id.ID, hold time.Duration) (ours bool, err error) {
	err = db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *Platform) error {
		p.Housekeeping("how far a chore is")
		n, err := p.Exec(sqlTourNote, chore, holder, behind, p.Now(), p.Now().Add(hold))
		ours = n == 1
		return err
	})
	return ours, err
}

const sqlTourNext = `SELECT clinic_id FROM pulse WHERE clinic_id > $1 AND NOT EXISTS (SELECT 1 FROM clinic_route r WHERE r.clinic_id = pulse.clinic_id AND r.opened_at = 0)
	ORDER BY clinic_id LIMIT $2` // as sqlPulseDue: not the clinics that are only arriving

// ClinicsBehind lists the next clinics on a tour.
func (db *DB) ClinicsBehind(ctx context.Context, who access.Caller, behind id.ID, limit int) ([]id.ID, error) {
	return db.clinics(ctx, who, sqlTourNext, behind, limit)
}
