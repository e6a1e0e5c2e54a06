package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue
var catalogue embed.FS

// Language is one language that the house speaks.
type Language struct {
	Code string // as in <html lang>
	Name string // its name in itself, as language menus show it
	Dir  string // "ltr" or "rtl"
}

// Languages are the languages of the house, in the order in which menus list them. The first
// is the one that others fall back to.
func Languages() []Language {
	return []Language{
		{"en", "English", "ltr"},
		{"hi", "हिन्दी", "ltr"},
		{"ta", "தமிழ்", "ltr"},
		{"ar", "العربية", "rtl"},
	}
}

// pseudo is a make-believe language for tests: English, 40 % longer and accented, so that a
// page that only fits English is found out.
const pseudo = "en-XA"

// Book is all catalogues. It never changes after Load and may be shared.
type Book struct {
	tongues map[string]*Tongue
	matcher language.Matcher
	codes   []string
	missing map[string][]string // language -> keys that only English has
	doubled []string            // keys that two files of one language define
}

// Load gives the embedded catalogues, which are read once a process. It fails when a file is no flat JSON object of
// sentences, or a sentence has a placeholder that cannot be read.
func Load() (*Book, error) { return carried() }

var carried = sync.OnceValues(func() (*Book, error) { return load(catalogue) })

func load(files fs.FS) (*Book, error) {
	b := &Book{tongues: map[string]*Tongue{}, missing: map[string][]string{}}
	bundle := i18n.NewBundle(language.English)
	var tags []language.Tag
	for _, l := range Languages() {
		tag := language.MustParse(l.Code)
		t := &Tongue{lang: l.Code, dir: l.Dir, calendar: calendars[l.Code], said: map[string]sentence{}}
		paths, err := fs.Glob(files, path.Join("catalogue", l.Code, "*.json"))
		if err != nil {
			return nil, fmt.Errorf("words: %w", err)
		}
		sort.Strings(paths)
		for _, p := range paths {
			if err := b.read(files, p, bundle, tag, t); err != nil {
				return nil, err
			}
		}
		t.plurals = i18n.NewLocalizer(bundle, l.Code)
		t.digits = printer(l.Code)
		b.tongues[l.Code] = t
		tags = append(tags, tag)
		b.codes = append(b.codes, l.Code)
	}
	en := b.tongues["en"]
	for _, l := range Languages()[1:] {
		t := b.tongues[l.Code]
		t.fallback = en
		for key := range en.said {
			if _, ok := t.said[key]; !ok {
				b.missing[l.Code] = append(b.missing[l.Code], key)
			}
		}
		slices.Sort(b.missing[l.Code])
	}
	strange := *en
	strange.lang, strange.stretch = pseudo, true
	b.tongues[pseudo] = &strange
	b.matcher = language.NewMatcher(tags)
	return b, nil
}

// read takes the sentences of one file into the tongue and, for plurals, into the bundle.
func (b *Book) read(files fs.FS, name string, bundle *i18n.Bundle, tag language.Tag, t *Tongue) error {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("words: %w", err)
	}
	var lines map[string]json.RawMessage
	if err := json.Unmarshal(raw, &lines); err != nil {
		return fmt.Errorf("words: %s: %w", name, err)
	}
	for key, line := range lines {
		if _, twice := t.said[key]; twice {
			b.doubled = append(b.doubled, t.lang+" "+key)
		}
		var plain string
		if json.Unmarshal(line, &plain) == nil {
			s, err := cut(plain)
			if err != nil {
				return fmt.Errorf("words: %s: %s: %w", name, key, err)
			}
			t.said[key] = s
			continue
		}
		var forms map[string]string
		if err := json.Unmarshal(line, &forms); err != nil {
			return fmt.Errorf("words: %s: %s is neither a sentence nor its plural forms", name, key)
		}
		m := &i18n.Message{ID: key, Zero: forms["zero"], One: forms["one"], Two: forms["two"],
			Few: forms["few"], Many: forms["many"], Other: forms["other"]}
		if err := bundle.AddMessages(tag, m); err != nil {
			return fmt.Errorf("words: %s: %s: %w", name, key, err)
		}
		t.said[key] = sentence{plural: true}
	}
	return nil
}

// Tongue is the language with the code; English when the house does not speak it.
func (b *Book) Tongue(lang string) *Tongue {
	if t, ok := b.tongues[lang]; ok {
		return t
	}
	return b.tongues["en"]
}

// Speaks says whether the house speaks exactly this language.
func (b *Book) Speaks(lang string) bool { return slices.Contains(b.codes, lang) }

// Match picks the language of a page: what the visitor chose (cookie), what the person's
// account says, what the clinic speaks, what the browser asks for; the first that the house
// speaks. It is English when none is. Any argument may be empty.
func (b *Book) Match(cookie, user, clinic, acceptLanguage string) *Tongue {
	if cookie == pseudo {
		return b.tongues[pseudo]
	}
	for _, want := range []string{cookie, user} {
		if t := b.close(want); t != nil {
			return t
		}
	}
	// The clinic's first language is a better guess than the browser's only when the browser asks for
	// nothing that we speak: a visitor whose phone speaks Tamil is not served Hindi.
	if t := b.close(acceptLanguage); t != nil && acceptLanguage != "" {
		return t
	}
	if t := b.close(clinic); t != nil {
		return t
	}
	return b.tongues["en"]
}

// close finds the spoken language nearest to an Accept-Language list; nil when none is near.
func (b *Book) close(list string) *Tongue {
	if list == "" {
		return nil
	}
	tags, _, err := language.ParseAcceptLanguage(list)
	if err != nil || len(tags) == 0 {
		return nil
	}
	_, i, confidence := b.matcher.Match(tags...)
	if confidence < language.Low {
		return nil
	}
	return b.tongues[b.codes[i]]
}

// Keys are all keys that English has, in order.
func (b *Book) Keys() []string {
	keys := make([]string, 0, len(b.tongues["en"].said))
	for k := range b.tongues["en"].said {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Missing are the keys that English has and the language has not.
func (b *Book) Missing(lang string) []string { return b.missing[lang] }

// cut parses a sentence into its fixed pieces and its {{.Name}} holes.
func cut(text string) (sentence, error) {
	var s sentence
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{{")
		s.fixed = append(s.fixed, before)
		if !found {
			return s, nil
		}
		hole, tail, closed := strings.Cut(after, "}}")
		name := strings.TrimSpace(hole)
		if !closed || !strings.HasPrefix(name, ".") || strings.ContainsAny(name, " |") {
			return s, fmt.Errorf("only placeholders of the form {{.Name}} are understood")
		}
		s.holes = append(s.holes, name[1:])
		rest = tail
	}
}
