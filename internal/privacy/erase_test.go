package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/privacy"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// TestPlan: what goes and what is held is said before anything happens; only a law's floor holds anything, a child's from the birth date on record, and nothing where no records are kept.
func TestPlan(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-plan")
	promise.Proves(t, "held-by-law-alone")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		grown, child, bare := h.visited("", "Cough"), h.visited("2020-05-06", "Fever"), h.Booked(t, h.As(access.FrontDesk), h.Booking(h.Providers[0], h.At(2, "12:00"), 9)).Appointment.Patient
		visit := h.Day(1)
		for _, x := range []struct {
			patient id.ID
			until   clock.Date
			born    bool
		}{{grown, visit.AddYears(3), false}, {child, "2041-05-06", true}, {bare, "", false}} {
			p, err := h.s.Plan(background, h.owner, x.patient)
			h.must(err)
			if p.Last() != x.until || p.BirthKnown != x.born || p.Waiting {
				t.Errorf("held until %q, birth known %v: want %q, %v", p.Last(), p.BirthKnown, x.until, x.born)
			}
			rooms := map[string]int{}
			for _, g := range p.Goes {
				rooms[g.Room] = g.Number
			}
			if rooms["patients"] == 0 || rooms["scheduling"] == 0 || rooms["visits"] != 0 {
				t.Errorf("what goes: %v", rooms)
			}
			for _, hold := range p.Holds {
				if hold.Class != law.Clinical || !hold.Sealed || hold.Number != 1 || !strings.Contains(hold.Source, "Indian Medical Council") {
					t.Errorf("held: %+v", hold)
				}
			}
		}
		if _, err := h.s.Plan(background, h.As(access.FrontDesk), grown); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the front desk sees the plan: %v", err)
		}
		// An order of two people holds it up, and the plan says so.
		h.order = "2030-01-01"
		p, err := h.s.Plan(background, h.owner, grown)
		if h.must(err); !p.Waiting || p.Waits != h.order {
			t.Errorf("the order: %+v", p)
		}
		_, err = h.s.Erase(background, h.owner, grown, "deleted_by_clinic")
		practice.Refused(t, "an erasure against an order", err, fault.Conflict, "fault.erasure_waits")
		if _, err := h.folk.Open(background, h.owner, grown); err != nil {
			t.Errorf("she is gone all the same: %v", err)
		}
	})
}

// TestErased: nothing finds her any more, what the law holds opens to a custodian with a reason alone and is recorded, and nobody beside her is touched: neither her child with the
// same telephone, nor whoever has the same guardian.
func TestErased(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-to-custodian")
	promise.Proves(t, "erasure-certified")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		one, other := h.visited("2019-01-02", "Whooping cough"), h.visited("2020-05-06", "Fever")
		before, err := h.folk.Open(background, h.owner, other)
		h.must(err)
		plan, err := h.s.Plan(background, h.owner, one)
		h.must(err)
		erasure, err := h.s.Erase(background, h.owner, one, "deleted_by_clinic")
		h.must(err)
		if _, err := h.folk.Open(background, h.owner, one); !fault.Is(err, fault.NotFound) {
			t.Errorf("she is found: %v", err)
		}
		hits, err := h.folk.Search(background, h.owner, plan.Patient.Name, 20)
		h.must(err)
		for _, x := range hits {
			if x.ID == one {
				t.Error("the search finds her")
			}
		}
		if _, err := h.s.Erase(background, h.owner, one, "deleted_by_clinic"); !fault.Is(err, fault.NotFound) {
			t.Errorf("erasing her again: %v", err)
		}
		after, err := h.folk.Open(background, h.owner, other)
		if h.must(err); after.Name != before.Name || len(after.Guardians) != 1 || after.Guardians[0].Name != "Meera Rao" {
			t.Errorf("somebody else was touched: %+v", after)
		}
		if n := h.Count(t, `SELECT COUNT(*) FROM encounter WHERE clinic_id = $1`); n != "1" {
			t.Errorf("%s visits are left, one is the other's", n)
		}
		e, err := h.s.Get(background, h.owner, erasure)
		h.must(err)
		if len(e.Holds) != 1 || e.Holds[0].Last != "2040-01-02" || e.FirstAt == 0 || e.SecondAt != 0 || e.Open() != 1 {
			t.Fatalf("%+v", e)
		}
		c, err := privacy.Read([]byte(e.First))
		h.must(err)
		if c.Number != 1 || c.ID != erasure.String() || len(c.Held) != 1 || c.Held[0].Until != "2040-01-02" || c.AuditHead != "7 head" || strings.Contains(e.First, plan.Patient.Name) {
			t.Errorf("certificate one: %s", e.First)
		}
		public, err := h.s.Public(background, h.Public(), erasure)
		if h.must(err); public.First != e.First || !public.By.IsZero() {
			t.Errorf("the public page: %+v", public)
		}
		// The custodian.
		hold := e.Holds[0].ID
		if _, err := h.s.OpenHeld(background, h.doctor, erasure, hold, "Curious"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a doctor opens it: %v", err)
		}
		if _, err := h.s.OpenHeld(background, h.owner, erasure, hold, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := h.s.OpenHeld(background, h.owner, id.New(h.Clock.Now()), hold, "Asked by a court"); !fault.Is(err, fault.NotFound) {
			t.Errorf("of another erasure: %v", err)
		}
		entries := h.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND kind = 'held-record' AND action = 'open'`)
		got, err := h.s.OpenHeld(background, h.owner, erasure, hold, "Asked by a court")
		h.must(err)
		if len(got.Records) != 1 || !strings.Contains(got.Records[0].Body["note"], "Whooping cough") {
			t.Errorf("the held record says %+v", got.Records)
		}
		if n := h.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND kind = 'held-record' AND action = 'open'`); entries != "0" || n != "1" {
			t.Errorf("%s openings stand in the audit log", n)
		}
		if _, err := h.DB.VerifyAudit(background, accounts.Operator(), nil); err != nil {
			t.Errorf("the audit log: %v", err)
		}
	})
}

// TestHeldToTheDay: two days before the end the clinic is told, on the last day it still opens, and the day after the key is destroyed and the rows are gone; data that comes back from
// a backup opens nothing and goes again. Certificate two comes by itself.
func TestHeldToTheDay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-until-its-day")
	promise.Proves(t, "erasure-through-backups")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		one := h.visited("", "Malaria")
		last := h.Day(1).AddYears(3)
		h.backups, h.copies = h.Clock.Now().Add(30*24*time.Hour), true
		erasure, err := h.s.Erase(background, h.owner, one, "deleted_by_clinic")
		h.must(err)
		get := func() privacy.Erasure {
			t.Helper()
			e, err := h.s.Get(background, h.owner, erasure)
			h.must(err)
			return e
		}
		aside := func() int {
			t.Helper()
			list, err := h.Vault.Asides(background, h.Clinic, one)
			h.must(err)
			return len(list)
		}
		second := func(want bool, when string) {
			t.Helper()
			h.must(h.s.Work(background, h.work))
			if got := get().SecondAt > 0; got != want {
				t.Errorf("certificate two %s: %v", when, got)
			}
		}
		second(false, "at once")
		h.Clock.Move(25 * time.Hour)
		h.copies = false
		second(false, "before the keys above hers are gone")
		_, err = h.Vault.Turn(background, false, nil)
		h.must(err)
		h.copies = true
		second(false, "while a copy of the key store is there")
		h.copies = false
		second(true, "when nothing that exists opens what backups hold")
		if n := aside(); n <= 3 { // the record, two certificates, and what is held
			t.Errorf("what is held does not lie beside the keys while a backup is left that lacks it: %d parts", n)
		}
		h.backups = time.Time{}
		h.Clock.Move(32 * 24 * time.Hour)
		h.must(h.s.Work(background, h.work))
		if n := aside(); n != 3 { // the record and two certificates
			t.Errorf("%d parts lie beside the keys for no backup", n)
		}
		c, err := privacy.Read([]byte(get().Second))
		if h.must(err); c.Number != 2 || !strings.Contains(strings.Join(c.Says, " "), "No copy of the key store") {
			t.Errorf("%+v", c)
		}

		rows := h.Rows(t, `SELECT clinic_id, id, hold_id, part, body FROM held_part WHERE clinic_id = $1`)
		opens := func() error {
			_, err := h.s.OpenHeld(background, h.owner, erasure, get().Holds[0].ID, "A question of the court")
			return err
		}
		h.night(last.AddDays(-2))
		if get().Holds[0].Noticed > 0 {
			t.Error("the notice came too soon")
		}
		h.night(last.AddDays(-1))
		if got := get().Holds[0]; got.Noticed == 0 || got.Ended > 0 {
			t.Errorf("two days before: %+v", got)
		}
		ahead, err := h.s.Ahead(background, h.owner)
		if h.must(err); len(ahead) != 1 || ahead[0].Last != last {
			t.Errorf("the pages tell %+v", ahead)
		}
		h.night(last)
		if err := opens(); err != nil {
			t.Errorf("on the last day: %v", err)
		}
		h.night(last.AddDays(1))
		if got := get(); got.Open() != 0 || got.Holds[0].Ended == 0 {
			t.Errorf("the day after: %+v", got.Holds)
		}
		if err := opens(); !fault.Is(err, fault.NotFound) {
			t.Errorf("it opens after its day: %v", err)
		}
		if n := h.Count(t, `SELECT COUNT(*) FROM held_part WHERE clinic_id = $1`); n != "0" || len(rows) == 0 {
			t.Errorf("%s of %d parts are left", n, len(rows))
		}
		// The proof goes in the end too.
		h.night(last.AddYears(6).AddDays(3))
		if _, err := h.s.Get(background, h.owner, erasure); !fault.Is(err, fault.NotFound) || aside() != 0 {
			t.Errorf("the proof is kept for ever: %v, %d", err, aside())
		}
	})
}

// TestBrokenOff: whatever an erasure is broken off by, it is whole in the end, with what the law holds: after the key was destroyed and before the rows were gone, and when the data of
// the day before comes back.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-through-backups")
	promise.Proves(t, "held-to-custodian")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		one, control := h.visited("", "Typhoid"), h.visited("", "Fever")
		// The commit fails when everything is done but that.
		broken := errors.New("the power went")
		_, err := h.s.EraseForTest(background, h.owner, one, "deleted_by_clinic", broken)
		if !errors.Is(err, broken) {
			t.Fatalf("it was not broken off: %v", err)
		}
		p, err := h.folk.Open(background, h.owner, one)
		if h.must(err); p.Name != "" {
			t.Errorf("her name can be read: %q", p.Name)
		}
		since := clock.At(h.Clock.Now().Add(-time.Hour))
		for range 2 { // the second time there is nothing to do
			h.must(h.s.Finish(background, h.work, since))
			h.must(h.s.Work(background, h.work))
		}
		list, err := h.s.List(background, h.owner)
		h.must(err)
		if len(list) != 1 || list[0].FirstAt == 0 || len(list[0].Holds) != 1 {
			t.Fatalf("%+v", list)
		}
		got, err := h.s.OpenHeld(background, h.owner, list[0].ID, list[0].Holds[0].ID, "To see that it is there")
		h.must(err)
		if len(got.Records) != 1 || !strings.Contains(got.Records[0].Body["note"], "Typhoid") {
			t.Errorf("what came back says %+v", got.Records)
		}
		if _, err := h.folk.Open(background, h.owner, one); !fault.Is(err, fault.NotFound) {
			t.Errorf("she is there: %v", err)
		}
		// The data of the day before has nothing of this room.
		h.must(h.DB.Change(background, h.work, access.Work, func(_ context.Context, tx *store.Tx) error {
			return privacy.ForgetForTest(tx)
		}))
		h.must(h.s.Finish(background, h.work, since))
		again, err := h.s.List(background, h.owner)
		h.must(err)
		if len(again) != 1 || again[0].ID != list[0].ID || again[0].First != list[0].First || again[0].First == "" {
			t.Fatalf("after the data came back: %+v", again)
		}
		if _, err := h.s.OpenHeld(background, h.owner, list[0].ID, list[0].Holds[0].ID, "Once more"); err != nil {
			t.Error(err)
		}
		// Broken off before the key was destroyed, nothing has happened.
		if _, err := h.s.EraseForTest(background, h.owner, control, "", broken); err == nil {
			t.Fatal("an erasure without a reason went through")
		}
		if p, err := h.folk.Open(background, h.owner, control); err != nil || p.Name == "" {
			t.Errorf("she can be read no more: %v", err)
		}
		// The reason went between the look and the deletion: it is asked before anything is destroyed.
		if _, err := h.s.EraseWhile(background, h.owner, access.PatientDelete, control, "deleted_by_clinic", func(*store.View) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("erased for a reason that had gone: %v", err)
		}
		if p, err := h.folk.Open(background, h.owner, control); err != nil || p.Name == "" {
			t.Errorf("she can be read no more, though the reason had gone: %v", err)
		}
		_, err = h.s.Erase(background, h.owner, control, "deleted_by_clinic")
		h.must(err)
	})
}

// TestCertificate: whatever byte of a certificate is changed, it is refused, and whoever checks learns where.
func TestCertificate(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-certified")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		_, err := h.s.Erase(background, h.owner, h.visited("", "Cough"), "deleted_by_clinic")
		h.must(err)
		list, err := h.s.List(background, h.owner)
		h.must(err)
		c, err := privacy.Read([]byte(list[0].First))
		h.must(err)
		for _, file := range [][]byte{c.JSON(), c.Text()} {
			if _, err := privacy.Read(file); err != nil {
				t.Fatalf("%v\n%s", err, file)
			}
			for at := 0; at < len(file); at += 1 + at%7 {
				bad := append([]byte(nil), file...)
				if bad[at]++; bad[at] == file[at]|0x20 {
					continue
				}
				if _, err := privacy.Read(bad); !errors.Is(err, privacy.ErrCertificate) {
					t.Fatalf("byte %d was changed from %q to %q: %v", at, file[at], bad[at], err)
				}
			}
		}
		for from, to := range map[string]string{`"number": 1`: `"number": 2`, "2029-": "2028-", `"clinic": "`: `"clinic": "The `} {
			_, err := privacy.Read([]byte(strings.Replace(string(c.JSON()), from, to, 1)))
			if err == nil || !strings.Contains(err.Error(), "the field ") {
				t.Errorf("%s: %v", from, err)
			}
		}
	})
}

// meanwhile is a room in whose turn to be copied out somebody else saves something: after what the law holds was drawn, and before anything is deleted.
type meanwhile struct{ save func() }

func (meanwhile) Name() string { return "meanwhile" }
func (m meanwhile) Collect(*store.View, id.ID) (map[string][]map[string]string, error) {
	m.save()
	return nil, nil
}
func (meanwhile) Erase(*store.Tx, id.ID) error { return nil }

// TestSavedMeanwhile: what somebody saves about a patient while she is being erased is either held with the rest or refused to whoever saves it; it is never destroyed without a word.
func TestSavedMeanwhile(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-by-law-alone")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical, clinics.ModuleBilling)
		bills := billing.New(b.DB, b.Log)
		for _, x := range []struct {
			name  string
			waits bool // for the erasure to be over, on PostgreSQL too
			save  func(e visits.Encounter) error
		}{
			{"an invoice", true, func(e visits.Encounter) error {
				_, err := bills.WriteAndIssue(background, h.owner, id.Zero, billing.InvoiceDraft{Patient: e.Patient, Lines: []billing.LineDraft{{Words: "Visit", Quantity: 1000, Price: 50000}}}, 0)
				return err
			}},
			{"a note", false, func(e visits.Encounter) error {
				_, err := h.notes.Save(background, h.doctor, e.ID, visits.Draft{Note: visits.Note{Complaint: "Saved meanwhile"}, Version: e.Version, Tab: id.New(time.Unix(2, 0))})
				return err
			}},
			{"a file", false, func(e visits.Encounter) error {
				_, err := h.notes.AddFile(background, h.doctor, e.Patient, e.ID, "Saved meanwhile.pdf", []byte("%PDF-1.4\n% quiet\n%%EOF\n"))
				return err
			}},
			{"an allergy", false, func(e visits.Encounter) error {
				return h.notes.AddAllergy(background, h.doctor, e.Patient, visits.Allergy{Substance: "Saved meanwhile"})
			}},
		} {
			one := h.visited("", "Measles")
			seen, err := h.notes.Chart(background, h.doctor, one, visits.Place{}, 5)
			h.must(err)
			open, err := h.notes.Open(background, h.doctor, seen.Visits[0].ID)
			h.must(err)
			visit, saved, first := open.Encounter, make(chan error, 1), true
			o := h.o
			o.Rooms = append(append([]privacy.Room{}, meanwhile{func() {
				if !first { // the erasure is tried again, or looks again
					return
				}
				first = false
				if b.Engine == store.Postgres && !x.waits {
					saved <- x.save(visit)
					return
				}
				go func() { saved <- x.save(visit) }() // of SQLite there is one writer: it waits for us
				time.Sleep(100 * time.Millisecond)
			}}), h.o.Rooms...)
			erasure, err := privacy.New(b.DB, b.Log, o).Erase(background, h.owner, one, "deleted_by_clinic")
			h.must(err)
			refused := <-saved
			e, err := h.s.Get(background, h.owner, erasure)
			h.must(err)
			all := ""
			for _, hold := range e.Holds {
				got, err := h.s.OpenHeld(background, h.owner, erasure, hold.ID, "To see what it says")
				h.must(err)
				for _, r := range got.Records {
					all += fmt.Sprint(r.Table, r.Body)
				}
			}
			if held := strings.Contains(all, "Saved meanwhile"); held == (refused != nil) {
				t.Errorf("%s: saving it gave %v, and that it is held is %v", x.name, refused, held)
			}
			if b.Engine == store.Postgres && !x.waits && refused != nil {
				t.Errorf("%s was not saved: %v", x.name, refused)
			}
		}
	})
}

// TestOneHoldStopsNoOther: of three holds whose day is over one has no key in this house, because it moved in from another one without its text, and one cannot be ended. Both of the
// others end on their day: what was held is gone, and the one that fails says so.
func TestOneHoldStopsNoOther(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-until-its-day")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		erasure, err := h.s.Erase(background, h.owner, h.visited("", "Cough"), "deleted_by_clinic")
		h.must(err)
		last := h.Day(1).AddYears(3)
		never, wrong := id.New(h.Clock.Now()), id.New(h.Clock.Now())
		h.Change(t, func(tx *store.Tx) error {
			tx.Housekeeping("test")
			for i, one := range []id.ID{never, wrong} {
				if _, err := tx.Exec(`INSERT INTO erasure_hold (clinic_id, id, erasure_id, class, last_day, source, number, sealed) VALUES ($1, $2, $3, 'clinical', $4, 'a law', 1, 1)`, one, erasure, string(last.AddDays(-2+i))); err != nil {
					return err
				}
				if _, err := tx.Exec(`INSERT INTO held_part (clinic_id, id, hold_id, part, body) VALUES ($1, $2, $2, 0, $3)`, one, []byte("noise")); err != nil {
					return err
				}
			}
			return tx.NewSubject(wrong) // a key that no law holds
		})
		for _, d := range []int{-4, -3, -2, -1, 0, 1} {
			h.Clock.Set(clock.StartOfDay(last.AddDays(d), h.Zone).Add(2 * time.Hour))
			if err := h.s.Work(background, h.work); (err != nil) != (d >= 0) || err != nil && !strings.Contains(err.Error(), wrong.String()) {
				t.Errorf("%d days after the last: %v", d, err)
			}
		}
		e, err := h.s.Get(background, h.owner, erasure)
		h.must(err)
		for _, hold := range e.Holds {
			if (hold.Ended == 0) != (hold.ID == wrong) {
				t.Errorf("the hold until %s ended at %d", hold.Last, hold.Ended)
			}
		}
		if n := h.Count(t, `SELECT COUNT(*) FROM held_part WHERE clinic_id = $1`); n != "1" {
			t.Errorf("%s parts are left, one is of the hold that cannot be ended", n)
		}
	})
}

// TestCertificateTwoIsTheOldHouses: of an erasure that moved in with its clinic this house never had the key, and signs nothing about what became of the keys and backups of the other one.
func TestCertificateTwoIsTheOldHouses(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-through-backups")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		ours, err := h.s.Erase(background, h.owner, h.visited("", "Cough"), "deleted_by_clinic")
		h.must(err)
		arrived, nobody := id.New(h.Clock.Now()), id.New(h.Clock.Now())
		h.must(h.DB.Change(background, h.work, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("an erasure moves in")
			_, err := tx.Exec(`INSERT INTO erasure (clinic_id, id, patient_id, by_id, reason, erased_at, first_at, first) SELECT clinic_id, $3, $4, by_id, reason, erased_at, first_at, first FROM erasure WHERE clinic_id = $1 AND id = $2`, ours, arrived, nobody)
			return err
		}))
		h.Clock.Move(25 * time.Hour)
		_, err = h.Vault.Turn(background, false, nil)
		h.must(err)
		h.must(h.s.Work(background, h.work))
		for _, x := range []struct {
			one  id.ID
			here bool
		}{{ours, true}, {arrived, false}} {
			e, err := h.s.Get(background, h.owner, x.one)
			if h.must(err); e.FirstAt == 0 || e.SecondAt > 0 != x.here || e.Elsewhere == x.here {
				t.Errorf("whose key was destroyed here: %v; certificates at %d and %d, elsewhere %v", x.here, e.FirstAt, e.SecondAt, e.Elsewhere)
			}
		}
	})
}

// TestTheProofOfAnotherHouseGoesToo: the record of an erasure that moved in with its clinic has no certificate two to wait for. It goes as long after its end as any other; not before, not while
// something is held, and one of this house's own that still waits for its certificate stays.
func TestTheProofOfAnotherHouseGoesToo(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "held-until-its-day")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b, clinics.ModuleClinical)
		h.backups, h.copies = h.Clock.Now().AddDate(20, 0, 0), true // something is left from before that never goes
		ours, err := h.s.Erase(background, h.owner, h.visited("", "Cough"), "deleted_by_clinic")
		h.must(err)
		arrived, holding := id.New(h.Clock.Now()), id.New(h.Clock.Now())
		for _, one := range []id.ID{arrived, holding} {
			h.must(h.DB.Change(background, h.work, access.Work, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("an erasure moves in")
				_, err := tx.Exec(`INSERT INTO erasure (clinic_id, id, patient_id, by_id, reason, erased_at, first_at, first) SELECT clinic_id, $3, $4, by_id, reason, erased_at, first_at, first FROM erasure WHERE clinic_id = $1 AND id = $2`, ours, one, id.New(h.Clock.Now()))
				return err
			}))
		}
		today := h.Day(0)
		h.must(h.DB.Change(background, h.work, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("with what a law holds of it")
			_, err := tx.Exec(`INSERT INTO erasure_hold (clinic_id, id, erasure_id, class, last_day, source, number, sealed) VALUES ($1, $2, $3, 'clinical', $4, 'a law', 1, 0)`, id.New(h.Clock.Now()), holding, string(today.AddYears(9)))
			return err
		}))
		there := func(day clock.Date, want ...id.ID) {
			t.Helper()
			h.night(day)
			for _, one := range []id.ID{ours, arrived, holding} {
				_, err := h.s.Get(background, h.owner, one)
				if err != nil && !fault.Is(err, fault.NotFound) {
					t.Fatal(err)
				}
				if is := err == nil; is != slices.Contains(want, one) {
					t.Errorf("on %s, of %v (ours %v, arrived %v, with a hold %v): %v", day, one, ours, arrived, holding, is)
				}
			}
		}
		there(today.AddYears(6).AddDays(-3), ours, arrived, holding)
		there(today.AddYears(6).AddDays(4), ours, holding)
		there(today.AddYears(9).AddDays(4), ours, holding)  // it is told that what is held ends
		there(today.AddYears(9).AddDays(7), ours, holding)  // and it ends
		there(today.AddYears(15).AddDays(5), ours, holding) // not as long ago yet
		there(today.AddYears(15).AddDays(12), ours)
	})
}
