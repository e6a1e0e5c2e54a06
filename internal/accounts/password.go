package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// The lengths of a password in characters (NIST SP 800-63B-4: at least 15 where it is the only factor, at least 64 must fit).
const (
	minPassword = 15
	maxPassword = 256
	maxTyped    = 4 * 4 * maxPassword // bytes before composing; more is not looked at
)

// params are the cost of an Argon2id hash.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

const (
	saltSize = 16
	tagSize  = 32
)

// today is what new hashes cost: 46 MiB in one pass (OWASP Password Storage, August 2026, its first equivalent row).
var today = params{memory: 47104, time: 1, threads: 1}

// The bounds within which a stored hash is computed at all: a damaged row must not take all memory.
const (
	mostMemory = 1 << 20 // KiB
	mostTime   = 16
	mostLanes  = 8
)

// hasher bounds how many hashes are computed at once, because each takes 46 MiB.
type hasher struct{ seats chan struct{} }

func newHasher() *hasher { return &hasher{seats: make(chan struct{}, 2*runtime.NumCPU())} }

func (h *hasher) sit(ctx context.Context) error {
	select {
	case h.seats <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hash makes the PHC string of a password. It fails only when ctx ends while it waits for its turn.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.sit(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.seats }()
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // crypto/rand ends the program rather than fail
	tag := argon2.IDKey([]byte(password), salt, today.time, today.memory, today.threads, tagSize)
	return phc(today, salt, tag), nil
}

func phc(p params, salt, tag []byte) string {
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads, e.EncodeToString(salt), e.EncodeToString(tag))
}

// decoy is a hash that no password has. Computing against it takes as long as against a real one.
func decoy() string {
	b := make([]byte, saltSize+tagSize)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	return phc(today, b[:saltSize], b[saltSize:])
}

var errNoHash = errors.New("accounts: a stored password hash cannot be read")

func parsePHC(s string) (p params, salt, tag []byte, err error) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errNoHash
	}
	if n, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil || n != 3 ||
		part[3] != fmt.Sprintf("m=%d,t=%d,p=%d", p.memory, p.time, p.threads) {
		return p, nil, nil, errNoHash
	}
	e := base64.RawStdEncoding.Strict()
	if salt, err = e.DecodeString(part[4]); err != nil {
		return p, nil, nil, errNoHash
	}
	if tag, err = e.DecodeString(part[5]); err != nil {
		return p, nil, nil, errNoHash
	}
	if p.memory < 8 || p.memory > mostMemory || p.time < 1 || p.time > mostTime || p.threads < 1 || p.threads > mostLanes || len(salt) < 8 || len(tag) < 16 || len(tag) > 64 {
		return p, nil, nil, errNoHash
	}
	return p, salt, tag, nil
}

// matches says whether the password has the hash, and whether the hash is weaker than today's and wants renewal. A hash that
// cannot be read matches nothing, after as much work as one that can.
func (h *hasher) matches(ctx context.Context, stored, password string) (ok, weak bool, err error) {
	p, salt, tag, err := parsePHC(stored)
	readable := err == nil
	if !readable {
		p, salt, tag, err = parsePHC(decoy())
		if err != nil {
			return false, false, err
		}
	}
	if err := h.sit(ctx); err != nil {
		return false, false, err
	}
	defer func() { <-h.seats }()
	got := argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, uint32(len(tag)))
	same := subtle.ConstantTimeCompare(got, tag) == 1
	weak = p.memory < today.memory || p.time < today.time || len(salt) < saltSize || len(tag) < tagSize
	return same && readable, weak, nil
}

// composed is the one form in which a password is hashed: the same keys pressed on two machines may give two spellings of
// one letter. Too much text is no password.
func composed(raw string) (string, bool) {
	if len(raw) > maxTyped || !utf8.ValidString(raw) {
		return "", false
	}
	s := norm.NFC.String(raw)
	return s, utf8.RuneCountInString(s) <= maxPassword
}

// A password that is guessed within so many tries, by how people choose theirs, is none. Only its beginning is rated: what follows cannot
// make it worse.
const (
	leastGuesses = 1e10
	mostRated    = 32
)

//go:embed common.txt
var common string

// checkPassword reads a new password: its length, and that it is not one that guessers try first. about is what is known of the
// person and the clinic; a password made of it is none. There are no rules about kinds of characters.
func (s *Service) checkPassword(raw string, about []string, f *fault.Fields) string {
	p, ok := composed(raw)
	n := utf8.RuneCountInString(p)
	switch {
	case !ok:
		f.AddWith("password", "field.password.too_long", map[string]any{"Most": maxPassword})
	case n < minPassword:
		f.AddWith("password", "field.password.too_short", map[string]any{"Least": minPassword})
	case s.easy(p, about):
		f.Add("password", "field.password.easy")
	default:
		return p
	}
	return ""
}

// easy says whether a password of sufficient length is still among the first that somebody would try.
func (s *Service) easy(password string, about []string) bool {
	low := plainLetters(password)
	if s.blocked[low] || s.blocked[unit(low)] || few(low) || stepwise(strings.ToLower(password)) {
		return true
	}
	// What people guess first, in any order and disguise: a kept list of common passwords, words, names and rows of keys.
	head := []rune(password)
	if zxcvbn.PasswordStrength(string(head[:min(len(head), mostRated)]), about).Guesses < leastGuesses {
		return true
	}
	// What is left without the words that belong to the person, the clinic and the house, and without filling.
	rest := low
	for _, a := range append([]string{s.o.Product, "almirah"}, about...) {
		for _, w := range strings.FieldsFunc(strings.ToLower(norm.NFC.String(a)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if utf8.RuneCountInString(w) >= 3 {
				rest = strings.ReplaceAll(rest, w, "")
			}
		}
	}
	if rest == low {
		return false
	}
	left := strings.TrimFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
	return utf8.RuneCountInString(left) < 8
}

// plainLetters lowers the text and turns the usual disguises back: a P@ssw0rd is a password.
func plainLetters(s string) string {
	return strings.NewReplacer("@", "a", "$", "s", "0", "o", "!", "i", "3", "e", " ", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(s))
}

// unit is the shortest piece of which the text is a repetition: "passwordpassword" is "password".
func unit(s string) string {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return s[:n]
		}
	}
	return s
}

// few says whether the text has fewer than five different characters, or is a short piece again and again.
func few(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) < 5 || utf8.RuneCountInString(unit(s)) < 6
}

// rows are what fingers walk along without thinking.
var rows = []string{"abcdefghijklmnopqrstuvwxyz", "1234567890123456789012345678901234567890", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "qazwsxedcrfvtgbyhnujmikolp"}

// stepwise says whether the whole text is at most three walks along a row, forwards or backwards.
func stepwise(s string) bool {
	walks := 0
	for s != "" {
		n := 0
		for _, row := range rows {
			for _, r := range []string{row, backwards(row)} {
				for m := len(s); m > n; m-- {
					if strings.Contains(r, s[:m]) {
						n = m
					}
				}
			}
		}
		if n < 3 {
			return false
		}
		if walks++; walks > 3 {
			return false
		}
		s = s[n:]
	}
	return true
}

func backwards(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// blocklist reads the embedded list in the form in which passwords are compared with it.
func blocklist() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(common) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out[plainLetters(line)] = true
		}
	}
	return out
}

// clinicNames are the names of the clinics where the person works: no part of a password. One that cannot be read is left out.
func (s *Service) clinicNames(ctx context.Context, person id.ID) []string {
	in := SignedIn{Person: Person{ID: person}}
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		in.Clinics = nil
		rows, err := p.Query(sqlSessionMember, person)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m Membership
			var role string
			var everybody bool
			if err := rows.Scan(&m.Clinic, &role, &everybody); err != nil {
				return err
			}
			m.Role = access.Role(role)
			in.Clinics = append(in.Clinics, m)
		}
		return rows.Err()
	})
	if err != nil {
		return nil
	}
	choices, err := s.Choices(ctx, in)
	if err != nil {
		return nil
	}
	var out []string
	for _, c := range choices {
		out = append(out, c.Name)
	}
	return out
}
