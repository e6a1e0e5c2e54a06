package document

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// coarse is how many pixels at 50 to the inch, across and down, are compared as one.
const coarse = 4

// TestPapersLookAsTheyDid compares pictures of papers with those in testdata, which -update writes again. A square of
// four pixels may differ by a twelfth of the way from black to white, and the whole by one part in two hundred: programs
// smooth edges in their own way, but a missing sign, or one in another place, is seen.
func TestPapersLookAsTheyDid(t *testing.T) {
	t.Parallel()
	press := ThePress()
	for name, p := range map[string]*Paper{
		"prescription-en": prescription(t, press, "en", A4, 4), "prescription-hi": prescription(t, press, "hi", A5, 4), "prescription-ta": prescription(t, press, "ta", A5, 4),
		"prescription-ar": prescription(t, press, "ar", A4, 4), "invoice-a5": invoice(t, press, "en", A5), "invoice-slip": invoice(t, press, "en", Slip), "invoice-ar": invoice(t, press, "ar", A5),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := png.Decode(bytes.NewReader(poppler(t, printed(t, p), "pdftoppm", "-png", "-gray", "-r", "50", "-singlefile")))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".png")
			if *update {
				var b bytes.Buffer
				if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := png.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if worst, mean, at := differ(got, want); worst > 20 || mean > 255.0/200 {
				t.Errorf("%s differs: by %d of 255 at %v, by %.2f in all; look at it, then go test ./internal/document -run Look -update", name, worst, at, mean)
			}
		})
	}
}

// differ compares two pictures square by square: the largest difference, the mean one, and where the largest is.
func differ(a, b image.Image) (worst int, mean float64, at image.Point) {
	if a.Bounds() != b.Bounds() {
		return 255, 255, a.Bounds().Max
	}
	sum, n := 0, 0
	for y := 0; y < a.Bounds().Dy(); y += coarse {
		for x := 0; x < a.Bounds().Dx(); x += coarse {
			d, k := 0, 0
			for j := y; j < min(y+coarse, a.Bounds().Dy()); j++ {
				for i := x; i < min(x+coarse, a.Bounds().Dx()); i++ {
					p, _, _, _ := a.At(i, j).RGBA()
					q, _, _, _ := b.At(i, j).RGBA()
					d, k = d+int(p>>8)-int(q>>8), k+1
				}
			}
			if d /= k; d < 0 {
				d = -d
			}
			if d > worst {
				worst, at = d, image.Pt(x, y)
			}
			sum, n = sum+d, n+1
		}
	}
	return worst, float64(sum) / float64(n), at
}

// TestTheComparisonSeesADifference: one word more, or one sign in another place, is not within the tolerance.
func TestTheComparisonSeesADifference(t *testing.T) {
	t.Parallel()
	press := ThePress()
	picture := func(s string) image.Image {
		p := paper(press, "hi")
		p.Add(Text{Words: s})
		img, err := png.Decode(bytes.NewReader(poppler(t, printed(t, p), "pdftoppm", "-png", "-gray", "-r", "50", "-singlefile")))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	was := picture("दवा कि 500 mg")
	for _, other := range []string{"दवा क 500 mg", "दवा कि 50 mg", "दवा कि 500 mg x", ""} {
		if worst, mean, _ := differ(was, picture(other)); worst <= 20 && mean <= 255.0/200 {
			t.Errorf("%q is not told from %q: %d, %.2f", other, "दवा कि 500 mg", worst, mean)
		}
	}
}
