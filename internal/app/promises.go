package app

import (
	"context"
	"sort"
	"strings"
	"sync"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
)

const (
	sqlProbeSet = `INSERT INTO probe_result (id, status, evidence, checked_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, evidence = excluded.evidence, checked_at = excluded.checked_at`
	sqlProbeAll = `SELECT id, status, evidence, checked_at FROM probe_result`
)

// probing keeps two runs of the probes in one process from getting in each other's way.
type probing struct{ sync.Mutex }

// Probe runs every live probe and stores what it found. It fails only when that cannot be stored:
// a broken promise is a result, not an error.
func (h *House) Probe(ctx context.Context) error {
	h.probing.Lock()
	defer h.probing.Unlock()
	clinics, err := h.sample(ctx)
	if err != nil {
		return err
	}
	type result struct{ id, status, evidence string }
	var found []result
	for name, look := range probes() {
		evidence, err := look(probe{House: h, clinics: clinics}, ctx)
		if err != nil {
			found = append(found, result{name, "broken", err.Error()})
			continue
		}
		found = append(found, result{name, "enforced", evidence})
	}
	sort.Slice(found, func(i, j int) bool { return found[i].id < found[j].id })
	return h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("what the probes found; shown on the trust page")
		for _, r := range found {
			if _, err := p.Exec(sqlProbeSet, r.id, r.status, r.evidence, p.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// mostProbed is how many clinics one run looks at: the ones with the most recent work.
const mostProbed = 25

func (h *House) sample(ctx context.Context) ([]id.ID, error) {
	return h.DB.Due(ctx, jobs.Platform(), clock.Instant(1<<63-1), mostProbed)
}

// Promises is the register with how each sentence stands: what a probe last found, or, for a
// sentence without one, what the build proved.
func (h *House) Promises(ctx context.Context) []web.Kept {
	type last struct {
		status, evidence string
		at               clock.Instant
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
			if err := rows.Scan(&name, &l.status, &l.evidence, &l.at); err != nil {
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
				k.Status, k.CheckedAt = l.status, l.at.Time()
				k.Evidence = l.evidence + "; " + k.Evidence
			}
		}
		out = append(out, k)
	}
	return out
}
