package vault

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

// onlyCurrent makes sure that the key store holds one epoch and no key that has a successor, and that every field opens by them.
func onlyCurrent(t *testing.T, cfg Config, clinic id.ID, sealed map[id.ID][]byte) {
	t.Helper()
	fresh := opening(t, cfg)
	s, err := fresh.Standing(t.Context())
	if err != nil || s.Epochs != 1 || s.ClinicsOld != 0 || s.Retired != 0 || s.PeopleOld != 0 || s.Unfinished {
		t.Fatalf("not everything hangs on current keys: %+v, %v", s, err)
	}
	r := ringOf(t, fresh, clinic)
	for p, b := range sealed {
		opens(t, r, nameOf(p), b, "Asha "+p.String())
	}
}

func sealingAll(t *testing.T, v *Vault, clinic id.ID, people []id.ID) map[id.ID][]byte {
	t.Helper()
	out := map[id.ID][]byte{}
	r := ringOf(t, v, clinic)
	for _, p := range people {
		out[p] = sealing(t, r, nameOf(p), "Asha "+p.String())
	}
	return out
}

// TestTurnUnderLoad: every key is replaced again and again while two processes read, write and add people. Nothing fails, and in the end every key
// hangs on the newest epoch and every field opens.
func TestTurnUnderLoad(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-replaced")
	people, turns := 150, 1
	if os.Getenv("ALMIRAH_SOAK") != "" {
		people, turns = 20_000, 30
	}
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		houses := []*Vault{opening(t, cfg), opening(t, cfg)}
		clinic, first := clinicOf(t, houses[0], people)
		sealed := sealingAll(t, houses[0], clinic, first)
		data := Cell{Subject: ClinicData, Table: "provider", Column: "name", Row: clinic}
		own := sealing(t, ringOf(t, houses[0], clinic), data, "Dr Rao")
		bucket := ringOf(t, houses[0], clinic).Bucket(IndexName, "as")

		still := maps.Clone(sealed) // sealed grows meanwhile
		var stop atomic.Bool
		var acts, wrong atomic.Int64
		var mu sync.Mutex
		var wg sync.WaitGroup
		fail := func(what string, err error) {
			if wrong.Add(1) < 5 {
				t.Errorf("%s: %v", what, err)
			}
		}
		for i, v := range houses {
			for range 2 {
				wg.Go(func() {
					for n := i; !stop.Load(); n++ {
						r, err := v.Ring(t.Context(), clinic)
						if err != nil {
							fail("a ring", err)
							continue
						}
						some := first[n%(len(first)-20):][:20]
						if err := r.Load(some...); err != nil {
							fail("loading", err)
						}
						for _, p := range some {
							if b, err := r.Open(nameOf(p), still[p]); err != nil || string(b) != "Asha "+p.String() {
								fail("reading", err)
							}
						}
						if b, err := r.Open(data, own); err != nil || string(b) != "Dr Rao" || r.Bucket(IndexName, "as") != bucket {
							fail("the clinic's own", err)
						}
						r.Close()
						acts.Add(1)
					}
				})
			}
			wg.Go(func() { // adds people, clinics, and erases some
				for n := 0; !stop.Load(); n++ {
					p := id.New(noon)
					if err := v.AddSubjects(t.Context(), clinic, p); err != nil {
						fail("adding", err)
						continue
					}
					r, err := v.Ring(t.Context(), clinic)
					if err != nil {
						fail("a ring", err)
						continue
					}
					b, err := r.Seal(nameOf(p), []byte("Asha "+p.String()))
					if err != nil {
						fail("writing", err)
					}
					r.Close()
					if n%5 == 0 {
						if err := v.Shred(t.Context(), clinic, p, "erasure_request"); err != nil {
							fail("erasing", err)
						}
					} else {
						mu.Lock()
						sealed[p] = b
						mu.Unlock()
					}
					if n%7 == 0 && n < 7*100 { // a hundred from each house: what a night does with thousands of clinics is no matter of this proof
						if err := v.OpenClinic(t.Context(), id.New(noon)); err != nil {
							fail("a new clinic", err)
						}
					}
					acts.Add(1)
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		begun := time.Now()
		for range turns {
			if _, err := houses[1].Turn(t.Context(), true, nil); err != nil {
				t.Error(err)
			}
		}
		t.Logf("soak: %d turns of the keys of %d people and those who came took %s, beside %d acts of others", turns, people, time.Since(begun).Round(time.Second), acts.Load())
		// Both houses at once do each other's work.
		var both sync.WaitGroup
		for _, v := range houses {
			both.Go(func() {
				if _, err := v.Turn(t.Context(), true, nil); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		stop.Store(true)
		wg.Wait()
		if acts.Load() < 50 || wrong.Load() > 0 {
			t.Fatalf("%d acts, %d wrong", acts.Load(), wrong.Load())
		}
		if _, err := houses[0].Turn(t.Context(), false, nil); err != nil {
			t.Fatal(err)
		}
		onlyCurrent(t, cfg, clinic, sealed)
	})
}

var errBroken = errors.New("broken off")

// TestTurnBrokenOff: a turn is broken off behind each of its steps; what runs goes on, a process that starts then opens everything, and the next turn completes it.
func TestTurnBrokenOff(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-replaced")
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		running := opening(t, cfg)
		clinic, people := clinicOf(t, running, 2*20+3)
		sealed := sealingAll(t, running, clinic, people)
		for _, c := range []struct {
			step  string
			times int
		}{{"epoch begun", 1}, {"clinics moved", 1}, {"people moved", 1}, {"people moved", 2}, {"clinic key dropped", 1}, {"epoch ended", 1}} {
			crashing := opening(t, cfg)
			crashing.people = 20
			left := c.times
			crashing.step = func(what string) error {
				if what == c.step {
					if left--; left == 0 {
						return errBroken
					}
				}
				return nil
			}
			if _, err := crashing.Turn(t.Context(), true, nil); !errors.Is(err, errBroken) {
				t.Fatalf("%s: %v", c.step, err)
			}
			if err := crashing.Close(); err != nil {
				t.Fatal(err)
			}
			for name, v := range map[string]*Vault{"running": running, "started": opening(t, cfg)} {
				late := id.New(noon)
				if err := v.AddSubjects(t.Context(), clinic, late); err != nil {
					t.Fatalf("%s, %s: %v", c.step, name, err)
				}
				r := ringOf(t, v, clinic)
				for _, p := range people {
					opens(t, r, nameOf(p), sealed[p], "Asha "+p.String())
				}
				sealed[late] = sealing(t, r, nameOf(late), "Asha "+late.String())
			}
			if due, err := running.TurnDue(t.Context()); err != nil || due != (c.step != "epoch ended") {
				t.Fatalf("%s: due %v, %v", c.step, due, err)
			}
			if _, err := running.Turn(t.Context(), false, nil); err != nil {
				t.Fatalf("%s: %v", c.step, err)
			}
			onlyCurrent(t, cfg, clinic, sealed)
		}
	})
}

// everyCipher is every key that the key store and the root key still give: the epochs', the clinic's, and those with a successor.
func everyCipher(t *testing.T, v *Vault, clinic id.ID) []tink.AEAD {
	t.Helper()
	root, rows, err := v.fittingRoot(t.Context(), v.store.read)
	if err != nil {
		t.Fatal(err)
	}
	by, err := cipherOf(root)
	if err != nil {
		t.Fatal(err)
	}
	out := []tink.AEAD{by}
	for n, r := range rows {
		c, err := unwrapCipher(by, epochPlace(n, r.generation), r.wrapped)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	o, err := v.open(t.Context(), clinic, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range o.wraps {
		out = append(out, c)
	}
	return out
}

// TestErasedForGood: what an old copy of the key store still has of an erased person's key opens by no key that is left after the next turn, and the chain above it
// is destroyed too; before the turn it does, which is why the page of the policy names a date.
func TestErasedForGood(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erased-for-good")
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		clk := clock.NewFake(noon)
		v, err := Open(t.Context(), cfg, clk)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		clinic, people := clinicOf(t, v, 3)
		sealed := sealingAll(t, v, clinic, people)
		// What a dead page or an old copy has.
		old := wrappedOf(t, v, clinic, people[0])
		k, err := readClinic(t.Context(), v.store.read, clinic)
		if err != nil {
			t.Fatal(err)
		}
		epochs, err := readEpochs(t.Context(), v.store.read)
		if err != nil {
			t.Fatal(err)
		}
		lingering := func() (n int) {
			for _, c := range everyCipher(t, v, clinic) {
				for _, try := range []struct {
					at    place
					bytes []byte
				}{
					{place{kind: kindPatient, clinic: clinic, subject: people[0], generation: old.generation}, old.bytes},
					{place{kind: kindClinic, clinic: clinic, generation: k.kinds[kindClinic].generation}, k.kinds[kindClinic].bytes},
				} {
					if _, err := unwrap(c, try.at, try.bytes); err == nil {
						n++
					}
				}
			}
			return n
		}
		clk.Move(time.Hour)
		if err := v.Shred(t.Context(), clinic, people[0], "erasure_request"); err != nil {
			t.Fatal(err)
		}
		if n := lingering(); n != 2 {
			t.Fatalf("%d ways to the old key before the turn: the test looks in the wrong place", n)
		}
		s, err := v.Standing(t.Context())
		if err != nil || s.Waiting != 1 || s.WaitingFor != clock.At(noon.Add(time.Hour)) || s.Erased != 1 {
			t.Fatalf("%+v, %v", s, err)
		}
		clk.Move(time.Hour)
		done, err := v.Turn(t.Context(), false, nil)
		if err != nil || done.Fresh != 1 || done.Clinics != 2 || done.People != 2 || done.Ended != 1 {
			t.Fatalf("%+v, %v", done, err)
		}
		if n := lingering(); n != 0 {
			t.Fatalf("%d ways to the old key are left", n)
		}
		if s, err = v.Standing(t.Context()); err != nil || s.Waiting != 0 || s.Epochs != 1 || s.Retired != 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		if everything := storeBytes(t, v); bytes.Contains(everything, epochs[1].wrapped) && !v.store.postgres {
			t.Error("the destroyed epoch's key is still in the file")
		}
		delete(sealed, people[0])
		onlyCurrent(t, cfg, clinic, sealed)

		// A night without an erasure makes no clinic's key new; ninety days do.
		clk.Move(TurnEvery)
		if done, err = v.Turn(t.Context(), false, nil); err != nil || done.Fresh != 0 || done.Clinics != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		clk.Move(ClinicLife)
		if done, err = v.Turn(t.Context(), false, nil); err != nil || done.Fresh != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		onlyCurrent(t, cfg, clinic, sealed)
	})
}

// TestATurnIsOvertaken: while one process turns, another begins the next epoch and is broken off in its middle. The first goes on with that one.
func TestATurnIsOvertaken(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-replaced")
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		one, two := opening(t, cfg), opening(t, cfg)
		clinic, people := clinicOf(t, one, 4)
		sealed := sealingAll(t, one, clinic, people)
		two.step = func(what string) error {
			if what == "clinics moved" {
				return errBroken
			}
			return nil
		}
		overtaken := 0
		one.step = func(what string) error {
			if what == "clinics moved" && overtaken == 0 {
				overtaken++
				if _, err := two.Turn(t.Context(), true, nil); !errors.Is(err, errBroken) {
					t.Errorf("the other turn: %v", err)
				}
			}
			return nil
		}
		done, err := one.Turn(t.Context(), true, nil)
		if err != nil || overtaken != 1 {
			t.Fatalf("overtaken %d times: %v", overtaken, err)
		}
		s, err := one.Standing(t.Context())
		if err != nil || done.Epoch != 3 || s.Unfinished || s.ClinicsOld+s.PeopleOld != 0 || s.Epochs != 1 || s.Waiting != 0 {
			t.Fatalf("epoch %d, %+v, %v", done.Epoch, s, err)
		}
		for _, v := range []*Vault{one, two, opening(t, cfg)} {
			r := ringOf(t, v, clinic)
			for _, p := range people {
				opens(t, r, nameOf(p), sealed[p], "Asha "+p.String())
			}
		}
	})
}

// TestACopyFromBeforeTheTurn: a copy of the key store from before a turn comes back, whoever was erased since stays erased, and the next turn goes through.
func TestACopyFromBeforeTheTurn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 4)
		sealed := sealingAll(t, v, clinic, people)
		for _, midway := range []bool{false, true} {
			if midway { // the copy is made while a turn is under way
				v.step = func(what string) error {
					if what == "clinics moved" {
						return errBroken
					}
					return nil
				}
				if _, err := v.Turn(t.Context(), true, nil); !errors.Is(err, errBroken) {
					t.Fatal(err)
				}
				v.step = nil
			}
			var copied, journal bytes.Buffer
			if _, err := v.CopyTo(t.Context(), &copied); err != nil {
				t.Fatal(err)
			}
			if _, err := v.Turn(t.Context(), true, nil); err != nil {
				t.Fatal(err)
			}
			gone := people[len(people)-1]
			people = people[:len(people)-1]
			delete(sealed, gone)
			if err := v.Shred(t.Context(), clinic, gone, "erasure_request"); err != nil {
				t.Fatal(err)
			}
			if _, err := v.WriteJournal(t.Context(), &journal); err != nil {
				t.Fatal(err)
			}
			back := Config{RootKeyFile: cfg.RootKeyFile, StoreURL: "sqlite://" + t.TempDir() + "/back.db"}
			if err := RestoreKeys(t.Context(), back.StoreURL, &copied, clock.NewFake(noon)); err != nil {
				t.Fatal(err)
			}
			w := opening(t, back)
			if _, destroyed, err := w.TakeJournal(t.Context(), &journal); err != nil || destroyed == 0 {
				t.Fatalf("%d destroyed, %v", destroyed, err)
			}
			if _, err := w.Turn(t.Context(), true, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := ringOf(t, w, clinic).Open(nameOf(gone), []byte{}); err != nil {
				t.Fatal(err)
			}
			if b, err := ringOf(t, w, clinic).Seal(nameOf(gone), []byte("x")); !errors.Is(err, ErrShredded) {
				t.Fatalf("%x, %v", b, err)
			}
			onlyCurrent(t, back, clinic, sealed)
		}
	})
}

// TestAnOlderCopyComesBack: a copy that was made before keys had turns has fewer columns, and comes back all the same.
func TestAnOlderCopyComesBack(t *testing.T) {
	t.Parallel()
	cfg := Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + t.TempDir() + "/k.db"}
	v := opening(t, cfg)
	clinic, people := clinicOf(t, v, 2)
	sealed := sealingAll(t, v, clinic, people)
	var copied bytes.Buffer
	if _, err := v.CopyTo(t.Context(), &copied); err != nil {
		t.Fatal(err)
	}
	back := Config{RootKeyFile: cfg.RootKeyFile, StoreURL: "sqlite://" + t.TempDir() + "/back.db"}
	if err := RestoreKeys(t.Context(), back.StoreURL, bytes.NewReader(asEditionOne(t, copied.Bytes())), clock.NewFake(noon)); err != nil {
		t.Fatal(err)
	}
	onlyCurrent(t, back, clinic, sealed)
}

// asEditionOne cuts from a copy what the first edition of the key store did not have.
func asEditionOne(t *testing.T, copied []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	rows := 0
	for line := range bytes.Lines(copied) {
		var table string
		width := map[string]int{"epoch_key": 4, "clinic_key": 6, "patient_key": 6, "keystore": 3, "shred_journal": 5}
		_, err := fmt.Sscanf(string(line), `{"t":%q,`, &table)
		switch {
		case bytes.HasPrefix(line, []byte(copyHeader)):
			out.Write(line)
		case err != nil:
			fmt.Fprintf(&out, "{\"rows\":%d}\n", rows)
		case width[table] > 0:
			cells := bytes.SplitN(bytes.TrimSuffix(bytes.TrimSpace(line), []byte("]}")), []byte("["), 2)
			parts := bytes.Split(cells[1], []byte(","))
			fmt.Fprintf(&out, "%s[%s]}\n", cells[0], bytes.Join(parts[:width[table]], []byte(",")))
			rows++
		}
	}
	return out.Bytes()
}

// TestRootKeyChangeBrokenOff: the change of the root key is broken off at each step; the next start opens everything with whichever key is the right one.
func TestRootKeyChangeBrokenOff(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-replaced")
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		running := opening(t, cfg)
		clinic, people := clinicOf(t, running, 1)
		sealed := sealingAll(t, running, clinic, people)
		for _, step := range []string{"root key written", "root key changed"} {
			before, err := os.ReadFile(cfg.RootKeyFile)
			if err != nil {
				t.Fatal(err)
			}
			crashing := opening(t, cfg)
			crashing.step = func(what string) error {
				if what == step {
					return errBroken
				}
				return nil
			}
			if err := crashing.RotateRootKey(t.Context()); !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			onlyCurrent(t, cfg, clinic, sealed)
			again := opening(t, cfg)
			if step == "root key written" {
				if err := again.RotateRootKey(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			onlyCurrent(t, cfg, clinic, sealed)
			after, err := os.ReadFile(cfg.RootKeyFile)
			if err != nil || bytes.Equal(before, after) {
				t.Fatalf("the root key is still the old one: %v", err)
			}
			if _, err := os.Stat(cfg.RootKeyFile + nextSuffix); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("the next key is left behind: %v", err)
			}
			// The process that ran all the while goes on, through another turn too, which it learns by what the epoch before hands over.
			if _, err := again.Turn(t.Context(), true, nil); err != nil {
				t.Fatal(err)
			}
			running.cache.drop()
			r := ringOf(t, running, clinic)
			opens(t, r, nameOf(people[0]), sealed[people[0]], "Asha "+people[0].String())
		}
	})
}

// TestAnUpgradeSettlesFirst: a key store of the first edition is brought to this one with everything in it; no turn begins by itself while hosts of the version before may still run, and then one does.
func TestAnUpgradeSettlesFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 3)
		sealed := sealingAll(t, v, clinic, people)
		for _, back := range []string{"DROP TABLE aside", "ALTER TABLE patient_key DROP COLUMN last_day", "DROP TABLE retired_key", "DROP TABLE key_note", "DROP INDEX patient_key_shredded", "ALTER TABLE epoch_key DROP COLUMN handover", "ALTER TABLE clinic_key DROP COLUMN born",
			"ALTER TABLE clinic_key DROP COLUMN under", "ALTER TABLE patient_key DROP COLUMN under", "DELETE FROM keystore_version WHERE version >= 2"} {
			exec(t, v, back)
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		clk := clock.NewFake(noon.Add(400 * 24 * time.Hour))
		w, err := Open(t.Context(), cfg, clk)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Close() })
		for _, want := range []bool{false, true} {
			if due, err := w.TurnDue(t.Context()); err != nil || due != want {
				t.Fatalf("due %v, %v", due, err)
			}
			clk.Move(settles)
		}
		if done, err := w.Turn(t.Context(), false, nil); err != nil || done.Fresh != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		onlyCurrent(t, cfg, clinic, sealed)
	})
}
