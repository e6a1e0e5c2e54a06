package prescriptions

import (
	"slices"
	"strings"
	"unicode"
)

// People tell a medicine as it stands on its box, "Tab. Warfarin 5 mg", or by a brand. Here a text becomes the names that rules know.

// spelled is how names are looked for in what was told: as they are compared, without a space beside a plus.
func spelled(name string) string { return plus.Replace(matchKey(name)) }

var plus = strings.NewReplacer(" + ", "+", " +", "+", "+ ", "+")

// meant finds what was told among the names that the lists and the clinic's own brands know: the longest at each word, and none for what
// nobody knows. What cannot be found is not to be taken for harmless: it comes back as unlisted.
func (l lists) meant(told []string) (generics, unlisted []string) {
	if len(told) == 0 {
		return nil, nil
	}
	drugs, names := l.drugs, map[string]string{} // as it is spelled, to the name that rules know; what comes later goes before
	if drugs == nil {
		drugs = &DrugList{}
	}
	if l.warnings != nil {
		for _, r := range l.warnings.Rules {
			if !r.Allergy { // a rule may speak of a class, and so may a patient
				names[spelled(r.A)], names[spelled(r.B)] = r.A, r.B
			}
		}
	}
	for _, d := range drugs.Drugs {
		for _, b := range d.Brands {
			names[spelled(b)] = d.Generic
		}
	}
	for alias, generic := range l.aliases {
		if d, ok := drugs.Find(generic, ""); ok {
			generic = d.Generic
		}
		names[spelled(alias)] = generic
	}
	for i, d := range drugs.Drugs {
		names[spelled(drugs.keys[i])] = d.Generic
	}
	for _, text := range told {
		found := namesIn(spelled(text), names)
		if len(found) == 0 {
			unlisted = append(unlisted, text)
		}
		for _, g := range found {
			if !slices.Contains(generics, g) {
				generics = append(generics, g)
			}
		}
	}
	return generics, unlisted
}

// namesIn finds names in a text, each from the beginning of a word to the end of one; a figure behind letters begins another word.
func namesIn(text string, names map[string]string) (found []string) {
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		if !inWord(runes[i]) || i > 0 && inWord(runes[i-1]) {
			continue
		}
		for j := len(runes); j > i; j-- {
			if j < len(runes) && inWord(runes[j-1]) && inWord(runes[j]) && unicode.IsDigit(runes[j-1]) == unicode.IsDigit(runes[j]) {
				continue
			}
			if g, ok := names[string(runes[i:j])]; ok {
				found = append(found, g)
				i = j - 1
				break
			}
		}
	}
	return found
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
