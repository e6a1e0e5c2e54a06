package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/fault"
)

// Processor is one line of the register: an outside party and what it gets.
type Processor struct {
	ID         string   // short and stable, such as "smtp"
	Name       string   // the company or service, as the public page prints it
	Purpose    string   // why it gets data
	Categories []string // which data it gets
	Region     string   // where it keeps them, in words
	Place      string   // the same as a code: a country of ISO 3166, or "EU"; empty: not stated
	Hosts      []string // "mail.example.org:465", "*.example.org:443", "[2001:db8::1]:25"; nothing else can be reached
	Notes      string
	Adapter    string // the carrier or gateway that uses it

	// Local marks a party inside the operator's own network: private and loopback addresses
	// are allowed, and HTTP without TLS. Link-local and metadata addresses never are.
	Local bool

	// Patients marks a party that gets something about a clinic's patients, be it sealed.
	Patients bool

	// Vital marks a party without which the deployment cannot start or be reached, and which gets nothing about anybody. It is not closed when
	// its contract is over.
	Vital bool

	// Chosen marks parties whose hosts the clinics choose themselves: their own programs. Receiver reaches one of them at a time, at a
	// public address and by HTTPS alone; Hosts is empty.
	Chosen bool
}

// Bound says whether the party is somebody else's: then there has to be a contract with it. What stands in the operator's own network, and
// programs of the clinics themselves, need none.
func (p Processor) Bound() bool { return !p.Local && !p.Chosen }

// Check reads the register the way New does and says which line is wrong. A wrong host
// pattern opens nothing; Check exists so that setup can say so before anybody misses a message.
func Check(list []Processor) error {
	var wrong fault.Fields
	seen := map[string]bool{}
	for _, p := range list {
		name := "processor." + p.ID
		switch {
		case p.ID == "":
			wrong.Add("processor", "field.processor.id.required")
		case seen[p.ID]:
			wrong.Add(name, "field.processor.id.twice")
		}
		seen[p.ID] = true
		if p.Name == "" || p.Purpose == "" || p.Region == "" || len(p.Categories) == 0 {
			wrong.Add(name, "field.processor.incomplete")
		}
		if (len(p.Hosts) == 0) != p.Chosen || p.Chosen && p.Local {
			wrong.Add(name, "field.processor.hosts.required")
		}
		for _, h := range p.Hosts {
			if _, err := parsePattern(h); err != nil {
				wrong.AddWith(name, "field.processor.host.invalid", map[string]any{"Host": h})
			}
		}
	}
	return wrong.Err()
}

// pattern is one host pattern, taken apart.
type pattern struct {
	host string // lower case, without a final dot; the part after "*." for a wildcard
	wild bool   // any name below host, not host itself
	addr netip.Addr
	port uint16
}

// parsePattern reads "host:port". The errors name the pattern: it comes from the configuration.
func parsePattern(s string) (pattern, error) {
	host, port, err := splitTarget(s)
	if err != nil {
		return pattern{}, fmt.Errorf("egress: %q is not of the form host:port", s)
	}
	p := pattern{host: host, port: port}
	if a, ok := literal(host); ok {
		p.addr = a
		return p, nil
	}
	p.host, p.wild = strings.CutPrefix(host, "*.")
	// A wildcard over a whole top-level domain would be no list at all.
	if !plainName(p.host) || p.wild && !strings.Contains(p.host, ".") {
		return pattern{}, fmt.Errorf("egress: %q is not a host name", s)
	}
	return p, nil
}

func (p pattern) matches(host string, port uint16) bool {
	if port != p.port {
		return false
	}
	if a, ok := literal(host); ok {
		return p.addr.IsValid() && p.addr == a
	}
	if p.addr.IsValid() {
		return false
	}
	if p.wild {
		return strings.HasSuffix(host, "."+p.host) && plainName(host)
	}
	return host == p.host
}

// splitTarget takes "Host:443" apart into a lower-case host without its final dot and a port.
func splitTarget(s string) (host string, port uint16, err error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", 0, fmt.Errorf("egress: no port")
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("egress: no port")
	}
	host = s[:i]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	} else if strings.Contains(host, ":") {
		return "", 0, fmt.Errorf("egress: an IPv6 address stands in brackets")
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "" {
		return "", 0, fmt.Errorf("egress: no host")
	}
	return host, uint16(n), nil
}

// literal reads an IP address; an IPv4 address written as IPv6 is the IPv4 address, and a
// zone makes it no address at all.
func literal(host string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// plainName says whether s is a host name of letters, digits, hyphens and dots. The other
// spellings of an address (0x7f.1, 2130706433) are all digits or start one, and a resolver
// may take them for one; they are refused by asking for a letter in the last label.
func plainName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range []byte(l) {
			if c != '-' && c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return last[0] >= 'a' && last[0] <= 'z'
}

// PublicName says whether s can be the name of a host on the internet: a name with a dot, no address in any spelling. What it leads to is
// checked when it is dialled.
func PublicName(s string) bool {
	s = strings.TrimSuffix(strings.ToLower(s), ".")
	return plainName(s) && strings.Contains(s, ".")
}

func (p Processor) clone() Processor {
	p.Categories = slices.Clone(p.Categories)
	p.Hosts = slices.Clone(p.Hosts)
	return p
}
