package archtest

import (
	"encoding/csv"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// asvsSections are the sections of OWASP ASVS 5.0.0 with the number of requirements in each, and asvsThird those of them that only level 3 asks for. Ids are
// facts; source: github.com/OWASP/ASVS, 5.0/docs_en.
var (
	asvsSections = "1.1:2 1.2:10 1.3:12 1.4:3 1.5:3 2.1:3 2.2:3 2.3:5 2.4:2 3.1:1 3.2:3 3.3:5 3.4:8 3.5:8 3.6:1 3.7:5 4.1:5 4.2:5 4.3:2 4.4:4 5.1:1 5.2:6 5.3:3 5.4:3 6.1:3 6.2:12 6.3:8 6.4:6 6.5:8 6.6:4 6.7:2 6.8:4 " +
		"7.1:3 7.2:4 7.3:2 7.4:5 7.5:3 7.6:2 8.1:4 8.2:4 8.3:3 8.4:2 9.1:3 9.2:4 10.1:2 10.2:3 10.3:5 10.4:16 10.5:5 10.6:2 10.7:3 11.1:4 11.2:5 11.3:5 11.4:4 11.5:2 11.6:2 11.7:2 12.1:5 12.2:2 12.3:5 " +
		"13.1:4 13.2:6 13.3:4 13.4:7 14.1:2 14.2:8 14.3:3 15.1:5 15.2:5 15.3:7 15.4:4 16.1:1 16.2:5 16.3:4 16.4:3 16.5:4 17.1:2 17.2:8 17.3:2"
	asvsThird = "1.2.10 1.3.12 1.5.3 2.3.5 2.4.2 3.1.1 3.2.3 3.3.5 3.4.7 3.4.8 3.5.6 3.5.7 3.5.8 3.6.1 3.7.3 3.7.4 3.7.5 4.1.4 4.1.5 4.2.2 4.2.3 4.2.4 4.2.5 5.2.4 5.2.5 5.2.6 5.3.3 6.3.5 6.3.6 6.3.7 6.3.8 6.4.5 6.4.6 " +
		"6.5.6 6.5.7 6.5.8 6.6.4 6.7.1 6.7.2 7.5.3 8.1.3 8.1.4 8.2.4 8.3.2 8.3.3 8.4.2 10.2.3 10.3.5 10.4.12 10.4.13 10.4.14 10.4.15 10.4.16 11.1.3 11.1.4 11.2.4 11.2.5 11.3.4 11.3.5 11.5.2 11.6.2 11.7.1 11.7.2 " +
		"12.1.4 12.1.5 12.3.5 13.1.2 13.1.3 13.1.4 13.2.6 13.3.3 13.3.4 13.4.6 13.4.7 14.2.5 14.2.6 14.2.7 14.2.8 15.1.4 15.1.5 15.2.4 15.2.5 15.4.1 15.4.2 15.4.3 15.4.4 16.5.4 17.1.2 17.2.5 17.2.6 17.2.7 17.2.8"
)

// asvsAsked are the ids of levels 1 and 2.
func asvsAsked() (out []string) {
	third := strings.Fields(asvsThird)
	for _, s := range strings.Fields(asvsSections) {
		var n int
		section, count, _ := strings.Cut(s, ":")
		_, _ = fmt.Sscan(count, &n) // a count that cannot be read leaves the section out, and the sum below is wrong
		for i := 1; i <= n; i++ {
			if one := fmt.Sprintf("%s.%d", section, i); !slices.Contains(third, one) {
				out = append(out, "v5.0.0-"+one)
			}
		}
	}
	return out
}

// shown says what is wrong with the tests and files that a page names: "TestX", "TestX/a part of it", "FuzzX" or a path.
func shown(h *House, top string, words []string) (out []string) {
	tests := map[string]string{}
	for _, f := range h.Files {
		if !f.Test {
			continue
		}
		for _, d := range f.AST.Decls {
			if name := funcName(d); strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") {
				tests[name] = f.Path
			}
		}
	}
	for _, w := range words {
		name, part, _ := strings.Cut(w, "/")
		if !strings.HasPrefix(w, "Test") && !strings.HasPrefix(w, "Fuzz") {
			if _, err := os.Stat(filepath.Join(top, w)); err != nil {
				out = append(out, "there is no file "+w)
			}
			continue
		}
		path, there := tests[name]
		if !there {
			out = append(out, "there is no test "+name)
			continue
		}
		if text, err := os.ReadFile(filepath.Join(top, path)); part != "" && (err != nil || !strings.Contains(string(text), `"`+part+`"`)) {
			out = append(out, name+" has no part "+part)
		}
	}
	return out
}

// sheet says what is wrong with the rows of docs/asvs.csv.
func sheet(h *House, top string, rows [][]string) (out []string) {
	seen := map[string]bool{}
	asked := asvsAsked()
	for _, r := range rows {
		if len(r) != 5 {
			out = append(out, fmt.Sprintf("a row of %d cells: %v", len(r), r))
			continue
		}
		id, subject, answer, by, remark := r[0], r[1], r[2], strings.Fields(r[3]), r[4]
		if seen[id] || !slices.Contains(asked, id) {
			out = append(out, id+" is answered twice, or is not asked at levels 1 and 2")
		}
		seen[id] = true
		switch {
		case subject == "":
			out = append(out, id+": say what it is about")
		case answer == "yes" && len(by) == 0, answer == "partly" && (len(by) == 0 || remark == ""), answer == "not-applicable" && remark == "":
			out = append(out, id+": "+answer+" needs what shows it, or why")
		case answer != "yes" && answer != "partly" && answer != "not-applicable":
			out = append(out, id+": the answer is "+answer)
		}
		for _, w := range shown(h, top, by) {
			out = append(out, id+": "+w)
		}
	}
	for _, id := range asked {
		if !seen[id] {
			out = append(out, id+" is not answered")
		}
	}
	return out
}

// TestASVS holds the sheet against the list of the standard, and each row against the tests and files it names.
func TestASVS(t *testing.T) {
	t.Parallel()
	h, err := source()
	if err != nil {
		t.Fatal(err)
	}
	top, err := Top()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(asvsAsked()); n != 253 {
		t.Fatalf("levels 1 and 2 have 253 requirements, not %d", n)
	}
	f, err := os.Open(filepath.Join(top, "docs", "asvs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range sheet(h, top, rows[1:]) {
		t.Error(wrong)
	}
	// And it can fail.
	for _, bad := range [][]string{
		{"v5.0.0-1.1.1", "x", "no", "TestASVS", ""}, {"v5.0.0-1.1.1", "x", "yes", "", ""}, {"v5.0.0-1.1.1", "x", "yes", "TestNothing", ""}, {"v5.0.0-1.1.1", "x", "yes", "TestASVS/nothing of it", ""},
		{"v5.0.0-1.1.1", "x", "yes", "docs/nothing.md", ""}, {"v5.0.0-1.1.1", "x", "not-applicable", "", ""}, {"v5.0.0-1.2.10", "x", "yes", "TestASVS", ""}, {"v5.0.0-1.1.1"},
	} {
		if n := len(sheet(h, top, [][]string{bad})); n <= 252 {
			t.Errorf("nothing is found wrong with %v", bad)
		}
	}
}

// TestAttacks holds the page of attacks: 24 classes, each with tests that are there, and every fuzz target in its table.
func TestAttacks(t *testing.T) {
	t.Parallel()
	h, err := source()
	if err != nil {
		t.Fatal(err)
	}
	top, err := Top()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(top, "docs", "attacks.md"))
	if err != nil {
		t.Fatal(err)
	}
	classes := regexp.MustCompile(`(?m)^\| (\d+) \| [^|]+ \| ([^|]+) \|$`).FindAllStringSubmatch(string(page), -1)
	for i, c := range classes {
		if c[1] != fmt.Sprint(i+1) {
			t.Errorf("class %s stands at place %d", c[1], i+1)
		}
		for _, wrong := range shown(h, top, strings.Fields(c[2])) {
			t.Errorf("class %s: %s", c[1], wrong)
		}
	}
	if len(classes) != 24 {
		t.Errorf("%d classes, want 24", len(classes))
	}
	named := regexp.MustCompile(`\bFuzz[A-Z]\w+`).FindAllString(string(page), -1)
	for _, wrong := range shown(h, top, named) {
		t.Error(wrong)
	}
	for _, f := range h.Files {
		if !f.Test {
			continue
		}
		for _, d := range f.AST.Decls {
			if name := funcName(d); strings.HasPrefix(name, "Fuzz") && !slices.Contains(named, name) {
				t.Errorf("%s: %s is not in the table of docs/attacks.md", f.Path, name)
			}
		}
	}
}

// funcName is the name of a function that stands by itself; empty for anything else.
func funcName(d ast.Decl) string {
	if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
		return fn.Name.Name
	}
	return ""
}
