package vault

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/tink-crypto/tink-go/v2/tink"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig/pg"
)

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "sealed-at-rest")
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 2)
		r := ringOf(t, v, clinic)
		sealed := sealing(t, r, nameOf(people[0]), "Asha Rao")
		if len(sealed) != len("Asha Rao")+Overhead || bytes.Contains(sealed, []byte("Asha")) {
			t.Fatalf("sealed as %q", sealed)
		}
		if bytes.Equal(sealed, sealing(t, r, nameOf(people[0]), "Asha Rao")) {
			t.Fatal("the same name is sealed to the same bytes")
		}
		own := Cell{Subject: ClinicData, Table: "clinic", Column: "note", Row: clinic}
		ownSealed := sealing(t, r, own, "rent is due")
		for _, nothing := range [][]byte{nil, {}} {
			if b, err := r.Seal(own, nothing); b != nil || err != nil {
				t.Fatalf("nothing is sealed as %q, %v", b, err)
			}
			if b, err := r.Open(own, nothing); b != nil || err != nil {
				t.Fatalf("nothing opens as %q, %v", b, err)
			}
		}
		// Another process finds the same keys.
		w := opening(t, cfg)
		other := ringOf(t, w, clinic)
		opens(t, other, nameOf(people[0]), sealed, "Asha Rao")
		opens(t, other, own, ownSealed, "rent is due")
		if v.Fingerprint() != w.Fingerprint() || len(v.Fingerprint()) != 19 {
			t.Fatalf("fingerprints %q and %q", v.Fingerprint(), w.Fingerprint())
		}
		if _, err := v.Ring(t.Context(), id.New(noon)); !errors.Is(err, ErrUnknownClinic) {
			t.Fatalf("a clinic without keys: %v", err)
		}
		if err := v.AddSubjects(t.Context(), id.New(noon), people...); !errors.Is(err, ErrUnknownClinic) {
			t.Fatalf("patients of a clinic without keys: %v", err)
		}
		for _, none := range []id.ID{id.Zero, ClinicData} {
			if v.AddSubjects(t.Context(), clinic, none) == nil || v.Shred(t.Context(), clinic, none, "test") == nil {
				t.Fatal("an id that is no patient's was taken")
			}
		}
		if _, err := r.Seal(Cell{Table: "a", Column: "b"}, []byte("x")); err == nil {
			t.Fatal("a cell without a subject was sealed")
		}
	})
}

// TestCellsCannotBeMoved: whatever part of a cell or of the sealed field changes, it does not open.
func TestCellsCannotBeMoved(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "sealed-in-place")
	v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + filepath.Join(t.TempDir(), "k.db")})
	one, people := clinicOf(t, v, 2)
	two := id.New(noon)
	if err := v.OpenClinic(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	if err := v.AddSubjects(t.Context(), two, people...); err != nil { // identical ids in both clinics
		t.Fatal(err)
	}
	here, there := ringOf(t, v, one), ringOf(t, v, two)
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[a-z]{1,6}`)
		cell := Cell{
			Subject: rapid.SampledFrom([]id.ID{people[0], people[1], ClinicData}).Draw(rt, "subject"),
			Table:   word.Draw(rt, "table"), Column: word.Draw(rt, "column"),
			Row: rapid.SampledFrom(people).Draw(rt, "row"),
		}
		plain := rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(rt, "plain")
		sealed, err := here.Seal(cell, plain)
		if err != nil {
			rt.Fatal(err)
		}
		if b, err := here.Open(cell, sealed); err != nil || !bytes.Equal(b, plain) {
			rt.Fatalf("opened %q, %v", b, err)
		}
		refused := func(what string, r *Ring, c Cell, s []byte) {
			if b, err := r.Open(c, s); !errors.Is(err, ErrForged) {
				rt.Fatalf("%s: opened %q, %v", what, b, err)
			}
		}
		refused("another clinic", there, cell, sealed)
		for _, s := range []id.ID{people[0], people[1], ClinicData} {
			if s != cell.Subject {
				c := cell
				c.Subject = s
				refused("another subject", here, c, sealed)
			}
		}
		c := cell
		c.Row[rapid.IntRange(0, 15).Draw(rt, "byte")] ^= 1
		refused("another row", here, c, sealed)
		c = cell
		c.Table += "x"
		refused("another table", here, c, sealed)
		c = cell
		c.Column += "x"
		refused("another column", here, c, sealed)
		c = cell
		c.Table = string(cell.Table[0]^1) + cell.Table[1:]
		refused("another table of the same length", here, c, sealed)
		c = cell
		c.Column = string(cell.Column[0]^1) + cell.Column[1:]
		refused("another column of the same length", here, c, sealed)
		c = cell
		c.Table, c.Column = cell.Table+cell.Column[:1], cell.Column[1:]+"y"
		refused("a moved border", here, c, sealed)
		if both := cell.Table + cell.Column; len(both) > 2 {
			at := rapid.IntRange(1, len(both)-1).Draw(rt, "border")
			c = cell
			c.Table, c.Column = both[:at], both[at:]
			if c != cell {
				refused("the same letters, another border", here, c, sealed)
			}
		}
		// Two clinics have two keys, but the binding must not depend on that.
		a, errA := cell.bound(one)
		b, errB := cell.bound(two)
		if errA != nil || errB != nil || bytes.Equal(a, b) {
			rt.Fatalf("the clinic is not bound: %v, %v", errA, errB)
		}
		broken := bytes.Clone(sealed)
		broken[rapid.IntRange(0, len(broken)-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		refused("a changed bit", here, cell, broken)
		refused("a cut-off end", here, cell, sealed[:rapid.IntRange(1, len(sealed)-1).Draw(rt, "length")])
		refused("an added end", here, cell, append(bytes.Clone(sealed), 0))
	})
}

func TestManyOpenAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		clinic := id.New(noon)
		people := make([]id.ID, 250)
		for i := range people {
			people[i] = id.New(noon)
		}
		vaults := make([]*Vault, 6)
		sealed := make([][][]byte, len(vaults))
		var wg sync.WaitGroup
		for i := range vaults {
			wg.Go(func() {
				v, err := Open(context.Background(), cfg, clock.NewFake(noon))
				if err != nil {
					t.Errorf("opening: %v", err)
					return
				}
				vaults[i] = v
				if err := v.OpenClinic(context.Background(), clinic); err != nil {
					t.Errorf("the clinic: %v", err)
					return
				}
				// Everybody adds overlapping parts, from another end.
				for n := range 5 {
					from := (i*37 + n*50) % 250
					part := append(append([]id.ID{}, people[from:]...), people[:from]...)[:120]
					if err := v.AddSubjects(context.Background(), clinic, append(part, part[0])...); err != nil {
						t.Errorf("adding: %v", err)
						return
					}
				}
				if err := v.AddSubjects(context.Background(), clinic, people...); err != nil {
					t.Errorf("adding all: %v", err)
					return
				}
				r, err := v.Ring(context.Background(), clinic)
				if err != nil {
					t.Error(err)
					return
				}
				defer r.Close()
				for _, p := range people {
					b, err := r.Seal(nameOf(p), []byte(p.String()))
					if err != nil {
						t.Error(err)
						return
					}
					sealed[i] = append(sealed[i], b)
				}
			})
		}
		wg.Wait()
		for i := range vaults {
			if vaults[i] != nil {
				defer vaults[i].Close()
			}
		}
		if t.Failed() {
			return
		}
		for i := range vaults {
			r := ringOf(t, vaults[(i+1)%len(vaults)], clinic)
			if err := r.Load(people...); err != nil {
				t.Fatal(err)
			}
			for n, p := range people {
				opens(t, r, nameOf(p), sealed[i][n], p.String())
			}
		}
	})
}

// TestManyProcesses starts this test binary several times over one fresh key store.
func TestManyProcesses(t *testing.T) {
	// not parallel: it starts this test binary again, several times
	if at := os.Getenv("ALMIRAH_VAULT_CHILD"); at != "" {
		part := strings.Split(at, "|")
		clinic, _ := id.Parse(part[2])
		person, _ := id.Parse(part[3])
		v := opening(t, Config{RootKeyFile: part[0], StoreURL: part[1]})
		if err := v.OpenClinic(t.Context(), clinic); err != nil {
			t.Fatal(err)
		}
		if err := v.AddSubjects(t.Context(), clinic, person); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("SEALED %x\n", sealing(t, ringOf(t, v, clinic), nameOf(person), "Asha"))
		return
	}
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		root, clinic, person := rootFile(t), id.New(noon), id.New(noon)
		out := make([][]byte, 4)
		var wg sync.WaitGroup
		for i := range out {
			wg.Go(func() {
				cmd := osexec.Command(os.Args[0], "-test.run=^TestManyProcesses$")
				cmd.Env = append(os.Environ(), "ALMIRAH_VAULT_CHILD="+strings.Join([]string{root, at, clinic.String(), person.String()}, "|"))
				b, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("%v: %s", err, b)
				}
				out[i] = b
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		r := ringOf(t, opening(t, Config{RootKeyFile: root, StoreURL: at}), clinic)
		for _, b := range out {
			_, rest, _ := strings.Cut(string(b), "SEALED ")
			line, _, _ := strings.Cut(rest, "\n")
			sealed, err := hex.DecodeString(line)
			if err != nil || len(sealed) == 0 {
				t.Fatalf("a child wrote %q", b)
			}
			opens(t, r, nameOf(person), sealed, "Asha")
		}
	})
}

// TestRingIsCheap: with the clinic's keys in memory and the patients loaded, no statement is run.
// The key store is closed under the ring to prove it.
func TestRingIsCheap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: at})
		clinic, people := clinicOf(t, v, 2*chunk+50)
		r := ringOf(t, v, clinic)
		var sealed [][]byte
		for _, p := range people {
			sealed = append(sealed, sealing(t, r, nameOf(p), p.String()))
		}
		second := ringOf(t, v, clinic)
		stranger := id.New(noon)
		if err := second.Load(append([]id.ID{people[0], stranger, ClinicData}, people...)...); err != nil {
			t.Fatalf("loading with somebody unknown: %v", err)
		}
		if err := v.store.close(); err != nil {
			t.Fatal(err)
		}
		third := ringOf(t, v, clinic)
		own := Cell{Subject: ClinicData, Table: "clinic", Column: "note"}
		opens(t, third, own, sealing(t, third, own, "x"), "x")
		third.Bucket(IndexPhone, "+919812345678")
		if _, err := third.Open(nameOf(people[0]), sealed[0]); err == nil {
			t.Fatal("a new ring knew a patient's key without asking the key store")
		}
		for i, p := range people {
			opens(t, second, nameOf(p), sealed[i], p.String())
		}
		if _, err := second.Open(nameOf(stranger), sealed[0]); !errors.Is(err, ErrShredded) {
			t.Fatalf("a stranger: %v", err)
		}
	})
}

// TestSealLooksAgain: a key made after the ring first looked is found.
func TestSealLooksAgain(t *testing.T) {
	t.Parallel()
	v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + filepath.Join(t.TempDir(), "k.db")})
	clinic, _ := clinicOf(t, v, 1)
	r := ringOf(t, v, clinic)
	late := id.New(noon)
	if err := r.Load(late); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Seal(nameOf(late), []byte("x")); !errors.Is(err, ErrShredded) {
		t.Fatalf("no key yet: %v", err)
	}
	if err := v.AddSubjects(t.Context(), clinic, late); err != nil {
		t.Fatal(err)
	}
	opens(t, r, nameOf(late), sealing(t, r, nameOf(late), "x"), "x")
}

func TestCloseLetsGo(t *testing.T) {
	t.Parallel()
	v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + filepath.Join(t.TempDir(), "k.db")})
	clinic, people := clinicOf(t, v, 1)
	r := ringOf(t, v, clinic)
	sealed := sealing(t, r, nameOf(people[0]), "x")
	index, patients := r.keys.index, r.patients
	if bytes.Equal(index, make([]byte, keySize)) || len(patients) != 1 {
		t.Fatal("the ring holds nothing")
	}
	r.Close()
	r.Close()
	if !bytes.Equal(index, make([]byte, keySize)) || len(patients) != 0 {
		t.Fatal("Close left keys behind")
	}
	if _, err := r.Open(nameOf(people[0]), sealed); !errors.Is(err, ErrClosed) {
		t.Fatalf("opening after Close: %v", err)
	}
	if err := r.Load(people...); !errors.Is(err, ErrClosed) {
		t.Fatalf("loading after Close: %v", err)
	}
	key := newKey()
	if _, err := cipherOf(key); err != nil || !bytes.Equal(key, make([]byte, keySize)) {
		t.Fatalf("the key's bytes are left after its cipher was made: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	_, ringErr := v.Ring(t.Context(), clinic)
	_, replayErr := v.Replay(t.Context())
	_, sheetErr := v.EscrowSheet(t.Context())
	for _, err := range []error{ringErr, replayErr, sheetErr, v.Check(t.Context()), v.OpenClinic(t.Context(), clinic),
		v.AddSubjects(t.Context(), clinic, people...), v.Shred(t.Context(), clinic, people[0], "x"), v.ChangeRootKey(t.Context(), "x")} {
		if !errors.Is(err, ErrClosed) {
			t.Fatalf("after Close: %v", err)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newClinicCache()
	first := id.New(noon)
	c.put(first, &clinicKeys{kinds: map[string]wrappedKey{}}, noon)
	for range 2 * cacheSize {
		c.put(id.New(noon), &clinicKeys{}, noon)
		if c.get(first, noon) == nil {
			t.Fatal("the clinic in use was forgotten")
		}
	}
	if len(c.at) != cacheSize || c.order.Len() != cacheSize {
		t.Fatalf("%d clinics are remembered", len(c.at))
	}
}

// TestKeysCannotBeMovedInTheStore: a wrapped key in another row does not open, and one damaged
// row hides nobody else.
func TestKeysCannotBeMovedInTheStore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 3)
		r := ringOf(t, v, clinic)
		good := sealing(t, r, nameOf(people[2]), "good")
		sealed := sealing(t, r, nameOf(people[0]), "x")
		exec(t, v, "UPDATE patient_key SET wrapped = $1 WHERE clinic = $2 AND subject = $3", wrappedOf(t, v, clinic, people[0]).bytes, clinic, people[1])
		exec(t, v, "UPDATE patient_key SET generation = 2 WHERE clinic = $1 AND subject = $2", clinic, people[0])
		again := ringOf(t, v, clinic)
		if err := again.Load(people...); err != nil {
			t.Fatal(err)
		}
		for _, p := range people[:2] {
			if _, err := again.Open(nameOf(p), sealed); !errors.Is(err, errDamaged) {
				t.Fatalf("a moved key: %v", err)
			}
		}
		opens(t, again, nameOf(people[2]), good, "good")

		other, _ := clinicOf(t, v, 1)
		for _, kind := range []string{kindIndex, kindClinic} {
			k, err := readClinic(t.Context(), v.store.read, clinic)
			if err != nil {
				t.Fatal(err)
			}
			exec(t, v, "UPDATE clinic_key SET wrapped = $1 WHERE clinic = $2 AND kind = $3", k.kinds[kind].bytes, other, kind)
			if _, err := opening(t, cfg).Ring(t.Context(), other); !errors.Is(err, errDamaged) {
				t.Fatalf("a moved %s key: %v", kind, err)
			}
		}
	})
}

// TestClinicKeyReplacedElsewhere: another process gives the clinic a new key; this one, with the
// old one in memory, still opens and adds patients, and no key is wrapped by the old one.
func TestClinicKeyReplacedElsewhere(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "keys-replaced")
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 1)
		r := ringOf(t, v, clinic)
		sealed := sealing(t, r, nameOf(people[0]), "x")
		bucket := r.Bucket(IndexName, "as")
		before := ringOf(t, v, clinic)
		replaceClinicKey(t, cfg)
		opens(t, before, nameOf(people[0]), sealed, "x")
		if before.Bucket(IndexName, "as") != bucket {
			t.Fatal("the index key changed with the clinic's key")
		}
		v.cache.drop()
		if _, err := v.wrapped(t.Context(), clinic, false); err != nil {
			t.Fatal(err)
		}
		replaceClinicKey(t, cfg)
		late := id.New(noon)
		if err := v.AddSubjects(t.Context(), clinic, late); err != nil {
			t.Fatal(err)
		}
		last := ringOf(t, v, clinic)
		opens(t, last, nameOf(people[0]), sealed, "x")
		opens(t, last, nameOf(late), sealing(t, last, nameOf(late), "y"), "y")
	})
}

func replaceClinicKey(t *testing.T, cfg Config) {
	t.Helper()
	elsewhere := opening(t, cfg)
	done, err := elsewhere.Turn(t.Context(), true, nil)
	if err != nil || done.Fresh != 2 || done.Ended != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
}

func TestBucketsAndTokens(t *testing.T) {
	t.Parallel()
	cfg := Config{RootKeyFile: rootFile(t), StoreURL: "sqlite://" + filepath.Join(t.TempDir(), "k.db")}
	v := opening(t, cfg)
	one, _ := clinicOf(t, v, 0)
	two, _ := clinicOf(t, v, 0)
	r, other, again := ringOf(t, v, one), ringOf(t, v, two), ringOf(t, opening(t, cfg), one)
	kinds := map[string]int64{IndexPhone: 1, IndexPhone4: 2, IndexEmail: 3, IndexName: 4, IndexSignIn: 5, IndexPeer: 6, IndexReport: 7}
	tokens := map[string]bool{}
	for kind, number := range kinds {
		differ := 0
		for i := range 200 {
			value := fmt.Sprint("value ", i)
			b := r.Bucket(kind, value)
			if b>>16 != number || b != again.Bucket(kind, value) {
				t.Fatalf("bucket %x of %s", b, kind)
			}
			if b != other.Bucket(kind, value) {
				differ++
			}
			token := r.Token(kind, value)
			if len(token) != 16 || tokens[string(token)] || !bytes.Equal(token, again.Token(kind, value)) || bytes.Equal(token, other.Token(kind, value)) {
				t.Fatalf("token %x of %s", token, kind)
			}
			tokens[string(token)] = true
		}
		if differ < 190 {
			t.Fatalf("two clinics share %d of 200 buckets", 200-differ)
		}
	}
	panics := func(what string, do func()) {
		t.Helper()
		defer func() {
			if s := fmt.Sprint(recover()); s == "<nil>" || strings.Contains(s, "Asha") {
				t.Errorf("%s: %s", what, s)
			}
		}()
		do()
	}
	panics("an unknown kind", func() { r.Bucket("Asha", "Asha") })
	panics("an unknown kind of token", func() { r.Token("", "Asha") })
	r.Close()
	panics("after Close", func() { r.Bucket(IndexName, "Asha") })
}

func TestCheck(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		v := opening(t, Config{RootKeyFile: rootFile(t), StoreURL: at})
		if err := v.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec(t, v, "UPDATE clinic_key SET generation = generation + 1 WHERE clinic = $1 AND kind = $2", id.Zero, kindData)
		if err := v.Check(t.Context()); !errors.Is(err, errDamaged) {
			t.Fatalf("a damaged platform key: %v", err)
		}
	})
}

// TestStoreHoldsNoPlainKey is the canary scan: no key of the tree stands in the key store, raw,
// hex or base64, while a plain control value is found.
func TestStoreHoldsNoPlainKey(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		clinic, people := clinicOf(t, v, 3)
		root, err := rootOf(t, cfg.RootKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		control := newKey()
		exec(t, v, "CREATE TABLE control (plain BYTEA, hex TEXT, base64 TEXT)")
		exec(t, v, "INSERT INTO control (plain, hex, base64) VALUES ($1, $2, $3)", control, hex.EncodeToString(control), base64.StdEncoding.EncodeToString(control))

		keys := map[string][]byte{"root": root}
		rootCipher, err := cipherOf(bytes.Clone(root))
		if err != nil {
			t.Fatal(err)
		}
		epochs, err := readEpochs(t.Context(), v.store.read)
		if err != nil {
			t.Fatal(err)
		}
		if keys["epoch"], err = unwrap(rootCipher, epochPlace(1, 1), epochs[1].wrapped); err != nil {
			t.Fatal(err)
		}
		for _, c := range []id.ID{id.Zero, clinic} {
			k, err := readClinic(t.Context(), v.store.read, c)
			if err != nil {
				t.Fatal(err)
			}
			own, err := unwrap(v.epochs[1], place{kind: kindClinic, clinic: c, generation: 1}, k.kinds[kindClinic].bytes)
			if err != nil {
				t.Fatal(err)
			}
			keys["clinic "+c.String()] = bytes.Clone(own)
			by, err := cipherOf(own)
			if err != nil {
				t.Fatal(err)
			}
			for kind := range k.kinds {
				if kind != kindClinic {
					if keys[kind+" "+c.String()], err = k.key(map[int64]tink.AEAD{0: by}, c, kind); err != nil {
						t.Fatal(err)
					}
				}
			}
			if c == clinic {
				for _, p := range people {
					if keys["patient "+p.String()], err = unwrap(by, place{kind: kindPatient, clinic: c, subject: p, generation: 1}, wrappedOf(t, v, c, p).bytes); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if len(keys) != 12 { // root, epoch, platform 4, clinic 3, patients 3
			t.Fatalf("%d keys", len(keys))
		}
		everything := storeBytes(t, v)
		if n := len(found(everything, control)); n < 3 {
			t.Fatalf("the control value was found in %d of 3 forms: the scan proves nothing", n)
		}
		for name, key := range keys {
			if f := found(everything, key); len(f) != 0 {
				t.Errorf("the %s key stands in the key store as %v", name, f)
			}
		}
	})
}

// found says in which forms the key stands in the text.
func found(text, key []byte) (forms []string) {
	for form, b := range map[string][]byte{
		"raw": key, "hex": []byte(hex.EncodeToString(key)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(key))),
		"base64": []byte(base64.RawStdEncoding.EncodeToString(key)), "base64url": []byte(base64.RawURLEncoding.EncodeToString(key)),
		"base32": []byte(crockford.EncodeToString(key)),
	} {
		if bytes.Contains(text, b) {
			forms = append(forms, form)
		}
	}
	return forms
}

// storeBytes is everything that the key store holds: SQLite's files with their logs and the
// journal, or every column of every table.
func storeBytes(t *testing.T, v *Vault) []byte {
	t.Helper()
	var out bytes.Buffer
	if !v.store.postgres {
		files, err := filepath.Glob(filepath.Dir(v.store.file) + "/*")
		if err != nil || len(files) < 3 {
			t.Fatalf("files %v, %v", files, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(b)
		}
		return out.Bytes()
	}
	names, err := v.store.read.Query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		rows, err := v.store.read.Query("SELECT * FROM " + name)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values := make([]sql.RawBytes, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for _, b := range values {
				out.Write(b)
				out.WriteByte(0)
			}
		}
		rows.Close()
	}
	return out.Bytes()
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	root := rootFile(t)
	for _, at := range []string{"", "keys.db", "sqlite://keys.db", "mysql://x", "postgres://u:hunter2@[", "postgres://u:hunter2@h:notaport/x"} {
		v, err := Open(t.Context(), Config{RootKeyFile: root, StoreURL: at}, clock.NewFake(noon))
		if err == nil {
			v.Close()
			t.Fatalf("%q was taken", at)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Fatalf("the error tells the password: %v", err)
		}
	}
}

// TestDatabaseThatCannotBeMade: the error says what to ask for.
func TestDatabaseThatCannotBeMade(t *testing.T) {
	t.Parallel()
	own := pg.Database(t)
	conn, err := pgx.Connect(t.Context(), pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	u, _ := url.Parse(own)
	if _, err := conn.Exec(t.Context(), "ALTER ROLE "+u.User.Username()+" NOCREATEDB"); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Config{RootKeyFile: rootFile(t), StoreURL: beside(t, own)}, clock.NewFake(noon))
	if err == nil || !strings.Contains(err.Error(), "CREATE DATABASE") {
		t.Fatalf("it says %v", err)
	}
	// In a database that is there, it needs no such right.
	opening(t, Config{RootKeyFile: rootFile(t), StoreURL: own})
}

func TestNewerStoreIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at string) {
		cfg := Config{RootKeyFile: rootFile(t), StoreURL: at}
		v := opening(t, cfg)
		exec(t, v, "INSERT INTO keystore_version (version, applied_at) VALUES (99, 0)")
		if _, err := Open(t.Context(), cfg, clock.NewFake(noon)); err == nil || !strings.Contains(err.Error(), "newer") {
			t.Fatalf("a newer key store: %v", err)
		}
	})
}
