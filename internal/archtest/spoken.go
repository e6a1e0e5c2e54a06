package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// Unspoken finds what is written into the audit log without words for the page that shows it: each kind needs "audit.kind.KIND", each action
// "audit.act.ACTION" or, where that says something else of this kind, "audit.act.KIND.ACTION". has says whether a key has words.
func Unspoken(h *House, has func(key string) bool) []string {
	var out []string
	say := func(pos token.Pos, format string, args ...any) {
		out = append(out, fmt.Sprintf("%s: ", h.at(pos))+fmt.Sprintf(format, args...)+" in internal/words/catalogue: the page of the log would show the program's own word")
	}
	kind := func(pos token.Pos, k string) {
		if k != "" && !has("audit.kind."+k) {
			say(pos, "write audit.kind.%s", k)
		}
	}
	for _, f := range h.Files {
		if f.Test || f.free() {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CompositeLit:
				if sel, ok := x.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Note" || !isName(sel.X, "audit") {
					return true
				}
				said := map[string]string{}
				for _, e := range x.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok {
						if key, ok := pair.Key.(*ast.Ident); ok {
							said[key.Name] = literal(pair.Value)
						}
					}
				}
				kind(x.Pos(), said["Kind"])
				if act := said["Action"]; act != "" && !has("audit.act."+act) && !has("audit.act."+said["Kind"]+"."+act) {
					say(x.Pos(), "write audit.act.%s, or audit.act.%s.%[1]s,", act, said["Kind"])
				}
			case *ast.CallExpr:
				if sel, ok := x.Fun.(*ast.SelectorExpr); ok && len(x.Args) > 2 && (sel.Sel.Name == "Opened" || strings.HasPrefix(sel.Sel.Name, "Listed")) {
					kind(x.Pos(), literal(x.Args[0]))
				}
			}
			return true
		})
	}
	return out
}

func isName(e ast.Expr, name string) bool {
	x, ok := e.(*ast.Ident)
	return ok && x.Name == name
}

// literal is the text of a string that stands there as it is, or nothing.
func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(l.Value) // the parser took it
	return text
}
