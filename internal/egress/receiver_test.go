package egress_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"almirah/internal/egress"
	"almirah/internal/promise"
)

// TestAReceiverIsOnePublicHost: a client for a host that a clinic chose reaches that host alone, by https alone, and never an address of our own
// network, however the name is answered and when.
func TestAReceiverIsOnePublicHost(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "webhooks-guarded")
	p := egress.Processor{ID: "own", Name: "Own programs", Purpose: "tests", Categories: []string{"ids"}, Region: "there", Chosen: true}
	if err := egress.Check([]egress.Processor{p}); err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]func(*egress.Processor){"hosts of its own": func(p *egress.Processor) { p.Hosts = []string{"a.example:443"} }, "local": func(p *egress.Processor) { p.Local = true }} {
		bad := p
		wrong(&bad)
		if egress.Check([]egress.Processor{bad}) == nil {
			t.Errorf("a receiver with %s passes", name)
		}
	}
	var asked atomic.Int64
	private := map[string]string{"metadata.example": "169.254.169.254", "loop.example": "127.0.0.1", "ten.example": "10.0.0.5", "shared.example": "100.64.0.9", "mapped.example": "0.0.0.0", "lan.example": "192.168.1.1"}
	r := names(t, func(name string) []netip.Addr {
		if name == "twice.example" { // the name server shows a public address to whoever looks first, and a private one to whoever dials
			if asked.Add(1) == 1 {
				return []netip.Addr{netip.MustParseAddr("8.8.8.8")}
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		}
		if a := private[name]; a != "" {
			return []netip.Addr{netip.MustParseAddr(a)}
		}
		return nil
	})
	g := egress.New([]egress.Processor{p, processor("mail", false, "smtp.example:465")}, quiet(), egress.WithResolver(r))
	get := func(by http.RoundTripper, url string) error {
		res, err := (&http.Client{Transport: by}).Get(url)
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	for host := range private {
		if err := get(g.Receiver("own", host+":443"), "https://"+host+"/"); !errors.Is(err, egress.ErrPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	// Whoever checks a name and dials it later is shown two addresses: the connection itself is what is checked.
	if _, err := r.LookupHost(t.Context(), "twice.example"); err != nil {
		t.Fatal(err)
	}
	if err := get(g.Receiver("own", "twice.example:443"), "https://twice.example/"); !errors.Is(err, egress.ErrPrivate) {
		t.Errorf("rebound: %v", err)
	}
	for what, try := range map[string][3]string{
		"another host":           {"own", "books.example:443", "https://loop.example/"},
		"another port":           {"own", "loop.example:443", "https://loop.example:8443/"},
		"a host of mail":         {"own", "books.example:443", "https://smtp.example:465/"},
		"an address":             {"own", "127.0.0.1:443", "https://127.0.0.1/"},
		"a public address":       {"own", "8.8.8.8:443", "https://8.8.8.8/"},
		"a name without a dot":   {"own", "localhost:443", "https://localhost/"},
		"any name below":         {"own", "*.example.example:443", "https://a.example.example/"},
		"no target":              {"own", "", "https://books.example/"},
		"another party's client": {"mail", "books.example:443", "https://books.example/"},
	} {
		if err := get(g.Receiver(try[0], try[1]), try[2]); !errors.Is(err, egress.ErrNotListed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := get(g.Receiver("own", "loop.example:80"), "http://loop.example/"); !errors.Is(err, egress.ErrPlain) {
		t.Errorf("without TLS: %v", err)
	}
	if err := get(g.HTTPClient("own").Transport, "https://books.example/"); !errors.Is(err, egress.ErrNotListed) {
		t.Errorf("the plain client of the party: %v", err)
	}
	for name, want := range map[string]bool{"hooks.example.org": true, "Hooks.Example.ORG.": true, "localhost": false, "127.0.0.1": false, "2130706433": false, "0x7f.1": false, "": false, "a..b": false, "-a.example": false, strings.Repeat("a", 64) + ".example": false} {
		if egress.PublicName(name) != want {
			t.Errorf("PublicName(%q) is %v", name, !want)
		}
	}
}
