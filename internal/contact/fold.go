package contact

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold writes a text the one way that search compares: compatible forms made plain (NFKC), case folded,
// digits as ASCII, and per script what people leave out or write either way when they type.
//
//   - Latin and Greek lose their accents, and letters such as ø and ł become the plain one.
//   - Cyrillic loses stress marks, and ё becomes е; й and ї stay letters of their own.
//   - Arabic loses harakat, tatweel and the hamza on its seat; the alefs are one letter, so are the yas, the
//     kafs and the forms of ha and teh marbuta.
//   - Hebrew loses its points.
//   - Devanagari and its relatives lose the nukta, and candrabindu becomes anusvara; vowel signs and virama stay.
//   - Apostrophes, joiners and other invisible marks are gone in every script.
//
// The result is decomposed, so that what a keyboard has half composed is the beginning of the whole: Tamil கெ
// of கொ, Korean 기 of 김. fold(fold(x)) is fold(x).
func fold(s string) string {
	s = strings.Map(func(r rune) rune { // before NFKC, which makes spaces of some of them
		if isInner(r) {
			return -1
		}
		return r
	}, s)
	if plain, ok := foldASCII(s); ok {
		return plain
	}
	s = cases.Fold().String(norm.NFKC.String(s))
	s = norm.NFKD.String(cases.Fold().String(norm.NFKC.String(s)))
	var b strings.Builder
	b.Grow(len(s))
	var base rune // the letter that the marks sit on
	for _, r := range s {
		if isInner(r) || r == 'ـ' {
			continue
		}
		if unicode.IsDigit(r) {
			d, _ := digit(r)
			r = rune(d)
		}
		if unicode.Is(unicode.Mn, r) {
			if r = foldMark(base, r); r != 0 {
				b.WriteRune(r)
			}
			continue
		}
		if !unicode.IsMark(r) {
			base = r
		}
		if plain, ok := foldLetter(r); ok {
			b.WriteString(plain)
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFKD.String(b.String())
}

// foldASCII is fold for the many texts that are ASCII.
func foldASCII(s string) (string, bool) {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return "", false
		}
	}
	return strings.ToLower(s), true
}

// foldMark is what becomes of a mark on base; 0 is nothing.
func foldMark(base, r rune) rune {
	switch {
	case unicode.In(base, unicode.Latin, unicode.Greek):
		return 0
	case unicode.Is(unicode.Cyrillic, base):
		if base == 'и' && r == '\u0306' || base == 'і' && r == '\u0308' {
			return r
		}
		return 0
	case unicode.Is(unicode.Arabic, base):
		return 0
	case unicode.Is(unicode.Hebrew, base):
		return 0
	}
	switch r {
	case '\u093c', '\u09bc', '\u0a3c', '\u0abc', '\u0b3c', '\u0cbc': // nuktas
		return 0
	case '\u0901', '\u0981', '\u0a81', '\u0b01': // candrabindu; the anusvara of each script follows it
		return r + 1
	}
	return r
}

// foldLetter is the plain form of letters that no decomposition takes apart.
func foldLetter(r rune) (string, bool) {
	switch r {
	case 'ø':
		return "o", true
	case 'đ', 'ð':
		return "d", true
	case 'ħ':
		return "h", true
	case 'ı':
		return "i", true
	case 'ł':
		return "l", true
	case 'ŋ':
		return "n", true
	case 'ŧ':
		return "t", true
	case 'æ':
		return "ae", true
	case 'œ':
		return "oe", true
	case 'þ':
		return "th", true
	case 'ə':
		return "e", true
	case 'ٱ', 'ٲ', 'ٳ':
		return "ا", true
	case 'ى', 'ی', 'ې', 'ۍ', 'ے', 'ێ':
		return "ي", true
	case 'ک', 'ڪ':
		return "ك", true
	case 'ة', 'ہ', 'ھ', 'ە', 'ۃ', 'ۂ', 'ۀ':
		return "ه", true
	}
	return "", false
}

// isWordRune says whether r belongs to a word: letters, the marks on them, digits.
func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) }

// isInner says whether r may stand inside a word without parting it: apostrophes, and what is invisible.
func isInner(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', 'ʹ', '`', '´', '׳', '״':
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// token is one word of a text, folded, its apostrophes taken out, and where it stands in the text.
type token struct {
	word     string
	from, to int // bytes of the text
}

// tokens cuts a text into words. One written word can fold into several.
func tokens(text string) []token {
	var out []token
	start := -1
	add := func(end int) {
		if start < 0 {
			return
		}
		for w := range strings.FieldsFuncSeq(fold(text[start:end]), func(r rune) bool { return !isWordRune(r) }) {
			out = append(out, token{w, start, end})
		}
		start = -1
	}
	for i, r := range text {
		switch in := isWordRune(r) || isInner(r); {
		case in && start < 0:
			start = i
		case !in:
			add(i)
		}
	}
	add(len(text))
	return out
}

// graphemes cuts a folded word into what a reader takes for letters: each with the marks on it.
func graphemes(word string) []string {
	out := make([]string, 0, len(word))
	start := 0
	for i, r := range word {
		if i > start && !unicode.IsMark(r) {
			out = append(out, word[start:i])
			start = i
		}
	}
	if start < len(word) {
		out = append(out, word[start:])
	}
	return out
}
