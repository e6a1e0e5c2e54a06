package document

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf16"
)

// file is a PDF while it is written: numbered objects and where each begins.
type file struct {
	bytes.Buffer
	at   []int
	pack *zlib.Writer // used again for every stream: making one costs more than packing
}

// object writes the object with the number, counted from 1; numbers are given out before, so that objects can name
// those that follow.
func (f *file) object(n int, body string) {
	for len(f.at) < n {
		f.at = append(f.at, 0)
	}
	f.at[n-1] = f.Len()
	fmt.Fprintf(f, "%d 0 obj\n%s\nendobj\n", n, body)
}

func (f *file) next() int {
	f.at = append(f.at, 0)
	return len(f.at)
}

// stream writes an object of bytes, packed.
func (f *file) stream(n int, dict string, raw []byte) {
	var z bytes.Buffer
	f.pack.Reset(&z)
	_, _ = f.pack.Write(raw) // a buffer takes everything
	_ = f.pack.Close()
	f.object(n, fmt.Sprintf("<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", dict, z.Len(), z.Bytes()))
}

// text16 is a text as PDF writes it outside pages.
func text16(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteString(">")
	return b.String()
}

// write puts the pages, and all that they use, into one file.
func (s *setting) write(pages []*canvas) ([]byte, error) {
	pack, err := zlib.NewWriterLevel(nil, zlib.BestCompression)
	if err != nil { // the level is one of zlib's own
		return nil, err
	}
	f := &file{pack: pack}
	f.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	catalog, tree, info, resources := f.next(), f.next(), f.next(), f.next()
	var kids, fonts, images strings.Builder
	for _, c := range pages {
		page, content := f.next(), f.next()
		fmt.Fprintf(&kids, "%d 0 R ", page)
		f.object(page, fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Contents %d 0 R/Resources %d 0 R>>", tree, num(s.sheet.width), num(c.height), content, resources))
		f.stream(content, "", c.content.Bytes())
	}
	for n, u := range s.used {
		if u == nil {
			continue
		}
		font, err := s.font(f, u)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&fonts, "/F%d %d 0 R", n, font)
	}
	for n, p := range s.pictures {
		fmt.Fprintf(&images, "/I%d %d 0 R", n, p.write(f))
	}
	o := s.options
	right := ""
	if s.rtl {
		right = "/ViewerPreferences<</Direction/R2L/DisplayDocTitle true>>"
	} else {
		right = "/ViewerPreferences<</DisplayDocTitle true>>"
	}
	f.object(resources, fmt.Sprintf("<</Font<<%s>>/XObject<<%s>>>>", fonts.String(), images.String()))
	f.object(catalog, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R/Lang%s%s>>", tree, text16(o.Language), right))
	f.object(tree, fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", strings.TrimSpace(kids.String()), len(pages)))
	about := "<</Producer(Almirah)"
	if o.Title != "" {
		about += "/Title" + text16(o.Title)
	}
	if o.Author != "" {
		about += "/Author" + text16(o.Author)
	}
	if !o.Created.IsZero() {
		about += "/CreationDate(" + o.Created.UTC().Format("D:20060102150405Z") + ")"
	}
	f.object(info, about+">>")
	id := sha256.Sum256(f.Bytes())
	start := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", len(f.at)+1)
	for _, at := range f.at {
		fmt.Fprintf(f, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(f, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%X><%X>]>>\nstartxref\n%d\n%%%%EOF\n", len(f.at)+1, catalog, info, id[:16], id[:16], start)
	return f.Bytes(), nil
}

// font writes one font with the glyphs that the paper uses, their widths, and the letters that they stand for.
func (s *setting) font(f *file, u *used) (int, error) {
	raw, widths, err := u.subset()
	if err != nil {
		return 0, err
	}
	tag := sha256.Sum256(raw)
	name := ""
	for _, b := range tag[:6] {
		name += string(rune('A' + b%26))
	}
	name += "+" + strings.TrimSuffix(u.face.name, ".ttf")
	top, cid, descriptor, program, letters := f.next(), f.next(), f.next(), f.next(), f.next()
	f.object(top, fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", name, cid, letters))
	var w strings.Builder
	for _, v := range widths {
		fmt.Fprintf(&w, "%d ", v)
	}
	f.object(cid, fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/FontDescriptor %d 0 R/DW 0/W[0[%s]]>>",
		name, descriptor, strings.TrimSpace(w.String())))
	weight := 80
	if u.face.n%2 == 1 {
		weight = 140
	}
	f.object(descriptor, fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[-1000 -700 3000 1400]/ItalicAngle 0/Ascent 1069/Descent -293/CapHeight 714/StemV %d/FontFile2 %d 0 R>>", name, weight, program))
	f.stream(program, fmt.Sprintf("/Length1 %d", len(raw)), raw)
	f.stream(letters, "", u.unicode())
	return top, nil
}

// unicode maps the numbers of glyphs to letters, for copying and searching.
func (u *used) unicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def/CMapName/Adobe-Identity-UCS def/CMapType 2 def 1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	var lines []string
	for n, letters := range u.text {
		if len(letters) == 0 {
			continue
		}
		l := fmt.Sprintf("<%04X><", n)
		for _, c := range utf16.Encode(letters) {
			l += fmt.Sprintf("%04X", c)
		}
		lines = append(lines, l+">")
	}
	for len(lines) > 0 { // at most a hundred in one list
		k := min(100, len(lines))
		fmt.Fprintf(&b, "%d beginbfchar\n%s\nendbfchar\n", k, strings.Join(lines[:k], "\n"))
		lines = lines[k:]
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end")
	return b.Bytes()
}
