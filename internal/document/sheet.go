package document

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"unicode"
)

// Sheet is a table that a spreadsheet opens: CSV in UTF-8 with a byte order mark, lines ended by CR LF, every cell a text,
// a number or empty, and never a formula. It is for one goroutine.
type Sheet struct {
	rows [][]string
}

// Value is what stands in one cell of a sheet.
type Value struct{ text string }

// Words is a cell of text. What a spreadsheet could take for a formula gets an apostrophe before it.
func Words(s string) Value { return Value{harmless(s)} }

// Amount is a cell with a sum of minor units, such as paise, of a currency that has so many decimals (0 to 4): Amount(-12050, 2)
// is -120.50. It is a number to a spreadsheet: no grouping, no currency sign.
func Amount(minor int64, decimals int) Value {
	decimals = max(0, min(4, decimals))
	digits, sign := strconv.FormatInt(minor, 10), ""
	if minor < 0 {
		sign, digits = "-", digits[1:]
	}
	if decimals == 0 {
		return Value{sign + digits}
	}
	if short := decimals + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	at := len(digits) - decimals
	return Value{sign + digits[:at] + "." + digits[at:]}
}

// Count is a cell with a whole number.
func Count(n int64) Value { return Value{strconv.FormatInt(n, 10)} }

// Head adds a row of titles.
func (s *Sheet) Head(titles ...string) {
	row := make([]Value, len(titles))
	for i, t := range titles {
		row[i] = Words(t)
	}
	s.Row(row...)
}

// Row adds a row.
func (s *Sheet) Row(cells ...Value) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = c.text
	}
	s.rows = append(s.rows, row)
}

// CSV writes the sheet.
func (s *Sheet) CSV() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, r := range s.rows {
		if len(r) == 0 { // an empty line is a line to readers, too
			r = []string{""}
		}
		_ = w.Write(r) // a buffer takes everything, and the comma is a comma
	}
	w.Flush()
	return b.Bytes()
}

// harmless makes a text one that no spreadsheet runs. A formula begins with = + - or @, in some programs also in their
// full-width forms, after blanks, or after signs that nobody sees; and programs that split lines by themselves see one
// after a line break, a tab or a semicolon. The first is cured by an apostrophe, which a spreadsheet shows as the sign that
// what follows is text; line breaks and tabs become blanks, so that every cell is one line.
func harmless(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || turner(r):
			return -1
		}
		return r
	}, s)
	for i, r := range s {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '\u3164' || r == '\u115f' || r == '\u1160' || r == '\uffa0' || r == '"' || r == '\'' && i > 0 {
			continue
		}
		if formula(r) {
			return "'" + s
		}
		break
	}
	return s
}

// formula says whether a spreadsheet may take a cell that begins with r for a formula.
func formula(r rune) bool {
	return strings.ContainsRune("=+-@|%＝＋－＠﹢﹣﹦﹫−∣｜％﹪", r)
}
