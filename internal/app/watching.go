package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/jobs"
	"almirah/internal/store"
	"almirah/internal/web"
)

const (
	leastFree = 128 << 20        // bytes of disk under which nothing is served: what is written must be kept
	lowFree   = 10               // percent of the disk under which the operator is warned
	lateWork  = 10 * time.Minute // work that is due for so long is late
	mostSlow  = 40               // statements that the operator's page shows
)

// slowWatch keeps how often statements were slow, by statement. Their values are not known to it.
type slowWatch struct {
	mu  sync.Mutex
	all map[string]web.SlowRow
	sum int64
}

func (s *slowWatch) add(statement string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]web.SlowRow{}
	}
	s.sum++
	r, known := s.all[statement]
	if !known && len(s.all) >= 500 { // statements are constants of the program; this is for lists that are expanded
		return
	}
	ms := int(took.Milliseconds())
	s.all[statement] = web.SlowRow{Statement: statement, Count: r.Count + 1, Longest: max(r.Longest, ms), Total: r.Total + ms}
}

// worst answers the statements that took most in all.
func (s *slowWatch) worst() ([]web.SlowRow, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []web.SlowRow
	for _, r := range s.all {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b web.SlowRow) int {
		if a.Total != b.Total {
			return b.Total - a.Total
		}
		return strings.Compare(a.Statement, b.Statement)
	})
	return out[:min(len(out), mostSlow)], s.sum
}

// operators lets in who sits at this machine, or knows the operator's token. Anybody else is told that there is no such page.
func (h *House) operators(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !h.operator(r) {
			http.NotFound(w, r)
			return
		}
		next(w, r)
	}
}

func (h *House) operator(r *http.Request) bool {
	if want := h.Config.WatchToken; want != "" {
		got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
		if ok && subtle.ConstantTimeCompare(a[:], b[:]) == 1 {
			return true
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}

// health is what the checks found about serving requests.
type health struct {
	bad    bool // nothing can be served
	silent bool // the database itself did not answer in time
}

// checks looks at what a request needs: the database, the keys, the schema, the disk, and whether work is done. What could not be looked at in time is late, not bad.
func (h *House) checks(ctx context.Context) (list []web.WatchCheck, watched store.Watched, found health) {
	add := func(name string, err error, state, words string) {
		switch {
		case err != nil && ctx.Err() != nil:
			state, words = web.WatchLate, "not looked at in time"
			h.Log.Warn("busy", "reason", name, "error", err.Error())
		case err != nil:
			state, words = web.WatchBad, "does not answer"
			h.Log.Error("not ready", "reason", name, "error", err.Error())
		}
		found.bad = found.bad || state == web.WatchBad
		list = append(list, web.WatchCheck{Name: name, State: state, Words: words})
	}
	ping := h.DB.Ping(ctx)
	found.silent = ping != nil && ctx.Err() != nil
	add("database", ping, web.WatchGood, "")
	h.postgresChecks(ctx, add)
	if err := h.Vault.Check(ctx); err != nil {
		add("keys", err, "", "")
	} else if words, late, err := h.keyWords(ctx); err != nil || !late {
		add("keys", err, web.WatchGood, words)
	} else {
		add("keys", nil, web.WatchLate, words)
	}
	watched, err := h.DB.Watch(ctx, accounts.Operator())
	newest, nerr := h.DB.Newest()
	switch {
	case err != nil || nerr != nil:
		add("schema", fmt.Errorf("%w", firstOf(err, nerr)), "", "")
	case watched.Version < newest:
		add("schema", nil, web.WatchBad, fmt.Sprintf("version %d, and %d is needed", watched.Version, newest))
	default:
		add("schema", nil, web.WatchGood, fmt.Sprintf("version %d", watched.Version))
	}
	switch {
	case err != nil:
	case watched.Oldest > lateWork:
		add("work", nil, web.WatchLate, fmt.Sprintf("due for %s", watched.Oldest.Round(time.Second)))
	default:
		add("work", nil, web.WatchGood, "")
	}
	add("audit", h.sequenced(ctx), web.WatchGood, "")
	h.outsideChecks(add)
	switch n, oldest, err := h.lateNotices(ctx); {
	case err != nil:
		add("letters", nil, web.WatchLate, "cannot be counted")
	case n > 0:
		add("letters", nil, web.WatchLate, fmt.Sprintf("%d notices to people wait for the mail server, the oldest for %s", n, clock.At(h.Clock.Now()).Sub(oldest).Round(time.Hour)))
	default:
		add("letters", nil, web.WatchGood, "")
	}
	if x, err := h.Lives.Clock(ctx, accounts.Operator()); err == nil && x.Refused > 0 {
		add("clock", nil, web.WatchLate, "moved by more than 26 hours: nothing is taken away until `almirah retention run --clock-is-right`")
	}
	if words := strings.TrimSpace(h.backupWords()); words != "" {
		add("backups", nil, web.WatchLate, strings.ReplaceAll(words, "\n", "; "))
	}
	switch size, free, err := diskOf(h.Config.Data); {
	case err != nil: // a deployment on PostgreSQL may have no data folder
	case free < leastFree:
		add("disk", nil, web.WatchBad, "full")
	case size > 0 && free*100/size < lowFree:
		add("disk", nil, web.WatchLate, fmt.Sprintf("%d%% free", free*100/size))
	default:
		add("disk", nil, web.WatchGood, "")
	}
	return list, watched, found
}

// noticeLate is how long a notice may wait for the mail server before whoever runs the deployment is told.
const noticeLate = 24 * time.Hour

// lateNotices are how many notices wait for longer, and since when the oldest. None while everything is held after a restore: a person lets it go.
func (h *House) lateNotices(ctx context.Context) (n int64, oldest clock.Instant, err error) {
	if h.Held() {
		return 0, 0, nil
	}
	err = h.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a look writes nothing")
		n, oldest, err = accounts.LateNotices(p, clock.At(h.Clock.Now()).Add(-noticeLate))
		return err
	})
	return n, oldest, err
}

// stillGood is how long a house that was well is taken to be well while its database answers nothing at all.
const stillGood = 15 * time.Second

// lastGood remembers when the database last answered and nothing was bad. A look that did not end in time says that the house is busy, not that it is broken: were it
// taken for broken, the balancer would send everybody to the next house, and that one would be the next to be too busy to answer.
type lastGood struct {
	mu sync.Mutex
	at time.Time
}

// count takes one look into account and says whether the house is to be called bad.
func (l *lastGood) count(found health, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !found.bad && !found.silent {
		l.at = now
	}
	return found.bad || found.silent && now.Sub(l.at) >= stillGood
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ready says whether requests can be served, and what is late. A balancer reads the status, a person the lines.
func (h *House) ready(w http.ResponseWriter, r *http.Request) { h.readiness(w, r, h.ending) }

// readiness is ready for a process that was told to end when ending says so.
func (h *House) readiness(w http.ResponseWriter, r *http.Request, ending func() bool) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	var list []web.WatchCheck
	bad := ending() // then the database need not be asked, and a balancer that waits learns it at once
	if !bad {
		var found health
		list, _, found = h.checks(ctx)
		bad = h.lastGood.count(found, clock.System{}.Now()) || ending() // it was told meanwhile
	}
	var b strings.Builder
	if bad {
		b.WriteString("not ready\n")
	} else {
		b.WriteString("ready\n")
	}
	for _, c := range list {
		fmt.Fprintf(&b, "%s %s", c.Name, c.State)
		if c.State != web.WatchGood && h.operator(r) { // strangers need not know how
			fmt.Fprintf(&b, " %s", c.Words)
		}
		b.WriteByte('\n')
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if bad {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write([]byte(b.String()))
}

// operate is the operator's page: is all well, how much room is left, what was slow, what went wrong.
func (h *House) operate(w http.ResponseWriter, r *http.Request) {
	h.site.Operate(w, r, h.operating(r.Context()))
}

// operating is what stands on the operator's page.
func (h *House) operating(ctx context.Context) *web.OperatePage {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	p := &web.OperatePage{}
	var watched store.Watched
	p.Checks, watched, _ = h.checks(ctx)
	p.Database, p.Clinics, p.Due, p.Pending = watched.Bytes, int(watched.Clinics), int(watched.Due), int(watched.Pending)
	if one, err := h.canaryClinic(ctx); err == nil && !one.IsZero() {
		p.Clinics-- // the invented patient's is nobody's
	}
	p.Oldest = watched.Oldest.Round(time.Second)
	if size, free, err := diskOf(h.Config.Data); err == nil {
		p.Disk, p.Free = int64(size), int64(free) //nolint:gosec // no disk is that large
	}
	signs, err := h.Accounts.SignalCounts(ctx, h.Clock.Now().Add(-24*time.Hour))
	if err != nil {
		h.Log.WarnContext(ctx, "the sign-ins cannot be counted", "error", err)
	}
	for _, k := range signs {
		p.SignIns = append(p.SignIns, web.SignInRow{Kind: k.Kind, All: int(k.All), Empty: int(k.Empty)})
	}
	p.Slow, p.SlowAll = h.slow.worst()
	p.SlowAfter = int(store.SlowStatement.Milliseconds())
	list, all := h.errors.newest()
	p.ErrorsAll = int(all)
	for _, t := range list {
		p.Errors = append(p.Errors, web.ErrorRow{At: t.At, Message: t.Message, Route: t.Route, Request: t.Request, What: t.What})
	}
	for _, k := range h.Promises(ctx) {
		switch k.Status {
		case "broken":
			p.Broken = append(p.Broken, k.ID)
		case "enforced":
			p.Kept++
		}
	}
	return p
}
