package clinics

import (
	"context"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// The clinic of the invented patient is a clinic like any other but for two things: its name leads nowhere, and nothing leaves it. So nobody comes into it by
// mistake, and what she goes through is the program that everybody goes through (promise synthetic-apart).

type walking struct{}

// AsCanary marks what belongs to the walk of the invented patient: with it, the name of her clinic leads there. Nothing that comes over the wire carries it.
func AsCanary(ctx context.Context) context.Context { return context.WithValue(ctx, walking{}, true) }

// found is the clinic of a name, for whoever may know it.
func (k known) found(ctx context.Context) (id.ID, error) {
	if k.canary && ctx.Value(walking{}) == nil {
		return id.Zero, fault.Missing()
	}
	return k.clinic, nil
}

const sqlRouteCanary = `SELECT clinic_id, slug FROM clinic_route WHERE canary = $1 AND opened_at > 0 ORDER BY opened_at, slug LIMIT 1`

// CanaryOf is the clinic of the invented patient, with the name in its address; id.Zero when there is none yet.
func CanaryOf(p *store.Platform) (clinic id.ID, slug string, err error) {
	err = p.Row(sqlRouteCanary, true).Scan(&clinic, &slug)
	if err == store.ErrNoRows {
		err = nil
	}
	return clinic, slug, err
}
