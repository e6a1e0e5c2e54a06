package prescriptions

import (
	"slices"
	"strings"
)

// The kinds of warnings.
const (
	WarnAllergy     = "allergy"     // the patient is said to be allergic to it, or to what is like it
	WarnInteraction = "interaction" // two drugs that do not go together
	WarnDuplicate   = "duplicate"   // one ingredient twice
	WarnRestricted  = "restricted"  // a schedule that asks for care
	WarnUnknown     = "unknown"     // the drug, or what she takes, is not on the list, so nothing about it was looked up
)

// Warning is something to think about before signing.
type Warning struct {
	Kind     string `json:"kind"`
	Key      string `json:"key"` // the same for the same matter, so that a reason stays with it while the sheet is written
	A        string `json:"a"`   // the drug of the sheet
	B        string `json:"b,omitempty"`
	Severity string `json:"severity"`
	Words    string `json:"words,omitempty"` // of the list; empty where the house has a sentence of its own
	Told     bool   `json:"told,omitempty"`  // A stands on no row: the patient says that she takes it
	Reason   string `json:"reason,omitempty"`
}

// NeedsReason says whether a sheet with the warning is signed only with a reason. Every allergy needs one, whatever its severity.
func (w Warning) NeedsReason() bool {
	return w.Kind != WarnUnknown && w.Kind != WarnRestricted && (w.Kind == WarnAllergy || w.Severity != Mild)
}

// Known is what is known of the patient: what she is allergic to, and what she takes.
type Known struct {
	Allergies []KnownAllergy
	Taking    []string // generic names, or texts before they are looked up
	Unlisted  []string // what she takes of which no list knows
	Unread    bool     // something that is kept about her cannot be opened: what is checked is not everything
	Asked     bool     // somebody asked about allergies: there are some, or she knows of none
}

// KnownAllergy is one of them.
type KnownAllergy struct {
	Substance string
	Key       string
	Severity  string
	Reaction  string
	Broken    bool
	Means     []string // the drugs of the lists that its words name: by a brand, or with a strength
}

// severer is the more severe of two; what nobody rated counts as moderate.
func severer(a, b string) string {
	rank := func(s string) int {
		switch s {
		case Severe:
			return 2
		case Mild:
			return 0
		}
		return 1
	}
	if rank(a) >= rank(b) && a != "" {
		return a
	}
	return b
}

// Check looks a sheet up: every drug against what the patient is allergic to, against every other drug and what she takes, and for
// ingredients that stand twice. The severest come first.
func (l *WarningList) Check(rows []Row, known Known, drugs *DrugList) []Warning {
	var out []Warning
	add := func(w Warning) {
		w.Key = w.Kind + "|" + matchKey(w.A) + "|" + matchKey(w.B)
		i := slices.IndexFunc(out, func(x Warning) bool { return x.Key == w.Key })
		switch {
		case i < 0:
			out = append(out, w)
		case out[i].Severity != w.Severity && severer(w.Severity, out[i].Severity) == w.Severity:
			out[i] = w
		}
	}
	for i, r := range rows {
		if _, ok := drugs.Find(r.Generic, ""); !ok {
			add(Warning{Kind: WarnUnknown, A: r.Generic, Severity: Mild})
		}
		if d, ok := drugs.Controlled(r); ok {
			add(Warning{Kind: WarnRestricted, A: r.Generic, B: strings.Join(d.Schedules, ", "), Severity: Mild})
		}
		for _, a := range known.Allergies {
			if !a.Broken {
				l.allergy(r, a, drugs, add)
			}
		}
		for _, other := range rows[i+1:] {
			l.pair(r.Generic, other.Generic, drugs, add)
		}
		for _, taken := range known.Taking {
			if !slices.ContainsFunc(rows, func(x Row) bool { return matchKey(x.Generic) == matchKey(taken) }) {
				l.pair(r.Generic, taken, drugs, add)
			}
		}
	}
	if len(rows) > 0 {
		for _, told := range known.Unlisted {
			add(Warning{Kind: WarnUnknown, A: told, Severity: Mild, Told: true})
		}
	}
	slices.SortStableFunc(out, func(a, b Warning) int {
		switch {
		case a.Severity == b.Severity:
			return 0
		case severer(a.Severity, b.Severity) == a.Severity:
			return -1
		}
		return 1
	})
	return out
}

// names are those by which a rule may mean the drug: its own, its ingredients', and their classes.
func names(generic string, drugs *DrugList) []string {
	out := []string{matchKey(generic)}
	for _, part := range append([]string{matchKey(generic)}, Ingredients(generic)...) {
		for _, n := range append([]string{part}, drugs.classesOf(part)...) {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

func (l *WarningList) allergy(r Row, a KnownAllergy, drugs *DrugList, add func(Warning)) {
	key := matchKey(a.Key)
	given := names(r.Generic, drugs)
	var parts, wider []string // of the drugs that she named: their ingredients, and those with their classes, of which rules speak
	for _, drug := range a.Means {
		parts = append(append(parts, matchKey(drug)), Ingredients(drug)...)
		wider = append(wider, names(drug, drugs)...)
	}
	told, single := worded(key)
	means := func(rule string) bool {
		whole, _ := worded(rule)
		return whole != " " && (strings.Contains(told, whole) || strings.Contains(single, whole)) || slices.Contains(wider, rule)
	}
	if slices.Contains(given, key) || slices.Contains(given, strings.TrimSuffix(key, "s")) || slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(given, p) }) {
		add(Warning{Kind: WarnAllergy, A: r.Generic, B: a.Substance, Severity: severer(Severe, a.Severity)})
	}
	for _, rule := range l.Rules {
		if rule.Allergy && means(rule.A) && slices.Contains(given, rule.B) {
			severity := rule.Severity
			if a.Severity == Severe {
				severity = Severe
			}
			add(Warning{Kind: WarnAllergy, A: r.Generic, B: a.Substance, Severity: severity, Words: rule.Words})
		}
	}
}

// worded is what was told as its words with a space around each, whatever stood between them, and the same with each word in the singular: people write two allergies in one line, with a comma or a stroke,
// or put one in brackets.
func worded(key string) (told, single string) {
	told, single = " ", " "
	for _, w := range strings.FieldsFunc(key, func(r rune) bool { return !inWord(r) }) {
		told, single = told+w+" ", single+strings.TrimSuffix(w, "s")+" "
	}
	return told, single
}

func (l *WarningList) pair(a, b string, drugs *DrugList, add func(Warning)) {
	for _, part := range Ingredients(a) {
		if slices.Contains(Ingredients(b), part) {
			add(Warning{Kind: WarnDuplicate, A: a, B: b, Severity: Severe, Words: ""})
		}
	}
	of, to := names(a, drugs), names(b, drugs)
	if matchKey(a) == matchKey(b) {
		return
	}
	for _, rule := range l.Rules {
		if !rule.Allergy && (slices.Contains(of, rule.A) && slices.Contains(to, rule.B) || slices.Contains(of, rule.B) && slices.Contains(to, rule.A)) {
			add(Warning{Kind: WarnInteraction, A: a, B: b, Severity: rule.Severity, Words: rule.Words})
		}
	}
}

// The states of a check, as the signed sheet keeps them.
const (
	Checked    = "checked"
	NotChecked = "not-checked" // a list could not be read, or something about the patient: nobody may take silence for safety
)

// Checking is what was looked up about a sheet, and with which lists.
type Checking struct {
	State    string    `json:"state"` // Checked or NotChecked
	Why      string    `json:"why,omitempty"`
	Demo     bool      `json:"demo,omitempty"`     // the house's demonstration lists were used
	List     string    `json:"list,omitempty"`     // title and version of the list of warnings
	Warnings []Warning `json:"warnings,omitempty"` // with the reasons for which they were overridden
	Seen     bool      `json:"seen,omitempty"`     // that it was not checked was seen and accepted
}

// The reasons why a sheet was not checked. Their sentences are at rx.unchecked.<why>.
const (
	WhyWarnings = "warnings" // the list of warnings cannot be read
	WhyDrugs    = "drugs"    // the list of drugs cannot be read
	WhyPatient  = "patient"  // what is known of the patient cannot be opened
)
