package contact

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"almirah/internal/fault"
)

// Email is one bare address, its domain in lower case and punycode. The zero Email is none.
type Email string

// The limits of RFC 5321, in bytes.
const (
	maxEmail = 254
	maxLocal = 64
)

// ParseEmail reads one address. The part before the @ is kept as typed, without quoting and in ASCII,
// because not every mail server takes more; the domain may be written in any script. It fails with a
// fault of kind Invalid whose key belongs under the field: "field.email.empty", "field.email.too_long",
// "field.email.only_address" (a name or several addresses), "field.email.local" (letters that mail
// servers refuse) or "field.email.invalid".
func ParseEmail(raw string) (Email, error) {
	bad := func(key string) (Email, error) { return "", fault.New(fault.Invalid, key) }
	if len(raw) > 4*maxEmail {
		return bad("field.email.too_long")
	}
	if !utf8.ValidString(raw) {
		return bad("field.email.invalid")
	}
	if strings.ContainsAny(raw, "\r\n") {
		return bad("field.email.invalid") // a header in the making
	}
	// What copying leaves at the ends: spaces of every kind and invisible marks.
	s := strings.TrimFunc(raw, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	switch {
	case s == "":
		return bad("field.email.empty")
	case strings.ContainsAny(s, "<>,;") || strings.Count(s, "@") > 1:
		return bad("field.email.only_address")
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || domain == "" || domain[0] == '[' {
		return bad("field.email.invalid")
	}
	for _, r := range local {
		if r > unicode.MaxASCII {
			return bad("field.email.local")
		}
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)) {
			return bad("field.email.invalid")
		}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") || len(local) > maxLocal {
		return bad("field.email.invalid")
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return bad("field.email.invalid")
	}
	domain = strings.ToLower(domain)
	dot := strings.LastIndexByte(domain, '.')
	if _, ip := netip.ParseAddr(domain); dot <= 0 || dot == len(domain)-1 || ip == nil || strings.Trim(domain[dot+1:], "0123456789") == "" {
		return bad("field.email.invalid") // a machine of this network, or a number, is no address of a person
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 {
			return bad("field.email.invalid")
		}
	}
	if len(local)+1+len(domain) > maxEmail {
		return bad("field.email.too_long")
	}
	return Email(local + "@" + domain), nil
}

// Masked is the address as it may be shown to others: "a•••@example.org". It is "•••" for the zero Email.
func (e Email) Masked() string {
	local, domain, found := strings.Cut(string(e), "@")
	if !found || local == "" {
		return "•••"
	}
	_, n := utf8.DecodeRuneInString(local)
	return local[:n] + "•••@" + domain
}

// Key is the address in lower case: what two spellings of one mailbox are compared by. No provider that
// people use keeps Asha@ and asha@ apart, but mail still goes out to the address as typed.
func (e Email) Key() string { return strings.ToLower(string(e)) }
