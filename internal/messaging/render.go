package messaging

import (
	"html"
	"slices"
	"strings"
	"unicode"

	"almirah/internal/words"
)

// Filled is a rendered message.
type Filled struct {
	Subject, Text, HTML string
	Fields              []string // variables that were used, in the order of the list
}

// fill puts the values into a template. A line all of whose variables are empty is left out: a
// clinic without an address does not print "Address:". Values keep to one line, so that a name
// cannot add lines of its own, and those that run against the language's direction are isolated.
//
// The HTML holds the same words and its links, escaped; no picture, no style from elsewhere and
// nothing that would tell whether it was opened (promise F8).
func fill(x Text, values map[string]string, t *words.Tongue, footer []string) Filled {
	var out Filled
	subject, _, _ := parse(x.Subject)
	for _, p := range subject {
		if p.variable == "" {
			out.Subject += p.text
			continue
		}
		out.Subject += oneLine(values[p.variable])
	}
	out.Subject = oneLine(out.Subject)

	var plain, rich []string
	for _, l := range strings.Split(x.Body, "\n") {
		pieces, _, _ := parse(l)
		var a, b strings.Builder
		holes, full := 0, 0
		for _, p := range pieces {
			if p.variable == "" {
				a.WriteString(p.text)
				b.WriteString(html.EscapeString(p.text))
				continue
			}
			holes++
			value := oneLine(values[p.variable])
			if value == "" {
				continue
			}
			full++
			if strings.HasSuffix(p.variable, "URL") {
				a.WriteString(value)
				b.WriteString(link(value))
				continue
			}
			a.WriteString(isolated(value, t.Dir()))
			b.WriteString(html.EscapeString(isolated(value, t.Dir())))
		}
		if holes > 0 && full == 0 {
			continue
		}
		plain, rich = append(plain, strings.TrimRight(a.String(), " ")), append(rich, b.String())
	}
	out.Text = strings.TrimSpace(strings.Join(plain, "\n"))
	var foot strings.Builder
	if len(footer) > 0 {
		out.Text += "\n\n-- \n" + strings.Join(footer, "\n")
		foot.WriteString("<hr>\n<p>")
		for i, f := range footer {
			if i > 0 {
				foot.WriteString("<br>\n")
			}
			foot.WriteString(linked(f))
		}
		foot.WriteString("</p>\n")
	}
	out.Text += "\n"
	out.HTML = page(out.Subject, rich, foot.String(), t)
	out.Fields = named(x)
	return out
}

// named are the variables of the text, in the order of the list.
func named(x Text) []string {
	used := map[string]bool{}
	for _, line := range append(strings.Split(x.Body, "\n"), x.Subject) {
		pieces, _, _ := parse(line)
		for _, p := range pieces {
			used[p.variable] = true
		}
	}
	return slices.DeleteFunc(Variables(), func(v string) bool { return !used[v] })
}

func page(title string, body []string, foot string, t *words.Tongue) string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"" + html.EscapeString(t.Lang()) + "\" dir=\"" + t.Dir() + "\">\n<head><meta charset=\"utf-8\"><title>" + html.EscapeString(title) + "</title></head>\n<body>\n")
	for _, paragraph := range paragraphs(body) {
		b.WriteString("<p>" + strings.Join(paragraph, "<br>\n") + "</p>\n")
	}
	b.WriteString(foot)
	b.WriteString("</body>\n</html>\n")
	return b.String()
}

// paragraphs groups lines that no blank line parts.
func paragraphs(body []string) [][]string {
	var out [][]string
	open := false
	for _, l := range body {
		if strings.TrimSpace(l) == "" {
			open = false
			continue
		}
		if !open {
			out, open = append(out, nil), true
		}
		out[len(out)-1] = append(out[len(out)-1], l)
	}
	return out
}

func link(address string) string {
	e := html.EscapeString(address)
	return `<a href="` + e + `">` + e + `</a>`
}

// linked escapes a line of the footer and makes an address in it a link.
func linked(s string) string {
	parts := strings.Split(s, " ")
	for i, p := range parts {
		if strings.HasPrefix(p, "https://") || strings.HasPrefix(p, "http://") {
			parts[i] = link(p)
		} else {
			parts[i] = html.EscapeString(p)
		}
	}
	return strings.Join(parts, " ")
}

// oneLine keeps a value from breaking out of its line or turning the text's direction.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == 0x2028 || r == 0x2029 || unicode.IsControl(r):
			return ' '
		case slices.Contains([]rune{0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069}, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

// isolated wraps what runs against the direction of the text around it.
func isolated(s, dir string) string {
	for _, r := range s {
		rtl := unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana)
		if rtl != (dir == "rtl") && (rtl || unicode.IsLetter(r) || r == '+') {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}
