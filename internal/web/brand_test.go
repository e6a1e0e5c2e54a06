package web

import "testing"

// TestBrandIsReadable: whatever colour a clinic chooses, text on it and it on the page can be read.
func TestBrandIsReadable(t *testing.T) {
	t.Parallel()
	for _, colour := range []string{"#000000", "#ffffff", "#ffff00", "#00ff00", "#2f5d86", "#ff0000", "#808080", "#123456"} {
		c, ok := parseColour(colour)
		if !ok {
			t.Fatal(colour)
		}
		for _, dark := range []bool{false, true} {
			page := softLight
			if dark {
				page = softDark
			}
			out, on := readable(c, page, dark)
			if contrast(out, page) < 4.5 || contrast(out, on) < 4.5 {
				t.Errorf("%s became %s: %.2f on the page, %.2f under its text", colour, out, contrast(out, page), contrast(out, on))
			}
		}
	}
	for _, bad := range []string{"", "red", "#12345", "#12345g", "#123456;}body{display:none"} {
		if BrandCSS(bad) != nil {
			t.Errorf("%q was taken for a colour", bad)
		}
	}
}
