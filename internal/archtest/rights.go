package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
)

// constants finds the string constants of a named type in a room: name to value.
func constants(h *House, in, typed string) map[string]string {
	out := map[string]string{}
	for _, f := range h.Files {
		if f.Test || room(f.dir()) != in {
			continue
		}
		for _, d := range f.AST.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
					continue
				}
				t, ok := v.Type.(*ast.Ident)
				l, lit := v.Values[0].(*ast.BasicLit)
				if !ok || !lit || t.Name != typed {
					continue
				}
				if text, err := strconv.Unquote(l.Value); err == nil {
					out[v.Names[0].Name] = text
				}
			}
		}
	}
	return out
}

// Rights finds rights without a row in the table, rows without a right, rows that nobody holds, and rights that no door and no room asks for.
func Rights(h *House, table []access.Row) []string {
	var out []string
	named := map[access.Right]string{}
	for name, text := range constants(h, "access", "Right") {
		r := access.Right(text)
		if !slices.ContainsFunc(table, func(row access.Row) bool { return row.Right == r }) {
			out = append(out, fmt.Sprintf("access.%s has no row: add to Table in internal/access/table.go who holds it, in plain words", name))
		}
		if other, twice := named[r]; twice {
			out = append(out, fmt.Sprintf("access.%s and access.%s are the same right %q: keep one", name, other, r))
		}
		named[r] = name
	}
	asked := map[string]bool{}
	for _, f := range h.Files {
		if f.Test || room(f.dir()) == "access" || room(f.dir()) == "archtest" {
			continue
		}
		for _, u := range f.uses(Module + "/internal/access") {
			asked[u.name] = true
		}
	}
	seen := map[access.Right]bool{}
	for _, row := range table {
		name, ok := named[row.Right]
		switch {
		case seen[row.Right]:
			out = append(out, fmt.Sprintf("the right %q has two rows in internal/access/table.go: join them", row.Right))
		case !ok:
			out = append(out, fmt.Sprintf("the row %q has no constant: declare it in internal/access/table.go", row.Right))
		case len(row.Roles) == 0 || row.Words == "":
			out = append(out, fmt.Sprintf("the row %q says nothing or gives the right to nobody: complete it or take it away", row.Right))
		case !asked[name]:
			out = append(out, fmt.Sprintf("access.%s is asked for nowhere: name it in the View, Change or Across that it guards, or take its row away", name))
		}
		seen[row.Right] = true
	}
	return out
}

// WhoMay is the text of docs/who-may.md.
func WhoMay(table []access.Row, roles []access.Role) string {
	var b strings.Builder
	b.WriteString("# Who may do this\n\nGenerated from `internal/access/table.go` by `go test ./internal/archtest -run TestWhoMay -update`; do not edit. What stands in no row is forbidden.\n\n| right | what it allows |")
	for _, r := range roles {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString("\n|---|---|" + strings.Repeat(":-:|", len(roles)) + "\n")
	for _, row := range table {
		fmt.Fprintf(&b, "| `%s` | %s |", row.Right, row.Words)
		for _, r := range roles {
			if slices.Contains(row.Roles, r) {
				b.WriteString(" yes |")
			} else {
				b.WriteString("  |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
