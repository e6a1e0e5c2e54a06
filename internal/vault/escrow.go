package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The root key on paper: 32 bytes and 3 bytes of checksum over all of them make 56 characters,
// printed as two lines of seven groups; the eighth group of a line is the line's own checksum, so
// that a slip of the pen is found in its line. The alphabet has no I, L, O, U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const (
	escrowLines    = 2
	escrowLetters  = 28 // of a line, without its checksum
	escrowChecksum = 4  // characters
	escrowWhole    = 3  // bytes of checksum over the key
)

// ErrEscrow means that the typed lines are not a root key; the text says which line is wrong.
var ErrEscrow = errors.New("vault: this is not the key of an escrow sheet")

func escrowSum(number int, letters string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "almirah escrow line %d\n%s", number, letters))
	return crockford.EncodeToString(sum[:5])[:escrowChecksum]
}

func escrowWholeSum(root []byte) []byte {
	sum := sha256.Sum256(append([]byte("almirah escrow\n"), root...))
	return sum[:escrowWhole]
}

func escrowText(root []byte) []string {
	all := crockford.EncodeToString(append(bytes.Clone(root), escrowWholeSum(root)...))
	var lines []string
	for n := 1; n <= escrowLines; n++ {
		letters := all[(n-1)*escrowLetters : n*escrowLetters]
		lines = append(lines, fmt.Sprintf("Line %d:  %s", n, grouped(letters+escrowSum(n, letters), " ")))
	}
	return lines
}

// EscrowSheet gives the text of the page that is printed and locked away: the root key in groups
// with checksums, the fingerprint of the key store that it opens, the date, and what to do when
// the root key file is lost. It fails when the root key file is gone or was exchanged.
func (v *Vault) EscrowSheet(ctx context.Context) (string, error) {
	if v.closed.Load() {
		return "", ErrClosed
	}
	root, _, err := v.fittingRoot(ctx, v.store.read)
	if err != nil {
		return "", err
	}
	defer clear(root)
	var b strings.Builder
	fmt.Fprintf(&b, `ALMIRAH: ROOT KEY, ESCROW SHEET

Date:                      %s
Fingerprint of key store:  %s

%s

Print this page twice. Lock the two copies away in two places, as you would
a deed. Do not photograph it, send it, or store it in a computer. Whoever
has this page and a copy of your databases can read every patient's record.
Without the root key, nobody can, and nobody can help you.

If the root key file is lost

  a. Restore the databases, the key store and its shred journal.
  b. Make a text file at the place that the setting ALMIRAH_KEYS names. Type
     the two key lines into it. Capitals and spaces do not matter.
  c. Let nobody else read the file:  chmod 600 FILE
  d. Run:  almirah doctor
     It says which line has a slip, or that the key does not fit. The
     fingerprint that it shows must be the one on this page.

After the root key is changed, print a new page. This one then opens only
older copies of the key store: destroy it when the last of them is gone.
`, v.clk.Now().UTC().Format("2 January 2006"), v.fingerprint, strings.Join(escrowText(root), "\n"))
	return b.String(), nil
}

var escrowLine = regexp.MustCompile(`(?i)^line\s*([0-9])\s*[:.)]?\s*(.*)$`)

// ParseEscrow reads the root key back from the sheet's text or from its two lines typed by hand,
// with or without "Line 1:", in capitals or not, with any spaces; the letters O, I and L count as
// the digits that they look like. The caller clears what it gets. ErrEscrow names the line whose
// checksum is wrong.
func ParseEscrow(text string) ([]byte, error) {
	var plain []string
	labelled := map[int]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" {
			continue
		}
		if m := escrowLine.FindStringSubmatch(line); m != nil {
			n := int(m[1][0] - '0')
			if _, twice := labelled[n]; twice || n < 1 || n > escrowLines {
				return nil, fmt.Errorf("%w: the lines must be Line 1 and Line 2, each once", ErrEscrow)
			}
			labelled[n] = m[2]
			continue
		}
		plain = append(plain, line)
	}
	if len(labelled) == 0 {
		if len(plain) != escrowLines {
			return nil, fmt.Errorf("%w: two key lines are wanted", ErrEscrow)
		}
		for i, line := range plain {
			labelled[i+1] = line
		}
	}
	var all strings.Builder
	for n := 1; n <= escrowLines; n++ {
		line, ok := labelled[n]
		if !ok {
			return nil, fmt.Errorf("%w: line %d is missing", ErrEscrow, n)
		}
		letters := typed(line)
		if len(letters) != escrowLetters+escrowChecksum {
			return nil, fmt.Errorf("%w: line %d has %d characters, %d are wanted (eight groups of four)", ErrEscrow, n, len(letters), escrowLetters+escrowChecksum)
		}
		if escrowSum(n, letters[:escrowLetters]) != letters[escrowLetters:] {
			return nil, fmt.Errorf("%w: line %d has a slip: compare it with the sheet, group by group", ErrEscrow, n)
		}
		all.WriteString(letters[:escrowLetters])
	}
	b, err := crockford.DecodeString(all.String())
	if err != nil || len(b) != keySize+escrowWhole || !bytes.Equal(b[keySize:], escrowWholeSum(b[:keySize])) {
		return nil, fmt.Errorf("%w: the two lines do not come from one sheet", ErrEscrow)
	}
	return b[:keySize:keySize], nil
}

// typed brings what a person typed to the alphabet of the sheet.
func typed(line string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '-', '.', '\u00a0':
			return -1
		case 'o', 'O':
			return '0'
		case 'i', 'I', 'l', 'L':
			return '1'
		}
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r > 126 {
			return '?' // not of the sheet, and one byte, so that lengths count characters
		}
		return r
	}, line)
}
