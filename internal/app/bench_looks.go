package app

import (
	"context"
	"fmt"
	"time"

	"almirah/internal/store"
)

// benchLooks is every live look once, over the large clinic as the operations left it. The chore looks each ten minutes; looksGoal is a twentieth of them.
const (
	benchLooks = "looks"
	looksGoal  = 30 * time.Second
)

func (r *benchRun) looksRow(ctx context.Context, engine store.Engine) (benchRow, string, error) {
	stop, err := r.profiled(benchLooks)
	if err != nil {
		return benchRow{}, "", err
	}
	defer stop()
	h := r.large.House
	begun := h.Clock.Now()
	if err := h.Probe(ctx); err != nil {
		return benchRow{}, "", fmt.Errorf("bench: live looks: %w", err)
	}
	took := h.Clock.Now().Sub(begun)
	word := "ok"
	if took > looksGoal {
		word = "MISSED"
	}
	us := float64(took.Microseconds())
	return benchRow{Op: benchLooks, Engine: string(engine), P50: us, P99: us, RPS: float64(time.Second) / float64(took), Limit: float64(looksGoal.Microseconds()), Ratio: float64(took) / float64(looksGoal)},
		fmt.Sprintf("%s  all %d live looks once over the large clinic: %.1f s (goal %.0f s: %s)", benchLooks, len(probes()), took.Seconds(), looksGoal.Seconds(), word), nil
}
