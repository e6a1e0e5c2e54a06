package document

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-text/typesetting/bidi"
)

// seen is the text as it stands on its first line, from the left.
func seen(t *testing.T, lang string, spans ...Span) string {
	t.Helper()
	press := ThePress()
	set, err := press.take()
	if err != nil {
		t.Fatal(err)
	}
	s := newSetting(set, Options{Language: lang})
	l := s.set(spans, s.plain(10), 2000, s.rtl)[0]
	var b strings.Builder
	for _, i := range visual(len(l.clusters), func(i int) uint8 { return l.clusters[i].level }) {
		if l.clusters[i].mark {
			continue
		}
		b.WriteString(string(l.runes[l.clusters[i].start:l.clusters[i].end]))
	}
	return b.String()
}

func TestOrderOfMixedLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		{"en", "take אבג 5 daily", "take 5 גבא daily"}, // the number belongs to the word before it
		{"en", "אבג", "גבא"},
		{"ar", "אבג Ibuprofen 200 mg דהו", "והד Ibuprofen 200 mg גבא"},
		{"ar", "אבג 200 mg דהו", "והד 200 mg גבא"}, // and not "mg 200"
		{"ar", "حب 1-0-0 نم", "من 1-0-0 بح"},       // and not "0-0-1"
		{"ar", "حب 28/11/2026 نم", "من 28/11/2026 بح"},
		{"ar", "اب (Brand) جد", "دج )Brand( با"}, // brackets are turned by the font
		{"ar", "اب 5% جد", "دج %5 با"},
	} {
		if got := seen(t, c.lang, Span{Text: c.text, Language: c.lang}); got != c.want {
			t.Errorf("%s %q is seen as %q, want %q", c.lang, c.text, got, c.want)
		}
	}
}

// TestANameCannotTurnItsNeighbours puts marks of direction into a name; what stands before and behind it stays.
func TestANameCannotTurnItsNeighbours(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Zoya", "Zoya \u202exqz", "\u202e\u202e\u202e", "\u2066\u2066Zoya", "Zoya\u2069\u2069\u2069", "\u2069\u202eZoya\u2067", "أحمد", "Zoya \u2067", "\u202bZoya\u202c\u202c\u202c", "\u200fZoya\u200f",
		"אבג (", "(((", ") אבג", strings.Repeat("\u2067", 300) + "x", strings.Repeat("\u2067\u2069", 300),
	} {
		for _, lang := range []string{"en", "ar"} {
			got := seen(t, lang, Span{Text: "1 BEFORE ", Language: "en"}, Span{Text: name}, Span{Text: " AFTER 2", Language: "en"})
			first, last := "1 BEFORE", "AFTER 2"
			if lang == "ar" {
				first, last = last, first
			}
			if !strings.HasPrefix(strings.TrimSpace(got), first) || !strings.HasSuffix(strings.TrimSpace(got), last) {
				t.Errorf("%s: with %+q the line is seen as %+q", lang, name, got)
			}
			if strings.ContainsFunc(got, turner) {
				t.Errorf("%s: a mark that turns text is left in %+q", lang, got)
			}
		}
	}
	if got := seen(t, "en", Span{Text: "Zoya \u202exqz"}); got != "Zoya xqz" {
		t.Errorf("an override is obeyed: %q", got)
	}
}

// TestLevelsAgreeWithAnotherProgram compares the direction of every letter with that which the shaping library finds, on
// texts in which figures does not step in.
func TestLevelsAgreeWithAnotherProgram(t *testing.T) {
	t.Parallel()
	letters := []rune("abאבاب12٣٤ .,:;-+/()[]{}%$\u0301\u064e\u200f\u200e\u2068\u2069\u2066\u2067!")
	r := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for range 60_000 {
		n := 1 + r.IntN(14)
		text := make([]rune, n)
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		if !balanced(text) {
			continue
		}
		base := uint8(r.IntN(2))
		b := newBuilder(base)
		lang := "en"
		if base == 1 {
			lang = "ar"
		}
		b.span(text, 0, lang)
		if touched(b) {
			continue
		}
		p := b.finish()
		mark, dir := lri, bidi.LeftToRight
		if base == 1 {
			mark, dir = rli, bidi.RightToLeft
		}
		var other bidi.Paragraph
		whole := append(append([]rune{mark}, text...), pdi, 'z') // the end of a line has a rule of its own (L1)
		runs := other.Segment(whole, dir)
		var want []bool
		for i := range runs.NumRuns() {
			run := runs.Run(i)
			for j := run.Start; j < run.End; j++ {
				if x := whole[j]; !marks(x) && x != 'z' {
					want = append(want, !run.IsLeftToRight())
				}
			}
		}
		var got []bool
		for i, l := range p.levels {
			if !marks(p.runes[i]) {
				got = append(got, l%2 == 1)
			}
		}
		compared++
		if !slices.Equal(got, want) {
			t.Fatalf("%+q (base %d): from the right %v, want %v", string(text), base, got, want)
		}
	}
	if compared < 5_000 {
		t.Errorf("only %d texts were compared", compared)
	}
}

// balanced says whether isolates are closed: ours end with their span in any case.
func balanced(text []rune) bool {
	depth := 0
	for _, r := range text {
		switch r {
		case lri, rli, fsi:
			depth++
		case pdi:
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// touched says whether figures changes anything in the text.
func touched(b *builder) bool {
	for _, s := range b.all {
		var at []int
		var before []uint8
		kinds := s.kinds(b.runes, &at)
		for _, k := range kinds {
			before = append(before, uint8(k))
		}
		for _, f := range figures(b.runes, at, kinds) {
			if f {
				return true
			}
		}
		for i, k := range kinds {
			if before[i] != uint8(k) {
				return true
			}
		}
	}
	return false
}
