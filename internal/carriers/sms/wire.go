package sms

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// How much of an answer is read, and how long it is waited for when nothing else is said.
const (
	maxAnswer      = 256 << 10
	defaultTimeout = 30 * time.Second
)

// Client makes requests: egress's *http.Client of one processor, which reaches that one alone
// and follows no redirect. (The type is not named so that nobody here can make one.)
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// wire speaks HTTP with one provider.
type wire struct {
	client  Client
	clock   clock.Clock
	timeout time.Duration
}

// reply is an answer that came, or why none did.
type reply struct {
	status  int // 0: no answer
	header  http.Header
	body    []byte
	trouble string // code of what went wrong; with a status: the body could not be read
	touched bool   // a connection was there, so the provider may have the request
}

// do makes one request and never a second. Each uses a connection of its own: a connection that
// was kept may have been closed by the other side while the request was on its way, and then
// nobody knows whether it was read. net/http itself repeats a POST only when not a byte of it
// was written; that is why no Idempotency-Key is set, with which it would repeat more.
func (w *wire) do(ctx context.Context, r *http.Request) reply {
	var touched atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { touched.Store(true) }})
	r = r.WithContext(ctx)
	r.Close = true
	res, err := w.client.Do(r)
	if err != nil {
		return reply{trouble: troubleOf(err, touched.Load()), touched: touched.Load()}
	}
	defer func() { _ = res.Body.Close() }()
	out := reply{status: res.StatusCode, header: res.Header, touched: true}
	out.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		out.body, out.trouble = nil, troubleOf(err, true)
	}
	return out
}

// troubleOf is a code for an error of net/http, whose text quotes the whole address.
func troubleOf(err error, touched bool) string {
	var refused *fault.Fault
	var slow net.Error
	switch {
	case errors.As(err, &refused):
		return "egress"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case !touched:
		return "unreachable"
	}
	return "lost"
}

// handTo announces the hand-over and makes the request. When ok is false the receipt says how it
// ended; otherwise there is an answer to read. Once handOver has been called, the end of ctx is
// no longer heeded: giving up would only make certain messages uncertain.
func (w *wire) handTo(ctx context.Context, r *http.Request, handOver func() error) (reply, messaging.Receipt, bool) {
	if ctx.Err() != nil {
		return reply{}, messaging.Receipt{Outcome: messaging.Later, Code: "cancelled"}, false
	}
	if err := handOver(); err != nil {
		return reply{}, messaging.Receipt{Outcome: messaging.Later, Code: "stopped"}, false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.timeout)
	defer cancel()
	got := w.do(ctx, r)
	switch {
	case got.status == 0 && !got.touched: // no connection, so nothing of it left this machine
		return got, messaging.Receipt{Outcome: messaging.Later, Code: got.trouble}, false
	case got.trouble != "" && got.status < 300: // no answer, or a yes of which the rest is missing
		return got, messaging.Receipt{Outcome: messaging.Uncertain, Code: got.trouble}, false
	}
	return got, messaging.Receipt{}, true
}

// byStatus reads an answer whose body says nothing that we know. missing is what a 404 means.
func (w *wire) byStatus(got reply, missing messaging.Outcome) messaging.Receipt {
	out := messaging.Receipt{Code: strconv.Itoa(got.status), Outcome: messaging.Uncertain}
	switch s := got.status; {
	case s == http.StatusTooManyRequests:
		out.Outcome, out.Wait = messaging.Later, w.retryAfter(got.header)
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusPaymentRequired:
		out.Outcome = messaging.Broken
	case s == http.StatusNotFound:
		out.Outcome = missing
	case s == http.StatusRequestTimeout: // it may have come from a proxy that had passed the request on
	case s >= 300 && s < 400: // a redirect is not followed, and who redirects has not sent
		out.Outcome = messaging.Later
	case s >= 400 && s < 500:
		out.Outcome = messaging.Refused
	}
	return out
}

// retryAfter is how long the provider asks to wait, between a second and a day; zero when it does not say.
func (w *wire) retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	var d time.Duration
	if n, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(max(n, 0), 86400)) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		d = at.Sub(w.clock.Now())
	} else {
		return 0
	}
	return min(max(d, time.Second), 24*time.Hour)
}

// verdict is what a provider's code means.
type verdict struct {
	outcome   messaging.Outcome
	elsewhere bool // with Refused: another channel may be tried
	wait      time.Duration
}

// receipt is the verdict with its code. A wait that the provider asks for goes before ours.
func (v verdict) receipt(code string, asked time.Duration) messaging.Receipt {
	out := messaging.Receipt{Outcome: v.outcome, Code: code, Elsewhere: v.elsewhere}
	if v.outcome == messaging.Later {
		if out.Wait = asked; asked == 0 {
			out.Wait = v.wait
		}
	}
	return out
}
