package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// The kinds of forms.
const (
	Questions = "questions" // to be answered
	Consent   = "consent"   // a text to be agreed to
)

// The kinds of questions.
const (
	Text   = "text"
	Choice = "choice"
	YesNo  = "yes-no"
	Date   = "date"
	Number = "number"
)

// QuestionKinds are the kinds in the order of the page.
func QuestionKinds() []string { return []string{Text, YesNo, Choice, Date, Number} }

// Bounds of a form.
const (
	MostQuestions = 40
	mostOptions   = 20
	mostText      = 20000 // letters of a consent text
	mostAnswer    = 2000  // letters of an answer
)

// Question is one question of a form. Its ID stays the same from version to version, so that an answer that was begun finds it again.
type Question struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Label   string   `json:"label"`
	Options []string `json:"options,omitempty"` // of a choice
	Must    bool     `json:"must,omitempty"`
}

// Body is what a version of a form says. Its hash is the name of the version.
type Body struct {
	Kind      string     `json:"kind"`
	Title     string     `json:"title"`
	Text      string     `json:"text,omitempty"` // of a consent; of questions what stands above them
	Questions []Question `json:"questions,omitempty"`
}

// Hash is the SHA-256 of what the version says, word for word.
func (b Body) Hash() (hash [32]byte, text string, err error) {
	raw, err := json.Marshal(b)
	return sha256.Sum256(raw), string(raw), err
}

// Form is a form of the clinic with its present version.
type Form struct {
	ID        id.ID
	Service   id.ID // asked before this service only; zero: before every one
	Body      Body
	Hash      string // of the present version, in hexadecimal
	RetiredAt clock.Instant
	Version   int64
}

func clean(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
}

func wrongLetters(text string, lines bool) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !(lines && (r == '\n' || r == '\t')) })
}

func bounded(f *fault.Fields, field, text string, most int, lines bool) {
	switch {
	case wrongLetters(text, lines):
		f.Add(field, "field.care.characters")
	case utf8.RuneCountInString(text) > most:
		f.AddWith(field, "field.care.long", map[string]any{"Most": most})
	}
}

// check cleans what a clinic entered. Questions without a label are left out; the others keep or get an ID.
func (b *Body) check() error {
	var f fault.Fields
	b.Title, b.Text = strings.Join(strings.Fields(b.Title), " "), clean(b.Text)
	if b.Title == "" {
		f.Add("title", "field.intake.title")
	}
	bounded(&f, "title", b.Title, 100, false)
	bounded(&f, "text", b.Text, mostText, true)
	if b.Kind != Questions && b.Kind != Consent {
		f.Add("kind", "field.intake.kind")
	}
	var list []Question
	used := map[string]bool{}
	for _, q := range b.Questions {
		if q.Label = strings.Join(strings.Fields(q.Label), " "); q.Label == "" {
			continue
		}
		n := strconv.Itoa(len(list) + 1)
		bounded(&f, "label-"+n, q.Label, 200, false)
		if !slices.Contains(QuestionKinds(), q.Kind) {
			f.Add("kind-"+n, "field.intake.question_kind")
		}
		var options []string
		for _, o := range q.Options {
			if o = strings.Join(strings.Fields(o), " "); o != "" && !slices.Contains(options, o) {
				options = append(options, o)
			}
		}
		if q.Options = nil; q.Kind == Choice {
			if q.Options = options; len(options) < 2 || len(options) > mostOptions {
				f.Add("options-"+n, "field.intake.options")
			}
			bounded(&f, "options-"+n, strings.Join(options, ""), 2000, false)
		}
		if q.ID == "" || used[q.ID] || len(q.ID) > 20 || wrongLetters(q.ID, false) {
			for i := len(list) + 1; ; i++ {
				if q.ID = "q" + strconv.Itoa(i); !used[q.ID] && !slices.ContainsFunc(b.Questions, func(o Question) bool { return o.ID == q.ID }) {
					break
				}
			}
		}
		used[q.ID] = true
		list = append(list, q)
	}
	b.Questions = list
	switch {
	case b.Kind == Consent:
		if b.Questions = nil; b.Text == "" {
			f.Add("text", "field.intake.text")
		}
	case len(list) == 0:
		f.Add("label-1", "field.intake.questions")
	case len(list) > MostQuestions:
		f.AddWith("label-1", "field.intake.many", map[string]any{"Most": MostQuestions})
	}
	return f.Err()
}

// Answers are what a patient wrote, by the question's ID.
type Answers map[string]string

// answered cleans answers to this version: what belongs to no question is dropped. With all, questions that have to be answered are asked for.
// Fields are named "a-" and the question's ID.
func (b Body) answered(a Answers, all bool) (Answers, error) {
	var f fault.Fields
	out := Answers{}
	for _, q := range b.Questions {
		text, field := clean(a[q.ID]), "a-"+q.ID
		bounded(&f, field, text, mostAnswer, true)
		ok := true
		switch q.Kind {
		case Choice:
			ok = slices.Contains(q.Options, text)
		case YesNo:
			ok = text == "yes" || text == "no"
		case Date:
			ok = clock.Date(text).Valid()
		case Number:
			_, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
			ok = err == nil && len(text) <= 20
		}
		switch {
		case text == "" && q.Must && all:
			f.Add(field, "field.intake.answer")
		case text != "" && !ok:
			f.Add(field, "field.intake."+q.Kind)
		case text != "":
			out[q.ID] = text
		}
	}
	return out, f.Err()
}

func hexOf(hash []byte) string { return hex.EncodeToString(hash) }
