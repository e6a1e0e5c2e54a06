package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"almirah/internal/picture"
)

// quarters is a picture whose corners tell how it was turned: red, green, blue, and white at the bottom right.
func quarters(w, h int) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{0xff, 0, 0, 0xff}
			switch {
			case x >= w/2 && y >= h/2:
				c = color.RGBA{0xff, 0xff, 0xff, 0xff}
			case x >= w/2:
				c = color.RGBA{0, 0xff, 0, 0xff}
			case y >= h/2:
				c = color.RGBA{0, 0, 0xff, 0xff}
			}
			out.SetRGBA(x, y, c)
		}
	}
	return out
}

// camera is a JPEG as a camera writes it: turned, with words about where and by what it was taken.
func camera(t testing.TB, order binary.ByteOrder, how uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, quarters(48, 32), &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	mark := "II"
	if order == binary.BigEndian {
		mark = "MM"
	}
	tiff := append([]byte(mark), make([]byte, 6)...)
	order.PutUint16(tiff[2:], 42)
	order.PutUint32(tiff[4:], 8)
	list := make([]byte, 2+24)
	order.PutUint16(list, 2)
	order.PutUint16(list[2:], 0x010f)
	order.PutUint16(list[14:], 0x0112)
	order.PutUint16(list[16:], 3)
	order.PutUint32(list[18:], 1)
	order.PutUint16(list[22:], how)
	told := append(append([]byte("Exif\x00\x00"), append(tiff, list...)...), "taken in Church Street"...)
	head := []byte{0xff, 0xe1, 0, 0}
	binary.BigEndian.PutUint16(head[2:], uint16(len(told)+2))
	all := append([]byte{}, b.Bytes()[:2]...)
	all = append(append(append(all, head...), told...), b.Bytes()[2:]...)
	return append(all, "<script>behind the end</script>"...)
}

func corner(p image.Image, right, bottom bool) string {
	b := p.Bounds()
	x, y := b.Min.X+b.Dx()/4, b.Min.Y+b.Dy()/4
	if right {
		x += b.Dx() / 2
	}
	if bottom {
		y += b.Dy() / 2
	}
	r, g, bl, _ := p.At(x, y).RGBA()
	out := ""
	for i, c := range []uint32{r, g, bl} {
		if c > 0x8000 {
			out += string("rgb"[i])
		}
	}
	return out
}

// TestOnlyWhatIsSeenIsKept: a picture comes out upright, without what its camera told and without what stood behind its end.
func TestOnlyWhatIsSeenIsKept(t *testing.T) {
	t.Parallel()
	// The corners from the top left to the bottom right, by how the camera was held.
	want := map[uint16][4]string{0: {"r", "g", "b", "rgb"}, 1: {"r", "g", "b", "rgb"}, 2: {"g", "r", "rgb", "b"}, 3: {"rgb", "b", "g", "r"}, 4: {"b", "rgb", "r", "g"},
		5: {"r", "b", "g", "rgb"}, 6: {"b", "r", "rgb", "g"}, 7: {"rgb", "g", "b", "r"}, 8: {"g", "rgb", "r", "b"}, 9: {"r", "g", "b", "rgb"}}
	for how, corners := range want {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			out, kind, err := picture.Redraw(camera(t, order, how))
			if err != nil || kind != picture.JPEG {
				t.Fatalf("%d: %s %v", how, kind, err)
			}
			for _, gone := range []string{"Exif", "Church Street", "script"} {
				if bytes.Contains(out, []byte(gone)) {
					t.Errorf("%d: %q is still there", how, gone)
				}
			}
			p, err := jpeg.Decode(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			got := [4]string{corner(p, false, false), corner(p, true, false), corner(p, false, true), corner(p, true, true)}
			if got != corners {
				t.Errorf("held as %d: %v, want %v", how, got, corners)
			}
			if wide := p.Bounds().Dx() > p.Bounds().Dy(); wide == (how >= 5 && how <= 8) {
				t.Errorf("held as %d: %v", how, p.Bounds())
			}
		}
	}
}

// TestPicturesByContent: a PNG stays one; what is none, is broken, or would unfold into too much memory is not opened.
func TestPicturesByContent(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, quarters(20, 10)); err != nil {
		t.Fatal(err)
	}
	good := b.Bytes()
	if out, kind, err := picture.Redraw(good); err != nil || kind != picture.PNG || picture.Kind(out) != picture.PNG {
		t.Errorf("%s %v", kind, err)
	}
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint32(huge[16:], 60_000)
	binary.BigEndian.PutUint32(huge[20:], 60_000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, c := range map[string]struct {
		content []byte
		want    error
	}{"nothing": {nil, picture.ErrKind}, "a page": {[]byte("<html>"), picture.ErrKind}, "half": {good[:len(good)/2], picture.ErrBroken}, "huge": {huge, picture.ErrLarge}, "a head alone": {[]byte("\xff\xd8\xff\xe0"), picture.ErrBroken}} {
		if _, _, err := picture.Redraw(c.content); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRedraw: no bytes make it fail in another way than it says.
func FuzzRedraw(f *testing.F) {
	f.Add(camera(f, binary.LittleEndian, 6))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		out, kind, err := picture.Redraw(content)
		if err == nil && (len(out) == 0 || picture.Kind(out) != kind) {
			t.Errorf("%s of %d bytes", kind, len(out))
		}
	})
}
