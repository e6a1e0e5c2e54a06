package prescriptions

import (
	"strconv"
	"strings"
)

// When a dose is taken, beside the food.
const (
	Before = "before"
	After  = "after"
	With   = "with"
	Empty  = "empty" // on an empty stomach
)

// Timings are what a page offers; "" says nothing.
func Timings() []string { return []string{"", Before, After, With, Empty} }

// Pattern is how much is taken when: morning, noon and night; morning, noon, evening and night when there are four; morning and night
// when there are two. In halves of a tablet: 1 is half a one.
type Pattern struct {
	Halves []int
	Needed bool // when needed, with Halves[0] at a time
}

// shorthand is what practitioners write for patterns.
var shorthand = map[string]string{
	"od": "1-0-0", "bd": "1-0-1", "bid": "1-0-1", "tds": "1-1-1", "tid": "1-1-1", "qid": "1-1-1-1", "qds": "1-1-1-1", "hs": "0-0-1", "om": "1-0-0", "on": "0-0-1",
}

// mostHalves bounds one dose: 500 units (millilitres, tablets).
const mostHalves = 1000

// ParseDose reads what was typed: "101", "1-0-1", "1-1-1-1", "½-0-½", "0.5-0-1.5", "bd", "sos", "2 sos". False for anything else, which
// is then a free text and stands on the sheet as it was typed.
func ParseDose(typed string) (Pattern, bool) {
	t := strings.ToLower(strings.TrimSpace(typed))
	if s, ok := shorthand[strings.Trim(t, ".")]; ok {
		t = s
	}
	if rest, ok := cutNeeded(t); ok {
		halves := 2
		if rest != "" {
			var good bool
			if halves, good = half(rest); !good || halves == 0 || halves > mostHalves {
				return Pattern{}, false
			}
		}
		return Pattern{Halves: []int{halves}, Needed: true}, true
	}
	t = dashes.Replace(t)
	parts := strings.Split(t, "-")
	if compact(t) {
		parts = strings.Split(t, "")
	}
	if len(parts) < 2 || len(parts) > 4 {
		return Pattern{}, false
	}
	var p Pattern
	sum := 0
	for _, x := range parts {
		n, ok := half(x)
		if !ok || n > mostHalves {
			return Pattern{}, false
		}
		sum += n
		p.Halves = append(p.Halves, n)
	}
	return p, sum > 0
}

// dashes writes every stroke between amounts as one.
var dashes = strings.NewReplacer("–", "-", "—", "-", "+", "-", " ", "")

// compact says whether digits alone are a pattern. They may as well be a strength that was typed into the wrong field: "650" is no six and
// five. So no more than two at a time are read from them, and no more than one from what ends in a nought, as strengths do: "110" is a
// pattern, "200" and "120" are not, nor is "1000".
func compact(t string) bool {
	digits := "012"
	if strings.HasSuffix(t, "0") {
		digits = "01"
	}
	return (len(t) == 3 || len(t) == 4 && !strings.HasSuffix(t, "00")) && strings.Trim(t, digits) == ""
}

// mostAtATime bounds a dose of a pattern, in the unit of its form. What is measured comes by more than what is counted.
func mostAtATime(unit string) int {
	if unit == "ml" || unit == "drop" {
		return 60
	}
	return 4
}

// doubt is why a dose may be read as something else than was meant, as the message under its field; empty for no reason. With a word
// beside its figures ("10-0-8 units", "5-10 ml") a dose stands on the sheet as it was typed, and nothing is read into it.
func doubt(dose, unit string) (key string, args map[string]any) {
	t, needed := cutNeeded(strings.ToLower(dose))
	t = dashes.Replace(t)
	if t == "" || strings.Trim(t, "0123456789.½/-") != "" {
		return "", nil
	}
	parts := strings.Split(t, "-")
	if len(parts) == 1 && !needed {
		return "field.rx.dose_number", nil
	}
	var halves []int
	for _, x := range parts {
		n, ok := half(x)
		if !ok {
			return "", nil
		}
		if n > 2*mostAtATime(unit) {
			return "field.rx.dose_much", map[string]any{"Most": mostAtATime(unit)}
		}
		halves = append(halves, n)
	}
	if len(halves) == 2 && !needed && 0 < halves[0] && halves[0] < halves[1] {
		return "field.rx.dose_range", nil
	}
	return "", nil
}

func cutNeeded(t string) (string, bool) {
	for _, w := range []string{"sos", "prn"} {
		if rest, ok := strings.CutSuffix(t, w); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return t, false
}

// half reads "1", "½", "0.5", ".5", "1½", "1.5", "1/2" in halves.
func half(s string) (int, bool) {
	s = strings.TrimSpace(s)
	extra := 0
	for _, end := range []string{"½", ".5", "1/2"} {
		if rest, ok := strings.CutSuffix(s, end); ok {
			s, extra = rest, 1
			break
		}
	}
	if s == "" && extra == 1 {
		return 1, true
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1_000_000 || s[0] == '+' {
		return 0, false
	}
	return 2*n + extra, true
}

// String is the pattern as it is kept and printed: "1-0-1", "0.5-0-0.5", "1 SOS".
func (p Pattern) String() string {
	var parts []string
	for _, h := range p.Halves {
		parts = append(parts, amount(h))
	}
	if p.Needed {
		return parts[0] + " SOS"
	}
	return strings.Join(parts, "-")
}

// amount writes halves: "1", "0.5", "1.5".
func amount(halves int) string {
	if halves%2 == 0 {
		return strconv.Itoa(halves / 2)
	}
	return strconv.Itoa(halves/2) + ".5"
}

// counted are the forms of which pieces are counted; what is measured is counted in millilitres.
var counted = map[string]string{"tablet": "tablet", "capsule": "capsule", "sachet": "sachet", "suppository": "suppository", "lozenge": "lozenge", "patch": "patch",
	"syrup": "ml", "suspension": "ml", "solution": "ml", "drops": "drop", "eye drops": "drop", "ear drops": "drop", "nasal drops": "drop", "inhaler": "puff", "spray": "puff",
	"injection": "dose"}

// Unit is what a dose of the form is counted in: a key of rx.unit; "" for what is applied.
func Unit(form string) string {
	if u, ok := counted[form]; ok {
		return u
	}
	switch form {
	case "cream", "ointment", "gel", "lotion", "powder":
		return ""
	}
	return "dose"
}

// Quantity is how much the patient needs for the days, in whole units; 0 where it cannot be worked out (a free dose, when needed, drops).
func Quantity(form, dose string, days int) int {
	p, ok := ParseDose(dose)
	switch Unit(form) {
	case "tablet", "capsule", "sachet", "suppository", "lozenge", "patch", "ml", "dose":
	default:
		return 0
	}
	if !ok || p.Needed || days <= 0 {
		return 0
	}
	sum := 0
	for _, h := range p.Halves {
		sum += h
	}
	return (sum*days + 1) / 2
}
