// Package statements reads every SQL statement out of the source, so that a test can prepare each on both engines and run each
// against two clinics. It finds the string constants whose name begins with sql and a capital letter.
package statements

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Statement is one SQL constant.
type Statement struct {
	File string // from the top of the repository, with slashes
	Line int
	Name string
	Text string
}

var name = regexp.MustCompile(`^sql[A-Z]`)

// Find reads the statements of every room under top (the folder of go.mod), sorted by file and line. It fails when a file does
// not parse, or when a sql constant is anything else than string literals and constants of its own package joined with +.
func Find(top string) ([]Statement, error) {
	folders := map[string][]string{}
	err := filepath.WalkDir(filepath.Join(top, "internal"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []Statement
	for _, files := range folders {
		found, err := read(top, files)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b Statement) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return out, nil
}

// read finds the statements of one package.
func read(top string, files []string) ([]Statement, error) {
	fset := token.NewFileSet()
	values := map[string]ast.Expr{}
	at := map[string]token.Pos{}
	for _, path := range files {
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			g, ok := n.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				return true
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, n := range v.Names {
					if i < len(v.Values) {
						values[n.Name], at[n.Name] = v.Values[i], n.Pos()
					}
				}
			}
			return true
		})
	}
	var out []Statement
	for n, v := range values {
		if !name.MatchString(n) {
			continue
		}
		pos := fset.Position(at[n])
		rel, err := filepath.Rel(top, pos.Filename)
		if err != nil {
			return nil, err
		}
		text, err := eval(v, values, 0)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", filepath.ToSlash(rel), pos.Line, n, err)
		}
		out = append(out, Statement{filepath.ToSlash(rel), pos.Line, n, text})
	}
	return out, nil
}

func eval(e ast.Expr, values map[string]ast.Expr, depth int) (string, error) {
	if depth > 20 {
		return "", fmt.Errorf("refers to itself")
	}
	switch x := e.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			return strconv.Unquote(x.Value)
		}
	case *ast.ParenExpr:
		return eval(x.X, values, depth+1)
	case *ast.Ident:
		if v, ok := values[x.Name]; ok {
			return eval(v, values, depth+1)
		}
	case *ast.BinaryExpr:
		if x.Op == token.ADD {
			a, err := eval(x.X, values, depth+1)
			if err != nil {
				return "", err
			}
			b, err := eval(x.Y, values, depth+1)
			return a + b, err
		}
	}
	return "", fmt.Errorf("must be string literals and constants of its own package, so that it can be read from the source")
}
