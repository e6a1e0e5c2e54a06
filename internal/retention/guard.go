package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/store"
)

// Jump is how far the clock may move from one look to the next before nothing is taken away any more: a wrong answer of a time server would else be a
// mass deletion (promise clock-jump). Ours.
const Jump = 26 * time.Hour

// ErrClock means that the clock moved further than it can be believed. Somebody has to say that it is right.
var ErrClock = errors.New("retention: the clock moved by more than 26 hours since it was looked at last, so nothing is taken away; when it is right, run: almirah retention run --clock-is-right")

const (
	sqlClockGet   = `SELECT seen_at, refused_at, confirmed_at FROM retention_clock WHERE id = 1`
	sqlClockSet   = `INSERT INTO retention_clock (id, seen_at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, refused_at = 0`
	sqlClockBad   = `INSERT INTO retention_clock (id, seen_at, refused_at) VALUES (1, $2, $1) ON CONFLICT (id) DO UPDATE SET refused_at = excluded.refused_at`
	sqlClockRight = `INSERT INTO retention_clock (id, seen_at, confirmed_at) VALUES (1, $1, $1) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, refused_at = 0, confirmed_at = excluded.confirmed_at`
)

// Pulse is how the clock stood when it was looked at last.
type Pulse struct {
	Seen      clock.Instant // the last moment that was believed; zero: none yet
	Refused   clock.Instant // when it was not believed; zero: it is
	Confirmed clock.Instant // when somebody said that it is right; zero: nobody had to
}

func pulse(p *store.Platform) (out Pulse, err error) {
	err = p.Row(sqlClockGet).Scan(&out.Seen, &out.Refused, &out.Confirmed)
	if err == store.ErrNoRows {
		err = nil
	}
	return out, err
}

// far says whether two moments lie further apart than the clock moves between two looks.
func far(a, b clock.Instant) bool { return a.Sub(b) > Jump || b.Sub(a) > Jump }

// Beat looks at the clock, every hour. It is believed while it moves as an hour does: neither further from the last look, nor to before the newest signed
// head of the audit log. ErrClock when it is not; it is then looked at by Operate's page and by the probe.
func (s *Service) Beat(ctx context.Context, who access.Caller) error {
	head, err := s.o.Head(ctx)
	if err != nil {
		return err
	}
	refused := false
	err = s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the clock was looked at")
		last, err := pulse(p)
		if err != nil {
			return err
		}
		now := p.Now()
		refused = last.Seen > 0 && far(now, last.Seen) || head > 0 && head.Sub(now) > Jump || last.Seen == 0 && head > 0 && far(now, head)
		if !refused {
			_, err = p.Exec(sqlClockSet, now)
			return err
		}
		if last.Seen == 0 {
			last.Seen = head
		}
		_, err = p.Exec(sqlClockBad, now, last.Seen)
		return err
	})
	if err == nil && refused {
		err = ErrClock
	}
	return err
}

// ClockIsRight is an operator's word that the clock is right, however far it moved.
func (s *Service) ClockIsRight(ctx context.Context, who access.Caller) error {
	return s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		last, err := pulse(p)
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "confirm-clock", Kind: "retention", Subject: who.Actor(), Old: last.Seen, New: p.Now()})
		_, err = p.Exec(sqlClockRight, p.Now())
		return err
	})
}

// Clock is how the clock stood when it was looked at last.
func (s *Service) Clock(ctx context.Context, who access.Caller) (out Pulse, err error) {
	err = s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		out, err = pulse(p)
		return err
	})
	return out, err
}

// believed is nil while the clock is where the last look left it.
func (s *Service) believed(ctx context.Context, who access.Caller) error {
	return s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		last, err := pulse(p)
		switch {
		case err != nil:
			return err
		case last.Seen == 0:
			return fmt.Errorf("%w (it was never looked at)", ErrClock)
		case last.Refused > 0, far(p.Now(), last.Seen):
			return ErrClock
		}
		return nil
	})
}

// Believed says whether the clock is where the last look left it: nothing that nobody decided is destroyed while it is not.
func (s *Service) Believed(ctx context.Context) (bool, error) {
	err := s.believed(ctx, s.o.Platform())
	if errors.Is(err, ErrClock) {
		return false, nil
	}
	return err == nil, err
}

// WhileBelieved is a chore that takes something away by its day, and is left out while the clock cannot be believed.
func (s *Service) WhileBelieved(run func(context.Context, access.Caller) error) func(context.Context, access.Caller) error {
	return func(ctx context.Context, who access.Caller) error {
		if yes, err := s.Believed(ctx); err != nil || !yes {
			return err
		}
		return run(ctx, who)
	}
}
