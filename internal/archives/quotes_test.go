package archives_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/fault"
	"almirah/internal/rig"
)

// TestOddBytesSpoilTheirLineAlone: one byte of the old code page in a list of UTF-8 leaves the other names as they are.
func TestOddBytesSpoilTheirLineAlone(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("र", 1000) + ","
	text := "\ufeffName,Phone\nआशा राव,1\nJos\xe9 \x93O\x94,2\nسارة,3\n" + strings.Repeat(long, 50) + "\n"
	lines, err := archives.Lines([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"Name|Phone", "आशा राव|1", "José “O”|2", "سارة|3"} {
		if got := strings.Join(lines[i], "|"); got != want {
			t.Errorf("line %d: %q, not %q", i, got, want)
		}
	}
	if len(lines) != 5 || lines[4][49] != strings.TrimSuffix(long, ",") {
		t.Errorf("%d lines, or the longest is not as it was", len(lines))
	}
}

// TestQuotesSwallowNobody: programs that write quotes without doubling them make no person of several; what is quoted as it should be is read as it was written.
func TestQuotesSwallowNobody(t *testing.T) {
	t.Parallel()
	rows := "\nAsha,1,x\n%\nRavi,3,z\nMina,4,w\n"
	for _, sign := range []string{",", ";"} {
		for _, end := range []string{"\n", "\r\n"} {
			for line, want := range map[string]string{
				`"Bunty" Sharma,2,y`:              `"Bunty" Sharma|2|y`,
				`"Bunty" Sharma,"2","y"`:          `"Bunty" Sharma|2|y`,
				`"Bunty" Sharma,2,"y,y"`:          `"Bunty" Sharma|2|y,y`,
				`"Sharma "Bunty" Rao","2","y,y"`:  `Sharma "Bunty" Rao|2|y,y`,
				`"Sharma ""Bunty""","2","y,y"`:    `Sharma "Bunty"|2|y,y`,
				`Sharma "Bunty",2,y`:              `Sharma "Bunty"|2|y`,
				`"Bunty" ,2,y`:                    `"Bunty"|2|y`,
				`"",2,`:                           `|2|`,
				"\"Bunty\nSharma\",2,\"y\n\n,y\"": `Bunty Sharma|2|y  ,y`,
			} {
				text := strings.NewReplacer(",", sign, "\n", end).Replace("Name,Phone,Note" + strings.Replace(rows, "%", line, 1))
				want = strings.ReplaceAll(want, ",", sign)
				for reader, read := range readers {
					lines, err := read(text)
					if err != nil {
						t.Errorf("%s: %q: %v", reader, text, err)
						continue
					}
					if len(lines) != 5 {
						t.Errorf("%s: %q: %d lines: %q", reader, text, len(lines), lines)
						continue
					}
					got := strings.Join(lines[2], "|")
					if sign == "," && end == "\n" && got != want || strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
						t.Errorf("%s: %q: %q, not %q", reader, text, got, want)
					}
				}
			}
		}
	}
	for text, line := range map[string]int{
		"Name,Phone\nAsha,1\n\"Bunty,2\nRavi,3\nMina,4\n":                          3, // never closed
		"Name,Phone\nAsha,1\n\n\"Bunty,2\nRavi,3\n\"Mina\",4\n":                    4, // closed where none can stand
		"Name,Phone\n\"Bunty,2\n" + strings.Repeat("Ravi,3\n", 900) + "Mina\",4\n": 2, // too far below
	} {
		for reader, read := range readers {
			_, err := read(text)
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != "file" || f.Fields[0].Key != "field.list.quote" || f.Fields[0].Args["Number"] != line {
				t.Errorf("%s: line %d opens quotes that nothing closes: %v", reader, line, err)
			}
		}
	}
	for reader, read := range readers { // the last line stands alone
		if lines, err := read("Name,Phone\nAsha,1\n\"Bunty,2"); err != nil || !slices.Equal(lines[2], []string{`"Bunty`, "2"}) {
			t.Errorf("%s: %q, %v", reader, lines, err)
		}
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		h.fill(t, 1)
		l := h.lookOver(t, "Name,Phone\nAsha One,96"+pad(1)+"\n\"Bunty\" Sharma,96"+pad(2)+"\nRavi Kumar,96"+pad(3)+"\nMina Das,96"+pad(4)+"\n")
		if l.Lines != 4 || l.Counts[archives.LineNew] != 4 {
			t.Errorf("%d lines: %v, %v", l.Lines, l.Counts, l.Wrong)
		}
		list, err := h.s.BringVisits(t.Context(), b.As(access.Owner), strings.NewReader("Patient,Mobile\n\"Bunty\" Sharma,2\nRavi,3\n"))
		if err != nil || h.looked(t, list).Lines != 2 {
			t.Errorf("appointments: %v", err)
		}
	})
}

// readers are both ways in which a list is read.
var readers = map[string]func(string) ([][]string, error){
	"patients": func(text string) ([][]string, error) { return archives.Lines([]byte(text)) },
	"appointments": func(text string) (out [][]string, err error) {
		err = archives.EachLine(bytes.NewReader([]byte(text)), func(cells []string) { out = append(out, cells) })
		return out, err
	},
}
