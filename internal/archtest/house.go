// Package archtest keeps the house rules by reading the source: which room may import which, who may ask the machine for the time,
// who may dial, how long a file may be. Each rule is a function from the house to complaints, and each complaint says what to do; the
// tests run every rule over this repository and over a small bad house that it must refuse. Nothing here is part of the program.
package archtest

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the path that the repository's own imports begin with.
const Module = "almirah"

// File is one Go file of the repository.
type File struct {
	Path  string // from the top, with slashes: "internal/scheduling/claims.go"
	Lines int
	Test  bool
	AST   *ast.File
}

// House is the parsed repository.
type House struct {
	Fset  *token.FileSet
	Files []*File
}

// Top finds the folder of go.mod, upwards from the working folder of the test. It fails when there is none.
func Top() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("archtest: no go.mod above the working folder")
		}
		dir = up
	}
}

// Load parses every Go file under top, except what is generated, downloaded or test data. Files that a twin breaks are read from
// the overlay that ALMIRAH_OVERLAY names, as the compiler reads them.
func Load(top string) (*House, error) {
	h := &House{Fset: token.NewFileSet()}
	broken, err := overlay()
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != top && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "testdata", "bin", "out", "data", "keys", "tools"}, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		from := path
		if other, ok := broken[path]; ok {
			from = other
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		return h.Add(filepath.ToSlash(rel), string(text))
	})
	return h, err
}

// overlay is which file is read instead of which; empty unless a twin is run.
func overlay() (map[string]string, error) {
	path := os.Getenv("ALMIRAH_OVERLAY")
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var o struct{ Replace map[string]string }
	err = json.Unmarshal(text, &o)
	return o.Replace, err
}

// Add puts one file into the house. It fails when the text is not Go.
func (h *House) Add(path, text string) error {
	f, err := parser.ParseFile(h.Fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("archtest: %w", err)
	}
	h.Files = append(h.Files, &File{Path: path, Lines: strings.Count(text, "\n"), Test: strings.HasSuffix(path, "_test.go"), AST: f})
	return nil
}

// dir is the folder of the file from the top.
func (f *File) dir() string {
	if i := strings.LastIndexByte(f.Path, '/'); i >= 0 {
		return f.Path[:i]
	}
	return ""
}

// room is the room of a path below the module: "scheduling", "carriers/email", "cmd".
func room(path string) string {
	rest, inside := strings.CutPrefix(path, "internal/")
	if !inside {
		first, _, _ := strings.Cut(path, "/")
		return first
	}
	parts := strings.Split(rest, "/")
	if len(parts) > 1 && (parts[0] == "carriers" || parts[0] == "gateways") {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// free says whether the house rules about time, network and database do not bind the file: tests and the rig.
func (f *File) free() bool {
	r := room(f.dir())
	return f.Test || r == "rig" || r == "archtest"
}

// imports lists the import paths with the local name of each.
func (f *File) imports() map[string]string {
	out := map[string]string{}
	for _, s := range f.AST.Imports {
		path, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if s.Name != nil {
			name = s.Name.Name
		}
		out[path] = name
	}
	return out
}

// use is one place where a file names something of another package.
type use struct {
	name string // the name behind the dot
	pos  token.Pos
}

// uses finds every selector on the package with the import path, whatever it is called locally.
func (f *File) uses(path string) []use {
	local, ok := f.imports()[path]
	if !ok {
		return nil
	}
	var out []use
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
				out = append(out, use{s.Sel.Name, s.Pos()})
			}
		}
		return true
	})
	return out
}

// at is "path:line" of a position.
func (h *House) at(pos token.Pos) string {
	p := h.Fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}
