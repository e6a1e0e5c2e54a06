package store_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/datamap"
	"almirah/internal/oversight"
	"almirah/internal/rig/practice"
)

// mapped is the part of the day at which an operator looks at the map of the data and signs it.
func mapped(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	s, op := datamap.New(p.DB, oversight.New(p.DB), nil, func() []datamap.Party { return nil }), p.As(access.Operator)
	_, digest := s.Now()
	must(s.Sign(ctx, op, digest, true))
	_, err := s.Standing(ctx, op)
	must(err)
}
