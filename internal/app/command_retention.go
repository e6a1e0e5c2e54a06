package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/retention"
)

// retentionVerbs are the verbs about how long things live.
func retentionVerbs() []verb {
	return []verb{{"retention run", "take away now what is over (--dry-run: only count it; --clinic SLUG; --clock-is-right: after the clock was set)", (*console).retentionRun}}
}

func (c *console) retentionRun(ctx context.Context, args []string) error {
	slug := value(args, "--clinic")
	return c.with(ctx, false, func(h *House) error {
		if has(args, "--clock-is-right") {
			if err := h.Lives.ClockIsRight(ctx, accounts.Operator()); err != nil {
				return err
			}
			c.say("noted: the clock is right")
		}
		dry := has(args, "--dry-run")
		if !dry { // what came back from a backup is brought to what was ordered and erased since, before anything is taken away
			if err := h.Settle(ctx, c.say); err != nil {
				return err
			}
		}
		if err := h.Lives.Beat(ctx, jobs.Platform()); err != nil && (!dry || !errors.Is(err, retention.ErrClock)) {
			return err
		}
		list, err := h.runOver(ctx, slug)
		if err != nil {
			return err
		}
		total := map[law.Class]int64{}
		var failed []error
		for i, one := range list {
			n, err := h.Lives.Run(ctx, jobs.ForClinic(one), dry)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil { // what is over goes in the other rooms, and in the other clinics
				failed = append(failed, fmt.Errorf("clinic %s: %w", one, err))
			}
			for class, k := range n.Gone {
				total[class] += k
			}
			c.say("%d of %d clinics: %s", i+1, len(list), counted(n.Gone))
			if dry {
				c.say("  within 30 days: %s", counted(n.Ahead))
			}
		}
		verb := "went"
		if dry {
			verb = "would go"
		}
		c.say("%s: %s", verb, counted(total))
		return errors.Join(failed...)
	})
}

// runOver are the clinics of the run: one by its name, or all.
func (h *House) runOver(ctx context.Context, slug string) ([]id.ID, error) {
	if slug == "" {
		return h.DB.Due(ctx, jobs.Platform(), clock.Instant(1<<63-1), 1_000_000)
	}
	one, err := h.Clinics.BySlug(ctx, slug)
	if err != nil {
		return nil, fmt.Errorf("there is no clinic %q", slug)
	}
	return []id.ID{one}, nil
}

// counted are counts by class, in the order of their names.
func counted(n map[law.Class]int64) string {
	out := ""
	for _, class := range slices.Sorted(maps.Keys(n)) {
		if out != "" {
			out += ", "
		}
		out += fmt.Sprintf("%s %d", class, n[class])
	}
	if out == "" {
		return "nothing"
	}
	return out
}
