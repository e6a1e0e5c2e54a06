package contact

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The numbers of payment cards have no place here (promise H3): every door looks for them in whatever is typed or sent, so that a
// receptionist who is read one over the telephone cannot put it into a note. A number is one when its length and its first digits are
// those of an issuer and its last digit is the right one (Luhn); written together, in groups, with other scripts' digits or with
// invisible characters between them. What is none by its shape (telephone numbers behind a plus, dates, ids with letters) is let through.

// issuer is a range of first digits with the lengths of its cards (ISO/IEC 7812; the ranges are those that the networks publish).
type issuer struct {
	from, to string // first digits, of equal length
	lengths  []int
}

var issuers = []issuer{
	{"4", "4", []int{13, 16, 19}},                        // Visa
	{"51", "55", []int{16}}, {"2221", "2720", []int{16}}, // Mastercard
	{"34", "34", []int{15}}, {"37", "37", []int{15}}, // American Express
	{"300", "305", []int{14, 16}}, {"3095", "3095", []int{14, 16}}, // Diners Club
	{"36", "36", []int{14, 16}}, {"38", "39", []int{14, 16}},
	{"6011", "6011", []int{16, 19}}, {"644", "659", []int{16, 19}}, // Discover, RuPay
	{"3528", "3589", []int{16, 19}},                        // JCB
	{"62", "62", []int{16, 17, 18, 19}},                    // UnionPay
	{"81", "82", []int{16, 19}}, {"508", "508", []int{16}}, // UnionPay, RuPay
	{"60", "60", []int{16}}, // RuPay, Hipercard
	{"5018", "5018", []int{16, 18, 19}}, {"5020", "5020", []int{16, 18, 19}}, {"5038", "5038", []int{16, 18, 19}},
	{"5893", "5893", []int{16, 18, 19}}, {"6304", "6304", []int{16, 18, 19}}, {"6759", "6763", []int{16, 18, 19}}, // Maestro
	{"5060", "5061", []int{16, 18, 19}}, {"506", "506", []int{16}}, // Verve, Elo
	{"2200", "2204", []int{16, 17, 18, 19}}, {"9792", "9792", []int{16}}, // Mir, Troy
}

const (
	leastCard = 13
	mostCard  = 19
)

// isCard says whether the digits are the number of a payment card.
func isCard(d string) bool {
	if len(d) < leastCard || len(d) > mostCard || !luhn(d) {
		return false
	}
	for _, i := range issuers {
		if first := d[:len(i.from)]; first >= i.from && first <= i.to && slices.Contains(i.lengths, len(d)) {
			return true
		}
	}
	return false
}

func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		x := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum%10 == 0
}

// shapes are the groups in which cards are embossed. In these, any separator will do; in other groupings it has to be one and the same.
var shapes = [][]int{{4, 4, 4, 4}, {4, 6, 5}, {4, 6, 4}, {4, 4, 4, 4, 3}, {4, 3, 3, 3}, {4, 4, 4, 1}, {4, 4, 5}, {8, 8}, {6, 7}, {6, 10}, {6, 12}, {6, 13}, {4, 4, 4, 4, 1}, {4, 4, 4, 4, 2}}

// group is digits that stand together, from one byte of the text to another.
type group struct {
	digits   string
	from, to int
	before   string // what divides it from the group before; "\x00" when that is no separator
	plus     bool   // a telephone number begins here: behind a plus
}

// uuid are ids of ours and of others, whose digits mean nothing.
var uuid = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)

// between are the characters that people put between the groups of a number.
func between(r rune) bool {
	return unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune(".·•∙‧_/\\,*|:;\t\n\r−'", r)
}

// unseen are characters that take no room: they divide nothing.
func unseen(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) || r == '\u034f' || r == '\u115f'
}

// digitOf is the value of a decimal digit of any script.
func digitOf(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r < 0x660 || !unicode.Is(unicode.Nd, r):
		return 0, false
	}
	for _, t := range unicode.Nd.R16 {
		if uint16(r) >= t.Lo && uint16(r) <= t.Hi && r <= 0xffff {
			return '0' + byte((rune(t.Lo)-r)*-1%10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if uint32(r) >= t.Lo && uint32(r) <= t.Hi {
			return '0' + byte((uint32(r)-t.Lo)%10), true
		}
	}
	return 0, false
}

// groups takes the numbers of a text apart.
func groups(text string) []group {
	skip := uuid.FindAllStringIndex(text, -1)
	var out []group
	var open bool
	var gap strings.Builder
	broken, plus, beside := true, false, 0
	for at, r := range text {
		if len(skip) > 0 && at >= skip[0][1] {
			skip = skip[1:]
		}
		if len(skip) > 0 && at >= skip[0][0] {
			open, broken, plus = false, true, false
			continue
		}
		if unseen(r) {
			continue
		}
		if d, ok := digitOf(r); ok {
			if !open {
				g := group{from: at, before: gap.String(), plus: plus}
				if broken || beside > 3 {
					g.before = "\x00"
				}
				out = append(out, g)
				gap.Reset()
			}
			last := &out[len(out)-1]
			last.digits += string(d)
			last.to = at + len(string(r))
			open, broken, plus, beside = true, false, false, 0
			continue
		}
		open = false
		if between(r) {
			gap.WriteRune(r)
			beside++
			plus = false
			continue
		}
		plus = r == '+' || r == '＋'
		broken = true
		gap.Reset()
		beside = 0
	}
	return out
}

// CardNumbers finds the numbers of payment cards in a text: from which byte to which each of them goes, in order.
func CardNumbers(text string) [][2]int {
	if len(text) < leastCard {
		return nil
	}
	all := groups(text)
	var out [][2]int
	for i := 0; i < len(all); i++ {
		if end := cardFrom(all, i); end >= 0 {
			out = append(out, [2]int{all[i].from, all[end].to})
			i = end
		}
	}
	return out
}

// cardFrom is the last group of the longest card number that begins with group i; -1 when none does.
func cardFrom(all []group, i int) int {
	best := -1
	digits := ""
	same, uneven := true, false
	for j := i; j < len(all); j++ {
		if j > i && all[j].before == "\x00" {
			break
		}
		if j > i+1 && all[j].before != all[i+1].before {
			same = false
		}
		digits += all[j].digits
		if len(digits) > mostCard {
			break
		}
		if j > i && all[j].plus {
			break
		}
		if !isCard(digits) {
			continue
		}
		uneven = !written(all[i:j+1], same)
		if all[i].plus && len(digits) <= 15 { // E.164 has no more than 15
			continue
		}
		if !uneven {
			best = j
		}
	}
	return best
}

// written says whether people write a card's number in these groups: together, as it is embossed, digit by digit, in pairs, or in groups
// of three and more with one kind of separator.
func written(part []group, same bool) bool {
	if len(part) == 1 {
		return true
	}
	var lengths []int
	for _, g := range part {
		lengths = append(lengths, len(g.digits))
	}
	for _, s := range shapes {
		if slices.Equal(s, lengths) {
			return true
		}
	}
	if !same {
		return false
	}
	most := slices.Max(lengths)
	if most <= 2 {
		return slices.Min(lengths) == most
	}
	return slices.Min(lengths[:len(lengths)-1]) >= 3
}

// HasCard says whether the number of a payment card stands in the text.
func HasCard(text string) bool { return len(CardNumbers(text)) > 0 }

// BlankCards puts dots in the place of the digits of every payment card's number, and says whether there was one. Everything else of the
// text stays as it is.
func BlankCards(text string) (string, bool) {
	found := CardNumbers(text)
	if len(found) == 0 {
		return text, false
	}
	var b strings.Builder
	at := 0
	for _, f := range found {
		b.WriteString(text[at:f[0]])
		b.WriteString("••••")
		at = f[1]
	}
	b.WriteString(text[at:])
	return b.String(), true
}
