package document

// sheet is the size of a page and what is left free at its edges, in points.
type sheet struct {
	width, height  float64 // height 0: as long as what stands on it
	side, top, end float64
	base           float64 // size of text
}

func (s Size) sheet() sheet {
	switch s {
	case A5:
		return sheet{148 * MM, 210 * MM, 11 * MM, 10 * MM, 15 * MM, 8.5}
	case Slip:
		return sheet{80 * MM, 0, 4 * MM, 5 * MM, 6 * MM, 8}
	}
	return sheet{210 * MM, 297 * MM, 18 * MM, 14 * MM, 20 * MM, 9.5}
}

// piece is a part of a paper that is not divided between pages.
type piece struct {
	height float64
	draw   func(c *canvas, x, y float64) // x, y is the upper left corner; nil for empty height
	glue   bool                          // the next piece stands on the same page
	gap    bool                          // vanishes at the top of a page
	leave  bool                          // a new page begins here
	parts  []piece                       // how it is divided when it is higher than a page
	head   []piece                       // drawn again when a page begins with this piece
}

// setting is a paper while it is set.
type setting struct {
	typeset  *typeset
	options  Options
	sheet    sheet
	rtl      bool
	used     []*used // by face
	pictures []*picture
	err      error
}

func newSetting(set *typeset, o Options) *setting {
	return &setting{typeset: set, options: o, sheet: o.Size.sheet(), rtl: rtl(o.Language), used: make([]*used, len(set.faces))}
}

func (s *setting) use(f *face) *used {
	if s.used[f.n] == nil {
		s.used[f.n] = newUsed(f)
	}
	return s.used[f.n]
}

func (s *setting) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// stack sets blocks below each other.
func (s *setting) stack(blocks []Block, width float64) []piece {
	var out []piece
	for _, b := range blocks {
		if b != nil {
			out = append(out, b.lay(s, width)...)
		}
	}
	return out
}

// placed is a piece on its page.
type placed struct {
	piece
	y float64
}

// print sets the blocks, divides them into pages, and writes the file.
func (s *setting) print(blocks []Block) ([]byte, error) {
	pieces := s.stack(blocks, s.sheet.width-2*s.sheet.side)
	if s.err != nil {
		return nil, s.err
	}
	pages, heights := s.divide(pieces)
	out := make([]*canvas, len(pages))
	for i, page := range pages {
		c := &canvas{set: s, height: heights[i]}
		for _, p := range page {
			if p.draw != nil {
				p.draw(c, s.sheet.side, p.y)
			}
		}
		out[i] = c
	}
	for i, c := range out {
		s.foot(c, i+1, len(out))
	}
	if s.err != nil {
		return nil, s.err
	}
	return s.write(out)
}

// divide puts the pieces on pages.
func (s *setting) divide(pieces []piece) (pages [][]placed, heights []float64) {
	if s.sheet.height == 0 {
		y := s.sheet.top
		var page []placed
		for _, p := range pieces {
			page = append(page, placed{p, y})
			y += p.height
		}
		return [][]placed{page}, []float64{max(y+s.sheet.end, 40*MM)}
	}
	top, bottom := s.sheet.top, s.sheet.height-s.sheet.end
	var page []placed
	y, fresh := top, true
	turn := func() {
		pages, heights = append(pages, page), append(heights, s.sheet.height)
		page, y, fresh = nil, top, true
	}
	for i := 0; i < len(pieces); {
		p := pieces[i]
		if p.leave {
			if !fresh {
				turn()
			}
			i++
			continue
		}
		if p.gap && fresh {
			i++
			continue
		}
		need, j := 0.0, i
		for ; j < len(pieces); j++ { // what stands together
			need += pieces[j].height
			if !pieces[j].glue {
				j++
				break
			}
		}
		head := 0.0
		for _, h := range p.head {
			head += h.height
		}
		room := bottom - top
		switch {
		case y+need <= bottom+0.01:
		case p.height+head > room && len(p.parts) > 0: // higher than any page
			pieces = append(append(append([]piece(nil), pieces[:i]...), p.parts...), pieces[i+1:]...)
			continue
		case need+head > room && !p.gap: // the group is higher than a page: only the piece counts
			if y+p.height > bottom && !fresh {
				turn()
			}
			j = i + 1
		case !fresh:
			turn()
			if p.gap {
				i++
				continue
			}
		}
		if fresh && len(pages) > 0 {
			for _, h := range p.head {
				page = append(page, placed{h, y})
				y += h.height
			}
		}
		for ; i < j; i++ {
			page = append(page, placed{pieces[i], y})
			y += pieces[i].height
			fresh = fresh && pieces[i].gap
		}
	}
	if len(page) > 0 || len(pages) == 0 {
		turn()
	}
	return pages, heights
}

// foot writes the line at the foot of a page.
func (s *setting) foot(c *canvas, page, pages int) {
	o := s.options
	if s.sheet.height == 0 {
		return
	}
	width := s.sheet.width - 2*s.sheet.side
	y := s.sheet.height - s.sheet.end + 6*MM
	l := look{size: s.sheet.base * 0.8, colour: Muted, lang: o.Language}
	number := ""
	if o.PageOf != nil && (pages > 1 || o.Single) {
		number = o.PageOf(page, pages)
	}
	if number == "" && o.Foot == "" {
		return
	}
	c.box(s.sheet.side, y, width, 0.5, Line)
	room := width
	if number != "" {
		n := s.set([]Span{{Text: number, Language: o.Language}}, l, width/2, s.rtl)[0]
		s.put(c, &n, s.sheet.side, y+4+l.size, width, End)
		room -= n.width + 12
	}
	if o.Foot != "" {
		f := s.set([]Span{{Text: o.Foot}}, l, room, s.rtl)[0]
		s.put(c, &f, s.sheet.side, y+4+l.size, width, Start)
	}
}

// put draws a line with its baseline at y, in a width that begins at x.
func (s *setting) put(c *canvas, l *line, x, y, width float64, a Align) {
	free := width - l.width
	switch {
	case a == Centre:
		x += free / 2
	case (a == End) != s.rtl:
		x += free
	}
	c.text(l, x, y)
}

// The height of a line, and where its baseline is, as parts of its size. All four fonts stand in it without touching.
const (
	leading  = 1.42
	baseline = 1.08
)

func (l *line) height() float64 { return l.size * leading }

// lines makes pieces of lines, so that no first or last line of a paragraph stands alone on a page.
func (s *setting) lines(lines []line, width float64, a Align) []piece {
	out := make([]piece, len(lines))
	for i := range lines {
		l := &lines[i]
		out[i] = piece{height: l.height(), draw: func(c *canvas, x, y float64) { s.put(c, l, x, y+l.size*baseline, width, a) }}
		out[i].glue = len(lines) > 1 && (i == 0 || i == len(lines)-2)
	}
	if n := len(out); n > 0 {
		out[n-1].glue = false
	}
	return out
}

// whole makes one piece of several.
func whole(pieces []piece) piece {
	p := piece{parts: pieces}
	for _, q := range pieces {
		p.height += q.height
	}
	p.draw = func(c *canvas, x, y float64) {
		for _, q := range pieces {
			if q.draw != nil {
				q.draw(c, x, y)
			}
			y += q.height
		}
	}
	return p
}

// shifted draws a piece further to the right.
func shifted(p piece, by float64) piece {
	if draw := p.draw; draw != nil {
		p.draw = func(c *canvas, x, y float64) { draw(c, x+by, y) }
	}
	parts := make([]piece, len(p.parts))
	for i, q := range p.parts {
		parts[i] = shifted(q, by)
	}
	if len(parts) > 0 {
		p.parts = parts
	}
	return p
}

// columns gives the left edge and the width of each column, in the order of reading.
func (s *setting) columns(width, gap float64, shares []float64) (left, widths []float64) {
	sum := 0.0
	for _, v := range shares {
		sum += v
	}
	free := width - gap*float64(len(shares)-1)
	x := 0.0
	for _, v := range shares {
		w := free * v / sum
		if s.rtl {
			left = append(left, width-x-w)
		} else {
			left = append(left, x)
		}
		widths = append(widths, w)
		x += w + gap
	}
	return left, widths
}

// abreast sets columns of pieces side by side as one piece.
func abreast(columns [][]piece, left []float64) piece {
	var out piece
	for i, col := range columns {
		if col == nil {
			continue
		}
		one := shifted(whole(col), left[i])
		out.height = max(out.height, one.height)
		prev := out.draw
		out.draw = func(c *canvas, x, y float64) {
			if prev != nil {
				prev(c, x, y)
			}
			one.draw(c, x, y)
		}
	}
	return out
}
