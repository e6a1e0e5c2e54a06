package audit

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"almirah/internal/promise"
)

func logKey(t *testing.T) (note.Signer, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "almirah-log-test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return s, public
}

func checkpoint(t *testing.T, h Head, by note.Signer) []byte {
	t.Helper()
	b, err := Sign(h, by)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	by, key := logKey(t)
	_, other := logKey(t)
	h := Head{Size: 12, Hash: tlog.Hash{1, 2}, At: 1_700_000_000_000_000}
	signed := checkpoint(t, h, by)
	if got, err := ReadCheckpoint(signed, key); err != nil || got != h {
		t.Fatalf("read back: %v, %v", got, err)
	}
	for name, bad := range map[string][]byte{
		"edited":  []byte(strings.Replace(string(signed), "\n12\n", "\n13\n", 1)),
		"cut":     signed[:len(signed)-9],
		"nothing": nil,
	} {
		if _, err := ReadCheckpoint(bad, key); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadCheckpoint(signed, other); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("another key: %v", err)
	}
}

// TestAWitnessRefusesARewrittenLog: whoever kept an old checkpoint takes over only what continues it.
func TestAWitnessRefusesARewrittenLog(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-checked-elsewhere")
	by, key := logKey(t)
	b := write(t, 29, func() int { return 4 })
	last := b.heads[len(b.heads)-1]
	for _, old := range b.heads {
		w := Witness{Key: key}
		if err := w.See(checkpoint(t, old, by), nil); err != nil {
			t.Fatalf("the first look: %v", err)
		}
		again, err := ParseWitness(w.String())
		if err != nil || again.String() != w.String() {
			t.Fatalf("the witness's file: %v", err)
		}
		proof, err := ProveGrowth(old, last, b)
		if err != nil {
			t.Fatal(err)
		}
		for name, forged := range map[string]Head{"another history": {Size: last.Size, Hash: tlog.Hash{9}}, "a tail cut off": {Size: old.Size - 1, Hash: tlog.Hash{9}}, "the same size": {Size: old.Size, Hash: tlog.Hash{9}}} {
			if forged.Size < 1 {
				continue
			}
			kept := w.String()
			if err := w.See(checkpoint(t, forged, by), proof); !errors.Is(err, ErrRewritten) {
				t.Errorf("from %d, %s: %v", old.Size, name, err)
			}
			if w.String() != kept {
				t.Errorf("from %d, %s was kept", old.Size, name)
			}
		}
		if err := w.See(checkpoint(t, last, by), proof); err != nil {
			t.Errorf("from %d to %d: %v", old.Size, last.Size, err)
		}
		if h, err := w.Head(); err != nil || h != last {
			t.Errorf("she keeps %v, %v", h, err)
		}
		stranger, _ := logKey(t)
		if err := w.See(checkpoint(t, last, stranger), nil); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("another signer: %v", err)
		}
	}
	if _, err := ParseWitness("something else"); err == nil {
		t.Error("any file is a witness's")
	}
}
