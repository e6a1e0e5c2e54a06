package incidents_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/disclosures"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestWhoWasTakenAlong: what leaves in one piece names nobody in the log. A stolen sign-in that fetched the clinic's archive touched everybody who was in it, with every kind of data, and
// nobody who came afterwards; one that opened the demand of an authority, or took its file, touched her whom it is about, with the parts that were given; one that took a copy of one
// patient took everything of hers; one that deleted somebody touched her, who is counted.
func TestWhoWasTakenAlong(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-exact")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := open(t, b), context.Background()
		leads := func() access.Caller {
			return rig.SignedIn(h.Clinic, id.New(b.Clock.Now()), id.New(b.Clock.Now()), access.Owner)
		}
		said := func(who access.Caller, n audit.Note) {
			t.Helper()
			err := b.DB.Change(ctx, who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
				tx.Record(n)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		found := func(who access.Caller) (out map[id.ID]incidents.Affected, erased int64) {
			t.Helper()
			one, err := h.s.Report(ctx, h.owner, incidents.Strange, "Somebody was signed in as "+who.Session().String())
			if err != nil {
				t.Fatal(err)
			}
			if err := h.s.SetScope(ctx, h.owner, one, 1, incidents.Scope{Person: who.Actor(), Session: who.Session(), From: clock.At(b.Clock.Now().Add(-24 * time.Hour))}); err != nil {
				t.Fatal(err)
			}
			c, err := h.s.Get(ctx, h.owner, one)
			if err != nil {
				t.Fatal(err)
			}
			out = map[id.ID]incidents.Affected{}
			for _, p := range c.People {
				out[p.Patient] = p
			}
			return out, c.Erased
		}
		is := func(what string, p incidents.Affected, act incidents.Act, classes ...incidents.Class) {
			t.Helper()
			if !slices.Equal(p.Acts, []incidents.Act{act}) || !slices.Equal(p.Classes, classes) {
				t.Errorf("%s: %v of %v", what, p.Acts, p.Classes)
			}
		}
		asha, ravi, gone := h.patient(0, false), h.patient(1, true), h.patient(2, true)

		// The archive was ready; one was deleted and another came before it was fetched.
		made := clock.At(b.Clock.Now())
		b.Clock.Move(time.Minute)
		remover := leads()
		h.Change(t, func(tx *store.Tx) error {
			if err := (patients.Keeper{}).Erase(tx, gone); err != nil {
				return err
			}
			tx.Record(audit.Note{Action: "erase", Kind: "erasure", Subject: tx.NewID()})
			_, err := tx.Exec(`INSERT INTO erasure (clinic_id, id, patient_id, reason, erased_at) VALUES ($1, $2, $3, 'staff', $4)`, tx.NewID(), gone, tx.Now())
			return err
		})
		said(remover, audit.Note{Action: "delete", Kind: "patient", Subject: gone})
		late, brief := h.patient(3, false), h.patient(4, true)
		h.Change(t, func(tx *store.Tx) error {
			if err := (patients.Keeper{}).Erase(tx, brief); err != nil {
				return err
			}
			tx.Record(audit.Note{Action: "erase", Kind: "erasure", Subject: tx.NewID()})
			_, err := tx.Exec(`INSERT INTO erasure (clinic_id, id, patient_id, reason, erased_at) VALUES ($1, $2, $3, 'staff', $4)`, tx.NewID(), brief, tx.Now())
			return err
		})
		fetcher := leads()
		said(fetcher, audit.Note{Action: "export-fetched", Kind: "clinic", Subject: h.Clinic, New: map[string]any{"until": made}})
		got, erased := found(fetcher)
		if _, there := got[late]; len(got) != 2 || there || erased != 1 {
			t.Errorf("the archive touched %d and %d who were deleted; who came later: %v", len(got), erased, there)
		}
		is("in the archive", got[asha], incidents.Exported, incidents.Classes()...)
		if got, erased = found(remover); len(got) != 0 || erased != 1 {
			t.Errorf("a deletion touched %d, and %d who were deleted", len(got), erased)
		}

		// A demand: one writes it, one reads it, one takes the file.
		s := disclosures.New(b.DB, disclosures.Options{Texts: func([]string, disclosures.Disclosure) []messaging.SecurityNotice { return nil },
			Collect: func(*store.View, id.ID, disclosures.Part) (map[string][]map[string]string, error) { return nil, nil }})
		asks, reads, takes := leads(), leads(), leads()
		demand, err := s.Ask(ctx, asks, disclosures.Draft{Patient: ravi, Ground: disclosures.Court, Recipient: "The court", Reference: "7/2026", Why: "It orders so.", Parts: []disclosures.Part{disclosures.Clinical, disclosures.Invoices}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, reads, demand); err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(ctx, h.owner, demand, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.File(ctx, takes, demand); err != nil {
			t.Fatal(err)
		}
		for who, want := range map[access.Caller]incidents.Act{asks: incidents.Changed, reads: incidents.Read} {
			if got, _ = found(who); len(got) != 1 {
				t.Fatalf("a demand that was only %s touched %d", want, len(got))
			}
			is("a demand", got[ravi], want, incidents.Identity)
		}
		if got, _ = found(takes); len(got) != 1 {
			t.Fatalf("the file of a demand touched %d", len(got))
		}
		is("the file of a demand", got[ravi], incidents.Exported, incidents.Identity, incidents.Health, incidents.Money)

		// One patient's copy.
		for _, action := range []string{"export", "copy"} {
			copies := leads()
			said(copies, audit.Note{Action: action, Kind: "patient", Subject: asha, Patient: asha})
			got, _ = found(copies)
			is(action, got[asha], incidents.Exported, incidents.Classes()...)
		}
	})
}
