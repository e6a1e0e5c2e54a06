package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/id"
)

// Changes from other desks, by server-sent events. One poller a clinic looks at the clinic's
// change counter while anybody watches, however many browsers that are; it holds no connection
// to the database in between.

const (
	lookEvery  = 500 * time.Millisecond
	aliveEvery = 20 * time.Second
	askAgain   = 8 * time.Second // is she still signed in?
)

// watching is who watches which clinic in this process.
type watching struct {
	mu      sync.Mutex
	clinics map[id.ID]*watch
}

type watch struct {
	who     access.Caller // the latest watcher, in whose name the counter is read
	seen    map[chan int64]bool
	counter int64
	known   bool
	stop    context.CancelFunc
}

func newWatching() *watching { return &watching{clinics: map[id.ID]*watch{}} }

// join begins to watch the caller's clinic: the channel gets the counter as it is and after each
// change, never more than the latest. leave ends it; the last to leave ends the poller.
func (l *watching) join(s *Site, who access.Caller) (counters chan int64, leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	clinic := who.Clinic()
	x := l.clinics[clinic]
	if x == nil {
		ctx, stop := context.WithCancel(context.Background())
		x = &watch{seen: map[chan int64]bool{}, stop: stop}
		l.clinics[clinic] = x
		go l.poll(ctx, s, x)
	}
	counters = make(chan int64, 1)
	x.who = who
	x.seen[counters] = true
	if x.known {
		counters <- x.counter
	}
	return counters, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if delete(x.seen, counters); len(x.seen) == 0 {
			x.stop()
			if l.clinics[clinic] == x {
				delete(l.clinics, clinic)
			}
		}
	}
}

// following are those to whom a page is open that is told of changes.
type following struct {
	mu  sync.Mutex
	all map[*access.Caller]bool
}

// add counts one more until the answered function is called.
func (f *following) add(who access.Caller) (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[*access.Caller]bool{}
	}
	f.all[&who] = true
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.all, &who)
	}
}

// Following are those to whom a page is open in this process that is told of changes, for the live check of the promise revoked-at-once.
func (s *Site) Following() (out []access.Caller) {
	s.follows.mu.Lock()
	defer s.follows.mu.Unlock()
	for who := range s.follows.all {
		out = append(out, *who)
	}
	return out
}

func (l *watching) poll(ctx context.Context, s *Site, x *watch) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failed := false
	for {
		l.mu.Lock()
		who := x.who
		l.mu.Unlock()
		n, err := s.DB.Counter(ctx, who, access.ScheduleRead)
		switch {
		case err == nil:
			l.tell(x, n)
			failed = false
		case !failed && !errors.Is(err, context.Canceled):
			s.Log.WarnContext(ctx, "the change counter cannot be read", "error", err.Error())
			failed = true
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *watching) tell(x *watch, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.known && x.counter == n {
		return
	}
	x.counter, x.known = n, true
	for c := range x.seen {
		select { // a watcher who is slow gets the latest only
		case <-c:
		default:
		}
		c <- n
	}
}

// follow answers the stream. Its events say "*": what changed is fetched as fragments, by the
// rights that the person has then. A page says with since= which counter it was made at, and a
// browser that lost the connection comes back with the last one that it saw: whoever missed a
// change is told at once.
func (l *watching) follow(s *Site, w http.ResponseWriter, v *Visit) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // a proxy must not collect events
	if v.Method == http.MethodHead {
		return nil
	}
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // where it is not supported there is none either
	say := func(text string) bool {
		_, err := io.WriteString(w, text)
		return err == nil && out.Flush() == nil
	}
	if !say("retry: 2000\n\n") {
		return nil
	}
	counters, leave := l.join(s, v.Who)
	defer leave()
	defer s.follows.add(v.Who)()
	since := v.Header.Get("Last-Event-ID")
	if since == "" {
		since = v.URL.Query().Get("since")
	}
	last, err := strconv.ParseInt(since, 10, 64)
	knows := err == nil
	alive, again := time.NewTicker(aliveEvery), time.NewTicker(askAgain)
	defer alive.Stop()
	defer again.Stop()
	for {
		ok := true
		select {
		case <-v.Context().Done():
			return nil
		case n := <-counters:
			if knows && n != last && !s.stillHere(v) { // what changed may be that she no longer may (promise revoked-at-once)
				return nil
			}
			text := "id: " + strconv.FormatInt(n, 10) + "\n"
			if knows && n != last {
				text += "event: change\ndata: *\n"
			}
			last, knows = n, true
			ok = say(text + "\n")
		case <-again.C:
			ok = s.stillHere(v)
		case <-alive.C:
			ok = say(": here\n\n")
		}
		if !ok {
			return nil
		}
	}
}

// stillHere says whether the visitor is still signed in, in the same clinic and with the right. Asking does not keep
// the session alive: nobody has touched anything.
func (s *Site) stillHere(v *Visit) bool {
	c, err := v.Cookie(SessionCookie)
	if err != nil {
		return false
	}
	in, err := s.Accounts.Glance(v.Context(), c.Value)
	return err == nil && !in.Enrolling && in.Clinic == v.Who.Clinic() && in.Caller.May(access.ScheduleRead)
}
