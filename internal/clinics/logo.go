package clinics

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"

	"almirah/internal/fault"
)

// The limits of a logo. The second keeps a small file that unpacks to a huge picture from being unpacked at all.
const (
	MaxLogo    = 200_000       // bytes of the upload, and of what is kept
	logoPixels = 4_000 * 4_000 // of the upload
	logoSide   = 512           // longer side of what is kept, in pixels
	jpegKept   = 85            // quality
	typePNG    = "image/png"
	typeJPEG   = "image/jpeg"
)

// redraw reads a PNG or a JPEG by its content, whatever it is called, and draws it anew in at most 512 pixels: of the file
// nothing is kept but the picture, so neither a place and a camera in its metadata nor a script behind its last byte.
// It fails with the field "logo".
func redraw(data []byte) ([]byte, string, error) {
	bad := func(key string) ([]byte, string, error) {
		var f fault.Fields
		f.Add("logo", key)
		return nil, "", f.Err()
	}
	if len(data) > MaxLogo {
		return bad("field.logo.too_large")
	}
	kind := http.DetectContentType(data)
	if kind != typePNG && kind != typeJPEG {
		return bad("field.logo.kind")
	}
	config, decode := png.DecodeConfig, png.Decode
	if kind == typeJPEG {
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	}
	size, err := config(bytes.NewReader(data))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return bad("field.logo.broken")
	}
	if size.Width > logoPixels/size.Height {
		return bad("field.logo.too_large")
	}
	picture, err := decode(bytes.NewReader(data))
	if err != nil {
		return bad("field.logo.broken")
	}
	for side := logoSide; side >= 64; side /= 2 {
		small := shrink(picture, side)
		var out bytes.Buffer
		if kind == typeJPEG {
			err = jpeg.Encode(&out, small, &jpeg.Options{Quality: jpegKept})
		} else {
			err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small)
		}
		if err != nil {
			return bad("field.logo.broken")
		}
		if out.Len() <= MaxLogo {
			return out.Bytes(), kind, nil
		}
	}
	return bad("field.logo.too_large")
}

// shrink draws the picture so that its longer side has at most side pixels; each new pixel is the mean of those it stands for.
func shrink(p image.Image, side int) image.Image {
	b := p.Bounds()
	w, h := b.Dx(), b.Dy()
	if longer := max(w, h); longer > side {
		w, h = max(1, w*side/longer), max(1, h*side/longer)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1 := b.Min.Y+y*b.Dy()/h, b.Min.Y+max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		for x := range w {
			x0, x1 := b.Min.X+x*b.Dx()/w, b.Min.X+max((x+1)*b.Dx()/w, x*b.Dx()/w+1)
			var r, g, bl, a, n uint64
			for sy := y0; sy < y1; sy++ {
				for sx := x0; sx < x1; sx++ {
					cr, cg, cb, ca := p.At(sx, sy).RGBA() // premultiplied, so that transparent pixels do not tint
					r, g, bl, a, n = r+uint64(cr), g+uint64(cg), bl+uint64(cb), a+uint64(ca), n+1
				}
			}
			out.Set(x, y, color.RGBA64{uint16(r / n), uint16(g / n), uint16(bl / n), uint16(a / n)})
		}
	}
	return out
}
