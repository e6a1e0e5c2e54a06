package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// The media types of pictures that are drawn anew.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
)

// MostPixels is how many pixels a picture may have: what a good phone takes. It is asked before the picture is
// opened, so that a small file cannot unfold into all of our memory.
const MostPixels = 25 << 20

// quality of a JPEG that is drawn anew.
const quality = 90

// Why a picture is not drawn.
var (
	ErrKind   = errors.New("picture: neither a JPEG nor a PNG")
	ErrLarge  = errors.New("picture: more pixels than are opened")
	ErrBroken = errors.New("picture: it cannot be opened")
)

// Kind is the media type of a picture by its first bytes; empty for what is neither a JPEG nor a PNG.
func Kind(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	}
	return ""
}

// Redraw opens a picture and draws it anew, turned the way its camera says that it has to be looked at. It answers
// the new file and its media type. ErrKind, ErrLarge, ErrBroken.
func Redraw(content []byte) ([]byte, string, error) {
	kind := Kind(content)
	config, decode := png.DecodeConfig, png.Decode
	switch kind {
	case "":
		return nil, "", ErrKind
	case JPEG:
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	}
	size, err := config(bytes.NewReader(content))
	switch {
	case err != nil || size.Width < 1 || size.Height < 1:
		return nil, "", ErrBroken
	case size.Width > MostPixels/size.Height:
		return nil, "", ErrLarge
	}
	drawn, err := decode(bytes.NewReader(content))
	if err != nil {
		return nil, "", ErrBroken
	}
	var out bytes.Buffer
	if kind == JPEG {
		err = jpeg.Encode(&out, upright(drawn, orientation(content)), &jpeg.Options{Quality: quality})
	} else {
		err = png.Encode(&out, drawn)
	}
	if err != nil {
		return nil, "", ErrBroken
	}
	return out.Bytes(), kind, nil
}

// upright turns a picture the way its camera said (1 to 8, as Exif counts them).
func upright(p image.Image, how int) image.Image {
	if how <= 1 {
		return p
	}
	b := p.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if how >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			nx, ny := turned(how, x, y, w, h)
			r, g, bl, _ := p.At(b.Min.X+x, b.Min.Y+y).RGBA()
			out.SetRGBA(nx, ny, color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8), 0xff})
		}
	}
	return out
}

// turned is where the pixel at x, y of a picture of w by h lands.
func turned(how, x, y, w, h int) (int, int) {
	switch how {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}
