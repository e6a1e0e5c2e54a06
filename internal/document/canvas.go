package document

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"

	"github.com/go-text/typesetting/shaping"
)

// canvas is one page while it is drawn. Its y runs down from the top edge, in points.
type canvas struct {
	set     *setting
	height  float64
	content bytes.Buffer
	colour  Colour // of filling, as far as the page was told
}

// num writes a number of points, to a thousandth.
func num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 3, 64)
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

func (c *canvas) fill(col Colour) {
	if c.colour == col {
		return
	}
	c.colour = col
	part := func(v uint8) string { return num(float64(v) / 255) }
	fmt.Fprintf(&c.content, "%s %s %s rg\n", part(col.R), part(col.G), part(col.B))
}

// box fills a rectangle whose upper left corner is at x, y.
func (c *canvas) box(x, y, w, h float64, col Colour) {
	c.fill(col)
	fmt.Fprintf(&c.content, "%s %s %s %s re f\n", num(x), num(c.height-y-h), num(w), num(h))
}

// picture draws the image with the number into a rectangle whose upper left corner is at x, y.
func (c *canvas) picture(n int, x, y, w, h float64) {
	fmt.Fprintf(&c.content, "q %s 0 0 %s %s %s cm /I%d Do Q\n", num(w), num(h), num(x), num(c.height-y-h), n)
}

// text draws a line with its baseline at y. x is its left end.
func (c *canvas) text(l *line, x, y float64) {
	order := visual(len(l.clusters), func(i int) uint8 { return l.clusters[i].level })
	if len(order) == 0 {
		return
	}
	c.content.WriteString("BT\n")
	w := &writer{canvas: c, y: c.height - y, x: x}
	for i := 0; i < len(order); {
		first := &l.clusters[order[i]]
		j := i + 1
		if first.level%2 == 0 && !first.space { // a word, in the order of reading
			for j < len(order) && l.clusters[order[j]].run == first.run && !l.clusters[order[j]].space && order[j] == order[j-1]+1 {
				j++
			}
		}
		w.word(l, order[i:j])
		i = j
	}
	w.flush()
	c.content.WriteString("ET\n")
}

// writer puts glyphs on the page, as few operators as it can.
type writer struct {
	*canvas
	x, y   float64 // the pen, in points
	at     float64 // where the page's own pen stands, when open
	lift   float64 // how high the glyphs in the open list stand
	run    *run
	used   *used
	list   bytes.Buffer
	hex    bool // the list ends inside a string
	opened bool
}

// word draws clusters of one run. What its glyphs do not say by themselves is said beside them, so that it can be copied.
func (w *writer) word(l *line, order []int) {
	first := &l.clusters[order[0]]
	if w.run != first.run {
		w.flush()
		w.run, w.used = first.run, w.set.use(first.run.face)
		w.fill(first.run.look.colour)
		fmt.Fprintf(&w.content, "/F%d %s Tf\n", first.run.face.n, num(first.run.look.size))
	}
	plain := true
	for _, i := range order {
		c := &l.clusters[i]
		if len(c.glyphs) != 1 || !w.used.stands(uint16(c.glyphs[0].GlyphID), l.runes[c.start:c.end]) {
			plain = false
		}
	}
	if !plain {
		w.flush()
		w.content.WriteString("/Span<</ActualText<FEFF")
		for _, i := range order {
			for _, u := range utf16.Encode(l.runes[l.clusters[i].start:l.clusters[i].end]) {
				fmt.Fprintf(&w.content, "%04X", u)
			}
		}
		w.content.WriteString(">>>BDC\n")
	}
	for _, i := range order {
		for _, g := range l.clusters[i].glyphs {
			w.glyph(g)
		}
	}
	if !plain {
		w.flush()
		w.content.WriteString("EMC\n")
	}
}

func (w *writer) glyph(g shaping.Glyph) {
	size := w.run.look.size
	unit := size / em / 64
	gx, lift := w.x+float64(g.XOffset)*unit, float64(g.YOffset)*unit
	if w.opened && lift != w.lift {
		w.flush()
	}
	if !w.opened {
		fmt.Fprintf(&w.content, "1 0 0 1 %s %s Tm\n[", num(gx), num(w.y+lift))
		w.opened, w.lift, w.at = true, lift, gx
	}
	if d := (gx - w.at) / size * em; d > 0.5 || d < -0.5 {
		if w.hex {
			w.list.WriteByte('>')
			w.hex = false
		}
		w.list.WriteString(strconv.Itoa(-round(d)))
		w.at += float64(round(d)) * size / em
	}
	if !w.hex {
		w.list.WriteByte('<')
		w.hex = true
	}
	fmt.Fprintf(&w.list, "%04X", w.used.add(uint16(g.GlyphID)))
	w.at += float64(w.run.face.HorizontalAdvance(g.GlyphID)) * size / em
	w.x += float64(g.Advance) * unit
}

func (w *writer) flush() {
	if !w.opened {
		return
	}
	if w.hex {
		w.list.WriteByte('>')
	}
	w.content.Write(w.list.Bytes())
	w.content.WriteString("]TJ\n")
	w.list.Reset()
	w.hex, w.opened = false, false
}

func round(v float64) int {
	if v < 0 {
		return -int(-v + 0.5)
	}
	return int(v + 0.5)
}
