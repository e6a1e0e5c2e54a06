package app

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/clock"
)

// limiter lets a household or a clinic, which share a network, book so many times a minute, with a family's worth at once. Networks
// are kept as HMACs under a key that dies with the process, so that no list of visitors exists.
type limiter struct {
	clock   clock.Clock
	address func(*http.Request) string
	rate    float64 // a second
	burst   float64
	secret  [32]byte

	mu      sync.Mutex
	buckets map[[16]byte]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// most addresses that are remembered; beyond it the oldest full buckets are forgotten.
const mostBuckets = 50_000

func newLimiter(perMinute int, clk clock.Clock, address func(*http.Request) string) *limiter {
	l := &limiter{clock: clk, address: address, rate: float64(perMinute) / 60, burst: float64(perMinute), buckets: map[[16]byte]bucket{}}
	_, _ = rand.Read(l.secret[:]) // crypto/rand never returns an error
	return l
}

// Wait takes one booking of the request's address, and answers how long it must wait instead (zero: go on).
func (l *limiter) Wait(r *http.Request) time.Duration {
	if l.rate == 0 {
		return 0
	}
	m := hmac.New(sha256.New, l.secret[:])
	m.Write([]byte(accounts.Network(l.address(r)))) // whoever has one IPv6 address has as many as she likes
	var key [16]byte
	copy(key[:], m.Sum(nil))
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	if !ok {
		if len(l.buckets) >= mostBuckets {
			l.forget(now)
		}
		b = bucket{tokens: l.burst, at: now}
	}
	b.tokens = min(l.burst, b.tokens+now.Sub(b.at).Seconds()*l.rate)
	b.at = now
	wait := time.Duration(0)
	if b.tokens >= 1 {
		b.tokens--
	} else {
		wait = time.Duration((1 - b.tokens) / l.rate * float64(time.Second))
	}
	l.buckets[key] = b
	return wait
}

// forget drops every bucket that has filled up again: its address may book as a new one may.
func (l *limiter) forget(now time.Time) {
	for k, b := range l.buckets {
		if b.tokens+now.Sub(b.at).Seconds()*l.rate >= l.burst {
			delete(l.buckets, k)
		}
	}
}
