// Command gen bundles the front end into internal/web/dist: our TypeScript and CSS, and the
// marks. Names carry a hash of their content; manifest.json maps the plain names to them. Run it
// from the root of the module; it needs no package of anybody else's.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	assets = "internal/web/assets"
	dist   = "internal/web/dist"
)

// A day has at most 25 hours of five-minute rows; a card is at most a day long; twelve
// sub-columns let 1, 2, 3, 4, 6 or 12 appointments stand side by side.
const (
	rows  = 300
	lanes = 12
)

// budgets are the largest allowed sizes of the zipped files, in bytes.
var budgets = map[string]int{"public.css": 9 << 10, "app.css": 14 << 10, "staff.js": 3 << 10, "door.js": 2 << 10, "day.js": 8 << 10, "inbox.css": 4 << 10, "inbox.js": 3 << 10, "visit.css": 2 << 10, "visit.js": 2 << 10, "rx.css": 3 << 10, "rx.js": 3 << 10}

func main() {
	if err := bundle(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func bundle() error {
	built := api.Build(api.BuildOptions{
		EntryPoints: []string{
			assets + "/ts/door.ts", assets + "/ts/staff.ts", assets + "/ts/day.ts", assets + "/ts/inbox.ts", assets + "/ts/visit.ts", assets + "/ts/rx.ts",
			assets + "/css/public.css", assets + "/css/app.css", assets + "/css/inbox.css", assets + "/css/visit.css", assets + "/css/phone.css", assets + "/css/figures.css", assets + "/css/bills.css", assets + "/css/rx.css",
		},
		Bundle: true, MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true, Charset: api.CharsetUTF8,
		Format: api.FormatESModule, Target: api.ES2022, Outdir: dist, EntryNames: "[name]", Write: false,
		LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelWarning,
	})
	if len(built.Errors) > 0 {
		return fmt.Errorf("the bundle failed")
	}
	files := map[string][]byte{}
	for _, f := range built.OutputFiles {
		files[filepath.Base(f.Path)] = f.Contents
	}
	files["app.css"] = append(files["app.css"], grid()...)
	marks, err := filepath.Glob(assets + "/*.svg")
	if err != nil {
		return err
	}
	for _, m := range marks {
		raw, err := os.ReadFile(m)
		if err != nil {
			return err
		}
		files[filepath.Base(m)] = raw
	}
	return write(files)
}

// grid is the stylesheet that places cards without inline styles: .sN is the row that a card
// starts in, .dN its length in rows, .cN its sub-column, .wN its width in sub-columns.
func grid() []byte {
	var b strings.Builder
	for i := range rows {
		fmt.Fprintf(&b, ".s%d{grid-row-start:%d}", i, i+1)
	}
	for i := 1; i <= rows; i++ {
		fmt.Fprintf(&b, ".d%d{grid-row-end:span %d}", i, i)
	}
	for i := range lanes {
		fmt.Fprintf(&b, ".c%d{grid-column-start:%d}.w%d{grid-column-end:span %d}", i, i+1, i+1, i+1)
	}
	return []byte(b.String())
}

// write puts the files under their hashed names, removes older ones, and keeps the budgets.
func write(files map[string][]byte) error {
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(dist + "/*.*")
	if err != nil {
		return err
	}
	manifest, keep := map[string]string{}, map[string]bool{".keep": true, "manifest.json": true}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		sum := sha256.Sum256(files[name])
		ext := filepath.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:5]) + ext
		manifest[name], keep[hashed] = hashed, true
		if err := os.WriteFile(filepath.Join(dist, hashed), files[name], 0o644); err != nil {
			return err
		}
		size := zipped(files[name])
		fmt.Printf("%-12s %7d bytes, %6d zipped\n", name, len(files[name]), size)
		if most, ok := budgets[name]; ok && size > most {
			return fmt.Errorf("%s is %d bytes zipped; its budget is %d", name, size, most)
		}
	}
	for _, f := range old {
		if !keep[filepath.Base(f)] {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	raw, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, "manifest.json"), append(raw, '\n'), 0o644)
}

func zipped(raw []byte) int {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return len(raw)
	}
	if _, err = z.Write(raw); err != nil || z.Close() != nil {
		return len(raw)
	}
	return b.Len()
}
