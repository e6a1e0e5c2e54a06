package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Forms are the spellings in which a mark could stand among bytes: as it is, in lower and upper case, a number as people write it, and each of them in hexadecimal and in base64.
func Forms(mark string) map[string]string {
	spellings := map[string]string{"as it is": mark}
	if n, ok := national(mark); ok {
		half := len(n) / 2
		spellings = map[string]string{"national": n, "spaced": n[:half] + " " + n[half:], "dashed": n[:half] + "-" + n[half:]}
	} else if name, _, ok := strings.Cut(mark, "@"); ok {
		spellings["before the @"] = name
	}
	out := map[string]string{}
	for how, s := range spellings {
		out[how], out[how+", lower case"], out[how+", upper case"] = s, strings.ToLower(s), strings.ToUpper(s)
		for _, x := range []string{s, strings.ToLower(s), strings.ToUpper(s)} {
			out[how+", hex "+x] = hex.EncodeToString([]byte(x))
			out[how+", upper hex "+x] = strings.ToUpper(hex.EncodeToString([]byte(x)))
			for shift := range 3 { // base64 looks different at each of three offsets
				enc := base64.StdEncoding.EncodeToString(append(make([]byte, shift), x...))
				web := base64.URLEncoding.EncodeToString(append(make([]byte, shift), x...))
				from, to := (shift*8+5)/6, (shift+len(x))*8/6
				out[how+", base64 "+x+string(rune('0'+shift))], out[how+", web base64 "+x+string(rune('0'+shift))] = enc[from:to], web[from:to]
			}
		}
	}
	return out
}

// Hit is a mark that was found: which one it is, and in what spelling. It does not hold the mark.
type Hit struct{ What, How string }

// String is the hit as people read it.
func (h Hit) String() string { return h.What + ", " + h.How }

type needle struct {
	Hit
	form  []byte
	alone bool // digits, which count only where no digit stands beside them: a moment in microseconds is long enough to hold any number
}

// Search looks for marks in bytes.
type Search struct {
	byStart map[[6]byte][]needle
	begins  [1 << 16]bool
	longest int
}

// NewSearch makes a search for marks, by what they are called; raw ones are bytes that have no spelling, and are looked for as they are and in hexadecimal.
func NewSearch(marks map[string]string, raw map[string][]byte) *Search {
	s := &Search{byStart: map[[6]byte][]needle{}}
	for what, mark := range marks {
		if mark == "" {
			continue // not made yet
		}
		for how, form := range Forms(mark) {
			how, _, _ = strings.Cut(how, " "+mark)
			s.add(needle{Hit{what, plainHow(how)}, []byte(form), digits(form)})
		}
	}
	for what, b := range raw {
		if len(b) == 0 {
			continue
		}
		s.add(needle{Hit{what, "as it is"}, b, false})
		s.add(needle{Hit{what, "hex"}, []byte(hex.EncodeToString(b)), false})
	}
	return s
}

// plainHow leaves out of a spelling's name what was spelled: a finding names no mark.
func plainHow(how string) string {
	for _, kind := range []string{"upper hex", "hex", "web base64", "base64"} {
		if before, _, ok := strings.Cut(how, ", "+kind); ok {
			return before + ", " + kind
		}
	}
	return how
}

func digits(form string) bool {
	return strings.Trim(form, "0123456789") == ""
}

func (s *Search) add(n needle) {
	if len(n.form) < 6 {
		return // too short to be told from chance
	}
	k := [6]byte(n.form)
	s.byStart[k] = append(s.byStart[k], n)
	s.begins[int(k[0])<<8|int(k[1])] = true
	s.longest = max(s.longest, len(n.form))
}

// In says which marks stand in the bytes, each spelling once.
func (s *Search) In(b []byte) (out []Hit) {
	for i := 0; i+6 <= len(b); i++ {
		if !s.begins[int(b[i])<<8|int(b[i+1])] {
			continue
		}
		for _, n := range s.byStart[[6]byte(b[i:i+6])] {
			if !bytes.HasPrefix(b[i:], n.form) || slices.Contains(out, n.Hit) {
				continue
			}
			if end := i + len(n.form); n.alone && (i > 0 && digit(b[i-1]) && !coded(b[:i]) || end < len(b) && digit(b[end])) {
				continue
			}
			out = append(out, n.Hit)
		}
	}
	return out
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// coded says whether what ends here is the code of one of the countries, with the plus or the zeros before it, or a zero of its own.
func coded(before []byte) bool {
	for _, r := range ranges {
		if rest, ok := bytes.CutSuffix(before, []byte(r.code)); ok {
			if len(rest) == 0 || !digit(rest[len(rest)-1]) || bytes.HasSuffix(rest, []byte("00")) {
				return true
			}
		}
	}
	return len(before) == 1 && before[0] == '0' || len(before) > 1 && before[len(before)-1] == '0' && !digit(before[len(before)-2])
}

// piece is how much is read at once.
const piece = 1 << 20

// Through looks through everything that can be read, and says how much that was.
func (s *Search) Through(r io.Reader) (out []Hit, n int64, err error) {
	keep := s.longest + 4 // what a mark that stands across the edge of two pieces begins with, and what stands before it
	buffer := make([]byte, 0, piece+keep)
	for {
		got, err := io.ReadFull(r, buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+got]
		n += int64(got)
		for _, h := range s.In(buffer) {
			if !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return out, n, nil
		case err != nil:
			return out, n, err
		}
		tail := buffer[max(0, len(buffer)-keep):]
		buffer = append(buffer[:0], tail...)
	}
}

// Compare holds a person's copy of her data, in JSON, against the marks: which of hers are not in it, and which of somebody else's are. The error says that it is no JSON.
func Compare(text []byte, hers, others Marks) (missing, foreign []string, err error) {
	var held any
	if err := json.Unmarshal(text, &held); err != nil {
		return nil, nil, fmt.Errorf("canary: the copy cannot be read: %w", err)
	}
	text, err = json.Marshal(held) // every letter as it is, whatever escapes it came with
	if err != nil {
		return nil, nil, err
	}
	for what, mark := range hers.List() {
		if len(NewSearch(map[string]string{what: mark}, nil).In(text)) == 0 {
			missing = append(missing, what)
		}
	}
	for what, mark := range others.List() {
		if len(NewSearch(map[string]string{what: mark}, nil).In(text)) > 0 {
			foreign = append(foreign, what)
		}
	}
	slices.Sort(missing)
	slices.Sort(foreign)
	return missing, foreign, nil
}
