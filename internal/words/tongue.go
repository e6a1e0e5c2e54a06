package words

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/message"
)

// sentence is a text cut at its placeholders: fixed[0] hole[0] fixed[1] ... A plural sentence
// is kept by go-i18n, which knows each language's rules of counting.
type sentence struct {
	fixed  []string
	holes  []string
	plural bool
}

// Tongue speaks one language. It never changes and may be shared.
type Tongue struct {
	lang, dir string
	calendar  *calendar
	said      map[string]sentence
	plurals   *i18n.Localizer
	fallback  *Tongue
	digits    *message.Printer
	stretch   bool
}

// Lang is the language's code, as in <html lang>.
func (t *Tongue) Lang() string { return t.lang }

// Dir is the direction of its script: "ltr" or "rtl".
func (t *Tongue) Dir() string { return t.dir }

// Has says whether the key has a sentence, in this language or in English.
func (t *Tongue) Has(key string) bool {
	_, ok := t.said[key]
	return ok || (t.fallback != nil && t.fallback.Has(key))
}

// Say is the sentence at key. args alternate names and values: Say("day.moved", "Name", n).
// The number under "Count" picks the plural form. An unknown key is said in brackets.
func (t *Tongue) Say(key string, args ...any) string {
	s, ok := t.said[key]
	if !ok {
		if t.fallback != nil {
			return t.fallback.Say(key, args...)
		}
		return "[" + key + "]"
	}
	if !s.plural && len(s.holes) == 0 {
		return t.stretched(s.fixed[0])
	}
	if s.plural {
		data := make(map[string]any, len(args)/2)
		var count any
		for i := 0; i+1 < len(args); i += 2 {
			name := fmt.Sprint(args[i])
			data[name] = t.value(args[i+1])
			if name == "Count" {
				count = args[i+1]
			}
		}
		text, err := t.plurals.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: count})
		if err != nil && text == "" {
			return "[" + key + "]"
		}
		return t.stretched(text)
	}
	var b strings.Builder
	b.WriteString(t.stretched(s.fixed[0]))
	for i, hole := range s.holes {
		b.WriteString(t.find(hole, args))
		b.WriteString(t.stretched(s.fixed[i+1]))
	}
	return b.String()
}

// SayMap is Say with the values in a map, as faults carry them.
func (t *Tongue) SayMap(key string, args map[string]any) string {
	list := make([]any, 0, 2*len(args))
	for k, v := range args {
		list = append(list, k, v)
	}
	return t.Say(key, list...)
}

func (t *Tongue) find(name string, args []any) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return t.value(args[i+1])
		}
	}
	return "[" + name + "]"
}

// value writes one value into a sentence. Text that runs the other way than the sentence is
// isolated, so that a name cannot turn the words around it.
func (t *Tongue) value(v any) string {
	switch v := v.(type) {
	case int:
		return t.Number(int64(v))
	case int64:
		return t.Number(v)
	}
	text := fmt.Sprint(v)
	for _, r := range text {
		rtl := unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana)
		if rtl != (t.dir == "rtl") && (rtl || unicode.IsLetter(r) || r == '+') {
			return "\u2068" + text + "\u2069" // first strong isolate ... pop
		}
	}
	return text
}

// stretched is the text itself, except in the make-believe language of the tests.
func (t *Tongue) stretched(text string) string {
	if !t.stretch || strings.TrimSpace(text) == "" {
		return text
	}
	text = strings.NewReplacer("a", "á", "e", "é", "i", "í", "o", "ö", "u", "ü", "A", "Å", "E", "É").Replace(text)
	return text + strings.Repeat("·", (len(text)*2+4)/5)
}
