package whatsapp

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/messaging"
)

// pace keeps two of Meta's limits before Meta has to: messages a second of one number, and
// messages of one number to one person. What it knows is this process's own sending; where
// several processes send, Options.Pace is one that they share.
type pace struct {
	clock clock.Clock
	seed  maphash.Seed // keys are hashes: no phone number is kept for the sake of counting

	mu   sync.Mutex
	free map[uint64]time.Time // when the next message would be due if none were borrowed
	seen int
}

var _ messaging.Pace = (*pace)(nil)

func newPace(clk clock.Clock) *pace {
	return &pace{clock: clk, seed: maphash.MakeSeed(), free: map[uint64]time.Time{}}
}

// Take books a place under every limit, or under none and says how long to wait.
func (p *pace) Take(_ context.Context, limits ...messaging.Limit) (wait time.Duration, undo func(), err error) {
	now := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	for _, l := range limits {
		due, ok := p.free[p.hash(l)]
		if !ok {
			continue
		}
		wait = max(wait, due.Sub(now)-l.Ahead())
	}
	if wait > 0 {
		return wait, func() {}, nil
	}
	for _, l := range limits {
		k := p.hash(l)
		due := p.free[k]
		if due.Before(now) {
			due = now
		}
		p.free[k] = due.Add(l.Every)
	}
	return 0, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, l := range limits {
			k := p.hash(l)
			if due, ok := p.free[k]; ok {
				p.free[k] = due.Add(-l.Every)
			}
		}
	}, nil
}

// Hold lets nothing through under the limit for a while: Meta said so.
func (p *pace) Hold(_ context.Context, l messaging.Limit, wait time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := p.clock.Now().Add(wait + l.Ahead())
	if k := p.hash(l); p.free[k].Before(until) {
		p.free[k] = until
	}
	return nil
}

func (p *pace) hash(l messaging.Limit) uint64 { return maphash.String(p.seed, l.Account+"\x00"+l.To) }

// sweep drops what has long come free, every thousand messages.
func (p *pace) sweep(now time.Time) {
	if p.seen++; p.seen%1000 != 0 {
		return
	}
	for k, due := range p.free {
		if !due.After(now) {
			delete(p.free, k)
		}
	}
}
