package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

func TestRootKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b", "root.key")
	var wg sync.WaitGroup
	made := make([]bool, 8)
	for i := range made {
		wg.Go(func() {
			var err error
			if made[i], err = CreateRootKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, m := range made {
		if m {
			n++
		}
	}
	first, err := os.ReadFile(path)
	if err != nil || n != 1 {
		t.Fatalf("%d times made, %v", n, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if created, err := CreateRootKey(path); created || err != nil {
		t.Fatalf("made again: %v, %v", created, err)
	}
	second, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(first, second) {
		t.Fatal("the file was overwritten")
	}
	if lines := strings.Split(string(first), "\n"); len(lines) != 3 || lines[0] != rootHeader || len(lines[1]) != 44 {
		t.Fatalf("the file has %d lines", len(lines))
	}
	if left, _ := filepath.Glob(filepath.Dir(path) + "/.almirah-*"); len(left) != 0 {
		t.Fatalf("drafts are left behind: %v", left)
	}
	root, err := rootOf(t, path)
	if err != nil || len(root) != keySize {
		t.Fatal(err)
	}
}

// TestRootKeyErrors: each error can be told apart and says what to do, and none tells the key.
func TestRootKeyErrors(t *testing.T) {
	t.Parallel()
	root := rootFile(t)
	good, err := os.ReadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Split(string(good), "\n")[1]
	folder := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path, says string
		is         error
	}{
		{filepath.Join(folder, "none"), "escrow sheet", ErrRootKeyMissing},
		{file("group", string(good), 0o640), "chmod 600", ErrRootKeyExposed},
		{file("world", string(good), 0o604), "chmod 600", ErrRootKeyExposed},
		{file("empty", "", 0o600), "two key lines", ErrRootKeyUnreadable},
		{file("short", rootHeader+"\n"+secret[:40]+"\n", 0o600), "escrow sheet", ErrRootKeyUnreadable},
		{file("noheader", secret+"\n", 0o600), "two key lines", ErrRootKeyUnreadable},
		{file("huge", strings.Repeat("x", 70<<10), 0o600), "too large", ErrRootKeyUnreadable},
		{folder, "not a file", ErrRootKeyUnreadable},
	} {
		v, err := Open(t.Context(), Config{RootKeyFile: c.path, StoreURL: "sqlite://" + filepath.Join(t.TempDir(), "k.db")}, clock.NewFake(noon))
		if err == nil {
			v.Close()
		}
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: %v", filepath.Base(c.path), err)
		}
	}
	// Windows line ends and a missing last one are no damage.
	for _, text := range []string{strings.ReplaceAll(string(good), "\n", "\r\n"), strings.TrimSpace(string(good))} {
		if b, err := rootOf(t, file("ends", text, 0o400)); err != nil || len(b) != keySize {
			t.Error(err)
		}
		os.Remove(filepath.Join(folder, "ends"))
	}
}

func TestRootKeyThatDoesNotFit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: at})
		_, err := Open(t.Context(), Config{RootKeyFile: rootFile(t), StoreURL: at}, clock.NewFake(noon))
		if !errors.Is(err, ErrRootKeyMismatch) || !strings.Contains(err.Error(), v.Fingerprint()) {
			t.Fatalf("another root key: %v", err)
		}
	})
}

// TestRecoveryFromPaper: the root key file is lost, the two lines are typed into a new one.
func TestRecoveryFromPaper(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 1)
		sealed := sealing(t, ringOf(t, v, clinic), nameOf(people[0]), "Asha")
		sheet, err := v.EscrowSheet(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{v.Fingerprint(), "23 November 2026", "Line 1:", "Line 2:", "almirah doctor", "ALMIRAH_KEYS"} {
			if !strings.Contains(sheet, want) {
				t.Errorf("the sheet lacks %q", want)
			}
		}
		lines := strings.Split(sheet, "\n")
		if len(lines) > 50 {
			t.Errorf("%d lines do not fit on a page", len(lines))
		}
		var keys []string
		for _, line := range lines {
			if len(line) > 80 {
				t.Errorf("too wide: %q", line)
			}
			if rest, ok := strings.CutPrefix(line, "Line "); ok {
				keys = append(keys, "line "+strings.ToLower(rest))
				if groups := strings.Fields(rest)[1:]; len(groups) != 8 {
					t.Errorf("%d groups in a line", len(groups))
				}
			}
		}
		v.Close()
		if err := os.Remove(cfg.RootKeyFile); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), cfg, clock.NewFake(noon)); !errors.Is(err, ErrRootKeyMissing) {
			t.Fatal(err)
		}
		if err := os.WriteFile(cfg.RootKeyFile, []byte(strings.Join(keys, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		w := opening(t, cfg)
		opens(t, ringOf(t, w, clinic), nameOf(people[0]), sealed, "Asha")
		// The sheet can be printed again from the typed file, and the whole sheet is read too.
		again, err := w.EscrowSheet(t.Context())
		if err != nil || again != sheet {
			t.Fatalf("another sheet: %v", err)
		}
		if _, err := ParseEscrow(sheet); err != nil {
			t.Fatal(err)
		}
	})
}

func TestParseEscrow(t *testing.T) {
	t.Parallel()
	for range 50 {
		root := newKey()
		lines := escrowText(root)
		bare := []string{strings.TrimPrefix(lines[0], "Line 1:"), strings.TrimPrefix(lines[1], "Line 2:")}
		for how, text := range map[string]string{
			"as printed":     lines[0] + "\n" + lines[1],
			"second first":   lines[1] + "\n\n" + lines[0] + "\n",
			"bare":           bare[0] + "\r\n" + bare[1] + "\r\n",
			"lower, run on":  strings.ToLower(strings.ReplaceAll(bare[0]+"\n"+bare[1], " ", "")),
			"wide, dashes":   strings.ReplaceAll(bare[0]+"\n"+bare[1], " ", " - "),
			"look-alikes":    strings.NewReplacer("0", "O", "1", "l").Replace(bare[0] + "\n" + bare[1]),
			"byte order":     "\ufeff" + lines[0] + "\n" + lines[1],
			"label, no sign": strings.ReplaceAll(lines[0]+"\n"+lines[1], ":", ""),
		} {
			b, err := ParseEscrow(text)
			if err != nil || !bytes.Equal(b, root) {
				t.Fatalf("%s: %v", how, err)
			}
		}
	}
}

// TestEscrowSlips: every wrong character, and every two neighbours exchanged, is found and its
// line named.
func TestEscrowSlips(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-on-paper")
	root := newKey()
	lines := escrowText(root)
	wrong, passed := 0, 0
	for n := range lines {
		letters := []byte(typed(strings.TrimPrefix(lines[n], fmt.Sprintf("Line %d:", n+1))))
		try := func(slip []byte) {
			text := []string{lines[0], lines[1]}
			text[n] = fmt.Sprintf("Line %d: %s", n+1, slip)
			wrong++
			b, err := ParseEscrow(strings.Join(text, "\n"))
			if err == nil || b != nil {
				passed++ // one in a million slips passes a line's checksum, none the whole's
				t.Errorf("taken: %q for %q", slip, letters)
			} else if !errors.Is(err, ErrEscrow) || !strings.Contains(err.Error(), fmt.Sprintf("line %d", n+1)) {
				t.Errorf("not named: %v", err)
			}
		}
		for i := range letters {
			for _, c := range []byte("0123456789ABCDEFGHJKMNPQRSTVWXYZU?") {
				if c != letters[i] {
					slip := bytes.Clone(letters)
					slip[i] = c
					try(slip)
				}
			}
			if i > 0 && letters[i] != letters[i-1] {
				slip := bytes.Clone(letters)
				slip[i], slip[i-1] = slip[i-1], slip[i]
				try(slip)
			}
			try(append(bytes.Clone(letters[:i]), letters[i+1:]...))
		}
	}
	if wrong < 2000 {
		t.Fatalf("only %d slips", wrong)
	}
	other := escrowText(newKey())
	for _, text := range []string{
		lines[0] + "\n" + other[1],
		lines[0], lines[0] + "\n" + lines[0],
		strings.Replace(lines[0], "Line 1", "Line 2", 1) + "\n" + strings.Replace(lines[1], "Line 2", "Line 1", 1),
		lines[0] + "\n" + strings.Replace(lines[1], "Line 2", "Line 3", 1),
		"", "hello",
	} {
		if _, err := ParseEscrow(text); !errors.Is(err, ErrEscrow) {
			t.Errorf("taken: %q, %v", text, err)
		}
	}
}

func FuzzParseEscrow(f *testing.F) {
	f.Add(strings.Join(escrowText(make([]byte, keySize)), "\n"))
	f.Add("Line 1\nLine 2: é")
	f.Fuzz(func(t *testing.T, text string) {
		root, err := ParseEscrow(text)
		if err != nil {
			return
		}
		again, err := ParseEscrow(strings.Join(escrowText(root), "\n"))
		if err != nil || !bytes.Equal(root, again) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func TestChangeRootKey(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v, beside := opening(t, cfg), opening(t, cfg)
		clinic, people := clinicOf(t, v, 1)
		sealed := sealing(t, ringOf(t, v, clinic), nameOf(people[0]), "Asha")
		old, err := v.EscrowSheet(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		next := rootFile(t)
		if err := v.ChangeRootKey(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), cfg, clock.NewFake(noon)); !errors.Is(err, ErrRootKeyMismatch) {
			t.Fatalf("the old root key: %v", err)
		}
		w := opening(t, Config{RootKeyFile: next, StoreURL: at})
		for _, each := range []*Vault{v, beside, w} {
			opens(t, ringOf(t, each, clinic), nameOf(people[0]), sealed, "Asha")
		}
		sheet, err := v.EscrowSheet(t.Context())
		if err != nil || sheet == old || v.Fingerprint() != w.Fingerprint() {
			t.Fatalf("the sheet did not change: %v", err)
		}
		if _, err := beside.EscrowSheet(t.Context()); !errors.Is(err, ErrRootKeyMismatch) {
			t.Fatalf("a sheet that opens nothing: %v", err)
		}
		if err := beside.ChangeRootKey(t.Context(), rootFile(t)); !errors.Is(err, ErrRootKeyMismatch) {
			t.Fatalf("changed from a root key that no longer fits: %v", err)
		}

		// Of two at the same moment, one is first and the other changes nothing.
		files := []string{rootFile(t), rootFile(t)}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, each := range []*Vault{v, w} {
			wg.Go(func() { errs[i] = each.ChangeRootKey(t.Context(), files[i]) })
		}
		wg.Wait()
		winners := 0
		for i, err := range errs {
			if err == nil {
				winners++
				opens(t, ringOf(t, opening(t, Config{RootKeyFile: files[i], StoreURL: at}), clinic), nameOf(people[0]), sealed, "Asha")
			} else if !errors.Is(err, ErrOvertaken) && !errors.Is(err, ErrRootKeyMismatch) {
				t.Error(err)
			}
		}
		if winners != 1 {
			t.Fatalf("%d winners: %v", winners, errs)
		}
	})
}

// TestPlacesAreDistinct: no two places in the tree bind to the same bytes.
func TestPlacesAreDistinct(t *testing.T) {
	t.Parallel()
	a, b := id.New(noon), id.New(noon)
	seen := map[string]place{}
	for _, kind := range []string{kindEpoch, kindClinic, kindData, kindIndex, kindJournal, kindPatient} {
		for _, clinic := range []id.ID{id.Zero, a, b} {
			for _, subject := range []id.ID{id.Zero, a, b} {
				for generation := range int64(3) {
					p := place{kind, clinic, subject, generation}
					if q, twice := seen[string(p.bytes())]; twice {
						t.Fatalf("%v and %v", p, q)
					}
					seen[string(p.bytes())] = p
				}
			}
		}
	}
}

// TestCellsAreDistinct: names that were made up to look like a border still bind differently.
func TestCellsAreDistinct(t *testing.T) {
	t.Parallel()
	a := Cell{Subject: ClinicData, Table: "a", Column: "b\x00\x00\x00\x01c"}
	b := Cell{Subject: ClinicData, Table: "a\x00\x00\x00\x06b", Column: "c"}
	one, errOne := a.bound(id.Zero)
	two, errTwo := b.bound(id.Zero)
	if errOne != nil || errTwo != nil || bytes.Equal(one, two) {
		t.Fatalf("two cells bind to the same bytes: %v, %v", errOne, errTwo)
	}
}
