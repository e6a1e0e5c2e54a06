package retention_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/promise"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// breaksOff runs what dies at the moment at which the owners are to be told.
func (l *leaving) breaksOff(do func(s *retention.Service)) {
	l.t.Helper()
	dying := retention.New(l.DB, l.Log, retention.Options{Accounts: l.account, Doers: doers, Tables: l.tables, ForClinic: func(id.ID) access.Caller { panic("the process dies") }, Platform: func() access.Caller { return rig.SignedIn(id.Zero, id.Zero, id.Zero, access.System) }})
	defer func() {
		if recover() == nil {
			l.t.Error("it did not die")
		}
	}()
	do(dying)
}

// TestNoEndWithoutNotice: one owner asks for the end sooner, and the process dies before the others were told. They are told within the hour, and nothing goes before they had
// their two days.
func TestNoEndWithoutNotice(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "closing-sooner")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		l, ctx := leaves(t, b), context.Background()
		if err := l.s.Close(ctx, l.owner, false); err != nil {
			t.Fatal(err)
		}
		l.breaksOff(func(s *retention.Service) { _ = s.Now(ctx, l.owner, 1) })
		x, _, err := l.s.ClosingOf(ctx, l.owner)
		if err != nil || x.NowAt == 0 || x.NoticedAt != 0 {
			t.Fatalf("owners count as told though nobody told them: %+v %v", x, err)
		}
		l.hours(time.Hour)
		if x, _, err = l.s.ClosingOf(ctx, l.owner); err != nil || x.NoticedAt == 0 || x.GoesAt.Sub(x.NoticedAt) < retention.Warned {
			t.Errorf("an hour later: %+v %v", x, err)
		}
		// Whole, the word counts as told at once.
		if err := l.s.Later(ctx, l.second, x.Version); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Now(ctx, l.second, x.Version+1); err != nil {
			t.Fatal(err)
		}
		if x, _, err = l.s.ClosingOf(ctx, l.owner); err != nil || x.NoticedAt == 0 {
			t.Errorf("told at once: %+v %v", x, err)
		}
	})
}

// TestNoSuspensionWithoutNotice: a suspension that is approved by a process which dies before the owners are told was not approved.
func TestNoSuspensionWithoutNotice(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	l, ctx := leaves(t, b), context.Background()
	other := rig.SignedIn(id.Zero, id.New(b.Clock.Now()), id.Zero, access.Operator)
	if err := l.s.AskSuspend(ctx, l.machine, b.Clinic, retention.Spam, "Messages went to people who are no patients."); err != nil {
		t.Fatal(err)
	}
	list, err := l.s.Suspensions(ctx, l.machine)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	l.breaksOff(func(s *retention.Service) { _ = s.ApproveSuspend(ctx, other, list[0].ID, 1) })
	if list, err = l.s.Suspensions(ctx, l.machine); err != nil || list[0].State != "asked" {
		t.Errorf("it stands and no owner knows: %+v %v", list, err)
	}
}

// TestTheSecondWordIsNobodysWhoCameLater: whoever joined after the first word was said may be the one who said it, under another address.
func TestTheSecondWordIsNobodysWhoCameLater(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold", "closing-sooner")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		l, ctx := leaves(t, b), context.Background()
		joined := func(who access.Caller, at time.Time) {
			l.across2(`DELETE FROM membership WHERE clinic_id = $1 AND person_id = $2`, b.Clinic, who.Actor())
			l.across2(`DELETE FROM person WHERE id = $1`, who.Actor())
			l.across2(`INSERT INTO person (id, email_token, email, name, password, language, created_at) VALUES ($1, $2, $3, $3, '', 'en', $4)`, who.Actor(), who.Actor(), []byte{1}, clock.At(at))
			l.across2(`INSERT INTO membership (clinic_id, person_id, role, created_at) VALUES ($1, $2, 'owner', $3)`, b.Clinic, who.Actor(), clock.At(at))
		}
		hold, err := l.s.AskHold(ctx, l.owner, l.patient, "A letter of the court of 3 May", l.Day(9))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.s.Close(ctx, l.owner, false); err != nil {
			t.Fatal(err)
		}
		if err := l.s.Now(ctx, l.owner, 1); err != nil {
			t.Fatal(err)
		}
		joined(l.second, b.Clock.Now().Add(time.Minute))
		is(t, l.s.ApproveHold(ctx, l.second, hold, 1), fault.Forbidden, "fault.second_too_new", "a hold")
		is(t, l.s.Now(ctx, l.second, 2), fault.Forbidden, "fault.second_too_new", "the end at once")
		joined(l.second, b.Clock.Now().Add(-time.Hour))
		if err := l.s.ApproveHold(ctx, l.second, hold, 1); err != nil {
			t.Error(err)
		}
	})
}

func (l *leaving) across2(text string, args ...any) {
	l.t.Helper()
	if err := l.DB.Across(context.Background(), l.machine, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("test")
		_, err := p.Exec(text, args...)
		return err
	}); err != nil {
		l.t.Fatal(err)
	}
}

// TestAShorterLifeIsToldAnew: records that are over because the clinic made their life shorter go after a notice of their own, not under one that spoke of fewer.
func TestAShorterLifeIsToldAnew(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "retention-told")
	b := rig.New(t, store.SQLite, store.Options{})
	y := aged(t, b, law.EU)
	life, since := law.LifeOf(law.EU, law.Opinions).Usual, clock.Instant(0)
	y.s = retention.New(b.DB, b.Log, retention.Options{Doers: doers, LifeFor: func(_ *store.View, _ id.ID, c law.Class) (law.Span, error) {
		if c == law.Opinions {
			return life, nil
		}
		return law.LifeOf(law.EU, c).Usual, nil
	}, Shortened: func(*store.View) (map[law.Class]clock.Instant, error) {
		return map[law.Class]clock.Instant{law.Opinions: since}, nil
	}})
	opinions := func() string { return y.Count(t, `SELECT COUNT(*) FROM feedback WHERE clinic_id = $1`) }
	first := y.Day(0)
	y.row()
	b.Clock.Set(clock.StartOfDay(first.AddDays(500), y.Zone))
	y.row()
	y.night(first.AddDays(760))
	y.night(first.AddDays(762))
	if y.night(first.AddDays(763)); opinions() != "1" {
		t.Fatalf("%s opinions, of which one was over and told", opinions())
	}
	life, since = law.Span{Days: 30}, clock.At(b.Clock.Now())
	n := y.night(first.AddDays(764))
	if opinions() != "1" || len(n.Notices) != 1 {
		t.Fatalf("%s opinions are left the night after their life was made shorter; notices %+v", opinions(), n.Notices)
	}
	y.night(first.AddDays(765))
	if y.night(first.AddDays(767)); opinions() != "0" {
		t.Error("it stays though it was told")
	}
}

// TestRunsThatBreakOffAreLate: a clinic whose runs begin every night and never end is late.
func TestRunsThatBreakOffAreLate(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	y := aged(t, b, law.EU)
	late := func() (n int) {
		if err := b.DB.View(context.Background(), y.work, access.Work, func(_ context.Context, v *store.View) (err error) { n, _, err = retention.Late(v); return err }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := y.Day(0)
	begun := func(day int, ended int) {
		y.exec(`INSERT INTO retention_run (clinic_id, day, at, ended_at) VALUES ($1, $2, 1, $3)`, string(first.AddDays(day)), ended)
	}
	if n := late(); n != 0 {
		t.Errorf("before its first night: %d", n)
	}
	begun(0, 1)
	for day := 1; day <= 5; day++ {
		begun(day, 0)
	}
	b.Clock.Set(clock.StartOfDay(first.AddDays(5), y.Zone).Add(4 * time.Hour))
	if n := late(); n != 5 {
		t.Errorf("no run has ended for five days, and it is said to be late by %d", n)
	}
	y.exec(`UPDATE retention_run SET ended_at = 0 WHERE clinic_id = $1`)
	if n := late(); n != 5 {
		t.Errorf("no run has ended ever, and it is said to be late by %d", n)
	}
	y.exec(`UPDATE retention_run SET ended_at = 1 WHERE clinic_id = $1 AND day = $2`, string(first.AddDays(4)))
	if n := late(); n != 0 {
		t.Errorf("one ended yesterday: %d", n)
	}
}

// TestChoresWaitForTheClock: what takes something away by its day is left out while the clock cannot be believed.
func TestChoresWaitForTheClock(t *testing.T) {
	t.Parallel()
	b := rig.New(t, store.SQLite, store.Options{})
	l, ctx := leaves(t, b), context.Background()
	ran := 0
	chore := l.s.WhileBelieved(func(context.Context, access.Caller) error { ran++; return nil })
	for _, x := range []struct {
		by   time.Duration
		want int
	}{{time.Hour, 1}, {30 * time.Hour, 1}, {-30 * time.Hour, 2}} {
		b.Clock.Move(x.by)
		if err := chore(ctx, l.work); err != nil || ran != x.want {
			t.Errorf("after %v: it ran %d times, not %d: %v", x.by, ran, x.want, err)
		}
	}
}

// TestAJumpOfTheClockEndsNoHold: while the clock stands a year ahead, somebody asks for a hold of another patient. When it is set right, the first hold stands.
func TestAJumpOfTheClockEndsNoHold(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "legal-hold")
	b := rig.New(t, store.SQLite, store.Options{})
	y, ctx := aged(t, b, law.EU), context.Background()
	other := y.Booked(t, y.Public(), y.Booking(y.Providers[0], y.At(1, "11:00"), 2)).Appointment.Patient
	owner, manager := b.As(access.Owner), b.As(access.Manager)
	hold, err := y.s.AskHold(ctx, owner, y.patient, "A letter of the court of 3 May", y.Day(60))
	if err == nil {
		err = y.s.ApproveHold(ctx, manager, hold, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	right, wrong := b.Clock.Now(), y.Day(500)
	b.Clock.Move(400 * 24 * time.Hour)
	if _, err := y.s.AskHold(ctx, owner, other, "Another letter of the court", wrong); err != nil {
		t.Fatal(err)
	}
	b.Clock.Set(right)
	if _, held, err := y.heldNow(); err != nil || !held {
		t.Errorf("the hold is over: %v", err)
	}
}

func (y *years) heldNow() (until clock.Date, held bool, err error) {
	err = y.DB.View(context.Background(), y.work, access.Work, func(_ context.Context, v *store.View) (err error) {
		until, held, err = retention.Held(v, y.patient)
		return err
	})
	return until, held, err
}

// TestNightsGoOnAfterAMove: a clinic of India that moved in from another house may bring the name of a month's key that this house never had. The copies of that month are sealed
// all the same, under a key of this house, which is destroyed with the last of them; and no night breaks off.
func TestNightsGoOnAfterAMove(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "message-events-aged")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		y := aged(t, b, law.India)
		y.row()
		now := clock.At(b.Clock.Now())
		y.exec(`INSERT INTO statutory_key (clinic_id, month, key_id, made_at) VALUES ($1, $2, $3, $4)`, now.Time().Format("2006-01"), id.New(now.Time()), now)
		first := y.Day(0)
		y.night(first.AddDays(179))
		y.night(first.AddDays(182))
		if n := y.Count(t, `SELECT COUNT(*) FROM statutory_copy WHERE clinic_id = $1`); n != "1" {
			t.Errorf("%s copies were put aside", n)
		}
		y.night(first.AddDays(420))
		y.keysGone()
	})
}

// failing is a room that cannot take away what is over, wherever it is asked.
type failing struct{}

func (failing) Name() string               { return "failing" }
func (failing) Due(*store.Tx) (int, error) { return 0, errors.New("one bad row") }

// TestOneRoomStopsNoOther: while one room in the middle fails night after night, what is over in the others goes, the owners are told, and keys whose time is over are destroyed.
// The run does not count as ended, and after two days the clinic is late because of that room.
func TestOneRoomStopsNoOther(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "retention")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		y, ctx := aged(t, b, law.India), context.Background()
		broken := true
		y.s = retention.New(b.DB, b.Log, retention.Options{Doers: func(l law.Lives) []retention.Doer {
			list := doers(l)
			if broken {
				list = slices.Insert(list, 1, retention.Doer(failing{}))
			}
			return list
		}})
		y.row()
		first := y.Day(0)
		run := func(day int) (retention.Night, error) {
			t.Helper()
			b.Clock.Set(clock.StartOfDay(first.AddDays(day), y.Zone).Add(3 * time.Hour))
			if err := y.s.ClockIsRight(ctx, y.machine); err != nil {
				t.Fatal(err)
			}
			return y.s.Run(ctx, y.work, false)
		}
		late := func() (days int, rooms []string) {
			t.Helper()
			if err := b.DB.View(ctx, y.work, access.Work, func(_ context.Context, v *store.View) (err error) { days, rooms, err = retention.Late(v); return err }); err != nil {
				t.Fatal(err)
			}
			return days, rooms
		}
		left := func(table string) string { return y.Count(t, `SELECT COUNT(*) FROM `+table+` WHERE clinic_id = $1`) }
		if _, err := run(182); err == nil || left("statutory_copy") != "1" || left("message") != "0" {
			t.Errorf("%s messages and %s copies before the room that fails, %v", left("message"), left("statutory_copy"), err)
		}
		n, err := run(760)
		if err == nil || !strings.Contains(err.Error(), "failing") || !strings.Contains(err.Error(), "one bad row") || n.Ended != 0 || !slices.Equal(n.Broken, []string{"failing"}) {
			t.Errorf("a room fails: %+v, %v", n, err)
		}
		if left("thread") != "0" || left("booking_log") != "0" {
			t.Errorf("%s letters and %s entries of the booking log are left", left("thread"), left("booking_log"))
		}
		if len(n.Notices) != 1 || n.Notices[0].Class != law.Opinions {
			t.Errorf("the owners are told of %+v", n.Notices)
		}
		y.keysGone()
		if _, err := run(763); err == nil || left("feedback") != "0" {
			t.Errorf("%s opinions are left that were announced, %v", left("feedback"), err)
		}
		if days, rooms := late(); days < 3 || !slices.Equal(rooms, []string{"failing"}) {
			t.Errorf("late by %d days because of %v", days, rooms)
		}
		if dry, err := y.s.Run(ctx, y.work, true); err == nil || dry.Ahead == nil || dry.Gone == nil {
			t.Errorf("a look: %+v, %v", dry, err)
		}
		broken = false
		if n, err := run(764); err != nil || n.Ended == 0 || len(n.Broken) != 0 {
			t.Errorf("the room is mended: %+v, %v", n, err)
		}
		if days, rooms := late(); days != 0 || len(rooms) != 0 {
			t.Errorf("late by %d days because of %v after a night that ended", days, rooms)
		}
	})
}

// TestWhereverAnEndBreaksOffNobodyStays: the journal of destroyed keys cannot be written when those who worked at a clinic that went are to be forgotten, and the process dies at each step
// of taking its rows away, one after the other. In the end nothing is left of whoever worked there and nowhere else,
// and her key is destroyed; who works elsewhere too stays.
func TestWhereverAnEndBreaksOffNobodyStays(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-closing")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		l, ctx := leaves(t, b), context.Background()
		elsewhere := b.Found(t, "elsewhere")
		alone, both := id.New(b.Clock.Now()), id.New(b.Clock.Now())
		for _, one := range []id.ID{alone, both} {
			if err := b.Vault.AddSubjects(ctx, id.Zero, one); err != nil {
				t.Fatal(err)
			}
			l.across2(`INSERT INTO person (id, email_token, email, name, password, language, created_at) VALUES ($1, $2, $3, $3, '', 'en', $4)`, one, one, []byte{1}, clock.At(b.Clock.Now()))
			l.across2(`INSERT INTO membership (clinic_id, person_id, role, created_at) VALUES ($1, $2, 'front-desk', $3)`, b.Clinic, one, clock.At(b.Clock.Now()))
		}
		l.across2(`INSERT INTO membership (clinic_id, person_id, role, created_at) VALUES ($1, $2, 'front-desk', $3)`, elsewhere, both, clock.At(b.Clock.Now()))
		if err := b.Vault.ShredClinic(ctx, b.Clinic, "clinic_closed"); err != nil {
			t.Fatal(err)
		}
		trouble, failed := func() {}, error(nil)
		dies := func(at int) (died bool) {
			n := 0
			s := retention.New(l.DB, l.Log, retention.Options{Accounts: l.account, Doers: doers, Tables: l.tables, ForClinic: func(c id.ID) access.Caller { return b.In(c, access.System) }, Platform: func() access.Caller {
				if n++; n == at {
					panic("the process dies")
				}
				if n == 3 {
					trouble()
				}
				return rig.SignedIn(id.Zero, id.Zero, id.Zero, access.System)
			}})
			defer func() { died = recover() != nil }()
			failed = s.FinishAll(ctx)
			return false
		}
		journal := filepath.Join(b.Dir, "keystore.db.shredded")
		trouble = func() {
			if err := os.Rename(journal, journal+".away"); err != nil {
				t.Error(err)
			}
		}
		if dies(0) || failed == nil {
			t.Error("nobody noticed that the journal is not there")
		}
		if err := os.Rename(journal+".away", journal); err != nil {
			t.Fatal(err)
		}
		trouble = func() {}
		steps := 1
		for dies(steps) {
			steps++
		}
		if failed != nil {
			t.Error(failed)
		}
		if steps < 4 {
			t.Errorf("it died at %d steps", steps-1)
		}
		if n, where := l.left(); n != 0 {
			t.Errorf("rows are left:%s", where)
		}
		for one, stays := range map[id.ID]string{alone: "0", both: "1"} {
			if got := l.platform1(`SELECT COUNT(*) FROM person WHERE id = $1`, one); got != stays {
				t.Errorf("of whoever works nowhere else %s accounts are left, where there should be %s", got, stays)
			}
			if gone, err := b.Vault.Gone(ctx, id.Zero, one); err != nil || gone != (stays == "0") {
				t.Errorf("her key is destroyed: %v, %v", gone, err)
			}
		}
	})
}

// platform1 is the one number that a statement over the platform's tables answers.
func (l *leaving) platform1(text string, args ...any) (out string) {
	l.t.Helper()
	if err := l.DB.Across(context.Background(), l.machine, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("test")
		return p.Row(text, args...).Scan(&out)
	}); err != nil {
		l.t.Fatal(err)
	}
	return out
}
