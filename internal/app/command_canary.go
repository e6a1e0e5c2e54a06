package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/web"
)

// canaryVerbs are the verbs of the invented patient's walks.
func canaryVerbs() []verb {
	return []verb{
		{"canary run", "have the invented patient walk now, through the program that serves, and tell how far she is; ends 1 when a step failed", (*console).canaryRun},
		{"canary show", "tell how the last walks went (--all: with every step and place of each)", (*console).canaryShow},
	}
}

// canaryPatience is how long the program that serves may take to begin a walk that was asked for.
const canaryPatience = 3 * time.Minute

// canaryRun asks for a walk and follows it. The walk itself is the serving program's: messages and reports go through it.
func (c *console) canaryRun(ctx context.Context, _ []string) error {
	return c.with(ctx, c.demoHere(), func(h *House) error {
		if err := h.askForWalk(ctx, asOperator()); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
		if h.Held() {
			return errors.New("the database came back from a backup and is held: `almirah release` first")
		}
		return c.follow(ctx, h, canaryPatience)
	})
}

// follow tells each step of the newest walk as it ends.
func (c *console) follow(ctx context.Context, h *House, patience time.Duration) error {
	began, told := h.Clock.Now(), 0
	for {
		list, err := h.walks(ctx, 1)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errors.New("nobody walks")
		}
		one := list[0]
		for told < len(one.Steps) && one.Steps[told].State != stepRunning {
			c.sayStep(one.Steps[told])
			told++
		}
		switch {
		case one.State == walkGood:
			c.sayPlaces(one)
			c.say("good")
			return nil
		case one.State == walkBad:
			c.sayPlaces(one)
			return errors.New("the walk found something; the sentences of the policy that it concerns are called broken")
		case one.State == walkBrokenOff:
			return errors.New("the walk broke off; the next one cleans up")
		case one.State == walkAsked && h.Clock.Now().Sub(began) > patience:
			return errors.New("nobody has begun the walk: is `almirah serve` running? It begins when it is")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func (c *console) sayStep(s walkStep) {
	c.say("  %-8s %-8s %7d ms  %s", s.Name, s.State, s.Millis, s.Words)
}

func (c *console) sayPlaces(r walkRow) {
	for _, p := range r.Places {
		state := "clean"
		switch {
		case len(p.Found) > 0:
			state = "FOUND"
		case !p.Looked:
			state = "not"
		}
		c.say("  %-8s %-5s  %s: %s", p.Kind, state, p.Name, p.Words)
		for _, f := range p.Found {
			c.say("                  %s", f)
		}
	}
}

func (c *console) canaryShow(ctx context.Context, args []string) error {
	return c.with(ctx, c.demoHere(), func(h *House) error {
		list, err := h.walks(ctx, walksKept+2)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			c.say("No walk has been made yet.")
		}
		for i, r := range list {
			took := ""
			if r.EndedAt > 0 && r.BeganAt > 0 {
				took = fmt.Sprintf(", %s", r.EndedAt.Sub(r.BeganAt).Round(time.Second))
			}
			c.say("%s  %s%s", r.AskedAt.Time().UTC().Format(time.DateTime), r.State, took)
			for _, s := range r.Steps {
				if i == 0 || s.State == stepBad || has(args, "--all") {
					c.sayStep(s)
				}
			}
			if i == 0 || has(args, "--all") {
				c.sayPlaces(r)
			}
		}
		return nil
	})
}

// walkPage is what the operator's page shows.
func (h *House) walkPage(ctx context.Context) (*web.WalkPage, error) {
	list, err := h.walks(ctx, walksKept+2)
	if err != nil {
		return nil, err
	}
	p := &web.WalkPage{Off: h.Config.Walking.Off, Hour: h.Config.Walking.Hour, Held: h.Held()}
	for _, r := range list {
		if r.State == walkAsked {
			p.Waits = true
			continue
		}
		row := web.WalkRow{State: r.State, ByHand: r.ByHand, Began: r.BeganAt.Time().UTC()}
		if r.EndedAt > 0 {
			row.Took = r.EndedAt.Sub(r.BeganAt)
		} else if clock.At(h.Clock.Now()).Sub(r.BeganAt) > walkAtMost {
			row.State = walkBrokenOff
		}
		for _, s := range r.Steps {
			row.Steps = append(row.Steps, web.WalkStep{Name: s.Name, State: s.State, Words: s.Words, Took: time.Duration(s.Millis) * time.Millisecond})
		}
		for _, x := range r.Places {
			row.Places = append(row.Places, web.WalkPlace{Kind: x.Kind, Name: x.Name, Words: x.Words, Looked: x.Looked, Bytes: x.Bytes, Found: x.Found})
		}
		p.Walks = append(p.Walks, row)
	}
	return p, nil
}
