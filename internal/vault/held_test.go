package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

// TestARetentionKey: what the law holds opens to a custodian alone, until its last day and not a day longer; the day cannot be changed in the key store, the key turns with the
// others, and neither a copy of the key store nor a restore brings it back.
func TestARetentionKey(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-by-law-alone")
	promise.Proves(t, "held-until-its-day")
	promise.Proves(t, "erasure-through-backups")
	onBoth(t, func(t *testing.T, url string) {
		ctx := context.Background()
		root, fake := rootFile(t), clock.NewFake(noon)
		v, err := Open(ctx, Config{RootKeyFile: root, StoreURL: url}, fake)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		clinic, people := clinicOf(t, v, 2)
		hold, other := id.New(noon), id.New(noon)
		var before bytes.Buffer // as an old copy, a dead page or the server's log may have it
		const last = clock.Date("2026-11-30")
		if err := errors.Join(v.AddHeld(ctx, clinic, hold, last), v.AddHeld(ctx, clinic, other, "2031-01-01"), v.AddHeld(ctx, clinic, hold, last)); err != nil {
			t.Fatal(err)
		}
		if err := v.AddHeld(ctx, clinic, id.New(noon), "soon"); err == nil {
			t.Error("a retention key without a day was made")
		}
		cell := Cell{Subject: hold, Table: "held_part", Column: "sealed", Row: hold}
		custodian := ringOf(t, v, clinic)
		custodian.Custody(false, hold)
		sealed, err := custodian.Seal(cell, []byte("Malaria"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ringOf(t, v, clinic).Open(cell, sealed); !errors.Is(err, ErrKept) {
			t.Errorf("somebody who is no custodian opens it: %v", err)
		}
		if _, err := custodian.Open(Cell{Subject: other, Table: "held_part", Column: "sealed", Row: hold}, sealed); !errors.Is(err, ErrKept) {
			t.Errorf("a custodian of one thing opens another: %v", err)
		}
		if err := v.Shred(ctx, clinic, hold, "deleted_by_clinic"); !errors.Is(err, ErrKept) {
			t.Errorf("it was destroyed before its day: %v", err)
		}
		if err := v.EndHeld(ctx, clinic, hold, last); !errors.Is(err, ErrKept) {
			t.Errorf("it was destroyed on its last day: %v", err)
		}
		if _, err := v.CopyTo(ctx, &before); err != nil {
			t.Fatal(err)
		}
		// What is put aside stays with the keys, and an attempt that came to nothing leaves none.
		parts := []Aside{{ID: id.New(noon), Owner: hold, Part: 0, Body: sealed}, {ID: id.New(noon), Owner: other, Part: 0, Body: sealed}}
		if err := errors.Join(v.SetAside(ctx, clinic, people[0], parts), v.SetAside(ctx, clinic, people[0], parts[:1])); err != nil {
			t.Fatal(err)
		}
		if last, err := v.HeldUntil(ctx, clinic, other); last != "" || err != nil {
			t.Errorf("the key of an attempt is left: %v %v", last, err)
		}
		if err := v.Shred(ctx, clinic, people[0], "deleted_by_clinic"); err != nil {
			t.Fatal(err)
		}
		if err := v.SetAside(ctx, clinic, people[0], nil); !errors.Is(err, ErrShredded) {
			t.Errorf("what lies aside of an erased person was replaced: %v", err)
		}
		fake.Move(time.Hour)
		if _, err := v.Turn(ctx, true, nil); err != nil {
			t.Fatal(err)
		}
		again := ringOf(t, v, clinic)
		again.Custody(false, hold)
		opens(t, again, cell, sealed, "Malaria")

		var copied bytes.Buffer
		if _, err := v.CopyTo(ctx, &copied); err != nil {
			t.Fatal(err)
		}
		// The day is bound into the wrapping.
		if _, err := v.store.write.ExecContext(ctx, "UPDATE patient_key SET last_day = '2036-11-30' WHERE clinic = $1 AND subject = $2", clinic, hold); err != nil {
			t.Fatal(err)
		}
		longer := ringOf(t, v, clinic)
		longer.Custody(false, hold)
		if _, err := longer.Open(cell, sealed); err == nil {
			t.Error("a day that was changed in the key store counts")
		}
		if _, err := v.store.write.ExecContext(ctx, "UPDATE patient_key SET last_day = $3 WHERE clinic = $1 AND subject = $2", clinic, hold, string(last)); err != nil {
			t.Fatal(err)
		}
		// Nobody opens it after its day, even when nobody has destroyed it yet.
		fake.Set(time.Date(2026, 12, 2, 1, 0, 0, 0, time.UTC))
		late := ringOf(t, v, clinic)
		late.Custody(false, hold)
		if _, err := late.Open(cell, sealed); !errors.Is(err, ErrShredded) {
			t.Errorf("it opens after its day: %v", err)
		}
		ordered := ringOf(t, v, clinic)
		ordered.Custody(true, hold)
		opens(t, ordered, cell, sealed, "Malaria")
		if err := errors.Join(v.EndHeld(ctx, clinic, hold, "2026-12-01"), v.EndHeld(ctx, clinic, hold, "2026-12-01")); err != nil {
			t.Fatal(err)
		}
		if left, err := v.Asides(ctx, clinic, people[0]); err != nil || len(left) != 0 {
			t.Errorf("%d parts lie aside of what has ended, %v", len(left), err)
		}
		var journal bytes.Buffer
		if _, err := v.WriteJournal(ctx, &journal); err != nil {
			t.Fatal(err)
		}
		fake.Move(time.Hour)
		if _, err := v.Turn(ctx, true, nil); err != nil {
			t.Fatal(err)
		}
		var now bytes.Buffer
		if _, err := v.CopyTo(ctx, &now); err != nil {
			t.Fatal(err)
		}
		if forgotten, err := v.Forgotten(ctx, clinic, clock.At(noon)); err != nil || !forgotten {
			t.Errorf("something above the keys is left: %v", err)
		}
		if open := openable(t, v, clinic, before.String(), copied.String(), now.String()); open[people[0]]+open[hold] != 0 || open[people[1]] == 0 {
			t.Errorf("of the wrapped keys that lie anywhere, so many open to a key that exists: hers %d, the held %d, somebody else's %d", open[people[0]], open[hold], open[people[1]])
		}
		// A copy of the key store from before comes back on another machine.
		there := "sqlite://" + filepath.Join(t.TempDir(), "back", "keystore.db")
		if err := RestoreKeys(ctx, there, bytes.NewReader(copied.Bytes()), clock.NewFake(noon)); err != nil {
			t.Fatal(err)
		}
		w := opening(t, Config{RootKeyFile: root, StoreURL: there})
		if left, err := w.Asides(ctx, clinic, people[0]); err != nil || len(left) != 1 || !bytes.Equal(left[0].Body, sealed) {
			t.Errorf("%d parts came back, %v", len(left), err)
		}
		back := ringOf(t, w, clinic)
		back.Custody(false, hold)
		opens(t, back, cell, sealed, "Malaria") // the copy is older than its end
		if _, _, err := w.TakeJournal(ctx, &journal); err != nil {
			t.Fatal(err)
		}
		after := ringOf(t, w, clinic)
		after.Custody(false, hold)
		if _, err := after.Open(cell, sealed); !errors.Is(err, ErrShredded) {
			t.Errorf("what has ended came back with a copy: %v", err)
		}
		// Both sign certificates by the same key.
		text := []byte("erased")
		signature, err := w.Certify(text)
		if err != nil {
			t.Fatal(err)
		}
		public, err := v.CertificateKey()
		if err != nil || !ed25519.Verify(public, text, signature) || ed25519.Verify(public, []byte("erasee"), signature) {
			t.Errorf("the signature: %v", err)
		}
	})
}

// openable tries every wrapped patient's key in the copies with every key that still exists, and with every older key that such a one opens, and counts whose open.
func openable(t *testing.T, v *Vault, clinic id.ID, copies ...string) map[id.ID]int {
	t.Helper()
	o, err := v.open(t.Context(), clinic, true)
	if err != nil {
		t.Fatal(err)
	}
	keys := slices.Collect(maps.Values(o.wraps))
	for _, one := range v.epochs {
		keys = append(keys, one)
	}
	cell := func(c any) []byte {
		text, _ := c.(string)
		b, _ := base64.StdEncoding.DecodeString(text)
		return b
	}
	number := func(c any) int64 { f, _ := c.(float64); return int64(f) }
	lines := func(table string, do func(cells []any)) {
		for _, one := range copies {
			for line := range strings.Lines(one) {
				var r copyRow
				if json.Unmarshal([]byte(line), &r) == nil && r.Table == table {
					do(r.Cells)
				}
			}
		}
	}
	tryAll := func(at place, wrapped []byte, do func(key []byte)) {
		for _, k := range keys {
			if key, err := unwrap(k, at, wrapped); err == nil {
				do(key)
			}
		}
	}
	for range 2 { // what an older key opens is older still
		for _, table := range []string{"epoch_key", "clinic_key", "retired_key"} {
			lines(table, func(c []any) {
				at, wrapped := epochPlace(number(c[0]), number(c[1])), cell(c[2])
				switch table {
				case "clinic_key":
					at, wrapped = place{kind: c[1].(string), clinic: id.ID(cell(c[0])), generation: number(c[3])}, cell(c[4])
				case "retired_key":
					at, wrapped = place{kind: kindClinic, clinic: id.ID(cell(c[0])), generation: number(c[3])}, cell(c[4])
				}
				tryAll(at, wrapped, func(key []byte) {
					if more, err := cipherOf(key); err == nil && len(keys) < 200 {
						keys = append(keys, more)
					}
				})
			})
		}
	}
	out := map[id.ID]int{}
	lines("patient_key", func(c []any) {
		if c[3] == nil || string(cell(c[0])) != string(clinic[:]) {
			return
		}
		last, _ := c[7].(string)
		who := id.ID(cell(c[1]))
		tryAll(personal(clinic, who, number(c[2]), clock.Date(last)), cell(c[3]), func([]byte) { out[who]++ })
	})
	return out
}
