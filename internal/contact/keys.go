package contact

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the index of one name: nobody's name needs more, and a row is written for each key.
const (
	minPrefix = 2 // graphemes
	maxPrefix = 6
	maxWords  = 16
	maxKeys   = 72
)

// NameKeys lists the search keys of a person's name: for each word its beginnings of two to six
// graphemes and the whole word, folded, each once, at most 72. The last grapheme of a beginning is
// without its vowel signs, so that a word is found while its next sign is still to be typed: QueryKey
// does the same. A name without letters or digits has none.
//
// A name is found by any of its words, by the part behind an apostrophe (D'Souza: souza), and in Arabic
// with and without the article; عبد is read together with the name that follows it.
func NameKeys(name string) []string {
	var keys []string
	add := func(k string) {
		if len(keys) < maxKeys && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, w := range nameWords(name) {
		g := graphemes(w)
		if len(g) == 1 {
			add(stem(g))
		}
		for n := minPrefix; n <= min(maxPrefix, len(g)); n++ {
			add(stem(g[:n]))
		}
		if len(g) > maxPrefix {
			add(w)
		}
	}
	return keys
}

// QueryKey says how to search for what was typed: the one key to look up in the index, made of the
// longest word, and a test that a name must pass once it is opened: every typed word begins one of its
// words. The key is "" when nothing was typed that a name could hold; rest then refuses every name. A
// single grapheme finds words of one grapheme only (initials), because shorter beginnings are not kept.
func QueryKey(typed string) (key string, rest func(name string) bool) {
	words := joined(typed)
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	var longest []string
	for _, w := range words {
		if g := graphemes(w); len(g) > len(longest) {
			longest = g
		}
	}
	if longest == nil {
		return "", func(string) bool { return false }
	}
	return stem(longest[:min(maxPrefix, len(longest))]), func(name string) bool {
		have := nameWords(name)
		for _, w := range words {
			if !slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, w) }) {
				return false
			}
		}
		return true
	}
}

// stem joins graphemes, the last one without its marks.
func stem(g []string) string {
	last := g[len(g)-1]
	_, n := utf8.DecodeRuneInString(last)
	return strings.Join(g[:len(g)-1], "") + last[:n]
}

// joined cuts a text into folded words and puts عبد together with the divine name behind it, which is
// written either way.
func joined(text string) []string {
	var out []string
	for _, t := range tokens(text) {
		if n := len(out); n > 0 && out[n-1] == "عبد" && strings.HasPrefix(t.word, "ال") {
			out[n-1] += t.word
			continue
		}
		out = append(out, t.word)
	}
	return out
}

// nameWords lists the words by which a name is found, the words themselves first.
func nameWords(name string) []string {
	words := joined(name)
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	for _, w := range slices.Clone(words) {
		if second, ok := strings.CutPrefix(w, "عبد"); ok && strings.HasPrefix(second, "ال") {
			words = append(words, second)
			w = second
		}
		if bare, ok := strings.CutPrefix(w, "ال"); ok && utf8.RuneCountInString(bare) >= 3 {
			words = append(words, bare)
		}
	}
	if !strings.ContainsFunc(name, isInner) {
		return words
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return isInner(r) && !unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) }) {
		for _, t := range tokens(part) {
			if len(graphemes(t.word)) >= minPrefix && !slices.Contains(words, t.word) && len(words) < 2*maxWords {
				words = append(words, t.word)
			}
		}
	}
	return words
}
