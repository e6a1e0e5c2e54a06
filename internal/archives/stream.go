package archives

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"almirah/internal/fault"
)

// What a list of appointments may be at most.
const (
	MostVisitList   = 16 << 20 // bytes
	mostVisitLines  = 50_000   // without the line of titles
	mostTypedLine   = 64 << 10 // bytes of one line as it was written
	peeked          = 4 << 10
	linesWrittenPer = 500 // how many lines one Change writes down
)

// eachLine reads a list as Lines does, line by line, so that a long one never stands in memory twice. Empty lines are passed over. fault.Invalid "file" says what is wrong.
func eachLine(r io.Reader, most int, do func(number int64, cells []string) error) (lines int64, err error) {
	in := bufio.NewReaderSize(&counted{r: r, left: MostVisitList}, mostTypedLine)
	head, _ := in.Peek(peeked) // a short list has less
	switch {
	case len(head) == 0:
		return 0, wrongFile("field.list.empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return 0, wrongFile("field.list.workbook")
	}
	var text io.Reader = &typed{in: in}
	if bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) {
		text = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(in)
	}
	buffer := bufio.NewReaderSize(text, mostTypedLine)
	first, _ := buffer.Peek(peeked)
	if bytes.HasPrefix(first, []byte("\ufeff")) {
		_, _ = buffer.Discard(len("\ufeff")) // it was peeked
		first = first[len("\ufeff"):]
	}
	c := records{in: buffer, sign: parted(string(first))}
	number := int64(0)
	for {
		rec, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errTooLarge) {
			return number, wrongFile("field.list.large_visits")
		}
		if fault.Is(err, fault.Invalid) {
			return number, err
		}
		if err != nil || len(rec) > mostColumns {
			return number, wrongFile("field.list.no_list")
		}
		line, some := make([]string, len(rec)), false
		for i, x := range rec {
			if len(x) > mostCell || strings.ContainsRune(x, 0) {
				return number, wrongFile("field.list.no_list")
			}
			line[i] = cleanCell(x)
			some = some || line[i] != ""
		}
		if !some {
			continue
		}
		if number > int64(most) {
			return number, wrongFile("field.list.lines_visits")
		}
		if number == 0 {
			c.wide = len(line)
		}
		if err := do(number, line); err != nil {
			return number, err
		}
		number++
	}
	if number < 2 {
		return number, wrongFile("field.list.empty")
	}
	return number - 1, nil
}

var errTooLarge = errors.New("archives: the list is too large")

// counted refuses more than it may read.
type counted struct {
	r    io.Reader
	left int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// typed is a text whose lines are UTF-8, or of the old Western code page where they are not: programs that write a list together out of several sources mix them.
type typed struct {
	in   *bufio.Reader
	rest []byte
}

func (t *typed) Read(p []byte) (int, error) {
	for len(t.rest) == 0 {
		line, err := t.in.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}
		if err != nil && !errors.Is(err, io.EOF) { // also a line that does not end
			return 0, err
		}
		if t.rest = line; !utf8.Valid(line) {
			if t.rest, err = charmap.Windows1252.NewDecoder().Bytes(line); err != nil {
				t.rest = bytes.ToValidUTF8(line, []byte("\ufffd"))
			}
		}
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}
