package egress

import "net/netip"

// special holds the IPv4 ranges that are not the public internet (IANA special-purpose register).
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)

// special6 holds the ranges inside 2000::/3 that are not the public internet either; outside
// of it nothing is.
var special6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

// metadata holds the addresses at which clouds hand out credentials. They are refused even
// to a Local processor, since nothing of ours lives there.
var metadata = prefixes("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32")

// own holds what a Local processor may use besides public addresses.
var own = prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")

// global is where public IPv6 addresses are.
var global = netip.MustParsePrefix("2000::/3")

// translated is the range in which an IPv6-only network shows IPv4 addresses.
var translated = netip.MustParsePrefix("64:ff9b::/96")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// mayConnect decides about the address of a connection that is about to be made. It is asked
// once per connection with the address itself, after every name look-up, so that a name
// server cannot show one address to the check and another to the socket.
func mayConnect(a netip.Addr, local bool) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if translated.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case within(a, metadata):
		return false
	case public(a):
		return true
	}
	return local && within(a, own)
}

func public(a netip.Addr) bool {
	if a.Is4() {
		return !within(a, special)
	}
	return global.Contains(a) && !within(a, special6)
}
