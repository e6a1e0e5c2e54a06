// Package promise is the privacy policy: a register of sentences, each with its sources in the ledger, when it applies, which code
// keeps it, which tests prove it, how each control is broken on purpose to see its proofs go red, and which live probe looks at it in the
// running system. The public policy page is rendered from it. A sentence without proof fails the build, and so does a proof without a
// sentence.
package promise

import (
	"fmt"
	"slices"
)

// Kind says what stands behind a sentence.
type Kind string

// The kinds.
const (
	Enforced Kind = "enforced" // code keeps it and a test proves it
	Human    Kind = "human"    // people keep it; software cannot, and the page says so
	NotYet   Kind = "not-yet"  // not built; the page says so
)

// Sentence is one sentence of the policy.
type Sentence struct {
	ID      string   // lower-case words with hyphens; part of tests, pages and the key promise.<ID> of the translations
	Text    string   // English, ours and plain
	Sources []string // ids of the ledger
	Applies string   // when it applies, in words; empty for every clinic always
	Module  string   // the module without which it does not apply to a clinic; empty for none
	Kind    Kind

	KeptBy   []string // "internal/scheduling/claims.go" or "scheduling.Service.Book": file, or room and name
	ProvedBy []string // "scheduling.TestOneSlotOneWinner": room and test
	Twins    []Twin
	Probe    string // name of the live probe; empty for none
}

// Twin breaks one control: Old is replaced by New in File (from the top of the repository; code, a page or a migration), where it must stand
// exactly once. Then exactly the proofs in Red must fail.
type Twin struct {
	Name, File, Old, New string
	Red                  []string
	Long                 bool // takes more than half a minute: only a soak runs it
}

// Find is the sentence with the id; false when there is none.
func Find(id string) (Sentence, bool) {
	i := slices.IndexFunc(Register, func(s Sentence) bool { return s.ID == id })
	if i < 0 {
		return Sentence{}, false
	}
	return Register[i], true
}

// Test is what Proves needs of a running test; *testing.T is one. It stands here so that the binary does not carry the testing package.
type Test interface {
	Helper()
	Name() string
	Attr(key, value string)
	Fatalf(format string, args ...any)
}

// Proves says that the running test proves the sentences. It stands in the test function itself, with the ids written out, because
// TestRegisterMatchesProofs finds it by reading the source. It fails the test when the register has no such sentence; with
// `go test -json` every proof is an attribute of its test.
func Proves(t Test, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, ok := Find(id); !ok {
			t.Fatalf("the register has no sentence %q: add it to internal/promise/register_*.go, or correct the id in %s", id, t.Name())
		}
		t.Attr("promise", id)
	}
}

// Check finds what is wrong with the sentences taken by themselves: ids that are not unique, an enforced sentence without keeper, proof
// or twin, a twin that names a proof the register does not list. Each complaint says what to do.
func Check(register []Sentence) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	seen, proofs := map[string]bool{}, map[string]bool{}
	for _, s := range register {
		if seen[s.ID] {
			say("%s: two sentences have this id; give one of them another", s.ID)
		}
		seen[s.ID] = true
		for _, p := range s.ProvedBy {
			proofs[p] = true
		}
	}
	for _, s := range register {
		if !plain(s.ID) {
			say("%q: an id is lower-case words with hyphens", s.ID)
		}
		if s.Text == "" || len(s.Sources) == 0 {
			say("%s: a sentence needs its text and the ledger rows that it comes from", s.ID)
		}
		switch s.Kind {
		case Enforced:
			if len(s.KeptBy) == 0 {
				say("%s: say in KeptBy which code keeps it, or make it human or not-yet", s.ID)
			}
			if len(s.ProvedBy) == 0 {
				say("%s: write a test that calls promise.Proves(t, %q) and name it in ProvedBy, or make the sentence human or not-yet", s.ID, s.ID)
			}
		case Human, NotYet:
			if len(s.ProvedBy)+len(s.Twins) > 0 || s.Probe != "" {
				say("%s: it is %s, so it can have neither proof nor twin nor probe; make it enforced if it is", s.ID, s.Kind)
			}
		default:
			say("%s: kind %q is none of enforced, human, not-yet", s.ID, s.Kind)
		}
		for _, w := range s.Twins {
			if w.Name == "" || w.File == "" || w.Old == "" || w.Old == w.New || len(w.Red) == 0 {
				say("%s: the twin %q needs a name, a file, a piece of code, another one in its place, and the proofs that must go red", s.ID, w.Name)
			}
			for _, p := range w.Red {
				if !proofs[p] {
					say("%s: the twin %q expects %s to go red, but no sentence lists that proof; list it in ProvedBy", s.ID, w.Name, p)
				}
			}
		}
	}
	return out
}

// Unbroken lists the enforced sentences none of whose controls has a twin: nobody has shown that their proofs can fail.
func Unbroken(register []Sentence) []string {
	red := map[string]bool{}
	for _, s := range register {
		for _, w := range s.Twins {
			for _, p := range w.Red {
				red[p] = true
			}
		}
	}
	var out []string
	for _, s := range register {
		if s.Kind == Enforced && len(s.Twins) == 0 && !slices.ContainsFunc(s.ProvedBy, func(p string) bool { return red[p] }) {
			out = append(out, s.ID)
		}
	}
	return out
}

func plain(id string) bool {
	if id == "" || id[0] == '-' || id[len(id)-1] == '-' {
		return false
	}
	for _, c := range id {
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
