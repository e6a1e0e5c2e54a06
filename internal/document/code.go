package document

import (
	"fmt"
	"strings"

	qr "github.com/piglig/go-qr"
)

// Code is a QR code as an SVG picture for a page: dark modules on white with the quiet edge that readers need, whatever the theme of the page. ErrCode
// when the text is empty or too long.
func Code(text string) ([]byte, error) {
	if text == "" || len(text) > 1000 {
		return nil, ErrCode
	}
	code, err := qr.EncodeText(text, qr.Medium)
	if err != nil {
		return nil, ErrCode
	}
	n := code.Size()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, n+8, n+8, n+8, n+8)
	for row := range n {
		for col := range n {
			if code.Module(col, row) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", col+4, row+4)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return []byte(b.String()), nil
}
