package email

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

var errAddress = errors.New("email: not an address that can be written to")

// address is a mailbox that is safe to stand in a command: the local part holds nothing that
// could end it, and the domain is plain ASCII.
type address struct {
	local, domain string
	utf8          bool // the local part is not ASCII, so the server must know SMTPUTF8
}

// readAddress reads one bare address. Quoted local parts are refused: nobody has one, and
// they are how commands are smuggled into RCPT.
func readAddress(s string) (address, error) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > 254 || !utf8.ValidString(s) {
		return address{}, errAddress
	}
	a := address{local: s[:at]}
	if len(a.local) > 64 || strings.HasPrefix(a.local, ".") || strings.HasSuffix(a.local, ".") || strings.Contains(a.local, "..") {
		return address{}, errAddress
	}
	for _, r := range a.local {
		switch {
		case r >= utf8.RuneSelf:
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				return address{}, errAddress
			}
			a.utf8 = true
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r):
		default:
			return address{}, errAddress
		}
	}
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !hostName(domain) || strings.Trim(domain, "0123456789.") == "" {
		return address{}, errAddress
	}
	a.domain = domain
	return a, nil
}

func (a address) String() string { return a.local + "@" + a.domain }
