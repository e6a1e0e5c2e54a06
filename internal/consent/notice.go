package consent

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/store"
)

// The texts that every clinic begins with, one file a language. They are version 1 and are never
// edited once released: consents point at them. A better text is a new file and a new number.
//
//go:embed notices
var builtIn embed.FS

// firstVersion is the version of the built-in texts.
const firstVersion = 1

// MaxNotice is in characters.
const MaxNotice = 2000

// Notice is what a patient is told before she chooses.
type Notice struct {
	Purpose  Purpose
	Version  int64
	Language string
	Body     string
}

// Digest is the fingerprint of the text: the SHA-256 of its purpose, its language and its words, in hexadecimal; empty for no text.
func (n Notice) Digest() string {
	if n.Body == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(string(n.Purpose) + "\n" + n.Language + "\n" + n.Body))
	return hex.EncodeToString(sum[:])
}

var standard = sync.OnceValues(func() (map[string]map[Purpose]string, error) {
	files, err := builtIn.ReadDir("notices")
	if err != nil {
		return nil, err
	}
	out := map[string]map[Purpose]string{}
	for _, f := range files {
		text, err := builtIn.ReadFile("notices/" + f.Name())
		if err != nil {
			return nil, err
		}
		lang, _, _ := strings.Cut(f.Name(), ".")
		said := map[Purpose]string{}
		if err := json.Unmarshal(text, &said); err != nil {
			return nil, fmt.Errorf("consent: the notices in %s: %w", lang, err)
		}
		out[lang] = said
	}
	return out, nil
})

// Standard is the built-in notice of a purpose; English where there is none in the language. The
// body is "" for a purpose for which nobody is asked.
func Standard(p Purpose, language string) (Notice, error) {
	all, err := standard()
	if err != nil {
		return Notice{}, err
	}
	if all[language][p] == "" {
		language = "en"
	}
	return Notice{Purpose: p, Version: firstVersion, Language: language, Body: all[language][p]}, nil
}

// Notices are the notices that count now, one for each purpose for which a patient is asked, in the
// language. Where the clinic's own text is not in that language, it is the clinic's first
// language's, and what Language says is what the patient reads.
func Notices(v *store.View, language string) ([]Notice, error) {
	own, err := readCurrent(v)
	if err != nil {
		return nil, err
	}
	var preferred []string
	if len(own) > 0 {
		c, err := clinics.Get(v)
		if err != nil {
			return nil, err
		}
		preferred = c.Languages
	}
	var out []Notice
	for _, p := range Asked() {
		n, err := pick(own, p, language, preferred)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// pick chooses among the clinic's own texts of the latest version of the purpose.
func pick(own []Notice, p Purpose, language string, preferred []string) (Notice, error) {
	for _, lang := range append([]string{language}, preferred...) {
		for _, n := range own {
			if n.Purpose == p && n.Language == lang {
				return n, nil
			}
		}
	}
	for _, n := range own {
		if n.Purpose == p {
			return n, nil
		}
	}
	return Standard(p, language)
}

// checkTexts reads a clinic's own texts of one purpose: one for each of the clinic's languages.
// Wrong fields are named body_<language>.
func checkTexts(texts map[string]string, languages []string, f *fault.Fields) map[string]string {
	out := map[string]string{}
	for lang := range texts {
		if !slices.Contains(languages, lang) {
			f.Add("body_"+lang, "field.notice.language")
		}
	}
	for _, lang := range languages {
		body := strings.TrimSpace(strings.ReplaceAll(texts[lang], "\r\n", "\n"))
		switch {
		case body == "":
			f.Add("body_"+lang, "field.notice.empty")
		case utf8.RuneCountInString(body) > MaxNotice:
			f.AddWith("body_"+lang, "field.notice.long", map[string]any{"Max": MaxNotice})
		case strings.ContainsFunc(body, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t' }):
			f.Add("body_"+lang, "field.notice.characters")
		}
		out[lang] = body
	}
	return out
}
