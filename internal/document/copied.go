package document

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

var errPaper = errors.New("document: this is no paper of this house")

var (
	pdfStart   = regexp.MustCompile(`startxref\n(\d+)\n%%EOF`)
	pdfOffset  = regexp.MustCompile(`(?m)^(\d{10}) 00000 n `)
	pdfLength  = regexp.MustCompile(`/FlateDecode/Length (\d+)>>\nstream\n`)
	pdfLetters = regexp.MustCompile(`/ToUnicode (\d+) 0 R`)
	pdfFont    = regexp.MustCompile(`/F(\d+) (\d+) 0 R`)
	pdfPair    = regexp.MustCompile(`(?m)^<([0-9A-F]{4})><([0-9A-F]+)>$`)
	pdfSaid    = regexp.MustCompile(`/F(\d+) [0-9.]+ Tf|/ActualText<FEFF([0-9A-F]*)>>>BDC|\b(EMC)\b|<([0-9A-F]+)>`)
)

// Copied reads back the letters that a reader of PDF copies out of a paper that this room made, in the order in which they are drawn: what
// is written from the right comes out turned round. It fails for any other file. It is how a running house looks at its own papers.
func Copied(pdf []byte) (string, error) {
	objects, err := objectsOf(pdf)
	if err != nil {
		return "", err
	}
	streams, letters, fonts := map[int][]byte{}, map[int]int{}, map[int]int{}
	for n, body := range objects {
		if m := pdfLength.FindSubmatchIndex(body); m != nil {
			size, err := strconv.Atoi(string(body[m[2]:m[3]]))
			if err != nil || m[1]+size > len(body) {
				return "", errPaper
			}
			if streams[n], err = unpacked(body[m[1] : m[1]+size]); err != nil {
				return "", err
			}
			body = body[:m[0]]
		}
		if m := pdfLetters.FindSubmatch(body); m != nil {
			letters[n], _ = strconv.Atoi(string(m[1]))
		}
		for _, m := range pdfFont.FindAllSubmatch(body, -1) {
			name, _ := strconv.Atoi(string(m[1]))
			fonts[name], _ = strconv.Atoi(string(m[2]))
		}
	}
	stands := map[int]map[string]string{} // of each font's name: number of a glyph to its letters
	for name, object := range fonts {
		stands[name] = map[string]string{}
		for _, m := range pdfPair.FindAllSubmatch(streams[letters[object]], -1) {
			stands[name][string(m[1])] = text16Of(string(m[2]))
		}
	}
	var out strings.Builder
	for n := 1; n <= len(objects); n++ {
		if page := streams[n]; bytes.Contains(page, []byte("BT\n")) && bytes.Contains(page, []byte(" Tf\n")) {
			said(&out, page, stands)
		}
	}
	return out.String(), nil
}

// objectsOf cuts the file by the table at its end.
func objectsOf(pdf []byte) (map[int][]byte, error) {
	m := pdfStart.FindSubmatch(pdf)
	if m == nil {
		return nil, errPaper
	}
	table, err := strconv.Atoi(string(m[1]))
	if err != nil || table >= len(pdf) {
		return nil, errPaper
	}
	out := map[int][]byte{}
	for i, m := range pdfOffset.FindAllSubmatch(pdf[table:], -1) {
		at, err := strconv.Atoi(string(m[1]))
		if err != nil || at >= table || !bytes.HasPrefix(pdf[at:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
			return nil, errPaper
		}
		out[i+1] = pdf[at:table]
	}
	for n, body := range out { // each ends where its first end is, behind its packed bytes
		from := 0
		if m := pdfLength.FindSubmatchIndex(body); m != nil && !bytes.Contains(body[:m[0]], []byte("\nendobj\n")) {
			size, err := strconv.Atoi(string(body[m[2]:m[3]]))
			if err != nil || m[1]+size > len(body) {
				return nil, errPaper
			}
			from = m[1] + size
		}
		end := bytes.Index(body[from:], []byte("\nendobj\n"))
		if end < 0 {
			return nil, errPaper
		}
		out[n] = body[:from+end]
	}
	return out, nil
}

func unpacked(packed []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errPaper
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 16<<20))
}

// said writes the letters of a page.
func said(out *strings.Builder, page []byte, stands map[int]map[string]string) {
	font, beside := 0, false
	for _, m := range pdfSaid.FindAllSubmatch(page, -1) {
		switch {
		case len(m[1]) > 0:
			font, _ = strconv.Atoi(string(m[1]))
		case bytes.HasSuffix(m[0], []byte("BDC")):
			out.WriteString(text16Of(string(m[2])))
			beside = true
		case len(m[3]) > 0:
			beside = false
		case !beside:
			for hex := string(m[4]); len(hex) >= 4; hex = hex[4:] {
				out.WriteString(stands[font][hex[:4]])
			}
		}
	}
}

// text16Of is what text16 wrote, without its mark of order.
func text16Of(hex string) string {
	var units []uint16
	for ; len(hex) >= 4; hex = hex[4:] {
		u, err := strconv.ParseUint(hex[:4], 16, 16)
		if err != nil {
			return ""
		}
		units = append(units, uint16(u))
	}
	return string(utf16.Decode(units))
}
