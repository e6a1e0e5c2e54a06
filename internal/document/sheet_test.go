package document

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// number is what a spreadsheet reads as a number, whatever its first sign.
var number = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// running says whether a cell would be run: its first sign that is seen begins a formula.
func running(cell string) bool {
	if number.MatchString(cell) {
		return false
	}
	cell = strings.TrimLeft(cell, " \t\r\n\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\u3000\ufeff\"")
	r, _ := utf8.DecodeRuneInString(cell)
	return cell != "" && strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫−|%", r)
}

// sheetOf reads what a sheet wrote.
func sheetOf(t *testing.T, raw []byte) [][]string {
	t.Helper()
	body, ok := bytes.CutPrefix(raw, []byte("\ufeff"))
	if !ok {
		t.Fatal("the sheet does not say that it is UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(body))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestCellsAreNeverFormulas(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		"=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u3000=1", "\u200b=1", "\ufeff=1", "＝1", "＋1", "－1", "＠x", "\x00=1", "\x01\x02=1",
		`"=1"`, `"",=1`, "'=1", "-", "=", "−1+1", "﹦1", "|calc", "%0A=1", "=HYPERLINK(\"http://x\")", "=1\n=2", "x\n=1", "\u202e=1", "\u00ad=1", "\u3164=1", "-5", "+91 98450 12345", "\xff=1", "=" + strings.Repeat("x", 100_000),
	} {
		var s Sheet
		s.Head("a", evil)
		s.Row(Words(evil), Words("x"), Count(-3))
		raw := s.CSV()
		rows := sheetOf(t, raw)
		if len(rows) != 2 || len(rows[1]) != 3 {
			t.Fatalf("%+q has become %q", evil, rows)
		}
		for _, cell := range []string{rows[0][1], rows[1][0]} {
			if running(cell) {
				t.Errorf("%+.40q stands in the sheet as %+.40q", evil, cell)
			}
			if strings.ContainsAny(cell, "\r\n\t\x00") {
				t.Errorf("%+.40q holds a break: %+.40q", evil, cell)
			}
		}
		for _, line := range strings.FieldsFunc(string(raw), func(r rune) bool { return r == '\r' || r == '\n' }) {
			if running(strings.TrimPrefix(line, "\ufeff")) {
				t.Errorf("%+.40q: a line of the file begins like a formula: %+.40q", evil, line)
			}
		}
		if rows[1][2] != "-3" {
			t.Errorf("a number has become %q", rows[1][2])
		}
	}
}

func TestWhatIsHarmlessStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "Asha Marigold", "मीना शर्मा", "أحمد", "a=b", "3-0-1", "O'Brien", "'quoted'", `He said "yes", then; left`, "x@example.org", "12 Lake Road, Pune", "A+ve", "100%", "Anne-Marie"} {
		if got := Words(s).text; got != s {
			t.Errorf("%q has become %q", s, got)
		}
	}
	if got := Words("+91 98450 12345").text; got != "'+91 98450 12345" {
		t.Errorf("a telephone number is %q", got)
	}
}

func TestNumbersStayNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		got  Value
		want string
	}{
		{Amount(12050, 2), "120.50"}, {Amount(-12050, 2), "-120.50"}, {Amount(5, 2), "0.05"}, {Amount(-5, 2), "-0.05"}, {Amount(0, 2), "0.00"}, {Amount(500, 0), "500"}, {Amount(-500, 0), "-500"}, {Amount(1, 3), "0.001"},
		{Amount(-9223372036854775808, 2), "-92233720368547758.08"}, {Count(7), "7"}, {Count(-7), "-7"}, {Amount(7, -3), "7"},
	} {
		if c.got.text != c.want || !number.MatchString(c.got.text) {
			t.Errorf("%q, want %q", c.got.text, c.want)
		}
	}
}

func FuzzSheet(f *testing.F) {
	for _, s := range append([]string{"=1", "＝1", "\u200b=1", "\"\n=1"}, hostile...) {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var s Sheet
		s.Row(Words(a), Words(b))
		s.Row(Words(b))
		rows := sheetOf(t, s.CSV())
		if len(rows) > 2 {
			t.Fatalf("%+q and %+q have become %d rows", a, b, len(rows))
		}
		for _, r := range rows {
			for _, cell := range r {
				if running(cell) {
					t.Fatalf("%+q, %+q: the cell %+q", a, b, cell)
				}
			}
		}
	})
}
