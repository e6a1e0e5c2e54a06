package retention_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

func is(t *testing.T, err error, k fault.Kind, key, what string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != k || key != "" && f.Key != key {
		t.Errorf("%s: %v", what, err)
	}
}

// TestAHoldNeedsTwoAndEnds: what one person asks for holds nothing; she cannot approve it herself; approved, it keeps the patient from being deleted
// until the end of its last day in the clinic's zone, or until it is lifted; the database, too, refuses one person in both places.
func TestAHoldNeedsTwoAndEnds(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p, ctx := practice.Open(t, b, 1), context.Background()
		s, people := retention.New(b.DB, b.Log, retention.Options{}), patients.New(b.DB, b.Log)
		owner, manager, desk := b.As(access.Owner), b.As(access.Manager), b.As(access.FrontDesk)
		ravi, _, err := people.Add(ctx, owner, practice.Person(1), true)
		if err != nil {
			t.Fatal(err)
		}
		today := p.Day(0)
		held := func() (until clock.Date, yes bool) {
			err := b.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) (err error) {
				until, yes, err = retention.Held(v, ravi.ID)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return until, yes
		}
		erase := func() error {
			return b.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return retention.Keeper{}.Erase(tx, ravi.ID) })
		}
		_, err = s.AskHold(ctx, owner, ravi.ID, "court", today.AddDays(10))
		is(t, err, fault.Invalid, "", "a reason that says nothing")
		_, err = s.AskHold(ctx, owner, ravi.ID, "A letter of the court of 3 May", today.AddDays(-1))
		is(t, err, fault.Invalid, "", "a day that is over")
		_, err = s.AskHold(ctx, owner, ravi.ID, "A letter of the court of 3 May", today.AddDays(retention.LongestHold+1))
		is(t, err, fault.Invalid, "", "for ever")
		_, err = s.AskHold(ctx, desk, ravi.ID, "A letter of the court of 3 May", today)
		is(t, err, fault.Forbidden, "", "the front desk")
		_, err = s.AskHold(ctx, owner, id.New(b.Clock.Now()), "A letter of the court of 3 May", today)
		is(t, err, fault.NotFound, "", "nobody")

		one, err := s.AskHold(ctx, owner, ravi.ID, "A letter of the court of 3 May", today.AddDays(10))
		if err != nil {
			t.Fatal(err)
		}
		if _, yes := held(); yes {
			t.Error("one person holds")
		}
		_, err = s.AskHold(ctx, manager, ravi.ID, "Another letter of the court", today)
		is(t, err, fault.Conflict, "fault.hold_there", "a second one")
		is(t, s.ApproveHold(ctx, owner, one, 1), fault.Forbidden, "fault.another_person", "whoever asked approves")
		err = b.DB.Change(ctx, owner, access.RetentionHold, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("test")
			_, err := tx.Exec(`UPDATE legal_hold SET state = 'held', approved_by = asked_by, approved_at = 1 WHERE clinic_id = $1 AND id = $2`, one)
			return err
		})
		if err == nil {
			t.Error("the database takes one person for two")
		}
		if err := s.ApproveHold(ctx, manager, one, 1); err != nil {
			t.Fatal(err)
		}
		if until, yes := held(); !yes || until != today.AddDays(10) {
			t.Errorf("held %v until %s", yes, until)
		}
		is(t, erase(), fault.Conflict, "fault.held_until", "erasing what is held")
		h, there, err := s.HoldOf(ctx, owner, ravi.ID)
		if err != nil || !there || h.Reason != "A letter of the court of 3 May" || h.State != retention.Holds {
			t.Errorf("%+v %v %v", h, there, err)
		}
		if h, there, err = s.HoldOf(ctx, desk, ravi.ID); err != nil || !there || h.Reason != "" {
			t.Errorf("what the desk sees: %+v %v %v", h, there, err)
		}
		// It holds through its last day, and no minute longer.
		end := clock.StartOfDay(today.AddDays(11), p.Zone)
		b.Clock.Set(end.Add(-time.Minute))
		if _, yes := held(); !yes {
			t.Error("not held on its last day")
		}
		b.Clock.Set(end)
		if _, yes := held(); yes {
			t.Error("held the day after")
		}
		// A new one can be asked for before the night's run ended the old one; it can be refused, and one that stands can be lifted.
		two, err := s.AskHold(ctx, manager, ravi.ID, "The second letter of the court", p.Day(3))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.EndHold(ctx, owner, two, 1); err != nil {
			t.Fatal(err)
		}
		is(t, s.ApproveHold(ctx, owner, two, 2), fault.Conflict, "", "what was refused")
		three, err := s.AskHold(ctx, manager, ravi.ID, "The third letter of the court", p.Day(3))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.ApproveHold(ctx, owner, three, 1); err != nil {
			t.Fatal(err)
		}
		is(t, s.EndHold(ctx, owner, three, 1), fault.Conflict, "", "a page of before")
		if err := s.EndHold(ctx, manager, three, 2); err != nil {
			t.Fatal(err)
		}
		if _, yes := held(); yes {
			t.Error("lifted and held")
		}
		all, err := s.Holds(ctx, owner)
		if err != nil || len(all) != 3 || all[0].State != retention.Ended {
			t.Errorf("%+v %v", all, err)
		}
		if err := erase(); err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(7 * 366 * 24 * time.Hour)
		if _, err := s.AskHold(ctx, owner, ravi.ID, "A letter of years later", p.Day(0)); err != nil {
			t.Fatal(err)
		}
		b.Clock.Move(48 * time.Hour)
		for range 2 {
			p.Change(t, func(tx *store.Tx) error { _, err := retention.Keeper{}.Due(tx); return err })
			b.Clock.Move(7 * 366 * 24 * time.Hour)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM legal_hold WHERE clinic_id = $1`); n != "0" {
			t.Errorf("%s holds are remembered", n)
		}
	})
}

// TestEachRecordKnowsItsDeath: a record says when it dies and by which sentence; a hold that ends later is the sentence then, and a child's record lives
// as the law wants it.
func TestEachRecordKnowsItsDeath(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold")
	b, ctx := rig.New(t, store.SQLite, store.Options{}), context.Background()
	p := practice.Open(t, b, 1)
	s, people := retention.New(b.DB, b.Log, retention.Options{}), patients.New(b.DB, b.Log)
	owner := b.As(access.Owner)
	ravi, _, err := people.Add(ctx, owner, practice.Person(1), true)
	if err != nil {
		t.Fatal(err)
	}
	dies := func(c law.Class) (d retention.Death) {
		t.Helper()
		err := b.DB.View(ctx, owner, access.RetentionRead, func(_ context.Context, v *store.View) error {
			lives, err := s.Lives(v)
			if err != nil {
				return err
			}
			d, err = retention.DiesOn(v, lives, c, p.Day(0), ravi.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := dies(law.Opinions); d.On != p.Day(0).AddYears(2) || d.Sentence != "retention" {
		t.Errorf("%+v", d)
	}
	if d := dies(law.BookingLog); d.Sentence != "booking-log-aged" || d.On == "" {
		t.Errorf("%+v", d)
	}
	if d := dies(law.People); d.On != "" {
		t.Errorf("who a patient is dies on %s", d.On)
	}
	one, err := s.AskHold(ctx, owner, ravi.ID, "A letter of the court of 3 May", p.Day(0).AddDays(60))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ApproveHold(ctx, b.As(access.Manager), one, 1); err != nil {
		t.Fatal(err)
	}
	if d := dies(law.Passing); d.On != p.Day(0).AddDays(60) || d.Sentence != "legal-hold" {
		t.Errorf("%+v", d)
	}
	for _, x := range []struct {
		place      string
		born, want clock.Date
	}{{law.India, "1980-01-01", "2029-11-23"}, {law.India, "2020-05-01", "2041-05-01"}, {law.India, "", "2029-11-23"}, {law.Britain, "2020-05-01", "2045-05-01"}, {law.Canada, "2020-05-01", "2048-05-01"}} {
		if got := retention.Least(x.place, law.Clinical, "2026-11-23", x.born); got.On != x.want || got.Source == "" {
			t.Errorf("%s, born %s: %+v", x.place, x.born, got)
		}
	}
	if d := retention.Least(law.EU, law.Opinions, "2026-11-23", ""); d.On != "" {
		t.Errorf("no law wants opinions kept: %+v", d)
	}
}

// TestAHoldWaitsForAnErasure: a hold that is approved while somebody else works on the patient's row, as an erasure does, waits until that is over, and does not stand for somebody who is gone.
func TestAHoldWaitsForAnErasure(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p, ctx := practice.Open(t, b, 1), context.Background()
		s, people := retention.New(b.DB, b.Log, retention.Options{}), patients.New(b.DB, b.Log)
		owner, manager := b.As(access.Owner), b.As(access.Manager)
		ravi, _, err := people.Add(ctx, owner, practice.Person(1), true)
		if err != nil {
			t.Fatal(err)
		}
		one, err := s.AskHold(ctx, owner, ravi.ID, "A letter of the court of 3 May", p.Day(9))
		if err != nil {
			t.Fatal(err)
		}
		approved := make(chan error, 1)
		err = b.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("test")
			if there, err := patients.Hold(tx, ravi.ID); err != nil || !there {
				return errors.Join(err, errors.New("she is not there"))
			}
			go func() { approved <- s.ApproveHold(ctx, manager, one, 1) }()
			select {
			case err := <-approved:
				t.Errorf("it was approved meanwhile: %v", err)
				approved <- err
			case <-time.After(300 * time.Millisecond):
			}
			return patients.Keeper{}.Erase(tx, ravi.ID)
		})
		if err != nil {
			t.Fatal(err)
		}
		is(t, <-approved, fault.NotFound, "", "a hold of somebody who is gone")
	})
}
