package document

import (
	"bytes"
	"embed"
	"encoding/binary"
	"fmt"
	"io/fs"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
)

// The fonts are fetched by npm and put here by go run ./internal/document/gen; without them the program can be built, and
// says so when a paper is asked for.
//
//go:embed all:fonts
var carried embed.FS

// families are the fonts, and the script that each is made for. The first one stands in for the rest.
var families = []struct {
	name   string
	script language.Script
}{
	{"NotoSans", language.Latin},
	{"NotoSansDevanagari", language.Devanagari},
	{"NotoSansTamil", language.Tamil},
	{"NotoSansArabic", language.Arabic},
}

// face is one font of one weight. Its outlines are shared by all papers; its caches are not.
type face struct {
	*font.Face
	name string
	data []byte
	n    int // its place in typeset.faces
}

// typeset is what shapes text: one goroutine at a time.
type typeset struct {
	faces  []*face // family by family, regular and bold
	shaper shaping.HarfbuzzShaper
}

// Press makes papers; it holds the fonts. It is for any number of goroutines.
type Press struct {
	once  sync.Once
	from  fs.FS
	fonts []*font.Font
	data  [][]byte
	err   error
	idle  sync.Pool
}

// ThePress is the press of this process. The fonts are read when the first paper is printed.
func ThePress() *Press { return shared }

var shared = &Press{from: carried}

func weights(family string) []string { return []string{family + "-Regular.ttf", family + "-Bold.ttf"} }

func (p *Press) read() {
	for _, f := range families {
		for _, name := range weights(f.name) {
			raw, err := fs.ReadFile(p.from, "fonts/"+name)
			if err != nil {
				p.err = ErrFonts
				return
			}
			one, err := font.ParseTTF(bytes.NewReader(raw))
			if err == nil {
				_, err = tables(raw)
			}
			if err != nil || one.Upem() != em {
				p.err = fmt.Errorf("%w (%s is not the font that was expected)", ErrFonts, name)
				return
			}
			p.fonts, p.data = append(p.fonts, one.Font), append(p.data, raw)
		}
	}
}

// take gives what shapes text to one paper.
func (p *Press) take() (*typeset, error) {
	p.once.Do(p.read)
	if p.err != nil {
		return nil, p.err
	}
	if set, ok := p.idle.Get().(*typeset); ok {
		return set, nil
	}
	set := &typeset{}
	for i, f := range p.fonts {
		set.faces = append(set.faces, &face{font.NewFace(f), weights(families[i/2].name)[i%2], p.data[i], i})
	}
	set.shaper.SetFontCacheSize(len(set.faces))
	return set, nil
}

func (p *Press) give(set *typeset) { p.idle.Put(set) }

// choose gives the font for a rune in a script: that of the script, else the first one that has the rune, else the
// first, which shows an empty box.
func (set *typeset) choose(script language.Script, r rune, bold bool) *face {
	weight := 0
	if bold {
		weight = 1
	}
	for i, f := range families {
		if f.script == script {
			if _, ok := set.faces[2*i+weight].NominalGlyph(r); ok {
				return set.faces[2*i+weight]
			}
		}
	}
	for i := range families {
		if _, ok := set.faces[2*i+weight].NominalGlyph(r); ok {
			return set.faces[2*i+weight]
		}
	}
	return set.faces[weight]
}

// tables finds the tables of a TrueType font.
func tables(b []byte) (map[string][]byte, error) {
	bad := fmt.Errorf("document: no TrueType font")
	if len(b) < 12 {
		return nil, bad
	}
	out := map[string][]byte{}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if len(b) < 12+16*n {
		return nil, bad
	}
	for i := range n {
		e := b[12+16*i:]
		off, size := uint64(binary.BigEndian.Uint32(e[8:])), uint64(binary.BigEndian.Uint32(e[12:]))
		if off+size > uint64(len(b)) {
			return nil, bad
		}
		out[string(e[:4])] = b[off : off+size]
	}
	for _, need := range []string{"head", "hhea", "maxp", "hmtx", "loca", "glyf"} {
		if len(out[need]) == 0 {
			return nil, bad
		}
	}
	return out, nil
}

// licence is the text under which the fonts are carried.
const licence = "fonts/OFL.txt"

// FontLicence is the licence of the fonts, which asks to go with them: for `almirah version --licences`. It fails with
// ErrFonts when the program carries none.
func FontLicence() (string, error) {
	raw, err := fs.ReadFile(carried, licence)
	if err != nil {
		return "", ErrFonts
	}
	return string(raw), nil
}
