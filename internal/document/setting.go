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
	parts  func() []piece                // how it is divided when it is higher than a page; nil when it cannot be
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

// tallest is the highest page that readers of PDF show: a slip that is longer goes on on another one.
const tallest = 14000

// divide puts the pieces on pages.
func (s *setting) divide(pieces []piece) (pages [][]placed, heights []float64) {
	height := s.sheet.height
	if height == 0 {
		height = s.sheet.top + s.sheet.end
		for _, p := range pieces {
			height += p.height
		}
		height = max(40*MM, min(tallest, height))
	}
	d := &division{top: s.sheet.top, bottom: height - s.sheet.end + 0.01}
	d.y = d.top
	for len(pieces) > 0 {
		pieces = d.place(pieces)
	}
	if len(d.page) > 0 || len(d.pages) == 0 {
		d.turn()
	}
	heights = make([]float64, len(d.pages))
	for i := range heights {
		heights[i] = height
	}
	return d.pages, heights
}

// division is a paper while it is divided into pages.
type division struct {
	top, bottom float64
	pages       [][]placed
	page        []placed
	y           float64
	begun       bool // something that is not a gap stands on the page
}

func (d *division) turn() {
	d.pages = append(d.pages, d.page)
	d.page, d.y, d.begun = nil, d.top, false
}

func (d *division) put(p piece) {
	d.page = append(d.page, placed{p, d.y})
	d.y += p.height
	d.begun = d.begun || !p.gap
}

// place puts the first pieces, as many as stand together, and gives the rest.
func (d *division) place(pieces []piece) []piece {
	p := pieces[0]
	if p.leave || p.gap && (!d.begun || d.y+p.height > d.bottom) {
		if d.begun && (p.leave || d.y+p.height > d.bottom) {
			d.turn()
		}
		return pieces[1:]
	}
	group, need := 1, p.height
	for pieces[group-1].glue && group < len(pieces) {
		need += pieces[group].height
		group++
	}
	head := 0.0
	for _, h := range p.head {
		head += h.height
	}
	room := d.bottom - d.top - head
	switch {
	case d.y+need <= d.bottom:
	case p.height > room && p.parts != nil: // higher than any page
		parts := p.parts()
		out := make([]piece, 0, len(parts)+len(pieces))
		for _, q := range parts {
			q.head = p.head
			out = append(out, q)
		}
		return append(out, pieces[1:]...)
	case need > room: // together they are higher than a page: each counts by itself
		group = 1
		if d.begun && d.y+p.height > d.bottom {
			d.turn()
		}
	case d.begun:
		d.turn()
	}
	if !d.begun && len(d.pages) > 0 {
		for _, h := range p.head {
			d.put(h)
		}
	}
	for _, q := range pieces[:group] {
		d.put(q)
	}
	return pieces[group:]
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
		lines := s.set([]Span{{Text: o.Foot}}, l, room, s.rtl)
		for i := range min(2, len(lines)) { // what the edge of the page has room for
			x := s.sheet.side
			if s.rtl {
				x += width - room
			}
			s.put(c, &lines[i], x, y+4+l.size+float64(i)*l.size*1.3, room, Start)
		}
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
	p := piece{parts: func() []piece { return pieces }}
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
	if parts := p.parts; parts != nil {
		p.parts = func() []piece {
			var out []piece
			for _, q := range parts() {
				out = append(out, shifted(q, by))
			}
			return out
		}
	}
	return p
}

// padded leaves height free above and below.
func padded(p piece, by float64) piece {
	draw, parts := p.draw, p.parts
	p.height += 2 * by
	p.draw = func(c *canvas, x, y float64) {
		if draw != nil {
			draw(c, x, y+by)
		}
	}
	if parts != nil {
		p.parts = func() []piece {
			return append(append([]piece{{height: by}}, parts()...), piece{height: by})
		}
	}
	return p
}

// over draws something above what a piece draws.
func over(p piece, draw func(c *canvas, x, y float64)) piece {
	inner, parts := p.draw, p.parts
	p.draw = func(c *canvas, x, y float64) {
		draw(c, x, y)
		if inner != nil {
			inner(c, x, y)
		}
	}
	if parts != nil {
		p.parts = func() []piece { return append([]piece{{draw: draw, glue: true}}, parts()...) }
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

// abreast sets columns of pieces side by side as one piece. Higher than a page, it is divided line by line.
func abreast(columns [][]piece, left []float64) piece {
	var out piece
	var all []piece
	deep, within := 0, false
	for i, col := range columns {
		one := shifted(whole(col), left[i])
		all = append(all, one)
		out.height = max(out.height, one.height)
		deep = max(deep, len(col))
		within = within || len(col) == 1 && col[0].parts != nil
	}
	out.draw = func(c *canvas, x, y float64) {
		for _, one := range all {
			one.draw(c, x, y)
		}
	}
	if deep < 2 && !within {
		return out
	}
	out.parts = func() []piece {
		var parts []piece
		if deep == 1 { // one level down
			inner := make([][]piece, len(columns))
			for j, col := range columns {
				if inner[j] = col; len(col) == 1 && col[0].parts != nil {
					inner[j] = col[0].parts()
				}
			}
			return []piece{abreast(inner, left)}
		}
		for i := range deep {
			slice := make([][]piece, len(columns))
			for j, col := range columns {
				if i < len(col) {
					slice[j] = col[i : i+1]
				}
			}
			parts = append(parts, abreast(slice, left))
		}
		return parts
	}
	return out
}
