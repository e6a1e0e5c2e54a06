package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/id"
)

// custodyVerbs are the verbs about what a law holds of clinics that have gone.
func custodyVerbs() []verb {
	return []verb{
		{"custody open", "open it, at the word of whoever answers for it: --clinic ID --hold ID --reason TEXT [--name NAME]; it is recorded", (*console).custodyOpen},
		{"custody", "list what a law holds of clinics that have gone, until when, and who answers for it", (*console).custodies},
	}
}

func (c *console) custodies(ctx context.Context, args []string) error {
	return c.with(ctx, c.demoHere(), func(h *House) error {
		list, err := h.Erasure.Custodies(ctx, accounts.Operator())
		if err != nil {
			return err
		}
		if len(list) == 0 {
			c.say("nothing is held of a clinic that has gone")
		}
		for _, x := range list {
			c.say("%s  gone %s, until %s", x.Clinic, x.ClosedAt.Time().Format(time.DateOnly), x.Last)
			c.say("  answers: %s", strings.ReplaceAll(x.Answers, "\n", ", "))
			for _, k := range x.Holds {
				if k.Ended > 0 {
					c.say("  %s  %s (%d): its key was destroyed", k.ID, k.Class, k.Number)
				} else {
					c.say("  %s  %s (%d) until %s: %s", k.ID, k.Class, k.Number, k.Last, k.Source)
				}
			}
		}
		return nil
	})
}

func (c *console) custodyOpen(ctx context.Context, args []string) error {
	clinic, err := id.Parse(behind(args, "clinic"))
	if err != nil {
		return errors.New("name the clinic that has gone: --clinic ID, as almirah custody lists it")
	}
	hold, err := id.Parse(behind(args, "hold"))
	if err != nil {
		return errors.New("name what is to be opened: --hold ID, as almirah custody lists it")
	}
	reason, name := behind(args, "reason"), strings.ToLower(behind(args, "name"))
	if reason == "" {
		return errors.New("say why: --reason TEXT; it is recorded")
	}
	return c.with(ctx, c.demoHere(), func(h *House) error {
		list, err := h.Erasure.OpenCustody(ctx, accounts.Operator(), clinic, hold, reason)
		if err != nil {
			return err
		}
		e := json.NewEncoder(c.out)
		e.SetIndent("", "  ")
		for _, p := range list {
			if name != "" && !strings.Contains(strings.ToLower(p.Name), name) {
				continue
			}
			if err := e.Encode(p); err != nil {
				return err
			}
		}
		return nil
	})
}
