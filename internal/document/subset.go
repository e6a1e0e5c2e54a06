package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"
)

// used is what a paper shows of one font. Glyphs get new numbers in the order in which they appear, so that the font in
// the paper holds nothing else.
type used struct {
	face   *face
	number map[uint16]uint16 // the new number of a glyph of the font
	glyphs []uint16          // by new number
	text   [][]rune          // what a glyph stands for; nil when it stands for nothing by itself
	blank  map[uint16]int    // the width of each glyph that shows nothing
}

func newUsed(f *face) *used {
	return &used{face: f, number: map[uint16]uint16{0: 0}, glyphs: []uint16{0}, text: [][]rune{nil}, blank: map[uint16]int{}}
}

func (u *used) add(glyph uint16) uint16 {
	n, ok := u.number[glyph]
	if !ok {
		n = uint16(len(u.glyphs))
		u.number[glyph] = n
		u.glyphs, u.text = append(u.glyphs, glyph), append(u.text, nil)
	}
	return n
}

// nothing is the number, in no font, of a glyph without outline.
const nothing = 0xffff

// silent gives a glyph that shows nothing and stands for a letter, so many thousandths of an em wide: for a mark whose own
// glyph stands over its letter, where who reads the page by places would take it for a word of its own.
func (u *used) silent(letter rune, width int) uint16 {
	for n, g := range u.glyphs {
		if g == nothing && u.text[n][0] == letter && u.blank[uint16(n)] == width {
			return uint16(n)
		}
	}
	u.glyphs, u.text = append(u.glyphs, nothing), append(u.text, []rune{letter})
	n := uint16(len(u.glyphs) - 1)
	u.blank[n] = width
	return n
}

// stands says whether the glyph stands for these letters wherever it appears; the first use decides.
func (u *used) stands(glyph uint16, letters []rune) bool {
	n := u.add(glyph)
	if n == 0 {
		return false
	}
	if u.text[n] == nil {
		u.text[n] = append([]rune(nil), letters...)
		return true
	}
	return string(u.text[n]) == string(letters)
}

// The flags of a part of a composite glyph (the glyf table).
const (
	wordArguments = 1 << 0
	oneScale      = 1 << 3
	moreParts     = 1 << 5
	twoScales     = 1 << 6
	matrix        = 1 << 7
)

// parts calls change with the place of each glyph number in a composite glyph. It fails on a glyph that is cut short.
func parts(glyph []byte, change func(number []byte)) error {
	if len(glyph) < 10 || int16(binary.BigEndian.Uint16(glyph)) >= 0 {
		return nil
	}
	for p := 10; ; {
		if p+4 > len(glyph) {
			return fmt.Errorf("document: a glyph is cut short")
		}
		flags := binary.BigEndian.Uint16(glyph[p:])
		change(glyph[p+2 : p+4])
		p += 6
		if flags&wordArguments != 0 {
			p += 2
		}
		switch {
		case flags&oneScale != 0:
			p += 2
		case flags&twoScales != 0:
			p += 4
		case flags&matrix != 0:
			p += 8
		}
		if flags&moreParts == 0 {
			return nil
		}
	}
}

// subset writes a TrueType font of the used glyphs, and the width of each.
func (u *used) subset() (fontFile []byte, widths []int, err error) {
	tab, err := tables(u.face.data)
	if err != nil {
		return nil, nil, err
	}
	outlines := tab["glyf"]
	where := func(g int) int {
		if binary.BigEndian.Uint16(tab["head"][50:]) == 1 {
			return int(binary.BigEndian.Uint32(tab["loca"][4*g:]))
		}
		return 2 * int(binary.BigEndian.Uint16(tab["loca"][2*g:]))
	}
	count := int(binary.BigEndian.Uint16(tab["maxp"][4:]))
	metrics := int(binary.BigEndian.Uint16(tab["hhea"][34:]))
	var glyf, loca, hmtx bytes.Buffer
	put := func(b *bytes.Buffer, v any) { _ = binary.Write(b, binary.BigEndian, v) } // a buffer never fails
	for i := 0; i < len(u.glyphs); i++ {                                             // parts of composites are added on the way
		g := int(u.glyphs[i])
		if g == nothing {
			put(&loca, uint32(glyf.Len()))
			put(&hmtx, []uint16{uint16(u.blank[uint16(i)]), 0})
			widths = append(widths, u.blank[uint16(i)])
			continue
		}
		if g >= count {
			return nil, nil, fmt.Errorf("document: the font has no glyph %d", g)
		}
		one := append([]byte(nil), outlines[where(g):where(g+1)]...)
		err := parts(one, func(number []byte) {
			binary.BigEndian.PutUint16(number, u.add(binary.BigEndian.Uint16(number)))
		})
		if err != nil {
			return nil, nil, err
		}
		put(&loca, uint32(glyf.Len()))
		glyf.Write(one)
		for glyf.Len()%4 != 0 {
			glyf.WriteByte(0)
		}
		m := min(g, metrics-1)
		advance := binary.BigEndian.Uint16(tab["hmtx"][4*m:])
		bearing := tab["hmtx"][4*m+2 : 4*m+4]
		if g >= metrics {
			bearing = tab["hmtx"][4*metrics+2*(g-metrics):][:2]
		}
		put(&hmtx, advance)
		hmtx.Write(bearing)
		widths = append(widths, int(advance))
	}
	put(&loca, uint32(glyf.Len()))
	edit := func(name string, change func([]byte)) []byte {
		b := append([]byte(nil), tab[name]...)
		change(b)
		return b
	}
	out := map[string][]byte{
		"glyf": glyf.Bytes(), "loca": loca.Bytes(), "hmtx": hmtx.Bytes(),
		"head": edit("head", func(b []byte) { binary.BigEndian.PutUint16(b[50:], 1) }),
		"hhea": edit("hhea", func(b []byte) { binary.BigEndian.PutUint16(b[34:], uint16(len(u.glyphs))) }),
		"maxp": edit("maxp", func(b []byte) { binary.BigEndian.PutUint16(b[4:], uint16(len(u.glyphs))) }),
	}
	return assemble(out), widths, nil
}

// assemble writes the tables of a font as one file.
func assemble(tab map[string][]byte) []byte {
	names := make([]string, 0, len(tab))
	for n := range tab {
		names = append(names, n)
	}
	sort.Strings(names)
	power, log := 1, 0
	for power*2 <= len(names) {
		power, log = power*2, log+1
	}
	var head, body bytes.Buffer
	put := func(v any) { _ = binary.Write(&head, binary.BigEndian, v) }
	put(uint32(0x00010000))
	put([]uint16{uint16(len(names)), uint16(16 * power), uint16(log), uint16(16 * (len(names) - power))})
	base := 12 + 16*len(names)
	for _, n := range names {
		d := append([]byte(nil), tab[n]...)
		for len(d)%4 != 0 {
			d = append(d, 0)
		}
		sum := uint32(0)
		for i := 0; i < len(d); i += 4 {
			sum += binary.BigEndian.Uint32(d[i:])
		}
		head.WriteString(n)
		put([]uint32{sum, uint32(base + body.Len()), uint32(len(tab[n]))})
		body.Write(d)
	}
	return append(head.Bytes(), body.Bytes()...)
}
