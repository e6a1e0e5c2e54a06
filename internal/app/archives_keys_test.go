package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/privacy"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// keyless are tables whose rows have a key of their own in the old house and none in the new one, and why that is no loss.
var keyless = map[string]string{
	"channel":         "an account at a carrier arrives revoked and without the secret that its key sealed",
	"gateway_account": "an account at a gateway arrives revoked and without the secret that its key sealed",
}

// putsAside gives the clinic what its house made when messages were half a year old: a key of the month for the copies that a law wants kept.
func putsAside(t testing.TB, h *House, clinic id.ID) {
	t.Helper()
	err := h.DB.Change(context.Background(), jobs.ForClinic(clinic), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("test")
		key := tx.NewID()
		if err := tx.NewSubject(key); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO statutory_key (clinic_id, month, key_id, made_at) VALUES ($1, '2026-05', $2, $3)`, key, tx.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// keysArrive walks over every column of the archive, as the rooms declared them: whatever names something that has a key in the old house has one in the new house. What has none
// there could not be sealed for any more, and whoever tried would fail (a night of the clinic would never end again).
func keysArrive(t *testing.T, from, to *House, archive []byte, clinic id.ID) {
	t.Helper()
	ctx := context.Background()
	var rings []*vault.Ring
	for _, h := range []*House{from, to} {
		ring, err := h.Vault.Ring(ctx, clinic)
		if err != nil {
			t.Fatal(err)
		}
		defer ring.Close()
		rings = append(rings, ring)
	}
	columns := map[id.ID][]string{} // where each id stands
	without := map[id.ID]bool{}
	for _, d := range Holdings() {
		if d.Scope != holdings.Clinic {
			continue
		}
		for _, l := range bytes.Split([]byte(member(t, archive, "native/"+d.Name+".ndjson")), []byte("\n")) {
			var row map[string]any
			if len(l) == 0 {
				continue
			}
			if err := json.Unmarshal(l, &row); err != nil {
				t.Fatal(err)
			}
			for _, c := range d.Columns {
				text, _ := row[c.Name].(string)
				one, err := id.Parse(text)
				if err != nil || one.IsZero() {
					continue
				}
				if at := d.Name + "." + c.Name; len(columns[one]) == 0 || columns[one][len(columns[one])-1] != at {
					columns[one] = append(columns[one], at)
				}
				without[one] = without[one] || c.Name == "id" && keyless[d.Name] != ""
			}
		}
	}
	var all []id.ID
	for one := range columns {
		all = append(all, one)
	}
	for _, ring := range rings {
		if err := ring.Load(all...); err != nil {
			t.Fatal(err)
		}
	}
	own := 0
	for _, one := range all {
		var has, held [2]bool
		for i, ring := range rings {
			_, err := ring.Seal(vault.Cell{Subject: one, Table: "any", Column: "any", Row: one}, []byte{1})
			switch {
			case err == nil:
				has[i] = true
			case errors.Is(err, vault.ErrKept):
				held[i] = true
			case errors.Is(err, vault.ErrShredded):
			default:
				t.Fatal(err)
			}
		}
		if has[0] {
			own++
		}
		if (has[0] && !has[1] || held[0] && !held[1]) && !without[one] {
			t.Errorf("something in %s has a key in the old house and none in the new one", strings.Join(columns[one], ", "))
		}
	}
	if own < 20 {
		t.Errorf("only %d ids of the archive have a key at all", own)
	}
}

// heldArrives opens what a law holds of erased people in both houses: it says the same, and its key has the same last day. That it went along is on record in the old one.
func heldArrives(t *testing.T, from, to *House, clinic id.ID) {
	t.Helper()
	ctx := context.Background()
	list, err := from.Erasure.List(ctx, ownerOf(t, from))
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, e := range list {
		for _, hold := range e.Holds {
			if !hold.Sealed || hold.Ended > 0 {
				continue
			}
			looked++
			var said [2]privacy.Opening
			for i, h := range []*House{from, to} {
				if said[i], err = h.Erasure.OpenHeld(ctx, ownerOf(t, h), e.ID, hold.ID, "To see that it is there"); err != nil {
					t.Fatalf("house %d: what is held does not open: %v", i+1, err)
				}
				if last, err := h.Vault.HeldUntil(ctx, clinic, hold.ID); err != nil || last != hold.Last {
					t.Errorf("house %d: the key is held until %q, not %s: %v", i+1, last, hold.Last, err)
				}
			}
			if len(said[0].Records) == 0 || !reflect.DeepEqual(said[0].Records, said[1].Records) {
				t.Errorf("what is held says %+v in the old house and %+v in the new one", said[0].Records, said[1].Records)
			}
			var entries int
			err := from.DB.View(ctx, jobs.ForClinic(clinic), access.Work, func(_ context.Context, v *store.View) error {
				return v.Row(`SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND kind = 'held-record' AND action = 'export' AND subject_id = $2`, hold.ID).Scan(&entries)
			})
			if err != nil || entries != 1 {
				t.Errorf("%d entries say that what is held was taken along: %v", entries, err)
			}
		}
	}
	if looked == 0 {
		t.Error("a law holds nothing of anybody")
	}
}
