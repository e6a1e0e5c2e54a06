// Package handover is what every carrier that speaks HTTP has in common: the one moment at which
// a message leaves. A message is handed over when the first byte of its request's body is given
// to a connection that stands: without its body a request is no message. Until then whatever goes
// wrong is "later", afterwards only an answer counts. That is what the outbox builds on: nothing is
// sent twice, and nothing is called uncertain that has not left.
package handover

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// Handover is the handing over of one message.
type Handover struct {
	ask    func() error
	heed   func() bool // stops heeding the caller's ctx; false when that has ended
	cancel context.CancelFunc

	mu      sync.Mutex
	over    bool
	handed  bool
	stopped string // why it was broken off
}

// errStopped is what a transport sees that would still send.
var errStopped = errors.New("handover: the message is not handed over")

// Begin makes a handing over that asks ask once, when the message is about to leave. The context is
// the request's: it ends with ctx until ask has said yes, and after patience in any case (zero leaves
// that to the client). From the yes on the end of ctx is no longer heeded: giving up would only make
// certain messages uncertain.
func Begin(ctx context.Context, patience time.Duration, ask func() error) (*Handover, context.Context) {
	within, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h := &Handover{ask: ask, heed: context.AfterFunc(ctx, cancel), cancel: cancel}
	if patience > 0 {
		timed, done := context.WithTimeout(within, patience)
		within, h.cancel = timed, func() { done(); cancel() }
	}
	return h, within
}

// Body is the body of the message's request. The request must have no GetBody, so that the transport
// can never send it a second time.
func (h *Handover) Body(b io.Reader) io.ReadCloser { return &body{b, h} }

// End lets nothing more be handed over, and says whether it was; it waits for an asking that is still
// under way. stopped is why not ("cancelled", or "stopped" when ask said no), empty if nobody broke it off.
// It may be called twice, and must be called once.
func (h *Handover) End() (handed bool, stopped string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	return h.handed, h.stopped
}

// Close gives back what the handing over holds. It ends the request's context, so the answer must have been read.
func (h *Handover) Close() {
	_, _ = h.End()
	h.heed()
	h.cancel()
}

// pass says whether the body may leave; it asks the first time.
func (h *Handover) pass() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopped != "" || h.over && !h.handed:
		return errStopped
	case h.handed:
		return nil
	case !h.heed():
		h.stopped = "cancelled"
		return errStopped
	}
	if err := h.ask(); err != nil {
		h.stopped = "stopped"
		return errStopped
	}
	h.handed = true
	return nil
}

// body is a message on its way.
type body struct {
	io.Reader
	of *Handover
}

// Read is called by the transport when it is about to write the body.
func (b *body) Read(p []byte) (int, error) {
	if err := b.of.pass(); err != nil {
		return 0, err
	}
	return b.Reader.Read(p)
}

// Close closes what the body is read from.
func (b *body) Close() error {
	if c, ok := b.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Trouble says in one word why no answer came: "egress" (the register does not let it), "certificate",
// "timeout", "cancelled", or, of anything else, "lost" after the message was handed over and
// "unreachable" before. The errors of net/http quote the whole address, so nothing of their text is kept.
func Trouble(err error, handed bool) string {
	var refused *fault.Fault
	var certificate *tls.CertificateVerificationError
	var slow net.Error
	switch {
	case errors.As(err, &refused):
		return "egress"
	case errors.As(err, &certificate):
		return "certificate"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	case handed:
		return "lost"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return "unreachable"
}

// Told logs what did not go well, by the message's id and a code, and answers the receipt as it is.
func Told(log *slog.Logger, carrier string, m messaging.Outgoing, r messaging.Receipt, more ...any) messaging.Receipt {
	if r.Outcome != messaging.Accepted {
		log.Warn("a message was not sent", append([]any{"carrier", carrier, "message", m.ID.String(), "outcome", string(r.Outcome), "code", r.Code}, more...)...)
	}
	return r
}
