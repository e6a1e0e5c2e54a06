package promise

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Most twins break one function. Of these a whole run builds one program in which each such function stands as it is and once more for every twin of
// it, broken; which twin is at work a variable of the environment says when the proofs are run. So the program is built once, and not once a twin.
// What stands in no function (a statement in a const, a table, a template, a migration), and whatever did not go red as it should, is left to the run
// of that twin alone.

// atWork is the variable that says which twins are at work, by their numbers, with commas between; reached names a file into which the numbers of the twins are written whose
// function a proof calls.
const (
	atWork  = "BROKEN_TWIN"
	reached = "BROKEN_TWINS_REACHED"

	// asking stands in every package that a twin breaks.
	asking = `package %s

import (
	"os"
	"strings"
	"sync"
)

var (
	twinChosen  = map[string]bool{}
	twinReached = os.Getenv(%q)
	twinMarked  sync.Map
)

func init() {
	for _, n := range strings.Split(os.Getenv(%q), ",") {
		twinChosen[n] = true
	}
}

func twinAtWork(n string) bool {
	if twinReached != "" {
		if _, twice := twinMarked.LoadOrStore(n, true); !twice {
			if f, err := os.OpenFile(twinReached, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666); err == nil {
				_, _ = f.WriteString(n + "\n")
				_ = f.Close()
			}
		}
	}
	return twinChosen[n]
}
`
)

var errNoFunction = errors.New("it breaks nothing that stands in one function")

// change is a piece of a file's text that is replaced.
type change struct {
	at, end int
	with    string
}

// doubled is the Go file with each function that one of the twins breaks standing there broken as well, and asking at its beginning whether that
// twin is at work. The twins, by their numbers, are all of this file; it fails with errNoFunction when one of them breaks something else.
func doubled(text string, twins map[int]Twin) (string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	var changes []change
	var more strings.Builder
	named := map[*ast.FuncDecl]bool{}
	for _, n := range slices.Sorted(maps.Keys(twins)) {
		w := twins[n]
		at := strings.Index(text, w.Old)
		if at < 0 || strings.Count(text, w.Old) != 1 {
			return "", fmt.Errorf("%q does not stand there once", w.Old)
		}
		i := slices.IndexFunc(f.Decls, func(d ast.Decl) bool {
			fn, is := d.(*ast.FuncDecl)
			return is && fn.Body != nil && fn.Type.TypeParams == nil && offset(fn.Name.End()) <= at && at+len(w.Old) <= offset(fn.End())
		})
		if i < 0 {
			return "", errNoFunction
		}
		fn := f.Decls[i].(*ast.FuncDecl)
		if fn.Name.Name == "init" || fn.Name.Name == "main" || fn.Name.Name == "_" {
			return "", errNoFunction
		}
		from := offset(fn.Pos()) // after its comment
		other := fn.Name.Name + "Twin" + strconv.Itoa(n)
		fmt.Fprintf(&more, "\n%s%s%s%s%s\n", text[from:offset(fn.Name.Pos())], other, text[offset(fn.Name.End()):at], w.New, text[at+len(w.Old):offset(fn.End())])

		// Whatever comes in needs a name, to be handed on.
		call := other
		if fn.Recv != nil {
			call = handed(fn.Recv, "self", offset, &changes, named[fn])[0] + "." + other
		}
		call += "(" + strings.Join(handed(fn.Type.Params, "in", offset, &changes, named[fn]), ", ") + ")"
		named[fn] = true
		if fn.Type.Results != nil {
			call = "return " + call
		} else {
			call += "; return"
		}
		begin := offset(fn.Body.Lbrace) + 1
		changes = append(changes, change{begin, begin, fmt.Sprintf(" if twinAtWork(%q) { %s };", strconv.Itoa(n), call)})
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(b.at, a.at) })
	for _, c := range changes {
		text = text[:c.at] + c.with + text[c.end:]
	}
	return text + more.String(), nil
}

// handed are the names of what comes in, as they stand in a call. What has no name gets one, unless that was done before.
func handed(list *ast.FieldList, word string, offset func(token.Pos) int, changes *[]change, before bool) []string {
	var out []string
	for _, field := range list.List {
		dots := ""
		if _, many := field.Type.(*ast.Ellipsis); many {
			dots = "..."
		}
		next := func() string { return "twin" + word + strconv.Itoa(len(out)) }
		if len(field.Names) == 0 {
			if at := offset(field.Type.Pos()); !before {
				*changes = append(*changes, change{at, at, next() + " "})
			}
			out = append(out, next()+dots)
		}
		for _, name := range field.Names {
			if name.Name != "_" {
				out = append(out, name.Name+dots)
				continue
			}
			if !before {
				*changes = append(*changes, change{offset(name.Pos()), offset(name.End()), next()})
			}
			out = append(out, next()+dots)
		}
	}
	return out
}

// together runs the twins of one program, and calls found with each whose proofs went red, every one, as soon as that is known, and with the other proofs of
// the bench (of the same rooms) that went red too. It fails when the program of all of them does not build. Whoever was not found is to be run alone.
func (b bench) together(all []Twin, scratch string, found func(w Twin, more []string), say func(format string, args ...any)) error {
	files := map[string]map[int]Twin{}
	for i, w := range all {
		text, err := os.ReadFile(filepath.Join(b.top, filepath.FromSlash(w.File)))
		if err != nil || !strings.HasSuffix(w.File, ".go") {
			continue
		}
		if _, err := doubled(string(text), map[int]Twin{i: w}); err != nil {
			continue
		}
		if files[w.File] == nil {
			files[w.File] = map[int]Twin{}
		}
		files[w.File][i] = w
	}
	overlay := map[string]string{}
	put := func(whole, text string) error {
		to := filepath.Join(scratch, strconv.Itoa(len(overlay))+".go")
		overlay[whole] = to
		return os.WriteFile(to, []byte(text), 0o600)
	}
	rooms := map[string][]int{}
	for file, twins := range files {
		whole := filepath.Join(b.top, filepath.FromSlash(file))
		text, err := os.ReadFile(whole)
		if err != nil {
			return err
		}
		both, err := doubled(string(text), twins)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := put(whole, both); err != nil {
			return err
		}
		if ask := filepath.Join(filepath.Dir(whole), "twin_at_work.go"); overlay[ask] == "" {
			f, err := parser.ParseFile(token.NewFileSet(), "", text, parser.PackageClauseOnly)
			if err != nil {
				return err
			}
			if err := put(ask, fmt.Sprintf(asking, f.Name.Name, reached, atWork)); err != nil {
				return err
			}
		}
		for i, w := range twins {
			for _, p := range w.Red {
				if dir := folder(p); !slices.Contains(rooms[dir], i) {
					rooms[dir] = append(rooms[dir], i)
				}
			}
		}
	}
	plan, err := json.Marshal(map[string]map[string]string{"Replace": overlay})
	if err != nil {
		return err
	}
	over := filepath.Join(scratch, "overlay.json")
	if err := os.WriteFile(over, plan, 0o600); err != nil {
		return err
	}
	red, more := map[int]int{}, map[int][]string{}                       // how many proofs of the twin went red, and which others
	done := map[int]int{}                                                // in how many rooms it was at work
	order := slices.SortedFunc(maps.Keys(rooms), func(a, b string) int { // the house's own tests take as long as all others: a run that is broken off has seen the rest
		return cmp.Or(cmp.Compare(strings.Count(a, "internal/app"), strings.Count(b, "internal/app")), strings.Compare(a, b))
	})
	for _, dir := range order {
		room := &built{bench: b, bin: filepath.Join(scratch, "room.test"), dir: filepath.Join(b.top, dir)}
		if out, err := b.command(b.build, b.top, nil, "go", "test", "-c", "-vet=off", "-overlay="+over, "-o", room.bin, "./"+dir); err != nil {
			return fmt.Errorf("the program of all twins does not build: %w\n%s", err, out)
		}
		in := func(proofs []string) []string {
			var names []string
			for _, p := range proofs {
				if _, name, _ := strings.Cut(p, "."); folder(p) == dir && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
			return names
		}
		slices.Sort(rooms[dir])
		var wanted []string
		for _, i := range rooms[dir] {
			wanted = append(wanted, all[i].Red...)
		}
		if err := room.look(in(wanted), in(b.others), scratch); err != nil {
			return err
		}
		for _, name := range in(b.others) {
			if room.reach[name] == nil {
				say("%s: %s is not green while no twin is at work, so it was not looked whether one turns it red", path.Base(dir), name)
			}
		}
		for _, crowd := range crowds(rooms[dir], all) {
			var mu sync.Mutex
			if err := inTurn(crowd, func(i int) error {
				got, err := room.outcomes(strconv.Itoa(i), in(all[i].Red), b.within)
				mu.Lock()
				defer mu.Unlock()
				for _, name := range in(all[i].Red) {
					if room.green[name] && got[name] == "FAIL" {
						red[i]++
					}
				}
				return err
			}); err != nil {
				return err
			}
			also, err := room.also(crowd, func(i int) []string { return in(all[i].Red) })
			if err != nil {
				return err
			}
			for _, i := range crowd {
				for _, name := range also[i] {
					more[i] = append(more[i], strings.TrimPrefix(dir, "internal/")+"."+name)
				}
				places := map[string]bool{}
				for _, p := range all[i].Red {
					places[folder(p)] = true
				}
				if done[i]++; done[i] == len(places) && red[i] == len(all[i].Red) {
					found(all[i], more[i])
				}
			}
		}
		say("%s: %d twins were at work", path.Base(dir), len(rooms[dir]))
	}
	return nil
}

// inTurn does the work for each, several at once: a proof keeps about two processors busy.
func inTurn[T any](list []T, work func(T) error) error {
	var several sync.WaitGroup
	var mu sync.Mutex
	var failed error
	places := make(chan bool, max(1, runtime.NumCPU()/2))
	for _, x := range list {
		places <- true
		several.Go(func() {
			defer func() { <-places }()
			if err := work(x); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = cmp.Or(failed, err)
			}
		})
	}
	several.Wait()
	return failed
}

// built are the tests of a room, in which twins wait.
type built struct {
	bench
	bin, dir string
	green    map[string]bool            // proofs that are green while no twin is at work
	reach    map[string]map[string]bool // other proofs, with the twins whose function each calls
}

// look runs the proofs while no twin is at work: the wanted ones all at once, and each of the others alone, to see which twins it reaches.
func (r *built) look(wanted, others []string, scratch string) error {
	got, err := r.outcomes("", wanted, 5*r.within)
	if err != nil {
		return err
	}
	r.green, r.reach = map[string]bool{}, map[string]map[string]bool{}
	for _, name := range wanted {
		r.green[name] = got[name] == "PASS"
	}
	var mu sync.Mutex
	return inTurn(others, func(name string) error {
		marks := filepath.Join(scratch, name+".reached")
		defer os.Remove(marks)
		got, err := r.outcomes("", []string{name}, r.within, reached+"="+marks)
		if err != nil || got[name] != "PASS" {
			return err
		}
		text, err := os.ReadFile(marks)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		r.reach[name] = map[string]bool{}
		for line := range strings.Lines(string(text)) {
			r.reach[name][strings.TrimSpace(line)] = true
		}
		return nil
	})
}

// atOnce is how many twins are at work at once while the other proofs are looked at.
const atOnce = 8

// crowds are the twins in groups of up to atOnce, no two of one file in one: of two in one function only one would be at work.
func crowds(twins []int, all []Twin) (out [][]int) {
	for _, i := range twins {
		at := slices.IndexFunc(out, func(c []int) bool {
			return len(c) < atOnce && !slices.ContainsFunc(c, func(k int) bool { return all[k].File == all[i].File })
		})
		if at < 0 {
			out, at = append(out, nil), len(out)
		}
		out[at] = append(out[at], i)
	}
	return out
}

// also are the other proofs that go red while a twin is at work. Each that reaches one is run while all twins of the crowd are at work of which it is no proof: what is green then is green
// while one of them is. (Two that make each other's fault good would not be found; each breaks another control.) What fails, or does not end, is asked for each of them alone.
func (r *built) also(crowd []int, red func(i int) []string) (map[int][]string, error) {
	at := map[string][]string{} // twins at work -> proofs
	for _, name := range slices.Sorted(maps.Keys(r.reach)) {
		var those []string
		reaches := false
		for _, i := range crowd {
			if n := strconv.Itoa(i); !slices.Contains(red(i), name) {
				those, reaches = append(those, n), reaches || r.reach[name][n]
			}
		}
		if reaches {
			one := strings.Join(those, ",")
			at[one] = append(at[one], name)
		}
	}
	out := map[int][]string{}
	for _, those := range slices.Sorted(maps.Keys(at)) {
		got, err := r.outcomes(those, at[those], 5*r.within)
		if err != nil {
			return nil, err
		}
		for _, name := range at[those] {
			if got[name] == "PASS" {
				continue
			}
			alone, err := r.outcomes(those, []string{name}, r.within)
			if err != nil {
				return nil, err
			}
			if alone[name] == "PASS" {
				continue
			}
			for n := range strings.SplitSeq(those, ",") {
				if !r.reach[name][n] {
					continue
				}
				alone, err := r.outcomes(n, []string{name}, r.within)
				if err != nil {
					return nil, err
				}
				if i, err := strconv.Atoi(n); err == nil && alone[name] != "PASS" {
					out[i] = append(out[i], name)
				}
			}
		}
	}
	return out, nil
}

var ended = regexp.MustCompile(`(?m)^--- (PASS|FAIL|SKIP): (\w+) \(`)

// outcomes runs proofs of a built room while the twins of the numbers are at work, none for "". What hangs has no outcome.
func (r *built) outcomes(twins string, names []string, within time.Duration, more ...string) (map[string]string, error) {
	got := map[string]string{}
	if len(names) == 0 {
		return got, nil
	}
	out, err := r.command(within+time.Minute, r.dir, append(more, atWork+"="+twins), r.bin, "-test.run=^("+strings.Join(names, "|")+")$", "-test.short", "-test.v", "-test.timeout="+within.String())
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	for _, m := range ended.FindAllSubmatch(out, -1) {
		got[string(m[2])] = string(m[1])
	}
	return got, nil
}

func (b bench) command(within time.Duration, dir string, more []string, name string, args ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(context.Background(), within)
	defer stop()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "RAPID_NOFAILFILE=1", "ALMIRAH_TWINS=0", "ALMIRAH_SOAK="), more...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}

// TestTwinsTogether is for scripts/twins, which asks with ALMIRAH_TWINS=together, and names in ALMIRAH_TWIN_NAMES the file with the twins that it
// wants, one a line. It prints those whose proofs went red; with ALMIRAH_SOAK=1 those of which exactly the proofs went red, and what went red beside them.
func TestTwinsTogether(t *testing.T) {
	t.Parallel()
	if os.Getenv("ALMIRAH_TWINS") != "together" {
		return
	}
	list, err := os.ReadFile(os.Getenv("ALMIRAH_TWIN_NAMES"))
	if err != nil {
		t.Fatal(err)
	}
	wanted := strings.Split(string(list), "\n")
	dash := func(name string) string { return strings.ReplaceAll(name, " ", "-") }
	b := bench{top: top(t), within: 2 * time.Minute, build: 20 * time.Minute}
	var all []Twin
	for _, s := range Register {
		if os.Getenv("ALMIRAH_SOAK") == "1" {
			b.others = append(b.others, s.ProvedBy...)
		}
		for _, w := range s.Twins {
			if slices.Contains(wanted, dash(w.Name)) {
				all = append(all, w)
			}
		}
	}
	found := func(w Twin, more []string) {
		if len(more) > 0 {
			fmt.Printf("more\t%s\t%s went red too: add it to Red, or break less\n", dash(w.Name), strings.Join(more, ", "))
			return
		}
		fmt.Printf("red\t%s\n", dash(w.Name))
	}
	if err := b.together(all, t.TempDir(), found, t.Logf); err != nil {
		t.Fatal(err)
	}
}

func TestTogetherCanFail(t *testing.T) {
	t.Parallel()
	dir := repository(t, map[string]string{
		"go.mod":                   "module small\n\ngo 1.26\n",
		"internal/gate/gate.go":    "package gate\n\nimport \"fmt\"\n\n// Least is of age.\nconst Least = 18\n\ntype Door struct{}\n\n// Open opens.\nfunc (Door) Open(_ string, age int, more ...int) (ok bool) {\n\tfor _, m := range more {\n\t\tage += m\n\t}\n\treturn age >= Least\n}\n\nfunc shut(int) {\n\tlast = \"shut\"\n}\n\nvar last string\n\nfunc Last(s fmt.Stringer) string { shut(1); return last }\n",
		"internal/gate/g_test.go":  "package gate\n\nimport \"testing\"\n\nfunc TestYoung(t *testing.T) {\n\tif (Door{}).Open(\"\", 16, 1) {\n\t\tt.Fatal(\"open\")\n\t}\n}\n\nfunc TestBlind(t *testing.T) {}\n\nfunc TestLast(t *testing.T) {\n\tif Last(nil) != \"shut\" {\n\t\tt.Fatal(\"open\")\n\t}\n}\n\nfunc TestNever(t *testing.T) { t.Fatal(\"it fails always\") }\n",
		"internal/gate/wall.go":    "package gate\n\nfunc Wall() int { return 1 }\n",
		"internal/house/house.go":  "package house\n\nimport \"small/internal/gate\"\n\nfunc In(age int) bool { return gate.Wall() < 2 && gate.Door{}.Open(\"\", age) }\n",
		"internal/house/h_test.go": "package house\n\nimport (\n\t\"testing\"\n\n\t\"small/internal/gate\"\n)\n\nfunc TestIn(t *testing.T) {\n\tif In(17) || !In(18) {\n\t\tt.Fatal(\"in\")\n\t}\n}\n\nfunc TestOut(t *testing.T) {\n\tif !In(18) {\n\t\tt.Fatal(\"out\")\n\t}\n}\n\nfunc TestWall(t *testing.T) {\n\tif gate.Wall() == 0 {\n\t\tt.Fatal(\"none\")\n\t}\n}\n",
	})
	const file = "internal/gate/gate.go"
	all := []Twin{
		{Name: "young", File: file, Old: "age >= Least", New: "age >= Least-1", Red: []string{"gate.TestYoung", "house.TestIn"}},
		{Name: "nobody", File: file, Old: "return age >= Least", New: "return age >= Least+1", Red: []string{"house.TestIn"}},
		{Name: "left open", File: file, Old: "last = \"shut\"", New: "last = \"open\"", Red: []string{"gate.TestLast"}},
		{Name: "blind proof", File: file, Old: "age += m", New: "age -= m", Red: []string{"gate.TestBlind"}},
		{Name: "half blind", File: file, Old: "shut(1);", New: "", Red: []string{"gate.TestLast", "gate.TestBlind"}},
		{Name: "red before", File: file, Old: "range more", New: "range more[:0]", Red: []string{"gate.TestNever"}},
		{Name: "no such test", File: file, Old: "\tage +=", New: "\tage -=", Red: []string{"gate.TestOld"}},
		{Name: "no function", File: file, Old: "Least = 18", New: "Least = 17", Red: []string{"gate.TestYoung"}},
		{Name: "no program", File: "go.mod", Old: "1.26", New: "1.25", Red: []string{"gate.TestYoung"}},
	}
	b := bench{top: dir, within: 2 * time.Minute, build: 2 * time.Minute}
	var red []string
	found := func(w Twin, more []string) {
		red = append(red, strings.Join(append([]string{w.Name}, more...), " and "))
	}
	err := b.together(all, t.TempDir(), found, t.Logf)
	slices.Sort(red)
	if want := []string{"left open", "nobody", "young"}; err != nil || !slices.Equal(red, want) {
		t.Errorf("%q went red, want %q: %v", red, want, err)
	}
	// With the other proofs of the rooms what goes red beside them is named, and of several at work at once it is the right one; a proof that does not reach the broken code is not run.
	b.others, red = []string{"gate.TestYoung", "gate.TestBlind", "gate.TestLast", "gate.TestNever", "house.TestIn", "house.TestOut"}, nil
	some := []Twin{all[1], all[0], all[2], {Name: "no wall", File: "internal/gate/wall.go", Old: "return 1", New: "return 0", Red: []string{"house.TestWall"}}}
	if got := fmt.Sprint(crowds([]int{0, 1, 2, 3}, some)); got != "[[0 3] [1] [2]]" {
		t.Errorf("the crowds are %s", got)
	}
	err = b.together(some, t.TempDir(), found, t.Logf)
	slices.Sort(red)
	if want := []string{"left open", "no wall", "nobody and house.TestOut", "young"}; err != nil || !slices.Equal(red, want) {
		t.Errorf("%q went red, want %q: %v", red, want, err)
	}
	all = append(all[:1], Twin{Name: "does not compile", File: file, Old: "age += m", New: "age += \"m\"", Red: []string{"gate.TestYoung"}})
	red = nil
	if err := b.together(all, t.TempDir(), found, t.Logf); err == nil || len(red) > 0 {
		t.Errorf("a program that does not build: %q", red)
	}
}
