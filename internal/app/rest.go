package app

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"
)

// collectAt is how far the heap grows before it is collected, in percent of what is in use. A
// small heap is collected often, which costs more of a page than its statements do; what is
// taken meanwhile is given back when the house rests.
const collectAt = 200

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

// rest gives back what a busy hour has taken: the caches of the database's connections and the
// free part of the heap. A clinic's machine has other things to do, and most of the day nobody asks.
func (h *House) rest(ctx context.Context) {
	t := time.NewTicker(restEvery)
	defer t.Stop()
	var seen int64
	rested := true // what the start took is given back after the first requests
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if now := h.asked.Load(); now != seen {
			seen, rested = now, false
			continue
		}
		if rested {
			continue
		}
		rested = true
		if err := h.DB.Rest(ctx); err != nil {
			h.Log.Warn("rest: the caches were not given back", "error", err.Error())
		}
		debug.FreeOSMemory()
	}
}
