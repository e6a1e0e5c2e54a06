package app

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNoVerbRunsByAnOptionItHasNot: a misspelt option is named and nothing is done; whoever asks for help gets it, and nothing is done either.
func TestNoVerbRunsByAnOptionItHasNot(t *testing.T) {
	t.Parallel()
	get := func(string) string { t.Error("a verb ran: it asked for a setting"); return "" }
	for _, v := range verbs() {
		var out bytes.Buffer
		if err := Command(t.Context(), append(strings.Fields(v.name), "--help"), get, &out, &out); err != nil || !strings.Contains(out.String(), v.words) {
			t.Errorf("almirah %s --help: %v %q", v.name, err, out.String())
		}
		for _, o := range []string{"--dryrun", "-dry-run", "--Force"} {
			if err := Command(t.Context(), append(strings.Fields(v.name), "x", o), get, &out, &out); err == nil || !strings.Contains(err.Error(), "has no option "+o+"; nothing was done") {
				t.Errorf("almirah %s %s: %v", v.name, o, err)
			}
		}
	}
	var out bytes.Buffer
	if err := Command(t.Context(), []string{"-h"}, get, &out, &out); err != nil || !strings.Contains(out.String(), "almirah serve") {
		t.Errorf("almirah -h: %v %q", err, out.String())
	}
}

// TestEveryOptionIsInTheHelp: what the program asks for, and what the handbook tells to write, stands in a line of the help.
func TestEveryOptionIsInTheHelp(t *testing.T) {
	t.Parallel()
	all := []string{"--help"}
	for _, v := range verbs() {
		all = append(all, options(v.words)...)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`(?:has|after|option)\w*\([^()]*?"(--[a-z][a-z-]*)"`)
	n := 0
	for _, f := range files {
		if text := read(t, f); !strings.HasSuffix(f, "_test.go") {
			for _, m := range asked.FindAllStringSubmatch(text, -1) {
				if n++; !slices.Contains(all, m[1]) {
					t.Errorf("%s: no line of the help names %s", f, m[1])
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("%d options were found in the source", n)
	}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(docs) < 5 {
		t.Fatal(docs, err)
	}
	told := 0
	for _, f := range append(docs, "../../README.md", "../../CONTRIBUTING.md") {
		for _, m := range regexp.MustCompile("almirah ([a-z-]+(?: [a-z]+)?)([^`\n|]*)").FindAllStringSubmatch(read(t, f), -1) {
			i := slices.IndexFunc(verbs(), func(v verb) bool { return m[1] == v.name || strings.HasPrefix(m[1]+" ", v.name+" ") })
			if i < 0 {
				continue
			}
			for _, o := range options(m[2]) {
				if told++; !slices.Contains(options(verbs()[i].words), o) {
					t.Errorf("%s: almirah %s has no option %s", filepath.Base(f), verbs()[i].name, o)
				}
			}
		}
	}
	if told < 10 {
		t.Errorf("%d options were found in the handbook", told)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
