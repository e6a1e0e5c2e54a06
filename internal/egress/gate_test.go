package egress_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/promise"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func processor(id string, local bool, hosts ...string) egress.Processor {
	return egress.Processor{ID: id, Name: "Name of " + id, Purpose: "tests", Categories: []string{"none"}, Region: "here", Hosts: hosts, Local: local}
}

// echo is a TCP server that counts who came and sends back what it gets.
func echo(t *testing.T, address string) (target string, visits *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("cannot listen on %s: %v", address, err)
	}
	t.Cleanup(func() { l.Close() })
	visits = &atomic.Int64{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			go func() { defer c.Close(); io.Copy(c, c) }()
		}
	}()
	return l.Addr().String(), visits
}

// names is a DNS server whose answers the test chooses, query by query.
func names(t *testing.T, answer func(name string) []netip.Addr) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) != 1 {
				continue
			}
			a := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, Authoritative: true, RecursionAvailable: true}, Questions: q.Questions}
			if q.Questions[0].Type == dnsmessage.TypeA {
				for _, ip := range answer(strings.TrimSuffix(q.Questions[0].Name.String(), ".")) {
					a.Answers = append(a.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
						Body:   &dnsmessage.AResource{A: ip.As4()}})
				}
			}
			if out, err := a.Pack(); err == nil {
				pc.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

func TestOnlyListedHostsAreReached(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "only-listed-parties")
	listed, listedVisits := echo(t, "127.0.0.1:0")
	other, otherVisits := echo(t, "127.0.0.1:0")
	var logged bytes.Buffer
	g := egress.New([]egress.Processor{processor("mail", true, listed), processor("bank", true, other)}, slog.New(slog.NewTextHandler(&logged, nil)))

	c, err := g.DialContext("mail")(t.Context(), "tcp", listed)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "hello")
	io.ReadFull(c, make([]byte, 5))
	c.Close()

	for name, try := range map[string][2]string{
		"another port":             {"mail", other},
		"another host":             {"mail", "localhost" + listed[strings.LastIndex(listed, ":"):]},
		"a processor not listed":   {"nobody", listed},
		"no port":                  {"mail", "127.0.0.1"},
		"another spelling, hex":    {"mail", "0x7f.1" + listed[strings.LastIndex(listed, ":"):]},
		"another spelling, number": {"mail", "2130706433" + listed[strings.LastIndex(listed, ":"):]},
	} {
		_, err := g.DialContext(try[0])(t.Context(), "tcp", try[1])
		if !errors.Is(err, egress.ErrNotListed) || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: %v, want a fault over ErrNotListed", name, err)
		}
	}
	if _, err := g.DialContext("mail")(t.Context(), "udp", listed); !errors.Is(err, egress.ErrNotListed) {
		t.Errorf("udp: %v", err)
	}
	if listedVisits.Load() != 1 || otherVisits.Load() != 0 {
		t.Errorf("visits: %d and %d, want 1 and 0", listedVisits.Load(), otherVisits.Load())
	}
	if !strings.Contains(logged.String(), "host=localhost") {
		t.Errorf("the log does not name the host:\n%s", logged.String())
	}
}

func TestHostPatterns(t *testing.T) {
	t.Parallel()
	to := netip.MustParseAddr("127.0.0.1")
	target, _ := echo(t, "127.0.0.1:0")
	port := target[strings.LastIndex(target, ":"):]
	r := names(t, func(string) []netip.Addr { return []netip.Addr{to} })
	g := egress.New([]egress.Processor{processor("p", true, "Api.Example.Test"+port, "*.wild.example.test"+port, "*.test"+port, "nonsense")}, quiet(), egress.WithResolver(r))
	for host, want := range map[string]bool{
		"api.example.test": true, "API.example.test.": true, "a.wild.example.test": true, "a.b.wild.example.test": true,
		"example.test": false, "wild.example.test": false, "evilwild.example.test": false, "api.example.test.evil.test": false,
		"127.0.0.1": false, "[::1]": false, "": false, "nonsense": false,
	} {
		c, err := g.DialContext("p")(t.Context(), "tcp", host+port)
		if err == nil {
			c.Close()
		}
		if (err == nil) != want || err != nil && !errors.Is(err, egress.ErrNotListed) {
			t.Errorf("%q: %v, want reached=%v", host, err, want)
		}
	}
}

func TestPrivateAddressesAreRefusedAfterResolution(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "only-listed-parties")
	target, visits := echo(t, "127.0.0.1:0")
	port := target[strings.LastIndex(target, ":"):]
	loopback := netip.MustParseAddr("127.0.0.1")
	var queries atomic.Int64
	r := names(t, func(name string) []netip.Addr {
		switch name {
		case "rebinding.example.test": // public for whoever looks first, loopback afterwards
			if queries.Add(1) == 1 {
				return []netip.Addr{netip.MustParseAddr("93.184.215.14")}
			}
			return []netip.Addr{loopback}
		case "many.example.test":
			return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("169.254.169.254"), loopback}
		}
		return []netip.Addr{loopback}
	})
	hosts := []string{"plain.example.test", "rebinding.example.test", "many.example.test", "127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "[64:ff9b::7f00:1]", "0.0.0.0", "[::]"}
	var patterns []string
	for _, h := range hosts {
		patterns = append(patterns, h+port)
	}
	g := egress.New([]egress.Processor{processor("outside", false, patterns...), processor("inside", true, patterns...)}, quiet(), egress.WithResolver(r))
	if ips, err := r.LookupNetIP(t.Context(), "ip4", "rebinding.example.test"); err != nil || ips[0].Unmap().IsLoopback() {
		t.Fatalf("the first look-up should show a public address: %v %v", ips, err)
	}
	for _, h := range hosts {
		_, err := g.DialContext("outside")(t.Context(), "tcp", h+port)
		if !errors.Is(err, egress.ErrPrivate) {
			t.Errorf("%s: %v, want ErrPrivate", h, err)
		}
	}
	if visits.Load() != 0 {
		t.Fatalf("the private server was reached %d times", visits.Load())
	}
	for _, h := range []string{"plain.example.test", "rebinding.example.test", "127.0.0.1", "[::ffff:127.0.0.1]"} {
		c, err := g.DialContext("inside")(t.Context(), "tcp", h+port)
		if err != nil {
			t.Errorf("local processor, %s: %v", h, err)
			continue
		}
		c.Close()
	}
	for _, h := range []string{"0.0.0.0", "[::]"} { // "this host" is not an address to connect to, even inside
		if _, err := g.DialContext("inside")(t.Context(), "tcp", h+port); !errors.Is(err, egress.ErrPrivate) {
			t.Errorf("local processor, %s: %v, want ErrPrivate", h, err)
		}
	}
}

// TestNoNameServerHearsOfInvalidNames: a name that can never be is answered here, and counted as a call that failed.
func TestNoNameServerHearsOfInvalidNames(t *testing.T) {
	t.Parallel()
	g := egress.New([]egress.Processor{processor("hooks", false, "hooks.sunrise.invalid:443")}, quiet())
	conn, err := g.DialContext("hooks")(t.Context(), "tcp", "hooks.sunrise.invalid:443")
	if conn != nil {
		conn.Close()
	}
	var none *net.DNSError
	if !errors.As(err, &none) || !none.IsNotFound || none.Server != "" {
		t.Errorf("%v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(secret.Close)
	front := httptest.NewTLSServer(http.RedirectHandler(secret.URL, http.StatusFound))
	t.Cleanup(front.Close)
	pool := x509.NewCertPool()
	pool.AddCert(front.Certificate())
	g := egress.New([]egress.Processor{processor("api", true, front.Listener.Addr().String(), secret.Listener.Addr().String())}, quiet(),
		egress.WithTrust(func(c *tls.Config) { c.RootCAs = pool }))
	res, err := g.HTTPClient("api").Get(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusFound || reached.Load() != 0 {
		t.Errorf("status %d, target reached %d times; want the 302 itself and 0", res.StatusCode, reached.Load())
	}
}

func TestHTTPAsksForTLS(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "connections-out")
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	plain := httptest.NewServer(hello)
	t.Cleanup(plain.Close)
	g := egress.New([]egress.Processor{processor("out", false, plain.Listener.Addr().String())}, quiet())
	if _, err := g.HTTPClient("out").Get(plain.URL); !errors.Is(err, egress.ErrPlain) {
		t.Errorf("plain HTTP: %v, want ErrPlain", err)
	}

	unknown := httptest.NewTLSServer(hello) // an authority that nobody told us to trust
	t.Cleanup(unknown.Close)
	unknown.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(io.Discard, nil), slog.LevelError)
	old := httptest.NewUnstartedServer(hello)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.Config.ErrorLog = unknown.Config.ErrorLog
	old.StartTLS()
	t.Cleanup(old.Close)
	pool := x509.NewCertPool()
	pool.AddCert(old.Certificate())
	trusting := egress.New([]egress.Processor{processor("out", true, unknown.Listener.Addr().String(), old.Listener.Addr().String())}, quiet(),
		egress.WithTrust(func(c *tls.Config) {
			c.InsecureSkipVerify, c.MinVersion = true, tls.VersionTLS10 // neither may have an effect
		}))
	if _, err := trusting.HTTPClient("out").Get(unknown.URL); err == nil {
		t.Error("a certificate of an unknown authority was accepted")
	}
	older := egress.New([]egress.Processor{processor("out", true, old.Listener.Addr().String())}, quiet(),
		egress.WithTrust(func(c *tls.Config) { c.RootCAs, c.MinVersion = pool, tls.VersionTLS10 }))
	if _, err := older.HTTPClient("out").Get(old.URL); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	// not parallel: it sets the environment
	var proxied atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	r := names(t, func(string) []netip.Addr { return nil })
	g := egress.New([]egress.Processor{processor("api", true, "api.example.test:80", proxy.Listener.Addr().String())}, quiet(), egress.WithResolver(r))
	if _, err := g.HTTPClient("api").Get("http://api.example.test/"); err == nil {
		t.Error("a host without an address answered")
	}
	if proxied.Load() != 0 {
		t.Error("the request went through the proxy of the environment")
	}
}

func TestUsageCountsPerProcessorAndDay(t *testing.T) {
	t.Parallel()
	target, _ := echo(t, "127.0.0.1:0")
	clk := clock.NewFake(time.Date(2026, 11, 24, 23, 59, 0, 0, time.UTC))
	g := egress.New([]egress.Processor{processor("mail", true, target)}, quiet(), egress.WithClock(clk))
	dial := g.DialContext("mail")
	c, err := dial(t.Context(), "tcp", target)
	if err != nil {
		t.Fatal(err)
	}
	say := func(s string) {
		io.WriteString(c, s)
		io.ReadFull(c, make([]byte, len(s)))
	}
	say("hello")
	clk.Move(2 * time.Minute)
	say("tomorrow")
	c.Close()
	dial(t.Context(), "tcp", "elsewhere.example.test:1")
	g.DialContext("ghost")(t.Context(), "tcp", target)

	want := []egress.Use{
		{Processor: "mail", Day: "2026-11-25", Refused: 1, Sent: 8, Received: 8},
		{Processor: "unlisted", Day: "2026-11-25", Refused: 1},
		{Processor: "mail", Day: "2026-11-24", Calls: 1, Sent: 5, Received: 5},
	}
	got := g.Usage()
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: got %+v, want %+v", i, got[i], want[i])
		}
	}
	clk.Move(60 * 24 * time.Hour)
	dial(t.Context(), "tcp", "elsewhere.example.test:1")
	if n := len(g.Usage()); n != 1 {
		t.Errorf("%d entries are kept after two months, want 1", n)
	}
}

func TestListIsACopyInOrder(t *testing.T) {
	t.Parallel()
	g := egress.New([]egress.Processor{processor("b", false, "b.example.test:1"), processor("a", false, "a.example.test:1")}, quiet())
	l := g.List()
	if len(l) != 2 || l[0].ID != "a" || l[1].ID != "b" {
		t.Fatalf("got %+v", l)
	}
	l[0].Hosts[0] = "evil.example.test:1"
	if g.List()[0].Hosts[0] != "a.example.test:1" {
		t.Error("a caller can change the register")
	}
}

func TestCheckNamesTheWrongLine(t *testing.T) {
	t.Parallel()
	if err := egress.Check([]egress.Processor{processor("a", false, "mail.example.test:465", "*.example.test:443", "[2001:db8::1]:25")}); err != nil {
		t.Errorf("a right register: %v", err)
	}
	for name, list := range map[string][]egress.Processor{
		"no port": {processor("a", false, "mail.example.test")}, "no host": {processor("a", false, ":25")}, "all of .com": {processor("a", false, "*.com:443")},
		"everything": {processor("a", false, "*:443")}, "a bare IPv6 address": {processor("a", false, "::1:25")}, "no hosts": {processor("a", false)},
		"twice": {processor("a", false, "x.test:1"), processor("a", false, "x.test:1")}, "no purpose": {{ID: "a", Hosts: []string{"x.test:1"}}},
		"path": {processor("a", false, "x.test/y:1")}, "user": {processor("a", false, "u@x.test:1")},
	} {
		if err := egress.Check(list); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want an Invalid fault", name, err)
		}
	}
}
