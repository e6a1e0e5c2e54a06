package web

import (
	"hash/maphash"
	"sync"
	"time"
)

// browsers remembers, in this process alone and for as long as a sign-in may last, from which browsers each sign-in comes. A browser that
// renews itself changes once; two that take turns are two people (promise incident-noticed). Nothing of it is written down but that it was so.
type browsers struct {
	mu   sync.Mutex
	seed maphash.Seed
	seen map[[16]byte]*inTurns
}

type inTurns struct {
	now, before uint64
	turns       int
	since       time.Time
	told        bool
}

// mostSeats bounds the memory; the oldest go first.
const mostSeats = 20_000

// twice says, once for each sign-in, that it has come from one browser, from another, and from the first again.
func (b *browsers) twice(session [16]byte, agent string, at time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen == nil {
		b.seed, b.seen = maphash.MakeSeed(), map[[16]byte]*inTurns{}
	}
	mark := maphash.String(b.seed, agent)
	x := b.seen[session]
	if x == nil {
		if len(b.seen) >= mostSeats {
			for s, old := range b.seen {
				if at.Sub(old.since) > 12*time.Hour || len(b.seen) >= mostSeats {
					delete(b.seen, s)
				}
			}
		}
		b.seen[session] = &inTurns{now: mark, since: at}
		return false
	}
	if x.now == mark {
		return false
	}
	if x.turns++; x.turns >= 2 && x.before == mark && !x.told {
		x.told = true
		return true
	}
	x.before, x.now = x.now, mark
	return false
}

// watchBrowser has an incident opened when a sign-in is used from two browsers in turns. That it cannot be written spoils no page.
func (s *Site) watchBrowser(v *Visit) {
	if !s.seats.twice(v.Signed.SessionID, v.UserAgent(), s.Clock.Now()) {
		return
	}
	if err := s.Trouble.SeenTwice(v.Context(), v.Who); err != nil {
		s.Log.Error("an incident could not be opened", "error", err.Error())
	}
}
