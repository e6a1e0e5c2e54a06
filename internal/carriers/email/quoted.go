package email

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// How much of an answer is kept.
const (
	longest   = 20_000 // characters
	mostLines = 2_000
)

// text is what the person wrote: without what she quotes and without her signature. Where nothing
// is left, what she wrote into the subject of a mail of her own counts; some people write STOP there.
func (m *mailed) text() string {
	for _, s := range []string{m.plain, fromHTML(m.html)} {
		if out := unquoted(s); out != "" {
			return cut(out, longest)
		}
	}
	if answered.MatchString(m.subject) {
		return ""
	}
	return cut(oneWord(m.subject), 240)
}

var (
	// answered is a subject that is not the person's own.
	answered = regexp.MustCompile(`(?i)^\s*(re|aw|sv|vs|antw|res|rif|odp|fwd?|wg|tr|رد|उत्तर)\s*(\[\d+\])?\s*[:：]`)
	// wrote ends the line before a quotation, in the languages whose mail programs are in use here.
	wrote = regexp.MustCompile(`(?i)(wrote|writes|schrieb|geschrieben|a écrit|escribió|escreveu|ha scritto|schreef|napisał(\(a\))?|ने लिखा|எழுதியது|எழுதினார்|كتب|写道|のメッセージ|さんが書きました)[^\n]{0,120}[:：]$`)
	// opens begins such a line, when the program broke it in two or three.
	opens  = regexp.MustCompile(`^(On|Am|Le|El|Il|Op|Em|Em qua|W dniu|बुध|في|بتاريخ|Den|On\b.*) .*[0-9]`)
	number = regexp.MustCompile(`[0-9०-९௦-௯٠-٩]`)
	ruled  = regexp.MustCompile(`^\s*(-{3,}[^-].{0,60}[^-]-{3,}|_{10,}|\*{10,})\s*$`)
	field  = regexp.MustCompile(`^\s*\*?[\p{L}\p{M}][\p{L}\p{M} ’'-]{0,24}\*?\s?[:：]\s*\S`)
	origin = regexp.MustCompile(`(?i)^\s*\*?(from|von|de|da|van|od|från|प्रेषक|அனுப்புநர்|من|发件人)\*?\s?[:：]\s*.*(@|<|\[)`)
)

// unquoted leaves out quotations and the signature. What stands between and below lines that are
// quoted one by one is the person's own; what stands below a quotation in one piece is not.
func unquoted(s string) string {
	lines := strings.Split(s, "\n")
	var own []string
	for i := 0; i < len(lines); i++ {
		begins, ends := quotation(lines, i)
		if begins && ends < 0 {
			if strings.TrimSpace(strings.Join(own, "")) == "" {
				own = lines[i:] // the whole looks like a quotation: better too much than nothing
			}
			break
		}
		if begins {
			i = ends - 1
			continue
		}
		if own = append(own, lines[i]); len(own) >= mostLines {
			break
		}
	}
	return kept(own)
}

// quotation says whether line i begins a quotation. With lines that are quoted one by one, ends
// is the first of them; otherwise it is -1, and the rest is the quotation.
func quotation(lines []string, i int) (begins bool, ends int) {
	l := strings.TrimSpace(lines[i])
	if l == "" || len(l) > 400 { // no program writes such a line
		return false, 0
	}
	next := following(lines, i)
	switch {
	case l == "--", ruled.MatchString(l) && field.MatchString(next), origin.MatchString(l) && field.MatchString(next):
		return true, -1
	case colon(l) && strings.HasPrefix(next, ">") && (number.MatchString(l) || wrote.MatchString(l)), colon(l) && number.MatchString(l) && wrote.MatchString(l):
		return true, firstQuoted(lines, i)
	case opens.MatchString(l): // broken over two or three lines
		joined := l
		for j := i + 1; j < len(lines) && j <= i+2 && strings.TrimSpace(lines[j]) != ""; j++ {
			joined += " " + strings.TrimSpace(lines[j])
			if colon(joined) && len(joined) <= 400 && wrote.MatchString(joined) {
				return true, firstQuoted(lines, j)
			}
		}
	}
	return false, 0
}

// firstQuoted is the number of the next line that is not empty, when it is quoted and near; -1
// when not.
func firstQuoted(lines []string, i int) int {
	for end := min(len(lines), i+1+near); i+1 < end; {
		i++
		if l := strings.TrimSpace(lines[i]); l != "" {
			if l[0] == '>' {
				return i
			}
			return -1
		}
	}
	return -1
}

// colon says whether the line ends as lines before a quotation do, before anything dearer is asked.
func colon(l string) bool { return strings.HasSuffix(l, ":") || strings.HasSuffix(l, "：") }

// near is how many lines ahead are looked at: a mail of empty lines must not cost an hour.
const near = 6

// following is the next line that is not empty, when it is near.
func following(lines []string, i int) string {
	for _, l := range lines[i+1 : min(len(lines), i+1+near)] {
		if l = strings.TrimSpace(l); l != "" {
			return l
		}
	}
	return ""
}

// kept drops lines that are quoted one by one, and all but one of empty lines in a row.
func kept(lines []string) string {
	var out []string
	for _, l := range lines {
		if strings.HasPrefix(strings.TrimSpace(l), ">") {
			continue
		}
		l = strings.TrimRight(l, " \t")
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// fromHTML is the text of a page, as far as a person wrote it: nothing of scripts, styles or
// the title, and nothing from the place on where her mail program put the message that she answers.
func fromHTML(page string) string {
	var out strings.Builder
	skipped, written := "", false
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return tidy(out.String())
		}
		t := z.Token()
		switch {
		case skipped != "":
			if kind == html.EndTagToken && t.Data == skipped {
				skipped = ""
			}
		case kind == html.StartTagToken && (t.Data == "script" || t.Data == "style" || t.Data == "title"):
			skipped = t.Data
		case kind == html.StartTagToken && quotes(t) && written:
			return tidy(out.String())
		case kind == html.TextToken:
			out.WriteString(strings.ReplaceAll(strings.ReplaceAll(t.Data, "\r", " "), "\n", " "))
			written = written || strings.TrimSpace(t.Data) != ""
		case t.Data == "br", t.Data == "p", t.Data == "div", t.Data == "tr", t.Data == "li", t.Data == "h1", t.Data == "h2", t.Data == "h3", t.Data == "blockquote":
			out.WriteByte('\n')
		}
	}
}

// quotes says whether the element is where a mail program puts what is answered.
func quotes(t html.Token) bool {
	if t.Data == "blockquote" {
		return true
	}
	for _, a := range t.Attr {
		switch {
		case a.Key == "class" && (strings.Contains(a.Val, "gmail_quote") || strings.Contains(a.Val, "yahoo_quoted") || strings.Contains(a.Val, "moz-cite-prefix")),
			a.Key == "id" && (a.Val == "appendonsend" || a.Val == "divRplyFwdMsg" || a.Val == "reply-intro"):
			return true
		}
	}
	return false
}
