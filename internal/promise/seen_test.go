package promise

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// source is what the repository holds, by folder of a package and as a whole.
type source struct {
	module   string
	packages map[string][]file // by the folder from the top; files in folders without Go, as templates and test data, count for the folder above
	loose    []file            // in no package: documents, scripts, go.mod
}

type file struct{ path, sum string }

// read takes the sums of all files under top, except what is downloaded or written by runs.
func read(top string) (source, error) {
	s := source{packages: map[string][]file{}}
	var all []file
	err := filepath.WalkDir(top, func(whole string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			written := filepath.Dir(whole) == top && slices.Contains([]string{"out", "bin", "data", "keys"}, d.Name())
			if written || whole != top && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "rapid") {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(whole)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, whole)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		f := file{filepath.ToSlash(rel), string(sum[:])}
		if all = append(all, f); strings.HasSuffix(f.path, ".go") {
			s.packages[path.Dir(f.path)] = nil
		}
		if line, _, _ := strings.Cut(string(text), "\n"); f.path == "go.mod" {
			s.module = strings.TrimSpace(strings.TrimPrefix(line, "module "))
		}
		return nil
	})
	for _, f := range all {
		dir := path.Dir(f.path)
		for dir != "." {
			if _, is := s.packages[dir]; is {
				break
			}
			dir = path.Dir(dir)
		}
		if _, is := s.packages[dir]; is {
			s.packages[dir] = append(s.packages[dir], f)
		} else {
			s.loose = append(s.loose, f)
		}
	}
	return s, err
}

// marks gives each twin, by its name, a key of all that its outcome hangs on: the twin itself, the packages of which the tests of its rooms
// are built, with their templates, catalogues and migrations, the tests of the rooms themselves, the modules from outside, and the version
// of Go. Where no key changed nothing can have changed in how the twin ends. The register counts only where a room itself reads it: what a
// test asks of it is whether an id is there. Rooms whose proofs read the sources (archtest) and the room that holds the whole house (app)
// hang on every file. It fails when `go list` does.
func marks(top string, all []Twin) (map[string]string, error) {
	s, err := read(top)
	if err != nil {
		return nil, err
	}
	rooms := map[string]string{} // folder -> sum
	for _, w := range all {
		for _, p := range w.Red {
			rooms[folder(p)] = ""
		}
	}
	args := []string{"list", "-test", "-json=ImportPath,Deps"}
	for dir := range rooms {
		args = append(args, "./"+dir)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, said(err))
	}
	own, tested := map[string][]string{}, map[string][]string{} // folder of a room -> folders of the packages of which it, or its test, is built
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Deps       []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if strings.Contains(p.ImportPath, " ") {
			continue
		}
		to := own
		name, test := strings.CutSuffix(p.ImportPath, ".test")
		if test {
			to = tested
		}
		dir := strings.TrimPrefix(name, s.module+"/")
		for _, dep := range append(p.Deps, name) {
			dep, _, _ = strings.Cut(dep, " ")
			if in, ours := strings.CutPrefix(strings.TrimSuffix(dep, "_test"), s.module+"/"); ours && !slices.Contains(to[dir], in) {
				to[dir] = append(to[dir], in)
			}
		}
	}
	for dir := range rooms {
		if tested[dir] == nil {
			continue // no such room, or no test in it: the run will say so
		}
		rooms[dir] = s.sum(dir, own[dir], tested[dir])
	}
	found := map[string]string{}
	for _, w := range all {
		h := sha256.New()
		fmt.Fprintf(h, "%s\n%q\n", runtime.Version(), []string{w.Name, w.File, w.Old, w.New})
		for _, p := range slices.Sorted(slices.Values(w.Red)) {
			fmt.Fprintf(h, "%s %x\n", p, rooms[folder(p)])
		}
		found[w.Name] = hex.EncodeToString(h.Sum(nil)[:8])
	}
	return found, nil
}

// sum is over all files on which the tests of the room hang.
func (s source) sum(room string, own, tested []string) string {
	const register, rules = "internal/promise", "internal/archtest"
	whole := room == "internal/app" || slices.Contains(tested, rules)
	var files []file
	for dir, in := range s.packages {
		if !whole && !slices.Contains(tested, dir) || dir == register && !whole && !slices.Contains(own, register) {
			continue
		}
		for _, f := range in {
			if dir == room || whole || !strings.HasSuffix(f.path, "_test.go") {
				files = append(files, f)
			}
		}
	}
	for _, f := range s.loose {
		if whole || f.path == "go.mod" || f.path == "go.sum" {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %x\n", f.path, f.sum)
	}
	return string(h.Sum(nil))
}

// folder is where the tests of a proof lie: "internal/web" for "web.TestNotes", "cmd/almirah" for "cmd/almirah.TestX".
func folder(proof string) string {
	r, _, _ := strings.Cut(proof, ".")
	if strings.HasPrefix(r, "cmd/") {
		return r
	}
	return "internal/" + r
}

func said(err error) string {
	var x *exec.ExitError
	if errors.As(err, &x) {
		return string(x.Stderr)
	}
	return ""
}

// TestAKeyChangesWithWhatTheTwinHangsOn changes one file after another of a small repository.
func TestAKeyChangesWithWhatTheTwinHangsOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		whole := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(whole), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(whole, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module small\n\ngo 1.26\n")
	write("docs/a.md", "a")
	write("internal/promise/p.go", "package promise\n\nfunc Proves() {}\n")
	write("internal/low/low.go", "package low\n\nimport _ \"embed\"\n\n//go:embed pages/a.html\nvar A string\n")
	write("internal/low/low_test.go", "package low\n")
	write("internal/low/pages/a.html", "a")
	write("internal/high/high.go", "package high\n\nimport _ \"small/internal/low\"\n")
	write("internal/high/high_test.go", "package high_test\n\nimport (\n\t\"testing\"\n\n\t_ \"small/internal/aid\"\n\t\"small/internal/promise\"\n)\n\nfunc TestA(t *testing.T) { promise.Proves() }\n")
	write("internal/aid/aid.go", "package aid\n")
	write("internal/other/other.go", "package other\n")
	write("internal/other/other_test.go", "package other\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n")
	write("internal/page/page.go", "package page\n\nimport _ \"small/internal/promise\"\n")
	write("internal/page/page_test.go", "package page\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n")
	write("internal/app/app.go", "package app\n")
	write("internal/app/app_test.go", "package app\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n")
	names := []string{"app", "high", "other", "page"}
	var all []Twin
	for _, n := range names {
		all = append(all, Twin{Name: n, File: "internal/low/low.go", Old: "a", New: "b", Red: []string{n + ".TestA"}})
	}
	look := func() map[string]string {
		t.Helper()
		k, err := marks(dir, all)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	before := look()
	for _, c := range []struct{ path, text, want string }{
		{"internal/low/low_test.go", "package low\n\n// x\n", "app"},
		{"internal/low/pages/a.html", "b", "app high"},
		{"internal/low/low.go", "package low\n", "app high"},
		{"internal/aid/aid.go", "package aid\n\n// x\n", "app high"},
		{"internal/high/testdata/a.txt", "a", "app high"},
		{"internal/other/other_test.go", "package other\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Fatal() }\n", "app other"},
		{"internal/promise/p.go", "package promise\n\nfunc Proves() { println() }\n", "app page"},
		{"docs/a.md", "b", "app"},
		{"out/x", "b", ""},
		{"go.mod", "module small\n\ngo 1.25\n", "app high other page"},
	} {
		write(c.path, c.text)
		after := look()
		var changed []string
		for _, n := range names {
			if before[n] != after[n] {
				changed = append(changed, n)
			}
		}
		if got := strings.Join(changed, " "); got != c.want {
			t.Errorf("%s: the keys of %q changed, want those of %q", c.path, got, c.want)
		}
		before = after
	}
	all[1].New = "c"
	if after := look(); after["high"] == before["high"] || after["other"] != before["other"] {
		t.Error("a twin that breaks something else has the same key")
	}
}
