package document

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// The order of letters follows UAX 9, the Unicode bidirectional algorithm. The library that shapes text gives only the
// parity of a level, which sets "5" wrong in "take حبة 5 daily", so levels are made here. Of what the algorithm knows,
// embeddings and overrides are left out on purpose: they are dropped from every text, so that nobody's name can reorder a
// line. Isolates are kept, as far as they are balanced; every span is one. What is added is in figures.

// strand is what stands in one isolate, without what stands in isolates inside it.
type strand struct {
	base  uint8
	items []item
}

// item is a letter of a strand, or an isolate in it, which counts as one neutral sign. at is the place of the letter, or of
// the mark that begins the isolate; end that of the mark that ends it, 0 for a letter. The marks are kept, unseen: they hold
// apart what stands on either side of them.
type item struct{ at, end int }

// marks says whether r begins or ends an isolate.
func marks(r rune) bool { return r >= lri && r <= pdi }

// deepest is how many isolates may stand in each other; further ones are dropped.
const deepest = 40

// The marks of direction.
const (
	lri, rli, fsi, pdi = '\u2066', '\u2067', '\u2068', '\u2069'
)

// turner says whether r is an embedding, an override or the end of one.
func turner(r rune) bool { return r >= '\u202a' && r <= '\u202e' }

// firstStrong is the direction of the first letter up to the end of the isolate in which runes begins: +1 from the
// right, 0 from the left, -1 when there is none.
func firstStrong(runes []rune) int {
	depth := 0
	for _, r := range runes {
		switch r {
		case lri, rli, fsi:
			depth++
			continue
		case pdi:
			if depth == 0 {
				return -1
			}
			depth--
			continue
		}
		if depth > 0 {
			continue
		}
		switch class(r) {
		case bidi.L:
			return 0
		case bidi.R, bidi.AL:
			return 1
		}
	}
	return -1
}

func class(r rune) bidi.Class {
	if r < 0x80 { // most text
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			return bidi.L
		case r >= '0' && r <= '9':
			return bidi.EN
		case r == ' ':
			return bidi.WS
		}
	}
	p, _ := bidi.LookupRune(r)
	return p.Class()
}

// below is the next level above base with the direction (0 from the left, 1 from the right).
func below(base uint8, dir int) uint8 {
	if int(base)%2 == dir {
		return base + 2
	}
	return base + 1
}

// paired are the brackets of BidiBrackets.txt that occur in ordinary text, opening and closing in turn.
const paired = "()[]{}⁅⁆⁽⁾₍₎⟦⟧⟨⟩⟪⟫〈〉《》「」『』【】〔〕（）［］｛｝｢｣"

// bracket gives the pair that r belongs to, and whether it opens it; -1 when it is no bracket.
func bracket(r rune) (pair int, opens bool) {
	i := 0
	for _, b := range paired {
		if b == r {
			return i / 2, i%2 == 0
		}
		i++
	}
	return -1, false
}

// kinds are the classes of what the rules see, which is everything but boundary neutrals; at is filled with their places.
func (s *strand) kinds(runes []rune, at *[]int) []bidi.Class {
	kind := make([]bidi.Class, 0, len(s.items))
	for _, it := range s.items {
		k := bidi.ON
		if it.end == 0 {
			if k = class(runes[it.at]); k == bidi.BN {
				continue
			}
		}
		*at, kind = append(*at, it.at), append(kind, k)
	}
	return kind
}

// resolve gives every letter of the strand its level (rules W1 to W7, N0 to N2, I1 and I2).
func (s *strand) resolve(runes []rune, levels []uint8) {
	own := bidi.L
	if s.base%2 == 1 {
		own = bidi.R
	}
	at := make([]int, 0, len(s.items))
	kind := s.kinds(runes, &at)
	weak(kind, own, figures(runes, at, kind))
	s.brackets(runes, at, kind, own)
	neutral(kind, own)
	for i, a := range at {
		l := s.base
		switch {
		case l%2 == 0 && kind[i] == bidi.R:
			l++
		case l%2 == 0 && (kind[i] == bidi.AN || kind[i] == bidi.EN):
			l += 2
		case l%2 == 1 && kind[i] != bidi.R:
			l++
		}
		levels[a] = l
	}
	last := s.base // what the rules do not see stands with what is before it
	for _, it := range s.items {
		if it.end > 0 {
			levels[it.end] = levels[it.at]
		} else if class(runes[it.at]) == bidi.BN {
			levels[it.at] = last
		}
		last = levels[it.at]
	}
}

// figures keeps figures readable where the rules would turn them round among Arabic letters: "1-0-0", once in the
// morning, must never be seen as "0-0-1", nor "200 mg" as "mg 200". Figures joined by a sign count as one number, and a
// number before a unit in letters of a script from the left as a part of it. It says which figures W2 leaves alone.
func figures(runes []rune, at []int, kind []bidi.Class) []bool {
	fixed := make([]bool, len(kind))
	digit := func(i int) bool { return i < len(kind) && kind[i] == bidi.EN }
	for i := 0; i < len(kind); {
		if !digit(i) {
			i++
			continue
		}
		j := i + 1
		joined := false
		for j < len(kind) {
			if digit(j) {
				j++
			} else if strings.ContainsRune("-–−/+×*:.,", runes[at[j]]) && digit(j+1) {
				j, joined = j+2, true
			} else {
				break
			}
		}
		unit := j
		if unit < len(kind) && kind[unit] == bidi.ET { // a percent sign, or a currency
			unit++
		}
		if unit < len(kind) && (runes[at[unit]] == ' ' || runes[at[unit]] == '\u00a0') {
			unit++
		}
		switch {
		case isUnit(runes, at, kind, unit):
			for k := i; k < unit; k++ {
				kind[k] = bidi.L
			}
		case joined:
			for k := i; k < j; k++ {
				kind[k], fixed[k] = bidi.EN, true
			}
		}
		i = j
	}
	return fixed
}

// isUnit says whether a word of at most four letters from the left begins at i: mg, ml, mcg, IU, am.
func isUnit(runes []rune, at []int, kind []bidi.Class, i int) bool {
	n := 0
	for ; i+n < len(kind) && kind[i+n] == bidi.L && unicode.IsLetter(runes[at[i+n]]); n++ {
		if n == 4 {
			return false
		}
	}
	return n > 0
}

// weak is W1 to W7.
func weak(kind []bidi.Class, own bidi.Class, fixed []bool) {
	prev := own
	for i, k := range kind { // W1
		if k == bidi.NSM {
			kind[i] = prev
		}
		prev = kind[i]
	}
	strong := own
	for i, k := range kind { // W2, W3
		switch k {
		case bidi.L, bidi.R:
			strong = k
		case bidi.AL:
			strong, kind[i] = k, bidi.R
		case bidi.EN:
			if strong == bidi.AL && !fixed[i] {
				kind[i] = bidi.AN
			}
		}
	}
	for i := 1; i+1 < len(kind); i++ { // W4
		if (kind[i] == bidi.ES || kind[i] == bidi.CS) && kind[i-1] == bidi.EN && kind[i+1] == bidi.EN {
			kind[i] = bidi.EN
		}
		if kind[i] == bidi.CS && kind[i-1] == bidi.AN && kind[i+1] == bidi.AN {
			kind[i] = bidi.AN
		}
	}
	for i := 0; i < len(kind); { // W5, W6
		if kind[i] != bidi.ET {
			if kind[i] == bidi.ES || kind[i] == bidi.CS {
				kind[i] = bidi.ON
			}
			i++
			continue
		}
		j := i
		for j < len(kind) && kind[j] == bidi.ET {
			j++
		}
		to := bidi.ON
		if i > 0 && kind[i-1] == bidi.EN || j < len(kind) && kind[j] == bidi.EN {
			to = bidi.EN
		}
		for ; i < j; i++ {
			kind[i] = to
		}
	}
	strong = own
	for i, k := range kind { // W7
		switch {
		case k == bidi.L || k == bidi.R:
			strong = k
		case k == bidi.EN && strong == bidi.L:
			kind[i] = bidi.L
		}
	}
}

// direction is what a class counts as among neutrals; ON when it is one.
func direction(k bidi.Class) bidi.Class {
	switch k {
	case bidi.L:
		return bidi.L
	case bidi.R, bidi.EN, bidi.AN:
		return bidi.R
	}
	return bidi.ON
}

// brackets is N0.
func (s *strand) brackets(runes []rune, at []int, kind []bidi.Class, own bidi.Class) {
	type open struct{ pair, i int }
	var stack []open
	closes := map[int]int{} // where the bracket that opens at i closes
	for i, a := range at {
		if kind[i] != bidi.ON {
			continue
		}
		pair, opens := bracket(runes[a])
		if pair < 0 {
			continue
		}
		if opens {
			if len(stack) == 63 {
				break
			}
			stack = append(stack, open{pair, i})
			continue
		}
		for k := len(stack) - 1; k >= 0; k-- {
			if stack[k].pair == pair {
				closes[stack[k].i] = i
				stack = stack[:k]
				break
			}
		}
	}
	if len(closes) == 0 {
		return
	}
	last := own // the last direction before the bracket
	for i := range kind {
		if end, ok := closes[i]; ok {
			s.bracketed(runes, at, kind, own, last, i, end)
		}
		if d := direction(kind[i]); d != bidi.ON {
			last = d
		}
	}
}

// bracketed gives the brackets at a and b the direction of what is in them or before them.
func (s *strand) bracketed(runes []rune, at []int, kind []bidi.Class, own, last bidi.Class, a, b int) {
	inside := bidi.ON
	for _, k := range kind[a+1 : b] {
		if d := direction(k); d != bidi.ON {
			inside = d
		}
		if inside == own {
			break
		}
	}
	if inside == bidi.ON {
		return
	}
	if inside != own && last != inside {
		inside = own
	}
	kind[a], kind[b] = inside, inside
	for _, edge := range []int{a, b} { // marks on a bracket go with it
		for k := edge + 1; k < len(kind) && class(runes[at[k]]) == bidi.NSM; k++ {
			kind[k] = inside
		}
	}
}

// neutral is N1 and N2.
func neutral(kind []bidi.Class, own bidi.Class) {
	for i := 0; i < len(kind); {
		if direction(kind[i]) != bidi.ON {
			i++
			continue
		}
		j := i
		for j < len(kind) && direction(kind[j]) == bidi.ON {
			j++
		}
		left, right := own, own
		if i > 0 {
			left = direction(kind[i-1])
		}
		if j < len(kind) {
			right = direction(kind[j])
		}
		to := own
		if left == right {
			to = left
		}
		for ; i < j; i++ {
			kind[i] = to
		}
	}
}

// visual gives the order, from the left, of n things whose levels are given (rule L2).
func visual(n int, level func(int) uint8) []int {
	order := make([]int, n)
	highest, lowest := uint8(0), uint8(255)
	for i := range n {
		order[i] = i
		l := level(i)
		highest = max(highest, l)
		if l%2 == 1 {
			lowest = min(lowest, l)
		}
	}
	for l := highest; l >= lowest && l > 0; l-- {
		for i := 0; i < n; {
			if level(order[i]) < l {
				i++
				continue
			}
			j := i
			for j < n && level(order[j]) >= l {
				j++
			}
			for a, b := i, j-1; a < b; a, b = a+1, b-1 {
				order[a], order[b] = order[b], order[a]
			}
			i = j
		}
	}
	return order
}
