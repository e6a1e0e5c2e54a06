package document

import (
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// em is the size at which text is shaped: every font that we carry has 1,000 units in an em.
const em = 1000

// longest is how many letters are set as one paragraph. What is longer is cut at a space before that, so that a text of
// any length takes time in proportion.
const longest = 6000

// look is how a span is written.
type look struct {
	bold   bool
	colour Colour
	size   float64
	lang   string
}

// paragraph is a text between two line breaks, ready to be shaped.
type paragraph struct {
	runes  []rune
	look   []uint16 // of each rune, an index into looks
	levels []uint8
	base   uint8
}

// cluster is the smallest part of a text that cannot be divided: letters and the glyphs that show them.
type cluster struct {
	start, end int // runes of the paragraph
	run        *run
	glyphs     []shaping.Glyph
	advance    float64 // in points
	level      uint8
	space      bool
	mark       bool // of an isolate: it is not drawn
}

// run is a stretch of one font, one look and one direction.
type run struct {
	face *face
	look *look
}

// line is what stands on one line, in the order of reading, without the spaces at its end.
type line struct {
	runes    []rune // of the paragraph
	clusters []cluster
	width    float64
	base     uint8
	size     float64 // the largest
}

// rtl says whether a language is written from the right.
func rtl(lang string) bool {
	l, _, _ := strings.Cut(strings.ToLower(lang), "-")
	return slices.Contains([]string{"ar", "fa", "he", "iw", "ur", "ps", "sd", "ug", "yi", "dv", "ckb", "ks"}, l)
}

// paragraphs makes a text of spans ready: control signs become visible or vanish, marks that turn the direction vanish,
// and each span stands in an isolate of its own.
func paragraphs(spans []Span, base uint8) []paragraph {
	var out []paragraph
	b := newBuilder(base)
	end := func() {
		out = append(out, b.finish())
		b = newBuilder(base)
	}
	for i, s := range spans {
		for j, part := range strings.Split(lineEnds.Replace(s.Text), "\n") {
			if j > 0 {
				end()
			}
			for rest := []rune(part); len(rest) > 0; {
				take := room(rest, longest-len(b.runes))
				if take == 0 {
					end()
					continue
				}
				b.span(rest[:take], uint16(i), s.Language)
				rest = rest[take:]
			}
		}
	}
	end()
	return out
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// room is how many runes go into a paragraph in which left have room: all, or up to a space.
func room(runes []rune, left int) int {
	if len(runes) <= left {
		return len(runes)
	}
	for i := left; i > left/2; i-- {
		if unicode.IsSpace(runes[i-1]) {
			return i
		}
	}
	if left < longest/2 {
		return 0
	}
	for i := left; i > left/2; i-- { // not between a letter and its marks
		if !unicode.Is(unicode.M, runes[i]) {
			return i
		}
	}
	return left
}

type builder struct {
	paragraph
	strands []*strand
	all     []*strand
}

func newBuilder(base uint8) *builder {
	s := &strand{base: base}
	return &builder{paragraph: paragraph{base: base}, strands: []*strand{s}, all: []*strand{s}}
}

func (b *builder) top() *strand { return b.strands[len(b.strands)-1] }

// letter adds a rune.
func (b *builder) letter(r rune, look uint16) int {
	b.runes, b.look = append(b.runes, r), append(b.look, look)
	return len(b.runes) - 1
}

// open begins an isolate.
func (b *builder) open(dir int, look uint16) {
	s := &strand{base: below(b.top().base, dir)}
	b.top().items = append(b.top().items, item{at: b.letter(lri+rune(dir), look)})
	b.strands, b.all = append(b.strands, s), append(b.all, s)
}

// close ends the last isolate.
func (b *builder) close(look uint16) {
	b.strands = b.strands[:len(b.strands)-1]
	items := b.top().items
	items[len(items)-1].end = b.letter(pdi, look)
}

func (b *builder) span(runes []rune, look uint16, lang string) {
	floor := len(b.strands)
	dir := firstStrong(runes)
	switch {
	case lang != "" && rtl(lang):
		dir = 1
	case lang != "":
		dir = 0
	case dir < 0: // nothing but digits and signs: as its surroundings
		dir = int(b.base) % 2
		if strings.ContainsFunc(string(runes), unicode.IsDigit) {
			dir = 0 // a telephone number, a date, an amount
		}
	}
	b.open(dir, look)
	dropped := 0
	for i, r := range runes {
		switch {
		case turner(r):
			continue
		case r == lri || r == rli || r == fsi:
			if len(b.strands)-floor >= deepest {
				dropped++
				continue
			}
			d := 0
			if r == rli || r == fsi && firstStrong(runes[i+1:]) == 1 {
				d = 1
			}
			b.open(d, look)
			continue
		case r == pdi:
			if dropped > 0 {
				dropped--
			} else if len(b.strands) > floor+1 {
				b.close(look)
			}
			continue
		case r == '\t':
			r = ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
			r = unicode.ReplacementChar
		}
		b.top().items = append(b.top().items, item{at: b.letter(r, look)})
	}
	for len(b.strands) > floor {
		b.close(look)
	}
}

func (b *builder) finish() paragraph {
	b.levels = make([]uint8, len(b.runes))
	for _, s := range b.all {
		s.resolve(b.runes, b.levels)
	}
	return b.paragraph
}

// scripts gives each rune the script that it is written in; signs of no script go with what is before them.
func scripts(runes []rune) []language.Script {
	out := make([]language.Script, len(runes))
	last, strange := language.Latin, true
	for i, r := range runes {
		if s := language.LookupScript(r); s.Strong() {
			if strange {
				for j := range i {
					out[j] = s
				}
			}
			last, strange = s, false
		}
		out[i] = last
	}
	return out
}

// shape turns the paragraph into clusters, in the order of reading.
func (set *typeset) shape(p *paragraph, looks []look) []cluster {
	n := len(p.runes)
	if n == 0 {
		return nil
	}
	script := scripts(p.runes)
	faces := make([]*face, n)
	for i, r := range p.runes {
		l := looks[p.look[i]]
		if i > 0 && p.look[i-1] == p.look[i] && clings(r) && script[i-1] == script[i] {
			faces[i] = faces[i-1]
			continue
		}
		faces[i] = set.choose(script[i], r, l.bold)
	}
	out := make([]cluster, 0, n)
	for i := 0; i < n; {
		j := i + 1
		if marks(p.runes[i]) {
			out = append(out, cluster{start: i, end: j, run: &run{faces[i], &looks[p.look[i]]}, level: p.levels[i], space: true, mark: true})
			i = j
			continue
		}
		for j < n && !marks(p.runes[j]) && p.levels[j] == p.levels[i] && script[j] == script[i] && faces[j] == faces[i] && p.look[j] == p.look[i] {
			j++
		}
		out = set.shapeRun(out, p, i, j, script[i], &run{faces[i], &looks[p.look[i]]})
		i = j
	}
	return out
}

// clings says whether r belongs to the letter before it.
func clings(r rune) bool {
	return unicode.Is(unicode.M, r) || r == '\u200c' || r == '\u200d' || r >= 0xfe00 && r <= 0xfe0f
}

func (set *typeset) shapeRun(out []cluster, p *paragraph, from, to int, script language.Script, r *run) []cluster {
	in := shaping.Input{
		Text: p.runes, RunStart: from, RunEnd: to, Direction: di.DirectionLTR, Face: r.face.Face, Size: fixed.I(em),
		Script: script, Language: language.NewLanguage(r.look.lang),
	}
	back := p.levels[from]%2 == 1
	if back {
		in.Direction = di.DirectionRTL
	}
	shaped := set.shaper.ShapeNoExtents(in)
	blank, _ := r.face.NominalGlyph(' ')
	first := len(out)
	for g := 0; g < len(shaped.Glyphs); {
		h := g + 1
		at := shaped.Glyphs[g].TextIndex()
		for h < len(shaped.Glyphs) && shaped.Glyphs[h].TextIndex() == at {
			h++
		}
		c := cluster{start: at, run: r, glyphs: shaped.Glyphs[g:h], level: p.levels[from]}
		c.glyphs = slices.DeleteFunc(c.glyphs, func(gl shaping.Glyph) bool { // a sign that is not seen: a blank of no width
			return gl.GlyphID == blank && gl.Advance == 0
		})
		for _, gl := range c.glyphs {
			c.advance += float64(gl.Advance) / 64 / em * r.look.size
		}
		out = append(out, c)
		g = h
	}
	mine := out[first:]
	if back {
		slices.Reverse(mine)
	}
	end := to
	for i := len(mine) - 1; i >= 0; i-- {
		mine[i].end = end
		end = mine[i].start
		mine[i].space = !strings.ContainsFunc(string(p.runes[mine[i].start:mine[i].end]), func(r rune) bool { return !unicode.IsSpace(r) || r == '\u00a0' || r == '\u202f' })
	}
	return out
}

// breaks says after which runes a line may end.
func breaks(runes []rune) []bool {
	out := make([]bool, len(runes))
	var seg segmenter.Segmenter
	seg.Init(runes)
	for it := seg.LineIterator(); it.Next(); {
		l := it.Line()
		if end := l.Offset + len(l.Text) - 1; end >= 0 && end < len(out) {
			out[end] = !stays(runes, end)
		}
	}
	return out
}

// stays says whether the blank at i must not become the end of a line, because it stands in "500 mg" or "₹ 100".
func stays(runes []rune, i int) bool {
	if runes[i] != ' ' || i == 0 || i+1 >= len(runes) {
		return false
	}
	before, after := runes[i-1], runes[i+1]
	if unicode.IsDigit(after) {
		return unicode.Is(unicode.Sc, before)
	}
	if !unicode.IsDigit(before) {
		return false
	}
	for j := i - 1; j >= 0 && !unicode.IsSpace(runes[j]) && !marks(runes[j]); j-- { // a number, and no word that ends with one
		if unicode.IsLetter(runes[j]) {
			return false
		}
	}
	n := 0
	for i+1+n < len(runes) && n <= 4 && unicode.IsLetter(runes[i+1+n]) && unicode.Is(unicode.Latin, runes[i+1+n]) {
		n++
	}
	return unicode.Is(unicode.Sc, after) || n > 0 && n <= 4
}

// wrap breaks clusters into lines of at most the width. A word that is wider is broken between clusters.
func wrap(p *paragraph, clusters []cluster, width, size float64) []line {
	if len(clusters) == 0 {
		return []line{{base: p.base, size: size}}
	}
	may := breaks(p.runes)
	var out []line
	for pos := 0; pos < len(clusters); {
		used, best, i := 0.0, -1, pos
		for ; i < len(clusters); i++ {
			c := &clusters[i]
			if !c.space && used+c.advance > width+0.01 && i > pos {
				break
			}
			used += c.advance
			if may[c.end-1] {
				best = i + 1
			}
		}
		if i < len(clusters) && best > pos {
			i = best
		}
		out = append(out, newLine(p, clusters[pos:i], size))
		pos = i
	}
	return out
}

func newLine(p *paragraph, clusters []cluster, size float64) line {
	for len(clusters) > 0 && clusters[len(clusters)-1].space {
		clusters = clusters[:len(clusters)-1]
	}
	l := line{runes: p.runes, clusters: clusters, base: p.base}
	for _, c := range clusters {
		l.width += c.advance
		l.size = max(l.size, c.run.look.size)
	}
	if l.size == 0 {
		l.size = size
	}
	return l
}

// set breaks a text into lines of at most the width, in points.
func (s *setting) set(spans []Span, base look, width float64, right bool) []line {
	looks := make([]look, len(spans), len(spans)+1)
	for i, sp := range spans {
		l := base
		l.bold = l.bold || sp.Bold
		if sp.Colour != (Colour{}) {
			l.colour = sp.Colour
		}
		if sp.Scale > 0 {
			l.size *= min(sp.Scale, 4)
		}
		if sp.Language != "" {
			l.lang = sp.Language
		}
		looks[i] = l
	}
	level := uint8(0)
	if right {
		level = 1
	}
	var out []line
	for _, p := range paragraphs(spans, level) {
		out = append(out, wrap(&p, s.typeset.shape(&p, looks), width, base.size)...)
	}
	return out
}
