package visits

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
)

// Pictures are opened and drawn anew: only what can be seen is kept.

// mostPixels is how many pixels a picture may have: 25 million, what a good phone takes. It is asked before the picture is opened, so that
// a small file cannot unfold into all of our memory.
const (
	mostPixels = 25 << 20
	mostSide   = 12000
)

// quality of a JPEG that is drawn anew.
const quality = 90

// redraw opens a picture and draws it anew: without place, device, time, comments, thumbnails, or anything behind its end.
func redraw(content []byte) ([]byte, string, error) {
	size, kind, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || kind != "jpeg" && kind != "png" {
		return nil, "", refused("field.file.kind")
	}
	if size.Width < 1 || size.Height < 1 || size.Width > mostSide || size.Height > mostSide || size.Width*size.Height > mostPixels {
		return nil, "", refused("field.file.pixels")
	}
	picture, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, "", refused("field.file.broken")
	}
	var out bytes.Buffer
	if kind == "png" {
		err = png.Encode(&out, picture)
	} else {
		err = jpeg.Encode(&out, upright(picture, orientation(content)), &jpeg.Options{Quality: quality})
	}
	switch {
	case err != nil:
		return nil, "", err
	case out.Len() > MostBytes:
		return nil, "", refused("field.file.large")
	case kind == "png":
		return out.Bytes(), KindPNG, nil
	}
	return out.Bytes(), KindJPEG, nil
}

// orientation is how a camera says that the picture has to be turned (1 to 8, EXIF 0x0112); 1 when it says nothing. It is read before the
// rest of what the camera says is dropped.
func orientation(content []byte) int {
	for at := 2; at+4 <= len(content) && content[at] == 0xff; {
		marker, length := content[at+1], int(binary.BigEndian.Uint16(content[at+2:]))
		if marker == 0xda || length < 2 || at+2+length > len(content) {
			return 1
		}
		if body := content[at+4 : at+2+length]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return exifOrientation(body[6:])
		}
		at += 2 + length
	}
	return 1
}

func exifOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 1
	}
	n := int(order.Uint16(tiff[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > len(tiff) {
			return 1
		}
		if order.Uint16(tiff[entry:]) == 0x0112 {
			if x := int(order.Uint16(tiff[entry+8:])); x >= 1 && x <= 8 {
				return x
			}
			return 1
		}
	}
	return 1
}

// upright turns a picture as its camera said.
func upright(picture image.Image, how int) image.Image {
	if how <= 1 {
		return picture
	}
	b := picture.Bounds()
	src := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(src, src.Bounds(), picture, b.Min, draw.Src)
	w, h := b.Dx(), b.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if how >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			nx, ny := x, y
			switch how {
			case 2:
				nx = w - 1 - x
			case 3:
				nx, ny = w-1-x, h-1-y
			case 4:
				ny = h - 1 - y
			case 5:
				nx, ny = y, x
			case 6:
				nx, ny = h-1-y, x
			case 7:
				nx, ny = h-1-y, w-1-x
			case 8:
				nx, ny = y, w-1-x
			}
			copy(out.Pix[out.PixOffset(nx, ny):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return out
}
