// Package alone runs a command where nothing but this machine's own loopback exists, and says what the command tried to reach besides. It is how the tests
// see that neither the house nor its pages call anybody: not by reading code, and not by asking the program, but by the packets that would have left.
//
// The command runs in a network namespace of its own. There, every address of the world leads to the loopback (one route), so that whatever is called would
// arrive here; and a recorder reads each packet that is not meant for the loopback itself. A question for a name counts too, wherever it is sent: the
// namespace has a resolver that does not exist. No root is needed where the kernel lets people make user namespaces.
package alone

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ErrNotHere means that this machine lets nobody (or not this user) make a network namespace.
var ErrNotHere = errors.New("this machine does not let this user make a network of its own (user namespaces are off, or there is no Linux)")

// Call is one thing that was called and is not on this machine.
type Call struct {
	Proto string // tcp, udp or the number of another protocol
	To    string // address and port
	Name  string // what was asked for, when it was a question for a name
	Times int    // packets that began it
}

func (c Call) String() string {
	what := fmt.Sprintf("%s %s", c.Proto, c.To)
	if c.Name != "" {
		what += ", which was asked for the name " + c.Name
	}
	return fmt.Sprintf("%s (%d times)", what, c.Times)
}

// resolver is whom the namespace asks for names. Nobody is there: the address is one of those that stand in books (RFC 5737).
const resolver = "192.0.2.53"

// read makes of a packet, beginning with its IP header, the call that it begins; false for answers and for what stays on the machine.
func read(p []byte) (Call, bool) {
	if len(p) < 20 {
		return Call{}, false
	}
	var proto byte
	var to netip.Addr
	var rest []byte
	switch p[0] >> 4 {
	case 4:
		proto, to = p[9], netip.AddrFrom4([4]byte(p[16:20]))
		if n := int(p[0]&15) * 4; n <= len(p) {
			rest = p[n:]
		}
	case 6:
		if len(p) < 40 {
			return Call{}, false
		}
		proto, to, rest = p[6], netip.AddrFrom16([16]byte(p[24:40])).Unmap(), p[40:]
	default:
		return Call{}, false
	}
	port, c := 0, Call{Proto: fmt.Sprint("protocol ", proto), To: to.String(), Times: 1}
	switch {
	case proto == 6 && len(rest) >= 14:
		if rest[13]&0x12 != 0x02 { // only what begins a connection: SYN without ACK
			return Call{}, false
		}
		c.Proto, port = "tcp", int(rest[2])<<8|int(rest[3])
	case proto == 17 && len(rest) >= 8:
		c.Proto, port = "udp", int(rest[2])<<8|int(rest[3])
		if port == 53 {
			c.Name = question(rest[8:])
		}
	case proto == 1 && len(rest) > 0 && rest[0] != 8, proto == 58 && len(rest) > 0 && rest[0] != 128, proto == 0: // what the kernel says by itself: answers, neighbours, groups
		return Call{}, false
	}
	if port != 0 {
		c.To = netip.AddrPortFrom(to, uint16(port)).String()
	}
	return c, !to.IsLoopback() || port == 53
}

// question is the name for which a packet to a resolver asks; empty when it is none.
func question(p []byte) string {
	var parts []string
	for i := 12; i < len(p) && p[i] != 0; {
		n := int(p[i])
		if n > 63 || i+1+n > len(p) {
			return ""
		}
		parts = append(parts, string(p[i+1:i+1+n]))
		i += 1 + n
	}
	return strings.ToLower(strings.Join(parts, "."))
}
