package app

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"testing"

	"almirah/internal/access"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestEveryErasureIsCertified: patients of the demo are erased until every table was among what a room collects of one of them, those with a disclosure to an authority and with an advance
// for which there is no invoice among them. Each gets certificate one at once; what stays is named in it.
func TestEveryErasureIsCertified(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-certified")
	ctx := context.Background()
	h := emptyHouse(t, store.SQLite)
	if err := h.LoadDemo(ctx, func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	owner := ownerOf(t, h)
	paidAndGiven(t, h, owner)
	tables := map[id.ID]map[string]int{}
	every := map[string]bool{}
	err := h.DB.View(ctx, owner, access.PatientExport, func(_ context.Context, v *store.View) error {
		all, err := patients.Behind(v, id.Zero, 10_000)
		if err != nil {
			return err
		}
		for _, one := range all {
			tables[one] = map[string]int{}
			for _, k := range erasers() {
				got, err := k.Collect(v, one)
				if err != nil {
					return err
				}
				for name, rows := range got {
					tables[one][name], every[name] = len(rows), true
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"disclosure", "payment", "invoice", "encounter"} {
		if !every[name] {
			t.Errorf("nobody has a row of %s", name)
		}
	}
	erased := 0
	for len(every) > 0 {
		var one id.ID // who has most of what was not met yet
		most := 0
		for _, p := range slices.SortedFunc(maps.Keys(tables), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }) {
			n := 0
			for name := range tables[p] {
				if every[name] {
					n++
				}
			}
			if n > most {
				one, most = p, n
			}
		}
		if one.IsZero() {
			t.Fatalf("an order forbids to erase everybody who has a row of %v", slices.Sorted(maps.Keys(every)))
		}
		plan, err := h.Erasure.Plan(ctx, owner, one)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Waiting {
			delete(tables, one)
			continue
		}
		erasure, err := h.erase(ctx, owner, one)
		if err != nil {
			t.Fatal(err)
		}
		e, err := h.Erasure.Get(ctx, owner, erasure)
		if err != nil {
			t.Fatal(err)
		}
		if e.FirstAt == 0 {
			t.Errorf("no certificate one for somebody with rows of %v", slices.Sorted(maps.Keys(tables[one])))
		}
		held := map[string]int{}
		for _, x := range e.Holds {
			held[string(x.Class)] += x.Number
		}
		if n := tables[one]["disclosure"]; held["disclosure"] != n {
			t.Errorf("%d of %d disclosures are named in what is held", held["disclosure"], n)
		}
		if n := tables[one]["payment"]; held["invoice"] < n {
			t.Errorf("%d invoices and payments are named in what is held, of %d payments alone", held["invoice"], n)
		}
		for name := range tables[one] {
			delete(every, name)
		}
		delete(tables, one)
		erased++
	}
	t.Logf("%d patients were erased", erased)
}

// paidAndGiven is a patient who paid before there was an invoice, and whose data was given to a court.
func paidAndGiven(t *testing.T, h *House, owner access.Caller) {
	t.Helper()
	ctx := context.Background()
	p, _, err := h.Patients.Add(ctx, owner, patients.Draft{Name: "Tara Snowdrop", Phone: "+919999911990", Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	err = h.DB.Change(ctx, owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("test")
		_, err := tx.Exec(`INSERT INTO payment (clinic_id, id, source, external_id, method, amount, currency, patient_id, received_at, booked_at, day, advance)
			VALUES ($1, $2, 'desk', 'advance of a test', 'cash', 50000, 'INR', $3, $4, $4, '2026-11-24', 50000)`, tx.NewID(), p.ID, tx.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	asks := rig.SignedIn(owner.Clinic(), id.New(h.Clock.Now()), id.New(h.Clock.Now()), access.Manager)
	d, err := h.Given.Ask(ctx, asks, disclosures.Draft{Patient: p.ID, Ground: disclosures.Court, Recipient: "District Court, invented", Reference: "DEMO-2", Why: "An order.", Parts: []disclosures.Part{disclosures.Identity}})
	if err == nil {
		err = h.Given.Decide(ctx, owner, d, 1, true, "")
	}
	if err == nil {
		_, _, err = h.Given.File(ctx, owner, d)
	}
	if err != nil {
		t.Fatal(err)
	}
}
