package promise

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// bench is a repository in which twins are run.
type bench struct {
	top    string // folder of go.mod
	others []string
	within time.Duration // for the proofs of one room, once they are built
	build  time.Duration // for building them
}

// run breaks the twin's control and says what is wrong with the outcome; nothing when exactly its proofs went red. The other
// proofs of the bench that live in the same packages must stay green.
func (b bench) run(w Twin, scratch string) ([]string, error) {
	whole := filepath.Join(b.top, filepath.FromSlash(w.File))
	text, err := os.ReadFile(whole)
	if err != nil {
		return []string{fmt.Sprintf("%s is not there: name the file that holds the control", w.File)}, nil
	}
	if n := strings.Count(string(text), w.Old); n != 1 {
		return []string{fmt.Sprintf("%q stands %d times in %s, it must stand there once: copy the control's code as it is now", w.Old, n, w.File)}, nil
	}
	broken := filepath.Join(scratch, "broken.go")
	if err := os.WriteFile(broken, []byte(strings.Replace(string(text), w.Old, w.New, 1)), 0o600); err != nil {
		return nil, err
	}
	overlay := filepath.Join(scratch, "overlay.json")
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {whole: broken}})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(overlay, plan, 0o600); err != nil {
		return nil, err
	}

	want := map[string]bool{} // proof -> must fail
	for _, p := range b.others {
		want[p] = false
	}
	for _, p := range w.Red {
		want[p] = true
	}
	rooms := map[string][]string{}
	for p := range want {
		r, name, _ := strings.Cut(p, ".")
		rooms[r] = append(rooms[r], name)
	}
	var wrong []string
	for _, r := range slices.Sorted(maps.Keys(rooms)) {
		if !slices.ContainsFunc(w.Red, func(p string) bool { return strings.HasPrefix(p, r+".") }) {
			continue
		}
		got, said, err := b.test(overlay, r, rooms[r])
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(slices.Values(rooms[r])) {
			switch outcome := got[name]; {
			case want[r+"."+name] && outcome == "pass":
				wrong = append(wrong, fmt.Sprintf("%s.%s stayed green: it does not prove the control; make it look at %s", r, name, w.File))
			case want[r+"."+name] && outcome != "fail":
				wrong = append(wrong, fmt.Sprintf("%s.%s did not run (%q): does the broken code compile, is the test there?\n%s", r, name, outcome, said))
			case !want[r+"."+name] && outcome == "fail":
				wrong = append(wrong, fmt.Sprintf("%s.%s went red too: add it to Red, or break less", r, name))
			}
		}
	}
	return wrong, nil
}

// test runs the named tests of a room under the overlay and returns their outcomes, and the end of what the build said.
func (b bench) test(overlay, room string, names []string) (map[string]string, string, error) {
	dir := "./internal/" + room
	if strings.HasPrefix(room, "cmd/") {
		dir = "./" + room
	}
	slices.Sort(names)
	// The tests bound themselves; whatever else hangs is ended soon after. What is built of the broken file stands in Go's cache under the
	// broken file's contents: it serves the next run of the same twin, never a build of the whole program, and goes when Go trims its cache.
	ctx, stop := context.WithTimeout(context.Background(), b.build+b.within)
	defer stop()
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-short", "-vet=off", "-count=1", "-timeout="+b.within.String(), "-overlay="+overlay, "-run=^("+strings.Join(names, "|")+")$", dir)
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir = b.top
	// A failure that is wanted leaves no example behind in the source.
	cmd.Env = append(os.Environ(), "RAPID_NOFAILFILE=1", "ALMIRAH_TWINS=0", "ALMIRAH_SOAK=", "ALMIRAH_OVERLAY="+overlay)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, "", fmt.Errorf("the proofs of %s took longer than %v: break something whose proofs are quick, or give the twin Long", room, b.build+b.within)
	}
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		return nil, "", fmt.Errorf("starting go test: %w", err)
	}
	got := map[string]string{}
	var said []string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			said = append(said, lines.Text())
			continue
		}
		if e.Test == "" && e.Output != "" {
			said = append(said, strings.TrimRight(e.Output, "\n"))
		}
		if e.Test != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
			got[e.Test] = e.Action
		}
	}
	return got, strings.Join(said[max(0, len(said)-12):], "\n"), lines.Err()
}

// chosen is which twins run now: all in a soak (ALMIRAH_SOAK=1) or with ALMIRAH_TWINS=all, else a few of the short ones that
// are others each day; ALMIRAH_TWINS is how many, 2 unless set, 0 for none, in a soak too: there scripts/twins runs them one by one.
func chosen(all []Twin, twins string, soak bool, day int) []Twin {
	if twins == "all" || soak && twins != "0" {
		return all
	}
	all = slices.DeleteFunc(slices.Clone(all), func(w Twin) bool { return w.Long })
	n := 2
	if v, err := strconv.Atoi(twins); err == nil {
		n = v
	}
	n = min(n, len(all))
	var out []Twin
	for i := range n {
		out = append(out, all[(day*n+i)%len(all)])
	}
	return out
}

// TestTwinList prints every twin for scripts/twins, which asks with ALMIRAH_TWINS=list: its test, its sentence, the key of all that its
// outcome hangs on, what it breaks, what has to go red.
func TestTwinList(t *testing.T) {
	t.Parallel()
	list := os.Getenv("ALMIRAH_TWINS") == "list"
	key := map[string]string{}
	if list {
		var all []Twin
		for _, s := range Register {
			all = append(all, s.Twins...)
		}
		var err error
		if key, err = marks(top(t), all); err != nil {
			t.Fatal(err)
		}
	}
	named := map[string]string{}
	for _, s := range Register {
		for _, w := range s.Twins {
			name := strings.ReplaceAll(w.Name, " ", "-")
			if other, twice := named[name]; twice {
				t.Errorf("%s and %s have a twin of one name: %s", other, s.ID, w.Name)
			}
			named[name] = s.ID
			if list {
				fmt.Printf("twin\t%s\t%s\t%s\t%s\t%s\n", name, s.ID, key[w.Name], w.File, strings.Join(w.Red, " "))
			}
		}
	}
}

func TestTwins(t *testing.T) {
	t.Parallel()
	var all []Twin
	var others []string
	for _, s := range Register {
		all = append(all, s.Twins...)
		others = append(others, s.ProvedBy...)
	}
	soak := os.Getenv("ALMIRAH_SOAK") == "1"
	b := bench{top: top(t), within: 2 * time.Minute, build: 2 * time.Minute}
	if os.Getenv("ALMIRAH_TWINS") == "all" {
		b.within, b.build = 5*time.Minute, 10*time.Minute // a whole run builds most of the program for each twin, and may have the machine to share
	}
	if soak {
		b.others, b.within, b.build = others, 10*time.Minute, 10*time.Minute
	}
	// Each twin must name its control exactly, also on the days on which it is not run.
	for _, w := range all {
		text, err := os.ReadFile(filepath.Join(b.top, filepath.FromSlash(w.File)))
		if err != nil {
			t.Errorf("twin %q: %s is not there: name the file that holds the control", w.Name, w.File)
		} else if n := strings.Count(string(text), w.Old); n != 1 {
			t.Errorf("twin %q: %q stands %d times in %s, it must stand there once: copy the control's code as it is now", w.Name, w.Old, n, w.File)
		}
	}
	// One after the other: each is a build and a test run of its own.
	for _, w := range chosen(all, os.Getenv("ALMIRAH_TWINS"), soak, int(time.Now().Unix()/86400)) {
		t.Run(strings.ReplaceAll(w.Name, " ", "-"), func(t *testing.T) {
			wrong, err := b.run(w, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range wrong {
				t.Error(x)
			}
		})
	}
}

// repository writes a small one, file by file, and answers where it is.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range files {
		whole := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(whole), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(whole, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTwinRunnerCanFail runs twins in a small repository whose proofs are good, blind or absent.
func TestTwinRunnerCanFail(t *testing.T) {
	t.Parallel()
	dir := repository(t, map[string]string{
		"go.mod":                  "module small\n\ngo 1.26\n",
		"internal/gate/gate.go":   "package gate\n\nfunc Open(age int) bool { return age >= 18 }\n",
		"internal/gate/g_test.go": "package gate\n\nimport \"testing\"\n\nfunc TestYoung(t *testing.T) {\n\tif Open(17) {\n\t\tt.Fatal(\"open\")\n\t}\n}\n\nfunc TestBlind(t *testing.T) {}\n\nfunc TestExact(t *testing.T) {\n\tif !Open(18) || Open(17) {\n\t\tt.Fatal(\"shut\")\n\t}\n}\n",
	})
	const file = "internal/gate/gate.go"
	for _, c := range []struct {
		twin   Twin
		others []string
		says   string
	}{
		{Twin{Name: "good", File: file, Old: "age >= 18", New: "age >= 17", Red: []string{"gate.TestYoung", "gate.TestExact"}}, []string{"gate.TestBlind"}, ""},
		{Twin{Name: "blind proof", File: file, Old: "age >= 18", New: "age >= 17", Red: []string{"gate.TestYoung", "gate.TestBlind"}}, nil, "gate.TestBlind stayed green"},
		{Twin{Name: "too much red", File: file, Old: "age >= 18", New: "age >= 17", Red: []string{"gate.TestYoung"}}, []string{"gate.TestExact"}, "gate.TestExact went red too"},
		{Twin{Name: "does not compile", File: file, Old: "age >= 18", New: "age", Red: []string{"gate.TestYoung"}}, nil, "gate.TestYoung did not run"},
		{Twin{Name: "no such test", File: file, Old: "age >= 18", New: "age >= 17", Red: []string{"gate.TestOld"}}, nil, "gate.TestOld did not run"},
		{Twin{Name: "moved code", File: file, Old: "age > 18", New: "age > 17", Red: []string{"gate.TestYoung"}}, nil, "stands 0 times"},
		{Twin{Name: "moved file", File: "internal/gate/door.go", Old: "a", New: "b", Red: []string{"gate.TestYoung"}}, nil, "is not there"},
	} {
		t.Run(c.twin.Name, func(t *testing.T) {
			t.Parallel()
			wrong, err := bench{top: dir, others: c.others, within: 2 * time.Minute, build: 2 * time.Minute}.run(c.twin, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(wrong, "\n")
			if (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
				t.Errorf("want %q, got %q", c.says, got)
			}
		})
	}
}

func TestChosenTwins(t *testing.T) {
	t.Parallel()
	all := []Twin{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	seen := map[string]bool{}
	for day := range 3 {
		two := chosen(all, "", false, day)
		if len(two) != 2 {
			t.Fatalf("day %d: %d twins", day, len(two))
		}
		seen[two[0].Name], seen[two[1].Name] = true, true
	}
	if len(seen) != 3 {
		t.Errorf("three days reached %d of 3 twins", len(seen))
	}
	if len(chosen(all, "0", false, 1)) != 0 || len(chosen(all, "9", false, 1)) != 3 || len(chosen(all, "all", false, 1)) != 3 || len(chosen(all, "1", true, 1)) != 3 || len(chosen(all, "0", true, 1)) != 0 {
		t.Error("ALMIRAH_TWINS or the soak is not obeyed")
	}
	all[1].Long = true
	for day := range 3 {
		if slices.ContainsFunc(chosen(all, "", false, day), func(w Twin) bool { return w.Long }) {
			t.Error("a long twin is drawn on an ordinary day")
		}
	}
	if len(chosen(all, "9", false, 1)) != 2 || len(chosen(all, "", true, 1)) != 3 || len(chosen(all, "all", false, 1)) != 3 {
		t.Error("a long twin is left out, or not, at the wrong time")
	}
	if len(chosen(nil, "", false, 1)) != 0 {
		t.Error("twins out of nothing")
	}
}
