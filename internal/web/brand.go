package web

import (
	"fmt"
	"math"
	"strconv"
)

// BrandCSS is the stylesheet that gives the public pages a clinic's own colour ("#2f5d86"),
// made darker on paper and lighter in the dark until text on it, and it on the page, can be
// read (4.5 to 1). It answers nil for what is no colour.
func BrandCSS(colour string) []byte {
	c, ok := parseColour(colour)
	if !ok {
		return nil
	}
	// The least kind ground of each set is the one under a link that is pointed at.
	light, onLight := readable(c, softLight, false)
	dark, onDark := readable(c, softDark, true)
	night := fmt.Sprintf("--brand:%s;--on-brand:%s", dark, onDark)
	return fmt.Appendf(nil, ":root{--brand:%s;--on-brand:%s}\n@media (prefers-color-scheme:dark){:root:not([data-theme=light],[data-theme=contrast]){%s}}\n:root[data-theme=dark]{%s}\n",
		light, onLight, night, night)
}

var softLight, softDark = rgb{230, 237, 244}, rgb{28, 47, 66} // --soft of tokens.css

type rgb struct{ r, g, b float64 }

func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(c.r+.5), int(c.g+.5), int(c.b+.5))
}

func parseColour(s string) (rgb, bool) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return rgb{}, false
	}
	return rgb{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, true
}

// readable moves c towards black (or white, in the dark) until it stands out from the page and
// carries text; on is the colour of that text.
func readable(c, page rgb, dark bool) (out, on rgb) {
	target := rgb{}
	on = rgb{255, 255, 255}
	if dark {
		target, on = rgb{255, 255, 255}, rgb{12, 18, 24}
	}
	for step := 0; step <= 40; step++ {
		k := float64(step) / 40
		out = rgb{c.r + (target.r-c.r)*k, c.g + (target.g-c.g)*k, c.b + (target.b-c.b)*k}
		if contrast(out, page) >= 4.6 && contrast(out, on) >= 4.6 {
			break
		}
	}
	return out, on
}

func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + .05) / (y + .05)
}

func luminance(c rgb) float64 {
	f := func(v float64) float64 {
		v /= 255
		if v <= .04045 {
			return v / 12.92
		}
		return math.Pow((v+.055)/1.055, 2.4)
	}
	return .2126*f(c.r) + .7152*f(c.g) + .0722*f(c.b)
}
