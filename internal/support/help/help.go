// Package help is the help inside the product: one short page for each task, in every language of the house, and the index that finds
// them. It is text that is built into the program, and knows nothing of any clinic.
package help

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"almirah/internal/words"
)

//go:embed text
var files embed.FS

// Topic is the help for one task in one language.
type Topic struct {
	ID    string // of the address, the same in every language: "book"
	Title string
	Lead  string   // what it is for
	Steps []string // what to do, in order
	Notes []string // what to know besides
	more  string   // words by which it is found too
}

// Shelf is all help in all languages. It never changes after Load.
type Shelf struct {
	order  []string
	topics map[string]map[string]Topic // by language and id
	index  map[string][]entry          // by language
}

// entry is one word of a topic, with what it weighs.
type entry struct {
	word, topic string
	weight      int
}

// What a word weighs by where it stands.
const (
	inTitle = 8
	inMore  = 5
	inText  = 1
)

// Load reads the texts. It fails when a language lacks a topic, or a topic lacks its title, its lead or its steps.
func Load() (*Shelf, error) {
	s := &Shelf{topics: map[string]map[string]Topic{}, index: map[string][]entry{}}
	for _, l := range words.Languages() {
		raw, err := files.ReadFile("text/" + l.Code + ".md")
		if err != nil {
			return nil, fmt.Errorf("help: %w", err)
		}
		list, err := parse(string(raw))
		if err != nil {
			return nil, fmt.Errorf("help: %s: %w", l.Code, err)
		}
		byID := map[string]Topic{}
		for _, t := range list {
			if l.Code == "en" {
				s.order = append(s.order, t.ID)
			}
			byID[t.ID] = t
			s.index[l.Code] = append(s.index[l.Code], entries(t)...)
		}
		for _, one := range s.order {
			if _, there := byID[one]; !there {
				return nil, fmt.Errorf("help: %s lacks %q", l.Code, one)
			}
		}
		if len(byID) != len(s.order) || len(list) != len(s.order) {
			return nil, fmt.Errorf("help: %s has topics that English lacks, or one twice", l.Code)
		}
		s.topics[l.Code] = byID
	}
	return s, nil
}

// parse reads the one form of these files: "# id" begins a topic, then come its lines, each of one kind by its first character: "=" the
// title, "~" more words, "-" a step, "!" a note, and a line without any the lead.
func parse(text string) ([]Topic, error) {
	var out []Topic
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		mark, rest, _ := strings.Cut(line, " ")
		if line == "" {
			continue
		}
		if mark == "#" {
			out = append(out, Topic{ID: rest})
			continue
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("line %d stands before the first topic", n+1)
		}
		t := &out[len(out)-1]
		switch mark {
		case "=":
			t.Title = rest
		case "~":
			t.more = rest
		case "-":
			t.Steps = append(t.Steps, rest)
		case "!":
			t.Notes = append(t.Notes, rest)
		default:
			t.Lead = strings.TrimSpace(t.Lead + " " + line)
		}
	}
	for _, t := range out {
		if t.ID == "" || t.Title == "" || t.Lead == "" || len(t.Steps) == 0 {
			return nil, fmt.Errorf("the topic %q lacks its title, its lead or its steps", t.ID)
		}
	}
	return out, nil
}

// letters are the words of a text as they are compared: lower case, without accents and without the vowel signs and marks that people
// leave out when they type Arabic or Hindi quickly.
func letters(text string) []string {
	text = strings.ToLower(norm.NFD.String(text))
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == 'ـ': // marks, and the stroke that lengthens Arabic words
			return -1
		case r == 'أ' || r == 'إ' || r == 'آ':
			return 'ا'
		case r == 'ى':
			return 'ي'
		case r == 'ة':
			return 'ه'
		}
		return r
	}, text)
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Mc, r) })
}

func entries(t Topic) []entry {
	best := map[string]int{}
	add := func(text string, weight int) {
		for _, w := range letters(text) {
			best[w] = max(best[w], weight)
		}
	}
	add(t.Title, inTitle)
	add(t.more, inMore)
	add(t.Lead, inText+1)
	for _, x := range append(slices.Clone(t.Steps), t.Notes...) {
		add(x, inText)
	}
	var out []entry
	for w, weight := range best {
		out = append(out, entry{w, t.ID, weight})
	}
	return out
}

// Topics are all topics in the language, in the order in which the list shows them; in English for a language that the house does not speak.
func (s *Shelf) Topics(language string) []Topic {
	var out []Topic
	for _, one := range s.order {
		t, _ := s.Topic(language, one)
		out = append(out, t)
	}
	return out
}

// Topic is one topic in the language.
func (s *Shelf) Topic(language, one string) (Topic, bool) {
	byID, ok := s.topics[language]
	if !ok {
		byID = s.topics["en"]
	}
	t, ok := byID[one]
	return t, ok
}

// most is how many words of a question are looked at; what comes after them changes little.
const most = 12

// Find are the topics in which every typed word stands, or begins one, the best first. Where no topic has them all, those that have most.
func (s *Shelf) Find(language, typed string) []Topic {
	if _, ok := s.index[language]; !ok {
		language = "en"
	}
	asked := letters(typed)
	if len(asked) > most {
		asked = asked[:most]
	}
	if len(asked) == 0 {
		return nil
	}
	type score struct {
		topic       string
		hits, worth int
	}
	scores := map[string]*score{}
	for _, a := range asked {
		best := map[string]int{}
		for _, e := range s.index[language] {
			switch {
			case e.word == a:
				best[e.topic] = max(best[e.topic], 2*e.weight)
			case strings.HasPrefix(e.word, a):
				best[e.topic] = max(best[e.topic], e.weight)
			}
		}
		for topic, worth := range best {
			if scores[topic] == nil {
				scores[topic] = &score{topic: topic}
			}
			scores[topic].hits++
			scores[topic].worth += worth
		}
	}
	var list []score
	hits := 0
	for _, x := range scores {
		list = append(list, *x)
		hits = max(hits, x.hits)
	}
	slices.SortFunc(list, func(a, b score) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(slices.Index(s.order, a.topic), slices.Index(s.order, b.topic)))
	})
	var out []Topic
	for _, x := range list {
		if x.hits == hits {
			t, _ := s.Topic(language, x.topic)
			out = append(out, t)
		}
	}
	return out
}

// pages say which topic helps on which page: the longest beginning of the path decides.
var pages = []struct{ path, topic string }{
	{"/app/day", "book"}, {"/app/week", "book"}, {"/app/book", "book"}, {"/app/appointments", "reschedule"},
	{"/app/settings/closures", "block-time"}, {"/app/settings/providers", "block-time"},
	{"/app/patients", "find-patient"}, {"/app/patients/new", "add-patient"},
	{"/app/prescriptions", "prescription"}, {"/app/visits", "visit"},
	{"/app/bills", "bill"}, {"/app/bills/close", "day-close"}, {"/app/inbox", "answer"}, {"/app/messages", "reminders"},
	{"/app/settings/reminders", "reminders"}, {"/app/settings/messages", "reminders"}, {"/app/settings/followups", "reminders"},
	{"/app/settings/staff", "add-person"}, {"/app/settings/modules", "modules"}, {"/app/audit", "who-looked"},
	{"/app/settings", "settings"}, {"/app/account", "export"}, {"/app/me", "sign-in"}, {"/app/support/access", "support-access"},
	{"/app/support", "support"}, {"/app/hand-over", "hand-over"},
}

// For is the address of the help for a page: its topic, or the list of all.
func For(path string) string {
	best, topic := 0, ""
	for _, p := range pages {
		if (path == p.path || strings.HasPrefix(path, p.path+"/")) && len(p.path) > best {
			best, topic = len(p.path), p.topic
		}
	}
	if topic == "" {
		return "/app/help"
	}
	return "/app/help/" + topic
}
