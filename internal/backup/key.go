package backup

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"filippo.io/age"
)

// ErrKey means that what was given is no key of backups, or another one than the backup was made for.
var ErrKey = errors.New("backup: this is not the key of the backups")

// NewKey makes the two halves of a key: what the machine is told, and what goes on paper. Neither is kept.
func NewKey() (recipient, secret string, err error) {
	k, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", fmt.Errorf("backup: making a key: %w", err)
	}
	return k.Recipient().String(), k.String(), nil
}

const (
	secretStart = "AGE-SECRET-KEY-1"
	secretTail  = 58 // characters behind it
	perLine     = 20 // characters of a line on paper
)

// Sheet is the page that is printed and locked away: the private key in groups of four, and what to do with it.
func Sheet(recipient, secret, date string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `ALMIRAH: KEY OF THE BACKUPS

Date:               %s
Belongs to:         %s

`, date, recipient)
	tail := strings.TrimPrefix(secret, secretStart)
	for n := 1; tail != ""; n++ {
		part := tail[:min(perLine, len(tail))]
		tail = tail[len(part):]
		var groups []string
		for part != "" {
			cut := min(4, len(part))
			groups, part = append(groups, part[:cut]), part[cut:]
		}
		fmt.Fprintf(&b, "Line %d:  %s\n", n, strings.Join(groups, " "))
	}
	b.WriteString(`
Print this page twice. Lock the two copies away in two places, apart from the
sheet with the root key: whoever has both, and a backup, can read everything.
The server has the public half only and cannot open its own backups.

To restore, type the lines into a text file (capitals and spaces do not
matter) and name that file:  almirah restore latest --key FILE
A slip of the pen is found. Destroy the file afterwards.
`)
	return b.String()
}

var sheetLine = regexp.MustCompile(`(?i)^line\s*([0-9])\s*[:.)]?\s*(.*)$`)

// ParseKey reads one private key: a file of age's own, or the lines of the sheet typed by hand. ErrKey when it has a slip.
func ParseKey(text string) (*age.X25519Identity, error) {
	all, err := parseKeys(text)
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		return nil, fmt.Errorf("%w: there are %d keys, one is wanted", ErrKey, len(all))
	}
	return all[0], nil
}

// ParseKeys reads private keys out of texts, of which each has one or several: after the key of the backups was replaced, files are there that only the old one opens. What comes back opens what
// any of them opens. ErrKey when one has a slip, or there is none.
func ParseKeys(texts ...string) (age.Identity, error) {
	var out anyOf
	for _, text := range texts {
		some, err := parseKeys(text)
		if err != nil {
			return nil, err
		}
		for _, k := range some {
			out = append(out, k)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: none was named", ErrKey)
	}
	return out, nil
}

// anyOf opens what any of several keys opens.
type anyOf []age.Identity

// Unwrap answers age.ErrIncorrectIdentity when none of them fits.
func (k anyOf) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, one := range k {
		if key, err := one.Unwrap(stanzas); !errors.Is(err, age.ErrIncorrectIdentity) {
			return key, err
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// parseKeys reads at least one key. A new one begins at a first line of a sheet, at age's own first letters, and where one is full.
func parseKeys(text string) ([]*age.X25519Identity, error) {
	var labelled, plain []string
	add := func(to *[]string, begins bool, part string) {
		part = strings.ToUpper(strings.Join(strings.Fields(part), ""))
		if n := len(*to); n == 0 || begins || len(strings.TrimPrefix((*to)[n-1], secretStart)) >= secretTail {
			*to = append(*to, part)
		} else {
			(*to)[n-1] += part
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if m := sheetLine.FindStringSubmatch(line); m != nil {
			add(&labelled, m[1] == "1", m[2])
			continue
		}
		add(&plain, strings.HasPrefix(strings.ToUpper(line), secretStart), line)
	}
	all := labelled
	if len(all) == 0 {
		all = plain
	} else { // the rest of a sheet is words, but whole keys may stand beside it
		for _, p := range plain {
			if strings.HasPrefix(p, secretStart) {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 {
		all = []string{""}
	}
	var out []*age.X25519Identity
	for _, one := range all {
		one = strings.TrimPrefix(one, secretStart)
		if len(one) != secretTail {
			return nil, fmt.Errorf("%w: it has %d characters, %d are wanted; compare it with the sheet", ErrKey, len(one), secretTail)
		}
		k, err := age.ParseX25519Identity(secretStart + one)
		if err != nil {
			return nil, fmt.Errorf("%w: it has a slip; compare it with the sheet, group by group", ErrKey)
		}
		out = append(out, k)
	}
	return out, nil
}

// ParseRecipients reads public keys divided by commas. It fails for what is none, and for a private key, which has no business on a server.
func ParseRecipients(text string) ([]string, error) {
	var out []string
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if strings.HasPrefix(strings.ToUpper(one), "AGE-SECRET") {
			return nil, errors.New("that is the private key: it belongs on paper and never on a server; the public one begins with age1")
		}
		if _, err := age.ParseX25519Recipient(one); err != nil {
			return nil, errors.New("write the public key that `almirah backup key` prints; it begins with age1")
		}
		out = append(out, one)
	}
	return out, nil
}
