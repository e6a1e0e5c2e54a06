package messaging

import (
	"strings"
	"unicode/utf8"
)

// Texts that a clinic registers by hand (India's DLT): only short values may be filled in, and only known addresses may stand in one. A
// link is longer than a value may be. So its beginning, which is the same for everybody, is registered as it is, and what is hers alone is
// shared out over as many variables beside each other as it needs. It is the same link as on every other channel: with the same end, the
// same rights, and nothing that could be guessed sooner.

// tokenLetters is how long the secret part of a link is: 32 bytes, 16 of which nobody can guess.
const tokenLetters = 43

// stand is how a variable stands in a registered text: between what is registered as it is, in so many places.
type stand struct {
	before, after string
	places        int
}

// standing is how the variable stands where a value has at most so many characters; 0 for any number.
func standing(public, variable string, longest int) stand {
	if longest <= 0 {
		return stand{places: 1}
	}
	link := (tokenLetters + longest - 1) / longest
	switch variable {
	case "ManageURL":
		return stand{before: public + "/m/", places: link}
	case "ReviewURL":
		return stand{before: public + "/m/", after: ReviewPath(""), places: link}
	case "PaperURL":
		return stand{before: public + "/r/", places: link}
	case "BookURL":
		return stand{before: public + "/c/", places: 1}
	}
	return stand{places: 1}
}

// share shares a value out over the places; none is empty, because providers refuse that. What is not a link and is too long is cut.
func (s stand) share(value string, longest int) []string {
	value = oneLine(value)
	out := make([]string, s.places)
	for i := range out {
		out[i] = "–"
	}
	if value == "" {
		return out
	}
	if longest <= 0 {
		return []string{value}
	}
	if s.before == "" {
		if letters := []rune(value); len(letters) > longest {
			value = strings.TrimSpace(string(letters[:longest-3])) + "..."
		}
		return []string{value}
	}
	own, begins := strings.CutPrefix(value, s.before)
	own, ends := strings.CutSuffix(own, s.after)
	n := utf8.RuneCountInString(own)
	if !begins || !ends || n < s.places { // the address of the house is another one by now: the whole is refused, as it must be
		out[0] = value
		return out
	}
	letters := []rune(own)
	for i := range out {
		out[i] = string(letters[i*n/s.places : (i+1)*n/s.places])
	}
	return out
}

// Filling is one value that a provider gets for a registered text. A variable that stands in several places has several.
type Filling struct {
	Variable string
	Part, Of int // from 1
}

// Registerable is a text as the register has it, at a provider of the house: {#var#} wherever something is filled in, and the beginnings of
// links as they are. It may hold a variable twice; each place is counted.
func (s *Service) Registerable(provider, body string) string {
	longest := s.longest(provider)
	pieces, _, _ := parse(body)
	var b strings.Builder
	for _, p := range pieces {
		if p.variable != "" {
			x := standing(s.public, p.variable, longest)
			p.text = x.before + strings.Repeat("{#var#}", x.places) + x.after
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// Fillings are the values of a text in the order in which the provider gets them: VAR1, VAR2 ...
func (s *Service) Fillings(provider, body string) []Filling {
	longest := s.longest(provider)
	_, names := numbered(body)
	var out []Filling
	for _, n := range names {
		of := standing(s.public, n, longest).places
		for i := range of {
			out = append(out, Filling{n, i + 1, of})
		}
	}
	return out
}

// longest is how many characters a value may have at the provider; 0 for any number.
func (s *Service) longest(provider string) int {
	if r, ok := s.providers[provider].(Register); ok {
		return r.Longest()
	}
	return 0
}
