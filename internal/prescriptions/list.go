package prescriptions

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the lists that every clinic begins with
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"almirah/internal/fault"
)

// The lists that every clinic begins with, written for the house: International Nonproprietary Names, and warnings that show how
// warnings work. They are a demonstration and are marked as one wherever they are used.
//
//go:embed starter/drugs.csv
var starterDrugs []byte

//go:embed starter/warnings.csv
var starterWarnings []byte

// What a list may have.
const (
	MaxListBytes = 900_000
	MaxListRows  = 20_000
	maxCell      = 200
)

// Drug is one line of the list of drugs: a generic in one form, with its strengths, the commonest first.
type Drug struct {
	Generic   string
	Strengths []string
	Form      string
	Route     string
	Classes   []string
	Schedules []string // such as "H", "X", "NDPS"
	Food      string   // Before, After, With, Empty or ""
	Brands    []string
}

// Restricted says that the drug must not be prescribed without seeing the patient in person (India: Schedule X, and the Narcotic
// Drugs and Psychotropic Substances Act).
func (d Drug) Restricted() bool {
	return slices.Contains(d.Schedules, "X") || slices.Contains(d.Schedules, "NDPS")
}

// Ingredients are the parts of a combination, as they are compared; one for a single drug.
func Ingredients(generic string) []string {
	var out []string
	for _, part := range strings.Split(generic, "+") {
		if k := matchKey(part); k != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// matchKey is how names are compared: lower case, single spaces.
func matchKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// DrugList is the clinic's list of drugs.
type DrugList struct {
	Drugs []Drug
	keys  []string // of Drugs, for the search
	words [][]string
}

// Choice is one drug in one strength, as the search offers it.
type Choice struct {
	Drug
	Strength string
	Brand    string // the brand by which it was found; empty when by its generic
}

// mostChoices is how many lines the search answers.
const mostChoices = 12

// Search finds drugs by the first letters of the generic, of a word of it, or of a brand (of the list, or of the clinic: alias to
// generic). Those whose name begins with the letters come first, in the order of the list.
func (l *DrugList) Search(letters string, aliases map[string]string) []Choice {
	q := matchKey(letters)
	if q == "" {
		return nil
	}
	var first, second, third []Choice
	for i, d := range l.Drugs {
		into, brand := &first, ""
		if !strings.HasPrefix(l.keys[i], q) {
			into = &second
			if !slices.ContainsFunc(l.words[i], func(w string) bool { return strings.HasPrefix(w, q) }) {
				into = &third
				if brand = brandOf(d, q, aliases); brand == "" {
					continue
				}
			}
		}
		strengths := d.Strengths
		if len(strengths) == 0 {
			strengths = []string{""}
		}
		for _, s := range strengths {
			*into = append(*into, Choice{Drug: d, Strength: s, Brand: brand})
		}
	}
	out := append(append(first, third...), second...)
	return out[:min(len(out), mostChoices)]
}

func brandOf(d Drug, q string, aliases map[string]string) string {
	for _, b := range d.Brands {
		if strings.HasPrefix(matchKey(b), q) {
			return b
		}
	}
	key := matchKey(d.Generic)
	var found []string
	for alias, generic := range aliases {
		if generic == key && strings.HasPrefix(matchKey(alias), q) {
			found = append(found, alias)
		}
	}
	slices.Sort(found)
	if len(found) > 0 {
		return found[0]
	}
	return ""
}

// Find is the line of the generic in the form ("" for any); false when the list has none.
func (l *DrugList) Find(generic, form string) (Drug, bool) {
	key := matchKey(generic)
	for i, d := range l.Drugs {
		if l.keys[i] == key && (form == "" || strings.EqualFold(d.Form, form)) {
			return d, true
		}
	}
	return Drug{}, false
}

// Controlled is a restricted drug that a row of a sheet holds; false when it holds none. What the list has just as it is written is what that line says. Anything else is a drug in a form that the list
// does not know, a mixture, or a name with more beside it: then every line counts that its words name, because the law asks what the patient is given, and not how it was typed.
func (l *DrugList) Controlled(r Row) (Drug, bool) {
	if d, ok := l.Find(r.Generic, r.Form); ok {
		return d, d.Restricted()
	}
	named := map[string]string{} // as it is spelled, to the key of its lines
	for i, d := range l.Drugs {
		for _, b := range d.Brands {
			named[spelled(b)] = l.keys[i]
		}
	}
	for _, k := range l.keys {
		named[spelled(k)] = k
	}
	for _, key := range namesIn(spelled(r.Generic), named) {
		for i, d := range l.Drugs {
			if l.keys[i] == key && d.Restricted() {
				return d, true
			}
		}
	}
	return Drug{}, false
}

// classesOf are the classes of an ingredient, over all its lines.
func (l *DrugList) classesOf(ingredient string) []string {
	var out []string
	for i, d := range l.Drugs {
		if l.keys[i] != ingredient {
			continue
		}
		for _, c := range d.Classes {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// Rule is one line of the list of warnings: two names that do not go together. A name is a generic, a class or, on the first place of an
// allergy, what somebody is allergic to.
type Rule struct {
	Allergy  bool // A is what the patient is allergic to, B what she is given
	A, B     string
	Severity string // Severe, Moderate or Mild
	Words    string
}

// The severities of a warning.
const (
	Severe   = "severe"
	Moderate = "moderate"
	Mild     = "mild"
)

// WarningList is the clinic's list of warnings.
type WarningList struct{ Rules []Rule }

// table reads a CSV with the named columns in its first line, in any order; other columns are left alone. What is wrong is a fault of
// the field "list" that names the line.
func table(raw []byte, needed ...string) ([]map[string]string, error) {
	wrong := func(key string, args map[string]any) error {
		var f fault.Fields
		f.AddWith("list", key, args)
		return f.Err()
	}
	switch {
	case len(raw) > MaxListBytes:
		return nil, wrong("field.rx.list.large", map[string]any{"Most": MaxListBytes / 1000})
	case !utf8.Valid(raw):
		return nil, wrong("field.rx.list.encoding", nil)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, wrong("field.rx.list.empty", nil)
	}
	if err != nil {
		return nil, wrong("field.rx.list.line", map[string]any{"Line": 1})
	}
	for i := range head {
		head[i] = matchKey(head[i])
	}
	for _, n := range needed {
		if !slices.Contains(head, n) {
			return nil, wrong("field.rx.list.column", map[string]any{"Name": n})
		}
	}
	var out []map[string]string
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line := len(out) + 2
		if err == nil {
			line, _ = r.FieldPos(0)
		}
		if err != nil || len(cells) > len(head) {
			return nil, wrong("field.rx.list.line", map[string]any{"Line": line})
		}
		row := map[string]string{}
		for i, c := range cells {
			c = strings.TrimSpace(c)
			if utf8.RuneCountInString(c) > maxCell || strings.ContainsFunc(c, unsafe) {
				return nil, wrong("field.rx.list.cell", map[string]any{"Line": line})
			}
			row[head[i]] = c
		}
		for _, n := range needed {
			if row[n] == "" {
				return nil, wrong("field.rx.list.missing", map[string]any{"Line": line, "Name": n})
			}
		}
		if out = append(out, row); len(out) > MaxListRows {
			return nil, wrong("field.rx.list.rows", map[string]any{"Most": MaxListRows})
		}
	}
	if len(out) == 0 {
		return nil, wrong("field.rx.list.empty", nil)
	}
	return out, nil
}

// unsafe finds control characters, and marks that turn the direction of what stands around them.
func unsafe(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

func listed(cell string) []string {
	var out []string
	for _, part := range strings.Split(cell, ";") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// ParseDrugs reads a list of drugs: a CSV with the columns generic and form, and, as it has them, strengths, route, classes, schedule,
// food and brands; several values of a cell are divided by ";". What is wrong is a fault of the field "list".
func ParseDrugs(raw []byte) (*DrugList, error) {
	rows, err := table(raw, "generic", "form")
	if err != nil {
		return nil, err
	}
	out := &DrugList{}
	for _, r := range rows {
		d := Drug{Generic: r["generic"], Strengths: listed(r["strengths"]), Form: strings.ToLower(r["form"]), Route: r["route"], Food: strings.ToLower(r["food"]), Brands: listed(r["brands"])}
		for _, c := range listed(r["classes"]) {
			d.Classes = append(d.Classes, matchKey(c))
		}
		for _, s := range listed(r["schedule"]) {
			d.Schedules = append(d.Schedules, strings.ToUpper(s))
		}
		if !slices.Contains(Timings(), d.Food) {
			d.Food = ""
		}
		key := matchKey(d.Generic)
		out.Drugs, out.keys, out.words = append(out.Drugs, d), append(out.keys, key), append(out.words, strings.FieldsFunc(key, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
	}
	return out, nil
}

// ParseWarnings reads a list of warnings: a CSV with the columns kind (interaction or allergy), a, b, severity (severe, moderate or
// mild) and sentence. What is wrong is a fault of the field "list".
func ParseWarnings(raw []byte) (*WarningList, error) {
	rows, err := table(raw, "kind", "a", "b", "severity", "sentence")
	if err != nil {
		return nil, err
	}
	out := &WarningList{}
	for i, r := range rows {
		kind, severity := strings.ToLower(r["kind"]), strings.ToLower(r["severity"])
		if kind != "interaction" && kind != "allergy" || !slices.Contains([]string{Severe, Moderate, Mild}, severity) {
			var f fault.Fields
			f.AddWith("list", "field.rx.list.words", map[string]any{"Line": i + 2})
			return nil, f.Err()
		}
		out.Rules = append(out.Rules, Rule{Allergy: kind == "allergy", A: matchKey(r["a"]), B: matchKey(r["b"]), Severity: severity, Words: r["sentence"]})
	}
	return out, nil
}

// fingerprint is what a list is known by: it is kept when the list is imported and worked out anew each time that the list is used.
func fingerprint(raw []byte) []byte {
	h := sha256.Sum256(raw)
	return h[:]
}

// parsed remembers lists that were parsed, by their fingerprint: the bytes are read and compared each time, parsing takes longer.
type parsed struct {
	mu       sync.Mutex
	drugs    map[string]*DrugList
	warnings map[string]*WarningList
}

const mostParsed = 64

func remembered[L any](p *parsed, kept *map[string]*L, raw []byte, read func([]byte) (*L, error)) (*L, error) {
	key := hex.EncodeToString(fingerprint(raw))
	p.mu.Lock()
	l := (*kept)[key]
	p.mu.Unlock()
	if l != nil {
		return l, nil
	}
	l, err := read(raw)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if *kept == nil || len(*kept) >= mostParsed {
		*kept = map[string]*L{}
	}
	(*kept)[key] = l
	return l, nil
}
