package vault

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

func shredded(t *testing.T, v *Vault, clinic, subject id.ID, sealed []byte) {
	t.Helper()
	r := ringOf(t, v, clinic)
	if err := r.Load(subject); err != nil {
		t.Fatalf("loading an erased person: %v", err)
	}
	if b, err := r.Open(nameOf(subject), sealed); !errors.Is(err, ErrShredded) {
		t.Fatalf("an erased person's name opened as %q, %v", b, err)
	}
	if _, err := r.Seal(nameOf(subject), []byte("x")); !errors.Is(err, ErrShredded) {
		t.Fatalf("sealed for an erased person: %v", err)
	}
	if err := v.AddSubjects(t.Context(), clinic, id.New(noon), subject); !errors.Is(err, ErrShredded) {
		t.Fatalf("an erased person came back: %v", err)
	}
}

func TestShred(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "deleted-is-unreadable")
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at, JournalFile: filepath.Join(t.TempDir(), "journal")}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 3)
		r := ringOf(t, v, clinic)
		gone, stays := sealing(t, r, nameOf(people[0]), "Asha"), sealing(t, r, nameOf(people[1]), "Ravi")
		other, _ := clinicOf(t, v, 0)
		if err := v.AddSubjects(t.Context(), other, people[0]); err != nil {
			t.Fatal(err)
		}
		elsewhere := sealing(t, ringOf(t, v, other), nameOf(people[0]), "Asha there")

		for _, reason := range []string{"", "Asha asked us to", "a\nb", strings.Repeat("x", 65)} {
			if v.Shred(t.Context(), clinic, people[0], reason) == nil {
				t.Fatalf("the reason %q was taken", reason)
			}
		}
		if err := v.Shred(t.Context(), id.New(noon), people[0], "erasure_request"); !errors.Is(err, ErrUnknownClinic) {
			t.Fatalf("an unknown clinic: %v", err)
		}
		opens(t, ringOf(t, v, clinic), nameOf(people[0]), gone, "Asha")

		beside := opening(t, cfg) // another process
		for range 2 {
			if err := v.Shred(t.Context(), clinic, people[0], "erasure_request"); err != nil {
				t.Fatal(err)
			}
		}
		stranger := id.New(noon)
		if err := v.Shred(t.Context(), clinic, stranger, "erasure_request"); err != nil {
			t.Fatal(err)
		}
		for _, each := range []*Vault{v, beside, opening(t, cfg)} {
			shredded(t, each, clinic, people[0], gone)
			shredded(t, each, clinic, stranger, gone)
			opens(t, ringOf(t, each, clinic), nameOf(people[1]), stays, "Ravi")
			opens(t, ringOf(t, each, other), nameOf(people[0]), elsewhere, "Asha there")
		}
		journal, err := os.ReadFile(cfg.JournalFile)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(journal), "\n")
		if len(lines) != 4 || !strings.Contains(lines[0], v.Fingerprint()) || !strings.Contains(lines[1], people[0].String()) ||
			!strings.Contains(lines[1], clinic.String()) || !strings.Contains(lines[1], " erasure_request ") || !strings.HasPrefix(lines[1], "2026-11-23T12:00:00.000000Z ") {
			t.Fatalf("the journal reads %q", journal)
		}
		if info, err := os.Stat(cfg.JournalFile); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("the journal's mode is %v", info.Mode())
		}
		if n, err := v.Replay(t.Context()); n != 0 || err != nil {
			t.Fatalf("a replay of what is done destroyed %d, %v", n, err)
		}
	})
}

// TestShredLeavesNoTrace: after Shred even the wrapped key is nowhere in SQLite's files.
func TestShredLeavesNoTrace(t *testing.T) {
	t.Parallel()
	v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + filepath.Join(t.TempDir(), "k.db")})
	clinic, people := clinicOf(t, v, 300)
	w := wrappedOf(t, v, clinic, people[150]).bytes
	if !bytes.Contains(storeBytes(t, v), w) {
		t.Fatal("the wrapped key was not there before: the scan proves nothing")
	}
	if err := v.Shred(t.Context(), clinic, people[150], "erasure_request"); err != nil {
		t.Fatal(err)
	}
	everything := storeBytes(t, v)
	for i := range len(w) - 8 {
		if bytes.Contains(everything, w[i:i+8]) {
			t.Fatalf("bytes %d to %d of the wrapped key are still in the files", i, i+8)
		}
	}
}

// TestCrashBetweenJournalAndKey: the journal has the line, the key is still there. Open and
// Replay each complete it.
func TestCrashBetweenJournalAndKey(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at, JournalFile: filepath.Join(t.TempDir(), "journal")}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 3)
		r := ringOf(t, v, clinic)
		sealed := [][]byte{sealing(t, r, nameOf(people[0]), "a"), sealing(t, r, nameOf(people[1]), "b"), sealing(t, r, nameOf(people[2]), "c")}
		die := func(subject id.ID) {
			e := entry{clinic: clinic, subject: subject, at: clock.At(noon), reason: "erasure_request"}
			if err := v.journal.append(e); err != nil {
				t.Fatal(err)
			}
		}
		die(people[0])
		opens(t, ringOf(t, v, clinic), nameOf(people[0]), sealed[0], "a")
		if n, err := v.Replay(t.Context()); n != 1 || err != nil {
			t.Fatalf("replay destroyed %d, %v", n, err)
		}
		shredded(t, v, clinic, people[0], sealed[0])
		if n, err := v.Replay(t.Context()); n != 0 || err != nil {
			t.Fatalf("a second replay destroyed %d, %v", n, err)
		}
		die(people[1])
		shredded(t, opening(t, cfg), clinic, people[1], sealed[1])
		opens(t, ringOf(t, v, clinic), nameOf(people[2]), sealed[2], "c")

		// The process died after the journal, and the person asked again.
		die(people[2])
		if err := v.Shred(t.Context(), clinic, people[2], "erasure_request"); err != nil {
			t.Fatal(err)
		}
		shredded(t, v, clinic, people[2], sealed[2])
	})
}

// TestRestoreOfTheKeyStore: yesterday's key store comes back; who was erased since stays erased,
// also who came and went since.
func TestRestoreOfTheKeyStore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, copied := filepath.Join(folder, "k.db"), filepath.Join(folder, "yesterday.db")
	cfg := Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + file}
	v := opening(t, cfg)
	clinic, people := clinicOf(t, v, 2)
	r := ringOf(t, v, clinic)
	gone, stays := sealing(t, r, nameOf(people[0]), "Asha"), sealing(t, r, nameOf(people[1]), "Ravi")
	if _, err := v.store.write.Exec("VACUUM INTO '" + copied + "'"); err != nil {
		t.Fatal(err)
	}
	newcomer := id.New(noon)
	if err := v.AddSubjects(t.Context(), clinic, newcomer); err != nil {
		t.Fatal(err)
	}
	for _, p := range []id.ID{people[0], newcomer} {
		if err := v.Shred(t.Context(), clinic, p, "erasure_request"); err != nil {
			t.Fatal(err)
		}
	}
	v.Close()
	for _, end := range []string{"", "-wal", "-shm"} {
		os.Remove(file + end)
	}
	if err := os.Rename(copied, file); err != nil {
		t.Fatal(err)
	}
	w := opening(t, cfg)
	shredded(t, w, clinic, people[0], gone)
	shredded(t, w, clinic, newcomer, gone)
	opens(t, ringOf(t, w, clinic), nameOf(people[1]), stays, "Ravi")
}

// TestRestoredRows: the same for rows that came back, with the journal only in the table, only
// in the file, and in both.
func TestRestoredRows(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at, JournalFile: filepath.Join(t.TempDir(), "journal")}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 3)
		r := ringOf(t, v, clinic)
		var sealed [][]byte
		var keys []wrappedKey
		for _, p := range people {
			sealed = append(sealed, sealing(t, r, nameOf(p), "x"))
			keys = append(keys, wrappedOf(t, v, clinic, p))
			if err := v.Shred(t.Context(), clinic, p, "erasure_request"); err != nil {
				t.Fatal(err)
			}
		}
		comeBack := func() {
			for i, p := range people {
				exec(t, v, "UPDATE patient_key SET wrapped = $1, generation = $2, shredded_at = NULL WHERE clinic = $3 AND subject = $4", keys[i].bytes, keys[i].generation, clinic, p)
			}
			opens(t, ringOf(t, v, clinic), nameOf(people[0]), sealed[0], "x")
		}
		comeBack()
		if n, err := v.Replay(t.Context()); n != 3 || err != nil {
			t.Fatalf("from both: %d, %v", n, err)
		}
		comeBack()
		exec(t, v, "DELETE FROM shred_journal")
		if n, err := v.Replay(t.Context()); n != 3 || err != nil {
			t.Fatalf("from the file: %d, %v", n, err)
		}
		comeBack()
		if err := os.Remove(cfg.JournalFile); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Replay(t.Context()); !errors.Is(err, ErrJournal) {
			t.Fatalf("the file has gone under a running vault: %v", err)
		}
		w := opening(t, cfg)
		for i, p := range people {
			shredded(t, w, clinic, p, sealed[i])
		}
		if written, err := w.journal.read(); err != nil || len(written) != 3 {
			t.Fatalf("the file was not written again: %d lines, %v", len(written), err)
		}
	})
}

// TestJournalDefaults: SQLite has a file beside the key store, PostgreSQL has the table.
func TestJournalDefaults(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: at})
		clinic, people := clinicOf(t, v, 1)
		sealed := sealing(t, ringOf(t, v, clinic), nameOf(people[0]), "x")
		key := wrappedOf(t, v, clinic, people[0])
		if err := v.Shred(t.Context(), clinic, people[0], "erasure_request"); err != nil {
			t.Fatal(err)
		}
		shredded(t, v, clinic, people[0], sealed)
		exec(t, v, "UPDATE patient_key SET wrapped = $1, shredded_at = NULL, generation = $2", key.bytes, key.generation)
		if n, err := v.Replay(t.Context()); n != 1 || err != nil {
			t.Fatalf("replay destroyed %d, %v", n, err)
		}
		shredded(t, v, clinic, people[0], sealed)
		if v.store.postgres {
			return
		}
		if _, err := os.Stat(v.store.file + ".shredded"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cfg := Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + filepath.Join(folder, "k.db"), JournalFile: filepath.Join(folder, "journal")}
	v := opening(t, cfg)
	clinic, people := clinicOf(t, v, 5)
	r := ringOf(t, v, clinic)
	last := sealing(t, r, nameOf(people[4]), "x")
	for _, p := range people[:3] {
		if err := v.Shred(t.Context(), clinic, p, "erasure_request"); err != nil {
			t.Fatal(err)
		}
	}
	good, err := os.ReadFile(cfg.JournalFile)
	if err != nil {
		t.Fatal(err)
	}
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(cfg.JournalFile, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.SplitAfter(string(good), "\n")
	forged := strings.ReplaceAll(lines[1], people[0].String(), people[4].String())
	for what, content := range map[string]string{
		"a changed date":   strings.Replace(string(good), "T12:", "T13:", 1),
		"a changed person": string(good) + forged,
		"a cut line":       lines[0] + lines[1][:50] + "\n" + lines[2],
		"another header":   "x" + string(good),
		"no header":        lines[1] + lines[2],
		"nothing":          "",
	} {
		put(content)
		if _, err := v.Replay(t.Context()); !errors.Is(err, ErrJournal) {
			t.Errorf("%s: %v", what, err)
		}
		if w, err := Open(t.Context(), cfg, clock.NewFake(noon)); !errors.Is(err, ErrJournal) {
			t.Errorf("%s: opened, %v", what, err)
			if err == nil {
				w.Close()
			}
		}
	}
	opens(t, ringOf(t, v, clinic), nameOf(people[4]), last, "x")

	// A crash in the middle of writing leaves part of a line: at every length it is passed over,
	// and the next line is written behind it whole.
	line := v.journal.line(entry{clinic: clinic, subject: people[3], at: clock.At(noon), reason: "erasure_request"})
	for n := range len(line) + 1 {
		put(string(good) + line[:n])
		got, err := v.journal.read()
		if want := 3 + n/len(line); err != nil || len(got) != want {
			t.Fatalf("cut at %d: %d lines, %v", n, len(got), err)
		}
		if err := v.journal.append(entry{clinic: clinic, subject: people[4], at: clock.At(noon), reason: "x"}); err != nil {
			t.Fatal(err)
		}
		got, err = v.journal.read()
		if want := 4 + n/len(line); err != nil || len(got) != want || got[len(got)-1].subject != people[4] {
			t.Fatalf("cut at %d, then written: %d lines, %v", n, len(got), err)
		}
	}
}

// TestJournalWithoutItsStore: a key store that was lost is not quietly replaced by an empty one.
func TestJournalWithoutItsStore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cfg := Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + filepath.Join(folder, "k.db")}
	opening(t, cfg).Close()
	files, _ := filepath.Glob(filepath.Join(folder, "k.db*"))
	for _, f := range files {
		if !strings.HasSuffix(f, ".shredded") {
			os.Remove(f)
		}
	}
	for range 2 {
		if _, err := Open(t.Context(), cfg, clock.NewFake(noon)); !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), "Restore") {
			t.Fatalf("an empty key store beside a journal: %v", err)
		}
	}
}

// TestShredAgainstAdd: whoever comes first, an erased person has no key afterwards.
func TestShredAgainstAdd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		one, two := opening(t, cfg), opening(t, cfg)
		clinic, _ := clinicOf(t, one, 0)
		for range 40 {
			subject := id.New(noon)
			var wg sync.WaitGroup
			var shredErr, addErr error
			wg.Go(func() { addErr = one.AddSubjects(context.Background(), clinic, subject, id.New(noon)) })
			wg.Go(func() { shredErr = two.Shred(context.Background(), clinic, subject, "erasure_request") })
			wg.Wait()
			if shredErr != nil || (addErr != nil && !errors.Is(addErr, ErrShredded)) {
				t.Fatalf("shred %v, add %v", shredErr, addErr)
			}
			if w := wrappedOf(t, one, clinic, subject); w.bytes != nil {
				t.Fatal("an erased person has a key")
			}
			shredded(t, one, clinic, subject, []byte{layout})
		}
		// The erasure fell between the first look and the insert.
		subject := id.New(noon)
		if err := two.Shred(t.Context(), clinic, subject, "erasure_request"); err != nil {
			t.Fatal(err)
		}
		k, err := one.open(t.Context(), clinic, false)
		if err != nil {
			t.Fatal(err)
		}
		late := id.New(noon)
		if err := one.addSubjects(t.Context(), clinic, k, "", []id.ID{late, subject}); !errors.Is(err, ErrShredded) {
			t.Fatalf("an erased person was added: %v", err)
		}
		if missing, err := one.withoutKey(t.Context(), one.store.read, clinic, []id.ID{late}); err != nil || len(missing) != 1 {
			t.Fatalf("half of a refused call was kept: %v", err)
		}
	})
}

// TestManyShredAtOnce: several processes journal at once, and no line is lost or torn.
func TestManyShredAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at, JournalFile: filepath.Join(t.TempDir(), "journal")}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 60)
		var wg sync.WaitGroup
		for i := range 4 {
			w := opening(t, cfg)
			wg.Go(func() {
				for n := i; n < len(people); n += 4 {
					if err := w.Shred(context.Background(), clinic, people[n], "erasure_request"); err != nil {
						t.Error(err)
					}
					if n%12 == 0 {
						if _, err := w.Replay(context.Background()); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		written, err := v.journal.read()
		if err != nil || len(written) != len(people) {
			t.Fatalf("%d lines, %v", len(written), err)
		}
		for _, p := range people {
			if w := wrappedOf(t, v, clinic, p); w.bytes != nil {
				t.Fatal("a key is left")
			}
		}
	})
}
