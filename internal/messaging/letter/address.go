package letter

import (
	"errors"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

var errAddress = errors.New("letter: not an address that can be written to")

// Address is a mailbox that is safe to stand in a command: the local part holds nothing that
// could end it, and the domain is plain ASCII.
type Address struct {
	Local, Domain string
	UTF8          bool // the local part is not ASCII, so the server must know SMTPUTF8
}

// ReadAddress reads one bare address. It fails with one error for everything that is no such
// address, which does not repeat it. Quoted local parts are refused: nobody has one, and they
// are how commands are smuggled into RCPT.
func ReadAddress(s string) (Address, error) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > 254 || !utf8.ValidString(s) {
		return Address{}, errAddress
	}
	a := Address{Local: s[:at]}
	if len(a.Local) > 64 || strings.HasPrefix(a.Local, ".") || strings.HasSuffix(a.Local, ".") || strings.Contains(a.Local, "..") {
		return Address{}, errAddress
	}
	for _, r := range a.Local {
		switch {
		case r >= utf8.RuneSelf:
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				return Address{}, errAddress
			}
			a.UTF8 = true
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r):
		default:
			return Address{}, errAddress
		}
	}
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !HostName(domain) || strings.Trim(domain, "0123456789.") == "" {
		return Address{}, errAddress
	}
	a.Domain = domain
	return a, nil
}

// String is the bare address.
func (a Address) String() string { return a.Local + "@" + a.Domain }

// HostName says whether s is a host name or an IP address.
func HostName(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if len(s) > 253 {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}
