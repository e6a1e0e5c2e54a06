package promise

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// top is the folder of go.mod.
func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// goFiles calls do for every Go file of the repository with its path from the top.
func goFiles(top string, do func(path string, f *ast.File) error) error {
	fset := token.NewFileSet()
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != top && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "testdata", "tools", "out", "bin", "data", "keys"}, d.Name())) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		return do(filepath.ToSlash(rel), f)
	})
}

// room is the folder of a file as proofs name it: "scheduling", "carriers/email", "cmd/almirah".
func room(path string) string {
	return strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "internal/")
}

// proofs finds which test calls promise.Proves with which ids, and every test function there is.
func proofs(top string) (proved map[string][]string, tests map[string]bool, wrong []string, err error) {
	proved, tests = map[string][]string{}, map[string]bool{}
	err = goFiles(top, func(path string, f *ast.File) error {
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			name := room(path) + "." + fn.Name.Name
			isTest := fn.Recv == nil && (strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz"))
			if isTest {
				tests[name] = true
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				s, ok := c.Fun.(*ast.SelectorExpr)
				if !ok || s.Sel.Name != "Proves" || len(c.Args) < 2 {
					return true
				}
				if x, ok := s.X.(*ast.Ident); !ok || x.Name != "promise" {
					return true
				}
				if !isTest {
					wrong = append(wrong, fmt.Sprintf("%s: %s calls promise.Proves but is no test: call it from the test itself", path, fn.Name.Name))
				}
				for _, a := range c.Args[1:] {
					l, ok := a.(*ast.BasicLit)
					if !ok || l.Kind != token.STRING {
						wrong = append(wrong, fmt.Sprintf("%s: %s calls promise.Proves with something that is not written out: give the id as a string", path, fn.Name.Name))
						continue
					}
					id, err := strconv.Unquote(l.Value)
					if err == nil {
						proved[id] = append(proved[id], name)
					}
				}
				return true
			})
		}
		return nil
	})
	return proved, tests, wrong, err
}

// compare says what is missing between the register and the proofs, in both directions.
func compare(register []Sentence, proved map[string][]string, tests map[string]bool) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	for _, s := range register {
		known[s.ID] = true
		for _, p := range s.ProvedBy {
			_, name, _ := strings.Cut(p, ".")
			switch {
			case slices.Contains(proved[s.ID], p):
			case tests[p]:
				say("%s: %s is there but does not say so: write promise.Proves(t, %q) after its t.Parallel()", s.ID, p, s.ID)
			default:
				say("%s: the proof %s is not there: write %s, or name in ProvedBy the test that proves the sentence", s.ID, p, name)
			}
		}
		for _, p := range proved[s.ID] {
			if !slices.Contains(s.ProvedBy, p) {
				say("%s: %s says that it proves the sentence: add it to ProvedBy", s.ID, p)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(proved)) {
		if !known[id] {
			say("%s: %s proves a sentence that is not there: add the sentence to internal/promise, or correct the id", id, strings.Join(proved[id], ", "))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestRegisterIsWhole(t *testing.T) {
	t.Parallel()
	for _, wrong := range Check(Register) {
		t.Error(wrong)
	}
	for _, id := range Unbroken(Register) {
		t.Errorf("%s: nothing shows that its proofs can fail: add a Twin that breaks its control, with the proofs that then go red", id)
	}
}

func TestRegisterMatchesProofs(t *testing.T) {
	t.Parallel()
	proved, tests, wrong, err := proofs(top(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range append(wrong, compare(Register, proved, tests)...) {
		t.Error(w)
	}
}

// TestKeepersExist looks for every file and every name of KeptBy.
func TestKeepersExist(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	err := goFiles(top(t), func(path string, f *ast.File) error {
		if strings.HasSuffix(path, "_test.go") {
			return nil
		}
		names[path] = true
		for _, d := range f.Decls {
			switch x := d.(type) {
			case *ast.FuncDecl:
				name := x.Name.Name
				if x.Recv != nil && len(x.Recv.List) == 1 {
					r := x.Recv.List[0].Type
					if s, ok := r.(*ast.StarExpr); ok {
						r = s.X
					}
					if id, ok := r.(*ast.Ident); ok {
						name = id.Name + "." + name
					}
				}
				names[room(path)+"."+name] = true
			case *ast.GenDecl:
				for _, s := range x.Specs {
					switch v := s.(type) {
					case *ast.TypeSpec:
						names[room(path)+"."+v.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range v.Names {
							names[room(path)+"."+n.Name] = true
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Register {
		for _, k := range s.KeptBy {
			if !names[k] {
				t.Errorf("%s: KeptBy names %s, which is not there: name the file, or the room and the func or type, that keeps the sentence", s.ID, k)
			}
		}
	}
}

// TestEveryRowOfTheLedgerHasASentence: what the house undertook stands in its policy, enforced, human or not yet; a row that is no promise says why.
func TestEveryRowOfTheLedgerHasASentence(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/ledger.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{} // of every row; empty: it has to have a sentence
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row, why, _ := strings.Cut(line, ":")
		if _, twice := reasons[row]; twice {
			t.Errorf("%s stands twice", row)
		}
		reasons[row] = strings.TrimSpace(why)
	}
	if len(reasons) < 186 {
		t.Fatalf("%d rows: the ledger has 186", len(reasons))
	}
	spoken := map[string]string{}
	for _, s := range Register {
		for _, row := range s.Sources {
			spoken[row] = s.ID
			if _, there := reasons[row]; !there {
				t.Errorf("%s comes from %s, which is no row of the ledger", s.ID, row)
			}
		}
	}
	for row, why := range reasons {
		switch {
		case spoken[row] == "" && why == "":
			t.Errorf("no sentence comes from %s: write one, enforced, human or not-yet, or say in testdata/ledger.txt why it is no promise", row)
		case spoken[row] != "" && why != "":
			t.Errorf("%s is said to be no promise (%s), and %s comes from it", row, why, spoken[row])
		}
	}
}

func TestCheckCanFail(t *testing.T) {
	t.Parallel()
	good := Sentence{ID: "a-b", Text: "x", Sources: []string{"A1"}, Kind: Enforced, KeptBy: []string{"x.go"}, ProvedBy: []string{"r.TestX"},
		Twins: []Twin{{Name: "n", File: "f", Old: "a", New: "b", Red: []string{"r.TestX"}}}}
	if wrong := Check([]Sentence{good}); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	if ids := Unbroken([]Sentence{good}); len(ids) > 0 {
		t.Fatal(ids)
	}
	for says, spoil := range map[string]func(*Sentence){
		"write a test that calls promise.Proves": func(s *Sentence) { s.ProvedBy = nil },
		"say in KeptBy":                          func(s *Sentence) { s.KeptBy = nil },
		"needs its text":                         func(s *Sentence) { s.Sources = nil },
		"can have neither proof":                 func(s *Sentence) { s.Kind = NotYet },
		"is none of enforced":                    func(s *Sentence) { s.Kind = "kept" },
		"lower-case words":                       func(s *Sentence) { s.ID = "A B" },
		"expects r.TestY to go red": func(s *Sentence) {
			s.Twins = []Twin{{Name: "n", File: "f", Old: "a", New: "b", Red: []string{"r.TestY"}}}
		},
		"needs a name, a file": func(s *Sentence) {
			s.Twins = []Twin{{Name: "n", File: "f", Old: "a", New: "a", Red: []string{"r.TestX"}}}
		},
	} {
		s := good
		spoil(&s)
		if got := strings.Join(Check([]Sentence{s}), "\n"); !strings.Contains(got, says) {
			t.Errorf("want %q, got %q", says, got)
		}
	}
	if got := strings.Join(Check([]Sentence{good, good}), "\n"); !strings.Contains(got, "two sentences") {
		t.Errorf("a repeated id: %q", got)
	}
	untwinned := good
	untwinned.Twins = nil
	if ids := Unbroken([]Sentence{untwinned}); len(ids) != 1 {
		t.Errorf("a sentence without twin: %v", ids)
	}
}

func TestCompareCanFail(t *testing.T) {
	t.Parallel()
	register := []Sentence{{ID: "a", ProvedBy: []string{"r.TestA"}}, {ID: "b", ProvedBy: []string{"r.TestGone", "r.TestSilent"}}}
	got := compare(register, map[string][]string{"a": {"r.TestA", "r.TestMore"}, "c": {"r.TestC"}},
		map[string]bool{"r.TestA": true, "r.TestMore": true, "r.TestC": true, "r.TestSilent": true})
	want := []string{
		"a: r.TestMore says that it proves the sentence: add it to ProvedBy",
		"b: r.TestSilent is there but does not say so: write promise.Proves(t, \"b\") after its t.Parallel()",
		"b: the proof r.TestGone is not there: write TestGone, or name in ProvedBy the test that proves the sentence",
		"c: r.TestC proves a sentence that is not there: add the sentence to internal/promise, or correct the id",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// asked is a running test that remembers what Proves did to it.
type asked struct {
	attrs  []string
	failed string
}

func (a *asked) Helper()                        {}
func (a *asked) Name() string                   { return "TestX" }
func (a *asked) Attr(key, value string)         { a.attrs = append(a.attrs, key+"="+value) }
func (a *asked) Fatalf(format string, v ...any) { a.failed = fmt.Sprintf(format, v...) }

func TestProvesRefusesAnUnknownSentence(t *testing.T) {
	t.Parallel()
	var a asked
	Proves(&a, "clinic-apart")
	if a.failed != "" || !slices.Equal(a.attrs, []string{"promise=clinic-apart"}) {
		t.Errorf("a known sentence: %+v", a)
	}
	Proves(&a, "clinic-apart-at-last")
	if !strings.Contains(a.failed, "no sentence") {
		t.Errorf("an unknown sentence: %+v", a)
	}
}
