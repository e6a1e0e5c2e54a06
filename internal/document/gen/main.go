// Command gen copies the fonts that papers are written in out of the npm packages into internal/document/fonts, where
// the program takes them in, with their licence. Run it from the root of the module, after npm ci.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	packages = "node_modules/@expo-google-fonts"
	fonts    = "internal/document/fonts"
)

// families maps a package to the name of its family.
var families = []struct{ pack, family string }{
	{"noto-sans", "NotoSans"}, {"noto-sans-devanagari", "NotoSansDevanagari"}, {"noto-sans-tamil", "NotoSansTamil"}, {"noto-sans-arabic", "NotoSansArabic"},
}

var weights = []struct{ folder, name string }{{"400Regular", "Regular"}, {"700Bold", "Bold"}}

func main() {
	if err := copyAll(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func copyAll() error {
	var licences bytes.Buffer
	sum, text := 0, ""
	for _, f := range families {
		for _, w := range weights {
			raw, err := os.ReadFile(filepath.Join(packages, f.pack, w.folder, f.family+"_"+w.folder+".ttf"))
			if err != nil {
				return fmt.Errorf("%w (run npm ci first)", err)
			}
			if !bytes.HasPrefix(raw, []byte{0, 1, 0, 0}) {
				return fmt.Errorf("%s %s is no TrueType font", f.family, w.name)
			}
			if err := os.WriteFile(filepath.Join(fonts, f.family+"-"+w.name+".ttf"), raw, 0o644); err != nil {
				return err
			}
			sum += len(raw)
		}
		raw, err := os.ReadFile(filepath.Join(packages, f.pack, "LICENSE_FONT"))
		if err != nil {
			return err
		}
		if !bytes.Contains(raw, []byte("SIL OPEN FONT LICENSE Version 1.1")) {
			return fmt.Errorf("%s is no longer under the SIL Open Font License 1.1", f.family)
		}
		// The licence is one text for all; what differs is whose font it is.
		whose, rest, _ := strings.Cut(string(raw), "\n")
		if text != "" && rest != text {
			return fmt.Errorf("the licence of %s differs from the others'", f.family)
		}
		text = rest
		fmt.Fprintf(&licences, "%s: %s\n", f.family, strings.TrimSpace(whose))
	}
	licences.WriteString(text)
	fmt.Printf("fonts %d bytes\n", sum)
	return os.WriteFile(filepath.Join(fonts, "OFL.txt"), licences.Bytes(), 0o644)
}
