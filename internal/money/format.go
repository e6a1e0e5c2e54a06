package money

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// Where the sign stands, by language; Latin digits everywhere, so that an amount can be compared whoever prints it. Languages that are not listed write
// it first.
type place struct {
	after   bool // behind the amount, with a space that does not break
	isolate bool // right-to-left text: the amount keeps its own order
	comma   bool // 1.234,50
}

var places = map[string]place{
	"en": {}, "hi": {}, "ta": {}, "mr": {}, "bn": {}, "te": {}, "kn": {}, "ml": {}, "gu": {}, "pa": {},
	"ar": {after: true, isolate: true}, "ur": {after: true, isolate: true}, "fa": {after: true, isolate: true}, "he": {after: true, isolate: true},
	"de": {after: true, comma: true}, "es": {after: true, comma: true}, "it": {after: true, comma: true}, "pt": {comma: true},
}

// Format prints an amount as the language does, always with the digits of the minor unit: "₹1,23,456.00".
func Format(a Amount, lang string) string { return print(a, lang, true) }

// Short prints an amount without the minor unit where that is nought: "₹500", "₹500.50".
func Short(a Amount, lang string) string { return print(a, lang, false) }

func print(a Amount, lang string, exact bool) string {
	p := places[lang]
	text := Grouped(a)
	whole, rest, has := strings.Cut(text, ".")
	if has && (exact || strings.Trim(rest, "0") != "") {
		if p.comma {
			whole = strings.ReplaceAll(whole, ",", ".") + "," + rest
		} else {
			whole += "." + rest
		}
	} else if p.comma {
		whole = strings.ReplaceAll(whole, ",", ".")
	}
	minus := ""
	if n, ok := strings.CutPrefix(whole, "-"); ok {
		minus, whole = "-", n
	}
	s := sign(a.Currency)
	if !p.after {
		return minus + s + whole
	}
	out := minus + whole + "\u00a0" + strings.TrimFunc(s, unicode.IsSpace)
	if p.isolate {
		return "\u2066" + out + "\u2069"
	}
	return out
}

// Grouped prints the number alone with all digits of the minor unit, grouped by lakh where the currency is of the subcontinent: "1,23,456.00".
func Grouped(a Amount) string {
	whole, rest, has := strings.Cut(Plain(a), ".")
	minus := ""
	if n, ok := strings.CutPrefix(whole, "-"); ok {
		minus, whole = "-", n
	}
	width := 3
	var groups []string
	for len(whole) > width {
		groups = append([]string{whole[len(whole)-width:]}, groups...)
		whole = whole[:len(whole)-width]
		if lakhs[a.Currency] {
			width = 2
		}
	}
	out := minus + strings.Join(append([]string{whole}, groups...), ",")
	if has {
		out += "." + rest
	}
	return out
}

// Plain prints the number alone for machines and accountants: "-1500.50", "500" of JPY.
func Plain(a Amount) string {
	n := Digits(a.Currency)
	text := strconv.FormatUint(size(a.Minor), 10)
	for len(text) <= n {
		text = "0" + text
	}
	if n > 0 {
		text = text[:len(text)-n] + "." + text[len(text)-n:]
	}
	if a.Minor < 0 {
		text = "-" + text
	}
	return text
}

// Typed prints the number as somebody would type it into a field: "500", "500.50".
func Typed(a Amount) string {
	whole, rest, _ := strings.Cut(Plain(a), ".")
	if strings.Trim(rest, "0") == "" {
		return whole
	}
	return whole + "." + rest
}

// ErrTyped says that what was typed is no amount.
var ErrTyped = errors.New("money: not an amount")

// Parse reads an amount as people type it: "500", "1,500.50", "1.500,50", "1 500", "₹500", "Rs. 1,23,456/-", digits of any script. What could be
// read in two ways ("1.500" of a currency with two digits) is read as thousands where three digits follow a single separator, because nobody types a
// third digit of a paisa. An amount below zero is none. ErrTyped when it is none, ErrOverflow when it does not fit.
func Parse(text, currency string) (Amount, error) {
	n := Digits(currency)
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(strings.TrimSuffix(text, "/-"), ".-")
	for _, s := range []string{sign(currency), strings.TrimSpace(sign(currency)), currency, "Rs.", "Rs"} {
		if len(s) > 0 && len(text) >= len(s) && strings.EqualFold(text[:len(s)], s) {
			text = text[len(s):]
			break
		}
	}
	for _, s := range []string{strings.TrimSpace(sign(currency)), currency} {
		if len(text) >= len(s) && strings.EqualFold(text[len(text)-len(s):], s) {
			text = text[:len(text)-len(s)]
			break
		}
	}
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		switch {
		case unicode.IsSpace(r) || r == '\'' || r == '’' || r == '٬':
			b.WriteByte('_')
		case r == '٫':
			b.WriteByte('.')
		case r == '.' || r == ',':
			b.WriteRune(r)
		default:
			d, ok := digit(r)
			if !ok {
				return Amount{}, ErrTyped
			}
			b.WriteByte('0' + d)
		}
	}
	whole, rest := cut(b.String(), n)
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' || r == '_' })
	if !grouped(whole, groups) || len(rest) > n {
		return Amount{}, ErrTyped
	}
	digits := strings.Join(groups, "") + rest + strings.Repeat("0", n-len(rest))
	if len(strings.TrimLeft(digits, "0")) > 19 {
		return Amount{}, ErrOverflow
	}
	minor, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Amount{}, ErrOverflow
	}
	return Amount{minor, currency}, nil
}

// cut takes the minor unit off: what stands behind the last point or comma, when it is one of a kind and has no more digits than the unit.
func cut(s string, n int) (whole, rest string) {
	i := strings.LastIndexAny(s, ".,")
	if i < 0 || n == 0 {
		return s, ""
	}
	tail := s[i+1:]
	alone := strings.Count(s, s[i:i+1]) == 1
	if !alone || len(tail) == 0 || strings.Contains(tail, "_") || len(tail) > n || s[i] == ',' && len(tail) == 3 {
		return s, ""
	}
	if i == 0 {
		return "0", tail
	}
	return s[:i], tail
}

// grouped says whether the separators stand where thousands or lakhs do: three digits behind the last, two or three between.
func grouped(s string, groups []string) bool {
	if len(groups) == 0 || s == "" || strings.ContainsAny(s[:1]+s[len(s)-1:], ".,_") || strings.Count(s, ".")+strings.Count(s, ",")+strings.Count(s, "_") != len(groups)-1 {
		return false
	}
	seen := map[byte]bool{}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			seen[s[i]] = true
		}
	}
	if len(seen) > 1 {
		return false
	}
	for i, g := range groups {
		switch {
		case len(groups) == 1:
		case i == 0 && len(g) > 3, i == len(groups)-1 && len(g) != 3, i > 0 && i < len(groups)-1 && len(g) != 2 && len(g) != 3:
			return false
		}
	}
	return true
}

// zeros are the noughts of the scripts in which amounts are typed; their digits follow them.
const zeros = "0٠۰०০੦૦୦௦౦೦൦０"

// digit is the value of a decimal digit of such a script.
func digit(r rune) (byte, bool) {
	for _, z := range zeros {
		if r >= z && r <= z+9 {
			return byte(r - z), true
		}
	}
	return 0, false
}
