package whatsapp

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/fault"
	"almirah/internal/messaging"
)

// The limits of a template, in characters (Meta's documentation, 2026); buttons are held to what
// free questions allow, so that the same words serve both.
const (
	maxTemplateName = 512
	maxHeader       = 60
	maxBody         = 1024
	maxFooter       = 60
)

var (
	templateName     = regexp.MustCompile(`^[a-z0-9_]+$`)
	templateLanguage = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2,3})?$`)
	variableName     = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	variableHole     = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)
	emptyRun         = regexp.MustCompile(`\n{3,}| {5,}|\t`)
)

// Check says whether Meta's rules for templates allow t, as a fault of kind Invalid that names
// each wrong field. That it passes does not mean that Meta approves it: people look at the words.
func Check(t Template) error {
	var wrong fault.Fields
	if !templateName.MatchString(t.Name) || len(t.Name) > maxTemplateName {
		wrong.Add("name", "field.whatsapp.template.name.invalid")
	}
	if !templateLanguage.MatchString(t.Language) {
		wrong.Add("language", "field.whatsapp.template.language.invalid")
	}
	if t.Use != messaging.Utility && t.Use != messaging.Marketing {
		wrong.Add("use", "field.whatsapp.template.use.invalid")
	}
	named := checkBody(&wrong, t)
	checkHeader(&wrong, t, named)
	if n := utf8.RuneCountInString(t.Footer); n > maxFooter {
		wrong.AddWith("footer", "field.whatsapp.template.footer.long", map[string]any{"Max": maxFooter})
	} else if strings.ContainsAny(t.Footer, "{}\n") {
		wrong.Add("footer", "field.whatsapp.template.footer.plain")
	}
	checkButtons(&wrong, t.Buttons)
	for _, v := range distinct(append(variables(t.Header), variables(t.Body)...)) {
		if strings.TrimSpace(t.Examples[v]) == "" && !wrong.Has("examples") {
			wrong.AddWith("examples", "field.whatsapp.template.examples.required", map[string]any{"Variable": v})
		}
	}
	return wrong.Err()
}

// checkBody answers whether the body's variables have names.
func checkBody(wrong *fault.Fields, t Template) (named bool) {
	body, names := t.Body, variables(t.Body)
	add := func(key string) {
		if !wrong.Has("body") {
			wrong.AddWith("body", "field.whatsapp.template.body."+key, map[string]any{"Max": maxBody})
		}
	}
	named = len(names) > 0 && !counted(names)
	switch {
	case strings.TrimSpace(body) == "":
		add("required")
	case utf8.RuneCountInString(body) > maxBody:
		add("long")
	case broken(body):
		add("braces")
	case !wellNamed(names):
		add("variables")
	case !named && !inOrder(names):
		add("order")
	case edge(body):
		add("edge")
	case side(body):
		add("side")
	case emptyRun.MatchString(body):
		add("empty")
	}
	return named
}

func checkHeader(wrong *fault.Fields, t Template, named bool) {
	names := variables(t.Header)
	switch {
	case t.Header == "":
	case strings.TrimSpace(t.Header) == "" || utf8.RuneCountInString(t.Header) > maxHeader:
		wrong.AddWith("header", "field.whatsapp.template.header.long", map[string]any{"Max": maxHeader})
	case broken(t.Header) || strings.Contains(t.Header, "\n"):
		wrong.Add("header", "field.whatsapp.template.header.plain")
	// One variable at the most, written like those of the body; where they are counted, each part counts anew.
	case len(names) > 1 || !wellNamed(names) || len(names) == 1 && (counted(names) == named && len(variables(t.Body)) > 0 || counted(names) && names[0] != "1"):
		wrong.Add("header", "field.whatsapp.template.header.variables")
	}
}

func checkButtons(wrong *fault.Fields, buttons []string) {
	if len(buttons) > maxRows {
		wrong.AddWith("buttons", "field.whatsapp.template.buttons.many", map[string]any{"Max": maxRows})
		return
	}
	for i, b := range buttons {
		n := utf8.RuneCountInString(b)
		switch {
		case strings.TrimSpace(b) == "" || n > maxTitle:
			wrong.AddWith("buttons", "field.whatsapp.template.buttons.long", map[string]any{"Max": maxTitle})
		case strings.ContainsAny(b, "{}\n"):
			wrong.Add("buttons", "field.whatsapp.template.buttons.plain")
		case slices.Contains(buttons[:i], b):
			wrong.Add("buttons", "field.whatsapp.template.buttons.twice")
		default:
			continue
		}
		return
	}
}

// variables are the names in the holes of a text, in their order, repeated where the text does.
func variables(s string) (out []string) {
	for _, m := range variableHole.FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	return out
}

func distinct(names []string) (out []string) {
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// counted says whether every variable is a number.
func counted(names []string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !digits(n, 1, 3) })
}

// wellNamed says whether the variables are all numbers or all names that Meta takes.
func wellNamed(names []string) bool {
	return counted(names) || !slices.ContainsFunc(names, func(n string) bool { return !variableName.MatchString(n) })
}

// inOrder says whether the variables are 1, 2, 3 ... as they first appear.
func inOrder(names []string) bool {
	for i, n := range distinct(names) {
		if n != strconv.Itoa(i+1) {
			return false
		}
	}
	return true
}

// broken says whether braces are left over once the holes are taken out.
func broken(s string) bool {
	rest := variableHole.ReplaceAllString(s, "")
	return strings.Contains(rest, "{{") || strings.Contains(rest, "}}")
}

// edge says whether the text begins or ends with a variable; a full stop after it does not count as text.
func edge(s string) bool {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) && r != '{' && r != '}' })
	return strings.HasPrefix(s, "{{") || strings.HasSuffix(s, "}}")
}

// side says whether two variables stand side by side.
func side(s string) bool {
	holes := variableHole.FindAllStringIndex(s, -1)
	for i := 1; i < len(holes); i++ {
		if strings.TrimSpace(s[holes[i-1][1]:holes[i][0]]) == "" {
			return true
		}
	}
	return false
}
