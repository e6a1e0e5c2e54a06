package promise

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/promises.md again")

// TestGeneratedPromises keeps docs/promises.md as the register has it.
func TestGeneratedPromises(t *testing.T) {
	t.Parallel()
	file := filepath.Join(top(t), "docs", "promises.md")
	want := page(Register)
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil { //nolint:gosec // a page of the documentation
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/promises.md is not what the register says (%v); run make pages", err)
	}
}

// page is the whole register as one table.
func page(register []Sentence) []byte {
	count := map[Kind]int{}
	twins, probes := 0, 0
	for _, s := range register {
		count[s.Kind]++
		twins += len(s.Twins)
		if s.Probe != "" {
			probes++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Every promise, and its proof

Written by `+"`make pages`"+` from `+"`internal/promise`"+`; do not edit it by hand. %d sentences: %d enforced, %d human duties, %d not yet built. %d twins break a control on purpose, %d probes look at the
running system every ten minutes and by `+"`almirah promises`"+`. `+"`scripts/twins`"+` breaks each control in turn and says which proofs went red. In a running house the same list is at `+"`/trust`"+`, and how each
sentence is proved at `+"`/trust/{id}`"+`.

- **Sources**: rows of the list of requirements. **Kept by**: the file or function that keeps the sentence. **Proved by**: the tests that fail when it is not kept.
- **Broken on purpose**: what a twin breaks, and in which file; then exactly the proofs behind it fail.

| Sentence | Sources | Kind | Kept by | Proved by | Broken on purpose | Probe |
|---|---|---|---|---|---|---|
`, len(register), count[Enforced], count[Human], count[NotYet], twins, probes)
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	for _, s := range register {
		var broken []string
		for _, w := range s.Twins {
			broken = append(broken, fmt.Sprintf("%s (`%s`): %s", w.Name, w.File, code(w.Red)))
		}
		text := fmt.Sprintf("**`%s`** %s", s.ID, s.Text)
		if s.Applies != "" {
			text += " *Applies " + s.Applies + ".*"
		}
		row := []string{text, strings.Join(s.Sources, " "), string(s.Kind), code(s.KeptBy), code(s.ProvedBy), strings.Join(broken, "; "), code([]string{s.Probe})}
		for i := range row {
			row[i] = cell.Replace(row[i])
		}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.Bytes()
}

func code(list []string) string {
	var out []string
	for _, x := range list {
		if x != "" {
			out = append(out, "`"+x+"`")
		}
	}
	return strings.Join(out, ", ")
}
