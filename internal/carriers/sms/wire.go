package sms

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"almirah/internal/carriers/handover"
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

// reply is an answer that came.
type reply struct {
	status int // 0: none
	header http.Header
	body   []byte // nil when it could not be read to its end
	handed bool   // it is about a message that was handed over
}

// do makes one request and never a second. Each uses a connection of its own: a connection that
// was kept may have been closed by the other side while the request was on its way, and then
// nobody knows whether it was read. No Idempotency-Key is set, with which net/http would repeat more.
// An error may come with a status: then the body could not be read.
func (w *wire) do(ctx context.Context, r *http.Request) (reply, error) {
	r = r.WithContext(ctx)
	r.Close = true
	res, err := w.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	out := reply{status: res.StatusCode, header: res.Header}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err == nil {
		out.body = body
	}
	return out, err
}

// ask makes a request that is no message, and waits for its answer. A failure is "fault.sms.unreachable".
func (w *wire) ask(ctx context.Context, r *http.Request) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	got, err := w.do(ctx, r)
	if err != nil {
		return got, fault.New(fault.Unavailable, "fault.sms.unreachable").With("Code", handover.Trouble(err, got.status != 0))
	}
	return got, nil
}

// handTo makes the request of a message. When ok is false the receipt says how it ended; otherwise
// there is an answer to read.
func (w *wire) handTo(ctx context.Context, r *http.Request, handOver func() error) (got reply, ended messaging.Receipt, ok bool) {
	h, within := handover.Begin(ctx, w.timeout, handOver)
	defer h.Close()
	r.Body, r.GetBody = h.Body(r.Body), nil
	got, err := w.do(within, r)
	handed, stopped := h.End()
	got.handed = handed
	switch {
	case stopped != "":
		return got, messaging.Receipt{Outcome: messaging.Later, Code: stopped}, false
	case err != nil && !handed:
		return got, messaging.Receipt{Outcome: messaging.Later, Code: handover.Trouble(err, false)}, false
	case err != nil && got.status < 300: // no answer, or a yes of which the rest is missing
		return got, messaging.Receipt{Outcome: messaging.Uncertain, Code: handover.Trouble(err, true)}, false
	case !handed && got.status < 300: // a yes to something that was never said
		return got, messaging.Receipt{Outcome: messaging.Later, Code: "early"}, false
	}
	return got, messaging.Receipt{}, true
}

// about is a judged answer: whatever it says, a message that was not handed over is not uncertain.
func (got reply) about(r messaging.Receipt) messaging.Receipt {
	if r.Outcome == messaging.Uncertain && !got.handed {
		r.Outcome = messaging.Later
	}
	return r
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
	stopped   bool // with Refused: the person stopped this sender
	wait      time.Duration
}

// receipt is the verdict with its code. A wait that the provider asks for goes before ours.
func (v verdict) receipt(code string, asked time.Duration) messaging.Receipt {
	out := messaging.Receipt{Outcome: v.outcome, Code: code, Elsewhere: v.elsewhere, Stopped: v.stopped}
	if v.outcome == messaging.Later {
		if out.Wait = asked; asked == 0 {
			out.Wait = v.wait
		}
	}
	return out
}
