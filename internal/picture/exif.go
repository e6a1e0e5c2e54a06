package picture

import (
	"bytes"
	"encoding/binary"
)

// The parts of a JPEG (ITU T.81, B.1) and of Exif (CIPA DC-008, 4.6) that tell how a picture is turned.
const (
	markerScan     = 0xda // pixels follow: nothing is told any more
	markerExif     = 0xe1
	tagOrientation = 0x0112
)

// orientation is how the camera says that a JPEG has to be turned, 1 to 8; 1 when it says nothing that can be read.
func orientation(jpeg []byte) int {
	for at := 2; at+4 <= len(jpeg) && jpeg[at] == 0xff; {
		marker, length := jpeg[at+1], int(binary.BigEndian.Uint16(jpeg[at+2:]))
		if marker == markerScan || length < 2 || at+2+length > len(jpeg) {
			break
		}
		if told, ok := bytes.CutPrefix(jpeg[at+4:at+2+length], []byte("Exif\x00\x00")); ok && marker == markerExif {
			return told16(told, tagOrientation)
		}
		at += 2 + length
	}
	return 1
}

// told16 looks a short number up in the first list of a TIFF; 1 when it is not there, or no number from 1 to 8.
func told16(tiff []byte, tag uint16) int {
	var order binary.ByteOrder
	switch {
	case len(tiff) < 8:
		return 1
	case string(tiff[:2]) == "II":
		order = binary.LittleEndian
	case string(tiff[:2]) == "MM":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > int64(len(tiff)) {
		return 1
	}
	list := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(list) < 12 {
			return 1
		}
		if order.Uint16(list) == tag {
			if n := int(order.Uint16(list[8:])); n >= 1 && n <= 8 {
				return n
			}
			return 1
		}
		list = list[12:]
	}
	return 1
}
