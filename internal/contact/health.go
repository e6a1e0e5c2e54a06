package contact

import (
	_ "embed" // the word lists
	"slices"
	"strings"
	"sync"
	"unicode"
)

//go:embed health/en.txt
var healthEN string

//go:embed health/hi.txt
var healthHI string

//go:embed health/ta.txt
var healthTA string

//go:embed health/ar.txt
var healthAR string

// lexicon is one language's list, folded.
type lexicon struct {
	words   map[string]bool     // whole words
	stems   map[string]bool     // beginnings of words: entries that end in a star
	phrases map[string][]phrase // several words, by the first
}

type phrase struct {
	next []string // the words behind the first
	open bool     // the last of them is a beginning
}

// health holds each language's list, read when it is first asked for.
var health = map[string]func() *lexicon{
	"en": sync.OnceValue(func() *lexicon { return readLexicon(healthEN) }),
	"hi": sync.OnceValue(func() *lexicon { return readLexicon(healthHI) }),
	"ta": sync.OnceValue(func() *lexicon { return readLexicon(healthTA) }),
	"ar": sync.OnceValue(func() *lexicon { return readLexicon(healthAR) }),
}

// HealthLanguages are the languages that HealthWords knows.
func HealthLanguages() []string { return []string{"en", "hi", "ta", "ar"} }

// Bounds of one look: the text in bytes, the findings in number.
const (
	maxHealthText  = 20_000
	maxHealthWords = 12
)

// HealthWords finds the words of a scheduling text that tell of somebody's health: diseases, symptoms,
// medicines, tests. They come back as typed, each once, in the order of the text, at most twelve; nil when
// there are none. It is a gentle check: it asks a person to think again and proves nothing. langs are
// language tags whose lists are used; none means all.
func HealthWords(text string, langs []string) []string {
	if len(text) > maxHealthText {
		text = text[:maxHealthText]
	}
	text = strings.Map(func(r rune) rune { // what comes back is shown on a page
		if isTurning(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	var lists []*lexicon
	for _, l := range HealthLanguages() {
		if len(langs) == 0 || slices.ContainsFunc(langs, func(tag string) bool {
			primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
			return primary == l
		}) {
			lists = append(lists, health[l]())
		}
	}
	all := tokens(text)
	var found, seen []string
	for i := 0; i < len(all) && len(found) < maxHealthWords; {
		n := 0
		for _, l := range lists {
			n = max(n, l.match(all[i:]))
		}
		if n == 0 {
			i++
			continue
		}
		var folded []string
		for _, t := range all[i : i+n] {
			folded = append(folded, t.word)
		}
		if key := strings.Join(folded, " "); !slices.Contains(seen, key) {
			seen = append(seen, key)
			typed := text[all[i].from:all[i+n-1].to]
			found = append(found, strings.Join(strings.Fields(typed), " "))
		}
		i += n
	}
	return found
}

// match says how many tokens, counted from the first, an entry of the list covers; the longest wins.
func (l *lexicon) match(all []token) int {
	n := 0
	for _, w := range bare(all[0].word) {
		if l.words[w] || l.hasStem(w) {
			n = max(n, 1)
		}
		for _, p := range l.phrases[w] {
			if len(p.next) < len(all) && p.follows(all[1:]) {
				n = max(n, 1+len(p.next))
			}
		}
	}
	return n
}

func (l *lexicon) hasStem(w string) bool {
	for i := range w {
		if i > 0 && l.stems[w[:i]] {
			return true
		}
	}
	return l.stems[w]
}

func (p phrase) follows(all []token) bool {
	for i, want := range p.next {
		last := p.open && i == len(p.next)-1
		if !slices.ContainsFunc(bare(all[i].word), func(w string) bool { return w == want || last && strings.HasPrefix(w, want) }) {
			return false
		}
	}
	return true
}

// bare lists the word and, in Arabic, what is left of it without the particles and the article that are
// written onto its front.
func bare(w string) []string {
	out := []string{w}
	if !strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.Arabic, r) }) {
		return out
	}
	for _, front := range []string{"وال", "بال", "فال", "كال", "ولل", "لل", "ال", "و", "ب"} {
		if rest, ok := strings.CutPrefix(w, front); ok && len(graphemes(rest)) >= 3 {
			out = append(out, rest)
		}
	}
	return out
}

// readLexicon reads a list: an entry on each line, # begins a remark, a star at the end leaves the end open.
func readLexicon(text string) *lexicon {
	l := &lexicon{words: map[string]bool{}, stems: map[string]bool{}, phrases: map[string][]phrase{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line, open := strings.CutSuffix(strings.TrimSpace(line), "*")
		var words []string
		for _, t := range tokens(line) {
			words = append(words, t.word)
		}
		switch {
		case len(words) == 0:
		case len(words) > 1:
			l.phrases[words[0]] = append(l.phrases[words[0]], phrase{words[1:], open})
		case open:
			l.stems[words[0]] = true
		default:
			l.words[words[0]] = true
		}
	}
	return l
}
