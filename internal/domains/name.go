package domains

import (
	"crypto/rand"
	"encoding/base32"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"almirah/internal/fault"
)

// inner are endings that no public name server knows.
var inner = strings.Fields("localhost local internal lan home corp intranet private invalid onion arpa alt")

// Parse reads a host name as it was typed or pasted: an address with https:// and a slash is taken too. The result is lower case, in
// ASCII, without a final dot. own are the names of the deployment, which nobody can have, nor what lies below them. fault.Invalid with
// the field "host".
func Parse(raw string, own []string) (string, error) {
	var f fault.Fields
	s := strings.ToLower(strings.TrimSpace(raw))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
	s = strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".")
	if s == "" {
		f.Add("host", "field.host.empty")
		return "", f.Err()
	}
	ascii, err := idna.Lookup.ToASCII(s)
	_, address := netip.ParseAddr(ascii)
	labels := strings.Split(ascii, ".")
	last := labels[len(labels)-1]
	switch {
	case err != nil, address == nil, len(ascii) > 200, len(labels) < 2, slices.ContainsFunc(labels, odd), strings.Trim(last, "0123456789") == "", slices.Contains(inner, last):
		f.Add("host", "field.host.invalid")
	case slices.ContainsFunc(own, func(o string) bool { return ascii == o || strings.HasSuffix(ascii, "."+o) }):
		f.Add("host", "field.host.ours")
	}
	return ascii, f.Err()
}

// odd says whether a label is one that no host name has.
func odd(label string) bool {
	return label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-")
}

// ProofName is the name of the record in which the proof is looked for.
func ProofName(host string) string { return "_almirah." + host }

// newProof is what the owner is to write there: 130 bits that nobody guesses.
func newProof() string {
	var b [17]byte
	_, _ = rand.Read(b[:]) // crypto/rand never returns an error
	return "almirah=" + strings.ToLower(strings.TrimRight(base32.StdEncoding.EncodeToString(b[:]), "="))[:26]
}
