package document

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
)

// hostile are texts that nobody should type, and that somebody will.
var hostile = []string{
	"", " ", "\n\n\n", "\t\t", "\r\n\r", "\x00\x01\x02\x7f\u0080\u009f", "\xff\xfe\xc0\xaf", "\xed\xa0\x80 half a pair", "\u202e\u202d\u202a\u202b\u202c", "\u2066\u2067\u2068\u2069\u2069\u2069",
	"\u200b\u200c\u200d\u2060\ufeff", "\u00ad\u034f\u061c\u180e", "\u2028\u2029\u0085\v\f", "😀👩🏽‍⚕️🏳️‍🌈", "\ufffe\uffff\U0010ffff\U000e0041", "\u0301\u0301\u0301", "\u094d\u094d\u093f", "\u0bcd\u0bc6\u0bbe", "\u064b\u0651\u0670",
	"A" + strings.Repeat("\u0301\u0489", 500), strings.Repeat("क्", 300) + "ष", strings.Repeat("((((", 200), strings.Repeat("([{", 100) + strings.Repeat("}])", 100), strings.Repeat("\u2067x", 200), strings.Repeat("اب12", 200),
	"ﷺﷲ", "กำ ပြည် ਪੰਜਾਬੀ 日本語", "\u0600\u0601١٢٣", "1-0-0 ١-٠-٠", "((((((\u202e))))))", "%%EOF endstream endobj >> ) ( \\ <", "<script>alert(1)</script>",
}

func FuzzText(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, i%5, uint16(37*i), i%2 == 0)
	}
	press := ThePress()
	f.Fuzz(func(t *testing.T, s string, lang int, width uint16, known bool) {
		if len(s) > 4000 {
			return
		}
		set, err := press.take()
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Language: []string{"en", "hi", "ta", "ar", "xx"}[uint(lang)%5], Created: made}
		span := Span{Text: s}
		if known {
			span.Language = o.Language
		}
		st := newSetting(set, o)
		room := float64(width%600) + 1
		lines := st.set([]Span{{Text: "[", Language: "en"}, span, {Text: "]", Language: "en"}}, st.plain(9), room, st.rtl)
		var got []rune
		for _, l := range lines {
			drawn := 0
			for i, c := range l.clusters {
				if c.start >= c.end || i > 0 && l.clusters[i-1].end != c.start {
					t.Fatalf("%+q: letters are lost between %d and %d", s, c.start, c.end)
				}
				if !c.mark {
					drawn++
				}
				got = append(got, l.runes[c.start:c.end]...)
			}
			if l.width > room+0.02 && drawn > 1 && l.clusters[0].advance <= room && !ends(l) {
				t.Fatalf("%+q: a line of %d letters is %.2f wide, %.2f are there", s, drawn, l.width, room)
			}
		}
		var want []rune
		for _, p := range paragraphs([]Span{{Text: "["}, span, {Text: "]"}}, 0) {
			want = append(want, p.runes...)
		}
		if plain(got) != plain(want) {
			t.Fatalf("%+q: set as %+q", s, plain(got))
		}
		if strings.ContainsFunc(string(got), func(r rune) bool { return turner(r) || unicode.IsControl(r) }) {
			t.Fatalf("%+q: a control sign is left", s)
		}
		press.give(set)
		p := press.New(o)
		p.Add(Header{Name: s, Lines: []string{s}, Note: []Span{span}}, Title{Text: s, Note: s}, Text{Spans: []Span{span, {Text: s, Bold: true}}, Align: End}, Facts{Columns: 2, Items: []Fact{{s, s, true}, {"x", s, false}}},
			Table{Columns: []Column{{Title: s}, {Title: "x", Align: End}}, Rows: []Row{{Cells: []Cell{{Text: s, Notes: []Span{span}}, {Text: s}}}}}, Signature{Name: s, Label: s, Lines: []string{s}})
		p.options.Foot, p.options.Title, p.options.Author = s, s, s
		raw, err := p.PDF()
		if err != nil {
			t.Fatalf("%+q: %v", s, err)
		}
		if !bytes.HasPrefix(raw, []byte("%PDF-1.7")) || !bytes.HasSuffix(raw, []byte("%%EOF\n")) {
			t.Fatalf("%+q: no PDF", s)
		}
	})
}

// ends says whether a line is too wide only by a cluster at whose place it could not end.
func ends(l line) bool {
	drawn := 0
	for _, c := range l.clusters {
		if !c.mark && c.advance > 0 {
			drawn++
		}
	}
	return drawn <= 1
}

// plain is what is left without blanks and marks of isolates.
func plain(runes []rune) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || marks(r) {
			return -1
		}
		return r
	}, string(runes))
}

// TestHostileTextsAreSet: whatever is typed, a paper comes out, that another program reads, in time.
func TestHostileTextsAreSet(t *testing.T) {
	t.Parallel()
	press := ThePress()
	n := 1
	if os.Getenv("ALMIRAH_SOAK") == "1" {
		n = 10
	}
	long := []string{strings.Repeat("Z", 100_000), strings.Repeat("क्षि", 3000*n), strings.Repeat("اب ", 3000*n), strings.Repeat("\u0301", 5000*n), strings.Repeat("\u2067", 3000*n) + "x", strings.Repeat("(", 10_000*n), strings.Repeat("\u200d", 3000*n), strings.Repeat("x\n", 2000*n)}
	p := press.New(Options{Created: made})
	for _, s := range hostile {
		p.Add(Text{Words: s}, Facts{Items: []Fact{{s, s, false}}})
	}
	poppler(t, printed(t, p), "pdftotext")
	for _, s := range long {
		begun := time.Now()
		p := press.New(Options{Size: A5, Created: made})
		p.Add(Text{Words: s}, Table{Columns: []Column{{}, {Share: 9}}, Rows: []Row{{Cells: []Cell{{Text: "x"}, {Text: s}}}}})
		raw := printed(t, p)
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("%.20q: took %v", s, took)
		}
		if len(raw) > 20<<20 {
			t.Errorf("%.20q: %d bytes", s, len(raw))
		}
	}
}

// TestATextWithoutAGlyphShowsABox: a picture of it is not empty.
func TestATextWithoutAGlyphShowsABox(t *testing.T) {
	t.Parallel()
	press := ThePress()
	for _, s := range []string{"😀", "日", "\x01", "\xff"} {
		p := press.New(Options{Created: made})
		p.Add(Text{Words: s, Size: 40})
		img := poppler(t, printed(t, p), "pdftoppm", "-gray", "-r", "20", "-singlefile")
		dark := false
		for _, b := range img[20:] {
			dark = dark || b < 200
		}
		if !dark {
			t.Errorf("%+q is not seen", s)
		}
	}
}
