package holdings

import (
	"fmt"
	"slices"
	"strings"
)

// Page is the text of docs/holdings.md: every column that tells something about a person or opens something, by table. It changes
// only when a declaration changes, whatever the order in which the rooms are handed in.
func Page(tables []Table) string {
	sorted := slices.Clone(tables)
	slices.SortFunc(sorted, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })

	var b strings.Builder
	b.WriteString("# What is held\n\nGenerated from the holdings.go of every room; do not edit. Columns that hold only ids, moments, states and counts are summed up in the last line of a table.\n")
	for _, scope := range []struct {
		is    Scope
		title string
	}{{Clinic, "Of a clinic"}, {Platform, "Of no clinic"}, {System, "Of the libraries"}} {
		fmt.Fprintf(&b, "\n## %s\n", scope.title)
		none := true
		for _, t := range sorted {
			if t.Scope == scope.is {
				t.page(&b)
				none = false
			}
		}
		if none {
			b.WriteString("\nNothing.\n")
		}
	}
	return b.String()
}

func (t Table) page(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n", t.Name)
	if t.Keeper != "" {
		fmt.Fprintf(b, "Kept, copied out and erased by `%s`. Lives as `%s`, counted from: %s.\n\n", t.Keeper, t.Life, t.From)
	}
	var plain []string
	head := false
	for _, c := range t.Columns {
		if c.Class == Plain {
			plain = append(plain, c.Name)
			continue
		}
		if !head {
			b.WriteString("| column | holds | about | for | kept | goes to | sealed |\n|---|---|---|---|---|---|---|\n")
			head = true
		}
		sealed := "yes"
		if !c.Sealed {
			sealed = "no"
			if c.Why != "" {
				sealed = "no: " + c.Why
			}
		}
		goes := "nobody"
		if len(c.Leaves) > 0 {
			goes = strings.Join(c.Leaves, ", ")
		}
		cells := []string{c.Name, string(c.Class), string(c.Whose), c.Purpose, c.Keep, goes, sealed}
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "|", "\\|")
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
	if len(plain) > 0 {
		if head {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "Plain: %s.\n", strings.Join(plain, ", "))
	}
}
