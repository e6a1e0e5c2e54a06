package app

import (
	"net/http"
	"testing"

	"almirah/internal/clock"
)

// TestOneNetworkIsOneVisitor: whoever changes the end of her IPv6 address, of which she has as many as she likes, has the same limit still.
func TestOneNetworkIsOneVisitor(t *testing.T) {
	t.Parallel()
	l := newLimiter(2, clock.NewFake(morning), func(r *http.Request) string { return r.RemoteAddr })
	for _, x := range []struct {
		address string
		waits   bool
	}{
		{"2001:db8:1:2::1", false}, {"2001:db8:1:2::2", false}, {"2001:db8:1:2:ffff::3", true}, {"2001:db8:1:3::1", false},
		{"203.0.113.7", false}, {"203.0.113.7", false}, {"::ffff:203.0.113.7", true}, {"203.0.113.8", false},
	} {
		if wait := l.Wait(&http.Request{RemoteAddr: x.address}); (wait > 0) != x.waits {
			t.Errorf("%s waits %v", x.address, wait)
		}
	}
}
