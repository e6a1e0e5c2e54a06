package app

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/acme/autocert"

	"almirah/internal/clock"
	"almirah/internal/egress"
)

// addressOf is the visitor's network address: the connection's own, or what a known proxy says
// it forwarded for. Nobody else is believed (a header can be typed by anyone).
func addressOf(proxies []netip.Prefix) func(r *http.Request) string {
	known := func(a netip.Addr) bool {
		for _, p := range proxies {
			if p.Contains(a.Unmap()) {
				return true
			}
		}
		return false
	}
	return func(r *http.Request) string {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			return r.RemoteAddr
		}
		at, err := netip.ParseAddr(host)
		if err != nil || !known(at) {
			return host
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			if at = hop; !known(hop) {
				break
			}
		}
		return at.Unmap().String()
	}
}

// answer remembers what was sent, for the log.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
		fence(a.Header())
	}
	a.ResponseWriter.WriteHeader(status)
}

// plainPolicy is the content policy of what is no page: of data, papers, pictures, scripts and errors in one line.
const plainPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// fence sees to it that no answer goes out without a content policy, and none that another page can frame or lay a base under, whatever room it is from.
func fence(h http.Header) {
	const name = "Content-Security-Policy"
	policy := h.Get(name)
	if policy == "" {
		h.Set(name, plainPolicy)
		return
	}
	for _, part := range []string{"frame-ancestors 'none'", "base-uri 'none'"} {
		directive, _, _ := strings.Cut(part, " ")
		if !strings.Contains(policy, directive+" ") {
			policy += "; " + part
		}
	}
	h.Set(name, policy)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
		fence(a.Header())
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets event streams reach Flush.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// proxied says whether a request comes from a proxy of our own.
func proxied(proxies []netip.Prefix) func(r *http.Request) bool {
	return func(r *http.Request) bool {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) })
	}
}

// RequestHeader carries the id of a request: into the log, back to whoever asked, and onto the error page.
const RequestHeader = "X-Request-Id"

// requestID is the id that a proxy of our own gave the request, so that its log and ours can be laid beside each other; of anybody else a new one, because
// what a stranger writes does not belong into a log.
func requestID(r *http.Request, trusted func(r *http.Request) bool) string {
	if given := r.Header.Get(RequestHeader); trusted != nil && len(given) >= 8 && len(given) <= 64 && trusted(r) && !strings.ContainsFunc(given, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}) {
		return given
	}
	return rand.Text() // hardly ever more than a few digits in a row: no id looks like a number of a card or of a telephone
}

// guard stands in front of every route: headers that every answer has, a request id, one log
// line (route, status, time; no address, no query, no body: promises N3, N4; who asked stands in the sealed log alone, see visitors) and the net under a panic. trusted says who may name a
// request, seen is told of each answer; both may be nil.
func guard(next http.Handler, secure bool, clk clock.Clock, log *slog.Logger, trusted func(r *http.Request) bool, seen func(r *http.Request, status int, took time.Duration)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := clk.Now()
		a := &answer{ResponseWriter: w}
		h := a.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY") // for browsers that do not read frame-ancestors
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		request := requestID(r, trusted)
		h.Set(RequestHeader, request)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				// The panic's value may hold what somebody typed; the stack holds places only.
				log.Error("panic", "request", request, "route", r.Pattern, "stack", places(debug.Stack()))
				if a.status == 0 {
					http.Error(a, "Something went wrong on our side. Nothing of yours was lost. Please try again.", http.StatusInternalServerError)
				}
			}
			if egress.Looks(r.Context()) { // a live check of our own: nobody asked for anything
				return
			}
			took := clk.Now().Sub(begun)
			if seen != nil {
				seen(r, max(a.status, http.StatusOK), took)
			}
			log.InfoContext(r.Context(), "request", "request", request, "method", method(r.Method), "route", r.Pattern, "status", a.status, "ms", float64(took.Microseconds())/1000, "bytes", a.bytes)
		}()
		next.ServeHTTP(a, r)
	})
}

func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return m
	}
	return "other"
}

// places keeps of a stack the lines that name files, and drops those that show arguments.
func places(stack []byte) []string {
	var out []string
	for _, l := range strings.Split(string(stack), "\n") {
		if strings.HasPrefix(l, "\t") && len(out) < 20 {
			place, _, _ := strings.Cut(strings.TrimSpace(l), " ")
			out = append(out, place[strings.LastIndex(place, "/internal/")+1:])
		}
	}
	return out
}

// parting asks clients of a process that was told to end to bring their next request by a new connection: none is then in use when it closes.
func parting(next http.Handler, ending *draining) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ending.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// listen serves until ctx ends, says that it is not ready for as long as ALMIRAH_DRAIN says, then lets requests under way finish.
func listen(ctx context.Context, c Config, h http.Handler, certifier *autocert.Manager, ending *draining, ready func(addr net.Addr), log *slog.Logger) error {
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := &http.Server{Handler: parting(h, ending), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), BaseContext: func(net.Listener) context.Context { return base }}
	ln, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return errors.Join(errors.New("ALMIRAH_ADDR: this address cannot be listened on; is another program there?"), err)
	}
	if ln, err = secured(ctx, c, ln, certifier, log); err != nil {
		return err
	}
	ready(ln.Addr())
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// A balancer learns from /readyz that it must ask others, and needs a moment for that; until then everybody is served as before.
	ending.Store(true)
	if c.Drain > 0 {
		log.Info("told to end; serving on until the balancer has noticed", "ms", float64(c.Drain.Milliseconds()))
		select {
		case err := <-failed:
			return err
		case <-time.After(c.Drain):
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	// Ordinary requests finish within this; event streams never do by themselves.
	time.AfterFunc(2*time.Second, cut)
	if err := srv.Shutdown(end); err != nil {
		return srv.Close()
	}
	return nil
}

func port(addr net.Addr) string {
	if t, ok := addr.(*net.TCPAddr); ok {
		return strconv.Itoa(t.Port)
	}
	return ""
}
