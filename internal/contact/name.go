package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"almirah/internal/fault"
)

// MaxName is how long a name may be, in characters.
const MaxName = 120

// CleanName makes a person's name fit to be stored and printed: trimmed, single spaces, composed
// letters, every script kept. It fails with a fault of kind Invalid whose key belongs under the field:
// "field.name.empty" (no letter in it), "field.name.too_long", "field.name.link" (names go out in mails,
// and a link in one makes the clinic the sender of somebody's spam) or "field.name.characters" (control
// characters, line ends, marks that turn the direction of text, letters buried in accents).
func CleanName(raw string) (string, error) {
	bad := func(key string) (string, error) { return "", fault.New(fault.Invalid, key) }
	if len(raw) > 16*MaxName {
		return bad("field.name.too_long")
	}
	if !utf8.ValidString(raw) {
		return bad("field.name.characters")
	}
	var b strings.Builder
	space, letter, marks := false, false, 0
	for _, r := range norm.NFC.String(strings.TrimSpace(raw)) {
		switch {
		case r == '\t' || r == ' ' || unicode.Is(unicode.Zs, r):
			space = b.Len() > 0
			continue
		case r == '\u200c' || r == '\u200d': // joiners: letters of Persian, Hindi or Malayalam need them
		case isTurning(r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) || isNoncharacter(r):
			return bad("field.name.characters")
		case unicode.Is(unicode.Cf, r):
			continue // invisible and harmless: what copying from an address book leaves
		case unicode.IsMark(r):
			if marks++; marks > 8 {
				return bad("field.name.characters")
			}
		default:
			marks = 0
			letter = letter || unicode.IsLetter(r)
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	name := norm.NFC.String(b.String())
	low := strings.ToLower(name)
	switch {
	case !letter:
		return bad("field.name.empty")
	case utf8.RuneCountInString(name) > MaxName:
		return bad("field.name.too_long")
	case strings.Contains(low, "://") || strings.Contains(low, "www."):
		return bad("field.name.link")
	}
	return name, nil
}

// isTurning says whether r changes the direction of the text around it: embeddings, overrides, isolates.
func isTurning(r rune) bool { return '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' }

func isNoncharacter(r rune) bool { return r&0xfffe == 0xfffe || '\ufdd0' <= r && r <= '\ufdef' }
