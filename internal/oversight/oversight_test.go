package oversight_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/oversight"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
)

func refused(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != kind {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

// TestTheLogIsLookedThrough: a namesake is noticed once, she who looked does not settle it, somebody else does; days are signed off; entries
// are found by whom, what, about whom and when.
func TestTheLogIsLookedThrough(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-looked-through")
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			b := rig.New(t, engine, store.Options{})
			id.New(rig.Start.AddDate(40, 0, 0)) // a clock that was set back since: ids of one process never go back, so that they are later than their moments
			x := snooped(t, b)
			x.found(t)
			x.noticed(t)
			x.settled(t)
			x.signedOff(t)
			x.forgotten(t)
		})
	}
}

// snoopery is a clinic in which somebody opened the record of a namesake yesterday, and which was examined since.
type snoopery struct {
	*rig.Base
	s            *oversight.Service
	owner, snoop access.Caller
	patient      id.ID
	yesterday    clock.Date
}

func snooped(t *testing.T, b *rig.Base) snoopery {
	t.Helper()
	ctx := context.Background()
	p := practice.Open(t, b, 1)
	x := snoopery{Base: b, s: oversight.New(b.DB), owner: p.As(access.Owner), snoop: p.As(access.Practitioner), yesterday: clock.DateOf(b.Clock.Now().In(p.Zone))}
	people := patients.New(b.DB, b.Log)
	one, _, err := people.Add(ctx, p.As(access.FrontDesk), patients.Draft{Name: "Kavita Nair", BirthDate: "1980-02-03"}, false)
	if err != nil {
		t.Fatal(err)
	}
	x.patient = one.ID
	other := p.Booked(t, p.As(access.FrontDesk), scheduled(p, 3, "Other Nair"))
	for _, at := range []id.ID{one.ID, other.Appointment.Patient} {
		if _, err := people.Open(ctx, x.snoop, at); err != nil {
			t.Fatal(err)
		}
	}
	b.Clock.Move(24 * time.Hour)
	for range 2 { // a day is examined once, whoever asks again
		if err := x.s.Examine(ctx, p.As(access.System), map[id.ID]string{x.snoop.Actor(): "Leela Nair"}); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func (x snoopery) noticed(t *testing.T) {
	t.Helper()
	open, settled, err := x.s.Findings(context.Background(), x.owner, 10)
	if err != nil || len(open) != 1 || len(settled) != 0 {
		t.Fatalf("%d open, %d settled, %v", len(open), len(settled), err)
	}
	if f := open[0]; f.Rule != oversight.Namesake || f.Person != x.snoop.Actor() || f.Patient != x.patient || f.Name.Text != "Kavita Nair" || f.Day != x.yesterday {
		t.Errorf("noticed %+v", f)
	}
	_, _, err = x.s.Findings(context.Background(), x.snoop, 10)
	refused(t, "a practitioner reads what was noticed", err, fault.Forbidden)
}

func (x snoopery) settled(t *testing.T) {
	t.Helper()
	ctx, s := context.Background(), x.s
	open, _, err := s.Findings(ctx, x.owner, 10)
	if err != nil || len(open) != 1 {
		t.Fatal(err)
	}
	f := open[0]
	herself := access.Mint(x.Clinic, x.snoop.Actor(), id.Zero, x.snoop.Session(), access.Manager, access.Running)
	refused(t, "she settles it herself", s.Settle(ctx, herself, f.ID, "It was a good reason", f.Version, false), fault.Forbidden)
	refused(t, "no reason", s.Settle(ctx, x.owner, f.ID, "no", f.Version, false), fault.Invalid)
	refused(t, "another version", s.Settle(ctx, x.owner, f.ID, "It was a good reason", f.Version+1, false), fault.Conflict)
	refused(t, "another finding", s.Settle(ctx, x.owner, x.patient, "It was a good reason", f.Version, false), fault.NotFound)
	if err := s.Settle(ctx, x.owner, f.ID, " Her mother; she asked before. ", f.Version, false); err != nil {
		t.Fatal(err)
	}
	refused(t, "twice", s.Settle(ctx, x.owner, f.ID, "It was a good reason", f.Version, false), fault.Conflict)
	open, past, err := s.Findings(ctx, x.owner, 10)
	if err != nil || len(open) != 0 || len(past) != 1 || past[0].Words != "Her mother; she asked before." || past[0].ClosedBy != x.owner.Actor() {
		t.Errorf("%+v %+v %v", open, past, err)
	}
	if n, err := s.Unsettled(ctx, x.owner); err != nil || n != 0 {
		t.Errorf("%d are left: %v", n, err)
	}
}

func (x snoopery) signedOff(t *testing.T) {
	t.Helper()
	ctx, s, to := context.Background(), x.s, x.yesterday.AddDays(1)
	for what, days := range map[string][2]clock.Date{"no day": {"", to}, "the wrong way round": {to, to.AddDays(-1)}, "tomorrow": {to, to.AddDays(1)}, "two years": {to.AddYears(-2), to}} {
		refused(t, what, s.SignOff(ctx, x.owner, days[0], days[1], "", ""), fault.Invalid)
	}
	refused(t, "the desk", s.SignOff(ctx, x.As(access.FrontDesk), x.yesterday, to, "", ""), fault.Forbidden)
	if err := s.SignOff(ctx, x.owner, x.yesterday, to, "All is well", "12 abc="); err != nil {
		t.Fatal(err)
	}
	list, err := s.Reviews(ctx, x.owner, 10)
	if err != nil || len(list) != 1 || list[0].By != x.owner.Actor() || list[0].Entries < 5 || list[0].Words != "All is well" || list[0].Head != "12 abc=" {
		t.Fatalf("%+v %v", list, err)
	}
	// The engine keeps it as it was signed.
	err = x.DB.Change(ctx, x.owner, access.AuditReview, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test of the guard")
		_, err := tx.Exec(`UPDATE oversight_review SET entries = 0 WHERE clinic_id = $1`)
		return err
	})
	if !errors.Is(err, store.ErrFenced) {
		t.Errorf("a sign-off was changed: %v", err)
	}
	if n, err := x.find(oversight.Question{Action: "sign-off", Kind: "audit"}); err != nil || n != 1 {
		t.Errorf("%d entries say so: %v", n, err)
	}
}

func (x snoopery) find(q oversight.Question) (n int, err error) {
	err = x.DB.View(context.Background(), x.owner, access.AuditRead, func(_ context.Context, v *store.View) error {
		list, err := oversight.Entries(v, q, 100)
		n = len(list)
		return err
	})
	return n, err
}

func (x snoopery) found(t *testing.T) {
	t.Helper()
	now := x.Clock.Now().Add(-time.Hour)
	for what, c := range map[string]struct {
		q    oversight.Question
		want int
	}{
		"by whom":              {oversight.Question{Who: x.snoop.Actor()}, 2},
		"about whom":           {oversight.Question{Patient: x.patient}, 2},
		"what, about whom":     {oversight.Question{Patient: x.patient, Action: "open"}, 1},
		"who, about whom":      {oversight.Question{Patient: x.patient, Who: x.snoop.Actor()}, 1},
		"of which kind":        {oversight.Question{Kind: "finding"}, 1},
		"a day later":          {oversight.Question{Patient: x.patient, From: now}, 0},
		"before":               {oversight.Question{Patient: x.patient, To: now}, 2},
		"older than the first": {oversight.Question{Patient: x.patient, Before: x.patient}, 0},
	} {
		if n, err := x.find(c.q); err != nil || n != c.want {
			t.Errorf("%s: %d entries (%v), want %d", what, n, err, c.want)
		}
	}
	leaves, err := x.s.Leaves(context.Background(), x.owner, oversight.Question{Patient: x.patient}, 100)
	if err != nil || len(leaves) != 2 {
		t.Errorf("%d leaves, %v", len(leaves), err)
	}
}

// forgotten: whoever is erased is forgotten here too, and two years later all of it is.
func (x snoopery) forgotten(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	err := x.DB.Change(ctx, x.owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error {
		held, err := oversight.Keeper{}.Collect(&tx.View, x.patient)
		if err == nil && len(held["oversight_finding"]) != 1 {
			err = fmt.Errorf("of her is held %v", held)
		}
		if err != nil {
			return err
		}
		return oversight.Keeper{}.Erase(tx, x.patient)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, past, err := x.s.Findings(ctx, x.owner, 10); err != nil || len(past) != 1 || !past[0].Patient.IsZero() {
		t.Errorf("after it: %+v %v", past, err)
	}
	x.Clock.Move(731 * 24 * time.Hour)
	err = x.DB.Change(ctx, x.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := oversight.Keeper{}.Due(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, past, err := x.s.Findings(ctx, x.owner, 10); err != nil || len(past) != 0 {
		t.Errorf("two years later: %+v %v", past, err)
	}
}

func TestTheHeadIsMailedOnceADay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-mailed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s, owner, manager, system := oversight.New(b.DB), b.As(access.Owner), b.As(access.Manager), b.As(access.System)
		leads := map[id.ID]access.Role{owner.Actor(): access.Owner, manager.Actor(): access.Manager}
		due := func(when string, want ...access.Caller) {
			t.Helper()
			got, err := s.DueMail(ctx, system, leads)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%s: %v, %v; want %d", when, got, err, len(want))
			}
			for i := range want {
				if got[i] != want[i].Actor() {
					t.Errorf("%s: %v", when, got)
				}
			}
		}
		due("at once")
		b.Clock.Move(12 * time.Hour)
		due("half a day later")
		b.Clock.Move(12 * time.Hour)
		due("a day later", owner)
		due("and again")
		for who, want := range map[access.Caller]bool{owner: true, manager: false} {
			if got, err := s.Mailed(ctx, who); err != nil || got != want {
				t.Errorf("%s gets it: %v, %v", who.Role(), got, err)
			}
			if err := s.Mail(ctx, who, !want); err != nil {
				t.Fatal(err)
			}
		}
		b.Clock.Move(24 * time.Hour)
		due("after they said otherwise", manager)
	})
}

func TestCatchingUpIsBounded(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	p := practice.Open(t, b, 1)
	s, system := oversight.New(b.DB), p.As(access.System)
	for range 3 {
		if err := s.Examine(context.Background(), system, nil); err != nil {
			t.Fatal(err)
		}
	}
	b.Clock.Move(20 * 24 * time.Hour)
	for i, want := range []string{"2026-11-29", "2026-12-06", "2026-12-12"} {
		if err := s.Examine(context.Background(), system, nil); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.Count(t, `SELECT examined FROM oversight_state WHERE clinic_id = $1`)); got != want {
			t.Errorf("run %d: examined up to %s, want %s", i, got, want)
		}
	}
}

// TestAClockThatStoodAheadHidesNoDay: while the clock stood ahead for a while, days were examined that had not come. When it is right again, the days that come are examined
// as any.
func TestAClockThatStoodAheadHidesNoDay(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := practice.Open(t, b, 1)
	s, snoop, system := oversight.New(b.DB), p.As(access.Practitioner), p.As(access.System)
	people := patients.New(b.DB, b.Log)
	one, _, err := people.Add(ctx, p.As(access.FrontDesk), patients.Draft{Name: "Kavita Nair", BirthDate: "1980-02-03"}, false)
	if err != nil {
		t.Fatal(err)
	}
	examine := func() {
		t.Helper()
		if err := s.Examine(ctx, system, map[id.ID]string{snoop.Actor(): "Leela Nair"}); err != nil {
			t.Fatal(err)
		}
	}
	examine()
	right := b.Clock.Now()
	b.Clock.Move(6 * 24 * time.Hour)
	examine()
	b.Clock.Set(right)
	examine()
	b.Clock.Move(24 * time.Hour)
	if _, err := people.Open(ctx, snoop, one.ID); err != nil {
		t.Fatal(err)
	}
	b.Clock.Move(24 * time.Hour)
	examine()
	if open, _, err := s.Findings(ctx, p.As(access.Owner), 10); err != nil || len(open) != 1 {
		t.Errorf("%d noticed of a day that came after the clock was set right: %v", len(open), err)
	}
}
