package sms

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// Category is the class in which a template was registered for India's DLT.
type Category string

// The categories. A clinic's confirmations and reminders are ServiceImplicit, what a patient
// asked for beyond her visit is ServiceExplicit. Transactional is for banks' one-time passwords.
const (
	Transactional   Category = "transactional"
	ServiceImplicit Category = "service-implicit"
	ServiceExplicit Category = "service-explicit"
	Promotional     Category = "promotional"
)

// MaxVariable is how long one variable of a registered text may be, in characters. Operators say
// 30 or 40; what is longer is dropped on the way, after it was paid for.
const MaxVariable = 40

// hole is where a registered text has a variable.
const hole = "{#var#}"

// Registered is a text as the telecom operators' register has it. Every SMS to India must be one
// of these, character by character.
type Registered struct {
	TemplateID string // 19 digits
	EntityID   string // of the clinic as principal entity, 19 digits
	Header     string // six letters, or six digits where it is promotional
	Category   Category
	Body       string // with {#var#} where something is filled in
}

// Validate says, field by field, what is missing or wrong, as a fault of kind Invalid. It asks nobody.
func (r Registered) Validate() error {
	var wrong fault.Fields
	if !dltID.MatchString(r.TemplateID) {
		wrong.Add("template_id", "field.dlt.template_id.invalid")
	}
	if !dltID.MatchString(r.EntityID) {
		wrong.Add("entity_id", "field.dlt.entity_id.invalid")
	}
	if !dltHeader.MatchString(r.Header) {
		wrong.Add("header", "field.dlt.header.invalid")
	}
	if !slices.Contains([]Category{Transactional, ServiceImplicit, ServiceExplicit, Promotional}, r.Category) {
		wrong.Add("category", "field.dlt.category.invalid")
	}
	rest := strings.ReplaceAll(r.Body, hole, "")
	switch {
	case strings.TrimSpace(rest) == "" || !utf8.ValidString(r.Body) || utf8.RuneCountInString(r.Body) > 2000:
		wrong.Add("body", "field.dlt.body.invalid")
	case strings.Contains(rest, "{#") || strings.Contains(rest, "#}"): // {#Var#}, {# var #}: the register knows one spelling
		wrong.Add("body", "field.dlt.body.variable")
	}
	return wrong.Err()
}

// Fill puts the values into the text, in their order. ok is false when there are too many or too
// few, one is longer than MaxVariable, or something is not UTF-8.
func (r Registered) Fill(values []string) (text string, ok bool) {
	pieces := strings.Split(r.Body, hole)
	if len(pieces) != len(values)+1 || !utf8.ValidString(r.Body) {
		return "", false
	}
	var b strings.Builder
	for i, piece := range pieces {
		b.WriteString(piece)
		if i < len(values) {
			if utf8.RuneCountInString(values[i]) > MaxVariable || !utf8.ValidString(values[i]) {
				return "", false
			}
			b.WriteString(values[i])
		}
	}
	return b.String(), true
}

// Matches says whether the text is the registered one: the same character by character, blanks
// included, with at most MaxVariable characters for each variable. Variables that stand beside
// each other share what stands there.
func (r Registered) Matches(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	have := []rune(text)
	// at[i] says that the pieces so far can end before character i. Every way of sharing out the
	// text is followed at once, so that no text takes long to refuse.
	at := make([]bool, len(have)+1)
	at[0] = true
	for i, piece := range strings.Split(r.Body, hole) {
		if i > 0 {
			next := make([]bool, len(have)+1)
			last := -MaxVariable - 1
			for j := range next {
				if at[j] {
					last = j
				}
				next[j] = j-last <= MaxVariable
			}
			at = next
		}
		want := []rune(piece)
		if len(want) == 0 {
			continue
		}
		next := make([]bool, len(have)+1)
		for j := range have {
			if at[j] && len(have)-j >= len(want) && slices.Equal(have[j:j+len(want)], want) {
				next[j+len(want)] = true
			}
		}
		at = next
	}
	return at[len(have)]
}

// India's one zone, without summer time since 1945.
func india() *time.Location { return time.FixedZone("IST", 5*3600+1800) }

// Promotions may reach people in India from ten in the morning to nine in the evening.
const (
	promotionFrom  = 10
	promotionUntil = 21
)

// Promotion says whether a message of the category may go out at that moment; when not, wait is
// how long until it may. Only Promotional is bound to hours.
func Promotion(c Category, at time.Time) (wait time.Duration, may bool) {
	if c != Promotional {
		return 0, true
	}
	there := at.In(india())
	if h := there.Hour(); h >= promotionFrom && h < promotionUntil {
		return 0, true
	}
	open := time.Date(there.Year(), there.Month(), there.Day(), promotionFrom, 0, 0, 0, there.Location())
	if !there.Before(open) {
		open = open.AddDate(0, 0, 1)
	}
	return open.Sub(there), false
}

// Verdict says what would become of the text at that moment: Accepted, Refused with the code
// "dlt_text", or Later with the code "dlt_hours" and how long to wait. It sends nothing.
func (r Registered) Verdict(text string, at time.Time) messaging.Receipt {
	if !r.Matches(text) {
		return messaging.Receipt{Outcome: messaging.Refused, Code: "dlt_text"}
	}
	if wait, may := Promotion(r.Category, at); !may {
		return messaging.Receipt{Outcome: messaging.Later, Code: "dlt_hours", Wait: wait}
	}
	return messaging.Receipt{Outcome: messaging.Accepted}
}
