package app

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
)

const (
	// A look that came out otherwise than the one before begins a spell. Whoever looks, in whatever process: the row decides.
	sqlProbeSet = `INSERT INTO probe_result (id, status, evidence, checked_at, since) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (id) DO UPDATE SET since = CASE WHEN probe_result.status = excluded.status THEN probe_result.since ELSE excluded.since END,
		status = excluded.status, evidence = excluded.evidence, checked_at = excluded.checked_at WHERE probe_result.checked_at <= excluded.checked_at`
	sqlProbeSpell = `INSERT INTO probe_spell (id, since, status, evidence, checked_at, times) SELECT id, since, status, evidence, checked_at, 1 FROM probe_result WHERE id = $1 AND checked_at = $2
		ON CONFLICT (id, since) DO UPDATE SET status = excluded.status, evidence = excluded.evidence, checked_at = excluded.checked_at, times = probe_spell.times + 1`
	sqlProbeLast   = `SELECT COALESCE(MAX(checked_at), 0) FROM probe_result WHERE id = $1`
	sqlProbeAll    = `SELECT id, status, evidence, checked_at, since FROM probe_result`
	sqlProbeSpells = `SELECT status, evidence, since, checked_at, times FROM probe_spell WHERE id = $1 ORDER BY since DESC LIMIT 20`
	sqlProbeOld    = `DELETE FROM probe_spell WHERE checked_at < $1`
)

// spellsKept is for how long it is kept how a promise stood.
const spellsKept = 2 * 365 * 24 * time.Hour

// probing keeps two runs of the probes in one process from getting in each other's way.
type probing struct{ sync.Mutex }

// Probe runs every live probe, stores what it found, and opens an incident for each promise that turned red. It fails only when that cannot be
// stored: a broken promise is a result, not an error.
func (h *House) Probe(ctx context.Context) error { return h.lookAt(ctx, probes()) }

func (h *House) lookAt(ctx context.Context, looks map[string]liveLook) error {
	h.probing.Lock()
	defer h.probing.Unlock()
	clinics, err := h.sample(ctx)
	if err != nil {
		return err
	}
	type result struct{ id, status, evidence string }
	var found []result
	var missed []string
	for name, look := range looks {
		evidence, err := patiently(look, probe{House: h, clinics: clinics}, ctx)
		if ctx.Err() != nil { // a look that was broken off says nothing; those before it do
			break
		}
		if late(err) {
			missed = append(missed, name)
			continue
		}
		if err != nil {
			found = append(found, result{name, "broken", err.Error()})
			continue
		}
		found = append(found, result{name, "enforced", evidence})
	}
	sort.Slice(found, func(i, j int) bool { return found[i].id < found[j].id })
	if len(found)+len(missed) == 0 {
		return ctx.Err()
	}
	writing, end := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer end()
	err = h.DB.Across(writing, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("what the probes found; shown on the trust page")
		all := found
		for _, name := range missed {
			var last clock.Instant
			if err := p.Row(sqlProbeLast, name).Scan(&last); err != nil {
				return err
			}
			if last > 0 && p.Now().Sub(last) >= longestUnseen {
				all = append(all, result{name, "broken", "it could not be looked at for an hour: the database was busy or away"})
			}
		}
		for _, r := range all {
			if _, err := p.Exec(sqlProbeSet, r.id, r.status, r.evidence, p.Now()); err != nil {
				return err
			}
			if _, err := p.Exec(sqlProbeSpell, r.id, p.Now()); err != nil {
				return err
			}
		}
		_, err := p.Exec(sqlProbeOld, p.Now().Add(-spellsKept))
		return err
	})
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	return h.brokenPromises(ctx, jobs.Platform())
}

// longestUnseen is how long a promise may stand as it was found last while nothing can be seen of it.
const longestUnseen = time.Hour

// late says whether an error is that the database was busy, or away: then nothing was seen, for or against.
func late(err error) bool {
	return errors.Is(err, store.ErrRetry) || errors.Is(err, store.ErrGone) || errors.Is(err, context.DeadlineExceeded)
}

// patiently looks, and once more where nothing could be seen.
func patiently(look liveLook, p probe, ctx context.Context) (evidence string, err error) {
	if evidence, err = withoutPanic(look, p, ctx); !late(err) {
		return evidence, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Second / 2):
	}
	return withoutPanic(look, p, ctx)
}

// withoutPanic looks; a look that breaks down has found something.
func withoutPanic(look liveLook, p probe, ctx context.Context) (evidence string, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the look itself broke down")
		}
	}()
	return look(p, ctx)
}

// brokenPromises opens an incident for each promise that is broken, one for each break, notes in it when the promise is kept again, and has the
// operators told of what is new. Run again it changes nothing.
func (h *House) brokenPromises(ctx context.Context, who access.Caller) error {
	var out []incidents.Event
	kept := map[string]clock.Instant{} // by sentence, since when
	for _, k := range h.Promises(ctx) {
		rule := incidents.PromiseBroken
		if strings.HasPrefix(k.Probe, "audit-") {
			rule = incidents.AuditBroken
		}
		since := clock.At(k.Since)
		switch {
		case k.Status == "broken":
			out = append(out, incidents.Event{Rule: rule, Cause: fmt.Sprintf("%s:%s:%d", rule, k.ID, since), From: since, Times: 1})
		case !k.CheckedAt.IsZero():
			kept[k.ID] = since
		}
	}
	err := h.Trouble.Over(ctx, who, func(e incidents.Event) clock.Instant {
		if e.Rule != incidents.PromiseBroken && e.Rule != incidents.AuditBroken {
			return 0
		}
		return kept[e.Named()]
	})
	if err != nil {
		return err
	}
	if err := h.Trouble.Happened(ctx, who, out...); err != nil {
		return err
	}
	return h.Trouble.Tidy(ctx, who)
}

// mostProbed is how many clinics one run looks at: the ones with the most recent work.
const mostProbed = 25

func (h *House) sample(ctx context.Context) ([]id.ID, error) {
	return h.realClinics(ctx, clock.Instant(1<<63-1), mostProbed)
}

// Promises is the register with how each sentence stands: what a probe last found, or, for a
// sentence without one, what the build proved.
func (h *House) Promises(ctx context.Context) []web.Kept {
	type last struct {
		status, evidence string
		at, since        clock.Instant
	}
	found := map[string]last{}
	err := h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("nothing is written")
		rows, err := p.Query(sqlProbeAll)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var l last
			if err := rows.Scan(&name, &l.status, &l.evidence, &l.at, &l.since); err != nil {
				return err
			}
			found[name] = l
		}
		return rows.Err()
	})
	if err != nil {
		h.Log.Error("promises", "error", err.Error())
	}
	var out []web.Kept
	for _, s := range promise.Register {
		k := web.Kept{Sentence: s, Status: string(s.Kind)}
		if s.Kind == promise.Enforced {
			k.Evidence = "proved by " + strings.Join(s.ProvedBy, ", ")
			if l, ok := found[s.Probe]; ok && s.Probe != "" {
				k.Status, k.CheckedAt, k.Since = l.status, l.at.Time(), l.since.Time()
				k.Evidence = l.evidence + "; " + k.Evidence
			}
		}
		out = append(out, k)
	}
	return out
}

// Spells are how the probe's looks came out, the newest spell first, at most 20.
func (h *House) Spells(ctx context.Context, probe string) (out []web.Spell, err error) {
	err = h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("nothing is written")
		rows, err := p.Query(sqlProbeSpells, probe)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s web.Spell
			var since, last clock.Instant
			if err := rows.Scan(&s.Status, &s.Evidence, &since, &last, &s.Times); err != nil {
				return err
			}
			s.Since, s.Last = since.Time(), last.Time()
			out = append(out, s)
		}
		return rows.Err()
	})
	return out, err
}
