package document

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"testing/fstest"

	qr "github.com/piglig/go-qr"
)

// pagesOf is the text of each page.
func pagesOf(t *testing.T, raw []byte) []string {
	t.Helper()
	all := strings.Split(strings.TrimSuffix(string(poppler(t, raw, "pdftotext", "-layout")), "\f"), "\f")
	for i := range all {
		all[i] = strings.Join(strings.Fields(turns.Replace(all[i])), " ")
	}
	return all
}

func TestTableGoesOnWithItsHead(t *testing.T) {
	t.Parallel()
	p := paper(ThePress(), "en")
	table := Table{Columns: []Column{{Title: "Medicine", Share: 3}, {Title: "Amount", Share: 1, Align: End}}}
	for i := range 70 {
		table.Rows = append(table.Rows, Row{Cells: []Cell{{Text: fmt.Sprintf("row%02d-a", i), Notes: []Span{{Text: fmt.Sprintf("row%02d-b", i)}}}, {Text: fmt.Sprintf("row%02d-c", i)}}})
	}
	p.Add(Title{Text: "Long"}, table, Text{Words: "The end"})
	pages := pagesOf(t, printed(t, p))
	if len(pages) < 3 {
		t.Fatalf("%d pages, want 3 at least", len(pages))
	}
	all := strings.Join(pages, " ")
	for i := range 70 {
		for _, part := range "abc" {
			if want := fmt.Sprintf("row%02d-%c", i, part); strings.Count(all, want) != 1 {
				t.Errorf("%s is there %d times", want, strings.Count(all, want))
			}
		}
	}
	for n, page := range pages {
		if strings.Count(page, "Medicine") != 1 || !strings.Contains(page, fmt.Sprintf("Page %d of %d", n+1, len(pages))) {
			t.Errorf("page %d has no head or no number: %.200s", n+1, page)
		}
		for i := range 70 { // a row is whole on its page
			a, b, c := strings.Contains(page, fmt.Sprintf("row%02d-a", i)), strings.Contains(page, fmt.Sprintf("row%02d-b", i)), strings.Contains(page, fmt.Sprintf("row%02d-c", i))
			if a != b || b != c {
				t.Errorf("row %d is divided between pages", i)
			}
		}
	}
}

func TestARowHigherThanAPageIsDivided(t *testing.T) {
	t.Parallel()
	var words strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&words, "word%04d ", i)
	}
	for _, blocks := range [][]Block{
		{Table{Columns: []Column{{Title: "Note"}, {Title: "Other"}}, Rows: []Row{{Cells: []Cell{{Text: words.String()}, {Text: "x"}}}}}},
		{Facts{Items: []Fact{{"Note", words.String(), false}}}},
		{Together{Text{Words: words.String()}, Text{Words: "x"}}},
		{Beside{Near: []Block{Text{Words: words.String()}}, Far: []Block{Text{Words: "x"}}}},
		{Title{Text: words.String(), Note: "x"}},
		{Signature{Name: words.String()}},
		{Header{Name: words.String(), Logo: logo(t), Note: []Span{{Text: "x"}}}},
	} {
		p := paper(ThePress(), "en")
		p.options.Size = A5
		p.Add(blocks...)
		raw := printed(t, p)
		pages := pagesOf(t, raw)
		all := strings.Join(pages, " ")
		for i := range 1500 {
			if want := fmt.Sprintf("word%04d", i); strings.Count(all, want) != 1 {
				t.Fatalf("%T: %s is there %d times on %d pages", blocks[0], want, strings.Count(all, want), len(pages))
			}
		}
		if len(pages) < 2 {
			t.Errorf("%T: %d pages", blocks[0], len(pages))
		}
	}
}

func TestWhatBelongsTogetherStaysTogether(t *testing.T) {
	t.Parallel()
	for n := 36; n < 50; n++ { // wherever the page ends
		p := paper(ThePress(), "en")
		for i := range n {
			p.Add(Text{Words: fmt.Sprintf("line %d", i)})
		}
		p.Add(Title{Text: "HEADING", Small: true}, Text{Words: strings.Repeat("paragraph ", 60)}, Together{Text{Words: "FIRST"}, Space(40), Text{Words: "LAST"}})
		for _, page := range pagesOf(t, printed(t, p)) {
			if strings.Contains(page, "HEADING") != strings.Contains(page, "HEADING paragraph") || strings.Contains(page, "FIRST") != strings.Contains(page, "LAST") {
				t.Fatalf("after %d lines: %s", n, page)
			}
		}
	}
}

func TestBreaksAndSlips(t *testing.T) {
	t.Parallel()
	p := paper(ThePress(), "en")
	p.Add(Break{}, Text{Words: "one"}, Break{}, Break{}, Text{Words: "two"}, Break{})
	if pages := pagesOf(t, printed(t, p)); len(pages) != 2 || !strings.Contains(pages[1], "two") {
		t.Errorf("pages: %q", pages)
	}
	slip := paper(ThePress(), "en")
	slip.options.Size = Slip
	slip.Add(Text{Words: "one"}, Break{}, Text{Words: "two"})
	raw := printed(t, slip)
	if pages := pagesOf(t, raw); len(pages) != 1 || strings.Contains(pages[0], "Page") {
		t.Errorf("a slip has pages: %q", pages)
	}
	if !bytes.Contains(raw, []byte("/MediaBox[0 0 226.772 113.386]")) {
		t.Error("a short slip is not 80 by 40 mm")
	}
	for i := range 1500 {
		slip.Add(Text{Words: fmt.Sprint(i)})
	}
	if pages := pagesOf(t, printed(t, slip)); len(pages) != 2 {
		t.Errorf("a very long slip has %d pages", len(pages))
	}
	empty := paper(ThePress(), "en")
	if pages := pagesOf(t, printed(t, empty)); len(pages) != 1 {
		t.Errorf("an empty paper has %d pages", len(pages))
	}
}

func TestPicturesAreMadeAnew(t *testing.T) {
	t.Parallel()
	press := ThePress()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 900, 600)), nil); err != nil {
		t.Fatal(err)
	}
	raw := photo.Bytes()
	secret := "EXIF taken by a person in Pune"
	marked := append(append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(secret) + 2)}, secret...), raw[2:]...)
	p := paper(press, "en")
	p.Add(Picture{Data: marked, Width: 100}, Picture{Data: logo(t), Width: 30, Align: End})
	out := printed(t, p)
	if bytes.Contains(out, []byte("EXIF")) {
		t.Error("what a camera wrote into the picture is in the paper")
	}
	if len(out) > 20_000 {
		t.Errorf("a picture is not made smaller: %d bytes", len(out))
	}
	if list := string(poppler(t, out, "pdfimages", "-list")); strings.Count(list, " image  ") != 4 || strings.Count(list, "smask") != 1 {
		t.Errorf("pictures: %q", list)
	}
	for what, data := range map[string][]byte{
		"text": []byte("<svg onload=alert(1)>"), "a cut picture": raw[:200], "nothing but a head": []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x06\x00\x00\x00\x00\x00\x00\x00"), "none": {},
	} {
		p := paper(press, "en")
		p.Add(Picture{Data: data, Width: 100})
		if _, err := p.PDF(); !errors.Is(err, ErrPicture) {
			t.Errorf("%s as a picture: %v", what, err)
		}
	}
}

func TestCodesAreRead(t *testing.T) {
	t.Parallel()
	text := "https://sunrise.example.com/v/7Q2K9?x=" + strings.Repeat("k", 60)
	p := paper(ThePress(), "en")
	p.Add(QR{Text: text, Side: 120, Caption: "Scan"})
	img, _, err := image.Decode(bytes.NewReader(poppler(t, printed(t, p), "pdftoppm", "-png", "-r", "150", "-x", "100", "-y", "75", "-W", "260", "-H", "260")))
	if err != nil {
		t.Fatal(err)
	}
	got, err := qr.Decode(img)
	if err != nil || got != text {
		t.Errorf("the code says %+v, %v", got, err)
	}
	for _, bad := range []string{"", strings.Repeat("x", 1001)} {
		p := paper(ThePress(), "en")
		p.Add(QR{Text: bad})
		if _, err := p.PDF(); !errors.Is(err, ErrCode) {
			t.Errorf("a code of %d letters: %v", len(bad), err)
		}
	}
}

func TestThePressServesManyAtOnce(t *testing.T) {
	t.Parallel()
	press := ThePress()
	want := printed(t, prescription(t, press, "ar", A4, 6))
	done := make(chan error)
	for range 8 {
		p := prescription(t, press, "ar", A4, 6)
		go func() {
			raw, err := p.PDF()
			if err == nil && !bytes.Equal(raw, want) {
				err = errors.New("other bytes")
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestWithoutFontsAPaperSaysWhatToRun: a program that was built without them does not fail before it is asked for a paper.
func TestWithoutFontsAPaperSaysWhatToRun(t *testing.T) {
	t.Parallel()
	for _, from := range []fstest.MapFS{{}, {"fonts/NotoSans-Regular.ttf": {Data: []byte("no font")}}} {
		press := &Press{from: from}
		for range 2 {
			if _, err := paper(press, "en").PDF(); !errors.Is(err, ErrFonts) || !strings.Contains(err.Error(), "make build") {
				t.Errorf("without fonts: %v", err)
			}
		}
	}
}

// TestTheLicenceOfTheFontsGoesAlong: it asks for that, with the names of those whose fonts they are.
func TestTheLicenceOfTheFontsGoesAlong(t *testing.T) {
	t.Parallel()
	text, err := FontLicence()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NotoSans: Copyright", "NotoSansDevanagari: Copyright", "NotoSansTamil: Copyright", "NotoSansArabic: Copyright", "SIL OPEN FONT LICENSE Version 1.1", "PERMISSION & CONDITIONS", "DISCLAIMER"} {
		if !strings.Contains(text, want) {
			t.Errorf("the licence lacks %q", want)
		}
	}
}
