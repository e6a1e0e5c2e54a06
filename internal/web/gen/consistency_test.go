package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"almirah/internal/audit"
	"almirah/internal/promise"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// grown is the tree of a log.
type grown []tlog.Hash

func (g grown) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = g[x]
	}
	return out, nil
}

const asked = `import { continues, bytes, read, signed } from "./consistency.mjs";
let text = "";
for await (const part of process.stdin) text += part;
const v = JSON.parse(text), out = { good: 0, refused: 0, wrong: [] };
for (const c of v.Cases) {
  const is = await continues(c.From, bytes(c.FromRoot), c.To, bytes(c.ToRoot), (c.Proof ?? []).map(bytes));
  if (is !== c.Holds) out.wrong.push([c.From, c.To, c.Holds]);
  else if (is) out.good++; else out.refused++;
}
out.signed = await signed(read(v.Note), v.Key);
out.other = await signed(read(v.Note), v.Other);
out.edited = await signed(read(v.Note.replace("\n41\n", "\n42\n")), v.Key);
console.log(JSON.stringify(out));
`

// TestBrowsersCheckWhatTheLogProves gives what the log proves, and forgeries of it, to the script of owners' browsers.
func TestBrowsersCheckWhatTheLogProves(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-browser-witness")
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("ALMIRAH_STRICT") == "1" {
			t.Fatal("node is not here: run make deps")
		}
		t.Skip("node is not here: run make deps")
	}
	dir := t.TempDir()
	src, err := os.ReadFile("../assets/ts/consistency.ts")
	if err != nil {
		t.Fatal(err)
	}
	made := api.Transform(string(src), api.TransformOptions{Loader: api.LoaderTS, Format: api.FormatESModule, Target: api.ES2022})
	if len(made.Errors) > 0 {
		t.Fatal(made.Errors)
	}
	for name, body := range map[string][]byte{"consistency.mjs": made.Code, "ask.mjs": []byte(asked)} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	type question struct {
		From, To         int64
		FromRoot, ToRoot tlog.Hash
		Proof            []tlog.Hash
		Holds            bool
	}
	var log grown
	var roots []tlog.Hash
	var cases []question
	const most = 41
	for n := range int64(most) {
		hashes, err := tlog.StoredHashes(n, fmt.Append(nil, n), log)
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, hashes...)
		root, err := tlog.TreeHash(n+1, log)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
		for from := int64(1); from <= n+1; from++ {
			proof, err := tlog.ProveTree(n+1, from, log)
			if err != nil {
				t.Fatal(err)
			}
			q := question{from, n + 1, roots[from-1], root, proof, true}
			forged, shifted, cut := q, q, q
			forged.FromRoot[3] ^= 1
			forged.Holds = false
			shifted.From, shifted.Holds = from-1, false
			cases = append(cases, q, forged, shifted)
			if len(proof) > 0 {
				cut.Proof, cut.Holds = proof[1:], false
				cases = append(cases, cut)
			}
		}
	}
	private, public, err := note.GenerateKey(rand.Reader, "almirah-log-test")
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := note.GenerateKey(rand.Reader, "almirah-log-test")
	if err != nil {
		t.Fatal(err)
	}
	by, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := audit.Sign(audit.Head{Size: most, Hash: roots[most-1], At: 1}, by)
	if err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(map[string]any{"Cases": cases, "Note": string(signed), "Key": public, "Other": other})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "ask.mjs")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var got struct {
		Good, Refused         int
		Wrong                 []any
		Signed, Other, Edited bool
	}
	if err := json.Unmarshal(said, &got); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if len(got.Wrong) > 0 || got.Good != most*(most+1)/2 || got.Refused < got.Good {
		t.Errorf("%d proofs hold, %d are refused, wrong are %v", got.Good, got.Refused, got.Wrong)
	}
	if !got.Signed || got.Other || got.Edited {
		t.Errorf("signed %v, by another key %v, edited %v", got.Signed, got.Other, got.Edited)
	}
}
