package document

// The spaces of a table, in points.
const (
	between = 12.0 // columns
	padding = 3.2  // above and below a row
)

func (t Table) lay(s *setting, width float64) []piece {
	n := len(t.Columns)
	if n == 0 {
		return nil
	}
	shares := make([]float64, n)
	for i, c := range t.Columns {
		if shares[i] = c.Share; shares[i] <= 0 {
			shares[i] = 1
		}
	}
	left, widths := s.columns(width, between, shares)
	var out, head []piece
	if !t.NoHead {
		head = []piece{t.head(s, width, left, widths)}
		out = append(out, head[0])
		out[0].glue = true
	}
	for i, r := range t.Rows {
		p := t.row(s, r, width, left, widths, i == 0)
		p.head = head
		out = append(out, p)
	}
	if len(out) == 1 && !t.NoHead { // a head without rows
		out[0].glue = false
	}
	return append(out, space(6))
}

func (t Table) head(s *setting, width float64, left, widths []float64) piece {
	l := s.plain(s.sheet.base * 0.9)
	l.bold, l.colour = true, Muted
	groups := make([][]piece, len(t.Columns))
	for i, c := range t.Columns {
		groups[i] = s.lines(s.set([]Span{{Text: c.Title, Language: s.options.Language}}, l, widths[i], s.rtl), widths[i], c.Align)
	}
	p := padded(abreast(groups, left), 2)
	h := p.height
	p.parts = nil
	return over(p, func(c *canvas, x, y float64) { c.box(x, y+h-1, width, 0.9, s.options.Accent) })
}

// row sets one row; its rule is above it.
func (t Table) row(s *setting, r Row, width float64, left, widths []float64, first bool) piece {
	groups := make([][]piece, len(t.Columns))
	for i := range t.Columns {
		if i >= len(r.Cells) {
			break
		}
		groups[i] = s.cell(r.Cells[i], widths[i], t.Columns[i].Align, r.Bold)
	}
	rule, thick := Line, 0.4
	if r.Rule {
		rule, thick = Ink, 0.8
	}
	p := padded(abreast(groups, left), padding)
	if first && !r.Rule {
		return p
	}
	return over(p, func(c *canvas, x, y float64) { c.box(x, y, width, thick, rule) })
}

func (s *setting) cell(c Cell, width float64, a Align, bold bool) []piece {
	l := s.plain(s.sheet.base)
	l.bold = c.Bold || bold
	if c.Colour != (Colour{}) {
		l.colour = c.Colour
	}
	var out []piece
	if c.Text != "" || len(c.Notes) == 0 {
		out = s.lines(s.set([]Span{{Text: c.Text, Language: c.Language}}, l, width, s.rtl), width, a)
	}
	note := s.plain(s.sheet.base * 0.88)
	note.colour = Muted
	for _, n := range c.Notes {
		out = append(out, s.lines(s.set([]Span{n}, note, width, s.rtl), width, a)...)
	}
	return out
}
