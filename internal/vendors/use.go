package vendors

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/store"
)

// shownDays is how many days the policy page sums up; keptDays, how many are kept.
const (
	shownDays = 30
	keptDays  = 40
)

// Total is what went to one party in the last thirty days.
type Total struct {
	Party          string // id on the list, or "unlisted" for attempts in the name of nobody who is
	Calls, Refused int64
	Sent, Received int64      // bytes on the wire
	Days           int        // on how many of the days
	Last           clock.Date // the newest of them
}

// Flush keeps what this process counted since the last time; several processes add up. who is the platform's own work.
func (s *Service) Flush(ctx context.Context, who access.Caller) error {
	list := s.o.Gate.Take()
	if len(list) == 0 {
		return nil
	}
	err := s.db.Across(ctx, who, access.PlatformVendors, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("counts of what went to whom; no person is in them")
		for _, u := range list {
			if _, err := p.Exec(sqlUseAdd, u.Processor, u.Day, u.Calls, u.Failed, u.Refused, u.Sent, u.Received); err != nil {
				return err
			}
		}
		_, err := p.Exec(sqlUseOld, s.today().AddDays(-keptDays))
		return err
	})
	if err != nil {
		s.o.Gate.Return(list)
		return err
	}
	s.forget()
	return nil
}

// By is what went to whom on each day since the one that is named, the newest first.
func (s *Service) By(ctx context.Context, since clock.Date) (out []egress.Use, err error) {
	err = s.db.Across(ctx, accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		out, err = uses(p, since)
		return err
	})
	return out, err
}

// Used sums up the last thirty days, by party. It is asked by public pages, so that it is read once a minute.
func (s *Service) Used(ctx context.Context) ([]Total, error) {
	now := s.db.Clock().Now()
	s.mu.Lock()
	if !s.usedAt.IsZero() && now.Sub(s.usedAt).Abs() < time.Minute {
		defer s.mu.Unlock()
		return s.used, nil
	}
	s.mu.Unlock()
	list, err := s.By(ctx, s.today().AddDays(1-shownDays))
	if err != nil {
		return nil, err
	}
	var out []Total
	at := map[string]int{}
	for _, u := range list {
		i, there := at[u.Processor]
		if !there {
			i = len(out)
			at[u.Processor], out = i, append(out, Total{Party: u.Processor, Last: u.Day})
		}
		t := &out[i]
		t.Calls, t.Refused, t.Sent, t.Received, t.Days = t.Calls+u.Calls, t.Refused+u.Refused, t.Sent+u.Sent, t.Received+u.Received, t.Days+1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used, s.usedAt = out, now
	return out, nil
}
