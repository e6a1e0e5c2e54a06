package verifier_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/audit"
	"almirah/internal/audit/verifier"
	"almirah/internal/id"
	"almirah/internal/promise"
)

// file is an exported log, line by line.
type file struct {
	first verifier.First
	lines []verifier.Line
	heads []audit.Head
}

type grown []tlog.Hash

func (g grown) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = g[x]
	}
	return out, nil
}

// export makes the log of n entries of two clinics as a file: every entry, or those of the first clinic with proofs.
func export(t *testing.T, n int64, all bool) file {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "almirah-log-test")
	if err != nil {
		t.Fatal(err)
	}
	by, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	var g grown
	f := file{first: verifier.First{Format: verifier.Format, Key: public}}
	var leaves [][]byte
	for i := range n {
		e := audit.Entry{ID: id.ID{15: byte(i + 1)}, Clinic: id.ID{15: byte(i % 2)}, At: 1, Role: "owner", Purpose: "care", Action: "open", Kind: "patient", Subject: id.ID{1}}
		body, err := e.Body()
		if err != nil {
			t.Fatal(err)
		}
		leaf := audit.Leaf(body, audit.Commit(audit.NewSalt(), nil))
		made, err := tlog.StoredHashes(i, leaf, g)
		if err != nil {
			t.Fatal(err)
		}
		g, leaves = append(g, made...), append(leaves, leaf)
		h, err := audit.HeadOf(i+1, g)
		if err != nil {
			t.Fatal(err)
		}
		f.heads = append(f.heads, h)
		if all {
			f.lines = append(f.lines, verifier.Line{N: i, Leaf: leaf, Nodes: made})
		}
	}
	head := f.heads[n-1]
	signed, err := audit.Sign(head, by)
	if err != nil {
		t.Fatal(err)
	}
	f.first.Checkpoint = string(signed)
	if !all {
		f.first.Clinic = id.ID{}.String()
		for i := int64(0); i < n; i += 2 {
			p, err := audit.ProveEntry(head, i, g)
			if err != nil {
				t.Fatal(err)
			}
			f.lines = append(f.lines, verifier.Line{N: i, Leaf: leaves[i], Proof: p})
		}
	}
	return f
}

func (f file) text(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, x := range []any{f.first} {
		if err := e.Encode(x); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range f.lines {
		if err := e.Encode(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Encode(verifier.Last{End: true, Entries: int64(len(f.lines))}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryTouchOfAFileIsNamed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-checked-elsewhere")
	const n = 23
	for _, all := range []bool{true, false} {
		f := export(t, n, all)
		rep, err := verifier.Check(strings.NewReader(f.text(t)), verifier.Known{Key: f.first.Key})
		if err != nil || rep.Complete != all || rep.Size != n || rep.Entries != int64(len(f.lines)) {
			t.Fatalf("every entry %v: %+v, %v", all, rep, err)
		}
		k := 4 // the line that is touched
		at := f.lines[k].N
		touch := map[string]func(f *file){
			"edited":      func(f *file) { f.lines[k].Leaf = bytes.Replace(f.lines[k].Leaf, []byte("open"), []byte("list"), 1) },
			"taken out":   func(f *file) { f.lines = slices.Delete(f.lines, k, k+1) },
			"swapped":     func(f *file) { f.lines[k].Leaf, f.lines[k+2].Leaf = f.lines[k+2].Leaf, f.lines[k].Leaf },
			"put in":      func(f *file) { f.lines = slices.Insert(f.lines, k, f.lines[k]) },
			"other order": func(f *file) { f.lines[k], f.lines[k+1] = f.lines[k+1], f.lines[k] },
			"no commitment": func(f *file) {
				f.lines[k].Leaf, _, _ = bytes.Cut(f.lines[k].Leaf, []byte{'\n'})
			},
		}
		for name, do := range touch {
			if name == "taken out" && !all {
				continue // a part of the log may lack entries: see docs/audit.md
			}
			g := f
			g.lines = slices.Clone(f.lines)
			do(&g)
			var bad *verifier.Bad
			if _, err := verifier.Check(strings.NewReader(g.text(t)), verifier.Known{}); !errors.As(err, &bad) || bad.N > at+2 || bad.N < at && bad.N >= 0 {
				t.Errorf("every entry %v, %s: %v; entry %d was touched", all, name, err, at)
			}
		}
		text := f.text(t)
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		for name, cut := range map[string]string{
			"the end":        strings.Join(lines[:len(lines)-2], ""),
			"the last line":  strings.Join(lines[:len(lines)-1], ""),
			"the checkpoint": strings.Replace(text, "\\n23\\n", "\\n22\\n", 1),
			"the format":     strings.Replace(text, "audit/1", "audit/2", 1),
			"behind the end": text + lines[1],
			"everything":     "",
		} {
			var bad *verifier.Bad
			if _, err := verifier.Check(strings.NewReader(cut), verifier.Known{}); !errors.As(err, &bad) {
				t.Errorf("every entry %v, %s: %v", all, name, err)
			}
		}
		if _, err := verifier.Check(strings.NewReader(text), verifier.Known{Key: export(t, 1, true).first.Key}); err == nil {
			t.Error("any key will do")
		}
	}
}

// TestAKeptHeadIsMet: a log that was written again whole, and signed by its own key, is told by a head that somebody kept.
func TestAKeptHeadIsMet(t *testing.T) {
	t.Parallel()
	f := export(t, 17, true)
	for _, h := range f.heads {
		if _, err := verifier.Check(strings.NewReader(f.text(t)), verifier.Known{Head: h.String()}); err != nil {
			t.Errorf("head of %d: %v", h.Size, err)
		}
		other := h
		other.Hash[0] ^= 1
		if _, err := verifier.Check(strings.NewReader(f.text(t)), verifier.Known{Head: other.String()}); err == nil {
			t.Errorf("another head of %d is met", h.Size)
		}
	}
	var bad *verifier.Bad
	longer := audit.Head{Size: 20, Hash: f.heads[0].Hash}
	if _, err := verifier.Check(strings.NewReader(f.text(t)), verifier.Known{Head: longer.String()}); !errors.As(err, &bad) || bad.N != 17 {
		t.Errorf("a cut tail: %v", err)
	}
}

// TestTheVerifierStandsAlone: it must be readable in one sitting, and share nothing with what it checks.
func TestTheVerifierStandsAlone(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-checked-elsewhere")
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Dir = filepath.Join("..", "..", "..", "cmd", "almirah-verify")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		first, _, _ := strings.Cut(dep, "/")
		ours := strings.HasPrefix(dep, "almirah/") && dep != "almirah/internal/audit/verifier" && dep != "almirah/cmd/almirah-verify"
		if ours || strings.Contains(first, ".") && dep != "golang.org/x/mod/sumdb/note" && dep != "golang.org/x/mod/sumdb/tlog" && dep != "golang.org/x/mod/internal/lazyregexp" {
			t.Errorf("it needs %s", dep)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("{}")
	f.Add(`{"format":"almirah-audit/1"}`)
	f.Fuzz(func(t *testing.T, s string) {
		if rep, err := verifier.Check(strings.NewReader(s), verifier.Known{}); err == nil && rep.Key == "" {
			t.Fatal("a file without a key is good")
		}
	})
}
