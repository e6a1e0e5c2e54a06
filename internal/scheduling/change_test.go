package scheduling_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

func TestMoving(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		desk := p.As(access.FrontDesk)
		a := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 1)).Appointment
		other := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "11:00"), 2)).Appointment
		before := len(events(t, p))

		untouched(t, p, "refused moves", func() {
			for what, c := range map[string]struct {
				move scheduling.Move
				kind fault.Kind
				key  string
			}{
				"a stale version":        {scheduling.Move{StartsAt: p.At(1, "12:00"), Version: a.Version - 1}, fault.Conflict, "fault.changed_meanwhile"},
				"into another":           {scheduling.Move{StartsAt: p.At(1, "10:45"), Version: a.Version}, fault.Conflict, "fault.slot_taken"},
				"outside the hours":      {scheduling.Move{StartsAt: p.At(1, "17:00"), Version: a.Version}, fault.Conflict, "fault.start_outside_hours"},
				"off the grain":          {scheduling.Move{StartsAt: p.At(1, "12:00") + 1, Version: a.Version}, fault.Invalid, ""},
				"to nobody":              {scheduling.Move{Provider: id.New(b.Clock.Now()), StartsAt: p.At(1, "12:00"), Version: a.Version}, fault.NotFound, ""},
				"with too long a reason": {scheduling.Move{StartsAt: p.At(1, "11:00"), Version: a.Version, Overbook: strings.Repeat("x", 201)}, fault.Invalid, ""},
			} {
				_, err := p.Desk.Move(ctx, desk, a.ID, c.move)
				refused(t, what, err, c.kind, c.key)
			}
			_, err := p.Desk.Move(ctx, p.As(access.Billing), a.ID, scheduling.Move{StartsAt: p.At(1, "12:00"), Version: a.Version})
			refused(t, "billing", err, fault.Forbidden, "")
			_, err = p.Desk.Move(ctx, p.In(p.Found(t, "moonrise"), access.Owner), a.ID, scheduling.Move{StartsAt: p.At(1, "12:00"), Version: a.Version})
			refused(t, "another clinic", err, fault.NotFound, "")
			// To where it stands already: nothing happens, and nobody is told.
			still, err := p.Desk.Move(ctx, desk, a.ID, scheduling.Move{StartsAt: a.StartsAt, Version: a.Version})
			if err != nil || still.Version != a.Version || still.Occurrence != 0 {
				t.Fatalf("a move to the same place: %+v, %v", still, err)
			}
		})

		// A quarter of an hour later: over its own time.
		moved, err := p.Desk.Move(ctx, desk, a.ID, scheduling.Move{StartsAt: p.At(1, "10:15"), Version: a.Version})
		if err != nil {
			t.Fatal(err)
		}
		if moved.StartsAt != p.At(1, "10:15") || moved.EndsAt != p.At(1, "10:45") || moved.Version != a.Version+1 || moved.Occurrence != 1 || moved.Sequence != 1 || moved.Provider != a.Provider {
			t.Fatalf("moved %+v", moved)
		}
		// To the other provider and another day; then over somebody on purpose.
		moved, err = p.Desk.Move(ctx, desk, a.ID, scheduling.Move{Provider: p.Providers[1], StartsAt: p.At(3, "10:05"), Version: moved.Version})
		if err != nil || moved.Provider != p.Providers[1] || moved.Day != p.Day(3) {
			t.Fatalf("moved %+v, %v", moved, err)
		}
		p.Agree(t)
		moved, err = p.Desk.Move(ctx, desk, a.ID, scheduling.Move{Provider: p.Providers[0], StartsAt: other.StartsAt, Version: moved.Version, Overbook: "both know"})
		if err != nil || moved.Lane != 1 || moved.OverbookReason != "both know" {
			t.Fatalf("moved %+v, %v", moved, err)
		}
		if d := detail(t, p, "reschedule"); !strings.Contains(d, "both know") {
			t.Errorf("the audit entry says %s", d)
		}
		p.Agree(t)
		same(t, "events", events(t, p)[before:], "moved 1 after 3m0s", "moved 2 after 3m0s", "moved 3 after 3m0s")
		// The old version is of no use any more.
		untouched(t, p, "stale changes", func() {
			for what, err := range map[string]error{
				"cancelling": err2(p.Desk.Cancel(ctx, desk, a.ID, a.Version)),
				"arriving":   err2(p.Desk.SetStatus(ctx, desk, a.ID, a.Version, scheduling.Arrived)),
				"noting":     p.Desk.SetNote(ctx, desk, a.ID, a.Version, "x"),
			} {
				refused(t, what+" with a stale version", err, fault.Conflict, "fault.changed_meanwhile")
			}
		})
	})
}

func err2(_ scheduling.Appointment, err error) error { return err }

// TestAMovedVisitKeepsItsLength: the service has become shorter or longer since; hours and free
// times go by the visit.
func TestAMovedVisitKeepsItsLength(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		s := p.Offer(t, scheduling.Service{Name: "Talk", Minutes: 60, Online: true, Providers: p.Providers})
		r := p.Booked(t, p.Public(), scheduling.Booking{Service: s.ID, Provider: p.Providers[0], StartsAt: p.At(1, "10:00"), Patient: practice.Person(1)})
		a := r.Appointment
		s.Minutes, s.Online = 15, false
		if err := p.Desk.SaveService(ctx, p.As(access.Owner), s, false); err != nil {
			t.Fatal(err)
		}
		who := accounts.ForPatient(p.Clinic, a.Patient, a.ID)
		free, err := p.Desk.OwnFree(ctx, who, a.ID, false, p.Day(1), p.Day(1))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(free.Slots, func(x scheduling.Slot) bool {
			return x.StartsAt == p.At(1, "10:15") && x.EndsAt == p.At(1, "11:15")
		}) {
			t.Error("her own time stands in her way")
		}
		if last := free.Slots[len(free.Slots)-1].StartsAt; last != p.At(1, "16:00") {
			t.Errorf("the last time shown is %s", last.In(p.Zone))
		}
		_, err = p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: p.At(1, "16:15"), Version: a.Version})
		refused(t, "an hour at a quarter past four", err, fault.Conflict, "fault.start_outside_hours")
		moved, err := p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: p.At(1, "16:00"), Version: a.Version})
		if err != nil || moved.Length() != time.Hour {
			t.Fatalf("%+v, %v", moved, err)
		}
		p.Agree(t)
	})
}

// TestAnAnswerIsAboutTheTimeThatSheWasToldOf: what a patient answers to a message changes nothing when the visit has been moved
// since, or no longer lies ahead, and whoever asks is told so.
func TestAnAnswerIsAboutTheTimeThatSheWasToldOf(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		a := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 1)).Appointment
		told := a.Occurrence
		answer := func(occurrence int64, to scheduling.Status) (done bool) {
			t.Helper()
			p.Change(t, func(tx *store.Tx) (err error) {
				done, err = scheduling.Answer(tx, a.ID, occurrence, to)
				return err
			})
			return done
		}
		a, err := p.Desk.Move(ctx, p.As(access.FrontDesk), a.ID, scheduling.Move{Provider: p.Providers[1], StartsAt: p.At(1, "11:00"), Version: a.Version})
		if err != nil {
			t.Fatal(err)
		}
		untouched(t, p, "answers about the old time", func() {
			for _, to := range []scheduling.Status{scheduling.Confirmed, scheduling.Cancelled} {
				if answer(told, to) {
					t.Errorf("%s of the old time is said to be done", to)
				}
			}
		})
		for _, to := range []scheduling.Status{scheduling.Confirmed, scheduling.Confirmed, scheduling.Cancelled} { // twice is as good as once
			if !answer(a.Occurrence, to) {
				t.Error("an answer about the present time is not done")
			}
		}
		untouched(t, p, "answers about what is cancelled", func() {
			if answer(a.Occurrence, scheduling.Confirmed) || answer(a.Occurrence, scheduling.Cancelled) {
				t.Error("an answer about a visit that is off is said to be done")
			}
		})
		p.Agree(t)
	})
}

func TestCancelAndRestore(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		desk := p.As(access.FrontDesk)
		a := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 1)).Appointment
		c, err := p.Desk.Cancel(ctx, desk, a.ID, a.Version)
		if err != nil || c.Status != scheduling.Cancelled || c.Sequence != 1 || c.Occurrence != 0 {
			t.Fatalf("%+v, %v", c, err)
		}
		p.Agree(t)
		untouched(t, p, "cancelling twice", func() {
			_, err := p.Desk.Cancel(ctx, desk, a.ID, c.Version)
			refused(t, "again", err, fault.Conflict, "fault.not_ahead")
			_, err = p.Desk.Move(ctx, desk, a.ID, scheduling.Move{StartsAt: p.At(1, "12:00"), Version: c.Version})
			refused(t, "moving what is cancelled", err, fault.Conflict, "fault.not_ahead")
		})
		back, err := p.Desk.SetStatus(ctx, desk, a.ID, c.Version, scheduling.Booked)
		if err != nil || back.Status != scheduling.Booked || back.Occurrence != 1 || back.Sequence != 2 {
			t.Fatalf("restored %+v, %v", back, err)
		}
		p.Agree(t)
		same(t, "events", events(t, p), "booked 0 after 0s", "cancelled 0 after 3m0s", "booked 1 after 3m0s")

		// Why it was cancelled stands in the note, in the same Change: a line that is too long cancels nothing.
		untouched(t, p, "a reason that is too long", func() {
			_, err := p.Desk.CancelBecause(ctx, desk, a.ID, back.Version, strings.Repeat("x", 201))
			same(t, "fields", fields(err), "why")
		})
		// Somebody took the time meanwhile: it does not come back.
		before := back.Note
		if c, err = p.Desk.CancelBecause(ctx, desk, a.ID, back.Version, " Cancelled: she called "); err != nil {
			t.Fatal(err)
		}
		o, err := p.Desk.Open(ctx, desk, a.ID)
		if want := strings.TrimSpace(before + "\nCancelled: she called"); err != nil || o.Note != want || c.Note != want || o.Version != c.Version {
			t.Errorf("note %q and %q, want %q; version %d and %d, %v", o.Note, c.Note, want, o.Version, c.Version, err)
		}
		p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:15"), 2))
		untouched(t, p, "restoring into another", func() {
			_, err := p.Desk.SetStatus(ctx, desk, a.ID, c.Version, scheduling.Booked)
			refused(t, "restoring", err, fault.Conflict, "fault.slot_taken")
		})
		// Leave was entered meanwhile: neither.
		one := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(2, "10:00"), 3)).Appointment
		if one, err = p.Desk.Cancel(ctx, desk, one.ID, one.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Desk.AddLeave(ctx, p.As(access.Owner), scheduling.Leave{Provider: p.Providers[0], From: p.At(2, "09:00"), To: p.At(2, "17:00")}); err != nil {
			t.Fatal(err)
		}
		_, err = p.Desk.SetStatus(ctx, desk, one.ID, one.Version, scheduling.Booked)
		refused(t, "restoring into leave", err, fault.Conflict, "fault.start_on_leave")
		// One that was booked over another on purpose comes back over it.
		first := p.Booked(t, desk, p.Booking(p.Providers[0], p.At(3, "10:00"), 4)).Appointment
		over := p.Booking(p.Providers[0], first.StartsAt, 5)
		over.Overbook = "an emergency"
		second := p.Booked(t, desk, over).Appointment
		if second, err = p.Desk.Cancel(ctx, desk, second.ID, second.Version); err != nil {
			t.Fatal(err)
		}
		if second, err = p.Desk.SetStatus(ctx, desk, second.ID, second.Version, scheduling.Booked); err != nil || second.Lane != 1 {
			t.Fatalf("restored %+v, %v", second, err)
		}
		p.Agree(t)
	})
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		desk := p.As(access.FrontDesk)
		a := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 1)).Appointment
		for _, to := range []scheduling.Status{scheduling.Confirmed, scheduling.Booked, scheduling.Arrived, scheduling.InProgress, scheduling.Completed, scheduling.InProgress,
			scheduling.Arrived, scheduling.NoShow, scheduling.Booked} {
			was := a
			var err error
			if a, err = p.Desk.SetStatus(ctx, desk, a.ID, a.Version, to); err != nil {
				t.Fatalf("%s after %s: %v", to, was.Status, err)
			}
			if a.Status != to || a.Version != was.Version+1 || a.Occurrence != 0 || a.Sequence != 0 || a.StatusAt.IsZero() {
				t.Fatalf("%+v", a)
			}
		}
		untouched(t, p, "states out of order", func() {
			for _, to := range []scheduling.Status{scheduling.Booked, scheduling.Completed, "done", ""} {
				_, err := p.Desk.SetStatus(ctx, desk, a.ID, a.Version, to)
				refused(t, string(to)+" after booked", err, fault.Conflict, "fault.status_order")
			}
		})
		a, err := p.Desk.SetStatus(ctx, desk, a.ID, a.Version, scheduling.NoShow)
		if err != nil {
			t.Fatal(err)
		}
		// Who did not come keeps the time: it is not sold again behind her.
		_, err = p.Desk.Book(ctx, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 2))
		refused(t, "the time of a missed visit", err, fault.Conflict, "fault.slot_taken")
		p.Agree(t)
		if a, err = p.Desk.SetStatus(ctx, desk, a.ID, a.Version, scheduling.Cancelled); err != nil || a.Status != scheduling.Cancelled {
			t.Fatalf("%+v, %v", a, err)
		}
		p.Agree(t)
		counts, err := p.Desk.CountDay(ctx, desk, p.Day(1))
		if err != nil || counts[scheduling.Cancelled] != 1 || len(counts) != 1 {
			t.Fatalf("%v, %v", counts, err)
		}
	})
}

func TestEveryChangeIsInTheBookingLog(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "changes-kept")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 2)
		desk := p.As(access.FrontDesk)
		a := p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(1, "10:00"), 1)).Appointment
		who := accounts.ForPatient(p.Clinic, a.Patient, id.New(b.Clock.Now()))
		do := func(x scheduling.Appointment, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			a = x
			b.Clock.Move(time.Minute)
		}
		do(p.Desk.Move(ctx, who, a.ID, scheduling.Move{StartsAt: p.At(1, "11:00"), Version: a.Version}))
		do(p.Desk.SetStatus(ctx, who, a.ID, a.Version, scheduling.Confirmed))
		do(p.Desk.Move(ctx, desk, a.ID, scheduling.Move{Provider: p.Providers[1], StartsAt: p.At(1, "12:00"), Version: a.Version}))
		do(p.Desk.SetStatus(ctx, desk, a.ID, a.Version, scheduling.NoShow))
		do(p.Desk.Cancel(ctx, desk, a.ID, a.Version))
		do(p.Desk.SetStatus(ctx, desk, a.ID, a.Version, scheduling.Booked))
		do(p.Desk.Cancel(ctx, who, a.ID, a.Version))
		o, err := p.Desk.Open(ctx, desk, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, e := range o.Log {
			got = append(got, e.Action+" by "+e.Role+" at "+e.StartsAt.In(p.Zone).Format("15:04")+" "+string(e.Status))
			if i > 0 && e.At <= o.Log[i-1].At && i > 1 {
				t.Errorf("entry %d is of %s", i, e.At.Time())
			}
			switch e.Role {
			case "patient":
				if e.Actor != a.Patient {
					t.Errorf("entry %d does not name the patient", i)
				}
			case "front-desk":
				if e.Actor != desk.Actor() {
					t.Errorf("entry %d does not name who did it", i)
				}
			}
		}
		same(t, "log", got, "book by public at 10:00 booked", "reschedule by patient at 11:00 booked", "confirmed by patient at 11:00 confirmed",
			"reschedule by front-desk at 12:00 booked", "no-show by front-desk at 12:00 no-show", "cancel by front-desk at 12:00 cancelled",
			"restore by front-desk at 12:00 booked", "cancel by patient at 12:00 cancelled")
		same(t, "audit", entries(t, p, a.ID), "public book appointment", "patient reschedule appointment", "patient status appointment", "front-desk reschedule appointment",
			"front-desk status appointment", "front-desk cancel appointment", "front-desk restore appointment", "patient cancel appointment", "front-desk open appointment")
	})
}

func TestTheNoteIsSealedAndReplaced(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		desk := p.As(access.FrontDesk)
		want := p.Booking(p.Providers[0], p.At(1, "10:00"), 1)
		want.Note = "first"
		a := p.Booked(t, desk, want).Appointment
		if err := p.Desk.SetNote(ctx, desk, a.ID, a.Version, "  second\r\nline "); err != nil {
			t.Fatal(err)
		}
		o, err := p.Desk.Open(ctx, desk, a.ID)
		if err != nil || o.Note != "second\nline" || o.Version != a.Version+1 {
			t.Fatalf("%q, %v", o.Note, err)
		}
		if d := detail(t, p, "note"); !strings.Contains(d, "first") || !strings.Contains(d, "second") {
			t.Errorf("the audit entry says %s", d)
		}
		if err := p.Desk.SetNote(ctx, desk, a.ID, o.Version, ""); err != nil {
			t.Fatal(err)
		}
		if n := p.Count(t, `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND note IS NULL`); n != "1" {
			t.Error("an empty note is not stored as none")
		}
		if n := len(events(t, p)); n != 1 {
			t.Errorf("a note is no news for the patient, yet %d events", n)
		}
	})
}
