package patients

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/contact"
)

// written cuts a name into its written words.
func written(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("'’‘ʼʻ`´", r))
	})
}

// sameName says whether two names are one name: the same words, however they are capitalised,
// accented or ordered. Ram is not Rama.
func sameName(a, b string) bool {
	if a == b {
		return true
	}
	if len(written(a)) != len(written(b)) || nameKey(a) != nameKey(b) {
		return false
	}
	_, beginsA := contact.QueryKey(a)
	_, beginsB := contact.QueryKey(b)
	return beginsA(b) && beginsB(a)
}

// folded is the words of a name in the form in which search compares them.
func folded(name string) []string {
	var out []string
	for _, w := range written(name) {
		longest := ""
		for _, k := range contact.NameKeys(w) {
			if utf8.RuneCountInString(k) > utf8.RuneCountInString(longest) {
				longest = k
			}
		}
		if longest != "" {
			out = append(out, longest)
		}
	}
	return out
}

// similarName says whether two names could be spellings of one: every word of the shorter name has
// a word of its own in the longer one that looks or sounds like it. An initial stands for any word
// that begins with it, but one whole word must agree.
func similarName(a, b string) bool {
	x, y := folded(a), folded(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) == 0 {
		return false
	}
	used := make([]bool, len(y))
	whole := false
	for _, w := range x {
		at, best := -1, 0
		for i, o := range y {
			if used[i] {
				continue
			}
			if n := alike(w, o); n > best {
				at, best = i, n
			}
		}
		if at < 0 {
			return false
		}
		used[at] = true
		whole = whole || best > 1
	}
	return whole
}

// alike is 3 for the same word, 2 for one that looks or sounds like it, 1 for an initial, 0 for another word.
func alike(a, b string) int {
	if a == b {
		return 3
	}
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) == 1 {
		if x[0] == y[0] {
			return 1
		}
		return 0
	}
	if s := sound(a); len(s) > 1 && s == sound(b) {
		return 2
	}
	slips := 0 // a short word with another letter is another word: Ravi, Rani
	switch {
	case len(y) >= 8:
		slips = 2
	case len(y) >= 5:
		slips = 1
	}
	if slips > 0 && len(y)-len(x) <= slips && distance(x, y) <= slips {
		return 2
	}
	return 0
}

// sounds are spellings that are heard alike in names written in Latin letters, longest first.
var sounds = strings.NewReplacer(
	"ksh", "x", "chh", "c", "sch", "s", "tch", "c",
	"ks", "x", "sh", "s", "ch", "c", "ph", "f", "th", "t", "dh", "d", "bh", "b", "gh", "g", "kh", "k", "jh", "j", "ck", "k", "zh", "l",
	"w", "v", "z", "s", "q", "k", "y", "i",
)

// sound is a word as it is heard: its first letter, then its consonants, each once in a row. It is
// "" for a word that is not written in plain Latin letters.
func sound(word string) string {
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return ""
		}
	}
	heard := sounds.Replace(word)
	var b strings.Builder
	var last byte
	for i := range len(heard) {
		c := heard[i]
		if c != last && (i == 0 || !strings.ContainsRune("aeiouh", rune(c))) {
			b.WriteByte(c)
		}
		last = c
	}
	return b.String()
}

// distance counts the letters to put in, take out, exchange or turn round to make y of x.
func distance(x, y []rune) int {
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
