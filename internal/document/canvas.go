package document

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-text/typesetting/shaping"
	"golang.org/x/text/unicode/bidi"
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

// text draws a line with its baseline at y. x is its left end. Letters stand in the file in the order in which they are
// seen, from the left, as readers of PDF expect; they turn round by themselves what is written from the right.
func (c *canvas) text(l *line, x, y float64) {
	order := visual(len(l.clusters), func(i int) uint8 { return l.clusters[i].level })
	order = slices.DeleteFunc(order, func(i int) bool { return l.clusters[i].mark })
	if len(order) == 0 {
		return
	}
	c.content.WriteString("BT\n")
	w := &writer{canvas: c, y: c.height - y, x: x}
	for i := 0; i < len(order); {
		first := &l.clusters[order[i]]
		back := first.level%2 == 1
		if i > 0 {
			w.border(l, &l.clusters[order[i-1]], first)
		}
		j := i + 1
		if !back && !first.space { // a word, in the order of reading
			for j < len(order) && l.clusters[order[j]].run == first.run && !l.clusters[order[j]].space && order[j] == order[j-1]+1 {
				j++
			}
		}
		w.begin(first.run)
		if back {
			w.turned(l, first)
		} else {
			w.word(l, order[i:j])
		}
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

// begin makes the run the one that is written in.
func (w *writer) begin(r *run) {
	if w.run == r {
		return
	}
	w.flush()
	w.run, w.used = r, w.set.use(r.face)
	w.fill(r.look.colour)
	fmt.Fprintf(&w.content, "/F%d %s Tf\n", r.face.n, num(r.look.size))
}

// word draws clusters of one run. What its glyphs do not say by themselves is said beside them, so that it can be copied.
func (w *writer) word(l *line, order []int) {
	plain := true
	var letters []rune
	for _, i := range order {
		c := &l.clusters[i]
		letters = append(letters, l.runes[c.start:c.end]...)
		if len(c.glyphs) != 1 || !w.used.stands(uint16(c.glyphs[0].GlyphID), l.runes[c.start:c.end]) {
			plain = false
		}
	}
	if !plain {
		w.said(letters)
	}
	for _, i := range order {
		for _, g := range l.clusters[i].glyphs {
			w.glyph(g)
		}
	}
	if !plain {
		w.done()
	}
}

// turned draws a cluster that is written from the right. Readers turn such a text round letter by letter, so the marks of
// a letter are said before it.
func (w *writer) turned(l *line, c *cluster) {
	letters := l.runes[c.start:c.end]
	if k := class(letters[0]); k == bidi.CS || k == bidi.ES || k == bidi.ET { // readers take it for a part of a number
		w.silent('\u200f', w.x-apart*c.run.look.size/em, apart)
	}
	if len(c.glyphs) == 1 && len(letters) == 1 && w.used.stands(uint16(c.glyphs[0].GlyphID), letters) {
		w.glyph(c.glyphs[0])
		return
	}
	from := w.x
	slot := min(apart, int(c.advance/c.run.look.size*em)/len(letters))
	for i := len(letters) - 1; i > 0; i-- {
		w.silent(letters[i], from, slot)
		from += float64(slot) * c.run.look.size / em
	}
	w.said(letters[:1])
	w.silent(letters[0], from, 0) // the place of the letter is that of its left and right end, wherever its marks stand
	for _, g := range c.glyphs {
		w.glyph(g)
	}
	w.silent(letters[0], w.x, 0)
	w.done()
}

// border stands between two clusters of different directions, of which one is a sign without direction: it says to which
// side that sign belongs.
func (w *writer) border(l *line, before, after *cluster) {
	if before.level%2 == after.level%2 {
		return
	}
	for _, c := range []*cluster{before, after} {
		if k := class(l.runes[c.start]); k == bidi.L || k == bidi.R || k == bidi.AL || k == bidi.EN || k == bidi.AN {
			continue
		}
		w.begin(c.run)
		mark := '\u200e'
		if c.level%2 == 1 {
			mark = '\u200f'
		}
		if c == before {
			w.silent(mark, w.x-apart*c.run.look.size/em, apart)
		} else {
			w.silent(mark, w.x, 0)
		}
	}
}

// said begins a part of the line for which the letters are copied; done ends it.
func (w *writer) said(letters []rune) {
	w.flush()
	w.content.WriteString("/Span<</ActualText" + text16(string(letters)) + ">>BDC\n")
}

func (w *writer) done() {
	w.flush()
	w.content.WriteString("EMC\n")
}

// apart is how far, in thousandths of an em, readers of PDF want the beginnings of two letters to be from each other; what
// is closer they take for the same letter drawn twice.
const apart = 110

// silent puts a letter that is not seen at x, so many thousandths of an em wide.
func (w *writer) silent(letter rune, x float64, width int) {
	w.show(w.used.silent(letter, width), float64(width)*w.run.look.size/em, x, 0)
}

func (w *writer) glyph(g shaping.Glyph) {
	size := w.run.look.size
	unit := size / em / 64
	w.show(w.used.add(uint16(g.GlyphID)), float64(w.run.face.HorizontalAdvance(g.GlyphID))*size/em, w.x+float64(g.XOffset)*unit, float64(g.YOffset)*unit)
	w.x += float64(g.Advance) * unit
}

// show puts the glyph with the number at x, so far above the baseline; width is that which the font gives it.
func (w *writer) show(number uint16, width, x, lift float64) {
	size := w.run.look.size
	if w.opened && lift != w.lift {
		w.flush()
	}
	if !w.opened {
		fmt.Fprintf(&w.content, "1 0 0 1 %s %s Tm\n[", num(x), num(w.y+lift))
		w.opened, w.lift, w.at = true, lift, x
	}
	if d := round((x - w.at) / size * em); d != 0 {
		if w.hex {
			w.list.WriteByte('>')
			w.hex = false
		}
		w.list.WriteString(strconv.Itoa(-d))
		w.at += float64(d) * size / em
	}
	if !w.hex {
		w.list.WriteByte('<')
		w.hex = true
	}
	fmt.Fprintf(&w.list, "%04X", number)
	w.at += width
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
