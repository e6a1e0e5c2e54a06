package accounts

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// rule is how often something may be tried before it has to wait, and how the wait grows.
type rule struct {
	free   int64         // tries without a wait
	first  time.Duration // the wait after the next; it doubles with each
	most   time.Duration // the longest wait
	forget time.Duration // after so long without a try the count begins anew; zero: never by time alone
	hard   int64         // after so many only something else helps; zero: none
	drain  time.Duration // so long without a try takes one off the count; zero: none
}

// The rules. An account's count is of wrong passwords in a row: a right one, or a reset, ends it. A network is shared by a whole
// clinic, so it bears more; its count is of wrong passwords of anyone.
var (
	accountRule = rule{free: 5, first: time.Second, most: 15 * time.Minute, hard: 100}
	networkRule = rule{free: 30, first: time.Second, most: 15 * time.Minute, forget: time.Hour}
	signUpRule  = rule{free: 20, first: time.Minute, most: time.Hour, forget: time.Hour}
	mailRule    = rule{free: 3, first: 10 * time.Minute, most: 6 * time.Hour, forget: 24 * time.Hour}
)

// wait is how long the next try must wait after n tries.
func (r rule) wait(n int64) time.Duration {
	if n < r.free {
		return 0
	}
	d := r.first
	for range n - r.free {
		if d *= 2; d >= r.most {
			return r.most
		}
	}
	return min(d, r.most)
}

// The kinds of buckets. They are mixed into the fingerprint under the platform's index key, so that a copy of the table tells
// neither an address nor a network.
const (
	ofAccount = "account"
	ofNetwork = "network"
	ofSignUp  = "sign-up"
	ofMail    = "mail"
)

const (
	sqlThrottleHold = `INSERT INTO throttle (bucket, failures, until, seen_at) VALUES ($1, 0, 0, $2)
	ON CONFLICT (bucket) DO UPDATE SET seen_at = throttle.seen_at`
	sqlThrottleGet   = `SELECT failures, until, seen_at FROM throttle WHERE bucket = $1`
	sqlThrottleSet   = `UPDATE throttle SET failures = $2, until = $3, seen_at = $4 WHERE bucket = $1`
	sqlThrottleClear = `UPDATE throttle SET failures = 0, until = 0 WHERE bucket = $1`
	sqlThrottleBack  = `UPDATE throttle SET failures = failures - 1, until = 0 WHERE bucket = $1 AND failures > 0`
)

func bucket(p *store.Platform, kind, value string) ([]byte, error) {
	r, err := p.Ring()
	if err != nil {
		return nil, err
	}
	return r.Token(vault.IndexSignIn, "\x00"+kind+"\x00"+value), nil
}

// strike counts a try before it is made, so that many at once cannot slip through together. It answers how many tries stand in a
// row, and in refuse how long to wait when this one is not allowed (it is then not counted).
func strike(p *store.Platform, key []byte, r rule) (n int64, refuse time.Duration, err error) {
	now := p.Now()
	if _, err := p.Exec(sqlThrottleHold, key, now); err != nil { // holds the row until the end of the passage
		return 0, 0, err
	}
	var until, seen clock.Instant
	if err := p.Row(sqlThrottleGet, key).Scan(&n, &until, &seen); err != nil {
		return 0, 0, err
	}
	switch {
	case r.hard > 0 && n >= r.hard:
		refuse = r.most
	case until > now:
		refuse = until.Sub(now)
	default:
		if r.forget > 0 && now.Sub(seen) >= r.forget {
			n = 0
		}
		if r.drain > 0 {
			n = max(0, n-int64(now.Sub(seen)/r.drain))
		}
		n++
		until, seen = now.Add(r.wait(n)), now
	}
	// A refused try is written too, unchanged: the work does not tell what was counted.
	_, err = p.Exec(sqlThrottleSet, key, n, until, seen)
	return n, refuse, err
}

// forgive takes the count of a bucket away.
func forgive(p *store.Platform, key []byte) error {
	_, err := p.Exec(sqlThrottleClear, key)
	return err
}

// takeBack takes away the one try that turned out to be right.
func takeBack(p *store.Platform, key []byte) error {
	_, err := p.Exec(sqlThrottleBack, key)
	return err
}

// slower is the answer to somebody who must wait.
func slower(d time.Duration) error {
	f := fault.New(fault.TooMany, "fault.too_many_tries")
	f.RetryAfter = max(1, int((d+time.Second-1)/time.Second))
	return f
}
