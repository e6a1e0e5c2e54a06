package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// The states of a walk.
const (
	walkAsked     = "asked"
	walkRunning   = "running"
	walkGood      = "good"
	walkBad       = "bad"
	walkBrokenOff = "broken-off" // its process died, or the house closed
)

const (
	sqlWalkAsk   = `INSERT INTO canary_walk (id, state, by_hand, asked_at) VALUES ($1, 'asked', $2, $3) ON CONFLICT DO NOTHING`
	sqlWalkOpen  = `SELECT COUNT(*) FROM canary_walk WHERE state = 'asked' OR state = 'running' AND beat_at >= $1`
	sqlWalkNext  = `SELECT id FROM canary_walk WHERE state = 'asked'`
	sqlWalkTake  = `UPDATE canary_walk SET state = 'running', began_at = $2, beat_at = $2 WHERE id = $1 AND state = 'asked'`
	sqlWalkBeat  = `UPDATE canary_walk SET beat_at = $2, steps = $3, places = $4, marks = $5, witness = $6 WHERE id = $1 AND state = 'running'`
	sqlWalkEnd   = `UPDATE canary_walk SET state = $2, ended_at = $3, steps = $4, places = $5, marks = NULL, witness = '' WHERE id = $1 AND state = 'running'`
	sqlWalkStale = `SELECT id, marks FROM canary_walk WHERE state = 'running' AND beat_at < $1`
	sqlWalkOver  = `UPDATE canary_walk SET state = 'broken-off', ended_at = $2, marks = NULL, witness = '' WHERE id = $1 AND state = 'running'`
	sqlWalkList  = `SELECT id, state, by_hand, asked_at, began_at, ended_at, steps, places FROM canary_walk ORDER BY asked_at DESC, id DESC LIMIT $1`
	sqlWalkOld   = `DELETE FROM canary_walk WHERE state <> 'asked' AND state <> 'running' AND id NOT IN (SELECT id FROM canary_walk ORDER BY asked_at DESC, id DESC LIMIT $1)`

	tableWalk, columnMarks = "canary_walk", "marks"
)

// walkRow is a walk as it was written down.
type walkRow struct {
	ID      id.ID
	State   string
	ByHand  bool
	AskedAt clock.Instant
	BeganAt clock.Instant
	EndedAt clock.Instant
	Steps   []walkStep
	Places  []walkPlace
}

// step is how a step of the walk went; false when it was not reached.
func (r walkRow) step(name string) (walkStep, bool) {
	for _, s := range r.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return walkStep{}, false
}

// walks are the last walks, the newest first.
func (h *House) walks(ctx context.Context, most int) (out []walkRow, err error) {
	err = h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("nothing is written")
		out = nil
		rows, err := p.Query(sqlWalkList, most)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r walkRow
			var steps, places string
			if err := rows.Scan(&r.ID, &r.State, &r.ByHand, &r.AskedAt, &r.BeganAt, &r.EndedAt, &steps, &places); err != nil {
				return err
			}
			if err := errors.Join(json.Unmarshal([]byte(steps), &r.Steps), json.Unmarshal([]byte(places), &r.Places)); err != nil {
				return fmt.Errorf("app: a walk cannot be read: %w", err)
			}
			out = append(out, r)
		}
		return rows.Err()
	})
	return out, err
}

// askWalk writes down that a walk shall be begun. fault.Conflict while one is under way or waits to begin.
func (h *House) askWalk(ctx context.Context, who access.Caller, byHand bool) error {
	return h.DB.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		var open int64
		if err := p.Row(sqlWalkOpen, p.Now().Add(-walkStale)).Scan(&open); err != nil {
			return err
		}
		if open > 0 {
			return fault.New(fault.Conflict, "fault.canary.walking")
		}
		one := p.NewID()
		n, err := p.Exec(sqlWalkAsk, one, byHand, p.Now())
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "fault.canary.walking")
		}
		p.Record(audit.Note{Action: "ask", Kind: "canary-walk", Subject: one, New: map[string]bool{"by_hand": byHand}})
		return err
	})
}

// take makes the walk that was asked for this process's. A walk that says nothing any more is ended; what it had entered is looked for by this one.
func (w *nightWalk) take(ctx context.Context) (ok bool, err error) {
	var stale []id.ID
	err = w.h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a walk begins; that it was asked for was recorded")
		stale, w.older, w.id = nil, nil, id.Zero
		left, err := staleWalks(p)
		if err != nil {
			return err
		}
		for one, sealed := range left {
			stale = append(stale, one)
			text, err := p.Unseal(one, tableWalk, columnMarks, one, sealed)
			if err != nil {
				return err
			}
			var m walkMarks
			if text != "" {
				if err := json.Unmarshal([]byte(text), &m); err != nil {
					return err
				}
				w.older = append(w.older, m)
			}
			if _, err := p.Exec(sqlWalkOver, one, p.Now()); err != nil {
				return err
			}
		}
		if err := p.Row(sqlWalkNext).Scan(&w.id); err != nil {
			if errors.Is(err, store.ErrNoRows) {
				return nil
			}
			return err
		}
		if err := p.NewSubject(w.id); err != nil {
			return err
		}
		n, err := p.Exec(sqlWalkTake, w.id, p.Now())
		ok = n == 1
		return err
	})
	if errors.Is(err, store.ErrUnique) { // another process was faster
		return false, nil
	}
	for _, one := range stale {
		if err == nil {
			err = w.h.Vault.Shred(ctx, id.Zero, one, "walk_broken_off")
		}
	}
	return ok, err
}

func staleWalks(p *store.Platform) (map[id.ID][]byte, error) {
	rows, err := p.Query(sqlWalkStale, p.Now().Add(-walkStale))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.ID][]byte{}
	for rows.Next() {
		var one id.ID
		var sealed []byte
		if err := rows.Scan(&one, &sealed); err != nil {
			return nil, err
		}
		out[one] = sealed
	}
	return out, rows.Err()
}

// beat says now and then that the walk is under way.
func (w *nightWalk) beat(ctx context.Context) {
	t := time.NewTicker(walkBeat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := w.write(ctx); err != nil && ctx.Err() == nil {
				w.h.Log.Warn("the walk of the invented patient could not say that it is under way", "error", err.Error())
			}
		}
	}
}

// texts are what is written down of the walk.
func (w *nightWalk) texts() (steps, places, marks string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all [3][]byte
	for i, x := range []any{nonNil(w.steps), nonNil(w.places), w.marks} {
		if all[i], err = json.Marshal(x); err != nil {
			return "", "", "", err
		}
	}
	return string(all[0]), string(all[1]), string(all[2]), nil
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// write writes down how far the walk is, with its marks, sealed under a key that goes with it.
func (w *nightWalk) write(ctx context.Context) error {
	steps, places, marks, err := w.texts()
	if err != nil {
		return err
	}
	w.mu.Lock()
	witness := w.marks.Witness
	w.mu.Unlock()
	return w.h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("how far the walk of the invented patient is")
		sealed, err := p.Seal(w.id, tableWalk, columnMarks, w.id, marks)
		if err != nil {
			return err
		}
		_, err = p.Exec(sqlWalkBeat, w.id, p.Now(), steps, places, sealed, witness)
		return err
	})
}

// end writes down how the walk went, and destroys the key of its marks.
func (w *nightWalk) end(ctx context.Context) error {
	steps, places, _, err := w.texts()
	if err != nil {
		return err
	}
	state := walkGood
	for _, s := range w.steps {
		if s.State != stepGood {
			state = walkBad
		}
	}
	err = w.h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "end", Kind: "canary-walk", Subject: w.id, New: map[string]string{"state": state}})
		if _, err := p.Exec(sqlWalkEnd, w.id, state, p.Now(), steps, places); err != nil {
			return err
		}
		_, err := p.Exec(sqlWalkOld, walksKept)
		return err
	})
	return errors.Join(err, w.h.Vault.Shred(ctx, id.Zero, w.id, "walk_over"))
}
