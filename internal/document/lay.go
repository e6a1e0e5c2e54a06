package document

import "strings"

func (s *setting) plain(size float64) look {
	return look{size: size, colour: Ink, lang: s.options.Language}
}

func space(h float64) piece { return piece{height: h, gap: true} }

func (t Text) lay(s *setting, width float64) []piece {
	l := s.plain(s.sheet.base)
	if t.Size > 0 {
		l.size = min(t.Size, 60)
	}
	l.bold = t.Bold
	if t.Colour != (Colour{}) {
		l.colour = t.Colour
	}
	spans := t.Spans
	if len(spans) == 0 {
		spans = []Span{{Text: t.Words, Language: t.Language}}
	}
	return append(s.lines(s.set(spans, l, width, s.rtl), width, t.Align), space(l.size*0.3))
}

func (t Title) lay(s *setting, width float64) []piece {
	l := s.plain(s.sheet.base * 1.5)
	if t.Small {
		l.size = s.sheet.base * 1.1
	}
	l.bold = true
	note := s.plain(s.sheet.base)
	note.colour = Muted
	room, left := width, []float64{0, 0}
	var far []piece
	if t.Note != "" {
		lines := s.set([]Span{{Text: t.Note}}, note, width*0.6, s.rtl)
		w := 0.0
		for _, n := range lines {
			w = max(w, n.width)
		}
		room -= w + 10
		if left = []float64{0, room + 10}; s.rtl {
			left = []float64{w + 10, 0}
		}
		far = append([]piece{{height: (l.size - note.size) * baseline}}, s.lines(lines, w, End)...)
	}
	near := s.lines(s.set([]Span{{Text: t.Text, Language: s.options.Language}}, l, room, s.rtl), room, Start)
	p := abreast([][]piece{near, far}, left)
	p.glue = true
	return []piece{space(l.size * 0.55), p, {height: l.size * 0.3, glue: true}}
}

func (h Header) lay(s *setting, width float64) []piece {
	name := s.plain(s.sheet.base * 1.6)
	name.bold, name.colour = true, s.options.Accent
	small := s.plain(s.sheet.base * 0.88)
	small.colour = Muted
	if s.sheet.height == 0 { // a slip: everything in the middle
		var out []piece
		if len(h.Logo) > 0 {
			out = append(out, Picture{Data: h.Logo, Width: 18 * MM, Align: Centre}.lay(s, width)...)
		}
		out = append(out, s.lines(s.set([]Span{{Text: h.Name}}, name, width, s.rtl), width, Centre)...)
		for _, l := range h.Lines {
			out = append(out, s.lines(s.set([]Span{{Text: l}}, small, width, s.rtl), width, Centre)...)
		}
		for _, n := range h.Note {
			out = append(out, s.lines(s.set([]Span{n}, s.plain(s.sheet.base), width, s.rtl), width, Centre)...)
		}
		return append(out, Rule{}.lay(s, width)...)
	}
	shares, gap := []float64{1, 0.55}, 12.0
	if len(h.Note) == 0 {
		shares = []float64{1}
	}
	room := width
	const logo = 20 * MM
	var mark *picture
	if len(h.Logo) > 0 {
		mark = s.picture(h.Logo, logo)
		room -= logo + gap
	}
	left, widths := s.columns(room, gap, shares)
	near := s.lines(s.set([]Span{{Text: h.Name}}, name, widths[0], s.rtl), widths[0], Start)
	for _, l := range h.Lines {
		near = append(near, s.lines(s.set([]Span{{Text: l}}, small, widths[0], s.rtl), widths[0], Start)...)
	}
	groups := [][]piece{near}
	if len(h.Note) > 0 {
		var far []piece
		for _, n := range h.Note {
			far = append(far, s.lines(s.set([]Span{n}, s.plain(s.sheet.base), widths[1], s.rtl), widths[1], End)...)
		}
		groups = append(groups, far)
	}
	p := abreast(groups, left)
	if mark != nil {
		text, w, hgt := p, logo, mark.height(logo)
		if hgt > logo { // a tall logo is no wider than it may be high
			w, hgt = logo*logo/hgt, logo
		}
		p = piece{height: max(text.height, hgt), parts: text.parts, draw: func(c *canvas, x, y float64) {
			at, words := x, x+logo+gap
			if s.rtl {
				at, words = x+width-w, x
			}
			c.picture(mark.n, at, y+2, w, hgt)
			text.draw(c, words, y)
		}}
	}
	p.glue = true
	rule := piece{height: 1.2 + 5, draw: func(c *canvas, x, y float64) { c.box(x, y+5, width, 1.2, s.options.Accent) }, glue: true}
	return []piece{p, rule, space(8)}
}

func (r Rule) lay(s *setting, width float64) []piece {
	col, thick := Line, 0.5
	if r.Accent {
		col, thick = s.options.Accent, 1.0
	}
	return []piece{{height: thick + 8, draw: func(c *canvas, x, y float64) { c.box(x, y+4, width, thick, col) }}}
}

func (v Space) lay(*setting, float64) []piece { return []piece{space(max(0, min(float64(v), 2000)))} }

func (Break) lay(s *setting, _ float64) []piece {
	if s.sheet.height == 0 {
		return nil
	}
	return []piece{{leave: true}}
}

func (t Together) lay(s *setting, width float64) []piece {
	pieces := s.stack(t, width)
	if len(pieces) == 0 {
		return nil
	}
	for i := range pieces {
		pieces[i].leave = false
	}
	return []piece{whole(pieces)}
}

func (b Beside) lay(s *setting, width float64) []piece {
	share := b.Share
	if share <= 0 || share >= 1 {
		share = 0.5
	}
	left, widths := s.columns(width, 14, []float64{share, 1 - share})
	near, far := s.stack(b.Near, widths[0]), s.stack(b.Far, widths[1])
	return []piece{abreast([][]piece{near, far}, left)}
}

func (f Facts) lay(s *setting, width float64) []piece {
	n := max(1, f.Columns)
	if s.sheet.height == 0 {
		n = 1
	}
	shares := make([]float64, n)
	for i := range shares {
		shares[i] = 1
	}
	left, widths := s.columns(width, 16, shares)
	label := s.plain(s.sheet.base * 0.92)
	label.colour = Muted
	value := s.plain(s.sheet.base)
	// Labels of one column of facts begin and end together.
	wide := make([]float64, n)
	for i, it := range f.Items {
		l := s.set([]Span{{Text: it.Label, Language: s.options.Language}}, label, widths[i%n]*0.45, s.rtl)
		for _, one := range l {
			wide[i%n] = max(wide[i%n], one.width)
		}
	}
	var out []piece
	for at := 0; at < len(f.Items); at += n {
		var groups [][]piece
		for i := range n {
			if at+i >= len(f.Items) {
				break
			}
			it := f.Items[at+i]
			l := wide[i] + 0.1
			rest := widths[i] - l - 8
			v := value
			v.bold = it.Bold
			labels := s.lines(s.set([]Span{{Text: it.Label, Language: s.options.Language}}, label, l, s.rtl), l, Start)
			values := s.lines(s.set([]Span{{Text: it.Value}}, v, rest, s.rtl), rest, Start)
			places := []float64{0, l + 8}
			if s.rtl {
				places = []float64{widths[i] - l, 0}
			}
			if len(labels) > 0 { // on one baseline with the value
				labels = append([]piece{{height: (v.size - label.size) * baseline}}, labels...)
			}
			groups = append(groups, []piece{abreast([][]piece{labels, values}, places)})
		}
		row := abreast(groups, left)
		row.height += 1
		out = append(out, row)
	}
	return append(out, space(4))
}

func (g Signature) lay(s *setting, width float64) []piece {
	w := min(width, 62*MM)
	at := width - w
	if s.rtl {
		at = 0
	}
	text := s.plain(s.sheet.base)
	var pieces []piece
	if len(g.Image) > 0 {
		p := s.picture(g.Image, w*0.7)
		if p != nil {
			pw, ph := w*0.7, p.height(w*0.7)
			if limit := 20 * MM; ph > limit {
				pw, ph = pw*limit/ph, limit
			}
			pieces = append(pieces, piece{height: ph + 2, draw: func(c *canvas, x, y float64) { c.picture(p.n, x+(w-pw)/2, y, pw, ph) }})
		}
	} else {
		pieces = append(pieces, piece{height: 16 * MM})
	}
	pieces = append(pieces, piece{height: 5, draw: func(c *canvas, x, y float64) { c.box(x, y+1, w, 0.6, Ink) }})
	small := s.plain(s.sheet.base * 0.88)
	small.colour = Muted
	if g.Label != "" {
		pieces = append(pieces, s.lines(s.set([]Span{{Text: g.Label, Language: s.options.Language}}, small, w, s.rtl), w, Centre)...)
	}
	text.bold = true
	pieces = append(pieces, s.lines(s.set([]Span{{Text: g.Name}}, text, w, s.rtl), w, Centre)...)
	for _, l := range g.Lines {
		if strings.TrimSpace(l) != "" {
			pieces = append(pieces, s.lines(s.set([]Span{{Text: l}}, small, w, s.rtl), w, Centre)...)
		}
	}
	p := shifted(whole(pieces), at)
	return []piece{space(8), p, space(4)}
}
