package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"almirah/internal/contact"
	"almirah/internal/promise"
)

// quiet is the night of the messages: nine in the evening to eight in the morning.
func quiet(t time.Time) bool { return t.Hour() >= 21 || t.Hour() < 8 }

// TestAMarkIsFoundHoweverItIsSpelled hides marks among other bytes, in the spellings that programs give them, and at every edge of what is read at once.
func TestAMarkIsFoundHoweverItIsSpelled(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "synthetic-gone")
	m := New(time.Date(2026, 11, 28, 5, 0, 0, 0, time.UTC), quiet)
	national, _ := national(m.Phone)
	for _, hidden := range []string{m.Name, strings.ToUpper(m.Email), m.Words, m.Phone, "0" + national, "00" + m.Phone[1:], national, national[:5] + " " + national[5:],
		hex.EncodeToString([]byte(m.Name)), base64.StdEncoding.EncodeToString([]byte("ab" + m.Words + "c")), base64.RawURLEncoding.EncodeToString([]byte("x" + m.Email))} {
		s := NewSearch(m.List(), nil)
		if got := s.In([]byte("before " + hidden + " after")); len(got) == 0 {
			t.Errorf("%q is not found", hidden)
		}
	}
	s := NewSearch(m.List(), map[string][]byte{"key": {1, 2, 3, 4, 5, 6, 7, 8}})
	for _, at := range []int{0, 10, piece - 3, piece, piece + s.longest - 2, piece + s.longest + 3, 2*piece + 5} {
		long := bytes.Repeat([]byte("abcdefghij"), 3*piece/10)
		copy(long[at:], m.Words)
		got, n, err := s.Through(iotest.HalfReader(bytes.NewReader(long)))
		if err != nil || n != int64(len(long)) || !slices.ContainsFunc(got, func(h Hit) bool { return h.What == "words" }) {
			t.Errorf("a mark at %d: %v of %d bytes, %v", at, got, n, err)
		}
		for _, h := range got {
			if strings.Contains(h.String(), m.Words) {
				t.Errorf("the finding %q holds the mark itself", h)
			}
		}
	}
	for _, other := range []string{"1" + national + "7", "9" + national, hex.EncodeToString([]byte{1, 2, 3, 4, 5, 6, 7}), Word()} {
		if got := s.In([]byte("x " + other + " y")); len(got) > 0 {
			t.Errorf("in %q is found %v", other, got)
		}
	}
	if got := s.In([]byte("x\x01\x02\x03\x04\x05\x06\x07\x08y")); len(got) != 1 || got[0].What != "key" {
		t.Errorf("the raw mark: %v", got)
	}
}

// TestACopyIsComparedWithTheMarks: a copy that lacks something of hers, or holds something of another's, is told from one that is right.
func TestACopyIsComparedWithTheMarks(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "synthetic-copy")
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	hers, others := New(now, quiet), New(now, quiet)
	right := `{"tables":{"patient":[{"name":"` + hers.Name + `","phone":"\u002b` + hers.Phone[1:] + `","email":"` + hers.Email + `"}],"appointment":[{"note":"` + hers.Words + `"}]}}`
	if missing, foreign, err := Compare([]byte(right), hers, others); err != nil || len(missing)+len(foreign) > 0 {
		t.Fatalf("a right copy: it lacks %v, holds %v of another's, %v", missing, foreign, err)
	}
	if missing, _, err := Compare([]byte(strings.Replace(right, hers.Words, "", 1)), hers, others); err != nil || !slices.Equal(missing, []string{"words"}) {
		t.Errorf("a copy without her words lacks %v, %v", missing, err)
	}
	if _, foreign, err := Compare([]byte(strings.Replace(right, hers.Words, hers.Words+" "+others.Email, 1)), hers, others); err != nil || !slices.Equal(foreign, []string{"email"}) {
		t.Errorf("a copy with somebody else's address holds %v, %v", foreign, err)
	}
	if _, _, err := Compare([]byte("<html>"), hers, others); err == nil {
		t.Error("a page is taken for a copy")
	}
}

// TestNobodyIsWoken: whatever the hour, the invented number is one that can be, of a place where it is day.
func TestNobodyIsWoken(t *testing.T) {
	t.Parallel()
	for _, month := range []time.Month{time.January, time.July} {
		for h := range 48 {
			now := time.Date(2027, month, 10, 0, 30*h, 0, 0, time.UTC)
			m := New(now, quiet)
			p, err := contact.ParsePhone(m.Phone, "IN")
			if err != nil || string(p) != m.Phone {
				t.Fatalf("at %s: %s is no number: %v", now.Format("15:04"), m.Phone, err)
			}
			zones := p.Zones()
			if len(zones) == 0 {
				t.Fatalf("%s belongs to no place", m.Phone)
			}
			for _, z := range zones {
				at, err := time.LoadLocation(z)
				if err != nil {
					t.Fatal(err)
				}
				if quiet(now.In(at)) {
					t.Errorf("at %s UTC it is night in %s, where %s may be", now.Format("15:04"), z, m.Phone)
				}
			}
		}
	}
}
