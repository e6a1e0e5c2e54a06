package words

import "strings"

// Declared says what the program declares in English (a purpose, a kind of data, a place) in this language, by the key declared.<words of it>. What an
// operator entered has no such key and is said as it was entered.
func (t *Tongue) Declared(text string) string {
	if key := DeclaredKey(text); t.lang != "en" && t.Has(key) {
		return t.Say(key)
	}
	return text
}

// DeclaredKey is the key of a declared text: its letters in lower case, with hyphens between the words.
func DeclaredKey(text string) string {
	return "declared." + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }), "-")
}
