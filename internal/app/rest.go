package app

import (
	"context"
	"net/http"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// collectAt and restAt are how far the heap grows before it is collected, in percent of what is in use: while people ask, and while nobody does. A
// small heap is collected often, which costs more of a page than its statements do; work that nobody waits for can afford it.
const (
	collectAt = 200
	restAt    = 50
)

// restAgain is how much the work that goes on without people, letters and live looks, may take from the heap before it is given back once more, in bytes.
const restAgain = 64 << 20

// restEvery is how often it is looked whether anybody still asks for anything.
const restEvery = 2 * time.Second

// counting counts the requests of people; those of a supervisor, who asks all day, keep nobody busy.
func (h *House) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics", "/operate":
		default:
			h.asked.Add(1)
		}
		next.ServeHTTP(w, r)
	})
}

// pause says when a house that nobody asks gives back what it holds.
type pause struct {
	seen   int64  // requests so far
	taken  uint64 // from the heap when it was given back last, in bytes since the start
	rested bool
}

// tick is told how many requests there were and how much was ever taken from the heap. It answers whether to give back now, and whether somebody woke
// the house.
func (p *pause) tick(asked int64, taken uint64) (give, woke bool) {
	if asked != p.seen {
		woke = p.rested
		p.seen, p.rested = asked, false
		return false, woke
	}
	if p.rested && taken-p.taken < restAgain {
		return false, false
	}
	p.rested, p.taken = true, taken
	return true, false
}

// rest gives back what a busy hour has taken: the caches of the database's connections and the
// free part of the heap. A clinic's machine has other things to do, and most of the day nobody asks.
func (h *House) rest(ctx context.Context) {
	t := time.NewTicker(restEvery)
	defer t.Stop()
	defer debug.SetGCPercent(collectAt)
	p := pause{rested: true} // what the start took is given back after the first requests
	taken := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		metrics.Read(taken)
		give, woke := p.tick(h.asked.Load(), taken[0].Value.Uint64())
		switch {
		case woke:
			debug.SetGCPercent(collectAt)
		case give:
			debug.SetGCPercent(restAt)
			if err := h.DB.Rest(ctx); err != nil {
				h.Log.Warn("rest: the caches were not given back", "error", err.Error())
			}
			debug.FreeOSMemory()
		}
	}
}
