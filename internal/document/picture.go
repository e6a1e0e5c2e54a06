package document

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	_ "image/png" // pictures may be PNG

	qr "github.com/piglig/go-qr"
)

// largest is how many pixels a picture may have, so that a small file cannot fill the memory.
const largest = 40 << 20

// sharp is how many pixels a point of paper gets: 300 an inch.
const sharp = 300.0 / 72

// picture is an image on the paper, made anew out of its pixels, so that nothing that a camera wrote into the file
// (place, time, owner) goes along.
type picture struct {
	n      int
	pixels *image.NRGBA
	photo  bool
}

func (p *picture) height(width float64) float64 {
	b := p.pixels.Bounds()
	return width * float64(b.Dy()) / float64(b.Dx())
}

// picture reads PNG or JPEG for a width of so many points. It gives nil, and the paper fails, when it cannot.
func (s *setting) picture(raw []byte, width float64) *picture {
	about, kind, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || kind != "png" && kind != "jpeg" || about.Width < 1 || about.Height < 1 || about.Width > largest/about.Height {
		s.fail(ErrPicture)
		return nil
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil || img.Bounds().Empty() {
		s.fail(ErrPicture)
		return nil
	}
	b := img.Bounds()
	flat := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Bounds(), img, b.Min, draw.Src)
	p := &picture{n: len(s.pictures), pixels: smaller(flat, int(width*sharp)), photo: kind == "jpeg"}
	s.pictures = append(s.pictures, p)
	return p
}

// smaller shrinks a picture that has more pixels across than the paper can show.
func smaller(in *image.NRGBA, across int) *image.NRGBA {
	w, h := in.Rect.Dx(), in.Rect.Dy()
	if across < 1 {
		across = 1
	}
	if w <= across*5/4 {
		return in
	}
	down := max(1, h*across/w)
	out := image.NewNRGBA(image.Rect(0, 0, across, down))
	for y := range down {
		y0, y1 := y*h/down, max(y*h/down+1, (y+1)*h/down)
		for x := range across {
			x0, x1 := x*w/across, max(x*w/across+1, (x+1)*w/across)
			var r, g, b, a, n uint64
			for j := y0; j < y1; j++ {
				for i := x0; i < x1; i++ {
					p := in.Pix[in.PixOffset(i, j):]
					al := uint64(p[3])
					r, g, b, a, n = r+uint64(p[0])*al, g+uint64(p[1])*al, b+uint64(p[2])*al, a+al, n+1
				}
			}
			if a > 0 {
				copy(out.Pix[out.PixOffset(x, y):], []byte{byte(r / a), byte(g / a), byte(b / a), byte(a / n)})
			}
		}
	}
	return out
}

func (p *picture) write(f *file) int {
	b := p.pixels.Rect
	n := f.next()
	dict := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8", b.Dx(), b.Dy())
	if p.photo {
		var j bytes.Buffer
		if err := jpeg.Encode(&j, p.pixels, &jpeg.Options{Quality: 85}); err == nil {
			f.object(n, fmt.Sprintf("<<%s/Filter/DCTDecode/Length %d>>\nstream\n%s\nendstream", dict, j.Len(), j.Bytes()))
			return n
		}
	}
	colour, clear := make([]byte, 0, 3*b.Dx()*b.Dy()), make([]byte, 0, b.Dx()*b.Dy())
	seen := false
	for i := 0; i < len(p.pixels.Pix); i += 4 {
		q := p.pixels.Pix[i:]
		colour, clear = append(colour, q[0], q[1], q[2]), append(clear, q[3])
		seen = seen || q[3] != 255
	}
	if seen {
		mask := f.next()
		f.stream(mask, fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8", b.Dx(), b.Dy()), clear)
		dict += fmt.Sprintf("/SMask %d 0 R", mask)
	}
	f.stream(n, dict, colour)
	return n
}

func (p Picture) lay(s *setting, width float64) []piece {
	w := min(p.Width, width)
	if w <= 0 {
		w = width
	}
	img := s.picture(p.Data, w)
	if img == nil {
		return nil
	}
	h := img.height(w)
	if most := s.sheet.height - s.sheet.top - s.sheet.end; s.sheet.height > 0 && h > most {
		w, h = w*most/h, most
	}
	return []piece{{height: h, draw: func(c *canvas, x, y float64) { c.picture(img.n, x+s.aside(width-w, p.Align), y, w, h) }}, space(4)}
}

// aside is how far from the left something stands that leaves so much width free.
func (s *setting) aside(free float64, a Align) float64 {
	switch {
	case a == Centre:
		return free / 2
	case (a == End) != s.rtl:
		return free
	}
	return 0
}

func (q QR) lay(s *setting, width float64) []piece {
	side := q.Side
	if side <= 0 {
		side = 72
	}
	side = min(side, width)
	if q.Text == "" || len(q.Text) > 1000 {
		s.fail(ErrCode)
		return nil
	}
	code, err := qr.EncodeText(q.Text, qr.Medium)
	if err != nil {
		s.fail(ErrCode)
		return nil
	}
	out := []piece{{height: side, glue: true, draw: func(c *canvas, x, y float64) { squares(c, code, x+s.aside(width-side, q.Align), y, side) }}}
	if q.Caption != "" {
		l := s.plain(s.sheet.base * 0.8)
		l.colour = Muted
		out = append(out, s.lines(s.set([]Span{{Text: q.Caption, Language: s.options.Language}}, l, width, s.rtl), width, q.Align)...)
	} else {
		out[0].glue = false
	}
	return append(out, space(4))
}

// squares draws the dark modules, row by row as strips, with the quiet edge of four modules around them inside the side.
func squares(c *canvas, code *qr.QrCode, x, y, side float64) {
	n := code.Size()
	unit := side / float64(n+8)
	c.fill(Colour{})
	for row := range n {
		for col := 0; col < n; {
			if !code.Module(col, row) {
				col++
				continue
			}
			end := col
			for end < n && code.Module(end, row) {
				end++
			}
			fmt.Fprintf(&c.content, "%s %s %s %s re\n", num(x+float64(col+4)*unit), num(c.height-y-float64(row+5)*unit), num(float64(end-col)*unit), num(unit))
			col = end
		}
	}
	c.content.WriteString("f\n")
}
