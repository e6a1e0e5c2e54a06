package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// crackedBy are looks that are not cracked by their name in a table, with the test that cracks what stands behind them.
var crackedBy = map[string]string{
	"browser-storage":              "TestLooksAtTheHouseCanGoRed",
	"clinic-in-charge":             "TestLooksWithoutRowsCanGoRed",
	"clinical-few":                 "TestMoreJudgesOfLooks",
	"connections-in":               "TestLooksAtTheHouseCanGoRed",
	"counts-only":                  "TestJudgesOfLooks",
	"database-way":                 "TestMoreJudgesOfLooks",
	"egress-quiet":                 "TestRogueAdapter",
	"keeper-asked":                 "TestKeeperAwayIsSaid",
	"leaving-always-works":         "TestMoreJudgesOfLooks",
	"mail-providers":               "TestLooksWithoutRowsCanGoRed",
	"nobody-outside":               "TestMoreJudgesOfLooks",
	"only-listed-parties":          "TestMoreLooksAtTheHouseCanGoRed",
	"passwords-not-guessed":        "TestJudgesOfLooks",
	"practitioner-shown-by-choice": "TestMoreJudgesOfLooks",
	"preferences-chosen":           "TestLooksAtTheHouseCanGoRed",
	"prescription-paper":           "TestLooksWithoutRowsCanGoRed",
	"reminder-unsubscribe":         "TestLooksWithoutRowsCanGoRed",
	"reminders-measured":           "TestLooksWithoutRowsCanGoRed",
	"request-log":                  "TestMoreJudgesOfLooks",
	"request-log-visitor":          "TestMoreJudgesOfLooks",
	"roles-and-rights":             "TestMoreJudgesOfLooks",
	"sealed-in-place":              "TestLooksAtTheHouseCanGoRed",
	"texts-without-health":         "TestMoreJudgesOfLooks",
	"vendor-baa":                   "TestMoreJudgesOfLooks",
}

// uncracked are looks that nobody has cracked yet, each with the reason. There is none; whoever enters one here says what would have to be broken, and why a
// test cannot break it.
var uncracked = map[string]string{}

// cracksIn are the names by which the tests of a file crack looks: rows of tables, and calls that want a look to go red.
func cracksIn(f *ast.File) (out []string) {
	add := func(x ast.Expr) {
		if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, text)
			}
		}
	}
	name := func(x ast.Expr) string {
		switch y := x.(type) {
		case *ast.Ident:
			return y.Name
		case *ast.SelectorExpr:
			return y.Sel.Name
		}
		return ""
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.CompositeLit:
			if x.Type == nil && len(x.Elts) > 1 { // a row: its type is that of the table
				add(x.Elts[0])
			}
		case *ast.CallExpr:
			if slices.Contains([]string{"cracked", "red", "lies", "broken"}, name(x.Fun)) {
				for _, a := range x.Args {
					add(a)
				}
			}
		case *ast.BinaryExpr:
			if call, ok := x.X.(*ast.CallExpr); ok && x.Op == token.EQL && name(call.Fun) == "look" && len(call.Args) == 1 && name(x.Y) == "nil" {
				add(call.Args[0])
			}
		}
		return true
	})
	return out
}

// TestEachLookHasACrack: a look that cannot go red is worth nothing, so there is a test that breaks what it is about and sees it.
func TestEachLookHasACrack(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	cracked, tests := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if x, ok := d.(*ast.FuncDecl); ok && x.Recv == nil {
				tests[x.Name.Name] = true
			}
		}
		if ok, _ := filepath.Match("probes_*_test.go", file); ok || file == "probes_test.go" {
			for _, name := range cracksIn(f) {
				cracked[name] = true
			}
		}
	}
	looks := probes()
	for name := range looks {
		by, otherwise := crackedBy[name]
		_, not := uncracked[name]
		switch {
		case cracked[name] && (otherwise || not):
			t.Errorf("%s is cracked in a table: take it out of crackedBy and uncracked in probes_cracked_test.go", name)
		case otherwise && !tests[by]:
			t.Errorf("%s is said to be cracked by %s, which there is not: name the test that breaks what the look is about and sees it", name, by)
		case !cracked[name] && !otherwise && !not:
			t.Errorf("nothing shows that the look %s can go red: add a row to a table of probes_rest_*_test.go that breaks what its sentence promises, wants the look to see it, and mends it", name)
		}
	}
	for _, list := range []map[string]string{crackedBy, uncracked} {
		for name := range list {
			if looks[name] == nil {
				t.Errorf("there is no look %s", name)
			}
		}
	}
}
