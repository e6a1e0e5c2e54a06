package retention_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
)

func doers(l law.Lives) []retention.Doer {
	return []retention.Doer{messaging.Keeper{Lives: l}, followup.Keeper{Lives: l}, scheduling.Keeper{Lives: l}, consent.Keeper{Lives: l}, retention.Keeper{}, store.Keeper{Lives: l}}
}

// years is a clinic whose rows grow old.
type years struct {
	*practice.Practice
	t       *testing.T
	s       *retention.Service
	work    access.Caller
	machine access.Caller
	patient id.ID
	visit   id.ID
}

func aged(t *testing.T, b *rig.Base, place string) *years {
	t.Helper()
	y := &years{Practice: practice.Open(t, b, 1), t: t, work: b.As(access.System), machine: rig.SignedIn(id.Zero, id.New(b.Clock.Now()), id.Zero, access.Operator)}
	y.s = retention.New(b.DB, b.Log, retention.Options{Doers: doers})
	r := y.Booked(t, y.Public(), y.Booking(y.Providers[0], y.At(1, "10:00"), 1))
	y.patient, y.visit = r.Appointment.Patient, r.Appointment.ID
	y.exec(`UPDATE clinic SET jurisdiction = $2 WHERE clinic_id = $1`, place)
	y.exec(`DELETE FROM booking_log WHERE clinic_id = $1`)
	y.exec(`DELETE FROM consent WHERE clinic_id = $1`)
	if err := y.s.Beat(context.Background(), y.work); err != nil {
		t.Fatal(err)
	}
	return y
}

func (y *years) exec(text string, args ...any) {
	y.t.Helper()
	y.Change(y.t, func(tx *store.Tx) error { tx.Housekeeping("test"); _, err := tx.Exec(text, args...); return err })
}

// row writes one row of each kind, made now.
func (y *years) row() {
	y.t.Helper()
	now := clock.At(y.Clock.Now())
	one := id.New(now.Time())
	y.exec(`INSERT INTO message (clinic_id, id, patient_id, appointment_id, occurrence, rule_id, kind, channel, starts_at, provider_told, purpose, language, state, send_at, state_at, created_at, provider_id)
		VALUES ($1, $2, $3, $4, 1, $2, 'booked', 'email', $5, $4, 'booking', 'en', 'sent', $5, $5, $5, 'their-number')`, one, y.patient, y.visit, now)
	y.exec(`INSERT INTO message_event (clinic_id, message_id, id, at, state) VALUES ($1, $2, $2, $3, 'sent')`, one, now)
	for range 12 {
		y.exec(`INSERT INTO booking_log (clinic_id, appointment_id, id, at, action, role, starts_at, provider_id, status) VALUES ($1, $2, $3, $4, 'book', 'public', $4, $5, 'booked')`, y.visit, id.New(now.Time()), now, y.Providers[0])
	}
	y.exec(`INSERT INTO feedback (clinic_id, id, patient_id, appointment_id, stars, given_at) VALUES ($1, $2, $3, $4, 5, $5)`, one, y.patient, one, now)
	y.exec(`INSERT INTO thread (clinic_id, id, last_at, created_at) VALUES ($1, $2, $3, $3)`, one, now)
}

// night moves to three in the morning of the day and has the clinic's run done; the clock is believed where it moves day by day.
func (y *years) night(day clock.Date) retention.Night {
	y.t.Helper()
	ctx := context.Background()
	at := clock.StartOfDay(day, y.Zone).Add(3 * time.Hour)
	jumps := at.Sub(y.Clock.Now()) > retention.Jump
	y.Clock.Set(at)
	if err := y.s.Beat(ctx, y.work); errors.Is(err, retention.ErrClock) != jumps {
		y.t.Fatalf("%s: the clock: %v", day, err)
	} else if jumps {
		if err := y.s.Nightly(ctx, y.work); !errors.Is(err, retention.ErrClock) {
			y.t.Fatalf("%s: a run under a clock that jumped: %v", day, err)
		}
		if err := y.s.ClockIsRight(ctx, y.machine); err != nil {
			y.t.Fatal(err)
		}
	}
	n, err := y.s.Run(ctx, y.work, false)
	if err != nil {
		y.t.Fatalf("%s: %v", day, err)
	}
	return n
}

// kind is one kind of row: where it stands, from which moment it lives, and how long it lives at least and at most.
type kind struct {
	count       string
	floor, most law.Span
	months      bool // goes by whole months
}

func kinds(place string) map[string]kind {
	ours := law.LifeOf(law.Elsewhere, law.Events).Usual
	log := law.LifeOf(place, law.BookingLog)
	out := map[string]kind{
		"message":       {`SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND created_at >= $2 AND created_at < $3`, law.Span{}, ours, false},
		"message_event": {`SELECT COUNT(*) FROM message_event WHERE clinic_id = $1 AND at >= $2 AND at < $3`, law.Span{}, ours, false},
		"booking_log":   {`SELECT COUNT(*) FROM booking_log WHERE clinic_id = $1 AND at >= $2 AND at < $3`, log.Floor, log.Ceiling, true},
		"feedback":      {`SELECT COUNT(*) FROM feedback WHERE clinic_id = $1 AND given_at >= $2 AND given_at < $3`, law.Span{}, law.LifeOf(place, law.Opinions).Ceiling, false},
		"letter":        {`SELECT COUNT(*) FROM thread WHERE clinic_id = $1 AND last_at >= $2 AND last_at < $3`, law.Span{}, law.LifeOf(place, law.Letters).Ceiling, false},
	}
	if e := law.LifeOf(place, law.Events); !e.Seen.IsZero() {
		out["statutory copy"] = kind{`SELECT COUNT(*) FROM statutory_copy WHERE clinic_id = $1 AND at >= $2 AND at < $3`, e.Floor, e.Ceiling, false}
	}
	return out
}

// looks that no row of the day from is past its ceiling and a day, none gone before its floor, and that what goes by the day lives exactly as long.
func (y *years) looks(place string, from, today clock.Date) {
	y.t.Helper()
	start, end := clock.At(clock.StartOfDay(from, y.Zone)), clock.At(clock.StartOfDay(from.AddDays(1), y.Zone))
	for name, k := range kinds(place) {
		there := y.Count(y.t, k.count, start, end) != "0"
		hidden := law.LifeOf(place, law.Events).Seen.Day(from)
		if name == "statutory copy" && today <= hidden {
			if there {
				y.t.Errorf("%s: a copy of %s is put aside while the message stands", today, from)
			}
			continue
		}
		if there && today > k.most.Day(from).AddDays(1) {
			y.t.Errorf("%s: %s of %s is past its ceiling", today, name, from)
		}
		if !there && !k.floor.IsZero() && today <= k.floor.Day(from) {
			y.t.Errorf("%s: %s of %s went before its floor", today, name, from)
		}
		if !k.months && there != (today <= k.most.Day(from)) {
			y.t.Errorf("%s: %s of %s: there %v", today, name, from, there)
		}
	}
}

// TestThreeYears ages a clinic for three years, on the days that matter: under one law on each engine, and under each in the full form. No row is past its ceiling and a day, and none goes before
// its floor. Every kind of row that there is, night by night, is app.TestNothingOutlivesItsTime.
func TestThreeYears(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "retention")
	promise.Proves(t, "booking-log-aged")
	promise.Proves(t, "message-events-aged")
	promise.Proves(t, "clock-jump")
	full := os.Getenv("ALMIRAH_SOAK") == "1"
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		places := []string{law.India}
		if b.DB.Engine() == store.Postgres {
			places = []string{law.EU}
		}
		if full {
			places = law.Places()
		}
		for i, place := range places {
			if i > 0 { // each law has a database of its own: in one whose clock went on, setting it back is refused
				b = rig.New(t, b.Engine, store.Options{})
			}
			y := aged(t, b, place)
			first := y.Day(0)
			y.row()
			days := []int{1, 29, 31, 89, 91, 179, 180, 181, 182, 364, 365, 366, 367, 398, 399, 700, 703, 729, 730, 731, 732, 762, 763, 1095}
			for _, d := range days {
				day := first.AddDays(d)
				y.night(day)
				y.looks(place, first, day)
			}
			if n := y.Count(t, `SELECT COUNT(*) FROM booking_count WHERE clinic_id = $1 AND times < 10`); n != "0" {
				t.Errorf("%s small counts are kept", n)
			}
			if n := y.Count(t, `SELECT COUNT(*) FROM booking_count WHERE clinic_id = $1 AND action = 'book'`); n == "0" {
				t.Error("nothing is counted of the months that went")
			}
			if !law.LifeOf(place, law.Events).Seen.IsZero() {
				y.keysGone()
			}
		}
	})
}

// keysGone looks that the keys of the copies that went were destroyed, and are so in the key store.
func (y *years) keysGone() {
	y.t.Helper()
	for _, row := range y.Rows(y.t, `SELECT month, destroyed_at FROM statutory_key WHERE clinic_id = $1`) {
		if row[1] == "0" {
			y.t.Errorf("the key of %s lives", row[0])
		}
	}
	err := y.DB.View(context.Background(), y.work, access.Work, func(_ context.Context, v *store.View) error {
		list, err := store.IDs(v, `SELECT key_id FROM statutory_key WHERE clinic_id = $1`)
		if err != nil || len(list) == 0 {
			return fmt.Errorf("%d keys, %v", len(list), err)
		}
		_, err = v.Seal(list[0], "statutory_copy", "body", list[0], "x")
		if !errors.Is(err, vault.ErrShredded) {
			return fmt.Errorf("a destroyed key seals: %v", err)
		}
		return nil
	})
	if err != nil {
		y.t.Error(err)
	}
}

// TestNothingGoesUnannounced: what somebody could still want goes 48 hours after its owners were told, and not before; a hold keeps it; a look ahead takes
// nothing away and counts what a run then takes.
func TestNothingGoesUnannounced(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "retention-told")
	promise.Proves(t, "legal-hold")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		y, ctx := aged(t, b, law.EU), context.Background()
		y.row()
		first := y.Day(0)
		opinions := func() string { return y.Count(t, `SELECT COUNT(*) FROM feedback WHERE clinic_id = $1`) }
		// The house stood still for a month beyond two years: what is over is announced first.
		n := y.night(first.AddDays(760))
		if opinions() != "1" || len(n.Notices) != 1 || n.Notices[0].Class != law.Opinions || n.Notices[0].Records != 1 {
			t.Fatalf("%s opinions, %+v", opinions(), n.Notices)
		}
		if n := y.night(first.AddDays(761)); opinions() != "1" || len(n.Notices) != 0 {
			t.Fatalf("it went a day after, or was announced again: %+v", n.Notices)
		}
		dry, err := y.s.Run(ctx, y.work, true)
		if err != nil || dry.Ahead[law.Opinions] != 1 || dry.Gone[law.Opinions] != 0 || opinions() != "1" {
			t.Fatalf("a look: %+v %v", dry, err)
		}
		owner, manager := b.As(access.Owner), b.As(access.Manager)
		hold, err := y.s.AskHold(ctx, owner, y.patient, "A letter of the court of 3 May", y.Day(0).AddDays(1))
		if err != nil {
			t.Fatal(err)
		}
		if err := y.s.ApproveHold(ctx, manager, hold, 1); err != nil {
			t.Fatal(err)
		}
		if n := y.night(first.AddDays(762)); opinions() != "1" || n.Gone[law.Opinions] != 0 {
			t.Fatalf("what is held went: %+v", n)
		}
		y.night(first.AddDays(763))
		if opinions() != "0" {
			t.Error("it stays though it was announced and nothing holds it")
		}
		plan, err := y.s.Plan(ctx, owner)
		if err != nil || plan.Last.Gone[law.Opinions] != 1 || !slices.ContainsFunc(plan.Classes, func(l retention.Lasts) bool { return l.Class == law.Opinions && l.Notice != nil }) {
			t.Errorf("%+v %v", plan.Last, err)
		}
	})
}

// TestTheClockIsBelievedStepByStep: an hour, a day and a night without power are believed; two days are not, forwards or backwards, until an operator says so.
func TestTheClockIsBelievedStepByStep(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clock-jump")
	b, ctx := rig.New(t, store.SQLite, store.Options{}), context.Background()
	head := clock.Instant(0)
	s := retention.New(b.DB, b.Log, retention.Options{Doers: doers, Head: func(context.Context) (clock.Instant, error) { return head, nil }})
	work, operator := b.As(access.System), rig.SignedIn(id.Zero, id.New(b.Clock.Now()), id.Zero, access.Operator)
	if _, err := s.Run(ctx, work, false); !errors.Is(err, retention.ErrClock) {
		t.Fatalf("a run before the clock was ever looked at: %v", err)
	}
	for _, x := range []struct {
		by   time.Duration
		good bool
	}{{0, true}, {time.Hour, true}, {26 * time.Hour, true}, {27 * time.Hour, false}, {-time.Hour, true}, {-25 * time.Hour, true}, {-27 * time.Hour, false}, {5 * 365 * 24 * time.Hour, false}} {
		before := b.Clock.Now()
		b.Clock.Move(x.by)
		err := s.Beat(ctx, work)
		if good := err == nil; good != x.good {
			t.Errorf("by %v: %v", x.by, err)
		}
		_, err = s.Run(ctx, work, false)
		if errors.Is(err, retention.ErrClock) == x.good {
			t.Errorf("a run after %v: %v", x.by, err)
		}
		if !x.good {
			p, err := s.Clock(ctx, operator)
			if err != nil || p.Refused == 0 {
				t.Errorf("nobody learns of it: %+v %v", p, err)
			}
			b.Clock.Set(before)
			if err := s.Beat(ctx, work); err != nil {
				t.Errorf("back again: %v", err)
			}
		}
	}
	b.Clock.Move(60 * 24 * time.Hour)
	if err := s.ClockIsRight(ctx, operator); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(ctx, work, false); err != nil {
		t.Errorf("an operator said that it is right: %v", err)
	}
	head = clock.At(b.Clock.Now().Add(27 * time.Hour))
	if err := s.Beat(ctx, work); !errors.Is(err, retention.ErrClock) {
		t.Errorf("the log was signed tomorrow: %v", err)
	}
}

// TestCountsTellOfNobody: of what a month leaves, no count is below ten, and no report from which other counts are taken away gives one.
func TestCountsTellOfNobody(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "booking-log-aged")
	for _, x := range []map[string]int64{{"book": 3}, {"book": 40, "cancel": 3}, {"book": 40, "cancel": 3, "reschedule": 12}, {"book": 40, "cancel": 3, "reschedule": 4}, {"book": 9, "cancel": 9}, {"book": 10}, {"a": 10, "b": 11, "c": 1, "d": 1}, {}} {
		shown := scheduling.Suppressed(x)
		all, told, hidden := int64(0), int64(0), 0
		for what, n := range x {
			all += n
			if _, ok := shown[what]; !ok {
				hidden++
			}
		}
		for what, n := range shown {
			told += n
			if n < 10 || n != x[what] {
				t.Errorf("%v: %s is %d", x, what, n)
			}
		}
		// Somebody who knows the sum of the month from another report takes away what is shown.
		if rest := all - told; len(shown) > 0 && rest > 0 && (rest < 10 || hidden < 2) {
			t.Errorf("%v: the difference of two reports tells of %d in %d kinds", x, rest, hidden)
		}
	}
}
