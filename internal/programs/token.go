package programs

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"math/big"
	"net/netip"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// TokenPrefix begins every token, so that programs that look for secrets in source code know one when they see it.
const TokenPrefix = "almirah_"

const (
	secretSize = 32 // bytes of chance in a token
	bodyLength = 65 // digits of the clinic's id and the secret to the base 62
	sumLength  = 6  // digits of the checksum
)

// The bounds of a token.
const (
	MaxDays   = 365 // a token ends within a year
	maxTokens = 20  // that are alive in a clinic
	maxName   = 60
	warnBy    = 14 * 24 * time.Hour // how long before its end the owners are told
	keepEnded = 180 * 24 * time.Hour
)

// Days are the lengths of life that a form offers.
var Days = []int{30, 90, 180, MaxDays}

// newToken makes a token of the clinic and the hash by which it is known again. A token holds its clinic's id, so that no table across
// clinics is needed to find it, and ends with a checksum, so that a look for leaked tokens finds no others.
func newToken(clinic id.ID) (text string, hash []byte) {
	var b [16 + secretSize]byte
	copy(b[:], clinic[:])
	_, _ = rand.Read(b[16:]) // crypto/rand never returns an error
	sum := sha256.Sum256(b[:])
	body := digits(new(big.Int).SetBytes(b[:]), bodyLength)
	return TokenPrefix + body + checksum(body), sum[:]
}

func digits(n *big.Int, length int) string {
	s := n.Text(62)
	return strings.Repeat("0", length-len(s)) + s
}

func checksum(body string) string {
	return digits(big.NewInt(int64(crc32.ChecksumIEEE([]byte(TokenPrefix+body)))), sumLength)
}

// readToken reads the clinic and the hash out of a token; false for what is none, before any table is asked.
func readToken(text string) (clinic id.ID, hash []byte, ok bool) {
	rest, ours := strings.CutPrefix(text, TokenPrefix)
	if !ours || len(rest) != bodyLength+sumLength {
		return id.Zero, nil, false
	}
	body := rest[:bodyLength]
	for _, c := range []byte(body) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return id.Zero, nil, false
		}
	}
	n, read := new(big.Int).SetString(body, 62)
	if !read || n.BitLen() > (16+secretSize)*8 || rest[bodyLength:] != checksum(body) {
		return id.Zero, nil, false
	}
	var b [16 + secretSize]byte
	n.FillBytes(b[:])
	copy(clinic[:], b[:])
	sum := sha256.Sum256(b[:])
	return clinic, sum[:], !clinic.IsZero()
}

// Token is one token as pages show it; its text is gone once it was shown.
type Token struct {
	ID        id.ID
	Name      string // empty when it cannot be opened
	Hint      string // its last four characters
	Maker     id.ID
	Scopes    access.ProgramScope
	CreatedAt clock.Instant
	ExpiresAt clock.Instant
	UsedOn    clock.Date // the day of its last use; empty for never
	UsedFrom  string     // the network that it came from then: "203.0.113.0/24"
	EndedAt   clock.Instant
	EndedBy   id.ID
}

// Alive says whether the token could open anything at that moment; its maker must belong to the clinic besides.
func (t Token) Alive(now clock.Instant) bool { return t.EndedAt == 0 && now < t.ExpiresAt }

// TokenDraft is a token as it is asked for.
type TokenDraft struct {
	Name   string
	Scopes access.ProgramScope
	Days   int // until it ends
}

func (d *TokenDraft) check(maker access.Role) error {
	var f fault.Fields
	name, err := contact.CleanName(d.Name)
	switch {
	case strings.TrimSpace(d.Name) == "":
		f.Add("name", "field.token.name")
	case err != nil || len([]rune(name)) > maxName:
		f.AddWith("name", "field.token.name_long", map[string]any{"Max": maxName})
	}
	d.Name = name
	switch {
	case d.Scopes == 0:
		f.Add("scopes", "field.token.scopes")
	case !d.Scopes.Within(maker):
		f.Add("scopes", "field.token.wider")
	}
	if d.Days < 1 || d.Days > MaxDays {
		f.AddWith("days", "field.token.days", map[string]any{"Max": MaxDays})
	}
	return f.Err()
}

// networkOf is the network of an address, wide enough to name no single device: "203.0.113.0/24", "2001:db8:1::/48"; empty for none.
func networkOf(address string) string {
	a, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// refused is the one answer to whoever comes with no token, a wrong one, or one that has ended.
func refused() error { return fault.New(fault.Unauthenticated, "fault.token_refused") }

func tooMany(what string, most int) error {
	return fault.New(fault.Conflict, fmt.Sprintf("fault.too_many_%s", what)).With("Max", most)
}
