package clinics

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// readable is the least contrast of white text on the clinic's colour (WCAG 2.2, 1.4.3).
const readable = 4.5

// colour reads "#rrggbb" and darkens it until white text can be read on it. The empty colour stays empty.
func colour(raw string) (string, bool) {
	s := strings.ToLower(strings.TrimSpace(raw))
	if s == "" {
		return "", true
	}
	if len(s) != 7 || s[0] != '#' {
		return "", false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return "", false
	}
	rgb := [3]float64{float64(n >> 16 & 255), float64(n >> 8 & 255), float64(n & 255)}
	for whiteContrast(rgb) < readable {
		for i := range rgb {
			rgb[i] = math.Floor(rgb[i] * 0.97) // one tone, less light
		}
	}
	return fmt.Sprintf("#%02x%02x%02x", int(rgb[0]), int(rgb[1]), int(rgb[2])), true
}

// whiteContrast is the contrast ratio between white and the colour (WCAG 2.2, relative luminance).
func whiteContrast(rgb [3]float64) float64 {
	light := func(c float64) float64 {
		if c /= 255; c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 1.05 / (0.2126*light(rgb[0]) + 0.7152*light(rgb[1]) + 0.0722*light(rgb[2]) + 0.05)
}
