package app

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// FuzzForwarded says of oneself through a proxy what one likes: the answer is an address, and a stranger is never believed.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "192.0.2.1, 10.0.0.1", "::ffff:192.0.2.1", "fe80::1%eth0", "x", "", ",,,", "10.0.0.1,10.0.0.2"} {
		f.Add(s)
	}
	who := addressOf([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	f.Fuzz(func(t *testing.T, said string) {
		for _, from := range []string{"10.0.0.9:1", "203.0.113.5:1"} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = from
			r.Header["X-Forwarded-For"] = []string{said}
			got := who(r)
			if _, err := netip.ParseAddr(got); err != nil || from != "10.0.0.9:1" && got != "203.0.113.5" {
				t.Errorf("%q from %s is %q: %v", said, from, got, err)
			}
		}
	})
}
