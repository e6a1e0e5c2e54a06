package archives

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"almirah/internal/fault"
)

// records reads the lines of a list as cells. A cell in quotes may hold the sign that parts cells, a quote that is written twice, and the ends of lines. Programs that
// write quotes without doubling them must not make one person of several: a quote where none can stand never joins lines.
type records struct {
	in    *bufio.Reader
	sign  rune // parts cells
	wide  int  // how many cells the line of titles has; 0 before it was read
	lines int  // read so far, as they stand in the file
}

// next is the next line; io.EOF behind the last one. fault.Invalid "file" names a line at which quotes open a cell that no line below closes as it should.
func (r *records) next() ([]string, error) {
	text, err := r.line()
	if err != nil {
		return nil, err
	}
	if out, fits := r.careful(text); fits {
		return out, nil
	}
	first := r.lines
	if _, open := r.careful(text + `"`); open { // of a cell that goes on in the next line only its last quote is missing
		var whole strings.Builder
		whole.WriteString(text)
		for odd := true; odd && whole.Len() <= mostColumns*mostCell; {
			line, err := r.line()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			whole.WriteString("\n" + line)
			odd = strings.Count(line, `"`)%2 == 0
		}
		if out, fits := r.careful(whole.String()); fits && !slices.ContainsFunc(out, func(cell string) bool { return len(cell) > mostCell }) {
			return out, nil
		}
	}
	if r.lines == first {
		return r.loose(text), nil
	}
	var f fault.Fields
	f.AddWith("file", "field.list.quote", map[string]any{"Number": first})
	return nil, f.Err()
}

// careful are the cells of a record whose quotes are as they should be (RFC 4180); false when they are not.
func (r *records) careful(text string) ([]string, bool) {
	if text == "" {
		return []string{""}, true
	}
	c := csv.NewReader(strings.NewReader(text))
	c.Comma = r.sign
	out, err := c.Read()
	return out, err == nil
}

// line is the next line as it stands in the file, without its end.
func (r *records) line() (string, error) {
	line, err := r.in.ReadString('\n')
	if line == "" || err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	r.lines++
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

// loose are the cells of a line whose quotes were written without care. It is taken as quoted cells with bare quotes in them where that makes as many cells as there are
// titles, or there are none yet; otherwise it is parted at every sign up to where its quotes are as they should be.
func (r *records) loose(line string) []string {
	sign := string(r.sign)
	var out []string
	for rest, more := line, true; more && len(out) <= mostColumns; { // more of them are refused anyway
		inner, quoted := strings.CutPrefix(rest, `"`)
		var cell string
		if cell, more = inner, false; quoted {
			if at := strings.Index(inner, `"`+sign); at >= 0 {
				cell, rest, more = inner[:at], inner[at+1+len(sign):], true
			} else if cell, quoted = strings.CutSuffix(inner, `"`); !quoted {
				cell = ""
			}
		}
		if quoted {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		} else {
			cell, rest, more = strings.Cut(rest, sign)
		}
		out = append(out, cell)
	}
	if r.wide == 0 || len(out) == r.wide {
		return out
	}
	out = nil
	for rest, more := line, true; more && len(out) <= mostColumns; {
		if done, fits := r.careful(rest); fits { // from here on with care
			return append(out, done...)
		}
		var cell string
		cell, rest, more = strings.Cut(rest, sign)
		if n := len(cell); n > 1 && cell[0] == '"' && strings.Index(cell[1:], `"`) == n-2 {
			cell = cell[1 : n-1]
		}
		out = append(out, cell)
	}
	return out
}
