package api

import (
	"sync"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
)

// How often a token may ask: a process lets it ask that many times a minute, and so many at once.
const (
	perMinute = 300
	atOnce    = 60
	mostRates = 10_000
)

// rate lets each token ask so many times a minute.
type rate struct {
	clock clock.Clock
	mu    sync.Mutex
	of    map[id.ID]drop
}

type drop struct {
	left float64
	at   time.Time
}

func newRate(c clock.Clock) *rate {
	if c == nil {
		c = clock.System{}
	}
	return &rate{clock: c, of: map[id.ID]drop{}}
}

// wait takes one request of the token, and answers how long it must wait instead (zero: go on).
func (r *rate) wait(token id.ID) time.Duration {
	const second = perMinute / 60.0
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	d, known := r.of[token]
	if !known {
		if len(r.of) >= mostRates {
			for k, x := range r.of {
				if x.left+now.Sub(x.at).Seconds()*second >= atOnce {
					delete(r.of, k)
				}
			}
		}
		d = drop{left: atOnce, at: now}
	}
	d.left, d.at = min(atOnce, d.left+max(0, now.Sub(d.at).Seconds())*second), now
	out := time.Duration(0)
	if d.left >= 1 {
		d.left--
	} else {
		out = time.Duration((1 - d.left) / second * float64(time.Second))
	}
	r.of[token] = d
	return out
}
