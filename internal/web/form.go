package web

import (
	"errors"
	"slices"
	"strings"

	"almirah/internal/fault"
	"almirah/internal/patients"
	"almirah/internal/words"
)

// Field is one labelled input of a form, drawn by the template "field". Templates build it
// from the page: {{template "field" ((.Field "phone" "field.phone" .Form.Phone).Tel)}}.
type Field struct {
	ID, Name string
	Label    string // catalogue key
	Hint     string // catalogue key; empty: none
	HintText string // in the language of the page; used when Hint is empty
	Value    string
	Error    string // in the language of the page
	Kind     string // input type, or "textarea", "select"
	Auto     string // autocomplete token
	Mode     string // inputmode
	Must     bool   // has to be filled; others say "optional"
	Plain    bool   // does not say "optional"
	Narrow   bool
	Rows     int
	Max      int // characters; 0: the house's limit of 200
	Options  []Option
	Focus    bool
	Lang     string // of what is typed, where it is not the page's
}

// Option is one choice of a select.
type Option struct {
	Value string
	Label string // in the language of the page, or the clinic's own words
	On    bool
}

// Field makes a text input whose error, if any, is found among the page's problems.
func (s *Shell) Field(name, label, value string) Field {
	return Field{ID: "f-" + name, Name: name, Label: label, Value: value, Error: s.problem(name), Kind: "text", Max: 200}
}

// Trouble is what is wrong with a group of choices, in the language of the page; empty when nothing is.
func (s *Shell) Trouble(name string) string { return s.problem(name) }

func (s *Shell) problem(name string) string {
	for _, p := range s.Problems {
		if p.Field == name {
			return p.Message
		}
	}
	return ""
}

// The words below shape a field; each returns the changed copy, so that they chain.

// Needed marks the field as one that has to be filled.
func (f Field) Needed() Field { f.Must = true; return f }

// Unmarked leaves out the word "optional", for forms where every field is alike.
func (f Field) Unmarked() Field { f.Plain = true; return f }

// Help puts the sentence at key under the label.
func (f Field) Help(key string) Field { f.Hint = key; return f }

// HelpText is Help for a sentence that is already said.
func (f Field) HelpText(text string) Field { f.HintText = text; return f }

// Short makes the input narrow.
func (f Field) Short() Field { f.Narrow = true; return f }

// Fill names what a browser may fill in.
func (f Field) Fill(token string) Field { f.Auto = token; return f }

// As sets the input type.
func (f Field) As(kind string) Field { f.Kind = kind; return f }

// First puts the cursor here when the page opens.
func (f Field) First() Field { f.Focus = true; return f }

// Tel is for telephone numbers.
func (f Field) Tel() Field { f.Kind, f.Mode, f.Auto, f.Max = "tel", "tel", "tel", 32; return f }

// Mail is for e-mail addresses.
func (f Field) Mail() Field { f.Kind, f.Mode, f.Auto, f.Max = "email", "email", "email", 254; return f }

// Digits is for whole numbers.
func (f Field) Digits() Field { f.Mode, f.Narrow, f.Max = "numeric", true, 9; return f }

// Secret is for a password; auto is "current-password" or "new-password".
func (f Field) Secret(auto string) Field { f.Kind, f.Auto, f.Max = "password", auto, 200; return f }

// Code is for a code that an app shows, or a recovery code.
func (f Field) Code() Field {
	f.Auto, f.Mode, f.Max = "one-time-code", "text", 40
	return f
}

// Text is for free text of several lines.
func (f Field) Text(rows int) Field { f.Kind, f.Rows, f.Max = "textarea", rows, 2000; return f }

// Most is how many characters may be typed.
func (f Field) Most(n int) Field { f.Max = n; return f }

// In names the language of what is typed.
func (f Field) In(lang string) Field { f.Lang = lang; return f }

// Choose is a list to choose one of.
func (f Field) Choose(options []Option) Field { f.Kind, f.Options = "select", options; return f }

// On tells fields of one name apart that stand in several forms of a page.
func (f Field) On(suffix string) Field { f.ID += "-" + suffix; return f }

// Described lists the ids of the hint and the error that describe the input; empty when there is neither.
func (f Field) Described() string {
	var ids []string
	if f.Hint != "" || f.HintText != "" {
		ids = append(ids, f.ID+"-h")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-e")
	}
	return strings.Join(ids, " ")
}

// BirthField is a date of birth: three inputs called <Name>_day, <Name>_month and <Name>_year.
type BirthField struct {
	Name, Label, Hint string
	Day, Month, Year  string
	Error             string
	Must              bool
}

// Birth makes the three inputs of a date of birth. Its problem has the field name "birth".
func (s *Shell) Birth(label string, typed BirthTyped, must bool) BirthField {
	return BirthField{Name: "birth", Label: label, Hint: "field.birth.hint", Day: typed.Day, Month: typed.Month, Year: typed.Year,
		Error: s.problem("birth"), Must: must}
}

// BirthTyped is a date of birth as it was typed.
type BirthTyped struct{ Day, Month, Year string }

// Tick is one checkbox.
type Tick struct {
	ID, Name, Value string
	Label           string // in the language of the page
	Hint            string // in the language of the page
	On              bool
	Error           string
}

// Tick makes a checkbox; label and hint are already said.
func (s *Shell) Tick(name, value, label, hint string, on bool) Tick {
	id := "f-" + name
	if value != "" && value != "1" {
		id += "-" + value
	}
	return Tick{ID: id, Name: name, Value: value, Label: label, Hint: hint, On: on, Error: s.problem(name)}
}

// Only is for a checkbox that has its name to itself: the error summary finds it by the name.
func (t Tick) Only() Tick { t.ID = "f-" + t.Name; return t }

// Choices turns language-independent values into options: each label is the sentence at
// prefix + value, and the current one is marked.
func (s *Shell) Choices(prefix, current string, values ...string) []Option {
	out := make([]Option, 0, len(values))
	for _, v := range values {
		out = append(out, Option{Value: v, Label: s.Tongue.Say(prefix + v), On: v == current})
	}
	return out
}

// Kin are the relations of a guardian to choose from; "parent", which older records have, only where it stands.
func (s *Shell) Kin(current string) []Option {
	list := slices.DeleteFunc(slices.Clone(patients.Relations), func(r string) bool { return r == "parent" && current != r })
	return s.Choices("kin.", current, list...)
}

// Report takes a fault into the page: its sentence becomes the alert, its wrong fields the
// problems. What is no fault is reported as our own failure. It answers the status to send.
func (s *Shell) Report(err error) int {
	var f *fault.Fault
	if !errors.As(err, &f) {
		s.Alert = s.Tongue.Say("fault.internal")
		return 500
	}
	for _, x := range f.Fields {
		if s.problem(x.Name) != "" {
			continue // the number of a card stood there, which is said first
		}
		s.Problems = append(s.Problems, Problem{Field: x.Name, Message: s.Tongue.SayMap(x.Key, x.Args)})
	}
	if len(f.Fields) == 0 && (f.Key != keyCard || len(s.Problems) == 0) {
		s.Alert = s.Tongue.SayMap(f.Key, f.Args)
	}
	return StatusOf(f.Kind)
}

// StatusOf is the HTTP status of a kind of failure.
func StatusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return 422
	case fault.NotFound:
		return 404
	case fault.Conflict:
		return 409
	case fault.Unauthenticated:
		return 401
	case fault.Forbidden:
		return 403
	case fault.TooMany:
		return 429
	case fault.Unavailable:
		return 503
	}
	return 500
}

// languageOptions lists the languages of the house after the given first choices.
func languageOptions(current string, first ...Option) []Option {
	out := slices.Clone(first)
	for _, l := range words.Languages() {
		out = append(out, Option{Value: l.Code, Label: l.Name, On: l.Code == current})
	}
	return out
}

// LanguageOptions are the languages of the house, the current one marked.
func (s *Shell) LanguageOptions(current string) []Option { return languageOptions(current) }
