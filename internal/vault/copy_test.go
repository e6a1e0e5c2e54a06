package vault

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

// TestACopyOfTheKeyStore: a copy holds no key that opens by itself, goes back into either engine and opens everything there by the same root key; what was
// destroyed after it was made is destroyed again by the journal, and nobody can make the journal say more or less.
func TestACopyOfTheKeyStore(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erased-in-backups")
	onBoth(t, func(t *testing.T, url string) {
		ctx, root := t.Context(), rootFile(t)
		v := opening(t, Config{RootKeyFile: root, StoreURL: url})
		clinic, people := clinicOf(t, v, 3)
		ring := ringOf(t, v, clinic)
		sealed := map[id.ID][]byte{}
		for _, p := range people {
			sealed[p] = sealing(t, ring, nameOf(p), "Asha Rao")
		}
		early := people[2]
		if err := v.Shred(ctx, clinic, early, "before"); err != nil {
			t.Fatal(err)
		}
		looks, err := v.Looks(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var copied bytes.Buffer
		sum, err := v.CopyTo(ctx, &copied)
		if err != nil || sum.Fingerprint != v.Fingerprint() || sum.Subjects != 2 || sum.Shredded != 1 || sum.Clinics[clinic.String()] != 1 || len(sum.Epochs) != 1 {
			t.Fatalf("%+v %v", sum, err)
		}
		if err := v.Shred(ctx, clinic, people[0], "after"); err != nil {
			t.Fatal(err)
		}
		if now, err := v.Looks(ctx); err != nil || now == looks {
			t.Errorf("it looks as before: %q %v", now, err)
		}
		var journal bytes.Buffer
		if n, err := v.WriteJournal(ctx, &journal); err != nil || n != 2 {
			t.Fatalf("%d entries, %v", n, err)
		}

		other := "sqlite://" + filepath.Join(t.TempDir(), "back", "keystore.db")
		if err := RestoreKeys(ctx, other, bytes.NewReader(copied.Bytes()[:copied.Len()-20]), clock.NewFake(noon)); !errors.Is(err, ErrCopy) {
			t.Errorf("a copy that was cut off: %v", err)
		}
		if err := RestoreKeys(ctx, other, bytes.NewReader(copied.Bytes()), clock.NewFake(noon)); err != nil {
			t.Fatal(err)
		}
		if err := RestoreKeys(ctx, other, bytes.NewReader(copied.Bytes()), clock.NewFake(noon)); !errors.Is(err, ErrOccupied) {
			t.Errorf("over another key store: %v", err)
		}
		if _, err := Open(ctx, Config{RootKeyFile: rootFile(t), StoreURL: other}, clock.NewFake(noon)); !errors.Is(err, ErrRootKeyMismatch) {
			t.Errorf("another root key: %v", err)
		}
		w := opening(t, Config{RootKeyFile: root, StoreURL: other})
		if w.Fingerprint() != v.Fingerprint() || !bytes.Equal(w.Stamp("x", []byte("y")), v.Stamp("x", []byte("y"))) || bytes.Equal(w.Stamp("x", []byte("y")), w.Stamp("x", []byte("z"))) {
			t.Error("it is another key store")
		}
		stranger := id.New(noon)
		if lacking, err := w.Lacking(ctx, clinic, append(people, stranger)); err != nil || len(lacking) != 1 || lacking[0] != stranger {
			t.Errorf("lacking %v %v", lacking, err)
		}
		back := ringOf(t, w, clinic)
		opens(t, back, nameOf(people[0]), sealed[people[0]], "Asha Rao") // the copy is older than the erasure
		forged := bytes.Replace(journal.Bytes(), []byte(" after "), []byte(" other "), 1)
		if _, _, err := w.TakeJournal(ctx, bytes.NewReader(forged)); !errors.Is(err, ErrJournal) {
			t.Errorf("a changed journal: %v", err)
		}
		if n, destroyed, err := w.TakeJournal(ctx, &journal); err != nil || n != 2 || destroyed != 1 {
			t.Fatalf("%d entries, %d destroyed, %v", n, destroyed, err)
		}
		again := ringOf(t, w, clinic)
		for _, p := range []id.ID{people[0], early} {
			if _, err := again.Open(nameOf(p), sealed[p]); !errors.Is(err, ErrShredded) {
				t.Errorf("an erased person came back: %v", err)
			}
		}
		opens(t, again, nameOf(people[1]), sealed[people[1]], "Asha Rao")
		// The journal's own file has it too, should that copy of the key store be exchanged once more.
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if n, err := opening(t, Config{RootKeyFile: root, StoreURL: other}).WriteJournal(ctx, &bytes.Buffer{}); err != nil || n != 2 {
			t.Errorf("%d entries after a new start, %v", n, err)
		}
	})
}
