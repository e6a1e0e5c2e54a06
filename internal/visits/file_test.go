package visits_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// photo is a JPEG with what a camera says of itself: the place, and that it has to be turned by a quarter.
func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			m.Set(x, y, color.RGBA{uint8(x * 255 / w), 40, 40, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	var tiff bytes.Buffer
	tiff.WriteString("MM\x00\x2a\x00\x00\x00\x08\x00\x01")
	_ = binary.Write(&tiff, binary.BigEndian, []uint16{0x0112, 3, 0, 1, 6, 0})
	tiff.WriteString("\x00\x00\x00\x00GPS 12.9716N 77.5946E secret-place")
	body := append([]byte("Exif\x00\x00"), tiff.Bytes()...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	out = append(out, body...)
	return append(append(out, b.Bytes()[2:]...), []byte("behind the end: secret-place")...)
}

// TestFilesAreCleanedAndSealed: what a file is, its content says; pictures are drawn anew; a restless PDF is refused; pieces are sealed and belong to their place.
func TestFilesAreCleanedAndSealed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "files-cleaned")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		c := open(t, b)
		e := c.visit()
		add := func(name string, content []byte) (id.ID, error) {
			return c.notes.AddFile(background, c.doctor, e.Patient, id.Zero, name, content)
		}
		one, err := add(`C:\scans\..\"X-ray".exe`, photo(t, 40, 20))
		c.must(err)
		f, kept, err := c.notes.Read(background, c.doctor, one)
		c.must(err)
		if f.FileName() != "X-ray.jpg" || f.Type() != "image/jpeg" || bytes.Contains(kept, []byte("secret-place")) || bytes.Contains(kept, []byte("Exif")) {
			t.Errorf("%q is kept with what the camera said", f.FileName())
		}
		m, err := jpeg.Decode(bytes.NewReader(kept))
		c.must(err)
		if got := m.Bounds().Size(); got != image.Pt(20, 40) {
			t.Errorf("the picture lies on its side: %v", got)
		}
		if r, _, _, _ := m.At(10, 38).RGBA(); r>>8 < 180 {
			t.Errorf("the picture was turned the wrong way: red is %d at its foot", r>>8)
		}
		big := pdf("<< /Type /Catalog >>" + strings.Repeat("% quiet\n", 80000))
		two, err := add("report.html", big)
		c.must(err)
		g, kept, err := c.notes.Read(background, c.doctor, two)
		c.must(err)
		if g.FileName() != "report.pdf" || !bytes.Equal(kept, big) {
			t.Errorf("%q with %d bytes of %d", g.FileName(), len(kept), len(big))
		}
		if n := c.Count(t, `SELECT COUNT(*) FROM file_piece WHERE clinic_id = $1 AND file_id = $2`, two); n != "3" {
			t.Errorf("%s pieces", n)
		}
		for _, row := range c.Rows(t, `SELECT bytes FROM file_piece WHERE clinic_id = $1`) {
			if strings.Contains(row[0], "quiet") || strings.Contains(row[0], "JFIF") {
				t.Error("a piece stands open")
			}
		}
		// Pieces in another order, or one less, are no file.
		c.Change(t, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE file_piece SET number = 9 - number WHERE clinic_id = $1 AND file_id = $2`, two)
			return err
		})
		if _, _, err := c.notes.Read(background, c.doctor, two); err == nil {
			t.Error("pieces in another order were put together")
		}
		c.Change(t, func(tx *store.Tx) error {
			_, err := tx.Exec(`DELETE FROM file_piece WHERE clinic_id = $1 AND file_id = $2 AND number = 9`, two)
			return err
		})
		if _, _, err := c.notes.Read(background, c.doctor, two); err == nil {
			t.Error("a file without a piece was handed out")
		}
		for _, role := range []access.Role{access.FrontDesk, access.Billing, access.Manager} {
			_, _, err := c.notes.Read(background, c.As(role), one)
			practice.Refused(t, string(role), err, fault.Forbidden, "fault.forbidden")
			_, err = c.notes.AddFile(background, c.As(role), e.Patient, id.Zero, "x", photo(t, 4, 4))
			practice.Refused(t, string(role), err, fault.Forbidden, "fault.forbidden")
		}
		_, err = c.notes.RemoveFile(background, c.doctor, one)
		c.must(err)
		_, _, err = c.notes.Read(background, c.doctor, one)
		practice.Refused(t, "removed", err, fault.NotFound, "fault.not_found")
	})
}

func pdf(body string) []byte {
	return []byte("%PDF-1.7\n1 0 obj\n" + body + "\nendobj\ntrailer << >>\n%%EOF\n")
}

// packedObjects is a PDF whose objects are packed into a stream.
func packedObjects(body string) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(body))
	_ = z.Close()
	return []byte(fmt.Sprintf("%%PDF-1.7\n1 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n%%%%EOF\n", b.Len(), b.String()))
}

// TestWhatIsNoPlainFileIsRefused: each for its own reason, under the field.
func TestWhatIsNoPlainFileIsRefused(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "files-cleaned")
	c := open(t, rig.New(t, store.SQLite, store.Options{}))
	e := c.visit()
	huge := func() []byte { // a small file that says it is 30,000 by 30,000
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
			t.Fatal(err)
		}
		x := b.Bytes()
		binary.BigEndian.PutUint32(x[16:], 30000)
		binary.BigEndian.PutUint32(x[20:], 30000)
		binary.BigEndian.PutUint32(x[29:], crc32.ChecksumIEEE(x[12:29]))
		return x
	}
	const behind = "\nendobj\n9 0 obj\n<< /Length 3 >>\nstream\nabc\nendstream" // the next stream of the file
	for name, x := range map[string]struct {
		content []byte
		key     string
	}{
		"nothing":                 {nil, "field.file.empty"},
		"too large":               {make([]byte, visits.MostBytes+1), "field.file.large"},
		"a page":                  {[]byte("<!doctype html><script>alert(1)</script>"), "field.file.kind"},
		"svg":                     {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>`), "field.file.kind"},
		"a gif":                   {[]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"), "field.file.kind"},
		"half a picture":          {photo(t, 400, 400)[:3000], "field.file.broken"},
		"a bomb":                  {huge(), "field.file.pixels"},
		"half a pdf":              {[]byte("%PDF-1.7\n1 0 obj"), "field.file.broken"},
		"script":                  {pdf("<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"), "field.file.restless"},
		"hidden script":           {pdf("<< /OpenAction << /S /J#61vaScript /J#53 (x) >> >>"), "field.file.restless"},
		"launch":                  {pdf("<< /A << /S /Launch /F (cmd.exe) >> >>"), "field.file.restless"},
		"carries a file":          {pdf("<< /Names << /EmbeddedFiles 3 0 R >> >>"), "field.file.restless"},
		"locked":                  {pdf("<< /Encrypt 5 0 R >>"), "field.file.locked"},
		"packed script":           {packedObjects("<< /S /JavaScript /JS (x) >>"), "field.file.restless"},
		"script behind a word":    {pdf("<< /Title (Mainstream Labs) >>\nendobj\n7 0 obj\n<< /S /JavaScript /JS (x) >>" + behind), "field.file.restless"},
		"script in such a word":   {pdf("<< /Title (>>\nstream\n) >>\nendobj\n7 0 obj\n<< /S /JavaScript /JS (x) >>" + behind), "field.file.restless"},
		"packed, and long-winded": {bytes.Replace(packedObjects("<< /S /JavaScript /JS (x) >>"), []byte("/ObjStm"), []byte("/ObjStm /Note ("+strings.Repeat("x", 3000)+")"), 1), "field.file.restless"},
		"packed unreadably":       {bytes.Replace(packedObjects("<< >>"), []byte("stream\n"), []byte("stream\nxx"), 1), "field.file.restless"},
	} {
		_, err := c.notes.AddFile(background, c.doctor, e.Patient, id.Zero, name, x.content)
		if f, ok := err.(*fault.Fault); !ok || len(f.Fields) != 1 || f.Fields[0].Name != "file" || f.Fields[0].Key != x.key {
			t.Errorf("%s: %v, not %s", name, err, x.key)
		}
	}
	if _, err := c.notes.AddFile(background, c.doctor, e.Patient, id.Zero, "quiet", packedObjects("<< /Type /Page >>")); err != nil {
		t.Errorf("a quiet PDF: %v", err)
	}
	// A word of which "stream" is a part is a word, also in what the file says of itself at its end.
	named := bytes.Replace(packedObjects("<< /Type /Page >>"), []byte("%%EOF"), []byte("5 0 obj\n<< /Title (Report) /Author (Upstream Diagnostics) >>\nendobj\n%%EOF"), 1)
	if _, err := c.notes.AddFile(background, c.doctor, e.Patient, id.Zero, "named", named); err != nil {
		t.Errorf("a PDF of a laboratory whose name holds the word: %v", err)
	}
	if n := c.Count(t, `SELECT COUNT(*) FROM file WHERE clinic_id = $1`); n != "2" {
		t.Errorf("%s files are kept", n)
	}
}
