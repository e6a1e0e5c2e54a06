package egress

import (
	"net/netip"
	"testing"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	const never, inside, always = 0, 1, 2
	for address, want := range map[string]int{
		"93.184.215.14": always, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": always, "64:ff9b::5db8:d70e": always,
		"127.0.0.1": inside, "127.255.255.254": inside, "::1": inside, "10.1.2.3": inside, "172.16.0.1": inside, "172.31.255.255": inside,
		"192.168.1.1": inside, "100.64.0.1": inside, "fd12::1": inside, "::ffff:127.0.0.1": inside, "::ffff:10.0.0.1": inside, "64:ff9b::a00:1": inside,
		"169.254.169.254": never, "::ffff:169.254.169.254": never, "64:ff9b::a9fe:a9fe": never, "fe80::1": never, "fe80::1%eth0": never,
		"fd00:ec2::254": never, "100.100.100.200": never, "168.63.129.16": never, "192.0.0.192": never,
		"0.0.0.0": never, "0.1.2.3": never, "::": never, "224.0.0.1": never, "255.255.255.255": never, "240.0.0.1": never, "ff02::1": never,
		"192.0.2.1": never, "198.51.100.1": never, "203.0.113.1": never, "198.18.0.1": never, "2001:db8::1": never,
		"2002:7f00:1::": never, "2001:0:4136:e378::": never, "::127.0.0.1": never, "64:ff9b:1::7f00:1": never, "fec0::1": never, "100::1": never, "5f00::1": never,
	} {
		a := netip.MustParseAddr(address)
		got := never
		if mayConnect(a, true) {
			got = inside
		}
		if mayConnect(a, false) {
			got = always
		}
		if got != want {
			t.Errorf("%s: %d, want %d (0 never, 1 a local processor only, 2 always)", address, got, want)
		}
	}
	if mayConnect(netip.Addr{}, true) {
		t.Error("no address at all was accepted")
	}
}
