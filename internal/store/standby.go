package store

import (
	"context"
	"errors"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

const (
	restorationColumns = `id, backup, taken_at, restored_at, settled_at, uncertain, released_at`

	sqlRestorationAdd     = `INSERT INTO restoration (id, backup, taken_at, restored_at) VALUES ($1, $2, $3, $4)`
	sqlRestorationHeld    = `SELECT ` + restorationColumns + ` FROM restoration WHERE released_at = 0 ORDER BY restored_at DESC LIMIT 1`
	sqlRestorationSettled = `UPDATE restoration SET settled_at = $2, uncertain = uncertain + $3 WHERE id = $1 AND settled_at = 0`
	sqlRestorationRelease = `UPDATE restoration SET released_at = $1 WHERE released_at = 0 AND settled_at > 0`

	sqlBackupMark = `INSERT INTO backup_mark (kind, at, good_at, report) VALUES ($1, $2, $3, $4)
	ON CONFLICT (kind) DO UPDATE SET at = excluded.at, good_at = CASE WHEN excluded.good_at = 0 THEN backup_mark.good_at ELSE excluded.good_at END, report = excluded.report`
	sqlBackupMarks = `SELECT kind, at, good_at, report FROM backup_mark`
)

// Restoration says that the database came back from a backup, and how far it is on its way back into service.
type Restoration struct {
	ID         id.ID
	Backup     string        // name of the backup
	TakenAt    clock.Instant // the moment of the data
	RestoredAt clock.Instant
	SettledAt  clock.Instant // what fell due in between was marked uncertain; zero before that
	Uncertain  int64         // how many messages and letters that were
	ReleasedAt clock.Instant // what waits may leave; zero while it is held
}

// NoteRestoration writes into a database that has just come back from a backup that nothing may leave. It must be there before the
// database is put where the program finds it.
func (db *DB) NoteRestoration(ctx context.Context, who access.Caller, backup string, taken clock.Instant) error {
	return db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		one := p.NewID()
		p.Record(audit.Note{Action: "restore", Kind: "database", Subject: one, New: map[string]any{"backup": backup, "taken_at": taken}})
		_, err := p.Exec(sqlRestorationAdd, one, backup, taken, p.Now())
		return err
	})
}

// looker is who looks how the house itself stands; it reads platform tables alone.
func looker() access.Caller {
	return access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)
}

// Held answers the restoration after which nothing may leave the house yet; ok is false when there is none.
func (db *DB) Held(ctx context.Context) (r Restoration, ok bool, err error) {
	err = db.Across(ctx, looker(), access.PlatformRoute, func(_ context.Context, p *Platform) error {
		err := p.Row(sqlRestorationHeld).Scan(&r.ID, &r.Backup, &r.TakenAt, &r.RestoredAt, &r.SettledAt, &r.Uncertain, &r.ReleasedAt)
		if errors.Is(err, ErrNoRows) {
			return nil
		}
		ok = err == nil
		return err
	})
	return r, ok, err
}

// Settled writes down that what fell due since the backup was marked uncertain.
func (db *DB) Settled(ctx context.Context, who access.Caller, restoration id.ID, uncertain int64) error {
	return db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		p.Record(audit.Note{Action: "settle", Kind: "database", Subject: restoration, New: map[string]any{"uncertain": uncertain}})
		_, err := p.Exec(sqlRestorationSettled, restoration, p.Now(), uncertain)
		return err
	})
}

// Release lets what was held leave. fault.Conflict when nothing is held, or when what fell due was not settled yet.
func (db *DB) Release(ctx context.Context, who access.Caller) error {
	return db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		one := p.NewID()
		p.Record(audit.Note{Action: "release", Kind: "database", Subject: one})
		n, err := p.Exec(sqlRestorationRelease, p.Now())
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "fault.backup.nothing_held")
		}
		return err
	})
}

// Mark is how one of the things about backups went last: "backup", "keys", "journal", "drill", "expiry", "log".
type Mark struct {
	Kind   string
	At     clock.Instant // the last try
	GoodAt clock.Instant // the last one that succeeded
	Report string        // a JSON text of the room that wrote it
}

// PutMark keeps a mark. good says that it succeeded.
func (db *DB) PutMark(ctx context.Context, who access.Caller, kind string, good bool, report string) error {
	return db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *Platform) error {
		p.Housekeeping("how the backups stand")
		at := clock.Instant(0)
		if good {
			at = p.Now()
		}
		_, err := p.Exec(sqlBackupMark, kind, p.Now(), at, report)
		return err
	})
}

// Marks are all marks by their kind.
func (db *DB) Marks(ctx context.Context) (map[string]Mark, error) {
	out := map[string]Mark{}
	err := db.Across(ctx, looker(), access.PlatformRoute, func(_ context.Context, p *Platform) error {
		clear(out)
		rows, err := p.Query(sqlBackupMarks)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m Mark
			if err := rows.Scan(&m.Kind, &m.At, &m.GoodAt, &m.Report); err != nil {
				return err
			}
			out[m.Kind] = m
		}
		return rows.Err()
	})
	return out, err
}
