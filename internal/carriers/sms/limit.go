package sms

import (
	"sync"
	"time"

	"almirah/internal/clock"
)

// Limit is how fast one sender number may be used. The zero Limit is none: the provider's own
// limits then answer "not now", which costs a request each time.
type Limit struct {
	PerSecond float64 // messages a second, such as 1 for a long number
	Burst     int     // how many may go at once after a pause; at least 1
}

// limiter keeps one Limit for every sender number of this process.
type limiter struct {
	clock clock.Clock
	limit Limit

	mu   sync.Mutex
	free map[string]time.Time // when the number would be free again if its burst were used up
}

func newLimiter(clk clock.Clock, l Limit) *limiter {
	l.Burst = max(1, l.Burst)
	return &limiter{clock: clk, limit: l, free: map[string]time.Time{}}
}

// take uses one message of the number's allowance and answers zero; where there is none left it
// uses nothing and answers how long to wait.
func (l *limiter) take(number string) time.Duration {
	if l.limit.PerSecond <= 0 {
		return 0
	}
	each := time.Duration(float64(time.Second) / l.limit.PerSecond)
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.free[number]
	if at.Before(now) {
		at = now
	}
	if wait := at.Add(each).Sub(now) - each*time.Duration(l.limit.Burst); wait > 0 {
		return wait
	}
	if len(l.free) >= 4096 { // numbers that rest need no entry
		for n, t := range l.free {
			if t.Before(now) {
				delete(l.free, n)
			}
		}
	}
	l.free[number] = at.Add(each)
	return 0
}
