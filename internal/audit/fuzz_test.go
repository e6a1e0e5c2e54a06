package audit

import (
	"crypto/rand"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// FuzzCheckpoint reads checkpoints and the files of witnesses: only what the key signed is one, and a witness reads again what she wrote.
func FuzzCheckpoint(f *testing.F) {
	private, public, err := note.GenerateKey(rand.Reader, "log.example")
	if err != nil {
		f.Fatal(err)
	}
	by, err := note.NewSigner(private)
	if err != nil {
		f.Fatal(err)
	}
	signed, err := Sign(Head{Size: 3, At: 5}, by)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(signed), "log.example\n3\n", "", "\n\n\u2014 log.example AAAA\n", Witness{Key: public, Note: signed}.String(), witnessFirst + "\nx\n\ny"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if h, err := ReadCheckpoint(text, public); err == nil && (h.Size != 3 || h.At != 5) {
			t.Errorf("a head that nobody signed: %+v", h)
		}
		if w, err := ParseWitness(string(text)); err == nil && len(w.Note) > 0 {
			if again, err := ParseWitness(w.String()); err != nil || again.String() != w.String() {
				t.Errorf("a witness reads otherwise what she wrote: %v", err)
			}
		}
	})
}
