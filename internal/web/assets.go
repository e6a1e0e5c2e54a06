package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// dist is made by `go run ./internal/web/gen`; on a bare clone it holds .keep alone, so that
// the module still builds.
//
//go:embed all:dist
var dist embed.FS

// AssetPath is where the assets are served.
const AssetPath = "/assets/"

// asset is one file, ready to be sent.
type asset struct {
	kind       string
	plain, zip []byte
}

// Assets loads the bundled assets, zipped once. It answers the handler for AssetPath and the
// function that turns a name ("app.css") into its address, in which the content's hash lets
// browsers keep the file for a year. It fails when the bundle was not made, and says how to make it.
func Assets() (http.Handler, func(name string) string, error) {
	raw, err := dist.ReadFile("dist/manifest.json")
	if err != nil {
		return nil, nil, fmt.Errorf("web: the assets are not bundled: run go run ./internal/web/gen")
	}
	var manifest map[string]string // name -> hashed name
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, nil, fmt.Errorf("web: dist/manifest.json: %w", err)
	}
	files := make(map[string]asset, len(manifest))
	for _, hashed := range manifest {
		plain, err := dist.ReadFile("dist/" + hashed)
		if err != nil {
			return nil, nil, fmt.Errorf("web: %w", err)
		}
		a := asset{kind: kinds[path.Ext(hashed)], plain: plain}
		if a.kind == "" {
			return nil, nil, fmt.Errorf("web: %s has no known kind", hashed)
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return nil, nil, fmt.Errorf("web: %w", err)
		}
		if _, err = z.Write(plain); err == nil {
			err = z.Close()
		}
		if err != nil {
			return nil, nil, fmt.Errorf("web: %w", err)
		}
		if b.Len() < len(plain) {
			a.zip = b.Bytes()
		}
		files[hashed] = a
	}
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := files[strings.TrimPrefix(r.URL.Path, AssetPath)]
		if !ok || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		body := a.plain
		if a.zip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = a.zip
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(body) // a visitor who left needs no answer
		}
	})
	address := func(name string) string {
		if hashed, ok := manifest[name]; ok {
			return AssetPath + hashed
		}
		return AssetPath + "missing/" + name
	}
	return serve, address, nil
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// Scripts are the addresses of every script that pages can load; none when the assets are not bundled.
func Scripts() (out []string) {
	list, _ := dist.ReadDir("dist")
	for _, f := range list {
		if path.Ext(f.Name()) == ".js" {
			out = append(out, AssetPath+f.Name())
		}
	}
	return out
}
