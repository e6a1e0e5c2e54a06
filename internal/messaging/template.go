package messaging

import (
	"slices"
	"strings"
	"unicode"

	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/words"
)

// Variables is the closed list of what a template may say about an appointment. None of them
// is about the patient's health: the service's name is there because a clinic may want it, and
// the check for health words looks at it.
func Variables() []string {
	return []string{"PatientName", "ClinicName", "ProviderName", "ServiceName", "When", "Zone", "Address", "ManageURL", "ClinicPhone", "ReviewURL", "BookURL", "PaperURL"}
}

// VariablesOf is what a text of the kind may say: everything of the list, but for the text that opens a conversation
// again, which is about no appointment.
func VariablesOf(k Kind) []string {
	if k.Talk() || k == SecurityTold {
		return []string{"PatientName", "ClinicName", "ClinicPhone"}
	}
	if k == TermsTold {
		return []string{"PatientName", "ClinicName", "ClinicPhone", "When", "ManageURL"}
	}
	if k == PrivacyLink || k == PrivacyTold {
		return []string{"PatientName", "ClinicName", "ClinicPhone", "ManageURL"}
	}
	if k == PaperReady {
		return []string{"PatientName", "ClinicName", "ClinicPhone", "PaperURL"}
	}
	return slices.DeleteFunc(Variables(), func(v string) bool { return v == "PaperURL" })
}

// Longest a template may be, in characters.
const (
	MaxSubject = 150
	MaxBody    = 4000
	maxPhone   = 1000 // Meta takes 1,024 with what is filled in, and each part of an SMS is paid for
)

// MaxBodyOn is the longest body of a text on the channel, in characters.
func MaxBodyOn(c Channel) int {
	if c == Email {
		return MaxBody
	}
	return maxPhone
}

// piece is a stretch of a template: text, or the name of a variable.
type piece struct{ text, variable string }

// parse cuts a template at its {{.Name}} variables. unknown holds what is no variable of the
// list; whole is false when a pair of braces is broken.
func parse(s string) (out []piece, unknown []string, whole bool) {
	for s != "" {
		before, after, found := strings.Cut(s, "{{")
		if before != "" {
			out = append(out, piece{text: before})
		}
		if !found {
			return out, unknown, !strings.Contains(before, "}}")
		}
		hole, rest, closed := strings.Cut(after, "}}")
		if !closed || strings.Contains(before, "}}") {
			return out, unknown, false
		}
		name := strings.TrimPrefix(strings.TrimSpace(hole), ".")
		if !strings.HasPrefix(strings.TrimSpace(hole), ".") || !slices.Contains(Variables(), name) {
			unknown = append(unknown, shortened(strings.TrimSpace(hole)))
		}
		out = append(out, piece{variable: name})
		s = rest
	}
	return out, unknown, true
}

func shortened(s string) string {
	r := []rune(s)
	if len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}

// Text is a template's own text: what a clinic writes, or the house's.
type Text struct{ Subject, Body string }

// house is the house's own text of the kind in the language.
func house(t *words.Tongue, k Kind, c Channel) Text {
	args := make([]any, 0, 2*len(Variables()))
	for _, v := range Variables() {
		args = append(args, v, "{{."+v+"}}")
	}
	// The catalogue isolates what runs the other way; a template isolates when it is filled.
	say := func(part string) string {
		return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(t.Say("message."+string(k)+"."+part, args...))
	}
	if c != Email { // short: each part of an SMS is paid for, and a telephone is small
		return Text{"", say("sms")}
	}
	return Text{say("subject"), say("body")}
}

// check finds every wrong field of a template at once. Only an e-mail has a subject.
func (x Text) check(k Kind, c Channel) error {
	var f fault.Fields
	for _, field := range []struct {
		name, text string
		most       int
		lines      bool
	}{{"subject", x.Subject, MaxSubject, false}, {"body", x.Body, MaxBodyOn(c), true}} {
		if field.name == "subject" && c != Email {
			continue
		}
		pieces, unknown, whole := parse(field.text)
		for _, p := range pieces {
			if slices.Contains(Variables(), p.variable) && !slices.Contains(VariablesOf(k), p.variable) {
				unknown = append(unknown, p.variable)
			}
		}
		switch {
		case strings.TrimSpace(field.text) == "":
			f.Add(field.name, "field.required")
		case len([]rune(field.text)) > field.most:
			f.AddWith(field.name, "field.template.long", map[string]any{"Most": field.most})
		case strings.ContainsFunc(field.text, func(r rune) bool { return unicode.IsControl(r) && (r != '\n' || !field.lines) }):
			f.Add(field.name, "field.template.characters")
		case !whole:
			f.Add(field.name, "field.template.braces")
		case len(unknown) > 0:
			f.AddWith(field.name, "field.template.unknown", map[string]any{"Name": unknown[0], "Known": strings.Join(VariablesOf(k), ", ")})
		}
	}
	return f.Err()
}

// clean is the text as it is kept: one kind of line break, no blanks at the ends, a subject only where there is one.
func (x Text) clean(c Channel) Text {
	tidy := func(s string) string {
		return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
	}
	if c != Email {
		x.Subject = ""
	}
	return Text{tidy(x.Subject), tidy(x.Body)}
}

// Warnings about a template that is allowed and may still not be what the clinic wants.
const (
	WarnHealth   = "health-words" // it seems to say something about somebody's health
	WarnNoManage = "no-manage-link"
	WarnNoLink   = "no-link" // a message that asks for something and gives no link to do it
)

// Warning is one such hint. Words are those that the health check noticed.
type Warning struct {
	Code  string
	Words []string
}

func (x Text) warnings(k Kind) []Warning {
	var out []Warning
	if found := contact.HealthWords(x.Subject+"\n"+x.Body, nil); len(found) > 0 {
		out = append(out, Warning{WarnHealth, found})
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(x.Body, n) })
	}
	switch {
	case k == PaperReady && !has("PaperURL"), k == Review && !has("ReviewURL"), (k == Missed || k == Recall) && !has("BookURL", "ManageURL"):
		out = append(out, Warning{Code: WarnNoLink})
	case (k == Booked || k == Moved || k == Reminder) && !has("ManageURL"):
		out = append(out, Warning{Code: WarnNoManage})
	}
	return out
}
