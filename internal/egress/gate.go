package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"almirah/internal/clock"
	"almirah/internal/fault"
)

// Why a connection was refused. Each comes wrapped in a fault.
var (
	ErrNotListed = errors.New("egress: host is not listed for the processor")
	ErrPrivate   = errors.New("egress: address is not public")
	ErrPlain     = errors.New("egress: only HTTPS may be used")
	ErrHeld      = errors.New("egress: everything that leaves is held after a restore")
	ErrClosed    = errors.New("egress: the processor is closed")
)

// Dial opens a connection; it fits http.Transport.DialContext and mail sessions.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Gate opens connections to the processors of its register and to nobody else.
type Gate struct {
	log      *slog.Logger
	clock    clock.Clock
	resolver *net.Resolver
	trust    func(*tls.Config)
	roots    map[string]*x509.CertPool
	doors    map[string]*door
	list     []Processor

	mu   sync.Mutex
	uses map[useKey]*Use
	kept map[useKey]*Use // what nobody took yet to keep it
	hold func(processorID string) bool
	shut atomic.Pointer[func(processorID string) (why string)]
}

// door is one processor with its patterns read.
type door struct {
	Processor
	patterns []pattern
}

// Option changes how a Gate works.
type Option func(*Gate)

// WithClock lets usage be counted by another clock than the machine's.
func WithClock(c clock.Clock) Option { return func(g *Gate) { g.clock = c } }

// WithResolver lets names be looked up by another resolver than the machine's.
func WithResolver(r *net.Resolver) Option { return func(g *Gate) { g.resolver = r } }

// WithTrust lets the TLS settings of the HTTP clients be changed before their first use, for
// an authority of the operator's own. Verification stays on and TLS 1.2 the least.
func WithTrust(change func(*tls.Config)) Option { return func(g *Gate) { g.trust = change } }

// WithAuthorities lets the HTTP clients of one processor trust these roots and no others; nil leaves it the system's.
func WithAuthorities(processorID string, roots *x509.CertPool) Option {
	return func(g *Gate) {
		if roots != nil {
			g.roots[processorID] = roots
		}
	}
}

// New makes the gate of a register. A pattern that cannot be read is logged and opens
// nothing; Check says which it is.
func New(list []Processor, log *slog.Logger, options ...Option) *Gate {
	g := &Gate{log: log, clock: clock.System{}, doors: map[string]*door{}, roots: map[string]*x509.CertPool{}, uses: map[useKey]*Use{}, kept: map[useKey]*Use{}}
	for _, o := range options {
		o(g)
	}
	for _, p := range list {
		d := &door{Processor: p.clone()}
		for _, h := range p.Hosts {
			pt, err := parsePattern(h)
			if err != nil {
				log.Error("egress: host pattern not understood", "processor", p.ID, "host", h)
				continue
			}
			d.patterns = append(d.patterns, pt)
		}
		if g.doors[p.ID] != nil {
			log.Error("egress: processor listed twice, the first is used", "processor", p.ID)
			continue
		}
		g.doors[p.ID] = d
		g.list = append(g.list, d.Processor)
	}
	slices.SortFunc(g.list, func(a, b Processor) int { return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID) })
	return g
}

// List is the register for the public page, by name.
func (g *Gate) List() []Processor {
	out := make([]Processor, len(g.list))
	for i, p := range g.list {
		out[i] = p.clone()
	}
	return out
}

// Hold has the gate refuse whom held names, for as long as it does: after a restore nobody may be told, paid back or charged
// anything before a person lets go of it. It is called once, before anything is dialled.
func (g *Gate) Hold(held func(processorID string) bool) { g.hold = held }

func (g *Gate) held(processorID string) bool { return g.hold != nil && g.hold(processorID) }

// Shut has the gate refuse a processor for as long as closed says why: its contract is over, or nobody looked at its security for too long. It
// is called once, before anything is dialled for a clinic; closed may ask the database, and never a processor.
func (g *Gate) Shut(closed func(processorID string) (why string)) { g.shut.Store(&closed) }

// closed is the refusal of a processor that is closed; nil when it is open. It is counted and logged like every refusal.
func (g *Gate) closed(ctx context.Context, processorID string) error {
	shut := g.shut.Load()
	if shut == nil {
		return nil
	}
	why := (*shut)(processorID)
	if why == "" {
		return nil
	}
	return g.refuse(ctx, processorID, "", "fault.egress.closed", fmt.Errorf("%w: %s", ErrClosed, why))
}

// looking marks an attempt that a check of the gate makes itself.
type looking struct{}

// Looking is a context under which a refusal is neither counted nor logged: a check of the gate asks for one on purpose, and nobody tried anything.
func Looking(ctx context.Context) context.Context { return context.WithValue(ctx, looking{}, true) }

// Looks says whether the context is one of Looking: also other doors leave such attempts out of their logs and counts.
func Looks(ctx context.Context) bool { return ctx.Value(looking{}) != nil }

// refuseHeld is the refusal of what is held.
func (g *Gate) refuseHeld(ctx context.Context, processorID string) error {
	if !Looks(ctx) {
		g.count(processorID, func(u *Use) { u.Refused++ })
	}
	return fault.New(fault.Unavailable, "fault.egress.held").Because(ErrHeld)
}

// DialContext is the dialer of one processor. It refuses, with a fault: a processor that is
// not in the register, a host that is not listed for it, and an address that is not public
// (unless the processor is Local). Every refusal is counted and logged by host only. Other
// errors are the network's own.
func (g *Gate) DialContext(processorID string) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := g.dial(ctx, processorID, "", network, address)
		if err == nil {
			g.count(processorID, func(u *Use) { u.Calls++ })
		}
		return c, err
	}
}

// dial opens a connection; chosen is the one host that a receiver client reaches, empty for the others.
func (g *Gate) dial(ctx context.Context, processorID, chosen, network, address string) (net.Conn, error) {
	if g.held(processorID) {
		return nil, g.refuseHeld(ctx, processorID)
	}
	if err := g.closed(ctx, processorID); err != nil {
		return nil, err
	}
	d := g.doors[processorID]
	host, port, err := splitTarget(address)
	if d == nil || err != nil || !strings.HasPrefix(network, "tcp") || !d.lists(host, port, chosen) {
		return nil, g.refuse(ctx, processorID, host, "fault.egress.not_listed", ErrNotListed)
	}
	if g.resolver == nil && strings.HasSuffix(host, ".invalid") { // there is no such name, ever (RFC 6761, 6.4): no name server hears of it
		g.count(processorID, func(u *Use) { u.Failed++ })
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	dialer := net.Dialer{
		Timeout:   15 * time.Second,
		KeepAlive: 30 * time.Second,
		Resolver:  g.resolver,
		Control: func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !mayConnect(at.Addr(), d.Local) {
				return ErrPrivate
			}
			return nil
		},
	}
	conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(host, address[strings.LastIndexByte(address, ':')+1:]))
	if errors.Is(err, ErrPrivate) {
		return nil, g.refuse(ctx, processorID, host, "fault.egress.private_address", ErrPrivate)
	}
	if err != nil {
		g.count(processorID, func(u *Use) { u.Failed++ })
		return nil, err
	}
	return &countedConn{Conn: conn, gate: g, processor: processorID}, nil
}

func (d *door) lists(host string, port uint16, chosen string) bool {
	if d.Chosen {
		p, err := parsePattern(chosen)
		return err == nil && !p.wild && PublicName(p.host) && p.matches(host, port)
	}
	return slices.ContainsFunc(d.patterns, func(p pattern) bool { return p.matches(host, port) })
}

func (g *Gate) refuse(ctx context.Context, processorID, host, key string, cause error) error {
	kind := fault.Internal
	if errors.Is(cause, ErrClosed) { // it may be open again tomorrow
		kind = fault.Unavailable
	}
	out := fault.New(kind, key).With("Host", host).Because(cause)
	if Looks(ctx) {
		return out
	}
	g.count(processorID, func(u *Use) { u.Refused++ })
	g.log.Warn("egress: refused", "processor", processorID, "host", host, "reason", cause.Error())
	return out
}

// HTTPClient is a client that reaches one processor only: HTTPS (plain HTTP for a Local
// processor), TLS 1.2 or better with verification, no proxy, no redirects (the 3xx answer is
// handed back as it is), 30 seconds in all. Each call makes a client with connections of its
// own: keep it. The errors of net/http quote the whole URL, so log their kind, not their text.
func (g *Gate) HTTPClient(processorID string) *http.Client { return g.client(processorID, "") }

// Receiver carries requests to a party whose hosts clinics choose: to the one target ("books.example:443"), by HTTPS, and only while its name
// leads to a public address; every connection is checked anew, and no redirect is followed. It has no limit of time but the request's own.
func (g *Gate) Receiver(processorID, target string) http.RoundTripper {
	return g.client(processorID, target).Transport
}

func (g *Gate) client(processorID, chosen string) *http.Client {
	trust := &tls.Config{}
	if g.trust != nil {
		g.trust(trust)
	}
	if r := g.roots[processorID]; r != nil {
		trust.RootCAs = r
	}
	trust.MinVersion = max(trust.MinVersion, tls.VersionTLS12)
	trust.InsecureSkipVerify = false
	transport := &http.Transport{
		Proxy: nil, // a proxy from the environment would be a way round the register
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return g.dial(ctx, processorID, chosen, network, address)
		},
		TLSClientConfig:        trust,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  20 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        60 * time.Second,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        16,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport:     &countedCalls{gate: g, processor: processorID, next: transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       30 * time.Second,
	}
}

// StreamClient is HTTPClient for large files: the 30 seconds in all do not hold, so the request's context must end. Connecting and the
// first bytes of the answer have their limits still.
func (g *Gate) StreamClient(processorID string) *http.Client {
	c := g.HTTPClient(processorID)
	c.Timeout = 0
	return c
}

// countedCalls counts requests, which one connection may carry many of.
type countedCalls struct {
	gate      *Gate
	processor string
	next      *http.Transport
}

func (c *countedCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.gate.held(c.processor) { // also over a connection that was open before
		return nil, c.gate.refuseHeld(r.Context(), c.processor)
	}
	if err := c.gate.closed(r.Context(), c.processor); err != nil {
		return nil, err
	}
	d := c.gate.doors[c.processor]
	if r.URL.Scheme != "https" && (d == nil || !d.Local) {
		return nil, c.gate.refuse(r.Context(), c.processor, r.URL.Hostname(), "fault.egress.plain", ErrPlain)
	}
	res, err := c.next.RoundTrip(r)
	if err == nil {
		c.gate.count(c.processor, func(u *Use) { u.Calls++ })
	}
	return res, err
}

// CloseIdleConnections lets http.Client.CloseIdleConnections work.
func (c *countedCalls) CloseIdleConnections() { c.next.CloseIdleConnections() }
