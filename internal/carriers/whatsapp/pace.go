package whatsapp

import (
	"hash/maphash"
	"sync"
	"time"

	"almirah/internal/clock"
)

// pace keeps two of Meta's limits before Meta has to: messages a second of one number, and
// messages of one number to one person. It never makes anybody wait: it says how long to wait,
// so that the message goes back to the outbox. What it knows is this process's own sending.
type pace struct {
	clock clock.Clock
	seed  maphash.Seed // keys are hashes: no phone number is kept for the sake of counting

	mu   sync.Mutex
	free map[uint64]time.Time // when the next message would be due if none were borrowed
	seen int
}

func newPace(clk clock.Clock) *pace {
	return &pace{clock: clk, seed: maphash.MakeSeed(), free: map[uint64]time.Time{}}
}

// limit is one message every so often, with some borrowed from what is to come.
type limit struct {
	key    string
	every  time.Duration
	borrow int // messages at once, at least 1
}

// take books a place under every limit, or under none and says how long to wait. undo gives the
// places back, for a message that did not leave after all.
func (p *pace) take(limits ...limit) (wait time.Duration, undo func()) {
	now := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	for _, l := range limits {
		due, ok := p.free[p.hash(l.key)]
		if !ok {
			continue
		}
		if early := due.Sub(now) - time.Duration(max(l.borrow, 1)-1)*l.every; early > wait {
			wait = early
		}
	}
	if wait > 0 {
		return wait, func() {}
	}
	for _, l := range limits {
		k := p.hash(l.key)
		due := p.free[k]
		if due.Before(now) {
			due = now
		}
		p.free[k] = due.Add(l.every)
	}
	return 0, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, l := range limits {
			k := p.hash(l.key)
			if due, ok := p.free[k]; ok {
				p.free[k] = due.Add(-l.every)
			}
		}
	}
}

// hold lets nothing through under the limit for a while: Meta said so.
func (p *pace) hold(l limit, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := p.clock.Now().Add(wait + time.Duration(max(l.borrow, 1)-1)*l.every)
	if k := p.hash(l.key); p.free[k].Before(until) {
		p.free[k] = until
	}
}

func (p *pace) hash(key string) uint64 { return maphash.String(p.seed, key) }

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
